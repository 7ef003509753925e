//! Calls and groups of the back-end over real HTTP, with phones that ring.

mod common;

use common::{APP, Phone, Running, basic, config, hello, http, soon, user_sig};
use huitong_server::config::AppSection;
use huitong_types::AppId;
use serde_json::{Value, json};

/// A phone on which calls ring.
async fn phone(server: &Running, user: &str) -> Phone {
    let mut phone = Phone::connect(server).await;
    let mut request = hello(user, &user_sig(user));
    request["calls"] = true.into();
    request["device"] = format!("{user}s-phone").into();
    let reply = phone.request(request).await;
    assert_eq!(reply["ok"]["op"], "hello", "{reply}");
    phone
}

/// Starts a call of alice and bob.
async fn start(server: &Running, more: Value) -> (u16, Value) {
    let mut body = json!({"caller": "alice", "invitees": ["bob"], "media": "video"});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let answer = server.api("POST", "/v1/calls", &body.to_string()).await;
    (answer.status, answer.json())
}

fn states(call: &Value) -> Vec<(&str, &str)> {
    let each = call["participants"].as_array().unwrap().iter();
    each.map(|one| (one["user"].as_str().unwrap(), one["state"].as_str().unwrap())).collect()
}

/// The one record of this call, as soon as it is there.
async fn record(server: &Running, call: &str) -> Value {
    let written = async {
        loop {
            let list = server.api("GET", "/v1/call-records", "").await.json();
            let mut records = list["records"].as_array().unwrap().iter();
            if let Some(record) = records.find(|record| record["call"] == call) {
                return record.clone();
            }
        }
    };
    soon("the record of the call", written).await
}

#[tokio::test]
async fn a_call_of_the_back_end_rings_at_both_and_is_ended_by_it() {
    let server = Running::start(config()).await;
    let (mut alice, mut bob) = (phone(&server, "alice").await, phone(&server, "bob").await);
    let (status, call) = start(&server, json!({"data": "order 17", "invitees": ["bob", "carol"]})).await;
    assert_eq!(status, 201, "{call}");
    assert_eq!(states(&call), [("alice", "ringing"), ("bob", "ringing"), ("carol", "offline")]);
    assert_eq!(
        (&call["backend"], &call["data"], &call["media"]),
        (&json!(true), &json!("order 17"), &json!("video"))
    );
    assert!(call["connectedMs"].is_null(), "{call}");
    let id = call["call"].as_str().unwrap();
    let path = format!("/v1/calls/{id}");
    for who in [&mut alice, &mut bob] {
        assert_eq!(who.event("invited").await["call"]["call"], id);
        let reply = who.request(json!({"op": "accept", "call": id})).await;
        assert_eq!(reply["ok"]["call"]["you"], "connected", "{reply}");
    }
    let connected = server.api("GET", &path, "").await.json();
    assert_eq!(states(&connected)[..2], [("alice", "connected"), ("bob", "connected")]);
    assert_eq!(connected["participants"][1]["device"], "bobs-phone");
    assert!(connected["connectedMs"].as_u64() >= connected["startedMs"].as_u64(), "{connected}");
    let list = server.api("GET", "/v1/calls", "").await.json();
    assert_eq!((&list["total"], &list["calls"][0]["call"]), (&json!(1), &connected["call"]));
    assert_eq!(states(&list["calls"][0]), states(&connected));
    assert_eq!(server.api("DELETE", &path, "").await.status, 204);
    for who in [&mut alice, &mut bob] {
        assert_eq!(who.event("callEnded").await["reason"], "ended");
    }
    for method in ["GET", "DELETE"] {
        let gone = server.api(method, &path, "").await;
        assert_eq!((gone.status, gone.code()), (404, "call-gone".to_owned()), "{method}");
    }
    assert_eq!(server.api("GET", "/v1/calls", "").await.json()["total"], 0);
    let record = record(&server, id).await;
    assert_eq!((&record["backend"], &record["reason"]), (&json!(true), &json!("ended")));
    assert_eq!((&record["room"], &record["data"]), (&call["room"], &json!("order 17")));
    assert_eq!(states(&record), [("alice", "left"), ("bob", "left"), ("carol", "cancelled")]);
}

#[tokio::test]
async fn a_call_among_users_is_seen_and_its_record_names_their_devices() {
    let server = Running::start(config()).await;
    let (mut alice, mut bob) = (phone(&server, "alice").await, phone(&server, "bob").await);
    let reply = alice.request(json!({"op": "call", "invitees": ["bob"], "media": "audio"})).await;
    let id = reply["ok"]["call"]["call"].as_str().unwrap().to_owned();
    let seen = server.api("GET", &format!("/v1/calls/{id}"), "").await.json();
    assert_eq!((&seen["backend"], &seen["caller"]), (&json!(false), &json!("alice")));
    assert_eq!(states(&seen), [("alice", "calling"), ("bob", "ringing")]);
    bob.event("invited").await;
    let reply = bob.request(json!({"op": "reject", "call": id})).await;
    assert!(reply["ok"].is_object(), "{reply}");
    let record = record(&server, &id).await;
    assert_eq!((&record["reason"], &record["by"]), (&json!("rejected"), &json!("bob")));
    assert_eq!((&record["durationMs"], &record["media"]), (&json!(0), &json!("audio")));
    assert_eq!(record["participants"][0]["device"], "alices-phone");
    assert!(record["participants"][1]["rangMs"].is_u64(), "{record}");
    let found =
        server.api("GET", "/v1/call-records?reason=rejected&connected=false&user=bob", "").await.json();
    assert_eq!(found["records"][0], record);
}

