//! One call and those who take part in it.

use crate::io::{CallId, Media, OverReason, PartyRecord};
use huitong_types::{AppId, Moment, RoomId, SessionId, UserId};
use std::collections::BTreeSet;

/// How it stands with one of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartyState {
    /// The caller, whom nobody has answered yet.
    Calling,
    /// Invited; whether a device was reached is [`Party::reached`].
    Ringing,
    /// Answered, or the caller who was answered.
    Connected,
    /// Declined.
    Rejected,
    /// Was in another call.
    Busy,
    /// Was reached and did not answer in time.
    TimedOut,
    /// Was not reached in time.
    Unreachable,
    /// Hung up, or was the last one.
    Left,
    /// Vanished, or never came to the room.
    Lost,
    /// Was removed from the room.
    Kicked,
    /// The call ended before an answer.
    Cancelled,
}

impl PartyState {
    /// Whether its part is over.
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Calling | Self::Ringing | Self::Connected)
    }

    /// The reason that one who never answered gives for the end of a call.
    pub(crate) const fn unanswered(self) -> Option<OverReason> {
        match self {
            Self::Rejected => Some(OverReason::Rejected),
            Self::Busy => Some(OverReason::Busy),
            Self::TimedOut => Some(OverReason::TimedOut),
            Self::Unreachable => Some(OverReason::Unreachable),
            _ => None,
        }
    }
}

/// One of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Who.
    pub user: UserId,
    /// How it stands.
    pub state: PartyState,
    /// The device that called or answered.
    pub session: Option<SessionId>,
    /// Whether the invitation reached a device.
    pub reached: bool,
    /// When it first rang at a device.
    pub rang: Option<Moment>,
    /// When it was connected.
    pub answered: Option<Moment>,
    pub(crate) left: Option<Moment>,
    /// Devices that ring.
    pub(crate) told: BTreeSet<SessionId>,
    /// Whether the device is in the room.
    pub(crate) entered: bool,
}

impl Party {
    pub(crate) fn new(user: UserId, state: PartyState) -> Self {
        Self {
            user,
            state,
            session: None,
            reached: false,
            rang: None,
            answered: None,
            left: None,
            told: BTreeSet::new(),
            entered: false,
        }
    }

    pub(crate) fn record(&self, now: Moment) -> PartyRecord {
        PartyRecord {
            user: self.user.clone(),
            session: self.session,
            state: self.state,
            rang: self.rang,
            answered: self.answered,
            left: self.left.unwrap_or(now),
        }
    }
}

/// A call that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its number.
    pub id: CallId,
    /// The application.
    pub app: AppId,
    /// Where they meet.
    pub room: RoomId,
    /// With what.
    pub media: Media,
    /// The group, if any.
    pub group: Option<String>,
    /// What is handed through.
    pub data: Option<String>,
    /// Whether the back-end started it.
    pub backend: bool,
    /// Whether its room is there for others as well, see [`crate::Placed::open`].
    pub open: bool,
    /// When it began.
    pub started: Moment,
    /// Until when it rings.
    pub rings_until: Moment,
    /// When two were connected for the first time.
    pub connected: Option<Moment>,
    /// The caller, then the invitees in the order in which they were named.
    pub parties: Vec<Party>,
}

impl Call {
    /// Whether it is more than a call between two.
    pub fn is_group(&self) -> bool {
        self.open || self.group.is_some() || self.parties.len() > 2
    }

    /// The first of an open call, who only gives its name to it: it has no device and is not busy with the call. As it is connected
    /// from the beginning, it counts for those in the room.
    pub(crate) fn stands_for_room(&self, user: &UserId) -> bool {
        self.open && self.caller().is_some_and(|caller| caller.user == *user)
    }

    /// The caller.
    pub fn caller(&self) -> Option<&Party> {
        self.parties.first()
    }

    /// The part of a user.
    pub fn party(&self, user: &UserId) -> Option<&Party> {
        self.parties.iter().find(|party| party.user == *user)
    }

    pub(crate) fn party_mut(&mut self, user: &UserId) -> Option<&mut Party> {
        self.parties.iter_mut().find(|party| party.user == *user)
    }

    /// Why a call is over that `reason` brought to its end. If none of the invitees has answered it is the strongest of
    /// their reasons, whatever came last, and of `by` only if it is the one who gave that.
    pub(crate) fn outcome<'a>(
        &self,
        reason: OverReason,
        by: Option<&'a UserId>,
    ) -> (OverReason, Option<&'a UserId>) {
        const STRONGEST_FIRST: [PartyState; 4] =
            [PartyState::Rejected, PartyState::Busy, PartyState::TimedOut, PartyState::Unreachable];
        let given = |state: &PartyState| {
            state.unanswered().filter(|_| self.count(*state) > 0).map(|reason| (*state, reason))
        };
        let unanswered = STRONGEST_FIRST.iter().any(|state| state.unanswered() == Some(reason));
        let answered = self.parties.iter().skip(1).any(|party| party.session.is_some());
        match STRONGEST_FIRST.iter().find_map(given) {
            Some((state, strongest)) if unanswered && !answered => {
                (strongest, by.filter(|user| self.party(user).is_some_and(|party| party.state == state)))
            }
            _ => (reason, by),
        }
    }

    /// How many are in this state.
    pub fn count(&self, state: PartyState) -> usize {
        self.parties.iter().filter(|party| party.state == state).count()
    }

    /// Sessions that are told what happens to the others: those that take part, and in a group those that ring.
    pub(crate) fn audience(&self, except: &UserId) -> Vec<SessionId> {
        let group = self.is_group();
        let of = |party: &Party| match party.state {
            PartyState::Calling | PartyState::Connected => party.session.into_iter().collect(),
            PartyState::Ringing if group => party.told.iter().copied().collect(),
            _ => Vec::new(),
        };
        self.parties.iter().filter(|party| party.user != *except).flat_map(of).collect()
    }
}
