//! The transport under HTTP: a TCP stream whose first bytes were read already, and that ends gently.

use bytes::{Buf, Bytes};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;

/// How long a connection that the server closes may go on sending. Closing a socket with unread bytes makes
/// the system send a reset, which can destroy the answer that is still on its way.
const LINGER: Duration = Duration::from_secs(1);

/// How much of what such a peer sends is read and thrown away.
const LINGER_BYTES: u64 = 4 * 1024 * 1024;

/// A TCP stream with some bytes put back in front. Dropping it before the peer has finished lingers.
pub(crate) struct GentleStream {
    stream: Option<TcpStream>,
    front: Bytes,
    finished: bool,
    permit: Option<OwnedSemaphorePermit>,
}

impl GentleStream {
    /// Wraps an accepted connection. `permit` counts it and is given back when the socket is closed.
    pub(crate) const fn new(stream: TcpStream, front: Bytes, permit: OwnedSemaphorePermit) -> Self {
        Self { stream: Some(stream), front, finished: false, permit: Some(permit) }
    }

    fn inner(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        self.stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl AsyncRead for GentleStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.front.is_empty() {
            let n = self.front.len().min(buf.remaining());
            buf.put_slice(&self.front.split_to(n));
            if !self.front.has_remaining() {
                self.front = Bytes::new();
            }
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let read = ready!(self.inner()?.poll_read(cx, buf));
        if read.is_err() || buf.filled().len() == before {
            self.finished = true;
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for GentleStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let stream = self.inner()?;
        loop {
            ready!(stream.poll_write_ready(cx))?;
            match huitong_fanout::send_bounded(&stream, bufs) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return Poll::Ready(done),
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner()?.poll_shutdown(cx)
    }
}

impl Drop for GentleStream {
    fn drop(&mut self) {
        let (Some(stream), Some(permit)) = (self.stream.take(), self.permit.take()) else { return };
        if self.finished {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(linger(stream, permit));
        }
    }
}

async fn linger(mut stream: TcpStream, permit: OwnedSemaphorePermit) {
    let reading = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut (&mut stream).take(LINGER_BYTES), &mut tokio::io::sink()).await
    };
    // Whatever comes of it, the socket is closed now.
    let _best_effort = tokio::time::timeout(LINGER, reading).await;
    drop(stream);
    drop(permit);
}
