//! Usage: what the engine and the fan-out tell is counted, and the store keeps it.

use crate::config::Config;
use huitong_engine::{Input as EngineInput, StayEvent};
use huitong_fanout::Fanout;
use huitong_store::{Store, UsageDay, UsageRecord, UsageTotals};
use huitong_types::{AppId, Moment, StreamId};
use huitong_usage::{Day, Input, Output, Part, Quota, Settings, Totals, Usage};
use std::collections::BTreeMap;
use std::time::Duration;

/// How often it is looked at what pictures come. A change of size is billed so much too late at most, an end without
/// notice two seconds more (the fan-out calls a stream dry after a whole second without a picture).
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Counts what is used, on the engine's task.
pub(crate) struct UsageBook {
    usage: Usage,
    fanout: Fanout,
    store: Store,
    look_at: Moment,
    /// Of each application the ms that its figures do not show yet, because they are of whole seconds. Bounded by the
    /// applications of the configuration.
    rest: BTreeMap<AppId, [u64; KINDS.len()]>,
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
    Settings {
        day_offset_minutes: config.usage.day_offset_minutes,
        quotas: quotas.filter(|(_, quota)| *quota != Quota::default()).collect(),
    }
}

impl UsageBook {
    /// A book that goes on where the store ended. What follows for the engine is to be taken with [`Self::settle`].
    pub(crate) fn new(
        settings: &Settings,
        before: &[UsageDay],
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
        Self { usage, fanout, store, look_at: Moment::ZERO, rest: BTreeMap::new() }
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
        };
        self.usage.handle(now, unix_ms, input);
    }

    /// A stream is over.
    pub(crate) fn stream_ended(&mut self, now: Moment, unix_ms: u64, stream: StreamId) {
        self.usage.handle(now, unix_ms, Input::StreamEnded { stream });
    }

    /// The server ends.
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
        let rests = self.rest.entry(part.app).or_default();
        for ((kind, rest), ms) in KINDS.iter().zip(rests).zip([audio_ms, sd_ms, hd_ms, fhd_ms]) {
            metrics::counter!("huitong_usage_seconds_total", "app" => app.clone(), "kind" => *kind)
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

fn record(part: Part) -> UsageRecord {
    UsageRecord {
        app: part.app,
        stay: part.stay,
        day: part.day.number(),
        room: part.room.to_string(),
        user: part.user.as_str().to_owned(),
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
        "Seconds used in stays that are over, by application and kind: audio, and video by tier."
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
