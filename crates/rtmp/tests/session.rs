//! Both machines in memory: what one says, the other understands, whatever the pieces.

use bytes::{Bytes, BytesMut};
use huitong_rtmp::{
    ClientConnection, ClientEvent, ClientMode, ClientOptions, MediaKind, MediaMessage, PLAYER_CHUNK_SIZE,
    ServerConnection, ServerEvent, ServerOptions, StreamName, encode_media_chunks,
};
use proptest::prelude::*;

/// A client and a server with a wire of given piece sizes between them.
struct Pair {
    client: ClientConnection,
    server: ServerConnection,
    pieces: Vec<usize>,
    turn: usize,
}

impl Pair {
    fn new(mode: ClientMode, chunk_size: u32, pieces: &[usize]) -> Self {
        let url = "rtmp://127.0.0.1/live/key-1?x=y";
        let options = ClientOptions { chunk_size, ..ClientOptions::from_url(mode, url).unwrap() };
        Self {
            client: ClientConnection::new(options),
            server: ServerConnection::new(ServerOptions::default()),
            pieces: pieces.to_vec(),
            turn: 0,
        }
    }

    fn piece(&mut self) -> usize {
        self.turn += 1;
        self.pieces[self.turn % self.pieces.len()]
    }

    fn send_to_server(&mut self, mut bytes: Bytes) {
        while !bytes.is_empty() {
            let piece = self.piece().min(bytes.len());
            self.server.receive(&bytes.split_to(piece)).unwrap();
        }
    }

    fn send_to_client(&mut self, mut bytes: Bytes) {
        while !bytes.is_empty() {
            let piece = self.piece().min(bytes.len());
            self.client.receive(&bytes.split_to(piece)).unwrap();
        }
    }

    /// Carries bytes until both sides are silent.
    fn settle(&mut self) {
        while self.client.has_output() || self.server.has_output() {
            if let Some(bytes) = self.client.take_output() {
                self.send_to_server(bytes);
            }
            if let Some(bytes) = self.server.take_output() {
                self.send_to_client(bytes);
            }
        }
    }

    fn server_events(&mut self) -> Vec<ServerEvent> {
        std::iter::from_fn(|| self.server.poll_event()).collect()
    }

    fn client_events(&mut self) -> Vec<ClientEvent> {
        std::iter::from_fn(|| self.client.poll_event()).collect()
    }

    /// Runs the set-up up to the decision.
    fn ask(&mut self) {
        self.settle();
        let events = self.server_events();
        let [ServerEvent::Connected(info), request] = &events[..2] else {
            panic!("unexpected events: {events:?}");
        };
        assert_eq!((info.app.as_str(), info.tc_url.as_str()), ("live", "rtmp://127.0.0.1/live"));
        match request {
            ServerEvent::Publish { stream_id: 1, key, mode } => {
                assert_eq!((key.as_str(), mode.as_str()), ("key-1?x=y", "live"));
            }
            ServerEvent::Play { stream_id: 1, key } => {
                assert_eq!(*key, StreamName::new("key-1?x=y"));
                assert_eq!(events[2..], [ServerEvent::SetBufferLength { stream_id: 1, milliseconds: 1000 }]);
            }
            other => panic!("unexpected event: {other:?}"),
        }
    }
}

fn media(kind: MediaKind, timestamp: u32, payload: &[u8]) -> MediaMessage {
    MediaMessage { stream_id: 1, kind, timestamp, payload: Bytes::copy_from_slice(payload) }
}

