//! The process that holds the viewers of WebRTC: those of the server, and those of the loop.

use super::assembly::Assembly;
use super::peer::{Identity, Peer};
use super::{DATAGRAM_BYTES, reference};
use crate::clock::{now_ns, sleep_until};
use crate::load::{Board, LOOK_AGAIN, LOOKS, READERS, lock, sum};
use crate::orders::{Came, Figures, LoadOrder, orders, reply};
use crate::stream::Probe;
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token, Waker};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::{Duration, Instant};
use str0m::Event;
use str0m::rtp::RtpPacket;

/// Token of the waker; viewers have the numbers below.
const WAKER: Token = Token(usize::MAX);

/// The machines of viewers are called at most this much later than they wish: their wishes are about feedback and
/// keep-alives, and none is urgent.
const TICK: Duration = Duration::from_millis(5);

/// Viewers on their way to a reader.
const ARRIVALS: usize = 64;

/// What a viewer speaks.
enum Kind {
    /// WebRTC, to the server.
    Screen(Box<Peer>, Assembly),
    /// Datagrams of the loop; the number that comes next and whether all of the present message came.
    Plain(UdpSocket, Option<u16>, bool),
}

/// One viewer.
struct Viewer {
    kind: Kind,
    group: usize,
    asked_ns: u64,
    open: bool,
    had_key: bool,
}

