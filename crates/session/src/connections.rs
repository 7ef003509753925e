//! Connections: their life, their request numbers, their silence and their mistakes.

use crate::machine::{ConnId, Connection, Output, Sessions, Timer};
use huitong_protocol::CloseCode;
use huitong_types::{ErrorCode, Fault, Moment, SessionId};
use std::time::Duration;

/// Frames that break the protocol before a connection is closed. A buggy client gets enough answers to be
/// repaired; a hostile one does not get the server to parse for ever.
const BAD_FRAMES: u32 = 20;

/// Bad frames are forgotten after this long without another one, so a client that errs once a day stays.
const BAD_FRAMES_FORGOTTEN: Duration = Duration::from_secs(60);

impl Sessions {
    /// A connection was accepted.
    pub fn connected(&mut self, now: Moment, conn: ConnId) {
        let connection = Connection { session: None, last_id: 0, heard: now, bad_frames: 0, bad_at: now };
        self.conns.insert(conn, connection);
        self.timers.arm(Timer::Login(conn), now + self.policy.login_timeout);
        self.timers.arm(Timer::Silent(conn), now + self.policy.connection_timeout);
    }

    /// A frame arrived. False if the connection is unknown or closed: its frames are to be ignored.
    pub fn heard(&mut self, now: Moment, conn: ConnId) -> bool {
        let Some(connection) = self.conns.get_mut(&conn) else { return false };
        connection.heard = now;
        true
    }

    /// Accepts the number of a request.
    ///
    /// # Errors
    /// [`ErrorCode::WrongSequence`] unless it is larger than all before; the request must not be executed.
    pub fn number(&mut self, conn: ConnId, id: u32) -> Result<(), Fault> {
        let Some(connection) = self.conns.get_mut(&conn) else {
            return Err(Fault::new(ErrorCode::NotLoggedIn));
        };
        if id <= connection.last_id {
            let last = connection.last_id;
            let sentence = format!("The request has id {id} after {last}; ids grow with every request.");
            return Err(Fault::because(ErrorCode::WrongSequence, sentence).in_field("id"));
        }
        connection.last_id = id;
        Ok(())
    }

    /// Counts a frame that broke the protocol, after its answer; too many close the connection.
    pub fn misbehaved(&mut self, now: Moment, conn: ConnId) {
        let Some(connection) = self.conns.get_mut(&conn) else { return };
        if now.since(connection.bad_at) >= BAD_FRAMES_FORGOTTEN {
            connection.bad_frames = 0;
        }
        connection.bad_frames += 1;
        connection.bad_at = now;
        if connection.bad_frames > BAD_FRAMES {
            self.close(now, conn, CloseCode::ProtocolError);
        }
    }

    /// The session that is logged in on a connection.
    pub fn session_of(&self, conn: ConnId) -> Option<SessionId> {
        self.conns.get(&conn)?.session
    }

    /// The connection is gone.
    pub fn disconnected(&mut self, now: Moment, conn: ConnId) {
        self.forget(now, conn);
    }

    /// Closes a connection from this side. A session on it waits for another connection.
    pub fn close(&mut self, now: Moment, conn: ConnId, code: CloseCode) {
        if self.conns.contains_key(&conn) {
            self.out.push_back(Output::Close { conn, code });
            self.forget(now, conn);
        }
    }

    /// Gives a session its connection; one that it still has is closed.
    pub(crate) fn attach(&mut self, now: Moment, session: SessionId, conn: ConnId) {
        let Some(state) = self.sessions.get_mut(&session) else { return };
        let earlier = state.conn.replace(conn);
        if let Some(connection) = self.conns.get_mut(&conn) {
            connection.session = Some(session);
        }
        self.timers.cancel(&Timer::Login(conn));
        self.timers.cancel(&Timer::Expire(session));
        if let Some(earlier) = earlier {
            self.close(now, earlier, CloseCode::ConnectionReplaced);
        }
    }

    pub(crate) fn look_for_silence(&mut self, now: Moment, conn: ConnId) {
        let Some(connection) = self.conns.get(&conn) else { return };
        let due = connection.heard + self.policy.connection_timeout;
        if due <= now {
            self.close(now, conn, CloseCode::HeartbeatTimeout);
        } else {
            self.timers.arm(Timer::Silent(conn), due);
        }
    }

    fn forget(&mut self, now: Moment, conn: ConnId) {
        let Some(connection) = self.conns.remove(&conn) else { return };
        self.timers.cancel(&Timer::Login(conn));
        self.timers.cancel(&Timer::Silent(conn));
        let Some(session) = connection.session else { return };
        if let Some(state) = self.sessions.get_mut(&session)
            && state.conn == Some(conn)
        {
            state.conn = None;
            self.timers.arm(Timer::Expire(session), now + self.policy.keep);
            self.out.push_back(Output::Lost { session });
        }
    }
}
