//! One talker: its samples as they arrived, and when they are played.
//!
//! Samples wait in a queue. How many have to wait follows from what happens: when the queue runs dry the voice is carried
//! on and everything behind comes later by as much; when some samples waited all the time for a while, a period is taken
//! out. So a voice has the delay that its network needs, and a talker's clock that runs fast or slow is followed.
//! More than [`MOST_WAITING`](crate::MOST_WAITING) is cut off at once, unless a sender proved that it cannot do with that.

use crate::splice::{Carried, OVERLAP, PAST, PERIODS, alike, lengthen, shorten, weight};
use crate::{BLOCK, Block, MOST_WAITING};

/// A queue that would be left with fewer samples than this is lengthened by a period before it runs dry: 1 ms.
const LOW: usize = 48;

/// Samples that may lie in the queue unused: 10 ms. A period is up to 10 ms, so less would be shortened and lengthened in
/// turn.
const SPARE: usize = 480;

/// Blocks over which unused samples are looked for: 2 s, so that a network that falters every second is known for it.
const WINDOW: u32 = 200;

/// Part of the memory of dry queues that stays after a block: half of it is gone after 2 s.
const MEMORY: f32 = 0.9965;

/// Queues cut and run dry in memory after which a sender is given more room: three within a second or two. Phones that send sound
/// only beside pictures come in bursts; without room for a burst their voice would be torn all the time.
const TORN: f32 = 2.5;

/// Samples by which a sender's room grows: 10 ms.
const MORE_ROOM: usize = 480;

/// Most that may wait of an unsteady sender: 100 ms. Beyond that it is the network that tears the voice.
const MOST_ROOM: usize = 4800;

/// Samples of one voice that are kept at all, half a second: a push beyond it drops the oldest.
const MOST_KEPT: usize = 24_000;

/// A block whose samples are all below this (-90 dB) is silence and left out of the mix.
const SILENCE: f32 = 1.0 / 32_768.0;

/// Part of the level that stays after a block: a pause of a second within speech takes it down by 35 dB.
const LEVEL_STAYS: f32 = 0.96;

#[derive(Debug)]
enum State {
    /// Nothing is played. True: samples have come, and the next block may begin.
    Silent(bool),
    Playing,
    /// The queue ran dry.
    Carrying(Carried),
}

/// See the module.
#[derive(Debug)]
pub struct Voice {
    queue: Vec<f32>,
    /// What was played last, at most [`PAST`] samples.
    past: Vec<f32>,
    state: State,
    /// Samples that the newest push brought, if there was one since the last block.
    newest: usize,
    /// Fewest samples that were left over in this window.
    least_left: usize,
    /// Most that waited in front of a push in this window.
    most_before: usize,
    window: u32,
    /// Most that may wait.
    room: usize,
    /// Something was cut off since the queue last ran dry.
    cut: bool,
    dry: f32,
    level: f32,
    /// Samples played that never came, and those that came and were not played.
    carried: u64,
    dropped: u64,
}

impl Default for Voice {
    fn default() -> Self {
        Self {
            queue: Vec::new(),
            past: vec![0.0; PAST],
            state: State::Silent(false),
            newest: 0,
            least_left: usize::MAX,
            most_before: 0,
            window: 0,
            room: MOST_WAITING,
            cut: false,
            dry: 0.0,
            level: 0.0,
            carried: 0,
            dropped: 0,
        }
    }
}

impl Voice {
    /// Takes the samples that follow those before. Samples that are no numbers count as silence.
    pub fn push(&mut self, samples: &[f32]) {
        if samples.is_empty() {
            return;
        }
        self.most_before = self.most_before.max(self.queue.len());
        self.newest = samples.len();
        self.queue.extend(samples.iter().map(|s| if s.is_nan() { 0.0 } else { s.clamp(-1.0, 1.0) }));
        let over = self.queue.len().saturating_sub(MOST_KEPT);
        self.queue.drain(..over);
        self.dropped += over as u64;
    }

    /// The next block; false if it is silence.
    pub fn pull(&mut self, out: &mut Block) -> bool {
        self.begin();
        match &mut self.state {
            State::Silent(_) => out.fill(0.0),
            State::Playing => self.play(out),
            State::Carrying(carried) => {
                fill(carried, out);
                self.carried += BLOCK as u64;
                if carried.is_over() {
                    self.state = State::Silent(false);
                }
            }
        }
        self.remember(out);
        self.newest = 0;
        let peak = out.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
        self.level = peak.max(self.level * LEVEL_STAYS);
        self.dry *= MEMORY;
        peak > SILENCE
    }

    /// The last block of a voice that leaves: it fades out in 5 ms.
    pub fn leave(&mut self, out: &mut Block) -> bool {
        let heard = self.pull(out);
        for (n, sample) in out.iter_mut().enumerate() {
            *sample *= if n < OVERLAP { 1.0 - weight(n, OVERLAP) } else { 0.0 };
        }
        heard
    }

