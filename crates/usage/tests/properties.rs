//! Whatever happens: sums are right, parts fit together, and nothing stays behind.

use huitong_types::{AppId, Moment, RoomId, SessionId, StreamId, UserId};
use huitong_usage::{Day, Input, Output, Part, Quota, Settings, Sizes, Tier, Totals, Usage};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// 2026-11-26, twenty to midnight in UTC: most runs see a midnight.
const START: u64 = 1_795_736_400_000;

const MEMBERS: u64 = 4;

#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    Enter(u64),
    Leave(u64),
    Announce(u64, bool, bool),
    Receive(u64, u64, bool),
    Picture(u64, Option<(u32, u32)>),
    Guests(u64, u64),
    StreamEnded(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let member = 0..MEMBERS;
    let size = prop_oneof![Just((360, 640)), Just((720, 1280)), Just((1080, 1920))];
    prop_oneof![
        4 => prop_oneof![0_u64..5000, 0_u64..2_000_000].prop_map(Step::Pass),
        2 => member.clone().prop_map(Step::Enter),
        1 => member.clone().prop_map(Step::Leave),
        3 => (member.clone(), any::<bool>(), any::<bool>()).prop_map(|(n, a, v)| Step::Announce(n, a, v)),
        4 => (member.clone(), member.clone(), any::<bool>()).prop_map(|(n, of, on)| Step::Receive(n, of, on)),
        3 => (member.clone(), prop::option::weighted(0.8, size)).prop_map(|(n, size)| Step::Picture(n, size)),
        2 => (member.clone(), 0..4_u64).prop_map(|(of, many)| Step::Guests(of, many)),
        1 => member.prop_map(Step::StreamEnded),
    ]
}

/// The same rules said without any cleverness: millisecond lengths of each span, member by member.
#[derive(Default)]
struct Model {
    inside: BTreeSet<u64>,
    announced: BTreeMap<u64, (bool, bool)>,
    plays: BTreeSet<(u64, u64)>,
    guests: BTreeMap<u64, u64>,
    sizes: BTreeMap<u64, (u32, u32)>,
    used: BTreeMap<u64, Totals>,
    /// What guests have received, by the stream.
    received: BTreeMap<u64, Totals>,
}

impl Model {
    fn pass(&mut self, ms: u64) {
        for n in self.inside.clone() {
            let mut used = Totals { room_ms: ms, ..Totals::default() };
            let mut seen = false;
            for of in 0..MEMBERS {
                let shows = self.announced.get(&of).is_some_and(|(_, video)| *video);
                let Some(size) = self.sizes.get(&of).filter(|_| shows && self.plays.contains(&(n, of)))
                else {
                    continue;
                };
                seen = true;
                match Tier::of(size.0, size.1) {
                    Tier::Sd => used.sd_ms += ms,
                    Tier::Hd => used.hd_ms += ms,
                    Tier::Fhd => used.fhd_ms += ms,
                }
            }
            used.audio_ms = if seen { 0 } else { ms };
            used.mic_ms = if self.announced.get(&n).is_some_and(|(audio, _)| *audio) { ms } else { 0 };
            *self.used.entry(n).or_default() += used;
        }
        for (of, many) in &self.guests {
            let (mut used, ms) = (Totals { room_ms: many * ms, ..Totals::default() }, many * ms);
            let shows = self.announced.get(of).is_some_and(|(_, video)| *video);
            match self.sizes.get(of).filter(|_| shows).map(|size| Tier::of(size.0, size.1)) {
                Some(Tier::Sd) => used.sd_ms = ms,
                Some(Tier::Hd) => used.hd_ms = ms,
                Some(Tier::Fhd) => used.fhd_ms = ms,
                None => used.audio_ms = ms,
            }
            *self.received.entry(*of).or_default() += used;
        }
    }

    fn stream_over(&mut self, of: u64) {
        self.announced.remove(&of);
        self.plays.retain(|(_, other)| *other != of);
        self.guests.remove(&of);
        self.tidy();
    }

    fn leave(&mut self, n: u64) {
        if self.inside.remove(&n) {
            self.plays.retain(|(who, _)| *who != n);
            // A stream that is not published ends by its own event.
            if self.announced.remove(&n).is_some_and(|(audio, video)| audio || video) {
                self.stream_over(n);
            }
        }
    }

