//! What a viewer gets, in virtual time.

mod common;
use common::*;
use huitong_hub::{Gone, Kind, Rendition, Rest, ShardInput, Track, ViewerId};

const PLENTY: usize = usize::MAX / 2;

fn camera(studio: &mut Studio) {
    studio.header(true);
    studio.header(false);
    studio.send(Kind::Key, 100);
    for _ in 0..3 {
        studio.send(SOUND, 20);
        studio.send(Kind::Delta, 50);
    }
    studio.pass(30_000);
}

#[test]
fn late_viewer_starts_with_headers_and_the_kept_group_of_pictures() {
    let mut studio = Studio::new();
    camera(&mut studio);
    studio.join(1, BOTH, PLENTY);
    let expected =
        [('P', 0), ('V', 1), ('K', 1), ('A', 2), ('S', 2), ('D', 3), ('S', 4), ('D', 5), ('S', 6), ('D', 7)];
    assert_eq!(studio.heard(1), expected);
    assert_eq!(studio.pipes[&1].borrow().calls, 1, "everything goes out in one vectored write");
}

#[test]
fn a_packet_is_serialised_once_for_all_viewers() {
    let mut studio = Studio::new();
    studio.header(true);
    for id in 0..100 {
        studio.join(id, BOTH, PLENTY);
    }
    studio.send(Kind::Key, 10);
    studio.pass(30_000);
    let encoded = studio.format.encoded.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(encoded, 2 + 100, "one packet, one header, and a prelude for each viewer");
    assert!((0..100).all(|id| studio.heard(id).ends_with(&[('V', 1), ('K', 1)])));
}

#[test]
fn stalled_viewer_skips_video_to_the_newest_keyframe_and_keeps_its_sound() {
    let mut studio = Studio::new();
    camera(&mut studio);
    let pipe = studio.join(1, BOTH, PLENTY);
    pipe.borrow_mut().room = 0;
    let mut keys = Vec::new();
    let mut sounds = Vec::new();
    for i in 0..40 {
        let number = studio.send(if i % 10 == 0 { Kind::Key } else { Kind::Delta }, 500);
        if i % 10 == 0 {
            keys.push(number);
        }
        sounds.push(studio.send(SOUND, 20));
        studio.pass(50_000);
    }
    let before = studio.heard(1).len();
    pipe.borrow_mut().room = PLENTY;
    studio.pass(100_000);
    let after = &studio.heard(1)[before..];
    let heard: Vec<u64> = after.iter().filter(|(tag, _)| *tag == 'S').map(|(_, n)| *n).collect();
    assert_eq!(heard, sounds, "sound has no hole");
    let first_video = after.iter().find(|(tag, _)| "KD".contains(*tag)).copied();
    assert_eq!(first_video, Some(('K', keys[3])), "video goes on at the newest keyframe");
    assert_eq!(studio.pipes[&1].borrow().skips, 1, "the skip is counted once");
}

#[test]
fn viewer_far_beyond_its_ceiling_loses_old_sound_too() {
    let mut studio = Studio::new();
    camera(&mut studio);
    let pipe = studio.join(1, BOTH, PLENTY);
    pipe.borrow_mut().room = 0;
    for i in 0..200 {
        studio.send(if i % 20 == 0 { Kind::Key } else { Kind::Delta }, 500);
        studio.send(SOUND, 20);
        studio.pass(50_000);
    }
    let before = studio.heard(1).len();
    pipe.borrow_mut().room = PLENTY;
    studio.pass(100_000);
    let after = &studio.heard(1)[before..];
    assert!(after.len() < 200, "no more than a few seconds of backlog is delivered, got {}", after.len());
    assert_eq!(after.iter().find(|(tag, _)| "KD".contains(*tag)).map(|(tag, _)| *tag), Some('K'));
}

#[test]
fn muted_video_is_not_sent_and_comes_back_at_a_keyframe_at_once() {
    let mut studio = Studio::new();
    camera(&mut studio);
    studio.join(1, AUDIO, PLENTY);
    let key = studio.send(Kind::Key, 100);
    let delta = studio.send(Kind::Delta, 100);
    let sound = studio.send(SOUND, 10);
    studio.pass(30_000);
    assert_eq!(studio.heard(1), [('P', 0), ('A', 2), ('S', sound)]);
    studio.shard.handle(studio.now, ShardInput::Tracks { viewer: ViewerId(1), tracks: BOTH });
    studio.flush();
    assert_eq!(&studio.heard(1)[3..], [('V', 1), ('K', key), ('D', delta)]);
    let next = studio.send(Kind::Delta, 100);
    studio.pass(30_000);
    assert_eq!(studio.heard(1).last(), Some(&('D', next)));
}

