//! Frames as RTMP chunks that are valid on every player's connection.

use bytes::{Bytes, BytesMut};
use huitong_fanout::describe;
use huitong_hub::{Configs, WireFormat};
use huitong_media::{Frame, TrackKind, flv};
use huitong_rtmp::{MediaKind, PLAYER_CHUNK_SIZE, encode_media_chunks};

/// RTMP towards players: full chunk headers with absolute times, so no byte depends on the connection.
#[derive(Debug, Default)]
pub struct RtmpWire;

/// Room for chunk headers beside the payload: the basic, message and extended-time headers and one
/// continuation per 64 KiB.
const HEADERS: usize = 64;

impl WireFormat<Frame> for RtmpWire {
    fn encode(&self, body: &Frame, ts_ms: i64) -> Bytes {
        let head = flv::body_head(body);
        let kind = match body.track {
            TrackKind::Video => MediaKind::Video,
            TrackKind::Audio => MediaKind::Audio,
        };
        let mut out = BytesMut::with_capacity(body.payload.len() + HEADERS);
        encode_media_chunks(kind, ts_ms as u32, &flv::body_parts(body, &head), PLAYER_CHUNK_SIZE, &mut out);
        out.freeze()
    }

    fn prelude(&self, configs: &Configs<Frame>, video: bool, audio: bool, _ts_ms: i64) -> Bytes {
        let mut info = describe(configs);
        info.video = info.video.filter(|_| video);
        info.audio = info.audio.filter(|_| audio);
        let metadata = flv::metadata_body(&info);
        let mut out = BytesMut::with_capacity(metadata.len() + HEADERS);
        // At any time but zero ffmpeg takes the metadata for a stream of subtitles.
        encode_media_chunks(MediaKind::Data, 0, &[&metadata], PLAYER_CHUNK_SIZE, &mut out);
        out.freeze()
    }
}
