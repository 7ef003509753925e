//! Writing messages as chunks.

use bytes::{BufMut, BytesMut};

use super::EXTENDED;
use crate::message::{MEDIA_STREAM_ID, MediaKind};

/// Chunk stream of protocol and user control messages (specification, 5.4).
pub(crate) const CONTROL_CSID: u32 = 2;

/// Chunk stream of commands, by convention.
pub(crate) const COMMAND_CSID: u32 = 3;

/// Serialises one media message so that the bytes are valid on any connection that was told this chunk size.
///
/// The message starts with a full header (type 0) with absolute timestamp and message stream 1, and is continued by
/// type 3 chunks on a chunk stream of its own: 4 for audio, 5 for data, 6 for video. So it depends on nothing that was
/// sent before, and one serialisation serves all players. The payload is the concatenation of `parts`; a
/// message beyond the 24-bit length of the format is not written at all.
pub fn encode_media_chunks(
    kind: MediaKind,
    timestamp_ms: u32,
    parts: &[&[u8]],
    chunk_size: u32,
    out: &mut BytesMut,
) {
    write_media(kind, MEDIA_STREAM_ID, timestamp_ms, parts, chunk_size, out);
}

/// As [`encode_media_chunks`], on a message stream of the caller's choice.
pub(crate) fn write_media(
    kind: MediaKind,
    stream_id: u32,
    timestamp: u32,
    parts: &[&[u8]],
    chunk_size: u32,
    out: &mut BytesMut,
) {
    let header = Header { csid: kind.chunk_stream(), kind: kind.message_type(), timestamp, stream_id };
    write(&header, parts, chunk_size, out);
}

/// Writes a message with a full header.
pub(crate) fn write_message(
    csid: u32,
    kind: u8,
    stream_id: u32,
    payload: &[u8],
    chunk_size: u32,
    out: &mut BytesMut,
) {
    write(&Header { csid, kind, timestamp: 0, stream_id }, &[payload], chunk_size, out);
}

struct Header {
    csid: u32,
    kind: u8,
    timestamp: u32,
    stream_id: u32,
}

fn write(header: &Header, parts: &[&[u8]], chunk_size: u32, out: &mut BytesMut) {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    if length > EXTENDED as usize {
        return;
    }
    let chunk_size = chunk_size.max(1) as usize;
    let extended = header.timestamp >= EXTENDED;
    let chunks = length.div_ceil(chunk_size).max(1);
    out.reserve(length + 18 + (chunks - 1) * 7);
    put_basic_header(0, header.csid, out);
    out.put_uint(u64::from(header.timestamp.min(EXTENDED)), 3);
    out.put_uint(length as u64, 3);
    out.put_u8(header.kind);
    out.put_u32_le(header.stream_id);
    if extended {
        out.put_u32(header.timestamp);
    }
    let mut room = chunk_size;
    for part in parts {
        let mut rest = *part;
        while !rest.is_empty() {
            if room == 0 {
                put_basic_header(3, header.csid, out);
                if extended {
                    out.put_u32(header.timestamp);
                }
                room = chunk_size;
            }
            let (now, later) = rest.split_at(room.min(rest.len()));
            out.put_slice(now);
            room -= now.len();
            rest = later;
        }
    }
}

fn put_basic_header(format: u8, csid: u32, out: &mut BytesMut) {
    match csid {
        0..=63 => out.put_u8(format << 6 | csid as u8),
        64..=319 => {
            out.put_u8(format << 6);
            out.put_u8((csid - 64) as u8);
        }
        _ => {
            out.put_u8(format << 6 | 1);
            out.put_u16_le((csid - 64) as u16);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_one_full_header_and_short_continuations() {
        let mut out = BytesMut::new();
        encode_media_chunks(MediaKind::Audio, 0x01_0203, &[&[0xaf, 1], &[7; 5]], 3, &mut out);
        let expected = [0x04, 1, 2, 3, 0, 0, 7, 8, 1, 0, 0, 0, 0xaf, 1, 7, 0xc4, 7, 7, 7, 0xc4, 7];
        assert_eq!(out[..], expected);
    }

    #[test]
    fn an_extended_timestamp_is_in_every_chunk() {
        let mut out = BytesMut::new();
        encode_media_chunks(MediaKind::Video, 0x0100_0000, &[&[0x17, 1]], 1, &mut out);
        let expected =
            [0x06, 0xff, 0xff, 0xff, 0, 0, 2, 9, 1, 0, 0, 0, 1, 0, 0, 0, 0x17, 0xc6, 1, 0, 0, 0, 1];
        assert_eq!(out[..], expected);
    }

    #[test]
    fn an_empty_message_is_one_header() {
        let mut out = BytesMut::new();
        encode_media_chunks(MediaKind::Data, 0, &[], 128, &mut out);
        assert_eq!(out[..], [0x05, 0, 0, 0, 0, 0, 0, 18, 1, 0, 0, 0]);
    }
}
