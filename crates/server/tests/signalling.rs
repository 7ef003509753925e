//! Clients over real WebSockets.

mod common;

use common::{PATIENCE, Phone, Running, config, hello, user_sig};
use huitong_protocol::CloseCode;
use huitong_types::limits::SIGNAL_FRAME_BYTES;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn two_members_of_a_room_see_each_other() {
    let server = Running::start(config()).await;
    let mut alice = Phone::join(&server, "alice", 7).await;
    let mut bob = Phone::login(&server, "bob").await;
    let reply = bob.request(json!({"op": "join", "room": {"number": 7}})).await;
    assert_eq!(reply["ok"]["state"]["members"][0]["user"], "alice", "{reply}");
    assert_eq!(alice.event("memberJoined").await["member"]["user"], "bob");
    bob.request(json!({"op": "leave"})).await;
    let left = alice.event("memberLeft").await;
    assert_eq!((&left["user"], &left["reason"]), (&json!("bob"), &json!("left")));
}

#[tokio::test]
async fn clients_are_told_where_media_goes() {
    let mut config = config();
    config.server.public_host = "rtc.test".to_owned();
    let server = Running::start(config).await;
    let mut phone = Phone::connect(&server).await;
    let reply = phone.request(hello("alice", &user_sig("alice"))).await;
    let media = &reply["ok"]["media"];
    assert_eq!(media["rtmp"], format!("rtmp://rtc.test:{}/live", server.rtmp.port()));
    assert_eq!(media["flv"], format!("http://rtc.test:{}/flv", server.http.port()));
    assert_eq!(media["wsFlv"], format!("ws://rtc.test:{}/flv", server.http.port()));
}

/// Behind port forwarding and in a container the machine does not know the address that clients use.
#[tokio::test]
async fn without_configuration_media_goes_where_the_client_found_the_server() {
    let server = Running::start(config()).await;
    let mut phone = Phone::connect_as(&server, "phone.test:1234").await;
    let reply = phone.request(hello("alice", &user_sig("alice"))).await;
    let media = &reply["ok"]["media"];
    assert_eq!(media["rtmp"], format!("rtmp://phone.test:{}/live", server.rtmp.port()));
    assert_eq!(media["flv"], "http://phone.test:1234/flv");
    assert_eq!(media["wsFlv"], "ws://phone.test:1234/flv");
}

#[tokio::test]
async fn a_wrong_credential_is_refused_with_its_reason() {
    let server = Running::start(config()).await;
    let mut phone = Phone::connect(&server).await;
    let reply = phone.request(hello("alice", &user_sig("bob"))).await;
    assert_eq!(reply["error"]["code"], "credential-for-other", "{reply}");
    assert_eq!(reply["error"]["blame"], "client");
    assert_eq!(phone.closed().await, CloseCode::LoginFailed.number());
}

