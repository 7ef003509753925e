//! Media on its way to a browser.

use crate::figures;
use crate::ladder::{Ladder, Level, Rates};
use crate::offer::{FIRST_ESTIMATE, Line};
use crate::room::Room;
use huitong_fanout::{OPUS, Tracks};
use huitong_hub::{Kind, Packet, Ring};
use huitong_media::h264::AvcConfig;
use huitong_media::{Frame, rtp};
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::Rtc;
use str0m::bwe::Bitrate;
use str0m::rtp::{RtpWrite, SeqNo, StreamTx};

/// Ticks of the clock of video in a millisecond (RFC 6184, section 5.1).
const VIDEO_TICKS: i64 = 90;

/// Ticks of the clock of Opus in a millisecond (RFC 7587, section 4.1).
const AUDIO_TICKS: i64 = 48;

/// Pictures of the kept group are stamped this far apart, in ticks: a browser shows them as fast as it decodes and stands
/// in the present at once. With the times they had it would stay behind by the age of the group.
const CATCH_UP_TICKS: i64 = VIDEO_TICKS;

/// Most bytes of a kept group that a viewer starts with: a second of 4 Mbit/s. Of a longer one it gets the keyframe alone,
/// so that it sees something, and goes on with the next one.
const START_BYTES: usize = 512 * 1024;

/// Least time between two starts of one viewer: a browser that cannot decode asks several times a second.
const RESTART_PAUSE: Duration = Duration::from_secs(1);

/// Packets that wait in the pacer for this long are of the past: pictures are left out until a keyframe comes when the
/// queue is short again.
const QUEUE_CEILING: Duration = Duration::from_millis(1000);

/// The wall clock of sender reports is behind by this: the time of a packet that came earlier than those before would lie in
/// the future otherwise, and the WebRTC machine then reports an RTP time of zero. It is the same for both tracks, so it
/// changes nothing between them.
const REPORTS_BEHIND: Duration = Duration::from_secs(1);

/// The queue is short again below this.
const QUEUE_SHORT: Duration = Duration::from_millis(200);

/// One track on its way out.
struct Out {
    line: Line,
    ticks_per_ms: i64,
    next: u64,
    offset: u32,
    last: Option<i64>,
}

impl Out {
    fn new(line: Line, ticks_per_ms: i64, seed: u64) -> Self {
        // The upper half is left free so that the roll-over counter, which the peer takes for zero, stays right.
        Self { line, ticks_per_ms, next: seed & 0x7fff, offset: (seed >> 16) as u32, last: None }
    }

    /// The time for a packet at `ticks`, later than that of the one before.
    fn stamp(&mut self, ticks: i64) -> u32 {
        let ticks = self.last.map_or(ticks, |last| ticks.max(last + 1));
        self.last = Some(ticks);
        self.offset.wrapping_add(ticks as u32)
    }
}

/// What a viewer's session has.
pub(crate) struct Playing {
    tracks: Tracks,
    video: Option<Out>,
    audio: Option<Out>,
    /// Pictures are left out until a keyframe.
    wait_key: bool,
    /// The publisher whose keyframe was sent last.
    epoch: u32,
    /// The packet seen last.
    last_seq: Option<u64>,
    /// A moment and the time, in ms, that stands for it: what the sender reports are made from.
    anchor: Option<(Instant, i64)>,
    started: Option<Instant>,
    /// Packets waited too long to be sent.
    late: bool,
    skips: u32,
    ladder: Ladder,
    room: Room,
    /// What congestion control was told to look for, in bits per second.
    desired: u64,
}

impl Playing {
    pub(crate) fn new(tracks: Tracks, video: Option<Line>, audio: Option<Line>, seeds: [u64; 2]) -> Self {
        let [first, second] = seeds;
        Self {
            tracks,
            video: video.map(|line| Out::new(line, VIDEO_TICKS, first)),
            audio: audio.map(|line| Out::new(line, AUDIO_TICKS, second)),
            wait_key: true,
            epoch: 0,
            last_seq: None,
            anchor: None,
            started: None,
            late: false,
            skips: 0,
            ladder: Ladder::new(),
            room: Room::new(FIRST_ESTIMATE.as_u64()),
            desired: 0,
        }
    }

    /// Changes the tracks; true if the picture comes back and should start at once.
    pub(crate) fn set_tracks(&mut self, tracks: Tracks) -> bool {
        let back = tracks.video && !self.tracks.video;
        self.tracks = tracks;
        self.wait_key |= back;
        back
    }

