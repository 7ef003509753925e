//! Mixes of coded talkers as coded listeners hear them, in virtual time.

mod support;

use huitong_codec::mix::{ListenerId, MixRoom, Wants};
use huitong_codec::{Input, Output};
use huitong_mixer::VoiceId;
use std::collections::BTreeMap;
use std::f64::consts::TAU;
use support::{aac_stream, level, listen, opus_stream, snr, wave};

const AAC: Wants = Wants { aac: true, opus: false };
const OPUS: Wants = Wants { aac: false, opus: true };

/// A frequency per talker, Hz; none is a harmonic of another.
const TONES: [f64; 10] = [331.0, 443.0, 557.0, 673.0, 787.0, 911.0, 1033.0, 1153.0, 1277.0, 1399.0];

/// Level of a tone: ten of them fit into full scale.
const LEVEL: f64 = 0.08;

struct Talker {
    id: VoiceId,
    inputs: std::iter::Peekable<std::vec::IntoIter<Input>>,
}

impl Talker {
    /// Sound that is 1 at full scale, by time in seconds. Odd ones are browsers.
    fn new(number: u64, seconds: f64, sound: impl Fn(f64) -> f64) -> Self {
        let rate = if number.is_multiple_of(4) { 44_100 } else { 48_000 };
        let pcm = wave(if number.is_multiple_of(2) { rate } else { 48_000 }, 1, seconds, |t, _| sound(t));
        let inputs =
            if number.is_multiple_of(2) { aac_stream(&pcm, rate, 0) } else { opus_stream(&pcm, 0, 123_456) };
        Self { id: VoiceId(number), inputs: inputs.into_iter().peekable() }
    }

    /// Hands over what comes until the next block is due: a frame is sent when its sound is over.
    fn deliver(&mut self, room: &mut MixRoom) {
        while let Some(input) = self.inputs.next_if(|input| sent_at(input) <= room.due()) {
            let after = usize::try_from(sent_at(&input) - room.now()).unwrap_or_default();
            room.push(self.id, input, after);
        }
    }
}

/// What every listener got, with the time at which it was sent, in samples.
type Sent = BTreeMap<ListenerId, Vec<(i64, Output)>>;

/// When a frame whose sound is over has come, in samples.
fn sent_at(input: &Input) -> i64 {
    match input {
        Input::AacHeader(_) => 0,
        Input::Aac { ts_ms, .. } => (ts_ms + 22) * 48,
        Input::Opus { ts_ms, .. } => (ts_ms + 20) * 48,
    }
}

/// Runs up to a time.
fn run(room: &mut MixRoom, talkers: &mut [Talker], until_ms: i64) -> Sent {
    let mut sent = Sent::new();
    while room.due() < until_ms * 48 {
        talkers.iter_mut().for_each(|talker| talker.deliver(room));
        let now = room.due();
        room.tick(|to, output| sent.entry(to).or_default().push((now, output)));
    }
    sent
}

fn decoded(sent: &[(i64, Output)]) -> Vec<f32> {
    let outputs: Vec<Output> = sent.iter().map(|(_, output)| output.clone()).collect();
    listen(&outputs, 1).1.left().to_vec()
}

fn tone(hz: f64, level: f64) -> impl Fn(f64) -> f64 {
    move |t| level * (TAU * hz * t).sin()
}

fn enter(room: &mut MixRoom, talker: &Talker, wants: Wants) {
    room.add_talker(talker.id);
    room.set_listener(ListenerId(talker.id.0), vec![talker.id]);
    room.set_wants(ListenerId(talker.id.0), wants);
}

#[test]
fn each_of_ten_hears_the_nine_others_and_not_itself() {
    let mut room = MixRoom::default();
    let mut talkers: Vec<Talker> =
        TONES.iter().zip(0..).map(|(hz, n)| Talker::new(n, 3.0, tone(*hz, LEVEL))).collect();
    for talker in &talkers {
        enter(&mut room, talker, if talker.id.0 % 3 == 0 { OPUS } else { AAC });
    }
    let sent = run(&mut room, &mut talkers, 2900);
    for (own, hears) in sent {
        let heard = decoded(&hears);
        // A second: whole periods of all tones.
        let heard = &heard[72_000..120_000];
        for (hz, n) in TONES.iter().zip(0..) {
            let there = level(heard, 48_000, *hz);
            if n == own.0 {
                // What Opus adds at 32 kbit/s to nine tones lies at -35 dB.
                assert!(there < LEVEL / 40.0, "{n} hears itself: {there}");
            } else {
                assert!((there / LEVEL - 1.0).abs() < 0.1, "{} hears {n} at {there}", own.0);
            }
        }
    }
}

#[test]
fn all_who_are_silent_share_what_is_encoded_once() {
    let mut room = MixRoom::default();
    let mut talkers = [Talker::new(0, 2.0, tone(440.0, 0.3))];
    enter(&mut room, &talkers[0], Wants::default());
    for listener in 100..300 {
        room.set_listener(ListenerId(listener), Vec::new());
        room.set_wants(ListenerId(listener), if listener % 2 == 0 { AAC } else { OPUS });
    }
    let sent = run(&mut room, &mut talkers, 1900);
    assert_eq!(sent.len(), 200);
    assert_eq!(room.listening(), (200, 0));
    // 50 Opus and 47 AAC frames a second.
    assert!((170..190).contains(&room.counters().encoded), "{}", room.counters().encoded);
    assert!(decoded(&sent[&ListenerId(100)]) == decoded(&sent[&ListenerId(298)]));
}

