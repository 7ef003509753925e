#![no_main]

#[allow(dead_code)]
#[path = "../bodies/auth.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::authbuffer(data));
