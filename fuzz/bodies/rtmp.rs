//! What the fuzzer does with bytes for the RTMP crate. The crate's test `replays_corpus` does the same with every file
//! of the corpora.

use bytes::BytesMut;
use huitong_rtmp::amf::{decode_all, encode_all};
use huitong_rtmp::{
    ClientConnection, ClientEvent, ClientMode, ClientOptions, MediaKind, RtmpError, ServerConnection,
    ServerEvent, ServerOptions,
};

/// Length of the packets of a handshake from either side, version byte included.
const HANDSHAKE: usize = 1 + 2 * 1536;

/// What a connection may hold beside what it received: headers of all chunk streams, events, a set-up's replies.
const OVERHEAD: usize = 64 << 10;

/// First byte: bit 0 set for bytes that include the handshake. Second byte: length of the pieces, 0 for one piece.
/// Behind them: what a client sends.
pub(crate) fn rtmp_server(data: &[u8]) {
    let Some((&[flags, piece], bytes)) = data.split_first_chunk::<2>() else { return };
    let mut server = ServerConnection::new(ServerOptions::default());
    if flags & 1 == 0 {
        server.receive(&hello()).expect("a plain handshake is accepted");
    }
    for part in bytes.chunks(piece_length(piece, bytes)) {
        if let Err(error) = server.receive(part) {
            assert!(!error.to_string().is_empty());
            assert_eq!(server.receive(&[0]), Err(RtmpError::Failed));
            return;
        }
        while let Some(event) = server.poll_event() {
            match event {
                ServerEvent::Publish { stream_id, key, .. } if key.len() % 5 == 4 => {
                    server.refuse_publish(stream_id, "NetStream.Publish.BadName", "no");
                }
                ServerEvent::Publish { stream_id, .. } => server.accept_publish(stream_id),
                ServerEvent::Play { stream_id, .. } => server.accept_play(stream_id),
                ServerEvent::Media(media) => assert!(!media.payload.is_empty()),
                ServerEvent::PauseToggle { stream_id, .. } => server.end_play(stream_id),
                _ => {}
            }
        }
        server.take_output();
        assert!(server.memory_bytes() <= OVERHEAD + 2 * bytes.len(), "{} bytes", server.memory_bytes());
    }
}

/// First byte: bit 0 set for a player, else a publisher. Second byte: length of the pieces, 0 for one piece. Behind
/// them: what a server sends after the handshake.
pub(crate) fn rtmp_client(data: &[u8]) {
    let Some((&[flags, piece], bytes)) = data.split_first_chunk::<2>() else { return };
    let mode = if flags & 1 == 1 { ClientMode::Play } else { ClientMode::Publish };
    let options = ClientOptions::from_url(mode, "rtmp://h/a/k").expect("the address is whole");
    let mut client = ClientConnection::new(options);
    client.receive(&hello()).expect("a plain handshake is accepted");
    for part in bytes.chunks(piece_length(piece, bytes)) {
        if client.receive(part).is_err() {
            return;
        }
        while let Some(event) = client.poll_event() {
            if let ClientEvent::Media(media) = event {
                assert!(mode == ClientMode::Play && !media.payload.is_empty());
            }
        }
        client.send_media(MediaKind::Video, 0, &[&[0x17, 1, 0, 0, 0]]);
        client.take_output();
    }
    client.close();
}

/// A message body as AMF0, with what it decodes to written and read again.
pub(crate) fn amf0(data: &[u8]) {
    let Ok(values) = decode_all(data) else { return };
    let mut written = BytesMut::new();
    encode_all(&values, &mut written);
    // Byte arrays and text that was not UTF-8 grow when they are written, so the second reading may exceed a bound.
    if let Ok(again) = decode_all(&written) {
        let mut rewritten = BytesMut::new();
        encode_all(&again, &mut rewritten);
        assert_eq!(written, rewritten, "writing is stable");
    }
}

fn hello() -> Vec<u8> {
    let mut hello = vec![0; HANDSHAKE];
    hello[0] = 3;
    hello
}

fn piece_length(piece: u8, bytes: &[u8]) -> usize {
    if piece == 0 { bytes.len().max(1) } else { usize::from(piece) }
}
