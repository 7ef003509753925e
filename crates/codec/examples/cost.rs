//! What transcoding costs: milliseconds of processor time per second of sound.
//! `cargo run --release -p huitong-codec --example cost`

use std::f64::consts::TAU;

use bytes::Bytes;
use huitong_codec::{AacToOpus, AudioEncoder, Input, OpusEncoder, OpusToAac, Pcm, Transcoder};
use huitong_media::aac::AudioSpecificConfig;

/// Seconds of sound per measurement.
const SECONDS: usize = 60;

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

fn aac(rate: u32, channels: usize, drift: f64) -> Vec<Input> {
    let options = syom::EncodeOptions::raw().with_bitrate_bps(32_000 * channels as u32);
    let Ok(mut encoder) = syom::Encoder::new(rate, channels, &options) else { return Vec::new() };
    let mut inputs = vec![Input::AacHeader(AudioSpecificConfig::lc(rate, channels as u8).build())];
    let pcm = sound(rate, channels);
    let planes: Vec<&[f32]> = pcm.planes().map(Vec::as_slice).collect();
    let encoded = encoder.feed(&planes, |frame| {
        let time = (inputs.len() - 1) as f64 * 1024.0 / f64::from(rate) / (1.0 + drift);
        inputs
            .push(Input::Aac { ts_ms: (time * 1000.0) as i64, data: Bytes::copy_from_slice(frame.payload) });
        Ok(())
    });
    encoded.map(|_| inputs).unwrap_or_default()
}

fn opus(channels: usize) -> Vec<Input> {
    let Ok(mut encoder) = OpusEncoder::new(channels) else { return Vec::new() };
    let mut rest = sound(48_000, channels);
    let mut frame = Pcm::new(channels);
    let mut inputs = Vec::new();
    while rest.len() >= 960 {
        rest.take_front(960, &mut frame);
        let Ok(data) = encoder.encode(&frame) else { break };
        let n = inputs.len() as i64;
        inputs.push(Input::Opus { rtp: n * 960, ts_ms: n * 20, data });
    }
    inputs
}

/// Processor time of this thread, ms.
fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e6
}

fn measure(name: &str, mut machine: impl Transcoder, inputs: Vec<Input>) {
    let start = cpu_ms();
    let (mut outputs, mut bytes) = (0usize, 0);
    for input in inputs {
        machine.handle(input);
        while let Some(output) = machine.poll() {
            outputs += 1;
            bytes += match output {
                huitong_codec::Output::Opus { data, .. } | huitong_codec::Output::Aac { data, .. } => {
                    data.len()
                }
                huitong_codec::Output::AacHeader { .. } => 0,
            };
        }
    }
    let cost = (cpu_ms() - start) / SECONDS as f64;
    let rate = bytes as f64 * 8.0 / SECONDS as f64 / 1000.0;
    let streams = 1000.0 / cost;
    println!(
        "{name:32} {cost:5.2} ms per second, {streams:4.0} streams per core; {outputs} frames, {rate:.0} kbit/s"
    );
}

fn main() {
    for (rate, channels) in [(16_000, 1), (44_100, 2), (48_000, 1), (48_000, 2)] {
        let name = format!("AAC {rate} Hz x{channels} to Opus");
        measure(&name, AacToOpus::default(), aac(rate, channels, 0.0));
    }
    measure("the same, clock 300 ppm fast", AacToOpus::default(), aac(48_000, 2, 0.0003));
    for channels in [1, 2] {
        measure(&format!("Opus x{channels} to AAC"), OpusToAac::default(), opus(channels));
    }
}
