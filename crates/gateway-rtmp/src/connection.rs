//! One RTMP connection from its first byte to its end.

use crate::RtmpGateway;
use crate::carried::Carried;
use bytes::Bytes;
use huitong_fanout::{
    Done, MEDIA_ORDERS, MediaOrder, Publisher, Pushed, Replaced, Sink, SinkIo, Ticket, Tracks, Viewing,
};
use huitong_hub::Gone;
use huitong_media::{StreamInfo, TrackKind};
use huitong_rtmp::{MediaKind, MediaMessage, RtmpError, ServerConnection, ServerEvent, ServerOptions};
use huitong_types::{ErrorCode, Fault, StreamKey};
use std::io;
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// From the first byte to a request to publish or play. Real clients need a second on a slow mobile network.
const SETUP_TIMEOUT: Duration = Duration::from_secs(15);

/// A publisher that sends nothing for this long is gone; a phone with camera and microphone off still sends
/// silence.
const PUBLISHER_SILENCE: Duration = Duration::from_secs(30);

/// How long a peer may take to read the few bytes of a reply.
const REPLY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a peer that was told the end may go on sending. Closing a socket with unread bytes makes the system send
/// a reset, which can destroy what the peer has not read yet.
const LINGER: Duration = Duration::from_secs(1);

/// Media messages of one track in a row that break a rule of their codec before the publisher is turned away. One
/// damaged picture is not worth a reconnect, nothing but such is not media.
const BAD_MESSAGES: u32 = 100;

/// Bytes read at once. The buffer lives on the stack of the reading function, not in the task.
const READ_BYTES: usize = 16 * 1024;

/// Reads before other connections of the thread get their turn.
const READS_IN_A_ROW: usize = 8;

enum Role {
    /// Has asked for nothing yet.
    Idle,
    /// Waits for permission.
    Asking { stream_id: u32, publish: bool },
    /// Publishes.
    Publishing { stream_id: u32, publisher: Publisher, allowed: Tracks, carried: Carried, bad: Bad },
    /// Plays.
    Playing {
        stream_id: u32,
        viewing: Viewing,
        done: Arc<Done>,
        ordered: Tracks,
        wanted: Tracks,
        paused: bool,
    },
}

/// Bad messages in a row.
#[derive(Default)]
struct Bad {
    audio: u32,
    video: u32,
}

/// Why the connection ends.
#[derive(Debug)]
enum End {
    /// The peer closed it or it broke.
    PeerGone,
    /// The peer said goodbye in the protocol.
    Goodbye,
    /// It broke a rule of the protocol.
    Protocol(RtmpError),
    /// The control side or a limit ended it; told to the peer already.
    Refused(Fault),
    /// The fan-out gave the player up.
    Unserved(Gone),
}

/// One connection.
pub(crate) struct Connection {
    gateway: RtmpGateway,
    stream: Arc<TcpStream>,
    machine: Box<ServerConnection>,
    ticket: Ticket,
    orders: Option<mpsc::Receiver<MediaOrder>>,
    role: Role,
    deadline: Option<Instant>,
    last_heard: Instant,
    /// Told to the peer already; the connection ends once that is sent.
    refusal: Option<Fault>,
}

impl Connection {
    pub(crate) fn new(gateway: RtmpGateway, stream: TcpStream) -> Self {
        let now = Instant::now();
        Self {
            gateway,
            stream: Arc::new(stream),
            machine: Box::new(ServerConnection::new(ServerOptions::default())),
            ticket: Ticket::next(),
            orders: None,
            role: Role::Idle,
            deadline: Some(now + SETUP_TIMEOUT),
            last_heard: now,
            refusal: None,
        }
    }

    pub(crate) const fn ticket(&self) -> Ticket {
        self.ticket
    }

    pub(crate) async fn run(mut self) {
        configure(&self.stream);
        let end = loop {
            if let Err(end) = self.step().await {
                break end;
            }
        };
        let deliberate = matches!(end, End::Goodbye);
        match &end {
            End::Refused(fault) => tracing::info!(%fault, "rtmp connection refused"),
            End::Protocol(error) => tracing::info!(%error, "rtmp connection broke the protocol"),
            End::Unserved(gone) => tracing::debug!(?gone, "rtmp player is no longer served"),
            End::PeerGone | End::Goodbye => tracing::debug!(deliberate, "rtmp connection ended"),
        }
        let role = std::mem::replace(&mut self.role, Role::Idle);
        if self.orders.take().is_some() {
            self.gateway.authority.closed(self.ticket, deliberate);
        }
        if !matches!(end, End::PeerGone) {
            self.farewell(role, &end).await;
        }
        shut_down(&self.stream, Shutdown::Both);
    }

