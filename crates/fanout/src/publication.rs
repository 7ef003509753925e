//! One stream: its publisher, its packets so far, and the shards that serve its viewers.

use crate::authority::Tracks;
use crate::meter::Meter;
use crate::sink::{Seat, Sink};
use crate::stats::StreamStats;
use crate::tap::{TapEntry, TapEvent, TapId};
use crate::transcode::Running;
use crate::{Inner, lock, viewer_tracks};
use bytes::Bytes;
use huitong_hub::{
    Kind, Pace, PublicationId, Rendition, Ring, RingLimits, Sequencer, ShardInput, Track, ViewerId, Wire,
};
use huitong_media::{Codec, Frame, FrameKind, Frames, Ingest, MediaError, Native, StreamInfo, TrackKind};
use huitong_types::{ErrorCode, Fault};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

/// Another publisher has taken the stream over, or the stream is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaced;

/// The rendition in which a codec of sound travels: RTMP and FLV viewers take AAC, WebRTC viewers Opus.
pub const fn rendition(codec: Codec) -> Rendition {
    match codec {
        Codec::Opus => OPUS,
        Codec::Aac | Codec::H264 => AAC,
    }
}

/// Renditions that exist.
pub(crate) const RENDITIONS: usize = 2;

/// The rendition of sound in AAC.
pub const AAC: Rendition = Rendition(0);

/// The rendition of sound in Opus.
pub const OPUS: Rendition = Rendition(1);

/// What a publisher does when a viewer lacks a keyframe. Called by any thread and often: it must not block.
pub type KeyframeRequest = Arc<dyn Fn() + Send + Sync>;

pub(crate) struct Central {
    pub(crate) sequencer: Sequencer<Frame>,
    ring: Ring<Frame>,
    ingest: Ingest,
    /// Viewers per shard; a shard with none gets no packets.
    viewers: Vec<u32>,
    pub(crate) taps: Vec<TapEntry>,
    /// Viewers of each rendition of the sound.
    pub(crate) demand: [u32; RENDITIONS],
    pub(crate) conversion: Option<Running>,
    /// Conversions begun so far.
    pub(crate) conversions: u64,
    /// How to ask the publisher for a keyframe, if it can be asked.
    keyframe: Option<KeyframeRequest>,
    /// Turn of the newest permission to publish.
    granted: u64,
    /// Turn of the publisher; 0 before the first. One with an older turn is replaced.
    pub(crate) turn: u64,
    publishing: bool,
    ended: bool,
    takeovers: u32,
    video: Meter,
    audio: Meter,
    last_key_us: Option<u64>,
}

/// One life of a stream, from the first permission to publish it to its end. The next life of the same stream is
/// another publication with an id of its own, so whatever still happens to this one cannot touch that.
pub(crate) struct Publication {
    pub(crate) id: PublicationId,
    pace: Pace,
    /// Skips of its viewers. Threads count them while they write, so not behind the lock.
    skips: AtomicU32,
    pub(crate) central: Mutex<Central>,
}

impl Central {
    /// The codec of the sound that the publisher sends now.
    pub(crate) fn native_sound(&self) -> Option<Codec> {
        let audio = self.ingest.info().audio.filter(|_| self.publishing)?;
        self.sequencer.configs().audio(rendition(audio.codec)).map(|_| audio.codec)
    }
}

impl Publication {
    pub(crate) fn new(id: PublicationId, pace: Pace, limits: RingLimits, shards: usize) -> Self {
        let central = Central {
            sequencer: Sequencer::default(),
            ring: Ring::new(limits),
            ingest: Ingest::new(),
            viewers: vec![0; shards],
            taps: Vec::new(),
            demand: [0; RENDITIONS],
            conversion: None,
            conversions: 0,
            keyframe: None,
            granted: 0,
            turn: 0,
            publishing: false,
            ended: false,
            takeovers: 0,
            video: Meter::default(),
            audio: Meter::default(),
            last_key_us: None,
        };
        Self { id, pace, skips: AtomicU32::new(0), central: Mutex::new(central) }
    }

    pub(crate) fn grant(this: &Arc<Self>) -> PublishGrant {
        let mut central = lock(&this.central);
        central.granted += 1;
        PublishGrant { publication: Arc::clone(this), turn: central.granted }
    }

