//! What this wire hands out and gets back: tickets with a login in them, and role tokens.

use super::frames::TicketText;
use super::names::{Apps, FullName};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use huitong_auth::{Seals, usersig};
use huitong_types::{AppId, ConferenceName, ErrorCode, Fault, Redacted, UserId};
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keeps proofs of tickets apart from those of role tokens.
const TICKET: &str = "wire-ticket";
const ROLE: &str = "wire-role";

/// Longest role token that is looked at, bytes: of a full name of 320 bytes it has under 560.
const ROLE_TOKEN_BYTES: usize = 1024;

/// How long the credential is valid that is made for a login at the engine, seconds. It is used at once.
const LOGIN_SECONDS: u64 = 600;

/// Who somebody has proved to be.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    /// The application.
    pub(crate) app: AppId,
    /// The name on this wire.
    pub(crate) name: FullName,
}

impl Who {
    /// The bare user.
    pub(crate) const fn user(&self) -> &UserId {
        &self.name.user
    }
}

/// What a ticket opens.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    /// For whom.
    pub(crate) who: Who,
    /// Which conference.
    pub(crate) conference: ConferenceName,
    /// The conference's own ticket.
    pub(crate) ticket: Redacted<String>,
}

/// Tickets that are remembered as used, at most. When there are more, the one that expires first is forgotten; the engine refuses
/// it all the same, only later.
const USED: usize = 100_000;

/// Hands out and checks.
#[derive(Debug)]
pub(crate) struct Desk {
    /// The applications.
    pub(crate) apps: Apps,
    seals: Seals,
    /// Tickets that somebody has logged in with, by their expiry.
    used: Mutex<BTreeSet<(u64, String)>>,
}

impl Desk {
    /// For these applications, with proofs of this start.
    pub(crate) const fn new(apps: Apps, seals: Seals) -> Self {
        Self { apps, seals, used: Mutex::new(BTreeSet::new()) }
    }

    fn used(&self) -> MutexGuard<'_, BTreeSet<(u64, String)>> {
        // Nothing behind this lock can panic between two states.
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a ticket for a login, which is good for one. The login alone may end what the user has elsewhere: who has seen
    /// a ticket that was used must not bring that about.
    pub(crate) fn take(&self, ticket: &TicketText, unix_ms: u64) -> Result<(), Fault> {
        let mut used = self.used();
        while used.first().is_some_and(|(expires, _)| *expires < unix_ms) || used.len() > USED {
            used.pop_first();
        }
        if used.insert((ticket.expr_ts, ticket.tkt_id.clone())) {
            return Ok(());
        }
        Err(Fault::new(ErrorCode::TicketVoid).in_field("tkt"))
    }

    /// Gives a ticket back that opened nothing.
    pub(crate) fn give_back(&self, ticket: &TicketText) {
        self.used().remove(&(ticket.expr_ts, ticket.tkt_id.clone()));
    }

    /// Who `uid` is, proved by its UserSig.
    pub(crate) fn who(&self, uid: &str, token: &str, unix_ms: u64) -> Result<Who, Fault> {
        let name = FullName::parse(uid)?;
        let app = self.apps.of_key(&name.key)?;
        let secret = self.apps.secret(app).ok_or(ErrorCode::UnknownApp)?;
        usersig::verify(app, secret, &name.user, token, unix_ms / 1000).map_err(|error| error.fault())?;
        Ok(Who { app, name })
    }

    /// A UserSig for somebody who has proved to be that user.
    pub(crate) fn sig(&self, who: &Who, unix_ms: u64) -> Result<Redacted<String>, Fault> {
        let secret = self.apps.secret(who.app).ok_or(ErrorCode::UnknownApp)?;
        let sig = usersig::mint(who.app, secret, who.user(), unix_ms / 1000, LOGIN_SECONDS, None);
        Ok(Redacted::new(sig))
    }

