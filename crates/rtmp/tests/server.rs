//! What the server answers to commands written by hand.

use bytes::BytesMut;
use huitong_rtmp::amf::{Value, decode_all, encode_all};
use huitong_rtmp::{MediaKind, RtmpError, ServerConnection, ServerEvent, ServerOptions};

/// A peer that has done the handshake.
struct Peer {
    server: ServerConnection,
}

fn text(text: &str) -> Value {
    Value::string(text)
}

fn number(number: f64) -> Value {
    Value::Number(number)
}

impl Peer {
    fn new() -> Self {
        let mut server = ServerConnection::new(ServerOptions::default());
        let mut hello = vec![0; 1 + 2 * 1536];
        hello[0] = 3;
        server.receive(&hello).unwrap();
        assert_eq!(server.take_output().unwrap().len(), 1 + 2 * 1536);
        Self { server }
    }

    /// A peer that has sent `connect` and created stream 1.
    fn connected() -> Self {
        let mut peer = Self::new();
        let object = Value::Object(vec![("app".to_owned(), text("live"))]);
        peer.command(0, &[text("connect"), number(1.0), object]).unwrap();
        peer.command(0, &[text("createStream"), number(2.0), Value::Null]).unwrap();
        assert_eq!(peer.replies().last().unwrap()[3], number(1.0));
        assert!(matches!(peer.server.poll_event(), Some(ServerEvent::Connected(_))));
        peer
    }

    fn publishing() -> Self {
        let mut peer = Self::connected();
        peer.command(1, &[text("publish"), number(3.0), Value::Null, text("key"), text("live")]).unwrap();
        assert!(matches!(peer.server.poll_event(), Some(ServerEvent::Publish { stream_id: 1, .. })));
        peer.server.accept_publish(1);
        assert_eq!(peer.codes(), ["NetStream.Publish.Start"]);
        peer
    }

    fn playing() -> Self {
        let mut peer = Self::connected();
        peer.command(1, &[text("play"), number(3.0), Value::Null, text("key")]).unwrap();
        assert!(matches!(peer.server.poll_event(), Some(ServerEvent::Play { stream_id: 1, .. })));
        peer.server.accept_play(1);
        assert_eq!(peer.codes(), ["NetStream.Play.Reset", "NetStream.Play.Start"]);
        peer
    }

    fn message(&mut self, kind: u8, stream_id: u8, timestamp: u8, payload: &[u8]) -> Result<(), RtmpError> {
        let length = (payload.len() as u32).to_be_bytes();
        let mut bytes = vec![3, 0, 0, timestamp, length[1], length[2], length[3], kind, stream_id, 0, 0, 0];
        for (index, part) in payload.chunks(128).enumerate() {
            if index > 0 {
                bytes.push(0xc3);
            }
            bytes.extend_from_slice(part);
        }
        self.server.receive(&bytes)
    }

    fn command(&mut self, stream_id: u8, values: &[Value]) -> Result<(), RtmpError> {
        let mut payload = BytesMut::new();
        encode_all(values, &mut payload);
        self.message(20, stream_id, 0, &payload)
    }

    /// The messages in the output: type and payload. Replies are whole chunks.
    fn output(&mut self) -> Vec<(u8, Vec<u8>)> {
        let Some(output) = self.server.take_output() else {
            return Vec::new();
        };
        let mut rest = &output[..];
        let mut messages = Vec::new();
        while !rest.is_empty() {
            let length = u32::from_be_bytes([0, rest[4], rest[5], rest[6]]) as usize;
            messages.push((rest[7], rest[12..12 + length].to_vec()));
            rest = &rest[12 + length..];
        }
        messages
    }

    fn replies(&mut self) -> Vec<Vec<Value>> {
        let commands = self.output().into_iter().filter(|(kind, _)| *kind == 20);
        commands.map(|(_, payload)| decode_all(&payload).unwrap()).collect()
    }

    /// The codes of status messages in the output.
    fn codes(&mut self) -> Vec<String> {
        let code = |reply: &Vec<Value>| reply.get(3)?.get("code")?.as_str().map(str::to_owned);
        self.replies().iter().filter_map(code).collect()
    }

    fn events(&mut self) -> Vec<ServerEvent> {
        std::iter::from_fn(|| self.server.poll_event()).collect()
    }
}

