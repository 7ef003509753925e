//! One end of a WebRTC session: its machine and its socket.

use super::{DATAGRAM_BYTES, H264_PT, OPUS_PT, RESEND_PT};
use mio::net::UdpSocket;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::config::{CryptoProvider, DtlsCert};
use str0m::format::{Codec, FormatParams};
use str0m::media::{Direction, MediaKind, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

/// The server answers an offer in this time, or not at all.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// Constrained baseline, level 3.1 (RFC 6184, section 8.1).
const PROFILE: u32 = 0x42_e01f;

/// What all peers of a process share: a certificate for each would only warm the machine.
#[derive(Clone)]
pub(super) struct Identity {
    crypto: Arc<CryptoProvider>,
    certificate: DtlsCert,
}

impl Identity {
    pub(super) fn new() -> Result<Self, String> {
        let crypto = Arc::new(str0m::crypto::from_feature_flags());
        let certificate = crypto.dtls_provider.generate_certificate().ok_or("no certificate can be made")?;
        Ok(Self { crypto, certificate })
    }
}

/// A peer that has its answer.
pub(super) struct Peer {
    /// The machine.
    pub(super) rtc: Rtc,
    /// The socket; it never blocks.
    pub(super) socket: UdpSocket,
    /// The section of sound.
    pub(super) audio: Mid,
    /// The section of pictures.
    pub(super) video: Mid,
    /// When the machine wants to be called again.
    pub(super) deadline: Instant,
    local: SocketAddr,
}

impl Peer {
    /// Offers both tracks to `http://host:port/path` and takes the answer.
    pub(super) fn open(identity: &Identity, url: &str, sends: bool) -> Result<Self, String> {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
        socket.set_nonblocking(true).map_err(|e| e.to_string())?;
        let local = socket.local_addr().map_err(|e| e.to_string())?;
        let mut config = RtcConfig::new()
            .set_crypto_provider(Arc::clone(&identity.crypto))
            .set_dtls_cert(identity.certificate.clone())
            .set_rtp_mode(true)
            .clear_codecs();
        let codecs = config.codec_config();
        let pt = Pt::new_with_value;
        codecs.add_h264(pt(H264_PT), Some(pt(RESEND_PT)), true, PROFILE);
        let (clock_rate, format) = (str0m::media::Frequency::FORTY_EIGHT_KHZ, FormatParams::default());
        codecs.add_config(pt(OPUS_PT), None, Codec::Opus, clock_rate, Some(2), format);
        let mut rtc = config.build(Instant::now());
        let candidate = Candidate::host(local, "udp").map_err(|e| e.to_string())?;
        rtc.add_local_candidate(candidate);
        let direction = if sends { Direction::SendOnly } else { Direction::RecvOnly };
        let mut api = rtc.sdp_api();
        let audio = api.add_media(MediaKind::Audio, direction, None, None, None);
        let video = api.add_media(MediaKind::Video, direction, None, None, None);
        let (offer, pending) = api.apply().ok_or("there is nothing to offer")?;
        let answer = post(url, &offer.to_sdp_string())?;
        let answer = str0m::change::SdpAnswer::from_sdp_string(&answer).map_err(|e| e.to_string())?;
        rtc.sdp_api().accept_answer(pending, answer).map_err(|e| e.to_string())?;
        let socket = UdpSocket::from_std(socket);
        Ok(Self { rtc, socket, audio, video, deadline: Instant::now(), local })
    }

    /// Takes everything that the machine has to say; `on` gets its events. An error is its end.
    pub(super) fn drive(&mut self, mut on: impl FnMut(Event)) -> Result<(), String> {
        loop {
            match self.rtc.poll_output().map_err(|e| e.to_string())? {
                Output::Timeout(at) => {
                    self.deadline = at;
                    return Ok(());
                }
                Output::Transmit(transmit) => {
                    // What a full socket does not take is lost, as on a network.
                    let _lost = self.socket.send_to(&transmit.contents, transmit.destination);
                }
                Output::Event(Event::Closed) => return Err("the server said goodbye".to_owned()),
                Output::Event(event) => on(event),
            }
        }
    }

    /// Lets time pass, and says what there is to say.
    pub(super) fn pass_time(&mut self, now: Instant, on: impl FnMut(Event)) -> Result<(), String> {
        self.rtc.handle_input(Input::Timeout(now)).map_err(|e| e.to_string())?;
        self.drive(on)
    }

    /// Takes one datagram, if there is one; its length.
    pub(super) fn receive(&mut self, on: impl FnMut(Event)) -> Result<Option<usize>, String> {
        let mut buffer = [0u8; DATAGRAM_BYTES];
        let (length, source) = match self.socket.recv_from(&mut buffer) {
            Ok(received) => received,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            // A port of the server that is closed by now; time will tell.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => return Ok(Some(0)),
            Err(error) => return Err(error.to_string()),
        };
        if let Ok(receive) = Receive::new(Protocol::Udp, source, self.local, &buffer[..length]) {
            let input = Input::Receive(Instant::now(), receive);
            self.rtc.handle_input(input).map_err(|e| e.to_string())?;
        }
        self.drive(on)?;
        Ok(Some(length))
    }
}

/// Sends an offer and returns the answer.
fn post(url: &str, offer: &str) -> Result<String, String> {
    let (host, path) = url
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
        .ok_or_else(|| format!("{url} is no address of WHIP or WHEP"))?;
    let exchange = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        let length = offer.len();
        write!(
            stream,
            "POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/sdp\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{offer}"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = exchange().map_err(|e| format!("{host} does not answer: {e}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("the answer is cut short")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status != "201" {
        return Err(format!("the offer was refused with {status}: {}", body.trim()));
    }
    Ok(body.to_owned())
}