    pub(crate) fn take_over(grant: &PublishGrant, inner: Arc<Inner>) -> Result<Publisher, Fault> {
        let PublishGrant { publication, turn } = grant;
        let mut central = lock(&publication.central);
        if central.ended {
            return Err(over());
        }
        if *turn <= central.turn {
            let sentence = "Another connection publishes this stream now.";
            return Err(Fault::because(ErrorCode::KeyInUse, sentence));
        }
        if central.turn > 0 {
            central.takeovers += 1;
            central.ingest.restart();
            central.sequencer.restart();
            publication.restart_viewers(&mut central, &inner);
        }
        central.turn = *turn;
        central.publishing = true;
        central.keyframe = None;
        drop(central);
        Ok(Publisher { publication: Arc::clone(publication), inner, turn: *turn })
    }

    fn restart_viewers(&self, central: &mut Central, inner: &Inner) {
        central.conversion = None;
        central.ring.restart();
        self.tell_shards(central, inner, || ShardInput::Restart { publication: self.id });
        central.taps.iter().for_each(|tap| tap.event(self.id, TapEvent::Restart));
    }

    /// Packets so far, and a place among those that get the packets to come.
    pub(crate) fn add_tap(
        &self,
        id: TapId,
        entry: TapEntry,
    ) -> Result<huitong_hub::RingSnapshot<Frame>, Fault> {
        let mut central = lock(&self.central);
        if central.ended {
            return Err(over());
        }
        central.taps.retain(|tap| tap.id != id);
        central.taps.push(entry);
        Ok(central.ring.snapshot())
    }

    pub(crate) fn request_keyframe(&self) -> bool {
        let request = lock(&self.central).keyframe.clone();
        if let Some(request) = &request {
            request();
        }
        request.is_some()
    }

    pub(crate) fn info(&self) -> StreamInfo {
        *lock(&self.central).ingest.info()
    }

    fn tell_shards(&self, central: &Central, inner: &Inner, input: impl Fn() -> ShardInput<Frame, Seat>) {
        for (shard, viewers) in inner.shards.iter().zip(&central.viewers) {
            if *viewers > 0 && shard.inbox.push_urgent(input()).is_err() {
                tracing::error!("a fan-out thread is stuck: its mailbox is full of commands");
            }
        }
    }

    pub(crate) fn add_viewer(
        this: &Arc<Self>,
        inner: &Arc<Inner>,
        index: usize,
        viewer: ViewerId,
        wire: Wire,
        tracks: Tracks,
        sink: Sink,
    ) -> Result<(), Fault> {
        let sound = inner.renditions.get(usize::from(wire.0)).copied().unwrap_or_default();
        let full = || Fault::because(ErrorCode::ServerFull, "The server has no place for more players now.");
        let mut central = lock(&this.central);
        if central.ended {
            return Err(over());
        }
        let (Some(shard), Some(count)) = (inner.shards.get(index), central.viewers.get(index).copied())
        else {
            return Err(ErrorCode::Internal.into());
        };
        if count == 0 {
            let snapshot = central.ring.snapshot();
            let open = ShardInput::Open { publication: this.id, snapshot, pace: this.pace };
            shard.inbox.push_urgent(open).map_err(|_| full())?;
        }
        let tracks = viewer_tracks(tracks);
        let add = ShardInput::Add {
            publication: this.id,
            viewer,
            handle: Seat { sink, publication: Arc::clone(this), sound },
            wire,
            tracks,
        };
        shard.inbox.push_urgent(add).map_err(|_| full())?;
        if let Some(count) = central.viewers.get_mut(index) {
            *count += 1;
        }
        this.change_demand(inner, &mut central, sound, 1);
        Ok(())
    }

    /// So many viewers more (or fewer) take this rendition of the sound.
    pub(crate) fn change_demand(
        self: &Arc<Self>,
        inner: &Arc<Inner>,
        central: &mut Central,
        sound: Rendition,
        by: i32,
    ) {
        if let Some(viewers) = central.demand.get_mut(usize::from(sound.0)) {
            *viewers = viewers.saturating_add_signed(by);
        }
        self.adjust_conversion(inner, central);
    }

