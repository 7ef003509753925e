//! Voices over networks in virtual time: when they are heard, and that nothing clicks.

use huitong_mixer::{Counters, MOST_WAITING, Mixer, Piece, RATE, VoiceId};
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

    /// Gives everything that has arrived by `now`; the last block ended at `last`. What stands for packets that never arrive comes
    /// with the next one, as from a decoder.
    fn deliver(&mut self, last: usize, now: usize, id: VoiceId, mixer: &mut Mixer) {
        loop {
            let came = (self.sent..self.sent + 100).find_map(|n| Some((n, (self.arrives)(n)?)));
            let Some((n, at)) = came.filter(|(_, at)| *at <= now) else { return };
            let samples: Vec<f32> =
                (self.sent * self.packet..(n + 1) * self.packet).map(&self.sound).collect();
            let made_up = (n - self.sent) * self.packet;
            mixer.push(id, Piece { samples: &samples, made_up, after: at.saturating_sub(last) });
            self.sent = n + 1;
        }
    }
}

/// A mixer, and the time.
#[derive(Default)]
struct Desk {
    mixer: Mixer,
    now: usize,
}

impl Desk {
    fn with(id: VoiceId) -> Self {
        let mut desk = Self::default();
        desk.mixer.add(id);
        desk
    }

    /// Runs up to a time, in blocks that end where frames of AAC or Opus do; what is heard.
    fn run(&mut self, senders: &mut [(VoiceId, Sender)], until: usize) -> Vec<f32> {
        let mut heard = Vec::new();
        while self.now < until {
            let end =
                [960, 1024].map(|frame| (self.now + 1).next_multiple_of(frame)).into_iter().min().unwrap();
            for (id, sender) in senders.iter_mut() {
                sender.deliver(self.now, end, *id, &mut self.mixer);
            }
            self.mixer.pull(end - self.now);
            heard.extend_from_slice(self.mixer.total());
            self.now = end;
        }
        heard
    }

    fn counters(&self) -> Counters {
        self.mixer.counters()
    }
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
    let heard = Desk::with(A).run(&mut [(A, Sender::new(packet, numbers, arrives))], 10 * RATE as usize);
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
            assert!(delay <= MOST_WAITING + MS, "packets of {packet}, jitter {most_jitter}: {delay}");
        }
    }
}

#[test]
fn a_steady_network_costs_five_milliseconds_and_nothing_is_made_up_after_the_beginning() {
    for packet in [480, 960, 1024] {
        let delay = longest_delay(packet, 0);
        assert!(delay <= 6 * MS, "packets of {packet}: {delay}");
        let mut desk = Desk::with(A);
        let mut senders = [(A, Sender::new(packet, numbers, move |n| Some(n * packet)))];
        desk.run(&mut senders, RATE as usize);
        let before = desk.counters();
        desk.run(&mut senders, 30 * RATE as usize);
        assert_eq!(desk.counters(), before, "a steady network needs nothing made up or left out");
    }
}

#[test]
fn what_a_network_no_longer_needs_is_given_back() {
    // Two seconds of 25 ms of jitter, then none.
    let arrives = |n: usize| Some(n * 1024 + if n < 94 { jitter(n, 25 * MS) } else { 0 });
    let mut desk = Desk::with(A);
    let mut senders = [(A, Sender::new(1024, numbers, arrives))];
    let mut heard = desk.run(&mut senders, 18 * RATE as usize);
    let last = heard.split_off(17 * RATE as usize);
    let late = last
        .iter()
        .zip(17 * RATE as usize..)
        .map(|(sample, at)| at.saturating_sub(number(*sample)))
        .max()
        .unwrap();
    assert!(late <= 11 * MS + 64, "{late}");
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
        let mut desk = Desk::with(A);
        // A quarter of a period late, so that the beginning is the worst.
        let sound = move |n: usize| 0.5 * (TAU * hz * n as f32 / RATE as f32).cos();
        let mut senders = [(A, Sender::new(1024, sound, |n| Some(n * 1024 + 333)))];
        let mut heard = desk.run(&mut senders, 28_800);
        desk.mixer.remove(A);
        let gone = heard.len() + 240;
        heard.append(&mut desk.run(&mut senders, 38_400));
        assert!(heard[gone..].iter().all(|s| *s == 0.0), "who was removed is gone after 5 ms");
        assert_smooth(&heard, hz, 0.5, "join and removal");
        let stops = move |n: usize| Some(if n < 20 { n * 1024 } else { usize::MAX });
        let heard = Desk::with(B).run(&mut [(B, Sender::new(1024, sound, stops))], 48_000);
        assert!(heard[28_800..].iter().all(|s| *s == 0.0));
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
            let heard = Desk::with(A).run(&mut [(A, Sender::new(960, tone(hz, 0.5), network()))], 192_000);
            let name = format!("{what}, {hz} Hz");
            assert_smooth(&heard, hz, 0.5, &name);
            let power: f32 = heard[48_000..].iter().map(|s| s * s).sum::<f32>() / 144_000.0;
            assert!(power > 0.02, "{name}: most of it is heard, {power}");
        }
    }
}

