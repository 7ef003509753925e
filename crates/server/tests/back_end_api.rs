//! The back-end API over real HTTP.

mod common;

use common::{APP, Phone, Running, SECRET, basic, config, http};
use serde_json::json;

#[tokio::test]
async fn rooms_and_their_members_are_listed() {
    let server = Running::start(config()).await;
    let _alice = Phone::join(&server, "alice", 7).await;
    let _bob = Phone::join(&server, "bob", 9).await;
    let list = server.api("GET", "/v1/rooms", "").await;
    assert_eq!(list.status, 200);
    assert_eq!(list.json()["total"], 2);
    assert_eq!(list.json()["rooms"][0]["room"], "7");
    let page = server.api("GET", "/v1/rooms?offset=1&limit=1", "").await.json();
    assert_eq!((&page["rooms"][0]["room"], &page["total"]), (&json!("9"), &json!(2)));
    let room = server.api("GET", "/v1/rooms/7", "").await.json();
    assert_eq!(room["members"][0]["user"], "alice");
    assert_eq!(server.api("GET", "/v1/rooms/8", "").await.code(), "not-found");
}

#[tokio::test]
async fn a_member_is_removed_and_everybody_is_told() {
    let server = Running::start(config()).await;
    let mut alice = Phone::join(&server, "alice", 7).await;
    let mut bob = Phone::join(&server, "bob", 7).await;
    assert_eq!(server.api("DELETE", "/v1/rooms/7/members/bob", "").await.status, 204);
    assert_eq!(bob.event("removed").await["reason"], "kicked");
    assert_eq!(alice.event("memberLeft").await["reason"], "kicked");
    assert_eq!(server.api("DELETE", "/v1/rooms/7/members/bob", "").await.status, 404);
}

#[tokio::test]
async fn a_room_is_dissolved() {
    let server = Running::start(config()).await;
    let mut alice = Phone::join(&server, "alice", 7).await;
    assert_eq!(server.api("DELETE", "/v1/rooms/7", "").await.status, 204);
    assert_eq!(alice.event("removed").await["reason"], "dissolved");
    assert_eq!(server.api("GET", "/v1/rooms/7", "").await.status, 404);
}

