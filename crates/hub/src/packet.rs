//! Packets: opaque bodies with a time, a kind and a size, and their wire forms.

use crate::Micros;
use bytes::Bytes;
use std::sync::{Arc, OnceLock};

/// Index of a wire format, in the order in which the formats were given to the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wire(pub u8);

/// Most wire formats at once. RTMP, FLV and WebSocket-FLV exist; RTP follows.
pub const MAX_WIRES: usize = 4;

/// How packets look on one kind of connection. Implementations must be free of per-connection state: what
/// they return is shared by every viewer of that format.
pub trait WireFormat<B>: Send + Sync {
    /// The bytes of one packet or codec header at `ts_ms` on the publication's timeline.
    fn encode(&self, body: &B, ts_ms: i64) -> Bytes;

    /// What a viewer gets before its first packet, for example a file header and metadata. `video` and
    /// `audio` say which tracks this viewer will get as far as known. Empty if there is nothing to say.
    fn prelude(&self, configs: &Configs<B>, video: bool, audio: bool, ts_ms: i64) -> Bytes;
}

/// What a packet is to the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A picture that can be decoded without earlier ones.
    Key,
    /// A picture that needs earlier ones.
    Delta,
    /// Sound; every packet stands alone.
    Audio,
}

impl Kind {
    /// Whether it belongs to the video track.
    pub const fn is_video(self) -> bool {
        matches!(self, Self::Key | Self::Delta)
    }
}

/// The codec headers in force, each with a number that grows when it changes.
#[derive(Debug, Clone)]
pub struct Configs<B> {
    /// Number and body of the video header.
    pub video: Option<(u32, B)>,
    /// Number and body of the audio header.
    pub audio: Option<(u32, B)>,
}

impl<B> Default for Configs<B> {
    fn default() -> Self {
        Self { video: None, audio: None }
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
        let config = if self.kind.is_video() { &self.configs.video } else { &self.configs.audio };
        let (_, body) = config.as_ref()?;
        let format = formats.get(usize::from(wire.0))?;
        let slot = self.headers.get(usize::from(wire.0))?;
        Some(slot.get_or_init(|| format.encode(body, self.ts_ms)))
    }

    /// Number of the header of this packet's track; 0 when there is none.
    pub fn header_number(&self) -> u32 {
        let config = if self.kind.is_video() { &self.configs.video } else { &self.configs.audio };
        config.as_ref().map_or(0, |(number, _)| *number)
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
    pub fn config(&mut self, video: bool, body: B) {
        self.headers = self.headers.wrapping_add(1).max(1);
        let header = Some((self.headers, body));
        *(if video { &mut self.known.video } else { &mut self.known.audio }) = header;
        self.set(video);
    }

    /// The present publisher has this track, with the header that was in force before it if it sent no other. Players
    /// that have that header are not sent it again: its number stays.
    pub fn seen(&mut self, video: bool) {
        let (have, known) = (&self.configs, &self.known);
        let (have, known) = if video { (&have.video, &known.video) } else { (&have.audio, &known.audio) };
        if have.is_none() && known.is_some() {
            self.set(video);
        }
    }

    /// The present publisher does not send this track now; its header is kept for when it does.
    pub fn lost(&mut self, video: bool) {
        let have = if video { self.configs.video.is_some() } else { self.configs.audio.is_some() };
        if have {
            let mut configs = Configs::clone(&self.configs);
            *(if video { &mut configs.video } else { &mut configs.audio }) = None;
            self.configs = Arc::new(configs);
        }
    }

    fn set(&mut self, video: bool) {
        let mut configs = Configs::clone(&self.configs);
        if video {
            configs.video.clone_from(&self.known.video);
        } else {
            configs.audio.clone_from(&self.known.audio);
        }
        self.configs = Arc::new(configs);
    }

    /// Another publisher takes over. Which tracks it has is seen from what it sends.
    pub fn restart(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
        self.configs = Arc::new(Configs::default());
    }

    /// The next packet.
    pub fn packet(&mut self, at: Micros, ts_ms: i64, kind: Kind, size: usize, body: B) -> Arc<Packet<B>> {
        self.seen(kind.is_video());
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
