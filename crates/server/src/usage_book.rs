//! Usage: what the engine and the fan-out tell is counted, and the store keeps it.

use crate::config::Config;
use huitong_engine::{Input as EngineInput, StayEvent};
use huitong_fanout::Fanout;
use huitong_protocol::api::{self, Account, Suspension};
use huitong_store::{QuotaRow, Store, UsageDay, UsageRecord, UsageTotals};
use huitong_types::{AppId, Moment, StreamId};
use huitong_usage::{Day, Input, Output, Part, Quota, Settings, Totals, Usage};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How often it is looked at what pictures come. A change of size is billed so much too late at most, an end without
/// notice two seconds more (the fan-out calls a stream dry after a whole second without a picture).
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Counts what is used, on the engine's task.
pub(crate) struct UsageBook {
    usage: Usage,
    fanout: Fanout,
    store: Store,
    /// What the configuration allows each application.
    configured: BTreeMap<AppId, Quota>,
    /// Those whose quota the operator has set.
    by_operator: BTreeSet<AppId>,
    look_at: Moment,
    /// Of members and guests of each application the ms that its figures do not show yet, because they are of whole seconds.
    /// Bounded by the applications of the configuration.
    rest: BTreeMap<(AppId, bool), [u64; KINDS.len()]>,
}

/// What the figures tell apart.
const KINDS: [&str; 4] = ["audio", "sd", "hd", "fhd"];

/// How to count, by the configuration.
pub(crate) fn settings(config: &Config) -> Settings {
    let quotas = config.app.iter().map(|app| {
        let minutes = |limit: u64| (limit > 0).then_some(limit);
        let quota = Quota {
            audio_day: minutes(app.audio_minutes_per_day),
            video_day: minutes(app.video_minutes_per_day),
            audio_month: minutes(app.audio_minutes_per_month),
            video_month: minutes(app.video_minutes_per_month),
        };
        (app.id, quota)
    });
    Settings { day_offset_minutes: config.usage.day_offset_minutes, quotas: quotas.collect() }
}

impl UsageBook {
    /// A book that goes on where the store ended: with what was used, and what the operator has `allowed` in the place of the
    /// configuration. What follows for the engine is to be taken with [`Self::settle`].
    pub(crate) fn new(
        settings: &Settings,
        before: &[UsageDay],
        allowed: &[(AppId, QuotaRow)],
        fanout: Fanout,
        store: Store,
        unix_ms: u64,
    ) -> Self {
        let mut usage = Usage::new(settings, unix_ms);
        for day in before {
            let input =
                Input::Before { app: day.app, day: Day::from_number(day.day), totals: counted(&day.totals) };
            usage.handle(Moment::ZERO, unix_ms, input);
        }
        let configured = settings.quotas.clone();
        for (app, row) in allowed {
            usage.handle(Moment::ZERO, unix_ms, Input::Allow { app: *app, quota: of_row(*row) });
        }
        let by_operator = allowed.iter().map(|(app, _)| *app).collect();
        Self { usage, fanout, store, configured, by_operator, look_at: Moment::ZERO, rest: BTreeMap::new() }
    }

    /// An application may use this from now on, by the operator; or again what the configuration says. To be followed by
    /// [`Self::settle`].
    pub(crate) fn allow(&mut self, now: Moment, unix_ms: u64, app: AppId, quota: Option<api::Quota>) {
        let row = quota.map(|quota| QuotaRow {
            audio_day: quota.audio_minutes_per_day,
            video_day: quota.video_minutes_per_day,
            audio_month: quota.audio_minutes_per_month,
            video_month: quota.video_minutes_per_month,
        });
        if row.is_some() {
            self.by_operator.insert(app)
        } else {
            self.by_operator.remove(&app)
        };
        let configured = || self.configured.get(&app).copied().unwrap_or_default();
        let quota = row.map_or_else(configured, of_row);
        self.usage.handle(now, unix_ms, Input::Allow { app, quota });
        self.store.quota(app, row);
    }

    /// An application begins nothing any more: from here on it matters who is inside, also after a crash.
    pub(crate) fn tell_all(&mut self, now: Moment, unix_ms: u64, app: AppId) {
        self.usage.handle(now, unix_ms, Input::TellAll { app });
    }

    /// The applications of the configuration.
    pub(crate) fn apps(&self) -> impl Iterator<Item = AppId> {
        self.configured.keys().copied()
    }

    /// How an application stands by what was told last; `None` for one that is not of the configuration.
    pub(crate) fn account(&self, app: AppId, suspension: Suspension) -> Option<Account> {
        let (quota, spent) = self.usage.spent(app)?;
        Some(Account {
            app: app.get(),
            suspension,
            quota: api::Quota {
                audio_minutes_per_day: quota.audio_day,
                video_minutes_per_day: quota.video_day,
                audio_minutes_per_month: quota.audio_month,
                video_minutes_per_month: quota.video_month,
            },
            quota_by_operator: self.by_operator.contains(&app),
            day: self.usage.today().to_string(),
            today: api::Spent { audio_ms: spent.audio_day, video_ms: spent.video_day },
            this_month: api::Spent { audio_ms: spent.audio_month, video_ms: spent.video_month },
        })
    }

    /// Lets time pass up to now, so that [`Self::account`] tells what is used by now.
    pub(crate) fn look(&mut self, now: Moment, unix_ms: u64) {
        self.usage.handle(now, unix_ms, Input::Tick);
    }

