//! Tables, logins, pushes and deadlines.

use crate::Body;
use huitong_protocol::{CloseCode, Event, ReplyFrame};
use huitong_types::{
    AppId, DeviceId, EndReason, ErrorCode, Fault, Moment, Redacted, SessionId, Timers, UserId,
};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// A signalling connection, numbered by the gateway. Never reused while the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnId(pub u64);

/// What happens when a user who has a session logs in again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MultiDevice {
    /// The newer login takes over; the older session is told and ends.
    #[default]
    TakeOver,
    /// One session per device id; only the same device takes over.
    PerDevice,
}

/// Numbers of the session machine.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How long a session outlives its connection.
    pub keep: Duration,
    /// Pushes kept per session for replay.
    pub replay_events: usize,
    /// Most sessions at once.
    pub sessions: usize,
    /// A fresh connection must log in within this time.
    pub login_timeout: Duration,
    /// A connection that sends nothing for this long is dead.
    pub connection_timeout: Duration,
}

/// Bytes of pushes kept per session for replay: some hundred events. Beyond it a snapshot is shorter.
pub(crate) const REPLAY_BYTES: usize = 64 * 1024;

/// Pushes kept per session that put it out: one is in one room at a time, and out of a conference is told after out of its room.
const PUT_OUT: usize = 2;

/// How long a client that comes back to a session that ran out is told that it had been put out before: people take their phones up
/// the next morning, and their pages then want to be where they were.
const TOLD_FOR: Duration = Duration::from_hours(24);

/// Sessions of one user under [`MultiDevice::PerDevice`], and sessions of one user that live alongside. A person has fewer devices; a loop that logs in under
/// ever new device ids ends its own oldest sessions and nobody else's.
pub(crate) const DEVICES_PER_USER: usize = 16;

/// A login whose credential was verified.
#[derive(Clone, Debug)]
pub struct Login {
    /// The application.
    pub app: AppId,
    /// The user.
    pub user: UserId,
    /// The device, if the client has one.
    pub device: Option<DeviceId>,
    /// Free text of the client.
    pub client: String,
    /// Id of the new session: random, never used before.
    pub session: SessionId,
    /// Secret of the new session: random, at least 96 bits.
    pub secret: Redacted<String>,
    /// What becomes of the user's other sessions.
    pub policy: MultiDevice,
    /// Whether the session lives beside those that are not: a login ends sessions of its own kind only, and of this kind
    /// there is one for each device, whatever the policy says.
    pub alongside: bool,
    /// When the session ends even if everything is well, because its credential is no longer valid.
    pub valid_until: Option<Moment>,
}

/// What the session machine wants done.
#[derive(Clone, Debug)]
pub enum Output {
    /// Send a text.
    Send {
        /// On this connection.
        conn: ConnId,
        /// The JSON text.
        text: Arc<str>,
    },
    /// Send a push, which its receiver writes out: that costs more than everything else about it.
    Push {
        /// On this connection.
        conn: ConnId,
        /// To this session.
        session: SessionId,
        /// Its number in the session.
        seq: u64,
        /// What it says.
        body: Arc<Body>,
    },
    /// Close a connection after what was sent before.
    Close {
        /// The connection.
        conn: ConnId,
        /// Why.
        code: CloseCode,
    },
    /// A session lost its connection and waits for another one.
    Lost {
        /// The session.
        session: SessionId,
    },
    /// A session is over.
    Ended {
        /// The session.
        session: SessionId,
        /// Whose it was.
        who: Who,
        /// Why.
        reason: EndReason,
    },
}

/// Why the machine wants to be called at a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// A fresh connection has not logged in.
    LoginTimeout,
    /// It is time to look whether a connection still speaks.
    ConnectionSilent,
    /// A session without connection runs out.
    SessionExpired,
    /// The credential of a session is no longer valid.
    CredentialExpired,
    /// A client whose session is over can no longer come back to hear how that went.
    SessionForgotten,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    Login(ConnId),
    Silent(ConnId),
    Expire(SessionId),
    Credential(SessionId),
    Forget(SessionId),
}

