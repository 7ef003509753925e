//! Writing FLV: file header, tags, metadata.

use bytes::{BufMut, BytesMut};

use super::{TagKind, body_head, body_parts, metadata_body};
use crate::{Frame, StreamInfo};

/// Length of what [`write_file_header`] writes: the nine byte header and the first "previous tag size".
pub const FILE_HEADER_BYTES: usize = 13;

/// What a tag adds to its body: eleven bytes before, four behind.
pub const TAG_OVERHEAD_BYTES: usize = 15;

/// Largest body the 24-bit length of a tag can announce.
const MAX_BODY: usize = 0xff_ffff;

/// Writes the FLV file header with its flags for audio and video.
///
/// Players that wait for every announced track stall on a flag that never comes true, so the flags should say
/// what the publication has now.
pub fn write_file_header(out: &mut BytesMut, has_video: bool, has_audio: bool) {
    out.put_slice(b"FLV\x01");
    out.put_u8(u8::from(has_video) | u8::from(has_audio) << 2);
    out.put_u32(9);
    out.put_u32(0);
}

/// Writes one tag: header, the parts of the body, and the size behind it. The timestamp is in milliseconds and
/// wraps at 32 bits, as players expect.
///
/// A body longer than the 24-bit length can say does not exist here (messages are capped far below); it would be
/// cut at that length.
pub fn write_tag(out: &mut BytesMut, kind: TagKind, timestamp_ms: u32, parts: &[&[u8]]) {
    let length = parts.iter().map(|part| part.len()).sum::<usize>().min(MAX_BODY);
    out.reserve(length + TAG_OVERHEAD_BYTES);
    out.put_u8(kind as u8);
    out.put_uint(length as u64, 3);
    out.put_uint(u64::from(timestamp_ms & 0xff_ffff), 3);
    out.put_u8((timestamp_ms >> 24) as u8);
    out.put_uint(0, 3);
    let mut left = length;
    for part in parts {
        let take = part.len().min(left);
        out.put_slice(part.get(..take).unwrap_or_default());
        left -= take;
    }
    out.put_u32(length as u32 + 11);
}

/// Writes a frame as one tag.
pub fn write_frame(out: &mut BytesMut, frame: &Frame) {
    let head = body_head(frame);
    write_tag(out, frame.track.into(), frame.ts_ms as u32, &body_parts(frame, &head));
}

/// Writes the `onMetaData` tag of a publication.
///
/// The timestamp should be 0 wherever the tag stands: ffmpeg shows metadata of any other time as a subtitle track.
pub fn write_metadata(out: &mut BytesMut, timestamp_ms: u32, info: &StreamInfo) {
    write_tag(out, TagKind::Script, timestamp_ms, &[&metadata_body(info)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_header_announces_the_tracks() {
        let mut out = BytesMut::new();
        write_file_header(&mut out, true, true);
        assert_eq!(&out[..], b"FLV\x01\x05\0\0\0\x09\0\0\0\0");
        assert_eq!(out.len(), FILE_HEADER_BYTES);
    }

    #[test]
    fn a_tag_splits_its_timestamp_and_repeats_its_size() {
        let mut out = BytesMut::new();
        write_tag(&mut out, TagKind::Video, 0x1234_5678, &[&[0x17, 1], &[9, 9, 9]]);
        let expected = [9, 0, 0, 5, 0x34, 0x56, 0x78, 0x12, 0, 0, 0, 0x17, 1, 9, 9, 9, 0, 0, 0, 16];
        assert_eq!(out[..], expected);
    }
}
