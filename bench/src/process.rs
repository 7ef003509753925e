//! What the kernel knows about a process.

use std::fs;

/// Ticks of `/proc/<pid>/stat` per second. Linux reports in units of 1/100 s on every architecture (`USER_HZ`).
const TICKS: f64 = 100.0;

/// CPU seconds of all threads of a process so far, in user and kernel mode.
pub(crate) fn cpu_seconds(pid: u32) -> Result<f64, String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).map_err(|e| format!("process {pid}: {e}"))?;
    // The name in parentheses may hold anything; the fields behind it are numbers.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |n: usize| fields.get(n).and_then(|f| f.parse::<f64>().ok());
    match (ticks(11), ticks(12)) {
        (Some(user), Some(system)) => Ok((user + system) / TICKS),
        _ => Err(format!("/proc/{pid}/stat has another form")),
    }
}

/// Resident memory of a process, KiB.
pub(crate) fn resident_kib(pid: u32) -> Result<f64, String> {
    let status =
        fs::read_to_string(format!("/proc/{pid}/status")).map_err(|e| format!("process {pid}: {e}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|l| l.split_whitespace().next()).and_then(|n| n.parse().ok());
    kib.ok_or_else(|| format!("/proc/{pid}/status has no VmRSS"))
}

/// Processes that wanted a processor in the last one, five and fifteen minutes; empty where the system does not tell.
pub(crate) fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// The machine, in a few words: its processors.
pub(crate) fn machine() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let values = |name: &str| -> Vec<String> {
        let lines = text.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned()).collect()
    };
    let model = values("model name").pop().unwrap_or_else(|| "unknown model".to_owned());
    let count = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{count} × {model}")
}

/// Raises the soft limit of open files to the hard one and returns it; children inherit it.
pub(crate) fn raise_open_files() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, wanted) {
        eprintln!("the limit of open files cannot be raised: {error}");
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