    /// Something changed in what a member uses.
    pub(crate) fn stay(&mut self, now: Moment, unix_ms: u64, event: StayEvent) {
        let input = match event {
            StayEvent::Entered { session, app, room, user } => Input::Entered { session, app, room, user },
            StayEvent::Left { session } => Input::Left { session },
            StayEvent::Announced { session, stream, tracks } => {
                Input::Announced { session, stream, audio: tracks.audio, video: tracks.video }
            }
            StayEvent::Receives { session, stream, video } => Input::Receives { session, stream, video },
            StayEvent::Guests { stream, app, room, user, many } => {
                let many = u64::try_from(many).unwrap_or(u64::MAX);
                Input::Guests { stream, app, room, user, many }
            }
        };
        self.usage.handle(now, unix_ms, input);
    }

    /// A stream is over.
    pub(crate) fn stream_ended(&mut self, now: Moment, unix_ms: u64, stream: StreamId) {
        self.usage.handle(now, unix_ms, Input::StreamEnded { stream });
    }

    /// The server ends: nothing is counted any more.
    pub(crate) fn close(&mut self, now: Moment, unix_ms: u64) {
        self.usage.handle(now, unix_ms, Input::Close);
    }

    /// When to call [`Self::settle`] at the latest.
    pub(crate) fn next_deadline(&self) -> Option<Moment> {
        let look = self.usage.watched().next().map(|_stream| self.look_at);
        self.usage.next_deadline().into_iter().chain(look).min()
    }

    /// Does what is due, hands to the store what is to be kept, and returns what the engine has to hear.
    pub(crate) fn settle(&mut self, now: Moment, unix_ms: u64) -> Vec<EngineInput> {
        if now >= self.look_at {
            let watched: Vec<StreamId> = self.usage.watched().collect();
            for stream in watched {
                let size = self.fanout.picture(stream);
                self.usage.handle(now, unix_ms, Input::Picture { stream, size });
            }
            self.look_at = now + LOOK_EVERY;
        }
        if self.usage.next_deadline().is_some_and(|at| at <= now) {
            self.usage.handle(now, unix_ms, Input::Tick);
        }
        let mut told = Vec::new();
        while let Some(output) = self.usage.poll_output() {
            match output {
                Output::Keep(part) => {
                    self.count(&part);
                    self.store.usage(record(*part));
                }
                Output::Quota { app, over } => {
                    let limit = over.map(huitong_usage::Limit::as_str);
                    told.push(EngineInput::Quota { app, limit });
                }
            }
        }
        if !told.is_empty() {
            metrics::gauge!("huitong_apps_over_quota").set(self.usage.sizes().over as f64);
        }
        told
    }

    /// Figures of stays that are over, or of their days.
    fn count(&mut self, part: &Part) {
        if part.open {
            return;
        }
        let app = part.app.get().to_string();
        let Totals { audio_ms, sd_ms, hd_ms, fhd_ms, .. } = part.totals;
        let rests = self.rest.entry((part.app, part.guests)).or_default();
        let by = if part.guests { "guests" } else { "members" };
        for ((kind, rest), ms) in KINDS.iter().zip(rests).zip([audio_ms, sd_ms, hd_ms, fhd_ms]) {
            metrics::counter!("huitong_usage_seconds_total", "app" => app.clone(), "kind" => *kind, "of" => by)
                .increment(whole_seconds(rest, ms));
        }
    }
}

/// Whole seconds of what is left of before and these ms; what is left now goes on counting.
fn whole_seconds(rest: &mut u64, ms: u64) -> u64 {
    let sum = rest.saturating_add(ms);
    *rest = sum % 1000;
    sum / 1000
}

const fn of_row(row: QuotaRow) -> Quota {
    Quota {
        audio_day: row.audio_day,
        video_day: row.video_day,
        audio_month: row.audio_month,
        video_month: row.video_month,
    }
}

fn record(part: Part) -> UsageRecord {
    UsageRecord {
        app: part.app,
        stay: part.stay,
        day: part.day.number(),
        room: part.room.to_string(),
        user: part.user.as_str().to_owned(),
        guests: part.guests,
        started_ms: part.started_ms,
        ended_ms: part.ended_ms,
        open: part.open,
        totals: kept(&part.totals),
    }
}

fn kept(totals: &Totals) -> UsageTotals {
    UsageTotals {
        room_ms: totals.room_ms,
        audio_ms: totals.audio_ms,
        mic_ms: totals.mic_ms,
        sd_ms: totals.sd_ms,
        hd_ms: totals.hd_ms,
        fhd_ms: totals.fhd_ms,
    }
}

fn counted(totals: &UsageTotals) -> Totals {
    Totals {
        room_ms: totals.room_ms,
        audio_ms: totals.audio_ms,
        mic_ms: totals.mic_ms,
        sd_ms: totals.sd_ms,
        hd_ms: totals.hd_ms,
        fhd_ms: totals.fhd_ms,
    }
}

/// Tells the metrics recorder what the figures mean.
pub(crate) fn describe_metrics() {
    metrics::describe_counter!(
        "huitong_usage_seconds_total",
        metrics::Unit::Seconds,
        "Seconds used in stays that are over, by application and kind: audio, and video by tier; of members and of guests."
    );
    metrics::describe_gauge!("huitong_apps_over_quota", "Applications that have used up a quota.");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_stays_add_up_to_seconds() {
        let mut rest = 0;
        let told: Vec<u64> = [400, 400, 400, 2999, 0, 1].map(|ms| whole_seconds(&mut rest, ms)).to_vec();
        assert_eq!((told, rest), (vec![0, 0, 1, 3, 0, 0], 200));
        assert_eq!(whole_seconds(&mut rest, 800), 1);
    }
}
