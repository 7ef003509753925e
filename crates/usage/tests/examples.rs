//! The worked examples of the vendor's page about billing, and the rules one by one.

use huitong_types::{AppId, Moment, RoomId, SessionId, StreamId, UserId};
use huitong_usage::{
    CHECKPOINT, Day, Input, Limit, Output, Part, Quota, Settings, Sizes, Totals, Usage, minutes,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// Ten o'clock of 2026-11-26 in UTC, Unix ms.
const TEN: u64 = 1_795_687_200_000;

const APP: u32 = 7;

/// Half an hour, ms.
const HALF: u64 = 30 * 60_000;

/// Pixels of what phones send.
const P360: (u32, u32) = (360, 640);
const P1080: (u32, u32) = (1080, 1920);

fn app() -> AppId {
    AppId::new(APP).unwrap()
}

fn session(n: u64) -> SessionId {
    SessionId::new(n)
}

/// The stream of a member.
fn stream(n: u64) -> StreamId {
    StreamId::new(n)
}

struct World {
    usage: Usage,
    now: u64,
    start: u64,
    /// The newest of each part.
    parts: BTreeMap<(String, Day), Part>,
    quota: Vec<Option<Limit>>,
    /// When that was told.
    quota_at: Vec<u64>,
}

impl World {
    fn new(start: u64, settings: &Settings) -> Self {
        let usage = Usage::new(settings, start);
        Self { usage, now: 0, start, parts: BTreeMap::new(), quota: Vec::new(), quota_at: Vec::new() }
    }

    fn input(&mut self, input: Input) {
        self.usage.handle(Moment::from_millis(self.now), self.start + self.now, input);
        while let Some(output) = self.usage.poll_output() {
            match output {
                Output::Keep(part) => drop(self.parts.insert((part.stay.clone(), part.day), *part)),
                Output::Quota { over, .. } => {
                    self.quota.push(over);
                    self.quota_at.push(self.now);
                }
            }
        }
    }

    /// Lets time pass, calling the machine when it wants to be called.
    fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        while let Some(at) = self.usage.next_deadline().map(Moment::as_millis).filter(|at| *at <= end) {
            assert!(at > self.now, "something is due and was not done");
            self.now = at;
            self.input(Input::Tick);
        }
        self.now = end;
        self.input(Input::Tick);
    }

    fn enter(&mut self, n: u64) {
        let (room, user) = (RoomId::number(1).unwrap(), UserId::new(format!("u{n}")).unwrap());
        self.input(Input::Entered { session: session(n), app: app(), room, user });
    }

    /// Publishes sound, and pictures if it has a size.
    fn publish(&mut self, n: u64, size: Option<(u32, u32)>) {
        let video = size.is_some();
        self.input(Input::Announced { session: session(n), stream: stream(n), audio: true, video });
    }

    /// One plays another one's stream, whose pictures have this size.
    fn play(&mut self, n: u64, other: u64, size: Option<(u32, u32)>) {
        self.input(Input::Receives { session: session(n), stream: stream(other), video: true });
        self.input(Input::Picture { stream: stream(other), size });
    }

    fn leave(&mut self, n: u64) {
        self.input(Input::Left { session: session(n) });
    }

    /// What a user has used in all days together.
    fn of(&self, n: u64) -> Totals {
        let mut sum = Totals::default();
        self.parts
            .values()
            .filter(|part| part.user.as_str() == format!("u{n}"))
            .for_each(|p| sum += p.totals);
        sum
    }

    fn all(&self) -> Totals {
        let mut sum = Totals::default();
        self.parts.values().for_each(|part| sum += part.totals);
        sum
    }
}

fn ten() -> World {
    World::new(TEN, &Settings::default())
}

/// Minutes of audio, SD, HD and FHD.
fn bill(totals: Totals) -> [u64; 4] {
    [totals.audio_ms, totals.sd_ms, totals.hd_ms, totals.fhd_ms].map(minutes)
}

