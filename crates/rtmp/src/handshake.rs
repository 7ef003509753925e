//! The handshake (specification, 5.2), both sides in the plain form.
//!
//! Clients that can do the digest form (ffmpeg, Flash) look at the version field of S1 and fall back to the plain one
//! when it is zero; so the server answers every client with a plain S1 and an S2 that repeats C1. What C2 and S2 carry
//! is not compared: too many implementations get it wrong.

use bytes::{BufMut, BytesMut};

use crate::RtmpError;

/// Length of C1, C2, S1 and S2.
const PACKET: usize = 1536;

/// The version of plain RTMP.
const VERSION: u8 = 3;

/// One side of a handshake. It lives on the heap only until it is done.
#[derive(Debug)]
pub(crate) struct Handshake {
    stage: Stage,
    /// The peer's C1 or S1, which the answer repeats.
    packet: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The version byte is expected.
    Version,
    /// The peer's C1 or S1 is expected.
    First,
    /// So many bytes of the peer's C2 or S2 are expected.
    Second(usize),
    Done,
}

/// Which side of the handshake this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

impl Handshake {
    pub(crate) fn new() -> Self {
        Self { stage: Stage::Version, packet: Vec::new() }
    }

    /// Writes version and first packet: C0 and C1, or S0 and S1. Nothing depends on the filler being random.
    pub(crate) fn write_hello(out: &mut BytesMut) {
        out.reserve(PACKET + 1);
        out.put_u8(VERSION);
        // Time zero and version zero: this side does the plain form.
        out.put_u64(0);
        out.extend((8..PACKET).map(|index| (index as u32).wrapping_mul(0x9e37_79b1).to_be_bytes()[0]));
    }

    /// Takes what it needs from the front of `input` and writes what is due. True once done.
    pub(crate) fn advance(
        &mut self,
        side: Side,
        input: &mut &[u8],
        out: &mut BytesMut,
    ) -> Result<bool, RtmpError> {
        loop {
            match self.stage {
                Stage::Version => {
                    let Some((&version, rest)) = input.split_first() else {
                        return Ok(false);
                    };
                    *input = rest;
                    if version != VERSION {
                        return Err(RtmpError::Version(version));
                    }
                    self.stage = Stage::First;
                }
                Stage::First => {
                    let taken = take(input, PACKET - self.packet.len());
                    self.packet.extend_from_slice(taken);
                    if self.packet.len() < PACKET {
                        return Ok(false);
                    }
                    if side == Side::Server {
                        Self::write_hello(out);
                    }
                    out.put_slice(&self.packet);
                    self.packet = Vec::new();
                    self.stage = Stage::Second(PACKET);
                }
                Stage::Second(0) => self.stage = Stage::Done,
                Stage::Second(left) => {
                    let taken = take(input, left).len();
                    if taken == 0 {
                        return Ok(false);
                    }
                    self.stage = Stage::Second(left - taken);
                }
                Stage::Done => return Ok(true),
            }
        }
    }

    /// Heap bytes held.
    pub(crate) fn memory(&self) -> usize {
        self.packet.capacity()
    }
}

/// Up to `count` bytes from the front of `input`.
pub(crate) fn take<'a>(input: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = input.split_at_checked(count).unwrap_or((input, &[]));
    *input = rest;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(piece: usize) {
        let (mut client, mut server) = (Handshake::new(), Handshake::new());
        let (mut to_server, mut to_client) = (BytesMut::new(), BytesMut::new());
        Handshake::write_hello(&mut to_server);
        let (mut client_done, mut server_done) = (false, false);
        for _ in 0..10_000 {
            let sent = to_server.split_to(piece.min(to_server.len()));
            let mut input = &sent[..];
            server_done = server.advance(Side::Server, &mut input, &mut to_client).unwrap();
            assert!(input.is_empty());
            let sent = to_client.split_to(piece.min(to_client.len()));
            let mut input = &sent[..];
            client_done = client.advance(Side::Client, &mut input, &mut to_server).unwrap();
            assert!(input.is_empty());
        }
        assert!(client_done && server_done);
    }

    #[test]
    fn both_sides_finish_whatever_the_pieces() {
        for piece in [1, 7, 1536, 10_000] {
            run(piece);
        }
    }

    #[test]
    fn the_answer_repeats_the_clients_packet() {
        let mut hello = vec![3];
        hello.extend((0..1536u32).map(|n| n as u8));
        let mut out = BytesMut::new();
        let mut server = Handshake::new();
        let mut input = &hello[..];
        assert!(!server.advance(Side::Server, &mut input, &mut out).unwrap());
        assert_eq!(out.len(), 1 + 2 * PACKET);
        assert_eq!(out[1 + PACKET..], hello[1..]);
    }

    #[test]
    fn what_follows_the_handshake_is_left_in_the_input() {
        let mut bytes = vec![3];
        bytes.resize(1 + 2 * PACKET, 0);
        bytes.extend_from_slice(b"next");
        let mut input = &bytes[..];
        assert!(Handshake::new().advance(Side::Server, &mut input, &mut BytesMut::new()).unwrap());
        assert_eq!(input, b"next");
    }

    #[test]
    fn another_version_is_refused_at_once() {
        let mut input = &b"GET / HTTP/1.1"[..];
        let result = Handshake::new().advance(Side::Server, &mut input, &mut BytesMut::new());
        assert_eq!(result, Err(RtmpError::Version(b'G')));
    }
}