/// Tries an authBuffer that somebody made up, by way of a proxy; gives the code of the refusal.
async fn guess(server: &Running, forwarded: &str) -> String {
    let mut phone = Phone::connect_with(server, "x-forwarded-for", forwarded).await;
    let login = json!({
        "op": "hello", "version": 1, "app": common::APP, "user": "10001",
        "authBuffer": "FfgoIxM+HQq8apcFTX1eq/f7JeuYijrCcioRe8EtZjf9ZB1zW1elq0yFF/Ds4hOq", "voiceRoom": "room_123",
    });
    phone.request(login).await["error"]["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn behind_a_trusted_proxy_one_who_guesses_keeps_nobody_else_out() {
    let mut config = config();
    config.limits.voice_login_refusals = 1;
    config.server.trusted_proxies = vec!["127.0.0.0/8".to_owned().try_into().unwrap()];
    let server = Running::start(config).await;
    assert_eq!(guess(&server, "203.0.113.1").await, "credential-mismatch");
    assert_eq!(
        guess(&server, "198.51.100.9, 203.0.113.1").await,
        "rate-limited",
        "what it wrote itself is not read"
    );
    assert_eq!(guess(&server, "203.0.113.2").await, "credential-mismatch");
}

#[tokio::test]
async fn a_forwarded_address_of_anybody_else_is_not_believed() {
    let mut config = config();
    config.limits.voice_login_refusals = 1;
    config.server.trusted_proxies = vec!["10.0.0.0/8".to_owned().try_into().unwrap()];
    let server = Running::start(config).await;
    assert_eq!(guess(&server, "203.0.113.1").await, "credential-mismatch");
    assert_eq!(guess(&server, "203.0.113.2").await, "rate-limited", "the connection is the same");
}

#[tokio::test]
async fn bad_frames_get_an_error_and_the_room_goes_on() {
    let server = Running::start(config()).await;
    let mut alice = Phone::join(&server, "alice", 7).await;
    let mut bob = Phone::join(&server, "bob", 7).await;
    alice.event("memberJoined").await;

    alice.send_text("this is not JSON").await;
    assert_eq!(alice.reply(0).await["error"]["code"], "bad-message");
    alice.send_text(r#"{"id":900,"op":"fly"}"#).await;
    assert_eq!(alice.reply(900).await["error"]["code"], "unknown-operation");
    alice.send_raw(Message::binary(vec![0, 1, 2])).await.unwrap();
    assert_eq!(alice.reply(0).await["error"]["code"], "bad-message");
    alice.send_text("x".repeat(SIGNAL_FRAME_BYTES + 1)).await;
    assert_eq!(alice.reply(0).await["error"]["code"], "frame-too-long");

    bob.request(json!({"op": "publish", "audio": true, "video": true, "key": "0123456789abcdefABCD"})).await;
    let reply = bob.request(json!({"op": "ping"})).await;
    assert_eq!(reply["ok"]["op"], "ping", "{reply}");
    alice.send_text(r#"{"id":901,"op":"ping"}"#).await;
    assert_eq!(alice.reply(901).await["ok"]["op"], "ping");
}

#[tokio::test]
async fn the_answer_to_a_frame_too_big_to_read_reaches_the_client() {
    let server = Running::start(config()).await;
    let mut phone = Phone::login(&server, "alice").await;
    phone.send_raw(Message::text("x".repeat(2 * 1024 * 1024))).await.unwrap();
    assert_eq!(phone.reply(0).await["error"]["code"], "frame-too-long");
    assert_eq!(phone.closed().await, CloseCode::ProtocolError.number());
}

#[tokio::test]
async fn a_flood_is_refused_and_the_connection_goes_on() {
    let server = Running::start(config()).await;
    let mut phone = Phone::login(&server, "alice").await;
    for id in 1000..1400 {
        phone.send_text(format!(r#"{{"id":{id},"op":"ping"}}"#)).await;
    }
    let mut refused = 0;
    for id in 1000..1400 {
        let reply = phone.reply(id).await;
        refused += usize::from(reply["error"]["code"] == "rate-limited");
    }
    assert!(refused > 0, "400 requests at once are beyond the burst");
    // The bucket fills again: sooner or later a request passes.
    let answered = async {
        let mut id = 2000;
        loop {
            phone.send_text(format!(r#"{{"id":{id},"op":"ping"}}"#)).await;
            if phone.reply(id).await["ok"]["op"] == "ping" {
                break;
            }
            id += 1;
        }
    };
    tokio::time::timeout(PATIENCE, answered).await.expect("a request passes again");
}

#[tokio::test]
async fn a_client_that_floods_on_and_on_is_closed_and_others_go_on() {
    let server = Running::start(config()).await;
    let mut bob = Phone::join(&server, "bob", 7).await;
    let mut flood = Phone::login(&server, "alice").await;
    let flooding = async {
        for id in 1000.. {
            flood.send_text(format!(r#"{{"id":{id},"op":"ping"}}"#)).await;
            if let Err(code) = flood.frame().await {
                return code;
            }
        }
        0
    };
    let code =
        tokio::time::timeout(PATIENCE, flooding).await.expect("1000 frames beyond the rate are enough");
    assert_eq!(code, CloseCode::ProtocolError.number());
    bob.request(serde_json::json!({"op": "ping"})).await;
}

#[tokio::test]
async fn a_second_login_takes_over_and_the_first_is_told() {
    let server = Running::start(config()).await;
    let mut first = Phone::join(&server, "alice", 7).await;
    let _second = Phone::login(&server, "alice").await;
    assert_eq!(first.event("sessionEnded").await["reason"], "takenOver");
    assert_eq!(first.closed().await, CloseCode::SessionEnded.number());
}
