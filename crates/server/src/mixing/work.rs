//! One mix on its thread: its talkers, its listeners, and the machine between them.

use super::inlet::Inlet;
use huitong_codec::mix::{ListenerId, MixCounters, MixRoom, Wants};
use huitong_codec::{Codecs, Output};
use huitong_engine::RoomKey;
use huitong_fanout::{Fanout, Made, PlayGrant};
use huitong_hub::Micros;
use huitong_media::{Codec, Frame, FrameKind, TrackKind, opus};
use huitong_mixer::VoiceId;
use huitong_types::StreamId;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// How loud voices are: 100 is full scale, each dB below it takes two away.
pub(super) type Levels = BTreeMap<StreamId, u8>;

/// The level of a peak, 0 to 1.
fn level(peak: f32) -> u8 {
    let level = 100.0 + 2.0 * 20.0 * peak.max(f32::MIN_POSITIVE).log10();
    // In range, and no number is 0.
    level.round().clamp(0.0, 100.0) as u8
}

/// How often is looked at who takes what, in blocks: a player that comes waits some 50 ms for its first sound.
const LOOK_BLOCKS: u64 = 5;

/// How often a talker may break its decoder: beyond it, it is left out of the mix until it publishes anew, since each time costs the
/// thread time and the log two lines.
const BREAKS: u32 = 50;

/// Ticks of an Opus time in a millisecond.
const TICKS_PER_MS: i64 = 48;

struct Outlet {
    made: Made,
    /// Whose voice is left out.
    own: Option<StreamId>,
    wants: Wants,
    aac_header_sent: bool,
    opus_header_sent: bool,
}

impl Outlet {
    fn send(&mut self, output: Output) {
        match output {
            // All of a mix are the same, also of one that began again.
            Output::AacHeader { ts_ms, data } => {
                if !std::mem::replace(&mut self.aac_header_sent, true) {
                    self.frame(Codec::Aac, FrameKind::Config, ts_ms, data);
                }
            }
            Output::Aac { ts_ms, data } => self.frame(Codec::Aac, FrameKind::Audio, ts_ms, data),
            Output::Opus { ts_48k, channels, data } => {
                let ts_ms = ts_48k.div_euclid(TICKS_PER_MS);
                if !std::mem::replace(&mut self.opus_header_sent, true) {
                    self.frame(Codec::Opus, FrameKind::Config, ts_ms, opus::head(channels));
                }
                self.frame(Codec::Opus, FrameKind::Audio, ts_ms, data);
            }
        }
    }

    fn frame(&self, codec: Codec, kind: FrameKind, ts_ms: i64, payload: bytes::Bytes) {
        let frame = Frame { track: TrackKind::Audio, kind, ts_ms: ts_ms.max(0), cts_ms: 0, codec, payload };
        // A stream that is over is followed by the order to take its listener out.
        let _still_wanted = self.made.frame(frame);
    }
}

/// See the module.
pub(super) struct Mix {
    pub(super) key: RoomKey,
    codecs: Arc<dyn Codecs>,
    room: MixRoom,
    loudest: Option<usize>,
    inlets: BTreeMap<StreamId, Inlet>,
    /// How often each of them has broken its decoder.
    breaks: BTreeMap<StreamId, u32>,
    outlets: BTreeMap<StreamId, Outlet>,
    told: MixCounters,
    blocks: u64,
}

impl Mix {
    /// A mix whose timeline begins at this place.
    pub(super) fn new(key: RoomKey, codecs: Arc<dyn Codecs>, at: i64) -> Self {
        Self {
            key,
            room: MixRoom::new(Arc::clone(&codecs), at),
            codecs,
            loudest: None,
            inlets: BTreeMap::new(),
            breaks: BTreeMap::new(),
            outlets: BTreeMap::new(),
            told: MixCounters::default(),
            blocks: 0,
        }
    }

    pub(super) fn talker(&mut self, fanout: &Fanout, stream: StreamId, grant: &PlayGrant) {
        match Inlet::open(fanout, grant) {
            Ok(inlet) => {
                self.inlets.insert(stream, inlet);
                self.room.add_talker(VoiceId(stream.get()));
            }
            Err(fault) => tracing::debug!(%stream, %fault, "a voice was over before it was in its mix"),
        }
    }

    pub(super) fn no_talker(&mut self, stream: StreamId) {
        self.inlets.remove(&stream);
        self.breaks.remove(&stream);
        self.room.remove_talker(VoiceId(stream.get()));
    }

