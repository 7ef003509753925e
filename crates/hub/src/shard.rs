//! The publications and viewers of one fan-out thread.

use crate::Micros;
use crate::cursor::{Cursor, CursorStats, Progress};
use crate::pace::{Pace, Pacer};
use crate::packet::{Packet, Wire, WireFormat};
use crate::ring::{Ring, RingLimits, RingSnapshot};
use crate::stage::Round;
use crate::viewer::{ViewerTracks, Wrote};
use bytes::Bytes;
use std::collections::HashMap;
use std::io::IoSlice;
use std::sync::Arc;

/// A viewer whose connection takes no more is tried again this soon even if no packet comes.
const RETRY: Micros = 20_000;

/// A viewer that has taken nothing for this long is dead: its peer would have to have been silent through
/// many TCP retransmissions.
const STALLED: Micros = 30_000_000;

/// Name of a publication in the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicationId(pub u64);

/// Name of a viewer in the hub; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ViewerId(pub u64);

/// The connections, as the shard sees them.
pub trait ViewerIo<V> {
    /// Writes without waiting.
    fn write(&mut self, viewer: &V, slices: &[IoSlice<'_>]) -> Wrote;

    /// The viewer was so late that it was moved: to a newer keyframe, or past old sound.
    fn skipped(&mut self, viewer: &V);
}

/// Why a viewer is no longer served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// Its connection failed.
    Closed,
    /// It took nothing for too long.
    Stalled,
    /// The publication ended.
    Ended,
    /// It was removed.
    Removed,
}

/// What happens to a shard.
#[derive(Debug)]
pub enum ShardInput<B, V> {
    /// A publication gets its first viewer on this shard.
    Open {
        /// The publication.
        publication: PublicationId,
        /// Its packets so far.
        snapshot: RingSnapshot<B>,
        /// Its time limits.
        pace: Pace,
    },
    /// A packet of an open publication.
    Packet {
        /// The publication.
        publication: PublicationId,
        /// The packet.
        packet: Arc<Packet<B>>,
    },
    /// The publisher is gone or replaced: nobody starts with its pictures any more.
    Restart {
        /// The publication.
        publication: PublicationId,
    },
    /// The publication is over, or has no more viewers here.
    Close {
        /// The publication.
        publication: PublicationId,
    },
    /// A viewer comes.
    Add {
        /// The publication.
        publication: PublicationId,
        /// The viewer.
        viewer: ViewerId,
        /// Its connection.
        handle: V,
        /// The format of its connection.
        wire: Wire,
        /// The tracks it wants.
        tracks: ViewerTracks,
    },
    /// A viewer goes.
    Remove {
        /// The viewer.
        viewer: ViewerId,
    },
    /// Bytes of a connection's own protocol, to go out between packets.
    Inject {
        /// The viewer.
        viewer: ViewerId,
        /// The bytes.
        bytes: Bytes,
    },
    /// A connection that was full takes more.
    Ready {
        /// The viewer.
        viewer: ViewerId,
    },
    /// A viewer wants other tracks.
    Tracks {
        /// The viewer.
        viewer: ViewerId,
        /// The tracks it wants.
        tracks: ViewerTracks,
    },
}

#[derive(Debug)]
struct Viewer<V> {
    id: ViewerId,
    handle: V,
    cursor: Cursor,
    blocked_since: Option<Micros>,
    /// New, or with something to say of its own: it is written to before the others are due.
    eager: bool,
}

impl<V> Viewer<V> {
    const fn is_full(&self) -> bool {
        self.blocked_since.is_some()
    }

    fn depart(self, publication: PublicationId, why: Gone) -> Departed<V> {
        let (stats, between_packets) = (self.cursor.stats(), self.cursor.is_between_packets());
        Departed { publication, viewer: self.id, handle: self.handle, why, stats, between_packets }
    }
}

#[derive(Debug)]
struct Publication<B, V> {
    ring: Ring<B>,
    viewers: Vec<Viewer<V>>,
    pace: Pace,
    /// When packets that gather have to be written, to everybody.
    due: Option<Micros>,
    /// When viewers that were full are tried again; the others are not touched then.
    retry: Option<Micros>,
    /// When eager viewers are served; the others are not touched then.
    apart: Option<Micros>,
}

impl<B, V> Publication<B, V> {
    fn deadline(&self) -> Option<Micros> {
        earlier(self.due, earlier(self.retry, self.apart))
    }
}

fn earlier(a: Option<Micros>, b: Option<Micros>) -> Option<Micros> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// How a thread waits for its next inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// Packets do not wake it.
    pub resting: bool,
    /// It wakes at this time at the latest; `None` without a deadline.
    pub until: Option<Micros>,
}

/// A viewer that is no longer served, with its connection and what it has been through.
#[derive(Debug)]
pub struct Departed<V> {
    /// The publication.
    pub publication: PublicationId,
    /// The viewer.
    pub viewer: ViewerId,
    /// Its connection.
    pub handle: V,
    /// Why.
    pub why: Gone,
    /// What it has been through.
    pub stats: CursorStats,
    /// Whether its connection stands between two packets: a goodbye may follow.
    pub between_packets: bool,
}