    /// Sizes are known only of what somebody plays.
    fn tidy(&mut self) {
        let (plays, guests) = (&self.plays, &self.guests);
        self.sizes.retain(|of, _| guests.contains_key(of) || plays.iter().any(|(_, other)| other == of));
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Pass(ms) => self.pass(ms),
            Step::Enter(n) => {
                self.leave(n);
                self.inside.insert(n);
            }
            Step::Leave(n) => self.leave(n),
            Step::Announce(n, audio, video) => {
                if self.inside.contains(&n) {
                    self.announced.insert(n, (audio, video));
                }
            }
            Step::Receive(n, of, on) => {
                if self.inside.contains(&n) {
                    if on {
                        self.plays.insert((n, of))
                    } else {
                        self.plays.remove(&(n, of))
                    };
                }
            }
            Step::Picture(of, size) => match size {
                Some(size) => drop(self.sizes.insert(of, size)),
                None => drop(self.sizes.remove(&of)),
            },
            Step::Guests(of, 0) => drop(self.guests.remove(&of)),
            Step::Guests(of, many) => drop(self.guests.insert(of, many)),
            Step::StreamEnded(of) => self.stream_over(of),
        }
        self.tidy();
    }
}

trait Kind {
    fn kind(&self, audio: bool) -> u64;
}

impl Kind for Totals {
    fn kind(&self, audio: bool) -> u64 {
        if audio { self.audio_ms } else { self.video_ms() }
    }
}

fn input(step: &Step) -> Input {
    match *step {
        Step::Pass(_) => Input::Tick,
        Step::Enter(n) => Input::Entered {
            session: SessionId::new(n),
            app: AppId::new(7).unwrap(),
            room: RoomId::number(1).unwrap(),
            user: UserId::new(format!("u{n}")).unwrap(),
        },
        Step::Leave(n) => Input::Left { session: SessionId::new(n) },
        Step::Announce(n, audio, video) => {
            Input::Announced { session: SessionId::new(n), stream: StreamId::new(n), audio, video }
        }
        Step::Receive(n, of, video) => {
            Input::Receives { session: SessionId::new(n), stream: StreamId::new(of), video }
        }
        Step::Picture(of, size) => Input::Picture { stream: StreamId::new(of), size },
        Step::Guests(of, many) => Input::Guests {
            stream: StreamId::new(of),
            app: AppId::new(7).unwrap(),
            room: RoomId::number(1).unwrap(),
            user: UserId::new(format!("u{of}")).unwrap(),
            many,
        },
        Step::StreamEnded(of) => Input::StreamEnded { stream: StreamId::new(of) },
    }
}

/// When a quota of a day is reached and free again, said without any cleverness beside [`Model`].
struct Meter {
    audio: bool,
    most: u64,
    used: u64,
    now: u64,
    told: Vec<(u64, bool)>,
}

impl Meter {
    /// Time passes in which so much is used in a millisecond.
    fn pass(&mut self, rate: u64, mut ms: u64) {
        let midnight = |now: u64| (START + now).is_multiple_of(86_400_000);
        while ms > 0 {
            let step = ms.min(86_400_000 - (START + self.now) % 86_400_000);
            let left = self.most.saturating_sub(self.used);
            self.used += rate * step;
            let reached = (left > 0 && self.used >= self.most).then(|| self.now + left.div_ceil(rate));
            // At midnight it is another day.
            self.told.extend(reached.filter(|at| !midnight(*at)).map(|at| (at, true)));
            (self.now, ms) = (self.now + step, ms - step);
            if midnight(self.now) {
                if self.told.last().is_some_and(|(_, over)| *over) {
                    self.told.push((self.now, false));
                }
                self.used = 0;
            }
        }
    }
}

struct Told {
    usage: Usage,
    now: u64,
    parts: BTreeMap<(String, Day), Part>,
    quota: Vec<(u64, bool)>,
}

impl Told {
    fn new(settings: &Settings) -> Self {
        Self { usage: Usage::new(settings, START), now: 0, parts: BTreeMap::new(), quota: Vec::new() }
    }

    fn take(&mut self, input: Input) {
        self.usage.handle(Moment::from_millis(self.now), START + self.now, input);
        while let Some(output) = self.usage.poll_output() {
            let part = match output {
                Output::Keep(part) => part,
                Output::Quota { over, .. } => {
                    self.quota.push((self.now, over.is_some()));
                    continue;
                }
            };
            if let Some(before) = self.parts.get(&(part.stay.clone(), part.day)) {
                assert!(before.open, "what is over does not grow: {before:?} {part:?}");
                assert!(before.totals.room_ms <= part.totals.room_ms && before.started_ms == part.started_ms);
            }
            self.parts.insert((part.stay.clone(), part.day), *part);
        }
    }

