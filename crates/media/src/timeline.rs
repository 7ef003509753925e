//! From a publisher's wrapping 32-bit timestamps to the publication's timeline.
//!
//! Publishers restart their clocks, jump, wrap and reconnect; players forgive none of that. Measured with
//! mpegts.js: a hole of 60 ms beside a new sequence header freezes the picture for good. So the timeline
//! closes every jump, continues over a reconnect, and keeps the two tracks on one offset, so that sound and
//! picture stay together.

use crate::TrackKind;

/// Largest step forward that is believed. A live encoder that lost frames to congestion leaves smaller holes; a
/// player waits as long as the hole is, so a larger step is taken for a clock that jumped.
pub const MAX_HOLE_MS: i64 = 3000;

/// Largest step backward within a track that is smoothed over instead of taken for a clock that jumped. Encoders
/// that send presentation times by mistake swing by a few frames.
pub const MAX_BACKWARD_MS: i64 = 1000;

/// Steps between frames that count for the typical frame duration; a longer one is a pause. Also the most that a
/// frame is moved back to close a hole while the other track goes on.
pub const MAX_FRAME_MS: i64 = 500;

/// Fixed-point scale of the frame duration estimate.
const SCALE: i64 = 16;

/// Typical frame durations before anything was measured: 30 pictures a second, AAC at 48 kHz.
const FIRST_GUESS_MS: [i64; 2] = [33, 21];

/// Maps timestamps of one publication, across all connections that publish it.
///
/// Output is in milliseconds, starts at 0, never goes back within a track, and never steps forward by more than
/// [`MAX_HOLE_MS`] over the latest output of either track.
#[derive(Debug, Clone)]
pub struct Timeline {
    /// The last raw timestamp and what it unwrapped to.
    source: Option<(u32, i64)>,
    /// Output minus source as of the latest anchor; `None` until the connection's first frame.
    shared: Option<i64>,
    tracks: [Track; 2],
    last_out: Option<i64>,
}

#[derive(Debug, Clone)]
struct Track {
    /// The offset of the track's latest frame on this connection. It trails the shared one after a jump until the
    /// track follows, and stays apart from it for a publisher whose tracks have different clocks.
    offset: Option<i64>,
    last_out: Option<i64>,
    duration: i64,
    /// Whether the track ever had a frame.
    started: bool,
    /// The next frame follows the last one without a hole, unless the track paused while the other went on: then
    /// the hole is there already, and a frame that is put at its beginning would only tear the tracks apart.
    tighten: bool,
}

impl Default for Timeline {
    fn default() -> Self {
        Self::new()
    }
}

impl Timeline {
    /// A timeline that starts at 0 with the first frame.
    pub fn new() -> Self {
        let track = |guess: i64| Track {
            offset: None,
            last_out: None,
            duration: guess * SCALE,
            started: false,
            tighten: false,
        };
        Self { source: None, shared: None, tracks: FIRST_GUESS_MS.map(track), last_out: None }
    }

    /// A publisher connects anew: the next frame, whatever its timestamp, continues where the output stands.
    pub fn restart(&mut self) {
        self.source = None;
        self.shared = None;
        for track in &mut self.tracks {
            track.offset = None;
            track.tighten = track.started;
        }
    }

    /// The output time of a codec header, which has no time of its own. The track's next frame then follows its last
    /// one without a hole: should its timestamps leave one, it comes behind that frame, where players forgive it. A
    /// track that paused while the other went on comes back beside the other.
    pub fn header(&mut self, track: TrackKind) -> i64 {
        let last_out = self.last_out;
        let track = self.track_mut(track);
        track.last_out = track.last_out.or(last_out);
        track.tighten = track.started;
        track.last_out.unwrap_or(0)
    }

    /// The output time of a frame with this raw timestamp (milliseconds, wrapping at 32 bits).
    pub fn map(&mut self, track: TrackKind, raw: u32) -> i64 {
        let source = self.unwrap(raw);
        let (offset, anchored) = match self.choose(track, source) {
            Some(offset) => (offset, false),
            None => (self.anchor(track, source), true),
        };
        let last_out = self.last_out;
        let state = self.track_mut(track);
        let mut out = source.saturating_add(offset).max(0);
        if let Some(previous) = state.last_out {
            if out < previous {
                out = previous + 1;
            }
            let next = previous + state.frame_ms();
            let hole = out - next;
            let behind = last_out.unwrap_or(next) - next;
            // A quarter of a frame is the jitter of clocks counted in whole milliseconds, not a hole.
            if state.tighten && hole > state.frame_ms() / 4 && hole.min(behind) <= MAX_FRAME_MS {
                out = next;
            } else if !anchored && state.started && (1..=MAX_FRAME_MS).contains(&(out - previous)) {
                state.duration += ((out - previous) * SCALE - state.duration) / 8;
            }
        }
        state.offset = Some(offset);
        state.last_out = Some(out);
        state.started = true;
        state.tighten = false;
        self.last_out = Some(last_out.map_or(out, |last| last.max(out)));
        out
    }

