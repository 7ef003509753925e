//! The mailbox of media connections.

use huitong_fanout::{MediaControl, MediaOrder, Ticket, Tracks};
use huitong_types::{ErrorCode, Fault, StreamKey};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Requests that wait at most; more are refused with [`ErrorCode::ServerFull`]. Reports are always taken:
/// each belongs to a connection that was admitted and makes at most one per track and one at its end, so they
/// are bounded by the connections that exist.
const WAITING_REQUESTS: usize = 16_384;

/// What a media connection asks or tells.
pub(crate) enum MediaEvent {
    /// It wants to publish.
    Publish { ticket: Ticket, key: StreamKey, control: MediaControl },
    /// It wants to play.
    Play { ticket: Ticket, key: StreamKey, control: MediaControl },
    /// The first frame of a track was received.
    Seen { ticket: Ticket, tracks: Tracks },
    /// It is gone.
    Closed { ticket: Ticket, deliberate: bool },
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<MediaEvent>,
    requests: usize,
}

/// Takes events from any thread without waiting and keeps the order of each connection.
#[derive(Default)]
pub(crate) struct MediaDesk {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

impl MediaDesk {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing behind this lock can panic between two states.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a request, or refuses it at once.
    pub(crate) fn request(&self, event: MediaEvent) {
        let mut waiting = self.lock();
        if waiting.requests >= WAITING_REQUESTS {
            drop(waiting);
            refuse(&event);
            return;
        }
        waiting.requests += 1;
        waiting.events.push_back(event);
        drop(waiting);
        self.arrived.notify_one();
    }

    /// Queues a report.
    pub(crate) fn report(&self, event: MediaEvent) {
        self.lock().events.push_back(event);
        self.arrived.notify_one();
    }

    /// Resolves when something may be waiting. Cancel safe.
    pub(crate) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Takes everything that waits.
    pub(crate) fn take(&self) -> VecDeque<MediaEvent> {
        let mut waiting = self.lock();
        waiting.requests = 0;
        std::mem::take(&mut waiting.events)
    }
}

fn refuse(event: &MediaEvent) {
    if let MediaEvent::Publish { ticket, control, .. } | MediaEvent::Play { ticket, control, .. } = event {
        metrics::counter!("huitong_media_requests_refused_total").increment(1);
        let fault = Fault::new(ErrorCode::ServerFull);
        if control.try_send(MediaOrder::Close(fault)).is_err() {
            tracing::debug!(%ticket, "a refused media connection was gone already");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    fn request(desk: &MediaDesk) -> mpsc::Receiver<MediaOrder> {
        let (control, orders) = mpsc::channel(1);
        let key = StreamKey::new("abcdEFGH01234567").unwrap();
        desk.request(MediaEvent::Play { ticket: Ticket::next(), key, control });
        orders
    }

    #[test]
    fn requests_beyond_the_cap_are_refused_and_reports_still_pass() {
        let desk = MediaDesk::default();
        let _waiting: Vec<_> = (0..WAITING_REQUESTS).map(|_| request(&desk)).collect();
        let mut refused = request(&desk);
        assert!(
            matches!(refused.try_recv(), Ok(MediaOrder::Close(fault)) if fault.code == ErrorCode::ServerFull)
        );
        desk.report(MediaEvent::Closed { ticket: Ticket::next(), deliberate: false });
        assert_eq!(desk.take().len(), WAITING_REQUESTS + 1);
        let mut admitted = request(&desk);
        assert!(admitted.try_recv().is_err());
    }
}
