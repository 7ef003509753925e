//! A thread that owns sessions: it takes what its mailbox brings, lets time pass for them, and sends what they say.

use crate::figures;
use crate::ice::Restarted;
use crate::ladder::Rates;
use crate::mailbox::{Command, Input, Mailbox};
use crate::net::Net;
use crate::play::Playing;
use crate::publish::Publishing;
use crate::session::{End, NewRole, NewSession, Role, Session, SessionId};
use crate::stats::{Stats, is_rtcp, is_rtp_of};
use huitong_fanout::meter::Meter;
use huitong_fanout::{Fanout, OPUS, PlayGrant, Tap, TapEvent, TapSink, Tracks};
use huitong_hub::{Kind, Packet, PublicationId, Ring, RingLimits};
use huitong_media::Frame;
use huitong_types::{ErrorCode, Fault};
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::bwe::BweKind;
use str0m::net::{Protocol, Receive};
use str0m::{Event, IceConnectionState, Input as RtcInput, Output};

/// A worker looks after its sessions this often even if none asks for it.
const ROUND: Duration = Duration::from_secs(1);

/// Outputs of one session in a row at most, so that a defect in it cannot hold the thread.
const OUTPUTS: usize = 100_000;

/// A publication that viewers of this worker watch.
struct Watched {
    tap: Tap,
    ring: Ring<Frame>,
    viewers: Vec<SessionId>,
    load: Load,
}

/// What a publication has brought in the last seconds.
#[derive(Default)]
struct Load {
    video: Meter,
    keys: Meter,
    audio: Meter,
    /// Bytes of the largest keyframe of late: a larger one counts at once, smaller ones little by little.
    key: usize,
}

impl Load {
    fn add(&mut self, packet: &Packet<Frame>) {
        match packet.kind {
            Kind::Audio(OPUS) => self.audio.add(packet.at, packet.size),
            Kind::Audio(_) => {}
            kind => {
                self.video.add(packet.at, packet.size);
                if kind == Kind::Key {
                    self.keys.add(packet.at, packet.size);
                    self.key = packet.size.max(self.key / 8 * 7);
                }
            }
        }
    }

    fn rates(&self, at: u64) -> Rates {
        let bits = |meter: &Meter| (meter.rates(at).0 * 8.0) as u64;
        let key_bits = self.key as u64 * 8;
        Rates { video: bits(&self.video), keys: bits(&self.keys), audio: bits(&self.audio), key_bits }
    }
}

struct Worker {
    index: usize,
    mailbox: Arc<Mailbox>,
    net: Arc<Net>,
    silence: Duration,
    sessions: HashMap<SessionId, Session>,
    names: HashMap<String, SessionId>,
    addresses: HashMap<SocketAddr, SessionId>,
    watched: HashMap<PublicationId, Watched>,
    /// What each viewer watches.
    watching: HashMap<SessionId, PublicationId>,
    over: Vec<(SessionId, End)>,
}

/// Starts the thread.
pub(crate) fn start(
    index: usize,
    mailbox: Arc<Mailbox>,
    net: Arc<Net>,
    silence: Duration,
) -> std::io::Result<()> {
    let worker = Worker {
        index,
        mailbox,
        net,
        silence,
        sessions: HashMap::new(),
        names: HashMap::new(),
        addresses: HashMap::new(),
        watched: HashMap::new(),
        watching: HashMap::new(),
        over: Vec::new(),
    };
    std::thread::Builder::new().name(format!("webrtc-{index}")).spawn(move || worker.run()).map(drop)
}

impl Worker {
    fn run(mut self) {
        let mut inputs = VecDeque::new();
        loop {
            let timeout = self.next_deadline().saturating_duration_since(Instant::now());
            if !self.mailbox.wait(&mut inputs, Some(timeout)) {
                break;
            }
            let now = Instant::now();
            for input in inputs.drain(..) {
                self.handle(now, input);
                self.bury(now);
            }
            self.pass_time(Instant::now());
        }
        let all: Vec<_> = self.sessions.keys().copied().collect();
        for id in all {
            self.over.push((id, End::ordered(ErrorCode::ShuttingDown.into())));
        }
        self.bury(Instant::now());
    }

    fn next_deadline(&self) -> Instant {
        let own = |session: &Session| match &session.role {
            Role::Publish(publishing) => publishing.deadline(),
            Role::Play(_) => None,
        };
        let each = self.sessions.values().map(|s| own(s).map_or(s.deadline, |at| at.min(s.deadline)));
        each.min().unwrap_or_else(|| Instant::now() + ROUND)
    }

    fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Datagram { proto, source, at, bytes } => self.datagram(proto, source, at, &bytes),
            Input::Packet { publication, packet } => self.packet(now, publication, &packet),
            Input::Tap { publication, event } => self.tap_event(publication, event),
            Input::Add(session) => self.add(now, *session),
            Input::Command { session, command } => self.command(now, session, command),
        }
    }

    fn add(&mut self, now: Instant, new: NewSession) {
        let NewSession { id, ice, rtc, video, audio, local, role, ended } = new;
        let resend = video.and_then(|line| line.resend);
        let role = match role {
            NewRole::Publish { publisher, allowed, ticket, authority } => {
                let (mailbox, session) = (Arc::clone(&self.mailbox), id);
                publisher.on_keyframe_request(Arc::new(move || mailbox.command(session, Command::Keyframe)));
                let lines = (video, audio);
                Role::Publish(Box::new(Publishing::new(publisher, authority, ticket, allowed, lines, now)))
            }
            NewRole::Play { fanout, grant, tracks } => {
                if let Err(fault) = self.watch(&fanout, &grant, id) {
                    // The follower of the session is told by the end of it.
                    let _told = ended.send(End::ordered(fault));
                    return;
                }
                let seeds = [crate::http::seed(), crate::http::seed()];
                Role::Play(Box::new(Playing::new(tracks, video, audio, seeds)))
            }
        };
        metrics::gauge!(figures::SESSIONS, "role" => role.name()).increment(1.0);
        let session = Session {
            ice,
            rtc,
            stats: Stats::default(),
            resend,
            role,
            local,
            addresses: Vec::new(),
            last_heard: now,
            deadline: now,
            connected: false,
            renewed: false,
            ended: Some(ended),
        };
        self.names.insert(session.name().to_owned(), id);
        self.sessions.insert(id, session);
    }

    /// Counts a session among the viewers of a publication, and opens that if it is the first.
    fn watch(&mut self, fanout: &Fanout, grant: &PlayGrant, id: SessionId) -> Result<(), Fault> {
        let publication = grant.publication();
        let watched = match self.watched.entry(publication) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                let sink: Arc<dyn TapSink> = Arc::clone(&self.mailbox) as Arc<dyn TapSink>;
                let (tap, snapshot) = fanout.tap(grant, sink, Some(OPUS))?;
                let ring = Ring::from_snapshot(RingLimits::default(), snapshot);
                entry.insert(Watched { tap, ring, viewers: Vec::new(), load: Load::default() })
            }
        };
        watched.viewers.push(id);
        watched.tap.set_viewers(watched.viewers.len() as u32);
        self.watching.insert(id, publication);
        Ok(())
    }

    fn command(&mut self, now: Instant, id: SessionId, command: Command) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        match (command, &mut session.role) {
            (Command::Close(fault), _) => self.over.push((id, End::ordered(fault))),
            (Command::Delete, _) => self.over.push((id, End::goodbye())),
            (Command::Tracks(tracks), Role::Publish(publishing)) => publishing.set_allowed(tracks),
            (Command::Keyframe, Role::Publish(publishing)) => publishing.want_key(),
            (Command::Tracks(tracks), Role::Play(_)) => self.set_tracks(now, id, tracks),
            (Command::Keyframe, Role::Play(_)) => {}
            (Command::Trickle { name, candidates, reply }, _) => {
                let _asker_is_gone = reply.send(session.trickle(name.as_deref(), candidates));
            }
            (Command::Restart { peer, candidates, reply }, _) => {
                let restarted = session.restart(now, self.index, peer, candidates);
                if let Ok(Restarted { before: Some(before), .. }) = &restarted {
                    metrics::counter!(figures::ICE_RESTARTS).increment(1);
                    self.names.remove(before);
                    self.names.insert(session.name().to_owned(), id);
                }
                let _asker_is_gone = reply.send(restarted);
            }
        }
        self.drive(now, id);
    }

    fn set_tracks(&mut self, now: Instant, id: SessionId, tracks: Tracks) {
        if let Some(session) = self.sessions.get_mut(&id)
            && let Role::Play(playing) = &mut session.role
            && playing.set_tracks(tracks)
        {
            self.start_viewer(now, id);
        }
    }

    /// Lets a viewer begin at the newest keyframe, and asks the publisher for a new one.
    fn start_viewer(&mut self, now: Instant, id: SessionId) {
        let Some(watched) = self.watching.get(&id).and_then(|of| self.watched.get(of)) else { return };
        let Some(session) = self.sessions.get_mut(&id).filter(|session| session.connected) else { return };
        if let Role::Play(playing) = &mut session.role {
            playing.start(&mut session.rtc, now, &watched.ring);
            watched.tap.request_keyframe();
        }
    }

    fn datagram(&mut self, proto: Protocol, source: SocketAddr, at: Instant, bytes: &[u8]) {
        let named = crate::demux::session_name(bytes).and_then(|name| self.names.get(name));
        let Some(id) = named.or_else(|| self.addresses.get(&source)).copied() else { return };
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Ok(receive) = Receive::new(proto, source, session.local, bytes) else { return };
        let again = is_rtp_of(bytes, session.resend);
        let input = RtcInput::Receive(at, receive);
        if !session.rtc.accepts(&input) {
            return;
        }
        if let Err(error) = session.rtc.handle_input(input) {
            tracing::debug!(session = id, %error, "a datagram could not be used");
        }
        if again {
            figures::RESENT_TO_US.increment(1);
        }
        session.last_heard = at;
        let (new, oldest) = session.heard_from(source);
        if new {
            self.addresses.insert(source, id);
            self.net.learn(source, self.index);
        }
        if let Some(oldest) = oldest {
            self.addresses.remove(&oldest);
            self.net.forget(oldest, self.index);
        }
        self.drive(at, id);
    }

    fn packet(&mut self, now: Instant, publication: PublicationId, packet: &Arc<Packet<Frame>>) {
        let Some(watched) = self.watched.get_mut(&publication) else { return };
        // One that a former tap of the same publication brought, or that the snapshot had already.
        if packet.seq < watched.ring.end() {
            return;
        }
        watched.ring.push(Arc::clone(packet));
        watched.load.add(packet);
        let rates = watched.load.rates(packet.at);
        let unplayable = packet.body().cts_ms != 0 && watched.tap.info().b_frames;
        let viewers = std::mem::take(&mut watched.viewers);
        for id in &viewers {
            if unplayable {
                self.over.push((*id, End::ordered(b_frames())));
                continue;
            }
            let Some(session) = self.sessions.get_mut(id).filter(|session| session.connected) else {
                continue;
            };
            let Role::Play(playing) = &mut session.role else { continue };
            playing.weigh(&mut session.rtc, now, rates);
            playing.packet(&mut session.rtc, now, packet);
            let skips = playing.take_skips();
            self.drive(now, *id);
            if let Some(watched) = self.watched.get(&publication) {
                (0..skips).for_each(|_| watched.tap.count_skip());
            }
        }
        if let Some(watched) = self.watched.get_mut(&publication) {
            watched.viewers = viewers;
        }
    }

    fn tap_event(&mut self, publication: PublicationId, event: TapEvent) {
        let Some(watched) = self.watched.get_mut(&publication) else { return };
        match event {
            TapEvent::Restart => watched.ring.restart(),
            TapEvent::Ended => {
                let fault = Fault::because(ErrorCode::NotFound, "The stream is over.");
                self.over.extend(watched.viewers.iter().map(|id| (*id, End::ordered(fault.clone()))));
            }
        }
    }

    /// Lets time pass for those sessions that asked for it, and ends those that are silent.
    fn pass_time(&mut self, now: Instant) {
        let due: Vec<_> = self
            .sessions
            .iter()
            .filter(|(_, session)| {
                let own = match &session.role {
                    Role::Publish(publishing) => publishing.deadline(),
                    Role::Play(_) => None,
                };
                session.deadline <= now || own.is_some_and(|at| at <= now)
            })
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            let Some(session) = self.sessions.get_mut(&id) else { continue };
            if now.saturating_duration_since(session.last_heard) > self.silence {
                metrics::counter!(figures::SILENT).increment(1);
                self.over.push((id, End::lost("The peer was silent for too long.")));
                continue;
            }
            if session.deadline <= now
                && let Err(error) = session.rtc.handle_input(RtcInput::Timeout(now))
            {
                tracing::debug!(session = id, %error, "a session failed");
                self.over.push((id, End::lost("The session failed.")));
                continue;
            }
            self.drive(now, id);
        }
        self.bury(now);
    }

    /// Takes everything that a session has to say.
    fn drive(&mut self, now: Instant, id: SessionId) {
        let mut start = false;
        let Some(session) = self.sessions.get_mut(&id) else { return };
        for _ in 0..OUTPUTS {
            match session.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    session.deadline = at.min(now + ROUND).max(now);
                    if let Err(end) = own_work(session, now) {
                        self.over.push((id, end));
                        return;
                    }
                    if !ask(session, now) {
                        break;
                    }
                }
                Ok(Output::Transmit(transmit)) => {
                    if session.role.has_nothing_to_report() && is_rtcp(&transmit.contents) {
                        continue;
                    }
                    if is_rtp_of(&transmit.contents, session.resend) {
                        figures::RESENT.increment(1);
                    }
                    self.net.send(&transmit);
                }
                Ok(Output::Event(event)) => {
                    start |= match take(session, event, now) {
                        Ok(start) => start,
                        Err(end) => {
                            self.over.push((id, end));
                            return;
                        }
                    }
                }
                Err(error) => {
                    tracing::debug!(session = id, %error, "a session failed");
                    self.over.push((id, End::lost("The session failed.")));
                    return;
                }
            }
        }
        if start {
            self.start_viewer(now, id);
            self.drive(now, id);
        }
    }

    /// Ends the sessions that are over.
    fn bury(&mut self, now: Instant) {
        while let Some((id, end)) = self.over.pop() {
            let Some(mut session) = self.sessions.remove(&id) else { continue };
            tracing::info!(session = id, role = session.role.name(), why = %end.why, "WebRTC session over");
            if session.rtc.close().is_ok() {
                // The goodbye is all it says now.
                for _ in 0..OUTPUTS {
                    match session.rtc.poll_output() {
                        Ok(Output::Transmit(transmit)) => self.net.send(&transmit),
                        Ok(Output::Event(_)) => {}
                        Ok(Output::Timeout(_)) | Err(_) => break,
                    }
                }
            }
            metrics::gauge!(figures::SESSIONS, "role" => session.role.name()).decrement(1.0);
            self.names.remove(session.name());
            for address in &session.addresses {
                if self.addresses.get(address) == Some(&id) {
                    self.addresses.remove(address);
                    self.net.forget(*address, self.index);
                }
            }
            self.unwatch(id);
            if let Some(ended) = session.ended.take() {
                // Nobody waits any more when the server ends.
                let _unheard = ended.send(end);
            }
        }
        let _same_moment = now;
    }

    fn unwatch(&mut self, id: SessionId) {
        let Some(publication) = self.watching.remove(&id) else { return };
        let Some(watched) = self.watched.get_mut(&publication) else { return };
        watched.viewers.retain(|viewer| *viewer != id);
        if watched.viewers.is_empty() {
            self.watched.remove(&publication);
        } else {
            watched.tap.set_viewers(watched.viewers.len() as u32);
        }
    }
}

