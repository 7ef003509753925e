//! What comes next for viewers in one place of a publication: listed once for all of them.
//!
//! In a round nearly all viewers of a format are in the same place, because what the last round gave them was the same.

use crate::packet::{Kind, Packet, Rendition, Wire, WireFormat};
use crate::ring::Ring;
use crate::viewer::ViewerTracks;
use bytes::Bytes;
use std::io::IoSlice;
use std::sync::Arc;

/// Slices of one vectored write. A second of 15 frames and 47 sounds fits in one call; Linux takes 1024.
pub(crate) const SLICES: usize = 64;

/// Places whose lists are kept in a round: each wire format, and some viewers without picture. When there are more, the
/// oldest list makes room, and is made again if somebody else is there.
const KEPT: usize = 6;

/// What is settled once the bytes before it are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) pos: u64,
    pub(crate) video_header: u32,
    pub(crate) audio_header: u32,
    pub(crate) wait_key: bool,
    /// The publisher whose keyframe was sent last.
    pub(crate) epoch: u32,
    /// The picture sent last; 0 before the first.
    pub(crate) last_video: u64,
}

/// All that decides on what comes next for a viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    mark: Mark,
    video_from: u64,
    audio_from: u64,
    wire: Wire,
    tracks: ViewerTracks,
}

impl Place {
    /// `video_from` and `audio_from`: packets of the track before it are passed over.
    pub(crate) fn new(
        wire: Wire,
        tracks: ViewerTracks,
        mark: Mark,
        video_from: u64,
        audio_from: u64,
    ) -> Self {
        // Where nothing is passed over any more it does not matter what was.
        let ahead = |from: u64| if from > mark.pos { from } else { 0 };
        Self { mark, video_from: ahead(video_from), audio_from: ahead(audio_from), wire, tracks }
    }

    fn wants<B>(&self, packet: &Packet<B>, mark: Mark, rendition: Rendition) -> bool {
        match packet.kind {
            Kind::Key => self.tracks.video && packet.seq >= self.video_from,
            Kind::Delta => {
                let continues = !mark.wait_key && packet.epoch == mark.epoch;
                self.tracks.video && continues && packet.seq >= self.video_from
            }
            Kind::Audio(of) => self.tracks.audio && of == rendition && packet.seq >= self.audio_from,
        }
    }
}

/// What comes next, at most [`SLICES`] pieces of it.
#[derive(Debug, Default)]
pub(crate) struct Staged<'r> {
    slices: Vec<IoSlice<'r>>,
    /// Each piece, and what is settled behind it.
    steps: Vec<(&'r Bytes, Mark)>,
    bytes: usize,
    tail: Mark,
}

impl<'r> Staged<'r> {
    /// The pieces, as they are written.
    pub(crate) fn slices(&self) -> &[IoSlice<'r>] {
        &self.slices
    }

    /// The pieces, and what is settled behind each.
    pub(crate) fn steps(&self) -> &[(&'r Bytes, Mark)] {
        &self.steps
    }

    /// Bytes of all pieces.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// What is settled behind all of them.
    pub(crate) const fn tail(&self) -> Mark {
        self.tail
    }

    /// Whether there is nothing to write.
    pub(crate) const fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether there may be more behind.
    pub(crate) const fn is_full(&self) -> bool {
        self.steps.len() >= SLICES
    }

    fn clear(&mut self, mark: Mark) {
        self.slices.clear();
        self.steps.clear();
        self.bytes = 0;
        self.tail = mark;
    }

    /// Adds a piece; false if there is no place for more.
    fn add(&mut self, bytes: &'r Bytes, after: Mark) -> bool {
        if self.is_full() {
            // What was settled for the piece that has no place must not be: it comes with the next list.
            self.tail = self.steps.last().map_or(self.tail, |(_, mark)| *mark);
            return false;
        }
        self.slices.push(IoSlice::new(bytes));
        self.steps.push((bytes, after));
        self.bytes = self.bytes.saturating_add(bytes.len());
        true
    }

    fn list<B>(&mut self, place: &Place, ring: &'r Ring<B>, formats: &[Arc<dyn WireFormat<B>>]) {
        let mut mark = place.mark;
        self.clear(mark);
        let rendition = rendition(place.wire, formats);
        while let Some(packet) = ring.get(mark.pos) {
            let before = mark;
            mark.pos = mark.pos.saturating_add(1);
            if !place.wants(packet, before, rendition) {
                continue;
            }
            let video = packet.kind.is_video();
            let number = packet.header_number();
            let known = if video { mark.video_header } else { mark.audio_header };
            if number != 0 && number != known {
                *(if video { &mut mark.video_header } else { &mut mark.audio_header }) = number;
                let Some(bytes) = packet.header(place.wire, formats) else { break };
                let after = Mark { pos: packet.seq, ..mark };
                if !self.add(bytes, after) {
                    return;
                }
            }
            if packet.kind == Kind::Key {
                mark.wait_key = false;
                mark.epoch = packet.epoch;
            }
            if video {
                mark.last_video = packet.seq;
            }
            let Some(bytes) = packet.wire(place.wire, formats) else { break };
            if !self.add(bytes, mark) {
                return;
            }
        }
        self.tail = mark;
    }
}

/// The lists of one round of writes over one publication.
#[derive(Debug, Default)]
pub struct Round<'r> {
    lists: Vec<(Place, Staged<'r>)>,
    /// The list that makes room next.
    oldest: usize,
    nothing: Staged<'r>,
}

impl<'r> Round<'r> {
    /// What comes next in this place.
    pub(crate) fn stage<B>(
        &mut self,
        place: Place,
        ring: &'r Ring<B>,
        formats: &[Arc<dyn WireFormat<B>>],
    ) -> &Staged<'r> {
        let index = match self.lists.iter().position(|(of, _)| *of == place) {
            Some(index) => index,
            None => self.list(place, ring, formats),
        };
        self.lists.get(index).map_or(&self.nothing, |(_, staged)| staged)
    }

    fn list<B>(&mut self, place: Place, ring: &'r Ring<B>, formats: &[Arc<dyn WireFormat<B>>]) -> usize {
        let mut index = self.lists.len();
        if index < KEPT {
            self.lists.push((place, Staged::default()));
        } else {
            index = self.oldest % KEPT;
            self.oldest = index.saturating_add(1);
        }
        if let Some((of, staged)) = self.lists.get_mut(index) {
            *of = place;
            staged.list(&place, ring, formats);
        }
        index
    }

    /// Nothing comes next, and nothing is settled that is not now.
    pub(crate) fn nothing(&mut self, mark: Mark) -> &Staged<'r> {
        self.nothing.clear(mark);
        &self.nothing
    }
}

/// The rendition of the sound that viewers of this format take.
pub(crate) fn rendition<B>(wire: Wire, formats: &[Arc<dyn WireFormat<B>>]) -> Rendition {
    formats.get(usize::from(wire.0)).map_or_else(Rendition::default, |format| format.rendition())
}
