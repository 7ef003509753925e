//! The answers that every call may get, described in one place.

use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, OpenApi, PathItem, Ref, RefOr, Response};

/// Status and meaning. The body of each is an `ApiError`.
const EVERYWHERE: [(&str, &str); 4] = [
    ("401", "The credential is missing or wrong."),
    ("500", "The server failed at it; its log has the reason."),
    ("503", "The server is full or goes down; try again later, or at another one."),
    ("504", "The server could not do it in time; try again later."),
];

/// Adds them to each call that does not describe them itself.
pub(super) fn everywhere(doc: &mut OpenApi) {
    for operation in doc.paths.paths.values_mut().flat_map(operations) {
        for (status, meaning) in EVERYWHERE {
            let answers = &mut operation.responses.responses;
            answers.entry(status.to_owned()).or_insert_with(|| refusal(meaning));
        }
    }
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = path;
    [get, put, post, delete, patch].into_iter().flatten()
}

fn refusal(meaning: &str) -> RefOr<Response> {
    let body = Content::new(Some(Ref::from_schema_name("ApiError")));
    RefOr::T(Response::builder().description(meaning).content("application/json", body).build())
}