#[test]
fn three_who_speak_for_half_an_hour_use_ninety_audio_minutes() {
    let mut world = ten();
    (1..=3).for_each(|n| world.enter(n));
    (1..=3).for_each(|n| world.publish(n, None));
    for (n, other) in [(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)] {
        world.play(n, other, None);
    }
    world.pass(HALF);
    (1..=3).for_each(|n| world.leave(n));
    assert_eq!(bill(world.all()), [90, 0, 0, 0]);
    assert_eq!(world.of(2).mic_ms, HALF);
    assert_eq!(world.usage.sizes(), Sizes::default(), "nothing is left");
}

#[test]
fn each_of_two_pays_for_the_picture_of_the_other() {
    let mut world = ten();
    world.enter(1);
    world.enter(2);
    world.publish(1, Some(P360));
    world.publish(2, Some(P1080));
    world.play(1, 2, Some(P1080));
    world.play(2, 1, Some(P360));
    world.pass(HALF);
    world.leave(1);
    world.leave(2);
    assert_eq!(bill(world.of(1)), [0, 0, 0, 30]);
    assert_eq!(bill(world.of(2)), [0, 30, 0, 0]);
}

#[test]
fn of_three_each_pays_for_what_it_receives() {
    let mut world = ten();
    (1..=3).for_each(|n| world.enter(n));
    world.publish(1, Some(P360));
    world.publish(2, None);
    world.publish(3, Some(P1080));
    for (n, other, size) in [
        (1, 2, None),
        (1, 3, Some(P1080)),
        (2, 1, Some(P360)),
        (2, 3, Some(P1080)),
        (3, 1, Some(P360)),
        (3, 2, None),
    ] {
        world.play(n, other, size);
    }
    world.pass(HALF);
    world.input(Input::Close);
    assert_eq!(bill(world.of(1)), [0, 0, 0, 30]);
    assert_eq!(bill(world.of(2)), [0, 30, 0, 30]);
    assert_eq!(bill(world.of(3)), [0, 30, 0, 0]);
    assert_eq!(world.of(2).room_ms, HALF, "time in the room is counted once");
    assert_eq!(world.usage.sizes(), Sizes::default());
}

#[test]
fn nothing_is_counted_before_the_entry_and_after_the_end() {
    let mut world = ten();
    world.input(Input::Receives { session: session(1), stream: stream(2), video: true });
    world.publish(1, Some(P360));
    world.pass(HALF);
    world.enter(1);
    world.pass(1234);
    world.leave(1);
    world.pass(HALF);
    world.leave(1);
    let parts: Vec<&Part> = world.parts.values().collect();
    assert_eq!(parts.len(), 1);
    assert_eq!((parts[0].started_ms, parts[0].ended_ms), (TEN + HALF, TEN + HALF + 1234));
    assert_eq!(parts[0].totals, Totals { room_ms: 1234, audio_ms: 1234, ..Totals::default() });
    assert!(!parts[0].open);
}

#[test]
fn a_picture_counts_only_while_it_comes_and_in_the_size_in_which_it_comes() {
    let mut world = ten();
    world.enter(1);
    world.enter(2);
    world.publish(2, Some(P360));
    world.input(Input::Receives { session: session(1), stream: stream(2), video: true });
    world.pass(1000);
    assert_eq!(world.usage.watched().collect::<Vec<_>>(), [stream(2)]);
    for (size, ms) in [(Some(P360), 2000), (Some((720, 1280)), 4000), (None, 8000), (Some(P1080), 16_000)] {
        world.input(Input::Picture { stream: stream(2), size });
        world.pass(ms);
    }
    // The camera goes off, on again, and the player away.
    world.publish(2, None);
    assert_eq!(world.usage.watched().count(), 0);
    world.pass(32_000);
    world.publish(2, Some(P1080));
    world.pass(64_000);
    world.input(Input::Receives { session: session(1), stream: stream(2), video: false });
    world.pass(128_000);
    world.leave(1);
    let wanted =
        Totals { room_ms: 255_000, audio_ms: 169_000, mic_ms: 0, sd_ms: 2000, hd_ms: 4000, fhd_ms: 80_000 };
    assert_eq!(world.of(1), wanted);
}

