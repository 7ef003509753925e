//! Transcoding: what a second of sound costs, beside the codecs alone.

use crate::clock::thread_cpu_ns;
use bytes::Bytes;
use huitong_codec::{
    AacToOpus, AudioEncoder, CodecError, Input, OpusEncoder, OpusToAac, Output, Pcm, Transcoder,
};
use huitong_media::aac::AudioSpecificConfig;
use serde_json::{Value, json};
use std::f64::consts::TAU;

/// Name of this part.
pub(crate) const NAME: &str = "transcoding";

/// Seconds of sound that are transcoded at once.
const SECONDS: usize = 30;

/// Samples of an Opus packet of 20 ms.
const OPUS_SAMPLES: usize = 960;

/// Bits per second and channel of the AAC that comes in, as phones send it.
const AAC_BIT_RATE: u32 = 32_000;

/// A way of transcoding.
struct Way {
    name: &'static str,
    rate: u32,
    channels: usize,
    to_opus: bool,
}

/// What is measured: a phone at its best, a phone at its least, and the way back of both.
const WAYS: [Way; 4] = [
    Way { name: "AAC 48 kHz stereo to Opus", rate: 48_000, channels: 2, to_opus: true },
    Way { name: "AAC 16 kHz mono to Opus", rate: 16_000, channels: 1, to_opus: true },
    Way { name: "Opus stereo to AAC 48 kHz", rate: 48_000, channels: 2, to_opus: false },
    Way { name: "Opus mono to AAC 48 kHz", rate: 48_000, channels: 1, to_opus: false },
];

/// What was measured of one way.
#[derive(Debug, Clone)]
pub(crate) struct Cost {
    name: &'static str,
    /// Seconds of processor time for a second of sound.
    factor: f64,
    /// The same of decoding and encoding alone, without the line between them.
    codecs: f64,
}

impl Cost {
    /// For people.
    pub(crate) fn sentence(&self) -> String {
        format!(
            "{NAME}: {:<26} {:.4} CPU s per second of sound, {:.2} × the codecs alone; {:.0} streams per processor",
            self.name,
            self.factor,
            self.factor / self.codecs,
            1.0 / self.factor
        )
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        json!({ "way": self.name, "cpu_seconds_per_second": self.factor, "codecs_alone": self.codecs })
    }
}

/// Measures all ways; of several rounds the cheapest counts, since other work on the machine only adds.
pub(crate) fn measure(rounds: usize, tell: &dyn Fn(&str)) -> Result<Vec<Cost>, String> {
    let cost = |way: &Way| {
        tell(way.name);
        let inputs = inputs(way).map_err(|e| format!("{}: {e}", way.name))?;
        let (mut factor, mut codecs) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..rounds {
            codecs = codecs.min(codecs_alone(way, &inputs).map_err(|e| format!("{}: {e}", way.name))?);
            factor = factor.min(if way.to_opus {
                whole(AacToOpus::default(), &inputs)?
            } else {
                whole(OpusToAac::default(), &inputs)?
            });
        }
        Ok(Cost { name: way.name, factor, codecs })
    };
    WAYS.iter().map(cost).collect()
}

/// Seconds of processor time for a second of sound, through the machine that the server runs.
fn whole(mut machine: impl Transcoder, inputs: &[Input]) -> Result<f64, String> {
    let start = thread_cpu_ns();
    let mut frames = 0usize;
    for input in inputs {
        machine.handle(input.clone());
        while let Some(output) = machine.poll() {
            frames += usize::from(!matches!(output, Output::AacHeader { .. }));
        }
    }
    let seconds = (thread_cpu_ns() - start) as f64 / 1e9;
    // A frame of either codec is 20 or 21.3 ms; one that makes none measures nothing.
    if frames < SECONDS * 45 {
        return Err(format!("only {frames} frames came out of {SECONDS} seconds"));
    }
    Ok(seconds / SECONDS as f64)
}

