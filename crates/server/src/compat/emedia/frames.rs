//! Frames of this wire: what clients send, read without trust, and what is written to them.

use huitong_types::{ConferenceExit, ConferenceKind, ConferenceRole, ErrorCode, Fault};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Longest id of a request that is answered, bytes. Those of the vendor's client have about twenty.
const TSX_BYTES: usize = 128;

/// Longest name shown to the others, bytes: that of the protocol inside.
const NICK_BYTES: usize = 128;

/// One frame of a client.
#[derive(Debug)]
pub(crate) struct ClientFrame {
    /// By what the client recognises the answer.
    pub(crate) tsx: Option<String>,
    /// Which stay it is about; nothing before the first one.
    pub(crate) sess: Option<String>,
    /// What it asks.
    pub(crate) op: Op,
}

/// What a client asks.
#[derive(Debug)]
pub(crate) enum Op {
    /// 200: enter, or go on with an earlier stay.
    Enter(Box<EnterOp>),
    /// 201: leave.
    Leave(ConferenceExit),
    /// 204: end the conference.
    Close,
    /// 400: switch parts of the own stream off or on. What is not said stays as it is.
    Switch {
        /// The sound is off.
        audio_off: Option<bool>,
        /// The picture is off.
        video_off: Option<bool>,
    },
    /// 1000: poll, with the version of the newest event that arrived.
    Poll(Option<u64>),
    /// 1002 or 1003: something for another member.
    Message,
    /// Any other number.
    Other(i64),
}

/// What a client says when it enters.
#[derive(Debug)]
pub(crate) struct EnterOp {
    /// The ticket, as it was handed out.
    pub(crate) ticket: TicketText,
    /// The name that it wants to show: it travels in `ext`.
    pub(crate) nick: Option<String>,
    /// Whatever else it wants to show.
    pub(crate) ext: Option<String>,
}

/// The text in the field `ticket`: where to go and what to show there. The client adds nothing to it and hands it back whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TicketText {
    /// Where to connect to.
    pub(crate) url: String,
    /// The conference.
    pub(crate) confr_id: String,
    /// Full name of the user.
    pub(crate) mem_name: String,
    /// The ticket of the conference.
    pub(crate) tkt_id: String,
    /// `CONFR`.
    pub(crate) r#type: String,
    /// Until when the login that goes with it holds, Unix ms.
    pub(crate) expr_ts: u64,
    /// Proof over all that matters.
    pub(crate) hmac: String,
}

/// A frame that is refused before anybody has acted on it.
#[derive(Debug)]
pub(crate) struct BadFrame {
    /// By what the client recognises the answer.
    pub(crate) tsx: Option<String>,
    /// What is wrong.
    pub(crate) fault: Fault,
}

fn bad(tsx: Option<String>, field: &'static str, why: &str) -> BadFrame {
    let fault = Fault::because(ErrorCode::BadMessage, format!("The field {field} {why}.")).in_field(field);
    BadFrame { tsx, fault }
}

/// Reads a frame.
pub(crate) fn read(text: &str) -> Result<ClientFrame, BadFrame> {
    let frame: Value = serde_json::from_str(text).map_err(|error| BadFrame {
        tsx: None,
        fault: Fault::because(ErrorCode::BadMessage, format!("The frame is not JSON: {error}.")),
    })?;
    let field = |name: &str| frame.get(name).and_then(Value::as_str).map(str::to_owned);
    let tsx = field("tsxId").filter(|tsx| tsx.len() <= TSX_BYTES);
    let Some(op) = frame.get("op").and_then(Value::as_i64) else {
        return Err(bad(tsx, "op", "is missing or is no number"));
    };
    let op = match op {
        200 => Op::Enter(Box::new(enter(&frame, tsx.as_ref())?)),
        201 => Op::Leave(exit_of(frame.get("reason").and_then(Value::as_i64).unwrap_or(0))),
        204 => Op::Close,
        400 => Op::Switch { audio_off: truthy(frame.get("aoff")), video_off: truthy(frame.get("voff")) },
        1000 => Op::Poll(frame.get("cver").and_then(Value::as_u64)),
        1002 | 1003 => Op::Message,
        other => Op::Other(other),
    };
    Ok(ClientFrame { tsx, sess: field("sessId"), op })
}

fn enter(frame: &Value, tsx: Option<&String>) -> Result<EnterOp, BadFrame> {
    let ticket = frame.get("tkt").ok_or_else(|| bad(tsx.cloned(), "tkt", "is missing"))?;
    let ticket = TicketText::deserialize(ticket).map_err(|error| BadFrame {
        tsx: tsx.cloned(),
        fault: Fault::because(
            ErrorCode::TicketInvalid,
            format!("The ticket is not as it was handed out: {error}."),
        )
        .in_field("tkt"),
    })?;
    let ext = frame.get("ext").and_then(Value::as_str).filter(|ext| !ext.is_empty()).map(str::to_owned);
    let shown = ext.as_deref().and_then(|ext| serde_json::from_str::<Value>(ext).ok());
    let nick = shown.as_ref().and_then(|ext| ext.get("nickName")).and_then(Value::as_str);
    let nick = nick.filter(|nick| !nick.is_empty() && nick.len() <= NICK_BYTES).map(str::to_owned);
    Ok(EnterOp { ticket, nick, ext })
}

