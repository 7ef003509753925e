//! What travels in RTP packets: H.264 cut into payloads and put together again (RFC 6184, packetisation mode 1),
//! and the clocks of RTP on one line.
//!
//! Headers of RTP, sequence numbers on the wire, retransmission and encryption belong to the gateway.

mod clock;
mod h264_in;
mod h264_out;
mod reorder;

pub use clock::{RtpClock, SenderReport};
pub use h264_in::{AccessUnit, Depacketizer, Received};
pub use h264_out::{MAX_PAYLOAD_BYTES, packetize};
pub use reorder::{REORDER_PACKETS, Reorder};

/// NAL unit type of a packet that carries several whole units (RFC 6184, section 5.7.1).
const STAP_A: u8 = 24;

/// NAL unit type of a packet that carries a part of one unit (RFC 6184, section 5.8).
const FU_A: u8 = 28;
