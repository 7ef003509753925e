//! Input: text frames of a client of the conference wire, one a line.

/// Whatever a client sends is answered with frames of this wire, and without asking the engine anything that cannot be written.
pub(crate) fn conference_wire(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let frames: Vec<&str> = text.lines().collect();
    let answers = huitong_server::compat::emedia::answers(&frames).expect("the client can be made");
    for answer in answers {
        let answer: serde_json::Value = serde_json::from_str(&answer).expect("an answer is JSON");
        let known = [1001, 301, 402].map(|op| answer["op"] == op);
        assert!(known.contains(&true), "{answer}");
        assert!(answer["sessId"].is_string(), "{answer}");
    }
}