    /// Says the last words. A player's come behind its last packet, so the fan-out has to let go first.
    async fn farewell(&mut self, role: Role, end: &End) {
        if let Role::Playing { stream_id, viewing, done, .. } = role {
            drop(viewing);
            let let_go = tokio::time::timeout(REPLY_TIMEOUT, done.wait()).await;
            if let_go.is_err() || !done.is_between_packets() {
                return;
            }
            if matches!(end, End::Refused(_) | End::Unserved(Gone::Ended)) {
                self.machine.notify_unpublish(stream_id);
                self.machine.end_play(stream_id);
            }
        }
        if let Some(bytes) = self.machine.take_output()
            && write_all(&self.stream, &bytes).await.is_err()
        {
            return;
        }
        linger(&self.stream).await;
    }

    /// Waits for one thing to happen and deals with it.
    async fn step(&mut self) -> Result<(), End> {
        self.send_output().await?;
        if let Some(fault) = self.refusal.take() {
            return Err(End::Refused(fault));
        }
        let done = match &self.role {
            Role::Playing { done, .. } => Some(Arc::clone(done)),
            _ => None,
        };
        let deadline = self.deadline;
        // An encoder that waits for its permission is not read, so that nothing it sends gets lost; it may give up.
        let asking = self.machine.is_asking();
        tokio::select! {
            () = hang_up(&self.stream), if asking => Err(End::PeerGone),
            ready = self.stream.readable(), if !asking => {
                ready.map_err(|_| End::PeerGone)?;
                self.read()
            }
            order = next_order(&mut self.orders) => self.obey(order).await,
            gone = wait_done(done) => Err(End::Unserved(gone)),
            () = sleep_until(deadline) => self.time_is_up(),
        }
    }

    /// Before a player is served the task writes itself; afterwards only the fan-out may, so replies go
    /// through it.
    async fn send_output(&mut self) -> Result<(), End> {
        let Some(bytes) = self.machine.take_output() else { return Ok(()) };
        if let Role::Playing { viewing, .. } = &self.role {
            viewing.inject(bytes);
            return Ok(());
        }
        write_all(&self.stream, &bytes).await
    }

