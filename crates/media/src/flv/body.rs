//! The bodies of audio and video tags.

use std::ops::Deref;

use bytes::Bytes;

use crate::{CodecTag, Frame, FrameKind, MediaError, TrackKind};

/// FLV codec id of H.264 (E.4.3.1).
const CODEC_AVC: u8 = 7;
/// FLV sound format of AAC (E.4.2.1).
const SOUND_AAC: u8 = 10;
/// First byte of every AAC tag: AAC, "44 kHz", 16 bit, stereo. The specification fixes these flags; players read
/// the `AudioSpecificConfig`.
const AAC_FLAGS: u8 = 0xaf;
/// Sound format that announces an enhanced RTMP audio header.
const SOUND_EX_HEADER: u8 = 9;

/// The content of a video tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VideoBody {
    /// An `AVCDecoderConfigurationRecord`.
    Config(Bytes),
    /// Length-prefixed NAL units.
    Picture {
        /// Whether the tag is flagged as a keyframe.
        key: bool,
        /// Presentation time minus decoding time in milliseconds.
        cts_ms: i32,
        /// The NAL units.
        nals: Bytes,
    },
    /// End of sequence, an information frame, or an empty picture: nothing to forward.
    Nothing,
}

/// The content of an audio tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AudioBody {
    /// An `AudioSpecificConfig`.
    Config(Bytes),
    /// A raw AAC frame.
    Frame(Bytes),
    /// An empty frame, or the end of a sequence: nothing to forward.
    Nothing,
}

/// Reads the body of a video tag or RTMP video message: H.264 in the classic form and in the enhanced RTMP form
/// with FourCC `avc1`.
pub fn parse_video_body(body: &Bytes) -> Result<VideoBody, MediaError> {
    let Some(&first) = body.first() else {
        return Ok(VideoBody::Nothing);
    };
    if first & 0x80 != 0 {
        return parse_enhanced_video(first, body);
    }
    let (frame_type, codec) = (first >> 4, first & 0x0f);
    if frame_type == 5 {
        return Ok(VideoBody::Nothing);
    }
    if codec != CODEC_AVC {
        return Err(MediaError::UnsupportedVideo(CodecTag::FlvVideo(codec)));
    }
    let Some(&[packet_type, high, middle, low]) = body.get(1..5) else {
        return Err(MediaError::malformed("H.264 tag", "it is shorter than its five byte head"));
    };
    match packet_type {
        0 => Ok(VideoBody::Config(body.slice(5..))),
        1 => Ok(picture(frame_type, signed_24([high, middle, low]), body.slice(5..))),
        2 => Ok(VideoBody::Nothing),
        _ => Err(MediaError::malformed("H.264 tag", "its packet type is not 0, 1 or 2")),
    }
}

fn parse_enhanced_video(first: u8, body: &Bytes) -> Result<VideoBody, MediaError> {
    let Some(&[a, b, c, d]) = body.get(1..5) else {
        return Err(MediaError::malformed("enhanced video tag", "it is shorter than its five byte head"));
    };
    let (frame_type, packet_type) = (first >> 4 & 7, first & 0x0f);
    if [a, b, c, d] != *b"avc1" {
        return Err(MediaError::UnsupportedVideo(CodecTag::FourCc([a, b, c, d])));
    }
    match packet_type {
        0 => Ok(VideoBody::Config(body.slice(5..))),
        1 => {
            let Some(&[high, middle, low]) = body.get(5..8) else {
                return Err(MediaError::malformed("enhanced video tag", "its composition time is cut short"));
            };
            Ok(picture(frame_type, signed_24([high, middle, low]), body.slice(8..)))
        }
        3 => Ok(picture(frame_type, 0, body.slice(5..))),
        2 | 4 => Ok(VideoBody::Nothing),
        _ => Err(MediaError::malformed("enhanced video tag", "its packet type is not one of H.264")),
    }
}

fn picture(frame_type: u8, cts_ms: i32, nals: Bytes) -> VideoBody {
    if nals.is_empty() {
        return VideoBody::Nothing;
    }
    VideoBody::Picture { key: matches!(frame_type, 1 | 4), cts_ms, nals }
}

fn signed_24([high, middle, low]: [u8; 3]) -> i32 {
    i32::from_be_bytes([high, middle, low, 0]) >> 8
}

/// Reads the body of an audio tag or RTMP audio message: AAC in the classic form and in the enhanced RTMP form
/// with FourCC `mp4a`.
pub fn parse_audio_body(body: &Bytes) -> Result<AudioBody, MediaError> {
    let Some(&first) = body.first() else {
        return Ok(AudioBody::Nothing);
    };
    let format = first >> 4;
    let (packet_type, data) = if format == SOUND_EX_HEADER {
        let Some(&[a, b, c, d]) = body.get(1..5) else {
            return Err(MediaError::malformed("enhanced audio tag", "it is shorter than its five byte head"));
        };
        if [a, b, c, d] != *b"mp4a" {
            return Err(MediaError::UnsupportedAudio(CodecTag::FourCc([a, b, c, d])));
        }
        (first & 0x0f, body.slice(5..))
    } else if format == SOUND_AAC {
        let Some(&packet_type) = body.get(1) else {
            return Err(MediaError::malformed("AAC tag", "it is shorter than its two byte head"));
        };
        (packet_type, body.slice(2..))
    } else {
        return Err(MediaError::UnsupportedAudio(CodecTag::FlvAudio(format)));
    };
    match packet_type {
        0 => Ok(AudioBody::Config(data)),
        1 if data.is_empty() => Ok(AudioBody::Nothing),
        1 => Ok(AudioBody::Frame(data)),
        2 => Ok(AudioBody::Nothing),
        _ => Err(MediaError::malformed("AAC tag", "its packet type is not 0, 1 or 2")),
    }
}