    /// The latest output of either track.
    pub fn last_out(&self) -> Option<i64> {
        self.last_out
    }

    /// The offset that explains this timestamp, or `None` where the clock jumped.
    fn choose(&self, track: TrackKind, source: i64) -> Option<i64> {
        let last = self.last_out?;
        let track = self.track(track);
        let lowest = match (track.offset, track.last_out) {
            (Some(_), Some(previous)) => previous - MAX_BACKWARD_MS,
            // The first frame of a track on this connection: the other track may have started well before.
            _ => last - MAX_HOLE_MS,
        };
        let expected = track.last_out.map_or(last, |previous| previous + track.frame_ms());
        [track.offset, self.shared]
            .into_iter()
            .flatten()
            .filter(|offset| (lowest..=last + MAX_HOLE_MS).contains(&source.saturating_add(*offset)))
            .min_by_key(|offset| (source.saturating_add(*offset) - expected).abs())
    }

    /// A new shared offset that puts this timestamp one frame behind the latest output.
    fn anchor(&mut self, track: TrackKind, source: i64) -> i64 {
        let base = self.last_out.map_or(0, |last| last + self.track(track).frame_ms());
        let offset = base.saturating_sub(source);
        self.shared = Some(offset);
        offset
    }

    fn unwrap(&mut self, raw: u32) -> i64 {
        let source = match self.source {
            Some((last_raw, last)) => last.saturating_add(i64::from(raw.wrapping_sub(last_raw) as i32)),
            None => i64::from(raw),
        };
        self.source = Some((raw, source));
        source
    }

    fn track(&self, track: TrackKind) -> &Track {
        let [video, audio] = &self.tracks;
        if track == TrackKind::Video { video } else { audio }
    }

    fn track_mut(&mut self, track: TrackKind) -> &mut Track {
        let [video, audio] = &mut self.tracks;
        if track == TrackKind::Video { video } else { audio }
    }
}

