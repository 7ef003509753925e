//! RTP payloads to H.264 access units.

use super::{FU_A, STAP_A};
use crate::h264::{AvcConfig, MAX_PARAMETER_SET_BYTES, NAL_IDR, NAL_PPS, NAL_SPS, is_slice, nal_type};
use bytes::{BufMut, Bytes, BytesMut};

/// Largest picture that is put together. A 1080p keyframe of a phone has 200 KiB; ten times that is no picture of a call.
const MAX_PICTURE_BYTES: usize = 2 << 20;

/// `nal_unit_type` of an access unit delimiter.
const NAL_DELIMITER: u8 = 9;

/// One picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessUnit {
    /// Whether it decodes without earlier ones.
    pub key: bool,
    /// Its RTP time, as given.
    pub rtp: i64,
    /// NAL units with prefixes of four bytes, without parameter sets and delimiters.
    pub payload: Bytes,
    /// The codec header (`AVCDecoderConfigurationRecord`) if it is another than that of the picture before.
    pub header: Option<Bytes>,
}

/// What one payload led to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Received {
    /// Pictures that are whole and can be decoded. They are two where the end of the first was not marked and the packet is
    /// the whole of the second.
    pub pictures: [Option<AccessUnit>; 2],
    /// Pictures are dropped until the next keyframe: ask the sender for one.
    pub wants_key: bool,
}

/// Puts the payloads of one stream together (RFC 6184, packetisation mode 1). Give it packets in the order of their
/// sequence numbers, each once.
///
/// A picture with a hole is dropped, and all behind it until the next keyframe: decoders show garbage otherwise.
#[derive(Debug, Default)]
pub struct Depacketizer {
    config: Option<AvcConfig>,
    /// The header that pictures had last.
    told: Option<Bytes>,
    picture: BytesMut,
    /// Parameter sets of the picture at hand, with prefixes of four bytes.
    sets: BytesMut,
    /// Begin of the unit whose parts are being joined.
    part: Option<usize>,
    rtp: Option<i64>,
    last_seq: Option<u64>,
    key: bool,
    has_slice: bool,
    /// The picture at hand cannot be used.
    broken: bool,
    /// Pictures that need earlier ones can be decoded.
    decodable: bool,
    /// A picture was dropped since this was last told.
    dropped: bool,
    lost: u64,
}

impl Depacketizer {
    /// For a new stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Packets that never came, so far.
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// Takes one payload with its unwrapped sequence number and time. `marker`: it is the last one of its picture.
    pub fn push(&mut self, seq: u64, rtp: i64, marker: bool, payload: &[u8]) -> Received {
        if self.last_seq.is_some_and(|last| seq <= last) {
            return Received::default();
        }
        let missing = self.last_seq.map_or(0, |last| seq - last - 1);
        self.last_seq = Some(seq);
        let mut before = None;
        if self.rtp != Some(rtp) {
            // The end of the picture before is lost, unless its sender sets no markers.
            if missing > 0 {
                self.broken = true;
            }
            before = self.finish();
            self.rtp = Some(rtp);
        }
        if missing > 0 {
            // Whether the packets were the end of the last picture or the beginning of this one is not known, unless
            // this one is the beginning.
            self.lost = self.lost.saturating_add(missing);
            self.broken |= !begins_keyframe(payload);
            self.decodable = false;
            self.dropped |= self.broken;
        }
        self.payload(payload);
        let this = if marker { self.finish() } else { None };
        Received { pictures: [before, this], wants_key: std::mem::take(&mut self.dropped) }
    }

    fn payload(&mut self, payload: &[u8]) {
        match nal_type(payload) {
            1..=23 => self.unit(payload),
            STAP_A => self.aggregate(payload.get(1..).unwrap_or_default()),
            FU_A => self.part(payload),
            // Modes that were not negotiated, or nothing at all.
            _ => self.broken |= !payload.is_empty(),
        }
    }

    fn aggregate(&mut self, mut rest: &[u8]) {
        while let Some((size, behind)) = rest.split_first_chunk::<2>() {
            let Some((unit, behind)) = behind.split_at_checked(usize::from(u16::from_be_bytes(*size))) else {
                self.broken = true;
                return;
            };
            if !unit.is_empty() {
                self.unit(unit);
            }
            rest = behind;
        }
    }

