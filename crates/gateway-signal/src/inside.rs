//! A client inside this process: whoever translates another protocol speaks to the engine as a connection does.

use crate::outbox::{Mailbox, Outgoing, Overflow, outbox};
use crate::{ConnNumber, SignalEvent};
use huitong_protocol::MediaBases;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

/// What the engine sends to a client inside.
#[derive(Debug, PartialEq, Eq)]
pub enum FromEngine {
    /// A text frame.
    Text(Arc<str>),
    /// The connection is closed with this code; nothing follows.
    Close {
        /// The code, see [`huitong_protocol::CloseCode`].
        code: u16,
    },
    /// More was sent than fits: there is a hole in the sequence of pushes. Nothing may follow but a new connection, which
    /// resumes the session.
    Overflow,
}

/// The receiving side of a client inside.
pub struct Inside {
    conn: ConnNumber,
    mailbox: Mailbox,
    overflow: Overflow,
}

impl fmt::Debug for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inside").field("conn", &self.conn).finish_non_exhaustive()
    }
}

impl Inside {
    /// A fresh client, and the event that tells the engine of it. `remote` is the peer of the translated connection, `media` where this client reaches media.
    pub fn open(remote: SocketAddr, media: Option<Arc<MediaBases>>) -> (Self, SignalEvent) {
        let conn = ConnNumber::next();
        let (outbox, mailbox, overflow) = outbox();
        (Self { conn, mailbox, overflow }, SignalEvent::Opened { conn, remote, media, outbox })
    }

    /// Its number: that of the frames which it sends.
    pub const fn conn(&self) -> ConnNumber {
        self.conn
    }

    /// What the engine sends next; `None` when the engine is gone. Cancel safe.
    pub async fn next(&mut self) -> Option<FromEngine> {
        tokio::select! {
            biased;
            () = self.overflow.happened() => Some(FromEngine::Overflow),
            next = self.mailbox.next() => next.map(|outgoing| match outgoing {
                Outgoing::Text(text) => FromEngine::Text(text),
                Outgoing::Later(_, text) => FromEngine::Text(text()),
                Outgoing::Close { code, .. } => FromEngine::Close { code },
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::OUTBOX_FRAMES;

    fn opened() -> (Inside, crate::Outbox) {
        let (inside, event) = Inside::open(SocketAddr::from(([127, 0, 0, 1], 1)), None);
        let SignalEvent::Opened { conn, outbox, .. } = event else { panic!("{event:?}") };
        assert_eq!(conn, inside.conn());
        (inside, outbox)
    }

    #[tokio::test]
    async fn frames_come_in_order_and_then_the_end() {
        let (mut inside, outbox) = opened();
        outbox.send(Arc::from("a"));
        outbox.send_later(1, Box::new(|| Arc::from("b")));
        outbox.close(4002, "over".to_owned());
        drop(outbox);
        assert_eq!(inside.next().await, Some(FromEngine::Text(Arc::from("a"))));
        assert_eq!(inside.next().await, Some(FromEngine::Text(Arc::from("b"))));
        assert_eq!(inside.next().await, Some(FromEngine::Close { code: 4002 }));
        assert_eq!(inside.next().await, None);
    }

    #[tokio::test]
    async fn a_hole_is_told_before_what_comes_after_it() {
        let (mut inside, outbox) = opened();
        for _ in 0..=OUTBOX_FRAMES {
            outbox.send(Arc::from("x"));
        }
        assert_eq!(inside.next().await, Some(FromEngine::Overflow));
    }
}
