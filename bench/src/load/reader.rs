//! One reading thread.

use super::subscriber::{Gone, Subscriber};
use super::{Board, lock};
use crate::clock::now_ns;
use mio::{Events, Interest, Poll, Token, Waker};
use std::collections::VecDeque;
use std::io;
use std::sync::mpsc;
use std::time::Duration;

/// Token of the waker; subscribers have the numbers below.
const WAKER: Token = Token(usize::MAX);

/// Bytes read at once.
const READ_BYTES: usize = 128 * 1024;

/// Subscribers that are to come.
pub(super) struct Wanted {
    pub(super) group: usize,
    pub(super) urls: VecDeque<String>,
    pub(super) per_second: usize,
}

/// One thread with its subscribers.
pub(super) struct Reader {
    poll: Poll,
    subscribers: Vec<Option<Subscriber>>,
    orders: mpsc::Receiver<Wanted>,
    wanted: VecDeque<Wanted>,
    next_ns: u64,
    board: Board,
}

impl Reader {
    pub(super) fn new(board: Board, orders: mpsc::Receiver<Wanted>) -> io::Result<(Self, Waker)> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let (subscribers, wanted) = (Vec::new(), VecDeque::new());
        Ok((Self { poll, subscribers, orders, wanted, next_ns: 0, board }, waker))
    }

    /// Runs until the process ends.
    pub(super) fn run(&mut self) {
        let mut events = Events::with_capacity(1024);
        let mut buffer = vec![0u8; READ_BYTES];
        loop {
            let timeout = (!self.wanted.is_empty())
                .then(|| Duration::from_nanos(self.next_ns.saturating_sub(now_ns()).max(1)));
            if let Err(error) = self.poll.poll(&mut events, timeout)
                && error.kind() != io::ErrorKind::Interrupted
            {
                eprintln!("a reader cannot wait: {error}");
                return;
            }
            self.wanted.extend(self.orders.try_iter());
            self.open_due();
            let mut board = lock(&self.board);
            for event in &events {
                let Some(place) = self.subscribers.get_mut(event.token().0) else { continue };
                let Some(subscriber) = place else { continue };
                let figures = board.entry(subscriber.group).or_default();
                let mut step = Ok(());
                if event.is_writable() {
                    step = subscriber.write();
                }
                if step.is_ok() && event.is_readable() {
                    step = subscriber.read(&mut buffer, figures);
                }
                if let Err(Gone) = step {
                    figures.failed += 1;
                    *place = None;
                }
            }
        }
    }

    /// Opens the connections whose time has come.
    fn open_due(&mut self) {
        while let Some(wanted) = self.wanted.front_mut() {
            let now = now_ns();
            if self.next_ns > now {
                return;
            }
            let Some(url) = wanted.urls.pop_front() else {
                self.wanted.pop_front();
                continue;
            };
            self.next_ns =
                self.next_ns.max(now.saturating_sub(100_000_000)) + 1_000_000_000 / wanted.per_second as u64;
            let token = Token(self.subscribers.len());
            let opened = Subscriber::open(&url, wanted.group).and_then(|mut subscriber| {
                let interest = Interest::READABLE | Interest::WRITABLE;
                self.poll.registry().register(&mut subscriber.stream, token, interest).ok()?;
                Some(subscriber)
            });
            if opened.is_none() {
                lock(&self.board).entry(wanted.group).or_default().failed += 1;
            }
            self.subscribers.push(opened);
        }
    }
}