#[test]
fn connect_announces_windows_and_chunk_size_before_its_result() {
    let mut peer = Peer::new();
    let object = Value::Object(vec![("app".to_owned(), text("live"))]);
    peer.command(0, &[text("connect"), number(1.0), object]).unwrap();
    let kinds: Vec<u8> = peer.output().iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [5, 6, 1, 20]);
    assert!(peer.server.is_connected());
}

#[test]
fn a_connect_in_amf3_is_understood() {
    let mut peer = Peer::new();
    // The zero byte, then AMF0 with a switch to AMF3 for the command object.
    let mut payload = BytesMut::from(&[0][..]);
    encode_all(&[text("connect"), number(1.0)], &mut payload);
    payload.extend_from_slice(b"\x11\x0a\x0b\x01\x07app\x06\x09live\x01");
    peer.message(17, 0, 0, &payload).unwrap();
    assert!(matches!(peer.server.poll_event(), Some(ServerEvent::Connected(info)) if info.app == "live"));
}

#[test]
fn nothing_is_answered_before_connect_or_to_a_second_one() {
    let create = [text("createStream"), number(2.0), Value::Null];
    assert_eq!(Peer::new().command(0, &create), Err(RtmpError::NotConnected));
    let nameless = [text("connect"), number(1.0), Value::Object(vec![])];
    assert_eq!(Peer::new().command(0, &nameless), Err(RtmpError::ApplicationName));
    let mut peer = Peer::connected();
    assert_eq!(peer.command(0, &nameless), Err(RtmpError::ConnectedTwice));
    assert_eq!(peer.command(0, &create), Err(RtmpError::Failed));
}

#[test]
fn the_set_up_of_encoders_is_answered() {
    let mut peer = Peer::connected();
    for name in ["releaseStream", "FCPublish", "_checkbw", "getStreamLength", "FCSubscribe"] {
        peer.command(0, &[text(name), number(7.0), Value::Null, text("key")]).unwrap();
        let replies = peer.replies();
        let last = replies.last().unwrap();
        assert_eq!(last[..2], [text("_result"), number(7.0)], "{name}");
    }
}

#[test]
fn an_unknown_command_is_refused_only_if_it_asks_for_an_answer() {
    let mut peer = Peer::connected();
    peer.command(0, &[text("secureTokenResponse"), number(0.0), Value::Null]).unwrap();
    assert_eq!(peer.output(), []);
    peer.command(0, &[text("whatever"), number(9.0), Value::Null]).unwrap();
    assert_eq!(peer.replies()[0][..2], [text("_error"), number(9.0)]);
}

#[test]
fn the_first_stream_is_one_again_after_it_was_deleted() {
    let mut peer = Peer::connected();
    let create = [text("createStream"), number(2.0), Value::Null];
    peer.command(0, &create).unwrap();
    assert_eq!(peer.replies()[0][3], number(2.0));
    peer.command(0, &[text("deleteStream"), number(0.0), Value::Null, number(1.0)]).unwrap();
    peer.command(0, &create).unwrap();
    assert_eq!(peer.replies()[0][3], number(1.0));
    for _ in 0..20 {
        peer.command(0, &create).unwrap();
    }
    assert_eq!(peer.replies().last().unwrap()[0], text("_error"));
}

#[test]
fn a_publisher_that_says_goodbye_twice_has_left_once() {
    let mut peer = Peer::publishing();
    peer.command(0, &[text("FCUnpublish"), number(6.0), Value::Null, text("key")]).unwrap();
    peer.command(1, &[text("closeStream"), number(0.0), Value::Null]).unwrap();
    peer.command(0, &[text("deleteStream"), number(7.0), Value::Null, number(1.0)]).unwrap();
    assert_eq!(peer.events(), [ServerEvent::Unpublish { stream_id: 1 }]);
    assert_eq!(peer.codes(), ["NetStream.Unpublish.Success"]);
}

#[test]
fn metadata_is_unwrapped_and_other_data_kept() {
    let mut peer = Peer::publishing();
    let mut wrapped = BytesMut::new();
    encode_all(&[text("@setDataFrame"), text("onMetaData"), Value::EcmaArray(vec![])], &mut wrapped);
    peer.message(18, 1, 0, &wrapped).unwrap();
    let amf3 = [&[0][..], &wrapped].concat();
    peer.message(15, 1, 0, &amf3).unwrap();
    peer.message(18, 1, 0, &wrapped[16..]).unwrap();
    for event in peer.events() {
        let ServerEvent::Media(media) = event else { panic!("{event:?}") };
        assert_eq!((media.kind, &media.payload[..]), (MediaKind::Data, &wrapped[16..]));
    }
}

