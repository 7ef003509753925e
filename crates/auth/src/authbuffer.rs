//! The authBuffer, with which a user enters a voice room: minting and verification.
//!
//! It is a body, in big-endian order, under the first generation of the vendor's block cipher:
//!
//! ```text
//! version 1: u8 1 | u16 length | user | u32 application | u32 0 | u32 expiry, Unix seconds |
//!            u32 0xffffffff | u32 0 | u16 length | room; both texts have at most 127 bytes
//! version 0: u8 0 | u16 length | user | u32 application | u32 room number | u32 expiry, Unix seconds |
//!            u32 privileges | u32 account type (0)
//! frame:     u8, its low three bits the number of padding bytes | padding | 2 random bytes | body | 7 zero bytes
//! cipher:    TEA of 16 rounds over big-endian words, chained: C[i] = E(P[i] xor C[i-1]), C[-1] = 0
//! ```
//!
//! The cipher hides, and proves little: there is no signature. What that means, and why a refusal never tells what
//! was found inside, is in `docs/decisions/0017-what-an-authbuffer-proves.md`.
//! Source: the vendor's documentation and its public C++ signer.

mod cipher;
mod error;
mod form;
mod ids;
mod layout;

pub use cipher::{Key, RANDOM_BYTES, seal};
pub use error::AuthBufferError;
pub use form::{Form, GIVEN_MAX_BYTES};
pub use ids::{TEXT_MAX_BYTES, VoiceRoom, VoiceUser, VoiceUserError};

use huitong_types::{AppId, Privileges};
use layout::Body;

/// What a valid authBuffer allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The user it is for.
    pub user: VoiceUser,
    /// The application.
    pub app: AppId,
    /// The one room it opens.
    pub room: VoiceRoom,
    /// The last second in which it is valid, Unix seconds.
    pub expires_unix: u64,
    /// What the user may do in the room: everything, unless a signer of version 0 wrote less.
    pub privileges: Privileges,
}

/// Mints an authBuffer that lets `user` into `room` for `expire_secs` from `now_unix` on, both in seconds. `random`
/// is made afresh for each.
///
/// The format ends in the year 2106: a later expiry is cut off there. The result is a secret, in bytes;
/// [`Form::write`] makes the text of it that mini programs and browsers want.
pub fn mint(
    app: AppId,
    key: &Key,
    user: VoiceUser,
    room: &VoiceRoom,
    now_unix: u64,
    expire_secs: u64,
    random: [u8; RANDOM_BYTES],
) -> Vec<u8> {
    let expires = now_unix.saturating_add(expire_secs);
    seal(key, &layout::encode(app, user, room, expires), random)
}

/// Verifies an authBuffer with which `user` wants to enter `room` of `app` at `now_unix` (seconds). It may be given
/// in every [`Form`].
///
/// Whether the privileges suffice is for the caller to decide.
///
/// # Errors
/// The first check that fails: form, key, application, user, room, expiry.
pub fn verify(
    app: AppId,
    key: &Key,
    user: VoiceUser,
    room: &VoiceRoom,
    given: &[u8],
    now_unix: u64,
) -> Result<Admission, AuthBufferError> {
    let opened = opened(app, key, given)?;
    let body = Body::decode(&opened).ok_or(AuthBufferError::Mismatch { app })?;
    if body.app != app.get() {
        return Err(AuthBufferError::OtherApp { expected: app });
    }
    if !body.names(user) {
        return Err(AuthBufferError::OtherUser { expected: user });
    }
    if body.has_no_room() {
        return Err(AuthBufferError::NoRoom);
    }
    if !body.opens(room) {
        return Err(AuthBufferError::OtherRoom { expected: room.clone() });
    }
    let expires_unix = u64::from(body.expires);
    if now_unix > expires_unix {
        return Err(AuthBufferError::Expired { seconds_ago: now_unix - expires_unix });
    }
    let privileges = Privileges::from_bits(body.privileges);
    Ok(Admission { user, app, room: room.clone(), expires_unix, privileges })
}

/// What stands in an authBuffer, compared with nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The user; what is no text in it is replaced.
    pub user: String,
    /// The application.
    pub app: u32,
    /// The room, a number of version 0 in digits. Empty: a ticket for voice messages, which opens none.
    pub room: String,
    /// The last second in which it is valid, Unix seconds.
    pub expires_unix: u64,
    /// What the user may do in the room.
    pub privileges: Privileges,
}

/// Reads what stands in an authBuffer, for somebody who has the secret and wonders why it is refused. No client may be told:
/// see [`AuthBufferError`].
///
/// # Errors
/// Its form, or a key that does not fit.
pub fn read(app: AppId, key: &Key, given: &[u8]) -> Result<Contents, AuthBufferError> {
    let opened = opened(app, key, given)?;
    let body = Body::decode(&opened).ok_or(AuthBufferError::Mismatch { app })?;
    Ok(Contents {
        user: body.user(),
        app: body.app,
        room: body.room(),
        expires_unix: body.expires.into(),
        privileges: Privileges::from_bits(body.privileges),
    })
}

fn opened(app: AppId, key: &Key, given: &[u8]) -> Result<Vec<u8>, AuthBufferError> {
    cipher::open(key, &form::read(given)?).ok_or(AuthBufferError::Mismatch { app })
}

#[cfg(test)]
mod tests;
