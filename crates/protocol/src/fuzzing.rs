//! The body of the fuzz target `signal_json`, shared with the test that replays its corpus.

/// Any text either is a request that can be written and read again, or is refused with a sentence.
pub fn signal_json(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match crate::parse_request(text) {
        Ok((id, request)) => {
            let frame = crate::RequestFrame { id, request };
            let written = serde_json::to_string(&frame).unwrap_or_default();
            assert!(crate::parse_request(&written).is_ok(), "a written request is readable: {written}");
        }
        Err(error) => assert!(error.fault.message.ends_with('.')),
    }
}
