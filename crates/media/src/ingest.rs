//! From a publisher's messages to frames.

use bytes::Bytes;

use crate::aac::AudioSpecificConfig;
use crate::flv::{AudioBody, VideoBody, parse_audio_body, parse_video_body};
use crate::h264::{AvcConfig, NAL_IDR, is_slice, nal_type, nals};
use crate::{AudioInfo, Codec, Frame, FrameKind, MediaError, StreamInfo, Timeline, TrackKind, opus};

/// Largest codec header that is accepted. It is kept and sent to every player that joins; real ones have 2 to 100 bytes,
/// and one with every parameter set at its legal size stays below this in any stream that exists.
pub const MAX_CODEC_HEADER_BYTES: usize = 16 << 10;

/// What was left out of the output since the start, for "why is it black?".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IngestCounters {
    /// Frames that came before the codec header of their track.
    pub before_header: u64,
    /// Pictures that came before the first keyframe behind a start, a reconnect or a change of the picture size.
    pub before_key: u64,
    /// Messages that broke a rule of their format.
    pub malformed: u64,
}

/// What a publisher sends that speaks no container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Native {
    /// The `AVCDecoderConfigurationRecord` of the pictures that follow.
    VideoHeader(Bytes),
    /// One picture as length-prefixed NAL units.
    Picture(Bytes),
    /// One Opus packet.
    Opus(Bytes),
}

impl Native {
    /// The track.
    pub const fn track(&self) -> TrackKind {
        match self {
            Self::VideoHeader(_) | Self::Picture(_) => TrackKind::Video,
            Self::Opus(_) => TrackKind::Audio,
        }
    }
}

/// Up to two frames made from one message: a codec header and the frame it came with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frames {
    header: Option<Frame>,
    frame: Option<Frame>,
}

impl Iterator for Frames {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        self.header.take().or_else(|| self.frame.take())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = usize::from(self.header.is_some()) + usize::from(self.frame.is_some());
        (count, Some(count))
    }
}

impl ExactSizeIterator for Frames {}

/// Turns the audio and video messages of one publication into frames, across all connections that publish it.
///
/// - Codec headers come out once per change: a repeated one yields nothing.
/// - In-band parameter sets that change the picture come out as a header before their keyframe.
/// - Nothing comes out before the header of its track, and no picture before a keyframe.
/// - Times are those of a [`Timeline`].
#[derive(Debug, Clone, Default)]
pub struct Ingest {
    timeline: Timeline,
    avc: Option<Avc>,
    audio: Option<(Codec, Bytes)>,
    info: StreamInfo,
    /// Whether pictures that need earlier ones may pass.
    decodable: bool,
    max_pts: i64,
    counters: IngestCounters,
}

#[derive(Debug, Clone)]
struct Avc {
    config: AvcConfig,
    record: Bytes,
}

/// What a walk over the NAL units of a frame finds.
struct Picture {
    has_slice: bool,
    is_idr: bool,
}

impl Ingest {
    /// For a new publication.
    pub fn new() -> Self {
        Self { max_pts: i64::MIN, ..Self::default() }
    }

    /// Another connection takes over the publication: its clock starts anew and it must send its own headers; those
    /// that equal the known ones yield nothing, so players notice no more than a keyframe.
    pub fn restart(&mut self) {
        self.timeline.restart();
        self.info = StreamInfo::default();
        self.decodable = false;
        self.max_pts = i64::MIN;
    }

    /// What the headers of the current connection say.
    pub fn info(&self) -> &StreamInfo {
        &self.info
    }

    /// What was left out so far.
    pub fn counters(&self) -> IngestCounters {
        self.counters
    }

    /// The latest output time of either track in milliseconds.
    pub fn last_ts_ms(&self) -> Option<i64> {
        self.timeline.last_out()
    }

    /// Takes the body of one RTMP audio or video message or FLV tag with its raw timestamp (milliseconds, wrapping).
    ///
    /// After an error with [`MediaError::is_unsupported`] the publisher should be refused; after any other the message
    /// is dropped and counted, and the next one may be fine.
    pub fn push(&mut self, track: TrackKind, timestamp: u32, body: &Bytes) -> Result<Frames, MediaError> {
        let result = match track {
            TrackKind::Video => self.push_video(timestamp, body),
            TrackKind::Audio => self.push_audio(timestamp, body),
        };
        if matches!(result, Err(MediaError::Malformed { .. })) {
            self.counters.malformed += 1;
        }
        result
    }

