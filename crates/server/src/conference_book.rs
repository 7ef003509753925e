//! Conferences in the store, so that they outlive the server.
//!
//! A change is written at once when its conference was not written within the last second, and otherwise when that second is over:
//! whoever changes attributes all the time costs the disk one write a second. What is written is the conference as it is then. Here
//! is only kept which ones have changed; when the store takes nothing more, that is what waits, and nothing is lost.

use huitong_engine::{ConferenceChange, ConferenceDecision, ConferenceRecord, Engine, Input};
use huitong_store::{ConferenceRows, ConferenceText, Decided, Store};
use huitong_types::{AppId, ConferenceName, ConferenceRole, Moment, Redacted, UserId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How often one conference is written at most. A crash costs so much of what changes more often.
const EVERY: Duration = Duration::from_secs(1);

/// The conferences' part of the store.
#[derive(Debug)]
pub(crate) struct ConferenceBook {
    store: Store,
    /// What has changed and is not handed over: of each conference at most all that it is.
    waiting: BTreeMap<ConferenceName, ConferenceChange>,
    /// Conferences that are over and in the store: no more than the store had room for.
    over: BTreeSet<(AppId, ConferenceName)>,
    /// Conferences that were written a moment ago, and until when they are not written again.
    resting: BTreeMap<ConferenceName, Moment>,
    due: BTreeSet<(Moment, ConferenceName)>,
    /// When to try again to forget those that are over.
    forget_at: Option<Moment>,
    /// Whether the store refused the last one.
    refused: bool,
    /// The server ends: nothing waits for its turn.
    closing: bool,
}

impl ConferenceBook {
    pub(crate) const fn new(store: Store) -> Self {
        Self {
            store,
            waiting: BTreeMap::new(),
            over: BTreeSet::new(),
            resting: BTreeMap::new(),
            due: BTreeSet::new(),
            forget_at: None,
            refused: false,
            closing: false,
        }
    }

    /// A conference has changed.
    pub(crate) fn changed(
        &mut self,
        engine: &Engine,
        now: Moment,
        name: ConferenceName,
        change: ConferenceChange,
    ) {
        let waits = self.waiting.entry(name.clone()).or_default();
        waits.itself |= change.itself;
        waits.users.extend(change.users);
        if self.closing || !self.resting.contains_key(&name) {
            self.write(engine, now, name);
        }
        self.tell();
    }

    /// A conference is over.
    pub(crate) fn over(&mut self, now: Moment, app: AppId, name: ConferenceName) {
        self.waiting.remove(&name);
        self.over.insert((app, name));
        self.forget(now);
        self.tell();
    }

    /// When to call [`Self::settle`] at the latest.
    pub(crate) fn next_deadline(&self) -> Option<Moment> {
        self.due.first().map(|(at, _)| *at).into_iter().chain(self.forget_at).min()
    }

    /// Writes what has waited long enough.
    pub(crate) fn settle(&mut self, engine: &Engine, now: Moment) {
        if self.next_deadline().is_none_or(|at| at > now) {
            return;
        }
        if self.forget_at.is_some_and(|at| at <= now) {
            self.forget(now);
        }
        while self.due.first().is_some_and(|(at, _)| *at <= now) {
            let Some((_, name)) = self.due.pop_first() else { break };
            self.resting.remove(&name);
            if self.waiting.contains_key(&name) {
                self.write(engine, now, name);
            }
        }
        self.tell();
    }

    /// The server ends: everything is handed over now.
    pub(crate) fn close(&mut self, engine: &Engine, now: Moment) {
        self.closing = true;
        self.forget(now);
        for name in self.waiting.keys().cloned().collect::<Vec<_>>() {
            self.write(engine, now, name);
        }
        if !self.waiting.is_empty() {
            tracing::error!(
                conferences = self.waiting.len(),
                "the server ends and the database takes no more: the last changes of conferences are lost"
            );
        }
        self.tell();
    }

    fn write(&mut self, engine: &Engine, now: Moment, name: ConferenceName) {
        let Some(change) = self.waiting.get(&name) else { return };
        let taken = rows(engine, &name, change).is_none_or(|rows| self.store.put_conference(rows));
        if taken {
            self.waiting.remove(&name);
        }
        self.heed(taken);
        if let Some(at) = self.resting.insert(name.clone(), now + EVERY) {
            self.due.remove(&(at, name.clone()));
        }
        self.due.insert((now + EVERY, name));
    }

    fn forget(&mut self, now: Moment) {
        self.forget_at = None;
        while let Some((app, name)) = self.over.first() {
            let taken = self.store.drop_conference(*app, name.as_str());
            self.heed(taken);
            if !taken {
                self.forget_at = Some(now + EVERY);
                return;
            }
            self.over.pop_first();
        }
    }

    /// Tells the log once that the store takes nothing, and once that it does again.
    fn heed(&mut self, taken: bool) {
        if self.refused == taken {
            self.refused = !taken;
            match taken {
                true => tracing::info!("changes of conferences are handed to the database again"),
                false => tracing::warn!(
                    "too much waits for the disk: changes of conferences are kept in memory and written later"
                ),
            }
        }
    }

    fn tell(&self) {
        let waiting = self.waiting.len() + self.over.len();
        metrics::gauge!("huitong_conference_changes_waiting").set(waiting as f64);
    }
}

/// What has changed, as it is now; nothing if the conference is over.
fn rows(engine: &Engine, name: &ConferenceName, change: &ConferenceChange) -> Option<ConferenceRows> {
    let record = engine.conference_record(name)?;
    let app = record.app;
    let decided = change.users.iter().filter_map(|user| {
        let ConferenceDecision { user, role, no_audio, no_video } = engine.conference_decision(name, user)?;
        let role = role.map(|role| role.as_str().to_owned());
        Some((user.as_str().to_owned(), Decided { role, no_audio, no_video }))
    });
    let itself = change.itself.then(|| text(&record)).transpose();
    let Ok(itself) = itself else {
        // The error's own text could quote the hash.
        tracing::error!(app = app.get(), conference = %name, "a conference cannot be written down: it ends with this server");
        return None;
    };
    Some(ConferenceRows { app, id: name.as_str().to_owned(), itself, decided: decided.collect() })
}

fn text(record: &ConferenceRecord) -> serde_json::Result<ConferenceText> {
    let text = serde_json::to_string(record)?;
    Ok(ConferenceText { room: record.room.to_string(), record: Redacted::new(text) })
}

/// What brings the conferences of before back to the engine. One that this version cannot read is left out and told.
pub(crate) fn restored(kept: Vec<ConferenceRows>) -> Vec<Input> {
    let all = kept.len();
    let inputs: Vec<Input> = kept.into_iter().filter_map(restore).collect();
    if all > 0 {
        tracing::info!(conferences = inputs.len(), "conferences of before the start go on");
    }
    inputs
}

fn restore(kept: ConferenceRows) -> Option<Input> {
    let ConferenceRows { app, id, itself, decided } = kept;
    let record = itself.and_then(|text| serde_json::from_str::<ConferenceRecord>(text.record.reveal()).ok());
    let Some(record) = record.filter(|record| record.app == app && record.name.as_str() == id) else {
        // The error's own text could quote the hash.
        tracing::warn!(
            app = app.get(),
            conference = id,
            "a conference in the database cannot be read: left out"
        );
        return None;
    };
    let decided = decided.into_iter().filter_map(|(user, decided)| {
        let decision = decision(&user, &decided);
        if decision.is_none() {
            tracing::warn!(
                app = app.get(),
                conference = id,
                user,
                "what was decided about a user of a conference cannot be read: left out"
            );
        }
        decision
    });
    Some(Input::RestoreConference { decided: decided.collect(), record: Box::new(record) })
}

fn decision(user: &str, decided: &Decided) -> Option<ConferenceDecision> {
    let word = |word: &String| ConferenceRole::ALL.iter().copied().find(|role| role.as_str() == word);
    let role = match &decided.role {
        Some(text) => Some(word(text)?),
        None => None,
    };
    let user = UserId::new(user).ok()?;
    Some(ConferenceDecision { user, role, no_audio: decided.no_audio, no_video: decided.no_video })
}

/// Tells the metrics recorder what the figures mean.
pub(crate) fn describe_metrics() {
    metrics::describe_gauge!(
        "huitong_conference_changes_waiting",
        "Conferences that have changed or ended and were not handed to the database yet."
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use huitong_engine::{ApiCall, AppConfig, EngineConfig, MultiDevice, Output};
    use huitong_protocol::api::ConferenceRequest;
    use huitong_protocol::{AttributeChange, Attributes};
    use huitong_store::StoreConfig;
    use std::path::Path;

    const PATIENCE: Duration = Duration::from_secs(30);

    /// An engine with a book, in virtual time.
    struct House {
        engine: Engine,
        book: ConferenceBook,
        now: Moment,
        name: Option<ConferenceName>,
    }

    impl House {
        fn open(data: &Path) -> Self {
            let config = StoreConfig { data: data.to_owned(), keep_call_records_days: 0, keep_usage_days: 0 };
            let (store, kept) = Store::open(&config).unwrap();
            let app = AppConfig {
                secret: Redacted::new("x".repeat(64)),
                require_room_key: false,
                multi_device: MultiDevice::TakeOver,
                end_expired_sessions: false,
                auth_buffer_md5: false,
                calls_alongside: true,
            };
            let config = EngineConfig {
                apps: BTreeMap::from([(AppId::new(7).unwrap(), app)]),
                ..EngineConfig::default()
            };
            let mut house = Self {
                engine: Engine::new(config, [7; 32]),
                book: ConferenceBook::new(store),
                now: Moment::from_millis(1000),
                name: None,
            };
            for input in restored(kept.conferences) {
                house.feed(input);
            }
            house
        }

        fn feed(&mut self, input: Input) {
            self.engine.handle(self.now, 1_700_000_000_000, input);
            while let Some(output) = self.engine.poll_output() {
                match output {
                    Output::ConferenceChanged { name, change } => {
                        self.name = Some(name.clone());
                        self.book.changed(&self.engine, self.now, name, change);
                    }
                    Output::ConferenceOver { app, name } => self.book.over(self.now, app, name),
                    _ => {}
                }
            }
        }

        fn call(&mut self, request: ApiCall) {
            self.feed(Input::Api { call: 1, app: AppId::new(7).unwrap(), request });
        }

        fn create(&mut self, room: &str) {
            let request = ConferenceRequest { room: Some(room.to_owned()), ..ConferenceRequest::default() };
            self.call(ApiCall::CreateConference(Box::new(request)));
        }

        fn set(&mut self, value: &str) {
            let changes = vec![AttributeChange { key: "seat".to_owned(), value: Some(value.to_owned()) }];
            let conference = self.name.clone().unwrap();
            self.call(ApiCall::Attributes(None, Attributes { conference, changes }));
        }

        /// How many conferences the store was given, and how many wait.
        fn given(&self) -> usize {
            self.book.waiting.len() + self.book.over.len()
        }

        fn pass(&mut self, time: Duration) {
            self.now = self.now + time;
            self.feed(Input::Tick);
            self.book.settle(&self.engine, self.now);
        }

        fn seats(&self) -> Vec<String> {
            let record = self.engine.conference_record(self.name.as_ref().unwrap()).unwrap();
            record.attributes.into_values().collect()
        }
    }

    #[test]
    fn the_first_change_is_written_at_once_and_those_of_the_next_second_together() {
        let data = tempfile::tempdir().unwrap();
        let mut house = House::open(data.path());
        house.create("a");
        assert_eq!(house.given(), 0, "it is handed over before anybody is answered");
        house.set("1");
        house.set("2");
        assert_eq!(house.given(), 1);
        house.pass(EVERY - Duration::from_millis(1));
        assert_eq!(house.given(), 1);
        house.pass(Duration::from_millis(1));
        assert_eq!(house.given(), 0);
        house.pass(EVERY);
        assert_eq!(house.book.next_deadline(), None, "nothing is kept of one that does not change");
        house.set("3");
        assert_eq!(house.given(), 0);
        let name = house.name.clone();
        house.book.store.close(PATIENCE);
        let mut again = House::open(data.path());
        again.name = name;
        assert_eq!(again.seats(), ["3"]);
        again.book.store.close(PATIENCE);
    }

    #[test]
    fn what_waits_when_the_server_ends_is_written_and_what_is_over_is_not() {
        let data = tempfile::tempdir().unwrap();
        let mut house = House::open(data.path());
        house.create("a");
        let gone = house.name.clone().unwrap();
        house.create("b");
        house.set("1");
        house.set("last");
        house.call(ApiCall::Destroy(None, huitong_protocol::Destroy { conference: gone }));
        house.book.close(&house.engine, house.now);
        house.set("after all");
        assert_eq!(house.given(), 0, "then nothing waits for its turn");
        let name = house.name.clone();
        house.book.store.close(PATIENCE);
        let mut again = House::open(data.path());
        assert_eq!(again.engine.sizes().conferences, 1);
        again.name = name;
        assert_eq!(again.seats(), ["after all"]);
        again.book.store.close(PATIENCE);
    }

    #[test]
    fn what_the_store_does_not_take_is_tried_again_and_grows_no_further() {
        let data = tempfile::tempdir().unwrap();
        let mut house = House::open(data.path());
        house.create("a");
        house.book.store.close(PATIENCE);
        for n in 0..100 {
            house.set(&n.to_string());
            house.pass(EVERY);
        }
        assert_eq!(house.given(), 1, "what waits is that it has changed, and not how often");
        let (other, _) = Store::open(&StoreConfig {
            data: data.path().to_owned(),
            keep_call_records_days: 0,
            keep_usage_days: 0,
        })
        .unwrap();
        house.book.store = other;
        house.pass(EVERY);
        assert_eq!(house.given(), 0);
        let name = house.name.clone();
        house.book.store.close(PATIENCE);
        let mut again = House::open(data.path());
        again.name = name;
        assert_eq!(again.seats(), ["99"]);
        again.book.store.close(PATIENCE);
    }

    #[test]
    fn a_conference_that_cannot_be_read_is_left_out_and_costs_no_other() {
        let data = tempfile::tempdir().unwrap();
        let mut house = House::open(data.path());
        house.create("a");
        let good = rows(
            &house.engine,
            house.name.as_ref().unwrap(),
            &ConferenceChange { itself: true, ..ConferenceChange::default() },
        )
        .unwrap();
        let mut torn = good.clone();
        torn.itself.as_mut().unwrap().record = Redacted::new("{\"app\":7".to_owned());
        let other_name = ConferenceRows { id: "k-other".to_owned(), ..good.clone() };
        let mut odd = good.clone();
        for (user, role) in [("bob", Some("admin")), ("eve", Some("emperor")), ("", None)] {
            let decided = Decided { role: role.map(str::to_owned), no_audio: true, no_video: false };
            odd.decided.insert(user.to_owned(), decided);
        }
        let inputs = restored(vec![torn, other_name, odd]);
        let [Input::RestoreConference { record, decided }] = inputs.as_slice() else { panic!("{inputs:?}") };
        assert_eq!(record.name.as_str(), good.id);
        let bob = ConferenceDecision {
            user: UserId::new("bob").unwrap(),
            role: Some(ConferenceRole::Admin),
            no_audio: true,
            no_video: false,
        };
        assert_eq!(*decided, [bob]);
        house.book.store.close(PATIENCE);
    }
}
