#![no_main]

#[allow(dead_code)]
#[path = "../bodies/rtmp.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::rtmp_client(data));
