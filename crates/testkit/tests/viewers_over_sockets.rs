//! What viewers get over real sockets, tag by tag.

use futures_util::StreamExt;
use huitong_fanout::{MediaOrder, Tracks};
use huitong_media::TrackKind;
use huitong_media::flv::{Demuxer, Tag, TagKind};
use huitong_testkit::house::{House, Permissive, Told};
use huitong_testkit::peers::{PATIENCE, eventually};
use huitong_testkit::synthetic::{Studio, audio_header, sound, video_header};
use huitong_types::{ErrorCode, Scene, StreamKey};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

const KEY: &str = "phone-alice-0123456789";

fn studio(house: &House) -> Studio {
    Studio::start(house.publish(KEY))
}

/// What a tag is, short: header, keyframe, delta, sound, metadata.
fn word(tag: &Tag) -> char {
    match (tag.kind, tag.body.first().copied(), tag.body.get(1).copied()) {
        (TagKind::Script, ..) => 'm',
        (TagKind::Video, _, Some(0)) => 'V',
        (TagKind::Video, Some(0x17), _) => 'K',
        (TagKind::Video, ..) => 'd',
        (TagKind::Audio, _, Some(0)) => 'A',
        (TagKind::Audio, ..) => 's',
    }
}

struct Watcher {
    stream: TcpStream,
    demuxer: Demuxer,
    tags: Vec<Tag>,
    head: Option<Vec<u8>>,
}

impl Watcher {
    async fn open(house: &House) -> Self {
        Self::over(TcpSocket::new_v4().unwrap(), house).await
    }