/// Runs the process.
pub(crate) fn run() -> Result<(), String> {
    let identity = Identity::new()?;
    let mut readers = Vec::new();
    for _ in 0..READERS {
        let board = Board::default();
        let (sender, receiver) = mpsc::sync_channel(ARRIVALS);
        let (reader, waker) = Reader::new(Arc::clone(&board), receiver).map_err(|e| e.to_string())?;
        std::thread::spawn(move || reader.run());
        readers.push((board, sender, waker));
    }
    for order in orders() {
        match order {
            LoadOrder::Open { group, urls, each, per_second } => {
                let before = sum(readers.iter().map(|r| &r.0), group, false);
                let mut next = now_ns();
                for (n, url) in urls.iter().flat_map(|url| std::iter::repeat_n(url, each)).enumerate() {
                    sleep_until(next);
                    next = now_ns().max(next) + 1_000_000_000 / per_second.max(1) as u64;
                    let (board, sender, waker) = &readers[n % READERS];
                    place(&identity, url, group, board, sender)?;
                    waker.wake().map_err(|e| e.to_string())?;
                }
                let came = || {
                    let now = sum(readers.iter().map(|r| &r.0), group, false);
                    Came { open: now.open - before.open, failed: now.failed - before.failed }
                };
                for _ in 0..LOOKS {
                    let now = came();
                    if now.open + now.failed >= each * urls.len() {
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

/// Opens a viewer and gives it to a reader.
fn place(
    identity: &Identity,
    url: &str,
    group: usize,
    board: &Board,
    reader: &SyncSender<Viewer>,
) -> Result<(), String> {
    let asked_ns = now_ns();
    let kind = match url.strip_prefix("loop://") {
        Some(rest) => plain(rest),
        None => Peer::open(identity, url, false).map(|peer| Kind::Screen(Box::new(peer), Assembly::new())),
    };
    match kind {
        Ok(kind) => {
            let viewer = Viewer { kind, group, asked_ns, open: false, had_key: false };
            reader.send(viewer).map_err(|_| "a reader is gone".to_owned())
        }
        Err(error) => {
            eprintln!("a viewer does not come in: {error}");
            lock(board).entry(group).or_default().failed += 1;
            Ok(())
        }
    }
}

/// A viewer of the loop.
fn plain(rest: &str) -> Result<Kind, String> {
    let (address, stream) = rest.split_once('/').ok_or("no address of a loop")?;
    let open = || {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(address)?;
        socket.send(stream.as_bytes())?;
        socket.set_nonblocking(true)?;
        Ok::<_, std::io::Error>(Kind::Plain(UdpSocket::from_std(socket), None, true))
    };
    open().map_err(|e| e.to_string())
}

/// One thread with its viewers.
struct Reader {
    poll: Poll,
    viewers: Vec<Option<Viewer>>,
    arrivals: Receiver<Viewer>,
    board: Board,
    start: Instant,
}

impl Reader {
    fn new(board: Board, arrivals: Receiver<Viewer>) -> std::io::Result<(Self, Waker)> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        Ok((Self { poll, viewers: Vec::new(), arrivals, board, start: Instant::now() }, waker))
    }

    /// Runs until the process ends.
    fn run(mut self) {
        let mut events = Events::with_capacity(1024);
        let mut tick = Instant::now();
        loop {
            let timeout = (!self.viewers.is_empty()).then(|| tick.saturating_duration_since(Instant::now()));
            if let Err(error) = self.poll.poll(&mut events, timeout)
                && error.kind() != std::io::ErrorKind::Interrupted
            {
                eprintln!("a reader cannot wait: {error}");
                return;
            }
            while let Ok(mut viewer) = self.arrivals.try_recv() {
                let token = Token(self.viewers.len());
                match self.poll.registry().register(viewer.socket(), token, Interest::READABLE) {
                    Ok(()) => self.viewers.push(Some(viewer)),
                    Err(error) => eprintln!("a viewer cannot be heard: {error}"),
                }
            }
            let now = Instant::now();
            let ticks = now >= tick;
            let mut board = lock(&self.board);
            for event in &events {
                let Some(place) = self.viewers.get_mut(event.token().0) else { continue };
                step(place, &mut board, |viewer, figures| viewer.read(self.start, figures));
            }
            if ticks {
                tick = now + TICK;
                for place in &mut self.viewers {
                    step(place, &mut board, |viewer, figures| viewer.pass_time(now, self.start, figures));
                }
            }
        }
    }
}

/// Lets a viewer do something; one that fails is gone.
fn step(
    place: &mut Option<Viewer>,
    board: &mut std::collections::HashMap<usize, Figures>,
    act: impl FnOnce(&mut Viewer, &mut Figures) -> Result<(), String>,
) {
    let Some(viewer) = place else { return };
    let figures = board.entry(viewer.group).or_default();
    if let Err(error) = act(viewer, figures) {
        eprintln!("a viewer is over: {error}");
        figures.failed += 1;
        *place = None;
    }
}

impl Viewer {
    const fn socket(&mut self) -> &mut UdpSocket {
        match &mut self.kind {
            Kind::Screen(peer, _) => &mut peer.socket,
            Kind::Plain(socket, _, _) => socket,
        }
    }

    /// Reads all there is.
    fn read(&mut self, start: Instant, figures: &mut Figures) -> Result<(), String> {
        let mut counts =
            Counts { figures, open: &mut self.open, had_key: &mut self.had_key, asked: self.asked_ns };
        match &mut self.kind {
            Kind::Screen(peer, assembly) => loop {
                let now = now_ns();
                let mut media = false;
                let take = |event| {
                    if let Event::RtpPacket(packet) = event {
                        media |= !packet.payload.is_empty();
                        take(assembly, start, packet, |probe| counts.message(now, probe));
                    }
                };
                match peer.receive(take)? {
                    None => return Ok(()),
                    // What keeps the session alive comes as well when nothing is sent.
                    Some(length) if media => counts.datagram(length),
                    Some(_) => {}
                }
            },
            Kind::Plain(socket, next, whole) => {
                let mut buffer = [0u8; DATAGRAM_BYTES];
                while let Ok(length) = socket.recv(&mut buffer) {
                    let now = now_ns();
                    // The welcome is shorter than any header.
                    let Some((seq, last, sent_ns)) = reference::read(&buffer[..length]) else {
                        counts.welcome();
                        continue;
                    };
                    counts.datagram(length);
                    *whole &= next.is_none_or(|next| next == seq);
                    *next = Some(seq.wrapping_add(1));
                    if last && std::mem::replace(whole, true) {
                        counts.message(now, Probe { seq: 0, sent_ns, key: false });
                    }
                }
                Ok(())
            }
        }
    }

    /// Lets time pass.
    fn pass_time(&mut self, now: Instant, start: Instant, figures: &mut Figures) -> Result<(), String> {
        let mut counts =
            Counts { figures, open: &mut self.open, had_key: &mut self.had_key, asked: self.asked_ns };
        let Kind::Screen(peer, assembly) = &mut self.kind else { return Ok(()) };
        if peer.deadline > now {
            return Ok(());
        }
        peer.pass_time(now, |event| {
            if let Event::RtpPacket(packet) = event {
                take(assembly, start, packet, |probe| counts.message(now_ns(), probe));
            }
        })
    }
}

fn take(assembly: &mut Assembly, start: Instant, packet: RtpPacket, seen: impl FnMut(Probe)) {
    let head = (*packet.header.payload_type, *packet.seq_no, packet.header.marker);
    assembly.take(start.elapsed().as_micros() as u64, head, Arc::from(&packet.payload[..]), seen);
}

/// Where a viewer notes what came.
struct Counts<'a> {
    figures: &'a mut Figures,
    open: &'a mut bool,
    had_key: &'a mut bool,
    asked: u64,
}

impl Counts<'_> {
    fn welcome(&mut self) {
        if !std::mem::replace(self.open, true) {
            self.figures.open += 1;
        }
    }

    fn datagram(&mut self, length: usize) {
        self.figures.bytes += length as u64;
    }

    fn message(&mut self, now: u64, probe: Probe) {
        self.welcome();
        self.figures.messages += 1;
        self.figures.latency.add(now.saturating_sub(probe.sent_ns) / 1000);
        if probe.key && !std::mem::replace(self.had_key, true) {
            self.figures.first_key.add(now.saturating_sub(self.asked) / 1000);
        }
    }
}
