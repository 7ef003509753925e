//! Calls as sessions, the back-end and the record see them.

use super::Meta;
use crate::engine::Engine;
use crate::io::{CallLog, CallLogEnd, CallLogParty};
use huitong_call::{Call, Media, Output, OverReason, PartyState, Record};
use huitong_protocol::{CallState, Participant};
use huitong_types::{CallEndReason, CallMedia, Moment, OwnState, ParticipantState, SessionId, UserId};
use std::time::Duration;

/// To whom a call is shown.
pub(crate) struct Subject<'a> {
    pub(crate) user: &'a UserId,
    pub(crate) session: SessionId,
}

/// One of a call, in progress or over.
struct Part {
    user: UserId,
    state: PartyState,
    reached: bool,
    session: Option<SessionId>,
    answered: Option<Moment>,
}

/// A call, in progress or over in this very step.
struct View {
    media: Media,
    backend: bool,
    open: bool,
    started: Moment,
    rings_until: Moment,
    parts: Vec<Part>,
}

impl View {
    fn of(call: &Call) -> Self {
        let part = |party: &huitong_call::Party| Part {
            user: party.user.clone(),
            state: party.state,
            reached: party.reached,
            session: party.session,
            answered: party.answered,
        };
        Self {
            media: call.media,
            backend: call.backend,
            open: call.open,
            started: call.started,
            rings_until: call.rings_until,
            parts: call.parties.iter().map(part).collect(),
        }
    }

    /// What a call was before it was over in the step that made it: whoever called had not been told so.
    fn of_record(record: &Record) -> Self {
        let part = |party: &huitong_call::PartyRecord| Part {
            user: party.user.clone(),
            state: match party.state {
                PartyState::Cancelled if party.session.is_some() => PartyState::Calling,
                PartyState::Cancelled => PartyState::Ringing,
                other => other,
            },
            reached: party.rang.is_some(),
            session: party.session,
            answered: party.answered,
        };
        Self {
            media: record.media,
            backend: record.backend,
            open: record.open,
            started: record.started,
            rings_until: record.ended,
            parts: record.parties.iter().map(part).collect(),
        }
    }
}

impl Engine {
    /// A call as a session sees it. One that is over in this very step is shown as it was before.
    pub(crate) fn view_of_call(&self, id: huitong_call::CallId, subject: &Subject<'_>) -> Option<CallState> {
        let meta = self.desk.meta.get(&id)?;
        let view = match self.desk.machine.get(id) {
            Some(call) => View::of(call),
            None => View::of_record(self.desk.out.iter().find_map(|output| match output {
                Output::Finished(record) if record.id == id => Some(record.as_ref()),
                _ => None,
            })?),
        };
        let own = view.parts.iter().find(|part| part.user == *subject.user)?;
        let you = match own.state {
            PartyState::Calling if own.session == Some(subject.session) => OwnState::Calling,
            PartyState::Connected if own.session == Some(subject.session) => OwnState::Connected,
            _ => OwnState::Ringing,
        };
        let first = view.parts.first()?;
        let caller = match view.parts.get(1) {
            Some(second) if view.backend && first.user == *subject.user => second,
            _ => first,
        };
        Some(CallState {
            call: meta.name.clone(),
            caller: caller.user.clone(),
            media: media(view.media),
            room: meta.key.room.clone(),
            group: meta.group.clone(),
            data: meta.data.clone(),
            backend: view.backend,
            open: view.open,
            ringing_ms: u32::try_from(view.rings_until.since(self.now).as_millis()).unwrap_or(u32::MAX),
            started_ms: self.unix_of(view.started),
            connected_ms: own.answered.map(|at| self.unix_of(at)),
            you,
            participants: view
                .parts
                .iter()
                .map(|part| Participant { user: part.user.clone(), state: state(part.state, part.reached) })
                .collect(),
        })
    }

    /// The calls that ring at a session or in which it takes part.
    pub(crate) fn calls_of(&self, session: SessionId) -> Vec<CallState> {
        let Some(key) = self.desk.devices.get(&session) else { return Vec::new() };
        let call = self.desk.machine.of_session(session);
        let subject = Subject { user: &key.user, session };
        call.and_then(|call| self.view_of_call(call.id, &subject)).into_iter().collect()
    }

