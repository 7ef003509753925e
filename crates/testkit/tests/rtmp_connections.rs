//! RTMP connections in their less common moments: impatient, held, ended.

use bytes::BytesMut;
use huitong_fanout::{MediaOrder, Ticket};
use huitong_media::TrackKind;
use huitong_rtmp::{
    ClientConnection, ClientEvent, ClientMode, ClientOptions, MediaKind, PLAYER_CHUNK_SIZE,
    encode_media_chunks,
};
use huitong_testkit::house::{House, Permissive, Told};
use huitong_testkit::peers::{PATIENCE, eventually};
use huitong_testkit::synthetic::{self, Studio};
use huitong_types::{ErrorCode, Scene, StreamKey};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A client whose bytes the test chooses.
struct Peer {
    stream: TcpStream,
    machine: ClientConnection,
}

impl Peer {
    /// A client that has asked to publish or play.
    async fn asking(house: &House, mode: ClientMode, key: &str) -> Self {
        let options = ClientOptions::from_url(mode, &house.rtmp_url(key)).unwrap();
        let options = ClientOptions { chunk_size: PLAYER_CHUNK_SIZE, ..options };
        let stream = TcpStream::connect(house.rtmp).await.unwrap();
        let mut peer = Self { stream, machine: ClientConnection::new(options) };
        while asked(house).is_none() {
            peer.flush().await;
            let mut chunk = vec![0; 4096];
            tokio::select! {
                n = peer.stream.read(&mut chunk) => peer.machine.receive(&chunk[..n.unwrap()]).unwrap(),
                () = async { eventually("it has asked", || async { asked(house) }).await; } => {}
            }
        }
        peer
    }

    async fn flush(&mut self) {
        if let Some(bytes) = self.machine.take_output() {
            self.stream.write_all(&bytes).await.unwrap();
        }
    }

    /// The next event; `None` at the end of the connection.
    async fn event(&mut self) -> Option<ClientEvent> {
        loop {
            if let Some(event) = self.machine.poll_event() {
                return Some(event);
            }
            self.flush().await;
            let mut chunk = vec![0; 4096];
            let n =
                tokio::time::timeout(PATIENCE, self.stream.read(&mut chunk)).await.expect("bytes in time");
            match n.unwrap() {
                0 => return None,
                n => self.machine.receive(&chunk[..n]).unwrap(),
            }
        }
    }

    /// Sends a message whether the server has accepted or not.
    async fn send(&mut self, track: TrackKind, timestamp: u32, body: &[u8]) {
        let kind = if track == TrackKind::Video { MediaKind::Video } else { MediaKind::Audio };
        let mut bytes = BytesMut::new();
        encode_media_chunks(kind, timestamp, &[body], PLAYER_CHUNK_SIZE, &mut bytes);
        self.stream.write_all(&bytes).await.unwrap();
    }
}

/// The connection that asked last.
fn asked(house: &House) -> Option<Ticket> {
    house.authority.told().iter().rev().find_map(|told| match told {
        Told::Publish(ticket) | Told::Play(ticket) => Some(*ticket),
        _ => None,
    })
}

