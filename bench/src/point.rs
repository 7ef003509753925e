//! One point of the measure: so many subscribers of one kind, server and loop in turns.

use crate::cost::Turns;
use crate::orders::{Came, Figures, LoadOrder, Sent, SourceOrder, Worker};
use crate::process::{Threads, load_average, resident_kib};
use crate::server::{Binary, Server};
use huitong_types::Scene;
use std::time::Duration;

/// What subscribers speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// RTMP.
    Rtmp,
    /// HTTP-FLV.
    Flv,
    /// WebRTC, from a browser that publishes by WHIP.
    Webrtc,
}

impl Transport {
    /// Name, for tables.
    const fn name(self) -> &'static str {
        match self {
            Self::Rtmp => "RTMP",
            Self::Flv => "FLV",
            Self::Webrtc => "WebRTC",
        }
    }

    /// Subcommands of the loop, the publishers and the subscribers.
    const fn workers(self) -> [&'static str; 3] {
        match self {
            Self::Rtmp | Self::Flv => ["loop", "publish", "load"],
            Self::Webrtc => ["rtp-loop", "whip", "screens"],
        }
    }

    /// How fast subscribers come, at most: a busy minute of a large room. What WebRTC has to set up takes both ends
    /// a hundred times as long.
    const fn joins_per_second(self) -> usize {
        match self {
            Self::Rtmp | Self::Flv => 500,
            Self::Webrtc => 50,
        }
    }
}

impl Transport {
    /// How long a stream runs before its delay and its cost are looked at. Congestion control, which WebRTC has, takes
    /// seconds to believe again in a link that was idle; no camera pauses as the turns do.
    const fn run_in(self) -> Duration {
        match self {
            Self::Rtmp | Self::Flv => Duration::ZERO,
            Self::Webrtc => Duration::from_secs(4),
        }
    }
}

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    /// Transport of the subscribers.
    pub(crate) transport: Transport,
    /// Scene of the room: selects the send window.
    pub(crate) scene: Scene,
    /// Members who publish.
    pub(crate) streams: usize,
    /// Subscribers of each of them.
    pub(crate) each: usize,
}

impl Point {
    /// Subscribers of all streams.
    pub(crate) const fn subscribers(&self) -> usize {
        self.streams * self.each
    }

    /// Short name, for tables.
    pub(crate) fn name(&self) -> String {
        let transport = self.transport.name();
        let scene = if self.scene == Scene::Rtc { "rtc" } else { "live" };
        if self.streams == 1 {
            format!("{transport} {scene} {}", self.each)
        } else {
            format!("{transport} {scene} {} all", self.streams)
        }
    }
}

/// How long and how often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Turns of loop and server.
    pub(crate) rounds: usize,
    /// Length of a turn.
    pub(crate) turn: Duration,
}

/// What one side did in all its turns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Side {
    /// CPU seconds of its process.
    pub(crate) cpu: f64,
    /// What the subscribers got.
    pub(crate) got: Figures,
    /// Messages that the subscribers should have got.
    pub(crate) expected: u64,
    /// What each turn cost.
    pub(crate) turns: Turns,
    /// Writes to subscribers, where the process tells them.
    pub(crate) writes: Option<u64>,
}

impl Side {
    /// CPU seconds per GB that arrived.
    pub(crate) fn cpu_per_gb(&self) -> f64 {
        self.cpu / (self.got.bytes as f64 / 1e9)
    }

    /// Part of a processor for each subscriber, in percent, where all turns took so many seconds.
    pub(crate) fn percent_each(&self, seconds: f64, subscribers: usize) -> f64 {
        100.0 * self.cpu / seconds / subscribers as f64
    }

    /// Bytes of a write.
    pub(crate) fn bytes_per_write(&self) -> Option<f64> {
        self.writes.filter(|writes| *writes > 0).map(|writes| self.got.bytes as f64 / writes as f64)
    }

    /// Messages that did not arrive.
    pub(crate) const fn lost(&self) -> u64 {
        self.expected.saturating_sub(self.got.messages)
    }
}

/// What was measured at a point.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    /// The point.
    pub(crate) point: Point,
    /// The server.
    pub(crate) server: Side,
    /// The loop.
    pub(crate) reference: Side,
    /// The other build, if there is one.
    pub(crate) against: Option<Side>,
    /// The subscribers' start at the server.
    pub(crate) start: Figures,
    /// Growth of the server's resident memory per subscriber, KiB.
    pub(crate) kib_each: f64,
    /// What else the machine was doing before the point, as the system tells it.
    pub(crate) load_average: String,
}

