//! The machine.

use crate::day::Day;
use crate::io::{Input, Output, Part, Settings};
use crate::quota::{Account, Rates};
use crate::stay::{Piece, Stay};
use crate::totals::{Tier, Totals};
use huitong_types::{AppId, Moment, RoomId, SessionId, StreamId, UserId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// How often what a stay has used is told while it goes on: so much a crash may cost it at most. With 100 000 members
/// that are 1700 rows a second, spread evenly because each stay has its own beginning.
pub const CHECKPOINT: Duration = Duration::from_secs(60);

/// How much the machine holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Members that are counted.
    pub stays: usize,
    /// Streams that are published or played.
    pub streams: usize,
    /// Applications that have used up a quota.
    pub over: usize,
}

/// A stream.
#[derive(Clone, Debug, Default)]
struct Stream {
    /// Who publishes it.
    owner: Option<SessionId>,
    /// Whether its picture is on.
    video: bool,
    /// The tier of the pictures that come.
    tier: Option<Tier>,
    /// Who plays it with pictures.
    viewers: BTreeSet<SessionId>,
}

impl Stream {
    /// What its viewers receive now.
    fn received(&self) -> Option<Tier> {
        self.tier.filter(|_| self.video)
    }
}

/// Counts what is used.
///
/// What it holds is bounded by members and media connections, which its giver bounds: a stay ends with its seat, a stream
/// is forgotten when nobody publishes or plays it.
#[derive(Debug)]
pub struct Usage {
    offset: i32,
    now: Moment,
    unix_ms: u64,
    stays: BTreeMap<SessionId, Stay>,
    /// When which stay is told.
    due: BTreeSet<(Moment, SessionId)>,
    streams: BTreeMap<StreamId, Stream>,
    /// Those of them whose pictures somebody receives if any come.
    watched: BTreeSet<StreamId>,
    accounts: BTreeMap<AppId, Account>,
    /// Accounts in which something changed since they were looked at.
    changed: BTreeSet<AppId>,
    /// The day by the wall clock.
    today: Day,
    /// Stays so far.
    numbers: u64,
    out: VecDeque<Output>,
}

impl Usage {
    /// A machine that has counted nothing yet; `unix_ms` is the wall clock now.
    pub fn new(settings: &Settings, unix_ms: u64) -> Self {
        let offset = settings.day_offset_minutes;
        let today = Day::of(unix_ms, offset);
        let accounts =
            settings.quotas.iter().map(|(app, quota)| (*app, Account::new(*quota, today))).collect();
        let changed = settings.quotas.keys().copied().collect();
        Self {
            offset,
            now: Moment::ZERO,
            unix_ms,
            stays: BTreeMap::new(),
            due: BTreeSet::new(),
            streams: BTreeMap::new(),
            watched: BTreeSet::new(),
            accounts,
            changed,
            today,
            numbers: 0,
            out: VecDeque::new(),
        }
    }

    /// Lets something happen. `now` never runs backwards; `unix_ms` is the wall clock, which may.
    pub fn handle(&mut self, now: Moment, unix_ms: u64, input: Input) {
        self.now = self.now.max(now);
        self.unix_ms = unix_ms;
        // Before anything is counted: what is under way is divided at midnight.
        self.turn_day();
        match input {
            Input::Before { app, day, totals } => self.restore(app, day, totals),
            Input::Entered { session, app, room, user } => self.entered(session, app, room, user),
            Input::Left { session } => self.left(session),
            Input::Announced { session, stream, audio, video } => {
                self.announced(session, stream, audio, video)
            }
            Input::Receives { session, stream, video } => self.receives(session, stream, video),
            Input::Picture { stream, size } => {
                let tier = size.map(|(width, height)| Tier::of(width, height));
                self.change(stream, |stream| stream.tier = tier);
            }
            Input::StreamEnded { stream } => self.stream_ended(stream),
            Input::Close => {
                while let Some(session) = self.stays.keys().next().copied() {
                    self.left(session);
                }
            }
            Input::Tick => {}
        }
        self.tell_due();
        self.look_at_quotas();
    }

