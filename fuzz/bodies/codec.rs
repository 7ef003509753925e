//! What the fuzzer does with bytes for the codec crate. The crate's test `replays_corpus` does the same with every file
//! of the corpora.

use bytes::Bytes;
use huitong_codec::{AacToOpus, Input, OpusToAac, Output, Transcoder};

/// Pieces of one input that are looked at: beyond, the fuzzer only gets slow.
const MAX_PIECES: usize = 48;

/// One piece: a kind (bit 0: a header, where the codec has one), milliseconds since the last one (signed, network
/// order), length (2 bytes), bytes.
struct Piece<'a> {
    header: bool,
    ms: i64,
    bytes: &'a [u8],
}

fn pieces(mut data: &[u8]) -> Vec<Piece<'_>> {
    let mut all = Vec::new();
    while let Some((&[kind, t1, t0, l1, l0], rest)) = data.split_first_chunk::<5>() {
        let length = usize::from(l1) << 8 | usize::from(l0);
        let (bytes, rest) = rest.split_at(length.min(rest.len()));
        data = rest;
        all.push(Piece { header: kind & 1 != 0, ms: i64::from(i16::from_be_bytes([t1, t0])), bytes });
        if all.len() == MAX_PIECES {
            break;
        }
    }
    all
}

/// A row of headers and AAC frames.
pub(crate) fn aac_to_opus(data: &[u8]) {
    let mut now = 40_000;
    let inputs = pieces(data).into_iter().map(|piece| {
        let data = Bytes::copy_from_slice(piece.bytes);
        now += piece.ms;
        if piece.header { Input::AacHeader(data) } else { Input::Aac { ts_ms: now, data } }
    });
    transcode(&mut AacToOpus::default(), inputs.collect());
}

/// A row of Opus packets; bit 1 of the kind: time passes on the publication's timeline but not for RTP.
pub(crate) fn opus_to_aac(data: &[u8]) {
    let (mut now, mut rtp) = (40_000, -1000);
    let inputs = pieces(data).into_iter().map(|piece| {
        now += piece.ms;
        rtp += if piece.header { 0 } else { piece.ms * 48 };
        Input::Opus { rtp, ts_ms: now, data: Bytes::copy_from_slice(piece.bytes) }
    });
    transcode(&mut OpusToAac::default(), inputs.collect());
}

fn transcode(machine: &mut dyn Transcoder, inputs: Vec<Input>) {
    let mut next = 0;
    for input in inputs {
        machine.handle(input);
        let mut count = 0;
        while let Some(output) = machine.poll() {
            let (at, length) = match output {
                Output::AacHeader { ts_ms, .. } => (ts_ms * 48, 0),
                Output::Aac { ts_ms, .. } => (ts_ms * 48, 21 * 48),
                Output::Opus { ts_48k, .. } => (ts_48k, 960),
            };
            assert!(at >= next, "time goes back from {next} to {at}");
            next = at + length;
            count += 1;
        }
        assert!(count <= 60, "{count} outputs for one input");
    }
    assert_eq!(machine.counters().encoder_errors, 0);
}
