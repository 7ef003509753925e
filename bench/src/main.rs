//! `make bench`: what the server costs, beside what the plainest loop costs that does the same in the same run.
//!
//! Each point runs four processes: the server under test, the loop, a publisher, and one that holds all
//! subscribers and reads each socket as soon as it has something. Server and loop have the same readers in turns.
//! The cost is the CPU time of the server's (or the loop's) process alone, per byte that arrived.

mod clock;
mod histogram;
mod house;
mod load;
mod orders;
mod point;
mod process;
mod publisher;
mod reference;
mod report;
mod server;
mod stream;
mod walker;

use clap::{Parser, Subcommand};
use huitong_types::Scene;
use point::{Effort, Measured, Point, Transport};
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
    /// Only points whose name contains one of these words, for example `RTMP`, `live`, `1000`, `all`.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Subscribers of the single stream.
    #[arg(long, value_delimiter = ',', default_values_t = [1000, 4000])]
    subscribers: Vec<usize>,
    /// Members who all watch each other.
    #[arg(long, default_value_t = 20)]
    members: usize,
    /// Turns of loop and server at each point.
    #[arg(long)]
    rounds: Option<usize>,
    /// Seconds of a turn.
    #[arg(long)]
    seconds: Option<f64>,
    /// Where the figures go as JSON.
    #[arg(long, default_value = "out/bench.json")]
    out: PathBuf,
    #[command(subcommand)]
    worker: Option<Work>,
}

/// The other processes of a run; this program starts them itself.
#[derive(Subcommand, Clone, Copy)]
enum Work {
    /// The media half of the server with an authority that allows everything.
    #[command(hide = true)]
    House {
        /// Scene of its rooms.
        #[arg(value_parser = scene)]
        scene: Scene,
    },
    /// The reference.
    #[command(hide = true)]
    Loop,
    /// The subscribers.
    #[command(hide = true)]
    Load,
    /// The publishers.
    #[command(hide = true)]
    Publish,
}

fn scene(name: &str) -> Result<Scene, String> {
    match name {
        "rtc" => Ok(Scene::Rtc),
        "live" => Ok(Scene::Live),
        other => Err(format!("{other} is neither rtc nor live")),
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.worker {
        None => coordinate(&arguments),
        Some(Work::House { scene }) => house::run(scene),
        Some(Work::Loop) => reference::run(),
        Some(Work::Load) => load::run(),
        Some(Work::Publish) => publisher::run(),
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
    let wanted = |p: &Point| arguments.only.is_empty() || arguments.only.iter().any(|w| p.name().contains(w));
    points.into_iter().filter(wanted).collect()
}

fn coordinate(arguments: &Arguments) -> Result<(), String> {
    let start = Instant::now();
    let rounds = arguments.rounds.unwrap_or(if arguments.quick { 2 } else { 3 });
    let seconds = arguments.seconds.unwrap_or(if arguments.quick { 3.0 } else { 6.0 });
    let effort = Effort { rounds, turn: Duration::from_secs_f64(seconds) };
    println!("open files allowed: {}", process::raise_open_files());
    let mut measured = Vec::new();
    for point in points(arguments) {
        let tell =
            |what: &str| eprintln!("[{:>4.0} s] {}: {what}", start.elapsed().as_secs_f64(), point.name());
        match point::measure(point, effort, &tell) {
            Ok(m) => {
                println!("{}\n{}", report::head(), report::row(&m, seconds * rounds as f64));
                measured.push(m);
            }
            Err(error) => println!("{}: not measured: {error}", point.name()),
        }
    }
    print_all(&measured, seconds * rounds as f64);
    write_json(arguments, &measured)
}

fn print_all(measured: &[Measured], seconds: f64) {
    println!(
        "\nCPU in seconds per GB delivered; ratio: server / loop; KiB/sub: resident memory of the server.\n"
    );
    println!("{}", report::head());
    for m in measured {
        println!("{}", report::row(m, seconds));
    }
    println!();
    for bar in measured.iter().flat_map(report::bars) {
        let verdict = if bar.met() { "PASS" } else { "MISS" };
        println!("{verdict}  {:<48} {:>9.2} {:<3} (bar {})", bar.what, bar.value, bar.unit, bar.limit);
    }
}

fn write_json(arguments: &Arguments, measured: &[Measured]) -> Result<(), String> {
    let bars: Vec<_> = measured.iter().flat_map(report::bars).collect();
    let bars: Vec<_> = bars
        .iter()
        .map(|b| serde_json::json!({ "what": b.what, "value": b.value, "limit": b.limit, "unit": b.unit, "met": b.met() }))
        .collect();
    let points: Vec<_> = measured.iter().map(report::json).collect();
    let document = serde_json::json!({ "points": points, "bars": bars });
    let text = serde_json::to_string_pretty(&document).map_err(|e| e.to_string())?;
    let fail = |e: std::io::Error| format!("{} cannot be written: {e}", arguments.out.display());
    if let Some(folder) = arguments.out.parent() {
        std::fs::create_dir_all(folder).map_err(fail)?;
    }
    std::fs::write(&arguments.out, text + "\n").map_err(fail)?;
    println!("\nfigures: {}", arguments.out.display());
    Ok(())
}
