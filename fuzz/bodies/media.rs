//! What the fuzzer does with bytes for the media crate. The crate's test `replays_corpus` does the same with every file
//! of the corpora.

use bytes::{Bytes, BytesMut};
use huitong_media::flv::{
    Demuxer, Tag, TagKind, body_head, body_parts, parse_audio_body, parse_video_body, write_file_header,
    write_tag,
};
use huitong_media::h264::{AvcConfig, nals};
use huitong_media::rtp::{AccessUnit, Depacketizer, MAX_PAYLOAD_BYTES, packetize};
use huitong_media::{Codec, Frame, FrameKind, Ingest, MAX_HOLE_MS, TrackKind};

/// First byte: length of the pieces, 0 for one piece. Behind it: an FLV stream. What was read is written and read again.
pub(crate) fn flv_demux(data: &[u8]) {
    let Some((&piece, bytes)) = data.split_first() else { return };
    let (tags, _) = read_tags(bytes, if piece == 0 { bytes.len() } else { usize::from(piece) });
    let mut written = BytesMut::new();
    write_file_header(&mut written, true, true);
    for tag in &tags {
        match tag.kind {
            TagKind::Video => drop(parse_video_body(&tag.body)),
            TagKind::Audio => drop(parse_audio_body(&tag.body)),
            TagKind::Script => {}
        }
        write_tag(&mut written, tag.kind, tag.timestamp_ms, &[&tag.body]);
    }
    assert_eq!(read_tags(&written, 4096), (tags, true));
}

/// All tags up to the end or an error, and whether there was none.
fn read_tags(bytes: &[u8], piece: usize) -> (Vec<Tag>, bool) {
    let mut demuxer = Demuxer::new();
    let mut tags = Vec::new();
    for part in bytes.chunks(piece.max(1)) {
        demuxer.push(part);
        loop {
            match demuxer.next_tag() {
                Ok(Some(tag)) => tags.push(tag),
                Ok(None) => break,
                Err(_) => return (tags, false),
            }
        }
    }
    (tags, true)
}

/// A row of messages, each: flags (bit 0 video, bit 1 the publisher reconnects before it), timestamp (4 bytes), length of
/// the body (2 bytes), body; numbers in network order.
pub(crate) fn ingest(data: &[u8]) {
    let mut ingest = Ingest::new();
    let mut rest = data;
    let mut last = [None::<i64>; 2];
    let mut headers = [false; 2];
    let mut newest = None::<i64>;
    while let Some((&[flags, t3, t2, t1, t0, l1, l0], more)) = rest.split_first_chunk::<7>() {
        let length = usize::from(l1) << 8 | usize::from(l0);
        let (body, more) = more.split_at(length.min(more.len()));
        rest = more;
        if flags & 2 != 0 {
            ingest.restart();
        }
        let track = if flags & 1 != 0 { TrackKind::Video } else { TrackKind::Audio };
        let timestamp = u32::from_be_bytes([t3, t2, t1, t0]);
        let Ok(frames) = ingest.push(track, timestamp, &Bytes::copy_from_slice(body)) else { continue };
        for frame in frames {
            let index = usize::from(track == TrackKind::Audio);
            assert_eq!(frame.track, track);
            assert!(frame.ts_ms >= 0);
            assert!(last[index].is_none_or(|last| frame.ts_ms >= last), "time goes back within a track");
            assert!(newest.is_none_or(|newest| frame.ts_ms <= newest + MAX_HOLE_MS), "a hole");
            headers[index] |= frame.kind == FrameKind::Config;
            assert!(headers[index], "a frame before its header");
            last[index] = Some(frame.ts_ms);
            newest = newest.max(Some(frame.ts_ms));
            let body = Bytes::from(body_parts(&frame, &body_head(&frame)).concat());
            match track {
                TrackKind::Video => drop(parse_video_body(&body).expect("what is written is read")),
                TrackKind::Audio => drop(parse_audio_body(&body).expect("what is written is read")),
            }
        }
    }
}

/// A row of RTP payloads, each: flags (bit 0 marker, bit 1 the next picture, bits 2 to 4 packets lost before it), length
/// (2 bytes in network order), payload. What comes out is cut and put together again.
pub(crate) fn rtp_h264(data: &[u8]) {
    let mut machine = Depacketizer::new();
    let (mut again, mut again_seq) = (Depacketizer::new(), 0);
    let mut config = None;
    let (mut rest, mut seq, mut time) = (data, 0u64, 0i64);
    while let Some((&[flags, l1, l0], more)) = rest.split_first_chunk::<3>() {
        let length = usize::from(l1) << 8 | usize::from(l0);
        let (payload, more) = more.split_at(length.min(more.len()));
        rest = more;
        seq += 1 + u64::from(flags >> 2 & 7);
        time += i64::from(flags >> 1 & 1) * 3000;
        let got = machine.push(seq, time, flags & 1 != 0, payload);
        for picture in got.pictures.into_iter().flatten() {
            if let Some(header) = &picture.header {
                assert!(picture.key, "a header without a keyframe");
                config = Some(AvcConfig::parse(header).expect("a header that can be read"));
            }
            let config = config.as_ref().expect("a header before pictures");
            assert!(nals(&picture.payload, 4).all(|nal| nal.is_ok()));
            let pieces = packetize(&frame_of(&picture), Some(config));
            let last = pieces.len() - 1;
            let mut whole = None;
            for (index, piece) in pieces.iter().enumerate() {
                assert!(piece.len() <= MAX_PAYLOAD_BYTES);
                again_seq += 1;
                let [_, this] = again.push(again_seq, picture.rtp, index == last, piece).pictures;
                whole = this;
            }
            assert_eq!(whole.map(|whole| whole.payload), Some(picture.payload));
        }
    }
}

fn frame_of(picture: &AccessUnit) -> Frame {
    let kind = if picture.key { FrameKind::Key } else { FrameKind::Delta };
    let payload = picture.payload.clone();
    Frame { track: TrackKind::Video, kind, ts_ms: 0, cts_ms: 0, codec: Codec::H264, payload }
}
