#![no_main]

#[allow(dead_code)]
#[path = "../bodies/codec.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::opus_to_aac(data));
