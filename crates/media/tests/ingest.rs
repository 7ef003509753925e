//! What becomes of publishers' messages.

use bytes::Bytes;
use huitong_media::h264::AvcConfig;
use huitong_media::{Frame, FrameKind, Ingest, MediaError, TrackKind};

/// x264, 360x640, Constrained Baseline, 15 fps.
const SPS_PORTRAIT: &[u8] = &[
    0x67, 0x42, 0xc0, 0x16, 0xd9, 0x01, 0x70, 0x51, 0xe5, 0xf0, 0x11, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00,
    0x00, 0x03, 0x00, 0x1e, 0x0f, 0x16, 0x2e, 0x48,
];
/// The same encoder at 180x320.
const SPS_SMALL: &[u8] = &[
    0x67, 0x42, 0xc0, 0x0c, 0xd9, 0x03, 0x02, 0x9e, 0x7f, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00,
    0x00, 0x03, 0x01, 0xe0, 0xf1, 0x42, 0xa4, 0x80,
];
const PPS: &[u8] = &[0x68, 0xcb, 0x8c, 0xb2];
const IDR: &[u8] = &[0x65, 0x88, 0x84];
const SLICE: &[u8] = &[0x41, 0x9a, 0x24];

fn record(sps: &'static [u8]) -> Bytes {
    AvcConfig { length_size: 4, sps: vec![Bytes::from_static(sps)], pps: vec![Bytes::from_static(PPS)] }
        .build()
}

fn video_header(sps: &'static [u8]) -> Bytes {
    Bytes::from([&[0x17, 0, 0, 0, 0], &record(sps)[..]].concat())
}

fn picture(key: bool, cts: i32, units: &[&[u8]]) -> Bytes {
    let [_, high, middle, low] = cts.to_be_bytes();
    let mut body = vec![if key { 0x17 } else { 0x27 }, 1, high, middle, low];
    for unit in units {
        body.extend_from_slice(&(unit.len() as u32).to_be_bytes());
        body.extend_from_slice(unit);
    }
    Bytes::from(body)
}

fn key() -> Bytes {
    picture(true, 0, &[IDR])
}

fn delta() -> Bytes {
    picture(false, 0, &[SLICE])
}

const AAC_16K: &[u8] = &[0xaf, 0, 0x14, 0x08];
const AAC_48K: &[u8] = &[0xaf, 0, 0x11, 0x90];
const SOUND: &[u8] = &[0xaf, 1, 0x21, 0x10, 0x04];

struct Publisher(Ingest);

impl Publisher {
    fn new() -> Self {
        Self(Ingest::new())
    }

    fn video(&mut self, ts: u32, body: &Bytes) -> Vec<Frame> {
        self.0.push(TrackKind::Video, ts, body).unwrap().collect()
    }

    fn audio(&mut self, ts: u32, body: &'static [u8]) -> Vec<Frame> {
        self.0.push(TrackKind::Audio, ts, &Bytes::from_static(body)).unwrap().collect()
    }
}

fn kinds(frames: &[Frame]) -> Vec<(FrameKind, i64)> {
    frames.iter().map(|frame| (frame.kind, frame.ts_ms)).collect()
}

#[test]
fn headers_come_first_and_describe_the_stream() {
    let mut publisher = Publisher::new();
    assert_eq!(kinds(&publisher.video(0, &video_header(SPS_PORTRAIT))), [(FrameKind::Config, 0)]);
    assert_eq!(kinds(&publisher.audio(0, AAC_16K)), [(FrameKind::Config, 0)]);
    assert_eq!(kinds(&publisher.video(500, &key())), [(FrameKind::Key, 0)]);
    assert_eq!(kinds(&publisher.audio(520, SOUND)), [(FrameKind::Audio, 20)]);
    assert_eq!(kinds(&publisher.video(566, &delta())), [(FrameKind::Delta, 66)]);
    let info = publisher.0.info();
    let video = info.video.unwrap();
    assert_eq!((video.width, video.height, video.profile, video.level), (360, 640, 66, 22));
    assert_eq!(video.fps, Some(15.0));
    let audio = info.audio.unwrap();
    assert_eq!((audio.sample_rate, audio.channels), (16_000, 1));
    assert!(!info.b_frames);
}

