//! Who calls.

use super::refusal::Refusal;
use crate::clock::unix_seconds;
use crate::http::Shared;
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use huitong_auth::{ApiAuthError, verify_authorization};
use huitong_types::{AppId, ErrorCode, Fault};

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
        // A header with other bytes than ASCII is of neither form.
        let header = header.to_str().map_err(|_| ApiAuthError::Scheme.fault())?;
        let app = verify_authorization(header, unix_seconds(), |app| shared.apps.get(&app))
            .map_err(|error| error.fault())?;
        Ok(Self { app })
    }
}
