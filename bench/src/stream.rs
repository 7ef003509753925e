//! The measured streams: 800 kbit/s, as a phone sends them over RTMP and as a browser sends them over WebRTC.

use bytes::Bytes;
use huitong_media::aac::AudioSpecificConfig;
use huitong_media::flv::TagKind;
use huitong_media::h264::AvcConfig;

/// How a stream is made up.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Pictures a second.
    video_rate: u64,
    /// Sounds a second.
    audio_rate: u64,
    /// Pictures from one keyframe to the next.
    gop: u64,
    /// Body of a keyframe, bytes.
    key_bytes: usize,
    /// Body of any other picture, bytes.
    delta_bytes: usize,
    /// Body of a sound, bytes.
    audio_bytes: usize,
}

/// A phone: 15 pictures a second with a keyframe every two seconds, 752 kbit/s, and AAC frames of 1024 samples at
/// 48 kHz, 48 kbit/s.
pub(crate) static PHONE: Shape = Shape {
    video_rate: 15,
    audio_rate: 47,
    gop: 30,
    key_bytes: 30_000,
    delta_bytes: 5_448,
    audio_bytes: 128,
};

/// A browser with a camera of 720p: 30 pictures a second with a keyframe every two seconds, 768 kbit/s, and Opus
/// packets of 20 ms, 32 kbit/s.
pub(crate) static BROWSER: Shape =
    Shape { video_rate: 30, audio_rate: 50, gop: 60, key_bytes: 30_000, delta_bytes: 2_746, audio_bytes: 81 };

/// Marks a measured message, in front of its number and its time.
const MAGIC: [u8; 8] = *b"\xf1htbench";

/// Bytes of a body that have to be seen to read its [`Probe`].
pub(crate) const PROBE_BYTES: usize = 40;

/// First byte of an Opus packet: one frame of 20 ms, full band, mono (RFC 6716, section 3.1).
const OPUS_TOC: u8 = 0x78;

/// A sequence parameter set of 320×180 baseline and a picture parameter set, as `x264` writes them.
const SPS: &[u8] = &[
    0x67, 0x42, 0xc0, 0x0c, 0xda, 0x05, 0x06, 0xe8, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00, 0x00, 0x07,
    0xa3, 0xc5, 0x0a, 0xa8,
];
const PPS: &[u8] = &[0x68, 0xce, 0x0f, 0xc8];

/// What a measured message says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Probe {
    /// Number in its stream, without holes.
    pub(crate) seq: u64,
    /// When it was sent, on the machine's monotonic clock.
    pub(crate) sent_ns: u64,
    /// Whether it is a keyframe.
    pub(crate) key: bool,
}

impl Probe {
    /// Reads the probe from the beginning of a tag body.
    pub(crate) fn read(kind: u8, body: &[u8]) -> Option<Self> {
        let at = match kind {
            9 => 10,
            8 => 2,
            _ => return None,
        };
        let key = kind == 9 && body.first().is_some_and(|b| b >> 4 == 1);
        Self::at(body.get(at..)?, key)
    }

    /// Reads the probe where it begins.
    pub(crate) fn at(bytes: &[u8], key: bool) -> Option<Self> {
        let rest = bytes.strip_prefix(&MAGIC)?;
        let (seq, rest) = rest.split_first_chunk::<8>()?;
        let (sent, _) = rest.split_first_chunk::<8>()?;
        Some(Self { seq: u64::from_be_bytes(*seq), sent_ns: u64::from_be_bytes(*sent), key })
    }
}

/// A message of the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Planned {
    /// Audio or video.
    pub(crate) kind: TagKind,
    /// Time from the start of the stream, ns.
    pub(crate) at_ns: u64,
    /// Whether it is a keyframe.
    pub(crate) key: bool,
}

/// The endless schedule of one stream.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    shape: &'static Shape,
    pictures: u64,
    sounds: u64,
    seq: u64,
}

impl Default for Schedule {
    fn default() -> Self {
        Self::of(&PHONE)
    }
}

impl Schedule {
    /// The schedule of a stream of this shape, from its beginning.
    pub(crate) const fn of(shape: &'static Shape) -> Self {
        Self { shape, pictures: 0, sounds: 0, seq: 0 }
    }

    /// The next message.
    pub(crate) fn next(&mut self) -> Planned {
        let video = self.pictures * 1_000_000_000 / self.shape.video_rate;
        let audio = self.sounds * 1_000_000_000 / self.shape.audio_rate;
        if video <= audio {
            self.pictures += 1;
            Planned {
                kind: TagKind::Video,
                at_ns: video,
                key: (self.pictures - 1).is_multiple_of(self.shape.gop),
            }
        } else {
            self.sounds += 1;
            Planned { kind: TagKind::Audio, at_ns: audio, key: false }
        }
    }

