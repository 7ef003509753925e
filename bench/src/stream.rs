//! The measured stream: 800 kbit/s in 15 pictures and 47 sounds a second, as a phone sends them.

use huitong_media::aac::AudioSpecificConfig;
use huitong_media::flv::TagKind;

/// Pictures a second.
const VIDEO_RATE: u64 = 15;

/// Sounds a second: AAC frames of 1024 samples at 48 kHz.
const AUDIO_RATE: u64 = 47;

/// Pictures from one keyframe to the next: two seconds.
const GOP: u64 = 30;

/// Body of a keyframe, bytes.
const KEY_BYTES: usize = 30_000;

/// Body of any other picture. With the keyframes this makes 752 kbit/s.
const DELTA_BYTES: usize = 5_448;

/// Body of a sound: 48 kbit/s.
const AUDIO_BYTES: usize = 128;

/// Marks a measured message, in front of its number and its time.
const MAGIC: [u8; 8] = *b"\xf1htbench";

/// Bytes of a body that have to be seen to read its [`Probe`].
pub(crate) const PROBE_BYTES: usize = 40;

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
        let rest = body.get(at..)?.strip_prefix(&MAGIC)?;
        let (seq, rest) = rest.split_first_chunk::<8>()?;
        let (sent, _) = rest.split_first_chunk::<8>()?;
        let key = kind == 9 && body.first().is_some_and(|b| b >> 4 == 1);
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
    key: bool,
}

/// The endless schedule of one stream.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schedule {
    pictures: u64,
    sounds: u64,
    seq: u64,
}

impl Schedule {
    /// The next message.
    pub(crate) fn next(&mut self) -> Planned {
        let video = self.pictures * 1_000_000_000 / VIDEO_RATE;
        let audio = self.sounds * 1_000_000_000 / AUDIO_RATE;
        if video <= audio {
            self.pictures += 1;
            Planned { kind: TagKind::Video, at_ns: video, key: (self.pictures - 1).is_multiple_of(GOP) }
        } else {
            self.sounds += 1;
            Planned { kind: TagKind::Audio, at_ns: audio, key: false }
        }
    }

    /// Writes the body of a message with the present time in it.
    pub(crate) fn body(&mut self, planned: Planned, now_ns: u64, out: &mut Vec<u8>) {
        out.clear();
        let size = match (planned.kind, planned.key) {
            (TagKind::Video, true) => KEY_BYTES,
            (TagKind::Video, false) => DELTA_BYTES,
            _ => AUDIO_BYTES,
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
    use bytes::Bytes;
    use huitong_media::{Ingest, TrackKind};

    #[test]
    fn two_seconds_have_the_rate_of_the_measure() {
        let (mut schedule, mut body) = (Schedule::default(), Vec::new());
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
        assert_eq!((pictures, sounds), (30, 94));
        assert!((199_000..=201_000).contains(&bytes), "{bytes} bytes in two seconds, 800 kbit/s");
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
