//! What waits to be sent to one client: bounded by frames and by bytes.

use crate::limits::{OUTBOX_BYTES, OUTBOX_FRAMES};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::{Notify, mpsc};

/// A text that is written out when its turn comes.
pub type LaterText = Box<dyn FnOnce() -> Arc<str> + Send>;

/// One thing to send.
pub(crate) enum Outgoing {
    /// A text frame.
    Text(Arc<str>),
    /// A text frame of about so many bytes that is not written out yet.
    Later(usize, LaterText),
    /// A close frame; nothing is sent after it.
    Close {
        /// The code.
        code: u16,
        /// The reason.
        reason: String,
    },
}

#[derive(Debug, Default)]
struct Shared {
    /// Bytes of text in the channel.
    bytes: AtomicUsize,
    /// Set once: something did not fit, so the client must resume.
    overflowed: AtomicBool,
    /// Wakes the connection when `overflowed` is set.
    wake: Notify,
}

/// The sending side. Pushing never waits: what does not fit closes the connection with
/// [`huitong_protocol::CloseCode::TooSlow`], and the client resumes its session on a new one.
#[derive(Clone, Debug)]
pub struct Outbox {
    sender: mpsc::Sender<Outgoing>,
    shared: Arc<Shared>,
}

impl Outbox {
    /// Queues a text frame.
    pub fn send(&self, text: Arc<str>) {
        self.queue(text.len(), Outgoing::Text(text));
    }

    /// Queues a text frame of about `size` bytes, to be written out by the connection's own task.
    pub fn send_later(&self, size: usize, text: LaterText) {
        self.queue(size, Outgoing::Later(size, text));
    }

    fn queue(&self, size: usize, outgoing: Outgoing) {
        let before = self.shared.bytes.fetch_add(size, Ordering::AcqRel);
        if before.saturating_add(size) > OUTBOX_BYTES {
            self.shared.bytes.fetch_sub(size, Ordering::AcqRel);
            self.overflow();
        } else if let Err(error) = self.sender.try_send(outgoing) {
            self.shared.bytes.fetch_sub(size, Ordering::AcqRel);
            self.refused(&error);
        }
    }

    /// Closes the connection after what was queued before.
    pub fn close(&self, code: u16, reason: String) {
        if let Err(error) = self.sender.try_send(Outgoing::Close { code, reason }) {
            self.refused(&error);
        }
    }

    /// A full outbox is an overflow; a closed one belongs to a connection that is gone already.
    fn refused(&self, error: &mpsc::error::TrySendError<Outgoing>) {
        if matches!(error, mpsc::error::TrySendError::Full(_)) {
            self.overflow();
        }
    }

    fn overflow(&self) {
        if !self.shared.overflowed.swap(true, Ordering::AcqRel) {
            self.shared.wake.notify_one();
        }
    }
}

/// The receiving side, owned by the connection.
#[derive(Debug)]
pub(crate) struct Mailbox {
    receiver: mpsc::Receiver<Outgoing>,
    shared: Arc<Shared>,
}

/// Tells the connection that something did not fit.
#[derive(Debug)]
pub(crate) struct Overflow(Arc<Shared>);

impl Overflow {
    /// Resolves when something did not fit, and at once ever after. Cancel safe.
    pub(crate) async fn happened(&self) {
        while !self.0.overflowed.load(Ordering::Acquire) {
            self.0.wake.notified().await;
        }
    }
}

/// The parts of one outbox.
pub(crate) fn outbox() -> (Outbox, Mailbox, Overflow) {
    let (sender, receiver) = mpsc::channel(OUTBOX_FRAMES);
    let shared = Arc::new(Shared::default());
    let overflow = Overflow(Arc::clone(&shared));
    (Outbox { sender, shared: Arc::clone(&shared) }, Mailbox { receiver, shared }, overflow)
}

impl Mailbox {
    /// Waits for the next frame; `None` when every sender is gone. Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<Outgoing> {
        let next = self.receiver.recv().await;
        self.took(next.as_ref());
        next
    }

    /// The next frame if there is one already.
    pub(crate) fn try_next(&mut self) -> Option<Outgoing> {
        let next = self.receiver.try_recv().ok();
        self.took(next.as_ref());
        next
    }

    fn took(&self, taken: Option<&Outgoing>) {
        let size = match taken {
            Some(Outgoing::Text(text)) => text.len(),
            Some(Outgoing::Later(size, _)) => *size,
            Some(Outgoing::Close { .. }) | None => 0,
        };
        self.shared.bytes.fetch_sub(size, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn happened(overflow: &Overflow) -> bool {
        overflow.0.overflowed.load(Ordering::Acquire)
    }

    #[test]
    fn too_many_frames_overflow() {
        let (outbox, _mailbox, overflow) = outbox();
        for _ in 0..OUTBOX_FRAMES {
            outbox.send(Arc::from("x"));
        }
        assert!(!happened(&overflow));
        outbox.send(Arc::from("x"));
        assert!(happened(&overflow));
    }

    #[test]
    fn too_many_bytes_overflow_and_taking_makes_room() {
        let (outbox, mut mailbox, overflow) = outbox();
        let half: Arc<str> = Arc::from("x".repeat(OUTBOX_BYTES / 2));
        outbox.send(Arc::clone(&half));
        outbox.send(Arc::clone(&half));
        assert!(mailbox.try_next().is_some());
        outbox.send(Arc::clone(&half));
        assert!(!happened(&overflow));
        outbox.send(half);
        assert!(happened(&overflow));
    }

    #[test]
    fn a_gone_connection_is_no_overflow() {
        let (outbox, mailbox, overflow) = outbox();
        drop(mailbox);
        outbox.send(Arc::from("x"));
        outbox.close(1000, String::new());
        assert!(!happened(&overflow));
        assert_eq!(overflow.0.bytes.load(Ordering::Acquire), 0);
    }
}
