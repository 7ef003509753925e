//! AAC by `syom`.

use std::ops::RangeInclusive;

use bytes::Bytes;
use huitong_media::aac::AudioSpecificConfig;
use syom::{Channel, DecodeOptions, Decoder, EncodeOptions, Encoder};

use crate::{AudioDecoder, AudioEncoder, CodecError, LINE_RATE, Pcm};

/// Sample rates of the format, Hz (ISO/IEC 14496-3, table 1.18). A header may write any number instead; a frame at
/// 1 Hz would last a quarter of an hour.
const RATES: RangeInclusive<u32> = 7_350..=96_000;

/// Bits per second of what is encoded: speech is transparent at the first, music sounds good at the second.
const BIT_RATES: [u32; 2] = [64_000, 96_000];

/// Samples per channel of an AAC-LC frame.
const FRAME_SAMPLES: usize = 1024;

/// How much of a channel that is not in front goes to each side of a stereo mix (ITU-R BS.775: −3 dB).
const MIX: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// Decodes AAC-LC, HE-AAC and HE-AAC v2; more than two channels are mixed to two.
pub struct AacDecoder {
    decoder: Decoder,
    header: Bytes,
    sample_rate: u32,
}

impl AacDecoder {
    /// A decoder for the stream with this `AudioSpecificConfig`.
    ///
    /// # Errors
    /// The header is damaged or names something else than AAC-LC, HE-AAC or AAC-LD.
    pub fn new(header: &[u8]) -> Result<Self, CodecError> {
        let config = AudioSpecificConfig::parse(header).map_err(|e| CodecError::Header(e.to_string()))?;
        if !RATES.contains(&config.core_sample_rate) || !RATES.contains(&config.sample_rate) {
            return Err(CodecError::Header(format!("no AAC at {} Hz", config.sample_rate)));
        }
        // A live stream has no length; the other budgets of the crate stay in force.
        let options =
            DecodeOptions::audio().with_max_duration_secs(f64::INFINITY).with_max_sample_rate(*RATES.end());
        let decoder = Decoder::from_asc(header, options).map_err(|e| CodecError::Header(e.to_string()))?;
        Ok(Self { decoder, header: Bytes::copy_from_slice(header), sample_rate: config.sample_rate })
    }

    fn try_decode(&mut self, frame: &[u8], out: &mut Pcm) -> Result<(), syom::AacError> {
        let rate = &mut self.sample_rate;
        out.clear();
        self.decoder.decode_au(frame, |decoded| {
            *rate = decoded.sample_rate;
            mix(&decoded, out);
            Ok(())
        })
    }

    /// A decoder that met an error refuses everything until it is set up again.
    fn recover(&mut self) -> Result<(), CodecError> {
        self.decoder.reset();
        self.decoder.set_asc(&self.header).map_err(|e| CodecError::Header(e.to_string()))
    }
}

fn mix(decoded: &syom::Frame<'_>, out: &mut Pcm) {
    match decoded.planar {
        [mono] => {
            out.reset(1);
            out.planes_mut().for_each(|plane| plane.extend_from_slice(mono));
        }
        [left, right] => {
            out.reset(2);
            out.planes_mut().zip([left, right]).for_each(|(plane, from)| plane.extend_from_slice(from));
        }
        many => {
            out.reset(2);
            for (side, plane) in out.planes_mut().enumerate() {
                plane.resize(decoded.samples, 0.0);
                for (from, channel) in many.iter().zip(decoded.meta.channels) {
                    let gain = gain(channel.unwrap_or_default(), side);
                    plane.iter_mut().zip(*from).for_each(|(sum, sample)| *sum += gain * sample);
                }
            }
        }
    }
}

/// Share of a channel in the left (0) or right (1) side of a stereo mix.
fn gain(channel: Channel, side: usize) -> f32 {
    match (channel, side) {
        (Channel::FrontLeft, 0) | (Channel::FrontRight, 1) => 1.0,
        (Channel::FrontCenter | Channel::BackCenter | Channel::Other, _)
        | (Channel::BackLeft | Channel::SideLeft, 0)
        | (Channel::BackRight | Channel::SideRight, 1) => MIX,
        _ => 0.0,
    }
}

impl AudioDecoder for AacDecoder {
    fn decode(&mut self, frame: &[u8], out: &mut Pcm) -> Result<(), CodecError> {
        let mut result = self.try_decode(frame, out);
        if result.is_err() {
            self.recover()?;
            // Implicit SBR and configurations that leave the channels to the stream change the format without
            // a new header. The crate takes that for an error; a fresh start decodes the frame.
            if matches!(result, Err(syom::AacError::Decode(_))) {
                result = self.try_decode(frame, out);
                if result.is_err() {
                    self.recover()?;
                }
            }
        }
        result.map_err(|e| CodecError::Frame(e.to_string()))?;
        if out.is_empty() {
            return Err(CodecError::Frame("it holds no channel".to_owned()));
        }
        Ok(())
    }

    fn sample_rate(&self) -> u32 {
        self.sample_rate
    }
}

/// Encodes AAC-LC at 48 kHz: 64 kbit/s mono, 96 kbit/s stereo.
pub struct AacEncoder {
    encoder: Encoder,
    channels: usize,
}

impl AacEncoder {
    /// An encoder for 1 or 2 channels.
    ///
    /// # Errors
    /// Another number of channels.
    pub fn new(channels: usize) -> Result<Self, CodecError> {
        let [mono, stereo] = BIT_RATES;
        let options = EncodeOptions::raw().with_bitrate_bps(if channels == 1 { mono } else { stereo });
        let encoder = Encoder::new(LINE_RATE, channels, &options).map_err(refused)?;
        Ok(Self { encoder, channels })
    }
}

fn refused(error: syom::AacError) -> CodecError {
    CodecError::Encoder(error.to_string())
}

impl AudioEncoder for AacEncoder {
    fn frame_samples(&self) -> usize {
        FRAME_SAMPLES
    }

    fn delay_samples(&self) -> usize {
        // One block of overlap, the encoder's `priming`; the tone tests measure it.
        FRAME_SAMPLES
    }

    fn header(&self) -> Option<Bytes> {
        Some(Bytes::copy_from_slice(self.encoder.asc()))
    }

    fn encode(&mut self, pcm: &Pcm) -> Result<Bytes, CodecError> {
        if pcm.len() != FRAME_SAMPLES || pcm.channels() != self.channels {
            return Err(CodecError::Encoder("not one frame of the encoder's channels".to_owned()));
        }
        let mut unit = Bytes::new();
        let planes: [&[f32]; 2] = {
            let mut used = pcm.planes().map(Vec::as_slice);
            [used.next().unwrap_or_default(), used.next().unwrap_or_default()]
        };
        let fed = self.encoder.feed(planes.get(..self.channels).unwrap_or_default(), |frame| {
            unit = Bytes::copy_from_slice(frame.payload);
            Ok(())
        });
        if let Err(error) = fed {
            self.encoder.reset().map_err(refused)?;
            return Err(refused(error));
        }
        Ok(unit)
    }
}
