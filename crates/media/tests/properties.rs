//! Properties of the timeline and of everything that reads bytes from the network.

use bytes::Bytes;
use huitong_media::aac::AudioSpecificConfig;
use huitong_media::flv::{
    Demuxer, TagKind, parse_audio_body, parse_video_body, write_file_header, write_tag,
};
use huitong_media::h264::{AvcConfig, nals, parse_sps};
use huitong_media::{Ingest, MAX_FRAME_MS, MAX_HOLE_MS, Timeline, TrackKind};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Frame(bool, u32),
    Header(bool),
    Restart,
}

fn track(video: bool) -> TrackKind {
    if video { TrackKind::Video } else { TrackKind::Audio }
}

/// Timestamps of all sorts: near ones, jumps, the ends of the range.
fn timestamp() -> impl Strategy<Value = u32> {
    prop_oneof![0..5000u32, any::<u32>(), (u32::MAX - 3000)..=u32::MAX, 1_000_000..1_010_000u32]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (any::<bool>(), timestamp()).prop_map(|(video, raw)| Step::Frame(video, raw)),
        1 => any::<bool>().prop_map(Step::Header),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_timestamps_give_a_monotonic_timeline_without_a_hole(steps in prop::collection::vec(step(), 0..300)) {
        let mut timeline = Timeline::new();
        let mut last = [None::<i64>; 2];
        let mut newest = None::<i64>;
        for step in steps {
            let (kind, out) = match step {
                Step::Frame(video, raw) => (video, timeline.map(track(video), raw)),
                Step::Header(video) => (video, timeline.header(track(video))),
                Step::Restart => {
                    timeline.restart();
                    continue;
                }
            };
            prop_assert!(out >= 0);
            prop_assert!(last[usize::from(kind)].is_none_or(|previous| out >= previous));
            prop_assert!(newest.is_none_or(|newest| out <= newest + MAX_HOLE_MS));
            last[usize::from(kind)] = Some(out);
            newest = Some(newest.map_or(out, |newest| newest.max(out)));
        }
    }

    #[test]
    fn without_a_jump_the_tracks_keep_their_distance(
        start in any::<u32>(),
        steps in prop::collection::vec((any::<bool>(), 0..=400u32), 1..300),
    ) {
        let mut timeline = Timeline::new();
        let mut at = 0u32;
        let mut offset = None;
        for (video, step) in steps {
            at += step;
            // Both tracks on one offset: output is the source clock counted from its first frame.
            let here = timeline.map(track(video), start.wrapping_add(at)) - i64::from(at);
            prop_assert_eq!(*offset.get_or_insert(here), here);
        }
    }

    #[test]
    fn after_a_jump_both_tracks_are_on_one_offset_again(
        jump in any::<u32>(),
        before in 1..50u32,
    ) {
        let mut timeline = Timeline::new();
        for n in 0..before {
            timeline.map(TrackKind::Video, n * 40);
            timeline.map(TrackKind::Audio, n * 40 + 10);
        }
        let mut distance = None;
        for n in 0..100 {
            let source = jump.wrapping_add(n * 40);
            let video = timeline.map(TrackKind::Video, source);
            let audio = timeline.map(TrackKind::Audio, source.wrapping_add(10));
            distance = Some(audio - video);
        }
        prop_assert_eq!(distance, Some(10));
    }

    #[test]
    fn a_reconnect_leaves_no_hole(first in any::<u32>(), second in any::<u32>(), frames in 1..100u32) {
        let mut timeline = Timeline::new();
        let mut last = 0;
        for n in 0..frames {
            last = timeline.map(TrackKind::Video, first.wrapping_add(n * 40));
        }
        timeline.restart();
        let next = timeline.map(TrackKind::Video, second);
        prop_assert!((last + 1..=last + 45).contains(&next));
    }

    #[test]
    fn a_track_that_comes_back_is_stamped_beside_the_other(
        paused in 0..3_000u32,
        reconnects in any::<bool>(),
        header in any::<bool>(),
        clock in any::<u32>(),
        late in 0..25u32,
    ) {
        let mut timeline = Timeline::new();
        for n in 0..50 {
            timeline.map(TrackKind::Video, n * 40);
            timeline.map(TrackKind::Audio, n * 40);
        }
        for n in 50..50 + paused {
            timeline.map(TrackKind::Audio, n * 40);
        }
        let mut source = (50 + paused) * 40;
        if reconnects {
            timeline.restart();
            source = clock;
        }
        if header {
            timeline.header(TrackKind::Video);
        }
        // Sound first, and the picture up to a second later.
        let mut sound = 0;
        for n in 0..=late {
            sound = timeline.map(TrackKind::Audio, source.wrapping_add(n * 40));
        }
        let picture = timeline.map(TrackKind::Video, source.wrapping_add(late * 40));
        prop_assert!((sound - MAX_FRAME_MS - 40..=sound + 40).contains(&picture), "{} beside {}", picture, sound);
        let next = timeline.map(TrackKind::Video, source.wrapping_add(late * 40 + 40));
        prop_assert!(next > picture && (sound..=sound + 80).contains(&next), "{} after {}", next, picture);
    }

    #[test]
    fn parsers_take_any_bytes(data in prop::collection::vec(any::<u8>(), 0..300)) {
        let bytes = Bytes::from(data);
        let _ = parse_video_body(&bytes);
        let _ = parse_audio_body(&bytes);
        let _ = AudioSpecificConfig::parse(&bytes);
        let _ = parse_sps(&bytes);
        if let Ok(config) = AvcConfig::parse(&bytes) {
            prop_assert_eq!(AvcConfig::parse(&config.build()).unwrap(), config);
        }
        for length_size in 0..6 {
            let _ = nals(&bytes, length_size).count();
        }
        let mut ingest = Ingest::new();
        let _ = ingest.push(TrackKind::Video, 0, &bytes);
        let _ = ingest.push(TrackKind::Audio, 0, &bytes);
    }

    #[test]
    fn a_mutated_sps_never_panics(flips in prop::collection::vec((0..25usize, any::<u8>()), 0..12)) {
        let mut sps = [
            0x67, 0x42, 0xc0, 0x16, 0xd9, 0x01, 0x70, 0x51, 0xe5, 0xf0, 0x11, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00,
            0x00, 0x03, 0x00, 0x1e, 0x0f, 0x16, 0x2e, 0x48,
        ];
        for (at, value) in flips {
            sps[at] ^= value;
        }
        let _ = parse_sps(&sps);
    }

    #[test]
    fn tags_survive_any_split(
        bodies in prop::collection::vec((any::<u32>(), prop::collection::vec(any::<u8>(), 0..200)), 0..20),
        piece in 1..50usize,
    ) {
        let mut stream = bytes::BytesMut::new();
        write_file_header(&mut stream, true, true);
        for (timestamp, body) in &bodies {
            write_tag(&mut stream, TagKind::Video, *timestamp, &[body]);
        }
        let mut demuxer = Demuxer::new();
        let mut read = Vec::new();
        for bytes in stream.chunks(piece) {
            demuxer.push(bytes);
            while let Some(tag) = demuxer.next_tag().unwrap() {
                read.push((tag.timestamp_ms, tag.body.to_vec()));
            }
        }
        prop_assert_eq!(read, bodies);
    }
}