#[test]
fn a_repeated_header_yields_nothing() {
    let mut publisher = Publisher::new();
    publisher.video(0, &video_header(SPS_PORTRAIT));
    publisher.audio(0, AAC_16K);
    assert!(publisher.video(10, &video_header(SPS_PORTRAIT)).is_empty());
    assert!(publisher.audio(10, AAC_16K).is_empty());
}

#[test]
fn nothing_comes_out_before_its_header_or_before_a_keyframe() {
    let mut publisher = Publisher::new();
    assert!(publisher.video(0, &key()).is_empty());
    assert!(publisher.audio(0, SOUND).is_empty());
    publisher.video(0, &video_header(SPS_PORTRAIT));
    assert!(publisher.video(40, &delta()).is_empty());
    assert_eq!(kinds(&publisher.video(80, &key())), [(FrameKind::Key, 0)]);
    let counters = publisher.0.counters();
    assert_eq!((counters.before_header, counters.before_key), (2, 1));
}

#[test]
fn a_new_picture_size_by_header_waits_for_its_keyframe() {
    let mut publisher = Publisher::new();
    publisher.video(0, &video_header(SPS_PORTRAIT));
    publisher.video(0, &key());
    publisher.video(40, &delta());
    let header = publisher.video(80, &video_header(SPS_SMALL));
    assert_eq!(kinds(&header), [(FrameKind::Config, 40)]);
    assert_eq!(header[0].payload, record(SPS_SMALL));
    assert!(publisher.video(80, &delta()).is_empty());
    let key = publisher.video(230, &key());
    assert_eq!(key[0].kind, FrameKind::Key);
    // The steps so far were near 33 ms; the hole of 190 ms does not stand beside the header.
    assert!((70..=80).contains(&key[0].ts_ms), "{}", key[0].ts_ms);
    assert_eq!(kinds(&publisher.video(270, &delta())), [(FrameKind::Delta, 270)]);
    assert_eq!(publisher.0.info().video.unwrap().width, 180);
}

#[test]
fn a_new_picture_size_in_band_makes_a_header_before_the_keyframe() {
    let mut publisher = Publisher::new();
    publisher.video(0, &video_header(SPS_PORTRAIT));
    publisher.video(0, &picture(true, 0, &[SPS_PORTRAIT, PPS, IDR]));
    publisher.video(40, &delta());
    let changed = publisher.video(80, &picture(true, 0, &[&[0x09, 0xf0], SPS_SMALL, PPS, IDR]));
    assert_eq!(
        changed.iter().map(|frame| frame.kind).collect::<Vec<_>>(),
        [FrameKind::Config, FrameKind::Key]
    );
    assert_eq!(changed[0].payload, record(SPS_SMALL));
    assert!(changed[0].ts_ms <= changed[1].ts_ms);
    // Its repetition is no news.
    let again = publisher.video(120, &picture(true, 0, &[SPS_SMALL, PPS, IDR]));
    assert_eq!(again.len(), 1);
}

#[test]
fn a_publisher_without_header_but_with_in_band_sets_is_understood() {
    let mut publisher = Publisher::new();
    let first = publisher.video(0, &picture(true, 0, &[SPS_PORTRAIT, PPS, IDR]));
    assert_eq!(kinds(&first), [(FrameKind::Config, 0), (FrameKind::Key, 0)]);
}

#[test]
fn an_idr_picture_without_the_keyframe_flag_is_a_keyframe() {
    let mut publisher = Publisher::new();
    publisher.video(0, &video_header(SPS_PORTRAIT));
    assert_eq!(kinds(&publisher.video(0, &picture(false, 0, &[IDR]))), [(FrameKind::Key, 0)]);
}

#[test]
fn audio_may_change_its_rate_start_late_or_be_alone() {
    let mut publisher = Publisher::new();
    publisher.audio(0, AAC_16K);
    publisher.audio(0, SOUND);
    assert_eq!(kinds(&publisher.audio(64, AAC_48K)), [(FrameKind::Config, 0)]);
    assert_eq!(publisher.0.info().audio.unwrap().sample_rate, 48_000);
    assert!(publisher.0.info().video.is_none());

    let mut late = Publisher::new();
    late.video(1000, &video_header(SPS_PORTRAIT));
    late.video(1000, &key());
    late.video(3000, &delta());
    assert_eq!(kinds(&late.audio(0, AAC_16K)), [(FrameKind::Config, 2000)]);
    assert_eq!(kinds(&late.audio(3010, SOUND)), [(FrameKind::Audio, 2010)]);
}

