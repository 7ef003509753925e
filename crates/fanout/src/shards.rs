//! One thread per shard: takes inputs from its mailbox, writes what is due, sleeps until the next deadline.

use crate::sink::Seat;
use crate::{Clock, Inner, ViewerCount};
use huitong_hub::{Inbox, Rest, RingLimits, Shard, ShardInput, ViewerIo, WireFormat, Wrote};
use huitong_media::Frame;
use std::collections::VecDeque;
use std::io::IoSlice;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Packets waiting for one thread at most. At 62 packets a second and stream this is a second of 66 streams
/// or a stall of a quarter of a second with 250; beyond it packets are dropped and viewers resume at the next
/// keyframe.
const INBOX_PACKETS: usize = 4096;

/// Commands get through when packets do not: as many viewers may come and go in one stall.
const INBOX_COMMANDS: usize = 65_536;

/// What the threads share with the rest.
pub(crate) struct ShardHandle {
    index: usize,
    pub(crate) inbox: Arc<Inbox<ShardInput<Frame, Seat>>>,
    pub(crate) viewers: ViewerCount,
    owner: Weak<Inner>,
}

/// The connections, and what one round did to them.
#[derive(Default)]
struct Sinks {
    bytes: u64,
    writes: u64,
    skips: u64,
}

impl ViewerIo<Seat> for Sinks {
    fn write(&mut self, viewer: &Seat, slices: &[IoSlice<'_>]) -> Wrote {
        let wrote = viewer.sink.write(slices);
        if let Wrote::Bytes(n) = wrote {
            self.bytes += n as u64;
            self.writes += 1;
        }
        wrote
    }

    fn skipped(&mut self, viewer: &Seat) {
        self.skips += 1;
        viewer.publication.count_skip();
    }
}

impl ShardHandle {
    pub(crate) fn new(index: usize, owner: Weak<Inner>) -> Self {
        let inbox = Arc::new(Inbox::new(INBOX_PACKETS, INBOX_COMMANDS));
        Self { index, inbox, viewers: ViewerCount::new(0), owner }
    }

    pub(crate) fn start(
        &self,
        clock: Clock,
        formats: Arc<[Arc<dyn WireFormat<Frame>>]>,
        limits: RingLimits,
    ) -> std::io::Result<()> {
        let (index, inbox, owner) = (self.index, Arc::clone(&self.inbox), self.owner.clone());
        let name = format!("fanout-{index}");
        let run = move || run(index, clock, &inbox, Shard::new(formats, limits), &owner);
        std::thread::Builder::new().name(name).spawn(run).map(drop)
    }

    pub(crate) fn stop(&self) {
        self.inbox.close();
    }
}

fn run(
    index: usize,
    clock: Clock,
    inbox: &Inbox<ShardInput<Frame, Seat>>,
    mut shard: Shard<Frame, Seat>,
    owner: &Weak<Inner>,
) {
    let mut inputs = VecDeque::new();
    loop {
        let now = clock.now();
        let Rest { resting, until } = shard.rest(now);
        let timeout = until.map(|until| Duration::from_micros(until.saturating_sub(now)));
        if !inbox.wait(&mut inputs, resting, timeout) {
            return;
        }
        let now = clock.now();
        for input in inputs.drain(..) {
            shard.handle(now, input);
        }
        let mut sinks = Sinks::default();
        if shard.next_deadline().is_some_and(|due| due <= now) && shard.flush(now, &mut sinks) {
            shard.rested(now, clock.now());
        }
        report(index, &sinks, &mut shard, owner);
    }
}

fn report(index: usize, sinks: &Sinks, shard: &mut Shard<Frame, Seat>, owner: &Weak<Inner>) {
    let departed = shard.take_departed();
    if sinks.bytes == 0 && sinks.skips == 0 && departed.is_empty() {
        return;
    }
    let inner = owner.upgrade();
    if let Some(inner) = &inner {
        inner.totals.add_out(sinks.bytes, sinks.writes);
        inner.totals.add_skips(sinks.skips);
    }
    for gone in departed {
        gone.handle.sink.release(gone.why, gone.between_packets);
        if let Some(inner) = &inner {
            inner.viewer_gone(index, &gone.handle);
        }
    }
}
