//! A publication of numbered packets, connections of settable capacity, and a reader of what they got.
#![allow(dead_code, missing_docs, unreachable_pub)]

use bytes::Bytes;
use huitong_hub::{
    Configs, Kind, Pace, PublicationId, Rendition, Ring, RingLimits, Sequencer, Shard, ShardInput, Track,
    ViewerId, ViewerIo, ViewerTracks, Wire, WireFormat, Wrote,
};
use std::cell::RefCell;
use std::collections::HashMap;
use std::io::IoSlice;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub const P: PublicationId = PublicationId(1);
pub const WIRE: Wire = Wire(0);
pub const SOUND: Kind = Kind::Audio(Rendition(0));
pub const RTC: Pace = Pace { window: 20_000, ceiling: 1_500_000 };
pub const BOTH: ViewerTracks = ViewerTracks { audio: true, video: true };
pub const AUDIO: ViewerTracks = ViewerTracks { audio: true, video: false };

/// A body: what it is, its number in the publication (of the header for headers), and padding.
#[derive(Clone, Debug)]
pub struct Body {
    pub tag: u8,
    pub number: u64,
    pub padding: usize,
}

/// `[tag][number: 8][length of padding: 4][padding]`, and counts how often it is asked.
#[derive(Default)]
pub struct TestFormat {
    pub encoded: AtomicUsize,
}

impl WireFormat<Body> for TestFormat {
    fn encode(&self, body: &Body, _ts_ms: i64) -> Bytes {
        self.encoded.fetch_add(1, Ordering::Relaxed);
        let mut out = vec![body.tag];
        out.extend_from_slice(&body.number.to_be_bytes());
        out.extend_from_slice(&(body.padding as u32).to_be_bytes());
        out.resize(out.len() + body.padding, 0);
        out.into()
    }

    /// The length of the padding tells the tracks: 3, and 10 for video and 20 for audio.
    fn prelude(&self, _configs: &Configs<Body>, video: bool, audio: bool, _ts_ms: i64) -> Bytes {
        let padding = 3 + if video { 10 } else { 0 } + if audio { 20 } else { 0 };
        self.encode(&Body { tag: b'P', number: 0, padding }, 0)
    }
}

/// A connection: takes `room` more bytes.
#[derive(Default, Debug)]
pub struct Pipe {
    pub got: Vec<u8>,
    pub room: usize,
    pub closed: bool,
    pub calls: usize,
    pub skips: usize,
}

pub type Handle = Rc<RefCell<Pipe>>;

pub struct Pipes;

impl ViewerIo<Handle> for Pipes {
    fn write(&mut self, viewer: &Handle, slices: &[IoSlice<'_>]) -> Wrote {
        let mut pipe = viewer.borrow_mut();
        pipe.calls += 1;
        if pipe.closed {
            return Wrote::Closed;
        }
        if pipe.room == 0 {
            return Wrote::Blocked;
        }
        let mut n = 0;
        for slice in slices {
            let take = slice.len().min(pipe.room);
            pipe.got.extend_from_slice(&slice[..take]);
            pipe.room -= take;
            n += take;
        }
        Wrote::Bytes(n)
    }

    fn skipped(&mut self, viewer: &Handle) {
        viewer.borrow_mut().skips += 1;
    }
}

/// What a viewer got, one entry per whole body: `(tag, number)`. Panics if the stream is damaged; the last
/// body may be incomplete.
pub fn read(bytes: &[u8]) -> Vec<(char, u64)> {
    let mut out = Vec::new();
    let mut at = 0;
    while at + 13 <= bytes.len() {
        let number = u64::from_be_bytes(bytes[at + 1..at + 9].try_into().unwrap());
        let padding = u32::from_be_bytes(bytes[at + 9..at + 13].try_into().unwrap()) as usize;
        if at + 13 + padding > bytes.len() {
            break;
        }
        assert!(b"PVAKDS".contains(&bytes[at]), "damaged stream at {at}");
        out.push((bytes[at] as char, number));
        at += 13 + padding;
    }
    out
}

/// Video and audio as the prelude of a connection announces them.
pub fn announced(bytes: &[u8]) -> (bool, bool) {
    let padding = u32::from_be_bytes(bytes[9..13].try_into().unwrap());
    match padding {
        3 => (false, false),
        13 => (true, false),
        23 => (false, true),
        33 => (true, true),
        other => panic!("no prelude: {other}"),
    }
}

/// A shard with one publication, driven by hand.
pub struct Studio {
    pub shard: Shard<Body, Handle>,
    pub format: Arc<TestFormat>,
    pub sequencer: Sequencer<Body>,
    pub central: Ring<Body>,
    pub pipes: HashMap<u64, Handle>,
    pub now: u64,
    pub headers: u64,
}

impl Studio {
    pub fn new() -> Self {
        let format = Arc::new(TestFormat::default());
        let formats: Arc<[Arc<dyn WireFormat<Body>>]> =
            Arc::new([format.clone() as Arc<dyn WireFormat<Body>>]);
        let limits = RingLimits { keep: 6_000_000, ..RingLimits::default() };
        let mut shard = Shard::new(formats, limits);
        let central = Ring::new(limits);
        shard.handle(0, ShardInput::Open { publication: P, snapshot: central.snapshot(), pace: RTC });
        Self {
            shard,
            format,
            sequencer: Sequencer::default(),
            central,
            pipes: HashMap::new(),
            now: 1_000,
            headers: 0,
        }
    }

    pub fn header(&mut self, video: bool) {
        self.headers += 1;
        let tag = if video { b'V' } else { b'A' };
        let track = if video { Track::Video } else { Track::Audio(Rendition(0)) };
        self.sequencer.config(track, Body { tag, number: self.headers, padding: 5 });
    }

    pub fn send(&mut self, kind: Kind, padding: usize) -> u64 {
        let tag = match kind {
            Kind::Key => b'K',
            Kind::Delta => b'D',
            Kind::Audio(_) => b'S',
        };
        let number = self.sequencer.next_seq();
        let ts = (self.now / 1000) as i64;
        let packet = self.sequencer.packet(self.now, ts, kind, padding, Body { tag, number, padding });
        self.central.push(packet.clone());
        self.shard.handle(self.now, ShardInput::Packet { publication: P, packet });
        number
    }

    pub fn join(&mut self, id: u64, tracks: ViewerTracks, room: usize) -> Handle {
        let pipe = Rc::new(RefCell::new(Pipe { room, ..Pipe::default() }));
        self.pipes.insert(id, pipe.clone());
        let handle = pipe.clone();
        self.shard.handle(
            self.now,
            ShardInput::Add { publication: P, viewer: ViewerId(id), handle, wire: WIRE, tracks },
        );
        self.flush();
        pipe
    }

    pub fn flush(&mut self) {
        self.shard.flush(self.now, &mut Pipes);
    }

    /// Lets time pass, flushing whenever the shard asks for it.
    pub fn pass(&mut self, micros: u64) {
        let end = self.now + micros;
        while let Some(at) = self.shard.next_deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.flush();
        }
        self.now = end;
    }

    pub fn heard(&self, id: u64) -> Vec<(char, u64)> {
        read(&self.pipes[&id].borrow().got)
    }
}
