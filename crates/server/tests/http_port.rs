//! What else the HTTP port serves.

mod common;

use common::{Phone, Running, config, soon};
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
    let landing = server.get("/").await;
    assert!(landing.text().contains("/sdk/") && landing.text().contains("http://phone.test"), "{landing:?}");
    assert_eq!(server.get("/sdk/").await.status, 200);
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
