//! The write side of a viewer's connection.

use crate::publication::Publication;
use huitong_hub::{Gone, Wrote};
use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// Unsent bytes in the kernel at which a socket takes no more. What lies there is beyond the reach of the latency
/// ceiling: 4 KiB are a second of speech at 32 kbit/s, a twentieth of one of a phone's picture. A socket below the
/// mark takes a keyframe of any size that its peer's window allows, and bytes in flight are not counted, so a
/// viewer that keeps up never meets it.
pub const UNSENT_BYTES: u32 = 4 * 1024;

/// Lets the kernel hold no more than [`UNSENT_BYTES`] unsent for this connection, whatever the size of its buffer.
pub fn bound_unsent(stream: &TcpStream) {
    if let Err(error) = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_BYTES) {
        tracing::debug!(%error, "TCP_NOTSENT_LOWAT refused");
    }
}

/// Writes to a connection whose unsent bytes are bounded. The kernel looks at the bound only where it begins a new
/// segment, and a segment that waits grows to 64 KiB with what is written later; the end of a record forbids that
/// growth, so that the bound holds to the write.
///
/// # Errors
/// Those of `sendmsg`; [`io::ErrorKind::WouldBlock`] when the socket takes no more.
pub fn send_bounded(stream: &TcpStream, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    stream.try_io(Interest::WRITABLE, || send(stream, slices))
}

fn send(stream: &TcpStream, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    socket2::SockRef::from(stream).send_vectored_with_flags(slices, libc::MSG_EOR | libc::MSG_NOSIGNAL)
}

/// Tells a gateway's task that its viewer is no longer served.
#[derive(Debug, Default)]
pub struct Done {
    why: AtomicU8,
    between_packets: AtomicBool,
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

    /// Whether the connection stands between two packets: other bytes make sense to the peer. Known once
    /// [`Done::wait`] has ended.
    pub fn is_between_packets(&self) -> bool {
        self.between_packets.load(Ordering::Acquire)
    }

    fn set(&self, why: Gone, between_packets: bool) {
        self.between_packets.store(between_packets, Ordering::Release);
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
    /// The socket took no more when it was tried last.
    full: Cell<bool>,
    done: Arc<Done>,
}

impl Sink {
    /// The connection, and where to tell that it is no longer served.
    pub fn new(io: SinkIo) -> (Self, Arc<Done>) {
        if let SinkIo::Tcp(stream) = &io {
            bound_unsent(stream);
        }
        let done = Arc::new(Done::default());
        (Self { io, full: Cell::new(false), done: Arc::clone(&done) }, done)
    }

    pub(crate) fn write(&self, slices: &[IoSlice<'_>]) -> Wrote {
        match &self.io {
            SinkIo::Tcp(stream) => self.send(stream, slices),
            SinkIo::Pipe(pipe) => pipe.write(slices),
        }
    }

    /// What the runtime knows of a socket lies where nothing else of a write does, and is asked only for sockets that
    /// were full: whether it is worth a system call to try again. For the others it would be one cache miss for nothing.
    fn send(&self, stream: &TcpStream, slices: &[IoSlice<'_>]) -> Wrote {
        loop {
            let was_full = self.full.get();
            let sent = if was_full { send_bounded(stream, slices) } else { send(stream, slices) };
            match sent {
                Ok(n) => {
                    self.full.set(false);
                    return Wrote::Bytes(n);
                }
                // Once more through the runtime, so that it learns of it and waits for room.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !was_full => self.full.set(true),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Wrote::Blocked,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Wrote::Closed,
            }
        }
    }

    pub(crate) fn release(&self, why: Gone, between_packets: bool) {
        if let SinkIo::Pipe(pipe) = &self.io {
            pipe.close();
        }
        self.done.set(why, between_packets);
    }
}

/// A viewer as its fan-out thread holds it: with its publication, so that its end is counted where it belongs.
#[derive(Clone)]
pub(crate) struct Seat {
    pub(crate) sink: Sink,
    pub(crate) publication: Arc<Publication>,
    /// The rendition of the sound that it takes.
    pub(crate) sound: huitong_hub::Rendition,
}

/// Bytes that wait in a [`Pipe`] at most: a sixth of a second of an 800 kbit/s stream. The ceiling does not see what
/// is in the pipe. Little is enough, because the task that empties a full pipe calls for more at once.
pub const PIPE_BYTES: usize = 16 * 1024;

/// Writes that wait in a [`Pipe`] at most, so that [`PIPE_BYTES`] are not seconds of speech: a sixth of a second of
/// sounds that come one by one.
pub const PIPE_WRITES: usize = 8;

#[derive(Debug, Default)]
struct PipeState {
    chunks: VecDeque<bytes::Bytes>,
    bytes: usize,
    closed: bool,
    /// The writer had more than there was room for.
    refused: bool,
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
        if room == 0 || state.chunks.len() >= PIPE_WRITES {
            state.refused = true;
            return Wrote::Blocked;
        }
        state.refused |= slices.iter().map(|slice| slice.len()).sum::<usize>() > room;
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

    /// Whether the writer had more than there was room for since the last call: after a read, call for it with
    /// [`Viewing::ready`](crate::Viewing::ready).
    pub fn take_refused(&self) -> bool {
        std::mem::take(&mut crate::lock(&self.0).refused)
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

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// What fits in for a viewer that reads nothing, written in pieces of the size of a sound.
    fn fill(mut write: impl FnMut(&[IoSlice<'_>]) -> Wrote) -> usize {
        let sound = [0u8; 150];
        let mut taken = 0;
        while let Wrote::Bytes(n) = write(&[IoSlice::new(&sound)]) {
            taken += n;
            assert!(taken < 1 << 20, "it never takes no more");
        }
        taken
    }

    #[tokio::test]
    async fn a_viewer_that_reads_nothing_hides_no_seconds_of_sound_in_the_kernel() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (viewer, accepted) = tokio::join!(TcpStream::connect(at), listener.accept());
        let _viewer = viewer.unwrap();
        let stream = Arc::new(accepted.unwrap().0);
        stream.set_nodelay(true).unwrap();
        stream.writable().await.unwrap();
        let (sink, _done) = Sink::new(SinkIo::Tcp(stream));
        // The peer's own buffer takes tiny segments sparingly: what it has is beyond our reach but small here.
        let taken = fill(|slices| sink.write(slices));
        assert!(taken < 40_000, "{taken} bytes were taken");
    }

    #[test]
    fn a_pipe_that_nobody_empties_holds_a_few_sounds_and_calls_for_more_once_read() {
        let pipe = Pipe::new();
        assert_eq!(fill(|slices| pipe.write(slices)), PIPE_WRITES * 150);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(matches!(pipe.poll_read(&mut cx), Poll::Ready(Some(_))));
        assert!(pipe.take_refused() && !pipe.take_refused());
        let big = vec![0u8; PIPE_BYTES];
        assert!(matches!(pipe.write(&[IoSlice::new(&big)]), Wrote::Bytes(n) if n < PIPE_BYTES));
        assert!(pipe.take_refused(), "a part was refused");
    }
}
