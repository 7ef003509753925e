//! Sound that nobody publishes: the server makes it, in every codec that is taken.

use crate::publication::{Publication, Publisher};
use crate::{AAC, Fanout, OPUS, lock};
use huitong_hub::{PublicationId, Rendition, RingLimits};
use huitong_media::Frame;
use huitong_types::{Scene, StreamId};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What is kept of made sound: viewers begin with what comes next, so only those that falter for a moment need any. A
/// listener of a mix of its own costs a publication, and there are hundreds of them.
const KEPT: RingLimits = RingLimits { bytes: 1 << 20, packets: 128, keep: 1_000_000 };

/// The right to fill a stream with made sound, until it is dropped or the stream ends.
pub struct Made(Publisher);

impl Fanout {
    /// Begins a stream of made sound, or takes it over. Only the control side calls this, in the order of its decisions, as
    /// it calls [`Fanout::end_stream`].
    pub fn make(&self, stream: StreamId, scene: Scene) -> Option<Made> {
        let pace = match scene {
            Scene::Rtc => self.0.rtc,
            Scene::Live => self.0.live,
        };
        let begin = || {
            let id = PublicationId(self.0.next_publication.fetch_add(1, Ordering::Relaxed));
            Arc::new(Publication::new(id, pace, KEPT, self.0.shards.len()))
        };
        let grant = Publication::grant(lock(&self.0.publications).entry(stream).or_insert_with(begin));
        self.publish(&grant).ok().map(Made)
    }
}

impl Made {
    /// Whether anybody takes it in AAC, and in Opus.
    pub fn is_taken(&self) -> (bool, bool) {
        let central = lock(&self.0.publication.central);
        let taken = |Rendition(n)| central.demand.get(usize::from(n)).is_some_and(|viewers| *viewers > 0);
        (taken(AAC), taken(OPUS))
    }

    /// Gives a frame to the viewers that take its codec: the codec header first. False once the stream is over.
    pub fn frame(&self, frame: Frame) -> bool {
        let Publisher { publication, inner, turn } = &self.0;
        let mut central = lock(&publication.central);
        let current = central.turn == *turn;
        if current {
            publication.distribute(inner, &mut central, inner.clock.now(), frame, true);
        }
        current
    }
}
