//! What senders do with chunks, read in whole and byte by byte.

use bytes::BytesMut;
use proptest::prelude::*;

use super::reader::ChunkReader;
use super::writer::write_media;
use crate::RtmpError;
use crate::limits::{MAX_CHUNK_STREAMS, MAX_MESSAGE_BYTES};
use crate::message::{MediaKind, RawMessage};

/// Reads all messages, the input cut into pieces of this size.
fn read(reader: &mut ChunkReader, bytes: &[u8], piece: usize) -> Result<Vec<RawMessage>, RtmpError> {
    let mut messages = Vec::new();
    for mut input in bytes.chunks(piece) {
        while let Some(message) = reader.read(&mut input)? {
            messages.push(message);
        }
        assert!(input.is_empty());
    }
    Ok(messages)
}

/// Timestamps and payloads of the messages, the same for every way to cut the input.
fn read_all(chunk_size: u32, bytes: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let run = |piece: usize| {
        let mut reader = ChunkReader::new();
        reader.set_chunk_size(chunk_size).unwrap();
        read(&mut reader, bytes, piece).unwrap()
    };
    let whole = run(bytes.len());
    for piece in 1..20 {
        assert_eq!(run(piece), whole, "pieces of {piece}");
    }
    whole.into_iter().map(|message| (message.timestamp, message.payload.to_vec())).collect()
}

/// A full header on chunk stream 4, audio, message stream 1.
fn full(timestamp: u32, length: u8) -> Vec<u8> {
    let [t3, t2, t1, t0] = timestamp.to_be_bytes();
    let mut header = vec![0x04];
    if timestamp < 0xff_ffff {
        header.extend_from_slice(&[t2, t1, t0]);
    } else {
        header.extend_from_slice(&[0xff; 3]);
    }
    header.extend_from_slice(&[0, 0, length, 8, 1, 0, 0, 0]);
    if timestamp >= 0xff_ffff {
        header.extend_from_slice(&[t3, t2, t1, t0]);
    }
    header
}

#[test]
fn all_four_header_formats_carry_the_time_on() {
    let bytes = [
        &full(5000, 2)[..],
        &[1, 1],
        // Type 1: 40 ms later, three bytes.
        &[0x44, 0, 0, 40, 0, 0, 3, 8],
        &[2, 2, 2],
        // Type 2: 20 ms later.
        &[0x84, 0, 0, 20],
        &[3, 3, 3],
        // Type 3: the same step again.
        &[0xc4],
        &[4, 4, 4],
    ]
    .concat();
    let times: Vec<u32> = read_all(128, &bytes).into_iter().map(|(time, _)| time).collect();
    assert_eq!(times, [5000, 5040, 5060, 5080]);
}

#[test]
fn a_new_message_like_the_full_one_repeats_a_small_time_but_not_a_large_one() {
    let small = [&full(23, 1)[..], &[1], &[0xc4, 2]].concat();
    assert_eq!(read_all(128, &small), [(23, vec![1]), (46, vec![2])]);
    let large = [&full(100_000, 1)[..], &[1], &[0xc4, 2]].concat();
    assert_eq!(read_all(128, &large), [(100_000, vec![1]), (100_000, vec![2])]);
}

#[test]
fn chunk_streams_interleave() {
    let mut video = full(0, 5);
    video[0] = 0x06;
    let bytes = [&video[..], &[1, 2, 3], &full(7, 2), &[9, 9], &[0xc6, 4, 5]].concat();
    assert_eq!(read_all(3, &bytes), [(7, vec![9, 9]), (0, vec![1, 2, 3, 4, 5])]);
}

#[test]
fn chunk_stream_ids_of_two_and_three_bytes_are_understood() {
    let rest = &full(1, 1)[1..];
    for basic in [&[0x00, 0][..], &[0x00, 255], &[0x01, 0, 1], &[0x01, 255, 255]] {
        let continuation = [&[basic[0] | 0xc0], &basic[1..]].concat();
        let bytes = [basic, rest, &[5], &continuation, &[6]].concat();
        assert_eq!(read_all(128, &bytes), [(1, vec![5]), (2, vec![6])]);
    }
}

