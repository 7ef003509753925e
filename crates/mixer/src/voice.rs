//! One talker: its samples as they arrived, and when they are played.
//!
//! Samples wait in a queue. How many have to wait follows from what happens: when the queue runs dry the voice is carried
//! on and everything behind comes later by as much; when some samples waited all the time for a while, a period is taken
//! out. So a voice has the delay that its network needs, and a talker's clock that runs fast or slow is followed.
//! More than [`MOST_WAITING`](crate::MOST_WAITING) is cut off at once, unless a sender proved that it cannot do with that.
//!
//! What a sample waits is counted from when it came to its place in the mix, whatever the blocks are that are pulled.

use crate::mixer::Piece;
use crate::splice::{Carried, OVERLAP, PAST, PERIODS, alike, lengthen, shorten, weight};
use crate::{MOST_WAITING, RATE};

/// A queue that would be left with fewer samples than this is lengthened by a period before it runs dry: 1 ms. A voice that goes
/// on after it ran dry has as much in hand.
const LOW: usize = 48;

/// What a voice waits when it begins: 5 ms, since nothing is known of its network. What it needs less is taken out, see
/// [`SPARE`].
const BEGIN: usize = 240;

/// Samples that may lie in the queue unused: 10 ms. A period is up to 10 ms, so less would be shortened and lengthened in
/// turn.
const SPARE: usize = 480;

/// Samples over which unused ones are looked for: 2 s, so that a network that falters every second is known for it.
const WINDOW: usize = 2 * RATE as usize;

/// Samples in which half of the memory of dry queues is gone: 2 s.
const HALF_FORGOTTEN: f32 = 2.0 * RATE as f32;

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

#[derive(Debug)]
enum State {
    /// Nothing is played.
    Silent,
    Playing,
    /// The queue ran dry.
    Carrying(Carried),
}

/// See the module.
#[derive(Debug)]
pub struct Voice {
    /// Samples that were pulled so far: where the next block begins.
    time: usize,
    queue: Vec<f32>,
    /// When the first of the queue came, if nothing is played of it yet.
    first: usize,
    /// What was played last, at most [`PAST`] samples.
    past: Vec<f32>,
    state: State,
    /// What the newest piece has to wait, if there was one since the last block.
    newest: Option<usize>,
    /// Samples that passed since something came last without any of it to be played.
    gap: usize,
    /// Fewest samples that were left over in this window.
    least_left: usize,
    /// Most that a piece had to wait in this window.
    most_waited: usize,
    window: usize,
    /// Most that may wait.
    room: usize,
    /// Something was cut off since the queue last ran dry.
    cut: bool,
    dry: f32,
    /// Samples of the end that were played.
    left: usize,
    /// Samples played that never came, and those that came and were not played.
    carried: u64,
    dropped: u64,
}

impl Default for Voice {
    fn default() -> Self {
        Self {
            time: 0,
            queue: Vec::new(),
            first: 0,
            past: vec![0.0; PAST],
            state: State::Silent,
            newest: None,
            gap: 0,
            least_left: usize::MAX,
            most_waited: 0,
            window: 0,
            room: MOST_WAITING,
            cut: false,
            dry: 0.0,
            left: 0,
            carried: 0,
            dropped: 0,
        }
    }
}

impl Voice {
    /// Takes what came. Samples that are no numbers count as silence.
    pub fn push(&mut self, piece: Piece<'_>) {
        let Piece { samples, made_up, after } = piece;
        // What stands for lost samples is too late where the voice was carried on in their place, and is until it goes on; see
        // `go_on` for the half. What is silent was silent instead.
        let late = match self.state {
            State::Playing => 0,
            State::Carrying(_) => self.gap + after + LOW + OVERLAP / 2,
            State::Silent => samples.len(),
        };
        let samples = samples.get(made_up.min(late).min(samples.len())..).unwrap_or_default();
        if samples.is_empty() {
            return;
        }
        self.gap = 0;
        if self.queue.is_empty() {
            self.first = self.time + after;
        }
        let before = self.queue.len();
        self.queue.extend(samples.iter().map(|s| if s.is_nan() { 0.0 } else { s.clamp(-1.0, 1.0) }));
        let over = self.queue.len().saturating_sub(MOST_KEPT);
        self.queue.drain(..over);
        self.dropped += over as u64;
        self.newest = Some(before.saturating_sub(over + after));
    }

    /// The next block; false if it is silence.
    pub fn pull(&mut self, out: &mut [f32]) -> bool {
        match self.state {
            State::Playing => self.play(out),
            _ => self.begin(out),
        }
        let waited = self.newest.take().unwrap_or_default();
        self.most_waited = self.most_waited.max(waited);
        self.time += out.len();
        self.past.extend_from_slice(out);
        self.past.drain(..self.past.len().saturating_sub(PAST));
        self.dry *= (-(out.len() as f32) / HALF_FORGOTTEN).exp2();
        out.iter().any(|sample| sample.abs() > SILENCE)
    }

    /// One of the last blocks of a voice that leaves: it fades out in 5 ms.
    pub fn leave(&mut self, out: &mut [f32]) -> bool {
        let heard = self.pull(out);
        for sample in out {
            *sample *= if self.left < OVERLAP { 1.0 - weight(self.left, OVERLAP) } else { 0.0 };
            self.left += 1;
        }
        heard
    }

    /// Whether it has faded out.
    pub const fn has_left(&self) -> bool {
        self.left >= OVERLAP
    }