#[test]
fn nothing_is_decoded_or_encoded_while_nobody_listens() {
    let mut room = MixRoom::default();
    let mut talkers = [Talker::new(0, 2.0, tone(440.0, 0.3)), Talker::new(1, 2.0, tone(550.0, 0.3))];
    talkers.iter().for_each(|talker| enter(&mut room, talker, Wants::default()));
    assert!(run(&mut room, &mut talkers, 1000).is_empty());
    assert_eq!((room.counters().frames, room.counters().encoded), (0, 0));
    // Who comes now hears what is said now.
    room.set_listener(ListenerId(9), Vec::new());
    room.set_wants(ListenerId(9), AAC);
    let sent = run(&mut room, &mut talkers, 1900);
    let heard = decoded(&sent[&ListenerId(9)]);
    assert!(level(&heard[9600..33_600], 48_000, 440.0) > 0.28);
    assert!(level(&heard[9600..33_600], 48_000, 550.0) > 0.28);
}

#[test]
fn who_begins_to_talk_hears_no_seam_and_not_itself() {
    for wants in [AAC, OPUS] {
        let mut room = MixRoom::default();
        let talks = |t: f64| if (2.0..3.0).contains(&t) { 0.4 * (TAU * 1000.0 * t).sin() } else { 0.0 };
        let mut talkers = [Talker::new(1, 15.0, tone(440.0, 0.4)), Talker::new(0, 15.0, talks)];
        enter(&mut room, &talkers[0], Wants::default());
        enter(&mut room, &talkers[1], wants);
        room.set_listener(ListenerId(7), Vec::new());
        room.set_wants(ListenerId(7), wants);
        let mut sent = run(&mut room, &mut talkers, 2500);
        assert_eq!(room.listening(), (2, 1), "who talks has a mix of its own");
        for (to, mut more) in run(&mut room, &mut talkers, 14_800) {
            sent.entry(to).or_default().append(&mut more);
        }
        assert_eq!(room.listening(), (2, 0), "and shares the one of all after ten seconds of silence");
        let heard = decoded(&sent[&ListenerId(0)]);
        // Tenths of a second from before the first word to after the return to the mix of all.
        for (tenth, piece) in heard[48_000..].chunks_exact(4800).enumerate() {
            let clean = snr(piece, 48_000, 440.0);
            assert!(clean > 30.0, "{wants:?}: {clean} dB in tenth {tenth}");
        }
        let other = decoded(&sent[&ListenerId(7)]);
        assert!(level(&other[110_000..130_000], 48_000, 1000.0) > 0.35, "the others hear it");
    }
}

#[test]
fn of_too_many_only_the_loudest_are_mixed_and_who_becomes_loud_comes_in() {
    let mut room = MixRoom::default();
    let mut talkers: Vec<Talker> = TONES
        .iter()
        .zip(0..)
        .map(|(hz, n)| {
            let quiet = tone(*hz, 0.01);
            let loud = tone(*hz, 0.2);
            Talker::new(n, 6.0, move |t| if n < 2 || (n == 9 && t > 3.0) { loud(t) } else { quiet(t) })
        })
        .collect();
    talkers.iter().for_each(|talker| room.add_talker(talker.id));
    room.set_listener(ListenerId(50), Vec::new());
    room.set_wants(ListenerId(50), OPUS);
    let mut sent = run(&mut room, &mut talkers, 1000);
    let all = room.counters().frames;
    room.set_loudest(Some(3));
    for (to, mut more) in run(&mut room, &mut talkers, 5800) {
        sent.entry(to).or_default().append(&mut more);
    }
    let some = room.counters().frames - all;
    assert!(
        some < all * 48 / 10 * 2 / 3,
        "who is not mixed costs little: {some} frames in 4.8 s, {all} before"
    );
    let heard = decoded(&sent[&ListenerId(50)]);
    let loud = |hz: f64, from: usize| level(&heard[from..from + 24_000], 48_000, hz);
    assert!(loud(TONES[0], 100_000) > 0.18 && loud(TONES[9], 100_000) < 0.002);
    assert!(loud(TONES[9], 230_000) > 0.18, "after two seconds: {}", loud(TONES[9], 230_000));
}

#[test]
fn damaged_and_foreign_pieces_are_counted_and_the_rest_is_heard() {
    let mut room = MixRoom::default();
    let mut talkers = [Talker::new(0, 2.0, tone(440.0, 0.3))];
    enter(&mut room, &talkers[0], Wants::default());
    room.set_listener(ListenerId(9), Vec::new());
    room.set_wants(ListenerId(9), AAC);
    let (voice, junk) = (VoiceId(0), bytes::Bytes::from_static(&[0xff; 40]));
    room.push(voice, Input::Aac { ts_ms: 0, data: junk.clone() }, 0);
    let mut sent = run(&mut room, &mut talkers, 500);
    room.push(voice, Input::Opus { rtp: 1, ts_ms: 500, data: bytes::Bytes::new() }, 0);
    room.push(voice, Input::Aac { ts_ms: 500, data: junk }, 0);
    room.push(VoiceId(77), Input::AacHeader(bytes::Bytes::new()), 0);
    for (to, mut more) in run(&mut room, &mut talkers, 1900) {
        sent.entry(to).or_default().append(&mut more);
    }
    assert!(room.counters().damaged >= 2, "{:?}", room.counters());
    let heard = decoded(&sent[&ListenerId(9)]);
    assert!(level(&heard[48_000..72_000], 48_000, 440.0) > 0.28);
}