/// What a publisher passes on.
fn own_work(session: &mut Session, now: Instant) -> Result<(), End> {
    match &mut session.role {
        Role::Publish(publishing) => publishing.pass_on(now),
        Role::Play(_) => Ok(()),
    }
}

/// Asks for a keyframe if one is wanted; true if the session has something to say for it.
fn ask(session: &mut Session, now: Instant) -> bool {
    match &mut session.role {
        Role::Publish(publishing) => publishing.ask(&mut session.rtc, now),
        Role::Play(_) => false,
    }
}

/// Deals with an event of the WebRTC machine; true if a viewer should start.
fn take(session: &mut Session, event: Event, now: Instant) -> Result<bool, End> {
    if let (Event::PeerStats(stats), Role::Play(playing)) = (&event, &mut session.role)
        && let Some(share) = stats.egress_loss_fraction
    {
        playing.lost(now, share);
    }
    if session.stats.take(&event) {
        return Ok(false);
    }
    match (event, &mut session.role) {
        (Event::Connected, role) => {
            session.connected = true;
            tracing::info!(role = role.name(), "WebRTC session connected");
            return Ok(matches!(role, Role::Play(_)));
        }
        (Event::RtpPacket(packet), Role::Publish(publishing)) => publishing.packet(&session.rtc, packet),
        (Event::KeyframeRequest(_), Role::Play(playing)) => {
            metrics::counter!(figures::KEYFRAMES, "by" => "viewer").increment(1);
            return Ok(playing.may_start(now));
        }
        (Event::EgressBitrateEstimate(BweKind::Twcc { estimate, .. }), Role::Play(playing)) => {
            playing.estimate(estimate.as_u64());
        }
        (Event::Closed, _) => return Err(End::goodbye()),
        (Event::IceConnectionStateChange(state), role) if session.renewed && state.is_connected() => {
            session.renewed = false;
            // It missed something and sent something into the void: a keyframe helps in either direction.
            if let Role::Publish(publishing) = role {
                publishing.want_key();
            }
            return Ok(session.connected && matches!(role, Role::Play(_)));
        }
        (Event::IceConnectionStateChange(IceConnectionState::Disconnected), _) => {
            tracing::debug!("the path of a WebRTC session is interrupted");
        }
        _ => {}
    }
    Ok(false)
}

/// What a viewer is told of a stream that WebRTC cannot carry.
pub(crate) fn b_frames() -> Fault {
    Fault::because(
        ErrorCode::BadMessage,
        "The stream has B-frames, which WebRTC cannot carry; let its encoder send none (ffmpeg: -bf 0, OBS: \
         tune zerolatency), or play it as FLV.",
    )
}
