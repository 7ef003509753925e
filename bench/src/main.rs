//! `make bench`: what the server costs, beside what the plainest loop costs that does the same in the same run.
//!
//! Each point runs four processes: the server under test, the loop, a publisher, and one that holds all
//! subscribers and reads each socket as soon as it has something. Server and loop have the same readers in turns.
//! The cost is the CPU time of the server's (or the loop's) process alone, per byte that arrived.

mod calls;
mod clock;
mod cost;
mod glass;
mod histogram;
mod hub;
mod load;
mod mixed;
mod mixer;
mod orders;
mod point;
mod process;
mod publisher;
mod reference;
mod report;
mod server;
mod share;
mod signalling;
mod stream;
mod transcode;
mod walker;
mod webrtc;

use clap::{Parser, Subcommand};
use huitong_types::Scene;
use point::{Effort, Point, Transport};
use report::Report;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the server beside the plainest loop.
#[derive(Parser)]
#[command(name = "huitong-bench")]
struct Arguments {
    /// Short turns: all points in a few minutes.
    #[arg(long)]
    quick: bool,
    /// Only points whose name contains one of these words, for example `RTMP`, `live`, `1000`, `all`; and
    /// only parts whose name does: `fanout`, `signalling`, `calls`, `transcoding`, `mixing`, `mix delay`, `share`, `glass`.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Subscribers of the single stream.
    #[arg(long, value_delimiter = ',', default_values_t = [1000, 4000])]
    subscribers: Vec<usize>,
    /// Viewers of the single stream over WebRTC.
    #[arg(long, value_delimiter = ',', default_values_t = [50, 200, 500])]
    viewers: Vec<usize>,
    /// Members who all watch each other.
    #[arg(long, default_value_t = 20)]
    members: usize,
    /// Turns of loop and server at each point.
    #[arg(long)]
    rounds: Option<usize>,
    /// Seconds of a turn.
    #[arg(long)]
    seconds: Option<f64>,
    /// Signalling connections.
    #[arg(long, default_value_t = 2000)]
    sessions: usize,
    /// Sessions that are logged in while calls are measured.
    #[arg(long, default_value_t = 10_000)]
    callable: usize,
    /// The server's binary; by default the one beside this program.
    #[arg(long)]
    server: Option<PathBuf>,
    /// Another build of the server: it has the same subscribers in turns with the first, and the two are compared.
    #[arg(long)]
    against: Option<PathBuf>,
    /// Where the figures go as JSON.
    #[arg(long, default_value = "out/bench.json")]
    out: PathBuf,
    #[command(subcommand)]
    worker: Option<Work>,
}