    /// A viewer was moved because it was late.
    pub(crate) fn count_skip(&self) {
        self.skips.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn viewer_gone(self: &Arc<Self>, inner: &Arc<Inner>, index: usize, sound: Rendition) {
        let mut central = lock(&self.central);
        self.change_demand(inner, &mut central, sound, -1);
        let Some(count) = central.viewers.get_mut(index) else { return };
        *count = count.saturating_sub(1);
        if *count == 0
            && let Some(shard) = inner.shards.get(index)
            && shard.inbox.push_urgent(ShardInput::Close { publication: self.id }).is_err()
        {
            tracing::error!(shard = index, "a fan-out thread is stuck: its mailbox is full of commands");
        }
    }

    pub(crate) fn end(&self, inner: &Inner) {
        let mut central = lock(&self.central);
        central.ended = true;
        central.publishing = false;
        // No permission has this turn: whoever publishes is replaced.
        central.turn = u64::MAX;
        self.tell_shards(&central, inner, || ShardInput::Close { publication: self.id });
        central.taps.iter().for_each(|tap| tap.event(self.id, TapEvent::Ended));
        central.keyframe = None;
        central.conversion = None;
    }

    /// Gives a frame to all viewers; `made`: by a conversion, not by the publisher.
    pub(crate) fn distribute(
        &self,
        inner: &Inner,
        central: &mut Central,
        now: u64,
        frame: Frame,
        made: bool,
    ) {
        let video = frame.track == TrackKind::Video;
        let sound = rendition(frame.codec);
        if !video && !made && central.conversion.as_ref().is_some_and(|c| c.from == sound && !c.push(&frame))
        {
            inner.totals.add_dropped();
        }
        let kind = match frame.kind {
            FrameKind::Config => {
                central.sequencer.config(if video { Track::Video } else { Track::Audio(sound) }, frame);
                return;
            }
            FrameKind::Key => Kind::Key,
            FrameKind::Delta => Kind::Delta,
            FrameKind::Audio => Kind::Audio(sound),
        };
        let size = frame.payload.len();
        if video {
            central.video.add(now, size);
        } else if !made {
            central.audio.add(now, size);
        }
        if kind == Kind::Key {
            central.last_key_us = Some(now);
        }
        inner.totals.add_packet(size);
        let ts_ms = frame.ts_ms;
        let packet = central.sequencer.packet(now, ts_ms, kind, size, frame);
        central.ring.push(Arc::clone(&packet));
        for (shard, viewers) in inner.shards.iter().zip(&central.viewers) {
            if *viewers == 0 {
                continue;
            }
            let input = ShardInput::Packet { publication: self.id, packet: Arc::clone(&packet) };
            if shard.inbox.push(input).is_err() {
                inner.totals.add_dropped();
            }
        }
        for tap in &central.taps {
            if !tap.sink.packet(self.id, &packet) {
                inner.totals.add_dropped();
            }
        }
    }

    /// Size of the pictures that come, if any came lately; 0 × 0 while it is not known.
    pub(crate) fn picture(&self, now_us: u64) -> Option<(u32, u32)> {
        let central = lock(&self.central);
        let info = central.ingest.info().video.filter(|_| central.publishing)?;
        central.video.is_flowing(now_us).then_some((info.width, info.height))
    }

    pub(crate) fn stats(&self, now_us: u64) -> StreamStats {
        let central = lock(&self.central);
        let (video_bytes, fps) = central.video.rates(now_us);
        let (audio_bytes, _) = central.audio.rates(now_us);
        let age = |at: u64| u32::try_from(now_us.saturating_sub(at) / 1000).unwrap_or(u32::MAX);
        StreamStats {
            publishing: central.publishing,
            info: *central.ingest.info(),
            fps: fps as f32,
            video_kbps: (video_bytes * 8.0 / 1000.0) as u32,
            audio_kbps: (audio_bytes * 8.0 / 1000.0) as u32,
            keyframe_age_ms: central.last_key_us.map(age),
            viewers: central.viewers.iter().chain(central.taps.iter().map(|tap| &tap.viewers)).sum(),
            skips: self.skips.load(Ordering::Relaxed),
            takeovers: central.takeovers,
            left_out: central.ingest.counters(),
        }
    }
}

impl Inner {
    pub(crate) fn viewer_gone(self: &Arc<Self>, shard: usize, seat: &Seat) {
        if let Some(handle) = self.shards.get(shard) {
            handle.viewers.fetch_sub(1, Ordering::Relaxed);
        }
        seat.publication.viewer_gone(self, shard, seat.sound);
    }
}

/// The control side's permission to publish a stream. Permissions of one stream are in the order in which they were
/// given, whatever the order in which the connections that hold them come round to using them.
#[derive(Clone)]
pub struct PublishGrant {
    publication: Arc<Publication>,
    turn: u64,
}

impl std::fmt::Debug for PublishGrant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublishGrant({}, turn {})", self.publication.id.0, self.turn)
    }
}

/// The control side's permission to play a stream until it ends.
#[derive(Clone)]
pub struct PlayGrant(pub(crate) Arc<Publication>);

impl PlayGrant {
    /// The publication.
    pub fn publication(&self) -> PublicationId {
        self.0.id
    }

    /// What is known of the stream now.
    pub fn info(&self) -> StreamInfo {
        self.0.info()
    }
}

