//! A browser without a browser: a WebRTC peer that publishes or plays by WHIP and WHEP.

use crate::peers::PATIENCE;
use bytes::Bytes;
use huitong_media::h264::AvcConfig;
use huitong_media::rtp::{AccessUnit, Depacketizer, Reorder, packetize};
use huitong_media::{Codec, Frame, FrameKind, TrackKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant, UNIX_EPOCH};
use str0m::format::Codec as RtcCodec;
use str0m::media::{Direction, MediaKind, Mid, Pt};
use str0m::net::{Protocol, Receive, TcpType};
use str0m::rtp::RtpWrite;
use str0m::rtp::rtcp::SenderInfo;
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc, RtcConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

/// Longest step of the peer's loop, so that conditions are looked at.
const STEP: Duration = Duration::from_millis(20);

/// Datagrams that a step takes at most: a test ends even if they never do.
const MOST_AT_ONCE: usize = 1000;

/// How long a peer waits for a packet that is missing.
const REORDER_US: u64 = 300_000;

/// An answer over HTTP.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The head.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// One HTTP request on a connection of its own.
///
/// # Panics
/// The server does not answer in time.
pub async fn request(method: &str, url: &str, kind: &str, body: &str) -> Answer {
    request_with(method, url, &[("Content-Type", kind)], body).await
}

