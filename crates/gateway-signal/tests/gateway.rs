//! The gateway with real sockets and, in place of the engine, a test that reads the events.

use axum::extract::{ConnectInfo, State, WebSocketUpgrade};
use axum::response::Response;
use axum::{Router, routing::any};
use futures_util::{SinkExt, StreamExt};
use huitong_gateway_signal::{ConnNumber, Outbox, Peer, SignalEvent, SignalSink, SinkGone, limits};
use huitong_protocol::{CloseCode, Reply, ReplyFrame};
use huitong_types::ErrorCode;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longest time any single step of a test may take.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone)]
struct Sink(mpsc::Sender<SignalEvent>);

impl SignalSink for Sink {
    async fn deliver(&self, event: SignalEvent) -> Result<(), SinkGone> {
        self.0.send(event).await.map_err(|_| SinkGone)
    }
}

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

struct Gateway {
    address: SocketAddr,
    events: mpsc::Receiver<SignalEvent>,
    shutdown: watch::Sender<bool>,
}

async fn upgrade(
    State((sink, shutdown)): State<(Sink, watch::Receiver<bool>)>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    upgrade: WebSocketUpgrade,
) -> Response {
    huitong_gateway_signal::accept(upgrade, Peer { remote, media: None }, sink, shutdown)
}

impl Gateway {
    async fn start() -> Self {
        let (sender, events) = mpsc::channel(16);
        let (shutdown, down) = watch::channel(false);
        let app = Router::new().route("/", any(upgrade)).with_state((Sink(sender), down));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = app.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { address, events, shutdown }
    }

    async fn connect(&mut self) -> (Client, ConnNumber, Outbox) {
        let (client, _) = connect_async(format!("ws://{}/", self.address)).await.unwrap();
        match self.event().await {
            SignalEvent::Opened { conn, outbox, .. } => (client, conn, outbox),
            other => panic!("expected Opened, got {other:?}"),
        }
    }

    async fn event(&mut self) -> SignalEvent {
        tokio::time::timeout(PATIENCE, self.events.recv()).await.expect("no event came").unwrap()
    }
}

async fn next(client: &mut Client) -> Message {
    tokio::time::timeout(PATIENCE, client.next()).await.expect("no frame came").unwrap().unwrap()
}

fn close_code(message: Message) -> u16 {
    match message {
        Message::Close(Some(frame)) => frame.code.into(),
        other => panic!("expected a close frame, got {other:?}"),
    }
}

#[tokio::test]
async fn frames_travel_both_ways_in_order_and_the_end_is_told() {
    let mut gateway = Gateway::start().await;
    let (mut client, conn, outbox) = gateway.connect().await;
    for n in 0..10 {
        client.send(Message::text(format!("up {n}"))).await.unwrap();
        outbox.send(Arc::from(format!("down {n}")));
    }
    for n in 0..10 {
        match gateway.event().await {
            SignalEvent::Text { conn: of, text } => assert_eq!((of, text), (conn, format!("up {n}"))),
            other => panic!("expected Text, got {other:?}"),
        }
        assert_eq!(next(&mut client).await, Message::text(format!("down {n}")));
    }
    client.close(None).await.unwrap();
    assert!(matches!(gateway.event().await, SignalEvent::Closed { conn: of } if of == conn));
}

#[tokio::test]
async fn a_lost_connection_is_told() {
    let mut gateway = Gateway::start().await;
    let (client, conn, _outbox) = gateway.connect().await;
    drop(client);
    assert!(matches!(gateway.event().await, SignalEvent::Closed { conn: of } if of == conn));
}

#[tokio::test]
async fn an_overlong_frame_is_refused_and_the_connection_goes_on() {
    let mut gateway = Gateway::start().await;
    let (mut client, _, _outbox) = gateway.connect().await;
    client.send(Message::text("x".repeat(huitong_types::limits::SIGNAL_FRAME_BYTES + 1))).await.unwrap();
    match gateway.event().await {
        SignalEvent::Bad { fault, .. } => assert_eq!(fault.code, ErrorCode::FrameTooLong),
        other => panic!("expected Bad, got {other:?}"),
    }
    client.send(Message::text("still here")).await.unwrap();
    assert!(matches!(gateway.event().await, SignalEvent::Text { text, .. } if text == "still here"));
}

