//! The task that owns the engine.

use super::media::{MediaDesk, MediaEvent};
use super::{Books, Load, Work, notes, origin};
use crate::call_book::CallBook;
use crate::clock::{Clock, unix_ms};
use crate::conference_book::ConferenceBook;
use crate::mixing::Mixers;
use crate::passwords::{Job, Passwords};
use crate::url_book::UrlBook;
use crate::usage_book::UsageBook;
use huitong_engine::{ApiResult, ConnId, Engine, Input, MediaTicket, Note, Output, Suspender, TrackFlags};
use huitong_fanout::{Fanout, MediaControl, MediaOrder, Ticket, Tracks};
use huitong_gateway_signal::{Outbox, SignalEvent};
use huitong_protocol::VoiceLevel;
use huitong_protocol::api::{Account, Quota};
use huitong_store::Store;
use huitong_types::{AppId, ErrorCode, Fault};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{mpsc, oneshot, watch};

/// Works taken from the mailbox in one turn, so that timers and media connections are not kept waiting.
const TURN: usize = 256;

pub(super) struct EngineTask {
    engine: Engine,
    clock: Clock,
    fanout: Fanout,
    connections: HashMap<ConnId, Outbox>,
    media: HashMap<Ticket, MediaControl>,
    calls: HashMap<u64, oneshot::Sender<ApiResult>>,
    next_call: u64,
    load: watch::Sender<Load>,
    mixers: Mixers,
    urls: UrlBook,
    call_book: CallBook,
    conferences: ConferenceBook,
    usage: UsageBook,
    store: Store,
    passwords: Passwords,
}

impl EngineTask {
    /// An engine that is told what was `kept` from before.
    pub(super) fn new(
        engine: Engine,
        clock: Clock,
        fanout: Fanout,
        mixers: Mixers,
        load: watch::Sender<Load>,
        store: Store,
        books: Books,
    ) -> Self {
        let (used, allowed) = (&books.used, &books.allowed);
        let usage = UsageBook::new(&books.counting, used, allowed, fanout.clone(), store.clone(), unix_ms());
        let mut task = Self {
            engine,
            clock,
            fanout,
            connections: HashMap::new(),
            media: HashMap::new(),
            calls: HashMap::new(),
            next_call: 1,
            load,
            mixers,
            urls: books.urls,
            call_book: books.calls,
            conferences: books.conferences,
            usage,
            store,
            passwords: books.passwords,
        };
        for input in books.kept {
            task.feed(input);
        }
        task.settle_usage();
        task
    }

