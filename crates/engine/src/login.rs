//! `hello`: version, login, resume.

use crate::engine::Engine;
use crate::io::{AppConfig, ConnId};
use crate::voice::Proven;
use huitong_call::UserKey;
use huitong_protocol::{CloseCode, Done, Event, Hello, PROTOCOL_VERSION, Resumed, Welcome};
use huitong_session::{Login, Resumption};
use huitong_types::{ErrorCode, Fault, Moment, Redacted, SessionId};
use std::time::Duration;

/// Bytes kept of the free text in which a client names itself.
const CLIENT_TEXT_BYTES: usize = 128;

/// A client speaks three times within the time after which its connection counts as dead, so that one lost
/// frame does not cost the connection.
const HEARTBEATS_PER_TIMEOUT: u32 = 3;

impl Engine {
    pub(crate) fn hello(&mut self, conn: ConnId, id: u32, hello: Hello) {
        let (app, user) = (hello.app, hello.user.clone());
        let calls = hello.calls;
        let missed =
            hello.resume.as_ref().map(|wish| self.sessions.missed(app, &user, wish)).unwrap_or_default();
        match self.admit(conn, hello) {
            Ok((session, resumed, resumption)) => {
                let Some(welcome) = self.welcome(conn, session, resumed, missed) else { return };
                self.answer(conn, id, Ok(Done::Hello(welcome)));
                match resumption {
                    Some(resumption) => self.go_on(resumption),
                    None if calls => self.device_online(session, UserKey { app, user: user.clone() }),
                    None => {}
                }
                let how = match resumed {
                    Resumed::New => "login",
                    Resumed::Replayed => "resumed",
                    Resumed::Snapshot => "resumed-with-snapshot",
                };
                self.note_user(how, Some(conn), app, None, &user, session.to_string());
            }
            Err(fault) => {
                self.note_user("login-refused", Some(conn), app, None, &user, fault.to_string());
                let close = match fault.code {
                    ErrorCode::ShuttingDown => CloseCode::ShuttingDown,
                    _ => CloseCode::LoginFailed,
                };
                self.answer(conn, id, Err(fault));
                self.sessions.close(self.now, conn, close);
            }
        }
        self.flush();
    }

    fn admit(
        &mut self,
        conn: ConnId,
        hello: Hello,
    ) -> Result<(SessionId, Resumed, Option<Resumption>), Fault> {
        if hello.version != PROTOCOL_VERSION {
            let sentence =
                format!("Version {} is not spoken here, version {PROTOCOL_VERSION} is.", hello.version);
            return Err(Fault::because(ErrorCode::UnsupportedVersion, sentence).in_field("version"));
        }
        let unknown = || {
            let sentence = format!("This server does not serve the application {}.", hello.app);
            Fault::because(ErrorCode::UnknownApp, sentence).in_field("app")
        };
        let app = self.config.apps.get(&hello.app).cloned().ok_or_else(unknown)?;
        if hello.calls && hello.device.is_none() {
            let sentence = "With `calls` the login needs a `device`.";
            return Err(Fault::because(ErrorCode::InvalidField, sentence).in_field("device"));
        }
        // The session's secret is as good a proof as the credential, which may have expired during a call.
        if let Some(wish) = &hello.resume
            && let Some(resumption) = self.sessions.resumable(hello.app, &hello.user, wish)?
        {
            // A client that has got a new credential meanwhile shows it; an old one changes nothing.
            let shown = self.shown(&app, &hello, resumption.session);
            let until = shown.and_then(|expires| self.valid_until(&app, expires));
            self.sessions.valid_until(resumption.session, until);
            self.sessions.resume(self.now, conn, resumption);
            return Ok((resumption.session, resumption.how, Some(resumption)));
        }
        if self.draining {
            return Err(Fault::new(ErrorCode::ShuttingDown));
        }
        let Proven { expires, pass } = self.prove(conn, &app, &hello)?;
        let valid_until = self.valid_until(&app, expires);
        let policy = app.multi_device;
        let session = SessionId::new(self.random.number());
        let login = Login {
            app: hello.app,
            user: hello.user,
            device: hello.device,
            client: shortened(hello.client.unwrap_or_default()),
            session,
            secret: self.random.text(),
            policy,
            alongside: hello.calls && app.calls_alongside,
            valid_until,
        };
        self.sessions.login(self.now, conn, login)?;
        if let Some(pass) = pass {
            self.voice.insert(session, pass);
        }
        Ok((session, Resumed::New, None))
    }

    /// When a session with a credential of this expiry (Unix seconds) has to end.
    fn valid_until(&self, app: &AppConfig, expires: u64) -> Option<Moment> {
        let left = expires.saturating_add(1).saturating_mul(1000).saturating_sub(self.unix_ms);
        app.end_expired_sessions.then(|| self.now + Duration::from_millis(left))
    }

    fn welcome(
        &self,
        conn: ConnId,
        session: SessionId,
        resumed: Resumed,
        missed: Vec<Event>,
    ) -> Option<Welcome> {
        Some(Welcome {
            version: PROTOCOL_VERSION,
            server: self.config.server.clone(),
            session: session.to_string(),
            secret: Redacted::new(self.sessions.secret(session)?.reveal().clone()),
            resumed,
            heartbeat_ms: millis(self.config.connection_timeout / HEARTBEATS_PER_TIMEOUT),
            seat_grace_ms: millis(self.config.seat_grace),
            time: self.unix_ms,
            media: self
                .reached_media
                .get(&conn)
                .map_or_else(|| self.config.media.clone(), |media| (**media).clone()),
            missed,
        })
    }

    /// After the welcome of a resumed session: what was missed, and the others see the member back.
    fn go_on(&mut self, resumption: Resumption) {
        let session = resumption.session;
        match resumption.how {
            Resumed::Snapshot => {
                if let Some(body) = self.state_body(session) {
                    self.push(session, &body);
                }
            }
            Resumed::New | Resumed::Replayed => {
                self.sessions.replay(resumption);
            }
        }
        if self.rooms.room_of(session).is_some() {
            let back = self.rooms.handle(self.now, huitong_room::Input::ConnectionBack { session });
            debug_assert!(back.is_ok(), "a session with a room has a seat");
        }
        self.device_back(session);
    }
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

/// Control characters would break log lines.
fn shortened(text: String) -> String {
    let mut kept = String::new();
    for character in text.chars().filter(|c| !c.is_control()) {
        if kept.len() + character.len_utf8() > CLIENT_TEXT_BYTES {
            break;
        }
        kept.push(character);
    }
    kept
}
