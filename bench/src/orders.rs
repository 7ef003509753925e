//! What the coordinator tells its processes, one JSON object per line, and what they answer.

use crate::histogram::Histogram;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};

/// To the process that holds the subscribers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum LoadOrder {
    /// Connect `each` subscribers to each address. Answered with [`Came`] when every one receives or has failed.
    Open {
        /// Name of these subscribers in later orders.
        group: usize,
        /// `rtmp://`, `http://` or `loop://host:port/stream`.
        urls: Vec<String>,
        /// Subscribers per address.
        each: usize,
        /// How fast they come.
        per_second: usize,
    },
    /// Tell what was received since the last snapshot of the group: [`Figures`].
    Snapshot {
        /// The group.
        group: usize,
    },
}

/// What became of the subscribers of one order.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Came {
    /// Receiving.
    pub(crate) open: usize,
    /// Refused, broken or closed.
    pub(crate) failed: usize,
}

/// What a group of subscribers has received.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Connected and receiving.
    pub(crate) open: usize,
    /// Refused, broken or closed.
    pub(crate) failed: usize,
    /// Bytes read from sockets.
    pub(crate) bytes: u64,
    /// Whole messages.
    pub(crate) messages: u64,
    /// Messages missing between two that came.
    pub(crate) holes: u64,
    /// From sending to the last byte read.
    pub(crate) latency: Histogram,
    /// From asking to play to the last byte of the first keyframe.
    pub(crate) first_key: Histogram,
}

impl Figures {
    pub(crate) fn merge(&mut self, other: &Self) {
        self.open += other.open;
        self.failed += other.failed;
        self.bytes += other.bytes;
        self.messages += other.messages;
        self.holes += other.holes;
        self.latency.merge(&other.latency);
        self.first_key.merge(&other.first_key);
    }
}

/// To a process that sends streams: the publisher, or the loop that is the reference.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum SourceOrder {
    /// Prepare one stream per address (the loop needs only their number).
    Open {
        /// The addresses.
        urls: Vec<String>,
    },
    /// Send.
    Run,
    /// Stop sending.
    Pause,
}

/// The answer to a [`SourceOrder`].
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sent {
    /// Messages sent since the last `Run`, by stream.
    pub(crate) messages: Vec<u64>,
}

/// A process of this run. It ends with its handle.
pub(crate) struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts this program with a subcommand.
    pub(crate) fn start(args: &[&str]) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|e| format!("this program has no path: {e}"))?;
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|e| format!("{args:?} cannot be started: {e}"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("a worker has no pipes".to_owned());
        };
        Ok(Self { child, input, output: BufReader::new(output) })
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Reads one answer.
    pub(crate) fn answer<T: DeserializeOwned>(&mut self) -> Result<T, String> {
        let mut line = String::new();
        match self.output.read_line(&mut line) {
            Ok(0) => Err("a worker ended".to_owned()),
            Ok(_) => serde_json::from_str(&line).map_err(|e| format!("a worker answered {line:?}: {e}")),
            Err(e) => Err(format!("a worker cannot be heard: {e}")),
        }
    }

    /// Gives an order and reads the answer.
    pub(crate) fn ask<T: DeserializeOwned>(&mut self, order: &impl Serialize) -> Result<T, String> {
        let line = serde_json::to_string(order).map_err(|e| e.to_string())?;
        writeln!(self.input, "{line}").map_err(|e| format!("a worker does not listen: {e}"))?;
        self.answer()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("a worker did not end: {error}");
        }
    }
}

/// Orders from standard input, until its end.
pub(crate) fn orders<T: DeserializeOwned>() -> impl Iterator<Item = T> {
    std::io::stdin().lines().map_while(Result::ok).filter_map(|line| match serde_json::from_str(&line) {
        Ok(order) => Some(order),
        Err(error) => {
            eprintln!("an order cannot be read: {error}: {line}");
            None
        }
    })
}

/// Answers the coordinator.
pub(crate) fn reply(answer: &impl Serialize) {
    let line = serde_json::to_string(answer).expect("answers are plain data");
    println!("{line}");
}

/// The life of a reference loop: it makes room for streams, runs and pauses as it is told. `go` wakes the thread that
/// sends, `finished` brings what it sent.
pub(crate) fn obey(
    open: impl Fn(usize),
    running: &AtomicBool,
    go: &SyncSender<()>,
    finished: &Receiver<Sent>,
) -> Result<(), String> {
    for order in orders() {
        match order {
            SourceOrder::Open { urls } => {
                open(urls.len());
                reply(&Sent::default());
            }
            SourceOrder::Run => {
                running.store(true, Ordering::Release);
                go.send(()).map_err(|e| e.to_string())?;
                reply(&Sent::default());
            }
            SourceOrder::Pause => {
                running.store(false, Ordering::Release);
                reply(&finished.recv().map_err(|e| e.to_string())?);
            }
        }
    }
    Ok(())
}
