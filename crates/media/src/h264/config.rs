//! `AVCDecoderConfigurationRecord` (ISO/IEC 14496-15, 5.3.3.1): read, build, and follow in-band changes.

use bytes::Bytes;

use super::sps::parameter_set_id;
use super::{NAL_PPS, NAL_SPS, is_slice, nal_type, nals, parse_sps};
use crate::{Codec, MediaError, VideoInfo};

/// Longest parameter set that is kept. Real ones have 10 to 100 bytes; the largest legal ones, with full HRD
/// tables and scaling lists, stay below this.
pub const MAX_PARAMETER_SET_BYTES: usize = 4096;

/// Most sequence parameter sets kept for one stream. Encoders use one; 32 is what H.264 allows, and a stream
/// that really uses more than a few does not exist in live video.
pub const MAX_SPS: usize = 8;

/// Most picture parameter sets kept for one stream. Encoders use one to four.
pub const MAX_PPS: usize = 32;

/// The codec header of an H.264 track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvcConfig {
    /// Bytes of each NAL unit length prefix: 1, 2 or 4.
    pub length_size: u8,
    /// Sequence parameter sets with their NAL header byte; at least one.
    pub sps: Vec<Bytes>,
    /// Picture parameter sets with their NAL header byte; at least one.
    pub pps: Vec<Bytes>,
}

impl AvcConfig {
    /// Reads the record.
    pub fn parse(record: &Bytes) -> Result<Self, MediaError> {
        let fault = |rule| MediaError::malformed("AVCDecoderConfigurationRecord", rule);
        let [version, _profile, _compatibility, _level, lengths, sps_count, ..] = record[..] else {
            return Err(fault("it is shorter than its six fixed bytes"));
        };
        if version != 1 {
            return Err(fault("its version is not 1"));
        }
        let length_size = (lengths & 3) + 1;
        if length_size == 3 {
            return Err(fault("NAL unit lengths of 3 bytes are reserved"));
        }
        let sps_count = usize::from(sps_count & 0x1f);
        if sps_count > MAX_SPS {
            return Err(fault("it carries more than 8 sequence parameter sets"));
        }
        let mut at = 6;
        let sps = read_sets(record, &mut at, sps_count, NAL_SPS)
            .ok_or(fault("a sequence parameter set is cut short, too long or of another NAL type"))?;
        let pps_count = *record.get(at).ok_or(fault("the picture parameter sets are missing"))?;
        at += 1;
        let pps = read_sets(record, &mut at, usize::from(pps_count).min(MAX_PPS), NAL_PPS)
            .ok_or(fault("a picture parameter set is cut short, too long or of another NAL type"))?;
        if sps.is_empty() || pps.is_empty() {
            return Err(fault("it carries no parameter sets"));
        }
        Ok(Self { length_size, sps, pps })
    }

    /// Builds the record, with the extension fields that the high profiles have.
    pub fn build(&self) -> Bytes {
        let sets: usize = self.sps.iter().chain(&self.pps).map(|set| set.len() + 2).sum();
        let mut out = Vec::with_capacity(sets + 11);
        let (profile, compatibility, level) = self.profile_bytes();
        out.extend_from_slice(&[1, profile, compatibility, level]);
        out.push(0xfc | (self.length_size.clamp(1, 4) - 1));
        out.push(0xe0 | self.sps.len().min(MAX_SPS) as u8);
        for set in self.sps.iter().take(MAX_SPS) {
            write_set(&mut out, set);
        }
        out.push(self.pps.len().min(MAX_PPS) as u8);
        for set in self.pps.iter().take(MAX_PPS) {
            write_set(&mut out, set);
        }
        if matches!(profile, 100 | 110 | 122 | 144)
            && let Some(info) = self.sps.first().and_then(|sps| parse_sps(sps))
        {
            out.push(0xfc | info.chroma_format);
            out.push(0xf8 | info.luma_depth_minus8);
            out.push(0xf8 | info.chroma_depth_minus8);
            out.push(0);
        }
        Bytes::from(out)
    }

    /// What the first sequence parameter set says about the picture.
    pub fn info(&self) -> VideoInfo {
        let (profile, _, level) = self.profile_bytes();
        let sps = self.sps.first().and_then(|sps| parse_sps(sps));
        VideoInfo {
            codec: Codec::H264,
            width: sps.map_or(0, |sps| sps.width),
            height: sps.map_or(0, |sps| sps.height),
            profile,
            level,
            fps: sps.and_then(|sps| sps.fps),
        }
    }

    /// The header after the parameter sets that a frame carries in front of its picture, or `None` where they
    /// change nothing. Without a header so far (`current` is `None`) the frame must carry both kinds.
    ///
    /// Some publishers (ffmpeg's concat demuxer among them) send one header and then change the picture size
    /// by in-band parameter sets only; FLV players look at headers alone.
    pub fn after_in_band_sets(current: Option<&Self>, payload: &Bytes) -> Option<Self> {
        let length_size = current.map_or(4, |config| config.length_size);
        let mut next: Option<Self> = None;
        for nal in nals(payload, length_size) {
            let Ok(nal) = nal else { break };
            let kind = nal_type(nal);
            if is_slice(kind) {
                break;
            }
            if !matches!(kind, NAL_SPS | NAL_PPS) || nal.len() < 2 || nal.len() > MAX_PARAMETER_SET_BYTES {
                continue;
            }
            let known = next.as_ref().or(current);
            let known_sets = known.map(|config| if kind == NAL_SPS { &config.sps } else { &config.pps });
            if known_sets.is_some_and(|sets| sets.iter().any(|set| set[..] == *nal)) {
                continue;
            }
            let mut changed =
                known.cloned().unwrap_or(Self { length_size, sps: Vec::new(), pps: Vec::new() });
            // A copy, so that a header that lives long does not keep the whole frame alive.
            changed.put(Bytes::copy_from_slice(nal), kind);
            next = Some(changed);
        }
        next.filter(|config| !config.sps.is_empty() && !config.pps.is_empty())
    }

