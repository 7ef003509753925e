//! Changes, losses, holes and damage in mid-stream.

mod support;

use bytes::Bytes;
use huitong_codec::{
    AacToOpus, AudioDecoder, Input, MONO_AFTER_TICKS, OpusDecoder, OpusToAac, Output, Pcm, Transcoder,
};
use support::{aac_stream, again, level, listen, opus_stream, rms, run, tones, wave};

/// Moves a stream in time.
fn later(inputs: Vec<Input>, ms: i64) -> impl Iterator<Item = Input> {
    inputs.into_iter().map(move |input| match input {
        Input::Aac { ts_ms, data } => Input::Aac { ts_ms: ts_ms + ms, data },
        Input::Opus { rtp, ts_ms, data } => Input::Opus { rtp: rtp + ms * 48, ts_ms: ts_ms + ms, data },
        header @ Input::AacHeader(_) => header,
    })
}

/// Decodes Opus outputs whatever their times.
fn decode(outputs: &[Output]) -> Pcm {
    let mut decoder = OpusDecoder::new(1).unwrap();
    let (mut all, mut pcm) = (Pcm::new(1), Pcm::new(1));
    for output in outputs {
        if let Output::Opus { data, .. } = output {
            decoder.decode(data, &mut pcm).unwrap();
            all.append(&pcm);
        }
    }
    all
}

/// Longest time in which the sound is not a steady tone of half of full scale, in ms.
fn disturbed_ms(samples: &[f32]) -> usize {
    // Two periods of 440 Hz at a time.
    let steady = |chunk: &[f32]| (rms(chunk) - 0.3535).abs() < 0.08;
    let blocks: Vec<bool> = samples.chunks_exact(218).map(steady).collect();
    blocks.split(|ok| *ok).map(<[bool]>::len).max().unwrap_or(0) * 218 / 48
}

#[test]
fn a_new_header_with_another_rate_goes_on_in_place() {
    for (first, second) in [(16_000, 48_000), (48_000, 16_000), (44_100, 32_000)] {
        let mut machine = AacToOpus::default();
        // The first part has as many whole frames as fit into a second; the second one follows without a hole.
        let part = aac_stream(&wave(first, 1, 1.5, tones), first, 0);
        let frames = part.iter().filter(|i| matches!(i, Input::Aac { .. })).count() as i64;
        let end = frames * 1024 * 1000 / i64::from(first);
        let more = aac_stream(&wave(second, 1, 1.5, tones), second, 0);
        let outputs = run(&mut machine, part.into_iter().chain(later(more, end)));
        let (_, heard) = listen(&outputs, 1);
        let counters = machine.counters();
        assert_eq!((counters.damaged, counters.concealed_ms, counters.late, counters.jumps), (0, 0, 0, 0));
        let heard = &heard.left()[4800..];
        assert!(heard.len() > 2 * 48_000);
        // A decoder without a past takes one frame to be there: 64 ms at 16 kHz.
        let frame_ms = 1024 * 1000 / second as usize;
        assert!(disturbed_ms(heard) <= frame_ms + 5, "{first} to {second}: {} ms", disturbed_ms(heard));
        let click = heard.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        assert!(click < 0.2, "{first} to {second}: a click of {click}");
    }
}

#[test]
fn mono_becomes_stereo_and_mono_again_with_the_header() {
    let mut machine = AacToOpus::default();
    let mut outputs = Vec::new();
    for (n, channels) in [1, 2, 1].into_iter().enumerate() {
        let part = aac_stream(&wave(48_000, channels, 1.0, tones), 48_000, 0);
        outputs.extend(run(&mut machine, later(part, n as i64 * 960)));
    }
    let counts: Vec<u8> = outputs
        .iter()
        .map(|o| if let Output::Opus { channels, .. } = o { *channels } else { panic!("{o:?}") })
        .collect();
    let mut order = counts.clone();
    order.dedup();
    assert_eq!(order, [1, 2, 1]);
    let (_, heard) = listen(&outputs, 2);
    assert_eq!(machine.counters().damaged, 0);
    let right = heard.planes().nth(1).unwrap();
    assert!(level(&right[60_000..84_000], 48_000, 660.0) > 0.2);
    assert!(level(&right[..36_000], 48_000, 440.0) > 0.4);
}

