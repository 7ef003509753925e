//! Accepts connections on the HTTP port and serves each with HTTP/1.1.

use super::proxies::Proxies;
use super::stream::GentleStream;
use axum::Router;
use axum::extract::ConnectInfo;
use bytes::{Bytes, BytesMut};
use huitong_gateway_flv::FlvGateway;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;
use tracing::Instrument;

/// How long a peer may take to send the head of a request, or the TLS handshake. Slow senders hold a
/// connection each; ten seconds are enough for the worst mobile network.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest head of a request, bytes.
const HEAD_BYTES: usize = 16 * 1024;

/// Pause after the system refused to accept, usually for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Encrypted bytes that wait for the socket at most. They are as hidden from the latency ceiling as those in the
/// kernel, and the library's own 64 KiB are sixteen seconds of speech.
const TLS_BYTES: usize = 4 * 1024;

/// What an HTTP-FLV request on a plain connection begins with.
const FLV_BEGINNING: &[u8] = b"GET /flv/";

/// Bytes of a head that are read before the way of a connection is chosen.
const FIRST_READ: usize = 1024;

/// Everything a connection needs.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) router: Router,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) connections: Arc<Semaphore>,
    pub(crate) flv: FlvGateway,
    /// Who may say from where a request comes.
    pub(crate) proxies: Arc<Proxies>,
}

/// Accepts until `shutdown` turns true.
pub(crate) async fn serve(listener: TcpListener, site: Site, mut shutdown: watch::Receiver<bool>) {
    let numbers = AtomicU64::new(1);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = down(&mut shutdown) => return,
        };
        let (stream, remote) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection to the HTTP port could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&site.connections).try_acquire_owned() else {
            metrics::counter!("huitong_http_connections_refused_total").increment(1);
            continue;
        };
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        let span = tracing::info_span!("http", conn = format_args!("h{number}"), %remote);
        tokio::spawn(connection(stream, remote, site.clone(), permit, shutdown.clone()).instrument(span));
    }
}

async fn connection(
    stream: TcpStream,
    remote: SocketAddr,
    site: Site,
    permit: OwnedSemaphorePermit,
    shutdown: watch::Receiver<bool>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the connection was gone at once");
        return;
    }
    // Whatever comes over it later: a player's latency ceiling does not see what the kernel holds.
    huitong_fanout::bound_unsent(&stream);
    if let Some(tls) = &site.tls {
        let gentle = GentleStream::new(stream, Bytes::new(), permit);
        let accepting = tls.accept_with(gentle, |session| session.set_buffer_limit(Some(TLS_BYTES)));
        match tokio::time::timeout(HEAD_TIMEOUT, accepting).await {
            Ok(Ok(stream)) => http(stream, remote, site, shutdown).await,
            Ok(Err(error)) => tracing::debug!(%error, "the TLS handshake failed"),
            Err(_elapsed) => tracing::debug!("the TLS handshake took too long"),
        }
        return;
    }
    if let Some((stream, head, permit)) = divert_raw_flv(stream, &site.flv, permit).await {
        http(GentleStream::new(stream, head, permit), remote, site, shutdown).await;
    }
}

/// Looks at the first bytes of a fresh plain connection: an HTTP-FLV player goes to the media gateway, which
/// writes to the socket without HTTP machinery between. Everything else is given back with the bytes read.
async fn divert_raw_flv(
    mut stream: TcpStream,
    flv: &FlvGateway,
    permit: OwnedSemaphorePermit,
) -> Option<(TcpStream, Bytes, OwnedSemaphorePermit)> {
    let mut head = BytesMut::with_capacity(FIRST_READ);
    let reading = async {
        loop {
            let seen = head.len().min(FLV_BEGINNING.len());
            let undecided = seen < FLV_BEGINNING.len() && head[..seen] == FLV_BEGINNING[..seen];
            if !undecided {
                return true;
            }
            match stream.read_buf(&mut head).await {
                Ok(0) | Err(_) => return false,
                Ok(_) => {}
            }
        }
    };
    match tokio::time::timeout(HEAD_TIMEOUT, reading).await {
        Ok(true) => {}
        Ok(false) => return None,
        Err(_elapsed) => {
            tracing::debug!("no request arrived in time");
            return None;
        }
    }
    if head.starts_with(FLV_BEGINNING) {
        // A task of its own: this one is as large as the largest way a connection can take, TLS and HTTP machinery
        // included, and players are many.
        let playing = huitong_gateway_flv::raw::serve(flv.clone(), stream, head.to_vec());
        let counted = async move {
            playing.await;
            drop(permit);
        };
        tokio::spawn(counted.in_current_span());
        return None;
    }
    Some((stream, head.freeze(), permit))
}

/// Serves requests of one connection until it ends or `shutdown` turns true.
async fn http<S>(stream: S, remote: SocketAddr, site: Site, mut shutdown: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Site { router, proxies, .. } = site;
    let service = service_fn(move |mut request: Request<Incoming>| {
        // A proxy sends requests of many clients over one connection.
        let client = proxies.client(remote, request.headers());
        request.extensions_mut().insert(ConnectInfo(client));
        router.clone().oneshot(request.map(axum::body::Body::new))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = down(&mut shutdown) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "the connection ended with an error");
    }
}

/// Resolves when the server ends.
async fn down(shutdown: &mut watch::Receiver<bool>) {
    // A sender that is gone means the same.
    let _down = shutdown.wait_for(|down| *down).await;
}
