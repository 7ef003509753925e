//! Refusals as RFC 9457 problem bodies.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use huitong_types::{Blame, ErrorCode, Fault, Retry};

/// A refused request.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    fault: Fault,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: ErrorCode, sentence: impl Into<String>) -> Self {
        Self { status, fault: Fault::because(code, sentence.into()) }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self { status: status(fault.code), fault }
    }
}

const fn status(code: ErrorCode) -> StatusCode {
    use ErrorCode as E;
    match code {
        E::CredentialExpired | E::NotLoggedIn => StatusCode::UNAUTHORIZED,
        E::MayNotPublish | E::MayNotPublishAux | E::MayNotEnter | E::AppSuspended | E::AppOverdue => {
            StatusCode::FORBIDDEN
        }
        E::NotFound | E::UnknownKey | E::SessionGone => StatusCode::NOT_FOUND,
        E::KeyInUse | E::PublishersFull | E::RoomFull => StatusCode::CONFLICT,
        E::ServerFull | E::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
        E::Timeout => StatusCode::GATEWAY_TIMEOUT,
        E::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        E::BadMessage => StatusCode::BAD_REQUEST,
        _ => StatusCode::FORBIDDEN,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let code = self.fault.code;
        let blame = match code.blame() {
            Blame::Client => "client",
            Blame::Server => "server",
            Blame::Network => "network",
            Blame::Platform => "platform",
        };
        let retry = match code.retry() {
            Retry::Never => "never",
            Retry::Later => "later",
            Retry::AfterLogin => "afterLogin",
        };
        let body = serde_json::json!({
            "type": format!("urn:huitong:error:{}", code.as_str()),
            "title": self.status.canonical_reason().unwrap_or("Refused"),
            "status": self.status.as_u16(),
            "detail": self.fault.message,
            "code": code.as_str(),
            "blame": blame,
            "retry": retry,
        });
        let kind = HeaderValue::from_static("application/problem+json");
        (self.status, [(header::CONTENT_TYPE, kind)], body.to_string()).into_response()
    }
}