    async fn over(socket: TcpSocket, house: &House) -> Self {
        let mut stream = socket.connect(house.flv).await.unwrap();
        stream.write_all(format!("GET /flv/{KEY}.flv HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes()).await.unwrap();
        Self { stream, demuxer: Demuxer::new(), tags: Vec::new(), head: Some(Vec::new()) }
    }

    /// Reads once; false at the end of the stream.
    async fn read(&mut self) -> bool {
        let mut chunk = vec![0; 64 * 1024];
        let n = tokio::time::timeout(PATIENCE, self.stream.read(&mut chunk))
            .await
            .expect("bytes in time")
            .unwrap();
        let mut bytes = &chunk[..n];
        if let Some(head) = &mut self.head {
            head.extend_from_slice(bytes);
            let Some(end) = head.windows(4).position(|w| w == b"\r\n\r\n") else { return n > 0 };
            let rest = head.split_off(end + 4);
            assert!(head.starts_with(b"HTTP/1.1 200"));
            self.head = None;
            self.demuxer.push(&rest);
            bytes = &[];
        }
        self.demuxer.push(bytes);
        while let Some(tag) = self.demuxer.next_tag().unwrap() {
            self.tags.push(tag);
        }
        n > 0
    }

    async fn until(&mut self, what: &str, done: impl Fn(&[Tag]) -> bool) {
        while !done(&self.tags) {
            assert!(self.read().await, "the stream ended before: {what}, got {}", self.words());
        }
    }

    fn words(&self) -> String {
        self.tags.iter().map(word).collect()
    }
}

async fn ticket(house: &House) -> huitong_fanout::Ticket {
    eventually("somebody asks to play", || async {
        house.authority.told().iter().find_map(|t| match t {
            Told::Play(ticket) => Some(*ticket),
            _ => None,
        })
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn late_viewer_gets_headers_and_the_whole_group_of_pictures_at_once() {
    let house = House::start(Scene::Rtc).await;
    let mut studio = studio(&house);
    studio.second(0, 10, 500);
    studio.second(1000, 10, 500);
    let mut watcher = Watcher::open(&house).await;
    watcher.until("a whole second", |tags| tags.iter().filter(|t| word(t) == 's').count() == 30).await;
    assert_eq!(watcher.words(), format!("mVKAsss{}", "dsss".repeat(9)));
    let mut codec = watcher.tags.iter().filter(|t| t.kind != TagKind::Script);
    assert!(codec.all(|t| t.timestamp_ms >= 1000), "headers have the time of their keyframe");
}

#[tokio::test(flavor = "multi_thread")]
async fn video_muted_by_order_stops_and_comes_back_at_a_keyframe() {
    let house = House::start(Scene::Rtc).await;
    let mut studio = studio(&house);
    studio.second(0, 10, 500);
    let mut watcher = Watcher::open(&house).await;
    let ticket = ticket(&house).await;
    watcher.until("the start", |tags| tags.len() == 43).await;
    house.authority.order(ticket, MediaOrder::Tracks(Tracks { audio: true, video: false }));
    // The order travels through the connection's task: it holds once a marker sound comes without its picture.
    let mut at = 1000;
    loop {
        studio.picture(at, true, 100);
        studio.sound(at, 100);
        at += 100;
        let before = watcher.tags.len();
        watcher.until("the marker", |tags| tags[before..].iter().any(|t| word(t) == 's')).await;
        if watcher.tags[before..].iter().all(|t| word(t) == 's') {
            break;
        }
        assert!(at < 60_000, "video never stopped: {}", watcher.words());
    }
    let muted = watcher.tags.len();
    studio.second(at, 10, 500);
    watcher.until("a second of sound", |tags| tags.len() == muted + 30).await;
    assert_eq!(&watcher.words()[muted..], "s".repeat(30));
    house.authority.order(ticket, MediaOrder::Tracks(Tracks::BOTH));
    watcher
        .until("the picture", |tags| tags[muted + 30..].iter().filter(|t| word(t) == 'd').count() == 9)
        .await;
    assert_eq!(&watcher.words()[muted + 30..], "Kddddddddd", "at once, from the kept group of pictures");
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_viewer_is_bounded_skips_and_nobody_else_notices() {
    let house = House::start(Scene::Rtc).await;
    let mut studio = studio(&house);
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut slow = Watcher::over(socket, &house).await;
    let mut quick = Watcher::open(&house).await;
    let stream = Permissive::stream_of(&StreamKey::new(KEY).unwrap());
    eventually("both are there", || async { house.fanout.stats(stream).filter(|s| s.viewers == 2) }).await;
    // Real time: the ceiling is about time, and the publisher is in this process.
    let mut clock = tokio::time::interval(Duration::from_millis(100));
    for i in 0..45 {
        clock.tick().await;
        studio.picture(i * 100, i % 10 == 0, 40_000);
        studio.sound(i * 100, 100);
        quick
            .until("the newest sound", |tags| tags.iter().filter(|t| word(t) == 's').count() as u32 == i + 1)
            .await;
    }
    assert!(house.fanout.totals().skips > 0, "the slow viewer was moved");
    let pictures = quick.words().matches(['K', 'd']).count();
    assert_eq!(pictures, 45, "the quick viewer lost nothing");
    // It reads again: what it gets is decodable and ends with the newest.
    let mut i = 45;
    loop {
        clock.tick().await;
        studio.picture(i * 100, i % 10 == 0, 1000);
        studio.sound(i * 100, 100);
        i += 1;
        slow.read().await;
        if slow.tags.last().is_some_and(|t| t.timestamp_ms + 300 > i * 100) {
            break;
        }
        assert!(i < 400, "it never caught up: {}", slow.words());
    }
    let words: String = slow.words().chars().filter(|c| "Kd".contains(*c)).collect();
    let videos: Vec<&Tag> = slow.tags.iter().filter(|t| "Kd".contains(word(t))).collect();
    for pair in videos.windows(2) {
        let hole = pair[1].timestamp_ms - pair[0].timestamp_ms > 100;
        assert!(!hole || word(pair[1]) == 'K', "after a hole comes a keyframe: {words}");
    }
    assert!(videos.len() < i as usize, "it did skip");
}

/// How many ms of media a viewer gets, after a stall of ten seconds, that is older than sound may ever get (twice the
/// ceiling): what lay where the ceiling does not reach, on its way to the viewer.
async fn old_media_after_a_stall(picture_kbps: usize) -> u32 {
    let house = House::start(Scene::Rtc).await;
    let mut studio = studio(&house);
    let socket = TcpSocket::new_v4().unwrap();
    // What the peer's own buffer holds is beyond the server's reach: keep it out of the measurement.
    socket.set_recv_buffer_size(4096).unwrap();
    let mut watcher = Watcher::over(socket, &house).await;
    let newest = Arc::new(AtomicU32::new(0));
    let sent = Arc::clone(&newest);
    let camera = tokio::spawn(async move {
        let mut clock = tokio::time::interval(Duration::from_millis(20));
        for n in 0_u32.. {
            clock.tick().await;
            if picture_kbps > 0 && n.is_multiple_of(4) {
                // A keyframe each second, as large as five of the twelve others.
                let key = n % 52 == 0;
                studio.picture(n * 20, key, picture_kbps * 125 / 17 * if key { 5 } else { 1 });
            }
            // 32 kbit/s.
            studio.sound(n * 20, 80);
            sent.store(n * 20, Ordering::Release);
        }
    });
    watcher.until("the newest", |tags| tags.last().is_some_and(|t| t.timestamp_ms > 1000)).await;
    let (stalled_at, before) = (newest.load(Ordering::Acquire), watcher.tags.len());
    eventually("the stall is over", || async {
        (newest.load(Ordering::Acquire) > stalled_at + 10_000).then_some(())
    })
    .await;
    let mut old = 0;
    while watcher.tags.last().is_none_or(|t| t.timestamp_ms + 200 <= newest.load(Ordering::Acquire)) {
        let seen = watcher.tags.len();
        assert!(watcher.read().await, "the stream ended");
        let now = newest.load(Ordering::Acquire);
        let first = watcher.tags.get(before).map_or(0, |t| t.timestamp_ms);
        let late = watcher.tags[seen..].iter().filter(|t| t.timestamp_ms + 3200 < now);
        old = late.map(|t| t.timestamp_ms.saturating_sub(first)).max().unwrap_or(0).max(old);
    }
    camera.abort();
    let stats = house.fanout.totals();
    assert!(stats.skips > 0, "it was moved: {stats:?}");
    old
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_viewer_of_a_phone_gets_hardly_anything_old() {
    let old = old_media_after_a_stall(220).await;
    assert!(old < 1000, "{old} ms");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_listener_gets_hardly_anything_old() {
    let old = old_media_after_a_stall(0).await;
    assert!(old < 3000, "{old} ms");
}

#[tokio::test(flavor = "multi_thread")]
async fn ordered_close_and_end_of_stream_end_the_connection_at_once() {
    let house = House::start(Scene::Rtc).await;
    let mut studio = studio(&house);
    studio.second(0, 10, 500);
    let mut kicked = Watcher::open(&house).await;
    let first = ticket(&house).await;
    kicked.until("a picture", |tags| tags.iter().any(|t| word(t) == 'K')).await;
    house.authority.order(first, MediaOrder::Close(ErrorCode::NotInRoom.into()));
    while kicked.read().await {}
    let mut other = Watcher::open(&house).await;
    other.until("a picture", |tags| tags.iter().any(|t| word(t) == 'K')).await;
    house.fanout.end_stream(Permissive::stream_of(&StreamKey::new(KEY).unwrap()));
    while other.read().await {}
    eventually("both are counted out", || async { (house.fanout.totals().viewers == 0).then_some(()) }).await;
}

async fn first_tags_over_websocket(url: &str) -> String {
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let mut demuxer = Demuxer::new();
    let mut words = String::new();
    while words.len() < 43 {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("a message in time");
        if let tokio_tungstenite::tungstenite::Message::Binary(bytes) = message.unwrap().unwrap() {
            demuxer.push(&bytes);
        }
        while let Some(tag) = demuxer.next_tag().unwrap() {
            words.push(word(&tag));
        }
    }
    words
}

#[tokio::test(flavor = "multi_thread")]
async fn websocket_viewers_get_the_same_flv_raw_and_through_axum() {
    let house = House::start(Scene::Rtc).await;
    let mut studio = studio(&house);
    studio.second(0, 10, 500);
    let raw = first_tags_over_websocket(&house.flv_url(KEY).replace("http", "ws")).await;
    let axum = first_tags_over_websocket(&house.http_url(KEY).replace("http", "ws")).await;
    assert_eq!(raw, format!("mVKAsss{}", "dsss".repeat(9)));
    assert_eq!(raw, axum);
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_play_is_an_http_error_with_a_sentence() {
    let house = House::start(Scene::Rtc).await;
    for address in [house.flv, house.http] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = "GET /flv/deny-0123456789abcdef.flv HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
        assert!(answer.contains("unknown-key: The test says no."), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_that_comes_back_without_picture_announces_none_and_with_it_does() {
    let house = House::start(Scene::Rtc).await;
    let mut first = studio(&house);
    first.second(0, 10, 500);
    let flags = async |house: &House| {
        let mut stream = TcpStream::connect(house.flv).await.unwrap();
        let request = format!("GET /flv/{KEY}.flv HTTP/1.1\r\nHost: h\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        (stream, Vec::new())
    };
    let second = house.publish(KEY);
    let push = |track, body: Vec<u8>| {
        second.push_flv(track, 5000, &body.into(), Tracks::BOTH).unwrap();
    };
    let (mut stream, mut got) = flags(&house).await;
    eventually("the viewer is there", || async { (house.fanout.totals().viewers == 1).then_some(()) }).await;
    push(TrackKind::Audio, audio_header());
    push(TrackKind::Audio, sound(100));
    let flag_byte =
        |got: &[u8]| got.windows(4).position(|w| w == b"FLV\x01").and_then(|at| got.get(at + 4).copied());
    while flag_byte(&got).is_none() {
        assert!(stream.read_buf(&mut got).await.unwrap() > 0);
    }
    assert_eq!(flag_byte(&got), Some(4), "sound only");

    // The same header as before the reconnect: nothing new to send, but the track is there.
    push(TrackKind::Video, video_header(0));
    let (mut stream, mut got) = flags(&house).await;
    eventually("the viewer is there", || async { (house.fanout.totals().viewers == 2).then_some(()) }).await;
    push(TrackKind::Audio, sound(100));
    while flag_byte(&got).is_none() {
        assert!(stream.read_buf(&mut got).await.unwrap() > 0);
    }
    assert_eq!(flag_byte(&got), Some(5), "sound and picture");
}