/// The other processes of a run; this program starts them itself.
#[derive(Subcommand, Clone, Copy)]
enum Work {
    /// The reference.
    #[command(hide = true)]
    Loop,
    /// The subscribers.
    #[command(hide = true)]
    Load,
    /// The publishers.
    #[command(hide = true)]
    Publish,
    /// The reference of WebRTC.
    #[command(hide = true)]
    RtpLoop,
    /// The viewers of WebRTC.
    #[command(hide = true)]
    Screens,
    /// The publishers of WebRTC.
    #[command(hide = true)]
    Whip,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.worker {
        None => coordinate(&arguments),
        Some(Work::Loop) => reference::run(),
        Some(Work::Load) => load::run(),
        Some(Work::Publish) => publisher::run(),
        Some(Work::RtpLoop) => webrtc::reference::run(),
        Some(Work::Screens) => webrtc::screens::run(),
        Some(Work::Whip) => webrtc::publisher::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn points(arguments: &Arguments) -> Vec<Point> {
    let mut points = Vec::new();
    for each in &arguments.subscribers {
        for transport in [Transport::Rtmp, Transport::Flv] {
            for scene in [Scene::Rtc, Scene::Live] {
                points.push(Point { transport, scene, streams: 1, each: *each });
            }
        }
    }
    let members = arguments.members;
    points.push(Point { transport: Transport::Rtmp, scene: Scene::Rtc, streams: members, each: members - 1 });
    for each in &arguments.viewers {
        points.push(Point { transport: Transport::Webrtc, scene: Scene::Rtc, streams: 1, each: *each });
    }
    let wanted = |p: &Point| arguments.only.is_empty() || arguments.only.iter().any(|w| p.name().contains(w));
    points.into_iter().filter(wanted).collect()
}

fn coordinate(arguments: &Arguments) -> Result<(), String> {
    let start = Instant::now();
    let rounds = arguments.rounds.unwrap_or(if arguments.quick { 2 } else { 3 });
    let seconds = arguments.seconds.unwrap_or(if arguments.quick { 3.0 } else { 6.0 });
    let effort = Effort { rounds, turn: Duration::from_secs_f64(seconds) };
    let binary = server::Binary::find(arguments.server.as_deref())?;
    let other = arguments.against.as_deref().map(|path| server::Binary::find(Some(path))).transpose()?;
    let builds = point::Builds { this: &binary, other: other.as_ref() };
    println!("{} with {} open files allowed", binary.path().display(), process::raise_open_files());
    println!("{}, load average {}", process::machine(), process::load_average());
    println!("what the servers say goes to {}", server::LOG);
    let mut report = Report::new(seconds * rounds as f64);
    for point in points(arguments) {
        let tell =
            |what: &str| eprintln!("[{:>4.0} s] {}: {what}", start.elapsed().as_secs_f64(), point.name());
        match point::measure(builds, point, effort, &tell) {
            Ok(measured) => report.add(measured),
            Err(error) => report.failed(format!("{}: {error}", point.name())),
        }
    }
    rest(arguments, &binary, &effort, start, &mut report);
    report.print();
    report.write(&arguments.out)
}

/// Everything that is no point: each part by its name.
fn rest(
    arguments: &Arguments,
    binary: &server::Binary,
    effort: &Effort,
    start: Instant,
    report: &mut Report,
) {
    let wanted =
        |name: &str| arguments.only.is_empty() || arguments.only.iter().any(|word| name.contains(word));
    let teller = |name: &'static str| {
        move |what: &str| eprintln!("[{:>4.0} s] {name}: {what}", start.elapsed().as_secs_f64())
    };
    let length = effort.turn * effort.rounds as u32;
    if wanted(hub::NAME) {
        report.add_fanout(hub::measure(effort.rounds));
    }
    let name = signalling::NAME;
    if wanted(name) {
        match signalling::measure(binary, arguments.sessions, &teller(name)) {
            Ok(measured) => report.add_signalling(measured),
            Err(error) => report.failed(format!("{name}: {error}")),
        }
    }
    let name = calls::NAME;
    if wanted(name) {
        match calls::measure(binary, arguments.callable, &teller(name)) {
            Ok(measured) => report.add_calls(measured),
            Err(error) => report.failed(format!("{name}: {error}")),
        }
    }
    let name = transcode::NAME;
    if wanted(name) {
        match transcode::measure(effort.rounds, &teller(name)) {
            Ok(costs) => report.add_transcoding(costs),
            Err(error) => report.failed(format!("{name}: {error}")),
        }
    }
    let name = mixer::NAME;
    if wanted(name) {
        match mixer::measure(effort.rounds, &teller(name)) {
            Ok(cost) => report.add_mixing(cost),
            Err(error) => report.failed(format!("{name}: {error}")),
        }
    }
    let name = mixed::NAME;
    if wanted(name) {
        match mixed::measure(binary, length, &teller(name)) {
            Ok(delay) => report.add_mix_delay(delay),
            Err(error) => report.failed(format!("{name}: {error}")),
        }
    }
    let name = share::NAME;
    if wanted(name) {
        match share::measure(binary, length, &teller(name)) {
            Ok(pairings) => report.add_share(pairings),
            Err(error) => report.failed(format!("{name}: {error}")),
        }
    }
    let name = glass::NAME;
    if wanted(name) {
        match glass::measure(binary, effort.turn.as_secs_f64(), &teller(name)) {
            Ok(pairings) => report.add_glass(pairings),
            Err(error) => report.failed(format!("{name}: {error}")),
        }
    }
}