#[test]
fn an_extended_time_may_be_repeated_in_continuations_or_not() {
    let time = 0x0100_0001u32;
    let repeated = [&full(time, 5)[..], &[1, 2], &[0xc4, 1, 0, 0, 1, 3, 4], &[0xc4, 1, 0, 0, 1, 5]].concat();
    assert_eq!(read_all(2, &repeated), [(time, vec![1, 2, 3, 4, 5])]);
    let left_out =
        [&full(time, 5)[..], &[1, 2], &[0xc4, 3, 4], &[0xc4, 5], &full(time + 1, 1), &[7]].concat();
    assert_eq!(read_all(2, &left_out), [(time, vec![1, 2, 3, 4, 5]), (time + 1, vec![7])]);
    // The payload starts like the time, and further chunks follow in what could have been the rest of it.
    let alike = [&full(time, 4)[..], &[1, 2], &[0xc4, 1, 0], &full(0, 1), &[9]].concat();
    assert_eq!(read_all(2, &alike), [(time, vec![1, 2, 1, 0]), (0, vec![9])]);
}

#[test]
fn an_extended_step_is_added() {
    let bytes = [&full(10, 1)[..], &[1], &[0x84, 0xff, 0xff, 0xff, 1, 0, 0, 0, 2]].concat();
    assert_eq!(read_all(128, &bytes), [(10, vec![1]), (0x0100_000a, vec![2])]);
}

#[test]
fn the_chunk_size_may_change_inside_a_message() {
    let mut reader = ChunkReader::new();
    reader.set_chunk_size(2).unwrap();
    let mut input = &[&full(0, 6)[..], &[1, 2, 0xc4, 3, 4]].concat()[..];
    assert_eq!(reader.read(&mut input), Ok(None));
    reader.set_chunk_size(0x7fff_ffff).unwrap();
    let message = reader.read(&mut &[0xc4, 5, 6][..]).unwrap().unwrap();
    assert_eq!(&message.payload[..], [1, 2, 3, 4, 5, 6]);
}

#[test]
fn sizes_outside_the_specification_are_refused() {
    let mut reader = ChunkReader::new();
    assert_eq!(reader.set_chunk_size(0), Err(RtmpError::ChunkSize(0)));
    assert_eq!(reader.set_chunk_size(0x8000_0000), Err(RtmpError::ChunkSize(0x8000_0000)));
}

#[test]
fn an_aborted_message_is_forgotten() {
    let mut reader = ChunkReader::new();
    let mut input = &[&full(0, 200)[..], &[1; 128]].concat()[..];
    assert_eq!(reader.read(&mut input), Ok(None));
    reader.abort(4);
    reader.abort(99);
    assert_eq!(reader.unfinished(), 0);
    let messages = read(&mut reader, &[&full(9, 1)[..], &[7]].concat(), 100).unwrap();
    assert_eq!(messages[0].payload[..], [7]);
}

#[test]
fn a_full_header_inside_a_message_starts_a_new_one() {
    let bytes = [&full(0, 4)[..], &[1, 2], &full(9, 2), &[7, 7]].concat();
    assert_eq!(read_all(2, &bytes), [(9, vec![7, 7])]);
}

#[test]
fn an_empty_message_is_complete_with_its_header() {
    assert_eq!(read_all(128, &full(3, 0)), [(3, vec![])]);
}

#[test]
fn a_chunk_without_a_header_before_it_is_refused() {
    for format in [0x80, 0xc0] {
        let result = read(&mut ChunkReader::new(), &[format | 7, 0, 0, 0], 100);
        assert_eq!(result, Err(RtmpError::MissingHeader(7)));
    }
    // librtmp opens the control stream like this.
    let ping = [0x42, 0, 0, 0, 0, 0, 2, 4, 9, 9];
    let messages = read(&mut ChunkReader::new(), &ping, 100).unwrap();
    assert_eq!((messages[0].kind, messages[0].stream_id), (4, 0));
}

