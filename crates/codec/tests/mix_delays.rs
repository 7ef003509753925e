//! How much later a voice is heard through a mix than by itself, in virtual time. Both ways end in a player that holds back
//! as little as it may: just enough never to run dry. What such a player adds because frames come unevenly is in the figures.

mod support;

use huitong_codec::mix::{ListenerId, MixRoom, Wants};
use huitong_codec::{AacToOpus, Input, OpusToAac, Output, Transcoder};
use huitong_mixer::VoiceId;
use std::f64::consts::TAU;
use support::{aac_stream, listen, opus_stream, wave};

/// Samples per millisecond.
const MS: f64 = 48.0;

/// The most that a mix may add, ms; the bound of the product is 60.
const MOST_ADDED: f64 = 55.0;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Codec {
    Aac,
    Opus,
}

impl Codec {
    const fn frame(self) -> i64 {
        match self {
            Self::Aac => 1024,
            Self::Opus => 960,
        }
    }

    fn wants(self) -> Wants {
        Wants { aac: self == Self::Aac, opus: self == Self::Opus }
    }
}

/// Frames, each with the time at which it comes, in samples.
type Arrivals = Vec<(i64, Input)>;

/// What a player gets, each with the time at which it was sent, in samples.
type Sent = Vec<(i64, Output)>;

/// A voice that is faint up to a time in seconds, so that it is on its way, and loud from there on.
fn onset(codec: Codec, from: f64) -> Vec<Input> {
    let sound = move |t: f64, _| (if t < from { 0.002 } else { 0.4 }) * (TAU * 700.0 * t).sin();
    let pcm = wave(48_000, 1, from + 1.0, sound);
    match codec {
        Codec::Aac => aac_stream(&pcm, 48_000, 0),
        Codec::Opus => opus_stream(&pcm, 0, 4711),
    }
}

/// When frames come that are sent as soon as their sound is over, each late by up to so many samples. Those of a connection do
/// not overtake each other.
fn arrive(codec: Codec, inputs: Vec<Input>, start: i64, jitter: i64) -> Arrivals {
    let mut before = 0;
    let mut frames = 0;
    let arrivals = inputs.into_iter().map(|input| {
        if !input.is_header() {
            frames += 1;
            let late = if jitter == 0 { 0 } else { frames * 379_637 % jitter };
            before = before.max(start + frames * codec.frame() + late);
        }
        (before, input)
    });
    arrivals.collect()
}

fn through_the_mix(arrivals: &Arrivals, wants: Wants) -> Sent {
    let mut room = MixRoom::default();
    room.add_talker(VoiceId(1));
    room.set_listener(ListenerId(0), Vec::new());
    room.set_wants(ListenerId(0), wants);
    let mut sent = Sent::new();
    let mut next = arrivals.iter().peekable();
    while next.peek().is_some() {
        let due = room.due();
        while let Some((at, input)) = next.next_if(|(at, _)| *at <= due) {
            let after = usize::try_from(at - room.now()).unwrap_or_default();
            room.push(VoiceId(1), input.clone(), after);
        }
        room.tick(|_, output| sent.push((due, output)));
    }
    sent
}

/// What a player of the stream itself gets, converted if it has to be.
fn directly(arrivals: &Arrivals, from: Codec, to: Codec) -> Sent {
    let mut machine: Box<dyn Transcoder> = match (from, to) {
        (Codec::Aac, Codec::Opus) => Box::new(AacToOpus::default()),
        (Codec::Opus, Codec::Aac) => Box::new(OpusToAac::default()),
        _ => return arrivals.iter().map(|(at, input)| (*at, unchanged(input.clone()))).collect(),
    };
    let mut sent = Sent::new();
    for (at, input) in arrivals {
        machine.handle(input.clone());
        sent.extend(std::iter::from_fn(|| machine.poll()).map(|output| (*at, output)));
    }
    sent
}

fn unchanged(input: Input) -> Output {
    match input {
        Input::AacHeader(data) => Output::AacHeader { ts_ms: 0, data },
        Input::Aac { ts_ms, data } => Output::Aac { ts_ms, data },
        Input::Opus { rtp, data, .. } => Output::Opus { ts_48k: rtp, channels: 1, data },
    }
}

