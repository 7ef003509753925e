//! Proofs over texts that this start of the server handed out and gets back: a client carries them and can change none of them.
//!
//! The secret is made afresh at every start, because what such texts name lives no longer than the process.

use crate::hash;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac;
use huitong_types::Redacted;

/// Keeps this use of a secret apart from any other.
const DOMAIN: &[u8] = b"huitong-seal/1|";

/// Writes and checks proofs.
#[derive(Clone, Debug)]
pub struct Seals(Redacted<[u8; 32]>);

impl Seals {
    /// Proofs under `server_secret`, 32 random bytes of this start.
    pub const fn new(server_secret: [u8; 32]) -> Self {
        Self(Redacted::new(server_secret))
    }

    /// The proof over `parts`, 43 characters of `A-Z a-z 0-9 _ -`. `what` says what they are, so that a proof for one thing
    /// is none for another.
    pub fn seal(&self, what: &str, parts: &[&str]) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(what, parts).finalize().into_bytes())
    }

    /// Whether `proof` is the one over `parts`; takes the same time wherever they differ.
    pub fn holds(&self, what: &str, parts: &[&str], proof: &str) -> bool {
        URL_SAFE_NO_PAD.decode(proof).is_ok_and(|proof| self.mac(what, parts).verify_slice(&proof).is_ok())
    }

    /// Each part goes in with its length: no two lists of parts are the same bytes.
    fn mac(&self, what: &str, parts: &[&str]) -> impl Mac {
        let part = |text: &str| u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes();
        let begun =
            hash::keyed(self.0.reveal()).chain_update(DOMAIN).chain_update(part(what)).chain_update(what);
        parts.iter().fold(begun, |mac, text| mac.chain_update(part(text)).chain_update(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seals() -> Seals {
        Seals::new([7; 32])
    }

    #[test]
    fn a_proof_holds_for_the_same_thing_and_the_same_parts_only() {
        let proof = seals().seal("ticket", &["a", "bc"]);
        assert!(seals().holds("ticket", &["a", "bc"], &proof));
        for (what, parts) in
            [("role", ["a", "bc"]), ("ticket", ["ab", "c"]), ("ticket", ["a", "bd"]), ("ticket", ["", "abc"])]
        {
            assert!(!seals().holds(what, &parts, &proof), "{what} {parts:?}");
        }
        assert!(!seals().holds("ticket", &["a", "bc", ""], &proof));
        assert!(!Seals::new([8; 32]).holds("ticket", &["a", "bc"], &proof), "another start");
        assert!(
            !seals().holds("ticket", &["a", "bc"], proof.get(..42).unwrap()),
            "a part of a proof is none"
        );
        assert!(!seals().holds("ticket", &["a", "bc"], ""));
    }

    proptest! {
        #[test]
        fn no_text_is_a_proof(text in "\\PC{0,60}") {
            prop_assert!(!seals().holds("ticket", &["a"], &text));
        }
    }
}
