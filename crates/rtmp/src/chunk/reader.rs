//! Reading messages from chunks, whatever the pieces they come in.

use bytes::Bytes;

use super::EXTENDED;
use crate::RtmpError;
use crate::handshake::take;
use crate::limits::{DEFAULT_CHUNK_SIZE, MAX_CHUNK_STREAMS, MAX_MESSAGE_BYTES, MAX_UNFINISHED_MESSAGES};
use crate::message::RawMessage;

/// Longest chunk header: three bytes of basic header, eleven of message header, four of extended timestamp.
const MAX_HEADER: usize = 18;

/// Largest step that a type 3 chunk behind a full header takes over from that header's timestamp.
///
/// The specification lets such a chunk repeat the full header's absolute timestamp as its delta. ffmpeg does send
/// that while times are small (23, then 46), other senders mean "the same time again"; a step of more than this would
/// be absurd, so then it is the latter.
const MAX_REPEATED_ABSOLUTE: u32 = 1000;

/// Reassembles messages. Holds per chunk stream the last header and the bytes of an unfinished message, and no input.
#[derive(Debug)]
pub(crate) struct ChunkReader {
    chunk_size: usize,
    /// Largest message accepted now.
    max_message: usize,
    streams: Vec<ChunkStream>,
    /// Bytes held in all unfinished messages.
    unfinished: usize,
    /// The front of a header that is not complete yet.
    scratch: [u8; MAX_HEADER],
    scratch_len: u8,
    /// The chunk whose payload is being read: index of its stream, bytes to come.
    current: Option<(u16, u32)>,
}

#[derive(Debug)]
struct ChunkStream {
    csid: u32,
    header: Header,
    /// Whether a message is under way.
    open: bool,
    payload: Vec<u8>,
}

/// The header in force on a chunk stream.
#[derive(Debug, Clone, Copy)]
struct Header {
    timestamp: u32,
    delta: u32,
    length: u32,
    kind: u8,
    stream_id: u32,
    /// The extended timestamp field, where the header has one.
    extended: Option<u32>,
}

/// A chunk header as parsed.
struct Parsed {
    csid: u32,
    header: Header,
    /// A type 3 header: it goes on with an unfinished message.
    continues: bool,
    /// Length of the header.
    used: usize,
}

impl ChunkReader {
    pub(crate) fn new() -> Self {
        Self {
            chunk_size: DEFAULT_CHUNK_SIZE as usize,
            max_message: MAX_MESSAGE_BYTES,
            streams: Vec::new(),
            unfinished: 0,
            scratch: [0; MAX_HEADER],
            scratch_len: 0,
            current: None,
        }
    }

    /// Accepts messages of so many bytes from here on, and unfinished ones in proportion.
    pub(crate) fn set_max_message(&mut self, bytes: usize) {
        self.max_message = bytes.min(MAX_MESSAGE_BYTES);
    }

    /// The peer announces its chunk size. It holds from the next chunk on, also inside a message.
    pub(crate) fn set_chunk_size(&mut self, size: u32) -> Result<(), RtmpError> {
        if size == 0 || size > 0x7fff_ffff {
            return Err(RtmpError::ChunkSize(size));
        }
        // No message is longer, so a larger size means the same.
        self.chunk_size = (size as usize).min(MAX_MESSAGE_BYTES);
        Ok(())
    }

