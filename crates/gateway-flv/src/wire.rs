//! FLV as it goes out: plain, and with each tag in a WebSocket frame.

use bytes::{BufMut, Bytes, BytesMut};
use huitong_fanout::describe;
use huitong_hub::{Configs, WireFormat};
use huitong_media::{Frame, flv};

/// Plain FLV, for HTTP bodies that end with the connection.
#[derive(Debug, Default)]
pub struct FlvWire;

/// FLV in binary WebSocket messages, one tag each, framed once for all viewers (server frames are not masked,
/// RFC 6455 section 5.1).
#[derive(Debug, Default)]
pub struct WsFlvWire;

fn tag(frame: &Frame, ts_ms: i64) -> BytesMut {
    let mut out = BytesMut::with_capacity(frame.payload.len() + flv::TAG_OVERHEAD_BYTES + 8);
    let frame = Frame { ts_ms, ..frame.clone() };
    flv::write_frame(&mut out, &frame);
    out
}

fn start(configs: &Configs<Frame>, video: bool, audio: bool) -> BytesMut {
    let mut info = describe(configs);
    info.video = info.video.filter(|_| video);
    info.audio = info.audio.filter(|_| audio);
    let mut out = BytesMut::with_capacity(512);
    flv::write_file_header(&mut out, video, audio);
    // At any time but zero ffmpeg takes the metadata for a stream of subtitles.
    flv::write_metadata(&mut out, 0, &info);
    out
}

/// Wraps a payload in one binary message (RFC 6455 section 5.2).
pub fn binary_message(payload: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(payload.len() + 10);
    out.put_u8(0x82);
    match payload.len() {
        n @ 0..=125 => out.put_u8(n as u8),
        n @ 126..=0xffff => {
            out.put_u8(126);
            out.put_u16(n as u16);
        }
        n => {
            out.put_u8(127);
            out.put_u64(n as u64);
        }
    }
    out.extend_from_slice(payload);
    out.freeze()
}

impl WireFormat<Frame> for FlvWire {
    fn encode(&self, body: &Frame, ts_ms: i64) -> Bytes {
        tag(body, ts_ms).freeze()
    }

    fn prelude(&self, configs: &Configs<Frame>, video: bool, audio: bool, _ts_ms: i64) -> Bytes {
        start(configs, video, audio).freeze()
    }
}

impl WireFormat<Frame> for WsFlvWire {
    fn encode(&self, body: &Frame, ts_ms: i64) -> Bytes {
        binary_message(&tag(body, ts_ms))
    }

    fn prelude(&self, configs: &Configs<Frame>, video: bool, audio: bool, _ts_ms: i64) -> Bytes {
        binary_message(&start(configs, video, audio))
    }
}
