//! UserSig, the login credential of the vendors' clouds (TLSSigAPIv2): minting and verification.
//!
//! A UserSig is a JSON object, compressed as a zlib stream, in base64 with an altered alphabet:
//!
//! ```text
//! signed text = "TLS.identifier:<user>\nTLS.sdkappid:<app>\nTLS.time:<issued>\nTLS.expire:<seconds>\n"
//!               followed, with a userbuf, by "TLS.userbuf:<base64 of the userbuf>\n"
//! TLS.sig     = base64(HMAC-SHA256(secret as text, signed text))
//! object      = {"TLS.ver":"2.0","TLS.identifier":…,"TLS.sdkappid":…,"TLS.time":…,"TLS.expire":…,
//!                "TLS.userbuf":…,"TLS.sig":…}
//! UserSig     = base64(zlib(object)) with "+" as "*", "/" as "-" and "=" as "_"
//! ```
//!
//! Signers in different languages write different bytes for the same content (key order, white space,
//! escapes, compression level), so UserSigs are compared by content and never as texts.
//! Source: the public signers `tencentyun/tls-sig-api-v2-*`.

mod document;
mod envelope;
mod error;

pub use document::Claims;
pub use envelope::{INFLATED_MAX_BYTES, MAX_CHARS};
pub use error::CredentialError;
pub(crate) use error::clipped;

use crate::hash;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use huitong_types::{AppId, Redacted, UserId};

/// What a valid UserSig says.
#[derive(Clone, PartialEq, Eq)]
pub struct Verified {
    /// When it was minted, Unix seconds. May lie in the future when the minting clock is ahead.
    pub issued: u64,
    /// The last second in which it is valid, Unix seconds.
    pub expires: u64,
    /// The bytes that the minting back-end bound into it; in a PrivateMapKey, the room and the privileges.
    pub userbuf: Option<Vec<u8>>,
}

/// The userbuf is left out: its meaning is the minting back-end's.
impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verified")
            .field("issued", &self.issued)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// Mints a UserSig for `user` that is valid for `expire_secs` from `now_unix` on, both in seconds.
///
/// The result is a secret: keep it out of logs.
pub fn mint(
    app: AppId,
    secret: &Redacted<String>,
    user: &UserId,
    now_unix: u64,
    expire_secs: u64,
    userbuf: Option<&[u8]>,
) -> String {
    let userbuf = userbuf.map(|bytes| STANDARD.encode(bytes));
    let text =
        document::signed_text(user.as_str(), u64::from(app.get()), now_unix, expire_secs, userbuf.as_deref());
    let sig = STANDARD.encode(hash::tag(secret.reveal().as_bytes(), text.as_bytes()));
    let mut object = serde_json::json!({
        "TLS.ver": document::VERSION,
        "TLS.identifier": user.as_str(),
        "TLS.sdkappid": app.get(),
        "TLS.time": now_unix,
        "TLS.expire": expire_secs,
        "TLS.sig": sig,
    });
    if let (Some(fields), Some(userbuf)) = (object.as_object_mut(), userbuf) {
        fields.insert("TLS.userbuf".to_owned(), userbuf.into());
    }
    envelope::seal(object.to_string().as_bytes())
}

/// Verifies a UserSig that `user` of `app` presents at `now_unix` (seconds).
///
/// The checks come in the order of the vendors' verifiers, so that a UserSig with several faults is
/// reported as they would: form, application, user, expiry, signature. A UserSig that was issued in the
/// future is accepted, as they do: minting clocks run ahead.
///
/// # Errors
/// The first check that fails.
pub fn verify(
    app: AppId,
    secret: &Redacted<String>,
    user: &UserId,
    sig: &str,
    now_unix: u64,
) -> Result<Verified, CredentialError> {
    let claims = read_unverified(sig)?;
    if claims.app != u64::from(app.get()) {
        return Err(CredentialError::OtherApp { found: claims.app, expected: app });
    }
    if claims.user != user.as_str() {
        return Err(CredentialError::OtherUser { found: clipped(&claims.user), expected: user.clone() });
    }
    if now_unix > claims.expires() {
        return Err(CredentialError::Expired { seconds_ago: now_unix - claims.expires() });
    }
    if !hash::has_tag(secret.reveal().as_bytes(), claims.signed_text().as_bytes(), &claims.sig) {
        return Err(CredentialError::Mismatch { app });
    }
    Ok(Verified { issued: claims.issued, expires: claims.expires(), userbuf: claims.userbuf })
}

/// Reads what a UserSig claims, without any proof that it is true: for diagnosis only.
///
/// # Errors
/// Everything that is wrong with its form.
pub fn read_unverified(sig: &str) -> Result<Claims, CredentialError> {
    document::parse(&envelope::open(sig)?)
}

#[cfg(test)]
mod tests;
