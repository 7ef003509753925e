//! The WebSocket of one client: moves frames between it, its [`Wire`] and the engine.

use super::Emedia;
use super::book::{Handover, NOTES, Note};
use super::io::{Input, Output, StreamRequest};
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
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};

/// How much longer than the engine's grace a stay is kept, so that the engine decides whether it can be gone on with.
const LONGER: Duration = Duration::from_secs(10);

/// How often is looked whether the media of a client without a connection runs; and that many times before its seat is given away.
const MEDIA_CHECK: Duration = Duration::from_secs(10);
const MEDIA_CHECKS: u32 = 4;

/// Looks after media in a second, of all clients without a connection together: the engine, which answers them, has other work. Where
/// there are more clients each is looked after less often, and still that many times before its seat is given away.
const LOOKS: usize = 2_000;
const LOOKS_LEFT: u32 = 2;

/// Stays that wait for their clients at most, each some KiB; beyond that one that loses its connection cannot be gone on with.
pub(super) const WAITING: usize = 100_000;

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
#[derive(Debug)]
pub(super) struct Ended;

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

/// A stay that waits for its client, and counts as that until this is dropped.
struct Vigil {
    emedia: Arc<Emedia>,
    /// Then nobody can go on with it any more.
    until: tokio::time::Instant,
}

impl Vigil {
    /// For so long; nothing if too many wait.
    fn begin(emedia: &Arc<Emedia>, time: Duration) -> Option<Self> {
        let vigil = Self { emedia: Arc::clone(emedia), until: tokio::time::Instant::now() + time };
        let before = emedia.waiting.fetch_add(1, Ordering::Relaxed);
        (before < WAITING).then_some(vigil)
    }
}

impl Drop for Vigil {
    fn drop(&mut self) {
        self.emedia.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A client without a connection, and counts as that until this is dropped.
struct Alone(Arc<Emedia>);

impl Alone {
    fn count(emedia: &Arc<Emedia>) -> Self {
        emedia.alone.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(emedia))
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.0.alone.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How long after one look at the media of a client without a connection the next is due, of so many.
pub(super) fn between_looks(grace: Duration, alone: usize) -> Duration {
    let usual = MEDIA_CHECK.min(grace / MEDIA_CHECKS);
    let millis = alone.saturating_mul(1_000) / LOOKS;
    let all = Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX));
    usual.max(all.min(grace / (LOOKS_LEFT + 1)))
}

/// A client with its connection, or without.
pub(super) struct Line {
    /// Nothing while the client is without a connection.
    socket: Option<WebSocket>,
    open: Option<Open>,
    alone: Option<Alone>,
    /// While neither the client nor its media is there.
    vigil: Option<Vigil>,
    /// When was last looked whether its media runs.
    looked: tokio::time::Instant,
    wire: Box<Wire>,
    way: Way,
    emedia: Arc<Emedia>,
    control: Control,
    inside: Option<Inside>,
    notes: mpsc::Sender<Note>,
    noted: mpsc::Receiver<Note>,
    /// Notes that came while something was written, or to a connection that had the stay before.
    pending: VecDeque<Note>,
    /// What the engine has not answered, and who asked; by age.
    asks: BTreeMap<u64, (StreamRequest, oneshot::Sender<Result<String, Fault>>)>,
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
    Line::new(Some(socket), way, emedia, control).run(shutdown).await;
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
    /// The client has not come back in time.
    GiveUp,
}

impl Line {
    pub(super) fn new(socket: Option<WebSocket>, way: Way, emedia: Arc<Emedia>, control: Control) -> Self {
        let (notes, noted) = mpsc::channel(NOTES);
        Self {
            open: socket.is_some().then(Open::count),
            socket,
            alone: None,
            vigil: None,
            looked: tokio::time::Instant::now(),
            wire: Box::new(emedia.fresh_wire(way.streams.clone())),
            way,
            emedia,
            control,
            inside: None,
            notes,
            noted,
            pending: VecDeque::new(),
            asks: BTreeMap::new(),
            last_ask: 0,
            stay: None,
        }
    }

