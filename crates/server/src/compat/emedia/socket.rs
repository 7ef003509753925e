//! The WebSocket of one client: moves frames between it, its [`Wire`] and the engine.

use super::Emedia;
use super::book::{NOTES, Note};
use super::io::{Input, Output};
use super::wire::Wire;
use crate::clock::unix_ms;
use crate::control::Control;
use axum::Error as SocketError;
use axum::extract::ws::{Message, WebSocket};
use huitong_engine::{ApiCall, ApiResult};
use huitong_gateway_signal::limits::{CLOSE_TIMEOUT, WRITE_TIMEOUT};
use huitong_gateway_signal::{FromEngine, Inside, Rate, SignalEvent, SignalSink, Verdict};
use huitong_protocol::MediaBases;
use huitong_types::{ErrorCode, Fault, limits::SIGNAL_FRAME_BYTES};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};

/// How much longer than the engine's grace a stay is kept, so that the engine decides whether it can be gone on with.
const LONGER: Duration = Duration::from_secs(10);

/// How often is looked whether the media of a client without a connection runs.
const MEDIA_CHECK: Duration = Duration::from_secs(10);

/// How a client reaches this server.
pub(super) struct Way {
    /// The peer.
    pub(super) remote: SocketAddr,
    /// Where it reaches media, if that differs from what is configured.
    pub(super) media: Option<Arc<MediaBases>>,
    /// Where it reaches its streams.
    pub(super) streams: String,
}

/// The connection is over.
struct Ended;

/// A connection that counts as open until this is dropped.
struct Open;

impl Open {
    fn count() -> Self {
        metrics::gauge!("huitong_wire_connections").increment(1.0);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        metrics::gauge!("huitong_wire_connections").decrement(1.0);
    }
}

struct Line {
    /// Nothing while the client is without a connection.
    socket: Option<WebSocket>,
    open: Option<Open>,
    /// When was last looked whether its media runs.
    looked: tokio::time::Instant,
    wire: Box<Wire>,
    way: Way,
    emedia: Arc<Emedia>,
    control: Control,
    inside: Option<Inside>,
    notes: mpsc::Sender<Note>,
    asks: HashMap<u64, oneshot::Sender<Result<String, Fault>>>,
    last_ask: u64,
    stay: Option<String>,
}

/// Runs the connection to its end.
pub(super) async fn run(
    socket: WebSocket,
    way: Way,
    emedia: Arc<Emedia>,
    control: Control,
    shutdown: watch::Receiver<bool>,
) {
    let (notes, noted) = mpsc::channel(NOTES);
    let wire = Box::new(emedia.fresh_wire(way.streams.clone()));
    let line = Line {
        socket: Some(socket),
        open: Some(Open::count()),
        looked: tokio::time::Instant::now(),
        wire,
        way,
        emedia,
        control,
        inside: None,
        notes,
        asks: HashMap::new(),
        last_ask: 0,
        stay: None,
    };
    line.run(noted, shutdown).await;
}

/// What to do next.
enum Step {
    Note(Note),
    Engine(Option<FromEngine>),
    Client(Option<Result<Message, SocketError>>),
    Tick,
    Down,
    /// Time to look after the media.
    Look,
}

impl Line {
    async fn run(mut self, mut noted: mpsc::Receiver<Note>, mut shutdown: watch::Receiver<bool>) {
        let mut rate = Rate::new(Instant::now());
        loop {
            let step = self.next_step(&mut noted, &mut shutdown).await;
            if let Step::Note(Note::Yield(give)) = step {
                self.leave_engine().await;
                self.detach().await;
                // Whoever asked may have gone; then nobody goes on with it, and the engine's grace ends it.
                let _gone = give.send(self.wire);
                goodbye(self.socket).await;
                return;
            }
            let down = matches!(step, Step::Down);
            if self.step(step, &mut rate).await.is_err() && (down || !self.goes_on_alone().await) {
                break;
            }
        }
        self.end(noted).await;
    }

    /// Whether the stay goes on without a connection of the client. The vendor's client does not notice that its socket is gone
    /// while it sends and plays, so as long as it does, it is there.
    async fn goes_on_alone(&mut self) -> bool {
        if !self.wire.is_inside() || !self.media_runs().await {
            return false;
        }
        if let Some(socket) = self.socket.take() {
            self.open = None;
            let stay = self.wire.stay.as_ref();
            tracing::info!(
                app = stay.map(|stay| stay.who.app.get()),
                user = stay.map(|stay| tracing::field::display(stay.who.user())),
                conference = stay.map(|stay| tracing::field::display(&stay.conference)),
                "a member has lost its connection over the conference wire and its media runs: the stay goes on"
            );
            tokio::spawn(goodbye(Some(socket)));
        }
        self.looked = tokio::time::Instant::now();
        self.wire.handle(self.emedia.clock.now(), unix_ms(), Input::Alone);
        true
    }