    /// The next thing to be done, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When to call [`Usage::handle`] with [`Input::Tick`] at the latest: a stay has to be told, a limit will be reached, or
    /// an application that is over its quota may have another day.
    pub fn next_deadline(&self) -> Option<Moment> {
        let told = self.due.first().map(|(at, _)| *at);
        let reached = self.accounts.values().filter_map(|account| account.due);
        let over = self.accounts.values().any(|account| account.over.is_some());
        // At midnight; and now and then before, since the wall clock may be set.
        let to_midnight = self.today.end_ms(self.offset).saturating_sub(self.unix_ms).max(1);
        let again = over.then(|| self.now + CHECKPOINT.min(Duration::from_millis(to_midnight)));
        told.into_iter().chain(reached).chain(again).min()
    }

    /// Streams whose pictures somebody receives if any come: whoever feeds the machine has to know of these, and of no
    /// others, what size they have.
    pub fn watched(&self) -> impl Iterator<Item = StreamId> {
        self.watched.iter().copied()
    }

    /// How much is held now.
    pub fn sizes(&self) -> Sizes {
        let over = self.accounts.values().filter(|account| account.over.is_some()).count();
        Sizes { stays: self.stays.len(), streams: self.streams.len(), over }
    }

    fn entered(&mut self, session: SessionId, app: AppId, room: RoomId, user: UserId) {
        // Whoever enters another room without leaving the first one has left it.
        self.left(session);
        self.numbers = self.numbers.saturating_add(1);
        let (day, at) = (Day::of(self.unix_ms, self.offset), self.unix_ms);
        let part = Part {
            // A later start of the server has another time, and within one the number differs.
            stay: format!("{at:x}-{:x}", self.numbers),
            day,
            app,
            room,
            user,
            started_ms: at,
            ended_ms: at,
            open: true,
            totals: Totals::default(),
        };
        let due = self.now + CHECKPOINT;
        self.due.insert((due, session));
        let stay = Stay::new(part, self.now, due);
        self.pace(app, Rates::default(), stay.rates());
        self.stays.insert(session, stay);
    }

    fn left(&mut self, session: SessionId) {
        self.count(session);
        let Some(stay) = self.stays.remove(&session) else { return };
        self.pace(stay.part.app, stay.rates(), Rates::default());
        self.due.remove(&(stay.due, session));
        for stream in stay.receives {
            if let Some(known) = self.streams.get_mut(&stream) {
                known.viewers.remove(&session);
            }
            self.tidy(stream);
        }
        for stream in stay.own {
            self.stream_ended(stream);
        }
        self.out.push_back(Output::Keep(Box::new(Part { open: false, ..stay.part })));
    }

    fn announced(&mut self, session: SessionId, stream: StreamId, audio: bool, video: bool) {
        if !self.stays.contains_key(&session) {
            return;
        }
        self.count(session);
        let on = audio || video;
        if let Some(stay) = self.stays.get_mut(&session) {
            if audio {
                stay.speaking.insert(stream)
            } else {
                stay.speaking.remove(&stream)
            };
            if on {
                stay.own.insert(stream)
            } else {
                stay.own.remove(&stream)
            };
        }
        self.change(stream, |stream| {
            stream.owner = on.then_some(session);
            stream.video = video;
        });
    }

    fn receives(&mut self, session: SessionId, stream: StreamId, video: bool) {
        let Some(stay) = self.stays.get(&session) else { return };
        if stay.receives.contains(&stream) == video {
            return;
        }
        let known = self.streams.entry(stream).or_default();
        let tier = known.received();
        if video {
            known.viewers.insert(session)
        } else {
            known.viewers.remove(&session)
        };
        self.alter(session, |stay| {
            if video {
                stay.receives.insert(stream);
                tier.into_iter().for_each(|tier| stay.picture_on(tier));
            } else {
                stay.receives.remove(&stream);
                tier.into_iter().for_each(|tier| stay.picture_off(tier));
            }
        });
        self.tidy(stream);
    }

    /// Changes a stream, and what its viewers receive with it.
    fn change(&mut self, id: StreamId, change: impl FnOnce(&mut Stream)) {
        let stream = self.streams.entry(id).or_default();
        let before = stream.received();
        change(stream);
        let after = stream.received();
        if before != after {
            let viewers: Vec<SessionId> = stream.viewers.iter().copied().collect();
            for viewer in viewers {
                self.alter(viewer, |stay| {
                    before.into_iter().for_each(|tier| stay.picture_off(tier));
                    after.into_iter().for_each(|tier| stay.picture_on(tier));
                });
            }
        }
        self.tidy(id);
    }