#[test]
fn a_reconnected_publisher_continues_and_its_same_headers_are_silent() {
    let mut publisher = Publisher::new();
    publisher.video(0, &video_header(SPS_PORTRAIT));
    publisher.audio(0, AAC_16K);
    for at in (0..1000).step_by(40) {
        publisher.video(at, &if at == 0 { key() } else { delta() });
        publisher.audio(at, SOUND);
    }
    publisher.0.restart();
    assert!(publisher.0.info().video.is_none());
    assert!(publisher.video(0, &video_header(SPS_PORTRAIT)).is_empty());
    assert!(publisher.audio(0, AAC_16K).is_empty());
    assert!(publisher.video(0, &delta()).is_empty(), "its first picture is a keyframe");
    assert_eq!(kinds(&publisher.video(40, &key())), [(FrameKind::Key, 1000)]);
    assert_eq!(kinds(&publisher.audio(40, SOUND)), [(FrameKind::Audio, 1000)]);
    assert_eq!(publisher.0.info().video.unwrap().width, 360);
}

#[test]
fn a_reconnected_publisher_with_another_picture_size_gets_a_header() {
    let mut publisher = Publisher::new();
    publisher.video(0, &video_header(SPS_PORTRAIT));
    publisher.video(0, &key());
    publisher.0.restart();
    assert_eq!(kinds(&publisher.video(0, &video_header(SPS_SMALL))), [(FrameKind::Config, 0)]);
    assert_eq!(kinds(&publisher.video(900, &key())), [(FrameKind::Key, 33)]);
}

#[test]
fn b_frames_are_noticed_and_a_constant_delay_is_not_taken_for_them() {
    let mut delayed = Publisher::new();
    delayed.video(0, &video_header(SPS_PORTRAIT));
    delayed.video(0, &picture(true, 66, &[IDR]));
    for at in [33, 67, 100, 133] {
        delayed.video(at, &picture(false, 66, &[SLICE]));
    }
    assert!(!delayed.0.info().b_frames);

    let mut reordered = Publisher::new();
    reordered.video(0, &video_header(SPS_PORTRAIT));
    reordered.video(0, &picture(true, 66, &[IDR]));
    reordered.video(33, &picture(false, 166, &[SLICE]));
    reordered.video(66, &picture(false, 66, &[SLICE]));
    assert!(reordered.0.info().b_frames);
}

#[test]
fn malformed_messages_are_counted_and_the_next_one_is_fine() {
    let mut publisher = Publisher::new();
    publisher.video(0, &video_header(SPS_PORTRAIT));
    let broken = Bytes::from_static(&[0x17, 1, 0, 0, 0, 0, 0, 0, 99, 0x65]);
    assert!(matches!(publisher.0.push(TrackKind::Video, 0, &broken), Err(MediaError::Malformed { .. })));
    assert_eq!(publisher.0.counters().malformed, 1);
    assert_eq!(publisher.video(0, &key()).len(), 1);
}

#[test]
fn a_giant_codec_header_is_not_kept_for_players() {
    let mut publisher = Publisher::new();
    let mut header = video_header(SPS_PORTRAIT).to_vec();
    header.resize(20_000, 0);
    let result = publisher.0.push(TrackKind::Video, 0, &Bytes::from(header));
    assert!(matches!(result, Err(MediaError::Malformed { .. })));
}

#[test]
fn other_codecs_are_refused() {
    let mut ingest = Ingest::new();
    let hevc = Bytes::from_static(b"\x90hvc1\x00");
    assert!(ingest.push(TrackKind::Video, 0, &hevc).unwrap_err().is_unsupported());
    let mp3 = Bytes::from_static(&[0x2f, 0xff]);
    assert!(ingest.push(TrackKind::Audio, 0, &mp3).unwrap_err().is_unsupported());
}
