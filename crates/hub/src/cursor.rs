//! One viewer's place in a publication.

use crate::packet::{Wire, WireFormat};
use crate::ring::Ring;
use crate::stage::{Mark, Place, Round, SLICES, Staged, rendition};
use crate::viewer::{ViewerTracks, Wrote};
use crate::{Configs, Micros};
use bytes::Bytes;
use std::collections::VecDeque;
use std::io::IoSlice;
use std::sync::Arc;

/// A viewer whose sounds, too, lag by this many latency ceilings gets a clean cut instead of old sound.
const HARD_CEILINGS: u64 = 2;

/// Control messages that wait to go out between packets. A player asks a handful of things in its life; one
/// that asks faster than it reads is refused.
const INJECTED: usize = 16;

/// What a viewer has been through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CursorStats {
    /// Bytes written.
    pub bytes: u64,
    /// Vectored writes made.
    pub writes: u64,
    /// Times video was skipped to a newer keyframe because the viewer was beyond its ceiling.
    pub skips: u64,
    /// Times sound was cut, too.
    pub cuts: u64,
}

/// What became of an attempt to bring a viewer up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It has everything.
    UpToDate,
    /// Its connection takes no more now; `wrote` tells whether it took anything.
    Blocked {
        /// Whether any byte went out.
        wrote: bool,
    },
    /// Its connection is gone.
    Closed,
}

/// A viewer's place. Video and audio move together along the packets; each track has a number before which
/// its packets are passed over, so sound goes on while video jumps to a keyframe.
#[derive(Debug)]
pub struct Cursor {
    wire: Wire,
    tracks: ViewerTracks,
    mark: Mark,
    video_from: u64,
    audio_from: u64,
    prelude_sent: bool,
    partial: Option<(Bytes, usize)>,
    injected: VecDeque<Bytes>,
    since: Micros,
    stats: CursorStats,
}

impl Cursor {
    /// A viewer that starts now: at the newest keyframe if video is wanted and there is one, else with what
    /// comes next.
    pub fn start<B>(now: Micros, ring: &Ring<B>, wire: Wire, tracks: ViewerTracks) -> Self {
        let mut cursor = Self {
            wire,
            tracks,
            mark: Mark { pos: ring.end(), wait_key: true, ..Mark::default() },
            video_from: 0,
            audio_from: 0,
            prelude_sent: false,
            partial: None,
            injected: VecDeque::new(),
            since: now,
            stats: CursorStats::default(),
        };
        if tracks.video
            && let Some(key) = ring.newest_key()
        {
            cursor.mark.pos = key;
        }
        cursor
    }

    /// What it has been through.
    pub const fn stats(&self) -> CursorStats {
        self.stats
    }

    /// Whether its connection stands between two packets, so that other bytes make sense to the peer.
    pub const fn is_between_packets(&self) -> bool {
        self.partial.is_none()
    }

    /// Tracks it wants.
    pub const fn tracks(&self) -> ViewerTracks {
        self.tracks
    }

    /// Changes the tracks it wants. Video that comes back starts at once, while sound goes on where it is: at the
    /// newest keyframe, or behind the picture sent last if that is of the same group of pictures.
    pub fn set_tracks<B>(&mut self, now: Micros, ring: &Ring<B>, tracks: ViewerTracks) {
        if tracks.video && !self.tracks.video {
            let behind = self.mark.last_video.saturating_add(1);
            let key = ring.newest_key().filter(|key| *key >= behind);
            let from = match key {
                Some(_) => key,
                None => Some(behind).filter(|behind| !self.mark.wait_key && *behind >= ring.base()),
            };
            self.mark.wait_key = key.is_some() || from.is_none();
            if let Some(from) = from {
                self.audio_from = self.audio_from.max(self.mark.pos);
                self.video_from = from;
                self.mark.pos = self.mark.pos.min(from);
                self.since = now;
            }
        }
        if tracks.audio && !self.tracks.audio {
            self.audio_from = self.audio_from.max(self.mark.pos);
        }
        self.tracks = tracks;
    }

    /// Queues bytes of the connection's own protocol (an answer to a ping, say) to go out between packets.
    /// Returns false when too many wait already.
    pub fn inject(&mut self, bytes: Bytes) -> bool {
        if self.injected.len() >= INJECTED {
            return false;
        }
        self.injected.push_back(bytes);
        true
    }

    /// Moves a viewer that is beyond its ceiling: video to the newest keyframe (or to the next one to come)
    /// while sound stays continuous; far beyond it, or when the packets are gone, sound is cut as well. Returns
    /// whether it was moved.
    pub fn relieve<B>(&mut self, now: Micros, ring: &Ring<B>, ceiling: Micros) -> bool {
        let Some(packet) = ring.get(self.mark.pos) else {
            let gone = self.mark.pos < ring.base();
            if gone {
                self.cut(now, ring);
            }
            return gone;
        };
        let lag = now.saturating_sub(packet.at.max(self.since));
        if lag <= ceiling {
            return false;
        }
        if lag > ceiling.saturating_mul(HARD_CEILINGS) {
            self.cut(now, ring);
            return true;
        }
        if !self.tracks.video {
            return false;
        }
        match ring.newest_key().filter(|key| *key > self.mark.pos) {
            Some(key) if key > self.video_from => self.video_from = key,
            None if !self.mark.wait_key => self.mark.wait_key = true,
            _ => return false,
        }
        self.stats.skips = self.stats.skips.saturating_add(1);
        true
    }

