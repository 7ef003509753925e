//! A client that loses its connection at any moment, with any frames on the way, misses nothing.

use huitong_protocol::{Event, PushFrame, Resume, Resumed};
use huitong_session::{Body, ConnId, Login, MultiDevice, Output, Policy, Sessions};
use huitong_types::{
    AppId, ErrorCode, LeaveReason, Moment, Redacted, SessionId, StreamId, StreamKey, UserId,
};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const SESSION: SessionId = SessionId::new(7);

fn policy(replay_events: usize) -> Policy {
    Policy {
        keep: Duration::from_secs(90),
        replay_events,
        sessions: 10,
        login_timeout: Duration::from_secs(10),
        connection_timeout: Duration::from_secs(30),
    }
}

fn app() -> AppId {
    AppId::new(1).unwrap()
}

fn alice() -> UserId {
    UserId::new("alice").unwrap()
}

fn login() -> Login {
    Login {
        app: app(),
        user: alice(),
        device: None,
        client: String::new(),
        session: SESSION,
        secret: Redacted::new("secret".to_owned()),
        policy: MultiDevice::TakeOver,
        alongside: false,
        valid_until: None,
    }
}

fn key(session: SessionId, stream: StreamId) -> StreamKey {
    StreamKey::new(format!("{:08x}{:08x}", session.get(), stream.get())).unwrap()
}

fn body(count: u32) -> Arc<Body> {
    Body::new(&Event::Audience { count }, Vec::new()).unwrap()
}

fn wish(session: &str, secret: &str, seq: u64) -> Resume {
    Resume { session: session.to_owned(), secret: Redacted::new(secret.to_owned()), seq }
}

/// A client that counts, with the frames that are still on their way to it.
struct Phone {
    sessions: Sessions,
    now: Moment,
    conn: u64,
    open: BTreeSet<ConnId>,
    on_the_way: Vec<PushFrame>,
    /// The connection is lost; whatever is sent on it does not arrive.
    deaf: bool,
    seq: u64,
    seen: Vec<u32>,
    pushed: u32,
}

impl Phone {
    fn new(replay_events: usize) -> Self {
        let mut phone = Self {
            sessions: Sessions::new(policy(replay_events)),
            now: Moment::ZERO,
            conn: 0,
            open: BTreeSet::new(),
            on_the_way: Vec::new(),
            deaf: false,
            seq: 0,
            seen: Vec::new(),
            pushed: 0,
        };
        let conn = phone.connect();
        phone.sessions.login(phone.now, conn, login()).unwrap();
        phone.drain();
        phone
    }

    fn connect(&mut self) -> ConnId {
        self.conn += 1;
        let conn = ConnId(self.conn);
        self.open.insert(conn);
        self.sessions.connected(self.now, conn);
        conn
    }

    fn drain(&mut self) {
        while let Some(output) = self.sessions.poll_output() {
            match output {
                Output::Send { conn, text } => {
                    assert!(self.open.contains(&conn));
                    assert_eq!(conn, ConnId(self.conn), "only the newest connection is spoken to");
                    let frame = serde_json::from_str(&text).unwrap();
                    if !self.deaf {
                        self.on_the_way.push(frame);
                    }
                }
                Output::Push { conn, session, seq, body } => {
                    assert!(self.open.contains(&conn));
                    assert_eq!(conn, ConnId(self.conn), "only the newest connection is spoken to");
                    let frame =
                        serde_json::from_str(&body.render(seq, |stream| key(session, stream))).unwrap();
                    if !self.deaf {
                        self.on_the_way.push(frame);
                    }
                }
                Output::Close { conn, .. } => assert!(self.open.remove(&conn)),
                Output::Lost { .. } => {}
                Output::Ended { .. } => panic!("the session lives"),
            }
        }
    }

    fn push(&mut self) {
        self.pushed += 1;
        self.sessions.push(SESSION, &body(self.pushed));
        self.drain();
    }

    fn arrive(&mut self, count: usize) {
        let count = count.min(self.on_the_way.len());
        for frame in self.on_the_way.drain(..count) {
            assert_eq!(frame.seq, self.seq + 1, "no holes");
            self.seq = frame.seq;
            let Event::Audience { count } = frame.event else { panic!() };
            self.seen.push(count);
        }
    }

    fn lose(&mut self, noticed: bool) {
        self.on_the_way.clear();
        self.deaf = true;
        let conn = ConnId(self.conn);
        if noticed && self.open.remove(&conn) {
            self.sessions.disconnected(self.now, conn);
            self.drain();
        }
    }

    fn resume(&mut self) {
        self.on_the_way.clear();
        self.deaf = false;
        let conn = self.connect();
        let wish = wish(&SESSION.to_string(), "secret", self.seq);
        let resumption = self.sessions.resumable(app(), &alice(), &wish).unwrap().unwrap();
        self.sessions.resume(self.now, conn, resumption);
        match resumption.how {
            Resumed::Replayed => self.sessions.replay(resumption),
            Resumed::Snapshot => {
                // The application would push a state; here the newest count is the whole state.
                self.seq = u64::from(self.pushed);
                self.seen = (1..=self.pushed).collect();
            }
            Resumed::New => panic!("the session lives"),
        }
        self.drain();
    }
}

#[derive(Clone, Debug)]
enum Step {
    Push,
    Arrive(usize),
    Lose(bool),
    Resume,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Push),
        3 => (0usize..5).prop_map(Step::Arrive),
        1 => any::<bool>().prop_map(Step::Lose),
        2 => Just(Step::Resume),
    ]
}

