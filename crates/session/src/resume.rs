//! Going on with an earlier session.

use crate::machine::{ConnId, Going, Gone, Output, Sessions};
use huitong_protocol::{Event, Resume, Resumed};
use huitong_types::{AppId, ErrorCode, Fault, Moment, Redacted, SessionId, UserId};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// A session that may be gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resumption {
    /// The session.
    pub session: SessionId,
    /// [`Resumed::Replayed`] or [`Resumed::Snapshot`].
    pub how: Resumed,
    /// The last push that the client has handled.
    pub seq: u64,
}

impl Sessions {
    /// Whether a client may go on with the session it names: it exists, belongs to the same user, and the secret
    /// is right. `None` means that the client gets a new session instead.
    ///
    /// # Errors
    /// [`ErrorCode::TakenOver`] when a newer login of the same user ended the session.
    /// [`ErrorCode::WrongSequence`] when the client claims to have handled pushes that were never sent.
    pub fn resumable(&self, app: AppId, user: &UserId, wish: &Resume) -> Result<Option<Resumption>, Fault> {
        let Some(session) = named(wish) else { return Ok(None) };
        if let Some(Gone { how: Going::TakenOver, .. }) = self.left_of(session, app, user, wish) {
            return Err(Fault::new(ErrorCode::TakenOver));
        }
        let Some(state) = self.sessions.get(&session) else { return Ok(None) };
        if !same(&state.secret, &wish.secret) || state.who.app != app || state.who.user != *user {
            return Ok(None);
        }
        if wish.seq > state.sent {
            let sentence = format!("Push {} was never sent; the newest is {}.", wish.seq, state.sent);
            return Err(Fault::because(ErrorCode::WrongSequence, sentence).in_field("resume"));
        }
        let missed = usize::try_from(state.sent - wish.seq).unwrap_or(usize::MAX);
        let how = if missed <= state.ring.len() { Resumed::Replayed } else { Resumed::Snapshot };
        Ok(Some(Resumption { session, how, seq: wish.seq }))
    }

    /// What put this session out of where it was, if it is over and its client has not heard of it, oldest first.
    pub fn missed(&self, app: AppId, user: &UserId, wish: &Resume) -> Vec<Event> {
        let left = named(wish).and_then(|session| self.left_of(session, app, user, wish));
        let Some(Gone { how: Going::PutOut(pushes), .. }) = left else { return Vec::new() };
        let unheard = pushes.iter().filter(|(seq, _)| *seq > wish.seq);
        unheard.filter_map(|(_, body)| body.put_out().cloned()).collect()
    }

    /// What is known of a session that is over, if this client owned it.
    fn left_of(&self, session: SessionId, app: AppId, user: &UserId, wish: &Resume) -> Option<&Gone> {
        let left = self.gone.get(&session)?;
        (same(&left.secret, &wish.secret) && left.app == app && left.user == *user).then_some(left)
    }

    /// Moves a session to this connection; the one it still has is closed. The client is to be welcomed next,
    /// then follows [`Sessions::replay`] or a pushed state.
    pub fn resume(&mut self, now: Moment, conn: ConnId, resumption: Resumption) {
        if let Some(state) = self.sessions.get_mut(&resumption.session) {
            state.put_out.retain(|(seq, _)| *seq > resumption.seq);
        }
        self.attach(now, resumption.session, conn);
    }

    /// The secret that was given to the client of a session.
    pub fn secret(&self, session: SessionId) -> Option<&Redacted<String>> {
        self.sessions.get(&session).map(|state| &state.secret)
    }

    /// Sends again every push after `seq`, with the numbers they had.
    pub fn replay(&mut self, resumption: Resumption) {
        let session = resumption.session;
        let Some(state) = self.sessions.get(&session) else { return };
        let Some(conn) = state.conn else { return };
        let missed = usize::try_from(state.sent.saturating_sub(resumption.seq)).unwrap_or(usize::MAX);
        let known = state.ring.len().saturating_sub(missed);
        for (body, seq) in state.ring.iter().skip(known).zip(resumption.seq + 1..) {
            self.out.push_back(Output::Push { conn, session, seq, body: Arc::clone(body) });
        }
    }
}

/// The session that a client names: only the text that the welcome carried, not another way to write the number.
fn named(wish: &Resume) -> Option<SessionId> {
    let id = wish.session.strip_prefix('s').and_then(|hex| u64::from_str_radix(hex, 16).ok());
    id.map(SessionId::new).filter(|session| session.to_string() == wish.session)
}

/// Compares secrets in constant time.
fn same(a: &Redacted<String>, b: &Redacted<String>) -> bool {
    a.reveal().as_bytes().ct_eq(b.reveal().as_bytes()).into()
}