/// Name of the server's subscribers.
const AT_SERVER: usize = 0;

/// Name of the loop's subscribers.
const AT_LOOP: usize = 1;

/// Name of the other build's subscribers.
const AT_OTHER: usize = 2;

/// What is still under way after a pause has arrived when nothing came for this long.
const QUIET: Duration = Duration::from_millis(250);

/// A backlog that has not arrived after so many times [`QUIET`] counts as lost.
const QUIET_LOOKS: usize = 80;

/// Subscribers that warm the server up before its memory is looked at, so that what it has once (heaps of its
/// threads, the packets kept) is not counted for each.
const WARM: usize = 50;

/// The server keeps six seconds of packets.
const RING_FILLS: Duration = Duration::from_millis(6500);

/// Memory settles in this time after the last subscriber came.
const SETTLE: Duration = Duration::from_millis(1500);

/// Servers of this point: the one under test, and perhaps another build of it.
#[derive(Clone, Copy)]
pub(crate) struct Builds<'a> {
    /// The one that is measured.
    pub(crate) this: &'a Binary,
    /// What it is compared with.
    pub(crate) other: Option<&'a Binary>,
}

/// A server with its publishers.
struct Contender {
    server: Server,
    publisher: Worker,
    play: Vec<String>,
    group: usize,
}

impl Contender {
    fn start(binary: &Binary, point: &Point, group: usize) -> Result<Self, String> {
        let server = binary.start()?;
        let [_, publisher, _] = point.transport.workers();
        let mut publisher = Worker::start(&[publisher])?;
        let streams = server.streams(point.streams, point.scene)?;
        let push = streams.iter().map(|s| match point.transport {
            Transport::Rtmp | Transport::Flv => s.push.clone(),
            Transport::Webrtc => s.whip.clone(),
        });
        publisher.ask::<Sent>(&SourceOrder::Open { urls: push.collect() })?;
        let play = streams.iter().map(|s| match point.transport {
            Transport::Rtmp => s.rtmp.clone(),
            Transport::Flv => s.flv.clone(),
            Transport::Webrtc => s.whep.clone(),
        });
        let play = play.collect();
        Ok(Self { server, publisher, play, group })
    }

    /// Lets all subscribers come; their start, and what each takes of the server's memory, KiB.
    fn fill(&mut self, load: &mut Worker, point: &Point) -> Result<(Figures, f64), String> {
        self.publisher.ask::<Sent>(&SourceOrder::Run)?;
        let first = if point.streams == 1 { WARM.min(point.each / 2) } else { 0 };
        open(load, self.group, &self.play, first, point)?;
        std::thread::sleep(if first > 0 { RING_FILLS } else { SETTLE });
        let before = resident_kib(self.server.pid())?;
        open(load, self.group, &self.play, point.each - first, point)?;
        std::thread::sleep(SETTLE);
        let grown = resident_kib(self.server.pid())? - before;
        self.publisher.ask::<Sent>(&SourceOrder::Pause)?;
        // The start is over: its keyframes are in these figures and not in those of the turns.
        let start = drain(load, self.group)?;
        Ok((start, grown / (point.streams * (point.each - first)) as f64))
    }

    fn turn(&mut self, stage: &mut Stage<'_>, side: &mut Side) -> Result<(), String> {
        let before = self.server.writes();
        stage.turn(&mut self.publisher, self.server.pid(), self.group, side)?;
        let made = self.server.writes().zip(before).map(|(after, before)| after.saturating_sub(before));
        side.writes = made.map(|made| side.writes.unwrap_or_default() + made);
        Ok(())
    }
}