    fn stream_ended(&mut self, id: StreamId) {
        if let Some(owner) = self.streams.get(&id).and_then(|stream| stream.owner) {
            self.count(owner);
            if let Some(stay) = self.stays.get_mut(&owner) {
                stay.speaking.remove(&id);
                stay.own.remove(&id);
            }
        }
        self.change(id, |stream| (stream.owner, stream.video, stream.tier) = (None, false, None));
        self.watched.remove(&id);
        let Some(stream) = self.streams.remove(&id) else { return };
        for viewer in stream.viewers {
            if let Some(stay) = self.stays.get_mut(&viewer) {
                stay.receives.remove(&id);
            }
        }
    }

    /// Forgets a stream that nobody publishes or plays, and the size of one that nobody plays: it is not watched.
    fn tidy(&mut self, id: StreamId) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        if stream.video && !stream.viewers.is_empty() {
            self.watched.insert(id);
        } else {
            self.watched.remove(&id);
        }
        if stream.viewers.is_empty() {
            stream.tier = None;
            if stream.owner.is_none() {
                self.streams.remove(&id);
            }
        }
    }

    /// Counts the time of a stay up to now as things are.
    fn count(&mut self, session: SessionId) {
        let Some(stay) = self.stays.get_mut(&session) else { return };
        let (done, pieces) = stay.count(self.now, self.unix_ms, self.offset);
        let app = stay.part.app;
        self.out.extend(done.into_iter().map(|part| Output::Keep(Box::new(part))));
        self.spend(app, pieces);
    }

    /// Changes what a stay receives, after its time up to now is counted as things were.
    fn alter(&mut self, session: SessionId, change: impl FnOnce(&mut Stay)) {
        self.count(session);
        let Some(stay) = self.stays.get_mut(&session) else { return };
        let before = stay.rates();
        change(stay);
        let (app, after) = (stay.part.app, stay.rates());
        self.pace(app, before, after);
    }

    fn account(&mut self, app: AppId) -> Option<&mut Account> {
        let account = self.accounts.get_mut(&app)?;
        self.changed.insert(app);
        Some(account)
    }

    fn restore(&mut self, app: AppId, day: Day, totals: Totals) {
        self.account(app).into_iter().for_each(|account| account.restore(day, totals));
    }

    fn pace(&mut self, app: AppId, before: Rates, after: Rates) {
        let now = self.now;
        if before != after {
            self.account(app).into_iter().for_each(|account| account.pace(now, before, after));
        }
    }

    fn spend(&mut self, app: AppId, pieces: Vec<Piece>) {
        if let Some(account) = self.account(app) {
            pieces.into_iter().for_each(|(day, totals)| account.add(day, totals));
        }
    }

    fn tell_due(&mut self) {
        while let Some((at, session)) = self.due.first().copied().filter(|(at, _)| *at <= self.now) {
            self.due.remove(&(at, session));
            self.count(session);
            let Some(stay) = self.stays.get_mut(&session) else { continue };
            stay.due = self.now + CHECKPOINT;
            self.due.insert((stay.due, session));
            self.out.push_back(Output::Keep(Box::new(stay.part.clone())));
        }
    }

    fn turn_day(&mut self) {
        let today = Day::of(self.unix_ms, self.offset);
        if today == self.today {
            return;
        }
        let since_midnight = self.unix_ms.saturating_sub(today.begin_ms(self.offset));
        let midnight = self.now - Duration::from_millis(since_midnight);
        for (app, account) in &mut self.accounts {
            account.turn(today, midnight);
            self.changed.insert(*app);
        }
        self.today = today;
    }

    fn look_at_quotas(&mut self) {
        let changed = std::mem::take(&mut self.changed);
        let now = self.now;
        let due = |account: &Account| account.due.is_some_and(|at| at <= now);
        for (app, account) in
            self.accounts.iter_mut().filter(|(app, account)| changed.contains(app) || due(account))
        {
            let over = account.look(now);
            if account.over != over {
                account.over = over;
                self.out.push_back(Output::Quota { app: *app, over });
            }
        }
    }
}
