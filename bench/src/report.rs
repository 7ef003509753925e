//! Tables for people, JSON for programs, and the bars.

use crate::point::{Measured, Side, Transport};
use crate::{calls, glass, hub, mixed, mixer, process, share, signalling, transcode};
use huitong_types::Scene;
use serde_json::{Value, json};
use std::path::Path;

/// A value beside its bar.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    /// What.
    pub(crate) what: String,
    /// Measured.
    pub(crate) value: f64,
    /// At most this.
    pub(crate) limit: f64,
    /// Unit of both.
    pub(crate) unit: &'static str,
}

impl Bar {
    /// Whether it is met; a value that could not be measured meets nothing.
    pub(crate) fn met(&self) -> bool {
        self.value <= self.limit
    }

    fn json(&self) -> Value {
        let Self { what, value, limit, unit } = self;
        json!({ "what": what, "value": value, "limit": limit, "unit": unit, "met": self.met() })
    }
}

/// CPU per byte against the loop, by scene.
const fn ratio_bar(scene: Scene) -> f64 {
    match scene {
        Scene::Rtc => 0.75,
        Scene::Live => 0.3,
    }
}

/// Added latency, 99th percentile, ms, by scene.
const fn latency_bar(scene: Scene) -> f64 {
    match scene {
        Scene::Rtc => 45.0,
        Scene::Live => 130.0,
    }
}

/// Resident memory per subscriber, KiB.
const MEMORY_BAR: f64 = 12.0;

/// First keyframe after play, 99th percentile, ms.
const KEY_BAR: f64 = 100.0;

/// Subscribers at which the bars of a single stream apply.
const BARRED: usize = 1000;

/// Viewers over WebRTC at which its bars apply.
const WEBRTC_BARRED: usize = 200;

/// Resident memory per idle signalling connection, KiB.
const SIGNAL_MEMORY_BAR: f64 = 16.0;

/// The server's CPU per byte in that of the loop.
fn ratio(m: &Measured) -> f64 {
    m.server.cpu_per_gb() / m.reference.cpu_per_gb()
}

/// The bars that apply to a point.
fn bars(m: &Measured) -> Vec<Bar> {
    let name = m.point.name();
    let bar = |what: &str, value, limit, unit| Bar { what: format!("{name}: {what}"), value, limit, unit };
    let lost = m.server.lost() + m.server.got.holes;
    let scene = m.point.scene;
    if m.point.transport == Transport::Webrtc && m.point.each == WEBRTC_BARRED {
        let delay = m.server.got.latency.quantile_ms(0.99);
        return vec![
            bar("added latency p99", delay, latency_bar(scene), "ms"),
            bar("messages lost", lost as f64, 0.0, ""),
        ];
    }
    if m.point.transport == Transport::Webrtc || m.point.streams > 1 || m.point.each != BARRED {
        return Vec::new();
    }
    vec![
        bar("CPU against the loop", ratio(m), ratio_bar(scene), "×"),
        bar("added latency p99", m.server.got.latency.quantile_ms(0.99), latency_bar(scene), "ms"),
        bar("messages lost", lost as f64, 0.0, ""),
        bar("memory per subscriber", m.kib_each, MEMORY_BAR, "KiB"),
        bar("first keyframe p99", m.start.first_key.quantile_ms(0.99), KEY_BAR, "ms"),
    ]
}

/// The head of the table of points.
fn head() -> String {
    format!(
        "{:<14} {:>7} | {:>7} {:>7} {:>6} | {:>8} {:>8} {:>8} | {:>8} {:>8} | {:>6} {:>7} {:>6} {:>8}",
        "point",
        "GB",
        "server",
        "loop",
        "ratio",
        "p50 ms",
        "p99 ms",
        "loop p99",
        "key p50",
        "key p99",
        "lost",
        "KiB/sub",
        "%/sub",
        "CPU s/s"
    )
}

/// A row of the table of points: CPU is in seconds per GB.
fn row(m: &Measured, seconds: f64) -> String {
    let Side { got, .. } = &m.server;
    format!(
        "{:<14} {:>7.2} | {:>7.3} {:>7.3} {:>6.2} | {:>8.1} {:>8.1} {:>8.1} | {:>8.1} {:>8.1} | {:>6} {:>7.1} {:>6.3} {:>8.2}",
        m.point.name(),
        got.bytes as f64 / 1e9,
        m.server.cpu_per_gb(),
        m.reference.cpu_per_gb(),
        ratio(m),
        got.latency.quantile_ms(0.5),
        got.latency.quantile_ms(0.99),
        m.reference.got.latency.quantile_ms(0.99),
        m.start.first_key.quantile_ms(0.5),
        m.start.first_key.quantile_ms(0.99),
        m.server.lost() + got.holes,
        m.kib_each,
        m.server.percent_each(seconds, m.point.subscribers()),
        m.server.cpu / seconds,
    )
}

