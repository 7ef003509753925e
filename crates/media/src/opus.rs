//! Opus: its codec header. Packets are frames as they are (RFC 7587).

use bytes::{BufMut, Bytes, BytesMut};

/// Samples per second at which Opus is always counted (RFC 7587, section 4.1).
pub const SAMPLE_RATE: u32 = 48_000;

/// What every identification header begins with (RFC 7845, section 5.1).
const MAGIC: &[u8] = b"OpusHead";

/// The identification header of RFC 7845 for one or two channels, as MP4 and enhanced FLV build theirs from it.
pub fn head(channels: u8) -> Bytes {
    let mut out = BytesMut::with_capacity(19);
    out.put_slice(MAGIC);
    out.put_u8(1);
    out.put_u8(channels.clamp(1, 2));
    // WebRTC says nothing of the encoder's delay: nothing is to be skipped.
    out.put_u16_le(0);
    out.put_u32_le(SAMPLE_RATE);
    out.put_u16_le(0);
    out.put_u8(0);
    out.freeze()
}

/// Channels that an identification header announces; `None` if it is none.
pub fn channels(head: &[u8]) -> Option<u8> {
    let [_version, channels, ..] = head.strip_prefix(MAGIC)? else { return None };
    Some(*channels)
}

/// Channels of a packet: the stereo flag of its first byte (RFC 6716, section 3.1). `None` for an empty packet.
pub fn packet_channels(packet: &[u8]) -> Option<u8> {
    packet.first().map(|toc| if toc & 0b100 == 0 { 1 } else { 2 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_its_channels() {
        assert_eq!(channels(&head(2)), Some(2));
        assert_eq!(head(1).len(), 19);
        assert_eq!(channels(b"OpusTags"), None);
        assert_eq!(channels(b"OpusHead"), None);
    }

    #[test]
    fn the_stereo_flag_is_the_third_bit() {
        assert_eq!(packet_channels(&[0xfc, 1]), Some(2));
        assert_eq!(packet_channels(&[0xf8]), Some(1));
        assert_eq!(packet_channels(&[]), None);
    }
}