    /// Takes a message of a track whose frames are not wanted now: only its codec headers count. When the track is
    /// wanted again ([`Ingest::push`]), pictures start at a keyframe.
    pub fn push_silenced(&mut self, track: TrackKind, body: &Bytes) -> Result<Frames, MediaError> {
        let header = match track {
            TrackKind::Video => {
                self.decodable = false;
                matches!(parse_video_body(body), Ok(VideoBody::Config(_)))
            }
            TrackKind::Audio => matches!(parse_audio_body(body), Ok(AudioBody::Config(_))),
        };
        // A header has no time of its own.
        if header { self.push(track, 0, body) } else { Ok(Frames::default()) }
    }

    /// As [`Ingest::push`] for what comes without a container.
    pub fn push_native(&mut self, timestamp: u32, native: Native) -> Result<Frames, MediaError> {
        let result = match native {
            Native::VideoHeader(record) => AvcConfig::parse(&record)
                .map(|config| Frames { header: self.set_avc(config, record), frame: None }),
            Native::Picture(nals) => self.push_picture(timestamp, false, 0, nals),
            Native::Opus(packet) => Ok(self.push_opus(timestamp, packet)),
        };
        if matches!(result, Err(MediaError::Malformed { .. })) {
            self.counters.malformed += 1;
        }
        result
    }

    /// As [`Ingest::push_silenced`] for what comes without a container.
    pub fn push_native_silenced(&mut self, native: Native) -> Result<Frames, MediaError> {
        match native {
            Native::VideoHeader(_) => self.push_native(0, native),
            Native::Picture(_) => {
                self.decodable = false;
                Ok(Frames::default())
            }
            Native::Opus(packet) => {
                let header = opus::packet_channels(&packet).and_then(|channels| self.set_opus(channels));
                Ok(Frames { header, frame: None })
            }
        }
    }

    fn push_video(&mut self, timestamp: u32, body: &Bytes) -> Result<Frames, MediaError> {
        match parse_video_body(body)? {
            VideoBody::Nothing => Ok(Frames::default()),
            VideoBody::Config(record) => {
                let config = AvcConfig::parse(check_header(&record)?)?;
                Ok(Frames { header: self.set_avc(config, record), frame: None })
            }
            VideoBody::Picture { key, cts_ms, nals } => self.push_picture(timestamp, key, cts_ms, nals),
        }
    }

    fn push_picture(
        &mut self,
        timestamp: u32,
        flagged_key: bool,
        cts_ms: i32,
        payload: Bytes,
    ) -> Result<Frames, MediaError> {
        let known = self.info.video.and(self.avc.as_ref()).map(|avc| &avc.config);
        let picture = inspect(&payload, known.map_or(4, |config| config.length_size))?;
        let key = picture.is_idr || flagged_key;
        let mut frames = Frames::default();
        if key && let Some(config) = AvcConfig::after_in_band_sets(known, &payload) {
            let record = config.build();
            check_header(&record)?;
            frames.header = self.set_avc(config, record);
        }
        if self.info.video.is_none() {
            self.counters.before_header += 1;
            return Ok(frames);
        }
        if !picture.has_slice {
            return Ok(frames);
        }
        if !key && !self.decodable {
            self.counters.before_key += 1;
            return Ok(frames);
        }
        self.decodable = true;
        let ts_ms = self.timeline.map(TrackKind::Video, timestamp);
        self.note_order(ts_ms + i64::from(cts_ms));
        let kind = if key { FrameKind::Key } else { FrameKind::Delta };
        frames.frame =
            Some(Frame { track: TrackKind::Video, kind, ts_ms, cts_ms, codec: Codec::H264, payload });
        Ok(frames)
    }

    /// Pictures shown in another order than they are decoded in come from B-frames; a constant composition offset does
    /// not.
    fn note_order(&mut self, pts: i64) {
        // Rounding to milliseconds moves a time by one.
        if pts + 1 < self.max_pts {
            self.info.b_frames = true;
        }
        self.max_pts = self.max_pts.max(pts);
    }

