//! Arbitrary sequences of frames, holes, changes and garbage: no panic, times that never go back, bounded output.

mod support;

use bytes::Bytes;
use huitong_codec::{
    AacDecoder, AacToOpus, AudioDecoder, Input, OpusDecoder, OpusToAac, Output, Pcm, Transcoder,
};
use proptest::prelude::*;
use std::sync::LazyLock;
use support::{aac_stream, opus_stream, tones, wave};

/// Real streams to take frames from.
static AAC: LazyLock<Vec<Vec<Input>>> = LazyLock::new(|| {
    [(16_000, 1), (44_100, 2), (48_000, 2)]
        .map(|(rate, channels)| aac_stream(&wave(rate, channels, 0.7, tones), rate, 0))
        .to_vec()
});

static OPUS: LazyLock<Vec<Vec<Input>>> =
    LazyLock::new(|| [1, 2].map(|channels| opus_stream(&wave(48_000, channels, 0.5, tones), 0, 0)).to_vec());

#[derive(Debug, Clone)]
enum Step {
    /// The next frames of the stream.
    Frames(u8),
    /// Time passes without frames, ms; or goes back.
    Pause(i64),
    /// Another stream, with its header if it has one.
    Switch(usize, bool),
    /// A frame with one byte changed.
    Flip(u16, u8),
    /// A frame that breaks off.
    Short(u8),
    Garbage(Vec<u8>),
    Header(Vec<u8>),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (1..12u8).prop_map(Step::Frames),
        2 => (-100..700i64).prop_map(Step::Pause),
        1 => any::<i64>().prop_map(Step::Pause),
        2 => (0..3usize, any::<bool>()).prop_map(|(n, header)| Step::Switch(n, header)),
        3 => (any::<u16>(), 1..=255u8).prop_map(|(at, bits)| Step::Flip(at, bits)),
        2 => any::<u8>().prop_map(Step::Short),
        2 => prop::collection::vec(any::<u8>(), 0..200).prop_map(Step::Garbage),
        1 => prop::collection::vec(any::<u8>(), 0..12).prop_map(Step::Header),
    ]
}

/// Turns steps into input: coded frames with times that go on from one to the next.
fn play(steps: &[Step], streams: &[Vec<Input>]) -> Vec<Input> {
    let mut inputs = Vec::new();
    let (mut stream, mut at, mut now, mut rtp) = (0, 1, 1000i64, -5000i64);
    inputs.push(streams[0][0].clone());
    let frame_ms = |stream: usize| if streams[0][0].is_header() { [64, 23, 21][stream] } else { 20 };
    let mut emit = |data: Bytes, now: i64, rtp: i64| {
        inputs.push(if streams[0][0].is_header() {
            Input::Aac { ts_ms: now, data }
        } else {
            Input::Opus { rtp, ts_ms: now, data }
        });
    };
    let payload = |stream: usize, at: usize| match &streams[stream][1 + at % (streams[stream].len() - 1)] {
        Input::Aac { data, .. } | Input::Opus { data, .. } | Input::AacHeader(data) => data.clone(),
    };
    let mut headers = Vec::new();
    for step in steps {
        let mut damaged = None;
        match step {
            Step::Frames(count) => {
                for _ in 0..*count {
                    emit(payload(stream, at), now, rtp);
                    at += 1;
                    now = now.saturating_add(frame_ms(stream));
                    rtp = rtp.saturating_add(frame_ms(stream) * 48);
                }
            }
            Step::Pause(ms) => {
                now = now.saturating_add(*ms);
                rtp = rtp.saturating_add(ms.saturating_mul(48));
            }
            Step::Switch(to, _) => stream = to % streams.len(),
            Step::Flip(place, bits) => {
                let mut data = payload(stream, at).to_vec();
                let place = usize::from(*place) % data.len();
                data[place] ^= bits;
                damaged = Some(data);
            }
            Step::Short(keep) => {
                let data = payload(stream, at);
                damaged = Some(data[..usize::from(*keep).min(data.len())].to_vec());
            }
            Step::Garbage(data) => damaged = Some(data.clone()),
            Step::Header(_) => {}
        }
        if let Some(data) = damaged {
            emit(Bytes::from(data), now, rtp);
            at += 1;
            now = now.saturating_add(frame_ms(stream));
            rtp = rtp.saturating_add(frame_ms(stream) * 48);
        }
        headers.push(stream);
    }
    // Headers go in front of what follows their step.
    let mut all = vec![streams[0][0].clone()];
    let mut rest = inputs.into_iter().skip(1);
    for (step, stream) in steps.iter().zip(headers) {
        match step {
            Step::Switch(_, true) if streams[stream][0].is_header() => all.push(streams[stream][0].clone()),
            Step::Header(data) => all.push(Input::AacHeader(Bytes::from(data.clone()))),
            Step::Frames(count) => all.extend(rest.by_ref().take(usize::from(*count))),
            Step::Flip(..) | Step::Short(_) | Step::Garbage(_) => all.extend(rest.by_ref().take(1)),
            Step::Switch(..) | Step::Pause(_) => {}
        }
    }
    all
}

/// Feeds everything and checks each output: it decodes, it is finite, it comes no earlier than the end of the one
/// before.
fn check(machine: &mut dyn Transcoder, inputs: Vec<Input>) -> Result<(), TestCaseError> {
    let mut next = i64::MIN;
    let mut aac = None;
    let mut opus = OpusDecoder::new(2).unwrap();
    let mut pcm = Pcm::new(2);
    for input in inputs {
        machine.handle(input);
        let mut count = 0;
        while let Some(output) = machine.poll() {
            count += 1;
            let (at, end) = match &output {
                Output::AacHeader { data, ts_ms } => {
                    aac = Some(AacDecoder::new(data).unwrap());
                    (*ts_ms, *ts_ms)
                }
                Output::Aac { ts_ms, data } => {
                    aac.as_mut().unwrap().decode(data, &mut pcm).unwrap();
                    (*ts_ms, *ts_ms + 21)
                }
                Output::Opus { ts_48k, data, .. } => {
                    opus.decode(data, &mut pcm).unwrap();
                    (*ts_48k, *ts_48k + 960)
                }
            };
            prop_assert!(at >= 0 && at >= next, "{output:?} after {next}");
            prop_assert!(pcm.planes().flatten().all(|x| x.is_finite()));
            next = end;
        }
        prop_assert!(count <= 60, "{count} outputs for one input");
    }
    prop_assert_eq!(machine.counters().encoder_errors, 0);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_aac_gives_opus_in_order(steps in prop::collection::vec(step(), 0..24)) {
        check(&mut AacToOpus::default(), play(&steps, &AAC))?;
    }

    #[test]
    fn any_opus_gives_aac_in_order(steps in prop::collection::vec(step(), 0..24)) {
        check(&mut OpusToAac::default(), play(&steps, &OPUS))?;
    }
}