    /// Congestion control has a new opinion of the link, in bits per second.
    pub(crate) fn estimate(&mut self, bits: u64) {
        self.room.estimate(bits);
        self.ladder.estimate(bits);
    }

    /// So large a share of the packets of the last second was lost.
    pub(crate) fn lost(&mut self, now: Instant, share: f32) {
        self.room.lost(now, share);
    }

    /// The link is another one: nothing is known of it yet, and what waits for the old one is of the past.
    pub(crate) fn change_link(&mut self) {
        self.ladder = Ladder::new();
        self.room = Room::new(FIRST_ESTIMATE.as_u64());
        self.desired = 0;
        self.late = false;
        self.wait_key = true;
        self.started = None;
    }

    /// Looks at what the stream has now and what the link carries.
    pub(crate) fn weigh(&mut self, rtc: &mut Rtc, now: Instant, rates: Rates) {
        if self.ladder.step(now, rates) {
            metrics::counter!(figures::THIN_LINKS).increment(1);
            self.skips = self.skips.saturating_add(1);
        }
        let desired = self.room.desired(now, rates);
        // A change by a tenth is noise of the measurement.
        if desired.abs_diff(self.desired) * 10 > self.desired {
            self.desired = desired;
            rtc.bwe().set_bitrate(Bitrate::from(rates.audio), Bitrate::from(desired));
        }
    }

    /// Times that pictures were left out since the last call.
    pub(crate) fn take_skips(&mut self) -> u32 {
        std::mem::take(&mut self.skips)
    }

    /// Whether a viewer that is not satisfied may start anew.
    pub(crate) fn may_start(&self, now: Instant) -> bool {
        self.started.is_none_or(|at| now.saturating_duration_since(at) >= RESTART_PAUSE)
    }

    /// Starts at the newest keyframe of those kept; without one, with what comes next. Returns whether it had one.
    pub(crate) fn start(&mut self, rtc: &mut Rtc, now: Instant, ring: &Ring<Frame>) -> bool {
        self.started = Some(now);
        self.wait_key = true;
        self.last_seq = ring.end().checked_sub(1);
        let Some(key) = ring.newest_key().filter(|_| self.tracks.video) else { return false };
        let kept =
            || (key..ring.end()).filter_map(|seq| ring.get(seq)).filter(|packet| packet.kind.is_video());
        let bytes: usize = kept().map(|packet| packet.size).sum();
        let whole = bytes <= START_BYTES;
        let count = if whole { kept().count() } else { 1 };
        let newest = kept().next_back().map_or(0, |packet| packet.ts_ms) * VIDEO_TICKS;
        for (index, packet) in kept().take(count).enumerate() {
            let behind = i64::try_from(count - 1 - index).unwrap_or(0) * CATCH_UP_TICKS;
            self.epoch = packet.epoch;
            self.picture(rtc, now, packet, newest - behind);
        }
        self.wait_key = !whole;
        true
    }

    /// Takes the next packet of the publication.
    pub(crate) fn packet(&mut self, rtc: &mut Rtc, now: Instant, packet: &Packet<Frame>) {
        // A hole: packets were dropped on the way here.
        let follows = self.last_seq.is_none_or(|last| packet.seq == last + 1);
        self.last_seq = Some(packet.seq);
        self.wait_key |= !follows;
        match packet.kind {
            Kind::Audio(rendition) => {
                if rendition == OPUS && self.tracks.audio {
                    self.sound(rtc, now, packet);
                }
            }
            Kind::Key | Kind::Delta if !self.tracks.video => self.wait_key = true,
            Kind::Key | Kind::Delta if self.ladder.level() == Level::Sound => self.wait_key = true,
            Kind::Delta if self.ladder.level() == Level::Keyframes => self.wait_key = true,
            Kind::Key if self.in_time(rtc) => {
                self.wait_key = false;
                self.epoch = packet.epoch;
                self.picture(rtc, now, packet, packet.ts_ms * VIDEO_TICKS);
            }
            Kind::Delta if !self.wait_key && self.epoch == packet.epoch && self.in_time(rtc) => {
                self.picture(rtc, now, packet, packet.ts_ms * VIDEO_TICKS);
            }
            Kind::Key | Kind::Delta => {}
        }
    }

