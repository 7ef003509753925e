//! What the calls have in common: pages, bodies, and the sentences for what is wrong in them.

use super::refusal::Refusal;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use huitong_engine::ApiResult;
use huitong_store::{Mark, Store};
use huitong_types::{AppId, ErrorCode, Fault};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use utoipa::IntoParams;

/// Entries in one answer when the caller names no number.
const PAGE: usize = 100;

/// Entries in one answer at most.
pub(super) const PAGE_MAX: usize = 1000;

/// How long an answer waits for the disk. A disk that works takes some milliseconds.
const KEPT_WITHIN: Duration = Duration::from_secs(2);

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// How many entries to skip; default 0.
    #[serde(default)]
    pub(super) offset: usize,
    /// How many entries to return at most, 1 to 1000; default 100.
    pub(super) limit: Option<usize>,
}

/// The part of a list that the query asks for.
pub(super) fn page(query: Result<Query<Page>, QueryRejection>) -> Result<Page, Refusal> {
    let Query(page) = query.map_err(|error| invalid("offset and limit", &error.body_text()))?;
    Ok(page)
}

/// How many entries the answer may have.
pub(super) fn limit(wanted: Option<usize>) -> Result<usize, Refusal> {
    let limit = wanted.unwrap_or(PAGE);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(invalid("limit", &format!("it is {limit}, allowed is 1 to {PAGE_MAX}")));
    }
    Ok(limit)
}

/// What the body says; `what` names it in the sentence for one that does not.
pub(super) fn body<T: DeserializeOwned>(
    body: Result<Bytes, BytesRejection>,
    what: &str,
) -> Result<T, Refusal> {
    let body =
        body.map_err(|error| Refusal::new(error.status(), ErrorCode::BadMessage, error.body_text()))?;
    huitong_protocol::read(&body).map_err(|wrong| {
        let sentence = format!("The body is not {what}: {wrong}.");
        Fault::because(ErrorCode::BadMessage, sentence).into()
    })
}

/// The one name in the path.
pub(super) fn segment(path: Result<Path<String>, PathRejection>) -> Result<String, Refusal> {
    let Path(name) = path.map_err(unreadable)?;
    Ok(name)
}

/// Waits until what the engine has done is on the disk. If that takes long, it holds all the same; whoever has its answer
/// may find out after the next restart.
pub(crate) async fn kept(store: &Store, since: Mark, app: AppId, what: &'static str) {
    if store.kept(since, KEPT_WITHIN).await.is_err() {
        tracing::warn!(app = app.get(), "{what} is not on the disk yet");
    }
}

/// What is not UTF-8 under its percent signs names nothing.
#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
pub(super) fn unreadable(error: PathRejection) -> Refusal {
    invalid("path", &error.body_text())
}

/// A parameter that breaks a rule.
pub(super) fn invalid(what: &'static str, why: &str) -> Refusal {
    let sentence = format!("The parameter {what} is not valid: {}.", why.trim_end_matches('.'));
    Fault::because(ErrorCode::InvalidField, sentence).in_field(what).into()
}

/// The answer to a call that returns nothing.
pub(super) fn done(result: ApiResult) -> Result<StatusCode, Refusal> {
    match result {
        ApiResult::Done => Ok(StatusCode::NO_CONTENT),
        _ => Err(mixed_up()),
    }
}

/// The engine answered another question: a defect.
pub(super) fn mixed_up() -> Refusal {
    tracing::error!("the engine's answer does not fit the API call");
    Fault::new(ErrorCode::Internal).into()
}
