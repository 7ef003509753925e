//! The block cipher of an authBuffer and its frame.
//!
//! It is written out here: of the crates for it one is left alone for years, another chains as the second generation does.

use huitong_types::Redacted;
use md5::{Digest, Md5};
use subtle::ConstantTimeEq;

/// The constant of TEA, from the golden ratio.
const DELTA: u32 = 0x9e37_79b9;
/// Rounds; TEA itself has 32.
const ROUNDS: u32 = 16;

/// Bytes of a block.
const BLOCK: usize = 8;
/// Bytes of the key.
const KEY: usize = 16;
/// The bits of the first byte that count the padding.
const PADDING_BITS: u8 = 7;
/// Random bytes between padding and body.
const SALT: usize = 2;
/// Zero bytes at the end, by which a wrong key is noticed.
const ZEROS: usize = 7;

/// Random bytes that [`seal`] may need: the first byte, most padding, and the two before the body.
pub const RANDOM_BYTES: usize = 1 + PADDING_BITS as usize + SALT;

/// The key of an application's authBuffers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(Redacted<[u8; KEY]>);

impl Key {
    /// The key that belongs to a secret. A secret of 16 characters, as the vendor's console shows them, is the key
    /// itself. Any other is too long for the cipher: of it the MD5 is the key, as in [`Key::md5`].
    pub fn of(secret: &Redacted<String>) -> Self {
        match <[u8; KEY]>::try_from(secret.reveal().as_bytes()) {
            Ok(characters) => Self(Redacted::new(characters)),
            Err(_) => Self::md5(secret),
        }
    }

    /// The MD5 of a secret, which older documents of the vendor ask for although the secret has 16 characters.
    pub fn md5(secret: &Redacted<String>) -> Self {
        Self(Redacted::new(Md5::digest(secret.reveal().as_bytes()).into()))
    }

    /// The key as the words the cipher calculates with.
    fn words(&self) -> [u32; 4] {
        let whole = u128::from_be_bytes(*self.0.reveal());
        [96, 64, 32, 0].map(|shift| (whole >> shift) as u32)
    }
}

/// The halves of a block.
const fn halves(block: u64) -> (u32, u32) {
    ((block >> 32) as u32, block as u32)
}