/// Whose session it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The application.
    pub app: AppId,
    /// The user.
    pub user: UserId,
    /// The device, if the client has one.
    pub device: Option<DeviceId>,
    /// Free text of the client.
    pub client: Arc<str>,
}

#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) session: Option<SessionId>,
    pub(crate) last_id: u32,
    pub(crate) heard: Moment,
    pub(crate) bad_frames: u32,
    pub(crate) bad_at: Moment,
}

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) who: Who,
    pub(crate) secret: Redacted<String>,
    pub(crate) alongside: bool,
    pub(crate) conn: Option<ConnId>,
    /// Sequence number of the newest push.
    pub(crate) sent: u64,
    /// The newest pushes, oldest first.
    pub(crate) ring: VecDeque<Arc<Body>>,
    pub(crate) ring_bytes: usize,
    /// The newest pushes that put it out of where it was, oldest first; at most [`PUT_OUT`].
    pub(crate) put_out: VecDeque<(u64, Arc<Body>)>,
}

/// What is left of a session that is over, for a client that had no connection then.
#[derive(Debug)]
pub(crate) struct Gone {
    pub(crate) app: AppId,
    pub(crate) user: UserId,
    pub(crate) secret: Redacted<String>,
    pub(crate) how: Going,
}

/// What a client that comes back to a session that is over has to know.
#[derive(Debug)]
pub(crate) enum Going {
    /// It was taken over: by logging in again its client would push the newer device out. It is told within the time that it has to
    /// come back.
    TakenOver,
    /// It was put out of where it was before it ran out: its client would enter again where it is not wanted. It is told for
    /// [`TOLD_FOR`].
    PutOut(VecDeque<(u64, Arc<Body>)>),
}

/// All connections and sessions.
#[derive(Debug)]
pub struct Sessions {
    pub(crate) policy: Policy,
    pub(crate) conns: HashMap<ConnId, Connection>,
    pub(crate) sessions: HashMap<SessionId, Session>,
    /// Of those that were taken over at most as many as there may be sessions, further ones are not remembered; of those that were
    /// put out as many again, beyond which the oldest are forgotten.
    pub(crate) gone: HashMap<SessionId, Gone>,
    /// Those of them that were put out, the oldest first.
    pub(crate) put_out: VecDeque<SessionId>,
    /// Sessions of a user, oldest first.
    pub(crate) users: HashMap<(AppId, UserId), Vec<SessionId>>,
    pub(crate) timers: Timers<Timer>,
    pub(crate) out: VecDeque<Output>,
}

