//! Packets: opaque bodies with a time, a kind and a size, and their wire forms.

use crate::Micros;
use bytes::Bytes;
use std::sync::{Arc, OnceLock};

/// Index of a wire format, in the order in which the formats were given to the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wire(pub u8);

/// Most wire formats at once. RTMP, FLV and WebSocket-FLV exist; viewers that are not byte streams take
/// [`Packet::pieces`].
pub const MAX_WIRES: usize = 4;

/// Which form of the sound a packet carries. A publication has its sound as the publisher sent it and perhaps in a
/// second codec; what the numbers stand for is up to the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rendition(pub u8);

/// Most renditions of the sound: one per codec that viewers take.
pub const MAX_RENDITIONS: usize = 2;

/// A track whose codec header is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    /// The picture.
    Video,
    /// A rendition of the sound.
    Audio(Rendition),
}

/// How packets look on one kind of connection. Implementations must be free of per-connection state: what
/// they return is shared by every viewer of that format.
pub trait WireFormat<B>: Send + Sync {
    /// The bytes of one packet or codec header at `ts_ms` on the publication's timeline.
    fn encode(&self, body: &B, ts_ms: i64) -> Bytes;

    /// What a viewer gets before its first packet, for example a file header and metadata. `video` and
    /// `audio` say which tracks this viewer will get as far as known. Empty if there is nothing to say.
    fn prelude(&self, configs: &Configs<B>, video: bool, audio: bool, ts_ms: i64) -> Bytes;

    /// Which rendition of the sound its viewers take.
    fn rendition(&self) -> Rendition {
        Rendition::default()
    }
}

/// What a packet is to the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A picture that can be decoded without earlier ones.
    Key,
    /// A picture that needs earlier ones.
    Delta,
    /// Sound in one of its renditions; every packet stands alone.
    Audio(Rendition),
}

impl Kind {
    /// Whether it belongs to the video track.
    pub const fn is_video(self) -> bool {
        matches!(self, Self::Key | Self::Delta)
    }

    /// The track it belongs to.
    pub const fn track(self) -> Track {
        match self {
            Self::Key | Self::Delta => Track::Video,
            Self::Audio(rendition) => Track::Audio(rendition),
        }
    }
}

/// A codec header and its number, which is another when the header is.
pub type Header<B> = Option<(u32, B)>;

/// The codec headers in force, each with a number that grows when it changes.
#[derive(Debug, Clone)]
pub struct Configs<B> {
    /// Number and body of the video header.
    pub video: Header<B>,
    audio: [Header<B>; MAX_RENDITIONS],
}

impl<B> Default for Configs<B> {
    fn default() -> Self {
        Self { video: None, audio: Default::default() }
    }
}

impl<B> Configs<B> {
    /// Number and body of the header of a rendition of the sound.
    pub fn audio(&self, rendition: Rendition) -> Option<&(u32, B)> {
        self.of(Track::Audio(rendition)).as_ref()
    }

    /// The header of a track. There is none of a rendition beyond [`MAX_RENDITIONS`].
    pub fn of(&self, track: Track) -> &Header<B> {
        match track {
            Track::Video => &self.video,
            Track::Audio(rendition) => self.audio.get(usize::from(rendition.0)).unwrap_or(&None),
        }
    }

    fn set(&mut self, track: Track, header: Header<B>) {
        match track {
            Track::Video => self.video = header,
            Track::Audio(rendition) => {
                if let Some(slot) = self.audio.get_mut(usize::from(rendition.0)) {
                    *slot = header;
                }
            }
        }
    }
}

/// One packet of a publication, shared by every viewer on every shard.
#[derive(Debug)]
pub struct Packet<B> {
    /// Number in the publication; no holes.
    pub seq: u64,
    /// When the server received it.
    pub at: Micros,
    /// Decode time on the publication's timeline, ms.
    pub ts_ms: i64,
    /// What it is.
    pub kind: Kind,
    /// Size of the body, bytes; for limits.
    pub size: usize,
    /// Which publisher it came from: pictures of one do not continue those of another.
    pub epoch: u32,
    /// Headers that a decoder needs for it.
    pub configs: Arc<Configs<B>>,
    body: B,
    wires: [OnceLock<Bytes>; MAX_WIRES],
    headers: [OnceLock<Bytes>; MAX_WIRES],
    pieces: OnceLock<Box<[Arc<[u8]>]>>,
}

