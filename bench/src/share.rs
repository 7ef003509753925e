//! The server's own share of latency: one publisher of each kind, a few viewers of each kind, nothing else. The time is
//! from before a message is written to its publisher's socket until it was read whole from a viewer's.

use crate::histogram::Histogram;
use crate::orders::{Came, Figures, LoadOrder, Sent, SourceOrder, Worker};
use crate::report::Bar;
use crate::server::{Binary, StreamUrls};
use huitong_types::Scene;
use serde_json::{Value, json};
use std::time::Duration;

/// Name of this part.
pub(crate) const NAME: &str = "server's share";

/// Viewers of each pairing: enough that one in bad luck does not decide.
const VIEWERS: usize = 3;

/// How fast they come.
const JOINS_PER_SECOND: usize = 20;

/// The time from the first picture until what is sent is what is measured: congestion control has its opinion then.
const RUN_IN: Duration = Duration::from_secs(4);

/// At most this much of the way from camera to screen, 95th percentile, ms.
const BAR: f64 = 20.0;

/// What was measured of one pairing.
#[derive(Debug, Clone)]
pub(crate) struct Pairing {
    name: &'static str,
    latency: Histogram,
}

impl Pairing {
    /// For people.
    pub(crate) fn sentence(&self) -> String {
        format!(
            "{NAME}: {:<16} p50 {:>6.2} ms   p95 {:>6.2} ms   p99 {:>6.2} ms   {:>6} messages",
            self.name,
            self.latency.quantile_ms(0.5),
            self.latency.quantile_ms(0.95),
            self.latency.quantile_ms(0.99),
            self.latency.total()
        )
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let ms = |share| self.latency.quantile_ms(share);
        json!({ "pairing": self.name, "samples": self.latency.total(), "p50_ms": ms(0.5), "p95_ms": ms(0.95), "p99_ms": ms(0.99) })
    }

    /// What it is held to.
    pub(crate) fn bar(&self) -> Bar {
        let what = format!("{NAME}: {} p95", self.name);
        Bar { what, value: self.latency.quantile_ms(0.95), limit: BAR, unit: "ms" }
    }
}

/// A pairing: from which of the two streams, held by which process, at which of its addresses.
struct Wanted {
    name: &'static str,
    stream: usize,
    webrtc: bool,
    url: fn(&StreamUrls) -> String,
}

/// All pairings. Sound that changes its codec on the way has no time in it any more, so between RTMP and WebRTC only
/// pictures count.
const WANTED: [Wanted; 6] = [
    Wanted { name: "RTMP to RTMP", stream: 0, webrtc: false, url: |s| s.rtmp.clone() },
    Wanted { name: "RTMP to FLV", stream: 0, webrtc: false, url: |s| s.flv.clone() },
    Wanted { name: "RTMP to WHEP", stream: 0, webrtc: true, url: |s| s.whep.clone() },
    Wanted { name: "WHIP to WHEP", stream: 1, webrtc: true, url: |s| s.whep.clone() },
    Wanted { name: "WHIP to RTMP", stream: 1, webrtc: false, url: |s| s.rtmp.clone() },
    Wanted { name: "WHIP to FLV", stream: 1, webrtc: false, url: |s| s.flv.clone() },
];

/// Measures all pairings at once for so long.
pub(crate) fn measure(
    binary: &Binary,
    length: Duration,
    tell: &dyn Fn(&str),
) -> Result<Vec<Pairing>, String> {
    let server = binary.start()?;
    let streams = server.streams(2, Scene::Rtc)?;
    let (mut phone, mut browser) = (Worker::start(&["publish"])?, Worker::start(&["whip"])?);
    let (mut load, mut screens) = (Worker::start(&["load"])?, Worker::start(&["screens"])?);
    phone.ask::<Sent>(&SourceOrder::Open { urls: vec![streams[0].push.clone()] })?;
    browser.ask::<Sent>(&SourceOrder::Open { urls: vec![streams[1].whip.clone()] })?;
    phone.ask::<Sent>(&SourceOrder::Run)?;
    browser.ask::<Sent>(&SourceOrder::Run)?;
    tell("viewers of every kind come");
    std::thread::sleep(RUN_IN);
    for (group, wanted) in WANTED.iter().enumerate() {
        let urls = vec![(wanted.url)(&streams[wanted.stream])];
        let order = LoadOrder::Open { group, urls, each: VIEWERS, per_second: JOINS_PER_SECOND };
        let came: Came = if wanted.webrtc { &mut screens } else { &mut load }.ask(&order)?;
        if came.open < VIEWERS {
            return Err(format!("{}: of {VIEWERS} viewers {} came", wanted.name, came.open));
        }
    }
    std::thread::sleep(RUN_IN);
    let mut snapshot = |group: usize| -> Result<Figures, String> {
        let holder = if WANTED[group].webrtc { &mut screens } else { &mut load };
        holder.ask(&LoadOrder::Snapshot { group })
    };
    for group in 0..WANTED.len() {
        snapshot(group)?;
    }
    tell("all run");
    std::thread::sleep(length);
    let pairing = |(group, wanted): (usize, &Wanted)| {
        let figures = snapshot(group)?;
        if figures.failed > 0 || figures.messages == 0 {
            return Err(format!("{}: {} viewers were cut off", wanted.name, figures.failed));
        }
        Ok(Pairing { name: wanted.name, latency: figures.latency })
    };
    WANTED.iter().enumerate().map(pairing).collect()
}
