//! Who calls.

use super::refusal::Refusal;
use crate::clock::unix_seconds;
use crate::http::Shared;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use huitong_auth::{ApiAuthError, verify_authorization, verify_operator};
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

/// The operator of the server, proved by the secret of the configuration.
pub(super) struct Operator;

impl FromRequestParts<Shared> for Operator {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Refusal> {
        if shared.operator.reveal().is_empty() {
            let sentence = "This server has no operator: set operator.secret in its configuration.";
            return Err(Refusal::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, sentence));
        }
        let header = parts.headers.get(AUTHORIZATION).ok_or_else(|| {
            let sentence = "The call needs an Authorization header: Basic with operator:SECRET.";
            Fault::because(ErrorCode::NotLoggedIn, sentence)
        })?;
        let header = header.to_str().map_err(|_| ApiAuthError::Operator.fault())?;
        verify_operator(header, &shared.operator).map_err(|error| error.fault())?;
        Ok(Self)
    }
}