async fn closed(house: &House) -> bool {
    eventually("the connection is told to be gone", || async {
        house.authority.told().iter().find_map(|told| match told {
            Told::Closed(_, deliberate) => Some(*deliberate),
            _ => None,
        })
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_impatient_encoder_sends_before_its_permission_is_not_lost() {
    let key = "hold-impatient-0123456789";
    let house = House::start(Scene::Rtc).await;
    let mut peer = Peer::asking(&house, ClientMode::Publish, key).await;
    peer.send(TrackKind::Video, 0, &synthetic::video_header(0)).await;
    peer.send(TrackKind::Audio, 0, &synthetic::audio_header()).await;
    // A keyframe larger than anything that is accepted from a stranger.
    peer.send(TrackKind::Video, 0, &synthetic::picture(true, 300_000)).await;
    peer.send(TrackKind::Video, 66, &synthetic::picture(false, 1000)).await;
    house.authority.release(asked(&house).unwrap());
    assert_eq!(peer.event().await, Some(ClientEvent::Accepted));
    let stream = Permissive::stream_of(&StreamKey::new(key).unwrap());
    let stats = eventually("the keyframe is there", || async {
        house.fanout.stats(stream).filter(|stats| stats.keyframe_age_ms.is_some())
    })
    .await;
    assert_eq!((stats.left_out.before_header, stats.left_out.before_key), (0, 0));
    assert!(stats.info.video.is_some() && stats.info.audio.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_that_gives_up_while_it_is_held_is_noticed() {
    let key = "hold-gives-up-0123456789";
    let house = House::start(Scene::Rtc).await;
    let mut peer = Peer::asking(&house, ClientMode::Publish, key).await;
    peer.send(TrackKind::Video, 0, &synthetic::picture(true, 30_000)).await;
    drop(peer);
    assert!(!closed(&house).await, "it vanished");
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_without_their_header_show_in_the_figures() {
    let key = "headless-0123456789";
    let house = House::start(Scene::Rtc).await;
    let mut peer = Peer::asking(&house, ClientMode::Publish, key).await;
    peer.send(TrackKind::Video, 0, &synthetic::picture(true, 1000)).await;
    peer.send(TrackKind::Audio, 0, &synthetic::sound(100)).await;
    let stream = Permissive::stream_of(&StreamKey::new(key).unwrap());
    eventually("both are counted", || async {
        house.fanout.stats(stream).filter(|stats| stats.left_out.before_header == 2)
    })
    .await;
}

/// The codes of what the server says until it closes.
async fn last_words(peer: &mut Peer) -> Vec<String> {
    let mut words = Vec::new();
    while let Some(event) = peer.event().await {
        match event {
            ClientEvent::Status { code, .. } | ClientEvent::Refused { code, .. } => words.push(code),
            ClientEvent::StreamEof => words.push("eof".to_owned()),
            _ => {}
        }
    }
    words
}

const ENDED: [&str; 3] = ["NetStream.Play.UnpublishNotify", "eof", "NetStream.Play.Stop"];

#[tokio::test(flavor = "multi_thread")]
async fn a_player_is_told_that_its_stream_is_over() {
    let house = House::start(Scene::Rtc).await;
    let key = "over-0123456789abcdef";
    let mut studio = Studio::start(house.publish(key));
    studio.second(0, 10, 500);
    for ordered in [true, false] {
        let mut player = Peer::asking(&house, ClientMode::Play, key).await;
        while !matches!(player.event().await.expect("it plays"), ClientEvent::Media(_)) {}
        if ordered {
            house.authority.order(asked(&house).unwrap(), MediaOrder::Close(ErrorCode::NotInRoom.into()));
        } else {
            house.fanout.end_stream(Permissive::stream_of(&StreamKey::new(key).unwrap()));
        }
        let words = last_words(&mut player).await;
        assert!(words.ends_with(&ENDED.map(str::to_owned)), "ordered: {ordered}: {words:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_that_says_goodbye_is_answered() {
    let house = House::start(Scene::Rtc).await;
    let mut peer = Peer::asking(&house, ClientMode::Publish, "goodbye-0123456789").await;
    while peer.event().await != Some(ClientEvent::Accepted) {}
    peer.machine.close();
    assert_eq!(last_words(&mut peer).await, ["NetStream.Unpublish.Success"]);
    assert!(closed(&house).await, "on purpose");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_codec_that_nobody_can_play_is_refused_at_once_with_its_name() {
    for (track, body, name) in [
        (TrackKind::Video, &[0x1c, 0, 0, 0, 0][..], "H.265"),
        (TrackKind::Video, b"\x90hvc1", "hvc1"),
        (TrackKind::Audio, &[0xb2, 0], "Speex"),
    ] {
        let house = House::start(Scene::Rtc).await;
        let mut peer = Peer::asking(&house, ClientMode::Publish, "foreign-0123456789").await;
        while peer.event().await != Some(ClientEvent::Accepted) {}
        peer.send(track, 0, body).await;
        // It goes on sending until it reads the answer.
        peer.send(TrackKind::Audio, 0, &synthetic::sound(30_000)).await;
        let Some(ClientEvent::Refused { code, description }) = peer.event().await else {
            panic!("no refusal")
        };
        assert_eq!(code, "NetStream.Publish.Denied");
        assert!(description.contains(name), "{description}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn glitches_of_hours_do_not_end_a_push_but_a_row_of_them_does() {
    let house = House::start(Scene::Rtc).await;
    let key = "glitches-0123456789";
    let stream = Permissive::stream_of(&StreamKey::new(key).unwrap());
    let mut peer = Peer::asking(&house, ClientMode::Publish, key).await;
    while peer.event().await != Some(ClientEvent::Accepted) {}
    peer.send(TrackKind::Video, 0, &synthetic::video_header(0)).await;
    peer.send(TrackKind::Audio, 0, &synthetic::audio_header()).await;
    let glitch = [0x27, 9, 0, 0, 0];
    for n in 0..300 {
        peer.send(TrackKind::Video, n * 66, &glitch).await;
        peer.send(TrackKind::Video, n * 66, &synthetic::picture(n % 30 == 0, 100)).await;
    }
    eventually("all of it is there", || async {
        house.fanout.stats(stream).filter(|stats| stats.left_out.malformed == 300 && stats.publishing)
    })
    .await;
    assert_eq!(house.fanout.totals().packets, 300, "every good picture was taken");
    for n in 0..100 {
        peer.send(TrackKind::Video, 20_000 + n, &glitch).await;
        // Good sound does not make up for a picture that is nothing but damage.
        peer.send(TrackKind::Audio, 20_000 + n, &synthetic::sound(80)).await;
    }
    let Some(ClientEvent::Refused { description, .. }) = peer.event().await else { panic!("no refusal") };
    assert!(description.contains("malformed"), "{description}");
}
