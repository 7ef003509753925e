//! What a sequence parameter set says about the picture.

use h264_reader::nal::sps::SeqParameterSet;
use h264_reader::rbsp::{BitReader, decode_nal};

use super::MAX_PARAMETER_SET_BYTES;

/// The fields of a sequence parameter set that the house shows or needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpsInfo {
    /// Width in pixels after cropping.
    pub width: u32,
    /// Height in pixels after cropping.
    pub height: u32,
    /// Frames per second, where the timing information is present.
    pub fps: Option<f64>,
    /// `chroma_format_idc`: 1 for 4:2:0.
    pub chroma_format: u8,
    /// `bit_depth_luma_minus8`.
    pub luma_depth_minus8: u8,
    /// `bit_depth_chroma_minus8`.
    pub chroma_depth_minus8: u8,
}

/// Reads a sequence parameter set NAL unit (header byte included). `None` where it cannot be read: the stream
/// may still play, so this is no reason to refuse it.
pub fn parse_sps(nal: &[u8]) -> Option<SpsInfo> {
    if nal.len() < 4 || nal.len() > MAX_PARAMETER_SET_BYTES {
        return None;
    }
    let rbsp = decode_nal(nal).ok()?;
    let sps = SeqParameterSet::from_bits(BitReader::new(&*rbsp)).ok()?;
    let (width, height) = sps.pixel_dimensions().ok()?;
    let chroma = &sps.chroma_info;
    Some(SpsInfo {
        width,
        height,
        fps: sps.fps().filter(|fps| fps.is_finite() && *fps > 0.0),
        chroma_format: chroma.chroma_format.to_u32() as u8,
        luma_depth_minus8: chroma.bit_depth_luma_minus8,
        chroma_depth_minus8: chroma.bit_depth_chroma_minus8,
    })
}

/// The `seq_parameter_set_id` or `pic_parameter_set_id` that starts `skip` bytes into the NAL unit. Parameter
/// sets replace each other by this id.
pub(super) fn parameter_set_id(nal: &[u8], skip: usize) -> Option<u32> {
    // The ids are at most 255: an Exp-Golomb code of at most 17 bits.
    let bits = nal.get(skip..)?.iter().take(3).fold(0u32, |bits, &byte| bits << 8 | u32::from(byte));
    let bits = bits << (32 - 8 * nal.len().saturating_sub(skip).clamp(1, 3));
    let zeros = bits.leading_zeros();
    if zeros > 8 {
        return None;
    }
    Some((bits << zeros >> (31 - zeros)) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_size_of_an_x264_portrait_stream() {
        // x264, 360x640, Constrained Baseline, 15 fps.
        let sps = [
            0x67, 0x42, 0xc0, 0x16, 0xd9, 0x01, 0x70, 0x51, 0xe5, 0xf0, 0x11, 0x00, 0x00, 0x03, 0x00, 0x01,
            0x00, 0x00, 0x03, 0x00, 0x1e, 0x0f, 0x16, 0x2e, 0x48,
        ];
        let info = parse_sps(&sps).unwrap();
        assert_eq!((info.width, info.height), (360, 640));
        assert_eq!(info.fps, Some(15.0));
    }

    #[test]
    fn ids_are_exp_golomb_codes() {
        assert_eq!(parameter_set_id(&[0x68, 0b1000_0000], 1), Some(0));
        assert_eq!(parameter_set_id(&[0x68, 0b0100_0000], 1), Some(1));
        assert_eq!(parameter_set_id(&[0x68, 0b0110_0000], 1), Some(2));
        assert_eq!(parameter_set_id(&[0x68, 0b0000_0000, 0b1000_0000, 0], 1), Some(255));
        assert_eq!(parameter_set_id(&[0x68, 0, 0, 0], 1), None);
        assert_eq!(parameter_set_id(&[0x68], 1), None);
    }

    #[test]
    fn garbage_is_no_sps() {
        assert!(parse_sps(&[]).is_none());
        assert!(parse_sps(&[0x67, 0xff, 0xff]).is_none());
        assert!(parse_sps(&[0x67; 40]).is_none());
    }
}