    /// A listener, with its stream if it is a new one.
    pub(super) fn listener(&mut self, stream: StreamId, own: Option<StreamId>, made: Option<Made>) {
        self.room.set_listener(ListenerId(stream.get()), voices(own));
        if let Some(made) = made {
            let (aac_header_sent, opus_header_sent) = (false, false);
            let outlet = Outlet { made, own, wants: Wants::default(), aac_header_sent, opus_header_sent };
            self.outlets.insert(stream, outlet);
        } else if let Some(outlet) = self.outlets.get_mut(&stream) {
            outlet.own = own;
        }
    }

    pub(super) fn no_listener(&mut self, stream: StreamId) {
        self.outlets.remove(&stream);
        self.room.remove_listener(ListenerId(stream.get()));
    }

    /// Makes the next block; the one before ended at `last`.
    pub(super) fn tick(&mut self, last: Micros) {
        if self.blocks.is_multiple_of(LOOK_BLOCKS) {
            self.look();
        }
        self.blocks += 1;
        let mut hopeless = Vec::new();
        for (stream, inlet) in &mut self.inlets {
            let voice = VoiceId(stream.get());
            let room = &mut self.room;
            // What a talker sends is to harm nobody else: a decoder that panics is replaced.
            let drained = catch_unwind(AssertUnwindSafe(|| {
                inlet.drain(last, |input, after| room.push(voice, input, after));
            }));
            if drained.is_err() {
                tracing::error!(app = self.key.app.get(), room = %self.key.room, %stream, "what a talker sent broke its decoder");
                inlet.forget();
                room.remove_talker(voice);
                room.add_talker(voice);
                let breaks = self.breaks.entry(*stream).or_default();
                *breaks += 1;
                if *breaks >= BREAKS {
                    hopeless.push(*stream);
                }
            }
        }
        for stream in hopeless {
            tracing::error!(app = self.key.app.get(), room = %self.key.room, %stream, "a talker is left out of the mix: it broke its decoder {BREAKS} times");
            self.no_talker(stream);
        }
        let outlets = &mut self.outlets;
        self.room.tick(|ListenerId(to), output| {
            if let Some(outlet) = outlets.get_mut(&StreamId::new(to)) {
                outlet.send(output);
            }
        });
    }

    fn look(&mut self) {
        for (stream, outlet) in &mut self.outlets {
            let (aac, opus) = outlet.made.is_taken();
            let wants = Wants { aac, opus };
            if outlet.wants != wants {
                outlet.wants = wants;
                self.room.set_wants(ListenerId(stream.get()), wants);
            }
        }
    }

    /// A block passes without sound.
    pub(super) fn skip(&mut self) {
        self.room.skip();
    }

    /// Begins again at a place of the timeline, with the same people: something in it broke.
    pub(super) fn begin_again(&mut self, at: i64) {
        self.room = MixRoom::new(Arc::clone(&self.codecs), at);
        self.told = MixCounters::default();
        self.room.set_loudest(self.loudest);
        for (stream, inlet) in &mut self.inlets {
            inlet.forget();
            self.room.add_talker(VoiceId(stream.get()));
        }
        for (stream, outlet) in &mut self.outlets {
            outlet.wants = Wants::default();
            self.room.set_listener(ListenerId(stream.get()), voices(outlet.own));
        }
        self.blocks = 0;
    }

    /// Mixes the loudest only.
    pub(super) fn set_loudest(&mut self, most: Option<usize>) {
        self.loudest = most;
        self.room.set_loudest(most);
    }

    /// How loud the voices are, as the protocol says it.
    pub(super) fn levels(&self) -> Levels {
        self.room.levels().map(|(VoiceId(stream), peak)| (StreamId::new(stream), level(peak))).collect()
    }

    /// Talkers, listeners, and listeners with an encoder of their own.
    pub(super) fn size(&self) -> (usize, usize, usize) {
        let (listening, own) = self.room.listening();
        (self.inlets.len(), listening, own)
    }

    /// What happened since the last time.
    pub(super) fn news(&mut self) -> MixCounters {
        let now = self.room.counters();
        let before = std::mem::replace(&mut self.told, now);
        MixCounters {
            frames: now.frames.saturating_sub(before.frames),
            damaged: now.damaged.saturating_sub(before.damaged),
            concealed_ms: now.concealed_ms.saturating_sub(before.concealed_ms),
            dropped_ms: now.dropped_ms.saturating_sub(before.dropped_ms),
            encoded: now.encoded.saturating_sub(before.encoded),
        }
    }
}