#[tokio::test]
async fn urls_are_minted_and_short() {
    let server = Running::start(config()).await;
    let body = r#"{"kind":"push","user":"obs"}"#;
    let push = server.api("POST", "/v1/rooms/studio/urls", body).await;
    assert_eq!(push.status, 200, "{push:?}");
    assert_eq!(push.json()["urls"][0]["name"], "rtmp");
    let play = server.api("POST", "/v1/rooms/studio/urls", r#"{"kind":"play","user":"obs"}"#).await.json();
    let names: Vec<_> =
        play["urls"].as_array().unwrap().iter().map(|url| url["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["rtmp", "flv", "ws-flv", "whep"]);
    for url in play["urls"].as_array().unwrap() {
        let url = url["url"].as_str().unwrap();
        assert!(url.len() <= 128, "{url}");
        assert!(url.contains("://phone.test"), "the caller found the server under phone.test: {url}");
    }
}

#[tokio::test]
async fn a_call_without_the_right_secret_is_refused() {
    let server = Running::start(config()).await;
    let call =
        async |authorization: Option<&str>| http(server.http, "GET", "/v1/rooms", authorization, "").await;
    let nobody = call(None).await;
    assert_eq!((nobody.status, nobody.code()), (401, "not-logged-in".to_owned()));
    assert!(nobody.head.contains("www-authenticate: Basic"), "{}", nobody.head);
    assert_eq!(call(Some(&basic("another-secret-of-somebody"))).await.code(), "credential-mismatch");
    assert_eq!(call(Some("Basic !!!")).await.code(), "bad-credential");
    assert_eq!(call(Some("Digest x")).await.code(), "bad-credential");
}

#[tokio::test]
async fn an_application_sees_only_its_own_rooms() {
    use base64::Engine as _;
    let mut config = config();
    let other = huitong_types::AppId::new(APP + 1).unwrap();
    config.app.push(huitong_server::config::AppSection::new(other, "the-secret-of-the-other"));
    let server = Running::start(config).await;
    let _alice = Phone::join(&server, "alice", 7).await;
    let text = format!("{other}:the-secret-of-the-other");
    let header = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text));
    let list = http(server.http, "GET", "/v1/rooms", Some(&header), "").await;
    assert_eq!(list.json()["total"], 0);
    assert_eq!(http(server.http, "DELETE", "/v1/rooms/7", Some(&header), "").await.status, 404);
}

#[tokio::test]
async fn wrong_calls_are_told_what_is_wrong() {
    let server = Running::start(config()).await;
    let limit = server.api("GET", "/v1/rooms?limit=0", "").await;
    assert_eq!((limit.status, limit.code()), (400, "invalid-field".to_owned()));
    let room = server.api("GET", "/v1/rooms/4294967296", "").await;
    assert!(room.json()["message"].as_str().unwrap().contains("4294967295"), "{room:?}");
    let body = server.api("POST", "/v1/rooms/7/urls", "{").await;
    assert_eq!((body.status, body.code()), (400, "bad-message".to_owned()));
    let long = server.api("POST", "/v1/rooms/7/urls", &" ".repeat(100_000)).await;
    assert_eq!(long.status, 413, "{long:?}");
    assert_eq!(server.api("GET", "/v1/nothing", "").await.code(), "unknown-operation");
    assert_eq!(server.api("PUT", "/v1/rooms", "").await.status, 405);
}

#[tokio::test]
async fn the_description_names_every_call() {
    let server = Running::start(config()).await;
    let description = server.get("/openapi.json").await.json();
    let paths = &description["paths"];
    assert!(paths["/v1/rooms"]["get"].is_object());
    assert!(paths["/v1/rooms/{room}"]["get"].is_object() && paths["/v1/rooms/{room}"]["delete"].is_object());
    assert!(paths["/v1/rooms/{room}/members/{user}"]["delete"].is_object());
    assert!(paths["/v1/rooms/{room}/urls"]["post"].is_object());
    let known = |path: &str, methods: &[&str]| {
        for method in methods {
            assert!(paths[path][*method].is_object(), "{method} {path}");
        }
    };
    known("/v1/calls", &["get", "post"]);
    known("/v1/calls/{call}", &["get", "delete"]);
    known("/v1/groups", &["get"]);
    known("/v1/groups/{group}", &["get", "put", "delete"]);
    let records = &paths["/v1/call-records"]["get"];
    let names: Vec<_> =
        records["parameters"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    let filters = ["user", "caller", "group", "media", "reason", "since", "until", "connected"];
    assert_eq!(names, [filters.as_slice(), &["limit", "cursor"]].concat());
    let table = &paths["/v1/call-records.csv"]["get"]["responses"]["200"]["content"];
    assert!(table["text/csv"].is_object(), "{table}");
    let fields = &description["components"]["schemas"]["StreamDetail"]["properties"];
    assert!(fields["keyframeAgeMs"].is_object(), "{fields}");
    assert!(!description.to_string().contains(SECRET));
}

#[tokio::test]
async fn the_description_has_the_answers_that_every_call_may_get() {
    let server = Running::start(config()).await;
    let description = server.get("/openapi.json").await.json();
    let mut calls = 0;
    for (path, operations) in description["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            for status in ["401", "500", "503", "504"] {
                let body = &operation["responses"][status]["content"]["application/json"]["schema"]["$ref"];
                assert_eq!(body, "#/components/schemas/ApiError", "{method} {path} {status}");
            }
            calls += 1;
        }
    }
    assert!(calls >= 15, "{calls}");
    assert!(description["components"]["schemas"]["ApiError"].is_object());
}
