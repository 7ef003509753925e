//! From an offer to a session that can answer it.

use crate::problem::Problem;
use axum::http::StatusCode;
use huitong_types::ErrorCode;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::bwe::Bitrate;
use str0m::change::SdpOffer;
use str0m::config::{CryptoProvider, DtlsCert};
use str0m::format::Codec;
use str0m::media::{MediaKind, Mid, Pt};
use str0m::net::TcpType;
use str0m::{Candidate, IceCreds, Rtc, RtcConfig};

/// What congestion control believes of a link it knows nothing of: enough for a phone's picture and the kept group of
/// pictures in front of it; the first feedback comes a tenth of a second later.
pub(crate) const FIRST_ESTIMATE: Bitrate = Bitrate::mbps(3);

/// Payload types that are proposed for H.264, with those of their retransmissions. The profile is all that counts, since
/// the answer takes the numbers of the offer.
const PROFILES: &[(u8, u8, u32)] =
    &[(108, 109, 0x42_e01f), (127, 121, 0x42_001f), (123, 119, 0x4d_001f), (114, 115, 0x64_001f)];

/// A track as it was negotiated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) mid: Mid,
    pub(crate) pt: Pt,
    /// Of packets that are sent again (RFC 4588).
    pub(crate) resend: Option<Pt>,
}

/// A session that has its answer.
pub(crate) struct Answered {
    pub(crate) rtc: Rtc,
    pub(crate) video: Option<Line>,
    pub(crate) audio: Option<Line>,
    pub(crate) sdp: String,
}

/// What a session is made from.
pub(crate) struct Making<'a> {
    /// Whether the peer publishes.
    pub(crate) publish: bool,
    /// Credentials of the server's side.
    pub(crate) own: IceCreds,
    pub(crate) candidates: &'a [SocketAddr],
    pub(crate) crypto: Arc<CryptoProvider>,
    pub(crate) certificate: DtlsCert,
}

/// Reads an offer.
pub(crate) fn parse(body: &[u8]) -> Result<SdpOffer, Problem> {
    let bad = |why: String| {
        let sentence = format!("The body is no SDP offer that can be read: {why}.");
        Problem::new(StatusCode::BAD_REQUEST, ErrorCode::BadMessage, sentence)
    };
    let text = std::str::from_utf8(body).map_err(|error| bad(error.to_string()))?;
    SdpOffer::from_sdp_string(text).map_err(|error| bad(error.to_string()))
}

/// Makes the session and its answer.
pub(crate) fn answer(making: Making<'_>, offer: SdpOffer) -> Result<Answered, Problem> {
    let publish = making.publish;
    let mut rtc = build(&making);
    for address in making.candidates {
        let tcp = Candidate::builder().tcp().host(*address).tcptype(TcpType::Passive).build();
        for candidate in [Candidate::host(*address, "udp"), tcp] {
            match candidate {
                Ok(candidate) => {
                    if rtc.add_local_candidate(candidate).is_none() {
                        tracing::debug!(%address, "an address is offered twice");
                    }
                }
                Err(error) => tracing::debug!(%address, %error, "no address for browsers"),
            }
        }
    }
    let refused = |why: String| {
        let sentence = format!("The offer cannot be answered: {why}.");
        Problem::new(StatusCode::BAD_REQUEST, ErrorCode::BadMessage, sentence)
    };
    let answer = rtc.sdp_api().accept_offer(offer).map_err(|error| refused(error.to_string()))?;
    let sdp = answer.to_sdp_string();
    // The machine puts its candidates into the first section, and leaves them out with one of a kind that it does not know.
    if !making.candidates.is_empty() && !sdp.contains("a=candidate:") {
        return Err(refused("its first media section is neither audio nor video".to_owned()));
    }
    let (mut video, mut audio) = (None, None);
    let mut without_h264 = false;
    for (kind, mid) in sections(&sdp) {
        match kind {
            MediaKind::Video => {
                let line = line(&rtc, mid, Codec::H264);
                without_h264 |= line.is_none();
                video = video.or(line);
            }
            MediaKind::Audio => audio = audio.or_else(|| line(&rtc, mid, Codec::Opus)),
        }
    }
    if publish && without_h264 && video.is_none() {
        return Err(Problem::new(
            StatusCode::NOT_ACCEPTABLE,
            ErrorCode::BadMessage,
            "A publisher must offer H.264 in constrained baseline with packetization-mode=1 \
             (profile-level-id 42e01f), because phones play nothing else; put it into the offer.",
        ));
    }
    if video.is_none() && audio.is_none() {
        return Err(Problem::new(
            StatusCode::NOT_ACCEPTABLE,
            ErrorCode::BadMessage,
            "The offer has neither H.264 with packetization-mode=1 nor Opus; add one of them.",
        ));
    }
    Ok(Answered { rtc, video, audio, sdp })
}

/// How often each track is reported on. A browser puts sound beside the picture once both tracks had two reports.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

fn build(making: &Making<'_>) -> Rtc {
    let mut config = RtcConfig::new()
        .set_crypto_provider(Arc::clone(&making.crypto))
        .set_dtls_cert(making.certificate.clone())
        .set_local_ice_credentials(making.own.clone())
        .set_ice_lite(true)
        .set_rtp_mode(true)
        .set_stats_interval(Some(crate::stats::INTERVAL))
        .set_rtcp_report_interval_audio(REPORT_INTERVAL)
        .set_rtcp_report_interval_video(REPORT_INTERVAL)
        .clear_codecs()
        .enable_opus(true, false);
    if !making.publish {
        config = config.enable_bwe(Some(FIRST_ESTIMATE));
    }
    // Phones decode constrained baseline; browsers decode whatever a phone or an encoder sends.
    let profiles = if making.publish { PROFILES.get(..1) } else { Some(PROFILES) };
    for (pt, resend, profile) in profiles.unwrap_or_default() {
        let (pt, resend) = (Pt::new_with_value(*pt), Pt::new_with_value(*resend));
        config.codec_config().add_h264(pt, Some(resend), true, *profile);
    }
    config.build(Instant::now())
}

/// The media sections of an answer of ours. The machine itself tells them only once the peer is connected, which is too
/// late to refuse.
fn sections(sdp: &str) -> Vec<(MediaKind, Mid)> {
    let mut kind = None;
    let mut all = Vec::new();
    for line in sdp.lines() {
        if let Some(rest) = line.strip_prefix("m=") {
            kind = match rest.split(' ').next() {
                Some("audio") => Some(MediaKind::Audio),
                Some("video") => Some(MediaKind::Video),
                _ => None,
            };
        } else if let (Some(mid), Some(kind)) = (line.strip_prefix("a=mid:"), kind) {
            all.push((kind, Mid::from(mid.trim())));
        }
    }
    all
}

/// The payload type of a codec in a media section; `None` if the section has none.
fn line(rtc: &Rtc, mid: Mid, codec: Codec) -> Option<Line> {
    let media = rtc.media(mid)?;
    let of = |pt: &Pt| {
        let mut all = rtc.codec_config().params().iter();
        all.find(|params| params.pt() == *pt && params.spec().codec == codec)
    };
    let params = media.remote_pts().iter().find_map(of)?;
    Some(Line { mid, pt: params.pt(), resend: params.resend() })
}
