//! Which tracks a publisher sends now. Phones tell nobody that camera or microphone were switched off: they send nothing of it.

use huitong_fanout::Tracks;
use huitong_media::TrackKind;
use std::time::{Duration, Instant};

/// A track of which nothing came for this long, while the other one came all the time, is off. A phone whose network is bad leaves
/// out pictures, but not for as long: it sends a keyframe every few seconds.
const SILENT: Duration = Duration::from_secs(5);

/// The other one came all the time if it never paused for longer: else the connection was stuck, and both with it.
const PAUSE: Duration = Duration::from_secs(2);

/// One track.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    /// It is carried.
    on: bool,
    last: Option<Instant>,
    /// Since when it comes without a pause.
    since: Option<Instant>,
}

/// See the head of the file.
#[derive(Debug, Default)]
pub(crate) struct Carried {
    audio: Line,
    video: Line,
}

impl Carried {
    /// Something of a track came. `allowed`: the track may be sent; `known`: its header is there. Returns what is carried now if that is
    /// news.
    pub(crate) fn came(
        &mut self,
        track: TrackKind,
        allowed: bool,
        known: impl FnOnce() -> bool,
        now: Instant,
    ) -> Option<Tracks> {
        let before = self.tracks();
        let (own, other) = match track {
            TrackKind::Audio => (&mut self.audio, &mut self.video),
            TrackKind::Video => (&mut self.video, &mut self.audio),
        };
        let since = |at: Option<Instant>| at.map(|at| now.saturating_duration_since(at));
        if since(own.last).is_none_or(|pause| pause > PAUSE) {
            own.since = Some(now);
        }
        own.last = Some(now);
        own.on = allowed && (own.on || known());
        let steady = since(own.since).is_some_and(|time| time >= SILENT);
        other.on &= !steady || since(other.last).is_some_and(|time| time < SILENT);
        let tracks = self.tracks();
        (tracks != before).then_some(tracks)
    }

    const fn tracks(&self) -> Tracks {
        Tracks { audio: self.audio.on, video: self.video.on }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: Tracks = Tracks { audio: true, video: false };
    const PICTURE: Tracks = Tracks { audio: false, video: true };

    struct Phone {
        carried: Carried,
        start: Instant,
        told: Vec<Tracks>,
    }

    impl Phone {
        fn new() -> Self {
            Self { carried: Carried::default(), start: Instant::now(), told: Vec::new() }
        }

        /// Sends these tracks every 100 ms from one time to another, ms.
        fn sends(&mut self, tracks: &[TrackKind], from: u64, to: u64) {
            for ms in (from..to).step_by(100) {
                let now = self.start + Duration::from_millis(ms);
                for track in tracks {
                    self.told.extend(self.carried.came(*track, true, || true, now));
                }
            }
        }
    }

    const BOTH: [TrackKind; 2] = [TrackKind::Audio, TrackKind::Video];

    #[test]
    fn a_camera_or_a_microphone_that_is_switched_off_is_noticed_and_comes_back_at_once() {
        for (left, carried) in [(TrackKind::Audio, SOUND), (TrackKind::Video, PICTURE)] {
            let mut phone = Phone::new();
            phone.sends(&BOTH, 0, 10_000);
            assert_eq!(phone.told.split_off(1), [Tracks::BOTH]);
            phone.told.clear();
            phone.sends(&[left], 10_000, 14_900);
            assert_eq!(phone.told, [], "it may be the network");
            phone.sends(&[left], 14_900, 30_000);
            assert_eq!(phone.told, [carried]);
            phone.sends(&BOTH, 30_000, 30_100);
            assert_eq!(phone.told, [carried, Tracks::BOTH]);
        }
    }

    #[test]
    fn a_connection_that_is_stuck_switches_nothing_off() {
        let mut phone = Phone::new();
        phone.sends(&BOTH, 0, 10_000);
        phone.told.clear();
        // Nothing for a minute; then sound comes first, and pictures within the time of a keyframe.
        phone.sends(&[TrackKind::Audio], 70_000, 74_000);
        phone.sends(&BOTH, 74_000, 80_000);
        assert_eq!(phone.told, []);
    }

    #[test]
    fn what_has_no_header_or_may_not_be_sent_is_not_carried() {
        let mut carried = Carried::default();
        let now = Instant::now();
        assert_eq!(carried.came(TrackKind::Video, true, || false, now), None);
        assert_eq!(carried.came(TrackKind::Video, false, || true, now), None);
        assert_eq!(carried.came(TrackKind::Video, true, || true, now), Some(PICTURE));
        assert_eq!(carried.came(TrackKind::Video, false, || true, now), Some(Tracks::NONE));
    }
}
