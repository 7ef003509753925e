//! The keys inside media URLs.
//!
//! A push key is random, made by the client or the server, and registered by signalling. A play key is made
//! by the server for one session and one stream and carries its own proof, so the server keeps no table of
//! the keys it gave out, however many players there are.

use crate::hash;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac;
use huitong_types::{Redacted, SessionId, StreamId, StreamKey};

/// Bytes of the proof in a play key: 128 bits are beyond guessing, and the key stays at 43 characters.
const PROOF_BYTES: usize = 16;

/// Bytes that a play key writes in base64url: session, stream and proof.
const PLAY_KEY_BYTES: usize = 8 + 8 + PROOF_BYTES;

/// Keeps this use of the server's secret apart from any other.
const DOMAIN: &[u8] = b"huitong-play-key/1|";

/// Mints and opens play keys. Its secret is made afresh at every start of the server: sessions do not
/// outlive the process, and neither do their keys.
#[derive(Clone, Debug)]
pub struct PlayKeys(Redacted<[u8; 32]>);

impl PlayKeys {
    /// Play keys under `server_secret`, 32 random bytes.
    pub const fn new(server_secret: [u8; 32]) -> Self {
        Self(Redacted::new(server_secret))
    }

    /// The key with which `session` plays `stream`: 43 characters.
    pub fn mint(&self, session: SessionId, stream: StreamId) -> StreamKey {
        let mut bytes = [0; PLAY_KEY_BYTES];
        let [session, stream] = [session.get().to_be_bytes(), stream.get().to_be_bytes()];
        let proof = self.proof(session, stream).finalize().into_bytes();
        let written = session.iter().chain(&stream).chain(&proof);
        bytes.iter_mut().zip(written).for_each(|(to, from)| *to = *from);
        in_base64url(&bytes)
    }

    /// Whom and what a play key is for; `None` when this server did not mint it.
    pub fn open(&self, key: &StreamKey) -> Option<(SessionId, StreamId)> {
        let mut bytes = [0; PLAY_KEY_BYTES];
        let length = URL_SAFE_NO_PAD.decode_slice(key.reveal(), &mut bytes).ok()?;
        if length != PLAY_KEY_BYTES {
            return None;
        }
        let (session, rest) = bytes.split_first_chunk::<8>()?;
        let (stream, proof) = rest.split_first_chunk::<8>()?;
        self.proof(*session, *stream).verify_truncated_left(proof).ok()?;
        let number = |bytes: &[u8; 8]| u64::from_be_bytes(*bytes);
        Some((SessionId::new(number(session)), StreamId::new(number(stream))))
    }

    fn proof(&self, session: [u8; 8], stream: [u8; 8]) -> impl Mac {
        hash::keyed(self.0.reveal()).chain_update(DOMAIN).chain_update(session).chain_update(stream)
    }
}

/// A push key of 24 characters from 144 random bits.
pub fn push_key_from_random(random: [u8; 18]) -> StreamKey {
    in_base64url(&random)
}

/// Callers pass 18 or 32 bytes, which is 24 or 43 characters of the key's alphabet.
fn in_base64url(bytes: &[u8]) -> StreamKey {
    StreamKey::new(URL_SAFE_NO_PAD.encode(bytes))
        .unwrap_or_else(|_| unreachable!("base64url of 12 to 48 bytes is a valid stream key"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    #[test]
    fn keys_do_not_open_elsewhere() {
        let (ours, theirs) = (PlayKeys::new([1; 32]), PlayKeys::new([2; 32]));
        let key = ours.mint(SessionId::new(7), StreamId::new(9));
        assert_eq!(key.reveal().len(), 43);
        assert_eq!(ours.open(&key), Some((SessionId::new(7), StreamId::new(9))));
        assert_eq!(theirs.open(&key), None);
        assert_eq!(ours.open(&push_key_from_random([7; 18])), None);
        assert_eq!(ours.open(&StreamKey::new("A".repeat(64)).unwrap()), None);
    }

    #[test]
    fn the_secret_is_not_shown() {
        assert_eq!(format!("{:?}", PlayKeys::new([65; 32])), "PlayKeys([redacted])");
    }

    #[test]
    fn changing_any_character_to_any_other_breaks_a_key() {
        let keys = PlayKeys::new([3; 32]);
        let key = keys.mint(SessionId::new(0x0123_4567_89ab_cdef), StreamId::new(42));
        let text = key.reveal().as_bytes();
        for at in 0..text.len() {
            for other in ALPHABET.iter().filter(|c| **c != text[at]) {
                let mut changed = text.to_vec();
                changed[at] = *other;
                let changed = StreamKey::new(std::str::from_utf8(&changed).unwrap()).unwrap();
                assert_eq!(keys.open(&changed), None, "character {at} to {}", char::from(*other));
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_minted_opens_to_the_same(secret: [u8; 32], session: u64, stream: u64) {
            let keys = PlayKeys::new(secret);
            let pair = (SessionId::new(session), StreamId::new(stream));
            prop_assert_eq!(keys.open(&keys.mint(pair.0, pair.1)), Some(pair));
        }

        #[test]
        fn no_other_key_opens(secret: [u8; 32], text in "[A-Za-z0-9_-]{16,64}") {
            prop_assert_eq!(PlayKeys::new(secret).open(&StreamKey::new(text).unwrap()), None);
        }

        #[test]
        fn push_keys_differ_when_their_random_bits_differ(one: [u8; 18], two: [u8; 18]) {
            let (first, second) = (push_key_from_random(one), push_key_from_random(two));
            prop_assert_eq!(first.reveal().len(), 24);
            prop_assert_eq!(first == second, one == two);
        }
    }
}
