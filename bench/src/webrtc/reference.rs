//! The reference of WebRTC: the plainest loop. It encrypts every packet for every viewer as SRTP does, sends it at
//! once with one system call, and does nothing else: no ICE, no DTLS, no feedback, no congestion control.

use super::cut;
use crate::clock::{now_ns, sleep_until};
use crate::orders::{Sent, obey, reply};
use crate::stream::{BROWSER, Schedule, opus, picture};
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use huitong_media::flv::TagKind;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

/// Bytes in front of the encrypted ones: the header of RTP, and the number and the time of the message as an extension,
/// which is about as long as those that WebRTC has.
pub(super) const HEAD_BYTES: usize = 12 + 4 + 20;

/// Bytes behind them: the tag of AES-GCM (RFC 7714).
const TAG_BYTES: usize = 16;

/// One viewer: where it is, its key and its packet counter.
struct Viewer {
    address: SocketAddr,
    key: LessSafeKey,
    next: u64,
}

/// Viewers by stream.
type Viewers = Arc<Mutex<Vec<Vec<Viewer>>>>;

fn lock(viewers: &Viewers) -> std::sync::MutexGuard<'_, Vec<Vec<Viewer>>> {
    viewers.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs the process: prints its address, then obeys.
pub(crate) fn run() -> Result<(), String> {
    let socket = UdpSocket::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    reply(&socket.local_addr().map_err(|e| e.to_string())?.to_string());
    let socket = Arc::new(socket);
    let viewers = Viewers::default();
    let running = Arc::new(AtomicBool::new(false));
    let (go, gone) = mpsc::sync_channel(0);
    let (done, finished) = mpsc::sync_channel(0);
    let (door, list) = (Arc::clone(&socket), Arc::clone(&viewers));
    std::thread::spawn(move || welcome(&door, &list));
    let (list, flag) = (Arc::clone(&viewers), Arc::clone(&running));
    std::thread::spawn(move || send(&socket, &list, &flag, &gone, &done));
    obey(|streams| lock(&viewers).resize_with(streams, Vec::new), &running, &go, &finished)
}

/// A viewer says in one datagram which stream it wants, and gets the same back.
fn welcome(socket: &UdpSocket, viewers: &Viewers) {
    let mut buffer = [0u8; 64];
    loop {
        let placed = socket.recv_from(&mut buffer).map(|(length, address)| {
            let wish = buffer.get(..length).unwrap_or_default();
            let number = std::str::from_utf8(wish).ok().and_then(|text| text.parse::<usize>().ok());
            let mut secret = [0u8; 16];
            secret[..2].copy_from_slice(&address.port().to_be_bytes());
            let key = UnboundKey::new(&AES_128_GCM, &secret).map(LessSafeKey::new);
            if let (Some(number), Ok(key)) = (number, key)
                && let Some(list) = lock(viewers).get_mut(number)
            {
                list.push(Viewer { address, key, next: 0 });
            }
            socket.send_to(wish, address)
        });
        if let Err(error) | Ok(Err(error)) = placed {
            eprintln!("the loop lost a viewer: {error}");
        }
    }
}

/// The loop itself.
fn send(
    socket: &UdpSocket,
    viewers: &Viewers,
    running: &AtomicBool,
    go: &mpsc::Receiver<()>,
    done: &mpsc::SyncSender<Sent>,
) {
    let mut schedules: Vec<Schedule> = Vec::new();
    let (mut body, mut sound) = (Vec::new(), Vec::new());
    while go.recv().is_ok() {
        let mut lists = std::mem::take(&mut *lock(viewers));
        schedules.resize(lists.len(), Schedule::of(&BROWSER));
        let mut next: Vec<_> = schedules.iter_mut().map(Schedule::next).collect();
        let start = now_ns();
        let first: Vec<_> = next.iter().map(|p| p.at_ns).collect();
        let count = lists.len();
        // Streams of independent browsers do not tick together.
        let due = |s: usize, at: u64| start + at - first[s] + s as u64 * 33_333_333 / count.max(1) as u64;
        let mut sent = vec![0u64; count];
        while running.load(Ordering::Acquire) {
            let Some(s) = (0..count).min_by_key(|s| due(*s, next[*s].at_ns)) else { break };
            sleep_until(due(s, next[s].at_ns));
            let now = now_ns();
            schedules[s].body(next[s], now, &mut body);
            let pieces = if next[s].kind == TagKind::Video {
                cut(picture(&body), next[s].key)
            } else {
                opus(&body, &mut sound);
                vec![Arc::from(&sound[..])]
            };
            for viewer in &mut lists[s] {
                viewer.send(socket, &pieces, sent[s], now);
            }
            sent[s] += 1;
            next[s] = schedules[s].next();
        }
        *lock(viewers) = lists;
        if done.send(Sent { messages: sent }).is_err() {
            return;
        }
    }
}

impl Viewer {
    fn send(&mut self, socket: &UdpSocket, pieces: &[Arc<[u8]>], message: u64, now_ns: u64) {
        let mut datagram = [0u8; super::DATAGRAM_BYTES];
        let last = pieces.len() - 1;
        for (n, piece) in pieces.iter().enumerate() {
            let end = HEAD_BYTES + piece.len();
            head(&mut datagram, self.next, n == last, message, now_ns);
            datagram[HEAD_BYTES..end].copy_from_slice(piece);
            let mut nonce = [0u8; 12];
            nonce[4..].copy_from_slice(&self.next.to_be_bytes());
            let (front, behind) = datagram.split_at_mut(HEAD_BYTES);
            let sealed = self.key.seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(front),
                &mut behind[..piece.len()],
            );
            let Ok(tag) = sealed else { continue };
            datagram[end..end + TAG_BYTES].copy_from_slice(tag.as_ref());
            self.next += 1;
            if let Err(error) = socket.send_to(&datagram[..end + TAG_BYTES], self.address) {
                eprintln!("the loop cannot send: {error}");
            }
        }
    }
}

/// Writes a header of RTP (RFC 3550, section 5.1) with an extension (section 5.3.1).
fn head(out: &mut [u8], seq: u64, marker: bool, message: u64, now_ns: u64) {
    out[0] = 0x90;
    out[1] = super::H264_PT | if marker { 0x80 } else { 0 };
    out[2..4].copy_from_slice(&(seq as u16).to_be_bytes());
    out[12..16].copy_from_slice(&[0xbe, 0xde, 0, 5]);
    out[16..24].copy_from_slice(&message.to_be_bytes());
    out[24..32].copy_from_slice(&now_ns.to_be_bytes());
}

/// A datagram of the loop as its viewer reads it: number of the packet, whether it is the last of its message, and the
/// time at which that was sent.
pub(super) fn read(datagram: &[u8]) -> Option<(u16, bool, u64)> {
    let head = datagram.get(..HEAD_BYTES)?;
    let seq = u16::from_be_bytes([head[2], head[3]]);
    let (_, time) = head.split_first_chunk::<24>()?;
    let (time, _) = time.split_first_chunk::<8>()?;
    Some((seq, head[1] & 0x80 != 0, u64::from_be_bytes(*time)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_was_written() {
        let mut datagram = [0u8; HEAD_BYTES];
        head(&mut datagram, 65_537, true, 9, 1_234_567_890_123);
        assert_eq!(read(&datagram), Some((1, true, 1_234_567_890_123)));
        assert_eq!(read(&datagram[..HEAD_BYTES - 1]), None);
    }
}
