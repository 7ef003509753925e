//! The write side of a viewer's connection.

use huitong_hub::{Gone, Wrote};
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// Bytes that the kernel may hold unsent for one viewer. What lies in the kernel is beyond the reach of the
/// latency ceiling, so this bounds the hidden delay to about a second of a phone's stream, whatever the size
/// of the socket buffer; bytes in flight are not counted, so throughput does not suffer.
const UNSENT_BYTES: u32 = 128 * 1024;

/// Tells a gateway's task that its viewer is no longer served.
#[derive(Debug, Default)]
pub struct Done {
    why: AtomicU8,
    bell: Notify,
}

impl Done {
    /// Waits until the viewer is no longer served and says why.
    pub async fn wait(&self) -> Gone {
        loop {
            let bell = self.bell.notified();
            match self.why.load(Ordering::Acquire) {
                1 => return Gone::Closed,
                2 => return Gone::Stalled,
                3 => return Gone::Ended,
                4 => return Gone::Removed,
                _ => bell.await,
            }
        }
    }

    fn set(&self, why: Gone) {
        let code = match why {
            Gone::Closed => 1,
            Gone::Stalled => 2,
            Gone::Ended => 3,
            Gone::Removed => 4,
        };
        self.why.store(code, Ordering::Release);
        self.bell.notify_waiters();
    }
}

/// Where a viewer's bytes go.
#[derive(Debug, Clone)]
pub enum SinkIo {
    /// Straight into a socket; the gateway's task only reads from it.
    Tcp(Arc<TcpStream>),
    /// Into a bounded buffer that a task empties, for connections that are more than a socket (TLS, HTTP).
    Pipe(Arc<Pipe>),
}

/// A viewer's connection as the fan-out holds it.
#[derive(Debug, Clone)]
pub struct Sink {
    io: SinkIo,
    done: Arc<Done>,
}

impl Sink {
    /// The connection, and where to tell that it is no longer served.
    pub fn new(io: SinkIo) -> (Self, Arc<Done>) {
        if let SinkIo::Tcp(stream) = &io
            && let Err(error) = socket2::SockRef::from(&**stream).set_tcp_notsent_lowat(UNSENT_BYTES)
        {
            tracing::debug!(%error, "TCP_NOTSENT_LOWAT refused");
        }
        let done = Arc::new(Done::default());
        (Self { io, done: Arc::clone(&done) }, done)
    }

    pub(crate) fn write(&self, slices: &[IoSlice<'_>]) -> Wrote {
        match &self.io {
            SinkIo::Tcp(stream) => loop {
                return match stream.try_write_vectored(slices) {
                    Ok(n) => Wrote::Bytes(n),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => Wrote::Blocked,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(_) => Wrote::Closed,
                };
            },
            SinkIo::Pipe(pipe) => pipe.write(slices),
        }
    }

    pub(crate) fn release(&self, why: Gone) {
        if let SinkIo::Pipe(pipe) = &self.io {
            pipe.close();
        }
        self.done.set(why);
    }
}

/// Bytes that wait in a [`Pipe`] at most. A quarter of a megabyte is over two seconds of an 800 kbit/s
/// stream: enough to keep a TLS connection busy, little enough for the latency ceiling to see the backlog.
pub const PIPE_BYTES: usize = 256 * 1024;

#[derive(Debug, Default)]
struct PipeState {
    chunks: VecDeque<bytes::Bytes>,
    bytes: usize,
    closed: bool,
    reader: Option<Waker>,
}

/// A bounded byte pipe from a fan-out thread to a task.
#[derive(Debug, Default)]
pub struct Pipe(Mutex<PipeState>);

impl Pipe {
    /// An empty pipe.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    fn write(&self, slices: &[IoSlice<'_>]) -> Wrote {
        let mut state = crate::lock(&self.0);
        if state.closed {
            return Wrote::Closed;
        }
        let room = PIPE_BYTES.saturating_sub(state.bytes);
        if room == 0 {
            return Wrote::Blocked;
        }
        let mut chunk = bytes::BytesMut::new();
        for slice in slices {
            let take = slice.len().min(room - chunk.len());
            chunk.extend_from_slice(&slice[..take]);
        }
        let n = chunk.len();
        state.bytes += n;
        state.chunks.push_back(chunk.freeze());
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
        Wrote::Bytes(n)
    }

    /// The next bytes; `None` when the pipe is closed and empty.
    pub fn poll_read(&self, cx: &mut Context<'_>) -> Poll<Option<bytes::Bytes>> {
        let mut state = crate::lock(&self.0);
        if let Some(chunk) = state.chunks.pop_front() {
            state.bytes -= chunk.len();
            return Poll::Ready(Some(chunk));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        state.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The next bytes; `None` when the pipe is closed and empty.
    pub async fn read(&self) -> Option<bytes::Bytes> {
        std::future::poll_fn(|cx| self.poll_read(cx)).await
    }

    /// Closes it from either side: the writer sees a closed connection, the reader the end after what is left.
    pub fn close(&self) {
        let mut state = crate::lock(&self.0);
        state.closed = true;
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}
