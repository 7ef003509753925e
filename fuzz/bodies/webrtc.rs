//! What the fuzzer does with bytes for the gateway of browsers. The crate's test `replays_corpus` does the same with every
//! file of the corpora.

use huitong_gateway_webrtc::strangers::{self, Maker};
use std::sync::LazyLock;

static MAKER: LazyLock<Maker> = LazyLock::new(|| Maker::new().expect("a certificate"));

/// First byte: bit 0 a publisher, bit 1 ICE is restarted. Behind it: the body of the request. What is answered is an answer.
pub(crate) fn sdp_offer(data: &[u8]) {
    let Some((flags, body)) = data.split_first() else { return };
    let (publish, restart) = (flags & 1 != 0, flags & 2 != 0);
    if let Some(answer) = MAKER.answer(publish, body, restart) {
        assert!(answer.contains("a=ice-ufrag:") && answer.contains("a=candidate:"), "{answer}");
    }
}

/// The body of a PATCH. Candidates and the sentence of a refusal are bounded.
pub(crate) fn sdp_fragment(data: &[u8]) {
    match strangers::fragment(data) {
        Ok(count) => assert!(count <= 32, "{count} candidates"),
        Err(why) => assert!(!why.is_empty() && why.len() < 2000, "{why}"),
    }
}

/// A row of datagrams, each with its length (2 bytes in network order) before it, for a session with this offer.
pub(crate) fn datagrams(data: &[u8]) {
    let mut all = Vec::new();
    let mut rest = data;
    while let Some((&[l1, l0], more)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes([l1, l0])).min(more.len());
        let (datagram, more) = more.split_at(length);
        rest = more;
        all.push(datagram);
    }
    let taken = MAKER.receive(OFFER.as_bytes(), all.iter().copied());
    assert!(taken <= all.len());
}

/// A compound RTCP packet as it comes out of decryption.
pub(crate) fn rtcp(data: &[u8]) {
    assert!(strangers::rtcp(data) <= data.len() / 4);
}

/// An offer of a publisher, as short as one can be.
pub(crate) const OFFER: &str = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
    a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F\r\n\
    a=ice-ufrag:peer\r\na=ice-pwd:0123456789abcdef012345\r\na=setup:actpass\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=rtcp-mux\r\n\
    a=rtpmap:111 opus/48000/2\r\na=ssrc:1 cname:a\r\n\
    m=video 9 UDP/TLS/RTP/SAVPF 102 103\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=sendonly\r\na=rtcp-mux\r\n\
    a=rtpmap:102 H264/90000\r\n\
    a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\na=rtcp-fb:102 nack\r\n\
    a=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\na=ssrc:2 cname:a\r\n";
