//! Signals, coded streams and measurements for the tests.
#![allow(dead_code)]

use bytes::Bytes;
use huitong_codec::{
    AacDecoder, AacEncoder, AudioDecoder, AudioEncoder, Input, OpusDecoder, OpusEncoder, Output, Pcm,
    Transcoder,
};
use huitong_media::aac::AudioSpecificConfig;
use std::f64::consts::TAU;

/// Planar samples of a wave given by time in seconds and channel.
pub(crate) fn wave(rate: u32, channels: usize, seconds: f64, wave: impl Fn(f64, usize) -> f64) -> Pcm {
    let count = (f64::from(rate) * seconds) as usize;
    let mut pcm = Pcm::new(channels);
    for (channel, plane) in pcm.planes_mut().enumerate() {
        plane.extend((0..count).map(|n| wave(n as f64 / f64::from(rate), channel) as f32));
    }
    pcm
}

/// 440 Hz at half of full scale on the left, 660 Hz at a quarter on the right.
pub(crate) fn tones(t: f64, channel: usize) -> f64 {
    if channel == 0 { 0.5 * (TAU * 440.0 * t).sin() } else { 0.25 * (TAU * 660.0 * t).sin() }
}

/// Level of one frequency in the samples: the amplitude of its sine (Goertzel).
pub(crate) fn level(samples: &[f32], rate: u32, hz: f64) -> f64 {
    let step = TAU * hz / f64::from(rate);
    let coefficient = 2.0 * step.cos();
    let (mut s1, mut s2) = (0.0, 0.0);
    for &x in samples {
        let s0 = f64::from(x) + coefficient * s1 - s2;
        s2 = s1;
        s1 = s0;
    }
    let power = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
    2.0 * power.max(0.0).sqrt() / samples.len() as f64
}

/// Decibels of everything but the tone below the tone.
pub(crate) fn snr(samples: &[f32], rate: u32, hz: f64) -> f64 {
    let tone = level(samples, rate, hz).powi(2) / 2.0;
    let all = samples.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / samples.len() as f64;
    10.0 * (tone / (all - tone).max(1e-12)).log10()
}

/// Root of the mean square.
pub(crate) fn rms(samples: &[f32]) -> f64 {
    (samples.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / samples.len().max(1) as f64).sqrt()
}

/// A stream of AAC at any rate, as a phone sends it: header, then frames with times in whole milliseconds.
pub(crate) fn aac_stream(pcm: &Pcm, rate: u32, start_ms: i64) -> Vec<Input> {
    let options = syom::EncodeOptions::raw().with_bitrate_bps(if rate < 32_000 { 48_000 } else { 128_000 });
    let mut encoder = syom::Encoder::new(rate, pcm.channels(), &options).unwrap();
    let mut inputs = vec![Input::AacHeader(AudioSpecificConfig::lc(rate, pcm.channels() as u8).build())];
    let planes: Vec<&[f32]> = pcm.planes().map(Vec::as_slice).collect();
    let mut frames = Vec::new();
    encoder
        .feed(&planes, |f| {
            frames.push(Bytes::copy_from_slice(f.payload));
            Ok(())
        })
        .unwrap();
    // The first frame decodes to what was before the sound.
    for (n, data) in frames.into_iter().enumerate().skip(1) {
        let ts_ms = start_ms + (n as i64 - 1) * 1024 * 1000 / i64::from(rate);
        inputs.push(Input::Aac { ts_ms, data });
    }
    inputs
}

/// A stream of Opus as a browser sends it; RTP times begin anywhere.
pub(crate) fn opus_stream(pcm: &Pcm, start_ms: i64, rtp: i64) -> Vec<Input> {
    let mut encoder = OpusEncoder::new(pcm.channels()).unwrap();
    let mut rest = pcm.clone();
    let mut frame = Pcm::new(1);
    let mut inputs = Vec::new();
    while rest.len() >= 960 {
        rest.take_front(960, &mut frame);
        let data = encoder.encode(&frame).unwrap();
        let n = inputs.len() as i64;
        // Browsers stamp with the time of capture: the encoder's 6.5 ms are not taken off.
        inputs.push(Input::Opus { rtp: rtp + n * 960, ts_ms: start_ms + n * 20, data });
    }
    inputs
}

/// Everything the machine makes of the inputs.
pub(crate) fn run(machine: &mut dyn Transcoder, inputs: impl IntoIterator<Item = Input>) -> Vec<Output> {
    let mut outputs = Vec::new();
    for input in inputs {
        machine.handle(input);
        while let Some(output) = machine.poll() {
            outputs.push(output);
        }
    }
    outputs
}

/// What a player hears: decoded outputs at 48 kHz with the time of the first sample in ticks. Checks that times
/// go on without a hole but where `holes` allows them.
pub(crate) fn listen(outputs: &[Output], channels: usize) -> (i64, Pcm) {
    let mut aac = None;
    let mut opus = OpusDecoder::new(channels).unwrap();
    let mut all = Pcm::new(channels);
    let mut pcm = Pcm::new(channels);
    let mut start = None;
    for output in outputs {
        let (at, data): (i64, &Bytes) = match output {
            Output::AacHeader { data, .. } => {
                aac = Some(AacDecoder::new(data).unwrap());
                continue;
            }
            Output::Aac { ts_ms, data } => (ts_ms * 48, data),
            Output::Opus { ts_48k, data, .. } => (*ts_48k, data),
        };
        let decoder: &mut dyn AudioDecoder = match (&mut aac, output) {
            (Some(aac), Output::Aac { .. }) => aac,
            (None, Output::Aac { .. }) => panic!("a frame before its header"),
            _ => &mut opus,
        };
        let start = *start.get_or_insert(at);
        let ahead = at - start - all.len() as i64;
        assert!(ahead.abs() <= 48, "a hole or overlap of {ahead} ticks at {at}");
        decoder.decode(data, &mut pcm).unwrap();
        all.append(&pcm);
    }
    (start.expect("output"), all)
}

/// The frames of AAC output as input of another machine, with the header.
pub(crate) fn again(outputs: &[Output]) -> Vec<Input> {
    let map = |output: &Output| match output.clone() {
        Output::AacHeader { data, .. } => Input::AacHeader(data),
        Output::Aac { ts_ms, data } => Input::Aac { ts_ms, data },
        // Some origin of RTP times.
        Output::Opus { ts_48k, data, .. } => {
            Input::Opus { rtp: ts_48k + 777_777, ts_ms: (ts_48k + 24) / 48, data }
        }
    };
    outputs.iter().map(map).collect()
}

/// AAC at 48 kHz by the house's own encoder.
pub(crate) fn own_aac(pcm: &Pcm) -> Vec<Bytes> {
    let mut encoder = AacEncoder::new(pcm.channels()).unwrap();
    let mut rest = pcm.clone();
    let mut frame = Pcm::new(1);
    let mut frames = Vec::new();
    while rest.len() >= 1024 {
        rest.take_front(1024, &mut frame);
        frames.push(encoder.encode(&frame).unwrap());
    }
    frames
}