/// The publications and viewers of one thread.
pub struct Shard<B, V> {
    formats: Arc<[Arc<dyn WireFormat<B>>]>,
    limits: RingLimits,
    publications: HashMap<PublicationId, Publication<B, V>>,
    /// Where each viewer is: its publication, and its index among the viewers of that.
    places: HashMap<ViewerId, (PublicationId, usize)>,
    pending: Vec<PublicationId>,
    pacer: Pacer,
    departed: Vec<Departed<V>>,
}

impl<B, V> Shard<B, V> {
    /// An empty shard that serves these formats.
    pub fn new(formats: Arc<[Arc<dyn WireFormat<B>>]>, limits: RingLimits) -> Self {
        Self {
            formats,
            limits,
            publications: HashMap::new(),
            places: HashMap::new(),
            pending: Vec::new(),
            pacer: Pacer::default(),
            departed: Vec::new(),
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Micros, input: ShardInput<B, V>) {
        match input {
            ShardInput::Open { publication, snapshot, pace } => {
                let ring = Ring::from_snapshot(self.limits, snapshot);
                let fresh =
                    Publication { ring, viewers: Vec::new(), pace, due: None, retry: None, apart: None };
                self.publications.insert(publication, fresh);
            }
            ShardInput::Packet { publication, packet } => {
                if let Some(p) = self.publications.get_mut(&publication) {
                    let due = self.pacer.due(now, packet.at, p.pace);
                    p.ring.push(packet);
                    self.wake(publication, |p| p.due = earlier(p.due, Some(due)));
                }
            }
            ShardInput::Restart { publication } => {
                if let Some(p) = self.publications.get_mut(&publication) {
                    p.ring.restart();
                }
            }
            ShardInput::Close { publication } => self.close(publication),
            ShardInput::Add { publication, viewer, handle, wire, tracks } => {
                self.add(now, publication, viewer, handle, wire, tracks);
            }
            ShardInput::Remove { viewer } => self.remove(viewer, Gone::Removed),
            ShardInput::Inject { viewer, bytes } => self.inject(now, viewer, bytes),
            ShardInput::Ready { viewer } => self.ready(now, viewer),
            ShardInput::Tracks { viewer, tracks } => self.set_tracks(now, viewer, tracks),
        }
    }

    fn add(
        &mut self,
        now: Micros,
        publication: PublicationId,
        viewer: ViewerId,
        handle: V,
        wire: Wire,
        tracks: ViewerTracks,
    ) {
        let Some(p) = self.publications.get_mut(&publication) else {
            let (why, stats) = (Gone::Ended, CursorStats::default());
            self.departed.push(Departed { publication, viewer, handle, why, stats, between_packets: true });
            return;
        };
        let cursor = Cursor::start(now, &p.ring, wire, tracks);
        self.places.insert(viewer, (publication, p.viewers.len()));
        p.viewers.push(Viewer { id: viewer, handle, cursor, blocked_since: None, eager: true });
        self.wake(publication, |p| p.apart = Some(now));
    }

    fn set_tracks(&mut self, now: Micros, viewer: ViewerId, tracks: ViewerTracks) {
        let Some((publication, p, index)) = self.place(viewer) else { return };
        let Some(v) = p.viewers.get_mut(index) else { return };
        v.cursor.set_tracks(now, &p.ring, tracks);
        v.eager = true;
        self.wake(publication, |p| p.apart = Some(now));
    }

    fn ready(&mut self, now: Micros, viewer: ViewerId) {
        let Some((publication, p, index)) = self.place(viewer) else { return };
        if let Some(v) = p.viewers.get_mut(index).filter(|v| v.is_full()) {
            v.eager = true;
            self.wake(publication, |p| p.apart = Some(now));
        }
    }

    fn inject(&mut self, now: Micros, viewer: ViewerId, bytes: Bytes) {
        let Some((publication, p, index)) = self.place(viewer) else { return };
        let Some(v) = p.viewers.get_mut(index) else { return };
        if v.cursor.inject(bytes) {
            v.eager = true;
            self.wake(publication, |p| p.apart = Some(now));
        } else {
            self.remove(viewer, Gone::Stalled);
        }
    }

    fn place(&mut self, viewer: ViewerId) -> Option<(PublicationId, &mut Publication<B, V>, usize)> {
        let (publication, index) = self.places.get(&viewer).copied()?;
        Some((publication, self.publications.get_mut(&publication)?, index))
    }

    /// How the thread waits from `now` on. Only after a round that cost something packets may gather without waking
    /// it; a full viewer that is to be tried again is no reason to keep those of the others waiting.
    pub fn rest(&self, now: Micros) -> Rest {
        let Some(due) = self.next_deadline() else { return Rest { resting: false, until: None } };
        let quiet = self.pacer.quiet_until();
        if quiet <= now {
            return Rest { resting: false, until: Some(due) };
        }
        // A packet of a publication with a shorter window than the one that is due next must not be overslept.
        let window = self.publications.values().map(|p| p.pace.window).min().unwrap_or_default();
        Rest { resting: true, until: Some(due.min(quiet).min(now.saturating_add(window))) }
    }

    fn close(&mut self, publication: PublicationId) {
        let Some(p) = self.publications.remove(&publication) else { return };
        self.pending.retain(|id| *id != publication);
        for v in p.viewers {
            self.places.remove(&v.id);
            self.departed.push(v.depart(publication, Gone::Ended));
        }
    }

    fn remove(&mut self, viewer: ViewerId, why: Gone) {
        let Some((publication, index)) = self.places.remove(&viewer) else { return };
        let Some(p) = self.publications.get_mut(&publication) else { return };
        if index >= p.viewers.len() {
            return;
        }
        let v = p.viewers.swap_remove(index);
        if let Some(moved) = p.viewers.get(index) {
            self.places.insert(moved.id, (publication, index));
        }
        self.departed.push(v.depart(publication, why));
    }

    /// Changes a publication's deadlines and keeps it among those that have some.
    fn wake(&mut self, publication: PublicationId, set: impl FnOnce(&mut Publication<B, V>)) {
        let Some(p) = self.publications.get_mut(&publication) else { return };
        if p.deadline().is_none() {
            self.pending.push(publication);
        }
        set(p);
    }

    /// When [`Shard::flush`] has to be called next, if at all: a packet's wait ends, or a full connection is
    /// to be tried again.
    pub fn next_deadline(&self) -> Option<Micros> {
        self.pending.iter().filter_map(|id| self.publications.get(id)?.deadline()).min()
    }

    /// Writes what is due. Returns whether that was a round to everybody; if so, call [`Shard::rested`] with the
    /// time afterwards. (Service of single viewers says nothing about what rounds cost.)
    pub fn flush(&mut self, now: Micros, io: &mut impl ViewerIo<V>) -> bool {
        let mut rounds = false;
        let pending = std::mem::take(&mut self.pending);
        for id in pending {
            let Some(p) = self.publications.get_mut(&id) else { continue };
            let passed = |deadline: Option<Micros>| deadline.is_some_and(|at| at <= now);
            let everybody = passed(p.due);
            let full = everybody || passed(p.retry);
            if full || passed(p.apart) {
                rounds |= everybody;
                let outcome = flush_publication(
                    now,
                    p,
                    &self.formats,
                    |v| everybody || v.eager || (full && v.is_full()),
                    io,
                );
                let retry = outcome.blocked.then(|| now.saturating_add(RETRY));
                p.retry = if full { retry } else { earlier(p.retry, retry) };
                p.apart = None;
                if everybody {
                    p.due = None;
                }
                if p.deadline().is_some() {
                    self.pending.push(id);
                }
                for (viewer, why) in outcome.lost {
                    self.remove(viewer, why);
                }
            } else {
                self.pending.push(id);
            }
        }
        rounds
    }

    /// Tells the pacer how long the round took.
    pub fn rested(&mut self, start: Micros, end: Micros) {
        self.pacer.round(start, end);
    }

    /// Viewers that are no longer served, since the last call.
    pub fn take_departed(&mut self) -> Vec<Departed<V>> {
        std::mem::take(&mut self.departed)
    }

    /// Viewers served now.
    pub fn viewers(&self) -> usize {
        self.places.len()
    }

    /// Bytes of packet bodies that the rings here refer to.
    pub fn bytes(&self) -> usize {
        self.publications.values().map(|p| p.ring.bytes()).sum()
    }
}

#[derive(Default)]
struct Outcome {
    blocked: bool,
    lost: Vec<(ViewerId, Gone)>,
}

fn flush_publication<B, V>(
    now: Micros,
    p: &mut Publication<B, V>,
    formats: &Arc<[Arc<dyn WireFormat<B>>]>,
    whom: impl Fn(&Viewer<V>) -> bool,
    io: &mut impl ViewerIo<V>,
) -> Outcome {
    let mut outcome = Outcome::default();
    let mut round = Round::default();
    for v in p.viewers.iter_mut().filter(|v| whom(v)) {
        v.eager = false;
        let handle = &v.handle;
        if v.cursor.relieve(now, &p.ring, p.pace.ceiling) {
            io.skipped(handle);
        }
        match v.cursor.write(&p.ring, formats, &mut round, |slices| io.write(handle, slices)) {
            Progress::UpToDate => v.blocked_since = None,
            Progress::Closed => outcome.lost.push((v.id, Gone::Closed)),
            Progress::Blocked { wrote } => {
                outcome.blocked = true;
                let since = *v.blocked_since.get_or_insert(now);
                if wrote {
                    v.blocked_since = Some(now);
                } else if now.saturating_sub(since) > STALLED {
                    outcome.lost.push((v.id, Gone::Stalled));
                }
            }
        }
    }
    outcome
}
