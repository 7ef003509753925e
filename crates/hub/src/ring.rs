//! The packets of one publication that viewers may still need.

use crate::Micros;
use crate::packet::{FIRST_SEQ, Kind, Packet};
use std::collections::VecDeque;
use std::sync::Arc;

/// Video of which nothing came for this long, counted to the newest packet, is off: whoever began with its last
/// keyframe would play sound as old as that. Cameras send several pictures a second, shared screens one.
pub const VIDEO_PAUSE: Micros = 2_000_000;

/// Bounds of a [`Ring`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingLimits {
    /// Most bytes of bodies. Four seconds of 1080p at 8 Mbit/s are 4 MiB; twice that covers bursts.
    pub bytes: usize,
    /// Most packets, so that a flood of tiny packets is bounded too.
    pub packets: usize,
    /// Packets older than this and older than the keyframe at which a viewer would start are dropped.
    pub keep: Micros,
}

impl Default for RingLimits {
    fn default() -> Self {
        Self { bytes: 8 << 20, packets: 4096, keep: 6_000_000 }
    }
}

/// A bounded queue of packets with an index of keyframes. When a limit is reached the oldest packets go,
/// even if the group of pictures loses its keyframe: viewers then wait for the next one.
#[derive(Debug)]
pub struct Ring<B> {
    packets: VecDeque<Arc<Packet<B>>>,
    keys: VecDeque<u64>,
    bytes: usize,
    limits: RingLimits,
    /// New viewers start at or after this packet: earlier ones belong to a publisher that is gone, or to video
    /// that paused.
    floor: u64,
    /// When the newest video packet came.
    last_video: Micros,
    next: u64,
}

impl<B> Ring<B> {
    /// An empty ring.
    pub const fn new(limits: RingLimits) -> Self {
        Self {
            packets: VecDeque::new(),
            keys: VecDeque::new(),
            bytes: 0,
            limits,
            floor: 0,
            last_video: 0,
            next: FIRST_SEQ,
        }
    }

    /// Appends a packet and drops what is no longer needed.
    pub fn push(&mut self, packet: Arc<Packet<B>>) {
        if packet.seq != self.next {
            // A hole (packets were dropped on the way here) makes everything before it useless.
            self.clear();
        }
        self.next = packet.seq.saturating_add(1);
        self.bytes = self.bytes.saturating_add(packet.size);
        let now = packet.at;
        if packet.kind.is_video() {
            if self.video_is_off(now) {
                self.floor = self.floor.max(packet.seq);
            }
            self.last_video = now;
        }
        if packet.kind == Kind::Key {
            self.keys.push_back(packet.seq);
        }
        self.packets.push_back(packet);
        self.trim(now);
    }

    fn trim(&mut self, now: Micros) {
        while let Some(first) = self.packets.front() {
            let over = self.bytes > self.limits.bytes || self.packets.len() > self.limits.packets;
            let needed_for_start = self.newest_key().is_some_and(|key| first.seq >= key);
            let young = now.saturating_sub(first.at) <= self.limits.keep;
            if !over && (young || needed_for_start) {
                return;
            }
            if self.packets.len() == 1 {
                return;
            }
            self.bytes = self.bytes.saturating_sub(first.size);
            if self.keys.front() == Some(&first.seq) {
                self.keys.pop_front();
            }
            self.packets.pop_front();
        }
    }

    fn clear(&mut self) {
        self.packets.clear();
        self.keys.clear();
        self.bytes = 0;
    }

    /// The publisher changed or went: nobody starts before the packets that come next.
    pub fn restart(&mut self) {
        self.floor = self.next;
    }

    /// The packet with this number, if it is still here.
    pub fn get(&self, seq: u64) -> Option<&Arc<Packet<B>>> {
        let base = self.base();
        let index = usize::try_from(seq.checked_sub(base)?).ok()?;
        self.packets.get(index)
    }

    /// The newest packet.
    pub fn newest(&self) -> Option<&Arc<Packet<B>>> {
        self.packets.back()
    }

    /// Number of the oldest packet, or of the next one if the ring is empty.
    pub fn base(&self) -> u64 {
        self.packets.front().map_or(self.next, |p| p.seq)
    }

    /// Number of the packet that comes next.
    pub const fn end(&self) -> u64 {
        self.next
    }

    /// The newest keyframe at which a viewer may start; `None` while video is off.
    pub fn newest_key(&self) -> Option<u64> {
        let newest = self.packets.back()?;
        self.keys.back().copied().filter(|key| *key >= self.floor && !self.video_is_off(newest.at))
    }

    const fn video_is_off(&self, now: Micros) -> bool {
        now.saturating_sub(self.last_video) > VIDEO_PAUSE
    }

    /// Bytes held.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Packets held.
    pub fn len(&self) -> usize {
        self.packets.len()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// The packets held, oldest first, to open another ring with.
    pub fn snapshot(&self) -> RingSnapshot<B> {
        RingSnapshot { packets: self.packets.iter().cloned().collect(), floor: self.floor, next: self.next }
    }

    /// A ring that goes on where the snapshot was taken.
    pub fn from_snapshot(limits: RingLimits, snapshot: RingSnapshot<B>) -> Self {
        let mut ring = Self::new(limits);
        for packet in snapshot.packets {
            ring.push(packet);
        }
        ring.floor = snapshot.floor;
        ring.next = snapshot.next;
        ring
    }
}

/// A copy of a ring: shared packets, so it costs a pointer each.
#[derive(Debug)]
pub struct RingSnapshot<B> {
    packets: Vec<Arc<Packet<B>>>,
    floor: u64,
    next: u64,
}
