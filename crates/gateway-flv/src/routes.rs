//! Viewers that come through axum: TLS, and connections that carried other requests before.

use crate::request::key_of_path;
use crate::session::{Ended, Session};
use crate::{FlvGateway, raw};
use axum::body::Body;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, body::Bytes};
use huitong_fanout::{Done, Pipe, SinkIo, Viewing};
use huitong_types::Fault;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

/// `GET /flv/{key}.flv`, with or without a WebSocket upgrade.
pub fn router(gateway: FlvGateway) -> Router {
    Router::new().route("/flv/{name}", get(play)).with_state(gateway)
}

async fn play(
    State(gateway): State<FlvGateway>,
    Path(name): Path<String>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let key = match key_of_path(&name) {
        Ok(key) => key,
        Err(fault) => return refusal(&fault),
    };
    let (session, grant) = match Session::ask(&gateway, key).await {
        Ok(granted) => granted,
        Err(fault) => return refusal(&fault),
    };
    let pipe = Pipe::new();
    // Messages of a WebSocket are framed by axum here, so both take plain FLV.
    let (viewing, done) = match session.view(&grant, gateway.flv, SinkIo::Pipe(Arc::clone(&pipe))) {
        Ok(viewing) => viewing,
        Err(fault) => return refusal(&fault),
    };
    let viewing = Arc::new(viewing);
    tokio::spawn(follow(session, Arc::downgrade(&viewing), Arc::clone(&pipe), done));
    match upgrade {
        Ok(upgrade) => upgrade.write_buffer_size(0).on_upgrade(move |socket| pump(socket, pipe, viewing)),
        Err(_) => {
            let body = Body::from_stream(PipeStream { pipe, viewing });
            let mut response = Response::new(body);
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("video/x-flv"));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store"));
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            response
        }
    }
}

/// Follows orders for as long as the response lives: the response owns the viewing, its end removes the viewer,
/// and `done` reports that here.
async fn follow(mut session: Session, viewing: Weak<Viewing>, pipe: Arc<Pipe>, done: Arc<Done>) {
    let set_tracks = |tracks| {
        if let Some(viewing) = viewing.upgrade() {
            viewing.set_tracks(tracks);
        }
    };
    match session.follow(&done, set_tracks).await {
        Ended::Ordered(fault) => tracing::info!(ticket = %session.ticket(), %fault, "player closed"),
        Ended::Gone(gone) => tracing::debug!(ticket = %session.ticket(), ?gone, "player gone"),
    }
    pipe.close();
}

struct PipeStream {
    pipe: Arc<Pipe>,
    viewing: Arc<Viewing>,
}

impl futures_util::Stream for PipeStream {
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let chunk = std::task::ready!(self.pipe.poll_read(cx));
        call_for_more(&self.pipe, &self.viewing);
        Poll::Ready(chunk.map(Ok))
    }
}

/// After a read: what the fan-out could not hand over need not wait for its next retry.
fn call_for_more(pipe: &Pipe, viewing: &Viewing) {
    if pipe.take_refused() {
        viewing.ready();
    }
}

impl Drop for PipeStream {
    fn drop(&mut self) {
        self.pipe.close();
    }
}

/// Carries bytes from the pipe to the socket. Players put FLV together from the bytes of all messages, so the
/// borders of messages need not be those of tags.
async fn pump(mut socket: WebSocket, pipe: Arc<Pipe>, viewing: Arc<Viewing>) {
    loop {
        tokio::select! {
            chunk = pipe.read() => match chunk {
                Some(chunk) => {
                    call_for_more(&pipe, &viewing);
                    if socket.send(Message::Binary(chunk)).await.is_err() { break }
                }
                None => break,
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
    pipe.close();
    drop(viewing);
}

fn refusal(fault: &Fault) -> Response {
    let status = raw::status_of(fault.code).split(' ').next().and_then(|code| code.parse().ok());
    let status = status.unwrap_or(StatusCode::FORBIDDEN);
    let cors = [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    (status, cors, format!("{fault}\n")).into_response()
}
