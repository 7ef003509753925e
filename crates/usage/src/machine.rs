//! The machine.

use crate::day::Day;
use crate::io::{Input, Output, Part, Settings};
use crate::quota::{Account, Quota, Rates, Spent};
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
    /// Streams that are played by others than members.
    pub guests: usize,
    /// Streams that are published or played.
    pub streams: usize,
    /// Applications that have used up a quota.
    pub over: usize,
}

/// Who receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    /// A member.
    Member(SessionId),
    /// All together who play this stream and are no members.
    Guests(StreamId),
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
    viewers: BTreeSet<Who>,
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
    stays: BTreeMap<Who, Stay>,
    /// When which stay is told.
    due: BTreeSet<(Moment, Who)>,
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
            Input::Allow { app, quota } => {
                self.account(app).into_iter().for_each(|account| account.quota = quota);
            }
            Input::TellAll { app } => self.tell_all(app),
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
            Input::Guests { stream, app, room, user, many } => self.guests(stream, app, room, user, many),
            Input::StreamEnded { stream } => self.stream_ended(stream),
            Input::Close => {
                while let Some(who) = self.stays.keys().next().copied() {
                    self.ended(who, true);
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

    /// What an application may use, and what it has used up to the last call of [`Usage::handle`], on the day that it is then.
    /// `None` for one that is not among those of the settings.
    pub fn spent(&self, app: AppId) -> Option<(Quota, Spent)> {
        self.accounts.get(&app).map(|account| (account.quota, account.spent(self.now)))
    }

    /// The day of the bill that it is.
    pub const fn today(&self) -> Day {
        self.today
    }

    /// How much is held now.
    pub fn sizes(&self) -> Sizes {
        let over = self.accounts.values().filter(|account| account.over.is_some()).count();
        let guests = self.stays.keys().filter(|who| matches!(who, Who::Guests(_))).count();
        Sizes { stays: self.stays.len() - guests, guests, streams: self.streams.len(), over }
    }

    fn entered(&mut self, session: SessionId, app: AppId, room: RoomId, user: UserId) {
        // Whoever enters another room without leaving the first one has left it.
        self.left(session);
        self.begin(Who::Member(session), app, room, user);
    }

    /// A name for a stay that begins now. A later start of the server has another time, and within one the number differs.
    fn fresh_name(&mut self) -> String {
        self.numbers = self.numbers.saturating_add(1);
        format!("{:x}-{:x}", self.unix_ms, self.numbers)
    }

    fn begin(&mut self, who: Who, app: AppId, room: RoomId, user: UserId) {
        let (day, at) = (Day::of(self.unix_ms, self.offset), self.unix_ms);
        let part = Part {
            stay: self.fresh_name(),
            day,
            app,
            room,
            user,
            guests: matches!(who, Who::Guests(_)),
            started_ms: at,
            ended_ms: at,
            open: true,
            totals: Totals::default(),
        };
        let due = self.now + CHECKPOINT;
        self.due.insert((due, who));
        let stay = Stay::new(part, self.now, due);
        self.pace(&stay.part, Rates::default(), stay.rates());
        self.stays.insert(who, stay);
    }

    /// So many play a stream who are no members.
    fn guests(&mut self, stream: StreamId, app: AppId, room: RoomId, user: UserId, many: u64) {
        let who = Who::Guests(stream);
        if many == 0 {
            return self.ended(who, false);
        }
        if !self.stays.contains_key(&who) {
            self.begin(who, app, room, user);
            self.watches(who, stream, true);
        }
        self.alter(who, |stay| stay.times = many);
    }

    fn left(&mut self, session: SessionId) {
        self.ended(Who::Member(session), false);
    }

    /// Counts a stay no further. It is `open` if its member has not left.
    fn ended(&mut self, who: Who, open: bool) {
        self.count(who);
        let Some(stay) = self.stays.remove(&who) else { return };
        self.pace(&stay.part, stay.rates(), Rates::default());
        self.due.remove(&(stay.due, who));
        for stream in stay.receives {
            if let Some(known) = self.streams.get_mut(&stream) {
                known.viewers.remove(&who);
            }
            self.tidy(stream);
        }
        for stream in stay.own {
            self.stream_ended(stream);
        }
        self.out.push_back(Output::Keep(Box::new(Part { open, ..stay.part })));
    }

    fn announced(&mut self, session: SessionId, stream: StreamId, audio: bool, video: bool) {
        let who = Who::Member(session);
        if !self.stays.contains_key(&who) {
            return;
        }
        self.count(who);
        let on = audio || video;
        if let Some(stay) = self.stays.get_mut(&who) {
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
        let who = Who::Member(session);
        if self.stays.get(&who).is_some_and(|stay| stay.receives.contains(&stream) != video) {
            self.watches(who, stream, video);
        }
    }

    /// Somebody who is counted plays a stream with its pictures from now on, or no longer.
    fn watches(&mut self, who: Who, stream: StreamId, video: bool) {
        let known = self.streams.entry(stream).or_default();
        let tier = known.received();
        if video {
            known.viewers.insert(who)
        } else {
            known.viewers.remove(&who)
        };
        self.alter(who, |stay| {
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
            let viewers: Vec<Who> = stream.viewers.iter().copied().collect();
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
        self.ended(Who::Guests(id), false);
        if let Some(owner) = self.streams.get(&id).and_then(|stream| stream.owner).map(Who::Member) {
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
    fn count(&mut self, who: Who) {
        let Some(stay) = self.stays.get_mut(&who) else { return };
        let (done, pieces) = stay.count(self.now, self.unix_ms, self.offset);
        let (app, guests) = (stay.part.app, stay.part.guests);
        self.out.extend(done.into_iter().map(|part| Output::Keep(Box::new(part))));
        // What guests use is measured against no quota: an address that got around would lock members out.
        if !guests {
            self.spend(app, pieces);
        }
        self.leave_the_future(who);
    }

    /// A clock that was ahead by days and is right again has left a stay in a day to come, where no quota of today would see it: it
    /// goes on as another one. A step back over a midnight alone is none of that.
    fn leave_the_future(&mut self, who: Who) {
        let (today, at) = (Day::of(self.unix_ms, self.offset), self.unix_ms);
        let ahead = |stay: &Stay| stay.part.day.number().saturating_sub(today.number()) > 1;
        if !self.stays.get(&who).is_some_and(ahead) {
            return;
        }
        let stay = self.fresh_name();
        let Some(known) = self.stays.get_mut(&who) else { return };
        let totals = Totals::default();
        let next = Part { stay, day: today, started_ms: at, ended_ms: at, totals, ..known.part.clone() };
        let before = std::mem::replace(&mut known.part, next);
        self.out.push_back(Output::Keep(Box::new(Part { open: false, ..before })));
    }

    /// Changes what a stay receives, after its time up to now is counted as things were.
    fn alter(&mut self, who: Who, change: impl FnOnce(&mut Stay)) {
        self.count(who);
        // Taken out and put back, so that its account can be changed beside it.
        let Some(mut stay) = self.stays.remove(&who) else { return };
        let before = stay.rates();
        change(&mut stay);
        self.pace(&stay.part, before, stay.rates());
        self.stays.insert(who, stay);
    }

    fn account(&mut self, app: AppId) -> Option<&mut Account> {
        let account = self.accounts.get_mut(&app)?;
        self.changed.insert(app);
        Some(account)
    }

    fn restore(&mut self, app: AppId, day: Day, totals: Totals) {
        self.account(app).into_iter().for_each(|account| account.restore(day, totals));
    }

    fn pace(&mut self, part: &Part, before: Rates, after: Rates) {
        let now = self.now;
        if before != after && !part.guests {
            self.account(part.app).into_iter().for_each(|account| account.pace(now, before, after));
        }
    }

    fn spend(&mut self, app: AppId, pieces: Vec<Piece>) {
        if let Some(account) = self.account(app) {
            pieces.into_iter().for_each(|(day, totals)| account.add(day, totals));
        }
    }

    /// Tells of every stay of an application what it has used. When each is told next does not change.
    fn tell_all(&mut self, app: AppId) {
        let all = self.stays.iter().filter(|(_, stay)| stay.part.app == app);
        let all: Vec<Who> = all.map(|(who, _)| *who).collect();
        for who in all {
            self.count(who);
            if let Some(stay) = self.stays.get(&who) {
                self.out.push_back(Output::Keep(Box::new(stay.part.clone())));
            }
        }
    }

    fn tell_due(&mut self) {
        while let Some((at, who)) = self.due.first().copied().filter(|(at, _)| *at <= self.now) {
            self.due.remove(&(at, who));
            self.count(who);
            let Some(stay) = self.stays.get_mut(&who) else { continue };
            stay.due = self.now + CHECKPOINT;
            self.due.insert((stay.due, who));
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
        let mut reached = Vec::new();
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
                reached.extend(over.map(|_limit| *app));
            }
        }
        // From here on it matters who is inside, also after a crash.
        reached.into_iter().for_each(|app| self.tell_all(app));
    }
}