    /// Whether the pacer keeps up. Once it does not, pictures are left out until its queue is short.
    fn in_time(&mut self, rtc: &mut Rtc) -> bool {
        let Some(out) = &self.video else { return false };
        let mut direct = rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(out.line.mid, None) else { return false };
        // As of the last look of the pacer: of a stream with a picture now and then that may be seconds ago.
        let age = stream.queue_info().map_or(Duration::ZERO, |info| {
            info.first_unsent().map_or(Duration::ZERO, |at| info.created_at().saturating_duration_since(at))
        });
        if age > QUEUE_CEILING && !self.late {
            self.late = true;
            self.wait_key = true;
            self.skips = self.skips.saturating_add(1);
        } else if age < QUEUE_SHORT {
            self.late = false;
        }
        !self.late
    }

    fn picture(&mut self, rtc: &mut Rtc, now: Instant, packet: &Packet<Frame>, ticks: i64) {
        // A picture that is stamped to be shown at once lies beside the sound of the present.
        let wallclock = self.wallclock(now, ticks.div_euclid(VIDEO_TICKS));
        if let Some(out) = &mut self.video {
            write(rtc, out, packet, ticks, wallclock, true);
        }
    }

    fn sound(&mut self, rtc: &mut Rtc, now: Instant, packet: &Packet<Frame>) {
        let wallclock = self.wallclock(now, packet.ts_ms);
        if let Some(out) = &mut self.audio {
            let ticks = packet.ts_ms * out.ticks_per_ms;
            write(rtc, out, packet, ticks, wallclock, false);
        }
    }

    /// Whether anything was sent: until then there is nothing to report.
    pub(crate) const fn began(&self) -> bool {
        self.anchor.is_some()
    }

    /// The moment that a time of the publication stands for, on one line for both tracks and never in the future.
    fn wallclock(&mut self, now: Instant, ts_ms: i64) -> Instant {
        let behind = now.checked_sub(REPORTS_BEHIND).unwrap_or(now);
        let (at, first) = *self.anchor.get_or_insert((behind, ts_ms));
        let apart = Duration::from_millis(ts_ms.abs_diff(first));
        let moment = if ts_ms >= first { at.checked_add(apart) } else { at.checked_sub(apart) };
        if let Some(moment) = moment.filter(|moment| *moment <= now) {
            return moment;
        }
        // The publisher's clock is faster than ours, or its times made a step.
        self.anchor = Some((behind, ts_ms));
        behind
    }
}

fn write(
    rtc: &mut Rtc,
    out: &mut Out,
    packet: &Packet<Frame>,
    ticks: i64,
    wallclock: Instant,
    repairable: bool,
) {
    let time = out.stamp(ticks);
    let mut direct = rtc.direct_api();
    let Some(stream): Option<&mut StreamTx> = direct.stream_tx_by_mid(out.line.mid, None) else { return };
    let pieces = packet.pieces(cut);
    let last = pieces.len().saturating_sub(1);
    for (index, piece) in pieces.iter().enumerate() {
        let seq: SeqNo = out.next.into();
        out.next = out.next.saturating_add(1);
        let marker = repairable && index == last;
        let payload = Arc::clone(piece);
        stream.write_rtp(
            RtpWrite::new(out.line.pt, seq, time, wallclock, payload).marker(marker).nackable(repairable),
        );
    }
    figures::SENT.increment(pieces.len() as u64);
}

/// A packet cut for RTP: the same for every viewer.
fn cut(packet: &Packet<Frame>) -> Vec<Arc<[u8]>> {
    let frame = packet.body();
    if !packet.kind.is_video() {
        return vec![Arc::from(&frame.payload[..])];
    }
    let config = packet.configs.video.as_ref().and_then(|(_, header)| AvcConfig::parse(&header.payload).ok());
    rtp::packetize(frame, config.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_never_of_the_future_and_keep_their_line_while_they_can() {
        let mut playing = Playing::new(Tracks::BOTH, None, None, [0, 0]);
        let start = Instant::now() + 10 * REPORTS_BEHIND;
        assert!(!playing.began());
        assert_eq!(playing.wallclock(start, 5_000), start - REPORTS_BEHIND);
        assert!(playing.began());
        let ms = Duration::from_millis;
        let line = |at: i64| start - REPORTS_BEHIND + ms(at as u64) - ms(5_000);
        for (now, at) in [(0, 5_900), (40, 5_040), (500, 5_200), (510, 6_400)] {
            assert_eq!(playing.wallclock(start + ms(now), at), line(at), "{at}");
        }
        let later = start + ms(600);
        assert_eq!(playing.wallclock(later, 9_000), later - REPORTS_BEHIND, "a step of its times");
        assert_eq!(
            playing.wallclock(later, 9_020),
            later - REPORTS_BEHIND + ms(20),
            "from which the line goes on"
        );
    }
}