#[test]
fn one_who_plays_a_stream_twice_receives_it_once_and_streams_end() {
    let mut world = ten();
    world.enter(1);
    world.enter(2);
    world.publish(2, Some(P360));
    world.play(1, 2, Some(P360));
    world.play(1, 2, Some(P360));
    world.pass(5000);
    world.input(Input::StreamEnded { stream: stream(2) });
    world.pass(7000);
    world.leave(1);
    assert_eq!((world.of(1).sd_ms, world.of(1).audio_ms), (5000, 7000));
    assert_eq!(world.of(2), Totals::default(), "not told yet");
    world.leave(2);
    assert_eq!((world.of(2).mic_ms, world.of(2).room_ms), (5000, 12_000));
    assert_eq!(world.usage.sizes(), Sizes::default());
}

#[test]
fn what_a_stay_has_used_is_told_while_it_goes_on() {
    let mut world = ten();
    world.enter(1);
    let checkpoint = u64::try_from(CHECKPOINT.as_millis()).unwrap();
    world.pass(checkpoint - 1);
    assert!(world.parts.is_empty());
    world.pass(2 * checkpoint);
    let part = world.parts.values().next().unwrap();
    assert!(part.open);
    assert_eq!(part.totals.room_ms, 2 * checkpoint, "a crash now costs less than a minute");
}

#[test]
fn midnight_divides_a_stay_and_the_parts_add_up() {
    for (offset, before) in [(0, 3_600_000), (480, 9 * 3_600_000)] {
        let settings = Settings { day_offset_minutes: offset, ..Settings::default() };
        // An hour before midnight in UTC: seven o'clock of the next day in China.
        let mut world = World::new(TEN + 13 * 3_600_000, &settings);
        world.enter(1);
        world.enter(2);
        world.publish(2, Some(P360));
        world.play(1, 2, Some(P360));
        world.pass(30 * 3_600_000);
        world.leave(1);
        let parts: Vec<&Part> = world.parts.values().filter(|part| part.user.as_str() == "u1").collect();
        let lengths: Vec<u64> = parts.iter().map(|part| part.totals.room_ms).collect();
        let day = 86_400_000;
        let wanted = match offset {
            0 => vec![before, day, 30 * 3_600_000 - before - day],
            _ => vec![17 * 3_600_000, 13 * 3_600_000],
        };
        assert_eq!(lengths, wanted, "{offset}");
        for pair in parts.windows(2) {
            assert_eq!(pair[0].ended_ms, pair[1].started_ms);
            assert_eq!(pair[0].ended_ms, pair[0].day.end_ms(offset));
            assert!(pair[0].stay == pair[1].stay && pair[0].day < pair[1].day);
        }
        assert!(parts.iter().all(|part| part.totals.sd_ms == part.totals.room_ms && !part.open));
    }
}

#[test]
fn a_wall_clock_that_is_set_changes_no_length() {
    for shift in [-40 * 86_400_000_i64, -3_600_000, 3_600_000, 40 * 86_400_000] {
        let mut world = ten();
        world.enter(1);
        world.pass(10_000);
        world.start = world.start.checked_add_signed(shift).unwrap();
        world.pass(10_000);
        world.leave(1);
        assert_eq!(world.of(1).room_ms, 20_000, "{shift}");
        assert_eq!(world.parts.len(), if shift.abs() > 86_400_000 { 2 } else { 1 }, "{shift}");
    }
}

