//! The fan-out without its sockets: what it takes to find out what comes next for each viewer and to settle what was
//! written. Processor time of one thread and no system call, so that a few percent show on a busy machine as well.

use crate::clock::thread_cpu_ns;
use crate::report::Bar;
use bytes::Bytes;
use huitong_hub::{
    Configs, Kind, Pace, PublicationId, Rendition, Ring, RingLimits, Sequencer, Shard, ShardInput, Track,
    ViewerId, ViewerIo, ViewerTracks, Wire, WireFormat, Wrote,
};
use serde_json::{Value, json};
use std::io::IoSlice;
use std::sync::Arc;

/// Name of this part.
pub(crate) const NAME: &str = "fanout alone";

/// Viewers of the publication on one thread, by two wire formats alike.
const VIEWERS: u64 = 500;

/// Packets that gathered for a round.
const GATHERED: u64 = 2;

/// Rounds that are measured at a time: a tenth of a second of work.
const ROUNDS: u64 = 2000;

/// Time from one packet to the next, µs.
const STEP: u64 = 16_000;

/// Size of a packet, bytes.
const SIZE: usize = 5_000;

/// The fan-out may cost so many times what the plain loop costs. Listing for each viewer anew would be twenty times.
const BAR: f64 = 8.0;

/// What a write to one viewer costs, ns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    fanout: f64,
    plain: f64,
}

impl Cost {
    /// For people.
    pub(crate) fn sentence(&self) -> String {
        format!(
            "{NAME}: {:.1} ns for each write of {GATHERED} packets to one of {VIEWERS} viewers, a plain loop {:.1} ns: \
             ratio {:.1}; without sockets",
            self.fanout,
            self.plain,
            self.ratio()
        )
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        json!({ "ns_per_write": self.fanout, "plain_loop_ns_per_write": self.plain, "ratio": self.ratio() })
    }

    /// What it is held to.
    pub(crate) fn bar(&self) -> Bar {
        Bar { what: format!("{NAME}: against the plain loop"), value: self.ratio(), limit: BAR, unit: "×" }
    }

    fn ratio(&self) -> f64 {
        self.fanout / self.plain
    }
}

/// Bodies as they are.
struct Plain;

impl WireFormat<Bytes> for Plain {
    fn encode(&self, body: &Bytes, _: i64) -> Bytes {
        body.clone()
    }

    fn prelude(&self, _: &Configs<Bytes>, _: bool, _: bool, _: i64) -> Bytes {
        Bytes::new()
    }
}

/// Connections that take everything.
#[derive(Default)]
struct Takes {
    writes: u64,
}

impl ViewerIo<u64> for Takes {
    fn write(&mut self, _: &u64, slices: &[IoSlice<'_>]) -> Wrote {
        self.writes += 1;
        Wrote::Bytes(take(slices))
    }

    fn skipped(&mut self, _: &u64) {}
}

/// What stands for the system call, on both sides.
#[inline(never)]
fn take(slices: &[IoSlice<'_>]) -> usize {
    std::hint::black_box(slices).iter().map(|slice| slice.len()).sum()
}

/// Measures; of several rounds the cheapest counts, since other work on the machine only adds.
pub(crate) fn measure(rounds: usize) -> Cost {
    let mut best = Cost { fanout: f64::INFINITY, plain: f64::INFINITY };
    let (mut fanout, body) = (Hub::new(), Bytes::from(vec![0x55; SIZE]));
    for _ in 0..rounds.max(3) {
        best.fanout = best.fanout.min(fanout.run(&body));
        best.plain = best.plain.min(plain(&body));
    }
    best
}

/// Slices of the packets, made anew for each viewer and written.
fn plain(body: &Bytes) -> f64 {
    let start = thread_cpu_ns();
    let mut taken = 0;
    for _ in 0..ROUNDS * VIEWERS {
        let slices: [IoSlice<'_>; GATHERED as usize] = std::array::from_fn(|_| IoSlice::new(body));
        taken += take(&slices);
    }
    let spent = (thread_cpu_ns() - start) as f64;
    assert_eq!(taken as u64, ROUNDS * VIEWERS * GATHERED * SIZE as u64, "everything is taken");
    spent / (ROUNDS * VIEWERS) as f64
}

struct Hub {
    shard: Shard<Bytes, u64>,
    sequencer: Sequencer<Bytes>,
    now: u64,
    sent: u64,
}

/// The only publication.
const PUBLICATION: PublicationId = PublicationId(1);

impl Hub {
    fn new() -> Self {
        let formats: [Arc<dyn WireFormat<Bytes>>; 2] = [Arc::new(Plain), Arc::new(Plain)];
        let mut shard = Shard::new(Arc::from(formats), RingLimits::default());
        let pace = Pace { window: 20_000, ceiling: 1_500_000 };
        let snapshot = Ring::new(RingLimits::default()).snapshot();
        shard.handle(0, ShardInput::Open { publication: PUBLICATION, snapshot, pace });
        for n in 0..VIEWERS {
            let (viewer, wire) = (ViewerId(n), Wire((n % 2) as u8));
            let tracks = ViewerTracks { audio: true, video: true };
            shard.handle(0, ShardInput::Add { publication: PUBLICATION, viewer, handle: n, wire, tracks });
        }
        let mut sequencer = Sequencer::default();
        sequencer.config(Track::Video, Bytes::from_static(b"picture"));
        sequencer.config(Track::Audio(Rendition(0)), Bytes::from_static(b"sound"));
        Self { shard, sequencer, now: 0, sent: 0 }
    }

    fn run(&mut self, body: &Bytes) -> f64 {
        let (mut takes, start) = (Takes::default(), thread_cpu_ns());
        for _ in 0..ROUNDS {
            for _ in 0..GATHERED {
                self.now += STEP;
                let kind = match self.sent {
                    n if n.is_multiple_of(120) => Kind::Key,
                    n if n.is_multiple_of(4) => Kind::Delta,
                    _ => Kind::Audio(Rendition(0)),
                };
                self.sent += 1;
                let ts_ms = (self.now / 1000) as i64;
                let packet = self.sequencer.packet(self.now, ts_ms, kind, SIZE, body.clone());
                self.shard.handle(self.now, ShardInput::Packet { publication: PUBLICATION, packet });
            }
            self.shard.flush(self.now, &mut takes);
        }
        let spent = (thread_cpu_ns() - start) as f64;
        assert_eq!(takes.writes, ROUNDS * VIEWERS, "one write for each viewer and round");
        spent / takes.writes as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_viewer_gets_one_write_in_each_round() {
        let cost = measure(1);
        assert!(cost.fanout > 0.0 && cost.plain > 0.0, "{}", cost.sentence());
    }
}