    /// The peer gives up the unfinished message of a chunk stream.
    pub(crate) fn abort(&mut self, csid: u32) {
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.csid == csid) {
            self.unfinished -= stream.discard();
        }
    }

    /// Takes bytes from the front of `input` until a message is complete or the input is used up.
    pub(crate) fn read(&mut self, input: &mut &[u8]) -> Result<Option<RawMessage>, RtmpError> {
        loop {
            let message = match self.current {
                Some((index, left)) => {
                    if left > 0 && input.is_empty() && self.scratch_len == 0 {
                        return Ok(None);
                    }
                    self.read_payload(index, left, input)?
                }
                None => {
                    if !self.read_header(input)? {
                        return Ok(None);
                    }
                    None
                }
            };
            if message.is_some() {
                return Ok(message);
            }
        }
    }

    /// Reads a chunk header from what is left of earlier input followed by this input. False if more is needed.
    fn read_header(&mut self, input: &mut &[u8]) -> Result<bool, RtmpError> {
        let held = usize::from(self.scratch_len);
        let mut bytes = self.scratch;
        let fresh = (MAX_HEADER - held).min(input.len());
        for (slot, byte) in bytes.iter_mut().skip(held).zip(input.iter()) {
            *slot = *byte;
        }
        let available = bytes.get(..held + fresh).unwrap_or_default();
        let Some(parsed) = self.parse_header(available)? else {
            self.scratch = bytes;
            self.scratch_len = (held + fresh) as u8;
            take(input, fresh);
            return Ok(false);
        };
        // A header shorter than what was held happens when bytes were held in case they were an extended timestamp.
        take(input, parsed.used.saturating_sub(held));
        bytes.copy_within(parsed.used.min(held)..held, 0);
        self.scratch = bytes;
        self.scratch_len = held.saturating_sub(parsed.used) as u8;
        self.start_chunk(&parsed)?;
        Ok(true)
    }

    fn parse_header(&self, bytes: &[u8]) -> Result<Option<Parsed>, RtmpError> {
        let Some((format, csid, basic)) = parse_basic_header(bytes) else {
            return Ok(None);
        };
        let fields = bytes.get(basic..).unwrap_or_default();
        let known = self.streams.iter().find(|stream| stream.csid == csid);
        let last = known.map(|stream| stream.header);
        let parsed = match (format, last) {
            (0, _) => parse_full(fields),
            // A sender that starts a chunk stream with a type 1 header means message stream 0 (librtmp's pings).
            (1, last) => {
                parse_without_stream(fields, last.map_or((0, 0), |last| (last.timestamp, last.stream_id)))
            }
            (2, Some(last)) => parse_delta(fields, &last),
            (3, Some(last)) => {
                let open = known.is_some_and(|stream| stream.open);
                parse_continuation(fields, &last, open)
            }
            _ => return Err(RtmpError::MissingHeader(csid)),
        };
        let Some((header, used)) = parsed else {
            return Ok(None);
        };
        if header.length as usize > self.max_message {
            return Err(RtmpError::MessageTooLarge(header.length));
        }
        Ok(Some(Parsed { csid, header, continues: format == 3, used: basic + used }))
    }

    fn start_chunk(&mut self, parsed: &Parsed) -> Result<(), RtmpError> {
        let Parsed { csid, header, continues, .. } = *parsed;
        let index = match self.streams.iter().position(|stream| stream.csid == csid) {
            Some(index) => index,
            None if self.streams.len() >= MAX_CHUNK_STREAMS => return Err(RtmpError::TooManyChunkStreams),
            None => {
                self.streams.push(ChunkStream { csid, header, open: false, payload: Vec::new() });
                self.streams.len() - 1
            }
        };
        let Some(stream) = self.streams.get_mut(index) else {
            return Err(RtmpError::TooManyChunkStreams);
        };
        // A new header inside an unfinished message: the sender has given that message up.
        if stream.open && !continues {
            self.unfinished -= stream.discard();
        }
        stream.header = header;
        stream.open = true;
        let rest = (header.length as usize).saturating_sub(stream.payload.len());
        self.current = Some((index as u16, rest.min(self.chunk_size) as u32));
        Ok(())
    }

    /// Takes payload of the current chunk; the message, if this completes it.
    fn read_payload(
        &mut self,
        index: u16,
        left: u32,
        input: &mut &[u8],
    ) -> Result<Option<RawMessage>, RtmpError> {
        let Some(stream) = self.streams.get_mut(usize::from(index)) else {
            self.current = None;
            return Ok(None);
        };
        let mut left = left as usize;
        let mut taken = 0;
        if self.scratch_len > 0 {
            let count = usize::from(self.scratch_len).min(left);
            stream.append(self.scratch.get(..count).unwrap_or_default());
            self.scratch.copy_within(count..usize::from(self.scratch_len), 0);
            self.scratch_len -= count as u8;
            taken += count;
            left -= count;
        }
        let bytes = take(input, left);
        stream.append(bytes);
        taken += bytes.len();
        left -= bytes.len();
        self.unfinished += taken;
        if self.unfinished > MAX_UNFINISHED_MESSAGES * self.max_message {
            return Err(RtmpError::TooMuchUnfinished);
        }
        if left > 0 {
            self.current = Some((index, left as u32));
            return Ok(None);
        }
        self.current = None;
        if stream.payload.len() < stream.header.length as usize {
            return Ok(None);
        }
        self.unfinished -= stream.payload.len();
        stream.open = false;
        Ok(Some(RawMessage {
            kind: stream.header.kind,
            timestamp: stream.header.timestamp,
            stream_id: stream.header.stream_id,
            payload: Bytes::from(std::mem::take(&mut stream.payload)),
        }))
    }

    /// Bytes held in unfinished messages.
    #[cfg(test)]
    pub(crate) fn unfinished(&self) -> usize {
        self.unfinished
    }

    /// Heap bytes held.
    pub(crate) fn memory(&self) -> usize {
        let payloads: usize = self.streams.iter().map(|stream| stream.payload.capacity()).sum();
        payloads + self.streams.capacity() * size_of::<ChunkStream>()
    }
}

