//! What the WebRTC machine counts of a session, added to the figures of all.
//!
//! It counts from the beginning of a session and tells so every second; figures get what has been added since.

use crate::figures;
use std::collections::HashMap;
use std::time::Duration;
use str0m::Event;
use str0m::media::{Mid, Pt};

/// How often the machine tells what it counted. What happens in the last second of a session is not told.
pub(crate) const INTERVAL: Duration = Duration::from_secs(1);

/// What was told of a session so far.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    /// Requests for lost packets, by track.
    nacks: HashMap<Mid, u64>,
}

impl Stats {
    /// Takes note of what the machine tells; true if it was something of this kind.
    pub(crate) fn take(&mut self, event: &Event) -> bool {
        match event {
            Event::MediaEgressStats(stats) => {
                figures::NACKS_RECEIVED.increment(self.grown(stats.mid, stats.nacks));
                observe("play", stats.rtt, stats.loss);
            }
            Event::MediaIngressStats(stats) => {
                figures::NACKS_SENT.increment(self.grown(stats.mid, stats.nacks));
                observe("publish", stats.rtt, stats.loss);
            }
            Event::PeerStats(stats) => {
                if let Some(estimate) = stats.bwe_tx {
                    metrics::histogram!(figures::ESTIMATE).record(estimate.as_f64());
                }
            }
            _ => return false,
        }
        true
    }

    fn grown(&mut self, mid: Mid, count: u64) -> u64 {
        let before = self.nacks.insert(mid, count).unwrap_or_default();
        count.saturating_sub(before)
    }
}

fn observe(role: &'static str, rtt: Option<Duration>, loss: Option<f32>) {
    if let Some(rtt) = rtt {
        metrics::histogram!(figures::RTT, "role" => role).record(rtt);
    }
    if let Some(loss) = loss {
        metrics::histogram!(figures::LOSS, "role" => role).record(loss);
    }
}

/// Whether a datagram is an RTP packet of this payload type: the head is not encrypted (RFC 3711, section 3.1).
pub(crate) fn is_rtp_of(datagram: &[u8], pt: Option<Pt>) -> bool {
    let Some(pt) = pt else { return false };
    // Version 2; the payload types of RTCP on the same port begin at 64 when the marker bit is cut off (RFC 5761), which
    // no payload type of a track is.
    matches!(datagram, [first, second, ..] if first >> 6 == 2 && second & 0x7f == *pt)
}

/// Whether a datagram is RTCP (RFC 5761, section 4).
pub(crate) fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram, [first, 192..=223, ..] if first >> 6 == 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;
    use str0m::stats::MediaEgressStats;

    #[test]
    fn only_what_was_added_counts() {
        let mut stats = Stats::default();
        let mid = Mid::from("0");
        assert_eq!([3, 3, 7, 2].map(|count| stats.grown(mid, count)), [3, 0, 4, 0]);
        assert_eq!(stats.grown(Mid::from("1"), 5), 5);
    }

    #[test]
    fn what_is_no_count_is_left_to_others() {
        let mut stats = Stats::default();
        assert!(!stats.take(&Event::Connected));
        let told = MediaEgressStats {
            mid: Mid::from("0"),
            rid: None,
            bytes: 1,
            packets: 1,
            firs: 0,
            plis: 0,
            nacks: 2,
            rtt: None,
            loss: Some(0.5),
            timestamp: Instant::now(),
            remote: None,
        };
        assert!(stats.take(&Event::MediaEgressStats(told)));
        assert_eq!(stats.grown(Mid::from("0"), 2), 0);
    }

    #[test]
    fn reports_are_known_by_their_type() {
        assert!(is_rtcp(&[0x80, 200, 0, 6]) && is_rtcp(&[0x81, 205, 0]));
        assert!(
            !is_rtcp(&[0x80, 102, 0])
                && !is_rtcp(&[0x80, 0x80 | 102, 0])
                && !is_rtcp(&[22, 200])
                && !is_rtcp(&[])
        );
    }

    #[test]
    fn packets_sent_again_are_known_by_their_payload_type() {
        let pt = Some(Pt::new_with_value(103));
        assert!(is_rtp_of(&[0x90, 103, 0], pt) && is_rtp_of(&[0x80, 0x80 | 103, 0], pt));
        assert!(!is_rtp_of(&[0x80, 102], pt) && !is_rtp_of(&[22, 103], pt) && !is_rtp_of(&[0x80], pt));
        assert!(!is_rtp_of(&[0x80, 103], None));
    }
}