impl Sessions {
    /// Nobody is connected.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            conns: HashMap::new(),
            sessions: HashMap::new(),
            gone: HashMap::new(),
            put_out: VecDeque::new(),
            users: HashMap::new(),
            timers: Timers::new(),
            out: VecDeque::new(),
        }
    }

    /// The next thing to be done, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When to call [`Sessions::tick`] at the latest, and what for.
    pub fn next_deadline(&self) -> Option<(Moment, Why)> {
        self.timers.next().map(|(at, timer)| match timer {
            Timer::Login(_) => (at, Why::LoginTimeout),
            Timer::Silent(_) => (at, Why::ConnectionSilent),
            Timer::Expire(_) => (at, Why::SessionExpired),
            Timer::Credential(_) => (at, Why::CredentialExpired),
            Timer::Forget(_) => (at, Why::SessionForgotten),
        })
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Moment) {
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Login(conn) => self.close(now, conn, CloseCode::LoginTimeout),
                Timer::Silent(conn) => self.look_for_silence(now, conn),
                Timer::Expire(session) => self.end(now, session, EndReason::Expired),
                Timer::Credential(session) => self.end(now, session, EndReason::CredentialExpired),
                Timer::Forget(session) => self.forget_session(session),
            }
        }
    }

    /// Makes a session for this connection, after ending those that the policy says.
    ///
    /// # Errors
    /// [`ErrorCode::ServerFull`] when there are as many sessions as there may be.
    pub fn login(&mut self, now: Moment, conn: ConnId, login: Login) -> Result<(), Fault> {
        let owner = (login.app, login.user.clone());
        let mut present = self.users.get(&owner).cloned().unwrap_or_default();
        present.retain(|session| self.same_kind(*session, &login));
        let mut over: Vec<SessionId> = match login.policy {
            MultiDevice::TakeOver if !login.alongside => present.clone(),
            MultiDevice::TakeOver | MultiDevice::PerDevice => {
                present.iter().copied().filter(|s| self.same_device(*s, &login)).collect()
            }
        };
        let stay = present.iter().copied().filter(|s| !over.contains(s)).collect::<Vec<_>>();
        over.extend(stay.iter().take((stay.len() + 1).saturating_sub(DEVICES_PER_USER)));
        if self.sessions.len() - over.len() >= self.policy.sessions {
            return Err(Fault::new(ErrorCode::ServerFull));
        }
        for session in over {
            self.end(now, session, EndReason::TakenOver);
        }
        let who =
            Who { app: login.app, user: login.user, device: login.device, client: Arc::from(login.client) };
        let session = Session {
            who,
            secret: login.secret,
            alongside: login.alongside,
            conn: None,
            sent: 0,
            ring: VecDeque::new(),
            ring_bytes: 0,
            put_out: VecDeque::new(),
        };
        self.sessions.insert(login.session, session);
        self.users.entry(owner).or_default().push(login.session);
        self.valid_until(login.session, login.valid_until);
        self.attach(now, login.session, conn);
        Ok(())
    }

    /// Says until when the credential of a session is valid; a later one than before prolongs it.
    pub fn valid_until(&mut self, session: SessionId, until: Option<Moment>) {
        if let Some(until) = until {
            self.timers.arm(Timer::Credential(session), until);
        }
    }

    fn same_kind(&self, session: SessionId, login: &Login) -> bool {
        self.sessions.get(&session).is_some_and(|session| session.alongside == login.alongside)
    }

    fn same_device(&self, session: SessionId, login: &Login) -> bool {
        let device = self.sessions.get(&session).and_then(|s| s.who.device.as_ref());
        device.is_some() && device == login.device.as_ref()
    }

    /// Ends a session. Its client, if connected, is told and disconnected, unless it said goodbye itself and has
    /// its answer already.
    pub fn end(&mut self, now: Moment, session: SessionId, reason: EndReason) {
        let conn = self.sessions.get(&session).and_then(|s| s.conn);
        if reason != EndReason::LoggedOut && conn.is_some() {
            let event = Event::SessionEnded { reason, message: end_sentence(reason).to_owned() };
            if let Some(body) = Body::new(&event, Vec::new()) {
                self.push(session, &body);
            }
        }
        let Some(mut ended) = self.sessions.remove(&session) else { return };
        self.timers.cancel(&Timer::Expire(session));
        self.timers.cancel(&Timer::Credential(session));
        let owner = (ended.who.app, ended.who.user.clone());
        if let Some(present) = self.users.get_mut(&owner) {
            present.retain(|other| *other != session);
            if present.is_empty() {
                self.users.remove(&owner);
            }
        }
        self.remember(now, session, &mut ended, reason);
        if let Some(conn) = conn {
            let code = match reason {
                EndReason::ServerShutdown => CloseCode::ShuttingDown,
                _ => CloseCode::SessionEnded,
            };
            self.close(now, conn, code);
        }
        self.out.push_back(Output::Ended { session, who: ended.who, reason });
    }

    /// Keeps of a session that is over what its client has to know when it comes back.
    fn remember(&mut self, now: Moment, session: SessionId, ended: &mut Session, reason: EndReason) {
        let put_out = std::mem::take(&mut ended.put_out);
        let (how, keep) = match reason {
            EndReason::TakenOver if self.gone.len() - self.put_out.len() < self.policy.sessions => {
                (Going::TakenOver, self.policy.keep)
            }
            EndReason::Expired | EndReason::CredentialExpired if !put_out.is_empty() => {
                while self.put_out.len() >= self.policy.sessions.max(1) {
                    let Some(oldest) = self.put_out.front().copied() else { break };
                    self.forget_session(oldest);
                }
                self.put_out.push_back(session);
                (Going::PutOut(put_out), TOLD_FOR)
            }
            _ => return,
        };
        let (app, user) = (ended.who.app, ended.who.user.clone());
        self.gone.insert(session, Gone { app, user, secret: ended.secret.clone(), how });
        self.timers.arm(Timer::Forget(session), now + keep);
    }

    fn forget_session(&mut self, session: SessionId) {
        self.timers.cancel(&Timer::Forget(session));
        if let Some(Gone { how: Going::PutOut(_), .. }) = self.gone.remove(&session) {
            // All are kept for as long, so it is among the first.
            if let Some(at) = self.put_out.iter().position(|other| *other == session) {
                self.put_out.remove(at);
            }
        }
    }

    /// Numbers a push, keeps it for replay and sends it if the session is connected.
    pub fn push(&mut self, session: SessionId, body: &Arc<Body>) {
        let Some(state) = self.sessions.get_mut(&session) else { return };
        state.sent += 1;
        state.ring_bytes += body.len();
        state.ring.push_back(Arc::clone(body));
        if body.put_out().is_some() {
            state.put_out.push_back((state.sent, Arc::clone(body)));
            if state.put_out.len() > PUT_OUT {
                state.put_out.pop_front();
            }
        }
        while state.ring.len() > self.policy.replay_events || state.ring_bytes > REPLAY_BYTES {
            let Some(dropped) = state.ring.pop_front() else { break };
            state.ring_bytes -= dropped.len();
        }
        if let Some(conn) = state.conn {
            self.out.push_back(Output::Push { conn, session, seq: state.sent, body: Arc::clone(body) });
        }
    }

    /// Sends a reply, if the connection is still there.
    pub fn reply(&mut self, conn: ConnId, reply: &ReplyFrame) {
        if !self.conns.contains_key(&conn) {
            return;
        }
        if let Ok(text) = serde_json::to_string(reply) {
            self.out.push_back(Output::Send { conn, text: Arc::from(text) });
        }
    }

    /// Whose session it is.
    pub fn who(&self, session: SessionId) -> Option<&Who> {
        self.sessions.get(&session).map(|s| &s.who)
    }

    /// The connection of a session.
    pub fn conn_of(&self, session: SessionId) -> Option<ConnId> {
        self.sessions.get(&session)?.conn
    }

    /// Every session.
    pub fn all(&self) -> Vec<SessionId> {
        let mut all: Vec<SessionId> = self.sessions.keys().copied().collect();
        all.sort_unstable();
        all
    }

    /// Whether nothing is held: no connection, session or deadline.
    pub fn is_idle(&self) -> bool {
        self.conns.is_empty()
            && self.sessions.is_empty()
            && self.gone.is_empty()
            && self.put_out.is_empty()
            && self.users.is_empty()
            && self.timers.is_empty()
    }

    /// Connections and sessions, for metrics.
    pub fn sizes(&self) -> (usize, usize) {
        (self.conns.len(), self.sessions.len())
    }
}

/// The sentence with which a client is told that its session is over.
const fn end_sentence(reason: EndReason) -> &'static str {
    match reason {
        EndReason::LoggedOut => "The client said goodbye.",
        EndReason::TakenOver => "The same user logged in again elsewhere.",
        EndReason::Expired => "The session was without connection for too long.",
        EndReason::CredentialExpired => "The credential is no longer valid.",
        EndReason::ServerShutdown => "The server is shutting down.",
    }
}