    /// Runs until every sender of works is gone.
    pub(super) async fn run(mut self, mut works: mpsc::Receiver<Work>, desk: Arc<MediaDesk>) {
        let mut turn = Vec::with_capacity(TURN);
        loop {
            let engine_at = self.engine.next_deadline().map(|(at, _why)| at);
            let books_at = self.usage.next_deadline().into_iter().chain(self.conferences.next_deadline());
            let due = engine_at.into_iter().chain(books_at).min();
            let timer = due.map(|at| self.clock.instant(at));
            let wait = async {
                match timer {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                taken = works.recv_many(&mut turn, TURN) => if taken == 0 { return },
                () = desk.arrived() => {}
                () = wait => {}
                Some(done) = self.passwords.next() => self.feed(done),
            }
            let began = Instant::now();
            for event in desk.take() {
                self.media_event(event);
            }
            for work in turn.drain(..) {
                self.work(work);
            }
            if self.engine.next_deadline().is_some_and(|(at, _why)| at <= self.clock.now()) {
                self.feed(Input::Tick);
            }
            self.settle_usage();
            self.conferences.settle(&self.engine, self.clock.now());
            self.report_load();
            metrics::histogram!("huitong_engine_batch_seconds").record(began.elapsed());
        }
    }

    /// Counts what is due and lets the engine hear of quotas.
    fn settle_usage(&mut self) {
        for input in self.usage.settle(self.clock.now(), unix_ms()) {
            self.feed(input);
        }
    }

    fn report_load(&self) {
        let load = Load { signalling: self.connections.len(), media: self.media.len() };
        metrics::gauge!("huitong_media_connections").set(load.media as f64);
        self.load.send_if_modified(|known| std::mem::replace(known, load) != load);
    }

    fn work(&mut self, work: Work) {
        match work {
            Work::Signal(SignalEvent::Opened { conn, remote, media, outbox }) => {
                let conn = ConnId(conn.0);
                self.connections.insert(conn, outbox);
                self.feed(Input::Connected {
                    conn,
                    remote: remote.to_string(),
                    origin: origin::of(remote.ip()),
                });
                if let Some(media) = media {
                    self.feed(Input::ReachesMedia { conn, media });
                }
            }
            Work::Signal(SignalEvent::Text { conn, text }) => {
                self.feed(Input::Frame { conn: ConnId(conn.0), text })
            }
            Work::Signal(SignalEvent::Bad { conn, fault }) => {
                self.feed(Input::BadFrame { conn: ConnId(conn.0), fault });
            }
            Work::Signal(SignalEvent::Closed { conn }) => {
                let conn = ConnId(conn.0);
                self.connections.remove(&conn);
                self.feed(Input::Disconnected { conn });
            }
            Work::Api { app, call: request, answer } => {
                let call = self.next_call;
                self.next_call += 1;
                self.calls.insert(call, answer);
                self.feed(Input::Api { call, app, request });
            }
            Work::Sizes(answer) => {
                // A scrape that gave up needs no answer.
                let _given_up = answer.send(self.engine.sizes());
            }
            Work::Accounts(app, answer) => {
                let _given_up = answer.send(self.accounts(app));
            }
            Work::Allow(app, quota, answer) => {
                self.allow(app, quota);
                let _given_up = answer.send(self.accounts(Some(app)));
            }
            Work::Drain(within) => self.feed(Input::Drain { within }),
            Work::Shutdown(answer) => {
                // Before seats are left: who is inside now comes back to the next server, whatever that admits.
                self.usage.close(self.clock.now(), unix_ms());
                self.feed(Input::Shutdown);
                self.conferences.close(&self.engine, self.clock.now());
                self.settle_usage();
                // Whoever asked may have gone on without an answer.
                let _gone_on = answer.send(());
            }
        }
    }

    fn media_event(&mut self, event: MediaEvent) {
        match event {
            MediaEvent::Publish { ticket, key, control } => {
                self.media.insert(ticket, control);
                self.feed(Input::PublishRequested { ticket: MediaTicket(ticket.0), key });
            }
            MediaEvent::Play { ticket, key, control } => {
                self.media.insert(ticket, control);
                self.feed(Input::PlayRequested { ticket: MediaTicket(ticket.0), key });
            }
            MediaEvent::Seen { ticket, tracks } => {
                let tracks = TrackFlags { audio: tracks.audio, video: tracks.video };
                self.feed(Input::TracksSeen { ticket: MediaTicket(ticket.0), tracks });
            }
            MediaEvent::Closed { ticket, deliberate } => {
                self.media.remove(&ticket);
                self.feed(Input::MediaClosed { ticket: MediaTicket(ticket.0), deliberate });
            }
        }
    }

    /// One input, and everything that follows from it.
    fn feed(&mut self, input: Input) {
        self.engine.handle(self.clock.now(), unix_ms(), input);
        while let Some(output) = self.engine.poll_output() {
            self.dispatch(output);
        }
    }

    /// How these applications stand, or all of them.
    fn accounts(&mut self, app: Option<AppId>) -> Vec<Account> {
        self.usage.look(self.clock.now(), unix_ms());
        self.settle_usage();
        let apps: Vec<AppId> =
            self.usage.apps().filter(|known| app.is_none_or(|app| app == *known)).collect();
        apps.into_iter().filter_map(|app| self.usage.account(app, self.engine.suspension(app))).collect()
    }

    /// Lets an application use something else from now on.
    fn allow(&mut self, app: AppId, quota: Option<Quota>) {
        if self.usage.apps().all(|known| known != app) {
            return;
        }
        let told = quota.and_then(|quota| serde_json::to_string(&quota).ok());
        let detail = told.unwrap_or_else(|| "as configured".to_owned());
        notes::write(&Note { what: "quota-set", conn: None, app: Some(app), room: None, user: None, detail });
        self.usage.allow(self.clock.now(), unix_ms(), app, quota);
        self.settle_usage();
    }

    /// Has a password hashed or checked. What cannot be done now is answered at once.
    fn password(&mut self, job: Job) {
        if let Some(failed) = self.passwords.give(job) {
            self.engine.handle(self.clock.now(), unix_ms(), failed);
        }
    }

    /// Answers how loud voices are.
    fn tell_levels(&mut self, conn: ConnId, id: u32, levels: Vec<VoiceLevel>) {
        self.engine.handle(self.clock.now(), unix_ms(), Input::Levels { conn, id, levels });
    }

    fn dispatch(&mut self, output: Output) {
        match output {
            Output::Send { conn, text } => {
                if let Some(outbox) = self.connections.get(&conn) {
                    outbox.send(text);
                }
            }
            Output::Push { conn, push } => {
                if let Some(outbox) = self.connections.get(&conn) {
                    outbox.send_later(push.size(), Box::new(move || push.render()));
                }
            }
            Output::Close { conn, code, reason } => {
                if let Some(outbox) = self.connections.get(&conn) {
                    outbox.close(code, reason);
                }
            }
            Output::PublishAccepted { ticket, stream, pace, allowed, label } => {
                tracing::info!(ticket = %Ticket(ticket.0), app = label.app.get(), room = %label.room,
                    user = %label.user, stream = label.kind.as_str(), "publishing");
                let grant = self.fanout.grant_publish(stream, pace.scene);
                self.order(ticket, MediaOrder::PublishAccepted { grant, allowed: tracks(allowed) });
            }
            Output::PublishAllowed { ticket, allowed } => {
                self.order(ticket, MediaOrder::Allowed(tracks(allowed)))
            }
            Output::PlayAccepted { ticket, stream, tracks: wanted, label, .. } => {
                tracing::info!(ticket = %Ticket(ticket.0), app = label.app.get(), room = %label.room,
                    user = %label.user, stream = label.kind.as_str(), "playing");
                let order = match self.fanout.grant_play(stream) {
                    Some(grant) => MediaOrder::PlayAccepted { grant, tracks: tracks(wanted) },
                    None => MediaOrder::Close(Fault::because(ErrorCode::NotFound, "The stream is over.")),
                };
                self.order(ticket, order);
            }
            Output::PlayTracks { ticket, tracks: wanted } => {
                self.order(ticket, MediaOrder::Tracks(tracks(wanted)))
            }
            Output::CloseMedia { ticket, fault } => {
                tracing::info!(ticket = %Ticket(ticket.0), code = fault.code.as_str(), "closing media: {}",
                    fault.message);
                self.order(ticket, MediaOrder::Close(fault));
            }
            Output::StreamEnded { stream } => {
                self.usage.stream_ended(self.clock.now(), unix_ms(), stream);
                self.fanout.end_stream(stream);
            }
            Output::Stay(event) => self.usage.stay(self.clock.now(), unix_ms(), event),
            Output::KeepSuspension { app, by, suspended } => self.keep_suspension(app, by, suspended),
            Output::Mix(order) => self.mixers.order(order),
            Output::AskLevels { conn, id, mix, voices } => {
                self.tell_levels(conn, id, self.mixers.levels(mix, voices));
            }
            Output::KeepUrl(record) => self.urls.keep(&record),
            Output::DropUrl(key) => self.urls.withdraw(&key),
            Output::CallStarted(log) => self.call_book.started(&log),
            Output::CallFinished(log) => self.call_book.finished(&log),
            Output::KeepGroup { app, group, members } => self.call_book.keep_group(app, &group, &members),
            Output::DropGroup { app, group } => self.call_book.drop_group(app, &group),
            Output::ConferenceChanged { name, change } => {
                self.conferences.changed(&self.engine, self.clock.now(), name, change);
            }
            Output::ConferenceOver { app, name } => self.conferences.over(self.clock.now(), app, name),
            Output::HashPassword { conference, password } => {
                self.password(Job::Hash { conference, password });
            }
            Output::CheckPassword { ask, password, hash } => {
                self.password(Job::Check { ask, password, hash });
            }
            Output::ApiDone { call, result } => {
                if let Some(answer) = self.calls.remove(&call) {
                    // A caller that gave up needs no answer.
                    let _given_up = answer.send(result);
                }
            }
            Output::Note(note) => notes::write(&note),
        }
    }

    fn keep_suspension(&mut self, app: AppId, by: Suspender, suspended: bool) {
        match by {
            Suspender::BackEnd => self.store.suspend(app, huitong_store::Suspender::BackEnd, suspended),
            Suspender::Operator => self.store.suspend(app, huitong_store::Suspender::Operator, suspended),
            // It is kept in its file.
            Suspender::Configuration => {}
        }
        if suspended {
            self.usage.tell_all(self.clock.now(), unix_ms(), app);
        }
    }

    /// Gives an order. A connection whose mailbox is full is stuck: dropping its mailbox ends it.
    fn order(&mut self, ticket: MediaTicket, order: MediaOrder) {
        let ticket = Ticket(ticket.0);
        let Some(control) = self.media.get(&ticket) else { return };
        if let Err(mpsc::error::TrySendError::Full(_)) = control.try_send(order) {
            tracing::warn!(%ticket, "a media connection takes no orders and is dropped");
            self.media.remove(&ticket);
        }
    }
}

const fn tracks(flags: TrackFlags) -> Tracks {
    Tracks { audio: flags.audio, video: flags.video }
}
