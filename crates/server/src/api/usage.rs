//! What the application uses, stay by stay and day by day, and its suspension.
#![allow(unused_qualifications, reason = "the macro that describes the calls writes paths in full")]

use super::auth::Caller;
use super::csv;
use super::params::{self, invalid};
use super::reading::{self, Lines, TURN, failed};
use super::refusal::Refusal;
use crate::http::Shared;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use huitong_engine::{ApiCall, ApiResult, Suspender};
use huitong_protocol::api::{self, ApiError, Suspension, UsageDays, UsageList, UsageSums};
use huitong_store::{
    Cursor, Store, StoreError, SumOf, UsageDay, UsageFilter, UsagePage, UsageRecord, UsageSum, UsageTotals,
};
use huitong_types::{AppId, RoomId, UserId};
use huitong_usage::{Day, minutes};

reading::questions! {
    /// Only of this user.
    user: Option<String>,
    /// Only in this room, in the notation of commands.
    room: Option<String>,
    /// Only on this day or later: `2026-11-01`.
    since: Option<String>,
    /// Only before this day: `2026-12-01` for all of November.
    until: Option<String>,
    /// `members` (default): what users have used. `guests`: what players of minted URLs have received, all who play a stream
    /// together; the user is whose stream it is.
    of: Option<String>,
}

impl Wanted {
    /// What can find nothing, or not what was meant, is refused.
    fn filter(self, app: AppId) -> Result<UsageFilter, Refusal> {
        let day = |what: &'static str, text: Option<String>| {
            let day = text.map(|text| text.parse::<Day>()).transpose();
            day.map(|day| day.map(Day::number)).map_err(|why| invalid(what, &why))
        };
        let (from_day, to_day) = (day("since", self.since)?, day("until", self.until)?);
        if let Some(user) = &self.user {
            UserId::new(user).map_err(|error| invalid("user", &error.to_string()))?;
        }
        let room = self.room.map(|room| RoomId::parse(&room)).transpose();
        let room = room.map_err(|error| invalid("room", &error.to_string()))?.map(|room| room.to_string());
        reading::check_span(from_day, to_day)?;
        let guests = match self.of.as_deref() {
            None | Some("members") => false,
            Some("guests") => true,
            Some(other) => {
                return Err(invalid("of", &format!("it is {other:?}, allowed are members and guests")));
            }
        };
        Ok(UsageFilter { app, user: self.user, room, from_day, to_day, guests })
    }
}

/// What each stay has used on each day, the newest day and in it the newest stay first.
#[utoipa::path(
    get, path = "/v1/usage", operation_id = "listUsage", tag = "usage", params(Listing),
    responses(
        (status = 200, description = "A page of stays. Following `next` shows each once.", body = UsageList),
        (status = 400, description = "A parameter is wrong.", body = ApiError),
    )
)]
pub(super) async fn list(
    State(shared): State<Shared>,
    caller: Caller,
    query: Result<Query<Listing>, QueryRejection>,
) -> Result<Json<UsageList>, Refusal> {
    let (wanted, limit, cursor) = reading::query(query)?.parts();
    let filter = wanted.filter(caller.app)?;
    let (limit, cursor) = reading::place(limit, cursor)?;
    let page = shared.control.store.usage_records(filter, limit, cursor).await.map_err(failed)?;
    let records = page.records.into_iter().map(record).collect();
    Ok(Json(UsageList { records, next: page.next.map(|cursor| cursor.to_string()) }))
}

/// The same as a table for spreadsheet programs, all of it: a line per stay and day, with a head.
#[utoipa::path(
    get, path = "/v1/usage.csv", operation_id = "exportUsage", tag = "usage", params(Table),
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
    text.push_str(csv::USAGE_HEAD);
    let store = shared.control.store.clone();
    reading::table("usage.csv", text, move |after| turn(store.clone(), filter.clone(), texts, after)).await
}

async fn turn(
    store: Store,
    filter: UsageFilter,
    texts: csv::Texts,
    after: Option<Cursor>,
) -> Result<Lines, StoreError> {
    let UsagePage { records, next } = store.usage_records(filter, TURN, after).await?;
    let mut text = String::new();
    records.iter().for_each(|record| csv::usage_line(&mut text, record, texts));
    Ok((text, next))
}

/// What was used on each day, the newest first, in milliseconds and in the minutes of the bill.
#[utoipa::path(
    get, path = "/v1/usage/daily", operation_id = "listUsageDays", tag = "usage", params(Wanted),
    responses(
        (status = 200, description = "Every day on which something was used.", body = UsageDays),
        (status = 400, description = "A parameter is wrong.", body = ApiError),
    )
)]
pub(super) async fn daily(
    State(shared): State<Shared>,
    caller: Caller,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<UsageDays>, Refusal> {
    let filter = reading::query(query)?.filter(caller.app)?;
    let days = shared.control.store.usage_days(filter).await.map_err(failed)?;
    let days = days.iter().map(day).collect();
    Ok(Json(UsageDays { days, day_offset_minutes: shared.control.day_offset_minutes }))
}

/// Sums of users or rooms.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Sums {
    /// Only of this user.
    user: Option<String>,
    /// Only in this room, in the notation of commands.
    room: Option<String>,
    /// Only on this day or later: `2026-11-01`.
    since: Option<String>,
    /// Only before this day: `2026-12-01` for all of November.
    until: Option<String>,
    /// `members` (default) or `guests`, as for the stays.
    of: Option<String>,
    /// How many sums to return at most, 1 to 1000; default 100.
    limit: Option<usize>,
    /// Only those behind this name: `next` of the page before.
    after: Option<String>,
}

