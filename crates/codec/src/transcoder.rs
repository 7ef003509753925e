//! What goes into a transcoder and what comes out.

use bytes::Bytes;

/// Longest coded frame or header that is looked at, bytes. AAC allows 6144 bits per channel and eight channels, Opus 1275
/// bytes per frame; longer ones are damaged and would only keep memory busy.
pub const MAX_CODED_BYTES: usize = 8 * 1024;

/// One piece of a stream on its way into a transcoder. Times are on the publication's timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The `AudioSpecificConfig` of the AAC frames that follow.
    AacHeader(Bytes),
    /// A raw AAC frame.
    Aac {
        /// Time of its first decoded sample, ms.
        ts_ms: i64,
        /// Without ADTS.
        data: Bytes,
    },
    /// An Opus packet. Packets come in the order of their RTP times; one that comes behind a later one is left
    /// out.
    Opus {
        /// RTP time, unwrapped, 1/48 000 s; its origin is the sender's.
        rtp: i64,
        /// The same instant on the publication's timeline, ms.
        ts_ms: i64,
        /// As in the RTP payload.
        data: Bytes,
    },
}

impl Input {
    /// Whether it is a codec header, without which nothing behind it decodes.
    pub fn is_header(&self) -> bool {
        matches!(self, Self::AacHeader(_))
    }

    /// Without its payload if that is longer than [`MAX_CODED_BYTES`]: it counts as damaged wherever it arrives,
    /// and does not keep memory busy on its way.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        let (Self::AacHeader(data) | Self::Aac { data, .. } | Self::Opus { data, .. }) = &mut self;
        if data.len() > MAX_CODED_BYTES {
            data.clear();
        }
        self
    }
}

/// One piece of the transcoded stream. Times never go back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// The `AudioSpecificConfig` of the AAC frames that follow.
    AacHeader {
        /// Time of the first frame that needs it, ms.
        ts_ms: i64,
        /// The configuration.
        data: Bytes,
    },
    /// A raw AAC frame of 1024 samples at 48 kHz.
    Aac {
        /// Time of its first decoded sample, ms; the encoder's delay is taken off.
        ts_ms: i64,
        /// Without ADTS.
        data: Bytes,
    },
    /// An Opus packet of 20 ms.
    Opus {
        /// Time of its first decoded sample on the publication's timeline, 1/48 000 s; the encoder's delay is
        /// taken off. With an offset it is the RTP time: it goes on by 960 but for jumps.
        ts_48k: i64,
        /// 1 or 2.
        channels: u8,
        /// The RTP payload.
        data: Bytes,
    },
}

/// What happened to a stream so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Coded frames that came, whatever became of them.
    pub frames_in: u64,
    /// Coded frames that went out.
    pub frames_out: u64,
    /// Headers and frames that did not decode, and frames before a header.
    pub damaged: u64,
    /// Time that was missing or damaged and is concealed, in ms.
    pub concealed_ms: u64,
    /// Frames left out because the line was past them.
    pub late: u64,
    /// Times the clock jumped over a hole; the start of a stream is none.
    pub jumps: u64,
    /// Frames dropped because the queue to the workers was full.
    pub queue_dropped: u64,
    /// Frames the encoder refused: a mistake of the house.
    pub encoder_errors: u64,
}

/// Which way a stream is transcoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From phones to browsers.
    AacToOpus,
    /// From browsers to phones.
    OpusToAac,
}

/// A machine that transcodes one stream. After each input the outputs are taken until there is none.
pub trait Transcoder: Send {
    /// Takes one piece of the stream. Input of the other codec counts as damaged.
    fn handle(&mut self, input: Input);

    /// The next piece of the transcoded stream, if there is one.
    fn poll(&mut self) -> Option<Output>;

    /// What happened so far.
    fn counters(&self) -> Counters;
}
