//! Bodies of requests and replies of this wire.

use super::frames::code;
use crate::api::status_of;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use huitong_types::{ErrorCode, Fault};
use serde_json::{Value, json};
use std::borrow::Cow;

/// A refused request.
#[derive(Debug)]
pub(super) struct Refused(pub(super) Fault);

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

impl From<ErrorCode> for Refused {
    fn from(code: ErrorCode) -> Self {
        Self(code.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let fault = self.0;
        metrics::counter!("huitong_wire_refused_total", "code" => fault.code.as_str()).increment(1);
        // Back-ends read the sentence under one of three names.
        let body = json!({
            "error": code(&fault), "message": fault.message, "errorMessage": fault.message,
            "error_description": fault.message,
        });
        (status_of(fault.code), Json(body)).into_response()
    }
}

/// What a request is answered with.
pub(super) type Answer = Result<Json<Value>, Refused>;

/// A request that went well; `more` has further fields.
pub(super) fn fine(more: Value) -> Answer {
    let mut body = json!({"error": 0});
    super::frames::merge(&mut body, more);
    Ok(Json(body))
}

/// The body of a request: a JSON object, whatever its content type says. Some clients send it as text.
#[derive(Debug)]
pub(super) struct Body(Value);

impl Body {
    /// Reads it.
    pub(super) fn read(body: Result<Bytes, BytesRejection>) -> Result<Self, Refused> {
        let body = body.map_err(|error| {
            let code = match error.status() {
                StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::FrameTooLong,
                _ => ErrorCode::BadMessage,
            };
            let sentence = format!("The body cannot be read: {}.", error.body_text().trim_end_matches('.'));
            Fault::because(code, sentence)
        })?;
        match serde_json::from_slice(&body) {
            Ok(value @ Value::Object(_)) => Ok(Self(value)),
            Ok(_) => Err(Fault::because(ErrorCode::BadMessage, "The body is no JSON object.").into()),
            Err(error) => {
                let sentence = format!("The body is not JSON: {error}.");
                Err(Fault::because(ErrorCode::BadMessage, sentence).into())
            }
        }
    }

    /// A field, whatever it is.
    pub(super) fn field(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A text that may be missing; an empty one counts as missing. Pages hand on what people typed, passwords of digits among it,
    /// so a whole number counts as its digits.
    pub(super) fn maybe(&self, name: &'static str) -> Result<Option<Cow<'_, str>>, Fault> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(Cow::from(text.as_str())).filter(|text| !text.is_empty())),
            Some(Value::Number(number)) if !number.is_f64() => Ok(Some(Cow::from(number.to_string()))),
            Some(_) => Err(wrong(name, "is no text")),
        }
    }

    /// A text that must be there.
    pub(super) fn text(&self, name: &'static str) -> Result<Cow<'_, str>, Fault> {
        self.maybe(name)?.ok_or_else(|| wrong(name, "is missing"))
    }

    /// A truth value; empty and missing ones are false.
    pub(super) fn flag(&self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => text == "true" || text == "1",
            Some(Value::Number(number)) => number.as_i64() != Some(0),
            _ => false,
        }
    }

    /// Whether anything is said in a field.
    pub(super) fn said(&self, name: &str) -> bool {
        match self.0.get(name) {
            None | Some(Value::Null) => false,
            Some(Value::String(text)) => !text.is_empty(),
            Some(_) => true,
        }
    }

    /// A number that may be missing, as a number or as the text of one.
    pub(super) fn number(&self, name: &'static str) -> Result<Option<u32>, Fault> {
        let number = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) => text.parse().ok(),
            Some(value) => value.as_u64().and_then(|number| u32::try_from(number).ok()),
        };
        number.map(Some).ok_or_else(|| wrong(name, "is no number that is positive and not too large"))
    }
}

/// A field that breaks a rule.
pub(super) fn wrong(name: &'static str, why: &str) -> Fault {
    Fault::because(ErrorCode::InvalidField, format!("The field {name} {why}.")).in_field(name)
}
