//! Other threads that want the packets of a publication as they are: WebRTC workers, recorders, mixers.
//!
//! What the fan-out's own threads are to byte streams, a tap is to the rest: it gets a copy of the packets kept so far,
//! which costs a pointer each, and then every packet, shared. What it does with them is its own business.

use crate::publication::{PlayGrant, Publication};
use crate::{Fanout, Inner, lock};
use huitong_hub::{Packet, PublicationId, Rendition, RingSnapshot};
use huitong_media::{Frame, StreamInfo};
use huitong_types::Fault;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What happens to a tapped publication besides packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TapEvent {
    /// The publisher is gone or replaced: nobody starts with its pictures any more.
    Restart,
    /// The stream is over.
    Ended,
}

/// Where the packets go: a bounded mailbox. It is called with a lock held, so it must not block.
pub trait TapSink: Send + Sync {
    /// Takes a packet; false if there was no room for it. Its taker sees the hole in the numbers and goes on with the
    /// next keyframe.
    fn packet(&self, publication: PublicationId, packet: &Arc<Packet<Frame>>) -> bool;

    /// Takes an event, also where there is no room for packets.
    fn event(&self, publication: PublicationId, event: TapEvent);
}

/// Number of a tap.
pub(crate) type TapId = u64;

pub(crate) struct TapEntry {
    pub(crate) id: TapId,
    pub(crate) sink: Arc<dyn TapSink>,
    pub(crate) viewers: u32,
    /// The rendition of the sound that its viewers take, if they take any.
    pub(crate) sound: Option<Rendition>,
}

impl TapEntry {
    pub(crate) fn event(&self, publication: PublicationId, event: TapEvent) {
        self.sink.event(publication, event);
    }
}

/// Gets the packets of one publication until it is dropped.
pub struct Tap {
    inner: Arc<Inner>,
    publication: Arc<Publication>,
    id: TapId,
}

impl Fanout {
    /// Lets `sink` have every packet of a publication from now on, and returns those kept so far. `sound` is the rendition
    /// that its viewers take: it is made if the publisher does not send it, while there are any ([`Tap::set_viewers`]).
    ///
    /// # Errors
    /// The stream is over.
    pub fn tap(
        &self,
        grant: &PlayGrant,
        sink: Arc<dyn TapSink>,
        sound: Option<Rendition>,
    ) -> Result<(Tap, RingSnapshot<Frame>), Fault> {
        let id = self.0.next_viewer.fetch_add(1, Ordering::Relaxed);
        let snapshot = grant.0.add_tap(id, TapEntry { id, sink, viewers: 0, sound })?;
        Ok((Tap { inner: Arc::clone(&self.0), publication: Arc::clone(&grant.0), id }, snapshot))
    }
}

impl Tap {
    /// The publication.
    pub fn publication(&self) -> PublicationId {
        self.publication.id
    }

    /// How many people watch through this tap; they are counted with the other viewers.
    pub fn set_viewers(&self, viewers: u32) {
        let mut central = lock(&self.publication.central);
        if let Some(entry) = central.taps.iter_mut().find(|tap| tap.id == self.id) {
            let (before, sound) = (std::mem::replace(&mut entry.viewers, viewers), entry.sound);
            let all = &self.inner.tap_viewers;
            all.fetch_add(viewers as usize, Ordering::Relaxed);
            all.fetch_sub(before as usize, Ordering::Relaxed);
            if let Some(sound) = sound {
                let by = i32::try_from(i64::from(viewers) - i64::from(before)).unwrap_or(0);
                self.publication.change_demand(&self.inner, &mut central, sound, by);
            }
        }
    }

    /// Asks the publisher for a keyframe. Returns false if it cannot be asked, as those of RTMP.
    pub fn request_keyframe(&self) -> bool {
        self.publication.request_keyframe()
    }

    /// A viewer was moved because it was late.
    pub fn count_skip(&self) {
        self.publication.count_skip();
        self.inner.totals.add_skips(1);
    }

    /// What is known of the stream now.
    pub fn info(&self) -> StreamInfo {
        self.publication.info()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.set_viewers(0);
        lock(&self.publication.central).taps.retain(|tap| tap.id != self.id);
    }
}