    /// What goes into the record of a call that has begun.
    pub(crate) fn log_of_call(&self, call: &Call, meta: &Meta) -> CallLog {
        let party = |party: &huitong_call::Party| CallLogParty {
            user: party.user.clone(),
            device: meta.devices.get(&party.user).cloned(),
            state: state(party.state, party.reached),
            rang_ms: party.rang.map(|at| self.unix_of(at)),
            answered_ms: party.answered.map(|at| self.unix_of(at)),
            left_ms: None,
            duration: Duration::ZERO,
        };
        CallLog {
            app: call.app,
            call: meta.name.clone(),
            room: call.room.clone(),
            media: media(call.media),
            group: meta.group.clone(),
            data: meta.data.clone(),
            backend: call.backend,
            open: call.open,
            started_ms: self.unix_of(call.started),
            connected_ms: call.connected.map(|at| self.unix_of(at)),
            end: None,
            parties: call.parties.iter().map(party).collect(),
        }
    }

    /// What goes into the record of a call that is over.
    pub(crate) fn log_of_record(&self, record: &Record, meta: &Meta) -> CallLog {
        let party = |party: &huitong_call::PartyRecord| CallLogParty {
            user: party.user.clone(),
            device: meta.devices.get(&party.user).cloned(),
            state: state(party.state, party.rang.is_some()),
            rang_ms: party.rang.map(|at| self.unix_of(at)),
            answered_ms: party.answered.map(|at| self.unix_of(at)),
            left_ms: Some(self.unix_of(party.left)),
            duration: party.duration(),
        };
        CallLog {
            app: record.app,
            call: meta.name.clone(),
            room: record.room.clone(),
            media: media(record.media),
            group: meta.group.clone(),
            data: meta.data.clone(),
            backend: record.backend,
            open: record.open,
            started_ms: self.unix_of(record.started),
            connected_ms: record.connected.map(|at| self.unix_of(at)),
            end: Some(CallLogEnd {
                at_ms: self.unix_of(record.ended),
                reason: reason(record.reason),
                by: record.by.clone(),
            }),
            parties: record.parties.iter().map(party).collect(),
        }
    }

    /// The wall clock at a moment.
    pub(crate) fn unix_of(&self, at: Moment) -> u64 {
        let (moment, unix) = self.anchor;
        (unix + at.as_millis()).saturating_sub(moment.as_millis())
    }
}

pub(crate) const fn media(media: Media) -> CallMedia {
    match media {
        Media::Audio => CallMedia::Audio,
        Media::Video => CallMedia::Video,
    }
}

/// How it stands with one of a call, in the words of the protocol.
pub(crate) const fn state(state: PartyState, reached: bool) -> ParticipantState {
    match state {
        PartyState::Calling => ParticipantState::Calling,
        PartyState::Ringing if reached => ParticipantState::Ringing,
        PartyState::Ringing => ParticipantState::Offline,
        PartyState::Connected => ParticipantState::Connected,
        PartyState::Rejected => ParticipantState::Rejected,
        PartyState::Busy => ParticipantState::Busy,
        PartyState::TimedOut => ParticipantState::TimedOut,
        PartyState::Unreachable => ParticipantState::Unreachable,
        PartyState::Left => ParticipantState::Left,
        PartyState::Lost => ParticipantState::Lost,
        PartyState::Kicked => ParticipantState::Kicked,
        PartyState::Cancelled => ParticipantState::Cancelled,
    }
}

/// Why a call is over, in the words of the protocol.
pub(crate) const fn reason(reason: OverReason) -> CallEndReason {
    match reason {
        OverReason::HungUp => CallEndReason::HungUp,
        OverReason::Rejected => CallEndReason::Rejected,
        OverReason::Busy => CallEndReason::Busy,
        OverReason::Cancelled => CallEndReason::Cancelled,
        OverReason::TimedOut => CallEndReason::TimedOut,
        OverReason::Unreachable => CallEndReason::Unreachable,
        OverReason::AnsweredElsewhere => CallEndReason::AnsweredElsewhere,
        OverReason::RefusedElsewhere => CallEndReason::RefusedElsewhere,
        OverReason::Lost => CallEndReason::Lost,
        OverReason::Kicked => CallEndReason::Kicked,
        OverReason::Dissolved => CallEndReason::Dissolved,
        OverReason::Ended => CallEndReason::Ended,
        OverReason::ServerShutdown => CallEndReason::ServerShutdown,
    }
}
