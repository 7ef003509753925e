//! What the routes make of a request and of what the engine answers.

use super::router;
use crate::address::PublicAddress;
use crate::compat::{Apps, ConferenceWire};
use crate::config::{AppSection, Config};
use crate::control::Control;
use crate::http::{Shared, Tenants};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::DefaultBodyLimit;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt;
use huitong_engine::{ApiCall, ApiResult};
use huitong_fanout::{Fanout, FanoutConfig};
use huitong_protocol::api::{
    CallList, CallMedia, CallParticipant, CallSummary, GroupDetail, GroupList, GroupSummary,
};
use huitong_store::{CallEnd, CallRecord, Store, StoreConfig};
use huitong_types::{AppId, ErrorCode, Fault, Redacted};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;
use tower::ServiceExt;

const SECRET: &str = "a-secret-of-some-length";

/// The API before somebody who answers in the engine's place.
struct Site {
    router: Router,
    store: Store,
    _data: TempDir,
}

impl Site {
    fn new(answers: impl Fn(ApiCall) -> ApiResult + Send + 'static) -> Self {
        let data = tempfile::tempdir().unwrap();
        let config =
            StoreConfig { data: data.path().to_owned(), keep_call_records_days: 0, keep_usage_days: 0 };
        let (store, _) = Store::open(&config).unwrap();
        let app = AppSection::new(AppId::new(7).unwrap(), SECRET);
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        let fanout = FanoutConfig { shards: 1, ..FanoutConfig::with_formats(Vec::new()) };
        let (_, shutdown) = watch::channel(false);
        let shared = Shared::new(
            Control::answered_by(store.clone(), answers),
            Fanout::new(fanout).unwrap(),
            PublicAddress::new(&Config::default(), nowhere, nowhere),
            Tenants {
                wire: ConferenceWire::new(Apps::default(), [0; 32]),
                apps: [(app.id, app.secret)].into(),
                operator: Redacted::default(),
                demo: None,
            },
            None,
            shutdown,
        );
        // The limit of the whole site, over which a route may go.
        let router = router().0.layer(DefaultBodyLimit::max(1024)).with_state(shared);
        Self { router, store, _data: data }
    }

    async fn send(&self, method: &str, path: &str, body: impl Into<Body>) -> Response {
        let authorization = format!("Basic {}", STANDARD.encode(format!("7:{SECRET}")));
        let request = Request::builder().method(method).uri(path).header("authorization", authorization);
        self.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap()
    }

    async fn ask(&self, method: &str, path: &str, body: impl Into<Body>) -> (StatusCode, Value) {
        let answer = self.send(method, path, body).await;
        let status = answer.status();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }
}

fn summary(call: &str) -> CallSummary {
    CallSummary {
        call: call.to_owned(),
        room: "7".to_owned(),
        media: CallMedia::Video,
        caller: "alice".to_owned(),
        group: None,
        data: None,
        backend: true,
        started_ms: 1,
        connected_ms: None,
        open: false,
        participants: vec![CallParticipant {
            user: "alice".to_owned(),
            state: "ringing".to_owned(),
            device: None,
        }],
    }
}

