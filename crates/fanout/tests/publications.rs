//! Who publishes a stream, and what is left of it after its end.

use huitong_fanout::{Fanout, FanoutConfig, Pipe, Replaced, Sink, SinkIo, Tracks};
use huitong_hub::{Configs, Gone, Pace, Wire, WireFormat};
use huitong_media::{Frame, TrackKind};
use huitong_types::{ErrorCode, Scene, StreamId};
use std::sync::Arc;
use std::time::{Duration, Instant};

const STREAM: StreamId = StreamId::new(7);

/// Longest time that a thread may take to do what it was told.
const PATIENCE: Duration = Duration::from_secs(20);

/// The payload as it is, behind two bytes that announce video and audio.
struct Plain;

impl WireFormat<Frame> for Plain {
    fn encode(&self, body: &Frame, _ts_ms: i64) -> bytes::Bytes {
        body.payload.clone()
    }

    fn prelude(&self, _configs: &Configs<Frame>, video: bool, audio: bool, _ts_ms: i64) -> bytes::Bytes {
        vec![u8::from(video), u8::from(audio)].into()
    }
}

fn fanout() -> Fanout {
    let config = FanoutConfig { shards: 1, ..FanoutConfig::with_formats(vec![Arc::new(Plain)]) };
    Fanout::new(config).unwrap()
}

