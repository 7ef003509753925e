//! The threads, with real codecs and with codecs that misbehave.

mod support;

use bytes::Bytes;
use huitong_codec::{
    AudioDecoder, AudioEncoder, Builtin, CodecError, Codecs, Direction, Input, Output, Pcm, QUEUE_FRAMES,
    Sink, Workers,
};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{aac_stream, again, listen, opus_stream, run, tones, wave};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

enum Event {
    Output(Output),
    Failed,
}

/// Hands everything to the test; dropped, it hangs up.
struct ToTest(SyncSender<Event>);

impl Sink for ToTest {
    fn output(&mut self, output: Output) {
        self.0.send(Event::Output(output)).ok();
    }

    fn failed(&mut self) {
        self.0.send(Event::Failed).ok();
    }
}

fn channel() -> (Box<ToTest>, Receiver<Event>) {
    let (sender, receiver) = sync_channel(4096);
    (Box::new(ToTest(sender)), receiver)
}

fn outputs(receiver: &Receiver<Event>, count: usize) -> Vec<Output> {
    let next = |n| match receiver.recv_timeout(PATIENCE) {
        Ok(Event::Output(output)) => output,
        Ok(Event::Failed) => panic!("failed after {n} outputs"),
        Err(error) => panic!("{error} after {n} of {count} outputs"),
    };
    (0..count).map(next).collect()
}

#[test]
fn many_streams_on_two_threads_give_what_the_machines_give() {
    let workers = Workers::new(2).unwrap();
    let aac = aac_stream(&wave(48_000, 1, 0.8, tones), 48_000, 100);
    let opus = opus_stream(&wave(48_000, 1, 0.8, tones), 100, 4711);
    let want_opus = run(&mut huitong_codec::AacToOpus::default(), aac.clone());
    let want_aac = run(&mut huitong_codec::OpusToAac::default(), opus.clone());
    assert!(aac.len().max(opus.len()) <= QUEUE_FRAMES, "the test must not overrun the queue");
    let streams: Vec<_> = (0..20)
        .map(|n| {
            let (sink, receiver) = channel();
            let direction = if n % 2 == 0 { Direction::AacToOpus } else { Direction::OpusToAac };
            (workers.start(direction, sink).unwrap(), receiver)
        })
        .collect();
    assert_eq!(workers.streams(), 20);
    for n in 0..aac.len().max(opus.len()) {
        for (index, (handle, _)) in streams.iter().enumerate() {
            let from = if index % 2 == 0 { &aac } else { &opus };
            from.get(n).into_iter().for_each(|input| handle.push(input.clone()));
        }
    }
    for (index, (handle, receiver)) in streams.iter().enumerate() {
        let want = if index % 2 == 0 { &want_opus } else { &want_aac };
        assert_eq!(&outputs(receiver, want.len()), want, "stream {index}");
        assert_eq!(handle.counters().queue_dropped, 0);
    }
    drop(streams);
    listen(&want_opus, 1);
    listen(&run(&mut huitong_codec::OpusToAac::default(), again(&want_opus)), 1);
}

#[test]
fn a_stream_ends_with_its_handle_and_the_sink_is_dropped() {
    let workers = Workers::new(1).unwrap();
    let (sink, receiver) = channel();
    let handle = workers.start(Direction::AacToOpus, sink).unwrap();
    for input in aac_stream(&wave(48_000, 1, 0.3, tones), 48_000, 0) {
        handle.push(input);
    }
    outputs(&receiver, 3);
    drop(handle);
    loop {
        match receiver.recv_timeout(PATIENCE) {
            Ok(_) => {}
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => panic!("the sink lives on"),
        }
    }
    // The count goes down with the stream's memory, which the worker may be the last to hold.
    drop(workers);
}

/// Codecs whose decoder waits for the test, or panics.
struct Gated {
    gate: Arc<Mutex<Receiver<()>>>,
    entered: SyncSender<()>,
}

struct GatedDecoder {
    gate: Arc<Mutex<Receiver<()>>>,
    entered: SyncSender<()>,
}

impl AudioDecoder for GatedDecoder {
    fn decode(&mut self, frame: &[u8], out: &mut Pcm) -> Result<(), CodecError> {
        if frame == b"panic" {
            panic!("a codec that panics on purpose");
        }
        self.entered.send(()).ok();
        self.gate.lock().unwrap().recv_timeout(PATIENCE).expect("the test opens the gate");
        out.reset(1);
        out.planes_mut().for_each(|plane| plane.resize(960, f32::from(frame[0]) / 100.0));
        Ok(())
    }

    fn sample_rate(&self) -> u32 {
        48_000
    }
}

struct FirstSample;

impl AudioEncoder for FirstSample {
    fn frame_samples(&self) -> usize {
        960
    }

    fn delay_samples(&self) -> usize {
        0
    }

    fn encode(&mut self, pcm: &Pcm) -> Result<Bytes, CodecError> {
        Ok(Bytes::copy_from_slice(&pcm.left()[480].to_be_bytes()))
    }
}