/// What each user has used, by name.
#[utoipa::path(
    get, path = "/v1/usage/users", operation_id = "listUsageOfUsers", tag = "usage", params(Sums),
    responses(
        (status = 200, description = "A page of users.", body = UsageSums),
        (status = 400, description = "A parameter is wrong.", body = ApiError),
    )
)]
pub(super) async fn users(
    State(shared): State<Shared>,
    caller: Caller,
    query: Result<Query<Sums>, QueryRejection>,
) -> Result<Json<UsageSums>, Refusal> {
    sums(&shared, caller.app, query, SumOf::Users).await
}

/// What was used in each room, by name.
#[utoipa::path(
    get, path = "/v1/usage/rooms", operation_id = "listUsageOfRooms", tag = "usage", params(Sums),
    responses(
        (status = 200, description = "A page of rooms.", body = UsageSums),
        (status = 400, description = "A parameter is wrong.", body = ApiError),
    )
)]
pub(super) async fn rooms(
    State(shared): State<Shared>,
    caller: Caller,
    query: Result<Query<Sums>, QueryRejection>,
) -> Result<Json<UsageSums>, Refusal> {
    sums(&shared, caller.app, query, SumOf::Rooms).await
}

async fn sums(
    shared: &Shared,
    app: AppId,
    query: Result<Query<Sums>, QueryRejection>,
    of: SumOf,
) -> Result<Json<UsageSums>, Refusal> {
    let Sums { user, room, since, until, of: whose, limit, after } = reading::query(query)?;
    let filter = Wanted { user, room, since, until, of: whose }.filter(app)?;
    let limit = params::limit(limit)?;
    let found = shared.control.store.usage_sums(filter, of, limit, after).await.map_err(failed)?;
    let next = found.sums.last().filter(|_| found.more).map(|sum| sum.name.clone());
    let sum = |UsageSum { name, stays, totals: used }: UsageSum| {
        let totals = totals(&used);
        api::UsageSum { name, stays, totals }
    };
    Ok(Json(UsageSums { sums: found.sums.into_iter().map(sum).collect(), next }))
}

/// Whether anybody may enter rooms and begin calls.
#[utoipa::path(
    get, path = "/v1/suspension", operation_id = "getSuspension", tag = "usage",
    responses((status = 200, description = "What holds now.", body = Suspension))
)]
pub(super) async fn suspension(
    State(shared): State<Shared>,
    caller: Caller,
) -> Result<Json<Suspension>, Refusal> {
    answer(shared.control.call(caller.app, ApiCall::GetSuspension).await?)
}

/// Suspend the application: nobody enters a room or begins a call from now on. What runs goes on.
#[utoipa::path(
    put, path = "/v1/suspension", operation_id = "suspend", tag = "usage",
    responses((status = 200, description = "It is suspended, also after a restart.", body = Suspension))
)]
pub(super) async fn suspend(
    State(shared): State<Shared>,
    caller: Caller,
) -> Result<Json<Suspension>, Refusal> {
    change(&shared, caller.app, true).await
}

/// Lift the suspension.
#[utoipa::path(
    delete, path = "/v1/suspension", operation_id = "resume", tag = "usage",
    responses(
        (status = 200, description = "It is not suspended any more.", body = Suspension),
        (status = 403, description = "The configuration of the server suspends it, or its operator.", body = ApiError),
    )
)]
pub(super) async fn resume(
    State(shared): State<Shared>,
    caller: Caller,
) -> Result<Json<Suspension>, Refusal> {
    change(&shared, caller.app, false).await
}

async fn change(shared: &Shared, app: AppId, suspend: bool) -> Result<Json<Suspension>, Refusal> {
    let mark = shared.control.store.mark();
    let result = shared.control.call(app, ApiCall::Suspend(Suspender::BackEnd, suspend)).await?;
    params::kept(&shared.control.store, mark, app, "a suspension").await;
    answer(result)
}

fn answer(result: ApiResult) -> Result<Json<Suspension>, Refusal> {
    match result {
        ApiResult::Suspension(suspension) => Ok(Json(suspension)),
        _ => Err(params::mixed_up()),
    }
}

/// A record in the words of the API.
fn record(record: UsageRecord) -> api::UsageRecord {
    api::UsageRecord {
        stay: record.stay,
        day: Day::from_number(record.day).to_string(),
        room: record.room,
        user: record.user,
        started_ms: record.started_ms,
        ended_ms: record.ended_ms,
        open: record.open,
        totals: totals(&record.totals),
    }
}

fn day(day: &UsageDay) -> api::UsageDay {
    api::UsageDay {
        day: Day::from_number(day.day).to_string(),
        stays: day.stays,
        totals: totals(&day.totals),
        audio_minutes: minutes(day.totals.audio_ms),
        video_sd_minutes: minutes(day.totals.sd_ms),
        video_hd_minutes: minutes(day.totals.hd_ms),
        video_fhd_minutes: minutes(day.totals.fhd_ms),
    }
}

const fn totals(totals: &UsageTotals) -> api::UsageTotals {
    api::UsageTotals {
        room_ms: totals.room_ms,
        audio_ms: totals.audio_ms,
        mic_ms: totals.mic_ms,
        video_sd_ms: totals.sd_ms,
        video_hd_ms: totals.hd_ms,
        video_fhd_ms: totals.fhd_ms,
    }
}
