//! The process that holds the subscribers. Its threads read every socket as soon as it has something.

mod reader;
mod subscriber;

use crate::orders::{Came, Figures, LoadOrder, orders, reply};
use reader::{Reader, Wanted};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

/// Threads that read. The server has the same machine; more threads than processors would only wait.
pub(crate) const READERS: usize = 2;

/// Pause between two looks at whether all subscribers of a group receive.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Looks until a group that does not come is reported as it is: half a minute.
pub(crate) const LOOKS: usize = 1500;

/// Figures by group, shared between a reader and the process.
pub(crate) type Board = Arc<Mutex<HashMap<usize, Figures>>>;

pub(crate) fn lock(board: &Board) -> std::sync::MutexGuard<'_, HashMap<usize, Figures>> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Orders that wait for one reader. The controller gives one at a time and waits for its effect.
const ORDERS: usize = 16;

/// Runs the process.
pub(crate) fn run() -> Result<(), String> {
    let mut readers = Vec::new();
    for _ in 0..READERS {
        let board = Board::default();
        let (sender, receiver) = mpsc::sync_channel(ORDERS);
        let (mut reader, waker) = Reader::new(Arc::clone(&board), receiver).map_err(|e| e.to_string())?;
        std::thread::spawn(move || reader.run());
        readers.push((board, sender, waker));
    }
    for order in orders() {
        match order {
            LoadOrder::Open { group, urls, each, per_second } => {
                let all: Vec<_> = urls.iter().flat_map(|url| std::iter::repeat_n(url, each)).collect();
                let count = all.len();
                let before = sum(readers.iter().map(|r| &r.0), group, false);
                for (n, (_, sender, waker)) in readers.iter().enumerate() {
                    let urls = all.iter().skip(n).step_by(READERS).map(|url| (*url).clone()).collect();
                    let wanted = Wanted { group, urls, per_second: (per_second / READERS).max(1) };
                    sender.send(wanted).map_err(|e| e.to_string())?;
                    waker.wake().map_err(|e| e.to_string())?;
                }
                let came = || {
                    let now = sum(readers.iter().map(|r| &r.0), group, false);
                    Came { open: now.open - before.open, failed: now.failed - before.failed }
                };
                for _ in 0..LOOKS {
                    let now = came();
                    if now.open + now.failed >= count {
                        break;
                    }
                    std::thread::sleep(LOOK_AGAIN);
                }
                reply(&came());
            }
            LoadOrder::Snapshot { group } => reply(&sum(readers.iter().map(|r| &r.0), group, true)),
        }
    }
    Ok(())
}

/// The figures of a group over all readers. `reset` starts the counts (not the connections) anew.
pub(crate) fn sum<'a>(boards: impl Iterator<Item = &'a Board>, group: usize, reset: bool) -> Figures {
    let mut sum = Figures::default();
    for board in boards {
        let mut board = lock(board);
        let figures = board.entry(group).or_default();
        sum.merge(figures);
        if reset {
            *figures = Figures { open: figures.open, failed: figures.failed, ..Figures::default() };
        }
    }
    sum
}