fn voices(own: Option<StreamId>) -> Vec<VoiceId> {
    own.map(|own| VoiceId(own.get())).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use huitong_codec::mix::next_end;
    use huitong_codec::{AacDecoder, AacEncoder, AudioDecoder, AudioEncoder, Builtin, CodecError, Pcm};
    use huitong_fanout::{AAC, FanoutConfig, Publisher, Tap, TapEvent, TapSink, Tracks};
    use huitong_hub::{Packet, PublicationId};
    use huitong_types::{AppId, RoomId, Scene};
    use std::f64::consts::TAU;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// A frame that breaks its decoder.
    const BREAKS_IT: &[u8] = b"a frame that breaks its decoder";

    /// Tones of the two talkers, Hz.
    const TONES: [u32; 2] = [440, 1000];

    /// Codecs that break when they are told to.
    #[derive(Default)]
    struct Brittle {
        encoder_breaks: Arc<AtomicBool>,
    }

    struct BrittleDecoder(Box<dyn AudioDecoder>);

    impl AudioDecoder for BrittleDecoder {
        fn decode(&mut self, frame: &[u8], out: &mut Pcm) -> Result<(), CodecError> {
            assert_ne!(frame, BREAKS_IT, "as the test wants it");
            self.0.decode(frame, out)
        }

        fn sample_rate(&self) -> u32 {
            self.0.sample_rate()
        }
    }

    struct BrittleEncoder(Box<dyn AudioEncoder>, Arc<AtomicBool>);

    impl AudioEncoder for BrittleEncoder {
        fn frame_samples(&self) -> usize {
            self.0.frame_samples()
        }

        fn delay_samples(&self) -> usize {
            self.0.delay_samples()
        }

        fn header(&self) -> Option<bytes::Bytes> {
            self.0.header()
        }

        fn encode(&mut self, pcm: &Pcm) -> Result<bytes::Bytes, CodecError> {
            assert!(!self.1.swap(false, Ordering::Relaxed), "as the test wants it");
            self.0.encode(pcm)
        }
    }

    impl Codecs for Brittle {
        fn aac_decoder(&self, header: &[u8]) -> Result<Box<dyn AudioDecoder>, CodecError> {
            Ok(Box::new(BrittleDecoder(Builtin.aac_decoder(header)?)))
        }

        fn opus_decoder(&self) -> Result<Box<dyn AudioDecoder>, CodecError> {
            Builtin.opus_decoder()
        }

        fn aac_encoder(&self, channels: usize) -> Result<Box<dyn AudioEncoder>, CodecError> {
            let encoder = Builtin.aac_encoder(channels)?;
            Ok(Box::new(BrittleEncoder(encoder, Arc::clone(&self.encoder_breaks))))
        }

        fn opus_encoder(&self, channels: usize) -> Result<Box<dyn AudioEncoder>, CodecError> {
            Builtin.opus_encoder(channels)
        }
    }

    /// What a player gets.
    #[derive(Default)]
    struct Player(Mutex<Vec<Arc<Packet<Frame>>>>);

    impl TapSink for Player {
        fn packet(&self, _: PublicationId, packet: &Arc<Packet<Frame>>) -> bool {
            self.0.lock().unwrap().push(Arc::clone(packet));
            true
        }

        fn event(&self, _: PublicationId, _: TapEvent) {}
    }

    /// Two who talk, one who listens, and the mix between them.
    struct Talk {
        mix: Mix,
        talkers: Vec<(Publisher, AacEncoder)>,
        player: Arc<Player>,
        _tap: Tap,
        fanout: Fanout,
        at: i64,
        frames: usize,
    }

    impl Talk {
        fn new(codecs: Brittle) -> Self {
            let fanout = Fanout::new(FanoutConfig::with_formats(Vec::new())).unwrap();
            let key = RoomKey { app: AppId::new(1).unwrap(), room: RoomId::Number(1) };
            let mut mix = Mix::new(key, Arc::new(codecs), 0);
            let mut talkers = Vec::new();
            for stream in [1, 2].map(StreamId::new) {
                let publisher = fanout.publish(&fanout.grant_publish(stream, Scene::Rtc)).unwrap();
                mix.talker(&fanout, stream, &fanout.grant_play(stream).unwrap());
                talkers.push((publisher, AacEncoder::new(1).unwrap()));
            }
            let listener = StreamId::new(9);
            mix.listener(listener, None, fanout.make(listener, Scene::Rtc));
            let player = Arc::new(Player::default());
            let sink: Arc<dyn TapSink> = Arc::clone(&player) as Arc<dyn TapSink>;
            let (tap, _) = fanout.tap(&fanout.grant_play(listener).unwrap(), sink, Some(AAC)).unwrap();
            tap.set_viewers(1);
            let talk = Self { mix, talkers, player, _tap: tap, fanout, at: 0, frames: 0 };
            for n in 0..2 {
                let header = talk.talkers[n].1.header().unwrap();
                talk.send(n, 0, &header);
            }
            talk
        }

        fn send(&self, talker: usize, kind: u8, data: &[u8]) {
            let body = bytes::Bytes::from([&[0xaf, kind], data].concat());
            let ms = u32::try_from(self.frames * 1024 / 48).unwrap();
            self.talkers[talker].0.push_flv(TrackKind::Audio, ms, &body, Tracks::BOTH).unwrap();
        }

        /// Both talk for so many frames.
        fn talk(&mut self, frames: usize) {
            for _ in 0..frames {
                for (n, hz) in TONES.into_iter().enumerate() {
                    let mut pcm = Pcm::new(1);
                    let turn = |n: usize| TAU * f64::from(hz) * n as f64 / 48_000.0;
                    let samples = (self.frames * 1024..).map(|n| (0.3 * turn(n).sin()) as f32).take(1024);
                    pcm.planes_mut().for_each(|plane| plane.extend(samples.clone()));
                    let frame = self.talkers[n].1.encode(&pcm).unwrap();
                    self.send(n, 1, &frame);
                }
                self.frames += 1;
                while next_end(self.at) <= self.frames as i64 * 1024 {
                    self.tick();
                }
            }
        }

        fn tick(&mut self) {
            let last = self.fanout.now();
            self.at = next_end(self.at);
            if catch_unwind(AssertUnwindSafe(|| self.mix.tick(last))).is_err() {
                self.mix.begin_again(self.at);
            }
        }

        /// How loud both were in the last quarter of a second.
        fn heard(&self) -> [f64; 2] {
            let packets = self.player.0.lock().unwrap();
            let (number, header) = packets[0].configs.audio(AAC).unwrap();
            assert!(
                packets.iter().all(|packet| packet.configs.audio(AAC).unwrap().0 == *number),
                "one header"
            );
            assert!(packets.windows(2).all(|two| two[0].ts_ms < two[1].ts_ms), "times go on");
            let mut decoder = AacDecoder::new(&header.payload).unwrap();
            let (mut pcm, mut heard) = (Pcm::new(1), Vec::new());
            for packet in &packets[packets.len() - 14..] {
                decoder.decode(&packet.body().payload, &mut pcm).unwrap();
                heard.extend_from_slice(pcm.left());
            }
            TONES.map(|hz| {
                huitong_testkit::synthetic::level(&heard[heard.len() - 12_000..], 48_000, f64::from(hz))
            })
        }
    }

    #[test]
    fn a_talker_that_breaks_its_decoder_harms_nobody_else_and_is_heard_again() {
        let mut talk = Talk::new(Brittle::default());
        talk.talk(60);
        assert!(talk.heard().iter().all(|level| *level > 0.25), "{:?}", talk.heard());
        for _ in 0..30 {
            talk.send(0, 1, BREAKS_IT);
            talk.talk(1);
        }
        assert!(talk.heard()[1] > 0.25, "{:?}", talk.heard());
        talk.talk(60);
        assert!(talk.heard().iter().all(|level| *level > 0.25), "{:?}", talk.heard());
    }

    #[test]
    fn a_talker_that_breaks_its_decoder_for_ever_is_left_out() {
        let mut talk = Talk::new(Brittle::default());
        talk.talk(60);
        for _ in 0..2 * BREAKS {
            talk.send(0, 1, BREAKS_IT);
            talk.talk(1);
        }
        talk.talk(60);
        let [first, second] = talk.heard();
        assert!(first < 0.01 && second > 0.25, "{first} {second}");
        assert_eq!(talk.mix.size(), (1, 1, 0));
    }

    #[test]
    fn a_mix_that_broke_goes_on_with_the_same_people_for_the_same_players() {
        let codecs = Brittle::default();
        let breaks = Arc::clone(&codecs.encoder_breaks);
        let mut talk = Talk::new(codecs);
        talk.talk(60);
        breaks.store(true, Ordering::Relaxed);
        talk.talk(60);
        assert!(!breaks.load(Ordering::Relaxed));
        assert!(talk.heard().iter().all(|level| *level > 0.25), "{:?}", talk.heard());
        assert_eq!(talk.mix.size(), (2, 1, 0));
    }

    #[test]
    fn a_level_is_two_for_each_decibel_and_never_beyond_its_ends() {
        for (peak, wanted) in [
            (1.0, 100),
            (1.7, 100),
            (0.5, 88),
            (0.1, 60),
            (0.01, 20),
            (0.003, 0),
            (0.0, 0),
            (-1.0, 0),
            (f32::NAN, 0),
        ] {
            assert_eq!(level(peak), wanted, "{peak}");
        }
    }
}
