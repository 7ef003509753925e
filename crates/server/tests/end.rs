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
    let refused = server.get(huitong_protocol::SIGNAL_PATH).await;
    assert_eq!((refused.status, refused.code()), (503, "shutting-down".to_owned()));
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
    assert_eq!(alice.closed().await, CloseCode::ShuttingDown.number());
    server.ended().await.unwrap();
}