/// The bytes that stand before a frame's payload in a tag body: five for video, two for audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyHead {
    bytes: [u8; 5],
    len: usize,
}

impl Deref for BodyHead {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&self.bytes)
    }
}

/// The head of the tag body that carries the frame; the body is this head followed by the payload.
pub fn body_head(frame: &Frame) -> BodyHead {
    let packet_type = u8::from(frame.kind != FrameKind::Config);
    match frame.track {
        TrackKind::Audio => BodyHead { bytes: [AAC_FLAGS, packet_type, 0, 0, 0], len: 2 },
        TrackKind::Video => {
            let frame_type = if frame.kind == FrameKind::Delta { 2 } else { 1 };
            let [_, high, middle, low] = frame.cts_ms.to_be_bytes();
            BodyHead { bytes: [frame_type << 4 | CODEC_AVC, packet_type, high, middle, low], len: 5 }
        }
    }
}

/// The head and the payload, for writers that take parts: `body_parts(&frame, &body_head(&frame))`.
pub fn body_parts<'a>(frame: &'a Frame, head: &'a BodyHead) -> [&'a [u8]; 2] {
    [head, &frame.payload]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Codec;

    fn frame(track: TrackKind, kind: FrameKind, cts_ms: i32) -> Frame {
        let codec = if track == TrackKind::Video { Codec::H264 } else { Codec::Aac };
        Frame { track, kind, ts_ms: 7, cts_ms, codec, payload: Bytes::from_static(&[1, 2, 3]) }
    }

    fn body(frame: &Frame) -> Bytes {
        Bytes::from(body_parts(frame, &body_head(frame)).concat())
    }

    #[test]
    fn video_bodies_round_trip_with_signed_composition_time() {
        for cts_ms in [0, 40, -40, 0x7f_ffff, -0x80_0000] {
            for kind in [FrameKind::Key, FrameKind::Delta] {
                let sent = frame(TrackKind::Video, kind, cts_ms);
                let VideoBody::Picture { key, cts_ms: read, nals } = parse_video_body(&body(&sent)).unwrap()
                else {
                    panic!("not a picture");
                };
                assert_eq!((key, read, nals), (kind == FrameKind::Key, cts_ms, sent.payload.clone()));
            }
        }
        let config = frame(TrackKind::Video, FrameKind::Config, 0);
        assert_eq!(parse_video_body(&body(&config)).unwrap(), VideoBody::Config(config.payload.clone()));
    }

    #[test]
    fn audio_bodies_round_trip() {
        let sent = frame(TrackKind::Audio, FrameKind::Audio, 0);
        assert_eq!(&body(&sent)[..2], [0xaf, 1]);
        assert_eq!(parse_audio_body(&body(&sent)).unwrap(), AudioBody::Frame(sent.payload.clone()));
        let config = frame(TrackKind::Audio, FrameKind::Config, 0);
        assert_eq!(parse_audio_body(&body(&config)).unwrap(), AudioBody::Config(config.payload.clone()));
    }

    #[test]
    fn enhanced_h264_and_aac_are_read() {
        let key = Bytes::from_static(b"\x91avc1\xff\xff\xfeNALS");
        let expected = VideoBody::Picture { key: true, cts_ms: -2, nals: Bytes::from_static(b"NALS") };
        assert_eq!(parse_video_body(&key).unwrap(), expected);
        let without_cts = Bytes::from_static(b"\xa3avc1NALS");
        let expected = VideoBody::Picture { key: false, cts_ms: 0, nals: Bytes::from_static(b"NALS") };
        assert_eq!(parse_video_body(&without_cts).unwrap(), expected);
        let config = Bytes::from_static(b"\x90mp4a\x14\x08");
        assert_eq!(parse_audio_body(&config).unwrap(), AudioBody::Config(Bytes::from_static(&[0x14, 8])));
    }

    #[test]
    fn other_codecs_are_named_in_the_refusal() {
        let say = |body: &'static [u8]| parse_video_body(&Bytes::from_static(body)).unwrap_err().to_string();
        assert_eq!(say(&[0x1c, 0, 0, 0, 0]), "video must be H.264, not H.265 (FLV codec id 12)");
        assert_eq!(say(b"\x90hvc1"), "video must be H.264, not FourCC 'hvc1'");
        let speex = parse_audio_body(&Bytes::from_static(&[0xb2, 0])).unwrap_err();
        assert_eq!(speex.to_string(), "audio must be AAC, not Speex (FLV sound format 11)");
        assert!(speex.is_unsupported());
    }

    #[test]
    fn empty_bodies_and_ends_of_sequence_carry_nothing() {
        for body in [&[][..], &[0x17, 2, 0, 0, 0], &[0x57, 0], &[0x27, 1, 0, 0, 0]] {
            assert_eq!(parse_video_body(&Bytes::copy_from_slice(body)).unwrap(), VideoBody::Nothing);
        }
        for body in [&[][..], &[0xaf, 1]] {
            assert_eq!(parse_audio_body(&Bytes::copy_from_slice(body)).unwrap(), AudioBody::Nothing);
        }
    }

    #[test]
    fn short_heads_are_malformed() {
        assert!(parse_video_body(&Bytes::from_static(&[0x17, 1, 0])).is_err());
        assert!(parse_video_body(&Bytes::from_static(b"\x91avc1\x00")).is_err());
        assert!(parse_audio_body(&Bytes::from_static(&[0xaf])).is_err());
    }
}
