//! The inner form of a UserSig: one JSON object.

use super::CredentialError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

/// The version of the format. Version 1 was signed with elliptic curves and is long withdrawn.
pub(super) const VERSION: &str = "2.0";

/// What a UserSig claims; true only once its signature has been verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Claims {
    /// The application it says it is for.
    pub app: u64,
    /// The user it says it is for.
    pub user: String,
    /// When it says it was minted, Unix seconds.
    pub issued: u64,
    /// For how long it says it is valid, seconds.
    pub expire_secs: u64,
    /// The bytes bound into it.
    pub userbuf: Option<Vec<u8>>,
    /// The userbuf as it was written, which is what the signature covers.
    userbuf_text: Option<String>,
    pub(super) sig: Vec<u8>,
}

impl Claims {
    /// The last second in which it is valid, Unix seconds.
    pub const fn expires(&self) -> u64 {
        self.issued.saturating_add(self.expire_secs)
    }

    pub(super) fn signed_text(&self) -> String {
        signed_text(&self.user, self.app, self.issued, self.expire_secs, self.userbuf_text.as_deref())
    }
}

impl std::fmt::Debug for Claims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claims")
            .field("app", &self.app)
            .field("user", &self.user)
            .field("issued", &self.issued)
            .field("expire_secs", &self.expire_secs)
            .finish_non_exhaustive()
    }
}

/// The text that the signature covers. `userbuf` is in base64, as in the object.
pub(super) fn signed_text(
    user: &str,
    app: u64,
    issued: u64,
    expire_secs: u64,
    userbuf: Option<&str>,
) -> String {
    let mut text =
        format!("TLS.identifier:{user}\nTLS.sdkappid:{app}\nTLS.time:{issued}\nTLS.expire:{expire_secs}\n");
    if let Some(userbuf) = userbuf {
        text.push_str("TLS.userbuf:");
        text.push_str(userbuf);
        text.push('\n');
    }
    text
}

/// The fields as they come. Keys that no signer writes are passed over; a key that comes twice is refused.
#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "TLS.ver")]
    version: Option<Value>,
    #[serde(rename = "TLS.identifier")]
    identifier: Option<Value>,
    #[serde(rename = "TLS.sdkappid")]
    sdkappid: Option<Value>,
    #[serde(rename = "TLS.time")]
    time: Option<Value>,
    #[serde(rename = "TLS.expire")]
    expire: Option<Value>,
    #[serde(rename = "TLS.userbuf")]
    userbuf: Option<Value>,
    #[serde(rename = "TLS.sig")]
    sig: Option<Value>,
}

pub(super) fn parse(document: &[u8]) -> Result<Claims, CredentialError> {
    // serde would take an array as a struct too; no signer writes one.
    if !document.trim_ascii_start().starts_with(b"{") {
        return Err(CredentialError::NotJson);
    }
    let fields: Fields = serde_json::from_slice(document).map_err(|_| CredentialError::NotJson)?;
    match &fields.version {
        None => {}
        Some(Value::String(version)) if version == VERSION => {}
        Some(other) => {
            return Err(CredentialError::Version { found: super::error::clipped(&other.to_string()) });
        }
    }
    let user = text("TLS.identifier", fields.identifier)?;
    let app = number("TLS.sdkappid", fields.sdkappid.as_ref())?;
    let issued = number("TLS.time", fields.time.as_ref())?;
    let expire_secs = number("TLS.expire", fields.expire.as_ref())?;
    if issued.checked_add(expire_secs).is_none() {
        return Err(field("TLS.expire", "reaches beyond the end of time"));
    }
    let sig = STANDARD
        .decode(text("TLS.sig", fields.sig)?)
        .ok()
        .filter(|sig| sig.len() == 32)
        .ok_or_else(|| field("TLS.sig", "is not the base64 text of 32 bytes"))?;
    let userbuf_text = fields.userbuf.map(|value| text("TLS.userbuf", Some(value))).transpose()?;
    let userbuf = userbuf_text.as_deref().map(decode_userbuf).transpose()?;
    Ok(Claims { app, user, issued, expire_secs, userbuf, userbuf_text, sig })
}

/// Old Java signers break the base64 text into lines of 76 characters, and sign it so.
fn decode_userbuf(text: &str) -> Result<Vec<u8>, CredentialError> {
    let joined: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    STANDARD.decode(joined).map_err(|_| field("TLS.userbuf", "is not base64"))
}

fn text(name: &'static str, value: Option<Value>) -> Result<String, CredentialError> {
    match value {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(field(name, "must be a text")),
        None => Err(field(name, "is missing")),
    }
}

fn number(name: &'static str, value: Option<&Value>) -> Result<u64, CredentialError> {
    let value = value.ok_or_else(|| field(name, "is missing"))?;
    value.as_u64().ok_or_else(|| field(name, "must be a whole number that is not negative"))
}

const fn field(name: &'static str, rule: &'static str) -> CredentialError {
    CredentialError::Field { name, rule }
}
