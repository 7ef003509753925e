//! One conference and those who are in it.

use crate::io::{AskId, ConferenceId, MemberId, MemberView, PasswordHash, Profile, TicketId, UserKey, Whom};
use crate::kept::Decision;
use crate::limits::{Caps, Guessing, Limits};
use crate::words::{Kind, Role};
use huitong_types::{AppId, Moment, RoomId, SessionId, StreamKind, UserId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// What opens a conference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// Nothing is needed.
    Open,
    /// A password that is being hashed.
    Sealing,
    /// A password that fits this.
    Sealed(PasswordHash),
}

/// Wrong passwords, and until when no other one is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Guesses {
    pub(crate) wrong: u32,
    pub(crate) free_at: Moment,
}

impl Guesses {
    pub(crate) fn count(&mut self, now: Moment, guessing: &Guessing) {
        // Beyond the longest delay there is nothing left to count.
        if guessing.delay(self.wrong) < guessing.longest {
            self.wrong = self.wrong.saturating_add(1);
        }
        self.free_at = now + guessing.delay(self.wrong);
    }

    /// How long to wait before one more may be tried while so many are being checked. Those may all be wrong, so they count as
    /// if they were: nobody gets more for trying all at once.
    pub(crate) fn wait(&self, now: Moment, checked: usize, guessing: &Guessing) -> Option<Duration> {
        let checked = u32::try_from(checked).unwrap_or(u32::MAX);
        if self.wrong.saturating_add(checked) < guessing.free || (checked == 0 && self.free_at <= now) {
            return None;
        }
        Some(self.free_at.since(now).max(guessing.delay))
    }
}

/// A stream that a member sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stream {
    /// Whether it has a picture.
    pub video: bool,
}

/// One who is in a conference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its number.
    pub id: MemberId,
    /// Who.
    pub user: UserId,
    /// With which session.
    pub session: SessionId,
    /// The ticket by which it came. Who came by the door of the room has none: it hears nothing of the conference.
    pub ticket: Option<TicketId>,
    /// What it may do.
    pub role: Role,
    /// What it shows of itself.
    pub profile: Profile,
    /// Since when it is there.
    pub entered: Moment,
    /// Whether its sound is left out.
    pub no_audio: bool,
    /// Whether its picture is left out.
    pub no_video: bool,
    /// What it sends.
    pub streams: BTreeMap<StreamKind, Stream>,
}

impl Member {
    /// The member as the others see it.
    pub fn view(&self) -> MemberView {
        MemberView { id: self.id, user: self.user.clone(), role: self.role, profile: self.profile.clone() }
    }
}

/// A conference that is not over.
#[derive(Clone, Debug)]
pub struct Conference {
    /// Its number.
    pub id: ConferenceId,
    /// The application.
    pub app: AppId,
    /// Where its media is.
    pub room: RoomId,
    /// What it is for.
    pub kind: Kind,
    /// Who is its admin whenever inside, and manages it from outside: who created it, until an admin takes that away.
    pub creator: Option<UserId>,
    /// The role of those who ask for none.
    pub default_role: Role,
    /// How many may be what.
    pub caps: Caps,
    /// How long it is kept when everybody has left. For the first who comes it waits a while at least.
    pub empty: Duration,
    /// Whether each stream is to be recorded.
    pub record: bool,
    /// Whether it is to be recorded as one picture.
    pub record_merged: bool,
    /// Whether nobody raises a hand here.
    pub no_hands: bool,
    /// When it began.
    pub created: Moment,
    /// Who counts as having created it, whatever became of its rights.
    pub(crate) founder: Option<UserKey>,
    pub(crate) lock: Lock,
    pub(crate) members: BTreeMap<MemberId, Member>,
    pub(crate) users: BTreeMap<UserId, MemberId>,
    /// Members that may publish, and those of them that are admins.
    pub(crate) talkers: BTreeSet<MemberId>,
    pub(crate) admins: BTreeSet<MemberId>,
    pub(crate) hands: BTreeSet<MemberId>,
    /// Whether anybody was inside since it began, or since the server did.
    pub(crate) visited: bool,
    /// Whether an admin was.
    pub(crate) governed: bool,
    pub(crate) decided: BTreeMap<UserId, Decision>,
    pub(crate) attributes: BTreeMap<Arc<str>, Arc<str>>,
    pub(crate) guesses: Guesses,
    /// Users who were inside by a ticket: they have shown that they know the password. Bounded as decisions are.
    pub(crate) acquainted: BTreeSet<UserId>,
    pub(crate) asks: BTreeSet<AskId>,
    /// Unused tickets of each user, the oldest first.
    pub(crate) tickets: BTreeMap<UserId, VecDeque<TicketId>>,
}