#[test]
fn a_stay_that_a_wrong_clock_put_into_the_future_comes_back_to_its_day() {
    let mut world = with_quota(Quota { audio_day: Some(10), ..Quota::default() });
    let right = world.start;
    world.start = right + 300 * 86_400_000;
    world.enter(1);
    world.pass(5 * 60_000);
    world.start = right;
    world.pass(12 * 60_000);
    // The minute in which the clock was set is of the day to come; ten more are of today.
    assert_eq!(
        (world.quota.clone(), world.quota_at.clone()),
        (vec![Some(Limit::AudioDay)], vec![16 * 60_000])
    );
    world.leave(1);
    assert_eq!(world.of(1).room_ms, 17 * 60_000);
    let days: Vec<(i32, bool)> =
        world.parts.values().map(|part| (part.day.number() - Day::of(TEN, 0).number(), part.open)).collect();
    assert_eq!(days.len(), 2);
    assert!(days.contains(&(0, false)) && days.contains(&(300, false)), "{days:?}");
}

fn with_quota(quota: Quota) -> World {
    World::new(TEN, &Settings { quotas: [(app(), quota)].into(), ..Settings::default() })
}

#[test]
fn an_application_that_reached_a_limit_of_the_day_goes_on_at_midnight() {
    let mut world = with_quota(Quota { audio_day: Some(20), ..Quota::default() });
    world.enter(1);
    world.enter(2);
    world.pass(10 * 60_000 - 1000);
    assert!(world.quota.is_empty());
    world.pass(60_000);
    assert_eq!(world.quota, [Some(Limit::AudioDay)]);
    world.leave(1);
    world.leave(2);
    assert_eq!(world.usage.sizes().over, 1);
    let midnight = Duration::from_millis(14 * 3_600_000);
    world.pass(u64::try_from(midnight.as_millis()).unwrap());
    assert_eq!(world.quota, [Some(Limit::AudioDay), None], "nobody has to be there for that");
    assert_eq!(world.usage.next_deadline(), None);
}

#[test]
fn a_limit_is_reached_to_the_millisecond_by_all_who_are_inside_together() {
    let mut world = with_quota(Quota { audio_day: Some(20), video_day: Some(3), ..Quota::default() });
    world.enter(1);
    world.pass(4 * 60_000 + 123);
    world.enter(2);
    world.enter(3);
    // Three of them from 4:00.123 on, of whom the third sees a picture from 5:00.123 on.
    world.pass(60_000);
    world.publish(2, Some(P360));
    world.play(3, 2, Some(P360));
    world.pass(HALF);
    let video = 5 * 60_000 + 123 + 3 * 60_000;
    // 4:00.123 and thrice a minute are used then; the first two go on.
    let audio = 5 * 60_000 + 123 + (20 * 60_000 - 4 * 60_000 - 123 - 3 * 60_000_u64).div_ceil(2);
    assert_eq!(world.quota, [Some(Limit::VideoDay), Some(Limit::AudioDay)]);
    assert_eq!(world.quota_at, [video, audio], "audio is named first when both are over");
}

#[test]
fn a_day_begins_at_midnight_with_nothing_used_however_long_stays_go_on() {
    let mut world = with_quota(Quota { audio_day: Some(40), audio_month: Some(70), ..Quota::default() });
    // Sixteen minutes of both before midnight, of which a part is not counted when the day turns.
    let midnight = 14 * 3_600_000;
    world.pass(midnight - 16 * 60_000 - 777);
    world.enter(1);
    world.pass(777);
    world.enter(2);
    world.pass(5 * 3_600_000);
    // 777 ms, sixteen minutes twice, then twenty twice; the month had thirty-two of its seventy by midnight.
    let month = midnight + (70 * 60_000 - 32 * 60_000 - 777_u64).div_ceil(2);
    assert_eq!(world.quota[..1], [Some(Limit::AudioMonth)]);
    let day = midnight + 20 * 60_000;
    assert_eq!(world.quota, [Some(Limit::AudioMonth), Some(Limit::AudioDay)]);
    assert_eq!(world.quota_at, [month, day]);
    world.pass(20 * 3_600_000);
    assert_eq!(
        world.quota[2..],
        [Some(Limit::AudioMonth), Some(Limit::AudioDay)],
        "the day is over, the month is not"
    );
    assert_eq!(world.quota_at[2..], [midnight + 86_400_000, midnight + 86_400_000 + 20 * 60_000]);
}

