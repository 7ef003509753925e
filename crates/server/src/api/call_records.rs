//! Records of finished calls. They come from the database and not from the engine, which waits for no disk.
#![allow(unused_qualifications, reason = "the macro that describes the calls writes paths in full")]

use super::auth::Caller;
use super::csv;
use super::params::invalid;
use super::reading::{self, Lines, TURN, failed};
use super::refusal::Refusal;
use crate::http::Shared;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use huitong_protocol::api::{self, ApiError, CallRecordList, RecordedParticipant};
use huitong_store::{CallFilter, CallPage, CallParty, CallRecord, Cursor, Store, StoreError};
use huitong_types::{AppId, CallEndReason, CallMedia, GroupId, UserId};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Smaller numbers are no Unix milliseconds of a time at which there were calls, but most likely Unix seconds.
const LEAST_MS: u64 = 100_000_000_000;

/// The reason of a call that was cut off with its server: no client is ever told.
const SERVER_LOST: &str = "serverLost";

/// Every reason that a record can have. Some are told to single devices only.
fn reasons() -> impl Iterator<Item = &'static str> {
    use CallEndReason::{AnsweredElsewhere, RefusedElsewhere};
    let for_all =
        CallEndReason::ALL.iter().filter(|one| !matches!(one, AnsweredElsewhere | RefusedElsewhere));
    for_all.map(|one| one.as_str()).chain([SERVER_LOST])
}

reading::questions! {
    /// Only calls that this user was in, as caller or invitee.
    user: Option<String>,
    /// Only calls that this user made.
    caller: Option<String>,
    /// Only calls that were made for this group.
    group: Option<String>,
    /// Only calls with this media: `audio` or `video`.
    media: Option<String>,
    /// Only calls that ended for this reason, such as `hungUp` or `timedOut`.
    reason: Option<String>,
    /// Only calls that ended at this time or later: Unix ms, or RFC 3339 such as `2026-11-26T00:00:00+08:00`.
    since: Option<String>,
    /// Only calls that ended before this time, in the same forms.
    until: Option<String>,
    /// `true`: only calls that somebody answered; `false`: only those that nobody did.
    connected: Option<bool>,
}

impl Wanted {
    /// What can find nothing, or not what was meant, is refused.
    fn filter(self, app: AppId) -> Result<CallFilter, Refusal> {
        let time = |what, text: Option<String>| text.map(|text| unix_ms(what, &text)).transpose();
        let (from_ms, to_ms) = (time("since", self.since)?, time("until", self.until)?);
        for (what, user) in [("user", &self.user), ("caller", &self.caller)] {
            if let Some(user) = user {
                UserId::new(user).map_err(|error| invalid(what, &error.to_string()))?;
            }
        }
        if let Some(group) = &self.group {
            GroupId::new(group).map_err(|error| invalid("group", &error.to_string()))?;
        }
        let words = [CallMedia::Audio, CallMedia::Video].map(CallMedia::as_str);
        known("media", self.media.as_deref(), &words)?;
        known("reason", self.reason.as_deref(), &reasons().collect::<Vec<_>>())?;
        reading::check_span(from_ms, to_ms)?;
        Ok(CallFilter {
            app,
            user: self.user,
            caller: self.caller,
            group: self.group,
            media: self.media,
            reason: self.reason,
            from_ms,
            to_ms,
            connected: self.connected,
        })
    }
}

/// The records of finished calls, those that ended last first.
#[utoipa::path(
    get, path = "/v1/call-records", operation_id = "listCallRecords", tag = "calls", params(Listing),
    responses(
        (status = 200, description = "A page of records. Following `next` shows each record once, whatever ends meanwhile.", body = CallRecordList),
        (status = 400, description = "A parameter is wrong.", body = ApiError),
    )
)]
pub(super) async fn list(
    State(shared): State<Shared>,
    caller: Caller,
    query: Result<Query<Listing>, QueryRejection>,
) -> Result<Json<CallRecordList>, Refusal> {
    let (wanted, limit, cursor) = reading::query(query)?.parts();
    let filter = wanted.filter(caller.app)?;
    let (limit, cursor) = reading::place(limit, cursor)?;
    let page = shared.control.store.call_records(filter, limit, cursor).await.map_err(failed)?;
    let records = page.records.into_iter().map(record).collect();
    Ok(Json(CallRecordList { records, next: page.next.map(|cursor| cursor.to_string()) }))
}

