//! One mix on its thread: its talkers, its listeners, and the machine between them.

use super::inlet::Inlet;
use huitong_codec::Output;
use huitong_codec::mix::{ListenerId, MixCounters, MixRoom, Wants};
use huitong_engine::RoomKey;
use huitong_fanout::{Fanout, Made, PlayGrant};
use huitong_media::{Codec, Frame, FrameKind, TrackKind, opus};
use huitong_mixer::VoiceId;
use huitong_types::StreamId;
use std::collections::BTreeMap;

/// How loud voices are: 100 is full scale, each dB below it takes two away.
pub(super) type Levels = BTreeMap<StreamId, u8>;

/// The level of a peak, 0 to 1.
fn level(peak: f32) -> u8 {
    let level = 100.0 + 2.0 * 20.0 * peak.max(f32::MIN_POSITIVE).log10();
    // In range, and no number is 0.
    level.round().clamp(0.0, 100.0) as u8
}

/// How often is looked at who takes what, in blocks: a player that comes waits 50 ms at most for its first sound.
const LOOK_BLOCKS: u64 = 5;

/// Ticks of an Opus time in a millisecond.
const TICKS_PER_MS: i64 = 48;

struct Outlet {
    made: Made,
    wants: Wants,
    opus_header_sent: bool,
}

impl Outlet {
    fn send(&mut self, output: Output) {
        match output {
            Output::AacHeader { ts_ms, data } => self.frame(Codec::Aac, FrameKind::Config, ts_ms, data),
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
    room: MixRoom,
    inlets: BTreeMap<StreamId, Inlet>,
    outlets: BTreeMap<StreamId, Outlet>,
    told: MixCounters,
    blocks: u64,
}

impl Mix {
    pub(super) fn new(key: RoomKey) -> Self {
        Self {
            key,
            room: MixRoom::default(),
            inlets: BTreeMap::new(),
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
        self.room.remove_talker(VoiceId(stream.get()));
    }

    /// A listener, with its stream if it is a new one.
    pub(super) fn listener(&mut self, stream: StreamId, own: Option<StreamId>, made: Option<Made>) {
        let own = own.map(|own| VoiceId(own.get())).into_iter().collect();
        self.room.set_listener(ListenerId(stream.get()), own);
        if let Some(made) = made {
            let outlet = Outlet { made, wants: Wants::default(), opus_header_sent: false };
            self.outlets.insert(stream, outlet);
        }
    }

    pub(super) fn no_listener(&mut self, stream: StreamId) {
        self.outlets.remove(&stream);
        self.room.remove_listener(ListenerId(stream.get()));
    }

    /// Makes the next 10 ms.
    pub(super) fn tick(&mut self) {
        if self.blocks.is_multiple_of(LOOK_BLOCKS) {
            self.look();
        }
        self.blocks += 1;
        for (stream, inlet) in &mut self.inlets {
            inlet.drain(|input| self.room.push(VoiceId(stream.get()), input));
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

    /// Time passes without sound.
    pub(super) fn skip(&mut self, blocks: u32) {
        self.room.skip(blocks);
    }

    /// Mixes the loudest only.
    pub(super) fn set_loudest(&mut self, most: Option<usize>) {
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

#[cfg(test)]
mod tests {
    use super::*;

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