impl std::fmt::Debug for PlayGrant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PlayGrant({})", self.0.id.0)
    }
}

/// The right to publish one stream, until it is dropped or somebody takes over.
pub struct Publisher {
    pub(crate) publication: Arc<Publication>,
    pub(crate) inner: Arc<Inner>,
    pub(crate) turn: u64,
}

/// What became of a message.
#[derive(Debug)]
pub enum Pushed {
    /// It was taken (or was of no use, like an empty tag); these tracks have carried media so far.
    Taken,
    /// It broke a rule of its container or codec and was dropped.
    Bad(MediaError),
}

impl Publisher {
    /// Takes an audio or video message in FLV form: `timestamp` in ms wraps at 2^32. Frames of tracks that are not
    /// `allowed` are dropped; once such a track is allowed again, video starts at its next keyframe.
    ///
    /// # Errors
    /// [`Replaced`]: stop publishing.
    pub fn push_flv(
        &self,
        track: TrackKind,
        timestamp: u32,
        body: &Bytes,
        allowed: Tracks,
    ) -> Result<Pushed, Replaced> {
        self.take(allowed, track, |ingest, on| {
            // Headers come once: those of a track that is off now are needed when it is on again.
            if on { ingest.push(track, timestamp, body) } else { ingest.push_silenced(track, body) }
        })
    }

    /// As [`Publisher::push_flv`] for what comes without a container.
    ///
    /// # Errors
    /// [`Replaced`]: stop publishing.
    pub fn push_native(&self, timestamp: u32, native: Native, allowed: Tracks) -> Result<Pushed, Replaced> {
        self.take(allowed, native.track(), |ingest, on| {
            if on { ingest.push_native(timestamp, native) } else { ingest.push_native_silenced(native) }
        })
    }

    fn take(
        &self,
        allowed: Tracks,
        track: TrackKind,
        push: impl FnOnce(&mut Ingest, bool) -> Result<Frames, MediaError>,
    ) -> Result<Pushed, Replaced> {
        let now = self.inner.clock.now();
        let mut central = lock(&self.publication.central);
        if central.turn != self.turn {
            return Err(Replaced);
        }
        let on = match track {
            TrackKind::Video => allowed.video,
            TrackKind::Audio => allowed.audio,
        };
        let frames = match push(&mut central.ingest, on) {
            Ok(frames) => frames,
            Err(error) => return Ok(Pushed::Bad(error)),
        };
        for frame in frames {
            let header_of_sound = frame.is_config() && frame.track == TrackKind::Audio;
            self.publication.distribute(&self.inner, &mut central, now, frame, false);
            if header_of_sound && allowed.audio {
                // Before the sound that comes with it.
                self.publication.adjust_conversion(&self.inner, &mut central);
            }
        }
        // A header that equals the one in force before a reconnect yields no frame, but the track is there; one of a
        // track that is not allowed is kept, but the track is not there.
        let info = *central.ingest.info();
        let sound = info.audio.map(|audio| rendition(audio.codec)).filter(|_| allowed.audio);
        let tracks = [
            (Track::Video, info.video.is_some() && allowed.video),
            (Track::Audio(AAC), sound == Some(AAC)),
            (Track::Audio(OPUS), sound == Some(OPUS)),
        ];
        let made =
            central.conversion.as_ref().filter(|_| sound.is_some()).map(|running| Track::Audio(running.to));
        for (track, there) in tracks {
            if there {
                central.sequencer.seen(track);
            } else if made != Some(track) {
                central.sequencer.lost(track);
            }
        }
        self.publication.adjust_conversion(&self.inner, &mut central);
        Ok(Pushed::Taken)
    }

    /// From now on keyframes can be asked of this publisher.
    pub fn on_keyframe_request(&self, request: KeyframeRequest) {
        let mut central = lock(&self.publication.central);
        if central.turn == self.turn {
            central.keyframe = Some(request);
        }
    }

    /// Codecs and sizes as seen so far.
    pub fn info(&self) -> StreamInfo {
        *lock(&self.publication.central).ingest.info()
    }

    /// Whether this is still the publisher of the stream.
    pub fn is_current(&self) -> bool {
        lock(&self.publication.central).turn == self.turn
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        let mut central = lock(&self.publication.central);
        if central.turn == self.turn {
            central.publishing = false;
            central.keyframe = None;
            self.publication.restart_viewers(&mut central, &self.inner);
        }
    }
}

fn over() -> Fault {
    Fault::because(ErrorCode::NotFound, "The stream is over.")
}
