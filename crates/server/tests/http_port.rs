//! What else the HTTP port serves.

mod common;

use common::{Answer, Phone, Running, config, hello, post_json, soon};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn health_and_readiness_answer() {
    let server = Running::start(config()).await;
    assert_eq!(server.get("/healthz").await.status, 200);
    assert_eq!(server.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn metrics_are_in_prometheus_form() {
    let server = Running::start(config()).await;
    let _alice = Phone::join(&server, "alice", 7).await;
    let metrics = server.get("/metrics").await;
    assert!(metrics.head.contains("text/plain; version=0.0.4"), "{}", metrics.head);
    for name in
        ["huitong_rooms", "huitong_sessions", "huitong_viewers", "huitong_signal_frames_received_total"]
    {
        assert!(metrics.text().contains(&format!("# HELP {name} ")), "{name} is not described");
    }
    assert!(metrics.text().contains("huitong_engine_batch_seconds_bucket"), "histograms have buckets");
}

#[tokio::test]
async fn people_find_their_way() {
    let server = Running::start(config()).await;
    let about = server.get("/about").await;
    assert!(about.text().contains("/sdk/") && about.text().contains("http://phone.test"), "{about:?}");
    let sdk = server.get("/sdk/").await;
    assert_eq!(sdk.status, 200);
    for page in [&about, &sdk] {
        let text = page.text();
        assert!(text.contains("color-scheme: light dark") && !text.contains("{{"), "{text}");
    }
    let archive = server.get("/sdk/huitong-sdk.zip").await;
    assert_eq!((archive.status, &archive.body[..2]), (200, b"PK".as_slice()));
    assert_eq!(server.get("/sdk/../Cargo.toml").await.status, 404);
    assert_eq!(server.get("/nothing").await.status, 404);
}

#[tokio::test]
async fn one_connection_can_carry_many_requests() {
    let server = Running::start(config()).await;
    let mut stream = TcpStream::connect(server.http).await.unwrap();
    for _ in 0..3 {
        // Byte by byte, so that the server has to wait for what the request begins with.
        for byte in b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n" {
            stream.write_all(&[*byte]).await.unwrap();
        }
        let mut answer = Vec::new();
        while !answer.ends_with(b"ok\n") {
            let read = soon("the answer", stream.read_buf(&mut answer)).await.unwrap();
            assert_ne!(read, 0, "closed after {}", String::from_utf8_lossy(&answer));
        }
    }
}

#[tokio::test]
async fn an_flv_request_reaches_the_media_gateway() {
    let mut config = config();
    config.limits.early_hold_ms = 0;
    let server = Running::start(config).await;
    let answer = server.get("/flv/nobodyknowsthiskey0.flv").await;
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(answer.text().contains("unknown-key"), "{answer:?}");
}

#[tokio::test]
async fn a_plain_request_to_the_signalling_path_is_told_what_to_do() {
    let server = Running::start(config()).await;
    let answer = server.get(huitong_protocol::SIGNAL_PATH).await;
    assert!((400..500).contains(&answer.status), "{answer:?}");
    assert!(answer.json()["message"].as_str().unwrap().contains("WebSocket"), "{answer:?}");
}

#[tokio::test]
async fn the_demo_site_runs_its_own_scripts_only_and_is_never_stale() {
    let server = Running::start(config()).await;
    let page = server.get("/").await;
    assert_eq!(page.status, 200);
    if !page.head.contains("content-security-policy") {
        // Built before `make sdk`: the page about the server stands in.
        assert!(page.text().contains("/sdk/"), "{page:?}");
        return;
    }
    let head = page.head.to_ascii_lowercase();
    assert!(head.contains("script-src 'self';") && head.contains("cache-control: no-cache"), "{head}");
    let script = page.text().split('"').find(|word| word.starts_with("assets/") && word.ends_with(".js"));
    let script = server.get(&format!("/{}", script.expect("a script"))).await;
    assert_eq!(script.status, 200);
    assert!(script.head.contains("immutable") && script.head.contains("text/javascript"), "{}", script.head);
    assert_eq!(server.get("/assets/of-another-version.js").await.status, 404);
    assert_eq!(server.get("/assets/../../miniprogram/package.json").await.status, 404);
}

async fn mint(server: &Running, body: &str) -> Answer {
    post_json(server.http, "/demo/usersig", body).await
}

#[tokio::test]
async fn a_server_with_an_application_mints_no_demo_credentials() {
    let server = Running::start(config()).await;
    assert!(server.get("/demo/usersig").await.json()["app"].is_null());
    let refused = mint(&server, r#"{"user":"alice"}"#).await;
    assert_eq!((refused.status, refused.code()), (404, "not-found".to_owned()));
}

#[tokio::test]
async fn the_demo_application_mints_credentials_that_open_its_rooms() {
    let mut config = config();
    config.app.clear();
    let server = Running::start(config).await;
    let app = server.get("/demo/usersig").await.json()["app"].as_u64().unwrap();
    let minted = mint(&server, r#"{"user":"张伟"}"#).await;
    assert_eq!((minted.status, minted.json()["app"].as_u64()), (200, Some(app)));
    assert!(minted.head.contains("no-store"), "{}", minted.head);
    let sig = minted.json()["userSig"].as_str().unwrap().to_owned();
    let mut login = hello("张伟", &sig);
    login["app"] = app.into();
    let welcome = Phone::connect(&server).await.request(login).await;
    assert_eq!(welcome["ok"]["op"], "hello", "{welcome}");
}

#[tokio::test]
async fn a_demo_credential_needs_a_user_in_json() {
    let mut config = config();
    config.app.clear();
    let server = Running::start(config).await;
    for (body, code) in [(r#"{"user":""}"#, "invalid-field"), ("{}", "bad-message"), ("alice", "bad-message")]
    {
        let refused = mint(&server, body).await;
        assert!((400..500).contains(&refused.status), "{refused:?}");
        assert_eq!(refused.code(), code, "{body}");
    }
    // A form of another site could be posted without leave; it is not taken.
    let form = common::http(server.http, "POST", "/demo/usersig", None, r#"{"user":"alice"}"#).await;
    assert_eq!(form.status, 415, "{form:?}");
}

#[tokio::test]
async fn the_demo_application_opens_voice_rooms_with_the_credentials_it_mints() {
    let mut config = config();
    config.app.clear();
    let server = Running::start(config).await;
    let mint = async |body: &str| post_json(server.http, "/demo/authbuffer", body).await;
    let minted = mint(r#"{"user":"-9223372036854775808","room":"room_123"}"#).await.json();
    assert_eq!(minted["user"], "-9223372036854775808");
    let login = serde_json::json!({
        "id": 1, "op": "hello", "version": 1, "app": minted["app"], "user": minted["user"],
        "authBuffer": minted["authBuffer"], "voiceRoom": minted["room"],
    });
    let mut phone = Phone::connect(&server).await;
    let welcome = phone.request(login).await;
    assert_eq!(welcome["ok"]["op"], "hello", "{welcome}");
    let join = serde_json::json!({ "id": 2, "op": "join", "room": { "text": "room_123" } });
    assert_eq!(phone.request(join).await["ok"]["op"], "join");
    for body in [r#"{"user":"ann","room":"a"}"#, r#"{"user":"1","room":"a-b"}"#] {
        let refused = mint(body).await;
        assert_eq!((refused.status, refused.code()), (400, "invalid-field".to_owned()), "{body}");
    }
}