    /// The text of a ticket.
    pub(crate) fn ticket(&self, login: &Login, url: String, expires_unix_ms: u64) -> TicketText {
        let mut text = TicketText {
            url,
            confr_id: login.conference.as_str().to_owned(),
            mem_name: login.who.name.text(),
            tkt_id: login.ticket.reveal().clone(),
            r#type: "CONFR".to_owned(),
            expr_ts: expires_unix_ms,
            hmac: String::new(),
        };
        text.hmac = self.seals.seal(TICKET, &parts(&text, &expires_unix_ms.to_string()));
        text
    }

    /// What a ticket opens. One that is shown to go on with an earlier stay may have expired.
    pub(crate) fn login(&self, ticket: &TicketText, unix_ms: u64, resuming: bool) -> Result<Login, Fault> {
        let invalid = || Fault::new(ErrorCode::TicketInvalid).in_field("tkt");
        if !self.seals.holds(TICKET, &parts(ticket, &ticket.expr_ts.to_string()), &ticket.hmac) {
            return Err(invalid());
        }
        if unix_ms > ticket.expr_ts && !resuming {
            return Err(Fault::new(ErrorCode::TicketExpired).in_field("tkt"));
        }
        let name = FullName::parse(&ticket.mem_name)?;
        let app = self.apps.of_key(&name.key)?;
        let conference = ConferenceName::new(&ticket.confr_id).map_err(|_| invalid())?;
        Ok(Login { who: Who { app, name }, conference, ticket: Redacted::new(ticket.tkt_id.clone()) })
    }

    /// The role token of a user in a conference. It says who that is and not what it may do, which may change.
    pub(crate) fn role_token(&self, who: &Who, conference: &ConferenceName) -> String {
        let name = who.name.text();
        let proof = self.seals.seal(ROLE, &[conference.as_str(), &name]);
        format!("{conference}.{}.{proof}", URL_SAFE_NO_PAD.encode(&name))
    }

    /// Whose token it is, and for which conference.
    pub(crate) fn holder(&self, token: &str) -> Result<(Who, ConferenceName), Fault> {
        let read = || {
            let mut fields = Some(token).filter(|token| token.len() <= ROLE_TOKEN_BYTES)?.splitn(3, '.');
            let (conference, name, proof) = (fields.next()?, fields.next()?, fields.next()?);
            let name = String::from_utf8(URL_SAFE_NO_PAD.decode(name).ok()?).ok()?;
            let genuine = self.seals.holds(ROLE, &[conference, &name], proof);
            let conference = ConferenceName::new(conference).ok().filter(|_| genuine)?;
            let name = FullName::parse(&name).ok()?;
            Some((Who { app: self.apps.of_key(&name.key).ok()?, name }, conference))
        };
        read().ok_or_else(|| {
            let sentence = "The role token is not one that this start of the server handed out.";
            Fault::because(ErrorCode::BadCredential, sentence).in_field("roleToken")
        })
    }
}