impl<B> Packet<B> {
    /// The body.
    pub const fn body(&self) -> &B {
        &self.body
    }

    /// The packet in a wire format, serialised by the first who asks.
    pub fn wire(&self, wire: Wire, formats: &[Arc<dyn WireFormat<B>>]) -> Option<&Bytes> {
        let format = formats.get(usize::from(wire.0))?;
        let slot = self.wires.get(usize::from(wire.0))?;
        Some(slot.get_or_init(|| format.encode(&self.body, self.ts_ms)))
    }

    /// The header of this packet's track at this packet's time: a viewer that comes late must not see a
    /// header from the distant past, because players take the first time they see as their zero.
    pub fn header(&self, wire: Wire, formats: &[Arc<dyn WireFormat<B>>]) -> Option<&Bytes> {
        let (_, body) = self.configs.of(self.kind.track()).as_ref()?;
        let format = formats.get(usize::from(wire.0))?;
        let slot = self.headers.get(usize::from(wire.0))?;
        Some(slot.get_or_init(|| format.encode(body, self.ts_ms)))
    }

    /// Number of the header of this packet's track; 0 when there is none.
    pub fn header_number(&self) -> u32 {
        self.configs.of(self.kind.track()).as_ref().map_or(0, |(number, _)| *number)
    }

    /// The packet cut into datagrams, by the first who asks. All who ask must cut in the same way.
    pub fn pieces(&self, cut: impl FnOnce(&Self) -> Vec<Arc<[u8]>>) -> &[Arc<[u8]>] {
        self.pieces.get_or_init(|| cut(self).into_boxed_slice())
    }
}

/// Number of the first packet of a publication.
pub const FIRST_SEQ: u64 = 1;

/// Numbers the packets of one publication and attaches the headers in force.
#[derive(Debug)]
pub struct Sequencer<B> {
    next: u64,
    epoch: u32,
    headers: u32,
    /// The newest headers, whoever sent them.
    known: Configs<B>,
    /// Those of tracks that the present publisher has.
    configs: Arc<Configs<B>>,
}

impl<B: Clone> Default for Sequencer<B> {
    fn default() -> Self {
        let configs = Arc::new(Configs::default());
        Self { next: FIRST_SEQ, epoch: 1, headers: 0, known: Configs::default(), configs }
    }
}

impl<B: Clone> Sequencer<B> {
    /// A codec header: in force for every packet from here on.
    pub fn config(&mut self, track: Track, body: B) {
        self.headers = self.headers.wrapping_add(1).max(1);
        self.known.set(track, Some((self.headers, body)));
        self.set(track);
    }

    /// The present publisher has this track, with the header that was in force before it if it sent no other. Players
    /// that have that header are not sent it again: its number stays.
    pub fn seen(&mut self, track: Track) {
        if self.configs.of(track).is_none() && self.known.of(track).is_some() {
            self.set(track);
        }
    }

    /// The present publisher does not send this track now; its header is kept for when it does.
    pub fn lost(&mut self, track: Track) {
        if self.configs.of(track).is_some() {
            let mut configs = Configs::clone(&self.configs);
            configs.set(track, None);
            self.configs = Arc::new(configs);
        }
    }

    fn set(&mut self, track: Track) {
        let mut configs = Configs::clone(&self.configs);
        configs.set(track, self.known.of(track).clone());
        self.configs = Arc::new(configs);
    }

    /// Another publisher takes over. Which tracks it has is seen from what it sends.
    pub fn restart(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
        self.configs = Arc::new(Configs::default());
    }

    /// The next packet.
    pub fn packet(&mut self, at: Micros, ts_ms: i64, kind: Kind, size: usize, body: B) -> Arc<Packet<B>> {
        self.seen(kind.track());
        let seq = self.next;
        self.next = self.next.saturating_add(1);
        Arc::new(Packet {
            seq,
            at,
            ts_ms,
            kind,
            size,
            epoch: self.epoch,
            configs: Arc::clone(&self.configs),
            body,
            wires: Default::default(),
            headers: Default::default(),
            pieces: OnceLock::new(),
        })
    }

    /// Number of the packet that comes next.
    pub const fn next_seq(&self) -> u64 {
        self.next
    }

    /// The headers in force.
    pub const fn configs(&self) -> &Arc<Configs<B>> {
        &self.configs
    }
}