    fn part(&mut self, payload: &[u8]) {
        let Some((&[indicator, header], body)) = payload.split_first_chunk::<2>() else {
            self.broken = true;
            return;
        };
        if header & 0x80 != 0 {
            if self.part.is_some() {
                self.broken = true;
            }
            self.part = Some(self.picture.len());
            self.picture.put_u32(0);
            self.picture.put_u8(indicator & 0xe0 | header & 0x1f);
        }
        let Some(start) = self.part else {
            self.broken = true;
            return;
        };
        if self.picture.len() + body.len() > MAX_PICTURE_BYTES {
            self.broken = true;
            return;
        }
        self.picture.extend_from_slice(body);
        if header & 0x40 == 0 {
            return;
        }
        self.part = None;
        let unit = self.picture.split_off(start);
        self.unit(unit.get(4..).unwrap_or_default());
    }

    /// A whole NAL unit.
    fn unit(&mut self, unit: &[u8]) {
        let kind = nal_type(unit);
        let into = match kind {
            // Types that only exist as packets, inside of one.
            0 | 24.. => {
                self.broken = true;
                return;
            }
            NAL_DELIMITER => return,
            NAL_SPS | NAL_PPS if unit.len() > MAX_PARAMETER_SET_BYTES => return,
            NAL_SPS | NAL_PPS => &mut self.sets,
            _ => &mut self.picture,
        };
        if into.len() + unit.len() > MAX_PICTURE_BYTES {
            self.broken = true;
            return;
        }
        into.put_u32(unit.len() as u32);
        into.extend_from_slice(unit);
        self.key |= kind == NAL_IDR;
        self.has_slice |= is_slice(kind);
    }

    /// The picture at hand is over: what comes of it.
    fn finish(&mut self) -> Option<AccessUnit> {
        let payload = self.picture.split().freeze();
        let sets = self.sets.split().freeze();
        let whole = !self.broken && self.part.is_none();
        let (key, has_slice) = (self.key, self.has_slice);
        self.part = None;
        self.broken = false;
        self.key = false;
        self.has_slice = false;
        if let Some(config) = AvcConfig::after_in_band_sets(self.config.as_ref(), &sets) {
            self.config = Some(config);
        }
        if !has_slice {
            // Parameter sets alone, or nothing: no picture is lost with them.
            return None;
        }
        self.decodable = whole && (key || self.decodable);
        let Some(config) = self.config.as_ref().filter(|_| self.decodable) else {
            self.decodable = false;
            self.dropped = true;
            return None;
        };
        let rtp = self.rtp.unwrap_or(0);
        let header = if key { self.header(config.build()) } else { None };
        Some(AccessUnit { key, rtp, payload, header })
    }

    fn header(&mut self, record: Bytes) -> Option<Bytes> {
        if self.told.as_ref() == Some(&record) {
            return None;
        }
        self.told = Some(record.clone());
        Some(record)
    }
}

