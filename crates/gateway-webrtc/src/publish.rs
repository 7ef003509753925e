//! Media of a browser on its way in.

use crate::figures;
use crate::offer::Line;
use crate::session::End;
use huitong_fanout::{Authority, Publisher, Pushed, Replaced, Ticket, Tracks};
use huitong_media::rtp::{Depacketizer, Reorder, RtpClock, SenderReport};
use huitong_media::{Native, TrackKind};
use huitong_types::{ErrorCode, Fault};
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};
use str0m::Rtc;
use str0m::media::KeyframeRequestKind;
use str0m::rtp::RtpPacket;

/// Waits for a video packet that is missing: time for two requests and retransmissions on a path of 100 ms. A picture
/// comes that late at most; then the hole is given up and a keyframe asked for.
const VIDEO_PATIENCE_US: u64 = 250_000;

/// Waits for sound out of order. It is not retransmitted, so only the reordering of networks counts.
const AUDIO_PATIENCE_US: u64 = 30_000;

/// Least time between two keyframes that are asked for: a keyframe costs as much as ten other pictures, and who asks for
/// them without pause gets a worse picture.
const KEYFRAME_PAUSE: Duration = Duration::from_millis(500);

/// What a publisher's session has.
pub(crate) struct Publishing {
    publisher: Publisher,
    authority: Arc<dyn Authority>,
    ticket: Ticket,
    allowed: Tracks,
    seen: Tracks,
    video: Option<Line>,
    audio: Option<Line>,
    video_in: Reorder<RtpPacket>,
    audio_in: Reorder<RtpPacket>,
    pictures: Depacketizer,
    clock: RtpClock,
    started: Instant,
    /// Somebody lacks a keyframe.
    wants_key: bool,
    asked: Option<Instant>,
    lost: u64,
}

impl Publishing {
    pub(crate) fn new(
        publisher: Publisher,
        authority: Arc<dyn Authority>,
        ticket: Ticket,
        allowed: Tracks,
        (video, audio): (Option<Line>, Option<Line>),
        now: Instant,
    ) -> Self {
        Self {
            publisher,
            authority,
            ticket,
            allowed,
            seen: Tracks::NONE,
            video,
            audio,
            video_in: Reorder::new(VIDEO_PATIENCE_US),
            audio_in: Reorder::new(AUDIO_PATIENCE_US),
            pictures: Depacketizer::new(),
            clock: RtpClock::default(),
            started: now,
            wants_key: false,
            asked: None,
            lost: 0,
        }
    }

    pub(crate) fn set_allowed(&mut self, allowed: Tracks) {
        // A picture that comes back needs a keyframe to start with.
        self.wants_key |= allowed.video && !self.allowed.video;
        self.allowed = allowed;
    }

    pub(crate) fn want_key(&mut self) {
        self.wants_key = true;
    }

    /// Takes a packet as it came.
    pub(crate) fn packet(&mut self, rtc: &Rtc, packet: RtpPacket) {
        figures::RECEIVED.increment(1);
        let mid = packet.header.ext_vals.mid;
        let of = |line: Option<Line>| {
            line.is_some_and(|line| {
                packet.header.payload_type == line.pt
                    && mid.is_none_or(|mid| rtc.media(mid).is_some() && mid == line.mid)
            })
        };
        let seq = *packet.seq_no;
        let at = self.micros(packet.timestamp);
        if of(self.video) {
            self.video_in.push(at, seq, packet);
        } else if of(self.audio) {
            self.audio_in.push(at, seq, packet);
        }
    }