    pub(super) async fn run(mut self, mut shutdown: watch::Receiver<bool>) {
        let mut rate = Rate::new(Instant::now());
        loop {
            if !self.wire.is_waiting() {
                self.vigil = None;
            }
            let step = self.next_step(&mut shutdown).await;
            let goes_on = match step {
                Step::Note(Note::Yield(give)) if self.wire.is_kept() => {
                    self.let_go().await;
                    let Self { wire, pending, noted, notes, .. } = self;
                    match give.send(Box::new(Handover { wire, pending, noted, notes })) {
                        Ok(()) => return goodbye(self.socket).await,
                        // Whoever asked has gone meanwhile: the stay waits for its client as if it had lost its connection.
                        Err(back) => {
                            let Handover { wire, pending, noted, notes } = *back;
                            (self.wire, self.pending, self.noted, self.notes) = (wire, pending, noted, notes);
                        }
                    }
                    self.waits()
                }
                step => {
                    let last = matches!(step, Step::Down | Step::GiveUp);
                    self.step(step, &mut rate).await.is_ok() || (!last && self.goes_on_without_client().await)
                }
            };
            if !goes_on {
                break;
            }
        }
        self.end().await;
    }

    /// Whether the stay goes on without a connection of the client. The vendor's client does not notice that its socket is gone
    /// while it sends and plays, so as long as it does, it is there. Else it is waited for, as long as its seat is kept: what
    /// runs then again, as it does on a phone that comes out of the background, is a sign of it, too.
    async fn goes_on_without_client(&mut self) -> bool {
        if !self.wire.is_kept() {
            return false;
        }
        if !self.media_runs().await {
            return self.waits_detached().await;
        }
        if self.wire.is_waiting() {
            self.note("the media of a member without a connection over the conference wire runs again: the stay goes on");
            // Without a client nothing is written, so nothing can fail.
            let _unwritten = self.feed(Input::Awake).await;
        } else if self.wire.is_inside() {
            if self.lose_socket() {
                self.note("a member has lost its connection over the conference wire and its media runs: the stay goes on");
            }
            self.wire.handle(self.emedia.clock.now(), unix_ms(), Input::Alone);
        } else {
            return self.waits_detached().await;
        }
        self.looked = tokio::time::Instant::now();
        true
    }

    /// Waits for the client, and tells the engine that it is away. What the client has asked about its streams meanwhile is asked
    /// again, as a sign of life: it reached the server before the end of the connection did.
    async fn waits_detached(&mut self) -> bool {
        self.let_go().await;
        self.waits()
    }

    /// Tells the engine that the client is away. What the engine has not answered is asked again before anything newer.
    async fn let_go(&mut self) {
        let open = std::mem::take(&mut self.asks);
        self.leave_engine().await;
        self.detach().await;
        let open = open.into_values().filter(|(_, answer)| !answer.is_closed());
        let asked = open.map(|(request, answer)| Note::Stream { request, answer });
        self.pending = asked.chain(std::mem::take(&mut self.pending)).collect();
    }

    /// Waits for the client, unless that has begun.
    fn waits(&mut self) -> bool {
        if !self.wire.is_kept() || self.stay.is_none() {
            return false;
        }
        self.lose_socket();
        self.looked = tokio::time::Instant::now();
        if self.vigil.is_none() {
            self.vigil = Vigil::begin(&self.emedia, self.wire.grace() + LONGER);
            self.note(match &self.vigil {
                Some(_) => "a member without a connection over the conference wire and without media: its seat is kept for a while",
                None => "a member without a connection over the conference wire and without media: too many wait already, it cannot come back",
            });
        }
        self.vigil.is_some()
    }

    /// From here on the client has no connection; whether it had one.
    fn lose_socket(&mut self) -> bool {
        let Some(socket) = self.socket.take() else { return false };
        self.open = None;
        self.alone = Some(Alone::count(&self.emedia));
        tokio::spawn(goodbye(Some(socket)));
        true
    }

