//! `sdk/core/src/generated/protocol.ts` is written from the Rust types. Run with `UPDATE=1` to rewrite it.

use huitong_protocol::{CloseCode, calls, conferences, request, server};
use huitong_types::{
    Blame, CallEndReason, CallMedia, ConferenceExit, ConferenceKind, ConferenceRole, EndReason, ErrorCode,
    LeaveReason, OwnState, ParticipantState, Retry, Role, Scene, StreamKind, VendorCodes, ids,
};
use std::fmt::Write;
use std::path::Path;
use ts_rs::{Config, TS};

fn add<T: TS>(out: &mut String, config: &Config) {
    if let Some(docs) = T::docs() {
        out.push_str(&docs);
    }
    writeln!(out, "export {}\n", T::decl(config)).unwrap();
}

fn generated() -> String {
    let config = Config::new().with_large_int("number");
    let mut out = String::from(
        "// Written from the Rust types of crates/protocol by `make types`. Do not edit.\n/* eslint-disable */\n\n",
    );
    for (name, rule) in [
        ("UserId", "string"),
        ("DeviceId", "string"),
        ("RecordId", "string"),
        ("StreamKey", "string"),
        ("CallId", "string"),
        ("GroupId", "string"),
        ("ConferenceName", "string"),
        ("AppId", "number"),
    ] {
        writeln!(out, "export type {name} = {rule};").unwrap();
    }
    out.push('\n');
    macro_rules! all { ($($t:ty),* $(,)?) => { $( add::<$t>(&mut out, &config); )* } }
    all!(
        ids::RawRoomId,
        Scene,
        Role,
        StreamKind,
        LeaveReason,
        EndReason,
        CallMedia,
        ParticipantState,
        OwnState,
        CallEndReason,
        ConferenceKind,
        ConferenceRole,
        ConferenceExit,
        Blame,
        Retry,
        ErrorCode,
        request::Resume,
        request::Hello,
        request::Publish,
        request::Join,
        request::Leave,
        request::Unpublish,
        request::Subscribe,
        request::SetRole,
        calls::PlaceCall,
        calls::Accept,
        calls::Reject,
        calls::Hangup,
        calls::Watch,
        request::Ping,
        request::Request,
        server::MediaBases,
        server::Resumed,
        server::Welcome,
        server::StreamState,
        server::MemberInfo,
        server::MixState,
        server::RoomState,
        server::JoinReply,
        calls::Participant,
        calls::CallState,
        calls::CallReply,
        calls::Presence,
        calls::WatchReply,
        server::LevelsReply,
        server::VoiceLevel,
        server::Pong,
        server::Done,
        server::Failure,
        server::Reply,
        server::Event,
    );
    add_conferences(&mut out, &config);
    add_constants(&mut out);
    out
}

fn add_conferences(out: &mut String, config: &Config) {
    macro_rules! all { ($($t:ty),* $(,)?) => { $( add::<$t>(out, config); )* } }
    all!(
        conferences::AskTicket,
        conferences::ConferenceSettings,
        conferences::TicketReply,
        conferences::Look,
        conferences::LookReply,
        conferences::Enter,
        conferences::EnterReply,
        conferences::ConferenceState,
        conferences::ConferenceMember,
        conferences::Grant,
        conferences::Kick,
        conferences::Mute,
        conferences::Hand,
        conferences::Decline,
        conferences::Attributes,
        conferences::AttributeChange,
        conferences::Destroy,
        conferences::MembersReply,
        conferences::MemberOut,
    );
}

/// What one API shows for an error, as it is written in TypeScript.
type Column = fn(&VendorCodes) -> String;

/// Frames, and what is not a type.
fn add_constants(out: &mut String) {
    out.push_str("/** A request frame. */\nexport type RequestFrame = { id: number } & Request;\n\n");
    out.push_str("/** A reply frame. */\nexport type ReplyFrame = { re: number } & Reply;\n\n");
    out.push_str("/** A push frame. */\nexport type PushFrame = { seq: number } & Event;\n\n");
    out.push_str("/** Anything the server sends. */\nexport type ServerFrame = ReplyFrame | PushFrame;\n\n");
    writeln!(out, "export const PROTOCOL_VERSION = {};", huitong_protocol::PROTOCOL_VERSION).unwrap();
    writeln!(out, "export const SIGNAL_PATH = '{}';\n", huitong_protocol::SIGNAL_PATH).unwrap();
    out.push_str("/** What the vendor APIs show for each error code: [trtc, trtc detail, emedia, gme]. */\n");
    out.push_str("export const VENDOR_CODES: { [code: string]: [number, number, number, string] } = {\n");
    for code in ErrorCode::ALL {
        let v = code.vendor();
        writeln!(out, "  '{}': [{}, {}, {}, '{}'],", code, v.trtc, v.trtc_detail, v.emedia, v.gme).unwrap();
    }
    out.push_str("};\n\n");
    let columns: [(&str, &str, &str, Column); 3] = [
        ("TRTC_CODES", "[number, number]", "[trtc, trtc detail]", |v| {
            format!("[{}, {}]", v.trtc, v.trtc_detail)
        }),
        ("EMEDIA_CODES", "number", "emedia", |v| v.emedia.to_string()),
        ("GME_CODES", "string", "gme", |v| format!("'{}'", v.gme)),
    ];
    for (name, form, what, column) in columns {
        writeln!(
            out,
            "/** The same for one API, {what}: a build carries what it uses. {} */",
            if name == "EMEDIA_CODES" { "All are there." } else { "What is not there is as 'internal'." }
        )
        .unwrap();
        writeln!(out, "export const {name}: {{ internal: {form}; [code: string]: {form} }} = {{").unwrap();
        let usual = column(&ErrorCode::Internal.vendor());
        for code in ErrorCode::ALL {
            let shown = column(&code.vendor());
            // Of conferences, 'internal' is a number of its own, and not what stands for all that is unknown.
            if name == "EMEDIA_CODES" || shown != usual || *code == ErrorCode::Internal {
                writeln!(out, "  '{code}': {shown},").unwrap();
            }
        }
        out.push_str("};\n\n");
    }
    out.push_str(
        "/** Codes with which the server closes a signalling connection. */\nexport const CLOSE = {\n",
    );
    for code in CloseCode::ALL {
        writeln!(out, "  {}: {},", code.name(), code.number()).unwrap();
    }
    out.push_str("} as const;\n");
}

#[test]
fn typescript_types_are_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/core/src/generated/protocol.ts");
    let fresh = generated();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == fresh,
        "sdk/core/src/generated/protocol.ts is out of date: run `make types` and commit it"
    );
}
