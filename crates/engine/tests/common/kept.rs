//! What is kept and counted outside of the engine.

use super::World;
use huitong_engine::{ConferenceDecision, ConferenceRecord, Engine, EngineConfig, Input, Output, StayEvent};
use huitong_types::{ConferenceName, Moment, UserId};
use huitong_usage::Input as Used;
use std::collections::BTreeMap;

/// What the counting machine hears of an event.
pub(super) fn counted(event: StayEvent) -> Used {
    match event {
        StayEvent::Entered { session, app, room, user } => Used::Entered { session, app, room, user },
        StayEvent::Left { session } => Used::Left { session },
        StayEvent::Announced { session, stream, tracks } => {
            Used::Announced { session, stream, audio: tracks.audio, video: tracks.video }
        }
        StayEvent::Receives { session, stream, video } => Used::Receives { session, stream, video },
        StayEvent::Guests { stream, app, room, user, many } => {
            Used::Guests { stream, app, room, user, many: u64::try_from(many).unwrap() }
        }
    }
}

/// A conference as a disk has it.
pub type OnDisk = (ConferenceRecord, BTreeMap<UserId, ConferenceDecision>);

impl World {
    pub(super) fn count(&mut self, input: Used) {
        self.usage.handle(Moment::from_millis(self.now), self.unix_ms(), input);
        while self.usage.poll_output().is_some() {}
    }

    /// Writes what is told to the disk, and nothing else.
    pub(super) fn keep(&mut self, output: Output) {
        match output {
            Output::ConferenceChanged { name, change } => {
                let Some(record) = self.engine.conference_record(&name) else { return };
                if change.itself {
                    let decided = self.disk.remove(&name).map(|(_, decided)| decided).unwrap_or_default();
                    self.disk.insert(name.clone(), (record, decided));
                }
                let (_, decided) = self.disk.get_mut(&name).expect("it is written before decisions in it");
                for user in change.users {
                    let decision = self.engine.conference_decision(&name, &user).expect("decided");
                    decided.insert(user, decision);
                }
            }
            Output::ConferenceOver { name, .. } => {
                assert!(self.disk.remove(&name).is_some(), "only what was kept")
            }
            other => panic!("it concerns a connection: {other:?}"),
        }
    }

    /// Whether the disk has what is there.
    pub(super) fn check_disk(&self) {
        let waits = |name: &ConferenceName| self.engine.conference_record(name);
        for (name, (record, _)) in &self.disk {
            assert_eq!(waits(name).as_ref(), Some(record), "it is another one by now");
        }
        // While passwords are held, there are conferences without their hash.
        let (all, kept) = (self.engine.sizes().conferences, self.disk.len());
        assert!(
            kept <= all && (self.hold_passwords || self.passwords.len() + kept >= all),
            "one is not kept"
        );
    }

    /// The process dies, and the next one starts with what the disk has. Clients that were there are forgotten.
    pub fn restart(&mut self, config: EngineConfig) {
        let disk = std::mem::take(&mut self.disk);
        let mut next = Self::new(config.clone());
        // Another start has other random numbers.
        next.engine = Engine::new(config, [8; 32]);
        next.started_ms = self.unix_ms();
        next.disk = disk.clone();
        *self = next;
        for (record, decided) in disk.into_values() {
            let decided = decided.into_values().collect();
            let restore = Input::RestoreConference { record: Box::new(record), decided };
            self.engine.handle(Moment::ZERO, self.unix_ms(), restore);
            while let Some(output) = self.engine.poll_output() {
                self.output(output);
            }
        }
        self.input(Input::Tick);
    }
}
