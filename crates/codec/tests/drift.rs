//! Clocks that run at other speeds than the timeline, in virtual time. Hours use codecs that cost nothing: a frame
//! is the time of its samples, which the samples carry and the encoder reads again.

mod support;

use bytes::Bytes;
use huitong_codec::{
    AacToOpus, AudioDecoder, AudioEncoder, CodecError, Codecs, Input, OpusToAac, Output, Pcm, Transcoder,
};
use std::sync::Arc;
use support::{aac_stream, level, listen, run, tones, wave};

/// An hour, seconds.
const HOUR: f64 = 3600.0;

/// Samples carry their time from here on, as seconds divided by ten; before, they are silent and cheap.
const MARKED_FROM: f64 = HOUR - 4.0;

struct TimeDecoder {
    rate: u32,
    samples: usize,
    channels: usize,
}

impl AudioDecoder for TimeDecoder {
    /// A frame: a byte that looks like a packet of 20 ms, the time of the first sample in seconds, and the time from
    /// one sample to the next.
    fn decode(&mut self, frame: &[u8], out: &mut Pcm) -> Result<(), CodecError> {
        let time = f64::from_be_bytes(frame[1..9].try_into().unwrap()) - MARKED_FROM;
        let step = f64::from_be_bytes(frame[9..17].try_into().unwrap());
        out.reset(self.channels);
        let mark = |n: usize| if time < 0.0 { 0.0 } else { ((time + n as f64 * step) / 10.0) as f32 };
        out.planes_mut().for_each(|plane| plane.extend((0..self.samples).map(mark)));
        Ok(())
    }

    fn sample_rate(&self) -> u32 {
        self.rate
    }
}

struct TimeEncoder(usize, usize);

impl AudioEncoder for TimeEncoder {
    fn frame_samples(&self) -> usize {
        self.0
    }

    fn delay_samples(&self) -> usize {
        self.1
    }

    fn encode(&mut self, pcm: &Pcm) -> Result<Bytes, CodecError> {
        Ok(Bytes::copy_from_slice(&pcm.left()[0].to_be_bytes()))
    }
}

struct Times {
    rate: u32,
}

impl Codecs for Times {
    fn aac_decoder(&self, _: &[u8]) -> Result<Box<dyn AudioDecoder>, CodecError> {
        Ok(Box::new(TimeDecoder { rate: self.rate, samples: 1024, channels: 1 }))
    }

    fn opus_decoder(&self) -> Result<Box<dyn AudioDecoder>, CodecError> {
        Ok(Box::new(TimeDecoder { rate: 48_000, samples: 960, channels: 2 }))
    }

    fn aac_encoder(&self, _: usize) -> Result<Box<dyn AudioEncoder>, CodecError> {
        Ok(Box::new(TimeEncoder(1024, 1024)))
    }

    fn opus_encoder(&self, _: usize) -> Result<Box<dyn AudioEncoder>, CodecError> {
        Ok(Box::new(TimeEncoder(960, 312)))
    }
}

fn frame(time: f64, step: f64) -> Bytes {
    let mut data = vec![0xf8];
    data.extend(time.to_be_bytes());
    data.extend(step.to_be_bytes());
    Bytes::from(data)
}

/// The time a sample has and the time it is sent with, seconds, for a frame from the encoder above.
fn times(output: &Output) -> (f64, f64) {
    let mark =
        |data: &Bytes| f64::from(f32::from_be_bytes(data[..].try_into().unwrap())) * 10.0 + MARKED_FROM;
    match output {
        Output::Opus { ts_48k, data, .. } => (mark(data), (ts_48k + 312) as f64 / 48_000.0),
        Output::Aac { ts_ms, data } => (mark(data), *ts_ms as f64 / 1000.0 + 1024.0 / 48_000.0),
        header @ Output::AacHeader { .. } => panic!("{header:?}"),
    }
}

