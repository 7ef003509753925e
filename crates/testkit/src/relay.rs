//! A network between two peers, as good or bad as a test wants it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tokio::net::UdpSocket;

/// A path that loses datagrams of one peer, both ways.
pub struct Relay {
    /// Where the peer sends to.
    pub address: SocketAddr,
    /// One of so many is lost; 0: none; 1: all.
    one_of: Arc<AtomicU64>,
    /// Bytes per second towards the peer; 0: any.
    rate: Arc<AtomicU64>,
    lost: Arc<AtomicU64>,
}

/// What a link lets through: so much a second, with room for a tenth of a second.
struct Bucket {
    since: Instant,
    tokens: f64,
}

impl Bucket {
    fn takes(&mut self, rate: u64, length: usize) -> bool {
        if rate == 0 {
            return true;
        }
        let now = Instant::now();
        self.tokens += (now - self.since).as_secs_f64() * rate as f64;
        self.tokens = self.tokens.min(rate as f64 / 10.0).max(0.0);
        self.since = now;
        let room = self.tokens >= length as f64;
        if room {
            self.tokens -= length as f64;
        }
        room
    }
}

impl Relay {
    /// A path to this address that loses nothing yet.
    ///
    /// # Panics
    /// No port can be had.
    pub async fn start(to: SocketAddr) -> Self {
        let outside = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let inside = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let address = outside.local_addr().expect("an address");
        let (one_of, lost) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let rate = Arc::<AtomicU64>::default();
        let (odds, limit, count) = (Arc::clone(&one_of), Arc::clone(&rate), Arc::clone(&lost));
        tokio::spawn(async move {
            let (mut peer, mut dice) = (None, 1u64);
            let (mut there, mut back) = ([0u8; 2048], [0u8; 2048]);
            let mut bucket = Bucket { since: Instant::now(), tokens: 0.0 };
            loop {
                let (from_peer, length) = tokio::select! {
                    Ok((length, source)) = outside.recv_from(&mut there) => {
                        peer = Some(source);
                        (true, length)
                    }
                    Ok((length, _)) = inside.recv_from(&mut back) => (false, length),
                };
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let one_of = odds.load(Ordering::Relaxed);
                let full = !from_peer && !bucket.takes(limit.load(Ordering::Relaxed), length);
                if full || (one_of > 0 && (dice >> 33) % one_of == 0) {
                    count.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                let _lost = match (from_peer, peer) {
                    (true, _) => inside.send_to(&there[..length], to).await,
                    (false, Some(peer)) => outside.send_to(&back[..length], peer).await,
                    (false, None) => Ok(0),
                };
            }
        });
        Self { address, one_of, rate, lost }
    }

    /// Loses one of so many datagrams from now on.
    pub fn lose(&self, one_of: u64) {
        self.one_of.store(one_of, Ordering::Relaxed);
    }

    /// Lets so many bytes a second through towards the peer from now on.
    pub fn limit(&self, bytes: u64) {
        self.rate.store(bytes, Ordering::Relaxed);
    }

    /// Datagrams lost.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}
