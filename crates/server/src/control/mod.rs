//! The control side: one task owns the engine, everything else talks to it through bounded mailboxes.
//!
//! Signalling and API calls wait when the mailbox is full, which stops the reading of the connections they
//! come from. Media connections cannot wait (see [`Authority`]); theirs is [`media::MediaDesk`].

mod media;
mod notes;
mod origin;
mod task;

use crate::call_book::CallBook;
use crate::clock::Clock;
use crate::conference_book::ConferenceBook;
use crate::error::ServerError;
use crate::mixing::Mixers;
use crate::passwords::Passwords;
use crate::url_book::UrlBook;
use huitong_engine::{ApiCall, ApiResult, Engine, EngineConfig, Input, Sizes};
use huitong_fanout::{Authority, Fanout, MediaControl, Ticket, Tracks};
use huitong_gateway_signal::{SignalEvent, SignalSink, SinkGone};
use huitong_protocol::api::{Account, Quota};
use huitong_store::{QuotaRow, Store, UsageDay};
use huitong_types::{AppId, ErrorCode, Fault, StreamKey};
use huitong_usage::Settings;
use media::{MediaDesk, MediaEvent};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

pub(crate) use notes::describe_metrics;

/// Events and calls waiting for the engine at most. The engine takes some microseconds for each, so a full
/// mailbox is some tens of milliseconds of work; whoever sends more than that waits.
const MAILBOX: usize = 8192;

/// How long an API call may take. The engine answers in microseconds; a wait means that it is overrun.
const API_TIMEOUT: Duration = Duration::from_secs(5);

/// One thing for the engine to do.
pub(crate) enum Work {
    /// From a signalling connection.
    Signal(SignalEvent),
    /// A call of the back-end API.
    Api { app: AppId, call: ApiCall, answer: oneshot::Sender<ApiResult> },
    /// The server goes down.
    Drain(Duration),
    /// The server ends now; answered when everything that follows is handed over.
    Shutdown(oneshot::Sender<()>),
    /// Somebody wants to know how much the engine holds.
    Sizes(oneshot::Sender<Sizes>),
    /// Somebody wants to know how these applications stand, or all of them.
    Accounts(Option<AppId>, oneshot::Sender<Vec<Account>>),
    /// The operator allows an application something else than the configuration, or what that says; answered by how it stands then.
    Allow(AppId, Option<Quota>, oneshot::Sender<Vec<Account>>),
}

/// The way to the engine. Clones share it.
#[derive(Clone)]
pub(crate) struct Control {
    mailbox: mpsc::Sender<Work>,
    media: Arc<MediaDesk>,
    load: watch::Receiver<Load>,
    /// Where the engine's task keeps what outlives it.
    pub(crate) store: Store,
    /// Minutes by which the days of the bill begin before those of UTC.
    pub(crate) day_offset_minutes: i32,
}

/// What of the engine outlives it.
pub(crate) struct Books {
    /// Minted URLs.
    pub(crate) urls: UrlBook,
    /// Calls and groups.
    pub(crate) calls: CallBook,
    /// Conferences.
    pub(crate) conferences: ConferenceBook,
    /// How usage is counted.
    pub(crate) counting: Settings,
    /// What was used before.
    pub(crate) used: Vec<UsageDay>,
    /// What the operator has allowed in the place of the configuration.
    pub(crate) allowed: Vec<(AppId, QuotaRow)>,
    /// Passwords are hashed here.
    pub(crate) passwords: Passwords,
    /// What was kept from before, as the engine is to hear it.
    pub(crate) kept: Vec<Input>,
}

/// What is connected now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// Signalling connections.
    pub(crate) signalling: usize,
    /// Media connections.
    pub(crate) media: usize,
}

impl Load {
    /// Whether nobody is connected.
    pub(crate) fn is_idle(self) -> bool {
        self == Self::default()
    }
}

impl Control {
    /// Starts the task with an engine that is told what was kept from before. The handle resolves only when the task failed
    /// or the last [`Control`] is gone.
    ///
    /// # Errors
    /// The system has no random numbers for the engine's keys.
    pub(crate) fn start(
        config: EngineConfig,
        store: Store,
        books: Books,
        fanout: Fanout,
        mixers: Mixers,
    ) -> Result<(Self, JoinHandle<()>), ServerError> {
        let mut seed = [0_u8; 32];
        getrandom::fill(&mut seed)
            .map_err(|error| ServerError::Start(format!("The system gives no random numbers ({error}).")))?;
        let (mailbox, works) = mpsc::channel(MAILBOX);
        let media = Arc::new(MediaDesk::default());
        let (reporter, load) = watch::channel(Load::default());
        let engine = Engine::new(config, seed);
        let day_offset_minutes = books.counting.day_offset_minutes;
        let clock = Clock::start();
        let task = task::EngineTask::new(engine, clock, fanout, mixers, reporter, store.clone(), books);
        let running = tokio::spawn(task.run(works, Arc::clone(&media)));
        Ok((Self { mailbox, media, load, store, day_offset_minutes }, running))
    }