#[test]
fn changed_header_reaches_everybody_before_its_keyframe() {
    let mut studio = Studio::new();
    camera(&mut studio);
    studio.join(1, BOTH, PLENTY);
    studio.header(true);
    let key = studio.send(Kind::Key, 10);
    studio.pass(30_000);
    studio.join(2, BOTH, PLENTY);
    assert_eq!(&studio.heard(1)[10..], [('V', 3), ('K', key)]);
    assert_eq!(studio.heard(2), [('P', 0), ('V', 3), ('K', key)]);
}

#[test]
fn after_a_publisher_change_nobody_gets_a_delta_without_its_keyframe() {
    let mut studio = Studio::new();
    camera(&mut studio);
    studio.join(1, BOTH, PLENTY);
    studio.sequencer.restart();
    studio.shard.handle(studio.now, ShardInput::Restart { publication: P });
    studio.join(2, BOTH, PLENTY);
    assert_eq!(studio.heard(2), [], "the old pictures are over");
    studio.send(Kind::Delta, 10);
    let sound = studio.send(SOUND, 10);
    let key = studio.send(Kind::Key, 10);
    studio.pass(30_000);
    assert_eq!(&studio.heard(1)[10..], [('S', sound), ('K', key)]);
    assert_eq!(studio.heard(2), [('P', 0), ('A', 2), ('S', sound), ('V', 1), ('K', key)]);
}

#[test]
fn dead_viewer_is_given_up_and_a_closed_one_at_once() {
    let mut studio = Studio::new();
    camera(&mut studio);
    studio.join(1, BOTH, 0);
    let two = studio.join(2, BOTH, PLENTY);
    two.borrow_mut().closed = true;
    studio.send(SOUND, 10);
    studio.pass(50_000);
    let gone: Vec<_> = studio.shard.take_departed().iter().map(|d| (d.viewer, d.why)).collect();
    assert_eq!(gone, [(ViewerId(2), Gone::Closed)]);
    studio.pass(31_000_000);
    let gone: Vec<_> = studio.shard.take_departed().iter().map(|d| (d.viewer, d.why)).collect();
    assert_eq!(gone, [(ViewerId(1), Gone::Stalled)]);
    assert_eq!(studio.shard.viewers(), 0);
    assert_eq!(studio.shard.next_deadline(), None, "nothing is left to wake up for");
}

#[test]
fn one_stalled_viewer_does_not_shorten_the_window_of_the_others() {
    let mut studio = Studio::new();
    camera(&mut studio);
    studio.join(1, BOTH, 0);
    let two = studio.join(2, BOTH, PLENTY);
    let calls = two.borrow().calls;
    studio.pass(1_000_000);
    assert_eq!(two.borrow().calls, calls, "retries touch only the viewer that was full");
}

#[test]
fn one_stalled_viewer_does_not_keep_the_packets_of_other_streams_waiting() {
    let mut studio = Studio::new();
    camera(&mut studio);
    studio.join(1, BOTH, 0);
    let now = studio.now;
    let retry = studio.shard.next_deadline();
    assert!(retry > Some(now), "the stalled viewer is to be tried again");
    assert_eq!(studio.shard.rest(now), Rest { resting: false, until: retry }, "a packet wakes the thread");
    // After a round that cost 1 ms packets gather, but no longer than the rest that it earned.
    studio.shard.rested(now, now + 1_000);
    let Rest { resting, until } = studio.shard.rest(now + 1_000);
    assert!(resting && until < retry, "{until:?}");
    assert!(!studio.shard.rest(until.unwrap()).resting);
}

#[test]
fn one_connection_that_takes_more_does_not_make_the_other_full_ones_be_tried() {
    let mut studio = Studio::new();
    camera(&mut studio);
    let ready = studio.join(1, BOTH, 70);
    let full = studio.join(2, BOTH, 70);
    let (calls, retry) = (full.borrow().calls, studio.shard.next_deadline());
    ready.borrow_mut().room = PLENTY;
    studio.shard.handle(studio.now, ShardInput::Ready { viewer: ViewerId(1) });
    studio.flush();
    assert_eq!((studio.heard(1).len(), full.borrow().calls), (10, calls));
    assert_eq!(studio.shard.next_deadline(), retry, "the other is tried again when it was to be");
    full.borrow_mut().room = PLENTY;
    studio.pass(30_000);
    assert_eq!(studio.heard(2).len(), 10);
}