    async fn media_runs(&mut self) -> bool {
        let Some(stay) = &self.wire.stay else { return false };
        let call = ApiCall::HasMedia(stay.conference.clone(), stay.who.user().clone());
        matches!(self.control.call(stay.who.app, call).await, Ok(ApiResult::Media(true)))
    }

    async fn next_step(
        &mut self,
        noted: &mut mpsc::Receiver<Note>,
        shutdown: &mut watch::Receiver<bool>,
    ) -> Step {
        let look = self.looked + MEDIA_CHECK;
        let due = self.wire.next_deadline().map(|at| self.emedia.clock.instant(at));
        let timer = async {
            match due {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let socket = &mut self.socket;
        let alone = socket.is_none();
        let client = async {
            match socket {
                Some(socket) => socket.recv().await,
                None => std::future::pending().await,
            }
        };
        let inside = &mut self.inside;
        let engine = async {
            match inside {
                Some(inside) => inside.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            Some(note) = noted.recv() => Step::Note(note),
            next = engine => Step::Engine(next),
            received = client => Step::Client(received),
            () = timer => Step::Tick,
            () = tokio::time::sleep_until(look), if alone => Step::Look,
            _ = shutdown.wait_for(|down| *down) => Step::Down,
        }
    }

    async fn step(&mut self, step: Step, rate: &mut Rate) -> Result<(), Ended> {
        match step {
            // Whoever has the address of the streams makes no more requests there than over the connection.
            Step::Note(Note::Stream { answer, .. }) if rate.frame(Instant::now()) != Verdict::Take => {
                let _given_up = answer.send(Err(Fault::new(ErrorCode::RateLimited)));
                Ok(())
            }
            Step::Note(Note::Stream { request, answer }) => {
                self.last_ask += 1;
                self.asks.insert(self.last_ask, answer);
                let ask = self.last_ask;
                self.feed(Input::Stream { ask, request }).await
            }
            Step::Note(Note::Yield(_)) => Ok(()),
            Step::Engine(Some(FromEngine::Text(text))) => self.feed(Input::Engine(&text)).await,
            Step::Engine(Some(FromEngine::Close { .. } | FromEngine::Overflow) | None) => {
                self.leave_engine().await;
                self.feed(Input::EngineLost).await
            }
            Step::Client(None | Some(Err(_))) | Step::Look => Err(Ended),
            Step::Client(Some(Ok(message))) => self.client(message, rate).await,
            Step::Tick => self.feed(Input::Tick).await,
            Step::Down => {
                self.feed(Input::Down).await?;
                Err(Ended)
            }
        }
    }

    async fn client(&mut self, message: Message, rate: &mut Rate) -> Result<(), Ended> {
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => {
                let sentence = "Frames are text; this one is binary.";
                return self.feed(Input::Bad("", Fault::because(ErrorCode::BadMessage, sentence))).await;
            }
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => return Ok(()),
        };
        match rate.frame(Instant::now()) {
            Verdict::Take if text.len() > SIGNAL_FRAME_BYTES => {
                self.feed(Input::Bad(&text, Fault::new(ErrorCode::FrameTooLong))).await
            }
            Verdict::Take => {
                metrics::counter!("huitong_wire_frames_received_total").increment(1);
                self.feed(Input::Frame(&text)).await
            }
            Verdict::Refuse => self.feed(Input::Bad(&text, Fault::new(ErrorCode::RateLimited))).await,
            Verdict::Close => Err(Ended),
        }
    }

    /// One input, and everything that follows from it.
    async fn feed(&mut self, input: Input<'_>) -> Result<(), Ended> {
        self.wire.handle(self.emedia.clock.now(), unix_ms(), input);
        let mut frames = Vec::new();
        let mut closing = false;
        while let Some(output) = self.wire.poll_output() {
            match output {
                Output::Frame(text) => frames.push(text),
                Output::Close => closing = true,
                Output::GoOn { stay, tsx, login } => self.go_on(stay, tsx, login).await,
                other => self.dispatch(other).await,
            }
        }
        self.write(frames).await?;
        if closing { Err(Ended) } else { Ok(()) }
    }

    async fn dispatch(&mut self, output: Output) {
        match output {
            Output::Connect => {
                self.leave_engine().await;
                let (inside, opened) = Inside::open(self.way.remote, self.way.media.clone());
                self.inside = Some(inside);
                self.tell_engine(opened).await;
            }
            Output::Engine(text) => {
                if let Some(conn) = self.inside.as_ref().map(Inside::conn) {
                    self.tell_engine(SignalEvent::Text { conn, text }).await;
                }
            }
            Output::HangUp => self.leave_engine().await,
            Output::Opened { stay, streams } => {
                self.emedia.book.open(stay.clone(), streams, self.notes.clone());
                self.stay = Some(stay);
            }
            Output::Forget(why) => {
                if let Some(stay) = self.stay.take() {
                    self.emedia.book.forget(&stay, why);
                }
            }
            Output::Answer { ask, answer } => {
                if let Some(asked) = self.asks.remove(&ask) {
                    // Whoever asked may have given up.
                    let _given_up = asked.send(answer);
                }
            }
            Output::Refused(fault) => {
                metrics::counter!("huitong_wire_refused_total", "code" => fault.code.as_str()).increment(1);
                let stay = self.wire.stay.as_ref();
                tracing::info!(
                    remote = %self.way.remote,
                    code = fault.code.as_str(),
                    app = stay.map(|stay| stay.who.app.get()),
                    user = stay.map(|stay| tracing::field::display(stay.who.user())),
                    conference = stay.map(|stay| tracing::field::display(&stay.conference)),
                    "an entry over the conference wire was refused: {}",
                    fault.message
                );
            }
            Output::Frame(_) | Output::Close | Output::GoOn { .. } => {}
        }
    }

    /// Goes on with a stay that another connection had.
    async fn go_on(&mut self, stay: String, tsx: Option<String>, login: Box<super::desk::Login>) {
        let (now, unix) = (self.emedia.clock.now(), unix_ms());
        match self.emedia.book.take(&stay, &self.notes).await {
            Some(wire) => {
                self.wire = wire;
                self.stay = Some(stay);
                let streams = self.way.streams.clone();
                self.wire.handle(now, unix, Input::Attached { tsx, login, streams });
            }
            None => self.wire.nothing_to_go_on_with(tsx.as_deref(), self.emedia.book.ending(&stay)),
        }
    }

    async fn write(&mut self, frames: Vec<String>) -> Result<(), Ended> {
        use futures_util::SinkExt;
        let Some(socket) = self.socket.as_mut().filter(|_| !frames.is_empty()) else { return Ok(()) };
        metrics::counter!("huitong_wire_frames_sent_total").increment(frames.len() as u64);
        let writing = async {
            for text in frames {
                socket.feed(Message::text(text)).await?;
            }
            socket.flush().await
        };
        match tokio::time::timeout(WRITE_TIMEOUT, writing).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Ended),
        }
    }

