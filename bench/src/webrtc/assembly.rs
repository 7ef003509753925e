//! From RTP packets to measured messages.

use super::{H264_PT, OPUS_PT};
use crate::stream::Probe;
use huitong_media::rtp::Reorder;
use std::sync::Arc;

/// How long a packet that is missing is waited for, µs: as long as a browser that plays at once would.
const PATIENCE_US: u64 = 300_000;

/// Type of a NAL unit that is a part of another (RFC 6184, section 5.8).
const FU_A: u8 = 28;

/// Type of the slices of a keyframe.
const IDR: u8 = 5;

/// What the header of a packet says: payload type, number, marker.
pub(super) type Head = (u8, u64, bool);

/// A packet of a picture.
struct Piece {
    marker: bool,
    payload: Arc<[u8]>,
}

/// Puts the messages of one viewer together.
pub(super) struct Assembly {
    pieces: Reorder<Piece>,
    /// Number of the last packet that came out in order.
    last: Option<u64>,
    /// The message that is under way, if nothing of it is missing so far.
    current: Option<Probe>,
}

impl Assembly {
    pub(super) const fn new() -> Self {
        Self { pieces: Reorder::new(PATIENCE_US), last: None, current: None }
    }

    /// Takes a packet and reports the messages that are whole now.
    pub(super) fn take(
        &mut self,
        now_us: u64,
        (pt, seq, marker): Head,
        payload: Arc<[u8]>,
        mut seen: impl FnMut(Probe),
    ) {
        match pt {
            OPUS_PT => {
                if let Some(probe) = payload.get(1..).and_then(|rest| Probe::at(rest, false)) {
                    seen(probe);
                }
            }
            H264_PT => {
                self.pieces.push(now_us, seq, Piece { marker, payload });
                while let Some((seq, piece)) = self.pieces.pop(now_us) {
                    if let Some(probe) = self.piece(seq, &piece) {
                        seen(probe);
                    }
                }
            }
            _ => {}
        }
    }

    fn piece(&mut self, seq: u64, piece: &Piece) -> Option<Probe> {
        if self.last.replace(seq).is_none_or(|last| last + 1 != seq) {
            self.current = None;
        }
        if let Some(probe) = begins(&piece.payload) {
            self.current = Some(probe);
        }
        if piece.marker { self.current.take() } else { None }
    }
}

/// The probe of a packet with which a picture begins.
fn begins(payload: &[u8]) -> Option<Probe> {
    let (first, rest) = payload.split_first()?;
    if first & 0x1f != FU_A {
        return Probe::at(rest, first & 0x1f == IDR);
    }
    let (part, rest) = rest.split_first()?;
    if part & 0x80 == 0 {
        return None;
    }
    Probe::at(rest, part & 0x1f == IDR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{BROWSER, Schedule, opus, picture};
    use huitong_media::flv::TagKind;

    /// Packets of the first messages of a stream.
    fn packets(messages: usize) -> Vec<(Head, Arc<[u8]>)> {
        let (mut schedule, mut body, mut sound) = (Schedule::of(&BROWSER), Vec::new(), Vec::new());
        let (mut out, mut video, mut audio) = (Vec::new(), 70, 900);
        for _ in 0..messages {
            let planned = schedule.next();
            schedule.body(planned, 5, &mut body);
            if planned.kind == TagKind::Audio {
                opus(&body, &mut sound);
                out.push(((OPUS_PT, audio, false), Arc::from(&sound[..])));
                audio += 1;
                continue;
            }
            let pieces = crate::webrtc::cut(picture(&body), planned.key);
            let last = pieces.len() - 1;
            for (n, piece) in pieces.into_iter().enumerate() {
                out.push(((H264_PT, video, n == last), piece));
                video += 1;
            }
        }
        out
    }

    fn numbers(packets: impl IntoIterator<Item = (Head, Arc<[u8]>)>, us_each: u64) -> Vec<u64> {
        let (mut assembly, mut got) = (Assembly::new(), Vec::new());
        for (n, (head, payload)) in packets.into_iter().enumerate() {
            assembly.take(n as u64 * us_each, head, payload, |probe| got.push(probe.seq));
        }
        got
    }

    #[test]
    fn every_message_comes_out_once_and_keyframes_are_known() {
        assert_eq!(numbers(packets(40), 100), (0..40).collect::<Vec<_>>());
        let (mut assembly, mut keys) = (Assembly::new(), 0);
        for (head, payload) in packets(40) {
            assembly.take(0, head, payload, |probe| keys += usize::from(probe.key));
        }
        assert_eq!(keys, 1);
    }

    #[test]
    fn packets_out_of_order_make_the_same_messages() {
        let mut packets = packets(40);
        packets.swap(3, 6);
        let mut got = numbers(packets, 100);
        got.sort_unstable();
        assert_eq!(got, (0..40).collect::<Vec<_>>());
    }

    #[test]
    fn a_picture_without_one_of_its_packets_is_none() {
        let mut packets = packets(100);
        packets.remove(3);
        // Sound overtakes the pictures that wait behind the hole.
        let mut got = numbers(packets, 3000);
        got.sort_unstable();
        assert_eq!(got, (1..100).collect::<Vec<_>>());
    }
}
