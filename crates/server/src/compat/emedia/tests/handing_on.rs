//! Scenes of stays that go from one connection to the next, before somebody who answers in the engine's place.

use super::super::Emedia;
use super::super::book::Note;
use super::super::socket::{Line, WAITING, Way, between_looks};
use super::*;
use crate::control::{Control, Work};
use huitong_engine::ApiResult;
use huitong_gateway_signal::{ConnNumber, Outbox, SignalEvent};
use huitong_store::{Store, StoreConfig};
use huitong_types::Fault;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;
use tokio::sync::{oneshot, watch};
use tracing_subscriber::fmt::MakeWriter;

/// Longest that a test waits for what has to come.
const SOON: Duration = Duration::from_secs(20);

type Address = oneshot::Receiver<Result<String, Fault>>;

/// What is asked of the engine, and what it is told to answer.
#[derive(Default)]
struct Engine {
    /// The port of connections whose requests about streams are not answered.
    mute: Option<u16>,
    media_runs: bool,
    grace_ms: u32,
    connections: HashMap<ConnNumber, (u16, Outbox)>,
    /// Ports of the connections that logged in, in order.
    logins: Vec<u16>,
    /// Keys of the streams that were registered, in order.
    keys: Vec<String>,
}

impl Engine {
    fn hears(&mut self, work: Work) {
        match work {
            Work::Signal(SignalEvent::Opened { conn, remote, outbox, .. }) => {
                self.connections.insert(conn, (remote.port(), outbox));
            }
            Work::Signal(SignalEvent::Closed { conn }) => drop(self.connections.remove(&conn)),
            Work::Signal(SignalEvent::Text { conn, text }) => self.answers(conn, &text),
            // Only the media is asked for over the API.
            Work::Api { answer, .. } => drop(answer.send(ApiResult::Media(self.media_runs))),
            _ => {}
        }
    }

    fn answers(&mut self, conn: ConnNumber, text: &str) {
        let asked: Value = serde_json::from_str(text).unwrap();
        let (port, outbox) = &self.connections[&conn];
        let mut answer = match asked["op"].as_str().unwrap() {
            "hello" => {
                self.logins.push(*port);
                welcome(if asked.get("resume").is_some() { "replayed" } else { "new" }, self.grace_ms)
            }
            "enter" => entered(),
            "publish" => {
                self.keys.push(asked["key"].as_str().unwrap().to_owned());
                if self.mute == Some(*port) {
                    return;
                }
                json!({"ok": {"op": "publish"}})
            }
            _ => return,
        };
        answer["re"] = asked["id"].clone();
        outbox.send(answer.to_string().into());
    }
}

/// Connections of this wire.
struct Place {
    engine: Arc<Mutex<Engine>>,
    emedia: Arc<Emedia>,
    control: Control,
    shutdown: watch::Sender<bool>,
    _data: TempDir,
}

impl Place {
    fn new(grace_ms: u32) -> Self {
        let data = tempfile::tempdir().unwrap();
        let config =
            StoreConfig { data: data.path().to_owned(), keep_call_records_days: 0, keep_usage_days: 0 };
        let (store, _) = Store::open(&config).unwrap();
        let engine = Arc::new(Mutex::new(Engine { grace_ms, media_runs: true, ..Engine::default() }));
        let hearing = Arc::clone(&engine);
        let control = Control::heard_by(store, move |work| hearing.lock().unwrap().hears(work));
        let emedia = Arc::new(Emedia::new(desk().apps, [1; 32]));
        Self { engine, emedia, control, shutdown: watch::channel(false).0, _data: data }
    }

    fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap()
    }

    /// A connection without a network behind it, by whose port the engine can tell it from others. It sends this and lives on.
    fn connects(&self, port: u16, frame: &Value) {
        let remote = SocketAddr::from(([127, 0, 0, 1], port));
        let way = Way { remote, media: None, streams: "http://h/streams".to_owned() };
        let mut line = Line::new(None, way, Arc::clone(&self.emedia), self.control.clone());
        let (frame, shutdown) = (frame.to_string(), self.shutdown.subscribe());
        tokio::spawn(async move {
            line.feed(Input::Frame(&frame)).await.unwrap();
            line.run(shutdown).await;
        });
    }

    /// Ann is in a conference, on a connection from this port; returns what her stay is called and where it is asked.
    async fn ann(&self, port: u16) -> (String, tokio::sync::mpsc::Sender<Note>) {
        let ticket = desk().ticket(&login("ann"), "ws://h/x".to_owned(), u64::MAX);
        self.connects(port, &json!({"op": 200, "tsxId": "e", "tkt": ticket}));
        self.until("she is inside", || self.emedia.book.size() == 1).await;
        self.emedia.book.only()
    }

    /// Ann comes back.
    fn returns(&self, port: u16, stay: &str) {
        self.connects(port, &enter("ann", Some(stay)));
    }

    async fn until(&self, what: &str, so: impl Fn() -> bool) {
        let coming = async {
            while !so() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(SOON, coming).await.unwrap_or_else(|_| panic!("not in time: {what}"));
    }
}

