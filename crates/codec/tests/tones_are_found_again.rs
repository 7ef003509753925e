//! A tone goes through the codecs and is found again: frequency, level, time.

mod support;

use huitong_codec::{AacToOpus, Counters, OpusToAac, Output, Pcm, Transcoder};
use support::{aac_stream, again, level, listen, opus_stream, rms, run, snr, tones, wave};

/// Frames of a usual stream without trouble: nothing is counted but frames.
fn assert_calm(counters: Counters) {
    let calm =
        Counters { frames_in: counters.frames_in, frames_out: counters.frames_out, ..Counters::default() };
    assert_eq!(counters, calm);
}

fn there_and_back(rate: u32, channels: usize) -> (i64, Pcm) {
    let pcm = wave(rate, channels, 3.0, tones);
    let mut there = AacToOpus::default();
    let opus = run(&mut there, aac_stream(&pcm, rate, 1000));
    assert_calm(there.counters());
    assert!(
        opus.iter().all(|o| matches!(o, Output::Opus { channels: c, .. } if usize::from(*c) == channels))
    );
    let mut back = OpusToAac::default();
    let aac = run(&mut back, again(&opus));
    assert_calm(back.counters());
    assert!(matches!(aac[0], Output::AacHeader { .. }));
    listen(&aac, channels)
}

fn assert_tone(samples: &[f32], hz: f64, amplitude: f64) {
    let found = level(samples, 48_000, hz);
    assert!((found / amplitude - 1.0).abs() < 0.06, "{hz} Hz at {found} instead of {amplitude}");
    let snr = snr(samples, 48_000, hz);
    assert!(snr > 25.0, "{hz} Hz: {snr} dB");
    for other in [hz * 0.9, hz * 1.1] {
        assert!(level(samples, 48_000, other) < amplitude / 30.0);
    }
}

#[test]
fn phone_speech_at_16_khz_survives_aac_opus_aac() {
    let (_, heard) = there_and_back(16_000, 1);
    assert_eq!(heard.channels(), 1);
    assert!(heard.len() > 48_000 * 5 / 2);
    assert_tone(&heard.left()[24_000..72_000], 440.0, 0.5);
}

#[test]
fn stereo_music_at_48_khz_survives_aac_opus_aac_with_its_sides() {
    let (_, heard) = there_and_back(48_000, 2);
    let planes: Vec<_> = heard.planes().collect();
    assert_tone(&planes[0][24_000..72_000], 440.0, 0.5);
    assert_tone(&planes[1][24_000..72_000], 660.0, 0.25);
    assert!(level(&planes[0][24_000..72_000], 48_000, 660.0) < 0.01);
}

#[test]
fn every_usual_sample_rate_keeps_its_pitch() {
    for rate in [24_000, 32_000, 44_100] {
        let pcm = wave(rate, 1, 1.5, tones);
        let (_, heard) = listen(&run(&mut AacToOpus::default(), aac_stream(&pcm, rate, 0)), 1);
        assert_tone(&heard.left()[14_400..62_400], 440.0, 0.5);
    }
}

/// Time in ticks at which the sound of a burst that begins at `from_ms` is first heard.
fn onset(start: i64, heard: &Pcm) -> i64 {
    let loud = heard.left().chunks(48).position(|ms| rms(ms) > 0.15).expect("the burst") as i64;
    start + loud * 48
}

fn burst(t: f64, _: usize) -> f64 {
    if t < 0.5 { 0.0 } else { tones(t, 0) }
}

#[test]
fn sound_stays_in_its_place_both_ways() {
    for rate in [16_000, 44_100, 48_000] {
        let pcm = wave(rate, 1, 1.0, burst);
        let opus = run(&mut AacToOpus::default(), aac_stream(&pcm, rate, 2000));
        let (start, heard) = listen(&opus, 1);
        let off = onset(start, &heard) - 2500 * 48;
        assert!(off.abs() < 5 * 48, "{rate} Hz to Opus: {off} ticks off");
        let (start, heard) = listen(&run(&mut OpusToAac::default(), again(&opus)), 1);
        let off = onset(start, &heard) - 2500 * 48;
        assert!(off.abs() < 8 * 48, "{rate} Hz and back: {off} ticks off");
    }
    let pcm = wave(48_000, 1, 1.0, burst);
    let (start, heard) = listen(&run(&mut OpusToAac::default(), opus_stream(&pcm, 2000, 12_345)), 1);
    let off = onset(start, &heard) - 2500 * 48;
    // The browser's own encoder is 6.5 ms behind its stamps.
    assert!((0..12 * 48).contains(&off), "to AAC: {off} ticks off");
}

#[test]
fn the_phase_of_a_tone_shows_that_delays_are_compensated_to_the_sample() {
    // 100 Hz has a period of 480 samples: the phase tells the delay without doubt where the onset test left 8 ms.
    let pcm = wave(48_000, 1, 1.0, |t, _| 0.5 * (std::f64::consts::TAU * 100.0 * t).sin());
    let opus = run(&mut AacToOpus::default(), aac_stream(&pcm, 48_000, 1000));
    for (start, heard) in [listen(&opus, 1), listen(&run(&mut OpusToAac::default(), again(&opus)), 1)] {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, x) in heard.left().iter().enumerate().skip(9600).take(24_000) {
            let t = (start + n as i64 - 48_000) as f64 / 48_000.0;
            let angle = std::f64::consts::TAU * 100.0 * t;
            re += f64::from(*x) * angle.sin();
            im += f64::from(*x) * angle.cos();
        }
        let off = -im.atan2(re) / std::f64::consts::TAU * 480.0;
        // AAC times are whole milliseconds.
        assert!(off.abs() < 50.0, "{off} samples late");
    }
}

#[test]
fn he_aac_counts_its_doubled_rate() {
    let pcm = wave(48_000, 1, 1.5, tones);
    let options = syom::EncodeOptions::raw().with_bitrate_bps(48_000).with_he(true);
    let mut encoder = syom::Encoder::new(48_000, 1, &options).unwrap();
    let header = bytes::Bytes::copy_from_slice(encoder.asc());
    let mut inputs = vec![huitong_codec::Input::AacHeader(header)];
    let mut n = 0;
    encoder
        .feed(&[pcm.left()], |f| {
            let data = bytes::Bytes::copy_from_slice(f.payload);
            inputs.push(huitong_codec::Input::Aac { ts_ms: n * 2048 / 48, data });
            n += 1;
            Ok(())
        })
        .unwrap();
    let mut machine = AacToOpus::default();
    let (_, heard) = listen(&run(&mut machine, inputs), 1);
    assert_calm(machine.counters());
    assert_tone(&heard.left()[14_400..62_400], 440.0, 0.5);
}
