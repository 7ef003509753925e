//! Levels: each hears everybody else, and nobody is too loud.

use huitong_mixer::{Limiter, MOST_BLOCK, Mixer, Piece, VoiceId};
use proptest::prelude::*;
use std::f32::consts::TAU;

const BLOCK: usize = 480;

fn piece(samples: &[f32]) -> Piece<'_> {
    Piece { samples, ..Piece::default() }
}

fn sound(voice: u64, n: usize) -> f32 {
    0.5 * (TAU * (300.0 + 70.0 * voice as f32) * n as f32 / 48_000.0).sin()
}

/// A mixer with so many voices that talk, after so many blocks.
fn talking(voices: u64, blocks: usize) -> Mixer {
    let mut mixer = Mixer::default();
    (0..voices).for_each(|voice| mixer.add(VoiceId(voice)));
    for block in 0..blocks {
        for voice in 0..voices {
            let samples: Vec<f32> = (block * BLOCK..(block + 1) * BLOCK).map(|n| sound(voice, n)).collect();
            mixer.push(VoiceId(voice), piece(&samples));
        }
        mixer.pull(BLOCK);
    }
    mixer
}

fn alone(voice: u64, blocks: usize) -> Vec<f32> {
    let mut mixer = Mixer::default();
    mixer.add(VoiceId(voice));
    for block in 0..blocks {
        let samples: Vec<f32> = (block * BLOCK..(block + 1) * BLOCK).map(|n| sound(voice, n)).collect();
        mixer.push(VoiceId(voice), piece(&samples));
        mixer.pull(BLOCK);
    }
    mixer.total().to_vec()
}

#[test]
fn what_a_talker_hears_is_the_sum_of_the_others_to_a_hundred_decibels() {
    let mixer = talking(50, 10);
    for own in [0, 17, 49] {
        let mut heard = Vec::new();
        mixer.without(&[VoiceId(own)], &mut heard);
        let mut others = [0.0; BLOCK];
        for voice in (0..50).filter(|voice| *voice != own) {
            others.iter_mut().zip(alone(voice, 10)).for_each(|(sum, sample)| *sum += sample);
        }
        let off = heard.iter().zip(&others).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off < 1e-5, "{off}");
    }
}

#[test]
fn one_talker_keeps_its_level_to_the_bit() {
    let mixer = talking(1, 10);
    let mut limited = mixer.total().to_vec();
    Limiter::default().limit(&mut limited);
    assert_eq!(limited, mixer.total());
    assert_eq!(limited, alone(0, 10));
}

#[test]
fn a_member_that_is_silent_hears_the_mix_of_all() {
    let mut mixer = talking(3, 10);
    mixer.add(VoiceId(9));
    mixer.push(VoiceId(9), piece(&[0.0; BLOCK]));
    mixer.pull(BLOCK);
    let mut heard = Vec::new();
    mixer.without(&[VoiceId(9)], &mut heard);
    assert_eq!(heard, mixer.total());
    assert!(!mixer.is_heard(&[VoiceId(9)]) && mixer.is_heard(&[VoiceId(1)]));
}

#[test]
fn who_leaves_does_not_hear_itself_fade() {
    let mut mixer = talking(1, 10);
    mixer.remove(VoiceId(0));
    mixer.pull(64);
    assert!(mixer.total().iter().any(|sample| *sample != 0.0));
    let mut heard = Vec::new();
    mixer.without(&[VoiceId(0)], &mut heard);
    assert_eq!(heard, [0.0; 64]);
    mixer.pull(BLOCK);
    assert!(
        mixer.total()[..100].iter().any(|sample| *sample != 0.0),
        "a short block does not cut the fade off"
    );
    assert!(mixer.total()[240 - 64..].iter().all(|sample| *sample == 0.0), "after 5 ms it is gone");
    mixer.without(&[VoiceId(0)], &mut heard);
    assert_eq!(heard, [0.0; BLOCK]);
}

#[test]
fn what_was_said_before_a_rest_is_not_heard_after_it() {
    let mut mixer = talking(2, 10);
    mixer.remove(VoiceId(1));
    mixer.rest();
    assert_eq!(mixer.heard(), 0);
    mixer.pull(BLOCK);
    assert_eq!(mixer.total(), [0.0; BLOCK]);
}

/// What may happen to a mixer.
#[derive(Debug, Clone)]
enum Step {
    Add(u64),
    Remove(u64),
    Push(u64, usize, usize, f32),
    Pull(usize),
    Rest,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let sample = prop_oneof![Just(f32::NAN), Just(f32::INFINITY), -2.0_f32..2.0];
    let step = prop_oneof![
        1 => (0_u64..4).prop_map(Step::Add),
        1 => (0_u64..4).prop_map(Step::Remove),
        6 => ((0_u64..4), (0_usize..3000), (0_usize..3000), sample).prop_map(|(v, c, m, s)| Step::Push(v, c, m, s)),
        6 => (0..=MOST_BLOCK + 1).prop_map(Step::Pull),
        1 => Just(Step::Rest),
    ];
    proptest::collection::vec(step, 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_comes_an_output_is_within_full_scale_and_little_waits(steps in steps()) {
        let mut mixer = Mixer::default();
        let mut limiter = Limiter::default();
        for step in steps {
            match step {
                Step::Add(voice) => mixer.add(VoiceId(voice)),
                Step::Remove(voice) => mixer.remove(VoiceId(voice)),
                Step::Push(voice, count, made_up, sample) => {
                    let samples = vec![sample; count];
                    mixer.push(VoiceId(voice), Piece { samples: &samples, made_up, after: made_up % 700 });
                }
                Step::Rest => mixer.rest(),
                Step::Pull(count) => {
                    mixer.pull(count);
                    let mut out = Vec::new();
                    mixer.without(&[VoiceId(0)], &mut out);
                    limiter.limit(&mut out);
                    prop_assert!(out.iter().all(|sample| sample.abs() <= 1.0));
                }
            }
        }
    }
}
