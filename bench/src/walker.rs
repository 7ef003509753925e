//! Walks a stream and reads the probe of each message, without copying bodies: a reader must cost less than what
//! it measures.

use crate::stream::{PROBE_BYTES, Probe};
use huitong_rtmp::PLAYER_CHUNK_SIZE;

/// Chunk streams with one-byte basic headers; servers use no others for what a player gets.
const CHUNK_STREAMS: usize = 64;

/// What a walker does with its next bytes.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Passes over so many bytes.
    Skip(usize),
    /// Gathers a header of so many bytes.
    Head(usize),
    /// Passes over the body of a message (RTMP: over this chunk of it).
    Body(usize),
}

/// The message that is under way.
#[derive(Debug, Clone, Copy, Default)]
struct Current {
    kind: u8,
    length: usize,
    left: usize,
}

/// The framing of a stream.
#[derive(Debug)]
enum Framing {
    /// FLV tags.
    Flv,
    /// RTMP chunks of this size, with the last header of each chunk stream.
    Rtmp { chunk: usize, streams: Box<[Current; CHUNK_STREAMS]>, csid: usize },
}

/// The stream is not what it should be.
#[derive(Debug)]
pub(crate) struct Broken;

/// Walks one stream.
#[derive(Debug)]
pub(crate) struct Walker {
    framing: Framing,
    step: Step,
    head: [u8; 16],
    have: usize,
    message: Current,
    probe: [u8; PROBE_BYTES],
    probed: usize,
}

impl Walker {
    /// For FLV from the file header on.
    pub(crate) fn flv() -> Self {
        Self::new(Framing::Flv, Step::Skip(13))
    }

    /// For RTMP behind the set-up, which has announced the chunk size.
    pub(crate) fn rtmp() -> Self {
        let streams = Box::new([Current::default(); CHUNK_STREAMS]);
        Self::new(Framing::Rtmp { chunk: PLAYER_CHUNK_SIZE as usize, streams, csid: 0 }, Step::Head(1))
    }

    const fn new(framing: Framing, step: Step) -> Self {
        let message = Current { kind: 0, length: 0, left: 0 };
        Self { framing, step, head: [0; 16], have: 0, message, probe: [0; PROBE_BYTES], probed: 0 }
    }

    /// Takes bytes and reports the probes of the messages that end in them.
    pub(crate) fn take(&mut self, mut bytes: &[u8], mut seen: impl FnMut(Probe)) -> Result<(), Broken> {
        loop {
            match self.step {
                Step::Skip(n) => {
                    let now = n.min(bytes.len());
                    bytes = &bytes[now..];
                    if now < n {
                        self.step = Step::Skip(n - now);
                        return Ok(());
                    }
                    self.expect_head();
                }
                Step::Head(n) => {
                    let now = (n - self.have).min(bytes.len());
                    self.head[self.have..self.have + now].copy_from_slice(&bytes[..now]);
                    self.have += now;
                    bytes = &bytes[now..];
                    if self.have < n {
                        return Ok(());
                    }
                    self.head_read()?;
                }
                Step::Body(n) => {
                    let now = n.min(bytes.len());
                    let probed = now.min(PROBE_BYTES - self.probed);
                    self.probe[self.probed..self.probed + probed].copy_from_slice(&bytes[..probed]);
                    self.probed += probed;
                    bytes = &bytes[now..];
                    self.message.left -= now;
                    if now < n {
                        self.step = Step::Body(n - now);
                        return Ok(());
                    }
                    self.body_read(&mut seen);
                }
            }
        }
    }

    const fn expect_head(&mut self) {
        self.have = 0;
        self.step = Step::Head(if matches!(self.framing, Framing::Flv) { 11 } else { 1 });
    }

    /// The header gathered so far may ask for more of itself; else the body begins.
    fn head_read(&mut self) -> Result<(), Broken> {
        let length = |b: &[u8]| usize::from(b[0]) << 16 | usize::from(b[1]) << 8 | usize::from(b[2]);
        let head = &self.head;
        match &mut self.framing {
            Framing::Flv => {
                if !matches!(head[0], 8 | 9 | 18) {
                    return Err(Broken);
                }
                let length = length(&head[1..4]);
                self.message = Current { kind: head[0], length, left: length };
                self.probed = 0;
                self.step = Step::Body(length);
            }
            Framing::Rtmp { chunk, streams, csid } => {
                let (format, id) = (head[0] >> 6, usize::from(head[0] & 0x3f));
                if id < 2 {
                    return Err(Broken);
                }
                let extended = format < 3 && self.have >= 4 && head[1..4] == [0xff; 3];
                let size = [12, 8, 4, 1][usize::from(format)] + if extended { 4 } else { 0 };
                if self.have < size {
                    self.step = Step::Head(size);
                    return Ok(());
                }
                let mut current = streams[id];
                if format < 2 {
                    current = Current { kind: head[7], length: length(&head[4..7]), left: 0 };
                }
                if current.left == 0 {
                    current.left = current.length;
                    self.probed = 0;
                }
                *csid = id;
                self.message = current;
                self.step = Step::Body(current.left.min(*chunk));
            }
        }
        Ok(())
    }

    fn body_read(&mut self, seen: &mut impl FnMut(Probe)) {
        if self.message.left == 0
            && let Some(probe) = Probe::read(self.message.kind, &self.probe[..self.probed])
        {
            seen(probe);
        }
        match &mut self.framing {
            Framing::Flv => self.step = Step::Skip(4),
            Framing::Rtmp { chunk, streams, csid } => {
                streams[*csid] = self.message;
                if self.message.kind == 1 && self.probed >= 4 {
                    let [a, b, c, d, ..] = self.probe;
                    *chunk = (u32::from_be_bytes([a, b, c, d]) as usize).max(1);
                }
                self.expect_head();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Schedule;
    use bytes::BytesMut;
    use huitong_media::flv;
    use huitong_rtmp::{MediaKind, encode_media_chunks};

    fn streams() -> [(BytesMut, fn() -> Walker); 2] {
        let (mut schedule, mut body) = (Schedule::default(), Vec::new());
        let (mut as_flv, mut as_rtmp) = (BytesMut::new(), BytesMut::new());
        flv::write_file_header(&mut as_flv, true, true);
        for _ in 0..200 {
            let planned = schedule.next();
            schedule.body(planned, 5, &mut body);
            flv::write_tag(&mut as_flv, planned.kind, 1, &[&body]);
            let kind = if planned.kind == flv::TagKind::Video { MediaKind::Video } else { MediaKind::Audio };
            encode_media_chunks(kind, 0x01ff_ffff, &[&body], PLAYER_CHUNK_SIZE, &mut as_rtmp);
        }
        [(as_flv, Walker::flv), (as_rtmp, Walker::rtmp)]
    }

    #[test]
    fn finds_every_probe_whatever_the_pieces() {
        for (bytes, walker) in streams() {
            for piece in [1, 7, 1000, 65_536, bytes.len()] {
                let (mut walker, mut next) = (walker(), 0);
                for bytes in bytes.chunks(piece) {
                    let check = |probe: Probe| {
                        assert_eq!(probe.seq, next);
                        next += 1;
                    };
                    walker.take(bytes, check).unwrap();
                }
                assert_eq!(next, 200, "pieces of {piece}");
            }
        }
    }
}
