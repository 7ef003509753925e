//! Packets in the order of their sequence numbers.

use std::collections::BTreeMap;

/// Packets held at most. At 1200 bytes each this is a second of 4 Mbit/s; when it is full the hole is given up.
pub const REORDER_PACKETS: usize = 512;

/// A step of sequence numbers beyond this is another stream, not a hole.
const MAX_STEP: u64 = 10_000;

/// Holds packets behind a hole until what is missing has come by retransmission, or for a bounded time.
#[derive(Debug)]
pub struct Reorder<T> {
    held: BTreeMap<u64, (u64, T)>,
    next: Option<u64>,
    patience: u64,
}

impl<T> Reorder<T> {
    /// Waits so many microseconds for a packet that is missing.
    pub const fn new(patience_us: u64) -> Self {
        Self { held: BTreeMap::new(), next: None, patience: patience_us }
    }

    /// Takes a packet. One that is late or came before is dropped.
    pub fn push(&mut self, now_us: u64, seq: u64, packet: T) {
        let next = *self.next.get_or_insert(seq);
        if next.abs_diff(seq) > MAX_STEP {
            self.held.clear();
            self.next = Some(seq);
        } else if seq < next {
            return;
        }
        self.held.entry(seq).or_insert((now_us, packet));
    }

    /// The next packet in order, with its sequence number; a number that is left out never came.
    pub fn pop(&mut self, now_us: u64) -> Option<(u64, T)> {
        let (first, (came, _)) = self.held.first_key_value()?;
        let waited = now_us.saturating_sub(*came) >= self.patience;
        if self.next != Some(*first) && !waited && self.held.len() < REORDER_PACKETS {
            return None;
        }
        let (seq, (_, packet)) = self.held.pop_first()?;
        self.next = Some(seq.saturating_add(1));
        Some((seq, packet))
    }

    /// When [`Reorder::pop`] gives a hole up, if packets wait behind one.
    pub fn deadline(&self) -> Option<u64> {
        let (_, (came, _)) = self.held.first_key_value()?;
        Some(came.saturating_add(self.patience))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(reorder: &mut Reorder<u64>, now: u64) -> Vec<u64> {
        std::iter::from_fn(|| reorder.pop(now).map(|(seq, _)| seq)).collect()
    }

    #[test]
    fn packets_come_out_in_order_once_the_hole_is_filled() {
        let mut reorder = Reorder::new(1000);
        for seq in [5, 7, 8, 8] {
            reorder.push(0, seq, seq);
        }
        assert_eq!(drain(&mut reorder, 10), [5]);
        reorder.push(20, 6, 6);
        assert_eq!(drain(&mut reorder, 20), [6, 7, 8]);
        reorder.push(30, 7, 7);
        assert_eq!(drain(&mut reorder, 30), []);
    }

    #[test]
    fn a_hole_is_given_up_when_its_time_is_over_or_too_many_wait() {
        let mut reorder = Reorder::new(1000);
        reorder.push(0, 1, 1);
        reorder.push(0, 3, 3);
        assert_eq!(drain(&mut reorder, 999), [1]);
        assert_eq!(reorder.deadline(), Some(1000));
        assert_eq!(drain(&mut reorder, 1000), [3]);
        for seq in 0..REORDER_PACKETS as u64 {
            reorder.push(2000, 10 + seq, 0);
        }
        assert_eq!(drain(&mut reorder, 2000).len(), REORDER_PACKETS);
    }

    #[test]
    fn a_stream_that_starts_anew_is_followed() {
        let mut reorder = Reorder::new(1000);
        reorder.push(0, 1_000_000, 0);
        assert_eq!(drain(&mut reorder, 0), [1_000_000]);
        reorder.push(0, 3, 0);
        assert_eq!(drain(&mut reorder, 0), [3]);
    }
}
