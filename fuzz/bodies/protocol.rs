//! Input: one text frame of a signalling client.

/// Any text either is a request that can be written and read again, or is refused with a sentence.
pub(crate) fn signal_json(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match huitong_protocol::parse_request(text) {
        Ok((id, request)) => {
            let written = serde_json::to_string(&huitong_protocol::RequestFrame { id, request }).unwrap();
            assert!(
                huitong_protocol::parse_request(&written).is_ok(),
                "a written request is readable: {written}"
            );
        }
        Err(error) => assert!(error.fault.message.ends_with('.'), "{}", error.fault.message),
    }
}
