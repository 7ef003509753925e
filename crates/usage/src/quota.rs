//! How much an application may use.

use crate::day::Day;
use crate::totals::Totals;

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

/// What an application with a quota has used.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    quota: Quota,
    day: Day,
    today: Totals,
    month: Totals,
    /// What was told last.
    pub(crate) over: Option<Limit>,
}

impl Account {
    pub(crate) fn new(quota: Quota, day: Day) -> Self {
        Self { quota, day, today: Totals::default(), month: Totals::default(), over: None }
    }

    /// Adds what was used on a day. Days that are over count for their month only.
    pub(crate) fn add(&mut self, day: Day, totals: Totals) {
        self.turn(day);
        if day == self.day {
            self.today += totals;
        }
        if day.month() == self.day.month() {
            self.month += totals;
        }
    }

    /// It is this day, or a later one.
    pub(crate) fn turn(&mut self, day: Day) {
        if day <= self.day {
            return;
        }
        if day.month() != self.day.month() {
            self.month = Totals::default();
        }
        self.today = Totals::default();
        self.day = day;
    }

    /// The limit that is reached, if one is.
    pub(crate) fn reached(&self) -> Option<Limit> {
        let full = |limit: Option<u64>, ms: u64| {
            limit.is_some_and(|minutes| ms / 1000 >= minutes.saturating_mul(60))
        };
        [
            (Limit::AudioDay, self.quota.audio_day, self.today.audio_ms),
            (Limit::VideoDay, self.quota.video_day, self.today.video_ms()),
            (Limit::AudioMonth, self.quota.audio_month, self.month.audio_ms),
            (Limit::VideoMonth, self.quota.video_month, self.month.video_ms()),
        ]
        .into_iter()
        .find_map(|(limit, minutes, ms)| full(minutes, ms).then_some(limit))
    }
}
