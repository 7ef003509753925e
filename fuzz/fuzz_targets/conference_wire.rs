#![no_main]

#[path = "../bodies/server.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::conference_wire(data));