    async fn tell_engine(&mut self, event: SignalEvent) {
        // Without an engine the server is at its end, and so is this connection.
        let _gone = self.control.deliver(event).await;
    }

    async fn leave_engine(&mut self) {
        if let Some(inside) = self.inside.take() {
            self.tell_engine(SignalEvent::Closed { conn: inside.conn() }).await;
        }
    }

    /// The connection of the client is gone: nothing is written any more.
    async fn detach(&mut self) {
        self.wire.handle(self.emedia.clock.now(), unix_ms(), Input::Detached);
        while let Some(output) = self.wire.poll_output() {
            self.dispatch(output).await;
        }
    }

    async fn end(mut self, noted: mpsc::Receiver<Note>) {
        self.leave_engine().await;
        self.detach().await;
        if let Some(stay) = self.stay.take() {
            if self.wire.is_kept() {
                let keep = self.wire.grace() + LONGER;
                if let Some(time) = self.emedia.book.park(&stay, self.wire) {
                    let emedia = Arc::clone(&self.emedia);
                    tokio::spawn(async move {
                        tokio::time::sleep(keep).await;
                        emedia.book.expire(&stay, time);
                    });
                }
            } else {
                self.emedia.book.forget(&stay, None);
            }
        }
        // Whoever waits for the stay is woken, and finds it in the book.
        drop(noted);
        goodbye(self.socket).await;
    }
}

/// Closes the socket, and waits a little for the client's close frame.
async fn goodbye(socket: Option<WebSocket>) {
    let Some(mut socket) = socket else { return };
    let closing = async {
        if socket.send(Message::Close(None)).await.is_ok() {
            while let Some(Ok(_ignored)) = socket.recv().await {}
        }
    };
    // The peer may be gone or stuck: the transport is dropped next in either case.
    let _best_effort = tokio::time::timeout(CLOSE_TIMEOUT, closing).await;
}
