//! PrivateMapKey: a UserSig that allows its user one room, for some privileges, until a moment.
//!
//! It is a UserSig whose userbuf is, in big-endian order:
//!
//! ```text
//! u8 version (0 numeric room, 1 named room) | u16 length | account | u32 application |
//! u32 room number (0 for a named room) | u32 expiry, Unix seconds | u32 privileges | u32 account type (0) |
//! with version 1: u16 length | room name
//! ```
//!
//! Source: the public signers `tencentyun/tls-sig-api-v2-*`.

mod layout;

use crate::usersig::{self, CredentialError};
use huitong_types::{AppId, ErrorCode, Fault, Privileges, Redacted, RoomId, UserId};

pub use layout::{Userbuf, UserbufError};

/// What a valid PrivateMapKey allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomKey {
    /// The user it is for.
    pub user: UserId,
    /// The application.
    pub app: AppId,
    /// The one room it opens. Room `1234` and room `"1234"` are two rooms.
    pub room: RoomId,
    /// The last second in which it is valid, Unix seconds.
    pub expires_unix: u64,
    /// What the user may do in the room.
    pub privileges: Privileges,
}

/// Why a PrivateMapKey does not open a room. Its text is one sentence for the developer who minted it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoomKeyError {
    /// Wrong as a UserSig already.
    #[error("{}", .0.sentence("privateMapKey"))]
    Credential(CredentialError),
    /// It is a UserSig without userbuf.
    #[error("The privateMapKey is a plain UserSig; mint it with genPrivateMapKey.")]
    NoUserbuf,
    /// Its userbuf is not of the documented form.
    #[error("The userbuf of the privateMapKey {0}.")]
    Layout(#[from] UserbufError),
    /// Its userbuf names another application.
    #[error("The userbuf of the privateMapKey is for application {found}, not for {expected}.")]
    OtherApp {
        /// The application it names.
        found: u32,
        /// The application it was presented to.
        expected: AppId,
    },
    /// Its userbuf names another user.
    #[error("The userbuf of the privateMapKey is for another user than {expected:?}.")]
    OtherUser {
        /// The user who presented it.
        expected: UserId,
    },
    /// It is for another room.
    #[error("The privateMapKey is for {}, not for {}.", shown(.found), shown(.expected))]
    OtherRoom {
        /// The room it is for.
        found: RoomId,
        /// The room that the user wants to enter.
        expected: RoomId,
    },
    /// It was valid once.
    #[error("The privateMapKey expired {seconds_ago} s ago; get a new one from the token server.")]
    Expired {
        /// For how long it has been expired, seconds.
        seconds_ago: u64,
    },
}

/// The room with its kind in words: developers mix the two up.
fn shown(room: &RoomId) -> String {
    match room {
        RoomId::Number(number) => format!("the numeric room {number}"),
        RoomId::Text(name) => format!("the named room {name:?}"),
    }
}

impl RoomKeyError {
    /// The row of the error table: one for all, as the vendor reports them.
    pub const fn code(&self) -> ErrorCode {
        ErrorCode::RoomKeyRequired
    }

    /// The error as it is reported to the client.
    pub fn fault(&self) -> Fault {
        Fault::because(self.code(), self.to_string())
    }
}

impl From<RoomKeyError> for Fault {
    fn from(error: RoomKeyError) -> Self {
        error.fault()
    }
}

/// Mints a PrivateMapKey that lets `user` into `room` for `expire_secs` from `now_unix` on, both in seconds.
///
/// The format ends in the year 2106: a later expiry is cut off there.
pub fn mint(
    app: AppId,
    secret: &Redacted<String>,
    user: &UserId,
    room: &RoomId,
    privileges: Privileges,
    now_unix: u64,
    expire_secs: u64,
) -> String {
    let expires = now_unix.saturating_add(expire_secs);
    let userbuf = layout::encode(app, user, room, expires, privileges);
    usersig::mint(app, secret, user, now_unix, expire_secs, Some(&userbuf))
}

/// Verifies a PrivateMapKey with which `user` wants to enter `room` of `app` at `now_unix` (seconds).
///
/// Whether the privileges suffice, for example [`Privileges::ENTER`], is for the caller to decide.
///
/// # Errors
/// The first check that fails: those of a UserSig, then the form of the userbuf, application, user, room
/// and expiry in it.
pub fn verify(
    app: AppId,
    secret: &Redacted<String>,
    user: &UserId,
    room: &RoomId,
    key: &str,
    now_unix: u64,
) -> Result<RoomKey, RoomKeyError> {
    let outer = usersig::verify(app, secret, user, key, now_unix).map_err(RoomKeyError::Credential)?;
    let inner = Userbuf::decode(&outer.userbuf.ok_or(RoomKeyError::NoUserbuf)?)?;
    if inner.app != app.get() {
        return Err(RoomKeyError::OtherApp { found: inner.app, expected: app });
    }
    if !inner.names(user) {
        return Err(RoomKeyError::OtherUser { expected: user.clone() });
    }
    if inner.room != *room {
        return Err(RoomKeyError::OtherRoom { found: inner.room, expected: room.clone() });
    }
    let expires_unix = u64::from(inner.expires).min(outer.expires);
    if now_unix > expires_unix {
        return Err(RoomKeyError::Expired { seconds_ago: now_unix - expires_unix });
    }
    Ok(RoomKey {
        user: user.clone(),
        app,
        room: inner.room,
        expires_unix,
        privileges: Privileges::from_bits(inner.privileges),
    })
}

#[cfg(test)]
mod tests;