    /// What comes from here on does not follow what was before.
    pub fn rest(&mut self) {
        *self = Self { room: self.room, carried: self.carried, dropped: self.dropped, ..Self::default() };
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

    /// Where in the next block, of `count` samples, the voice may begin, if its first sample is to wait for `wait` samples; not if
    /// too little has come.
    fn start(&self, count: usize, wait: usize) -> Option<usize> {
        let at = (self.first + wait).saturating_sub(self.time);
        let enough = self.queue.len() >= count.saturating_sub(at).max(OVERLAP);
        (at < count && enough).then_some(at)
    }

    /// A block of a voice that is silent or carried on, and begins in it if enough has come.
    fn begin(&mut self, out: &mut [f32]) {
        let count = out.len();
        let from = if matches!(self.state, State::Carrying(_)) {
            self.go_on(out)
        } else {
            let from = self.start(count, BEGIN);
            if from.is_some() {
                let front = self.queue.iter_mut().take(OVERLAP).enumerate();
                front.for_each(|(n, sample)| *sample *= weight(n, OVERLAP));
            }
            out.iter_mut().take(from.unwrap_or(count)).for_each(|sample| *sample = 0.0);
            from
        };
        if self.queue.is_empty() {
            self.gap += count;
        }
        if let Some(from) = from {
            self.start_window();
            self.state = State::Playing;
            self.take(out.get_mut(from..).unwrap_or_default());
        }
    }

    /// A voice that is carried on goes on with what came where the two look alike, up to [`OVERLAP`] later than it could. Gives
    /// the place in the block.
    fn go_on(&mut self, out: &mut [f32]) -> Option<usize> {
        let start = self.start(out.len(), LOW);
        let State::Carrying(carried) = &mut self.state else { return None };
        let Some(earliest) = start else {
            fill(carried, out);
            self.carried += out.len() as u64;
            if carried.is_over() {
                self.state = State::Silent;
            }
            return None;
        };
        let most = OVERLAP.min(out.len() - earliest);
        let mut ahead = vec![0.0; earliest + most + OVERLAP];
        fill(carried, &mut ahead);
        let front = self.queue.get(..OVERLAP).unwrap_or_default();
        let from = earliest + alike(front, ahead.get(earliest..).unwrap_or_default(), 0..=most);
        out.iter_mut().zip(&ahead).take(from).for_each(|(out, sample)| *out = *sample);
        let old = ahead.get(from..from + OVERLAP).unwrap_or_default();
        for (n, (sample, old)) in self.queue.iter_mut().zip(old).enumerate() {
            *sample = old + weight(n, OVERLAP) * (*sample - old);
        }
        self.carried += from as u64;
        Some(from)
    }

    fn play(&mut self, out: &mut [f32]) {
        self.squeeze(out.len());
        if self.queue.len() >= out.len() && self.queue.len() < out.len() + LOW {
            self.carried += lengthen(&self.past, &mut self.queue) as u64;
        }
        if self.queue.len() >= out.len() {
            self.take(out);
        } else {
            self.run_dry(out);
        }
    }

    /// Plays the first of the queue, which has enough.
    fn take(&mut self, out: &mut [f32]) {
        let count = out.len().min(self.queue.len());
        out.iter_mut().zip(self.queue.drain(..count)).for_each(|(out, sample)| *out = sample);
        self.least_left = self.least_left.min(self.queue.len());
        self.follow(out.len());
    }

    /// Plays what is left and carries on.
    fn run_dry(&mut self, out: &mut [f32]) {
        // A queue that was never full grows by running dry; one that was cut before did not have the room for that.
        self.dry += if std::mem::take(&mut self.cut) { 1.0 } else { 0.0 };
        if self.dry > TORN {
            self.dry = 0.0;
            self.room = (self.room + MORE_ROOM).min(MOST_ROOM);
        }
        let left = self.queue.len();
        self.past.append(&mut self.queue);
        let mut carried = Carried::on(self.past.get(left..).unwrap_or_default());
        // Whoever pulls adds the block as a whole.
        let played = self.past.split_off(self.past.len() - left);
        fill(&mut carried, out.get_mut(left..).unwrap_or_default());
        out.iter_mut().zip(played).for_each(|(out, sample)| *out = sample);
        self.gap = out.len() - left;
        self.carried += self.gap as u64;
        self.state = State::Carrying(carried);
    }

    /// Takes out what waits beyond the room, behind the next `count` samples.
    fn squeeze(&mut self, count: usize) {
        let waits = self.newest.unwrap_or_default();
        let excess = waits.saturating_sub(self.room);
        if excess > 0 {
            let least = excess.max(*PERIODS.start());
            let most = least + PERIODS.end() - PERIODS.start();
            let most = most.min(self.queue.len().saturating_sub(count + LOW));
            let out = shorten(&mut self.queue, least, most);
            self.dropped += out as u64;
            self.newest = Some(waits.saturating_sub(out));
            self.cut = true;
            self.start_window();
        }
    }

    /// Takes out a period if there was one to spare for a whole window.
    fn follow(&mut self, count: usize) {
        self.window += count;
        if self.window < WINDOW {
            return;
        }
        if self.least_left > SPARE {
            let most = (*PERIODS.end()).min(self.least_left - LOW);
            self.dropped += shorten(&mut self.queue, *PERIODS.start(), most) as u64;
        } else if self.most_waited + MORE_ROOM < self.room {
            self.room = (self.room - MORE_ROOM).max(MOST_WAITING);
        }
        self.start_window();
    }

    fn start_window(&mut self) {
        self.window = 0;
        self.least_left = usize::MAX;
        self.most_waited = 0;
    }
}

/// What is carried on, and silence behind it.
fn fill(carried: &mut Carried, out: &mut [f32]) {
    out.iter_mut().for_each(|sample| *sample = carried.next().unwrap_or(0.0));
}
