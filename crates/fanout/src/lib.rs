//! The threads and sockets under the hub.
//!
//! A [`Fanout`] owns one thread per shard. Gateways publish into it ([`Fanout::publish`]) and hand it the
//! write side of viewers' connections ([`Fanout::view`]); the read side stays with the gateway's task.

pub mod authority;
mod made;
pub mod meter;
pub mod publication;
mod shards;
pub mod sink;
pub mod stats;
pub mod tap;
pub mod transcode;

pub use authority::{Authority, MEDIA_ORDERS, MediaControl, MediaOrder, Ticket, Tracks};
pub use made::Made;
pub use publication::{
    AAC, KeyframeRequest, OPUS, PlayGrant, PublishGrant, Publisher, Pushed, Replaced, rendition,
};
use sink::Seat;
pub use sink::{Done, Pipe, Sink, SinkIo, bound_unsent, send_bounded};
pub use stats::{StreamStats, Totals, describe};
pub use tap::{Tap, TapEvent, TapSink};
pub use transcode::{TranscodeOut, Transcoder, Transcoding};

use huitong_hub::{
    Pace, PublicationId, Rendition, RingLimits, ShardInput, ViewerId, ViewerTracks, Wire, WireFormat,
};
use huitong_media::Frame;
use huitong_types::{ErrorCode, Fault, Scene, StreamId};
use publication::Publication;
use shards::ShardHandle;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// How the fan-out works.
pub struct FanoutConfig {
    /// Threads that write to viewers; 0 means one per processor.
    pub shards: usize,
    /// Time limits of rtc rooms.
    pub rtc: Pace,
    /// Time limits of live rooms.
    pub live: Pace,
    /// Bounds of the packets kept per publication.
    pub limits: RingLimits,
    /// The wire formats; a viewer names its format by the index.
    pub formats: Vec<Arc<dyn WireFormat<Frame>>>,
    /// Who converts sound for viewers that need another codec; without it they get none.
    pub transcoder: Option<Arc<dyn Transcoder>>,
}

impl FanoutConfig {
    /// The documented defaults with these formats.
    pub fn with_formats(formats: Vec<Arc<dyn WireFormat<Frame>>>) -> Self {
        Self {
            shards: 0,
            rtc: Pace { window: 20_000, ceiling: 1_500_000 },
            live: Pace { window: 100_000, ceiling: 3_000_000 },
            limits: RingLimits::default(),
            formats,
            transcoder: None,
        }
    }
}

/// Microseconds since the fan-out was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn now(self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// A lock whose holder panicked is taken over: the values behind these locks are whole between statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) struct Inner {
    pub(crate) clock: Clock,
    pub(crate) shards: Vec<ShardHandle>,
    publications: Mutex<HashMap<StreamId, Arc<Publication>>>,
    rtc: Pace,
    live: Pace,
    limits: RingLimits,
    next_viewer: AtomicU64,
    /// Viewers behind taps.
    pub(crate) tap_viewers: AtomicUsize,
    next_publication: AtomicU64,
    pub(crate) totals: stats::Counters,
    /// The rendition of the sound of each wire format.
    pub(crate) renditions: Vec<Rendition>,
    pub(crate) transcoder: Option<Arc<dyn Transcoder>>,
}

/// The fan-out. Clones share it; its threads end when the last clone is gone.
#[derive(Clone)]
pub struct Fanout(Arc<Inner>);