#[test]
fn a_publisher_is_accepted_sends_and_ends() {
    let mut pair = Pair::new(ClientMode::Publish, 4096, &[1, 2, 3, 1000]);
    pair.ask();
    pair.server.accept_publish(1);
    pair.settle();
    assert_eq!(pair.client_events(), [ClientEvent::Accepted]);
    pair.client.send_metadata(b"\x02\x00\x0aonMetaData\x08\0\0\0\0\0\0\x09");
    let keyframe = vec![0x17; 20_000];
    pair.client.send_media(MediaKind::Video, 40, &[&keyframe]);
    pair.client.send_media(MediaKind::Audio, 41, &[&[0xaf, 1], &[5; 300]]);
    pair.settle();
    let sound = [&[0xaf, 1][..], &[5; 300]].concat();
    let expected = [
        media(MediaKind::Data, 0, b"\x02\x00\x0aonMetaData\x08\0\0\0\0\0\0\x09"),
        media(MediaKind::Video, 40, &keyframe),
        media(MediaKind::Audio, 41, &sound),
    ];
    assert_eq!(pair.server_events(), expected.map(ServerEvent::Media));
    pair.client.close();
    pair.settle();
    assert_eq!(pair.server_events(), [ServerEvent::Unpublish { stream_id: 1 }]);
}

#[test]
fn a_refused_publisher_is_told_the_code() {
    let mut pair = Pair::new(ClientMode::Publish, 128, &[100]);
    pair.ask();
    pair.server.refuse_publish(1, "NetStream.Publish.BadName", "the key is not known");
    pair.settle();
    let refused = ClientEvent::Refused {
        code: "NetStream.Publish.BadName".to_owned(),
        description: "the key is not known".to_owned(),
    };
    assert_eq!(pair.client_events(), [refused]);
    pair.client.send_media(MediaKind::Video, 0, &[&[1]]);
    assert!(!pair.client.has_output());
}

#[test]
fn a_player_gets_shared_chunks_between_the_connections_own_bytes() {
    let mut pair = Pair::new(ClientMode::Play, 128, &[1, 700, 3]);
    pair.ask();
    pair.server.accept_play(1);
    let mut wire = BytesMut::from(&pair.server.take_output().unwrap()[..]);
    let keyframe = vec![0x17; 3 * PLAYER_CHUNK_SIZE as usize + 5];
    for timestamp in [0, 0xff_fffe, 0xff_ffff, u32::MAX] {
        encode_media_chunks(MediaKind::Video, timestamp, &[&keyframe], PLAYER_CHUNK_SIZE, &mut wire);
        pair.server.ping(7);
        wire.extend_from_slice(&pair.server.take_output().unwrap());
        encode_media_chunks(MediaKind::Audio, timestamp, &[&[0xaf], &[1, 2]], PLAYER_CHUNK_SIZE, &mut wire);
    }
    pair.send_to_client(wire.freeze());
    pair.settle();
    let mut expected = vec![ClientEvent::Accepted];
    for timestamp in [0, 0xff_fffe, 0xff_ffff, u32::MAX] {
        expected.push(ClientEvent::Media(media(MediaKind::Video, timestamp, &keyframe)));
        expected.push(ClientEvent::Media(media(MediaKind::Audio, timestamp, &[0xaf, 1, 2])));
    }
    let events: Vec<_> = pair
        .client_events()
        .into_iter()
        .filter(|event| !matches!(event, ClientEvent::Status { .. }))
        .filter(|event| !matches!(event, ClientEvent::Media(media) if media.kind == MediaKind::Data))
        .collect();
    assert_eq!(events, expected);
}