/// The same sound through decoder and encoder, with nothing between them but a change of the number of samples: the
/// samples of a rate of 16 kHz are repeated, which costs nothing and sounds like it.
fn codecs_alone(way: &Way, inputs: &[Input]) -> Result<f64, CodecError> {
    use huitong_codec::{Builtin, Codecs};
    let header = AudioSpecificConfig::lc(way.rate, way.channels as u8).build();
    let (mut decoder, mut encoder) = if way.to_opus {
        (Builtin.aac_decoder(&header)?, Builtin.opus_encoder(way.channels)?)
    } else {
        (Builtin.opus_decoder()?, Builtin.aac_encoder(way.channels)?)
    };
    let repeat = (48_000 / way.rate) as usize;
    let (mut pcm, mut frame) = (Pcm::new(way.channels), Pcm::new(way.channels));
    let mut rest = Pcm::new(way.channels);
    let start = thread_cpu_ns();
    for input in inputs {
        let (Input::Aac { data, .. } | Input::Opus { data, .. }) = input else { continue };
        decoder.decode(data, &mut pcm)?;
        if repeat > 1 {
            for plane in pcm.planes_mut() {
                *plane = plane.iter().flat_map(|sample| std::iter::repeat_n(*sample, repeat)).collect();
            }
        }
        pcm.convert(way.channels);
        rest.append(&pcm);
        while rest.len() >= encoder.frame_samples() {
            rest.take_front(encoder.frame_samples(), &mut frame);
            encoder.encode(&frame)?;
        }
    }
    Ok((thread_cpu_ns() - start) as f64 / 1e9 / SECONDS as f64)
}

/// Syllables of harmonics with noise between them: work for every part of the codecs.
fn sound(rate: u32, channels: usize) -> Pcm {
    let mut pcm = Pcm::new(channels);
    let mut seed = 1u32;
    for (channel, plane) in pcm.planes_mut().enumerate() {
        plane.extend((0..rate as usize * SECONDS).map(|n| {
            let t = n as f64 / f64::from(rate);
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f64::from(seed >> 8) / f64::from(1 << 24) - 0.5;
            let pitch = 110.0 * (1.0 + 0.2 * (TAU * 0.7 * t).sin()) * (1.0 + channel as f64 * 0.01);
            let voice: f64 = (1..16).map(|k| (TAU * pitch * f64::from(k) * t).sin() / f64::from(k)).sum();
            let syllable = (TAU * 2.1 * t).sin().max(0.0);
            (0.2 * voice * syllable + 0.05 * noise * (1.0 - syllable)) as f32
        }));
    }
    pcm
}

fn inputs(way: &Way) -> Result<Vec<Input>, String> {
    if way.to_opus { aac(way.rate, way.channels) } else { opus(way.channels).map_err(|e| e.to_string()) }
}

/// A stream of AAC with its header.
pub(crate) fn aac(rate: u32, channels: usize) -> Result<Vec<Input>, String> {
    let options = syom::EncodeOptions::raw().with_bitrate_bps(AAC_BIT_RATE * channels as u32);
    let mut encoder = syom::Encoder::new(rate, channels, &options).map_err(|e| e.to_string())?;
    let mut inputs = vec![Input::AacHeader(AudioSpecificConfig::lc(rate, channels as u8).build())];
    let pcm = sound(rate, channels);
    let planes: Vec<&[f32]> = pcm.planes().map(Vec::as_slice).collect();
    let feed = encoder.feed(&planes, |frame| {
        let ts_ms = (inputs.len() as i64 - 1) * 1024 * 1000 / i64::from(rate);
        inputs.push(Input::Aac { ts_ms, data: Bytes::copy_from_slice(frame.payload) });
        Ok(())
    });
    feed.map_err(|e| e.to_string())?;
    Ok(inputs)
}

/// A stream of Opus.
pub(crate) fn opus(channels: usize) -> Result<Vec<Input>, CodecError> {
    let mut encoder = OpusEncoder::new(channels)?;
    let mut rest = sound(48_000, channels);
    let mut frame = Pcm::new(channels);
    let mut inputs = Vec::new();
    while rest.len() >= OPUS_SAMPLES {
        rest.take_front(OPUS_SAMPLES, &mut frame);
        let data = encoder.encode(&frame)?;
        let n = inputs.len() as i64;
        inputs.push(Input::Opus { rtp: n * OPUS_SAMPLES as i64, ts_ms: n * 20, data });
    }
    Ok(inputs)
}
