//! Unpredictable numbers from one seed, so that the engine stays a function of its inputs.

use huitong_types::Redacted;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// A generator in counter mode: block `n` is SHA-256 of seed and `n`. Without the seed its output cannot be
/// told from random bytes; with the seed it repeats, which tests and simulations rely on.
#[derive(Debug)]
pub(crate) struct Random {
    seed: Redacted<[u8; 32]>,
    counter: u64,
}

impl Random {
    pub(crate) const fn new(seed: [u8; 32]) -> Self {
        Self { seed: Redacted::new(seed), counter: 0 }
    }

    /// The next 32 bytes.
    pub(crate) fn block(&mut self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"huitong engine random");
        hash.update(self.seed.reveal());
        hash.update(self.counter.to_be_bytes());
        self.counter += 1;
        hash.finalize().into()
    }

    /// `N` bytes, at most 32.
    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        const { assert!(N <= 32) };
        let block = self.block();
        let mut bytes = [0; N];
        for (to, from) in bytes.iter_mut().zip(block) {
            *to = from;
        }
        bytes
    }

    /// 64 bits, never 0.
    pub(crate) fn number(&mut self) -> u64 {
        loop {
            let number = u64::from_be_bytes(self.bytes());
            if number != 0 {
                return number;
            }
        }
    }

    /// 128 bits as 32 hexadecimal digits.
    pub(crate) fn text(&mut self) -> Redacted<String> {
        let mut text = String::new();
        for byte in self.bytes::<16>() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Redacted::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_repeats_and_another_does_not() {
        let run = |seed| {
            let mut random = Random::new([seed; 32]);
            (random.number(), random.text().into_inner(), random.block())
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        assert_eq!(run(1).1.len(), 32);
    }
}