/// Whether the words of the refusal reach the client depends on the transport, see the tests of the server.
#[tokio::test]
async fn a_frame_too_big_to_read_ends_the_connection() {
    let mut gateway = Gateway::start().await;
    let (mut client, conn, _outbox) = gateway.connect().await;
    let frame = Message::text("x".repeat(limits::TOLERATED_FRAME_BYTES + 1));
    let _reset_while_sending = client.send(frame).await;
    assert!(matches!(gateway.event().await, SignalEvent::Closed { conn: of } if of == conn));
}

#[tokio::test]
async fn binary_frames_are_refused() {
    let mut gateway = Gateway::start().await;
    let (mut client, _, _outbox) = gateway.connect().await;
    client.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    match gateway.event().await {
        SignalEvent::Bad { fault, .. } => assert_eq!(fault.code, ErrorCode::BadMessage),
        other => panic!("expected Bad, got {other:?}"),
    }
}

#[tokio::test]
async fn requests_beyond_the_rate_are_refused_with_their_id() {
    let mut gateway = Gateway::start().await;
    let (client, _, _outbox) = gateway.connect().await;
    let (mut to_server, mut from_server) = client.split();
    let flood = tokio::spawn(async move {
        for id in 1..=5000 {
            let frame = format!(r#"{{"id":{id},"op":"ping"}}"#);
            if to_server.send(Message::text(frame)).await.is_err() {
                break;
            }
        }
        to_server
    });
    let mut events = gateway.events;
    tokio::spawn(async move { while events.recv().await.is_some() {} });
    let refused = tokio::time::timeout(PATIENCE, from_server.next()).await.unwrap().unwrap().unwrap();
    match serde_json::from_str::<ReplyFrame>(&refused.into_text().unwrap()).unwrap() {
        ReplyFrame { re, reply: Reply::Error(failure) } => {
            assert_eq!(failure.code, ErrorCode::RateLimited);
            assert!(re > limits::REQUEST_BURST, "id {re}");
        }
        other => panic!("expected an error, got {other:?}"),
    }
    flood.abort();
}

#[tokio::test]
async fn a_client_that_reads_too_slowly_is_closed_and_may_resume() {
    let mut gateway = Gateway::start().await;
    let (client, conn, outbox) = gateway.connect().await;
    let frame: Arc<str> = Arc::from("x".repeat(60_000));
    // Socket buffers take some megabytes before the outbox fills; the client reads nothing meanwhile.
    let closed = async {
        loop {
            outbox.send(Arc::clone(&frame));
            tokio::select! {
                biased;
                event = gateway.events.recv() => break event,
                () = tokio::task::yield_now() => {}
            }
        }
    };
    let event = tokio::time::timeout(PATIENCE, closed).await.expect("the connection must end").unwrap();
    assert!(matches!(event, SignalEvent::Closed { conn: of } if of == conn), "{event:?}");
    drop(client);
}

#[tokio::test]
async fn the_engine_can_close_after_what_it_said() {
    let mut gateway = Gateway::start().await;
    let (mut client, _, outbox) = gateway.connect().await;
    outbox.send(Arc::from("last words"));
    outbox.close(CloseCode::SessionEnded.number(), "x".repeat(300));
    assert_eq!(next(&mut client).await, Message::text("last words"));
    assert_eq!(close_code(next(&mut client).await), CloseCode::SessionEnded.number());
    assert!(matches!(gateway.event().await, SignalEvent::Closed { .. }));
}

#[tokio::test]
async fn a_shutdown_is_told_to_every_client() {
    let mut gateway = Gateway::start().await;
    let (mut one, _, _keep_one) = gateway.connect().await;
    let (mut two, _, _keep_two) = gateway.connect().await;
    gateway.shutdown.send(true).unwrap();
    assert_eq!(close_code(next(&mut one).await), CloseCode::ShuttingDown.number());
    assert_eq!(close_code(next(&mut two).await), CloseCode::ShuttingDown.number());
}