impl Codecs for Gated {
    fn aac_decoder(&self, _: &[u8]) -> Result<Box<dyn AudioDecoder>, CodecError> {
        Ok(Box::new(GatedDecoder { gate: Arc::clone(&self.gate), entered: self.entered.clone() }))
    }

    fn opus_decoder(&self) -> Result<Box<dyn AudioDecoder>, CodecError> {
        Builtin.opus_decoder()
    }

    fn aac_encoder(&self, channels: usize) -> Result<Box<dyn AudioEncoder>, CodecError> {
        Builtin.aac_encoder(channels)
    }

    fn opus_encoder(&self, _: usize) -> Result<Box<dyn AudioEncoder>, CodecError> {
        Ok(Box::new(FirstSample))
    }
}

fn gated() -> (Workers, SyncSender<()>, Receiver<()>) {
    let (open, gate) = sync_channel(1000);
    let (entered, wait) = sync_channel(1000);
    let codecs = Gated { gate: Arc::new(Mutex::new(gate)), entered };
    (Workers::with_codecs(1, Arc::new(codecs)).unwrap(), open, wait)
}

fn frame(ts_ms: i64, data: &'static [u8]) -> Input {
    Input::Aac { ts_ms, data: Bytes::from_static(data) }
}

#[test]
fn a_full_queue_drops_the_oldest_sound_and_counts_it() {
    let (workers, open, entered) = gated();
    let (sink, receiver) = channel();
    let handle = workers.start(Direction::AacToOpus, sink).unwrap();
    handle.push(Input::AacHeader(Bytes::from_static(b"header")));
    handle.push(frame(0, &[1]));
    entered.recv_timeout(PATIENCE).unwrap();
    // The worker is busy with the first frame: now the queue fills up.
    let extra = 30;
    for n in 1..=(QUEUE_FRAMES + extra) as i64 {
        handle.push(frame(n * 20, &[1]));
    }
    handle.push(Input::AacHeader(Bytes::from_static(b"another header")));
    assert_eq!(handle.counters().queue_dropped, extra as u64 + 1);
    (0..=QUEUE_FRAMES).for_each(|_| open.send(()).unwrap());
    // The first frame, then a hole that is too long to conceal, then the newest frames.
    let got = outputs(&receiver, QUEUE_FRAMES);
    let last = got.last().unwrap();
    let Output::Opus { ts_48k, .. } = last else { panic!("{last:?}") };
    assert!(*ts_48k > (QUEUE_FRAMES + extra - 2) as i64 * 960, "{ts_48k}");
    drop(handle);
}

#[test]
fn a_panicking_codec_ends_its_stream_only() {
    let (workers, open, _entered) = gated();
    let (bad_sink, bad) = channel();
    let (good_sink, good) = channel();
    let bad_handle = workers.start(Direction::AacToOpus, bad_sink).unwrap();
    let good_handle = workers.start(Direction::AacToOpus, good_sink).unwrap();
    bad_handle.push(Input::AacHeader(Bytes::from_static(b"header")));
    bad_handle.push(frame(0, b"panic"));
    assert!(matches!(bad.recv_timeout(PATIENCE), Ok(Event::Failed)));
    assert!(bad_handle.has_failed());
    bad_handle.push(frame(20, &[1]));
    good_handle.push(Input::AacHeader(Bytes::from_static(b"header")));
    for n in 0..5 {
        open.send(()).unwrap();
        good_handle.push(frame(n * 20, &[1]));
    }
    assert!(!good_handle.has_failed());
    outputs(&good, 4);
}

struct Panics(SyncSender<()>);

impl Sink for Panics {
    fn output(&mut self, _: Output) {
        panic!("a sink that panics on purpose");
    }

    fn failed(&mut self) {
        self.0.send(()).ok();
        panic!("and once more");
    }
}

#[test]
fn a_panicking_sink_leaves_the_thread_to_the_others() {
    let workers = Workers::new(1).unwrap();
    let (sender, receiver) = sync_channel(1);
    let bad = workers.start(Direction::AacToOpus, Box::new(Panics(sender))).unwrap();
    let (sink, good) = channel();
    let handle = workers.start(Direction::AacToOpus, sink).unwrap();
    for input in aac_stream(&wave(48_000, 1, 0.3, tones), 48_000, 0) {
        bad.push(input.clone());
        handle.push(input);
    }
    receiver.recv_timeout(PATIENCE).unwrap();
    assert!(bad.has_failed());
    outputs(&good, 10);
}

#[test]
fn dropping_the_workers_ends_their_threads_and_streams_fall_silent() {
    let workers = Workers::new(2).unwrap();
    let (sink, receiver) = channel();
    let handle = workers.start(Direction::OpusToAac, sink).unwrap();
    drop(workers);
    for input in opus_stream(&wave(48_000, 1, 0.2, tones), 0, 0) {
        handle.push(input);
    }
    drop(handle);
    assert!(matches!(receiver.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected)));
}