    /// The application calls when the machine wants to be called, however long nothing happens.
    fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        while let Some(at) = self.usage.next_deadline().map(Moment::as_millis).filter(|at| *at <= end) {
            assert!(at > self.now, "something is due and was not done");
            self.now = at;
            self.take(Input::Tick);
        }
        self.now = end;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_machine_counts_what_the_rules_say(steps in prop::collection::vec(step(), 1..60)) {
        let mut model = Model::default();
        let mut told = Told::new(&Settings::default());
        for step in &steps {
            model.take(step);
            if let Step::Pass(ms) = step {
                told.pass(*ms);
            }
            told.take(input(step));
            let shown = |of: &u64| model.announced.get(of).is_some_and(|(_, video)| *video);
            let plays = model.plays.iter().map(|(_, of)| *of).chain(model.guests.keys().copied());
            let watched = plays.filter(shown).map(StreamId::new);
            prop_assert_eq!(told.usage.watched().collect::<BTreeSet<_>>(), watched.collect::<BTreeSet<_>>());
        }
        told.take(Input::Close);
        prop_assert_eq!(told.usage.sizes(), Sizes::default());
        prop_assert_eq!(told.usage.next_deadline(), None);
        let (mut sums, mut received): (BTreeMap<u64, Totals>, BTreeMap<u64, Totals>) = Default::default();
        let open = told.parts.values().filter(|part| part.open && !part.guests).map(|part| part.user.to_string());
        let inside = model.inside.iter().map(|n| format!("u{n}"));
        prop_assert_eq!(open.collect::<BTreeSet<_>>(), inside.collect::<BTreeSet<_>>(), "who was inside has not left");
        for part in told.parts.values() {
            prop_assert!(part.guests || part.ended_ms - part.started_ms == part.totals.room_ms);
            prop_assert_eq!(Day::of(part.started_ms, 0), part.day);
            prop_assert!(part.ended_ms <= part.day.end_ms(0));
            prop_assert!(part.totals.audio_ms + part.totals.video_ms() >= part.totals.room_ms);
            let n = part.user.as_str().trim_start_matches('u').parse().unwrap();
            *if part.guests { &mut received } else { &mut sums }.entry(n).or_default() += part.totals;
        }
        for sums in [&mut sums, &mut received, &mut model.received] {
            sums.retain(|_, totals| *totals != Totals::default());
        }
        prop_assert_eq!(received, model.received);
        model.used.retain(|_, totals| *totals != Totals::default());
        prop_assert_eq!(sums, model.used);
    }

    #[test]
    fn a_quota_is_told_in_the_millisecond_in_which_it_is_reached_and_at_midnight(
        steps in prop::collection::vec(step(), 1..60),
        audio in any::<bool>(),
        minutes in 1..120_u64,
    ) {
        let quota = match audio {
            true => Quota { audio_day: Some(minutes), ..Quota::default() },
            false => Quota { video_day: Some(minutes), ..Quota::default() },
        };
        let quotas = [(AppId::new(7).unwrap(), quota)].into();
        let mut told = Told::new(&Settings { quotas, ..Settings::default() });
        let mut model = Model::default();
        let mut meter = Meter { audio, most: minutes * 60_000, used: 0, now: 0, told: Vec::new() };
        for step in &steps {
            if let Step::Pass(ms) = step {
                let before = model.used.values().fold(0, |sum, used| sum + used.kind(meter.audio));
                model.pass(*ms);
                let used = model.used.values().fold(0, |sum, used| sum + used.kind(meter.audio)) - before;
                meter.pass(used.checked_div(*ms).unwrap_or(0), *ms);
                told.pass(*ms);
            } else {
                model.take(step);
            }
            told.take(input(step));
        }
        prop_assert_eq!(told.quota, meter.told);
        prop_assert!(told.usage.poll_output().is_none());
    }

    #[test]
    fn no_text_makes_the_reading_of_a_day_fail_otherwise_than_by_a_sentence(text in "[-0-9+ 会a]{0,12}|\\PC{0,16}") {
        match text.parse::<Day>() {
            Ok(day) => prop_assert_eq!(day.to_string(), text),
            Err(why) => prop_assert!(why.contains("write it like")),
        }
    }

    #[test]
    fn every_day_of_the_calendar_is_read_as_it_is_written(number in 0..2_932_896_i32) {
        let day = Day::from_number(number);
        prop_assert_eq!(day.to_string().parse(), Ok(day));
        prop_assert!(day.month() <= day && day.month().to_string().ends_with("-01"));
    }
}