    /// Makes this the current header; the frame that announces it, unless it was the current one already.
    fn set_avc(&mut self, config: AvcConfig, record: Bytes) -> Option<Frame> {
        self.info.video = Some(config.info());
        let known = self.avc.as_ref();
        if known.is_some_and(|avc| avc.record == record) {
            return None;
        }
        if known.is_none_or(|avc| avc.config.sps != config.sps) {
            self.decodable = false;
            self.max_pts = i64::MIN;
            self.info.b_frames = false;
        }
        self.avc = Some(Avc { config, record: record.clone() });
        Some(self.header(TrackKind::Video, Codec::H264, record))
    }

    fn push_audio(&mut self, timestamp: u32, body: &Bytes) -> Result<Frames, MediaError> {
        match parse_audio_body(body)? {
            AudioBody::Nothing => Ok(Frames::default()),
            AudioBody::Config(config) => {
                let parsed = AudioSpecificConfig::parse(check_header(&config)?)?;
                let info = AudioInfo {
                    codec: Codec::Aac,
                    sample_rate: parsed.sample_rate,
                    channels: parsed.channels(),
                };
                Ok(Frames { header: self.set_audio(info, config), frame: None })
            }
            AudioBody::Frame(_) if self.info.audio.is_none() => {
                self.counters.before_header += 1;
                Ok(Frames::default())
            }
            AudioBody::Frame(payload) => {
                Ok(Frames { header: None, frame: Some(self.sound(timestamp, Codec::Aac, payload)) })
            }
        }
    }

    fn push_opus(&mut self, timestamp: u32, payload: Bytes) -> Frames {
        let Some(channels) = opus::packet_channels(&payload) else { return Frames::default() };
        let header = self.set_opus(channels);
        Frames { header, frame: Some(self.sound(timestamp, Codec::Opus, payload)) }
    }

    /// The header of a browser's sound is made from its first packet. Opus decoders follow a change of channels by
    /// themselves (RFC 7845, section 5.1.1), so it is announced once, with the most channels seen.
    fn set_opus(&mut self, channels: u8) -> Option<Frame> {
        let known = self.info.audio.filter(|audio| audio.codec == Codec::Opus);
        if known.is_some_and(|audio| audio.channels >= channels) {
            return None;
        }
        let (codec, sample_rate) = (Codec::Opus, opus::SAMPLE_RATE);
        self.set_audio(AudioInfo { codec, sample_rate, channels }, opus::head(channels))
    }

    /// Makes this the current header; the frame that announces it, unless it was the current one already.
    fn set_audio(&mut self, info: AudioInfo, header: Bytes) -> Option<Frame> {
        self.info.audio = Some(info);
        if self.audio.as_ref().is_some_and(|(codec, known)| *codec == info.codec && *known == header) {
            return None;
        }
        self.audio = Some((info.codec, header.clone()));
        Some(self.header(TrackKind::Audio, info.codec, header))
    }

    fn sound(&mut self, timestamp: u32, codec: Codec, payload: Bytes) -> Frame {
        let ts_ms = self.timeline.map(TrackKind::Audio, timestamp);
        Frame { track: TrackKind::Audio, kind: FrameKind::Audio, ts_ms, cts_ms: 0, codec, payload }
    }

    fn header(&mut self, track: TrackKind, codec: Codec, payload: Bytes) -> Frame {
        let ts_ms = self.timeline.header(track);
        Frame { track, kind: FrameKind::Config, ts_ms, cts_ms: 0, codec, payload }
    }
}

fn check_header(header: &Bytes) -> Result<&Bytes, MediaError> {
    if header.len() > MAX_CODEC_HEADER_BYTES {
        return Err(MediaError::malformed("codec header", "it is longer than 16 KiB"));
    }
    Ok(header)
}

/// Walks the NAL units of a frame. Junk behind a coded slice is left to the decoder, which forgives it; a frame that
/// starts with junk is refused.
fn inspect(payload: &[u8], length_size: u8) -> Result<Picture, MediaError> {
    let mut is_idr = false;
    for nal in nals(payload, length_size) {
        let kind = nal_type(nal?);
        is_idr |= kind == NAL_IDR;
        if is_slice(kind) {
            return Ok(Picture { has_slice: true, is_idr });
        }
    }
    Ok(Picture { has_slice: false, is_idr })
}
