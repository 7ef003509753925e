//! Calls and groups in the store: the record of a call outlives the server, and so does what the back-end told of groups.

use huitong_engine::{CallLog, Input};
use huitong_store::{CallEnd, CallParty, CallRecord, Group, Store};
use huitong_types::{AppId, GroupId, UserId};

/// The calls' part of the store.
#[derive(Debug)]
pub(crate) struct CallBook {
    store: Store,
}

impl CallBook {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Notes that a call began.
    pub(crate) fn started(&self, log: &CallLog) {
        self.store.call_started(record(log));
    }

    /// Keeps the record of a call that is over.
    pub(crate) fn finished(&self, log: &CallLog) {
        self.store.call_finished(record(log));
    }

    /// Keeps a group.
    pub(crate) fn keep_group(&self, app: AppId, group: &GroupId, members: &[UserId]) {
        let members = members.iter().map(|user| user.as_str().to_owned()).collect();
        self.store.put_group(Group { app, id: group.as_str().to_owned(), members });
    }

    /// Keeps a group no longer.
    pub(crate) fn drop_group(&self, app: AppId, group: &GroupId) {
        self.store.drop_group(app, group.as_str());
    }
}

/// What brings the groups of before back to the engine. A name that this version does not allow is left out and told.
pub(crate) fn restored(groups: Vec<Group>) -> Vec<Input> {
    groups.into_iter().filter_map(restore).collect()
}

fn restore(kept: Group) -> Option<Input> {
    let members: Result<Vec<UserId>, _> = kept.members.iter().map(UserId::new).collect();
    match (GroupId::new(&kept.id), members) {
        (Ok(group), Ok(members)) => Some(Input::RestoreGroup { app: kept.app, group, members }),
        (Err(error), _) | (_, Err(error)) => {
            tracing::warn!(
                app = kept.app.get(),
                group = kept.id,
                "a group in the database is left out: {error}"
            );
            None
        }
    }
}

fn record(log: &CallLog) -> CallRecord {
    let caller = log.parties.first().map_or_else(String::new, |party| party.user.as_str().to_owned());
    CallRecord {
        app: log.app,
        call: log.call.as_str().to_owned(),
        room: log.room.to_string(),
        media: log.media.as_str().to_owned(),
        group: log.group.as_ref().map(|group| group.as_str().to_owned()),
        data: log.data.as_ref().map(|data| data.as_str().to_owned()),
        caller,
        backend: log.backend,
        started_ms: log.started_ms,
        connected_ms: log.connected_ms,
        end: log.end.as_ref().map(|end| CallEnd {
            at_ms: end.at_ms,
            reason: end.reason.as_str().to_owned(),
            by: end.by.as_ref().map(|user| user.as_str().to_owned()),
        }),
        parties: log
            .parties
            .iter()
            .map(|party| CallParty {
                user: party.user.as_str().to_owned(),
                device: party.device.as_ref().map(|device| device.as_str().to_owned()),
                state: party.state.as_str().to_owned(),
                rang_ms: party.rang_ms,
                answered_ms: party.answered_ms,
                left_ms: party.left_ms,
                duration_ms: u64::try_from(party.duration.as_millis()).unwrap_or(u64::MAX),
            })
            .collect(),
    }
}
