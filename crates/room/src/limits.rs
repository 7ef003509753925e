//! How big rooms may be, how long things last, and whether a join keeps within that.

use crate::state::Room;
use crate::{Join, TrackFlags};
use huitong_types::{ErrorCode, Fault, LeaveReason, Privileges, Role, Scene, StreamKind, limits};
use std::time::Duration;

/// Numbers of the room machine. The defaults are those of `huitong_types::limits`.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most members of an rtc room.
    pub rtc_members: usize,
    /// Most publishers of any room.
    pub publishers: usize,
    /// Most audience of a live room.
    pub live_audience: usize,
    /// How long a seat outlives its connection.
    pub seat_grace: Duration,
    /// When a lost connection is shown to others.
    pub away_after: Duration,
    /// How long a live room goes on with audience only.
    pub live_audience_only: Duration,
    /// How long a stream stays announced after its media connection vanished.
    pub publish_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rtc_members: limits::RTC_MEMBERS,
            publishers: limits::PUBLISHERS,
            live_audience: limits::LIVE_AUDIENCE,
            seat_grace: limits::SEAT_GRACE,
            away_after: limits::AWAY_AFTER,
            live_audience_only: limits::LIVE_AUDIENCE_ONLY,
            publish_grace: limits::PUBLISH_GRACE,
        }
    }
}

/// The audience count is told at most this often.
pub(crate) const AUDIENCE_INTERVAL: Duration = Duration::from_secs(1);

/// A room sends at most about this many audience counts per second: a room of 100 000 hears its size every
/// 20 s instead of spending 100 000 messages a second on it.
pub(crate) const AUDIENCE_EVENTS_PER_SECOND: usize = 5000;

/// How long to wait between two audience counts that go to this many members.
pub(crate) fn audience_interval(members: usize) -> Duration {
    let seconds = u64::try_from(members / AUDIENCE_EVENTS_PER_SECOND).unwrap_or(u64::MAX);
    AUDIENCE_INTERVAL.max(Duration::from_secs(seconds))
}

/// The role that a member really gets: rtc rooms have no audience.
pub(crate) const fn effective_role(scene: Scene, wished: Role) -> Role {
    match scene {
        Scene::Rtc => Role::Publisher,
        Scene::Live => wished,
    }
}

/// Whether a stream with these tracks on may be declared.
pub(crate) fn may_declare(
    role: Role,
    privileges: Privileges,
    kind: StreamKind,
    tracks: TrackFlags,
) -> Result<(), Fault> {
    if role == Role::Audience {
        return Err(Fault::because(
            ErrorCode::MayNotPublish,
            "Audience may not publish; become a publisher first.",
        ));
    }
    if tracks.any() && !TrackFlags::sendable(privileges, kind).any() {
        return Err(no_privilege(kind));
    }
    Ok(())
}

/// Whether a member of a live room may have this role. Publishers are announced and counted, so somebody who may
/// send nothing must not take the place of one who may.
pub(crate) fn may_have_role(scene: Scene, role: Role, privileges: Privileges) -> Result<(), Fault> {
    let sends = StreamKind::ALL.into_iter().any(|kind| TrackFlags::sendable(privileges, kind).any());
    if scene == Scene::Rtc || role == Role::Audience || sends {
        return Ok(());
    }
    let sentence = "The privateMapKey allows to watch only; enter with role audience.";
    Err(Fault::because(ErrorCode::MayNotPublish, sentence).in_field("role"))
}

/// Refuses a stream whose member has no privilege for any of its tracks.
pub(crate) const fn no_privilege(kind: StreamKind) -> Fault {
    match kind {
        StreamKind::Main => Fault::new(ErrorCode::MayNotPublish),
        StreamKind::Aux => Fault::new(ErrorCode::MayNotPublishAux),
    }
}

/// Whether a session that is not in the room may enter it. A session of the same user that is in the room
/// already would be replaced and does not count.
pub(crate) fn admit(limits: &Limits, room: Option<&Room>, join: &Join) -> Result<(), Fault> {
    if !join.privileges.allows(Privileges::ENTER) {
        return Err(Fault::new(ErrorCode::MayNotEnter));
    }
    let role = effective_role(join.scene, join.role);
    may_have_role(join.scene, role, join.privileges)?;
    for (kind, tracks) in &join.declare {
        may_declare(role, join.privileges, *kind, *tracks)?;
    }
    let Some(room) = room else {
        let may_create = join.privileges.allows(Privileges::CREATE);
        return if may_create { Ok(()) } else { Err(Fault::new(ErrorCode::MayNotCreate)) };
    };
    same_scene(room, join.scene)?;
    let replaced = room.users.get(&join.user).and_then(|session| room.members.get(session));
    let replaced_announced = usize::from(replaced.is_some_and(|member| member.place.is_some()));
    let announced = room.announced.len() - replaced_announced;
    let audience = room.audience() - (usize::from(replaced.is_some()) - replaced_announced);
    match (room.scene, role) {
        (Scene::Rtc, _) if announced >= limits.rtc_members => Err(room_full(limits.rtc_members, "members")),
        (Scene::Live, Role::Publisher) => publisher_place(limits, announced),
        (Scene::Live, Role::Audience) if audience >= limits.live_audience => {
            Err(room_full(limits.live_audience, "audience members"))
        }
        _ => Ok(()),
    }
}

/// Refuses another scene than the room's.
pub(crate) fn same_scene(room: &Room, scene: Scene) -> Result<(), Fault> {
    if room.scene == scene {
        return Ok(());
    }
    let word = match room.scene {
        Scene::Rtc => "rtc",
        Scene::Live => "live",
    };
    let sentence = format!("The room exists with scene {word}; join it with that scene.");
    Err(Fault::because(ErrorCode::SceneMismatch, sentence).in_field("scene"))
}

/// Whether one more may be a publisher when there are `present` already.
pub(crate) fn publisher_place(limits: &Limits, present: usize) -> Result<(), Fault> {
    if present < limits.publishers {
        return Ok(());
    }
    let sentence = format!("The room has {} publishers, the most it may have.", limits.publishers);
    Err(Fault::because(ErrorCode::PublishersFull, sentence))
}

fn room_full(most: usize, of: &str) -> Fault {
    Fault::because(ErrorCode::RoomFull, format!("The room has {most} {of}, the most it may have."))
}

/// The sentence for media that is cut because its member is no longer in the room.
pub fn cut_sentence(reason: LeaveReason) -> &'static str {
    match reason {
        LeaveReason::Left => "The member left the room.",
        LeaveReason::TimedOut => "The member's connection was lost for too long.",
        LeaveReason::Kicked => "The member was removed from the room.",
        LeaveReason::NoPlace => "The room has no place for the member.",
        LeaveReason::Dissolved => "The room is over.",
        LeaveReason::Replaced => "The same user entered the room with another session.",
        LeaveReason::BecameAudience => "The member is audience now.",
        LeaveReason::SessionEnded => "The member's session ended.",
    }
}
