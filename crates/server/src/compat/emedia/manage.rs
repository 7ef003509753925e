//! What members of a conference ask over HTTP about others. The role token says who asks; the engine knows what that one may do.

use super::body::{Answer, Body, Refused, fine, wrong};
use super::desk::Who;
use super::names::Named;
use super::rest::{Raw, mixed_up};
use crate::http::Shared;
use axum::extract::State;
use huitong_engine::{ApiCall, ApiResult};
use huitong_protocol::{AttributeChange, Attributes, Destroy, Grant, Kick};
use huitong_types::{ConferenceName, Fault, UserId, limits};
use serde_json::{Value, json};

/// Who asks, and about which conference.
fn holder(shared: &Shared, body: &Body) -> Result<(Who, ConferenceName), Refused> {
    let (who, conference) = shared.wire.desk.holder(&body.text("roleToken")?)?;
    shared.wire.in_pace(&who)?;
    Ok((who, conference))
}

/// Those who are named in `uids`.
fn whom(body: &Body, who: &Who) -> Result<(Vec<UserId>, Vec<u64>), Fault> {
    let uids = body.field("uids").and_then(Value::as_array).ok_or_else(|| wrong("uids", "is no list"))?;
    if uids.is_empty() || uids.len() > limits::CONFERENCE_BATCH {
        return Err(wrong(
            "uids",
            &format!("names {}, allowed is 1 to {}", uids.len(), limits::CONFERENCE_BATCH),
        ));
    }
    let (mut users, mut members) = (Vec::new(), Vec::new());
    for uid in uids {
        let uid = uid.as_str().ok_or_else(|| wrong("uids", "has an entry that is no text"))?;
        match Named::parse(uid, &who.name.key)? {
            Named::User(user) => users.push(user),
            Named::Member(member) => members.push(member),
        }
    }
    Ok((users, members))
}

async fn done(shared: &Shared, who: &Who, call: ApiCall) -> Answer {
    match shared.control.call(who.app, call).await? {
        ApiResult::Done | ApiResult::Members(_) => fine(json!({})),
        _ => Err(mixed_up()),
    }
}

/// Change roles.
pub(super) async fn grant(State(shared): State<Shared>, body: Raw) -> Answer {
    let body = Body::read(body)?;
    let (who, conference) = holder(&shared, &body)?;
    let role =
        super::frames::role_of(body.field("role"))?.ok_or_else(|| wrong("role", "is not 1, 3 or 7"))?;
    let (users, members) = whom(&body, &who)?;
    let grant = Grant { conference, users, members, role };
    done(&shared, &who, ApiCall::Grant(Some(who.user().clone()), grant)).await
}

/// Remove members.
pub(super) async fn kick(State(shared): State<Shared>, body: Raw) -> Answer {
    let body = Body::read(body)?;
    let (who, conference) = holder(&shared, &body)?;
    let (users, members) = whom(&body, &who)?;
    let kick = Kick { conference, users, members };
    done(&shared, &who, ApiCall::Kick(Some(who.user().clone()), kick)).await
}

/// End the conference.
pub(super) async fn disband(State(shared): State<Shared>, body: Raw) -> Answer {
    let body = Body::read(body)?;
    let (who, conference) = holder(&shared, &body)?;
    done(&shared, &who, ApiCall::Destroy(Some(who.user().clone()), Destroy { conference })).await
}

/// Change attributes.
pub(super) async fn attributes(State(shared): State<Shared>, body: Raw) -> Answer {
    let body = Body::read(body)?;
    let (who, conference) = holder(&shared, &body)?;
    let all = body.field("cattrs").and_then(Value::as_array).ok_or_else(|| wrong("cattrs", "is no list"))?;
    if all.is_empty() || all.len() > limits::CONFERENCE_BATCH {
        let why = format!("has {} changes, allowed is 1 to {}", all.len(), limits::CONFERENCE_BATCH);
        return Err(wrong("cattrs", &why).into());
    }
    let changes = all.iter().map(change).collect::<Result<Vec<_>, _>>()?;
    done(&shared, &who, ApiCall::Attributes(Some(who.user().clone()), Attributes { conference, changes }))
        .await
}

fn change(of: &Value) -> Result<AttributeChange, Fault> {
    let text = |name: &str| of.get(name).and_then(Value::as_str);
    let key = text("key").ok_or_else(|| wrong("cattrs", "has a change without a key"))?.to_owned();
    let value = match text("op") {
        Some("UPDATE") => Some(match of.get("val") {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) | None => return Err(wrong("cattrs", "has an UPDATE without a val")),
            Some(other) => other.to_string(),
        }),
        Some("DEL") => None,
        _ => return Err(wrong("cattrs", "has a change whose op is neither UPDATE nor DEL")),
    };
    Ok(AttributeChange { key, value })
}
