//! Made-up media for tests that need exact sizes and times: valid containers around meaningless pictures. And what is to be
//! heard of tones.

use bytes::Bytes;
use huitong_fanout::{Publisher, Tracks};
use huitong_media::TrackKind;
use std::f64::consts::TAU;

/// A record with one SPS (baseline 3.0) and one PPS.
const AVC_RECORD: [u8; 27] = [
    1, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0, 9, 0x67, 0x42, 0xc0, 0x1e, 0xda, 0x02, 0x80, 0xbf, 0xe5, 1, 0, 4,
    0x68, 0xce, 0x3c, 0x80, 0, 0, 0,
];

/// AAC-LC, 48 kHz, mono.
const AAC_CONFIG: [u8; 2] = [0x11, 0x88];

/// The body of a video header; `level` makes it differ from others.
pub fn video_header(level: u8) -> Vec<u8> {
    let mut record = AVC_RECORD[..24].to_vec();
    record[3] = record[3].wrapping_add(level);
    record[11] = record[11].wrapping_add(level);
    [&[0x17, 0, 0, 0, 0], record.as_slice()].concat()
}

/// The body of an audio header.
pub fn audio_header() -> Vec<u8> {
    [&[0xaf, 0], AAC_CONFIG.as_slice()].concat()
}

/// The body of a picture of `size` bytes.
pub fn picture(key: bool, size: usize) -> Vec<u8> {
    let nal = if key { 0x65 } else { 0x41 };
    let mut body = vec![if key { 0x17 } else { 0x27 }, 1, 0, 0, 0];
    body.extend_from_slice(&u32::try_from(size + 1).unwrap_or(u32::MAX).to_be_bytes());
    body.push(nal);
    // No start codes can appear in a picture of equal bytes.
    body.resize(body.len() + size, 0x5a);
    body
}

/// The body of a sound of `size` bytes.
pub fn sound(size: usize) -> Vec<u8> {
    let mut body = vec![0xaf, 1];
    body.resize(body.len() + size, 0x21);
    body
}

/// Feeds a publisher message by message.
pub struct Studio {
    publisher: Publisher,
    sent: u32,
}

impl Studio {
    /// Sends the codec headers.
    pub fn start(publisher: Publisher) -> Self {
        let mut studio = Self { publisher, sent: 0 };
        studio.video_header(0);
        studio.send(TrackKind::Audio, 0, audio_header());
        studio
    }

    /// Sends a video header; `level` makes it differ from others.
    pub fn video_header(&mut self, level: u8) {
        self.send(TrackKind::Video, 0, video_header(level));
    }

    /// Sends a picture of `size` bytes.
    pub fn picture(&mut self, timestamp: u32, key: bool, size: usize) {
        self.send(TrackKind::Video, timestamp, picture(key, size));
    }

    /// Sends a sound of `size` bytes.
    pub fn sound(&mut self, timestamp: u32, size: usize) {
        self.send(TrackKind::Audio, timestamp, sound(size));
    }

    /// One group of pictures: a keyframe, deltas, and sounds between, `fps` pictures in a second from `start` ms.
    pub fn second(&mut self, start: u32, fps: u32, size: usize) {
        for i in 0..fps {
            let at = start + i * 1000 / fps;
            self.picture(at, i == 0, size);
            for j in 0..3 {
                self.sound(at + j * 20, 100);
            }
        }
    }

    fn send(&mut self, track: TrackKind, timestamp: u32, body: Vec<u8>) {
        self.sent += 1;
        let pushed = self.publisher.push_flv(track, timestamp, &Bytes::from(body), Tracks::BOTH);
        assert!(matches!(pushed, Ok(huitong_fanout::Pushed::Taken)), "message {}: {pushed:?}", self.sent);
    }
}

/// Level of one frequency in samples of so many a second: the amplitude of its sine (Goertzel).
pub fn level(samples: &[f32], rate: u32, hz: f64) -> f64 {
    let coefficient = 2.0 * (TAU * hz / f64::from(rate)).cos();
    let (mut s1, mut s2) = (0.0, 0.0);
    for sample in samples {
        let s0 = f64::from(*sample) + coefficient * s1 - s2;
        (s2, s1) = (s1, s0);
    }
    let power = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
    2.0 * power.max(0.0).sqrt() / samples.len() as f64
}