#[test]
fn a_clock_that_was_wrong_for_a_while_leaves_no_quota_behind_and_takes_none_away() {
    for days in [-400_i64, -1, 1, 3000] {
        let mut world = with_quota(Quota { audio_day: Some(30), ..Quota::default() });
        let used = Totals { audio_ms: 10 * 60_000, ..Totals::default() };
        world.input(Input::Before { app: app(), day: Day::of(TEN, 0), totals: used });
        let right = world.start;
        world.start = right.checked_add_signed(days * 86_400_000).unwrap();
        world.enter(1);
        world.pass(60_000);
        world.leave(1);
        world.start = right;
        world.input(Input::Tick);
        world.enter(2);
        world.pass(20 * 60_000 - 1);
        assert_eq!(world.quota, [], "{days}");
        world.pass(1);
        assert_eq!(world.quota, [Some(Limit::AudioDay)], "{days}");
    }
}

#[test]
fn a_day_of_the_far_future_in_the_store_takes_no_quota_away() {
    let mut world = with_quota(Quota { audio_day: Some(10), ..Quota::default() });
    let used = Totals { audio_ms: 9 * 60_000, ..Totals::default() };
    let future = Day::from_number(Day::of(TEN, 0).number() + 4000);
    for day in [Day::of(TEN, 0), future] {
        world.input(Input::Before { app: app(), day, totals: used });
    }
    world.enter(1);
    world.pass(60_000);
    assert_eq!((world.quota, world.quota_at), (vec![Some(Limit::AudioDay)], vec![60_000]));
}

#[test]
fn what_the_operator_allows_holds_at_once_and_for_what_was_used_before() {
    let mut world = with_quota(Quota::default());
    let used = Totals { audio_ms: 5 * 60_000, sd_ms: 60_000, ..Totals::default() };
    world.input(Input::Before { app: app(), day: Day::of(TEN, 0), totals: used });
    world.enter(1);
    world.pass(90_500);
    let allow = |world: &mut World, minutes: Option<u64>| {
        let quota = Quota { audio_day: minutes, ..Quota::default() };
        world.input(Input::Allow { app: app(), quota });
    };
    let (quota, spent) = world.usage.spent(app()).unwrap();
    assert_eq!((quota, spent.audio_day, spent.video_month), (Quota::default(), 5 * 60_000 + 90_500, 60_000));
    assert_eq!(world.quota, [], "there was no limit");
    allow(&mut world, Some(6));
    assert_eq!(world.quota, [Some(Limit::AudioDay)], "it is behind already");
    allow(&mut world, Some(7));
    assert_eq!(world.quota, [Some(Limit::AudioDay), None], "there is more");
    world.pass(HALF);
    assert_eq!(world.quota_at[2..], [2 * 60_000]);
    allow(&mut world, None);
    assert_eq!(world.quota[3..], [None]);
    allow(&mut world, Some(0));
    assert_eq!(world.quota[4..], [Some(Limit::AudioDay)], "of nothing nothing may be used");
    let other = AppId::new(8).unwrap();
    world.input(Input::Allow { app: other, quota: Quota::default() });
    assert_eq!(world.usage.spent(other), None, "it is not served");
    assert_eq!(world.usage.today(), Day::of(TEN, 0));
}

#[test]
fn who_is_inside_when_a_limit_is_reached_is_told_at_once() {
    let mut world = with_quota(Quota { audio_day: Some(1), ..Quota::default() });
    world.enter(1);
    world.pass(20_000);
    world.enter(2);
    world.pass(19_999);
    assert!(world.parts.is_empty(), "a crash now would not know who is inside");
    world.pass(1);
    assert_eq!(world.quota, [Some(Limit::AudioDay)]);
    let told: Vec<_> = world.parts.values().map(|part| (part.open, part.totals.room_ms)).collect();
    assert_eq!(told, [(true, 40_000), (true, 20_000)]);
    world.pass(5000);
    world.input(Input::TellAll { app: AppId::new(8).unwrap() });
    assert_eq!(world.of(1).room_ms, 40_000);
    world.input(Input::TellAll { app: app() });
    assert_eq!((world.of(1).room_ms, world.of(2).room_ms), (45_000, 25_000));
}

