//! SIGTERM and SIGINT.

use crate::error::ServerError;
use std::future::Future;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Counts the signals that ask the process to end.
pub(crate) struct Signals {
    seen: watch::Receiver<u32>,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// The system does not allow to listen to signals.
    pub(crate) fn listen() -> Result<Self, ServerError> {
        let open = |kind| {
            signal(kind)
                .map_err(|error| ServerError::Start(format!("Signals cannot be listened to ({error}).")))
        };
        let (term, interrupt) = (open(SignalKind::terminate())?, open(SignalKind::interrupt())?);
        let (counter, seen) = watch::channel(0);
        tokio::spawn(count(term, interrupt, counter));
        Ok(Self { seen })
    }

    /// Futures that resolve with the first and with the second signal.
    pub(crate) fn split(&mut self) -> (impl Future<Output = ()> + use<>, impl Future<Output = ()> + use<>) {
        (reached(self.seen.clone(), 1), reached(self.seen.clone(), 2))
    }
}

async fn reached(mut seen: watch::Receiver<u32>, wanted: u32) {
    // The counting task lives as long as the process.
    let _reached = seen.wait_for(|n| *n >= wanted).await;
}

async fn count(mut term: Signal, mut interrupt: Signal, counter: watch::Sender<u32>) {
    loop {
        let arrived = tokio::select! {
            arrived = term.recv() => arrived,
            arrived = interrupt.recv() => arrived,
        };
        if arrived.is_none() {
            return std::future::pending().await;
        }
        counter.send_modify(|n| *n += 1);
    }
}