    /// Writes the body of a message with the present time in it.
    pub(crate) fn body(&mut self, planned: Planned, now_ns: u64, out: &mut Vec<u8>) {
        out.clear();
        let size = match (planned.kind, planned.key) {
            (TagKind::Video, true) => self.shape.key_bytes,
            (TagKind::Video, false) => self.shape.delta_bytes,
            _ => self.shape.audio_bytes,
        };
        if planned.kind == TagKind::Video {
            let (flags, nal) = if planned.key { (0x17, 0x65) } else { (0x27, 0x41) };
            out.extend_from_slice(&[flags, 1, 0, 0, 0]);
            out.extend_from_slice(&(size as u32 - 9).to_be_bytes());
            out.push(nal);
        } else {
            out.extend_from_slice(&[0xaf, 1]);
        }
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&self.seq.to_be_bytes());
        out.extend_from_slice(&now_ns.to_be_bytes());
        out.resize(size, 0x55);
        self.seq += 1;
    }
}

/// The picture of a tag body as a frame's payload: NAL units with their lengths.
pub(crate) fn picture(body: &[u8]) -> &[u8] {
    &body[5..]
}

/// The sound of a tag body as an Opus packet, written over `out`.
pub(crate) fn opus(body: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.push(OPUS_TOC);
    out.extend_from_slice(&body[2..]);
}

/// The parameter sets of the pictures.
pub(crate) fn parameter_sets() -> AvcConfig {
    AvcConfig { length_size: 4, sps: vec![Bytes::from_static(SPS)], pps: vec![Bytes::from_static(PPS)] }
}

/// The codec headers as tag bodies: picture, then sound.
pub(crate) fn headers() -> [(TagKind, Vec<u8>); 2] {
    let mut avc = vec![0x17, 0, 0, 0, 0, 1, SPS[1], SPS[2], SPS[3], 0xff, 0xe1];
    avc.extend_from_slice(&(SPS.len() as u16).to_be_bytes());
    avc.extend_from_slice(SPS);
    avc.push(1);
    avc.extend_from_slice(&(PPS.len() as u16).to_be_bytes());
    avc.extend_from_slice(PPS);
    let aac = [&[0xaf, 0][..], &AudioSpecificConfig::lc(48_000, 1).build()].concat();
    [(TagKind::Video, avc), (TagKind::Audio, aac)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use huitong_media::{Ingest, TrackKind};

    fn two_seconds(shape: &'static Shape) -> (usize, usize, usize) {
        let (mut schedule, mut body) = (Schedule::of(shape), Vec::new());
        let (mut bytes, mut pictures, mut sounds) = (0, 0, 0);
        loop {
            let planned = schedule.next();
            if planned.at_ns >= 2_000_000_000 {
                break;
            }
            schedule.body(planned, 0, &mut body);
            bytes += body.len();
            if planned.kind == TagKind::Video { pictures += 1 } else { sounds += 1 }
        }
        (bytes, pictures, sounds)
    }

    #[test]
    fn two_seconds_have_the_rate_of_the_measure() {
        for (shape, counts) in [(&PHONE, (30, 94)), (&BROWSER, (60, 100))] {
            let (bytes, pictures, sounds) = two_seconds(shape);
            assert_eq!((pictures, sounds), counts);
            assert!((199_000..=201_000).contains(&bytes), "{bytes} bytes in two seconds, 800 kbit/s");
        }
    }

    #[test]
    fn every_message_is_taken_for_media_and_read_back() {
        let mut ingest = Ingest::new();
        for (kind, body) in headers() {
            let track = if kind == TagKind::Video { TrackKind::Video } else { TrackKind::Audio };
            assert_eq!(ingest.push(track, 0, &Bytes::from(body)).unwrap().count(), 1);
        }
        let (mut schedule, mut body) = (Schedule::default(), Vec::new());
        for seq in 0..100 {
            let planned = schedule.next();
            schedule.body(planned, 77, &mut body);
            let track = if planned.kind == TagKind::Video { TrackKind::Video } else { TrackKind::Audio };
            let frame = ingest.push(track, 0, &Bytes::from(body.clone())).unwrap().next().expect("a frame");
            assert_eq!(frame.is_key(), planned.key);
            let probe = Probe::read(planned.kind as u8, &body[..PROBE_BYTES]).unwrap();
            assert_eq!(probe, Probe { seq, sent_ns: 77, key: planned.key });
        }
    }
}