    /// How loud it was in the last seconds, 0 to 1.
    pub fn level(&self) -> f32 {
        self.level
    }

    /// Samples that wait.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Samples that were made up because nothing came, so far.
    pub fn carried(&self) -> u64 {
        self.carried
    }

    /// Samples that came and were left out, so far.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Begins, or goes on after a gap, if enough has come.
    fn begin(&mut self) {
        match &mut self.state {
            State::Playing => {}
            State::Silent(came) => {
                if !*came {
                    // One block more than the first samples need: the next ones are not due before the queue is empty.
                    *came = !self.queue.is_empty();
                } else if self.queue.len() >= BLOCK {
                    self.queue
                        .iter_mut()
                        .take(OVERLAP)
                        .enumerate()
                        .for_each(|(n, s)| *s *= weight(n, OVERLAP));
                    self.start_window();
                    self.state = State::Playing;
                }
            }
            State::Carrying(carried) => {
                if self.queue.len() < BLOCK + LOW {
                    return;
                }
                let mut ahead = [0.0; OVERLAP];
                fill(carried, &mut ahead);
                let most = (self.queue.len() - BLOCK).min(OVERLAP);
                let skipped = alike(&ahead, &self.queue, 0..=most);
                self.queue.drain(..skipped);
                self.dropped += skipped as u64;
                for (n, (sample, before)) in self.queue.iter_mut().zip(ahead).enumerate() {
                    *sample = before + weight(n, OVERLAP) * (*sample - before);
                }
                self.start_window();
                self.state = State::Playing;
            }
        }
    }

    fn play(&mut self, out: &mut Block) {
        self.squeeze();
        if self.queue.len() >= BLOCK && self.queue.len() < BLOCK + LOW {
            self.carried += lengthen(&self.past, &mut self.queue) as u64;
        }
        if self.queue.len() >= BLOCK {
            out.iter_mut().zip(self.queue.drain(..BLOCK)).for_each(|(out, sample)| *out = sample);
            self.least_left = self.least_left.min(self.queue.len());
            self.follow();
        } else {
            self.run_dry(out);
        }
    }

    /// Plays what is left and carries on.
    fn run_dry(&mut self, out: &mut Block) {
        // A queue that was never full grows by running dry; one that was cut before did not have the room for that.
        self.dry += if std::mem::take(&mut self.cut) { 1.0 } else { 0.0 };
        if self.dry > TORN {
            self.dry = 0.0;
            self.room = (self.room + MORE_ROOM).min(MOST_ROOM);
        }
        let left = self.queue.len();
        self.past.append(&mut self.queue);
        let mut carried = Carried::on(self.past.get(left..).unwrap_or_default());
        // `remember` adds the block as a whole.
        let played = self.past.split_off(self.past.len() - left);
        fill(&mut carried, out.get_mut(left..).unwrap_or_default());
        out.iter_mut().zip(played).for_each(|(out, sample)| *out = sample);
        self.carried += (BLOCK - left) as u64;
        self.state = State::Carrying(carried);
    }

    /// Takes out what waits beyond the room.
    fn squeeze(&mut self) {
        let before = self.queue.len() - self.newest.min(self.queue.len());
        let excess = before.saturating_sub(self.room);
        if self.newest > 0 && excess > 0 {
            let least = excess.max(*PERIODS.start());
            let most = (least + PERIODS.end() - PERIODS.start()).min(self.queue.len().saturating_sub(BLOCK));
            self.dropped += shorten(&mut self.queue, least, most) as u64;
            self.cut = true;
            self.start_window();
        }
    }

    /// Takes out a period if there was one to spare for a whole window.
    fn follow(&mut self) {
        self.window += 1;
        if self.window < WINDOW {
            return;
        }
        if self.least_left > SPARE {
            let most = (*PERIODS.end()).min(self.least_left - LOW);
            self.dropped += shorten(&mut self.queue, *PERIODS.start(), most) as u64;
        } else if self.most_before + MORE_ROOM < self.room {
            self.room = (self.room - MORE_ROOM).max(MOST_WAITING);
        }
        self.start_window();
    }

    fn start_window(&mut self) {
        self.window = 0;
        self.least_left = usize::MAX;
        self.most_before = 0;
    }

    fn remember(&mut self, block: &Block) {
        self.past.extend_from_slice(block);
        let over = self.past.len().saturating_sub(PAST);
        self.past.drain(..over);
    }
}

/// What is carried on, and silence behind it.
fn fill(carried: &mut Carried, out: &mut [f32]) {
    out.iter_mut().for_each(|sample| *sample = carried.next().unwrap_or(0.0));
}