impl Conference {
    /// Whether a password is needed.
    pub fn is_locked(&self) -> bool {
        self.lock != Lock::Open
    }

    /// Everybody inside, in the order in which they came.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values()
    }

    /// Those whom the others know, in the order in which they came.
    pub fn announced(&self) -> impl Iterator<Item = &Member> {
        self.members.values().filter(|member| self.is_announced(member.role))
    }

    /// Those who may talk, in the order in which they came.
    pub fn talkers(&self) -> impl Iterator<Item = &Member> {
        self.talkers.iter().filter_map(|member| self.members.get(member))
    }

    /// Who becomes admin if there is none: nobody who does not hear of it and could not decide anything.
    pub(crate) fn successor(&self) -> Option<MemberId> {
        self.talkers().find(|talker| talker.ticket.is_some()).map(|talker| talker.id)
    }

    /// Those who ask to be made talkers.
    pub fn hands(&self) -> impl Iterator<Item = &Member> {
        self.hands.iter().filter_map(|member| self.members.get(member))
    }

    /// How many only watch.
    pub fn audience(&self) -> usize {
        self.members.len() - self.talkers.len()
    }

    /// The attributes.
    pub fn attributes(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<str>)> {
        self.attributes.iter()
    }

    /// A member by its number.
    pub fn member(&self, id: MemberId) -> Option<&Member> {
        self.members.get(&id)
    }

    /// The member that a user is.
    pub fn member_of(&self, user: &UserId) -> Option<&Member> {
        self.members.get(self.users.get(user)?)
    }

    /// Whether the others are told of one with this role.
    pub(crate) fn is_announced(&self, role: Role) -> bool {
        self.kind != Kind::Live || role.publishes()
    }

    /// How long it is kept while nobody is inside.
    pub(crate) fn waits(&self, limits: &Limits) -> Duration {
        if self.visited { self.empty } else { self.empty.max(limits.arrival) }
    }

    pub(crate) fn is_creator(&self, user: &UserId) -> bool {
        self.creator.as_ref() == Some(user)
    }

    /// Members by how they are named, each once; who is not there is left out.
    pub(crate) fn find(&self, whom: &[Whom]) -> Vec<MemberId> {
        let mut seen = BTreeSet::new();
        let found = whom.iter().filter_map(|whom| match whom {
            Whom::User(user) => self.users.get(user).copied(),
            Whom::Member(id) => Some(*id).filter(|id| self.members.contains_key(id)),
        });
        found.filter(|id| seen.insert(*id)).collect()
    }

    pub(crate) fn sessions(&self) -> Vec<SessionId> {
        self.members.values().map(|member| member.session).collect()
    }

    pub(crate) fn sessions_but(&self, except: MemberId) -> Vec<SessionId> {
        let others = self.members.values().filter(|member| member.id != except);
        others.map(|member| member.session).collect()
    }

    pub(crate) fn admin_sessions(&self) -> Vec<SessionId> {
        self.admins.iter().filter_map(|admin| self.members.get(admin)).map(|admin| admin.session).collect()
    }

    /// Puts a member where its role belongs.
    pub(crate) fn sort(&mut self, id: MemberId, role: Option<Role>) {
        let mut keep = |list: fn(&mut Self) -> &mut BTreeSet<MemberId>, inside: bool| {
            match inside {
                true => list(self).insert(id),
                false => list(self).remove(&id),
            };
        };
        keep(|all| &mut all.talkers, role.is_some_and(Role::publishes));
        keep(|all| &mut all.admins, role == Some(Role::Admin));
        self.visited |= role.is_some();
        self.governed |= role == Some(Role::Admin);
    }

    /// Cameras that are on, except those of one.
    pub(crate) fn videos_but(&self, except: MemberId) -> usize {
        let cameras = self.talkers().filter(|member| member.id != except);
        cameras.filter(|member| member.streams.get(&StreamKind::Main).is_some_and(|main| main.video)).count()
    }

    /// Shared screens, except that of one.
    pub(crate) fn screens_but(&self, except: MemberId) -> usize {
        let others = self.talkers().filter(|member| member.id != except);
        others.filter(|member| member.streams.contains_key(&StreamKind::Aux)).count()
    }
}