#[test]
fn a_full_connection_that_takes_more_is_served_without_waiting_for_the_retry() {
    let mut studio = Studio::new();
    camera(&mut studio);
    let pipe = studio.join(1, BOTH, 70);
    pipe.borrow_mut().room = PLENTY;
    let now = studio.now;
    studio.shard.handle(now, ShardInput::Ready { viewer: ViewerId(1) });
    assert_eq!(studio.shard.next_deadline(), Some(now));
    studio.flush();
    assert_eq!(studio.heard(1).len(), 10);
    let calls = pipe.borrow().calls;
    studio.shard.handle(now, ShardInput::Ready { viewer: ViewerId(1) });
    studio.pass(50_000);
    assert_eq!(pipe.borrow().calls, calls, "one that was not full changes nothing");
}

#[test]
fn a_viewer_that_comes_before_the_first_packet_gets_it_and_skips_nothing() {
    let mut studio = Studio::new();
    studio.join(1, BOTH, PLENTY);
    studio.header(false);
    let first = studio.send(SOUND, 10);
    let second = studio.send(SOUND, 10);
    studio.pass(30_000);
    assert_eq!(studio.heard(1), [('P', 0), ('A', 1), ('S', first), ('S', second)]);
    assert_eq!(studio.pipes[&1].borrow().skips, 0);
}

#[test]
fn video_off_and_on_within_a_group_of_pictures_goes_on_behind_the_last_picture() {
    let mut studio = Studio::new();
    camera(&mut studio);
    studio.join(1, BOTH, PLENTY);
    let before = studio.heard(1).len();
    let tracks = |studio: &mut Studio, tracks| {
        studio.shard.handle(studio.now, ShardInput::Tracks { viewer: ViewerId(1), tracks });
        studio.flush();
    };
    tracks(&mut studio, AUDIO);
    tracks(&mut studio, BOTH);
    assert_eq!(studio.heard(1).len(), before, "nothing was missed and nothing is sent again");
    tracks(&mut studio, AUDIO);
    let missed = studio.send(Kind::Delta, 20);
    let sound = studio.send(SOUND, 20);
    studio.pass(30_000);
    tracks(&mut studio, BOTH);
    let next = studio.send(Kind::Delta, 20);
    studio.pass(30_000);
    assert_eq!(&studio.heard(1)[before..], [('S', sound), ('D', missed), ('D', next)]);
}

#[test]
fn the_prelude_announces_sound_that_began_behind_the_keyframe() {
    let mut studio = Studio::new();
    studio.header(true);
    studio.send(Kind::Key, 100);
    studio.header(false);
    studio.send(SOUND, 20);
    studio.join(1, BOTH, PLENTY);
    assert_eq!(announced(&studio.pipes[&1].borrow().got), (true, true));
    studio.join(2, AUDIO, PLENTY);
    studio.send(SOUND, 20);
    studio.pass(30_000);
    assert_eq!(announced(&studio.pipes[&2].borrow().got), (false, true));
}

#[test]
fn the_prelude_announces_no_track_of_a_publisher_that_is_gone() {
    let mut studio = Studio::new();
    camera(&mut studio);
    studio.join(1, BOTH, PLENTY);
    studio.sequencer.restart();
    studio.shard.handle(studio.now, ShardInput::Restart { publication: P });
    let sound = studio.send(SOUND, 20);
    studio.join(2, BOTH, PLENTY);
    studio.pass(30_000);
    studio.send(SOUND, 20);
    studio.pass(30_000);
    assert_eq!(announced(&studio.pipes[&2].borrow().got), (false, true));
    assert_eq!(studio.heard(1)[10], ('S', sound), "whoever has the header does not get it again");
    studio.sequencer.seen(Track::Video);
    studio.join(3, BOTH, PLENTY);
    studio.send(SOUND, 20);
    studio.pass(30_000);
    assert_eq!(announced(&studio.pipes[&3].borrow().got), (true, true), "its header came, its picture will");
}

/// Sound alone for so many seconds.
fn radio(studio: &mut Studio, seconds: u64) -> u64 {
    let mut last = 0;
    for _ in 0..seconds * 10 {
        last = studio.send(SOUND, 20);
        studio.pass(100_000);
    }
    last
}

