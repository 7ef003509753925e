//! Talkers of every kind in a mix, in virtual time: other rates, stereo, clocks that drift, times that jump, sound that
//! pauses, and people who come and go.

mod support;

use huitong_codec::mix::{ListenerId, MixRoom, Wants};
use huitong_codec::{Input, Output};
use huitong_media::aac::AudioSpecificConfig;
use huitong_mixer::VoiceId;
use std::f64::consts::TAU;
use support::{aac_stream, level, listen, opus_stream, snr, wave};

const AAC: Wants = Wants { aac: true, opus: false };

/// Who only listens.
const LISTENER: ListenerId = ListenerId(1000);

/// Frames of one talker, each with the time at which it comes, in samples.
struct Talker {
    id: VoiceId,
    arrivals: std::iter::Peekable<std::vec::IntoIter<(i64, Input)>>,
}

impl Talker {
    fn new(id: u64, arrivals: Vec<(i64, Input)>) -> Self {
        Self { id: VoiceId(id), arrivals: arrivals.into_iter().peekable() }
    }
}

/// A room in which somebody listens.
fn room() -> MixRoom {
    let mut room = MixRoom::default();
    room.set_listener(LISTENER, Vec::new());
    room.set_wants(LISTENER, AAC);
    room
}

/// Runs up to a time; `take` gets what is sent.
fn run(room: &mut MixRoom, talkers: &mut [Talker], seconds: f64, mut take: impl FnMut(ListenerId, Output)) {
    while room.due() < (seconds * 48_000.0) as i64 {
        for talker in talkers.iter_mut() {
            while let Some((at, input)) = talker.arrivals.next_if(|(at, _)| *at <= room.due()) {
                let after = usize::try_from(at - room.now()).unwrap_or_default();
                room.push(talker.id, input, after);
            }
        }
        room.tick(&mut take);
    }
}

/// What the listener hears of one talker.
fn hear(arrivals: Vec<(i64, Input)>, seconds: f64) -> (MixRoom, Vec<f32>) {
    let mut room = room();
    room.add_talker(VoiceId(1));
    let mut outputs = Vec::new();
    run(&mut room, &mut [Talker::new(1, arrivals)], seconds, |_, output| outputs.push(output));
    let heard = listen(&outputs, 1).1.left().to_vec();
    (room, heard)
}

/// Frames come when their sound is over, by a clock that is `ppm` millionths slow.
fn arrive(inputs: Vec<Input>, rate: u32, ppm: i64) -> Vec<(i64, Input)> {
    let frame = |input: &Input| match input {
        Input::AacHeader(_) => 0,
        Input::Aac { .. } => 1024 * 48_000 / i64::from(rate),
        Input::Opus { .. } => 960,
    };
    let mut at = 500;
    let arrivals = inputs.into_iter().map(|input| {
        at += frame(&input);
        (at + at * ppm / 1_000_000, input)
    });
    arrivals.collect()
}

fn tone(t: f64, _: usize) -> f64 {
    0.3 * (TAU * 440.0 * t).sin()
}

/// The steepest step; of the tone 0.0173.
fn steepest(heard: &[f32]) -> f32 {
    heard.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max)
}

#[test]
fn talkers_of_every_rate_and_in_stereo_are_heard_whole() {
    for rate in [8_000, 16_000, 22_050, 32_000, 44_100, 48_000] {
        for channels in [1, 2] {
            let inputs = aac_stream(&wave(rate, channels, 6.0, tone), rate, 0);
            let (room, heard) = hear(arrive(inputs, rate, 0), 5.5);
            let heard = &heard[96_000..];
            let (there, clean) = (level(heard, 48_000, 440.0), snr(heard, 48_000, 440.0));
            let what = format!("{rate} Hz, {channels} channels");
            assert!((there / 0.3 - 1.0).abs() < 0.05, "{what}: a level of {there}");
            assert!(clean > 30.0, "{what}: {clean} dB, {:?}", room.counters());
            assert_eq!(room.counters().damaged, 0, "{what}");
        }
    }
    let (_, heard) = hear(arrive(opus_stream(&wave(48_000, 2, 4.0, tone), 0, 99), 48_000, 0), 3.5);
    assert!((level(&heard[96_000..], 48_000, 440.0) / 0.3 - 1.0).abs() < 0.05);
}

#[test]
fn clocks_that_drift_for_minutes_tear_nothing() {
    for ppm in [-200, 200] {
        let inputs = aac_stream(&wave(48_000, 1, 185.0, tone), 48_000, 0);
        let (room, heard) = hear(arrive(inputs, 48_000, ppm), 180.0);
        for (second, heard) in heard[96_000..].chunks_exact(48_000).enumerate() {
            let (there, step) = (level(heard, 48_000, 440.0), steepest(heard));
            assert!(there > 0.28 && step < 0.03, "{ppm} ppm, second {second}: {there}, a step of {step}");
        }
        let counters = room.counters();
        // 36 ms in three minutes, and what is done too much is undone.
        assert!(counters.concealed_ms + counters.dropped_ms < 150, "{ppm} ppm: {counters:?}");
    }
}

