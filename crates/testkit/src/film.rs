//! Pictures that no decoder looks at.

use crate::webrtc::Browser;
use bytes::Bytes;
use huitong_media::h264::AvcConfig;

/// A header and pictures of made-up bytes.
pub struct Film {
    /// The codec header.
    pub header: AvcConfig,
    /// Pictures made so far, modulo 256.
    pub number: u8,
    /// The time of the picture made last, ms.
    pub at_ms: u32,
}

impl Film {
    /// A film whose header names this level beyond 3.0.
    pub fn new(level: u8) -> Self {
        let sps = vec![0x67, 0x42, 0xc0, 0x1e + level, 0xda, 0x02, 0x80, 0xbf, 0xe5];
        let pps = vec![0x68, 0xce, 0x3c, 0x80];
        let header = AvcConfig { length_size: 4, sps: vec![sps.into()], pps: vec![pps.into()] };
        Self { header, number: 0, at_ms: 0 }
    }

    /// The next picture: one NAL unit of so many bytes, with its length before it.
    pub fn picture(&mut self, key: bool, size: usize) -> Bytes {
        self.number = self.number.wrapping_add(1);
        let mut unit = vec![if key { 0x65 } else { 0x41 }];
        unit.resize(size, self.number | 0x40);
        [&(size as u32).to_be_bytes()[..], &unit].concat().into()
    }

    /// Sends one picture and one sound 33 ms after those before.
    pub async fn roll(&mut self, camera: &mut Browser, key: bool, size: usize) -> Bytes {
        self.at_ms += 33;
        let picture = self.picture(key, size);
        camera.send_picture(self.at_ms, key, picture.clone(), &self.header).await;
        camera.send_sound(self.at_ms, &[0xf8, self.number, 3, 4]).await;
        picture
    }
}
