//! Answers that are read from the database, page by page: the parameters of such questions, and tables of everything.

use super::params::{self, invalid};
use super::refusal::Refusal;
use axum::body::Body;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use huitong_store::{Cursor, StoreError};
use huitong_types::{ErrorCode, Fault};

/// Records that are read and sent at a time when all are asked for: some hundred KiB.
pub(super) const TURN: usize = 500;

/// Declares how records can be asked for, given the parameters that choose some: `Wanted` has just these, `Listing` asks for a
/// page of the records, `Table` for all of them as lines. Each has all its parameters itself, because serde refuses unknown
/// ones only where nothing is flattened.
macro_rules! questions {
    ($($(#[$doc:meta])* $field:ident: $type:ty,)*) => {
        /// Which records are wanted.
        #[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub(super) struct Wanted {
            $($(#[$doc])* $field: $type,)*
        }

        /// A page of records.
        #[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub(super) struct Listing {
            $($(#[$doc])* $field: $type,)*
            /// How many records to return at most, 1 to 1000; default 100.
            limit: Option<usize>,
            /// Where the page begins: `next` of the page before. The other parameters must be the same.
            cursor: Option<String>,
        }

        impl Listing {
            /// Which records, how many of them, and behind which place.
            fn parts(self) -> (Wanted, Option<usize>, Option<String>) {
                (Wanted { $($field: self.$field,)* }, self.limit, self.cursor)
            }
        }

        /// All records, as a table.
        #[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub(super) struct Table {
            $($(#[$doc])* $field: $type,)*
            /// 1: begin with a byte order mark, which spreadsheet programs need to read UTF-8. Default 0.
            bom: Option<u8>,
            /// 1: texts as they are, for programs. Default 0: those that a spreadsheet program would calculate or round have an
            /// apostrophe before them.
            exact: Option<u8>,
        }

        impl Table {
            /// Which records, and in which form.
            fn parts(self) -> (Wanted, super::csv::Form) {
                (Wanted { $($field: self.$field,)* }, super::csv::Form { bom: self.bom, exact: self.exact })
            }
        }
    };
}

pub(super) use questions;

/// The parameters of a question.
pub(super) fn query<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Refusal> {
    query.map(|Query(query)| query).map_err(|error| invalid("query", &error.body_text()))
}

/// How many records a page has at most, and where it begins.
pub(super) fn place(
    limit: Option<usize>,
    cursor: Option<String>,
) -> Result<(usize, Option<Cursor>), Refusal> {
    let limit = params::limit(limit)?;
    let cursor = cursor.map(|text| text.parse::<Cursor>()).transpose();
    Ok((limit, cursor.map_err(|why| invalid("cursor", &why))?))
}

/// A span of time in which nothing can be is a mistake.
pub(super) fn check_span<T: PartialOrd>(since: Option<T>, until: Option<T>) -> Result<(), Refusal> {
    match since.zip(until).is_some_and(|(since, until)| since >= until) {
        true => Err(invalid("until", "it is not after since")),
        false => Ok(()),
    }
}

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