#[test]
fn a_viewer_that_comes_after_the_camera_went_off_starts_with_the_sound_of_now() {
    let mut studio = Studio::new();
    camera(&mut studio);
    radio(&mut studio, 20);
    studio.join(1, BOTH, PLENTY);
    assert_eq!(studio.heard(1), [], "nothing old");
    let sound = studio.send(SOUND, 20);
    studio.pass(30_000);
    assert_eq!(studio.heard(1), [('P', 0), ('A', 2), ('S', sound)]);
    assert!(studio.central.len() < 70, "{} packets are kept", studio.central.len());
    studio.send(Kind::Delta, 20);
    let key = studio.send(Kind::Key, 20);
    studio.pass(30_000);
    assert_eq!(&studio.heard(1)[3..], [('V', 1), ('K', key)], "the picture comes back at a keyframe");
}

#[test]
fn video_asked_for_while_the_camera_is_off_brings_no_old_picture() {
    let mut studio = Studio::new();
    camera(&mut studio);
    studio.join(1, AUDIO, PLENTY);
    radio(&mut studio, 3);
    let before = studio.heard(1).len();
    studio.shard.handle(studio.now, ShardInput::Tracks { viewer: ViewerId(1), tracks: BOTH });
    let sound = studio.send(SOUND, 20);
    let delta_of_the_old_group = studio.send(Kind::Delta, 20);
    studio.pass(30_000);
    assert_eq!(&studio.heard(1)[before..], [('S', sound)], "no delta {delta_of_the_old_group} either");
}

#[test]
fn nobody_starts_at_a_keyframe_from_before_a_pause_of_the_camera() {
    let mut studio = Studio::new();
    camera(&mut studio);
    radio(&mut studio, 3);
    studio.send(Kind::Delta, 20);
    studio.join(1, BOTH, PLENTY);
    assert_eq!(studio.heard(1), []);
    let key = studio.send(Kind::Key, 20);
    studio.pass(30_000);
    assert_eq!(studio.heard(1), [('P', 0), ('V', 1), ('K', key)]);
}

#[test]
fn ending_a_publication_releases_its_viewers() {
    let mut studio = Studio::new();
    camera(&mut studio);
    studio.join(1, BOTH, PLENTY);
    studio.shard.handle(studio.now, ShardInput::Close { publication: P });
    let gone: Vec<_> = studio.shard.take_departed().iter().map(|d| (d.viewer, d.why)).collect();
    assert_eq!(gone, [(ViewerId(1), Gone::Ended)]);
    assert_eq!(studio.shard.bytes(), 0);
}

#[test]
fn injected_bytes_go_out_between_packets_even_to_a_viewer_that_was_full() {
    let mut studio = Studio::new();
    camera(&mut studio);
    let pipe = studio.join(1, BOTH, 70);
    let answer =
        huitong_hub::WireFormat::encode(&*studio.format, &Body { tag: b'A', number: 99, padding: 2 }, 0);
    studio.shard.handle(studio.now, ShardInput::Inject { viewer: ViewerId(1), bytes: answer });
    pipe.borrow_mut().room = PLENTY;
    studio.pass(50_000);
    let heard = studio.heard(1);
    assert_eq!(heard.len(), 11, "{heard:?}");
    assert_eq!(heard.iter().filter(|entry| **entry == ('A', 99)).count(), 1);
}

#[test]
fn bytes_injected_before_the_first_packet_do_not_displace_the_prelude() {
    let mut studio = Studio::new();
    studio.join(1, BOTH, PLENTY);
    let answer =
        huitong_hub::WireFormat::encode(&*studio.format, &Body { tag: b'A', number: 99, padding: 2 }, 0);
    studio.shard.handle(studio.now, ShardInput::Inject { viewer: ViewerId(1), bytes: answer });
    studio.header(true);
    studio.send(Kind::Key, 10);
    studio.pass(50_000);
    assert_eq!(studio.heard(1), [('A', 99), ('P', 0), ('V', 1), ('K', 1)]);
}

#[test]
fn a_viewer_gets_the_rendition_of_the_sound_that_its_format_carries() {
    let mut studio = Studio::new();
    camera(&mut studio);
    studio.join(1, BOTH, PLENTY);
    let mine = studio.send(SOUND, 20);
    let other = studio.send(Kind::Audio(Rendition(1)), 20);
    studio.pass(30_000);
    let heard = studio.heard(1);
    assert!(heard.contains(&('S', mine)) && !heard.contains(&('S', other)));
}
