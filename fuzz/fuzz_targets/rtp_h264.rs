#![no_main]

#[allow(dead_code)]
#[path = "../bodies/media.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::rtp_h264(data));
