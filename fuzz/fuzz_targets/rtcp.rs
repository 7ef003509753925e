#![no_main]

#[allow(dead_code)]
#[path = "../bodies/webrtc.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::rtcp(data));
