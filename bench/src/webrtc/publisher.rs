//! The publishers: browsers that publish the measured stream by WHIP.

use super::cut;
use super::peer::{Identity, Peer};
use super::{H264_PT, OPUS_PT};
use crate::clock::now_ns;
use crate::orders::{Sent, SourceOrder, orders, reply};
use crate::stream::{BROWSER, Planned, Schedule, opus, picture};
use huitong_media::flv::TagKind;
use mio::{Events, Interest, Poll, Token};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::{Duration, Instant};
use str0m::Event;
use str0m::media::{Mid, Pt};
use str0m::rtp::RtpWrite;

/// A connection that is not there by then will never be.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// Longest sleep, so that an order to run or to pause is soon obeyed.
const STEP: Duration = Duration::from_millis(10);

/// One browser, as its controller sees it.
struct Handle {
    /// What it sent, once it pauses.
    sent: Receiver<Result<u64, String>>,
}

/// Runs the process.
pub(crate) fn run() -> Result<(), String> {
    let identity = Identity::new()?;
    let running = Arc::new(AtomicBool::new(false));
    let mut handles: Vec<Handle> = Vec::new();
    for order in orders() {
        let mut answer = Sent::default();
        match order {
            SourceOrder::Open { urls } => {
                let count = urls.len();
                for (n, url) in urls.into_iter().enumerate() {
                    let phase = Duration::from_nanos(33_333_333) * n as u32 / count as u32;
                    let camera = Camera::connect(Peer::open(&identity, &url, true)?, phase)?;
                    let (tell, sent) = mpsc::sync_channel(1);
                    let running = Arc::clone(&running);
                    std::thread::spawn(move || camera.run(&running, &tell));
                    handles.push(Handle { sent });
                }
            }
            SourceOrder::Run => running.store(true, Ordering::Release),
            SourceOrder::Pause => {
                running.store(false, Ordering::Release);
                for handle in &handles {
                    let sent = handle.sent.recv().map_err(|_| "a publisher is gone")?;
                    answer.messages.push(sent.map_err(|e| format!("a publisher was cut off: {e}"))?);
                }
            }
        }
        reply(&answer);
    }
    Ok(())
}

/// One track's numbers.
struct Track {
    mid: Mid,
    pt: Pt,
    next: u64,
    /// Ticks of its clock in a millisecond.
    ticks_per_ms: u64,
}

/// One browser.
struct Camera {
    peer: Peer,
    poll: Poll,
    events: Events,
    audio: Track,
    video: Track,
    phase: Duration,
}

impl Camera {
    /// Waits until the session is there.
    fn connect(mut peer: Peer, phase: Duration) -> Result<Self, String> {
        let poll = Poll::new().map_err(|e| e.to_string())?;
        poll.registry()
            .register(&mut peer.socket, Token(0), Interest::READABLE)
            .map_err(|e| e.to_string())?;
        let track = |mid, pt, ticks_per_ms| Track { mid, pt: Pt::new_with_value(pt), next: 1, ticks_per_ms };
        let (audio, video) = (track(peer.audio, OPUS_PT, 48), track(peer.video, H264_PT, 90));
        let mut camera = Self { peer, poll, events: Events::with_capacity(1), audio, video, phase };
        let start = Instant::now();
        let mut connected = false;
        while !connected {
            if start.elapsed() > CONNECT_TIMEOUT {
                return Err("a publisher gets no connection".to_owned());
            }
            camera.live(Instant::now() + STEP, |event| connected |= matches!(event, Event::Connected))?;
        }
        Ok(camera)
    }

    /// Lives until a time.
    fn live(&mut self, until: Instant, mut on: impl FnMut(Event)) -> Result<(), String> {
        loop {
            let now = Instant::now();
            if now >= self.peer.deadline {
                self.peer.pass_time(now, &mut on)?;
            }
            while self.peer.receive(&mut on)?.is_some() {}
            let now = Instant::now();
            if now >= until {
                return Ok(());
            }
            let wait = self.peer.deadline.min(until).saturating_duration_since(now);
            if let Err(error) = self.poll.poll(&mut self.events, Some(wait))
                && error.kind() != std::io::ErrorKind::Interrupted
            {
                return Err(error.to_string());
            }
        }
    }

    fn run(mut self, running: &AtomicBool, tell: &SyncSender<Result<u64, String>>) {
        let mut schedule = Schedule::of(&BROWSER);
        loop {
            let stint = self.stint(&mut schedule, running);
            let over = stint.is_err();
            if matches!(stint, Ok(None)) {
                continue;
            }
            let sent = stint.map(Option::unwrap_or_default);
            if tell.send(sent).is_err() || over {
                return;
            }
        }
    }

    /// Sends while told to, and counts the messages; `None` if there was nothing to do.
    fn stint(&mut self, schedule: &mut Schedule, running: &AtomicBool) -> Result<Option<u64>, String> {
        self.live(Instant::now() + STEP, drop)?;
        if !running.load(Ordering::Acquire) {
            return Ok(None);
        }
        let start = Instant::now() + self.phase;
        let (mut sent, mut first) = (0, None);
        let (mut body, mut sound) = (Vec::new(), Vec::new());
        while running.load(Ordering::Acquire) {
            let planned = schedule.next();
            let at = planned.at_ns - *first.get_or_insert(planned.at_ns);
            self.live(start + Duration::from_nanos(at), drop)?;
            schedule.body(planned, now_ns(), &mut body);
            opus(&body, &mut sound);
            self.send(planned, &body, &sound)?;
            sent += 1;
        }
        Ok(Some(sent))
    }

    fn send(&mut self, planned: Planned, body: &[u8], sound: &[u8]) -> Result<(), String> {
        let (track, pieces) = match planned.kind {
            TagKind::Video => (&mut self.video, cut(picture(body), planned.key)),
            _ => (&mut self.audio, vec![Arc::from(sound)]),
        };
        let video = planned.kind == TagKind::Video;
        // The clock of the machine, not that of the schedule: between two turns time goes on.
        let time = (now_ns() / 1_000_000 * track.ticks_per_ms) as u32;
        let last = pieces.len() - 1;
        let now = Instant::now();
        for (n, piece) in pieces.into_iter().enumerate() {
            let mut direct = self.peer.rtc.direct_api();
            let stream = direct.stream_tx_by_mid(track.mid, None).ok_or("a publisher has no stream")?;
            let write = RtpWrite::new(track.pt, track.next.into(), time, now, piece);
            stream.write_rtp(write.marker(video && n == last).nackable(video));
            track.next += 1;
        }
        self.peer.pass_time(Instant::now(), drop)
    }
}