/// What a packet costs at a point, for each who gets it.
fn cost(m: &Measured) -> String {
    let name = m.point.name();
    let (ns, reference, ratio) =
        (m.server.turns.ns(), m.reference.turns.ns(), m.server.turns.over(&m.reference.turns));
    let mut text = format!(
        "{name}: a packet costs {:.0} ns for each subscriber, the loop {:.0} ns: ratio {:.2} ({:.2} to {:.2})",
        ns.median, reference.median, ratio.median, ratio.least, ratio.most
    );
    if let Some(bytes) = m.server.bytes_per_write() {
        text += &format!("; {bytes:.0} bytes a write");
    }
    if let Some(other) = &m.against {
        let (ns, ratio) = (other.turns.ns(), m.server.turns.over(&other.turns));
        text += &format!(
            "\n{name}: the other build {:.0} ns: this one costs {:.2} of it ({:.2} to {:.2})",
            ns.median, ratio.median, ratio.least, ratio.most
        );
        if let Some(bytes) = other.bytes_per_write() {
            text += &format!("; {bytes:.0} bytes a write");
        }
        let quantile = |side: &Side, share| side.got.latency.quantile_ms(share);
        text += &format!(
            "\n{name}: added latency p50, p99 {:.1}, {:.1} ms, other build {:.1}, {:.1} ms; lost {}, other build {}",
            quantile(&m.server, 0.5),
            quantile(&m.server, 0.99),
            quantile(other, 0.5),
            quantile(other, 0.99),
            m.server.lost() + m.server.got.holes,
            other.lost() + other.got.holes
        );
    }
    text
}

/// A point as JSON.
fn json(m: &Measured, seconds: f64) -> Value {
    let side = |s: &Side| {
        json!({
            "cpu_seconds": s.cpu,
            "gigabytes": s.got.bytes as f64 / 1e9,
            "cpu_seconds_per_gigabyte": s.cpu_per_gb(),
            "latency_ms": { "p50": s.got.latency.quantile_ms(0.5), "p99": s.got.latency.quantile_ms(0.99) },
            "messages_expected": s.expected,
            "messages_received": s.got.messages,
            "holes": s.got.holes,
            "cpu_ns_per_packet_and_subscriber": s.turns.ns().json(),
            "bytes_per_write": s.bytes_per_write(),
        })
    };
    json!({
        "point": m.point.name(),
        "subscribers": m.point.subscribers(),
        "load_average": m.load_average,
        "cpu_percent_per_subscriber": m.server.percent_each(seconds, m.point.subscribers()),
        "server": side(&m.server),
        "loop": side(&m.reference),
        "against": m.against.as_ref().map(side),
        "ratio": ratio(m),
        "ratio_by_turns": m.server.turns.over(&m.reference.turns).json(),
        "ratio_to_other_build": m.against.as_ref().map(|other| m.server.turns.over(&other.turns).json()),
        "first_keyframe_ms": {
            "p50": m.start.first_key.quantile_ms(0.5),
            "p99": m.start.first_key.quantile_ms(0.99),
            "subscribers": m.start.first_key.total(),
        },
        "resident_kib_per_subscriber": m.kib_each,
    })
}

/// All that a run has measured.
pub(crate) struct Report {
    /// Seconds that the turns of a point took together.
    seconds: f64,
    points: Vec<Measured>,
    fanout: Option<hub::Cost>,
    signalling: Option<signalling::Measured>,
    calls: Option<calls::Measured>,
    transcoding: Vec<transcode::Cost>,
    mixing: Option<mixer::Cost>,
    mix_delay: Option<mixed::Delay>,
    share: Vec<share::Pairing>,
    glass: Vec<glass::Pairing>,
    failures: Vec<String>,
}