/// An engine that has one call and one group.
fn answers(call: ApiCall) -> ApiResult {
    let detail = |group: &str, members: &[&str]| {
        let members = members.iter().map(|user| (*user).to_owned()).collect();
        ApiResult::Group(GroupDetail { group: group.to_owned(), members })
    };
    match call {
        ApiCall::StartCall(request) => {
            assert_eq!((request.caller.as_str(), request.timeout_ms), ("alice", Some(5000)));
            assert_eq!((request.invitees, request.media), (vec!["bob".to_owned()], CallMedia::Video));
            ApiResult::Call(summary("c1"))
        }
        ApiCall::ListCalls { offset, limit } => {
            assert_eq!((offset, limit), (3, 2));
            ApiResult::Calls(CallList { calls: vec![summary("c4")], total: 4 })
        }
        ApiCall::GetCall(call) => {
            assert_eq!(call, "c-1");
            ApiResult::Call(summary("c-1"))
        }
        ApiCall::EndCall(call) if call == "c-1" => ApiResult::Done,
        ApiCall::EndCall(call) => {
            assert_eq!(call, "gone");
            ApiResult::Refused(Fault::new(ErrorCode::CallGone))
        }
        ApiCall::PutGroup(group, request) => {
            ApiResult::Group(GroupDetail { group, members: request.members })
        }
        ApiCall::GetGroup(group) => detail(&group, &["alice", "bob"]),
        ApiCall::ListGroups { offset, limit } => {
            assert_eq!((offset, limit), (0, 100));
            ApiResult::Groups(GroupList {
                groups: vec![GroupSummary { group: "our team".to_owned(), members: 2 }],
                total: 1,
            })
        }
        ApiCall::DropGroup(group) => {
            assert_eq!(group, "a/b 会");
            ApiResult::Done
        }
        other => panic!("nobody asked {other:?}"),
    }
}

#[tokio::test]
async fn calls_are_started_looked_at_and_ended() {
    let site = Site::new(answers);
    let body = r#"{"caller": "alice", "invitees": ["bob"], "media": "video", "timeoutMs": 5000}"#;
    let wanted = json!({"call": "c1", "room": "7", "media": "video", "caller": "alice", "backend": true,
        "startedMs": 1, "participants": [{"user": "alice", "state": "ringing"}]});
    assert_eq!(site.ask("POST", "/v1/calls", body).await, (StatusCode::CREATED, wanted));
    let (status, list) = site.ask("GET", "/v1/calls?offset=3&limit=2", "").await;
    assert_eq!(
        (status, &list["total"], &list["calls"][0]["call"]),
        (StatusCode::OK, &json!(4), &json!("c4"))
    );
    let (status, call) = site.ask("GET", "/v1/calls/c-1", "").await;
    assert_eq!((status, &call["call"]), (StatusCode::OK, &json!("c-1")));
    assert_eq!(site.ask("DELETE", "/v1/calls/c-1", "").await, (StatusCode::NO_CONTENT, Value::Null));
    let (status, gone) = site.ask("DELETE", "/v1/calls/gone", "").await;
    assert_eq!((status, &gone["code"]), (StatusCode::NOT_FOUND, &json!("call-gone")));
}

#[tokio::test]
async fn refusals_have_their_status() {
    for (code, status) in [
        (ErrorCode::CallBusy, StatusCode::CONFLICT),
        (ErrorCode::NotInGroup, StatusCode::FORBIDDEN),
        (ErrorCode::InvalidField, StatusCode::BAD_REQUEST),
        (ErrorCode::ServerFull, StatusCode::SERVICE_UNAVAILABLE),
    ] {
        let site = Site::new(move |_| ApiResult::Refused(Fault::new(code)));
        let body = r#"{"caller": "alice", "invitees": ["bob"], "media": "audio"}"#;
        let (got, error) = site.ask("POST", "/v1/calls", body).await;
        assert_eq!((got, &error["code"]), (status, &json!(code.as_str())));
    }
}

