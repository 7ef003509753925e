//! The sum of all voices, and for each talker the sum without its own.

use crate::{MOST_BLOCK, Voice};
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

/// Samples of a voice that follow those before.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Piece<'a> {
    /// The samples.
    pub samples: &'a [f32],
    /// So many of the first ones stand for what was lost. What the voice was carried on for meanwhile is left out of them:
    /// the time is over.
    pub made_up: usize,
    /// When it came: so many samples after the end of the last block.
    pub after: usize,
}

#[derive(Debug, Default)]
struct Talker {
    voice: Voice,
    block: Vec<f32>,
    heard: bool,
}

impl Talker {
    fn pull(&mut self, count: usize, total: &mut [f32], leaves: bool) {
        // Both pulls write all of it.
        self.block.resize(count, 0.0);
        self.heard =
            if leaves { self.voice.leave(&mut self.block) } else { self.voice.pull(&mut self.block) };
        if self.heard {
            total.iter_mut().zip(&self.block).for_each(|(sum, sample)| *sum += sample);
        }
    }
}

/// See the module. After each [`Mixer::pull`] everything else tells of the block that was pulled.
#[derive(Debug, Default)]
pub struct Mixer {
    talkers: BTreeMap<VoiceId, Talker>,
    /// Voices that fade out.
    leaving: Vec<(VoiceId, Talker)>,
    total: Vec<f32>,
    gone: Counters,
}

impl Mixer {
    /// Adds a voice; one of that name that is there stays.
    pub fn add(&mut self, id: VoiceId) {
        self.talkers.entry(id).or_default();
    }

    /// Takes a voice out: it fades out within 5 ms.
    pub fn remove(&mut self, id: VoiceId) {
        if let Some(talker) = self.talkers.remove(&id) {
            self.gone.carried += talker.voice.carried();
            self.gone.dropped += talker.voice.dropped();
            self.leaving.push((id, talker));
        }
    }

    /// Gives a voice what came of it; of an unknown voice it is thrown away.
    pub fn push(&mut self, id: VoiceId, piece: Piece<'_>) {
        if let Some(talker) = self.talkers.get_mut(&id) {
            talker.voice.push(piece);
        }
    }

    /// Mixes the next `count` samples, at most [`MOST_BLOCK`].
    pub fn pull(&mut self, count: usize) {
        let count = count.min(MOST_BLOCK);
        self.leaving.retain(|(_, talker)| !talker.voice.has_left());
        self.total.clear();
        self.total.resize(count, 0.0);
        self.talkers.values_mut().for_each(|talker| talker.pull(count, &mut self.total, false));
        self.leaving.iter_mut().for_each(|(_, talker)| talker.pull(count, &mut self.total, true));
    }

    /// Nothing is heard for a while: what comes afterwards does not follow what was before.
    pub fn rest(&mut self) {
        self.leaving.clear();
        self.total.clear();
        for talker in self.talkers.values_mut() {
            talker.voice.rest();
            talker.heard = false;
        }
    }

    /// Everybody.
    pub fn total(&self) -> &[f32] {
        &self.total
    }

    /// Everybody but these voices. Silent ones cost nothing.
    pub fn without(&self, own: &[VoiceId], out: &mut Vec<f32>) {
        out.clone_from(&self.total);
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

    /// Samples of a voice that wait for the next blocks.
    pub fn waiting(&self, id: VoiceId) -> usize {
        self.talkers.get(&id).map_or(0, |talker| talker.voice.waiting())
    }

    /// What happened so far to all voices.
    pub fn counters(&self) -> Counters {
        self.talkers.values().fold(self.gone, |sum, talker| Counters {
            carried: sum.carried + talker.voice.carried(),
            dropped: sum.dropped + talker.voice.dropped(),
        })
    }
}
