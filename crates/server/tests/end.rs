//! How a server ends.

mod common;

use common::{Phone, Running, config, soon};
use huitong_protocol::CloseCode;

#[tokio::test]
async fn an_idle_server_ends_at_once() {
    let mut config = config();
    config.server.drain_seconds = 3600;
    let mut server = Running::start(config).await;
    server.tell_to_stop();
    server.ended().await.unwrap();
}

#[tokio::test]
async fn clients_are_told_and_may_finish() {
    let mut config = config();
    config.server.drain_seconds = 3600;
    let mut server = Running::start(config).await;
    let mut alice = Phone::join(&server, "alice", 7).await;
    server.tell_to_stop();
    alice.event("draining").await;
    let unready = async { while server.get("/readyz").await.status != 503 {} };
    soon("readiness ends", unready).await;
    assert_eq!(server.get("/healthz").await.status, 200, "the server still serves who is there");
    let mut late = Phone::connect(&server).await;
    let refused = late.request(common::hello("bob", &common::user_sig("bob"))).await;
    assert_eq!(refused["error"]["code"], "shutting-down");
    assert_eq!(late.closed().await, CloseCode::ShuttingDown.number());
    drop(late);
    alice.request(serde_json::json!({"op": "bye"})).await;
    drop(alice);
    server.ended().await.unwrap();
}

#[tokio::test]
async fn whoever_does_not_finish_is_closed() {
    let mut config = config();
    config.server.drain_seconds = 0;
    let mut server = Running::start(config).await;
    let mut alice = Phone::join(&server, "alice", 7).await;
    server.tell_to_stop();
    assert_eq!(alice.event("sessionEnded").await["reason"], "serverShutdown");
    assert_eq!(alice.closed().await, CloseCode::ShuttingDown.number());
    server.ended().await.unwrap();
}