/// The same records as a table for spreadsheet programs, all of them: a line per call, with a head. Texts that such a
/// program would calculate have an apostrophe before them; the JSON has every text as it is.
#[utoipa::path(
    get, path = "/v1/call-records.csv", operation_id = "exportCallRecords", tag = "calls", params(Table),
    responses(
        (status = 200, description = "The table (RFC 4180, UTF-8).", body = String, content_type = "text/csv"),
        (status = 400, description = "A parameter is wrong.", body = ApiError),
    )
)]
pub(super) async fn export(
    State(shared): State<Shared>,
    caller: Caller,
    query: Result<Query<Table>, QueryRejection>,
) -> Result<Response, Refusal> {
    let (wanted, form) = reading::query(query)?.parts();
    let filter = wanted.filter(caller.app)?;
    let (mut text, texts) = csv::beginning(form)?;
    text.push_str(csv::HEAD);
    let store = shared.control.store.clone();
    reading::table("call-records.csv", text, move |after| turn(store.clone(), filter.clone(), texts, after))
        .await
}

async fn turn(
    store: Store,
    filter: CallFilter,
    texts: csv::Texts,
    after: Option<Cursor>,
) -> Result<Lines, StoreError> {
    let CallPage { records, next } = store.call_records(filter, TURN, after).await?;
    let mut text = String::new();
    records.iter().for_each(|call| csv::line(&mut text, call, texts));
    Ok((text, next))
}

/// A word that does not exist would find nothing for ever.
fn known(what: &'static str, word: Option<&str>, words: &[&str]) -> Result<(), Refusal> {
    match word.filter(|word| !words.contains(word)) {
        Some(word) => Err(invalid(what, &format!("it is {word:?}, allowed are {}", words.join(", ")))),
        None => Ok(()),
    }
}

/// A time as people or programs write it.
fn unix_ms(what: &'static str, text: &str) -> Result<u64, Refusal> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return match text.parse() {
            Ok(ms) if ms == 0 || ms >= LEAST_MS => Ok(ms),
            _ => Err(invalid(
                what,
                &format!("{text} is no time in Unix milliseconds (seconds have three digits less)"),
            )),
        };
    }
    // In a query the plus of an offset is written %2B; one that was not has become a space.
    let offset = text.len().wrapping_sub("+08:00".len());
    let text: String =
        text.char_indices().map(|(at, c)| if c == ' ' && at == offset { '+' } else { c }).collect();
    let time = OffsetDateTime::parse(&text, &Rfc3339).map_err(|_| {
        invalid(
            what,
            &format!(
                "{text:?} is no time; write Unix milliseconds, or RFC 3339 such as 2026-11-26T00:00:00Z"
            ),
        )
    })?;
    let ms = time.unix_timestamp_nanos() / 1_000_000;
    // There were no calls before 1970.
    Ok(u64::try_from(ms).unwrap_or(0))
}

/// A record in the words of the API.
fn record(call: CallRecord) -> api::CallRecord {
    let duration_ms = call.duration_ms();
    let (ended_ms, reason, by) = match call.end {
        Some(end) => (end.at_ms, end.reason, end.by),
        None => (call.started_ms, String::new(), None),
    };
    api::CallRecord {
        call: call.call,
        room: call.room,
        media: call.media,
        caller: call.caller,
        group: call.group,
        data: call.data,
        backend: call.backend,
        started_ms: call.started_ms,
        connected_ms: call.connected_ms,
        ended_ms,
        duration_ms,
        reason,
        by,
        participants: call.parties.into_iter().map(participant).collect(),
    }
}

fn participant(party: CallParty) -> RecordedParticipant {
    RecordedParticipant {
        user: party.user,
        device: party.device,
        state: party.state,
        rang_ms: party.rang_ms,
        answered_ms: party.answered_ms,
        left_ms: party.left_ms,
        duration_ms: party.duration_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_both_forms() {
        let day = 1_764_115_200_000;
        for (text, ms) in [
            ("0", 0),
            ("1764115200000", day),
            ("2025-11-26T00:00:00Z", day),
            ("2025-11-26T08:00:00+08:00", day),
            ("2025-11-26T08:00:00 08:00", day),
            ("2025-11-26T00:00:00.5Z", day + 500),
            ("1969-12-31T23:00:00Z", 0),
        ] {
            assert_eq!(unix_ms("since", text).unwrap(), ms, "{text}");
        }
        let wrong = [
            "",
            "yesterday",
            "2025-11-26",
            "1764115200",
            "99999999999999999999",
            "-5",
            "2025-13-26T00:00:00Z",
            "会 08:00",
        ];
        for text in wrong {
            assert!(unix_ms("since", text).is_err(), "{text}");
        }
    }
}