#[test]
fn what_stands_for_lost_packets_does_not_delay_those_behind() {
    // Every tenth packet is lost; what the decoder makes up for it comes with the next one.
    let mut mixer = Mixer::default();
    mixer.add(A);
    let (mut waits, mut heard) = (Vec::new(), Vec::new());
    for n in 0..1500_usize {
        if n % 10 != 5 {
            let (from, made_up) = if n % 10 == 6 { (n - 1, 960) } else { (n, 0) };
            let samples: Vec<f32> = (from * 960..(n + 1) * 960).map(tone(300.0, 0.5)).collect();
            mixer.push(A, Piece { samples: &samples, made_up, after: 0 });
        }
        mixer.pull(960);
        heard.extend_from_slice(mixer.total());
        waits.push(mixer.waiting(A));
    }
    // A packet that came at the beginning of a block has left what waited in front of it.
    let most = *waits[100..].iter().max().unwrap();
    assert!(most <= 480 + 240 + 48, "{most}");
    assert_smooth(&heard, 300.0, 0.5, "loss that is concealed");
}

#[test]
fn who_is_in_bursts_that_do_not_fit_gets_more_room_until_it_is_whole() {
    // Three AAC frames at a time, as beside pictures at 15 a second.
    let arrives = |n: usize| Some((n / 3 * 3 + 2) * 1024);
    let mut desk = Desk::with(A);
    let mut senders = [(A, Sender::new(1024, tone(300.0, 0.5), arrives))];
    desk.run(&mut senders, 15 * RATE as usize);
    let before = desk.counters().carried;
    desk.run(&mut senders, 30 * RATE as usize);
    let made_up = desk.counters().carried - before;
    assert!(made_up < u64::from(RATE) / 50, "less than 20 ms in 15 s: {made_up}");
}

#[test]
fn clocks_that_drift_are_followed_for_hours_without_a_tear() {
    for ppm in [-300_i64, 300] {
        let arrives = move |n: usize| {
            let at = n as i64 * 1024;
            Some((at + at * ppm / 1_000_000) as usize)
        };
        let mut desk = Desk::with(A);
        let mut senders = [(A, Sender::new(1024, tone(440.0, 0.5), arrives))];
        let mut worst = (0.0_f32, 0.0_f32);
        let mut last = vec![0.0; 2];
        for second in 1..=3600 {
            last.append(&mut desk.run(&mut senders, second * RATE as usize));
            let (step, bend) = shape(&last);
            worst = (worst.0.max(step), worst.1.max(bend));
            last.drain(..last.len() - 2);
        }
        let omega = TAU * 440.0 / RATE as f32;
        assert!(worst.0 < 0.5 * omega * 1.3 && worst.1 < 0.5 * omega * omega * 3.0, "{ppm} ppm: {worst:?}");
        // An hour of 300 ppm is 1.08 s: as much was made up, or left out, and little more.
        let counters = desk.counters();
        let moved = counters.carried.max(counters.dropped);
        assert!((45_000..70_000).contains(&moved), "{ppm} ppm: {counters:?}");
    }
}
