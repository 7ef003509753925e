//! Errors of the API as JSON.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::WWW_AUTHENTICATE;
use axum::response::{IntoResponse, Response};
use huitong_protocol::api::ApiError;
use huitong_types::{Blame, ErrorCode, Fault, Retry};
use std::borrow::Cow;

/// A refused call: a status and the error of the table.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    fault: Fault,
}

impl Refusal {
    /// A refusal with its own status and sentence.
    pub(crate) fn new(status: StatusCode, code: ErrorCode, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self { status, fault: Fault::because(code, sentence) }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self { status: status(fault.code), fault }
    }
}

/// The HTTP status of an error.
pub(crate) const fn status(code: ErrorCode) -> StatusCode {
    use ErrorCode as E;
    match code {
        E::NotLoggedIn
        | E::UnknownApp
        | E::BadCredential
        | E::CredentialMismatch
        | E::CredentialForOther
        | E::CredentialExpired => StatusCode::UNAUTHORIZED,
        E::RoomKeyRequired
        | E::MayNotCreate
        | E::MayNotEnter
        | E::MayNotPublish
        | E::MayNotPublishAux
        | E::NotInGroup
        | E::NotYourCall
        | E::NotAdmin
        | E::TicketInvalid
        | E::TicketExpired
        | E::TicketVoid
        | E::WrongPassword
        | E::AppSuspended
        | E::AppOverdue => StatusCode::FORBIDDEN,
        E::NotFound
        | E::UnknownKey
        | E::UnknownOperation
        | E::SessionGone
        | E::CallGone
        | E::NoConference
        | E::ConferenceOver
        | E::NobodyThere => StatusCode::NOT_FOUND,
        E::FrameTooLong => StatusCode::PAYLOAD_TOO_LARGE,
        E::RateLimited | E::TooManyGuesses => StatusCode::TOO_MANY_REQUESTS,
        E::RoomFull
        | E::PublishersFull
        | E::AlreadyInRoom
        | E::NotInRoom
        | E::SceneMismatch
        | E::KeyInUse
        | E::CallBusy
        | E::RoomTaken
        | E::TalkersFull
        | E::ConferenceLimit
        | E::LastAdmin
        | E::NotInConference
        | E::AlreadyLoggedIn => StatusCode::CONFLICT,
        E::ServerFull | E::ShuttingDown | E::NotChecked => StatusCode::SERVICE_UNAVAILABLE,
        E::Timeout => StatusCode::GATEWAY_TIMEOUT,
        E::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

const fn blame(blame: Blame) -> &'static str {
    match blame {
        Blame::Client => "client",
        Blame::Server => "server",
        Blame::Network => "network",
        Blame::Platform => "platform",
    }
}

const fn retry(retry: Retry) -> &'static str {
    match retry {
        Retry::Never => "never",
        Retry::Later => "later",
        Retry::AfterLogin => "afterLogin",
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let code = self.fault.code;
        let body = ApiError {
            code: code.as_str().to_owned(),
            message: self.fault.message.into_owned(),
            blame: blame(code.blame()).to_owned(),
            retry: retry(code.retry()).to_owned(),
            field: self.fault.field.map(str::to_owned),
        };
        tracing::debug!(
            status = self.status.as_u16(),
            code = body.code,
            "API call refused: {}",
            body.message
        );
        let mut response = (self.status, Json(body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = axum::http::HeaderValue::from_static("Basic realm=\"huitong\", Bearer");
            response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
        }
        response
    }
}
