//! The sound of a publication in a second codec, for as long as somebody needs it.
//!
//! Browsers speak Opus, phones AAC. A publication whose viewers need the codec that its publisher does not send has its
//! sound converted once: begun by the first such viewer, ended after the last.

use crate::publication::{Publication, rendition};
use crate::{Inner, lock};
use huitong_hub::{Rendition, Track};
use huitong_media::{Codec, Frame};
use std::sync::{Arc, Weak};

/// Converts sound. Implementations work on threads of their own.
pub trait Transcoder: Send + Sync + 'static {
    /// Starts to convert one publication; `None` if this pair of codecs is not known. It is called with a lock held: it
    /// must not wait, and must not use `out` before it returns.
    fn start(&self, from: Codec, to: Codec, out: TranscodeOut) -> Option<Box<dyn Transcoding>>;
}

/// A conversion under way. Dropping it ends it, without waiting for its thread.
pub trait Transcoding: Send {
    /// Takes the next frame: the codec header first, then sound, with times of the publication. It is called with a lock
    /// held: it must not wait, and must not use its output. False if there was no room, and the frame is left out.
    fn push(&self, frame: &Frame) -> bool;
}

/// Where converted sound goes: its codec header first, then frames with times of the publication.
#[derive(Clone)]
pub struct TranscodeOut {
    inner: Weak<Inner>,
    publication: Weak<Publication>,
    generation: u64,
}

impl TranscodeOut {
    /// Gives a frame to the viewers. False once the conversion is over: its thread may end.
    pub fn frame(&self, frame: Frame) -> bool {
        let (Some(inner), Some(publication)) = (self.inner.upgrade(), self.publication.upgrade()) else {
            return false;
        };
        let mut central = lock(&publication.central);
        let current = central.conversion.as_ref().is_some_and(|running| {
            running.generation == self.generation && rendition(frame.codec) == running.to
        });
        if current {
            let now = inner.clock.now();
            publication.distribute(&inner, &mut central, now, frame, true);
        }
        current
    }
}

/// What a publication knows of its conversion.
pub(crate) struct Running {
    pub(crate) from: Rendition,
    pub(crate) to: Rendition,
    generation: u64,
    handle: Box<dyn Transcoding>,
}

impl Running {
    /// Gives it a frame of the publisher.
    pub(crate) fn push(&self, frame: &Frame) -> bool {
        self.handle.push(frame)
    }
}

impl Publication {
    /// Starts or ends the conversion of the sound by what is sent and who watches.
    pub(crate) fn adjust_conversion(
        self: &Arc<Self>,
        inner: &Arc<Inner>,
        central: &mut crate::publication::Central,
    ) {
        let native = central.native_sound();
        let wanted = native.and_then(|codec| {
            let to = if codec == Codec::Opus { Codec::Aac } else { Codec::Opus };
            let needed = central.demand.get(usize::from(rendition(to).0)).is_some_and(|viewers| *viewers > 0);
            needed.then_some((codec, to))
        });
        let have = central.conversion.as_ref().map(|running| (running.from, running.to));
        if have == wanted.map(|(from, to)| (rendition(from), rendition(to))) {
            return;
        }
        if let Some(running) = central.conversion.take() {
            central.sequencer.lost(Track::Audio(running.to));
        }
        let (Some((from, to)), Some(transcoder)) = (wanted, &inner.transcoder) else { return };
        central.conversions += 1;
        let generation = central.conversions;
        let out =
            TranscodeOut { inner: Arc::downgrade(inner), publication: Arc::downgrade(self), generation };
        let Some(handle) = transcoder.start(from, to, out) else { return };
        let header = central.sequencer.configs().audio(rendition(from));
        if let Some((_, header)) = header
            && !handle.push(header)
        {
            tracing::warn!("a conversion of sound has no room for its first frame");
        }
        let (from, to) = (rendition(from), rendition(to));
        central.conversion = Some(Running { from, to, generation, handle });
    }
}
