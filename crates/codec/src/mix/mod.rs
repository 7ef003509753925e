//! The mix of a room: coded sound of talkers in, coded mixes for listeners out.
//!
//! A machine without I/O, clock or thread: its owner hands it what arrived ([`MixRoom::push`]) and asks, each time a frame of
//! either codec is over ([`next_end`]), for what is to be sent ([`MixRoom::tick`]). So a frame waits for its own samples and
//! for nothing else. All who are silent get the same mix, encoded once per codec; who talks gets one of its own that leaves
//! it out. Nothing is decoded while nobody listens, nothing encoded that nobody takes.
//!
//! The way of the samples: [`ear`] (decoder and line of a talker) → `huitong_mixer` → [`desk`] (limiter and encoders of an
//! output).

mod desk;
mod ear;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use huitong_mixer::{Mixer, Piece, VoiceId};

use crate::{Builtin, Codecs, Input, LINE_RATE, Output};
use desk::Desk;
use ear::Ear;

/// Names somebody who listens; chosen by whoever adds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerId(pub u64);

/// In which codecs a listener takes its mix now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wants {
    /// Players of RTMP and FLV.
    pub aac: bool,
    /// Browsers.
    pub opus: bool,
}

impl Wants {
    /// Whether anything is taken.
    pub const fn any(self) -> bool {
        self.aac || self.opus
    }

    const fn or(self, other: Self) -> Self {
        Self { aac: self.aac || other.aac, opus: self.opus || other.opus }
    }
}

/// Samples of the frames that listeners get: AAC and Opus.
const FRAMES: [i64; 2] = [1024, 960];

/// Samples after which ends of frames come in the same distances again: 320 ms.
pub const CYCLE: i64 = 15_360;

/// The first end of a frame, of either codec, behind a place of the timeline, in samples.
pub const fn next_end(at: i64) -> i64 {
    let [aac, opus] = FRAMES;
    let (aac, opus) = (aac - at.rem_euclid(aac), opus - at.rem_euclid(opus));
    at + if aac < opus { aac } else { opus }
}

/// Who was silent for so many samples, 10 s, gets the mix of all again: two encoders that were fed the same for so long say
/// the same, so nothing is heard of the change.
const SILENT: i64 = 10 * LINE_RATE as i64;

/// How often the loudest are chosen when not all can be mixed, in blocks: about 250 ms, a syllable.
const CHOICE_BLOCKS: i64 = 24;

/// One in so many choices, somebody who is not mixed is decoded all the same, to see whether it talks.
const PROBES: i64 = 4;

/// What happened so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MixCounters {
    /// Coded frames that came.
    pub frames: u64,
    /// Those that did not decode, or came before their header.
    pub damaged: u64,
    /// Sound that was made up because it was lost or late, ms.
    pub concealed_ms: u64,
    /// Sound that came too late or was too much, ms.
    pub dropped_ms: u64,
    /// Coded frames made.
    pub encoded: u64,
}

struct Talker {
    ear: Ear,
    /// It is not among the loudest, when only they are mixed.
    parked: bool,
}

struct Listener {
    own: Vec<VoiceId>,
    wants: Wants,
    /// When its own voice was last in the mix.
    heard: i64,
    /// What leaves it out; `None` while it is silent and gets the mix of all.
    desk: Option<Box<Desk>>,
    header_sent: bool,
}

/// See the module.
pub struct MixRoom {
    codecs: Arc<dyn Codecs>,
    mixer: Mixer,
    talkers: BTreeMap<VoiceId, Talker>,
    listeners: BTreeMap<ListenerId, Listener>,
    everybody: Desk,
    /// The codec header of everything in AAC, once somebody needed it.
    header: Option<Bytes>,
    /// Where the next block begins, in samples.
    at: i64,
    /// Blocks that were made.
    blocks: i64,
    /// What a listener hears, before it is encoded.
    block: Vec<f32>,
    is_resting: bool,
    loudest: Option<usize>,
    gone: MixCounters,
}

impl Default for MixRoom {
    fn default() -> Self {
        Self::new(Arc::new(Builtin), 0)
    }
}

