//! What the server makes of orders about mixes.

use super::{Media, World};
use huitong_engine::{Input, MixOrder, Output};
use huitong_protocol::VoiceLevel;
use huitong_types::{Moment, StreamId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// A mix that the server runs.
#[derive(Debug, Default)]
pub struct Mix {
    pub talkers: BTreeSet<StreamId>,
    /// Streams by which it is played, with the voice that is left out.
    pub listeners: BTreeMap<StreamId, Option<StreamId>>,
}

impl World {
    pub(super) fn mix_output(&mut self, output: Output) {
        match output {
            Output::Mix(order) => self.mix_order(order),
            Output::AskLevels { conn, id, mix, voices } => {
                let talkers = self.mix(mix).talkers.clone();
                assert!(
                    voices.iter().all(|(stream, _)| talkers.contains(stream)),
                    "who is not in it has no level"
                );
                let level =
                    |(stream, user): (StreamId, UserId)| VoiceLevel { user, level: stream.get() as u8 };
                let levels = voices.into_iter().map(level).collect();
                self.engine.handle(
                    Moment::from_millis(self.now),
                    self.unix_ms(),
                    Input::Levels { conn, id, levels },
                );
            }
            other => panic!("{other:?}"),
        }
    }

    fn mix_order(&mut self, order: MixOrder) {
        match order {
            MixOrder::Open { mix, .. } => {
                let opened = Mix { listeners: BTreeMap::from([(mix, None)]), ..Mix::default() };
                assert!(self.mixes.insert(mix, opened).is_none(), "{mix} is opened twice");
            }
            MixOrder::Close { mix } => {
                let closed = self.mixes.remove(&mix).expect("an open mix");
                closed.listeners.keys().for_each(|stream| self.mix_stream_over(*stream));
            }
            MixOrder::Talker { mix, stream } => {
                assert!(
                    !self.publishers_of(stream).is_empty() || self.was_published(stream),
                    "{stream} is silent"
                );
                assert!(self.mix(mix).talkers.insert(stream), "{stream} is in the mix already");
            }
            MixOrder::NoTalker { mix, stream } => {
                assert!(self.mix(mix).talkers.remove(&stream), "{stream} is not in the mix");
            }
            MixOrder::Listener { mix, stream, own } => drop(self.mix(mix).listeners.insert(stream, own)),
            MixOrder::NoListener { mix, stream } => {
                assert!(self.mix(mix).listeners.remove(&stream).is_some(), "{stream} does not listen");
                self.mix_stream_over(stream);
            }
        }
    }

    fn mix(&mut self, mix: StreamId) -> &mut Mix {
        self.mixes.get_mut(&mix).expect("an open mix")
    }

    /// A publisher that vanished may come back for a while; its publication is there.
    fn was_published(&self, stream: StreamId) -> bool {
        self.streams_seen.contains(&stream)
    }

    fn mix_stream_over(&mut self, over: StreamId) {
        for media in self.media.values_mut() {
            if matches!(media, Media::Playing { stream, .. } if *stream == over) {
                *media = Media::StreamOver;
            }
        }
    }

    /// Where the mix of a client is played, as the server hears of it.
    pub fn play_mix(&mut self, who: usize) -> u64 {
        let key = self.clients[who].state.as_ref().and_then(|state| state.mix.clone()).expect("a mix").play;
        self.play(&key)
    }

    /// The voice that a player of a mix does not hear.
    pub fn left_out(&self, ticket: u64) -> Option<StreamId> {
        let Media::Playing { stream, tracks } = &self.media[&ticket] else {
            panic!("{:?}", self.media[&ticket])
        };
        assert!(tracks.audio && !tracks.video, "a mix is of sound");
        let found = self.mixes.values().find_map(|mix| mix.listeners.get(stream));
        *found.expect("a stream of a mix")
    }

    /// How many voices are in the one mix.
    pub fn voices(&self) -> usize {
        self.mixes.values().map(|mix| mix.talkers.len()).sum()
    }
}