    /// Starts afresh at the newest keyframe, or with what comes next. Also resets the clock of the lag, as
    /// for a viewer that has just come.
    fn cut<B>(&mut self, now: Micros, ring: &Ring<B>) {
        let target = if self.tracks.video { ring.newest_key() } else { None };
        let target = target.filter(|key| *key > self.mark.pos).unwrap_or_else(|| ring.end());
        self.mark.pos = target;
        self.mark.wait_key = true;
        self.since = now;
        self.stats.cuts = self.stats.cuts.saturating_add(1);
    }

    /// Writes all that is due until the viewer is up to date or takes no more. Viewers of one round share what was
    /// listed for others in the same place.
    pub fn write<'r, B>(
        &mut self,
        ring: &'r Ring<B>,
        formats: &[Arc<dyn WireFormat<B>>],
        round: &mut Round<'r>,
        mut io: impl FnMut(&[IoSlice<'_>]) -> Wrote,
    ) -> Progress {
        let mut wrote_any = false;
        loop {
            self.begin(ring, formats);
            let staged = match self.prelude_sent {
                true => round.stage(self.place(), ring, formats),
                false => round.nothing(self.mark),
            };
            if staged.is_empty() && self.partial.is_none() {
                self.mark = staged.tail();
                return Progress::UpToDate;
            }
            let head = self.partial.as_ref().and_then(|(bytes, at)| bytes.get(*at..));
            let total = head.map_or(0, <[u8]>::len).saturating_add(staged.bytes());
            let wrote = match head {
                None => io(staged.slices()),
                Some(head) => io(with_head(head, staged.slices(), &mut [IoSlice::new(&[]); SLICES + 1])),
            };
            match wrote {
                Wrote::Closed => return Progress::Closed,
                Wrote::Blocked => return Progress::Blocked { wrote: wrote_any },
                Wrote::Bytes(n) => {
                    wrote_any |= n > 0;
                    self.stats.writes = self.stats.writes.saturating_add(1);
                    self.stats.bytes = self.stats.bytes.saturating_add(n as u64);
                    if n < total {
                        self.commit(n, staged);
                        return Progress::Blocked { wrote: wrote_any };
                    }
                    self.partial = None;
                    self.mark = staged.tail();
                    if !staged.is_full() && self.injected.is_empty() && self.prelude_sent {
                        return Progress::UpToDate;
                    }
                }
            }
        }
    }

    /// All that decides on what comes next.
    fn place(&self) -> Place {
        let Self { wire, tracks, mark, video_from, audio_from, .. } = *self;
        Place::new(wire, tracks, mark, video_from, audio_from)
    }

    /// What goes before the next packet: injected bytes, and before the first packet the prelude, once there
    /// is a packet to send, because only then the tracks of the publisher are known.
    fn begin<B>(&mut self, ring: &Ring<B>, formats: &[Arc<dyn WireFormat<B>>]) {
        if self.partial.is_some() {
            return;
        }
        if let Some(bytes) = self.injected.pop_front() {
            self.partial = Some((bytes, 0));
            return;
        }
        if self.prelude_sent {
            return;
        }
        let Some(packet) = ring.get(self.mark.pos) else { return };
        // The newest packet knows best what will come: sound may have begun behind the keyframe at which this viewer
        // starts. What it starts with comes, too.
        let first: &Configs<B> = &packet.configs;
        let newest: &Configs<B> = &ring.newest().unwrap_or(packet).configs;
        let rendition = rendition(self.wire, formats);
        let (first_audio, newest_audio) = (first.audio(rendition), newest.audio(rendition));
        let video = self.tracks.video && (first.video.is_some() || newest.video.is_some());
        let audio = self.tracks.audio && (first_audio.is_some() || newest_audio.is_some());
        let lost = (first.video.is_some() && newest.video.is_none())
            || (first_audio.is_some() && newest_audio.is_none());
        let configs = if lost { first } else { newest };
        if let Some(format) = formats.get(usize::from(self.wire.0)) {
            let prelude = format.prelude(configs, video, audio, packet.ts_ms);
            if !prelude.is_empty() {
                self.partial = Some((prelude, 0));
            }
        }
        self.prelude_sent = true;
    }

    /// Settles `n` written bytes, fewer than there were.
    fn commit(&mut self, n: usize, staged: &Staged<'_>) {
        let mut left = n;
        if let Some((bytes, at)) = &mut self.partial {
            let rest = bytes.len().saturating_sub(*at);
            if left < rest {
                *at = at.saturating_add(left);
                return;
            }
            left = left.saturating_sub(rest);
            self.partial = None;
        }
        for (bytes, after) in staged.steps() {
            if left == 0 {
                return;
            }
            self.mark = *after;
            if left < bytes.len() {
                self.partial = Some(((*bytes).clone(), left));
                return;
            }
            left = left.saturating_sub(bytes.len());
        }
    }
}

/// The rest of what was begun, and what comes behind it.
fn with_head<'a, 'r>(
    head: &'r [u8],
    rest: &[IoSlice<'r>],
    out: &'a mut [IoSlice<'r>; SLICES + 1],
) -> &'a [IoSlice<'r>] {
    let mut used = 0usize;
    for (slot, slice) in out.iter_mut().zip(std::iter::once(&IoSlice::new(head)).chain(rest)) {
        *slot = *slice;
        used = used.saturating_add(1);
    }
    out.get(..used).unwrap_or(&[])
}