    fn note(&self, what: &'static str) {
        let stay = self.wire.stay.as_ref();
        tracing::info!(
            app = stay.map(|stay| stay.who.app.get()),
            user = stay.map(|stay| tracing::field::display(stay.who.user())),
            conference = stay.map(|stay| tracing::field::display(&stay.conference)),
            "{what}"
        );
    }

    async fn media_runs(&mut self) -> bool {
        let Some(stay) = &self.wire.stay else { return false };
        let call = ApiCall::HasMedia(stay.conference.clone(), stay.who.user().clone());
        matches!(self.control.call(stay.who.app, call).await, Ok(ApiResult::Media(true)))
    }

    async fn next_step(&mut self, shutdown: &mut watch::Receiver<bool>) -> Step {
        if let Some(note) = self.pending.pop_front() {
            return Step::Note(note);
        }
        let alone = self.emedia.alone.load(Ordering::Relaxed);
        let look = self.looked + between_looks(self.wire.grace(), alone);
        let give_up = self.vigil.as_ref().map(|vigil| vigil.until);
        let patience = async {
            match give_up {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
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
            Some(note) = self.noted.recv() => Step::Note(note),
            next = engine => Step::Engine(next),
            received = client => Step::Client(received),
            () = timer => Step::Tick,
            () = patience => Step::GiveUp,
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
                self.asks.insert(self.last_ask, (request.clone(), answer));
                let ask = self.last_ask;
                // It may be the sign of life of a member that was waited for: its media begins a little later.
                self.looked = tokio::time::Instant::now();
                self.feed(Input::Stream { ask, request }).await
            }
            // There is nothing to give up any more, by which whoever asks learns that.
            Step::Note(Note::Yield(_)) => Ok(()),
            Step::Engine(Some(FromEngine::Text(text))) => self.feed(Input::Engine(&text)).await,
            Step::Engine(Some(FromEngine::Close { .. } | FromEngine::Overflow) | None) => {
                self.leave_engine().await;
                self.feed(Input::EngineLost).await
            }
            Step::Client(None | Some(Err(_))) | Step::Look | Step::GiveUp => Err(Ended),
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
    pub(super) async fn feed(&mut self, input: Input<'_>) -> Result<(), Ended> {
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
                if let Some((_, asked)) = self.asks.remove(&ask) {
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
        match self.emedia.book.take(&stay).await {
            Some(handed) => {
                // Nobody knows the mailbox of a connection that had no stay.
                let Handover { wire, pending, noted, notes } = *handed;
                (self.wire, self.pending, self.noted, self.notes) = (wire, pending, noted, notes);
                self.stay = Some(stay);
                let streams = self.way.streams.clone();
                self.wire.handle(now, unix, Input::Attached { tsx, login, streams });
            }
            None => self.wire.nothing_to_go_on_with(tsx.as_deref(), self.emedia.book.ending(&stay)),
        }
    }

    /// Writes to the client. One that takes nothing any more may be the old connection of a client that asks for its stay on
    /// a new one: then that comes first, and what was not written is told there.
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
        let writing = tokio::time::timeout(WRITE_TIMEOUT, writing);
        tokio::pin!(writing);
        loop {
            tokio::select! {
                biased;
                written = &mut writing => return if matches!(written, Ok(Ok(()))) { Ok(()) } else { Err(Ended) },
                Some(note) = self.noted.recv(), if self.pending.len() < NOTES => match note {
                    Note::Yield(_) => {
                        self.pending.push_front(note);
                        return Ok(());
                    }
                    Note::Stream { .. } => self.pending.push_back(note),
                },
            }
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

    async fn end(mut self) {
        self.leave_engine().await;
        self.detach().await;
        if let Some(stay) = self.stay.take() {
            self.emedia.book.forget(&stay, None);
        }
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
