//! How much of a link congestion control looks for: what the stream needs, and room for keyframes where the link has it.
//!
//! Packets leave no faster than congestion control believes the link to carry. With the average of the stream in mind, a
//! keyframe, ten times as large as other pictures, and the pictures behind it would be on their way for a fifth of a second.
//! A link that has little more than the stream needs loses packets of keyframes that leave at once: there, the average it is.

use crate::ladder::Rates;
use std::time::{Duration, Instant};

/// Congestion control looks for this much more than the stream has, so that it notices when a link has become larger.
const STREAM_PERCENT: u64 = 130;

/// Where the link has room, what is looked for takes a keyframe in this time. Probes go to twice of it, so the keyframe
/// leaves in half of it.
const KEYFRAME_MS: u64 = 120;

/// Looking for less than this saves nothing, and of a stream that has just begun neither rate nor keyframes are known. A
/// probe's result replaces what is believed of the link, so looking for too little would make it look small.
const LEAST: u64 = 1_500_000;

/// Looking for more than this, for the sake of keyframes, costs more in probes than they gain.
const MOST: u64 = 8_000_000;

/// For the sake of keyframes it looks for this much of what it believes of the link. Not for much more: a thin link would be
/// filled with probes. Not for less: of what it believes to have it looks for no more, and after a fright that was none, as
/// busy machines give, it would never believe in the link again.
const STEP_PERCENT: u64 = 150;

/// A link that loses more than this share of its packets has no room.
const LOSS: f32 = 0.02;

/// A link shows first, for this long, that it carries the stream. One that does not is never tempted with more.
const PROOF: Duration = Duration::from_secs(3);

/// How long room is not looked for again after such a loss; each time twice as long, up to the longest.
const FIRST_REST: Duration = Duration::from_secs(30);
const LONGEST_REST: Duration = Duration::from_secs(600);

/// What is known of one viewer's link.
#[derive(Debug)]
pub(crate) struct Room {
    /// What congestion control believes, bits per second.
    estimate: u64,
    /// When something was sent first.
    since: Option<Instant>,
    rest: Duration,
    /// No room is looked for until then.
    until: Option<Instant>,
}

impl Room {
    /// Of a link that nothing is known of but the first estimate.
    pub(crate) const fn new(estimate: u64) -> Self {
        Self { estimate, since: None, rest: Duration::ZERO, until: None }
    }

    /// Congestion control has a new opinion, in bits per second.
    pub(crate) const fn estimate(&mut self, bits: u64) {
        self.estimate = bits;
    }

    /// So large a share of the packets of the last second was lost.
    pub(crate) fn lost(&mut self, now: Instant, share: f32) {
        if share <= LOSS {
            return;
        }
        let resting = self.until.is_some_and(|until| now < until);
        if !resting {
            // Who had room for longer than it rested begins anew.
            let soon = self.until.is_some_and(|until| now < until + self.rest);
            self.rest = if soon { (self.rest * 2).min(LONGEST_REST) } else { FIRST_REST };
        }
        self.until = Some(now + self.rest);
    }

    /// What congestion control is to look for, in bits per second.
    pub(crate) fn desired(&mut self, now: Instant, rates: Rates) -> u64 {
        let stream = (rates.video + rates.audio) * STREAM_PERCENT / 100;
        let proof = *self.since.get_or_insert(now) + PROOF;
        if now < self.until.unwrap_or(proof).max(proof) {
            return stream;
        }
        let keyframe = (rates.key_bits * 1000 / KEYFRAME_MS).clamp(LEAST, MOST);
        stream.max(keyframe.min(self.estimate.saturating_mul(STEP_PERCENT) / 100))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: Rates = Rates { video: 750_000, keys: 120_000, audio: 50_000, key_bits: 480_000 };

    /// What is looked for on a link that has carried the stream for a while.
    fn later(estimate: u64, rates: Rates) -> u64 {
        let mut room = Room::new(estimate);
        let now = Instant::now();
        room.desired(now, rates);
        room.desired(now + PROOF, rates)
    }

    #[test]
    fn room_for_keyframes_is_looked_for_step_by_step() {
        assert_eq!(later(20_000_000, STREAM), 4_000_000, "a keyframe in 120 ms");
        assert_eq!(later(2_000_000, STREAM), 3_000_000, "one step at a time");
        assert_eq!(later(300_000, STREAM), 1_040_000, "what the stream needs, on any link");
    }

    #[test]
    fn neither_a_small_stream_nor_a_huge_keyframe_decides_alone() {
        assert_eq!(later(50_000_000, Rates::default()), LEAST);
        let huge = Rates { key_bits: 8_000_000, ..STREAM };
        assert_eq!(later(50_000_000, huge), MOST);
        let large = Rates { video: 20_000_000, ..huge };
        assert!(later(50_000_000, large) > 20_000_000, "it is what the stream needs");
    }

    #[test]
    fn a_link_that_does_not_carry_the_stream_is_not_tempted_with_more() {
        let mut room = Room::new(5_000_000);
        let now = Instant::now();
        assert_eq!(room.desired(now, STREAM), 1_040_000);
        room.lost(now + PROOF / 2, 0.1);
        assert_eq!(room.desired(now + 2 * PROOF, STREAM), 1_040_000);
        assert_eq!(room.desired(now + PROOF / 2 + FIRST_REST, STREAM), 4_000_000, "but once more");
    }

    #[test]
    fn where_packets_are_lost_there_is_no_room_for_longer_and_longer() {
        let mut room = Room::new(5_000_000);
        let mut now = Instant::now();
        room.desired(now, STREAM);
        now += PROOF;
        room.lost(now, 0.01);
        assert_eq!(room.desired(now, STREAM), 4_000_000, "a packet now and then");
        for rest in [30, 60, 120, 240, 480, 600, 600] {
            room.lost(now, 0.1);
            room.lost(now, 0.1);
            now += Duration::from_secs(rest - 1);
            assert_eq!(room.desired(now, STREAM), 1_040_000);
            now += Duration::from_secs(2);
            assert_eq!(room.desired(now, STREAM), 4_000_000);
        }
        now += 2 * LONGEST_REST;
        room.lost(now, 0.1);
        assert_eq!(room.desired(now + FIRST_REST, STREAM), 4_000_000, "that was long ago");
    }
}