    /// Asks the engine on behalf of an application.
    ///
    /// # Errors
    /// What the engine refuses, or [`ErrorCode::Timeout`].
    pub(crate) async fn call(&self, app: AppId, call: ApiCall) -> Result<ApiResult, Fault> {
        match self.ask(|answer| Work::Api { app, call, answer }).await? {
            ApiResult::Refused(fault) => Err(fault),
            result => Ok(result),
        }
    }

    /// How applications stand: this one, or all of them.
    ///
    /// # Errors
    /// The engine does not answer.
    pub(crate) async fn accounts(&self, app: Option<AppId>) -> Result<Vec<Account>, Fault> {
        self.ask(|answer| Work::Accounts(app, answer)).await
    }

    /// Allows an application something else than the configuration does, or again what that says. Returns how it stands then; nothing
    /// if the configuration does not know it.
    ///
    /// # Errors
    /// The engine does not answer.
    pub(crate) async fn allow(&self, app: AppId, quota: Option<Quota>) -> Result<Vec<Account>, Fault> {
        self.ask(|answer| Work::Allow(app, quota, answer)).await
    }

    async fn ask<T>(&self, work: impl FnOnce(oneshot::Sender<T>) -> Work) -> Result<T, Fault> {
        let (answer, answered) = oneshot::channel();
        let asking = async {
            self.mailbox.send(work(answer)).await.map_err(|_| gone())?;
            answered.await.map_err(|_| gone())
        };
        tokio::time::timeout(API_TIMEOUT, asking).await.map_err(|_elapsed| Fault::new(ErrorCode::Timeout))?
    }

    /// Tells everybody that the server goes down and admits nobody from now on.
    pub(crate) async fn drain(&self, within: Duration) {
        // Without an engine there is nobody to tell.
        let _told = self.mailbox.send(Work::Drain(within)).await;
    }

    /// Ends all calls, conferences and sessions: everybody is told why, and records are written.
    pub(crate) async fn shutdown(&self) {
        let (answer, answered) = oneshot::channel();
        if self.mailbox.send(Work::Shutdown(answer)).await.is_ok() {
            // Without an engine there is nobody to tell.
            let _told = tokio::time::timeout(API_TIMEOUT, answered).await;
        }
    }

    /// How much the engine holds; `None` when it does not answer.
    pub(crate) async fn sizes(&self) -> Option<Sizes> {
        let (answer, answered) = oneshot::channel();
        let asking = async {
            self.mailbox.send(Work::Sizes(answer)).await.ok()?;
            answered.await.ok()
        };
        tokio::time::timeout(API_TIMEOUT, asking).await.ok().flatten()
    }

    /// What is connected now.
    pub(crate) fn load(&self) -> watch::Receiver<Load> {
        self.load.clone()
    }
}

fn gone() -> Fault {
    ErrorCode::ShuttingDown.into()
}

impl SignalSink for Control {
    async fn deliver(&self, event: SignalEvent) -> Result<(), SinkGone> {
        self.mailbox.send(Work::Signal(event)).await.map_err(|_| SinkGone)
    }
}

impl Authority for Control {
    fn publish(&self, ticket: Ticket, key: StreamKey, control: MediaControl) {
        self.media.request(MediaEvent::Publish { ticket, key, control });
    }

    fn play(&self, ticket: Ticket, key: StreamKey, control: MediaControl) {
        self.media.request(MediaEvent::Play { ticket, key, control });
    }

    fn tracks_seen(&self, ticket: Ticket, tracks: Tracks) {
        self.media.report(MediaEvent::Seen { ticket, tracks });
    }

    fn closed(&self, ticket: Ticket, deliberate: bool) {
        self.media.report(MediaEvent::Closed { ticket, deliberate });
    }
}

#[cfg(test)]
impl Control {
    /// The way to somebody who answers calls of the API in the engine's place.
    pub(crate) fn answered_by(store: Store, answers: impl Fn(ApiCall) -> ApiResult + Send + 'static) -> Self {
        Self::heard_by(store, move |work| {
            if let Work::Api { call, answer, .. } = work {
                let _given_up = answer.send(answers(call));
            }
        })
    }

    /// The way to somebody who does everything in the engine's place.
    pub(crate) fn heard_by(store: Store, mut hears: impl FnMut(Work) + Send + 'static) -> Self {
        let (mailbox, mut works) = mpsc::channel(MAILBOX);
        let (_reporter, load) = watch::channel(Load::default());
        tokio::spawn(async move {
            while let Some(work) = works.recv().await {
                hears(work);
            }
        });
        Self { mailbox, media: Arc::default(), load, store, day_offset_minutes: 0 }
    }
}
