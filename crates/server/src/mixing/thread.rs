//! A mixer thread: its mailbox, its clock, and what it does when it falls behind.

use super::work::{Levels, Mix};
use huitong_codec::mix::{CYCLE, next_end};
use huitong_codec::{Builtin, Codecs};
use huitong_engine::RoomKey;
use huitong_fanout::{Fanout, Made, PlayGrant};
use huitong_hub::Micros;
use huitong_types::StreamId;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Commands that wait for a thread at most. It takes all of them with each block; a room of 300 that is entered at once makes a
/// few hundred. Beyond it they are left out and the log says so.
const COMMANDS: usize = 65_536;

/// Samples that are counted as one late block: 10 ms.
const LATE: i64 = 480;

/// A thread that is further behind leaves time out: its listeners hear a gap instead of an ever longer delay.
const BEHIND: Duration = Duration::from_millis(60);

/// So many gaps within [`WITHIN`] are no hiccup of the machine: the thread mixes half of its voices, the loudest.
const GAPS: u32 = 3;

/// See [`GAPS`].
const WITHIN: Duration = Duration::from_secs(5);

/// Fewest voices that are mixed however busy the machine is: more than that rarely talk at once.
const FEWEST: usize = 4;

/// Voices up to which the number is taken back at once when it is doubled.
const MOST: usize = 64;

/// After so long without a gap, twice as many voices are tried.
const CALM: Duration = Duration::from_secs(30);

/// A mix that breaks again so soon after it began again stays broken.
const BROKEN: Duration = Duration::from_secs(1);

/// How often figures are told.
const TELL: Duration = Duration::from_secs(1);

/// How often voices are measured: oftener than clients ask, and seldom enough to cost nothing.
const MEASURE: Duration = Duration::from_millis(250);

/// One thing to do.
pub(super) enum Command {
    Open { mix: StreamId, key: RoomKey, made: Option<Made> },
    Close { mix: StreamId },
    Talker { mix: StreamId, stream: StreamId, grant: PlayGrant },
    NoTalker { mix: StreamId, stream: StreamId },
    Listener { mix: StreamId, stream: StreamId, own: Option<StreamId>, made: Option<Made> },
    NoListener { mix: StreamId, stream: StreamId },
}

#[derive(Default)]
struct Waiting {
    commands: Vec<Command>,
    closed: bool,
}

/// The mailbox of a thread, and what it measured last.
#[derive(Default)]
pub(super) struct Mailbox {
    waiting: Mutex<Waiting>,
    bell: Condvar,
    levels: Mutex<BTreeMap<StreamId, Levels>>,
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing behind this lock can panic between two states.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// False if there was no room.
    pub(super) fn put(&self, command: Command) -> bool {
        let mut waiting = self.lock();
        if waiting.commands.len() >= COMMANDS {
            return false;
        }
        waiting.commands.push(command);
        drop(waiting);
        self.bell.notify_one();
        true
    }

    /// How loud the voices of a mix are; empty while nobody plays it.
    pub(super) fn levels(&self, mix: StreamId) -> Levels {
        let measured = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        measured.get(&mix).cloned().unwrap_or_default()
    }

    fn measured(&self, levels: BTreeMap<StreamId, Levels>) {
        *self.levels.lock().unwrap_or_else(PoisonError::into_inner) = levels;
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.bell.notify_one();
    }

