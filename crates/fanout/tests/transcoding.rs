//! Sound in a second codec: begun by the first viewer who needs it, ended after the last; and taps.

use huitong_fanout::{
    AAC, Fanout, FanoutConfig, OPUS, Publisher, Tap, TapEvent, TapSink, Tracks, TranscodeOut, Transcoder,
    Transcoding,
};
use huitong_hub::{Kind, Packet, PublicationId, Rendition};
use huitong_media::{Codec, Frame, FrameKind, Native, TrackKind, opus};
use huitong_types::{Scene, StreamId};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const STREAM: StreamId = StreamId::new(9);
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for what other threads do.
fn eventually(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "{what} did not happen");
        std::thread::yield_now();
    }
}

/// Says the name of the codec before each frame, on a thread of its own.
#[derive(Default)]
struct Interpreter {
    started: AtomicUsize,
    running: Arc<AtomicUsize>,
}

struct Interpreting(SyncSender<Frame>);

impl Transcoding for Interpreting {
    fn push(&self, frame: &Frame) -> bool {
        self.0.try_send(frame.clone()).is_ok()
    }
}

impl Transcoder for Interpreter {
    fn start(&self, from: Codec, to: Codec, out: TranscodeOut) -> Option<Box<dyn Transcoding>> {
        self.started.fetch_add(1, Ordering::SeqCst);
        self.running.fetch_add(1, Ordering::SeqCst);
        let running = Arc::clone(&self.running);
        let (sender, frames) = sync_channel::<Frame>(16);
        std::thread::spawn(move || {
            for frame in frames {
                assert_eq!(frame.codec, from);
                let payload = match frame.kind {
                    FrameKind::Config if to == Codec::Opus => opus::head(1),
                    FrameKind::Config => bytes::Bytes::from_static(&[0x11, 0x88]),
                    _ => [to.name().as_bytes(), &frame.payload].concat().into(),
                };
                out.frame(Frame { codec: to, payload, ..frame });
            }
            running.fetch_sub(1, Ordering::SeqCst);
        });
        Some(Box::new(Interpreting(sender)))
    }
}

/// Keeps what a tap brings.
#[derive(Default)]
struct Ears {
    packets: Mutex<Vec<Arc<Packet<Frame>>>>,
    events: Mutex<Vec<TapEvent>>,
    full: AtomicUsize,
}

impl TapSink for Ears {
    fn packet(&self, _publication: PublicationId, packet: &Arc<Packet<Frame>>) -> bool {
        if self.full.load(Ordering::SeqCst) > 0 {
            return false;
        }
        self.packets.lock().unwrap().push(Arc::clone(packet));
        true
    }

    fn event(&self, _publication: PublicationId, event: TapEvent) {
        self.events.lock().unwrap().push(event);
    }
}

impl Ears {
    fn heard(&self, rendition: Rendition) -> Vec<Arc<Packet<Frame>>> {
        let packets = self.packets.lock().unwrap();
        packets.iter().filter(|packet| packet.kind == Kind::Audio(rendition)).cloned().collect()
    }
}

fn house() -> (Fanout, Arc<Interpreter>, Publisher) {
    let interpreter = Arc::new(Interpreter::default());
    let transcoder: Arc<dyn Transcoder> = Arc::clone(&interpreter) as Arc<dyn Transcoder>;
    let config =
        FanoutConfig { shards: 1, transcoder: Some(transcoder), ..FanoutConfig::with_formats(vec![]) };
    let fanout = Fanout::new(config).unwrap();
    let publisher = fanout.publish(&fanout.grant_publish(STREAM, Scene::Rtc)).unwrap();
    (fanout, interpreter, publisher)
}

fn listen(fanout: &Fanout, sound: Rendition) -> (Arc<Ears>, Tap) {
    let ears = Arc::new(Ears::default());
    let sink: Arc<dyn TapSink> = Arc::clone(&ears) as Arc<dyn TapSink>;
    let (tap, _kept) = fanout.tap(&fanout.grant_play(STREAM).unwrap(), sink, Some(sound)).unwrap();
    tap.set_viewers(1);
    (ears, tap)
}

fn aac(publisher: &Publisher, timestamp: u32, body: &'static [u8]) {
    publisher.push_flv(TrackKind::Audio, timestamp, &bytes::Bytes::from_static(body), Tracks::BOTH).unwrap();
}

