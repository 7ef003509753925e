#![no_main]

#[path = "../bodies/protocol.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::signal_json(data));
