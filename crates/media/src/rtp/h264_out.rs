//! H.264 access units to RTP payloads.

use super::{FU_A, STAP_A};
use crate::h264::{AvcConfig, NAL_PPS, NAL_SPS, nal_type, nals};
use crate::{Frame, FrameKind};
use std::sync::Arc;

/// Longest payload that is made. With the headers of RTP, SRTP, UDP and IPv6 and the extensions of WebRTC it stays
/// below 1280 bytes, which every IPv6 path carries, and so do tunnels of mobile networks.
pub const MAX_PAYLOAD_BYTES: usize = 1200;

/// `nal_unit_type` of an access unit delimiter.
const NAL_DELIMITER: u8 = 9;

/// Cuts a picture into payloads of at most [`MAX_PAYLOAD_BYTES`]; the last one takes the marker bit.
///
/// Before every keyframe go the parameter sets of `config`, in one packet if they fit: whoever comes late never sees
/// those that were sent once. What the picture itself carries of them is left out, and so are delimiters. Whatever
/// follows NAL unit lengths that make no sense is left out, too.
pub fn packetize(frame: &Frame, config: Option<&AvcConfig>) -> Vec<Arc<[u8]>> {
    let length_size = config.map_or(4, |config| config.length_size);
    let mut out = Vec::with_capacity(frame.payload.len() / MAX_PAYLOAD_BYTES + 2);
    if frame.kind == FrameKind::Key
        && let Some(config) = config
    {
        parameter_sets(&mut out, config);
    }
    for nal in nals(&frame.payload, length_size) {
        let Ok(nal) = nal else { break };
        let kind = nal_type(nal);
        let known = matches!(kind, NAL_SPS | NAL_PPS) && config.is_some();
        if kind == NAL_DELIMITER || known {
            continue;
        }
        unit(&mut out, nal);
    }
    out
}

/// One STAP-A with all sets, or one packet each where they are too long for that.
fn parameter_sets(out: &mut Vec<Arc<[u8]>>, config: &AvcConfig) {
    let sets = || config.sps.iter().chain(&config.pps);
    let total = sets().map(|set| set.len() + 2).sum::<usize>() + 1;
    if total > MAX_PAYLOAD_BYTES {
        sets().for_each(|set| unit(out, set));
        return;
    }
    let mut packet = Vec::with_capacity(total);
    // The importance of the packet is that of its most important unit (RFC 6184, section 5.7.1).
    packet.push(sets().filter_map(|set| set.first()).map(|first| first & 0x60).max().unwrap_or(0) | STAP_A);
    for set in sets() {
        packet.extend_from_slice(&(set.len() as u16).to_be_bytes());
        packet.extend_from_slice(set);
    }
    out.push(packet.into());
}

/// One NAL unit: whole if it fits, else in FU-A parts of equal size.
fn unit(out: &mut Vec<Arc<[u8]>>, nal: &[u8]) {
    if nal.len() <= MAX_PAYLOAD_BYTES {
        out.push(nal.into());
        return;
    }
    let Some((first, body)) = nal.split_first() else { return };
    let most = MAX_PAYLOAD_BYTES - 2;
    let count = body.len().div_ceil(most);
    let size = body.len().div_ceil(count);
    let chunks = body.chunks(size);
    let last = chunks.len() - 1;
    for (index, chunk) in chunks.enumerate() {
        let start = if index == 0 { 0x80 } else { 0 };
        let end = if index == last { 0x40 } else { 0 };
        let mut packet = Vec::with_capacity(chunk.len() + 2);
        packet.push(first & 0xe0 | FU_A);
        packet.push(start | end | first & 0x1f);
        packet.extend_from_slice(chunk);
        out.push(packet.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Codec, TrackKind};
    use bytes::Bytes;

    fn frame(kind: FrameKind, units: &[&[u8]]) -> Frame {
        let mut payload = Vec::new();
        for unit in units {
            payload.extend_from_slice(&(unit.len() as u32).to_be_bytes());
            payload.extend_from_slice(unit);
        }
        let payload = Bytes::from(payload);
        Frame { track: TrackKind::Video, kind, ts_ms: 0, cts_ms: 0, codec: Codec::H264, payload }
    }

    fn config() -> AvcConfig {
        AvcConfig {
            length_size: 4,
            sps: vec![Bytes::from_static(&[0x67, 1, 2])],
            pps: vec![Bytes::from_static(&[0x68, 3])],
        }
    }

    #[test]
    fn every_keyframe_begins_with_its_parameter_sets_in_one_packet() {
        let picture = frame(FrameKind::Key, &[&[9, 0xf0], &[0x67, 1, 2], &[0x68, 3], &[0x65, 7]]);
        let packets = packetize(&picture, Some(&config()));
        assert_eq!(&*packets[0], [0x78, 0, 3, 0x67, 1, 2, 0, 2, 0x68, 3]);
        assert_eq!(&*packets[1], [0x65, 7]);
        assert_eq!(packets.len(), 2);
        let other = packetize(&frame(FrameKind::Delta, &[&[0x41, 7]]), Some(&config()));
        assert_eq!(other.len(), 1);
    }

    #[test]
    fn long_units_go_in_parts_that_make_the_unit_again() {
        let mut long = vec![0x65u8];
        long.extend((0..5000).map(|n| n as u8));
        let packets = packetize(&frame(FrameKind::Delta, &[&long]), None);
        assert_eq!(packets.len(), 5);
        let mut whole = vec![packets[0][0] & 0xe0 | packets[0][1] & 0x1f];
        for (n, packet) in packets.iter().enumerate() {
            assert!(packet.len() <= MAX_PAYLOAD_BYTES);
            assert_eq!((packet[1] & 0x80 != 0, packet[1] & 0x40 != 0), (n == 0, n == 4));
            whole.extend_from_slice(&packet[2..]);
        }
        assert_eq!(whole, long);
    }

    #[test]
    fn a_length_that_makes_no_sense_ends_the_picture() {
        let mut broken = frame(FrameKind::Delta, &[&[0x41, 1]]);
        broken.payload = [&broken.payload[..], &[0, 0, 0, 9, 1]].concat().into();
        assert_eq!(packetize(&broken, None).len(), 1);
    }
}