#[tokio::test]
async fn what_cannot_be_started_is_refused_with_the_reason() {
    let mut config = config();
    let other = AppId::new(APP + 1).unwrap();
    config.app.push(AppSection::new(other, "the-secret-of-the-other"));
    let server = Running::start(config).await;
    let (status, call) = start(&server, json!({})).await;
    assert_eq!((status, states(&call)), (201, vec![("alice", "offline"), ("bob", "offline")]));
    let (status, busy) = start(&server, json!({})).await;
    assert_eq!((status, &busy["code"]), (409, &json!("call-busy")));
    for (more, field) in [
        (json!({"caller": ""}), "caller"),
        (json!({"caller": "dora", "invitees": []}), "invitees"),
        (json!({"caller": "dora", "invitees": ["eve", "eve"]}), "invitees"),
        (json!({"caller": "dora", "invitees": ["dora"]}), "invitees"),
        (json!({"caller": "dora", "invitees": ["\u{7}"]}), "invitees"),
        (json!({"caller": "dora", "invitees": vec!["x"; 50]}), "invitees"),
        (json!({"caller": "dora", "timeoutMs": 999}), "timeoutMs"),
        (json!({"caller": "dora", "timeoutMs": 120_001}), "timeoutMs"),
        (json!({"caller": "dora", "data": "x".repeat(1025)}), "data"),
        (json!({"caller": "dora", "group": ""}), "group"),
    ] {
        let (status, error) = start(&server, more.clone()).await;
        assert_eq!((status, &error["code"]), (400, &json!("invalid-field")), "{more}: {error}");
        assert_eq!(error["field"], field, "{more}: {error}");
    }
    for path in ["/v1/calls/no-such-call", "/v1/calls/%E4%BC%9A"] {
        let gone = server.api("GET", path, "").await;
        assert_eq!((gone.status, gone.code()), (404, "call-gone".to_owned()), "{path}");
    }
    let header = {
        use base64::Engine as _;
        let text = format!("{other}:the-secret-of-the-other");
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text))
    };
    let path = format!("/v1/calls/{}", call["call"].as_str().unwrap());
    assert_eq!(http(server.http, "DELETE", &path, Some(&header), "").await.status, 404);
    assert_eq!(http(server.http, "GET", "/v1/calls", Some(&header), "").await.json()["total"], 0);
    assert_eq!(http(server.http, "GET", &path, Some(&basic(common::SECRET)), "").await.status, 200);
}

#[tokio::test]
async fn groups_outlive_the_server_and_bound_who_calls_in_their_name() {
    let data = tempfile::tempdir().unwrap();
    let mut config = config();
    config.server.data = data.path().to_owned();
    let mut server = Running::start(config.clone()).await;
    let team = json!({"group": "our team", "members": ["bob", "alice"]});
    let put = server.api("PUT", "/v1/groups/our%20team", r#"{"members": ["bob", "alice"]}"#).await;
    assert_eq!((put.status, put.json()), (200, team.clone()));
    assert_eq!(server.api("PUT", "/v1/groups/gone", r#"{"members": ["alice"]}"#).await.status, 200);
    assert_eq!(server.api("DELETE", "/v1/groups/gone", "").await.status, 204);
    for method in ["GET", "DELETE"] {
        let gone = server.api(method, "/v1/groups/gone", "").await;
        assert_eq!((gone.status, gone.code()), (404, "not-found".to_owned()), "{method}");
    }
    server.tell_to_stop();
    server.ended().await.unwrap();
    let server = Running::start(config).await;
    assert_eq!(server.api("GET", "/v1/groups/our%20team", "").await.json(), team);
    let list = server.api("GET", "/v1/groups", "").await.json();
    assert_eq!(list, json!({"groups": [{"group": "our team", "members": 2}], "total": 1}));
    let (status, error) = start(&server, json!({"group": "our team", "invitees": ["bob", "carol"]})).await;
    assert_eq!((status, &error["code"]), (403, &json!("not-in-group")), "{error}");
    let (status, call) = start(&server, json!({"group": "our team"})).await;
    assert_eq!((status, &call["group"]), (201, &json!("our team")), "{call}");
    let (status, free) =
        start(&server, json!({"caller": "carol", "invitees": ["dora"], "group": "another"})).await;
    assert_eq!(status, 201, "{free}");
    for (body, field) in [
        (json!({"members": []}), "members"),
        (json!({"members": ["alice", "alice"]}), "members"),
        (json!({"members": [""]}), "members"),
    ] {
        let error = server.api("PUT", "/v1/groups/our%20team", &body.to_string()).await;
        assert_eq!((error.status, error.code()), (400, "invalid-field".to_owned()), "{body}");
        assert_eq!(error.json()["field"], field, "{body}");
    }
    assert_eq!(server.api("GET", "/v1/groups/our%20team", "").await.json(), team, "it is as it was");
}
