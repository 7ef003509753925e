//! The credentials that clients show, checked with faults that name the field of the request.

use crate::io::AppConfig;
use huitong_auth::room_key::{self as room_keys, RoomKey};
use huitong_auth::usersig;
use huitong_types::{AppId, Fault, Redacted, RoomId, UserId};

/// Checks a login credential: a UserSig. Returns the last second (Unix) in which it is valid.
pub(crate) fn user_sig(
    config: &AppConfig,
    app: AppId,
    user: &UserId,
    sig: &Redacted<String>,
    unix_ms: u64,
) -> Result<u64, Fault> {
    usersig::verify(app, &config.secret, user, sig.reveal(), unix_ms / 1000)
        .map(|verified| verified.expires)
        .map_err(|error| error.fault().in_field("sig"))
}

/// Checks a PrivateMapKey and returns what it allows in the room, and until when.
pub(crate) fn room_key(
    config: &AppConfig,
    app: AppId,
    user: &UserId,
    room: &RoomId,
    key: &Redacted<String>,
    unix_ms: u64,
) -> Result<RoomKey, Fault> {
    room_keys::verify(app, &config.secret, user, room, key.reveal(), unix_ms / 1000)
        .map_err(|error| error.fault().in_field("privateMapKey"))
}
