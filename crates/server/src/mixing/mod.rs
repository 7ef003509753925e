//! Mixes on threads of their own: between the engine, which says who is in a mix, the fan-out, which has the talkers'
//! sound and the listeners' connections, and the mix machine of the codecs.
//!
//! A mix is at one thread for its life; a thread makes all its mixes up to the end of the same frame at a time. It takes packets of talkers from
//! bounded queues that never hold anybody up, and when it cannot keep up it leaves out time, and then quiet voices.

mod inlet;
mod thread;
mod work;

use huitong_engine::MixOrder;
use huitong_fanout::Fanout;
use huitong_protocol::VoiceLevel;
use huitong_types::{Scene, StreamId, UserId};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use thread::{Command, Mailbox};

/// Describes the metrics of this module.
pub(crate) fn describe_metrics() {
    metrics::describe_gauge!("huitong_mixes", "Rooms that have a mix, by mixer thread.");
    metrics::describe_gauge!("huitong_mix_talkers", "Members whose voice may be in a mix, by mixer thread.");
    metrics::describe_gauge!("huitong_mix_listeners", "Mixes that are being played, by mixer thread.");
    metrics::describe_gauge!(
        "huitong_mix_own_encodings",
        "Of these, those encoded for one listener alone, because it talks, by mixer thread."
    );
    metrics::describe_counter!(
        "huitong_mix_late_blocks_total",
        "Blocks of 10 ms that were left out because a mixer thread could not keep up."
    );
    metrics::describe_counter!(
        "huitong_mix_concealed_ms_total",
        "Sound of talkers that was lost or late and made up, ms."
    );
    metrics::describe_counter!(
        "huitong_mix_dropped_ms_total",
        "Sound of talkers that came too late or too fast and was left out, ms."
    );
    metrics::describe_counter!("huitong_mix_damaged_total", "Frames of talkers that did not decode.");
}

/// One mix, as the control side sees it.
struct Placed {
    thread: usize,
    scene: Scene,
    listeners: HashSet<StreamId>,
}

/// All mixes. The engine's task owns it; nothing here waits.
pub(crate) struct Mixers {
    mailboxes: Vec<Arc<Mailbox>>,
    mixes: HashMap<StreamId, Placed>,
    fanout: Fanout,
}

impl Mixers {
    /// Starts so many threads, at least one.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(threads: usize, fanout: Fanout) -> std::io::Result<Self> {
        let mut mailboxes = Vec::new();
        for index in 0..threads.max(1) {
            let mailbox = Arc::new(Mailbox::default());
            thread::start(index, Arc::clone(&mailbox), fanout.clone())?;
            mailboxes.push(mailbox);
        }
        Ok(Self { mailboxes, mixes: HashMap::new(), fanout })
    }

    /// Does what the engine wants, in order.
    pub(crate) fn order(&mut self, order: MixOrder) {
        match order {
            MixOrder::Open { mix, key, scene } => {
                let load =
                    |thread: usize| self.mixes.values().filter(|placed| placed.thread == thread).count();
                let thread = (0..self.mailboxes.len()).min_by_key(|thread| load(*thread)).unwrap_or_default();
                let placed = Placed { thread, scene, listeners: HashSet::from([mix]) };
                self.mixes.insert(mix, placed);
                let made = self.fanout.make(mix, scene);
                self.tell(mix, Command::Open { mix, key, made });
            }
            MixOrder::Close { mix } => {
                self.tell(mix, Command::Close { mix });
                for stream in self.mixes.remove(&mix).map(|placed| placed.listeners).unwrap_or_default() {
                    self.fanout.end_stream(stream);
                }
            }
            MixOrder::Talker { mix, stream } => {
                // One that is over by now is followed by the order to take it out.
                if let Some(grant) = self.fanout.grant_play(stream) {
                    self.tell(mix, Command::Talker { mix, stream, grant });
                }
            }
            MixOrder::NoTalker { mix, stream } => self.tell(mix, Command::NoTalker { mix, stream }),
            MixOrder::Listener { mix, stream, own } => {
                let Some(placed) = self.mixes.get_mut(&mix) else { return };
                let made = if placed.listeners.insert(stream) {
                    self.fanout.make(stream, placed.scene)
                } else {
                    None
                };
                self.tell(mix, Command::Listener { mix, stream, own, made });
            }
            MixOrder::NoListener { mix, stream } => {
                self.fanout.end_stream(stream);
                if let Some(placed) = self.mixes.get_mut(&mix) {
                    placed.listeners.remove(&stream);
                }
                self.tell(mix, Command::NoListener { mix, stream });
            }
        }
    }

    /// How loud these voices of a mix are; what nobody measures is 0.
    pub(crate) fn levels(&self, mix: StreamId, voices: Vec<(StreamId, UserId)>) -> Vec<VoiceLevel> {
        let mailbox = self.mixes.get(&mix).and_then(|placed| self.mailboxes.get(placed.thread));
        let measured = mailbox.map(|mailbox| mailbox.levels(mix)).unwrap_or_default();
        let level = |stream| measured.get(&stream).copied().unwrap_or_default();
        voices.into_iter().map(|(stream, user)| VoiceLevel { user, level: level(stream) }).collect()
    }

    fn tell(&self, mix: StreamId, command: Command) {
        let mailbox = self.mixes.get(&mix).and_then(|placed| self.mailboxes.get(placed.thread));
        if mailbox.is_some_and(|mailbox| !mailbox.put(command)) {
            tracing::error!(mix = %mix, "a mixer thread is stuck: its mailbox is full of commands");
        }
    }
}

impl Drop for Mixers {
    fn drop(&mut self) {
        self.mailboxes.iter().for_each(|mailbox| mailbox.close());
    }
}
