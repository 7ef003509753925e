//! Viewers whose sockets the fan-out writes to directly.

use crate::FlvGateway;
use crate::request::{FlvRequest, HEAD_BYTES, Head, parse_head};
use crate::session::{Ended, Session};
use huitong_fanout::SinkIo;
use huitong_types::{ErrorCode, Fault};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

/// A request head must be complete within this time; slower senders hold connections for nothing.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest WebSocket frame taken from a viewer. Viewers have nothing to say but close, ping and pong (at most
/// 125 bytes, RFC 6455 section 5.5).
const CLIENT_FRAME: usize = 125;

/// Serves a connection whose first bytes ask for a stream; `head` holds what was read from it already.
pub async fn serve(gateway: FlvGateway, stream: TcpStream, head: Vec<u8>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY refused");
    }
    let stream = Arc::new(stream);
    let request = match tokio::time::timeout(HEAD_TIMEOUT, read_head(&stream, head)).await {
        Ok(Some(Ok(request))) => request,
        Ok(Some(Err(fault))) => return refuse(&stream, &fault).await,
        Ok(None) => return,
        Err(_) => return refuse(&stream, &ErrorCode::Timeout.into()).await,
    };
    serve_request(gateway, stream, request).await;
}

async fn read_head(stream: &TcpStream, mut head: Vec<u8>) -> Option<Result<FlvRequest, Fault>> {
    loop {
        match parse_head(&head) {
            Head::Request(request) => return Some(Ok(request)),
            Head::Bad(fault) => return Some(Err(fault)),
            Head::Partial => {}
        }
        stream.readable().await.ok()?;
        // Behind the wait, so that the connection's task does not hold it.
        let mut chunk = [0u8; 2048];
        match stream.try_read(&mut chunk) {
            Ok(0) => return None,
            Ok(n) => head.extend_from_slice(chunk.get(..n)?),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return None,
        }
        debug_assert!(head.len() <= HEAD_BYTES + chunk.len());
    }
}

async fn serve_request(gateway: FlvGateway, stream: Arc<TcpStream>, request: FlvRequest) {
    // A client that goes away while its request is held must not be served later.
    let asked = tokio::select! {
        asked = Session::ask(&gateway, request.key) => asked,
        () = hang_up(&stream) => return,
    };
    let (mut session, grant) = match asked {
        Ok(granted) => granted,
        Err(fault) => return refuse(&stream, &fault).await,
    };
    let websocket = request.websocket.is_some();
    let head = match &request.websocket {
        Some(key) => websocket_head(key),
        None => http_head(),
    };
    if write_all(&stream, head.as_bytes()).await.is_err() {
        return;
    }
    let wire = if websocket { gateway.ws_flv } else { gateway.flv };
    let (viewing, done) = match session.view(&grant, wire, SinkIo::Tcp(Arc::clone(&stream))) {
        Ok(viewing) => viewing,
        Err(fault) => {
            tracing::info!(ticket = %session.ticket(), %fault, "player refused");
            return;
        }
    };
    let ended = tokio::select! {
        ended = session.follow(&done, |tracks| viewing.set_tracks(tracks)) => Some(ended),
        () = listen(&stream, &viewing, websocket) => None,
    };
    drop(viewing);
    match ended {
        Some(Ended::Ordered(fault)) => tracing::info!(ticket = %session.ticket(), %fault, "player closed"),
        Some(Ended::Gone(gone)) => tracing::debug!(ticket = %session.ticket(), ?gone, "player gone"),
        None => tracing::debug!(ticket = %session.ticket(), "player left"),
    }
    // The fan-out may still hold the socket for a moment; the peer must see the end now.
    if let Err(error) = socket2::SockRef::from(&*stream).shutdown(std::net::Shutdown::Both) {
        tracing::trace!(%error, "already shut down");
    }
}

/// Reads what the viewer says until it goes. Over HTTP nothing is expected; over WebSocket pings are answered
/// between packets and a close ends it.
async fn listen(stream: &TcpStream, viewing: &huitong_fanout::Viewing, websocket: bool) {
    let mut pending = Vec::new();
    loop {
        if stream.readable().await.is_err() {
            return;
        }
        let mut chunk = [0u8; 256];
        match stream.try_read(&mut chunk) {
            Ok(0) => return,
            Ok(n) if websocket => {
                pending.extend_from_slice(chunk.get(..n).unwrap_or_default());
                if !take_frames(&mut pending, viewing) {
                    return;
                }
                if pending.is_empty() {
                    pending = Vec::new();
                }
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

async fn hang_up(stream: &TcpStream) {
    loop {
        if stream.readable().await.is_err() {
            return;
        }
        let mut chunk = [0u8; 256];
        match stream.try_read(&mut chunk) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

/// Takes whole frames off the front. Returns false when the connection is over: a close, or a frame that a
/// viewer has no business to send.
fn take_frames(pending: &mut Vec<u8>, viewing: &huitong_fanout::Viewing) -> bool {
    loop {
        let (Some(first), Some(second)) = (pending.first().copied(), pending.get(1).copied()) else {
            return true;
        };
        let length = usize::from(second & 0x7f);
        let masked = second & 0x80 != 0;
        if length > CLIENT_FRAME || !masked {
            return false;
        }
        let total = 6 + length;
        if pending.len() < total {
            return true;
        }
        let frame: Vec<u8> = pending.drain(..total).collect();
        let mask: Vec<u8> = frame.get(2..6).unwrap_or_default().to_vec();
        let payload = frame.get(6..).unwrap_or_default().iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m);
        match first & 0x0f {
            0x8 => return false,
            0x9 => {
                let mut pong = vec![0x8a, length as u8];
                pong.extend(payload);
                viewing.inject(pong.into());
            }
            _ => {}
        }
    }
}

fn http_head() -> String {
    "HTTP/1.1 200 OK\r\nContent-Type: video/x-flv\r\nConnection: close\r\nCache-Control: no-cache, no-store\r\n\
     Access-Control-Allow-Origin: *\r\n\r\n"
        .to_owned()
}

fn websocket_head(key: &str) -> String {
    let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

async fn refuse(stream: &TcpStream, fault: &Fault) {
    let status = status_of(fault.code);
    let body = format!("{fault}\n");
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\
         Access-Control-Allow-Origin: *\r\n\r\n{body}",
        body.len()
    );
    if write_all(stream, head.as_bytes()).await.is_err() {
        tracing::trace!("the peer did not wait for the refusal");
    }
}

/// The HTTP status of a refusal.
pub(crate) const fn status_of(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::UnknownKey | ErrorCode::MayNotEnter => "403 Forbidden",
        ErrorCode::NotFound => "404 Not Found",
        ErrorCode::Timeout => "408 Request Timeout",
        ErrorCode::BadMessage | ErrorCode::InvalidField => "400 Bad Request",
        ErrorCode::ShuttingDown | ErrorCode::ServerFull => "503 Service Unavailable",
        _ => "403 Forbidden",
    }
}

async fn write_all(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
