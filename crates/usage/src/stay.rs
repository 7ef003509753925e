//! One member in one room.

use crate::day::Day;
use crate::io::Part;
use crate::quota::Rates;
use crate::totals::{Tier, Totals};
use huitong_types::{Moment, StreamId};
use std::collections::BTreeSet;

/// A stay and what is going on in it.
#[derive(Clone, Debug)]
pub(crate) struct Stay {
    /// The part of the present day.
    pub(crate) part: Part,
    /// Until when everything is counted.
    since: Moment,
    /// When it is told next.
    pub(crate) due: Moment,
    /// Own streams that are published.
    pub(crate) own: BTreeSet<StreamId>,
    /// Those of them whose sound is on.
    pub(crate) speaking: BTreeSet<StreamId>,
    /// Streams that it plays with pictures, whether any come or not.
    pub(crate) receives: BTreeSet<StreamId>,
    /// How many receive all that: one member, or so many guests.
    pub(crate) times: u64,
    /// Streams of which pictures come, by tier.
    pictures: [u64; 3],
}

/// A piece of time with what was used in it, of one day.
pub(crate) type Piece = (Day, Totals);

impl Stay {
    pub(crate) fn new(part: Part, now: Moment, due: Moment) -> Self {
        let none = BTreeSet::new;
        let (own, speaking, receives) = (none(), none(), none());
        Self { part, since: now, due, own, speaking, receives, times: 1, pictures: [0; 3] }
    }

    /// One stream more comes with pictures of this tier.
    pub(crate) fn picture_on(&mut self, tier: Tier) {
        let [sd, hd, fhd] = &mut self.pictures;
        let many = match tier {
            Tier::Sd => sd,
            Tier::Hd => hd,
            Tier::Fhd => fhd,
        };
        *many = many.saturating_add(1);
    }

    /// One stream less.
    pub(crate) fn picture_off(&mut self, tier: Tier) {
        let [sd, hd, fhd] = &mut self.pictures;
        let many = match tier {
            Tier::Sd => sd,
            Tier::Hd => hd,
            Tier::Fhd => fhd,
        };
        debug_assert!(*many > 0, "only what came can go");
        *many = many.saturating_sub(1);
    }

    /// How fast it uses what has a quota, as things are now.
    pub(crate) fn rates(&self) -> Rates {
        let used = self.used_in(1);
        Rates { audio: used.audio_ms, video: used.video_ms() }
    }

    /// What is used in so many ms as things are now.
    fn used_in(&self, ms: u64) -> Totals {
        let [sd, hd, fhd] = self.pictures;
        let nothing_seen = sd == 0 && hd == 0 && fhd == 0;
        let ms = ms.saturating_mul(self.times);
        Totals {
            room_ms: ms,
            audio_ms: if nothing_seen { ms } else { 0 },
            mic_ms: if self.speaking.is_empty() { 0 } else { ms },
            sd_ms: ms.saturating_mul(sd),
            hd_ms: ms.saturating_mul(hd),
            fhd_ms: ms.saturating_mul(fhd),
        }
    }

    /// Counts the time up to `now` as things are. Returns the parts that a midnight has completed, and what was added on
    /// which day.
    ///
    /// Lengths are those of the monotonic clock; the wall clock says only to which day they belong. When it is set back,
    /// the present part goes on: nothing is counted twice and nothing is lost.
    pub(crate) fn count(&mut self, now: Moment, unix_ms: u64, offset: i32) -> (Vec<Part>, Vec<Piece>) {
        let (mut done, mut pieces) = (Vec::new(), Vec::new());
        let mut left = u64::try_from(now.since(self.since).as_millis()).unwrap_or(u64::MAX);
        let mut at = unix_ms.saturating_sub(left);
        self.since = self.since.max(now);
        while left > 0 {
            let day = Day::of(at, offset);
            if day > self.part.day {
                done.push(self.turn_page(day, at));
            }
            let step = self.part.day.end_ms(offset).saturating_sub(at).clamp(1, left);
            let used = self.used_in(step);
            self.part.totals += used;
            self.part.ended_ms = self.part.ended_ms.saturating_add(step);
            pieces.push((self.part.day, used));
            (at, left) = (at.saturating_add(step), left.saturating_sub(step));
        }
        (done, pieces)
    }

    /// Begins the part of another day; returns the one before.
    fn turn_page(&mut self, day: Day, at: u64) -> Part {
        let next = Part { day, started_ms: at, ended_ms: at, totals: Totals::default(), ..self.part.clone() };
        let before = std::mem::replace(&mut self.part, next);
        Part { open: false, ..before }
    }
}
