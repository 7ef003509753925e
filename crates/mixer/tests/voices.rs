//! Voices over networks in virtual time: when they are heard, and that nothing clicks.

use huitong_mixer::{BLOCK, MOST_DELAY, Mixer, RATE, VoiceId};
use std::f32::consts::TAU;

const A: VoiceId = VoiceId(1);
const B: VoiceId = VoiceId(2);

/// Samples per millisecond.
const MS: usize = RATE as usize / 1000;

/// One sender: packets of a size, each with the time at which it arrives, in samples.
struct Sender {
    packet: usize,
    sent: usize,
    sound: Box<dyn Fn(usize) -> f32>,
    arrives: Box<dyn Fn(usize) -> Option<usize>>,
}

impl Sender {
    fn new(
        packet: usize,
        sound: impl Fn(usize) -> f32 + 'static,
        arrives: impl Fn(usize) -> Option<usize> + 'static,
    ) -> Self {
        Self { packet, sent: 0, sound: Box::new(sound), arrives: Box::new(arrives) }
    }

    /// Gives everything that has arrived by `now`. A packet that never arrives is left out.
    fn deliver(&mut self, now: usize, id: VoiceId, mixer: &mut Mixer) {
        loop {
            let first = self.sent * self.packet;
            match (self.arrives)(self.sent) {
                Some(at) if at > now => return,
                None if first > now => return,
                Some(_) => {
                    let samples: Vec<f32> = (first..first + self.packet).map(|n| (self.sound)(n)).collect();
                    mixer.push(id, &samples);
                }
                None => {}
            }
            self.sent += 1;
        }
    }
}

/// Runs for so many blocks; what is heard.
fn run(mixer: &mut Mixer, senders: &mut [(VoiceId, Sender)], blocks: usize) -> Vec<f32> {
    let mut heard = Vec::new();
    for block in 0..blocks {
        for (id, sender) in senders.iter_mut() {
            sender.deliver(block * BLOCK, *id, mixer);
        }
        mixer.pull();
        heard.extend_from_slice(mixer.total());
    }
    heard
}

fn tone(hz: f32, level: f32) -> impl Fn(usize) -> f32 {
    let step = std::f64::consts::TAU * f64::from(hz) / f64::from(RATE);
    move |n| level * (step * n as f64).sin() as f32
}

/// A voice whose samples tell their numbers, so that it is seen when each of them is heard.
fn numbers(n: usize) -> f32 {
    0.1 + n as f32 * 1e-6
}

fn number(sample: f32) -> usize {
    ((sample - 0.1) * 1e6).round() as usize
}

/// Without pattern, 0 to `most`.
fn jitter(n: usize, most: usize) -> usize {
    (n.wrapping_mul(2_654_435_761) >> 7) % (most + 1)
}

/// The longest time between the arrival of a packet and the place of its sound in a block, after the first second.
fn longest_delay(packet: usize, most_jitter: usize) -> usize {
    let alone = move |n: usize| n * packet + 137 + jitter(n, most_jitter);
    // Networks keep the order: who is overtaken holds up those behind it.
    let arrives = move |n: usize| (n.saturating_sub(4)..=n).map(alone).max();
    let mut mixer = Mixer::default();
    mixer.add(A);
    let heard = run(&mut mixer, &mut [(A, Sender::new(packet, numbers, arrives))], 1000);
    // A sample that is heard again because nothing new came is not late.
    let (mut newest, mut longest) = (0, 0);
    for (at, sample) in heard.iter().enumerate() {
        let n = number(*sample);
        if *sample > 0.11 && n > newest && at > RATE as usize {
            longest = longest.max(at.saturating_sub(arrives(n / packet).unwrap() + n % packet));
        }
        newest = newest.max(n);
    }
    assert!(newest > 400_000, "almost all of it is heard: {newest}");
    longest
}

#[test]
fn a_voice_waits_no_longer_than_promised_whatever_its_packets_and_network() {
    for packet in [480, 960, 1024] {
        for most_jitter in [0, 2 * MS, 10 * MS, 20 * MS, 25 * MS] {
            let delay = longest_delay(packet, most_jitter);
            // The blends of a seam hold a mix of two numbers.
            assert!(delay <= MOST_DELAY + MS, "packets of {packet}, jitter {most_jitter}: {delay}");
        }
    }
}

#[test]
fn a_steady_network_costs_two_blocks_and_nothing_is_made_up_after_the_beginning() {
    for packet in [480, 960, 1024] {
        let delay = longest_delay(packet, 0);
        assert!(delay <= 2 * BLOCK + 10 * MS, "packets of {packet}: {delay}");
    }
    let mut mixer = Mixer::default();
    mixer.add(A);
    let mut senders = [(A, Sender::new(1024, numbers, |n| Some(n * 1024)))];
    run(&mut mixer, &mut senders, 300);
    let before = mixer.counters();
    for block in 300..3000 {
        senders[0].1.deliver(block * BLOCK, A, &mut mixer);
        mixer.pull();
    }
    assert_eq!(mixer.counters().carried, before.carried, "a steady network needs nothing made up");
}

/// The steepest step and the sharpest bend of what is heard.
fn shape(heard: &[f32]) -> (f32, f32) {
    let step = heard.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
    let bend = heard.windows(3).map(|w| (w[2] - 2.0 * w[1] + w[0]).abs()).fold(0.0, f32::max);
    (step, bend)
}

