//! Why a stay or a session ended. One reason per ending, from the machine to the client and the log.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why a member is no longer in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum LeaveReason {
    /// The member left by itself.
    Left,
    /// Its connection was lost and the grace for its seat ran out.
    TimedOut,
    /// Somebody with authority removed it.
    Kicked,
    /// The server removed it because there is no place for what it is to be. Nobody decided that against it, so it keeps what
    /// it may come back with. Clients are told that it was removed: for them it is the same.
    #[serde(rename = "kicked", skip_deserializing)]
    #[ts(skip)]
    NoPlace,
    /// The room was dissolved.
    Dissolved,
    /// The same user entered the room with another session, which took the seat over.
    Replaced,
    /// A live room: the member gave up the right to publish and is now counted as audience.
    BecameAudience,
    /// The session ended: logged out, taken over by another device, or its credential was withdrawn.
    SessionEnded,
}

/// Why a session ended for good (it cannot be resumed).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum EndReason {
    /// The client said goodbye.
    LoggedOut,
    /// The same user logged in elsewhere and the application allows one device.
    TakenOver,
    /// No connection for longer than the session is kept.
    Expired,
    /// The credential expired or was withdrawn while the session lived.
    CredentialExpired,
    /// The server is shutting down.
    ServerShutdown,
}