/// Measures a point. `tell` gets lines of progress.
pub(crate) fn measure(
    builds: Builds<'_>,
    point: Point,
    effort: Effort,
    tell: &dyn Fn(&str),
) -> Result<Measured, String> {
    let load_average = load_average();
    let [reference, _, load] = point.transport.workers();
    let mut server = Contender::start(builds.this, &point, AT_SERVER)?;
    let mut other = builds.other.map(|binary| Contender::start(binary, &point, AT_OTHER)).transpose()?;
    let mut reference = Worker::start(&[reference])?;
    let loop_address: String = reference.answer()?;
    let mut load = Worker::start(&[load])?;
    tell("subscribers come to the server");
    let (start, kib_each) = server.fill(&mut load, &point)?;
    if let Some(other) = &mut other {
        tell("subscribers come to the other build");
        other.fill(&mut load, &point)?;
    }
    tell("subscribers come to the loop");
    let at_loop: Vec<String> = (0..point.streams).map(|n| format!("loop://{loop_address}/{n}")).collect();
    reference.ask::<Sent>(&SourceOrder::Open { urls: at_loop.clone() })?;
    open(&mut load, AT_LOOP, &at_loop, point.each, &point)?;
    drain(&mut load, AT_LOOP)?;

    let mut stage = Stage { load: &mut load, point, effort };
    let mut sides = [Side::default(), Side::default(), Side::default()];
    let [of_server, of_loop, of_other] = &mut sides;
    for round in 1..=effort.rounds {
        tell(&format!("turn {round}: loop"));
        let pid = reference.pid();
        stage.turn(&mut reference, pid, AT_LOOP, of_loop)?;
        // Who is first alternates: a machine that becomes slower or faster favours neither.
        let server_first = round % 2 == 1;
        if server_first {
            tell(&format!("turn {round}: server"));
            server.turn(&mut stage, of_server)?;
        }
        if let Some(other) = &mut other {
            tell(&format!("turn {round}: other build"));
            other.turn(&mut stage, of_other)?;
        }
        if !server_first {
            tell(&format!("turn {round}: server"));
            server.turn(&mut stage, of_server)?;
        }
    }
    let [of_server, reference, of_other] = sides;
    let against = other.map(|_| of_other);
    Ok(Measured { point, server: of_server, reference, against, start, kib_each, load_average })
}

/// Lets `each` more subscribers come to every address.
fn open(load: &mut Worker, group: usize, urls: &[String], each: usize, point: &Point) -> Result<(), String> {
    let urls = urls.to_vec();
    let wanted = each * urls.len();
    let order = LoadOrder::Open { group, urls, each, per_second: point.transport.joins_per_second() };
    let came: Came = load.ask(&order)?;
    if came.open < wanted || came.failed > 0 {
        return Err(format!(
            "{}: of {wanted} subscribers {} came and {} failed",
            point.name(),
            came.open,
            came.failed
        ));
    }
    Ok(())
}

/// Where the turns of a point take place.
struct Stage<'a> {
    load: &'a mut Worker,
    point: Point,
    effort: Effort,
}

impl Stage<'_> {
    /// Lets a source send for a turn and adds what that cost the process `pid` and what arrived.
    fn turn(&mut self, source: &mut Worker, pid: u32, group: usize, side: &mut Side) -> Result<(), String> {
        let run_in = self.point.transport.run_in();
        source.ask::<Sent>(&SourceOrder::Run)?;
        std::thread::sleep(run_in);
        if !run_in.is_zero() {
            let early: Figures = self.load.ask(&LoadOrder::Snapshot { group })?;
            // What was lost counts from the beginning.
            side.got.messages += early.messages;
            side.got.holes += early.holes;
        }
        let before = Threads::of(pid)?;
        std::thread::sleep(self.effort.turn);
        let sent: Sent = source.ask(&SourceOrder::Pause)?;
        let got = drain(self.load, group)?;
        let cpu_ns = Threads::of(pid)?.since(&before);
        side.cpu += cpu_ns as f64 / 1e9;
        side.turns.add(cpu_ns, got.messages);
        if got.failed > 0 {
            return Err(format!("{}: {} subscribers were cut off", self.point.name(), got.failed));
        }
        side.got.merge(&Figures { open: 0, ..got });
        side.expected += sent.messages.iter().sum::<u64>() * self.point.each as u64;
        Ok(())
    }
}

/// Takes the figures of a group once nothing more arrives.
fn drain(load: &mut Worker, group: usize) -> Result<Figures, String> {
    let mut sum = Figures::default();
    for _ in 0..QUIET_LOOKS {
        std::thread::sleep(QUIET);
        let more: Figures = load.ask(&LoadOrder::Snapshot { group })?;
        let quiet = more.bytes == 0;
        sum.open = 0;
        sum.failed = 0;
        sum.merge(&more);
        if quiet {
            break;
        }
    }
    Ok(sum)
}