impl MixRoom {
    /// An empty room with these codecs, whose timeline begins at this place, in samples.
    pub fn new(codecs: Arc<dyn Codecs>, at: i64) -> Self {
        Self {
            codecs,
            mixer: Mixer::default(),
            talkers: BTreeMap::new(),
            listeners: BTreeMap::new(),
            everybody: Desk::default(),
            header: None,
            at,
            blocks: 0,
            block: Vec::new(),
            is_resting: true,
            loudest: None,
            gone: MixCounters::default(),
        }
    }

    /// Adds somebody who may talk; one of that name that is there stays.
    pub fn add_talker(&mut self, id: VoiceId) {
        self.talkers.entry(id).or_insert_with(|| Talker { ear: Ear::default(), parked: false });
        self.mixer.add(id);
    }

    /// Takes a talker out; it fades out within 5 ms.
    pub fn remove_talker(&mut self, id: VoiceId) {
        if let Some(talker) = self.talkers.remove(&id) {
            talker.ear.count(&mut self.gone);
        }
        self.mixer.remove(id);
    }

    /// The next piece of a talker's stream, which came so many samples after the end of the last block; of an unknown talker it
    /// is thrown away.
    pub fn push(&mut self, id: VoiceId, input: Input, after: usize) {
        let listened = self.is_listened_to();
        let probing = self.is_probed(id);
        let Some(talker) = self.talkers.get_mut(&id) else { return };
        if !input.is_header() && (!listened || (talker.parked && !probing)) {
            return talker.ear.rest();
        }
        let (samples, made_up) = talker.ear.hear(input.bounded(), &*self.codecs);
        if !talker.parked {
            self.mixer.push(id, Piece { samples, made_up, after });
        }
    }

    /// Adds a listener, or changes which talkers are itself.
    pub fn set_listener(&mut self, id: ListenerId, own: Vec<VoiceId>) {
        let listener = self.listeners.entry(id).or_insert_with(|| Listener {
            own: Vec::new(),
            wants: Wants::default(),
            heard: 0,
            desk: None,
            header_sent: false,
        });
        listener.own = own;
    }

    /// Takes a listener out.
    pub fn remove_listener(&mut self, id: ListenerId) {
        if let Some(desk) = self.listeners.remove(&id).and_then(|listener| listener.desk) {
            self.gone.encoded += desk.encoded();
        }
    }

    /// In which codecs a listener takes its mix from now on.
    pub fn set_wants(&mut self, id: ListenerId, wants: Wants) {
        if let Some(listener) = self.listeners.get_mut(&id) {
            listener.wants = wants;
        }
    }

    /// Whether anybody takes anything. Otherwise nothing is decoded.
    pub fn is_listened_to(&self) -> bool {
        self.listeners.values().any(|listener| listener.wants.any())
    }

    /// How loud everybody was lately, 0 to 1; nobody while nothing is decoded.
    pub fn levels(&self) -> impl Iterator<Item = (VoiceId, f32)> {
        let listened = self.is_listened_to();
        self.talkers.iter().filter(move |_| listened).map(|(id, talker)| (*id, talker.ear.level()))
    }

    /// Mixes only so many, the loudest ones of the last seconds; `None`: everybody. Those who are left out cost a quarter.
    pub fn set_loudest(&mut self, most: Option<usize>) {
        self.loudest = most;
        self.choose();
    }

    /// Where the next block begins, in samples since the timeline's beginning.
    pub const fn now(&self) -> i64 {
        self.at
    }

    /// When the next block is over, in samples since the timeline's beginning: the time to make it.
    pub const fn due(&self) -> i64 {
        next_end(self.at)
    }