#[tokio::test]
async fn groups_are_made_looked_at_and_dropped() {
    let site = Site::new(answers);
    let put = site.ask("PUT", "/v1/groups/our%20team", r#"{"members": ["alice", "bob"]}"#).await;
    let team = json!({"group": "our team", "members": ["alice", "bob"]});
    assert_eq!(put, (StatusCode::OK, team.clone()));
    assert_eq!(site.ask("GET", "/v1/groups/our%20team", "").await, (StatusCode::OK, team));
    let list = site.ask("GET", "/v1/groups", "").await;
    let wanted = json!({"groups": [{"group": "our team", "members": 2}], "total": 1});
    assert_eq!(list, (StatusCode::OK, wanted));
    let dropped = site.ask("DELETE", "/v1/groups/a%2Fb%20%E4%BC%9A", "").await;
    assert_eq!(dropped, (StatusCode::NO_CONTENT, Value::Null));
}

#[tokio::test]
async fn a_group_of_the_most_members_with_the_longest_names_is_taken() {
    let site = Site::new(answers);
    let members: Vec<String> = (0..2000).map(|n| format!("{n:\"<128}")).collect();
    let body = json!({"members": members}).to_string();
    let (status, group) = site.ask("PUT", "/v1/groups/crowd", body).await;
    assert_eq!((status, group["members"].as_array().map(Vec::len)), (StatusCode::OK, Some(2000)));
    let (status, error) = site.ask("PUT", "/v1/groups/crowd", " ".repeat(1024 * 1024)).await;
    assert_eq!((status, &error["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("bad-message")));
    let (status, _) = site.ask("POST", "/v1/calls", " ".repeat(2048)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "the others stay within the limit of the site");
}

#[tokio::test]
async fn wrong_requests_do_not_come_to_the_engine() {
    let site = Site::new(|call| panic!("nobody asked {call:?}"));
    for body in [
        "",
        "{}",
        r#"{"caller": "alice", "invitees": ["bob"], "media": "smell"}"#,
        r#"{"caller": "alice", "invitees": "bob", "media": "audio"}"#,
        r#"{"caller": "alice", "invitees": ["bob"], "media": "audio", "timeOutMs": 5000}"#,
        r#"{"caller": "alice", "invitees": ["bob"], "media": "audio", "timeoutMs": -1}"#,
    ] {
        let (status, error) = site.ask("POST", "/v1/calls", body).await;
        assert_eq!((status, &error["code"]), (StatusCode::BAD_REQUEST, &json!("bad-message")), "{body}");
    }
    for body in ["[]", r#"{"members": [1]}"#, r#"{"members": [], "name": "x"}"#] {
        let (status, error) = site.ask("PUT", "/v1/groups/team", body).await;
        assert_eq!((status, &error["code"]), (StatusCode::BAD_REQUEST, &json!("bad-message")), "{body}");
    }
    for path in ["/v1/calls?limit=0", "/v1/groups?limit=1001", "/v1/calls?ofset=1", "/v1/groups/%FF"] {
        let (status, error) = site.ask("GET", path, "").await;
        assert_eq!((status, &error["code"]), (StatusCode::BAD_REQUEST, &json!("invalid-field")), "{path}");
    }
}

#[tokio::test]
async fn a_table_that_cannot_be_read_to_its_end_is_cut_off_and_not_short() {
    let site = Site::new(|call| panic!("nobody asked {call:?}"));
    let mark = site.store.mark();
    for n in 0..600 {
        site.store.call_finished(CallRecord {
            app: AppId::new(7).unwrap(),
            call: format!("c{n}"),
            room: "7".to_owned(),
            media: "audio".to_owned(),
            group: None,
            data: None,
            caller: "alice".to_owned(),
            backend: false,
            started_ms: n,
            connected_ms: None,
            end: Some(CallEnd { at_ms: n, reason: "cancelled".to_owned(), by: None }),
            parties: Vec::new(),
        });
    }
    site.store.kept(mark, Duration::from_secs(30)).await.unwrap();
    let table = site.send("GET", "/v1/call-records.csv", Body::empty()).await;
    assert_eq!(table.status(), StatusCode::OK);
    let mut parts = table.into_body().into_data_stream();
    let first = parts.next().await.unwrap().unwrap();
    assert_eq!(first.iter().filter(|byte| **byte == b'\n').count(), 501);
    site.store.close(Duration::from_secs(30));
    assert!(parts.next().await.unwrap().is_err(), "the rest is missing, and that shows");
    for path in ["/v1/call-records", "/v1/call-records.csv"] {
        let (status, error) = site.ask("GET", path, "").await;
        assert_eq!(
            (status, &error["code"]),
            (StatusCode::SERVICE_UNAVAILABLE, &json!("shutting-down")),
            "{path}"
        );
    }
}