/// As [`request`], with these headers.
///
/// # Panics
/// The server does not answer in time.
pub async fn request_with(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let rest = url.strip_prefix("http://").expect("a plain URL");
    let (host, path) = rest.split_once('/').expect("a path");
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let exchange = async {
        let mut stream = TcpStream::connect(host).await.expect("a connection");
        let head = format!(
            "{method} /{path} HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("a request");
        stream.write_all(body.as_bytes()).await.expect("a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("an answer");
        String::from_utf8(answer).expect("text")
    };
    let text = tokio::time::timeout(PATIENCE, exchange).await.expect("an answer in time");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// What a peer offers.
#[derive(Debug, Clone, Copy)]
pub struct Offer {
    /// Whether it sends.
    pub sends: bool,
    /// H.264 profiles in packetisation mode 1; none: only VP8 is offered.
    pub h264: bool,
    /// Whether there is sound.
    pub audio: bool,
    /// Whether there is a picture.
    pub video: bool,
}

/// A publisher of both tracks.
pub const CAMERA: Offer = Offer { sends: true, h264: true, audio: true, video: true };

/// A viewer of both tracks.
pub const SCREEN: Offer = Offer { sends: false, h264: true, audio: true, video: true };

/// How its datagrams travel.
enum Path {
    Udp(UdpSocket),
    /// With the bytes read so far.
    Tcp(TcpStream, Vec<u8>),
}

impl Path {
    async fn receive(&mut self, buffer: &mut [u8]) -> std::io::Result<(Protocol, usize, SocketAddr)> {
        match self {
            Self::Udp(socket) => {
                let (length, source) = socket.recv_from(buffer).await?;
                Ok((Protocol::Udp, length, source))
            }
            Self::Tcp(stream, read) => loop {
                if let Some((head, rest)) = read.split_first_chunk::<2>() {
                    let length = usize::from(u16::from_be_bytes(*head));
                    if let Some(frame) = rest.get(..length) {
                        buffer[..length].copy_from_slice(frame);
                        read.drain(..2 + length);
                        return Ok((Protocol::Tcp, length, stream.peer_addr()?));
                    }
                }
                if stream.read_buf(read).await? == 0 {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
            },
        }
    }

    /// What the network takes away is retransmitted.
    async fn send(&mut self, datagram: &[u8], to: SocketAddr) {
        match self {
            Self::Udp(socket) => {
                let _lost = socket.send_to(datagram, to).await;
            }
            Self::Tcp(stream, _) => {
                let frame = [&(datagram.len() as u16).to_be_bytes()[..], datagram].concat();
                let _lost = stream.write_all(&frame).await;
            }
        }
    }
}

/// What a sender report says of a track (RFC 3550, section 6.4.1).
#[derive(Debug, Clone, Copy)]
pub struct Report {
    /// The sender's wall clock, seconds since 1970.
    wall: f64,
    /// The RTP time of the same moment, unwrapped as those of the packets are.
    rtp: i64,
}

impl Report {
    /// `near`: the RTP time of a packet, which says what the 32 bits of the report leave out.
    fn new(info: &SenderInfo, near: i64) -> Self {
        let wall = info.ntp_time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        let apart = (info.rtp_time.numer() as u32).wrapping_sub(near as u32) as i32;
        Self { wall, rtp: near + i64::from(apart) }
    }

    /// The sender's wall clock, in seconds, at an RTP time of so many ticks a second.
    pub fn wall(&self, rtp: i64, rate: u32) -> f64 {
        self.wall + (rtp - self.rtp) as f64 / f64::from(rate)
    }
}

/// A WebRTC peer.
pub struct Browser {
    rtc: Rtc,
    path: Path,
    local: SocketAddr,
    audio: Option<Mid>,
    video: Option<Mid>,
    /// Address of its session.
    pub resource: String,
    /// The tag of its ICE session.
    pub etag: String,
    answer: String,
    video_in: Reorder<(i64, bool, Vec<u8>)>,
    depacketizer: Depacketizer,
    next_video: u64,
    next_audio: u64,
    started: Instant,
    /// Pictures that arrived whole.
    pub pictures: Vec<AccessUnit>,
    /// Sounds that arrived, with their RTP times.
    pub sounds: Vec<(i64, Vec<u8>)>,
    /// First bytes of every payload of a picture, with its time.
    pub payloads: Vec<(i64, u8)>,
    /// The newest sender report of pictures.
    pub picture_report: Option<Report>,
    /// The newest sender report of sounds.
    pub sound_report: Option<Report>,
    /// Keyframes asked of it.
    pub asked: usize,
    /// Whether it is connected.
    pub connected: bool,
    /// Whether the server said goodbye.
    pub closed: bool,
    /// Whether its path is lost.
    pub lost: bool,
}

impl Browser {
    /// Publishes both tracks.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn whip(url: &str) -> Result<Self, Answer> {
        Self::open(url, CAMERA, None).await
    }

    /// Plays both tracks.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn whep(url: &str) -> Result<Self, Answer> {
        Self::open(url, SCREEN, None).await
    }

    /// Connects with an offer; all datagrams go to `via` if it is given.
    ///
    /// # Errors
    /// The server refuses.
    ///
    /// # Panics
    /// The system or the server behaves oddly.
    pub async fn open(url: &str, offer: Offer, via: Option<SocketAddr>) -> Result<Self, Answer> {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let local = socket.local_addr().expect("an address");
        let candidate = Candidate::host(local, "udp").expect("a candidate");
        let reroute = |sdp: &str| via.map_or_else(|| sdp.to_owned(), |via| reroute(sdp, via));
        Self::connect(url, offer, (Path::Udp(socket), local, candidate), reroute).await
    }

    /// As [`Browser::open`] where no UDP gets through: over TCP to the WebRTC port.
    ///
    /// # Errors
    /// The server refuses.
    ///
    /// # Panics
    /// The system or the server behaves oddly.
    pub async fn over_tcp(url: &str, offer: Offer, rtc: SocketAddr) -> Result<Self, Answer> {
        let stream = TcpStream::connect(rtc).await.expect("a connection");
        let local = stream.local_addr().expect("an address");
        let active = Candidate::builder().tcp().host(local).tcptype(TcpType::Active).build();
        let path = (Path::Tcp(stream, Vec::new()), local, active.expect("a candidate"));
        let no_udp = |sdp: &str| {
            let blocked = |line: &&str| line.starts_with("a=candidate:") && line.contains(" udp ");
            sdp.lines().filter(|line| !blocked(line)).map(|line| line.to_owned() + "\r\n").collect()
        };
        Self::connect(url, offer, path, no_udp).await
    }

    async fn connect(
        url: &str,
        offer: Offer,
        (path, local, candidate): (Path, SocketAddr, Candidate),
        reroute: impl Fn(&str) -> String,
    ) -> Result<Self, Answer> {
        let mut config = RtcConfig::new().set_rtp_mode(true).clear_codecs().enable_opus(true, false);
        if offer.h264 {
            config.codec_config().add_h264(
                Pt::new_with_value(102),
                Some(Pt::new_with_value(103)),
                true,
                0x42_e01f,
            );
        } else {
            config = config.enable_vp8(true);
        }
        let mut rtc = config.build(Instant::now());
        rtc.add_local_candidate(candidate);
        let direction = if offer.sends { Direction::SendOnly } else { Direction::RecvOnly };
        let mut api = rtc.sdp_api();
        let audio = offer.audio.then(|| api.add_media(MediaKind::Audio, direction, None, None, None));
        let video = offer.video.then(|| api.add_media(MediaKind::Video, direction, None, None, None));
        let (sdp, pending) = api.apply().expect("an offer");
        let answer = request("POST", url, "application/sdp", &sdp.to_sdp_string()).await;
        if answer.status != 201 {
            return Err(answer);
        }
        let parsed = str0m::change::SdpAnswer::from_sdp_string(&reroute(&answer.body))
            .expect("an answer that can be read");
        rtc.sdp_api().accept_answer(pending, parsed).expect("an answer that fits");
        let host = url.split('/').nth(2).expect("a host");
        let location = answer.header("location").expect("a location");
        Ok(Self {
            rtc,
            path,
            local,
            audio,
            video,
            resource: format!("http://{host}{location}"),
            etag: answer.header("etag").expect("a tag").to_owned(),
            answer: answer.body.clone(),
            video_in: Reorder::new(REORDER_US),
            depacketizer: Depacketizer::new(),
            next_video: 1,
            next_audio: 1,
            started: Instant::now(),
            pictures: Vec::new(),
            sounds: Vec::new(),
            payloads: Vec::new(),
            picture_report: None,
            sound_report: None,
            asked: 0,
            connected: false,
            closed: false,
            lost: false,
        })
    }

    /// Its network is another one from now on: what was at its old address goes nowhere.
    ///
    /// # Panics
    /// No port can be had.
    pub async fn change_network(&mut self) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        self.local = socket.local_addr().expect("an address");
        self.path = Path::Udp(socket);
    }

    /// Restarts ICE from its present address (RFC 9725, section 4.3.3).
    ///
    /// # Errors
    /// The server refuses.
    ///
    /// # Panics
    /// The answer cannot be used.
    pub async fn restart_ice(&mut self) -> Result<(), Answer> {
        let mut api = self.rtc.sdp_api();
        api.ice_restart(false);
        let (offer, pending) = api.apply().expect("an offer");
        let offer = offer.to_sdp_string();
        let value = |prefix: &str| {
            offer.lines().find_map(|line| line.strip_prefix(prefix)).expect("credentials").to_owned()
        };
        let (name, password) = (value("a=ice-ufrag:"), value("a=ice-pwd:"));
        let candidate = Candidate::host(self.local, "udp").expect("a candidate");
        let fragment = format!(
            "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=ice-ufrag:{name}\r\na=ice-pwd:{password}\r\na={}\r\n\
             a=end-of-candidates\r\n",
            candidate.to_sdp_string()
        );
        let headers = [("Content-Type", "application/trickle-ice-sdpfrag"), ("If-Match", "*")];
        let answer = request_with("PATCH", &self.resource, &headers, &fragment).await;
        if answer.status != 200 {
            return Err(answer);
        }
        answer.header("etag").expect("a tag").clone_into(&mut self.etag);
        self.answer = with_credentials_of(&self.answer, &answer.body);
        let parsed = str0m::change::SdpAnswer::from_sdp_string(&self.answer).expect("an answer to read");
        self.rtc.sdp_api().accept_answer(pending, parsed).expect("an answer that fits");
        self.rtc.add_local_candidate(candidate);
        Ok(())
    }

    /// Lives until the condition holds.
    ///
    /// # Panics
    /// It does not hold in time.
    pub async fn until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        let start = Instant::now();
        while !done(self) {
            assert!(start.elapsed() < PATIENCE, "{what} did not happen: {}", self.summary());
            self.step().await;
        }
    }

    /// What it has been through, for messages of tests.
    pub fn summary(&self) -> String {
        format!(
            "connected {} closed {} pictures {} sounds {} asked {}",
            self.connected,
            self.closed,
            self.pictures.len(),
            self.sounds.len(),
            self.asked
        )
    }

    /// Lives for one step: takes all that has come, or lets a short time pass. A peer that took one datagram in each step
    /// would look to the server like a link of fifty datagrams a second while its test also lives for another peer.
    pub async fn step(&mut self) {
        let wake = self.drain().await.min(Instant::now() + STEP);
        let mut buffer = [0u8; 2048];
        let mut wait = wake;
        for _ in 0..MOST_AT_ONCE {
            tokio::select! {
                biased;
                received = self.path.receive(&mut buffer) => {
                    let Ok((proto, length, source)) = received else {
                        self.closed = true;
                        return;
                    };
                    if let Ok(receive) = Receive::new(proto, source, self.local, &buffer[..length]) {
                        self.input(Input::Receive(Instant::now(), receive));
                        self.drain().await;
                    }
                    wait = Instant::now();
                }
                () = tokio::time::sleep_until(wait.into()) => break,
            }
        }
        self.input(Input::Timeout(Instant::now()));
        self.drain().await;
    }

    fn input(&mut self, input: Input<'_>) {
        if let Err(error) = self.rtc.handle_input(input) {
            eprintln!("a peer could not use its input: {error}");
        }
    }

    async fn drain(&mut self) -> Instant {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    self.put_together();
                    return at;
                }
                Ok(Output::Transmit(transmit)) => {
                    self.path.send(&transmit.contents, transmit.destination).await;
                }
                Ok(Output::Event(event)) => self.event(event),
                Err(_) => {
                    self.closed = true;
                    return Instant::now() + STEP;
                }
            }
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Connected => self.connected = true,
            Event::Closed => self.closed = true,
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => self.lost = true,
            Event::KeyframeRequest(_) => self.asked += 1,
            Event::RtpPacket(packet) => {
                let time = packet.time.numer() as i64;
                let report = packet.last_sender_info.map(|info| Report::new(&info, time));
                if packet.header.ext_vals.mid == self.audio && self.audio.is_some() {
                    self.sound_report = report.or(self.sound_report);
                    self.sounds.push((time, packet.payload.to_vec()));
                    return;
                }
                let of_audio = |rtc: &Rtc| {
                    let params = rtc.codec_config().params();
                    params
                        .iter()
                        .any(|p| p.pt() == packet.header.payload_type && p.spec().codec == RtcCodec::Opus)
                };
                if of_audio(&self.rtc) {
                    self.sound_report = report.or(self.sound_report);
                    self.sounds.push((time, packet.payload.to_vec()));
                    return;
                }
                self.picture_report = report.or(self.picture_report);
                let at = self.started.elapsed().as_micros() as u64;
                self.video_in.push(at, *packet.seq_no, (time, packet.header.marker, packet.payload.to_vec()));
            }
            _ => {}
        }
    }

    fn put_together(&mut self) {
        let at = self.started.elapsed().as_micros() as u64;
        while let Some((seq, (time, marker, payload))) = self.video_in.pop(at) {
            if let Some(first) = payload.first() {
                self.payloads.push((time, *first));
            }
            let got = self.depacketizer.push(seq, time, marker, &payload);
            self.pictures.extend(got.pictures.into_iter().flatten());
        }
    }

    fn pt(&self, mid: Mid, codec: RtcCodec) -> Pt {
        let media = self.rtc.media(mid).expect("a media section");
        let params = self.rtc.codec_config().params();
        let fits = |pt: &&Pt| params.iter().any(|p| p.pt() == **pt && p.spec().codec == codec);
        *media.remote_pts().iter().find(fits).expect("a payload type")
    }

    /// Sends a picture: length-prefixed NAL units, with its header if it is a keyframe.
    ///
    /// # Panics
    /// It publishes no picture.
    pub async fn send_picture(&mut self, at_ms: u32, key: bool, payload: Bytes, header: &AvcConfig) {
        let mid = self.video.expect("a picture");
        let pt = self.pt(mid, RtcCodec::H264);
        let kind = if key { FrameKind::Key } else { FrameKind::Delta };
        let frame = Frame { track: TrackKind::Video, kind, ts_ms: 0, cts_ms: 0, codec: Codec::H264, payload };
        let pieces = packetize(&frame, Some(header));
        let last = pieces.len() - 1;
        for (index, piece) in pieces.into_iter().enumerate() {
            let seq = self.next_video.into();
            self.next_video += 1;
            let mut direct = self.rtc.direct_api();
            let stream = direct.stream_tx_by_mid(mid, None).expect("a stream");
            let write = RtpWrite::new(pt, seq, at_ms.wrapping_mul(90), Instant::now(), piece);
            stream.write_rtp(write.marker(index == last).nackable(true));
            self.input(Input::Timeout(Instant::now()));
            self.drain().await;
        }
    }

    /// Sends a packet of sound.
    ///
    /// # Panics
    /// It publishes no sound.
    pub async fn send_sound(&mut self, at_ms: u32, payload: &[u8]) {
        let mid = self.audio.expect("sound");
        let pt = self.pt(mid, RtcCodec::Opus);
        let seq = self.next_audio.into();
        self.next_audio += 1;
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(mid, None).expect("a stream");
        stream.write_rtp(RtpWrite::new(pt, seq, at_ms.wrapping_mul(48), Instant::now(), payload));
        self.input(Input::Timeout(Instant::now()));
        self.drain().await;
    }
}

/// Sends all candidates of an answer to another address.
fn reroute(sdp: &str, via: SocketAddr) -> String {
    let line = |line: &str| {
        let mut words: Vec<_> = line.split(' ').map(str::to_owned).collect();
        if line.starts_with("a=candidate:") && words.len() > 5 {
            words[4] = via.ip().to_string();
            words[5] = via.port().to_string();
        }
        words.join(" ") + "\r\n"
    };
    sdp.lines().map(line).collect()
}

/// An answer with the credentials of a fragment.
fn with_credentials_of(answer: &str, fragment: &str) -> String {
    let value = |prefix: &str| fragment.lines().find(|line| line.starts_with(prefix)).expect("credentials");
    let line = |line: &str| {
        let line =
            ["a=ice-ufrag:", "a=ice-pwd:"].iter().find(|p| line.starts_with(**p)).map_or(line, |p| value(p));
        // Names of the ICE session before stand behind candidates, too.
        line.split(" ufrag ").next().unwrap_or(line).to_owned() + "\r\n"
    };
    answer.lines().map(line).collect()
}