#[test]
fn times_that_jump_and_sound_that_pauses_make_no_click_and_lose_little() {
    type Change = fn(usize, i64, i64) -> Option<(i64, i64)>;
    // Number, arrival and time of a frame, and what becomes of the last two.
    let changes: [(&str, Change); 6] = [
        ("a pause of two seconds", |n, at, ts| (!(100..194).contains(&n)).then_some((at, ts))),
        ("a pause of 300 ms", |n, at, ts| (!(100..114).contains(&n)).then_some((at, ts))),
        ("times that jump ahead", |n, at, ts| Some((at, if n < 100 { ts } else { ts + 700 }))),
        ("times with a hole that was none", |n, at, ts| Some((at, if n < 100 { ts } else { ts + 200 }))),
        ("times that jump back", |n, at, ts| Some((at, if n < 100 { ts + 900 } else { ts }))),
        ("times that stand still", |n, at, ts| {
            Some((at, if n < 100 { ts } else { 2133 + (n as i64 - 100) }))
        }),
    ];
    for (what, change) in changes {
        let inputs = arrive(aac_stream(&wave(48_000, 1, 7.0, tone), 48_000, 0), 48_000, 0);
        let changed = inputs.into_iter().enumerate().filter_map(|(n, (at, input))| match input {
            Input::Aac { ts_ms, data } => {
                change(n, at, ts_ms).map(|(at, ts_ms)| (at, Input::Aac { ts_ms, data }))
            }
            other => Some((at, other)),
        });
        let (room, heard) = hear(changed.collect(), 6.5);
        let step = steepest(&heard[9600..]);
        assert!(step < 0.04, "{what}: a step of {step}, {:?}", room.counters());
        let last = &heard[heard.len() - 96_000..];
        let there = level(last, 48_000, 440.0);
        assert!(there > 0.28, "{what}: a level of {there} in the end, {:?}", room.counters());
        let silent = heard[48_000..].chunks_exact(480).filter(|c| c.iter().all(|s| s.abs() < 0.05)).count();
        assert!(
            silent < if what.contains("two seconds") { 205 } else { 50 },
            "{what}: {silent} silent pieces"
        );
    }
}

#[test]
fn a_voice_that_comes_no_more_is_not_shown_as_loud() {
    let mut inputs = arrive(aac_stream(&wave(48_000, 1, 2.0, tone), 48_000, 0), 48_000, 0);
    let mut room = room();
    room.add_talker(VoiceId(1));
    room.add_talker(VoiceId(2));
    let mut quiet: Vec<(i64, Input)> = inputs.clone();
    inputs.truncate(60);
    quiet.truncate(3);
    let mut talkers = [Talker::new(1, inputs), Talker::new(2, quiet)];
    let loud = |room: &MixRoom| room.levels().find(|(id, _)| *id == VoiceId(1)).unwrap().1;
    run(&mut room, &mut talkers, 1.2, |_, _| {});
    assert!((loud(&room) - 0.3).abs() < 0.02, "{}", loud(&room));
    run(&mut room, &mut talkers, 3.5, |_, _| {});
    assert!(loud(&room) < 0.003, "{}", loud(&room));
}

/// A tone for each talker, Hz: whole numbers, far enough from each other.
fn pitch(talker: u64) -> f64 {
    301.0 + 37.0 * talker as f64
}

#[test]
fn fifty_talk_while_one_leaves_and_one_comes_each_second() {
    const LEVEL: f64 = 0.018;
    let mut room = room();
    let voice = |n: u64| {
        let pcm = wave(48_000, 1, 8.0, |t, _| LEVEL * (TAU * pitch(n) * t).sin());
        Talker::new(n, arrive(aac_stream(&pcm, 48_000, 0), 48_000, n as i64 % 5))
    };
    let mut talkers: Vec<Talker> = (0..56).map(voice).collect();
    let enter = |room: &mut MixRoom, n: u64| {
        room.set_listener(ListenerId(n), vec![VoiceId(n)]);
        room.set_wants(ListenerId(n), AAC);
        room.add_talker(VoiceId(n));
        room.push(VoiceId(n), Input::AacHeader(AudioSpecificConfig::lc(48_000, 1).build()), 0);
    };
    (0..50).for_each(|n| enter(&mut room, n));
    let mut sent: std::collections::BTreeMap<ListenerId, Vec<Output>> = std::collections::BTreeMap::new();
    for second in 1..=7 {
        run(&mut room, &mut talkers, second as f64, |to, output| sent.entry(to).or_default().push(output));
        assert_eq!((room.talkers(), room.listening()), (50, (51, 50)), "after {second} s");
        if second < 6 {
            room.remove_talker(VoiceId(second - 1));
            room.remove_listener(ListenerId(second - 1));
            enter(&mut room, 49 + second);
        }
    }
    let present = |n: u64| (5..55).contains(&n);
    for (id, outputs) in
        sent.into_iter().filter(|(id, _)| *id == LISTENER || (present(id.0) && id.0 % 9 == 0))
    {
        let heard = listen(&outputs, 1).1.left().to_vec();
        let last = &heard[heard.len() - 48_000..];
        for n in 0..56 {
            let there = level(last, 48_000, pitch(n)) / LEVEL;
            if present(n) && ListenerId(n) != id {
                assert!((there - 1.0).abs() < 0.25, "{id:?} hears {n} at {there}");
            } else {
                assert!(there < 0.1, "{id:?} hears {n} at {there}");
            }
        }
    }
}
