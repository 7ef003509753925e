//! Who calls.

use super::refusal::Refusal;
use crate::clock::unix_seconds;
use crate::http::Shared;
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use huitong_types::{AppId, ErrorCode, Fault};
use subtle::ConstantTimeEq;

/// The application on whose behalf a call is made, proved by its secret.
pub(super) struct Caller {
    pub(super) app: AppId,
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Refusal> {
        let header = parts.headers.get(AUTHORIZATION).ok_or_else(|| {
            Fault::because(
                ErrorCode::NotLoggedIn,
                "The call needs an Authorization header: Basic with APPID:SECRET, or Bearer with an API token.",
            )
        })?;
        let header = header.to_str().map_err(|_| unreadable())?;
        let (scheme, value) = header.split_once(' ').ok_or_else(unreadable)?;
        let app = match scheme.to_ascii_lowercase().as_str() {
            "basic" => basic(shared, value.trim()),
            _ => Err(unreadable()),
        }?;
        Ok(Self { app })
    }
}

fn unreadable() -> Fault {
    Fault::because(
        ErrorCode::BadCredential,
        "The Authorization header is neither Basic with APPID:SECRET nor Bearer with an API token.",
    )
}

/// `Basic base64(APPID:SECRET)`, for people and scripts on a trusted network.
fn basic(shared: &Shared, value: &str) -> Result<AppId, Fault> {
    let decoded = STANDARD.decode(value).map_err(|_| unreadable())?;
    let text = std::str::from_utf8(&decoded).map_err(|_| unreadable())?;
    let (app, secret) = text.split_once(':').ok_or_else(unreadable)?;
    let app = app.parse().ok().and_then(|id| AppId::new(id).ok()).ok_or_else(unreadable)?;
    let known = shared.apps.get(&app).ok_or(ErrorCode::UnknownApp)?;
    if bool::from(known.reveal().as_bytes().ct_eq(secret.as_bytes())) {
        Ok(app)
    } else {
        Err(ErrorCode::CredentialMismatch.into())
    }
}