impl ChunkStream {
    /// Adds payload. The buffer at most doubles with what has come, and never exceeds the declared length: a declared
    /// length alone costs nothing.
    fn append(&mut self, bytes: &[u8]) {
        let needed = self.payload.len() + bytes.len();
        if needed > self.payload.capacity() {
            let target =
                (2 * self.payload.capacity()).max(needed).min((self.header.length as usize).max(needed));
            self.payload.reserve_exact(target - self.payload.len());
        }
        self.payload.extend_from_slice(bytes);
    }

    /// Drops an unfinished message; the number of bytes it had.
    fn discard(&mut self) -> usize {
        self.open = false;
        std::mem::take(&mut self.payload).len()
    }
}

/// Format, chunk stream id and length of the basic header.
fn parse_basic_header(bytes: &[u8]) -> Option<(u8, u32, usize)> {
    let (&first, rest) = bytes.split_first()?;
    let format = first >> 6;
    match first & 0x3f {
        0 => {
            let [id, ..] = *rest else { return None };
            Some((format, u32::from(id) + 64, 2))
        }
        1 => {
            let [low, high, ..] = *rest else { return None };
            Some((format, u32::from(low) + u32::from(high) * 256 + 64, 3))
        }
        id => Some((format, u32::from(id), 1)),
    }
}

/// Resolves a 24-bit timestamp field whose extension, if any, starts at `at`: the value, the extension, the length of
/// the whole header.
fn resolve(field: u32, fields: &[u8], at: usize) -> Option<(u32, Option<u32>, usize)> {
    if field < EXTENDED {
        return Some((field, None, at));
    }
    let extended = u32::from_be_bytes(*fields.get(at..)?.first_chunk::<4>()?);
    Some((extended, Some(extended), at + 4))
}

fn parse_full(fields: &[u8]) -> Option<(Header, usize)> {
    let [t2, t1, t0, l2, l1, l0, kind, s0, s1, s2, s3, ..] = *fields else { return None };
    let (timestamp, extended, used) = resolve(u32::from_be_bytes([0, t2, t1, t0]), fields, 11)?;
    let header = Header {
        timestamp,
        delta: if timestamp <= MAX_REPEATED_ABSOLUTE { timestamp } else { 0 },
        length: u32::from_be_bytes([0, l2, l1, l0]),
        kind,
        stream_id: u32::from_le_bytes([s0, s1, s2, s3]),
        extended,
    };
    Some((header, used))
}

fn parse_without_stream(fields: &[u8], (last, stream_id): (u32, u32)) -> Option<(Header, usize)> {
    let [t2, t1, t0, l2, l1, l0, kind, ..] = *fields else { return None };
    let (delta, extended, used) = resolve(u32::from_be_bytes([0, t2, t1, t0]), fields, 7)?;
    let header = Header {
        timestamp: last.wrapping_add(delta),
        delta,
        length: u32::from_be_bytes([0, l2, l1, l0]),
        kind,
        stream_id,
        extended,
    };
    Some((header, used))
}

fn parse_delta(fields: &[u8], last: &Header) -> Option<(Header, usize)> {
    let [t2, t1, t0, ..] = *fields else { return None };
    let (delta, extended, used) = resolve(u32::from_be_bytes([0, t2, t1, t0]), fields, 3)?;
    Some((Header { timestamp: last.timestamp.wrapping_add(delta), delta, extended, ..*last }, used))
}

/// A type 3 header: the rest of an open message, or a new one like the last. After an extended timestamp most senders
/// repeat it here, some do not; what stands here tells, because the repeated value is known.
fn parse_continuation(fields: &[u8], last: &Header, open: bool) -> Option<(Header, usize)> {
    let used = match last.extended {
        Some(extended) => {
            let expected = extended.to_be_bytes();
            let same = fields.iter().zip(expected).take_while(|(got, expected)| **got == *expected).count();
            match same {
                4 => 4,
                // Everything so far fits: wait for the rest.
                _ if same == fields.len() => return None,
                _ => 0,
            }
        }
        None => 0,
    };
    let timestamp = if open { last.timestamp } else { last.timestamp.wrapping_add(last.delta) };
    Some((Header { timestamp, ..*last }, used))
}