#[test]
fn a_repeated_header_changes_nothing() {
    let inputs = aac_stream(&wave(48_000, 1, 1.0, tones), 48_000, 0);
    let header = inputs[0].clone();
    let mut twice = Vec::new();
    for input in &inputs[1..] {
        twice.extend([header.clone(), input.clone()]);
    }
    assert_eq!(run(&mut AacToOpus::default(), inputs), run(&mut AacToOpus::default(), twice));
}

#[test]
fn opus_that_turns_stereo_gets_a_new_aac_header_at_once_and_mono_again_after_a_while() {
    let mut machine = OpusToAac::default();
    let mono_s = MONO_AFTER_TICKS as f64 / 48_000.0 + 1.0;
    let mut inputs = opus_stream(&wave(48_000, 1, 1.0, tones), 0, 0);
    inputs.extend(opus_stream(&wave(48_000, 2, 1.0, tones), 1000, 48_000));
    inputs.extend(opus_stream(&wave(48_000, 1, mono_s, |t, _| 0.1 * tones(t, 0)), 2000, 96_000));
    let outputs = run(&mut machine, inputs);
    let headers: Vec<(i64, u8)> = outputs
        .iter()
        .filter_map(|o| match o {
            Output::AacHeader { ts_ms, data } => {
                Some((*ts_ms, huitong_media::aac::AudioSpecificConfig::parse(data).unwrap().channels()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(headers.iter().map(|h| h.1).collect::<Vec<_>>(), [1, 2, 1]);
    assert!((950..1030).contains(&headers[1].0), "{headers:?}");
    let (_, heard) = listen(&outputs, 2);
    assert!(disturbed_ms(&heard.left()[4800..90_000]) <= 30, "{}", disturbed_ms(&heard.left()[4800..90_000]));
    assert_eq!(machine.counters().concealed_ms, 0);
}

/// Every twentieth frame in the mean, never two in a row, without a pattern; the first second is whole.
fn lose(inputs: Vec<Input>) -> Vec<Input> {
    let mut seed = 7u32;
    let mut lost = 0;
    let kept = inputs.into_iter().enumerate().filter(|(n, _)| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let lose = *n > 50 && seed >> 16 < 3277 && *n > lost + 1;
        lost = if lose { *n } else { lost };
        !lose
    });
    kept.map(|(_, input)| input).collect()
}

#[test]
fn five_percent_lost_opus_packets_are_concealed_in_place() {
    let all = opus_stream(&wave(48_000, 1, 10.0, tones), 0, -777);
    let count = all.len();
    let some = lose(all);
    let lost = count - some.len();
    assert!(lost > 12, "{lost}");
    let mut machine = OpusToAac::default();
    let (start, heard) = listen(&run(&mut machine, some), 1);
    let counters = machine.counters();
    assert_eq!(counters.concealed_ms, 20 * lost as u64);
    assert_eq!((counters.late, counters.jumps, counters.damaged), (0, 0, 0));
    assert!((start + heard.len() as i64 - 480_000).abs() < 2400);
    assert!(level(&heard.left()[48_000..432_000], 48_000, 440.0) > 0.42);
    assert!(disturbed_ms(&heard.left()[4800..]) < 40, "{}", disturbed_ms(&heard.left()[4800..]));
}

#[test]
fn five_percent_lost_aac_frames_are_concealed_in_place() {
    for (rate, frame_ms) in [(48_000, 21.3), (16_000, 64.0)] {
        let all = aac_stream(&wave(rate, 1, 10.0, tones), rate, 0);
        let count = all.len();
        let (calm_start, calm) = listen(&run(&mut AacToOpus::default(), all.clone()), 1);
        let mut some = lose(all.clone());
        some.extend(all.last().cloned());
        some.dedup();
        let lost = (count - some.len()) as f64;
        let mut machine = AacToOpus::default();
        let outputs = run(&mut machine, some);
        let (start, heard) = listen(&outputs, 1);
        let counters = machine.counters();
        let concealed = counters.concealed_ms as f64 / (lost * frame_ms);
        assert!((0.9..1.1).contains(&concealed), "{lost} frames lost, {counters:?}");
        assert_eq!((counters.late, counters.jumps, counters.damaged), (0, 0, 0));
        let ends = [start + heard.len() as i64, calm_start + calm.len() as i64];
        assert!((ends[0] - ends[1]).abs() <= 1920, "{ends:?}");
        let click = heard.left().windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        assert!(click < 0.25, "a click of {click}");
    }
}

#[test]
fn a_hole_of_a_second_moves_the_clock_and_it_stays_moved() {
    let tone = wave(48_000, 1, 1.0, tones);
    let mut machine = AacToOpus::default();
    let mut outputs = run(&mut machine, aac_stream(&tone, 48_000, 0));
    outputs.extend(run(&mut machine, later(aac_stream(&tone, 48_000, 0), 2000)));
    let times: Vec<i64> =
        outputs.iter().map(|o| if let Output::Opus { ts_48k, .. } = o { *ts_48k } else { 0 }).collect();
    let jumps: Vec<i64> = times.windows(2).map(|w| w[1] - w[0]).filter(|d| *d != 960).collect();
    assert_eq!(jumps.len(), 1);
    assert!(times.contains(&(2000 * 48 - 312)), "the packet behind the hole starts with the frame behind it");
    assert_eq!((machine.counters().jumps, machine.counters().concealed_ms), (1, 0));
    let heard = decode(&outputs);
    let click = heard.left()[2000..].windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
    assert!(click < 0.2, "{click}");

    let mut machine = OpusToAac::default();
    let mut outputs = run(&mut machine, opus_stream(&tone, 0, 5));
    outputs.extend(run(&mut machine, opus_stream(&tone, 2000, 96_005)));
    let times: Vec<i64> = outputs
        .iter()
        .filter_map(|o| if let Output::Aac { ts_ms, .. } = o { Some(*ts_ms) } else { None })
        .collect();
    let jumps = times.windows(2).filter(|w| !(21..=22).contains(&(w[1] - w[0]))).count();
    assert_eq!(jumps, 1, "{times:?}");
    assert!(times.contains(&1979), "2000 ms less the delay of the encoder: {times:?}");
    assert_eq!((machine.counters().jumps, machine.counters().concealed_ms), (1, 0));
}

#[test]
fn a_hole_of_200_ms_is_filled_and_counted() {
    let tone = wave(48_000, 1, 1.0, tones);
    let mut machine = AacToOpus::default();
    let mut inputs = aac_stream(&tone, 48_000, 0);
    inputs.extend(later(aac_stream(&tone, 48_000, 0), 45 * 1024 / 48 + 200));
    let outputs = run(&mut machine, inputs);
    listen(&outputs, 1);
    assert_eq!(machine.counters().jumps, 0);
    assert!((190..=230).contains(&machine.counters().concealed_ms), "{:?}", machine.counters());
}

#[test]
fn stragglers_and_repetitions_are_left_out() {
    let inputs = opus_stream(&wave(48_000, 1, 1.0, tones), 0, 0);
    let calm = run(&mut OpusToAac::default(), inputs.clone());
    let mut messy = Vec::new();
    for (n, input) in inputs.iter().enumerate() {
        messy.push(input.clone());
        if n % 5 == 4 {
            messy.push(inputs[n - 3].clone());
        }
    }
    let mut machine = OpusToAac::default();
    assert_eq!(run(&mut machine, messy), calm);
    assert_eq!(machine.counters().late, inputs.len() as u64 / 5);
}

#[test]
fn damaged_frames_are_counted_and_concealed() {
    let garbage = Bytes::from_static(&[0xff; 40]);
    let mut inputs = aac_stream(&wave(48_000, 1, 2.0, tones), 48_000, 0);
    let frames = inputs.len() as u64 - 1;
    for n in [20, 21, 40, 60] {
        if let Input::Aac { data, .. } = &mut inputs[n] {
            *data = garbage.clone();
        }
    }
    let mut machine = AacToOpus::default();
    let (_, heard) = listen(&run(&mut machine, inputs), 1);
    assert_eq!((machine.counters().frames_in, machine.counters().damaged), (frames, 4));
    assert_eq!(machine.counters().concealed_ms, 4 * 21);
    assert!(level(&heard.left()[70_000..84_000], 48_000, 440.0) > 0.45);

    let mut inputs = opus_stream(&wave(48_000, 1, 2.0, tones), 0, 0);
    for n in [20, 40, 41, 60] {
        if let Input::Opus { data, .. } = &mut inputs[n] {
            *data = Bytes::from_static(&[0x03]);
        }
    }
    let mut machine = OpusToAac::default();
    let (_, heard) = listen(&run(&mut machine, inputs), 1);
    assert_eq!((machine.counters().damaged, machine.counters().concealed_ms), (4, 80));
    assert!(level(&heard.left()[67_200..84_000], 48_000, 440.0) > 0.45);
}

#[test]
fn what_comes_before_a_header_or_is_of_the_other_codec_is_counted_only() {
    let aac = aac_stream(&wave(48_000, 1, 0.2, tones), 48_000, 0);
    let opus = opus_stream(&wave(48_000, 1, 0.2, tones), 0, 0);
    let mut machine = AacToOpus::default();
    assert_eq!(run(&mut machine, aac[1..].to_vec()), []);
    assert_eq!(run(&mut machine, opus), []);
    assert_eq!(run(&mut machine, [Input::AacHeader(Bytes::from_static(&[1, 2]))]), []);
    assert_eq!(machine.counters().damaged, aac.len() as u64 - 1 + 10 + 1);
    let mut machine = OpusToAac::default();
    let count = aac.len() as u64;
    assert_eq!(run(&mut machine, aac), []);
    assert_eq!(machine.counters().damaged, count);
}

#[test]
fn a_wrong_clock_is_caught_up_by_leaving_out_and_filling_in() {
    // A source that makes 2 % more samples than its times tell is beyond what may be squeezed.
    let mut inputs = aac_stream(&wave(48_000, 1, 10.0, tones), 48_000, 0);
    for (n, input) in inputs.iter_mut().enumerate() {
        if let Input::Aac { ts_ms, .. } = input {
            *ts_ms = ((n as f64 - 1.0) * 1024.0 / 48.0 / 1.02) as i64;
        }
    }
    let mut machine = AacToOpus::default();
    let (start, heard) = listen(&run(&mut machine, inputs), 1);
    let off = (start + heard.len() as i64) as f64 / 48.0 - 10_000.0 / 1.02;
    assert!(off.abs() < 70.0, "{off} ms");
    assert!(machine.counters().late > 3, "{:?}", machine.counters());
}

#[test]
fn sound_goes_through_both_machines_in_a_chain_after_trouble() {
    let opus = run(&mut AacToOpus::default(), lose(aac_stream(&wave(16_000, 1, 5.0, tones), 16_000, 0)));
    let mut back = OpusToAac::default();
    listen(&run(&mut back, lose(again(&opus))), 1);
    assert_eq!(back.counters().encoder_errors, 0);
}

#[test]
fn what_is_longer_than_any_frame_counts_as_damaged() {
    let long = Bytes::from(vec![0x21; huitong_codec::MAX_CODED_BYTES + 1]);
    let mut machine = AacToOpus::default();
    let mut inputs = aac_stream(&wave(48_000, 1, 0.5, tones), 48_000, 0);
    inputs[8] = Input::Aac { ts_ms: 149, data: long.clone() };
    listen(&run(&mut machine, inputs), 1);
    assert_eq!((machine.counters().damaged, machine.counters().concealed_ms), (1, 21));
    run(&mut machine, [Input::AacHeader(long)]);
    assert_eq!(machine.counters().damaged, 2);
}