impl Fanout {
    /// Starts the threads.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn new(config: FanoutConfig) -> std::io::Result<Self> {
        let count = match config.shards {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            n => n,
        };
        let clock = Clock(Instant::now());
        let formats: Arc<[Arc<dyn WireFormat<Frame>>]> = config.formats.into();
        let renditions = formats.iter().map(|format| format.rendition()).collect();
        let inner = Arc::new_cyclic(|weak| Inner {
            clock,
            shards: (0..count).map(|n| ShardHandle::new(n, weak.clone())).collect(),
            publications: Mutex::default(),
            rtc: config.rtc,
            live: config.live,
            limits: config.limits,
            next_viewer: AtomicU64::new(1),
            tap_viewers: AtomicUsize::new(0),
            next_publication: AtomicU64::new(1),
            totals: stats::Counters::default(),
            renditions,
            transcoder: config.transcoder,
        });
        for shard in &inner.shards {
            shard.start(clock, Arc::clone(&formats), config.limits)?;
        }
        Ok(Self(inner))
    }

    /// Permits a connection to publish a stream, and begins the stream if it is not there. Only the control side
    /// calls this, in the order of its decisions, and so it calls [`Fanout::end_stream`]: a permission that is used
    /// after the end of its stream begins nothing.
    pub fn grant_publish(&self, stream: StreamId, scene: Scene) -> PublishGrant {
        let pace = match scene {
            Scene::Rtc => self.0.rtc,
            Scene::Live => self.0.live,
        };
        let make = || {
            let id = PublicationId(self.0.next_publication.fetch_add(1, Ordering::Relaxed));
            Arc::new(Publication::new(id, pace, self.0.limits, self.0.shards.len()))
        };
        Publication::grant(lock(&self.0.publications).entry(stream).or_insert_with(make))
    }

    /// Permits a connection to play a stream; `None` if it is not there.
    pub fn grant_play(&self, stream: StreamId) -> Option<PlayGrant> {
        lock(&self.0.publications).get(&stream).cloned().map(PlayGrant)
    }

    /// Publishes a stream. An earlier publisher of the same stream is replaced: its next push fails with
    /// [`Replaced`], and the viewers stay.
    ///
    /// # Errors
    /// [`ErrorCode::KeyInUse`] when somebody with a later permission publishes already, [`ErrorCode::NotFound`] when
    /// the stream is over.
    pub fn publish(&self, grant: &PublishGrant) -> Result<Publisher, Fault> {
        Publication::take_over(grant, Arc::clone(&self.0))
    }

    /// Serves a viewer from now on. Dropping the [`Viewing`] ends it.
    ///
    /// # Errors
    /// The stream is over, or the fan-out has no place for more viewers.
    pub fn view(&self, grant: &PlayGrant, wire: Wire, tracks: Tracks, sink: Sink) -> Result<Viewing, Fault> {
        let viewer = ViewerId(self.0.next_viewer.fetch_add(1, Ordering::Relaxed));
        let least = self.0.shards.iter().enumerate().min_by_key(|(_, s)| s.viewers.load(Ordering::Relaxed));
        let Some((shard, handle)) = least else { return Err(ErrorCode::Internal.into()) };
        handle.viewers.fetch_add(1, Ordering::Relaxed);
        let added = Publication::add_viewer(&grant.0, &self.0, shard, viewer, wire, tracks, sink);
        if let Err(fault) = added {
            handle.viewers.fetch_sub(1, Ordering::Relaxed);
            return Err(fault);
        }
        Ok(Viewing { inner: Arc::clone(&self.0), shard, viewer })
    }

    /// Ends a stream: its publisher's next push fails and its viewers are released.
    pub fn end_stream(&self, stream: StreamId) {
        let publication = lock(&self.0.publications).remove(&stream);
        if let Some(publication) = publication {
            publication.end(&self.0);
        }
    }

    /// Microseconds since the fan-out was made, by which packets say when they came ([`huitong_hub::Packet::at`]).
    pub fn now(&self) -> huitong_hub::Micros {
        self.0.clock.now()
    }

    /// Figures of a stream, if it is known here.
    pub fn stats(&self, stream: StreamId) -> Option<StreamStats> {
        let publication = lock(&self.0.publications).get(&stream).cloned();
        publication.map(|p| p.stats(self.0.clock.now()))
    }

    /// Width and height of the pictures of a stream, if any came in the last second or two.
    pub fn picture(&self, stream: StreamId) -> Option<(u32, u32)> {
        let publication = lock(&self.0.publications).get(&stream).cloned()?;
        publication.picture(self.0.clock.now())
    }

    /// Figures of the whole fan-out.
    pub fn totals(&self) -> Totals {
        let publications = lock(&self.0.publications).len();
        let streams: usize = self.0.shards.iter().map(|s| s.viewers.load(Ordering::Relaxed)).sum();
        let viewers = streams + self.0.tap_viewers.load(Ordering::Relaxed);
        self.0.totals.read(publications, viewers)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shards.iter().for_each(ShardHandle::stop);
    }
}

/// A viewer that is being served.
pub struct Viewing {
    inner: Arc<Inner>,
    shard: usize,
    viewer: ViewerId,
}

impl Viewing {
    /// Sends other tracks from now on.
    pub fn set_tracks(&self, tracks: Tracks) {
        self.order(ShardInput::Tracks { viewer: self.viewer, tracks: viewer_tracks(tracks) });
    }

    /// Sends bytes of the connection's own protocol between packets.
    pub fn inject(&self, bytes: bytes::Bytes) {
        self.order(ShardInput::Inject { viewer: self.viewer, bytes });
    }

    /// The viewer's pipe, which was full, has room again: it need not wait for a retry.
    pub fn ready(&self) {
        self.order(ShardInput::Ready { viewer: self.viewer });
    }

    fn order(&self, input: ShardInput<Frame, Seat>) {
        if let Some(shard) = self.inner.shards.get(self.shard)
            && shard.inbox.push_urgent(input).is_err()
        {
            tracing::error!(shard = self.shard, "a fan-out thread is stuck: its mailbox is full of commands");
        }
    }
}

impl Drop for Viewing {
    fn drop(&mut self) {
        self.order(ShardInput::Remove { viewer: self.viewer });
    }
}

pub(crate) const fn viewer_tracks(tracks: Tracks) -> ViewerTracks {
    ViewerTracks { audio: tracks.audio, video: tracks.video }
}

pub(crate) type ViewerCount = AtomicUsize;
