//! The credentials that clients show, checked with faults that name the field of the request.

use crate::io::AppConfig;
use huitong_auth::{room_key as room_keys, usersig};
use huitong_types::{AppId, Fault, Privileges, Redacted, RoomId, UserId};

/// Checks a login credential: a UserSig.
pub(crate) fn user_sig(
    config: &AppConfig,
    app: AppId,
    user: &UserId,
    sig: &Redacted<String>,
    unix_ms: u64,
) -> Result<(), Fault> {
    usersig::verify(app, &config.secret, user, sig.reveal(), unix_ms / 1000)
        .map(drop)
        .map_err(|error| error.fault().in_field("sig"))
}

/// Checks a PrivateMapKey and returns what it allows in the room.
pub(crate) fn room_key(
    config: &AppConfig,
    app: AppId,
    user: &UserId,
    room: &RoomId,
    key: &Redacted<String>,
    unix_ms: u64,
) -> Result<Privileges, Fault> {
    room_keys::verify(app, &config.secret, user, room, key.reveal(), unix_ms / 1000)
        .map(|verified| verified.privileges)
        .map_err(|error| error.fault().in_field("privateMapKey"))
}
