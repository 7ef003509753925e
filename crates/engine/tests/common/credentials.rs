//! Credentials of the application under test.

use super::{APP, SECRET, number, user};
use huitong_types::{AppId, Privileges, Redacted};

/// A credential that is valid for an hour.
pub fn sig(name: &str, unix_ms: u64) -> String {
    huitong_auth::usersig::mint(app(), &secret(), &user(name), unix_ms / 1000, 3600, None)
}

/// A PrivateMapKey for a numeric room.
pub fn room_key(name: &str, room: u32, bits: u32, unix_ms: u64) -> String {
    let privileges = Privileges::from_bits(bits);
    huitong_auth::room_key::mint(
        app(),
        &secret(),
        &user(name),
        &number(room),
        privileges,
        unix_ms / 1000,
        300,
    )
}

fn app() -> AppId {
    AppId::new(APP).unwrap()
}

fn secret() -> Redacted<String> {
    Redacted::new(SECRET.to_owned())
}
