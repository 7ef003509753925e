//! The clock that all processes of a run share.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Nanoseconds of the machine's monotonic clock: the same in every process.
pub(crate) fn now_ns() -> u64 {
    let t = clock_gettime(ClockId::Monotonic);
    t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
}

/// Sleeps until that time; returns at once if it is past.
pub(crate) fn sleep_until(ns: u64) {
    let now = now_ns();
    if ns > now {
        std::thread::sleep(Duration::from_nanos(ns - now));
    }
}

/// Nanoseconds of processor time that this thread has had.
pub(crate) fn thread_cpu_ns() -> u64 {
    let t = clock_gettime(ClockId::ThreadCPUTime);
    t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
}