#[test]
fn a_phone_s_sound_is_converted_while_a_browser_listens() {
    let (fanout, interpreter, publisher) = house();
    aac(&publisher, 0, &[0xaf, 0, 0x11, 0x88]);
    let (_phone, _phone_tap) = listen(&fanout, AAC);
    assert_eq!(interpreter.started.load(Ordering::SeqCst), 0, "a phone needs no conversion");
    let (browser, tap) = listen(&fanout, OPUS);
    let (other, other_tap) = listen(&fanout, OPUS);
    aac(&publisher, 20, &[0xaf, 1, 7]);
    aac(&publisher, 40, &[0xaf, 1, 8]);
    eventually("the browser hears", || browser.heard(OPUS).len() == 2 && other.heard(OPUS).len() == 2);
    assert_eq!(interpreter.started.load(Ordering::SeqCst), 1, "once for both");
    let heard = browser.heard(OPUS);
    assert_eq!(&heard[0].body().payload[..], b"opus\x07");
    assert_eq!((heard[0].ts_ms, heard[1].ts_ms), (0, 20));
    let (_, header) = heard[0].configs.audio(OPUS).expect("its own header");
    assert_eq!(header.payload, opus::head(1));
    drop(tap);
    assert_eq!(interpreter.running.load(Ordering::SeqCst), 1, "somebody still listens");
    drop(other_tap);
    eventually("the conversion ends", || interpreter.running.load(Ordering::SeqCst) == 0);
}

#[test]
fn a_browser_s_sound_is_converted_for_a_phone_and_ends_with_its_publisher() {
    let (fanout, interpreter, publisher) = house();
    let (phone, _tap) = listen(&fanout, AAC);
    for n in 0..3 {
        let packet = Native::Opus(bytes::Bytes::from(vec![0xf8, n]));
        publisher.push_native(u32::from(n) * 20, packet, Tracks::BOTH).unwrap();
    }
    eventually("the phone hears", || phone.heard(AAC).len() == 3);
    assert!(phone.heard(AAC)[0].configs.audio(AAC).is_some());
    drop(publisher);
    eventually("the conversion ends", || interpreter.running.load(Ordering::SeqCst) == 0);
    let next = fanout.publish(&fanout.grant_publish(STREAM, Scene::Rtc)).unwrap();
    aac(&next, 0, &[0xaf, 0, 0x11, 0x88]);
    aac(&next, 20, &[0xaf, 1, 7]);
    assert_eq!(phone.heard(AAC).len(), 4, "a phone's sound comes as it is");
    assert_eq!(interpreter.started.load(Ordering::SeqCst), 1);
}

#[test]
fn sound_that_is_not_allowed_is_not_converted() {
    let (fanout, interpreter, publisher) = house();
    let (_phone, _tap) = listen(&fanout, AAC);
    let muted = Tracks { audio: false, video: true };
    publisher.push_native(0, Native::Opus(bytes::Bytes::from_static(&[0xf8, 1])), muted).unwrap();
    assert_eq!(interpreter.started.load(Ordering::SeqCst), 0);
}

#[test]
fn a_full_tap_loses_packets_that_are_counted_and_hears_of_the_end() {
    let (fanout, _interpreter, publisher) = house();
    let (ears, tap) = listen(&fanout, AAC);
    assert_eq!((fanout.stats(STREAM).unwrap().viewers, fanout.totals().viewers), (1, 1));
    aac(&publisher, 0, &[0xaf, 0, 0x11, 0x88]);
    ears.full.store(1, Ordering::SeqCst);
    aac(&publisher, 20, &[0xaf, 1, 7]);
    assert_eq!((ears.heard(AAC).len(), fanout.totals().dropped), (0, 1));
    assert!(!tap.request_keyframe(), "nobody can be asked");
    let asked = Arc::new(AtomicUsize::new(0));
    let ask = Arc::clone(&asked);
    publisher.on_keyframe_request(Arc::new(move || {
        ask.fetch_add(1, Ordering::SeqCst);
    }));
    assert!(tap.request_keyframe() && asked.load(Ordering::SeqCst) == 1);
    fanout.end_stream(STREAM);
    assert_eq!(*ears.events.lock().unwrap(), [TapEvent::Ended]);
    drop(tap);
    assert_eq!(fanout.totals().viewers, 0);
}