/// A tone of this pitch and level has these: `level · ω` and `level · ω²`. Fades and blends of 5 ms add a little to both; a
/// click, which is a step of half the level or more, would be seen at once.
fn assert_smooth(heard: &[f32], hz: f32, level: f32, what: &str) {
    let (step, bend) = shape(heard);
    let omega = TAU * hz / RATE as f32;
    assert!(step < 1.5 * level * omega + level * 0.02, "{what}: a step of {step}");
    assert!(bend < 2.0 * level * omega * omega + level * 0.03, "{what}: a bend of {bend}");
}

#[test]
fn nothing_clicks_when_somebody_joins_leaves_or_stops_in_the_middle() {
    for hz in [120.0, 440.0, 1000.0] {
        let mut mixer = Mixer::default();
        mixer.add(A);
        // A quarter of a period late, so that the beginning is the worst.
        let sound = move |n: usize| 0.5 * (TAU * hz * n as f32 / RATE as f32).cos();
        let mut senders = [(A, Sender::new(1024, sound, |n| Some(n * 1024 + 333)))];
        let mut heard = run(&mut mixer, &mut senders, 50);
        for block in 50..80 {
            senders[0].1.deliver(block * BLOCK, A, &mut mixer);
            if block == 60 {
                mixer.remove(A);
            }
            mixer.pull();
            heard.extend_from_slice(mixer.total());
        }
        assert!(heard[61 * BLOCK..].iter().all(|s| *s == 0.0), "who was removed is gone after one block");
        assert_smooth(&heard, hz, 0.5, "join and removal");
        mixer.add(B);
        let stops = move |n: usize| Some(if n < 20 { n * 1024 } else { usize::MAX });
        let heard = run(&mut mixer, &mut [(B, Sender::new(1024, sound, stops))], 100);
        assert!(heard[60 * BLOCK..].iter().all(|s| *s == 0.0));
        assert_smooth(&heard, hz, 0.5, "stop without a goodbye");
    }
}

#[test]
fn nothing_clicks_when_packets_are_lost_late_or_come_in_bursts() {
    type Network = Box<dyn Fn(usize) -> Option<usize>>;
    type Case = (&'static str, fn() -> Network);
    let networks: [Case; 4] = [
        ("loss", || Box::new(|n| (jitter(n, 9) != 0).then_some(n * 960))),
        ("jitter", || Box::new(|n| Some(n * 960 + jitter(n, 60 * MS)))),
        ("bursts", || Box::new(|n| Some(n.next_multiple_of(8) * 960))),
        ("a stall", || Box::new(|n| Some((n * 960).max(if n > 50 { 50 * 960 + 400 * MS } else { 0 })))),
    ];
    for (what, network) in networks {
        for hz in [150.0, 440.0, 1000.0] {
            let mut mixer = Mixer::default();
            mixer.add(A);
            let heard = run(&mut mixer, &mut [(A, Sender::new(960, tone(hz, 0.5), network()))], 400);
            let name = format!("{what}, {hz} Hz");
            assert_smooth(&heard, hz, 0.5, &name);
            let power: f32 = heard[100 * BLOCK..].iter().map(|s| s * s).sum::<f32>() / (300 * BLOCK) as f32;
            assert!(power > 0.02, "{name}: most of it is heard, {power}");
        }
    }
}

#[test]
fn who_is_in_bursts_that_do_not_fit_gets_more_room_until_it_is_whole() {
    let mut mixer = Mixer::default();
    mixer.add(A);
    // Three AAC frames at a time, as beside pictures at 15 a second.
    let arrives = |n: usize| Some((n / 3 * 3 + 2) * 1024);
    let mut senders = [(A, Sender::new(1024, tone(300.0, 0.5), arrives))];
    run(&mut mixer, &mut senders, 1500);
    let before = mixer.counters().carried;
    for block in 1500..3000 {
        senders[0].1.deliver(block * BLOCK, A, &mut mixer);
        mixer.pull();
    }
    let made_up = mixer.counters().carried - before;
    assert!(made_up < u64::from(RATE) / 50, "less than 20 ms in 15 s: {made_up}");
}

#[test]
fn clocks_that_drift_are_followed_for_hours_without_a_tear() {
    for ppm in [-300_i64, 300] {
        let mut mixer = Mixer::default();
        mixer.add(A);
        let arrives = move |n: usize| {
            let at = n as i64 * 1024;
            Some((at + at * ppm / 1_000_000) as usize)
        };
        let mut sender = Sender::new(1024, tone(440.0, 0.5), arrives);
        let mut worst = (0.0_f32, 0.0_f32);
        let mut last = [0.0; 2];
        for block in 0..360_000 {
            sender.deliver(block * BLOCK, A, &mut mixer);
            mixer.pull();
            let joined: Vec<f32> = last.iter().chain(mixer.total()).copied().collect();
            let (step, bend) = shape(&joined);
            worst = (worst.0.max(step), worst.1.max(bend));
            last = [joined[BLOCK], joined[BLOCK + 1]];
        }
        let omega = TAU * 440.0 / RATE as f32;
        assert!(worst.0 < 0.5 * omega * 1.3 && worst.1 < 0.5 * omega * omega * 3.0, "{ppm} ppm: {worst:?}");
        // An hour of 300 ppm is 1.08 s: as much was made up, or left out, and little more.
        let counters = mixer.counters();
        let moved = counters.carried.max(counters.dropped);
        assert!((45_000..70_000).contains(&moved), "{ppm} ppm: {counters:?}");
    }
}
