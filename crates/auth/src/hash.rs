//! HMAC-SHA256 and comparison in constant time.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// HMAC-SHA256 under `key`, over everything that is fed to it afterwards.
pub(crate) fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length (RFC 2104)"))
}

/// HMAC-SHA256 of `text` under `key`.
pub(crate) fn tag(key: &[u8], text: &[u8]) -> [u8; 32] {
    keyed(key).chain_update(text).finalize().into_bytes().into()
}

/// Whether `tag` is the HMAC-SHA256 of `text` under `key`; takes the same time wherever they differ.
pub(crate) fn has_tag(key: &[u8], text: &[u8], tag: &[u8]) -> bool {
    keyed(key).chain_update(text).verify_slice(tag).is_ok()
}

/// Whether two secrets are equal. They are hashed first, so that the time tells nothing about the length
/// of the known one either.
pub(crate) fn same_secret(known: &[u8], given: &[u8]) -> bool {
    Sha256::digest(known).ct_eq(&Sha256::digest(given)).into()
}
