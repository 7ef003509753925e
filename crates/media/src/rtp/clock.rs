//! The clocks of two RTP streams on one line of milliseconds.

use crate::TrackKind;

/// Error of the offset between the tracks that is left alone: sender reports of browsers swing by a few
/// milliseconds, and nobody hears or sees as much.
const TOLERANCE_US: i64 = 3_000;

/// How far one packet moves a track towards where sender reports put it. A 20 ms step in the times of sound would be
/// heard; a millisecond per packet removes 100 ms in two seconds of sound.
const SLEW_US: i64 = 1_000;

/// A difference beyond this is no skew of two clocks that began together: the track is put right at once.
const STEP_US: i64 = 250_000;

/// The newest sender report of a track (RFC 3550, section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderReport {
    /// The sender's wall clock in microseconds since any epoch, the same for both tracks.
    pub wall_us: i64,
    /// The RTP time of the same moment, unwrapped as those of the packets are.
    pub rtp: i64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Track {
    /// Output minus RTP time, microseconds; `None` before the first packet.
    offset: Option<i64>,
    /// Sender's wall clock minus RTP time, microseconds, as of the newest report.
    wall: Option<i64>,
}

/// Maps the RTP times of the two tracks of one publisher on one line.
///
/// The first packet of a track is put at its arrival. Once both tracks have sender reports, sound is moved until it lies
/// beside the picture as the sender's wall clock says.
#[derive(Debug, Clone, Copy, Default)]
pub struct RtpClock {
    video: Track,
    audio: Track,
}

impl RtpClock {
    /// The time of a packet in milliseconds, wrapping at 32 bits as [`crate::Ingest`] takes it.
    ///
    /// `rtp` is the unwrapped RTP time in units of 1/`rate` s, `arrival_us` the time of arrival on any clock that goes on,
    /// `report` the newest sender report of the track.
    pub fn map(
        &mut self,
        track: TrackKind,
        rtp: i64,
        rate: u32,
        arrival_us: i64,
        report: Option<SenderReport>,
    ) -> u32 {
        let source = micros(rtp, rate);
        let video = self.video;
        let state = if track == TrackKind::Video { &mut self.video } else { &mut self.audio };
        if let Some(report) = report {
            state.wall = Some(report.wall_us.saturating_sub(micros(report.rtp, rate)));
        }
        let mut offset = *state.offset.get_or_insert(arrival_us.saturating_sub(source));
        if track == TrackKind::Audio
            && let (Some(own), Some(of_video), Some(beside)) = (state.wall, video.wall, video.offset)
        {
            // Both tracks are as far from the sender's wall clock.
            let wanted = own.saturating_add(beside.saturating_sub(of_video));
            let error = wanted.saturating_sub(offset);
            offset = match error.saturating_abs() {
                ..=TOLERANCE_US => offset,
                STEP_US.. => wanted,
                _ => offset + error.clamp(-SLEW_US, SLEW_US),
            };
            state.offset = Some(offset);
        }
        (source.saturating_add(offset).div_euclid(1000)) as u32
    }
}

fn micros(rtp: i64, rate: u32) -> i64 {
    let micros = i128::from(rtp) * 1_000_000 / i128::from(rate.max(1));
    i64::try_from(micros).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two minutes of sound and picture whose first packets arrive `late` ms apart although they were made together;
    /// returns how far sound lies from the picture at the end.
    fn skew(late: i64, reports: bool) -> i64 {
        let mut clock = RtpClock::default();
        let mut last = (0, 0);
        for n in 0..6_000i64 {
            let (made, video, audio) = (n * 20_000, n * 20 * 90, 7_000 + n * 20 * 48);
            let report = |rtp| reports.then_some(SenderReport { wall_us: 1_700_000_000_000_000 + made, rtp });
            let picture = clock.map(TrackKind::Video, video, 90_000, made + 50_000, report(video));
            let arrival = made + 50_000 + late * 1000;
            let sound = clock.map(TrackKind::Audio, audio, 48_000, arrival, report(audio));
            assert!(sound as i32 >= last.1 - 300, "no large step back");
            last = (picture as i32, sound as i32);
        }
        i64::from(last.1 - last.0)
    }

    #[test]
    fn without_sender_reports_the_first_packets_lie_where_they_arrived() {
        assert_eq!(skew(120, false), 120);
    }

    #[test]
    fn sender_reports_put_sound_beside_the_picture() {
        for late in [-200, -60, 0, 60, 200, 900] {
            assert!(skew(late, true).abs() <= 5, "{late} ms late: {}", skew(late, true));
        }
    }

    #[test]
    fn absurd_times_do_not_panic() {
        let mut clock = RtpClock::default();
        let report = Some(SenderReport { wall_us: i64::MAX, rtp: i64::MIN });
        for rtp in [i64::MAX, i64::MIN, 0] {
            for track in [TrackKind::Video, TrackKind::Audio] {
                clock.map(track, rtp, 0, i64::MIN, report);
            }
        }
    }
}
