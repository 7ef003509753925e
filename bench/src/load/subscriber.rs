//! One subscriber: set-up, then walking the stream.

use crate::clock::now_ns;
use crate::orders::Figures;
use crate::stream::Probe;
use crate::walker::Walker;
use bytes::{Buf, Bytes};
use huitong_rtmp::{ClientConnection, ClientEvent, ClientMode, ClientOptions};
use mio::net::TcpStream;
use std::io::{self, Read, Write};
use std::net::SocketAddr;

/// Server bytes of an RTMP handshake: S0, S1 and S2.
const HANDSHAKE_BYTES: usize = 1 + 2 * 1536;

/// How far a subscriber is.
enum Stage {
    /// Sets up RTMP.
    Rtmp { machine: Box<ClientConnection>, received: usize },
    /// Waits for the end of the response head; the last four bytes of it so far.
    Http { tail: [u8; 4] },
    /// Receives.
    Running(Walker),
}

/// One subscriber.
pub(super) struct Subscriber {
    pub(super) stream: TcpStream,
    pub(super) group: usize,
    stage: Stage,
    unsent: Bytes,
    asked_ns: u64,
    open: bool,
    had_key: bool,
    next: Option<u64>,
}

/// The subscriber is over.
pub(super) struct Gone;

impl From<io::Error> for Gone {
    fn from(_: io::Error) -> Self {
        Self
    }
}

impl Subscriber {
    /// Begins to connect. Addresses have literal IPs.
    pub(super) fn open(url: &str, group: usize) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, path) = rest.split_once('/')?;
        let address: SocketAddr = authority.parse().ok()?;
        let (stage, unsent) = match scheme {
            "rtmp" => {
                let options = ClientOptions::from_url(ClientMode::Play, url)?;
                let machine = Box::new(ClientConnection::new(options));
                (Stage::Rtmp { machine, received: 0 }, Bytes::new())
            }
            "http" => {
                let request = format!("GET /{path} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
                (Stage::Http { tail: [0; 4] }, Bytes::from(request))
            }
            _ => (Stage::Running(Walker::flv()), Bytes::from(format!("{path}\n"))),
        };
        let stream = TcpStream::connect(address).ok()?;
        Some(Self { stream, group, stage, unsent, asked_ns: 0, open: false, had_key: false, next: None })
    }

    /// Sends what the set-up has to say.
    pub(super) fn write(&mut self) -> Result<(), Gone> {
        loop {
            if self.unsent.is_empty()
                && let Stage::Rtmp { machine, .. } = &mut self.stage
            {
                self.unsent = machine.take_output().unwrap_or_default();
            }
            if self.unsent.is_empty() {
                return Ok(());
            }
            match self.stream.write(&self.unsent) {
                Ok(n) => self.unsent.advance(n),
                Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected) => {
                    return Ok(());
                }
                Err(e) => return Err(e.into()),
            }
            // The last thing a set-up says is the wish to play.
            self.asked_ns = now_ns();
        }
    }

    /// Reads all there is.
    pub(super) fn read(&mut self, buffer: &mut [u8], figures: &mut Figures) -> Result<(), Gone> {
        loop {
            let n = match self.stream.read(buffer) {
                Ok(0) => return Err(Gone),
                Ok(n) => n,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e.into()),
            };
            figures.bytes += n as u64;
            self.take(&buffer[..n], figures)?;
            // A read that did not fill the buffer has emptied the socket; whatever comes next is a new event.
            if n < buffer.len() {
                return Ok(());
            }
        }
    }

    fn take(&mut self, mut bytes: &[u8], figures: &mut Figures) -> Result<(), Gone> {
        while !bytes.is_empty() && !matches!(self.stage, Stage::Running(_)) {
            let used = self.set_up(bytes)?;
            bytes = &bytes[used..];
            self.write()?;
        }
        let Stage::Running(walker) = &mut self.stage else { return Ok(()) };
        if !self.open {
            self.open = true;
            figures.open += 1;
        }
        let now = now_ns();
        let (next, had_key, asked) = (&mut self.next, &mut self.had_key, self.asked_ns);
        let seen = |probe: Probe| {
            let expected = next.unwrap_or(probe.seq);
            figures.holes += probe.seq.abs_diff(expected);
            *next = Some(probe.seq + 1);
            figures.messages += 1;
            figures.latency.add(now.saturating_sub(probe.sent_ns) / 1000);
            if probe.key && !*had_key {
                *had_key = true;
                figures.first_key.add(now.saturating_sub(asked) / 1000);
            }
        };
        walker.take(bytes, seen).map_err(|_| Gone)
    }

    /// Takes bytes of the set-up, none beyond its end; returns how many.
    fn set_up(&mut self, bytes: &[u8]) -> Result<usize, Gone> {
        match &mut self.stage {
            Stage::Running(_) => Ok(0),
            Stage::Http { tail } => {
                for (n, byte) in bytes.iter().enumerate() {
                    *tail = [tail[1], tail[2], tail[3], *byte];
                    if *tail == *b"\r\n\r\n" {
                        self.stage = Stage::Running(Walker::flv());
                        return Ok(n + 1);
                    }
                }
                Ok(bytes.len())
            }
            Stage::Rtmp { machine, received } => {
                // Behind the handshake byte by byte: what follows the acceptance belongs to the walker.
                let n = HANDSHAKE_BYTES.saturating_sub(*received).clamp(1, bytes.len());
                *received += n;
                machine.receive(&bytes[..n]).map_err(|_| Gone)?;
                while let Some(event) = machine.poll_event() {
                    match event {
                        ClientEvent::Accepted => {
                            self.stage = Stage::Running(Walker::rtmp());
                            return Ok(n);
                        }
                        ClientEvent::Refused { .. } => return Err(Gone),
                        _ => {}
                    }
                }
                Ok(n)
            }
        }
    }
}
