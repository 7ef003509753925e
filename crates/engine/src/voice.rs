//! Logins with an authBuffer: for one voice room, and for voice only.

use crate::credentials::user_sig;
use crate::engine::Engine;
use crate::io::{AppConfig, ConnId};
use huitong_auth::authbuffer::{Admission, AuthBufferError, Key, VoiceRoom, VoiceUser, verify};
use huitong_protocol::{Credential, Hello};
use huitong_types::{AppId, ErrorCode, Fault, Privileges, Redacted, RoomId, SessionId, UserId};
use std::sync::Arc;

/// What an authBuffer can allow. It has bits for pictures too; but a voice room is what it opens, and its format proves too
/// little for more.
const VOICE: Privileges =
    Privileges::CREATE.with(Privileges::ENTER).with(Privileges::SEND_AUDIO).with(Privileges::RECEIVE_AUDIO);

/// What the authBuffer of a session allows.
#[derive(Clone, Debug)]
pub(crate) struct VoicePass {
    room: RoomId,
    privileges: Privileges,
}

/// What a credential has proved.
#[derive(Debug)]
pub(crate) struct Proven {
    /// The last second (Unix) in which it is valid.
    pub(crate) expires: u64,
    /// For sessions that may enter one voice room only.
    pub(crate) pass: Option<VoicePass>,
}

impl Engine {
    /// Checks the credential of a login.
    pub(crate) fn prove(&mut self, conn: ConnId, app: &AppConfig, hello: &Hello) -> Result<Proven, Fault> {
        match hello.credential()? {
            Credential::Sig(sig) => {
                let expires = user_sig(app, hello.app, &hello.user, sig, self.unix_ms)?;
                Ok(Proven { expires, pass: None })
            }
            Credential::Voice { auth_buffer, room } => {
                if hello.calls {
                    let sentence =
                        "An authBuffer opens a voice room; to call and be called, log in with `sig`.";
                    return Err(Fault::because(ErrorCode::InvalidField, sentence).in_field("calls"));
                }
                self.open_voice(conn, app, hello, auth_buffer, room)
            }
        }
    }

    /// Checks a credential that a client shows with the secret of its session, which is proof enough. Gives the last second
    /// in which it is valid, if it is one for this session.
    pub(crate) fn shown(&self, app: &AppConfig, hello: &Hello, session: SessionId) -> Option<u64> {
        match hello.credential().ok()? {
            Credential::Sig(sig) => user_sig(app, hello.app, &hello.user, sig, self.unix_ms).ok(),
            Credential::Voice { auth_buffer, room } => {
                let known = self.voice.get(&session)?;
                let (user, room) = names(&hello.user, room).ok()?;
                let admission = check(app, hello.app, user, &room, auth_buffer, self.unix_ms / 1000).ok()?;
                (RoomId::from(room) == known.room).then_some(admission.expires_unix)
            }
        }
    }

    fn open_voice(
        &mut self,
        conn: ConnId,
        app: &AppConfig,
        hello: &Hello,
        auth_buffer: &Redacted<String>,
        room: &str,
    ) -> Result<Proven, Fault> {
        let (user, room) = names(&hello.user, room)?;
        let unknown = || Arc::from("");
        let origin = self.origins.get(&conn).cloned().unwrap_or_else(unknown);
        if let Err(within) = self.guesses.may_try(&origin, hello.app, &hello.user) {
            self.note_user("voice-login-limited", Some(conn), hello.app, None, &hello.user, origin.as_ref());
            let sentence = format!(
                "Too many authBuffers from this address, or for this user, were refused; try again after {} s without \
                 another one.",
                within.as_secs()
            );
            return Err(Fault::because(ErrorCode::RateLimited, sentence).in_field("authBuffer"));
        }
        match check(app, hello.app, user, &room, auth_buffer, self.unix_ms / 1000) {
            Ok(admission) => {
                let privileges = Privileges::from_bits(admission.privileges.bits() & VOICE.bits());
                let pass = Some(VoicePass { room: room.into(), privileges });
                Ok(Proven { expires: admission.expires_unix, pass })
            }
            Err(error) => {
                if made_up(&error) {
                    self.guesses.refused(self.now, &origin, hello.app, &hello.user);
                    let (app, user) = (hello.app, &hello.user);
                    self.note_user("voice-login-refused", Some(conn), app, None, user, origin.as_ref());
                }
                Err(error.fault().in_field("authBuffer"))
            }
        }
    }

    /// Whether a session logged in with an authBuffer.
    pub(crate) fn has_voice_pass(&self, session: SessionId) -> bool {
        self.voice.contains_key(&session)
    }

    /// What a session with an authBuffer may do in a room; `None` for all other sessions.
    pub(crate) fn voice_grant(&self, session: SessionId, room: &RoomId) -> Result<Option<Privileges>, Fault> {
        let Some(pass) = self.voice.get(&session) else { return Ok(None) };
        if pass.room != *room {
            let sentence = format!(
                "This session logged in with an authBuffer for the voice room {:?}; it may enter no other one.",
                pass.room
            );
            return Err(Fault::because(ErrorCode::MayNotEnter, sentence).in_field("room"));
        }
        Ok(Some(pass.privileges))
    }
}

/// Voice rooms have narrower rules for both names.
fn names(user: &UserId, room: &str) -> Result<(VoiceUser, VoiceRoom), Fault> {
    let wrong = |field, words: String| {
        Fault::because(ErrorCode::InvalidField, format!("The request is not valid: {words}.")).in_field(field)
    };
    let user = VoiceUser::try_from(user).map_err(|error| wrong("user", error.to_string()))?;
    let room = VoiceRoom::parse(room).map_err(|error| wrong("voiceRoom", error.to_string()))?;
    Ok((user, room))
}

fn check(
    config: &AppConfig,
    app: AppId,
    user: VoiceUser,
    room: &VoiceRoom,
    auth_buffer: &Redacted<String>,
    now_unix: u64,
) -> Result<Admission, AuthBufferError> {
    let key = if config.auth_buffer_md5 { Key::md5(&config.secret) } else { Key::of(&config.secret) };
    verify(app, &key, user, room, auth_buffer.reveal().as_bytes(), now_unix)
}

/// Whether a refusal can be one of many tries. An expired authBuffer, and what is none at all, cannot.
const fn made_up(error: &AuthBufferError) -> bool {
    matches!(error.code(), ErrorCode::CredentialMismatch | ErrorCode::CredentialForOther)
}