proptest! {
    #[test]
    fn every_push_arrives_once_and_in_order(
        steps in prop::collection::vec(step(), 1..100),
        replay_events in 0usize..12,
    ) {
        let mut phone = Phone::new(replay_events);
        for step in steps {
            match step {
                Step::Push => phone.push(),
                Step::Arrive(count) => phone.arrive(count),
                Step::Lose(noticed) => phone.lose(noticed),
                Step::Resume => phone.resume(),
            }
        }
        phone.resume();
        phone.arrive(usize::MAX);
        prop_assert_eq!(phone.seen, (1..=phone.pushed).collect::<Vec<_>>());
    }
}

#[test]
fn pushes_beyond_the_bytes_that_are_kept_become_a_snapshot() {
    let mut phone = Phone::new(1_000_000);
    phone.lose(true);
    let user = UserId::new("u".repeat(128)).unwrap();
    let long = Body::new(&Event::MemberAway { user, away: true }, Vec::new()).unwrap();
    let how = |phone: &Phone| {
        let wish = wish(&SESSION.to_string(), "secret", 0);
        phone.sessions.resumable(app(), &alice(), &wish).unwrap().unwrap().how
    };
    for _ in 0..300 {
        phone.sessions.push(SESSION, &long);
    }
    assert_eq!(how(&phone), Resumed::Replayed);
    for _ in 0..200 {
        phone.sessions.push(SESSION, &long);
    }
    assert_eq!(how(&phone), Resumed::Snapshot, "{} bytes are more than 64 KiB", 500 * long.len());
}

#[test]
fn only_the_owner_resumes() {
    let phone = Phone::new(10);
    let ask = |app, user: &str, wish: &Resume| {
        phone
            .sessions
            .resumable(AppId::new(app).unwrap(), &UserId::new(user).unwrap(), wish)
            .map(|r| r.is_some())
    };
    let session = SESSION.to_string();
    assert_eq!(ask(1, "alice", &wish(&session, "secret", 0)), Ok(true));
    assert_eq!(ask(1, "alice", &wish(&session, "secre", 0)), Ok(false));
    assert_eq!(ask(1, "bob", &wish(&session, "secret", 0)), Ok(false));
    assert_eq!(ask(2, "alice", &wish(&session, "secret", 0)), Ok(false));
    for name in ["", "s", "7", "s8", "sxyz", "s+7", "t7", "s77777777777777777"] {
        assert_eq!(ask(1, "alice", &wish(name, "secret", 0)), Ok(false), "{name}");
    }
    let future = ask(1, "alice", &wish(&session, "secret", 1)).unwrap_err();
    assert_eq!(future.code, ErrorCode::WrongSequence);
    assert_eq!(
        ask(1, "alice", &wish(&session, "wrong", 1)),
        Ok(false),
        "the position is no oracle for the secret"
    );
}

#[test]
fn a_session_ends_when_nobody_comes_back() {
    let mut phone = Phone::new(10);
    phone.lose(true);
    let (at, _) = phone.sessions.next_deadline().unwrap();
    assert_eq!(at.as_millis(), 90_000);
    phone.sessions.tick(Moment::from_millis(89_999));
    assert!(phone.sessions.who(SESSION).is_some());
    phone.sessions.tick(at);
    assert!(phone.sessions.is_idle());
}

/// Makes a session of this user, by which it is removed from its room without connection, and lets it run out.
fn put_out(sessions: &mut Sessions, now: Moment, number: u64) -> Moment {
    let session = SessionId::new(number);
    let conn = ConnId(number);
    sessions.connected(now, conn);
    let user = UserId::new(format!("user-{number}")).unwrap();
    sessions.login(now, conn, Login { session, user, ..login() }).unwrap();
    sessions.disconnected(now, conn);
    let message = "out".to_owned();
    let removed = Event::Removed { reason: LeaveReason::Kicked, message };
    sessions.push(session, &Body::new(&removed, Vec::new()).unwrap());
    let over = now + policy(0).keep;
    sessions.tick(over);
    over
}

#[test]
fn of_those_who_were_put_out_the_newest_are_told_and_nobody_is_forgotten_for_them_who_was_taken_over() {
    let mut sessions = Sessions::new(policy(10));
    let mut now = Moment::ZERO;
    for number in 100..120 {
        now = put_out(&mut sessions, now, number);
    }
    for session in [1, 2].map(SessionId::new) {
        let conn = ConnId(session.get());
        sessions.connected(now, conn);
        sessions.login(now, conn, Login { session, ..login() }).unwrap();
    }
    let told = |sessions: &Sessions, number: u64| {
        let user = UserId::new(format!("user-{number}")).unwrap();
        sessions.missed(app(), &user, &wish(&SessionId::new(number).to_string(), "secret", 0)).len()
    };
    assert_eq!((100..110).map(|n| told(&sessions, n)).sum::<usize>(), 0, "as many as there may be sessions");
    assert_eq!((110..120).map(|n| told(&sessions, n)).sum::<usize>(), 10);
    let first = wish(&SessionId::new(1).to_string(), "secret", 0);
    let refused = sessions.resumable(app(), &alice(), &first).unwrap_err();
    assert_eq!(refused.code, ErrorCode::TakenOver);
    sessions.end(now, SessionId::new(2), huitong_types::EndReason::LoggedOut);
    sessions.tick(now + Duration::from_hours(25));
    assert!((100..120).all(|n| told(&sessions, n) == 0), "after a day");
    assert!(sessions.is_idle());
}
