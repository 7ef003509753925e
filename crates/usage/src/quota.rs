//! How much an application may use.

use crate::day::Day;
use crate::totals::Totals;
use huitong_types::Moment;
use std::collections::BTreeMap;
use std::time::Duration;

/// What an application may use, in minutes of the bill; `None`: as much as it likes. Minutes of pictures are those of all
/// tiers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Audio minutes of a day.
    pub audio_day: Option<u64>,
    /// Video minutes of a day.
    pub video_day: Option<u64>,
    /// Audio minutes of a month.
    pub audio_month: Option<u64>,
    /// Video minutes of a month.
    pub video_month: Option<u64>,
}

/// What an application has used, ms, up to a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Audio today.
    pub audio_day: u64,
    /// Video today, of all tiers.
    pub video_day: u64,
    /// Audio in this month.
    pub audio_month: u64,
    /// Video in this month, of all tiers.
    pub video_month: u64,
}

/// Which limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Of audio, today.
    AudioDay,
    /// Of video, today.
    VideoDay,
    /// Of audio, this month.
    AudioMonth,
    /// Of video, this month.
    VideoMonth,
}

impl Limit {
    /// A stable word for logs and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AudioDay => "audioDay",
            Self::VideoDay => "videoDay",
            Self::AudioMonth => "audioMonth",
            Self::VideoMonth => "videoMonth",
        }
    }
}

/// Days of an application that are kept: those of the longest month, and as many again, so that a clock that was wrong for a
/// while costs none of them. Beyond it the oldest go.
const DAYS: usize = 62;

/// A limit, ms.
const fn in_ms(minutes: u64) -> u64 {
    minutes.saturating_mul(60_000)
}

/// What the stays of an application use now and what of it is not counted yet, as a line over time. Counting it takes it
/// off here and adds it to its day: together they are exact at any moment, whoever was counted when.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    /// Used in a millisecond, ms.
    rate: u64,
    /// Where the line begins: the rates of all times the moments since when they hold, less what was counted, ms.
    base: i128,
    /// What of it was used before the present day, and will be counted there.
    before_today: u64,
}

impl Pace {
    fn change(&mut self, now: Moment, before: u64, after: u64) {
        let now = i128::from(now.as_millis());
        self.base += now * (i128::from(after) - i128::from(before));
        self.rate = self.rate.saturating_sub(before).saturating_add(after);
    }

    fn counted(&mut self, ms: u64, is_earlier_day: bool) {
        self.base += i128::from(ms);
        if is_earlier_day {
            self.before_today = self.before_today.saturating_sub(ms);
        }
    }

    /// Not counted yet at a moment, ms.
    fn pending(&self, at: Moment) -> u64 {
        let all = i128::from(at.as_millis()) * i128::from(self.rate) - self.base;
        u64::try_from(all.max(0)).unwrap_or(u64::MAX)
    }

    /// The same without what belongs to days before.
    fn pending_today(&self, at: Moment) -> u64 {
        self.pending(at).saturating_sub(self.before_today)
    }
}

/// What an application with a quota has used.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) quota: Quota,
    /// What was counted, by day.
    days: BTreeMap<Day, Totals>,
    /// What was counted today and in this month, which follow from `days`.
    today: Totals,
    month: Totals,
    day: Day,
    audio: Pace,
    video: Pace,
    /// What was told last.
    pub(crate) over: Option<Limit>,
    /// When a limit is reached if nothing changes.
    pub(crate) due: Option<Moment>,
}

impl Account {
    pub(crate) fn new(quota: Quota, day: Day) -> Self {
        let (today, month) = (Totals::default(), Totals::default());
        let (audio, video) = (Pace::default(), Pace::default());
        Self { quota, days: BTreeMap::new(), today, month, day, audio, video, over: None, due: None }
    }

    /// Adds what was used on a day before the server started.
    pub(crate) fn restore(&mut self, day: Day, totals: Totals) {
        *self.days.entry(day).or_default() += totals;
        if self.days.len() > DAYS {
            self.days.pop_first();
        }
        if day == self.day {
            self.today += totals;
        }
        if day.month() == self.day.month() {
            self.month += totals;
        }
    }

    /// Adds what a stay has used on a day and had been under way.
    pub(crate) fn add(&mut self, day: Day, totals: Totals) {
        self.audio.counted(totals.audio_ms, day < self.day);
        self.video.counted(totals.video_ms(), day < self.day);
        self.restore(day, totals);
    }

    /// A stay uses audio and video at another rate from now on.
    pub(crate) fn pace(&mut self, now: Moment, before: Rates, after: Rates) {
        self.audio.change(now, before.audio, after.audio);
        self.video.change(now, before.video, after.video);
    }

    /// It is another day since `midnight`: a later one, or an earlier one if the clock was set back.
    pub(crate) fn turn(&mut self, day: Day, midnight: Moment) {
        for pace in [&mut self.audio, &mut self.video] {
            pace.before_today = if day > self.day { pace.pending(midnight) } else { 0 };
        }
        self.day = day;
        self.today = self.days.get(&day).copied().unwrap_or_default();
        self.month = Totals::default();
        for (_, totals) in self.days.iter().filter(|(other, _)| other.month() == day.month()) {
            self.month += *totals;
        }
    }

    /// What is used up to a moment, whether it is counted already or not.
    pub(crate) fn spent(&self, now: Moment) -> Spent {
        // What was used before midnight is of this month too, unless it begins today.
        let of_month = |pace: Pace| match self.day.month() == self.day {
            true => pace.pending_today(now),
            false => pace.pending(now),
        };
        Spent {
            audio_day: self.today.audio_ms.saturating_add(self.audio.pending_today(now)),
            video_day: self.today.video_ms().saturating_add(self.video.pending_today(now)),
            audio_month: self.month.audio_ms.saturating_add(of_month(self.audio)),
            video_month: self.month.video_ms().saturating_add(of_month(self.video)),
        }
    }

    /// Says which limit is reached, if one is, and otherwise when that will be.
    pub(crate) fn look(&mut self, now: Moment) -> Option<Limit> {
        let (spent, quota) = (self.spent(now), self.quota);
        let rows = [
            (Limit::AudioDay, quota.audio_day, spent.audio_day, self.audio.rate),
            (Limit::VideoDay, quota.video_day, spent.video_day, self.video.rate),
            (Limit::AudioMonth, quota.audio_month, spent.audio_month, self.audio.rate),
            (Limit::VideoMonth, quota.video_month, spent.video_month, self.video.rate),
        ];
        self.due = None;
        let mut reached = None;
        for (limit, minutes, used, rate) in rows {
            let Some(most) = minutes.map(in_ms) else { continue };
            let left = most.saturating_sub(used);
            if left == 0 {
                reached = reached.or(Some(limit));
            } else if rate > 0 {
                let at = now + Duration::from_millis(left.div_ceil(rate));
                self.due = Some(self.due.map_or(at, |due| due.min(at)));
            }
        }
        reached
    }
}

/// How much a stay uses in a millisecond, ms: sound, and pictures of all tiers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rates {
    pub(crate) audio: u64,
    pub(crate) video: u64,
}