    /// Passes on what is in order, or late enough.
    pub(crate) fn pass_on(&mut self, now: Instant) -> Result<(), End> {
        let at = self.micros(now);
        while let Some((seq, packet)) = self.audio_in.pop(at) {
            let ts = self.time_of(TrackKind::Audio, extended(packet.time.numer()), &packet);
            if !packet.payload.is_empty() {
                self.push(ts, Native::Opus(packet.payload.to_vec().into()))?;
            }
            let _numbers_only = seq;
        }
        while let Some((seq, packet)) = self.video_in.pop(at) {
            let rtp = extended(packet.time.numer());
            let got = self.pictures.push(seq, rtp, packet.header.marker, &packet.payload);
            self.wants_key |= got.wants_key;
            for picture in got.pictures.into_iter().flatten() {
                let ts = self.time_of(TrackKind::Video, picture.rtp, &packet);
                if let Some(header) = picture.header {
                    self.push(ts, Native::VideoHeader(header))?;
                }
                self.push(ts, Native::Picture(picture.payload))?;
            }
        }
        let lost = self.pictures.lost();
        figures::LOST.increment(lost.saturating_sub(self.lost));
        self.lost = lost;
        Ok(())
    }

    /// Asks for a keyframe if one is wanted and the last request is long enough ago.
    pub(crate) fn ask(&mut self, rtc: &mut Rtc, now: Instant) -> bool {
        let Some(line) = self.video.filter(|_| self.wants_key && self.allowed.video) else { return false };
        if self.asked.is_some_and(|asked| now.saturating_duration_since(asked) < KEYFRAME_PAUSE) {
            return false;
        }
        let mut direct = rtc.direct_api();
        let Some(stream) = direct.stream_rx_by_mid(line.mid, None) else { return false };
        stream.request_keyframe(KeyframeRequestKind::Pli);
        metrics::counter!(figures::KEYFRAMES, "by" => "server").increment(1);
        self.wants_key = false;
        self.asked = Some(now);
        true
    }

    /// When it has to be called next for its own sake.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let waiting = [self.video_in.deadline(), self.audio_in.deadline()].into_iter().flatten().min();
        let waiting = waiting.map(|at| self.started + Duration::from_micros(at));
        let key = self.asked.filter(|_| self.wants_key && self.allowed.video).map(|at| at + KEYFRAME_PAUSE);
        [waiting, key].into_iter().flatten().min()
    }

    fn micros(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.started).as_micros()).unwrap_or(u64::MAX)
    }

    /// The time of a frame with this RTP time that ended with this packet.
    fn time_of(&mut self, track: TrackKind, rtp: i64, packet: &RtpPacket) -> u32 {
        let report = packet.last_sender_info.and_then(|info| {
            let wall = info.ntp_time.duration_since(UNIX_EPOCH).ok()?;
            // Reports have 32 bits of the time; packets near them say the rest.
            let apart = (info.rtp_time.numer() as u32).wrapping_sub(rtp as u32) as i32;
            let wall_us = i64::try_from(wall.as_micros()).ok()?;
            Some(SenderReport { wall_us, rtp: rtp.saturating_add(i64::from(apart)) })
        });
        let arrival = i64::try_from(self.micros(packet.timestamp)).unwrap_or(i64::MAX);
        let rate = if track == TrackKind::Video { 90_000 } else { huitong_media::opus::SAMPLE_RATE };
        self.clock.map(track, rtp, rate, arrival, report)
    }

    fn push(&mut self, timestamp: u32, native: Native) -> Result<(), End> {
        match self.publisher.push_native(timestamp, native, self.allowed) {
            Ok(Pushed::Taken) => {}
            Ok(Pushed::Bad(error)) => {
                tracing::debug!(ticket = %self.ticket, %error, "a frame was dropped");
                return Ok(());
            }
            Err(Replaced) => {
                let sentence = "Another connection publishes this stream now, or it is over.";
                return Err(End::ordered(Fault::because(ErrorCode::KeyInUse, sentence)));
            }
        }
        if self.seen != self.allowed {
            let info = self.publisher.info();
            let now = Tracks {
                audio: self.allowed.audio && info.audio.is_some(),
                video: self.allowed.video && info.video.is_some(),
            };
            if now != self.seen {
                self.seen = now;
                self.authority.tracks_seen(self.ticket, now);
            }
        }
        Ok(())
    }
}

/// A time that str0m has unwrapped; it fits for longer than any call.
fn extended(numer: u64) -> i64 {
    i64::try_from(numer).unwrap_or(i64::MAX)
}