/// What the proof of a ticket is over. Its address may be rewritten by the application.
fn parts<'a>(ticket: &'a TicketText, expires: &'a str) -> [&'a str; 4] {
    [&ticket.confr_id, &ticket.mem_name, &ticket.tkt_id, expires]
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const NOW_MS: u64 = 1_700_000_000_000;

    /// A desk for application 5, `org#app`.
    pub(crate) fn desk() -> Desk {
        let app = AppId::new(5).unwrap();
        let apps = Apps::new(
            [("org#app".to_owned(), app)].into(),
            [(app, Redacted::new("0123456789abcdef".to_owned()))].into(),
        );
        Desk::new(apps, Seals::new([1; 32]))
    }

    pub(crate) fn login(user: &str) -> Login {
        let name = FullName::parse(&format!("org#app_{user}@easemob.com")).unwrap();
        Login {
            who: Who { app: AppId::new(5).unwrap(), name },
            conference: ConferenceName::new("c1").unwrap(),
            ticket: Redacted::new("t1".to_owned()),
        }
    }

    #[test]
    fn a_user_is_who_its_signature_says() {
        let desk = desk();
        let ann = login("ann").who;
        let sig = desk.sig(&ann, NOW_MS).unwrap().into_inner();
        assert_eq!(desk.who("org#app_ann@easemob.com", &sig, NOW_MS).unwrap().user(), ann.user());
        let code = |uid: &str, sig: &str, at| desk.who(uid, sig, at).unwrap_err().code;
        assert_eq!(code("org#app_bob@easemob.com", &sig, NOW_MS), ErrorCode::CredentialForOther);
        assert_eq!(code("org#app_ann@easemob.com", &sig, NOW_MS + 601_000), ErrorCode::CredentialExpired);
        assert_eq!(code("org#6_ann@easemob.com", &sig, NOW_MS), ErrorCode::UnknownApp);
        assert_eq!(code("org#app_ann@easemob.com", "nonsense", NOW_MS), ErrorCode::BadCredential);
    }

    #[test]
    fn a_ticket_opens_what_it_says_and_only_unchanged() {
        let desk = desk();
        let ticket = desk.ticket(&login("ann"), "ws://x".to_owned(), NOW_MS);
        assert_eq!(desk.login(&ticket, NOW_MS, false).unwrap().who.user().as_str(), "ann");
        assert_eq!(desk.login(&ticket, NOW_MS + 1, false).unwrap_err().code, ErrorCode::TicketExpired);
        assert!(desk.login(&ticket, NOW_MS + 1, true).is_ok());
        let moved = TicketText { url: "wss://y".to_owned(), ..ticket.clone() };
        assert!(desk.login(&moved, NOW_MS, false).is_ok(), "applications may rewrite the address");
        let forged = [
            TicketText { mem_name: "org#app_bob@easemob.com".to_owned(), ..ticket.clone() },
            TicketText { confr_id: "c2".to_owned(), ..ticket.clone() },
            TicketText { tkt_id: "t2".to_owned(), ..ticket.clone() },
            TicketText { expr_ts: NOW_MS + 1, ..ticket.clone() },
            TicketText { hmac: String::new(), ..ticket },
        ];
        for ticket in forged {
            assert_eq!(desk.login(&ticket, NOW_MS, true).unwrap_err().code, ErrorCode::TicketInvalid);
        }
    }

    #[test]
    fn a_ticket_is_for_one_login() {
        let desk = desk();
        let ticket = desk.ticket(&login("ann"), String::new(), NOW_MS);
        assert!(desk.take(&ticket, NOW_MS).is_ok());
        assert_eq!(desk.take(&ticket, NOW_MS).unwrap_err().code, ErrorCode::TicketVoid);
        desk.give_back(&ticket);
        assert!(desk.take(&ticket, NOW_MS).is_ok());
        assert!(
            desk.take(&ticket, NOW_MS + 1).is_ok(),
            "what has expired is not remembered: its login is refused before"
        );
    }

    #[test]
    fn a_role_token_says_who_and_cannot_be_made() {
        let desk = desk();
        let ann = login("ann");
        let token = desk.role_token(&ann.who, &ann.conference);
        let (who, conference) = desk.holder(&token).unwrap();
        assert_eq!((who.user().as_str(), conference.as_str()), ("ann", "c1"));
        let (rest, _) = token.rsplit_once('.').unwrap();
        let other = desk.role_token(&login("bob").who, &ann.conference);
        let stolen = format!("{rest}.{}", other.rsplit_once('.').unwrap().1);
        for forged in ["", "a.b", "..", rest, &stolen, &token.replacen("c1", "c2", 1), &"x".repeat(2000)] {
            assert_eq!(desk.holder(forged).unwrap_err().code, ErrorCode::BadCredential, "{forged}");
        }
    }
}