/// When a player plays the beginning of the loud part, ms.
fn loud_at(codec: Codec, sent: &Sent) -> f64 {
    let outputs: Vec<Output> = sent.iter().map(|(_, output)| output.clone()).collect();
    let heard = listen(&outputs, 1).1;
    let loud = heard.left().iter().position(|sample| sample.abs() > 0.2).expect("it is heard");
    let frames = sent.iter().filter(|(_, output)| !matches!(output, Output::AacHeader { .. }));
    let begin = frames.zip(0..).map(|((at, _), n)| at - n * codec.frame());
    (begin.max().expect("frames") as f64 + loud as f64) / MS
}

/// The least and the most that a mix adds, ms, wherever frames of the talker lie between those of the mix.
fn added(from: Codec, to: Codec, jitter: i64) -> (f64, f64) {
    let inputs = onset(from, 4.5);
    let each = (0..from.frame()).step_by(128).map(|start| {
        let arrivals = arrive(from, inputs.clone(), start, jitter * 48);
        loud_at(to, &through_the_mix(&arrivals, to.wants())) - loud_at(to, &directly(&arrivals, from, to))
    });
    each.fold((f64::MAX, f64::MIN), |(least, most), ms| (least.min(ms), most.max(ms)))
}

#[test]
fn a_mix_adds_fifty_five_milliseconds_at_most_from_phone_to_phone() {
    for jitter in [0, 5, 10, 20, 25] {
        let (least, most) = added(Codec::Aac, Codec::Aac, jitter);
        println!("jitter of {jitter} ms: a mix adds {least:.1} to {most:.1} ms from phone to phone");
        assert!(least > 30.0 && most <= MOST_ADDED, "jitter of {jitter} ms: {least} to {most} ms");
    }
}

#[test]
fn a_mix_adds_no_more_where_browsers_talk_or_listen() {
    for (from, to) in [(Codec::Opus, Codec::Opus), (Codec::Aac, Codec::Opus), (Codec::Opus, Codec::Aac)] {
        for jitter in [0, 20] {
            let (least, most) = added(from, to, jitter);
            println!("{from:?} to {to:?}, jitter of {jitter} ms: a mix adds {least:.1} to {most:.1} ms");
            assert!(most <= MOST_ADDED, "{from:?} to {to:?}, jitter of {jitter} ms: {least} to {most} ms");
        }
    }
}

/// From when the loud part was said to when it is played through the mix, ms.
fn late(codec: Codec, arrivals: &Arrivals, from: f64) -> f64 {
    loud_at(codec, &through_the_mix(arrivals, codec.wants())) - from * 1000.0
}

#[test]
fn who_loses_packets_is_heard_no_later_than_who_does_not() {
    let whole = arrive(Codec::Opus, onset(Codec::Opus, 8.5), 300, 0);
    let steady = late(Codec::Opus, &whole, 8.5);
    // Loss of 10 %, sometimes two in a row.
    let lost = |n: usize| n > 50 && (n % 20 == 7 || n % 40 == 8 || n % 40 == 31);
    let some: Arrivals = whole.into_iter().enumerate().filter(|(n, _)| !lost(*n)).map(|(_, a)| a).collect();
    let lossy = late(Codec::Opus, &some, 8.5);
    assert!(lossy < steady + 15.0, "{lossy} ms with loss, {steady} ms without");
}

#[test]
fn who_sends_nothing_while_silent_is_heard_no_later_when_it_speaks() {
    // Times of AAC are less exact than those of Opus: two frames that are missing may be unsteady times.
    for (codec, sparse) in [(Codec::Aac, [6, 8, 20, 1000]), (Codec::Opus, [3, 8, 20, 1000])] {
        let whole = arrive(codec, onset(codec, 8.5), 300, 0);
        let steady = late(codec, &whole, 8.5);
        for every in sparse {
            // From the second second on one frame in so many comes, and all again before the voice is raised.
            let silent = |n: usize| (100..350).contains(&n) && !n.is_multiple_of(every);
            let some: Arrivals =
                whole.iter().enumerate().filter(|(n, _)| !silent(*n)).map(|(_, a)| a.clone()).collect();
            let sparse = late(codec, &some, 8.5);
            assert!(sparse < steady + 15.0, "{codec:?}, one in {every}: {sparse} ms, else {steady} ms");
        }
    }
}
