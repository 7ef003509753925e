//! H.264 as RTMP and FLV carry it: length-prefixed NAL units and the `AVCDecoderConfigurationRecord`.

mod config;
mod sps;

pub use config::{AvcConfig, MAX_PARAMETER_SET_BYTES, MAX_PPS, MAX_SPS};
pub use sps::{SpsInfo, parse_sps};

use crate::MediaError;

/// `nal_unit_type` of a coded slice of an IDR picture (ITU-T H.264, table 7-1).
pub const NAL_IDR: u8 = 5;
/// `nal_unit_type` of a sequence parameter set.
pub const NAL_SPS: u8 = 7;
/// `nal_unit_type` of a picture parameter set.
pub const NAL_PPS: u8 = 8;

/// The `nal_unit_type` of a NAL unit; 0 (unspecified) for an empty one.
pub fn nal_type(nal: &[u8]) -> u8 {
    nal.first().map_or(0, |first| first & 0x1f)
}

/// Whether the type is one of the coded slices (1 to 5): the picture itself.
pub fn is_slice(nal_type: u8) -> bool {
    (1..=5).contains(&nal_type)
}

/// The NAL units of a frame whose prefixes are `length_size` bytes long (1 to 4).
///
/// Empty units are skipped. A prefix that points beyond the payload yields one error and ends the walk.
pub fn nals(payload: &[u8], length_size: u8) -> Nals<'_> {
    Nals { rest: payload, length_size: usize::from(length_size.clamp(1, 4)) }
}

/// Iterator made by [`nals`].
#[derive(Debug, Clone)]
pub struct Nals<'a> {
    rest: &'a [u8],
    length_size: usize,
}

impl<'a> Iterator for Nals<'a> {
    type Item = Result<&'a [u8], MediaError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let Some((nal, rest)) = split_nal(self.rest, self.length_size) else {
                self.rest = &[];
                return Some(Err(MediaError::malformed(
                    "H.264 frame",
                    "a NAL unit length points beyond the frame",
                )));
            };
            self.rest = rest;
            if !nal.is_empty() {
                return Some(Ok(nal));
            }
        }
    }
}

fn split_nal(data: &[u8], length_size: usize) -> Option<(&[u8], &[u8])> {
    let (prefix, rest) = data.split_at_checked(length_size)?;
    let length = prefix.iter().fold(0usize, |value, &byte| value << 8 | usize::from(byte));
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_units_of_every_prefix_length() {
        for length_size in 1..=4u8 {
            let mut payload = Vec::new();
            for nal in [&[0x67, 1, 2][..], &[], &[0x65, 9]] {
                let length = (nal.len() as u32).to_be_bytes();
                payload.extend_from_slice(&length[4 - usize::from(length_size)..]);
                payload.extend_from_slice(nal);
            }
            let units: Vec<_> = nals(&payload, length_size).map(Result::unwrap).collect();
            assert_eq!(units, [&[0x67, 1, 2][..], &[0x65, 9]]);
        }
    }

    #[test]
    fn a_length_beyond_the_frame_is_one_error() {
        let mut walk = nals(&[0, 0, 0, 9, 0x65], 4);
        assert!(walk.next().unwrap().is_err());
        assert!(walk.next().is_none());
        assert!(nals(&[0, 0], 4).next().unwrap().is_err());
    }
}