#[test]
fn the_end_of_the_server_ends_no_stay_but_counts_it_to_its_end() {
    let mut world = ten();
    (1..=3).for_each(|n| world.enter(n));
    world.pass(5000);
    world.leave(3);
    world.pass(1234);
    world.input(Input::Close);
    world.leave(1);
    let parts: Vec<_> =
        world.parts.values().map(|part| (part.user.as_str(), part.open, part.totals.room_ms)).collect();
    assert_eq!(parts, [("u1", true, 6234), ("u2", true, 6234), ("u3", false, 5000)]);
    assert_eq!(world.usage.sizes(), Sizes::default());
}

#[test]
fn those_who_play_an_address_are_counted_together_and_against_no_quota() {
    let mut world = with_quota(Quota { audio_day: Some(10), video_day: Some(1), ..Quota::default() });
    world.enter(1);
    world.publish(1, Some(P360));
    let guests = |world: &mut World, many| {
        let (room, user) = (RoomId::number(1).unwrap(), UserId::new("u1").unwrap());
        world.input(Input::Guests { stream: stream(1), app: app(), room, user, many });
    };
    guests(&mut world, 1);
    world.pass(1000);
    guests(&mut world, 3);
    assert_eq!(world.usage.watched().collect::<Vec<_>>(), [stream(1)], "its size has to be known for them");
    world.input(Input::Picture { stream: stream(1), size: Some(P360) });
    world.pass(60_000);
    guests(&mut world, 2);
    world.publish(1, None);
    world.pass(500);
    guests(&mut world, 0);
    world.pass(5000);
    guests(&mut world, 1);
    world.pass(100);
    world.leave(1);
    let (guests, own): (Vec<&Part>, Vec<&Part>) = world.parts.values().partition(|part| part.guests);
    let told: Vec<Totals> = guests.iter().map(|part| part.totals).collect();
    let first = Totals { room_ms: 182_000, audio_ms: 2000, sd_ms: 180_000, ..Totals::default() };
    assert_eq!(told, [first, Totals { room_ms: 100, audio_ms: 100, ..Totals::default() }]);
    assert_eq!(guests[0].ended_ms - guests[0].started_ms, 61_500, "all of them in this time");
    assert!(guests.iter().all(|part| part.user.as_str() == "u1" && !part.open), "until its stream ended");
    assert_eq!(own[0].totals.audio_ms, 66_600);
    assert_eq!(world.quota, [], "what guests see is no minute of the quota");
    assert_eq!(world.usage.sizes(), Sizes::default());
}

#[test]
fn what_was_used_before_a_restart_counts_for_its_day_and_month() {
    let today = Day::of(TEN, 0);
    let used = |ms| Totals { sd_ms: ms, ..Totals::default() };
    let earlier = Day::from_number(today.number() - 5);
    let last_month = Day::from_number(today.number() - 26);
    for (day, quota, wanted) in [
        (today, Quota { video_day: Some(10), ..Quota::default() }, vec![Some(Limit::VideoDay)]),
        (earlier, Quota { video_day: Some(10), ..Quota::default() }, vec![]),
        (earlier, Quota { video_month: Some(10), ..Quota::default() }, vec![Some(Limit::VideoMonth)]),
        (last_month, Quota { video_month: Some(10), ..Quota::default() }, vec![]),
        (today, Quota { audio_month: Some(0), ..Quota::default() }, vec![Some(Limit::AudioMonth)]),
        (today, Quota::default(), vec![]),
    ] {
        let mut world = with_quota(quota);
        world.input(Input::Before { app: app(), day, totals: used(600_000) });
        assert_eq!(world.quota, wanted, "{day} {quota:?}");
    }
}