/// Flags travel as 0 and 1, and as truth values.
fn truthy(value: Option<&Value>) -> Option<bool> {
    match value {
        Some(Value::Bool(flag)) => Some(*flag),
        Some(Value::Number(number)) => Some(number.as_i64() != Some(0)),
        _ => None,
    }
}

/// The number of a role.
pub(crate) const fn role_number(role: ConferenceRole) -> u8 {
    match role {
        ConferenceRole::Audience => 1,
        ConferenceRole::Talker => 3,
        ConferenceRole::Admin => 7,
    }
}

/// A role that is asked for, as a number or as the text of one. 9 is a habit of the vendor's client and means none.
pub(crate) fn role_of(value: Option<&Value>) -> Result<Option<ConferenceRole>, Fault> {
    let number = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.is_empty() => return Ok(None),
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64(),
    };
    match number {
        Some(1) => Ok(Some(ConferenceRole::Audience)),
        Some(3) => Ok(Some(ConferenceRole::Talker)),
        Some(7) => Ok(Some(ConferenceRole::Admin)),
        Some(9) => Ok(None),
        _ => Err(Fault::because(ErrorCode::InvalidField, "The role is 1, 3 or 7.").in_field("role")),
    }
}

/// The number of a kind.
pub(crate) const fn kind_number(kind: ConferenceKind) -> u8 {
    match kind {
        ConferenceKind::Ordinary => 10,
        ConferenceKind::Large => 11,
        ConferenceKind::Live => 12,
    }
}

/// A kind that is asked for, as a number or as the text of one; empty is the usual one.
pub(crate) fn kind_of(value: Option<&Value>) -> Result<ConferenceKind, Fault> {
    let number = match value {
        None | Some(Value::Null) => Some(10),
        Some(Value::String(text)) if text.is_empty() => Some(10),
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64(),
    };
    match number {
        Some(10) => Ok(ConferenceKind::Ordinary),
        Some(11) => Ok(ConferenceKind::Large),
        Some(12) => Ok(ConferenceKind::Live),
        _ => {
            let sentence = "The type of a conference is 10, 11 or 12.";
            Err(Fault::because(ErrorCode::InvalidField, sentence).in_field("confrType"))
        }
    }
}

/// The number of a reason for which a member is out.
pub(crate) const fn exit_number(reason: ConferenceExit) -> u8 {
    match reason {
        ConferenceExit::Left => 0,
        ConferenceExit::NoAnswer => 1,
        ConferenceExit::Removed => 2,
        ConferenceExit::Busy => 3,
        ConferenceExit::Failed => 4,
        ConferenceExit::NotSupported => 5,
        ConferenceExit::OtherDevice => 10,
        ConferenceExit::Closed => 11,
    }
}

/// What a client says when it leaves. It cannot claim what only the server decides.
const fn exit_of(number: i64) -> ConferenceExit {
    match number {
        1 => ConferenceExit::NoAnswer,
        3 => ConferenceExit::Busy,
        4 => ConferenceExit::Failed,
        5 => ConferenceExit::NotSupported,
        _ => ConferenceExit::Left,
    }
}

/// The code of this wire for an error.
pub(crate) const fn code(fault: &Fault) -> i32 {
    code_of(fault.code)
}

const fn code_of(code: ErrorCode) -> i32 {
    code.vendor().emedia
}

/// The code of a refusal after which the client stays: by some numbers it takes itself for out, whatever it has asked for.
pub(crate) fn mild_code(fault: &Fault) -> i32 {
    match code(fault) {
        code if ENDS.contains(&code) => code_of(ErrorCode::UnknownOperation),
        code => code,
    }
}

/// Numbers by which the client takes itself for out.
const ENDS: [i32; 7] = [-500, -501, -502, -504, -506, -508, -510];

/// The answer to a request that went well; `more` has further fields.
pub(crate) fn done(tsx: Option<&str>, sess: &str, more: Value) -> String {
    reply(tsx, sess, json!({"result": 0}), more)
}

/// The answer to a request that is refused.
pub(crate) fn refused(tsx: Option<&str>, sess: &str, number: i32, fault: &Fault) -> String {
    reply(tsx, sess, json!({"result": number, "msg": fault.message}), Value::Null)
}

fn reply(tsx: Option<&str>, sess: &str, result: Value, more: Value) -> String {
    let mut frame = json!({"op": 1001, "sessId": sess});
    if let Some(tsx) = tsx {
        merge(&mut frame, json!({"tsxId": tsx}));
    }
    merge(&mut frame, result);
    merge(&mut frame, more);
    frame.to_string()
}

/// Adds the fields of one object to another.
pub(crate) fn merge(to: &mut Value, from: Value) {
    if let (Value::Object(to), Value::Object(from)) = (to, from) {
        to.extend(from);
    }
}
