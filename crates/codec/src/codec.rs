//! What the machines ask of a codec, and who makes codecs.

use bytes::Bytes;

use crate::{AacDecoder, AacEncoder, CodecError, OpusDecoder, OpusEncoder, Pcm};

/// Samples per second of everything between decoder and encoder, and ticks per second of the line. It is the rate
/// of Opus's RTP clock (RFC 7587, 4.1), so a tick is also an RTP tick.
pub const LINE_RATE: u32 = 48_000;

/// Decodes the frames of one stream in their order.
pub trait AudioDecoder: Send {
    /// Decodes one coded frame; `out` is replaced. The samples may be another number of channels or rate than
    /// those before.
    ///
    /// # Errors
    /// The frame is damaged. The decoder is ready for the next frame.
    fn decode(&mut self, frame: &[u8], out: &mut Pcm) -> Result<(), CodecError>;

    /// Samples per second of the last decoded frame in Hz; before the first one, what the header promises.
    fn sample_rate(&self) -> u32;

    /// Replaces `out` by about `samples` samples per channel that carry on what was heard, for a frame that was
    /// lost. `next` is the frame behind the gap where the gap ends now: it may hold a copy of what was lost.
    /// False where the codec cannot: the caller fades out.
    fn conceal(&mut self, samples: usize, next: Option<&[u8]>, out: &mut Pcm) -> bool {
        let _ = (samples, next, out);
        false
    }
}

/// Encodes frames of one number of channels at [`LINE_RATE`].
pub trait AudioEncoder: Send {
    /// Samples per channel that [`Self::encode`] takes.
    fn frame_samples(&self) -> usize;

    /// How many samples the decoded sound lags behind what was encoded: decoding the frame made from samples
    /// `s..` gives the samples from `s - delay_samples` on.
    fn delay_samples(&self) -> usize;

    /// The codec header to send before the frames, for codecs that have one.
    fn header(&self) -> Option<Bytes> {
        None
    }

    /// Encodes exactly one frame of the encoder's number of channels, samples within ±1.
    ///
    /// # Errors
    /// The encoder refused. It is ready for the next frame.
    fn encode(&mut self, pcm: &Pcm) -> Result<Bytes, CodecError>;
}

/// Makes codecs. Machines ask for new ones when a stream changes.
pub trait Codecs: Send + Sync {
    /// A decoder for the AAC stream with this `AudioSpecificConfig`.
    ///
    /// # Errors
    /// The header is damaged or names a codec that is not decoded.
    fn aac_decoder(&self, header: &[u8]) -> Result<Box<dyn AudioDecoder>, CodecError>;

    /// A decoder for Opus that always gives two channels at [`LINE_RATE`].
    ///
    /// # Errors
    /// The codec could not be set up.
    fn opus_decoder(&self) -> Result<Box<dyn AudioDecoder>, CodecError>;

    /// An encoder of AAC-LC for 1 or 2 channels.
    ///
    /// # Errors
    /// The codec could not be set up.
    fn aac_encoder(&self, channels: usize) -> Result<Box<dyn AudioEncoder>, CodecError>;

    /// An encoder of Opus for 1 or 2 channels.
    ///
    /// # Errors
    /// The codec could not be set up.
    fn opus_encoder(&self, channels: usize) -> Result<Box<dyn AudioEncoder>, CodecError>;
}

/// The codecs that are built in: `syom` for AAC, `opus-pure` for Opus.
#[derive(Debug, Clone, Copy, Default)]
pub struct Builtin;

impl Codecs for Builtin {
    fn aac_decoder(&self, header: &[u8]) -> Result<Box<dyn AudioDecoder>, CodecError> {
        Ok(Box::new(AacDecoder::new(header)?))
    }

    fn opus_decoder(&self) -> Result<Box<dyn AudioDecoder>, CodecError> {
        Ok(Box::new(OpusDecoder::new(2)?))
    }

    fn aac_encoder(&self, channels: usize) -> Result<Box<dyn AudioEncoder>, CodecError> {
        Ok(Box::new(AacEncoder::new(channels)?))
    }

    fn opus_encoder(&self, channels: usize) -> Result<Box<dyn AudioEncoder>, CodecError> {
        Ok(Box::new(OpusEncoder::new(channels)?))
    }
}