#[test]
fn a_giant_declared_length_is_refused_and_a_large_one_costs_nothing() {
    let mut giant = full(0, 0);
    giant[4..7].copy_from_slice(&[0xff, 0xff, 0xff]);
    let result = read(&mut ChunkReader::new(), &giant, 100);
    assert_eq!(result, Err(RtmpError::MessageTooLarge(0xff_ffff)));

    let mut reader = ChunkReader::new();
    let mut large = full(0, 0);
    large[4..7].copy_from_slice(&(MAX_MESSAGE_BYTES as u32).to_be_bytes()[1..]);
    large.extend_from_slice(&[0; 100]);
    read(&mut reader, &large, 10).unwrap();
    assert!(reader.memory() < 1000, "{}", reader.memory());
}

#[test]
fn the_number_of_chunk_streams_is_bounded() {
    let mut reader = ChunkReader::new();
    let mut bytes = Vec::new();
    for id in 0..=MAX_CHUNK_STREAMS as u8 {
        bytes.extend_from_slice(&[0x00, id]);
        bytes.extend_from_slice(&full(0, 1)[1..]);
        bytes.push(1);
    }
    assert_eq!(read(&mut reader, &bytes, 1000), Err(RtmpError::TooManyChunkStreams));
}

#[test]
fn unfinished_messages_are_bounded_together() {
    let mut reader = ChunkReader::new();
    reader.set_chunk_size(MAX_MESSAGE_BYTES as u32 - 1).unwrap();
    let body = vec![0; MAX_MESSAGE_BYTES - 1];
    let mut result = Ok(None);
    for id in 3..7 {
        let mut header = full(0, 0);
        header[0] = id;
        header[4..7].copy_from_slice(&(MAX_MESSAGE_BYTES as u32).to_be_bytes()[1..]);
        result = reader.read(&mut &header[..]);
        if result.is_ok() {
            result = reader.read(&mut &body[..]);
        }
        if result.is_err() {
            break;
        }
    }
    assert_eq!(result, Err(RtmpError::TooMuchUnfinished));
}

#[test]
fn a_finished_message_leaves_no_memory_behind() {
    let mut reader = ChunkReader::new();
    let mut bytes = BytesMut::new();
    write_media(MediaKind::Video, 1, 0, &[&[1; 100_000]], 128, &mut bytes);
    assert_eq!(read(&mut reader, &bytes, 1448).unwrap().len(), 1);
    assert!(reader.memory() < 400, "{}", reader.memory());
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        kinds in prop::collection::vec((0..3usize, any::<u32>(), 0..2000usize), 0..10),
        chunk_size in 1..3000u32,
        piece in 1..4000usize,
    ) {
        let mut bytes = BytesMut::new();
        for (kind, timestamp, length) in &kinds {
            let kind = [MediaKind::Audio, MediaKind::Video, MediaKind::Data][*kind];
            let payload: Vec<u8> = (0..*length).map(|n| n as u8).collect();
            write_media(kind, 1, *timestamp, &[&payload], chunk_size, &mut bytes);
        }
        let mut reader = ChunkReader::new();
        reader.set_chunk_size(chunk_size).unwrap();
        let messages = read(&mut reader, &bytes, piece).unwrap();
        let read: Vec<_> = messages.iter().map(|message| (message.timestamp, message.payload.len())).collect();
        let written: Vec<_> = kinds.iter().map(|(_, timestamp, length)| (*timestamp, *length)).collect();
        prop_assert_eq!(read, written);
        prop_assert_eq!(reader.unfinished(), 0);
    }

    #[test]
    fn any_bytes_are_read_or_refused(data in prop::collection::vec(any::<u8>(), 0..2000), piece in 1..100usize) {
        let mut reader = ChunkReader::new();
        let mut messages = 0;
        'all: for mut input in data.chunks(piece) {
            loop {
                match reader.read(&mut input) {
                    Ok(Some(_)) => messages += 1,
                    Ok(None) => break,
                    Err(_) => break 'all,
                }
            }
        }
        prop_assert!(messages <= data.len());
        prop_assert!(reader.memory() <= 2 * data.len() + 80 * MAX_CHUNK_STREAMS);
    }
}
