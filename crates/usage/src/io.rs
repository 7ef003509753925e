//! What goes into the machine and what comes out of it.

use crate::day::Day;
use crate::quota::{Limit, Quota};
use crate::totals::Totals;
use huitong_types::{AppId, RoomId, SessionId, StreamId, UserId};
use std::collections::BTreeMap;

/// How to count.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Minutes by which days begin before those of UTC: 480 for China.
    pub day_offset_minutes: i32,
    /// The applications, and what each may use. Of others the machine counts stays, and neither sums nor limits.
    pub quotas: BTreeMap<AppId, Quota>,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// What an application had used on a day when the server started.
    Before {
        /// The application.
        app: AppId,
        /// The day.
        day: Day,
        /// What it had used.
        totals: Totals,
    },
    /// An application may use something else from now on.
    Allow {
        /// The application.
        app: AppId,
        /// What it may use.
        quota: Quota,
    },
    /// What the stays of an application have used is to be told now, without waiting for their turn.
    TellAll {
        /// The application.
        app: AppId,
    },
    /// A session has entered a room.
    Entered {
        /// Who.
        session: SessionId,
        /// The application.
        app: AppId,
        /// The room.
        room: RoomId,
        /// The user.
        user: UserId,
    },
    /// A session is no longer in its room. The streams that it published are over with that.
    Left {
        /// Who.
        session: SessionId,
    },
    /// A member publishes a stream with these tracks; with neither, no longer.
    Announced {
        /// Whose.
        session: SessionId,
        /// The stream.
        stream: StreamId,
        /// Its sound is on.
        audio: bool,
        /// Its picture is on.
        video: bool,
    },
    /// A member has a connection that plays a stream with its pictures, or has none any more.
    Receives {
        /// Who.
        session: SessionId,
        /// The stream.
        stream: StreamId,
        /// Whether pictures are sent to it.
        video: bool,
    },
    /// So many play a stream who are no members, by addresses that anybody may play. When it ends, none does.
    Guests {
        /// The stream.
        stream: StreamId,
        /// Its application.
        app: AppId,
        /// Its room.
        room: RoomId,
        /// Whose it is.
        user: UserId,
        /// How many.
        many: u64,
    },
    /// The pictures of a stream have this size now, in pixels; `None`: none come.
    Picture {
        /// The stream.
        stream: StreamId,
        /// Width and height.
        size: Option<(u32, u32)>,
    },
    /// A stream is over, and with it everybody's playing of it.
    StreamEnded {
        /// The stream.
        stream: StreamId,
    },
    /// The server ends: every stay is told as it is, and counted no further. None is over by that, since its member finds the
    /// next server.
    Close,
    /// Nothing but time passed.
    Tick,
}

/// What one stay has used on one day. Told again and again while it grows: the newest counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The stay; unique in the application, also across restarts.
    pub stay: String,
    /// The day.
    pub day: Day,
    /// The application.
    pub app: AppId,
    /// The room.
    pub room: RoomId,
    /// The user.
    pub user: UserId,
    /// It is no stay of that user's: it is what all together receive who play its stream by an address. They are not told apart, so
    /// what they use is longer than from the beginning to the end, as many times as they are.
    pub guests: bool,
    /// When this part began, Unix ms.
    pub started_ms: u64,
    /// Until when it is counted, Unix ms.
    pub ended_ms: u64,
    /// Whether it goes on: it was not left.
    pub open: bool,
    /// What was used.
    pub totals: Totals,
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Keep this, in the place of what was told of the same stay and day before.
    Keep(Box<Part>),
    /// An application has reached a limit, another one than before, or none any more.
    Quota {
        /// The application.
        app: AppId,
        /// The limit.
        over: Option<Limit>,
    },
}
