//! The `onMetaData` script body (E.5): AMF0, written from what is known about the publication.

use bytes::{BufMut, Bytes, BytesMut};

use crate::StreamInfo;

/// Name of the script data message that describes a stream.
pub const ON_META_DATA: &str = "onMetaData";

/// Writes the AMF0 body of `onMetaData`: the name and an ECMA array. RTMP data messages and FLV script tags carry
/// the same bytes.
///
/// Width and height are left out while unknown: players take a zero at its word.
pub fn metadata_body(info: &StreamInfo) -> Bytes {
    let mut properties = Properties { out: BytesMut::with_capacity(256), count: 0 };
    properties.number("duration", 0.0);
    if let Some(video) = info.video {
        if video.width > 0 && video.height > 0 {
            properties.number("width", f64::from(video.width));
            properties.number("height", f64::from(video.height));
        }
        if let Some(fps) = video.fps {
            properties.number("framerate", fps);
        }
        properties.number("videocodecid", 7.0);
    }
    if let Some(audio) = info.audio {
        properties.number("audiosamplerate", f64::from(audio.sample_rate));
        properties.number("audiosamplesize", 16.0);
        properties.boolean("stereo", audio.channels > 1);
        properties.number("audiocodecid", 10.0);
    }
    let mut body = BytesMut::with_capacity(properties.out.len() + 24);
    body.put_u8(2);
    put_name(&mut body, ON_META_DATA);
    body.put_u8(8);
    body.put_u32(properties.count);
    body.put_slice(&properties.out);
    body.put_slice(&[0, 0, 9]);
    body.freeze()
}

struct Properties {
    out: BytesMut,
    count: u32,
}

impl Properties {
    fn number(&mut self, name: &str, value: f64) {
        put_name(&mut self.out, name);
        self.out.put_u8(0);
        self.out.put_f64(value);
        self.count += 1;
    }

    fn boolean(&mut self, name: &str, value: bool) {
        put_name(&mut self.out, name);
        self.out.put_u8(1);
        self.out.put_u8(u8::from(value));
        self.count += 1;
    }
}

fn put_name(out: &mut BytesMut, name: &str) {
    out.put_u16(name.len() as u16);
    out.put_slice(name.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AudioInfo, Codec, VideoInfo};

    #[test]
    fn says_what_is_known_and_nothing_else() {
        let video =
            VideoInfo { codec: Codec::H264, width: 360, height: 640, profile: 66, level: 30, fps: None };
        let audio = AudioInfo { codec: Codec::Aac, sample_rate: 16_000, channels: 1 };
        let body = metadata_body(&StreamInfo { video: Some(video), audio: Some(audio), b_frames: false });
        assert!(body.starts_with(b"\x02\x00\x0aonMetaData\x08\x00\x00\x00\x08"));
        assert!(body.ends_with(&[0, 0, 9]));
        let has = |name: &[u8]| body.windows(name.len()).any(|window| window == name);
        assert!(has(b"\x00\x05width\x00\x40\x76\x80"));
        assert!(!has(b"framerate"));
        let empty = metadata_body(&StreamInfo::default());
        assert!(empty.starts_with(b"\x02\x00\x0aonMetaData\x08\x00\x00\x00\x01"));
    }
}
