//! WebRTC: browsers without a browser, and the plain loop that is their reference.

mod assembly;
mod peer;
pub(crate) mod publisher;
pub(crate) mod reference;
pub(crate) mod screens;

use bytes::Bytes;
use huitong_media::{Codec, Frame, FrameKind, TrackKind};
use std::sync::Arc;

/// Longest datagram.
const DATAGRAM_BYTES: usize = 2048;

/// Payload type of Opus in what peers offer.
const OPUS_PT: u8 = 111;

/// Payload type of H.264 in what peers offer.
const H264_PT: u8 = 102;

/// Payload type of the retransmissions of H.264.
const RESEND_PT: u8 = 103;

/// Cuts a picture as every sender of WebRTC does.
fn cut(picture: &[u8], key: bool) -> Vec<Arc<[u8]>> {
    let kind = if key { FrameKind::Key } else { FrameKind::Delta };
    let payload = Bytes::copy_from_slice(picture);
    let frame = Frame { track: TrackKind::Video, kind, ts_ms: 0, cts_ms: 0, codec: Codec::H264, payload };
    huitong_media::rtp::packetize(&frame, Some(&crate::stream::parameter_sets()))
}
