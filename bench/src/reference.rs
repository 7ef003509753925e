//! The reference: the plainest loop. It sends every message at once to every socket, one write per message and
//! socket, and does nothing else.

use crate::clock::{now_ns, sleep_until};
use crate::orders::{Sent, obey, reply};
use crate::stream::{Schedule, headers};
use bytes::BytesMut;
use huitong_media::flv;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

/// Sockets by stream.
type Sockets = Arc<Mutex<Vec<Vec<TcpStream>>>>;

/// Runs the process: prints its address, then obeys.
pub(crate) fn run() -> Result<(), String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    reply(&listener.local_addr().map_err(|e| e.to_string())?.to_string());
    let sockets = Sockets::default();
    let running = Arc::new(AtomicBool::new(false));
    let (go, gone) = mpsc::sync_channel(0);
    let (done, finished) = mpsc::sync_channel(0);
    let taken = Arc::clone(&sockets);
    std::thread::spawn(move || accept(&listener, &taken));
    let (taken, flag) = (Arc::clone(&sockets), Arc::clone(&running));
    std::thread::spawn(move || send(&taken, &flag, &gone, &done));
    obey(|streams| lock(&sockets).resize_with(streams, Vec::new), &running, &go, &finished)
}

fn lock(sockets: &Sockets) -> std::sync::MutexGuard<'_, Vec<Vec<TcpStream>>> {
    sockets.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A subscriber says in one line which stream it wants.
fn accept(listener: &TcpListener, sockets: &Sockets) {
    for stream in listener.incoming() {
        let placed = stream.and_then(|mut stream| {
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line)?;
            stream.set_nodelay(true)?;
            let mut start = BytesMut::new();
            flv::write_file_header(&mut start, true, true);
            for (kind, body) in headers() {
                flv::write_tag(&mut start, kind, 0, &[&body]);
            }
            stream.write_all(&start)?;
            let number = line.trim().parse().unwrap_or(usize::MAX);
            if let Some(list) = lock(sockets).get_mut(number) {
                list.push(stream);
            }
            Ok(())
        });
        if let Err(error) = placed {
            eprintln!("the loop lost a subscriber: {error}");
        }
    }
}

/// The loop itself.
fn send(sockets: &Sockets, running: &AtomicBool, go: &mpsc::Receiver<()>, done: &mpsc::SyncSender<Sent>) {
    let mut schedules: Vec<Schedule> = Vec::new();
    let (mut body, mut tag) = (Vec::new(), BytesMut::new());
    while go.recv().is_ok() {
        let mut lists = std::mem::take(&mut *lock(sockets));
        schedules.resize(lists.len(), Schedule::default());
        let mut next: Vec<_> = schedules.iter_mut().map(Schedule::next).collect();
        // Streams of independent phones do not tick together.
        let start = now_ns();
        let phase = |stream: usize, count: usize| stream as u64 * 66_666_667 / count.max(1) as u64;
        let first: Vec<_> = next.iter().map(|p| p.at_ns).collect();
        let count = lists.len();
        let due = |s: usize, at: u64| start + at - first[s] + phase(s, count);
        let mut sent = vec![0u64; count];
        while running.load(Ordering::Acquire) {
            let Some(s) = (0..count).min_by_key(|s| due(*s, next[*s].at_ns)) else { break };
            sleep_until(due(s, next[s].at_ns));
            schedules[s].body(next[s], now_ns(), &mut body);
            tag.clear();
            flv::write_tag(&mut tag, next[s].kind, (next[s].at_ns / 1_000_000) as u32, &[&body]);
            lists[s].retain_mut(|socket| socket.write_all(&tag).is_ok());
            sent[s] += 1;
            next[s] = schedules[s].next();
        }
        *lock(sockets) = lists;
        if done.send(Sent { messages: sent }).is_err() {
            return;
        }
    }
}