fn sound(publisher: &huitong_fanout::Publisher, bodies: &[&'static [u8]]) -> Result<(), Replaced> {
    for body in bodies {
        publisher.push_flv(TrackKind::Audio, 0, &bytes::Bytes::from_static(body), Tracks::BOTH)?;
    }
    Ok(())
}

const HEADER: &[u8] = &[0xaf, 0, 0x11, 0x88];

#[test]
fn of_two_publishers_the_one_permitted_last_stays_whoever_begins_first() {
    let fanout = fanout();
    let earlier = fanout.grant_publish(STREAM, Scene::Rtc);
    let later = fanout.grant_publish(STREAM, Scene::Rtc);
    let publisher = fanout.publish(&later).unwrap();
    let late = fanout.publish(&earlier).err().expect("the earlier one comes too late");
    assert_eq!(late.code, ErrorCode::KeyInUse);
    sound(&publisher, &[HEADER]).expect("the later one goes on");
    assert!(publisher.is_current());

    let next = fanout.publish(&fanout.grant_publish(STREAM, Scene::Rtc)).unwrap();
    assert!(next.is_current());
    assert_eq!(sound(&publisher, &[HEADER]), Err(Replaced));
}

#[test]
fn a_permission_used_after_the_end_of_its_stream_begins_nothing() {
    let fanout = fanout();
    let publish = fanout.grant_publish(STREAM, Scene::Rtc);
    let play = fanout.grant_play(STREAM).unwrap();
    fanout.end_stream(STREAM);
    assert_eq!(fanout.publish(&publish).err().map(|fault| fault.code), Some(ErrorCode::NotFound));
    let (sink, _done) = Sink::new(SinkIo::Pipe(Pipe::new()));
    let refused = fanout.view(&play, Wire(0), Tracks::BOTH, sink).err().unwrap();
    assert_eq!(refused.code, ErrorCode::NotFound);
    assert!(fanout.grant_play(STREAM).is_none());
    assert_eq!((fanout.totals().publications, fanout.totals().viewers), (0, 0));
}

#[tokio::test]
async fn the_end_of_one_life_of_a_stream_does_not_touch_the_viewers_of_the_next() {
    let fanout = fanout();
    // The thread works through both lives in one go, so late news of the first meets the second, again and again.
    for round in 0..200 {
        let old = fanout.publish(&fanout.grant_publish(STREAM, Scene::Rtc)).unwrap();
        let (sink, old_done) = Sink::new(SinkIo::Pipe(Pipe::new()));
        let _old = fanout.view(&fanout.grant_play(STREAM).unwrap(), Wire(0), Tracks::BOTH, sink).unwrap();
        fanout.end_stream(STREAM);
        let new = fanout.publish(&fanout.grant_publish(STREAM, Scene::Rtc)).unwrap();
        let pipe = Pipe::new();
        let (sink, _done) = Sink::new(SinkIo::Pipe(Arc::clone(&pipe)));
        let _new = fanout.view(&fanout.grant_play(STREAM).unwrap(), Wire(0), Tracks::BOTH, sink).unwrap();
        let gone = tokio::time::timeout(PATIENCE, old_done.wait()).await.expect("the old viewer is let go");
        assert_eq!(gone, Gone::Ended);
        assert_eq!(sound(&old, &[HEADER]), Err(Replaced));
        sound(&new, &[HEADER, &[0xaf, 1, 1, 2, 3]]).unwrap();
        let heard = tokio::time::timeout(PATIENCE, pipe.read()).await;
        assert!(heard.expect("the new viewer is served").is_some(), "round {round}: it was let go");
        fanout.end_stream(STREAM);
    }
}

fn video_header() -> bytes::Bytes {
    const RECORD: [u8; 24] = [
        1, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0, 9, 0x67, 0x42, 0xc0, 0x1e, 0xda, 0x02, 0x80, 0xbf, 0xe5, 1, 0, 4,
        0x68, 0xce, 0x3c, 0x80,
    ];
    [&[0x17, 0, 0, 0, 0][..], &RECORD].concat().into()
}

fn picture(key: bool) -> bytes::Bytes {
    let (flags, nal) = if key { (0x17, 0x65) } else { (0x27, 0x41) };
    vec![flags, 1, 0, 0, 0, 0, 0, 0, 3, nal, 0x5a, 0x5a].into()
}

#[test]
fn a_track_that_was_not_allowed_recovers_at_its_next_keyframe() {
    let fanout = fanout();
    let publisher = fanout.publish(&fanout.grant_publish(STREAM, Scene::Rtc)).unwrap();
    let sound_only = Tracks { audio: true, video: false };
    let packets = || fanout.totals().packets;
    let push = |body: &bytes::Bytes, allowed| publisher.push_flv(TrackKind::Video, 0, body, allowed).unwrap();
    for body in [video_header(), picture(true), picture(false)] {
        push(&body, sound_only);
    }
    assert_eq!(packets(), 0);
    push(&picture(false), Tracks::BOTH);
    assert_eq!(packets(), 0, "a delta cannot be decoded");
    push(&picture(true), Tracks::BOTH);
    push(&picture(false), Tracks::BOTH);
    assert_eq!(packets(), 2);
    push(&picture(false), sound_only);
    push(&picture(false), Tracks::BOTH);
    assert_eq!(packets(), 2, "a picture is missing before it");
    push(&picture(true), Tracks::BOTH);
    assert_eq!(packets(), 3);
}

#[tokio::test]
async fn a_track_that_is_not_allowed_is_not_announced() {
    let fanout = fanout();
    let publisher = fanout.publish(&fanout.grant_publish(STREAM, Scene::Rtc)).unwrap();
    let announced = async |allowed: Tracks| {
        let pipe = Pipe::new();
        let (sink, _done) = Sink::new(SinkIo::Pipe(Arc::clone(&pipe)));
        let _viewing = fanout.view(&fanout.grant_play(STREAM).unwrap(), Wire(0), Tracks::BOTH, sink).unwrap();
        let sound = bytes::Bytes::from_static(&[0xaf, 1, 1, 2, 3]);
        publisher.push_flv(TrackKind::Audio, 0, &sound, allowed).unwrap();
        let first = tokio::time::timeout(PATIENCE, pipe.read()).await.expect("it is served").unwrap();
        (first[0], first[1])
    };
    sound(&publisher, &[HEADER]).unwrap();
    let sound_only = Tracks { audio: true, video: false };
    publisher.push_flv(TrackKind::Video, 0, &video_header(), sound_only).unwrap();
    assert_eq!(announced(sound_only).await, (0, 1));
    publisher.push_flv(TrackKind::Video, 0, &picture(true), Tracks::BOTH).unwrap();
    assert_eq!(announced(Tracks::BOTH).await, (1, 1));
}

#[tokio::test]
async fn bytes_and_skips_of_viewers_that_are_still_there_are_counted() {
    let config = FanoutConfig {
        shards: 1,
        rtc: Pace { window: 1_000, ceiling: 50_000 },
        ..FanoutConfig::with_formats(vec![Arc::new(Plain)])
    };
    let fanout = Fanout::new(config).unwrap();
    let publisher = fanout.publish(&fanout.grant_publish(STREAM, Scene::Rtc)).unwrap();
    let pipe = Pipe::new();
    let (sink, _done) = Sink::new(SinkIo::Pipe(Arc::clone(&pipe)));
    let _viewing = fanout.view(&fanout.grant_play(STREAM).unwrap(), Wire(0), Tracks::BOTH, sink).unwrap();
    sound(&publisher, &[HEADER, &[0xaf, 1, 1, 2, 3]]).unwrap();
    let first = tokio::time::timeout(PATIENCE, pipe.read()).await.expect("it is served").unwrap();
    let counted = async |what: &dyn Fn() -> bool| {
        let (start, mut looks) = (Instant::now(), tokio::time::interval(Duration::from_millis(5)));
        while !what() {
            assert!(start.elapsed() < PATIENCE, "{:?} {:?}", fanout.totals(), fanout.stats(STREAM));
            // The viewer reads nothing more, so it falls behind.
            sound(&publisher, &[&[0xaf, 1, 1, 2, 3]]).unwrap();
            looks.tick().await;
        }
    };
    counted(&|| fanout.totals().bytes_out >= first.len() as u64).await;
    counted(&|| fanout.stats(STREAM).is_some_and(|stats| stats.skips > 0 && stats.viewers == 1)).await;
    assert!(fanout.totals().skips > 0);
}