fn joined(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// What is added to one half of a block, from the other one.
const fn mixed(half: u32, sum: u32, left: u32, right: u32) -> u32 {
    (half << 4).wrapping_add(left) ^ half.wrapping_add(sum) ^ (half >> 5).wrapping_add(right)
}

fn encrypt([a, b, c, d]: [u32; 4], block: u64) -> u64 {
    let (mut y, mut z) = halves(block);
    let mut sum = 0_u32;
    for _ in 0..ROUNDS {
        sum = sum.wrapping_add(DELTA);
        y = y.wrapping_add(mixed(z, sum, a, b));
        z = z.wrapping_add(mixed(y, sum, c, d));
    }
    joined(y, z)
}

fn decrypt([a, b, c, d]: [u32; 4], block: u64) -> u64 {
    let (mut y, mut z) = halves(block);
    let mut sum = DELTA.wrapping_mul(ROUNDS);
    for _ in 0..ROUNDS {
        z = z.wrapping_sub(mixed(y, sum, c, d));
        y = y.wrapping_sub(mixed(z, sum, a, b));
        sum = sum.wrapping_sub(DELTA);
    }
    joined(y, z)
}

/// Encrypts a body. Signers need [`super::mint`], which writes the body too; this is for tools and tests that write
/// their own.
pub fn seal(key: &Key, body: &[u8], random: [u8; RANDOM_BYTES]) -> Vec<u8> {
    let unpadded = 1 + SALT + body.len() + ZEROS;
    let padding = unpadded.next_multiple_of(BLOCK) - unpadded;
    let count = u8::try_from(padding).unwrap_or_default();
    let [first, rest @ ..] = random;
    let mut plain = vec![first & !PADDING_BITS | count];
    plain.extend(rest.iter().take(padding + SALT));
    plain.extend(body);
    plain.extend([0; ZEROS]);
    let words = key.words();
    let (blocks, _) = plain.as_chunks::<BLOCK>();
    let chain = blocks.iter().scan(0, |before, block| {
        *before = encrypt(words, u64::from_be_bytes(*block) ^ *before);
        Some(before.to_be_bytes())
    });
    chain.flatten().collect()
}

/// Decrypts to the body; `None` when the key is another one or the frame is damaged. The two look alike.
pub(super) fn open(key: &Key, frame: &[u8]) -> Option<Vec<u8>> {
    let (blocks, rest) = frame.as_chunks::<BLOCK>();
    if !rest.is_empty() {
        return None;
    }
    let words = key.words();
    let chain = blocks.iter().scan(0, |before, block| {
        let block = u64::from_be_bytes(*block);
        Some((decrypt(words, block) ^ std::mem::replace(before, block)).to_be_bytes())
    });
    let plain: Vec<u8> = chain.flatten().collect();
    let (head, zeros) = plain.split_last_chunk::<ZEROS>()?;
    // The time must not tell how many of them are right: that would decrypt any block, byte by byte.
    if !bool::from(zeros.ct_eq(&[0; ZEROS])) {
        return None;
    }
    let (first, head) = head.split_first()?;
    head.get(usize::from(first & PADDING_BITS) + SALT..).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    fn key(secret: &str) -> Key {
        Key::of(&Redacted::new(secret.to_owned()))
    }

    /// An authBuffer from elsewhere, with the body that it holds.
    const FRAME: &str = "FfgoIxM+HQq8apcFTX1eq/f7JeuYijrCcioRe8EtZjf9ZB1zW1elq0yFF/Ds4hOq";
    const BODY: &[u8] =
        b"\x01\x00\x0510001\x53\x72\x4e\x01\0\0\0\0\x7d\x2b\x75\x00\xff\xff\xff\xff\0\0\0\0\x00\x08room_123";

    #[test]
    fn a_frame_from_elsewhere_opens_and_is_made_again_bit_for_bit() {
        let (key, frame) = (key("0123456789abcdef"), STANDARD.decode(FRAME).unwrap());
        assert_eq!(open(&key, &frame).unwrap(), BODY);
        let first = decrypt(key.words(), u64::from_be_bytes(frame[..8].try_into().unwrap()));
        let second = decrypt(key.words(), u64::from_be_bytes(frame[8..16].try_into().unwrap()));
        let second = second ^ u64::from_be_bytes(frame[..8].try_into().unwrap());
        let random = [first.to_be_bytes(), second.to_be_bytes()].concat();
        assert_eq!(seal(&key, BODY, random[..RANDOM_BYTES].try_into().unwrap()), frame);
    }

    #[test]
    fn another_key_or_another_length_opens_nothing() {
        let frame = STANDARD.decode(FRAME).unwrap();
        assert_eq!(open(&key("0123456789abcdeg"), &frame), None);
        let key = key("0123456789abcdef");
        for end in 0..frame.len() {
            assert_eq!(open(&key, &frame[..end]), None, "{end} bytes");
        }
        assert_eq!(open(&key, &[&frame[..], &[0]].concat()), None);
    }

    #[test]
    fn padding_that_reaches_into_the_zeros_is_refused() {
        let key = key("0123456789abcdef");
        let first = encrypt(key.words(), 0x0700_0000_0000_0000);
        let second = encrypt(key.words(), first);
        let frame = [first.to_be_bytes(), second.to_be_bytes()].concat();
        assert_eq!(open(&key, &frame), None);
        let first = encrypt(key.words(), 0x0600_0000_0000_0000);
        let second = encrypt(key.words(), first);
        let frame = [first.to_be_bytes(), second.to_be_bytes()].concat();
        assert_eq!(open(&key, &frame), Some(Vec::new()));
    }

    #[test]
    fn a_secret_of_sixteen_characters_is_the_key_and_of_others_their_digest() {
        let digest = |text: &str| <[u8; KEY]>::from(Md5::digest(text));
        assert_eq!(key("0123456789abcdef").0.reveal(), b"0123456789abcdef");
        for secret in
            ["0123456789abcdefg", "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e"]
        {
            assert_eq!(*key(secret).0.reveal(), digest(secret));
        }
        let asked = Key::md5(&Redacted::new("0123456789abcdef".to_owned()));
        // RFC 1321 has no vector of sixteen characters; this one is `printf 0123456789abcdef | md5sum`.
        assert_eq!(u128::from_be_bytes(*asked.0.reveal()), 0x4032_af8d_6103_5123_906e_58e0_6714_0cc5);
        assert_eq!(format!("{asked:?}"), "Key([redacted])");
    }

    proptest! {
        #[test]
        fn what_is_encrypted_decrypts(words: [u32; 4], block: u64) {
            prop_assert_eq!(decrypt(words, encrypt(words, block)), block);
        }

        #[test]
        fn what_is_sealed_opens_to_the_same(
            secret in "[!-~]{16,64}", body in prop::collection::vec(any::<u8>(), 0..300), random: [u8; RANDOM_BYTES],
        ) {
            let key = key(&secret);
            let frame = seal(&key, &body, random);
            prop_assert!(frame.len().is_multiple_of(BLOCK) && frame.len() < body.len() + 18);
            prop_assert_eq!(open(&key, &frame), Some(body));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = open(&key("0123456789abcdef"), &bytes);
        }
    }
}