/// An hour of a source whose clock runs by `ppm` fast: it makes its samples in less time. Returns how
/// many ms late the sound is sent at the end.
fn an_hour(machine: &mut dyn Transcoder, rate: u32, samples: u32, opus: bool, ppm: f64) -> f64 {
    let step = 1.0 / (f64::from(rate) * (1.0 + ppm / 1e6));
    let mut last = None;
    // The stand-ins need no header; it makes the machine ask for a decoder.
    if !opus {
        machine.handle(Input::AacHeader(Bytes::new()));
    }
    let mut next = None;
    for n in 0.. {
        let time = f64::from(n) * f64::from(samples) * step;
        if time > HOUR {
            break;
        }
        let (ts_ms, data) = ((time * 1000.0) as i64, frame(time, step));
        let rtp = i64::from(n) * 960 - 5_000_000;
        machine.handle(if opus { Input::Opus { rtp, ts_ms, data } } else { Input::Aac { ts_ms, data } });
        while let Some(output) = machine.poll() {
            let at = match output {
                Output::Opus { ts_48k, .. } => ts_48k,
                Output::Aac { ts_ms, .. } => ts_ms * 48,
                Output::AacHeader { .. } => continue,
            };
            // Drift is worked off in the samples: the packets go on at their distance.
            assert!(next.is_none_or(|next: i64| (at - next).abs() <= 48), "{at} instead of {next:?}");
            next = Some(at + if opus { 1024 } else { 960 });
            last = Some(output);
        }
    }
    let counters = machine.counters();
    assert_eq!((counters.concealed_ms, counters.late, counters.jumps), (0, 0, 0), "{counters:?}");
    let (is, sent) = times(&last.expect("output"));
    (sent - is) * 1000.0
}

fn assert_in_place(off_ms: f64) {
    println!("{off_ms:.2} ms off after an hour");
    assert!(off_ms.abs() < 20.0, "{off_ms} ms off after an hour");
}

#[test]
fn an_hour_of_phone_sound_at_16_khz_stays_in_its_place_with_a_fast_and_a_slow_clock() {
    for ppm in [200.0, -200.0] {
        assert_in_place(an_hour(
            &mut AacToOpus::new(Arc::new(Times { rate: 16_000 })),
            16_000,
            1024,
            false,
            ppm,
        ));
    }
}

#[test]
fn an_hour_of_phone_sound_at_48_khz_stays_in_its_place_with_a_fast_and_a_slow_clock() {
    for ppm in [200.0, -200.0] {
        assert_in_place(an_hour(
            &mut AacToOpus::new(Arc::new(Times { rate: 48_000 })),
            48_000,
            1024,
            false,
            ppm,
        ));
    }
}

#[test]
fn an_hour_of_a_browser_stays_in_its_place_with_a_fast_and_a_slow_clock() {
    for ppm in [200.0, -200.0] {
        assert_in_place(an_hour(
            &mut OpusToAac::new(Arc::new(Times { rate: 48_000 })),
            48_000,
            960,
            true,
            ppm,
        ));
    }
}

#[test]
fn a_clock_without_drift_is_left_alone_for_an_hour() {
    let off = an_hour(&mut AacToOpus::new(Arc::new(Times { rate: 44_100 })), 44_100, 1024, false, 0.0);
    assert!(off.abs() < 3.0, "{off}");
}

#[test]
fn a_drifting_tone_is_heard_without_clicks() {
    // 1000 ppm fast, with real codecs: the times of the frames run behind their samples.
    let pcm = wave(48_000, 1, 20.0, tones);
    let mut inputs = aac_stream(&pcm, 48_000, 0);
    for (n, input) in inputs.iter_mut().enumerate() {
        if let Input::Aac { ts_ms, .. } = input {
            *ts_ms = ((n as f64 - 1.0) * 1024.0 / 48.0 / 1.001) as i64;
        }
    }
    let mut machine = AacToOpus::default();
    let (_, heard) = listen(&run(&mut machine, inputs), 1);
    assert_eq!((machine.counters().concealed_ms, machine.counters().late), (0, 0));
    // Squeezed as it ought to be: what is left at 1000 ppm is 23 ms, and the last frame is on its way.
    let squeezed = heard.len() as f64 - 20.0 * 48_000.0 / 1.001;
    assert!(squeezed.abs() < 48.0 * 45.0, "{} ms", squeezed / 48.0);
    for second in heard.left()[48_000..18 * 48_000].chunks_exact(48_000) {
        assert!((level(&second[..4800], 48_000, 440.0) - 0.5).abs() < 0.03);
        let step = second.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        assert!(step < 0.06, "a click of {step}");
    }
}