    /// What has come by `until`, or as soon as something comes; `None` once closed.
    fn take(&self, until: Option<Instant>) -> Option<Vec<Command>> {
        let mut waiting = self.lock();
        loop {
            if waiting.closed {
                return None;
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if !waiting.commands.is_empty() || left.is_some_and(|left| left.is_zero()) {
                return Some(std::mem::take(&mut waiting.commands));
            }
            waiting = match left {
                None => self.bell.wait(waiting).unwrap_or_else(PoisonError::into_inner),
                Some(left) => {
                    let waited = self.bell.wait_timeout(waiting, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

/// Starts a thread.
///
/// # Errors
/// The system gives none.
pub(super) fn start(index: usize, mailbox: Arc<Mailbox>, fanout: Fanout) -> std::io::Result<()> {
    let run = move || Runner::new(index, fanout).run(&mailbox);
    std::thread::Builder::new().name(format!("mixer-{index}")).spawn(run).map(drop)
}

/// A mix, and where it is in time.
struct Running {
    mix: Mix,
    /// Its timeline less that of the thread.
    ahead: i64,
    broke: Option<Instant>,
}

struct Runner {
    index: usize,
    fanout: Fanout,
    codecs: Arc<dyn Codecs>,
    mixes: BTreeMap<StreamId, Running>,
    /// When the thread's timeline began.
    begun: Instant,
    /// Samples of it that were made. All mixes are made together, so their frames end together.
    made: i64,
    told: Instant,
    measured: Instant,
    pace: Keeping,
}

/// How long so many samples last.
fn lasts(samples: i64) -> Duration {
    Duration::from_nanos(u64::try_from(samples).unwrap_or_default().saturating_mul(62_500) / 3)
}

impl Runner {
    fn new(index: usize, fanout: Fanout) -> Self {
        let now = Instant::now();
        Self {
            index,
            fanout,
            codecs: Arc::new(Builtin),
            mixes: BTreeMap::new(),
            begun: now,
            made: 0,
            told: now,
            measured: now,
            pace: Keeping::new(now),
        }
    }

    /// When the next block is to be made.
    fn due(&self) -> Instant {
        self.begun + lasts(next_end(self.made))
    }

    fn run(mut self, mailbox: &Mailbox) {
        loop {
            let idle = self.mixes.is_empty();
            let Some(commands) = mailbox.take((!idle).then(|| self.due())) else { return };
            if idle {
                (self.begun, self.made) = (Instant::now(), 0);
            }
            commands.into_iter().for_each(|command| self.command(command));
            let now = Instant::now();
            if now >= self.due() && !self.mixes.is_empty() {
                self.tick(now);
            }
            if now - self.measured >= MEASURE || self.mixes.is_empty() {
                self.measured = now;
                mailbox
                    .measured(self.mixes.iter().map(|(id, running)| (*id, running.mix.levels())).collect());
            }
            if now - self.told >= TELL || self.mixes.is_empty() {
                self.told = now;
                self.tell();
            }
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Open { mix, key, made } => {
                let at = self.made % CYCLE;
                let mut opened = Mix::new(key, Arc::clone(&self.codecs), at);
                opened.listener(mix, None, made);
                opened.set_loudest(self.pace.loudest);
                self.mixes.insert(mix, Running { mix: opened, ahead: at - self.made, broke: None });
            }
            Command::Close { mix } => {
                if let Some(mut running) = self.mixes.remove(&mix) {
                    count(&mut running.mix);
                }
            }
            Command::Talker { mix, stream, grant } => {
                if let Some(running) = self.mixes.get_mut(&mix) {
                    running.mix.talker(&self.fanout, stream, &grant);
                }
            }
            Command::NoTalker { mix, stream } => {
                self.mixes.get_mut(&mix).into_iter().for_each(|running| running.mix.no_talker(stream));
            }
            Command::Listener { mix, stream, own, made } => {
                if let Some(running) = self.mixes.get_mut(&mix) {
                    running.mix.listener(stream, own, made);
                }
            }
            Command::NoListener { mix, stream } => {
                self.mixes.get_mut(&mix).into_iter().for_each(|running| running.mix.no_listener(stream));
            }
        }
    }

    fn tick(&mut self, now: Instant) {
        let behind = now - self.due();
        if behind > BEHIND {
            self.skip(now);
            let talkers = self.mixes.values().map(|running| running.mix.size().0).max().unwrap_or_default();
            if self.pace.gap(now, talkers) {
                let loudest = self.pace.loudest;
                tracing::warn!(
                    thread = self.index,
                    behind_ms = behind.as_millis() as u64,
                    ?loudest,
                    "a mixer cannot keep up: only the loudest voices are mixed"
                );
            }
        } else if self.pace.calm(now) {
            tracing::info!(thread = self.index, loudest = ?self.pace.loudest, "a mixer keeps up: more voices are mixed");
        }
        let loudest = self.pace.changed();
        let last = self.last_end();
        self.made = next_end(self.made);
        let mut broken = Vec::new();
        for (id, running) in &mut self.mixes {
            // The codecs are young: a panic in one of a mix's own ends what it has, and neither the mix nor the thread.
            let mix = &mut running.mix;
            let ticked = catch_unwind(AssertUnwindSafe(|| {
                if let Some(loudest) = loudest {
                    mix.set_loudest(loudest);
                }
                mix.tick(last);
            }));
            if ticked.is_err() && !running.begin_again(now, self.made) {
                broken.push(*id);
            }
        }
        for id in broken {
            if let Some(Running { mix, .. }) = self.mixes.remove(&id) {
                tracing::error!(app = mix.key.app.get(), room = %mix.key.room, "a mix failed again and is silent from now on");
            }
        }
    }

    /// Leaves out what is too late to be made, up to the block that is due now.
    fn skip(&mut self, now: Instant) {
        let before = self.made;
        while self.begun + lasts(next_end(next_end(self.made))) <= now {
            self.made = next_end(self.made);
            self.mixes.values_mut().for_each(|running| running.mix.skip());
        }
        let late = u64::try_from((self.made - before) / LATE).unwrap_or_default();
        metrics::counter!("huitong_mix_late_blocks_total").increment(late);
    }

    /// When the last block ended, by the clock of the fan-out.
    fn last_end(&self) -> Micros {
        let ago = (self.begun + lasts(self.made)).elapsed().as_micros();
        self.fanout.now().saturating_sub(u64::try_from(ago).unwrap_or(u64::MAX))
    }

    fn tell(&mut self) {
        let sizes = self.mixes.values().map(|running| running.mix.size());
        let sum = sizes.fold((0, 0, 0), |sum, size| (sum.0 + size.0, sum.1 + size.1, sum.2 + size.2));
        let thread = self.index.to_string();
        metrics::gauge!("huitong_mixes", "thread" => thread.clone()).set(self.mixes.len() as f64);
        metrics::gauge!("huitong_mix_talkers", "thread" => thread.clone()).set(sum.0 as f64);
        metrics::gauge!("huitong_mix_listeners", "thread" => thread.clone()).set(sum.1 as f64);
        metrics::gauge!("huitong_mix_own_encodings", "thread" => thread).set(sum.2 as f64);
        self.mixes.values_mut().for_each(|running| count(&mut running.mix));
    }
}

impl Running {
    /// Begins again after it broke, where the thread is by now. False if it has done so just before.
    fn begin_again(&mut self, now: Instant, made: i64) -> bool {
        let before = self.broke.replace(now);
        if before.is_some_and(|before| now - before < BROKEN) {
            return false;
        }
        tracing::error!(app = self.mix.key.app.get(), room = %self.mix.key.room, "a mix failed and begins again");
        self.mix.begin_again(made + self.ahead);
        true
    }
}

fn count(mix: &mut Mix) {
    let news = mix.news();
    metrics::counter!("huitong_mix_concealed_ms_total").increment(news.concealed_ms);
    metrics::counter!("huitong_mix_dropped_ms_total").increment(news.dropped_ms);
    metrics::counter!("huitong_mix_damaged_total").increment(news.damaged);
}

/// How many voices a thread manages.
struct Keeping {
    /// Voices that are mixed at most; `None`: all.
    loudest: Option<usize>,
    is_new: bool,
    gaps: u32,
    since: Instant,
    last: Instant,
}

impl Keeping {
    const fn new(now: Instant) -> Self {
        Self { loudest: None, is_new: false, gaps: 0, since: now, last: now }
    }

    /// There was a gap, and the largest mix has so many talkers. True if fewer are to be mixed from now on.
    fn gap(&mut self, now: Instant, talkers: usize) -> bool {
        if now - self.since > WITHIN {
            (self.gaps, self.since) = (0, now);
        }
        self.gaps += 1;
        self.last = now;
        if self.gaps < GAPS {
            return false;
        }
        (self.gaps, self.since) = (0, now);
        let fewer = (self.loudest.unwrap_or(talkers).min(talkers) / 2).max(FEWEST);
        self.is_new = self.loudest != Some(fewer);
        self.loudest = Some(fewer);
        self.is_new
    }

    /// There was none. True if more are to be mixed from now on.
    fn calm(&mut self, now: Instant) -> bool {
        let Some(loudest) = self.loudest else { return false };
        if now - self.last < CALM {
            return false;
        }
        self.last = now;
        self.loudest = Some(loudest * 2).filter(|more| *more <= MOST);
        self.is_new = true;
        true
    }

    /// The number, if it is new.
    fn changed(&mut self) -> Option<Option<usize>> {
        std::mem::take(&mut self.is_new).then_some(self.loudest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_falls_behind_again_and_again_mixes_fewer_and_later_more() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut pace = Keeping::new(start);
        assert!(!pace.gap(at(0), 50) && !pace.gap(at(6000), 50), "one now and then is a hiccup");
        assert!(!pace.gap(at(6100), 50) && pace.gap(at(6200), 50));
        assert_eq!((pace.loudest, pace.changed(), pace.changed()), (Some(25), Some(Some(25)), None));
        for n in 0..30 {
            pace.gap(at(7000 + n * 100), 50);
        }
        assert_eq!(pace.loudest, Some(FEWEST));
        let mut now = 10_000;
        while pace.loudest.is_some() && now < 1_000_000 {
            now += 10;
            pace.calm(at(now));
        }
        assert!((150_000..170_000).contains(&now), "four, eight, sixteen, 32, 64, all: {now}");
    }
}
