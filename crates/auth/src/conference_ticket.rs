//! Tickets to conferences: what the server let somebody have, in a form that only this start of the server can have made.
//!
//! A ticket carries numbers of the running server and a proof over them, its application and its user. The secret is made afresh at
//! every start, so that tickets of an earlier one, whose numbers meant something else, open nothing.

use crate::hash;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac;
use huitong_types::{AppId, Redacted, UserId, limits};

/// Bytes of the proof: 128 bits are beyond guessing.
const PROOF_BYTES: usize = 16;

/// Bytes of ticket, conference, role and expiry.
const NUMBER_BYTES: usize = 8 + 8 + 1 + 8;

/// Keeps this use of the server's secret apart from any other.
const DOMAIN: &[u8] = b"huitong-conference-ticket/1|";

/// What a ticket says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketNumbers {
    /// Number of the ticket.
    pub ticket: u64,
    /// Number of the conference.
    pub conference: u64,
    /// The role that was asked for; 0 if none.
    pub role: u8,
    /// Until when, ms of the server's own clock.
    pub expires_ms: u64,
}

impl TicketNumbers {
    fn bytes(&self) -> [u8; NUMBER_BYTES] {
        let mut bytes = [0; NUMBER_BYTES];
        let written = self.ticket.to_be_bytes().into_iter().chain(self.conference.to_be_bytes());
        let written = written.chain([self.role]).chain(self.expires_ms.to_be_bytes());
        bytes.iter_mut().zip(written).for_each(|(to, from)| *to = from);
        bytes
    }

    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (ticket, rest) = bytes.split_first_chunk::<8>()?;
        let (conference, rest) = rest.split_first_chunk::<8>()?;
        let (role, rest) = rest.split_first()?;
        let (expires, proof) = rest.split_first_chunk::<8>()?;
        let numbers = Self {
            ticket: u64::from_be_bytes(*ticket),
            conference: u64::from_be_bytes(*conference),
            role: *role,
            expires_ms: u64::from_be_bytes(*expires),
        };
        Some((numbers, proof))
    }
}

/// Writes and reads tickets.
#[derive(Clone, Debug)]
pub struct TicketKeys(Redacted<[u8; 32]>);

impl TicketKeys {
    /// Tickets under `server_secret`, 32 random bytes of this start.
    pub const fn new(server_secret: [u8; 32]) -> Self {
        Self(Redacted::new(server_secret))
    }

    /// The text of a ticket for one user: 55 characters of `A-Z a-z 0-9 _ -`.
    pub fn write(&self, app: AppId, user: &UserId, numbers: &TicketNumbers) -> Redacted<String> {
        let bytes = numbers.bytes();
        let proof = self.proof(app, user, &bytes).finalize().into_bytes();
        let all: Vec<u8> = bytes.into_iter().chain(proof.into_iter().take(PROOF_BYTES)).collect();
        Redacted::new(URL_SAFE_NO_PAD.encode(all))
    }

    /// What a ticket says; `None` when this start of the server did not write it for this user.
    pub fn read(&self, app: AppId, user: &UserId, ticket: &Redacted<String>) -> Option<TicketNumbers> {
        if ticket.reveal().len() > limits::TICKET_BYTES {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(ticket.reveal()).ok()?;
        let (numbers, proof) = TicketNumbers::read(&bytes)?;
        if proof.len() != PROOF_BYTES {
            return None;
        }
        self.proof(app, user, &numbers.bytes()).verify_truncated_left(proof).ok()?;
        Some(numbers)
    }

    fn proof(&self, app: AppId, user: &UserId, numbers: &[u8]) -> impl Mac {
        let keyed = hash::keyed(self.0.reveal()).chain_update(DOMAIN).chain_update(numbers);
        keyed.chain_update(app.get().to_be_bytes()).chain_update(user.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn app(number: u32) -> AppId {
        AppId::new(number).unwrap()
    }

    fn user(name: &str) -> UserId {
        UserId::new(name).unwrap()
    }

    fn numbers() -> TicketNumbers {
        TicketNumbers { ticket: 7, conference: 9, role: 3, expires_ms: 1_700_000_000_000 }
    }

    #[test]
    fn a_ticket_opens_for_its_user_of_its_application_at_this_start_only() {
        let keys = TicketKeys::new([1; 32]);
        let ticket = keys.write(app(1), &user("alice"), &numbers());
        assert_eq!(ticket.reveal().len(), 55);
        assert_eq!(keys.read(app(1), &user("alice"), &ticket), Some(numbers()));
        assert_eq!(keys.read(app(1), &user("bob"), &ticket), None);
        assert_eq!(keys.read(app(2), &user("alice"), &ticket), None);
        assert_eq!(TicketKeys::new([2; 32]).read(app(1), &user("alice"), &ticket), None);
    }

    #[test]
    fn changing_any_character_breaks_a_ticket() {
        let keys = TicketKeys::new([3; 32]);
        let ticket = keys.write(app(1), &user("alice"), &numbers());
        for at in 0..ticket.reveal().len() {
            let mut changed = ticket.reveal().clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = Redacted::new(String::from_utf8(changed).unwrap());
            assert_eq!(keys.read(app(1), &user("alice"), &changed), None, "character {at}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_alike(ticket: u64, conference: u64, role: u8, expires_ms: u64) {
            let keys = TicketKeys::new([5; 32]);
            let numbers = TicketNumbers { ticket, conference, role, expires_ms };
            let text = keys.write(app(1), &user("a"), &numbers);
            prop_assert_eq!(keys.read(app(1), &user("a"), &text), Some(numbers));
        }

        #[test]
        fn no_other_text_opens(text in "\\PC{0,300}") {
            prop_assert_eq!(TicketKeys::new([5; 32]).read(app(1), &user("a"), &Redacted::new(text)), None);
        }
    }
}