fn push(notes: &tokio::sync::mpsc::Sender<Note>) -> Address {
    let (answer, answered) = oneshot::channel();
    notes.try_send(Note::Stream { request: StreamRequest::Push("wx-1".to_owned()), answer }).unwrap();
    answered
}

/// Each is answered with an address, and was asked in the order in which it came.
async fn all_in_order(place: &Place, asked: Vec<Address>) {
    let mut at = Vec::new();
    for one in asked {
        let answer = tokio::time::timeout(SOON, one).await.expect("an answer").expect("an answer");
        let address = answer.expect("an address");
        let key = address.rsplit('/').next().unwrap().to_owned();
        at.push(
            place.engine().keys.iter().position(|known| *known == key).expect("a key that was registered"),
        );
    }
    assert!(at.is_sorted(), "{at:?}");
}

#[tokio::test]
async fn what_a_client_has_asked_is_answered_after_it_has_come_back() {
    let place = Place::new(90_000);
    let (stay, notes) = place.ann(1).await;
    place.engine().mute = Some(1);
    let mut asked: Vec<Address> = (0..8).map(|_| push(&notes)).collect();
    place.until("the engine has them", || place.engine().keys.len() == 8).await;
    place.returns(2, &stay);
    asked.extend((0..4).map(|_| push(&notes)));
    all_in_order(&place, asked).await;
    assert_eq!(place.engine().logins, [1, 2]);
    let late = push(&notes);
    assert!(late.await.unwrap().is_ok(), "whoever got its mailbox earlier still reaches it");
}

#[tokio::test]
async fn what_a_client_asked_before_its_media_stopped_is_asked_again_in_order() {
    let place = Place::new(400);
    let (_, notes) = place.ann(1).await;
    place.engine().mute = Some(1);
    let asked: Vec<Address> = (0..8).map(|_| push(&notes)).collect();
    place.until("the engine has them", || place.engine().keys.len() == 8).await;
    place.engine().mute = None;
    place.engine().media_runs = false;
    place.until("it logs in again", || place.engine().logins.len() > 1).await;
    place.engine().media_runs = true;
    all_in_order(&place, asked).await;
}

#[tokio::test]
async fn of_two_returns_at_once_the_later_has_the_stay() {
    let place = Place::new(90_000);
    let (stay, notes) = place.ann(1).await;
    place.returns(2, &stay);
    place.returns(3, &stay);
    place.until("the later logs in", || place.engine().logins.last() == Some(&3)).await;
    assert_eq!(place.engine().logins, [1, 2, 3]);
    assert!(push(&notes).await.unwrap().is_ok());
    assert_eq!(place.emedia.book.size(), 1);
}

/// What is logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Log {
    fn has(&self, words: &str) -> bool {
        String::from_utf8_lossy(&self.0.lock().unwrap()).contains(words)
    }
}

#[tokio::test]
async fn a_seat_is_said_to_be_kept_only_where_it_is() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).finish();
    let _logged = tracing::subscriber::set_default(subscriber);
    for (waiting, kept) in [(WAITING, false), (WAITING - 1, true)] {
        let place = Place::new(400);
        place.ann(1).await;
        place.emedia.waiting.store(waiting, Ordering::Relaxed);
        place.engine().media_runs = false;
        let words = if kept { "its seat is kept" } else { "it cannot come back" };
        place.until(words, || log.has(words)).await;
        if !kept {
            place.until("it is over", || place.emedia.book.size() == 0).await;
        }
        assert_eq!((log.has("its seat is kept"), place.emedia.book.size()), (kept, usize::from(kept)));
    }
}

#[test]
fn many_who_wait_are_looked_after_less_often_and_often_enough() {
    let seconds = Duration::from_secs;
    let cases = [
        (90, 0, 10_000),
        (90, 20_000, 10_000),
        (90, 40_000, 20_000),
        (90, 100_000, 30_000),
        (8, 1, 2_000),
        (9, 1_000_000, 3_000),
        (9, usize::MAX, 3_000),
    ];
    for (grace, alone, millis) in cases {
        assert_eq!(between_looks(seconds(grace), alone), Duration::from_millis(millis), "{grace} s, {alone}");
    }
}
