//! The sum of all voices, and for each talker the sum without its own.

use crate::{Block, Voice};
use std::collections::BTreeMap;

/// Names a voice; chosen by whoever adds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VoiceId(pub u64);

/// What happened so far, in samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Made up because nothing came in time.
    pub carried: u64,
    /// Left out because they came too late, or too many of them.
    pub dropped: u64,
}

#[derive(Debug)]
struct Talker {
    voice: Voice,
    block: Block,
    heard: bool,
}

impl Default for Talker {
    fn default() -> Self {
        Self { voice: Voice::default(), block: [0.0; crate::BLOCK], heard: false }
    }
}

/// See the module. After each [`Mixer::pull`] everything else tells of the block that was pulled.
#[derive(Debug)]
pub struct Mixer {
    talkers: BTreeMap<VoiceId, Talker>,
    /// Voices that fade out with the next block, or did with the last one.
    leaving: Vec<(VoiceId, Talker)>,
    total: Block,
    gone: Counters,
}

impl Default for Mixer {
    fn default() -> Self {
        Self {
            talkers: BTreeMap::new(),
            leaving: Vec::new(),
            total: [0.0; crate::BLOCK],
            gone: Counters::default(),
        }
    }
}

impl Mixer {
    /// Adds a voice; one of that name that is there stays.
    pub fn add(&mut self, id: VoiceId) {
        self.talkers.entry(id).or_default();
    }

    /// Takes a voice out: it fades out within the next block.
    pub fn remove(&mut self, id: VoiceId) {
        if let Some(mut talker) = self.talkers.remove(&id) {
            // Its last block is yet to come; those that had theirs go with the next.
            talker.heard = false;
            self.leaving.push((id, talker));
        }
    }

    /// Samples of a voice that follow those before; of an unknown voice they are thrown away.
    pub fn push(&mut self, id: VoiceId, samples: &[f32]) {
        if let Some(talker) = self.talkers.get_mut(&id) {
            talker.voice.push(samples);
        }
    }

    /// Mixes the next block.
    pub fn pull(&mut self) {
        self.leaving.retain(|(_, talker)| !talker.heard);
        self.total.fill(0.0);
        for talker in self.talkers.values_mut() {
            talker.heard = talker.voice.pull(&mut talker.block);
            add(&mut self.total, talker);
        }
        for (_, talker) in &mut self.leaving {
            self.gone.carried += talker.voice.carried();
            self.gone.dropped += talker.voice.dropped();
            talker.heard = talker.voice.leave(&mut talker.block);
            add(&mut self.total, talker);
        }
        self.leaving.retain(|(_, talker)| talker.heard);
    }

    /// Everybody.
    pub const fn total(&self) -> &Block {
        &self.total
    }

    /// Everybody but these voices. Silent ones cost nothing.
    pub fn without(&self, own: &[VoiceId], out: &mut Block) {
        out.copy_from_slice(&self.total);
        let leaving = self.leaving.iter().filter(|(id, _)| own.contains(id)).map(|(_, talker)| talker);
        for talker in own.iter().filter_map(|id| self.talkers.get(id)).chain(leaving).filter(|t| t.heard) {
            out.iter_mut().zip(&talker.block).for_each(|(sum, sample)| *sum -= sample);
        }
    }

    /// Whether any of these voices is in the block.
    pub fn is_heard(&self, voices: &[VoiceId]) -> bool {
        voices.iter().any(|id| {
            self.talkers.get(id).is_some_and(|talker| talker.heard)
                || self.leaving.iter().any(|(other, talker)| other == id && talker.heard)
        })
    }

    /// Voices that are in the block.
    pub fn heard(&self) -> usize {
        self.talkers.values().filter(|talker| talker.heard).count()
    }

    /// How loud a voice was in the last seconds, 0 to 1.
    pub fn level(&self, id: VoiceId) -> f32 {
        self.talkers.get(&id).map_or(0.0, |talker| talker.voice.level())
    }

    /// What happened so far to all voices.
    pub fn counters(&self) -> Counters {
        self.talkers.values().fold(self.gone, |sum, talker| Counters {
            carried: sum.carried + talker.voice.carried(),
            dropped: sum.dropped + talker.voice.dropped(),
        })
    }
}

fn add(total: &mut Block, talker: &Talker) {
    if talker.heard {
        total.iter_mut().zip(&talker.block).for_each(|(sum, sample)| *sum += sample);
    }
}
