//! Opus by `opus-pure`.

use bytes::Bytes;
use opus_pure::{Application, packet};

use crate::{AudioDecoder, AudioEncoder, CodecError, LINE_RATE, Pcm};

/// Samples per channel of the longest packet, 120 ms (RFC 6716, 3.2.5).
const MAX_PACKET_SAMPLES: usize = 5760;

/// Concealment comes in steps of the shortest frame, 2.5 ms.
const STEP: usize = 120;

/// Longest piece that is concealed in one call: a usual frame of 20 ms.
const PIECE: usize = 960;

/// Samples per channel of what is encoded: 20 ms, what browsers send themselves.
const FRAME_SAMPLES: usize = 960;

/// Bits per second of what is encoded.
const BIT_RATES: [i32; 2] = [32_000, 64_000];

/// Effort of the encoder: 8 costs four times as much on speech for a difference that is hard to hear.
const COMPLEXITY: i32 = 5;

/// Decodes Opus at 48 kHz.
pub struct OpusDecoder {
    decoder: opus_pure::OpusDecoder,
    channels: usize,
    scratch: Vec<f32>,
}

impl OpusDecoder {
    /// A decoder that gives 1 or 2 channels, whatever the packets hold.
    ///
    /// # Errors
    /// Another number of channels.
    pub fn new(channels: usize) -> Result<Self, CodecError> {
        let decoder = opus_pure::OpusDecoder::new(LINE_RATE as i32, channels)
            .map_err(|e| CodecError::Header(e.to_string()))?;
        Ok(Self { decoder, channels, scratch: vec![0.0; MAX_PACKET_SAMPLES * channels] })
    }

    fn append(&self, samples: usize, out: &mut Pcm) {
        out.append_interleaved(self.scratch.get(..samples * self.channels).unwrap_or_default());
    }
}

/// Samples of a packet at 48 kHz per channel; `None` if it is damaged.
pub fn opus_packet_samples(data: &[u8]) -> Option<usize> {
    packet_shape(data).ok().map(|(samples, _channels)| samples)
}

/// Samples per channel of a packet at 48 kHz and its number of channels.
///
/// # Errors
/// The packet is empty, or its table of contents is not one of RFC 6716.
pub(crate) fn packet_shape(data: &[u8]) -> Result<(usize, usize), CodecError> {
    let shape = packet::samples(data, LINE_RATE as i32).and_then(|n| Ok((n, packet::channels(data)?)));
    shape.map_err(|e| CodecError::Frame(e.to_string()))
}

impl AudioDecoder for OpusDecoder {
    fn decode(&mut self, frame: &[u8], out: &mut Pcm) -> Result<(), CodecError> {
        out.reset(self.channels);
        let (samples, _) = packet_shape(frame)?;
        let decoded = self
            .decoder
            .decode(frame, samples, &mut self.scratch)
            .map_err(|e| CodecError::Frame(e.to_string()))?;
        self.append(decoded, out);
        Ok(())
    }

    fn sample_rate(&self) -> u32 {
        LINE_RATE
    }

    fn conceal(&mut self, samples: usize, next: Option<&[u8]>, out: &mut Pcm) -> bool {
        out.reset(self.channels);
        // What the packet behind the gap may hold is a copy of its last frame.
        let copy = next.and_then(|p| packet::samples_per_frame(p, LINE_RATE as i32).ok());
        let copy = copy.filter(|&frame| frame <= samples && frame <= MAX_PACKET_SAMPLES);
        let mut left = (samples - copy.unwrap_or(0)).next_multiple_of(STEP);
        while left > 0 {
            let piece = left.min(PIECE);
            let Ok(made) = self.decoder.decode(&[], piece, &mut self.scratch) else { return false };
            self.append(made, out);
            left -= piece;
        }
        if let (Some(packet), Some(frame)) = (next, copy) {
            let Ok(made) = self.decoder.decode_fec(packet, frame, &mut self.scratch) else { return false };
            self.append(made, out);
        }
        true
    }
}

/// Encodes Opus in packets of 20 ms: 32 kbit/s mono, 64 kbit/s stereo, without FEC: between server and browser
/// lost packets are sent again.
pub struct OpusEncoder {
    encoder: opus_pure::OpusEncoder,
    channels: usize,
    interleaved: Vec<f32>,
    packet: Vec<u8>,
}

impl OpusEncoder {
    /// An encoder for 1 or 2 channels.
    ///
    /// # Errors
    /// Another number of channels.
    pub fn new(channels: usize) -> Result<Self, CodecError> {
        // `Audio` keeps what AAC carried, music included; `Voip` would filter and code it as speech.
        let mut encoder = opus_pure::OpusEncoder::new(LINE_RATE as i32, channels, Application::Audio)
            .map_err(|e| CodecError::Encoder(e.to_string()))?;
        let [mono, stereo] = BIT_RATES;
        encoder.bitrate_bps = if channels == 1 { mono } else { stereo };
        encoder.complexity = COMPLEXITY;
        encoder.use_inband_fec = false;
        let packet = vec![0; opus_pure::MAX_PACKET_BYTES];
        Ok(Self { encoder, channels, interleaved: Vec::new(), packet })
    }
}

impl AudioEncoder for OpusEncoder {
    fn frame_samples(&self) -> usize {
        FRAME_SAMPLES
    }

    fn delay_samples(&self) -> usize {
        self.encoder.lookahead()
    }

    fn encode(&mut self, pcm: &Pcm) -> Result<Bytes, CodecError> {
        if pcm.len() != FRAME_SAMPLES || pcm.channels() != self.channels {
            return Err(CodecError::Encoder("not one frame of the encoder's channels".to_owned()));
        }
        pcm.interleave(&mut self.interleaved);
        let size = self
            .encoder
            .encode(&self.interleaved, FRAME_SAMPLES, &mut self.packet)
            .map_err(|e| CodecError::Encoder(e.to_string()))?;
        Ok(Bytes::copy_from_slice(self.packet.get(..size).unwrap_or_default()))
    }
}