/// Whether a keyframe begins with this payload: parameter sets come first.
fn begins_keyframe(payload: &[u8]) -> bool {
    match payload {
        [first, _, _, unit, ..] if first & 0x1f == STAP_A => matches!(unit & 0x1f, NAL_SPS | NAL_DELIMITER),
        [first, ..] => first & 0x1f == NAL_SPS,
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::packetize;
    use super::*;
    use crate::{Codec, Frame, FrameKind, TrackKind};

    const SPS: &[u8] = &[0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00];
    const OTHER_SPS: &[u8] = &[0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x55];
    const PPS: &[u8] = &[0x68, 0xcb, 0x83];

    fn config(sps: &'static [u8]) -> AvcConfig {
        AvcConfig { length_size: 4, sps: vec![Bytes::from_static(sps)], pps: vec![Bytes::from_static(PPS)] }
    }

    fn picture(key: bool, fill: u8, size: usize) -> Frame {
        let mut unit = vec![if key { 0x65 } else { 0x41 }];
        unit.resize(size, fill);
        let payload = [&(size as u32).to_be_bytes()[..], &unit].concat().into();
        let kind = if key { FrameKind::Key } else { FrameKind::Delta };
        Frame { track: TrackKind::Video, kind, ts_ms: 0, cts_ms: 0, codec: Codec::H264, payload }
    }

    /// Packets of a keyframe and two more pictures, as (sequence number, time, marker, payload).
    fn stream(sps: &'static [u8]) -> Vec<(u64, i64, bool, Vec<u8>)> {
        let mut out = Vec::new();
        for (n, frame) in
            [picture(true, 1, 4000), picture(false, 2, 90), picture(false, 3, 2500)].iter().enumerate()
        {
            let packets = packetize(frame, Some(&config(sps)));
            for (i, packet) in packets.iter().enumerate() {
                out.push((out.len() as u64 + 10, n as i64 * 3000, i + 1 == packets.len(), packet.to_vec()));
            }
        }
        out
    }

    fn feed(machine: &mut Depacketizer, packets: &[(u64, i64, bool, Vec<u8>)]) -> (Vec<AccessUnit>, bool) {
        let mut pictures = Vec::new();
        let mut wants_key = false;
        for (seq, rtp, marker, payload) in packets {
            let got = machine.push(*seq, *rtp, *marker, payload);
            pictures.extend(got.pictures.into_iter().flatten());
            wants_key |= got.wants_key;
        }
        (pictures, wants_key)
    }

    #[test]
    fn what_was_cut_is_put_together_again_with_its_header() {
        let mut machine = Depacketizer::new();
        let (pictures, wants_key) = feed(&mut machine, &stream(SPS));
        assert!(!wants_key);
        let payloads: Vec<_> = pictures.iter().map(|picture| picture.payload.clone()).collect();
        let sent = [picture(true, 1, 4000), picture(false, 2, 90), picture(false, 3, 2500)];
        assert_eq!(payloads, sent.map(|frame| frame.payload));
        assert_eq!(pictures[0].header, Some(config(SPS).build()));
        assert!(pictures[0].key && pictures[1].header.is_none());
    }

    #[test]
    fn a_change_of_the_parameter_sets_is_a_new_header() {
        let mut machine = Depacketizer::new();
        feed(&mut machine, &stream(SPS));
        let later = |n: u64| move |(seq, rtp, m, p)| (seq + n, rtp + n as i64 * 90_000, m, p);
        let again: Vec<_> = stream(SPS).into_iter().map(later(100)).collect();
        let mut follow = Depacketizer::new();
        assert!(feed(&mut follow, &again).0[0].header.is_some());
        let mut machine = Depacketizer::new();
        let mut packets = stream(SPS);
        let base = packets.len() as u64;
        packets.extend(stream(SPS).into_iter().map(later(base)));
        packets.extend(stream(OTHER_SPS).into_iter().map(later(2 * base)));
        let (pictures, _) = feed(&mut machine, &packets);
        let headers: Vec<_> = pictures.iter().filter_map(|p| p.header.clone()).collect();
        assert_eq!(headers, [config(SPS).build(), config(OTHER_SPS).build()]);
    }

    #[test]
    fn a_hole_anywhere_drops_pictures_until_the_next_keyframe() {
        let whole = stream(SPS);
        for missing in 0..whole.len() {
            let mut machine = Depacketizer::new();
            let mut packets = whole.clone();
            packets.remove(missing);
            let base = whole.len() as u64;
            let (first, _) = feed(&mut machine, &packets);
            for frame in &first {
                assert!([4004, 94, 2504].contains(&frame.payload.len()), "only whole pictures come out");
            }
            // The group of pictures that follows is whole.
            let next = stream(SPS).into_iter().map(|(s, r, m, p)| (s + base, r + 90_000, m, p));
            let (pictures, _) = feed(&mut machine, &next.collect::<Vec<_>>());
            assert_eq!(pictures.len(), 3, "without packet {missing}");
            assert!(pictures[0].key);
        }
    }

    #[test]
    fn a_stream_that_begins_in_the_middle_asks_for_a_keyframe() {
        let mut machine = Depacketizer::new();
        let packets = stream(SPS);
        let (pictures, wants_key) = feed(&mut machine, &packets[packets.len() - 4..]);
        assert!(pictures.is_empty() && wants_key);
    }

    #[test]
    fn repeated_and_late_packets_change_nothing() {
        let mut machine = Depacketizer::new();
        let twice: Vec<_> = stream(SPS).into_iter().flat_map(|packet| [packet.clone(), packet]).collect();
        assert_eq!(feed(&mut machine, &twice).0.len(), 3);
    }

    #[test]
    fn pictures_without_markers_all_come_out_with_their_header_and_time() {
        let mut machine = Depacketizer::new();
        let mut packets = stream(SPS);
        let last = packets.len() - 1;
        packets.iter_mut().take(last).for_each(|(_, _, marker, _)| *marker = false);
        // The last picture is one packet with a marker: it ends its predecessor as well.
        packets.truncate(packets.len() - 3);
        let end = packets.len() as u64 + 10;
        packets.push((end, 6000, true, vec![0x41, 9]));
        let (pictures, _) = feed(&mut machine, &packets);
        assert_eq!(pictures.iter().map(|picture| picture.rtp).collect::<Vec<_>>(), [0, 3000, 6000]);
        assert!(pictures[0].header.is_some());
    }

    #[test]
    fn a_part_without_end_holds_a_bounded_picture() {
        let mut machine = Depacketizer::new();
        machine.push(0, 0, false, &[0x7c, 0x85, 1]);
        let part = [&[0x7c, 0x05][..], &[7; 60_000]].concat();
        for seq in 1..200 {
            machine.push(seq, 0, false, &part);
            assert!(machine.picture.len() <= MAX_PICTURE_BYTES);
        }
    }
}
