//! The task of one connection.

use crate::limits::{CLOSE_REASON_BYTES, CLOSE_TIMEOUT, WRITE_BATCH, WRITE_TIMEOUT};
use crate::outbox::{Mailbox, Outgoing, Overflow, outbox};
use crate::rate::{Rate, Verdict};
use crate::{ConnNumber, Peer, SignalEvent, SignalSink, SinkGone};
use axum::Error as SocketError;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::SinkExt;
use huitong_protocol::{CloseCode, Reply, ReplyFrame, parse_request};
use huitong_types::{ErrorCode, Fault, limits::SIGNAL_FRAME_BYTES};
use std::time::Instant;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Error as WebSocketError;

/// Why the loop ended.
enum End {
    /// The peer closed, or the transport broke.
    Peer,
    /// This side closes with a code.
    Close { code: u16, reason: String },
}

impl End {
    fn close(code: CloseCode) -> Self {
        Self::Close { code: code.number(), reason: code.sentence().to_owned() }
    }

    fn too_slow() -> Self {
        metrics::counter!("huitong_signal_too_slow_total").increment(1);
        Self::close(CloseCode::TooSlow)
    }
}

impl From<SinkGone> for End {
    fn from(_: SinkGone) -> Self {
        Self::close(CloseCode::ShuttingDown)
    }
}

/// Runs the connection to its end.
pub(crate) async fn run<S: SignalSink>(
    mut socket: WebSocket,
    conn: ConnNumber,
    peer: Peer,
    sink: S,
    mut shutdown: watch::Receiver<bool>,
) {
    let (outbox, mut mailbox, overflow) = outbox();
    let open = metrics::gauge!("huitong_signal_connections");
    open.increment(1.0);
    tracing::debug!("signalling connection opened");
    let opened = SignalEvent::Opened { conn, remote: peer.remote, media: peer.media, outbox };
    let end = if sink.deliver(opened).await.is_ok() {
        let end = tokio::select! {
            end = pump(&mut socket, &mut mailbox, &overflow, conn, &sink) => end,
            _ = shutdown.wait_for(|down| *down) => End::from(SinkGone),
        };
        // A sink that is gone has forgotten the connection with everything else.
        let _known_gone = sink.deliver(SignalEvent::Closed { conn }).await;
        end
    } else {
        End::from(SinkGone)
    };
    if let End::Close { code, reason } = end {
        tracing::debug!(code, reason, "closing");
        // The peer may be gone or stuck: the transport is dropped next in either case.
        let _best_effort = tokio::time::timeout(CLOSE_TIMEOUT, say_goodbye(&mut socket, code, reason)).await;
    }
    open.decrement(1.0);
    tracing::debug!("signalling connection ended");
}

/// Moves frames both ways until one side ends it.
async fn pump<S: SignalSink>(
    socket: &mut WebSocket,
    mailbox: &mut Mailbox,
    overflow: &Overflow,
    conn: ConnNumber,
    sink: &S,
) -> End {
    let mut rate = Rate::new(Instant::now());
    loop {
        let step = tokio::select! {
            biased;
            () = overflow.happened() => Err(End::too_slow()),
            next = mailbox.next() => match next {
                Some(first) => write(socket, mailbox, overflow, first).await,
                None => Err(End::from(SinkGone)),
            },
            received = socket.recv() => read(socket, received, conn, sink, &mut rate).await,
        };
        if let Err(end) = step {
            return end;
        }
    }
}

