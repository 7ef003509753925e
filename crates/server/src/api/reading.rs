//! Answers that are read from the database, page by page.

use super::refusal::Refusal;
use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use huitong_store::{Cursor, StoreError};
use huitong_types::{ErrorCode, Fault};

/// Records that are read and sent at a time when all are asked for: some hundred KiB.
pub(super) const TURN: usize = 500;

/// Lines of a table, and where the next ones begin.
pub(super) type Lines = (String, Option<Cursor>);

/// A table of everything, sent as it is read. What cannot be read at all is refused; later the table can only be cut off,
/// which shows as a broken answer.
pub(super) async fn table<F, R>(file: &'static str, head: String, turn: F) -> Result<Response, Refusal>
where
    F: Fn(Option<Cursor>) -> R + Send + 'static,
    R: Future<Output = Result<Lines, StoreError>> + Send,
{
    let (first, next) = turn(None).await.map_err(failed)?;
    let turns =
        stream::try_unfold((Some(head + &first), next, turn), move |(ready, next, turn)| async move {
            if let Some(text) = ready {
                return Ok(Some((text, (None, next, turn))));
            }
            let Some(after) = next else { return Ok(None) };
            let (text, next) = turn(Some(after)).await.inspect_err(|error| {
                tracing::warn!(%error, file, "a table is cut off");
            })?;
            Ok::<_, StoreError>(Some((text, (None, next, turn))))
        });
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")),
    ];
    Ok((headers, Body::from_stream(turns)).into_response())
}

/// The refusal of a question that the store does not answer.
pub(super) fn failed(error: StoreError) -> Refusal {
    let code = match error {
        StoreError::Busy => ErrorCode::ServerFull,
        StoreError::Closed => ErrorCode::ShuttingDown,
        StoreError::Failed(_) => {
            tracing::error!(%error, "the database does not answer");
            // What the database engine says is for the operator.
            return Fault::new(ErrorCode::Internal).into();
        }
    };
    Fault::because(code, error.to_string()).into()
}