impl Track {
    fn frame_ms(&self) -> i64 {
        ((self.duration + SCALE / 2) / SCALE).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::TrackKind::{Audio, Video};
    use super::*;

    /// Feeds video every 40 ms and audio every 20 ms of a source clock that starts at `from`.
    fn feed(timeline: &mut Timeline, from: u32, ms: u32) -> (Vec<i64>, Vec<i64>) {
        let (mut video, mut audio) = (Vec::new(), Vec::new());
        for at in (0..ms).step_by(20) {
            if at % 40 == 0 {
                video.push(timeline.map(Video, from.wrapping_add(at)));
            }
            audio.push(timeline.map(Audio, from.wrapping_add(at)));
        }
        (video, audio)
    }

    #[test]
    fn starts_at_zero_and_keeps_the_steps() {
        let mut timeline = Timeline::new();
        let (video, audio) = feed(&mut timeline, 1_000_000, 200);
        assert_eq!(video, [0, 40, 80, 120, 160]);
        assert_eq!(audio, [0, 20, 40, 60, 80, 100, 120, 140, 160, 180]);
    }

    #[test]
    fn follows_the_wrap_at_32_bits() {
        let mut timeline = Timeline::new();
        let (video, audio) = feed(&mut timeline, u32::MAX - 99, 400);
        assert_eq!(video, (0..10).map(|n| n * 40).collect::<Vec<_>>());
        assert_eq!(audio, (0..20).map(|n| n * 20).collect::<Vec<_>>());
    }

    #[test]
    fn a_jump_of_the_clock_is_closed_and_both_tracks_stay_together() {
        for target in [500_000u32, 5, 2_000_000_000, u32::MAX - 50] {
            let mut timeline = Timeline::new();
            feed(&mut timeline, 100_000, 2000);
            let end = timeline.last_out().unwrap();
            let (video, audio) = feed(&mut timeline, target, 400);
            assert_eq!(video[0], end + 40, "jump to {target}");
            assert_eq!(audio[0], video[0]);
            assert_eq!(video[9] - video[0], 360);
            assert_eq!(audio[19] - audio[0], 380);
        }
    }

    #[test]
    fn a_jump_that_one_track_would_pass_still_keeps_the_tracks_together() {
        // Back by 1010 ms for video and, seen from its own last frame, by less than the bound for audio.
        let mut timeline = Timeline::new();
        for at in (0..2000).step_by(40) {
            timeline.map(Video, 10_000 + at);
        }
        timeline.map(Audio, 11_900);
        let video = timeline.map(Video, 10_950 - 40);
        let audio = timeline.map(Audio, 10_950 - 20);
        assert_eq!(audio - video, 20);
    }

    #[test]
    fn a_small_swing_backward_is_smoothed_and_recovered_from() {
        let mut timeline = Timeline::new();
        let outs = [0, 120, 40, 80, 240, 160, 200, 360].map(|raw| timeline.map(Video, 1000 + raw));
        assert_eq!(outs, [0, 120, 121, 122, 240, 241, 242, 360]);
    }

    #[test]
    fn a_pause_of_one_track_is_kept_while_the_other_runs() {
        let mut timeline = Timeline::new();
        timeline.map(Video, 0);
        for at in (0..60_000).step_by(20) {
            timeline.map(Audio, at);
        }
        assert_eq!(timeline.map(Video, 60_000), 60_000);
    }

    #[test]
    fn a_pause_of_everything_is_closed() {
        let mut timeline = Timeline::new();
        feed(&mut timeline, 0, 1000);
        assert_eq!(timeline.map(Audio, 60_000), 1000);
        assert_eq!(timeline.map(Video, 60_010), 1010);
    }

    #[test]
    fn tracks_with_clocks_of_their_own_do_not_pull_at_each_other() {
        let mut timeline = Timeline::new();
        for at in (0..10_000u32).step_by(20) {
            let audio = timeline.map(Audio, at);
            if at % 40 == 0 {
                let video = timeline.map(Video, 3_000_000 + at);
                assert!((video - audio).abs() <= 60, "{video} {audio}");
            }
        }
        assert!((9_900..10_200).contains(&timeline.last_out().unwrap()));
    }

    #[test]
    fn a_reconnect_continues_without_a_hole() {
        let mut timeline = Timeline::new();
        feed(&mut timeline, 0, 1000);
        assert_eq!(timeline.last_out(), Some(980));
        timeline.restart();
        // The new connection starts with sound, and its first picture comes 300 ms later.
        assert_eq!(timeline.map(Audio, 77_000), 1000);
        // Pictures stood at 960: the first one follows at once, the hole comes behind it.
        assert_eq!(timeline.map(Video, 77_300), 1000);
        assert_eq!(timeline.map(Video, 77_340), 1340);
        assert_eq!(timeline.map(Audio, 77_340), 1340);
    }

    #[test]
    fn no_hole_beside_a_new_header() {
        let mut timeline = Timeline::new();
        feed(&mut timeline, 0, 1000);
        assert_eq!(timeline.header(Video), 960);
        assert_eq!(timeline.map(Video, 1150), 1000);
        assert_eq!(timeline.map(Video, 1190), 1190);
    }

    #[test]
    fn a_track_that_paused_comes_back_beside_the_other_whatever_happened_to_header_and_connection() {
        for reconnect in [false, true] {
            let mut timeline = Timeline::new();
            feed(&mut timeline, 0, 2000);
            for at in (2000..20_000).step_by(20) {
                timeline.map(Audio, at);
            }
            let clock = if reconnect { 7_000_000 } else { 20_000 };
            if reconnect {
                timeline.restart();
                assert_eq!(timeline.map(Audio, clock), 20_000);
            }
            timeline.header(Video);
            assert_eq!(timeline.map(Video, clock + 20), 20_020, "reconnect: {reconnect}");
            assert_eq!(timeline.map(Audio, clock + 20), 20_020);
        }
    }

    #[test]
    fn late_audio_joins_at_the_right_place() {
        let mut timeline = Timeline::new();
        for at in (0..5000).step_by(40) {
            timeline.map(Video, at);
        }
        assert_eq!(timeline.header(Audio), 4960);
        assert_eq!(timeline.map(Audio, 4990), 4990);
    }
}