impl Report {
    /// An empty report.
    pub(crate) const fn new(seconds: f64) -> Self {
        Self {
            seconds,
            points: Vec::new(),
            fanout: None,
            signalling: None,
            calls: None,
            transcoding: Vec::new(),
            mixing: None,
            mix_delay: None,
            share: Vec::new(),
            glass: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// Adds a point and shows it.
    pub(crate) fn add(&mut self, measured: Measured) {
        println!("{}\n{}\n{}", head(), row(&measured, self.seconds), cost(&measured));
        println!("load average before: {}", measured.load_average);
        self.points.push(measured);
    }

    /// Adds the cost of the fan-out without sockets and shows it.
    pub(crate) fn add_fanout(&mut self, cost: hub::Cost) {
        println!("{}", cost.sentence());
        self.fanout = Some(cost);
    }

    /// Adds the figures of signalling and shows them.
    pub(crate) fn add_signalling(&mut self, measured: signalling::Measured) {
        println!("{}", measured.sentence());
        self.signalling = Some(measured);
    }

    /// Adds the figures of calls and shows them.
    pub(crate) fn add_calls(&mut self, measured: calls::Measured) {
        println!("{}", measured.sentence());
        self.calls = Some(measured);
    }

    /// Adds the cost of mixing and shows it.
    pub(crate) fn add_mixing(&mut self, cost: mixer::Cost) {
        println!("{}", cost.sentence());
        self.mixing = Some(cost);
    }

    /// Adds what a mix adds to the delay and shows it.
    pub(crate) fn add_mix_delay(&mut self, delay: mixed::Delay) {
        println!("{}", delay.sentence());
        self.mix_delay = Some(delay);
    }

    /// Adds the cost of transcoding and shows it.
    pub(crate) fn add_transcoding(&mut self, costs: Vec<transcode::Cost>) {
        self.transcoding = costs;
        self.transcoding.iter().for_each(|cost| println!("{}", cost.sentence()));
    }

    /// Adds the server's share of latency and shows it.
    pub(crate) fn add_share(&mut self, pairings: Vec<share::Pairing>) {
        self.share = pairings;
        self.share.iter().for_each(|pairing| println!("{}", pairing.sentence()));
    }

    /// Adds the latency from glass to glass and shows it.
    pub(crate) fn add_glass(&mut self, pairings: Vec<glass::Pairing>) {
        self.glass = pairings;
        self.glass.iter().for_each(|pairing| println!("{}", pairing.sentence()));
    }

    /// Everything that is told in a sentence.
    fn sentences(&self) -> Vec<String> {
        let signalling = self.signalling.iter().map(signalling::Measured::sentence);
        let transcoding = self.transcoding.iter().map(transcode::Cost::sentence);
        let share = self.share.iter().map(share::Pairing::sentence);
        let fanout = self.fanout.iter().map(hub::Cost::sentence);
        fanout
            .chain(signalling)
            .chain(self.calls.iter().map(calls::Measured::sentence))
            .chain(transcoding)
            .chain(self.mixing.iter().map(mixer::Cost::sentence))
            .chain(self.mix_delay.iter().map(mixed::Delay::sentence))
            .chain(share)
            .chain(self.glass.iter().map(glass::Pairing::sentence))
            .collect()
    }

    /// Adds what could not be measured and shows why.
    pub(crate) fn failed(&mut self, why: String) {
        println!("not measured: {why}");
        self.failures.push(why);
    }

    fn bars(&self) -> Vec<Bar> {
        let mut bars: Vec<_> = self.points.iter().flat_map(bars).collect();
        if let Some(s) = &self.signalling {
            let what = format!("{}: memory per connection", signalling::NAME);
            bars.push(Bar { what, value: s.kib_each, limit: SIGNAL_MEMORY_BAR, unit: "KiB" });
        }
        bars.extend(self.fanout.iter().map(hub::Cost::bar));
        bars.extend(self.calls.iter().map(calls::Measured::bar));
        bars.extend(self.mix_delay.iter().map(mixed::Delay::bar));
        bars.extend(self.share.iter().map(share::Pairing::bar));
        bars.extend(self.glass.iter().filter_map(glass::Pairing::bar));
        bars
    }

    /// Prints everything together.
    pub(crate) fn print(&self) {
        println!(
            "\nserver, loop: CPU seconds per GB delivered; ratio: server / loop (of WebRTC: it encrypts); p50, p99: added latency;"
        );
        println!(
            "key: first keyframe after play; KiB/sub: resident memory of the server; %/sub: of a processor; CPU s/s: of the \
             server.\n"
        );
        println!("{}", head());
        for m in &self.points {
            println!("{}", row(m, self.seconds));
        }
        println!();
        for m in &self.points {
            println!("{}", cost(m));
        }
        for sentence in self.sentences() {
            println!("{sentence}");
        }
        println!();
        for bar in self.bars() {
            let verdict = if bar.met() { "PASS" } else { "MISS" };
            println!("{verdict}  {:<48} {:>9.2} {:<3} (bar {})", bar.what, bar.value, bar.unit, bar.limit);
        }
        for why in &self.failures {
            println!("MISS  not measured: {why}");
        }
    }

    /// Writes everything as JSON.
    pub(crate) fn write(&self, path: &Path) -> Result<(), String> {
        let bars: Vec<_> = self.bars().iter().map(Bar::json).collect();
        let document = json!({
            "points": self.points.iter().map(|m| json(m, self.seconds)).collect::<Vec<_>>(),
            "fanout_alone": self.fanout.as_ref().map(hub::Cost::json),
            "signalling": self.signalling.as_ref().map(signalling::Measured::json),
            "calls": self.calls.as_ref().map(calls::Measured::json),
            "mixing": self.mixing.as_ref().map(mixer::Cost::json),
            "mix_delay": self.mix_delay.as_ref().map(mixed::Delay::json),
            "transcoding": self.transcoding.iter().map(transcode::Cost::json).collect::<Vec<_>>(),
            "server_share": self.share.iter().map(share::Pairing::json).collect::<Vec<_>>(),
            "glass_to_glass": self.glass.iter().map(glass::Pairing::json).collect::<Vec<_>>(),
            "machine": process::machine(),
            "load_average": process::load_average(),
            "bars": bars,
            "failures": self.failures,
        });
        let text = serde_json::to_string_pretty(&document).map_err(|e| e.to_string())?;
        let fail = |e: std::io::Error| format!("{} cannot be written: {e}", path.display());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(fail)?;
        }
        std::fs::write(path, text + "\n").map_err(fail)?;
        println!("\nfigures: {}", path.display());
        Ok(())
    }
}