    /// Replaces the set of the same id, or puts a new one in front, where players look for the picture size.
    fn put(&mut self, set: Bytes, kind: u8) {
        let (sets, skip, most) =
            if kind == NAL_SPS { (&mut self.sps, 4, MAX_SPS) } else { (&mut self.pps, 1, MAX_PPS) };
        let id = parameter_set_id(&set, skip);
        match sets.iter_mut().find(|known| parameter_set_id(known, skip) == id) {
            Some(known) => *known = set,
            None => sets.insert(0, set),
        }
        sets.truncate(most);
    }

    /// `profile_idc`, constraint flags and `level_idc` of the first sequence parameter set.
    fn profile_bytes(&self) -> (u8, u8, u8) {
        match self.sps.first().map(|sps| &sps[..]) {
            Some([_, profile, compatibility, level, ..]) => (*profile, *compatibility, *level),
            _ => (0, 0, 0),
        }
    }
}

fn read_sets(record: &Bytes, at: &mut usize, count: usize, kind: u8) -> Option<Vec<Bytes>> {
    let mut sets = Vec::with_capacity(count);
    for _ in 0..count {
        let length = match record.get(*at..*at + 2)? {
            [high, low] => usize::from(*high) << 8 | usize::from(*low),
            _ => return None,
        };
        *at += 2;
        let set = record.get(*at..*at + length)?;
        if nal_type(set) != kind || length > MAX_PARAMETER_SET_BYTES {
            return None;
        }
        sets.push(record.slice(*at..*at + length));
        *at += length;
    }
    Some(sets)
}

fn write_set(out: &mut Vec<u8>, set: &[u8]) {
    out.extend_from_slice(&(set.len() as u16).to_be_bytes());
    out.extend_from_slice(set);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPS: &[u8] = &[0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00];
    const SPS_OTHER_SIZE: &[u8] = &[0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x55];
    const PPS: &[u8] = &[0x68, 0xcb, 0x83];

    fn config() -> AvcConfig {
        AvcConfig { length_size: 4, sps: vec![Bytes::from_static(SPS)], pps: vec![Bytes::from_static(PPS)] }
    }

    fn frame(units: &[&[u8]]) -> Bytes {
        let mut out = Vec::new();
        for unit in units {
            out.extend_from_slice(&(unit.len() as u32).to_be_bytes());
            out.extend_from_slice(unit);
        }
        Bytes::from(out)
    }

    #[test]
    fn builds_what_it_reads() {
        let record = config().build();
        assert_eq!(&record[..6], [1, 0x42, 0xc0, 0x1e, 0xff, 0xe1]);
        assert_eq!(AvcConfig::parse(&record).unwrap(), config());
    }

    #[test]
    fn every_truncation_is_refused() {
        let record = config().build();
        for length in 0..record.len() {
            assert!(AvcConfig::parse(&record.slice(..length)).is_err(), "{length}");
        }
    }

    #[test]
    fn sets_of_another_nal_type_are_refused() {
        let mut wrong = config();
        wrong.sps = vec![Bytes::from_static(PPS)];
        assert!(AvcConfig::parse(&wrong.build()).is_err());
    }

    #[test]
    fn repeated_in_band_sets_change_nothing() {
        let same = frame(&[SPS, PPS, &[0x65, 1]]);
        assert_eq!(AvcConfig::after_in_band_sets(Some(&config()), &same), None);
    }

    #[test]
    fn a_new_in_band_sps_replaces_the_one_of_its_id() {
        let changed =
            AvcConfig::after_in_band_sets(Some(&config()), &frame(&[SPS_OTHER_SIZE, PPS, &[0x65, 1]]));
        let changed = changed.unwrap();
        assert_eq!(changed.sps, [Bytes::from_static(SPS_OTHER_SIZE)]);
        assert_eq!(changed.pps, [Bytes::from_static(PPS)]);
    }

    #[test]
    fn sets_behind_the_picture_are_not_looked_for() {
        let late = frame(&[&[0x65, 1], SPS_OTHER_SIZE]);
        assert_eq!(AvcConfig::after_in_band_sets(Some(&config()), &late), None);
    }

    #[test]
    fn without_a_header_the_in_band_sets_make_one() {
        assert_eq!(AvcConfig::after_in_band_sets(None, &frame(&[SPS, &[0x65, 1]])), None);
        assert_eq!(AvcConfig::after_in_band_sets(None, &frame(&[SPS, PPS, &[0x65, 1]])), Some(config()));
    }

    #[test]
    fn the_number_of_kept_sets_is_bounded() {
        let mut current = config();
        for id in 0..200u8 {
            // pic_parameter_set_id as Exp-Golomb in the two bytes behind the header.
            let code = (u32::from(id) + 1) << 8;
            let bits = 32 - (u32::from(id) + 1).leading_zeros();
            let shifted = code << (16 - (2 * bits - 1)) >> 8;
            let set = [0x68, (shifted >> 8) as u8, shifted as u8, 1];
            if let Some(next) = AvcConfig::after_in_band_sets(Some(&current), &frame(&[&set])) {
                current = next;
            }
        }
        assert_eq!(current.pps.len(), MAX_PPS);
    }
}