#[test]
fn a_player_learns_of_the_end() {
    let mut pair = Pair::new(ClientMode::Play, 128, &[50]);
    pair.ask();
    pair.server.accept_play(1);
    pair.settle();
    pair.client_events();
    pair.server.notify_unpublish(1);
    pair.server.end_play(1);
    pair.settle();
    let codes: Vec<_> = pair
        .client_events()
        .into_iter()
        .map(|event| match event {
            ClientEvent::Status { code, .. } => code,
            ClientEvent::StreamEof => "eof".to_owned(),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(codes, ["NetStream.Play.UnpublishNotify", "eof", "NetStream.Play.Stop"]);
}

#[test]
fn a_player_that_leaves_is_noticed() {
    let mut pair = Pair::new(ClientMode::Play, 128, &[50]);
    pair.ask();
    pair.server.accept_play(1);
    pair.settle();
    pair.server_events();
    pair.client.close();
    pair.settle();
    assert_eq!(pair.server_events(), [ServerEvent::StopPlay { stream_id: 1 }]);
}

#[test]
fn an_idle_player_holds_little_memory() {
    let mut pair = Pair::new(ClientMode::Play, 128, &[1448]);
    pair.ask();
    pair.server.accept_play(1);
    pair.settle();
    pair.server_events();
    assert!(pair.server.memory_bytes() < 1024, "{} bytes", pair.server.memory_bytes());
}

#[test]
fn a_publisher_is_acknowledged_by_the_window_it_asked_for() {
    let mut pair = Pair::new(ClientMode::Publish, 65_536, &[16_384]);
    pair.ask();
    pair.server.accept_publish(1);
    pair.settle();
    pair.server_events();
    let frame = vec![0; 100_000];
    let mut acknowledgements = 0;
    for index in 0..60 {
        pair.client.send_media(MediaKind::Video, index, &[&frame]);
        let bytes = pair.client.take_output().unwrap();
        pair.send_to_server(bytes);
        acknowledgements += usize::from(pair.server.take_output().is_some());
        pair.server_events();
    }
    // Six megabytes against the announced window of 2.5.
    assert_eq!(acknowledgements, 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn media_survives_any_chunk_size_and_any_pieces(
        chunk_size in prop_oneof![1..300u32, 1000..100_000u32],
        pieces in prop::collection::vec(1..5000usize, 1..8),
        messages in prop::collection::vec(
            (any::<bool>(), any::<u32>(), prop::collection::vec(any::<u8>(), 1..3000)),
            0..12,
        ),
    ) {
        let mut pair = Pair::new(ClientMode::Publish, chunk_size, &pieces);
        pair.ask();
        pair.server.accept_publish(1);
        pair.settle();
        let mut expected = Vec::new();
        for (video, timestamp, payload) in &messages {
            let kind = if *video { MediaKind::Video } else { MediaKind::Audio };
            pair.client.send_media(kind, *timestamp, &[payload]);
            expected.push(ServerEvent::Media(media(kind, *timestamp, payload)));
        }
        pair.settle();
        prop_assert_eq!(pair.server_events(), expected);
    }

    #[test]
    fn mutated_sessions_neither_panic_nor_balloon(
        mode in prop_oneof![Just(ClientMode::Publish), Just(ClientMode::Play)],
        mutations in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        from in prop_oneof![Just(0usize), Just(3073usize)],
    ) {
        let mut session = recorded(mode);
        for (at, value) in mutations {
            let at = from + at.index(session.len() - from);
            session[at] = value;
        }
        let mut server = ServerConnection::new(ServerOptions::default());
        for piece in session.chunks(1000) {
            if server.receive(piece).is_err() {
                break;
            }
            while let Some(event) = server.poll_event() {
                match event {
                    ServerEvent::Publish { stream_id, .. } => server.accept_publish(stream_id),
                    ServerEvent::Play { stream_id, .. } => server.accept_play(stream_id),
                    _ => {}
                }
            }
            server.take_output();
            prop_assert!(server.memory_bytes() < 4 * session.len());
        }
    }
}

/// All that a client sends in a session of a few messages.
fn recorded(mode: ClientMode) -> Vec<u8> {
    let mut pair = Pair::new(mode, 1000, &[10_000]);
    let mut sent = Vec::new();
    for _ in 0..8 {
        if let Some(bytes) = pair.client.take_output() {
            sent.extend_from_slice(&bytes);
            pair.server.receive(&bytes).unwrap();
        }
        for event in pair.server_events() {
            match event {
                ServerEvent::Publish { stream_id, .. } => pair.server.accept_publish(stream_id),
                ServerEvent::Play { stream_id, .. } => pair.server.accept_play(stream_id),
                _ => {}
            }
        }
        if let Some(bytes) = pair.server.take_output() {
            pair.client.receive(&bytes).unwrap();
        }
    }
    for timestamp in [0, 40, 0x100_0000] {
        pair.client.send_media(MediaKind::Video, timestamp, &[&[0x17; 5000]]);
        pair.client.send_media(MediaKind::Audio, timestamp, &[&[0xaf; 200]]);
    }
    pair.client.close();
    sent.extend_from_slice(&pair.client.take_output().unwrap());
    sent
}