/// Writes a batch that begins with `first`, then flushes once.
async fn write(
    socket: &mut WebSocket,
    mailbox: &mut Mailbox,
    overflow: &Overflow,
    first: Outgoing,
) -> Result<(), End> {
    let mut batch = Vec::with_capacity(1);
    let mut close = None;
    let mut next = Some(first);
    while let Some(outgoing) = next {
        match outgoing {
            Outgoing::Text(text) => batch.push(text),
            Outgoing::Later(_, text) => batch.push(text()),
            Outgoing::Close { code, reason } => {
                close = Some(End::Close { code, reason });
                break;
            }
        }
        next = if batch.len() < WRITE_BATCH { mailbox.try_next() } else { None };
    }
    metrics::counter!("huitong_signal_frames_sent_total").increment(batch.len() as u64);
    let writing = async {
        for text in batch {
            socket.feed(Message::text(&*text)).await?;
        }
        socket.flush().await
    };
    tokio::select! {
        biased;
        // What did not fit is a hole in the sequence of pushes: nothing may follow it.
        () = overflow.happened() => return Err(End::too_slow()),
        written = writing => written.map_err(|_broken| End::Peer)?,
        () = tokio::time::sleep(WRITE_TIMEOUT) => return Err(End::too_slow()),
    }
    close.map_or(Ok(()), Err)
}

/// Handles one received frame.
async fn read<S: SignalSink>(
    socket: &mut WebSocket,
    received: Option<Result<Message, SocketError>>,
    conn: ConnNumber,
    sink: &S,
    rate: &mut Rate,
) -> Result<(), End> {
    let message = match received {
        None => return Err(End::Peer),
        Some(Err(error)) => return Err(broken(socket, error).await),
        Some(Ok(message)) => message,
    };
    let text = match message {
        Message::Text(text) => Some(text),
        Message::Binary(_) => None,
        // The WebSocket layer answers pings by itself, and `None` follows a close frame.
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) => return Ok(()),
    };
    match rate.frame(Instant::now()) {
        Verdict::Take => {}
        Verdict::Refuse => {
            refused("rate");
            let id = text.map_or(0, |text| parse_request(&text).map_or_else(|error| error.id, |(id, _)| id));
            return answer(socket, id, Fault::new(ErrorCode::RateLimited)).await;
        }
        Verdict::Close => return Err(End::close(CloseCode::ProtocolError)),
    }
    let event = match text {
        Some(text) if text.len() > SIGNAL_FRAME_BYTES => {
            refused("too-long");
            SignalEvent::Bad { conn, fault: Fault::new(ErrorCode::FrameTooLong) }
        }
        Some(text) => {
            metrics::counter!("huitong_signal_frames_received_total").increment(1);
            SignalEvent::Text { conn, text: text.as_str().to_owned() }
        }
        None => {
            refused("binary");
            let fault =
                Fault::because(ErrorCode::BadMessage, "Requests are text frames; this one is binary.");
            SignalEvent::Bad { conn, fault }
        }
    };
    sink.deliver(event).await.map_err(End::from)
}

/// What a failed read means: a frame too big to be read is told before the connection ends.
async fn broken(socket: &mut WebSocket, error: SocketError) -> End {
    let error = error.into_inner();
    if matches!(error.downcast_ref(), Some(WebSocketError::Capacity(_))) {
        refused("too-long");
        return match answer(socket, 0, Fault::new(ErrorCode::FrameTooLong)).await {
            Ok(()) => End::close(CloseCode::ProtocolError),
            Err(end) => end,
        };
    }
    tracing::debug!(%error, "the connection broke");
    End::close(CloseCode::ProtocolError)
}

/// Answers a frame that never reaches the engine.
async fn answer(socket: &mut WebSocket, id: u32, fault: Fault) -> Result<(), End> {
    let frame = ReplyFrame { re: id, reply: Reply::Error(fault.into()) };
    let Ok(text) = serde_json::to_string(&frame) else { return Ok(()) };
    match tokio::time::timeout(WRITE_TIMEOUT, socket.send(Message::text(text))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_broken)) => Err(End::Peer),
        Err(_elapsed) => Err(End::too_slow()),
    }
}

/// Sends the close frame and waits for the peer's.
async fn say_goodbye(socket: &mut WebSocket, code: u16, mut reason: String) {
    let mut end = reason.len().min(CLOSE_REASON_BYTES);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    reason.truncate(end);
    let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
    if socket.send(close).await.is_ok() {
        while let Some(Ok(_ignored)) = socket.recv().await {}
    }
}

fn refused(reason: &'static str) {
    metrics::counter!("huitong_signal_frames_refused_total", "reason" => reason).increment(1);
}
