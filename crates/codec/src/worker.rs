//! The threads that transcode.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

use thiserror::Error;

use crate::pool::{Mailbox, Pushed, Ready};
use crate::{AacToOpus, Builtin, Codecs, Counters, Direction, Input, OpusToAac, Output, Transcoder};

/// Pieces of one stream that wait for a worker: a second of sound in frames of 20 ms. A burst of a sender that
/// stalled fits; sound that waited longer would come too late anyway. When full, the oldest sound is dropped and
/// counted; codec headers stay.
pub const QUEUE_FRAMES: usize = 50;

/// Streams transcoded at a time: a core manages 130 to 300, so this keeps eight and more busy, and the codecs'
/// state, 250 to 470 KiB per stream, stays within 1 GiB when somebody opens streams without end.
pub const MAX_STREAMS: usize = 2048;

/// Pieces of one stream in a row, so that a stream that catches up does not hold the others: 160 ms of sound
/// are transcoded in less than a millisecond.
const PIECES_PER_TURN: usize = 8;

/// Most threads; beyond it, streams are bounded first.
const MAX_THREADS: usize = 32;

/// Where a transcoded stream goes. Called by a worker thread, by one at a time; it must not block.
pub trait Sink: Send {
    /// The next piece of the transcoded stream.
    fn output(&mut self, output: Output);

    /// A codec or the sink panicked. Nothing more will come; other streams go on.
    fn failed(&mut self) {}
}

/// There are [`MAX_STREAMS`] already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{MAX_STREAMS} streams are transcoded already")]
pub struct TooManyStreams;

struct Run {
    machine: Box<dyn Transcoder>,
    sink: Box<dyn Sink>,
}

struct Stream {
    mailbox: Mailbox<Input>,
    /// Locked by the worker that has the stream's turn, and by nobody else.
    run: Mutex<Run>,
    counters: Mutex<Counters>,
    shared: Arc<Shared>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.shared.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A poisoned lock means that a codec or a sink panicked; its stream is closed then.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Stream {
    /// One turn of a worker. The codecs are young: a panic in one of them, or in a sink, ends its stream and
    /// not the thread.
    fn work(&self, pieces: &mut Vec<Input>) {
        self.mailbox.take(PIECES_PER_TURN, pieces);
        if catch_unwind(AssertUnwindSafe(|| self.transcode(pieces))).is_err() {
            self.mailbox.close();
            let failed = AssertUnwindSafe(|| lock(&self.run).sink.failed());
            drop(catch_unwind(failed));
        }
    }

    fn transcode(&self, pieces: &mut Vec<Input>) {
        let mut run = lock(&self.run);
        let Run { machine, sink } = &mut *run;
        for piece in pieces.drain(..) {
            if self.mailbox.is_closed() {
                return;
            }
            machine.handle(piece);
            while let Some(output) = machine.poll() {
                sink.output(output);
            }
        }
        *lock(&self.counters) = machine.counters();
    }
}

#[derive(Default)]
struct Shared {
    ready: Ready<Arc<Stream>>,
    streams: AtomicUsize,
}

/// Threads of their own for transcoding. Dropping it stops them; streams that are still open fall silent.
pub struct Workers {
    shared: Arc<Shared>,
    codecs: Arc<dyn Codecs>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts so many threads, 1 to 32.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn new(threads: usize) -> std::io::Result<Self> {
        Self::with_codecs(threads, Arc::new(Builtin))
    }

    /// Like [`Self::new`] with other codecs.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn with_codecs(threads: usize, codecs: Arc<dyn Codecs>) -> std::io::Result<Self> {
        let mut workers = Self { shared: Arc::default(), codecs, threads: Vec::new() };
        for n in 0..threads.clamp(1, MAX_THREADS) {
            let shared = Arc::clone(&workers.shared);
            let builder = thread::Builder::new().name(format!("codec-{n}"));
            workers.threads.push(builder.spawn(move || work(&shared))?);
        }
        Ok(workers)
    }

    /// Begins to transcode a stream, until its handle is dropped. Nothing is computed before its first frame.
    ///
    /// # Errors
    /// There are [`MAX_STREAMS`].
    pub fn start(&self, direction: Direction, sink: Box<dyn Sink>) -> Result<StreamHandle, TooManyStreams> {
        let codecs = Arc::clone(&self.codecs);
        let machine: Box<dyn Transcoder> = match direction {
            Direction::AacToOpus => Box::new(AacToOpus::new(codecs)),
            Direction::OpusToAac => Box::new(OpusToAac::new(codecs)),
        };
        if self.shared.streams.fetch_add(1, Ordering::Relaxed) >= MAX_STREAMS {
            self.shared.streams.fetch_sub(1, Ordering::Relaxed);
            return Err(TooManyStreams);
        }
        let stream = Stream {
            mailbox: Mailbox::new(QUEUE_FRAMES),
            run: Mutex::new(Run { machine, sink }),
            counters: Mutex::new(Counters::default()),
            shared: Arc::clone(&self.shared),
        };
        Ok(StreamHandle { stream: Arc::new(stream) })
    }

    /// Streams that are open.
    pub fn streams(&self) -> usize {
        self.shared.streams.load(Ordering::Relaxed)
    }

    /// Streams that wait for a thread. More than a few for longer than a moment: there are too few threads.
    pub fn waiting(&self) -> usize {
        self.shared.ready.len()
    }
}

fn work(shared: &Shared) {
    let mut pieces = Vec::with_capacity(PIECES_PER_TURN);
    while let Some(stream) = shared.ready.pop() {
        stream.work(&mut pieces);
        pieces.clear();
        if stream.mailbox.finish() {
            shared.ready.push(stream);
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.shared.ready.close();
        for thread in self.threads.drain(..) {
            // A sink may own the workers; its thread ends by itself.
            if thread.thread().id() != thread::current().id() {
                drop(thread.join());
            }
        }
    }
}

/// A stream that is transcoded. Dropping it ends it: what waits is thrown away, and the sink is dropped; at most
/// one piece that is just being transcoded still comes out.
pub struct StreamHandle {
    stream: Arc<Stream>,
}

impl StreamHandle {
    /// Hands over a piece of the stream; it never waits. See [`QUEUE_FRAMES`] for what happens when the workers
    /// do not keep up.
    pub fn push(&self, input: Input) {
        if self.stream.mailbox.push(input.bounded(), Input::is_header) == Pushed::Schedule {
            self.stream.shared.ready.push(Arc::clone(&self.stream));
        }
    }

    /// Pieces dropped so far because the workers did not keep up. It costs less than [`StreamHandle::counters`].
    pub fn queue_dropped(&self) -> u64 {
        self.stream.mailbox.dropped()
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        Counters { queue_dropped: self.stream.mailbox.dropped(), ..*lock(&self.stream.counters) }
    }

    /// Whether a codec or the sink panicked: nothing more comes out.
    pub fn has_failed(&self) -> bool {
        self.stream.mailbox.is_closed()
    }
}

impl Drop for StreamHandle {
    fn drop(&mut self) {
        self.stream.mailbox.close();
    }
}