#[test]
fn media_is_yielded_only_while_it_is_published_and_not_empty() {
    let mut peer = Peer::connected();
    peer.message(9, 1, 0, &[0x17]).unwrap();
    assert_eq!(peer.events(), []);
    let mut peer = Peer::publishing();
    peer.message(9, 1, 0, &[]).unwrap();
    assert_eq!(peer.events(), []);
    // Encoders that send media on stream 0 mean the only one.
    peer.message(8, 0, 9, &[0xaf]).unwrap();
    let events = peer.events();
    assert!(
        matches!(&events[..], [ServerEvent::Media(media)] if media.stream_id == 1 && media.timestamp == 9)
    );
}

#[test]
fn an_aggregate_is_split_with_times_relative_to_its_own() {
    let mut peer = Peer::publishing();
    let tag = |kind: u8, time: u8, body: &[u8]| {
        let mut tag = vec![kind, 0, 0, body.len() as u8, 0, 0, time, 0, 0, 0, 0];
        tag.extend_from_slice(body);
        tag.extend_from_slice(&[0, 0, 0, 0]);
        tag
    };
    let row = [tag(9, 50, &[1, 2]), tag(8, 70, &[3]), tag(8, 71, &[]), vec![9, 0, 0, 99]].concat();
    peer.message(22, 1, 100, &row).unwrap();
    let seen: Vec<_> = peer
        .events()
        .into_iter()
        .map(|event| match event {
            ServerEvent::Media(media) => (media.kind, media.timestamp, media.payload.to_vec()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(seen, [(MediaKind::Video, 100, vec![1, 2]), (MediaKind::Audio, 120, vec![3])]);
}

#[test]
fn names_that_cannot_be_keys_are_refused_at_once() {
    let mut peer = Peer::connected();
    for name in [Value::Null, text(""), text(&"x".repeat(513))] {
        peer.command(1, &[text("publish"), number(3.0), Value::Null, name.clone()]).unwrap();
        peer.command(1, &[text("play"), number(3.0), Value::Null, name]).unwrap();
        assert_eq!(peer.codes(), ["NetStream.Publish.BadName", "NetStream.Play.StreamNotFound"]);
    }
    assert_eq!(peer.events(), []);
}

#[test]
fn a_stream_that_is_taken_is_refused() {
    let mut peer = Peer::publishing();
    peer.command(1, &[text("play"), number(3.0), Value::Null, text("key")]).unwrap();
    peer.command(1, &[text("publish"), number(3.0), Value::Null, text("key")]).unwrap();
    assert_eq!(peer.codes(), ["NetStream.Play.Failed", "NetStream.Publish.BadConnection"]);
}

#[test]
fn playing_is_refused_where_shared_media_would_not_arrive() {
    let mut peer = Peer::connected();
    peer.command(0, &[text("createStream"), number(2.0), Value::Null]).unwrap();
    peer.command(2, &[text("play"), number(3.0), Value::Null, text("key")]).unwrap();
    assert_eq!(peer.codes(), ["NetStream.Play.Failed"]);
}

#[test]
fn a_player_may_pause_and_choose_its_tracks() {
    let mut peer = Peer::playing();
    peer.command(1, &[text("pause"), number(0.0), Value::Null, Value::Boolean(true), number(5.0)]).unwrap();
    peer.command(1, &[text("pause"), number(0.0), Value::Null, Value::Boolean(false), number(5.0)]).unwrap();
    peer.command(1, &[text("receiveVideo"), number(0.0), Value::Null, Value::Boolean(false)]).unwrap();
    assert_eq!(peer.codes(), ["NetStream.Pause.Notify", "NetStream.Unpause.Notify"]);
    let expected = [
        ServerEvent::PauseToggle { stream_id: 1, paused: true },
        ServerEvent::PauseToggle { stream_id: 1, paused: false },
        ServerEvent::Receive { stream_id: 1, kind: MediaKind::Video, wanted: false },
    ];
    assert_eq!(peer.events(), expected);
}

#[test]
fn a_ping_is_answered_with_its_time() {
    let mut peer = Peer::new();
    peer.message(4, 0, 0, &[0, 6, 1, 2, 3, 4]).unwrap();
    assert_eq!(peer.output(), [(4, vec![0, 7, 1, 2, 3, 4])]);
}

#[test]
fn short_control_messages_are_refused() {
    for (kind, payload) in [(1, &[0, 0][..]), (2, &[]), (4, &[0]), (4, &[0, 6, 1]), (5, &[1]), (6, &[1, 2])] {
        assert_eq!(Peer::new().message(kind, 0, 0, payload), Err(RtmpError::ShortControlMessage(kind)));
    }
}

#[test]
fn a_peer_that_never_reads_replies_is_given_up() {
    let mut peer = Peer::connected();
    let result = (0..10_000)
        .try_for_each(|_| peer.command(0, &[text("FCSubscribe"), number(2.0), Value::Null, text("key")]));
    assert_eq!(result, Err(RtmpError::RepliesNotRead));
}

#[test]
fn a_giant_command_is_refused() {
    let result = Peer::connected().message(20, 0, 0, &vec![5; 70_000]);
    assert_eq!(result, Err(RtmpError::MessageTooLarge(70_000)));
    let result = Peer::publishing().message(20, 0, 0, &vec![5; 70_000]);
    assert_eq!(result, Err(RtmpError::CommandTooLarge(70_000)));
}

#[test]
fn a_stranger_gets_no_memory_for_media() {
    for mut peer in [Peer::new(), Peer::connected(), Peer::playing()] {
        assert_eq!(peer.message(9, 1, 0, &vec![0x17; 200_000]), Err(RtmpError::MessageTooLarge(200_000)));
    }
    let mut peer = Peer::new();
    let mut most = 0;
    // As much as fits in on every chunk stream, each message one chunk short of its end.
    let result = (3..63_u8).try_for_each(|csid| {
        let mut bytes = vec![csid, 0, 0, 0, 0, 0xff, 0xff, 9, 1, 0, 0, 0];
        for part in vec![0x17; 511 * 128].chunks(128) {
            bytes.extend_from_slice(part);
            bytes.push(0xc0 | csid);
        }
        bytes.pop();
        let result = peer.server.receive(&bytes);
        most = most.max(peer.server.memory_bytes());
        result
    });
    assert_eq!(result, Err(RtmpError::TooMuchUnfinished));
    assert!(most < 256 << 10, "{most} bytes are held");
    let mut publisher = Peer::publishing();
    publisher.message(9, 1, 0, &vec![0x17; 200_000]).unwrap();
    assert!(matches!(&publisher.events()[..], [ServerEvent::Media(media)] if media.payload.len() == 200_000));
}

#[test]
fn what_an_encoder_sends_before_the_answer_is_kept_for_it() {
    let mut peer = Peer::connected();
    peer.command(1, &[text("publish"), number(3.0), Value::Null, text("key"), text("live")]).unwrap();
    assert!(peer.server.is_asking());
    peer.message(9, 1, 5, &[0x17, 0]).unwrap();
    peer.message(8, 1, 6, &[0xaf, 0]).unwrap();
    assert!(matches!(&peer.events()[..], [ServerEvent::Publish { .. }]));
    assert_eq!(peer.output(), []);
    peer.server.accept_publish(1);
    peer.server.resume().unwrap();
    assert!(!peer.server.is_asking());
    let times: Vec<u32> = peer
        .events()
        .iter()
        .map(|event| match event {
            ServerEvent::Media(media) => media.timestamp,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(times, [5, 6]);
}

#[test]
fn an_owner_that_reads_on_while_a_request_waits_is_stopped() {
    let mut peer = Peer::connected();
    peer.command(1, &[text("publish"), number(3.0), Value::Null, text("key"), text("live")]).unwrap();
    let result = (0..5).try_for_each(|_| peer.message(9, 1, 0, &[0x17; 16_000]));
    assert_eq!(result, Err(RtmpError::TooMuchHeld));
}

#[test]
fn keys_do_not_show_in_debug_output() {
    let mut peer = Peer::connected();
    peer.command(1, &[text("publish"), number(3.0), Value::Null, text("SECRET")]).unwrap();
    assert!(!format!("{:?}", peer.server).contains("SECRET"));
    assert!(!format!("{:?}", peer.events()).contains("SECRET"));
}
