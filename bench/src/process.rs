//! What the kernel knows about a process.

use std::collections::BTreeMap;
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

/// Processor time of the threads of a process so far, ns. Finer than [`cpu_seconds`], whose steps are some percent of a
/// short turn.
pub(crate) struct Threads(BTreeMap<u32, u64>);

impl Threads {
    /// Of the threads that are there now.
    pub(crate) fn of(pid: u32) -> Result<Self, String> {
        let fail = |e: std::io::Error| format!("process {pid}: {e}");
        let mut threads = BTreeMap::new();
        for entry in fs::read_dir(format!("/proc/{pid}/task")).map_err(fail)? {
            let path = entry.map_err(fail)?.path();
            // A thread may end while they are listed.
            let Ok(text) = fs::read_to_string(path.join("schedstat")) else { continue };
            let thread = path.file_name().and_then(|name| name.to_str()?.parse().ok());
            let time = text.split_whitespace().next().and_then(|ns| ns.parse().ok());
            if let (Some(thread), Some(time)) = (thread, time) {
                threads.insert(thread, time);
            }
        }
        if threads.is_empty() {
            return Err(format!("/proc/{pid}/task tells no times: a kernel without schedstat"));
        }
        Ok(Self(threads))
    }

    /// What was spent since `before`, ns. Threads that ended meanwhile are left out: those of a server do nothing for
    /// seconds before they end.
    pub(crate) fn since(&self, before: &Self) -> u64 {
        let spent = |(id, now): (&u32, &u64)| now.saturating_sub(before.0.get(id).copied().unwrap_or(0));
        self.0.iter().map(spent).sum()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_threads_is_that_of_the_process_and_grows_with_work() {
        let pid = std::process::id();
        let before = Threads::of(pid).unwrap();
        let start = crate::clock::thread_cpu_ns();
        let mut sum = 0u64;
        while crate::clock::thread_cpu_ns() - start < 20_000_000 {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        let spent = Threads::of(pid).unwrap().since(&before);
        assert!(spent >= 15_000_000, "{spent} ns of 20 ms");
    }

    #[test]
    fn threads_that_come_count_and_those_that_went_do_not() {
        let threads = |times: &[(u32, u64)]| Threads(times.iter().copied().collect());
        assert_eq!(threads(&[(1, 70), (3, 5)]).since(&threads(&[(1, 50), (2, 900)])), 25);
    }
}