    /// Makes the next block and gives every listener what is ready for it. Times of the outputs are on the timeline of the mix.
    pub fn tick(&mut self, mut send: impl FnMut(ListenerId, Output)) {
        let (at, end) = (self.at, self.due());
        let count = (end - at) as usize;
        self.at = end;
        self.blocks += 1;
        if !self.is_listened_to() {
            return self.rest();
        }
        self.is_resting = false;
        self.talkers.values_mut().for_each(|talker| talker.ear.pass(count));
        if self.loudest.is_some() && self.blocks % CHOICE_BLOCKS == 0 {
            self.choose();
        }
        self.mixer.pull(count);
        let shared = self.desks(end);
        let codecs = &*self.codecs;
        self.block.clear();
        self.block.extend_from_slice(self.mixer.total());
        let for_all = self.everybody.take(at, &mut self.block, shared, codecs);
        if self.header.is_none() && self.listeners.values().any(|listener| listener.wants.aac) {
            self.header = desk::aac_header(codecs);
        }
        for (id, listener) in &mut self.listeners {
            let ready = match &mut listener.desk {
                Some(desk) => {
                    self.mixer.without(&listener.own, &mut self.block);
                    desk.take(at, &mut self.block, listener.wants, codecs)
                }
                None => for_all.clone(),
            };
            if listener.wants.aac
                && let Some(Output::Aac { ts_ms, .. }) = &ready.aac
                && !std::mem::replace(&mut listener.header_sent, true)
                && let Some(data) = &self.header
            {
                send(*id, Output::AacHeader { ts_ms: *ts_ms, data: data.clone() });
            }
            ready.aac.filter(|_| listener.wants.aac).into_iter().for_each(|output| send(*id, output));
            ready.opus.filter(|_| listener.wants.opus).into_iter().for_each(|output| send(*id, output));
        }
    }

    /// Gives a desk to who talks, and takes it from who was silent for long. Gives what is wanted of the mix of all.
    fn desks(&mut self, now: i64) -> Wants {
        let mut shared = Wants::default();
        for listener in self.listeners.values_mut() {
            if self.mixer.is_heard(&listener.own) {
                listener.heard = now;
                listener.desk.get_or_insert_with(|| Box::new(self.everybody.fork()));
            } else if now - listener.heard > SILENT
                && let Some(desk) = listener.desk.take()
            {
                self.gone.encoded += desk.encoded();
            }
            if listener.desk.is_none() {
                shared = shared.or(listener.wants);
            }
        }
        shared
    }

    /// Nobody listens: what is said is forgotten.
    fn rest(&mut self) {
        if !std::mem::replace(&mut self.is_resting, true) {
            self.rest_desks();
            self.mixer.rest();
            self.talkers.values_mut().for_each(|talker| talker.ear.forget());
        }
    }

    fn rest_desks(&mut self) {
        self.everybody.rest();
        self.listeners.values_mut().filter_map(|l| l.desk.as_mut()).for_each(|desk| desk.rest());
    }

    /// A block passes without being made: the owner could not keep up.
    pub fn skip(&mut self) {
        self.at = self.due();
        self.rest_desks();
    }

    /// Talkers whose voice is in the newest block.
    pub fn heard(&self) -> usize {
        self.mixer.heard()
    }

    /// Everybody who may talk.
    pub fn talkers(&self) -> usize {
        self.talkers.len()
    }

    /// Listeners that take something, and how many of them have a mix of their own.
    pub fn listening(&self) -> (usize, usize) {
        let taking = self.listeners.values().filter(|listener| listener.wants.any());
        taking.fold((0, 0), |(all, own), l| (all + 1, own + usize::from(l.desk.is_some())))
    }

    /// What happened so far.
    pub fn counters(&self) -> MixCounters {
        let mut sum = self.gone;
        self.talkers.values().for_each(|talker| talker.ear.count(&mut sum));
        let mixed = self.mixer.counters();
        sum.concealed_ms += mixed.carried / 48;
        sum.dropped_ms += mixed.dropped / 48;
        let own = self.listeners.values().filter_map(|listener| listener.desk.as_ref());
        sum.encoded += self.everybody.encoded() + own.map(|desk| desk.encoded()).sum::<u64>();
        sum
    }

    fn is_probed(&self, id: VoiceId) -> bool {
        let turn = (self.blocks / CHOICE_BLOCKS) % PROBES;
        i64::try_from(id.0 % PROBES as u64).is_ok_and(|own| own == turn)
    }

    /// Parks all but the loudest.
    fn choose(&mut self) {
        let mut levels: Vec<(f32, VoiceId)> =
            self.talkers.iter().map(|(id, t)| (t.ear.level(), *id)).collect();
        levels.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let most = self.loudest.unwrap_or(usize::MAX);
        for (place, (_, id)) in levels.into_iter().enumerate() {
            let Some(talker) = self.talkers.get_mut(&id) else { continue };
            let park = place >= most;
            if std::mem::replace(&mut talker.parked, park) == park {
                continue;
            }
            if park {
                self.mixer.remove(id);
            } else {
                self.mixer.add(id);
            }
        }
    }
}