    fn read(&mut self) -> Result<(), End> {
        let mut buffer = [0u8; READ_BYTES];
        for _ in 0..READS_IN_A_ROW {
            match self.stream.try_read(&mut buffer) {
                Ok(0) => return Err(End::PeerGone),
                Ok(n) => {
                    self.last_heard = Instant::now();
                    let received = self.machine.receive(&buffer[..n]);
                    self.events(received)?;
                    if n < buffer.len() || self.refusal.is_some() || self.machine.is_asking() {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(End::PeerGone),
            }
        }
        Ok(())
    }

    /// Deals with everything that the bytes received so far mean.
    fn events(&mut self, received: Result<(), RtmpError>) -> Result<(), End> {
        while self.refusal.is_none() {
            let Some(event) = self.machine.poll_event() else { return received.map_err(End::Protocol) };
            self.event(event)?;
        }
        Ok(())
    }

    fn event(&mut self, event: ServerEvent) -> Result<(), End> {
        match event {
            ServerEvent::Connected(info) => {
                tracing::debug!(client = %info.flash_ver, "rtmp client connected")
            }
            ServerEvent::Publish { stream_id, key, .. } => self.ask(stream_id, key.as_str(), true),
            ServerEvent::Play { stream_id, key } => self.ask(stream_id, key.as_str(), false),
            ServerEvent::Media(message) => self.media(message),
            ServerEvent::Unpublish { .. } | ServerEvent::StopPlay { .. } => return Err(End::Goodbye),
            ServerEvent::PauseToggle { paused: now, .. } => {
                if let Role::Playing { paused, .. } = &mut self.role {
                    *paused = now;
                }
                self.retrack();
            }
            ServerEvent::Receive { kind, wanted: on, .. } => {
                if let Role::Playing { wanted, .. } = &mut self.role {
                    match kind {
                        MediaKind::Audio => wanted.audio = on,
                        MediaKind::Video => wanted.video = on,
                        MediaKind::Data => {}
                    }
                }
                self.retrack();
            }
            ServerEvent::SetBufferLength { .. } => {}
        }
        Ok(())
    }

    fn ask(&mut self, stream_id: u32, name: &str, publish: bool) {
        if !matches!(self.role, Role::Idle) {
            let text = "this connection already publishes or plays; open another one";
            self.turn_away(stream_id, publish, Fault::because(ErrorCode::KeyInUse, text));
            return;
        }
        // Encoders add queries of their own to the name.
        let name = name.split('?').next().unwrap_or(name);
        let key = match StreamKey::new(name) {
            Ok(key) => key,
            Err(error) => {
                let text = format!("The last part of the URL is not a stream key: {error}.");
                self.turn_away(stream_id, publish, Fault::because(ErrorCode::UnknownKey, text));
                return;
            }
        };
        let (control, orders) = mpsc::channel(MEDIA_ORDERS);
        self.orders = Some(orders);
        self.role = Role::Asking { stream_id, publish };
        // The control side holds early requests for a bounded time and answers in any case.
        self.deadline = None;
        if publish {
            self.gateway.authority.publish(self.ticket, key, control);
        } else {
            self.gateway.authority.play(self.ticket, key, control);
        }
    }

    /// Tells the peer why and ends the connection once that is sent.
    fn turn_away(&mut self, stream_id: u32, publish: bool, fault: Fault) {
        let unknown = matches!(fault.code, ErrorCode::UnknownKey | ErrorCode::NotFound);
        let text = fault.message.as_ref();
        match (publish, unknown) {
            (true, true) => self.machine.refuse_publish(stream_id, "NetStream.Publish.BadName", text),
            (true, false) => self.machine.refuse_publish(stream_id, "NetStream.Publish.Denied", text),
            (false, true) => self.machine.refuse_play(stream_id, "NetStream.Play.StreamNotFound", text),
            (false, false) => self.machine.refuse_play(stream_id, "NetStream.Play.Failed", text),
        }
        self.refusal = Some(fault);
    }

    async fn obey(&mut self, order: Option<MediaOrder>) -> Result<(), End> {
        match order {
            None => self.close(ErrorCode::ShuttingDown.into()),
            Some(MediaOrder::Close(fault)) => self.close(fault),
            Some(MediaOrder::PublishAccepted { grant, allowed }) => {
                if let Role::Asking { stream_id, publish: true } = self.role {
                    let publisher = match self.gateway.fanout.publish(&grant) {
                        Ok(publisher) => publisher,
                        Err(fault) => {
                            self.close(fault);
                            return Ok(());
                        }
                    };
                    self.machine.accept_publish(stream_id);
                    self.role = Role::Publishing {
                        stream_id,
                        publisher,
                        allowed,
                        carried: Carried::default(),
                        bad: Bad::default(),
                    };
                    self.last_heard = Instant::now();
                    self.deadline = Some(self.last_heard + PUBLISHER_SILENCE);
                    let resumed = self.machine.resume();
                    self.events(resumed)?;
                }
            }
            Some(MediaOrder::Allowed(tracks)) => {
                if let Role::Publishing { allowed, .. } = &mut self.role {
                    *allowed = tracks;
                }
            }
            Some(MediaOrder::PlayAccepted { grant, tracks }) => {
                let Role::Asking { stream_id, publish: false } = self.role else { return Ok(()) };
                self.machine.accept_play(stream_id);
                self.send_output().await?;
                let (sink, done) = Sink::new(SinkIo::Tcp(Arc::clone(&self.stream)));
                match self.gateway.fanout.view(&grant, self.gateway.wire, tracks, sink) {
                    Ok(viewing) => {
                        let (ordered, wanted) = (tracks, Tracks::BOTH);
                        self.role =
                            Role::Playing { stream_id, viewing, done, ordered, wanted, paused: false };
                    }
                    Err(fault) => self.close(fault),
                }
            }
            Some(MediaOrder::Tracks(tracks)) => {
                if let Role::Playing { ordered, .. } = &mut self.role {
                    *ordered = tracks;
                }
                self.retrack();
            }
        }
        Ok(())
    }

    fn retrack(&self) {
        if let Role::Playing { viewing, ordered, wanted, paused, .. } = &self.role {
            let on = !*paused;
            viewing.set_tracks(Tracks {
                audio: on && ordered.audio && wanted.audio,
                video: on && ordered.video && wanted.video,
            });
        }
    }

    fn media(&mut self, message: MediaMessage) {
        let Role::Publishing { publisher, allowed, carried, bad, .. } = &mut self.role else { return };
        let track = match message.kind {
            MediaKind::Audio => TrackKind::Audio,
            MediaKind::Video => TrackKind::Video,
            // What encoders say about themselves is not trusted: players get metadata made from the headers.
            MediaKind::Data => return,
        };
        let bad = match track {
            TrackKind::Audio => &mut bad.audio,
            TrackKind::Video => &mut bad.video,
        };
        match publisher.push_flv(track, message.timestamp, &message.payload, *allowed) {
            Ok(Pushed::Taken) => *bad = 0,
            Ok(Pushed::Bad(error)) => {
                *bad += 1;
                tracing::debug!(%error, "a media message was dropped");
                if error.is_unsupported() || *bad >= BAD_MESSAGES {
                    let text = format!("The stream is not playable: {error}.");
                    self.close(Fault::because(ErrorCode::BadMessage, text));
                }
                return;
            }
            Err(Replaced) => return self.close(replaced()),
        }
        // The header of a track that is not allowed is kept, but nobody gets to see the track.
        let (allowed, known): (bool, fn(&StreamInfo) -> bool) = match track {
            TrackKind::Audio => (allowed.audio, |info| info.audio.is_some()),
            TrackKind::Video => (allowed.video, |info| info.video.is_some()),
        };
        if let Some(news) =
            carried.came(track, allowed, || known(&publisher.info()), self.last_heard.into_std())
        {
            self.gateway.authority.tracks_seen(self.ticket, news);
        }
    }

    fn close(&mut self, fault: Fault) {
        match &self.role {
            Role::Asking { stream_id, publish } => self.turn_away(*stream_id, *publish, fault),
            Role::Publishing { stream_id, .. } => self.turn_away(*stream_id, true, fault),
            Role::Idle | Role::Playing { .. } => self.refusal = Some(fault),
        }
    }

    fn time_is_up(&mut self) -> Result<(), End> {
        if matches!(self.role, Role::Publishing { .. }) {
            let due = self.last_heard + PUBLISHER_SILENCE;
            if due > Instant::now() {
                self.deadline = Some(due);
                return Ok(());
            }
            return Err(End::PeerGone);
        }
        self.close(ErrorCode::Timeout.into());
        Ok(())
    }
}

fn replaced() -> Fault {
    Fault::because(ErrorCode::KeyInUse, "Another connection publishes this stream now.")
}

fn configure(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY refused");
    }
    let keepalive = socket2::TcpKeepalive::new()
        .with_time(Duration::from_secs(30))
        .with_interval(Duration::from_secs(10));
    if let Err(error) = socket2::SockRef::from(stream).set_tcp_keepalive(&keepalive) {
        tracing::debug!(%error, "TCP keep-alive refused");
    }
}

fn shut_down(stream: &TcpStream, how: Shutdown) {
    if let Err(error) = socket2::SockRef::from(stream).shutdown(how) {
        tracing::trace!(%error, "already shut down");
    }
}

/// Lets the peer read what was written to it last.
async fn linger(stream: &TcpStream) {
    shut_down(stream, Shutdown::Write);
    let reading = async { while stream.readable().await.is_ok() && discard(stream) {} };
    // Whatever comes of it, the socket is closed now.
    let _best_effort = tokio::time::timeout(LINGER, reading).await;
}

/// Throws away what the socket has; false at its end.
fn discard(stream: &TcpStream) -> bool {
    let mut buffer = [0u8; READ_BYTES];
    match stream.try_read(&mut buffer) {
        Ok(n) => n > 0,
        Err(error) => matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted),
    }
}

/// Resolves when the peer closes, also behind bytes that are not read.
async fn hang_up(stream: &TcpStream) {
    // Readiness to read would come at once with those bytes. Of urgent data RTMP knows nothing, and its readiness
    // includes the end of the stream.
    let _closed_or_broken = stream.ready(Interest::PRIORITY).await;
}

async fn next_order(orders: &mut Option<mpsc::Receiver<MediaOrder>>) -> Option<MediaOrder> {
    match orders {
        Some(orders) => orders.recv().await,
        None => std::future::pending().await,
    }
}

async fn wait_done(done: Option<Arc<Done>>) -> Gone {
    match done {
        Some(done) => done.wait().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

async fn write_all(stream: &TcpStream, bytes: &Bytes) -> Result<(), End> {
    let write = async {
        let mut rest = bytes.as_ref();
        while !rest.is_empty() {
            stream.writable().await.map_err(|_| End::PeerGone)?;
            match stream.try_write(rest) {
                Ok(n) => rest = &rest[n..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Err(End::PeerGone),
            }
        }
        Ok(())
    };
    tokio::time::timeout(REPLY_TIMEOUT, write).await.unwrap_or(Err(End::PeerGone))
}
