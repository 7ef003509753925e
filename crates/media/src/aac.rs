//! `AudioSpecificConfig` (ISO/IEC 14496-3, 1.6.2.1): read and build.

use bytes::Bytes;

use crate::MediaError;

/// Samples per second by `samplingFrequencyIndex` (ISO/IEC 14496-3, table 1.18).
const SAMPLE_RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

/// The index that says that 24 bits with the rate itself follow.
const EXPLICIT_RATE: u32 = 15;

/// Audio object types used here (ISO/IEC 14496-3, table 1.17).
const AAC_LC: u8 = 2;
const SBR: u8 = 5;
const PS: u8 = 29;

/// What an `AudioSpecificConfig` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioSpecificConfig {
    /// Audio object type of the core stream: 1 Main, 2 LC, 5 with [`Self::sbr`] unset never occurs.
    pub object_type: u8,
    /// Sample rate of the core stream in Hz: what the frames are counted in.
    pub core_sample_rate: u32,
    /// Sample rate of the decoded sound in Hz: twice the core rate with explicit SBR.
    pub sample_rate: u32,
    /// `channelConfiguration`: 1 mono, 2 stereo, up to 6 as is, 7 for 7.1; 0 left to the stream.
    pub channel_config: u8,
    /// Whether spectral band replication is signalled explicitly (HE-AAC).
    pub sbr: bool,
    /// Whether parametric stereo is signalled explicitly (HE-AAC v2): mono in the core, stereo when decoded.
    pub ps: bool,
}

impl AudioSpecificConfig {
    /// AAC-LC with this rate (Hz) and channel configuration.
    pub fn lc(sample_rate: u32, channel_config: u8) -> Self {
        Self {
            object_type: AAC_LC,
            core_sample_rate: sample_rate,
            sample_rate,
            channel_config,
            sbr: false,
            ps: false,
        }
    }

    /// Reads the configuration. Both ways of explicit signalling are understood: the hierarchical one
    /// (object type 5 or 29 first) and the backward compatible one (sync extension `0x2b7` at the end).
    pub fn parse(data: &[u8]) -> Result<Self, MediaError> {
        let mut bits = Bits { data, at: 0 };
        parse_bits(&mut bits).ok_or(MediaError::malformed(
            "AudioSpecificConfig",
            "it is shorter than its fields or uses a reserved sample rate index",
        ))
    }

    /// Number of channels of the decoded sound; 0 where the configuration leaves it to the stream.
    pub fn channels(&self) -> u8 {
        match self.channel_config {
            1 if self.ps => 2,
            7 => 8,
            other => other,
        }
    }

    /// Duration of one AAC frame of 1024 core samples in microseconds.
    pub fn frame_duration_us(&self) -> u64 {
        1024 * 1_000_000 / u64::from(self.core_sample_rate.max(1))
    }

    /// Builds the bytes. SBR and PS are written in the hierarchical way.
    pub fn build(&self) -> Bytes {
        let mut bits = BitWriter { out: Vec::with_capacity(8), used: 0 };
        if self.sbr || self.ps {
            bits.put(u32::from(if self.ps { PS } else { SBR }), 5);
            bits.put_rate(self.core_sample_rate);
            bits.put(u32::from(self.channel_config), 4);
            bits.put_rate(self.sample_rate);
            bits.put(u32::from(self.object_type), 5);
        } else {
            bits.put(u32::from(self.object_type), 5);
            bits.put_rate(self.core_sample_rate);
            bits.put(u32::from(self.channel_config), 4);
        }
        // frameLengthFlag, dependsOnCoreCoder, extensionFlag: all zero.
        bits.put(0, 3);
        Bytes::from(bits.out)
    }
}

fn parse_bits(bits: &mut Bits<'_>) -> Option<AudioSpecificConfig> {
    let mut object_type = read_object_type(bits)?;
    let core_sample_rate = read_rate(bits)?;
    let channel_config = bits.get(4)? as u8;
    let mut config = AudioSpecificConfig {
        object_type,
        core_sample_rate,
        sample_rate: core_sample_rate,
        channel_config,
        sbr: false,
        ps: false,
    };
    if object_type == SBR || object_type == PS {
        config.sbr = true;
        config.ps = object_type == PS;
        config.sample_rate = read_rate(bits)?;
        object_type = read_object_type(bits)?;
        config.object_type = object_type;
        return Some(config);
    }
    if matches!(object_type, 1..=4) {
        read_sync_extension(bits, &mut config);
    }
    Some(config)
}

/// The backward compatible signalling: what follows `GASpecificConfig` may be absent, so anything that does
/// not fit just means "no extension".
fn read_sync_extension(bits: &mut Bits<'_>, config: &mut AudioSpecificConfig) -> Option<()> {
    bits.get(1)?;
    if bits.get(1)? == 1 {
        bits.get(14)?;
    }
    bits.get(1)?;
    if bits.get(11)? != 0x2b7 || bits.get(5)? != u32::from(SBR) || bits.get(1)? != 1 {
        return None;
    }
    config.sample_rate = read_rate(bits)?;
    config.sbr = true;
    if bits.get(11)? == 0x548 {
        config.ps = bits.get(1)? == 1;
    }
    Some(())
}

fn read_object_type(bits: &mut Bits<'_>) -> Option<u8> {
    match bits.get(5)? {
        31 => Some(32 + bits.get(6)? as u8),
        other => Some(other as u8),
    }
}

fn read_rate(bits: &mut Bits<'_>) -> Option<u32> {
    let rate = match bits.get(4)? {
        EXPLICIT_RATE => bits.get(24)?,
        index => *SAMPLE_RATES.get(index as usize)?,
    };
    (rate > 0).then_some(rate)
}

struct Bits<'a> {
    data: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn get(&mut self, count: usize) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = *self.data.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }
}

struct BitWriter {
    out: Vec<u8>,
    used: usize,
}

impl BitWriter {
    fn put(&mut self, value: u32, count: usize) {
        for shift in (0..count).rev() {
            if self.used.is_multiple_of(8) {
                self.out.push(0);
            }
            if let Some(last) = self.out.last_mut() {
                *last |= ((value >> shift & 1) as u8) << (7 - self.used % 8);
            }
            self.used += 1;
        }
    }

    fn put_rate(&mut self, rate: u32) {
        match SAMPLE_RATES.iter().position(|&known| known == rate) {
            Some(index) => self.put(index as u32, 4),
            None => {
                self.put(EXPLICIT_RATE, 4);
                self.put(rate, 24);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lc_mono_16k_and_stereo_48k() {
        let phone = AudioSpecificConfig::parse(&[0x14, 0x08]).unwrap();
        assert_eq!(phone, AudioSpecificConfig::lc(16_000, 1));
        let encoder = AudioSpecificConfig::parse(&[0x11, 0x90, 0x56, 0xe5, 0x00]).unwrap();
        assert_eq!((encoder.sample_rate, encoder.channels(), encoder.sbr), (48_000, 2, false));
    }

    #[test]
    fn reads_explicit_sbr_in_both_ways() {
        // Hierarchical: 5, 24 kHz, stereo, 48 kHz, LC.
        let hierarchical = AudioSpecificConfig::parse(&[0x2b, 0x11, 0x88, 0x00]).unwrap();
        assert_eq!((hierarchical.core_sample_rate, hierarchical.sample_rate), (24_000, 48_000));
        assert!(hierarchical.sbr);
        assert_eq!(hierarchical.object_type, AAC_LC);
        // Backward compatible: LC 24 kHz stereo, then 0x2b7, 5, 1, 48 kHz.
        let compatible = AudioSpecificConfig::parse(&[0x13, 0x10, 0x56, 0xe5, 0x98]).unwrap();
        assert_eq!((compatible.core_sample_rate, compatible.sample_rate), (24_000, 48_000));
        assert!(compatible.sbr);
    }

    #[test]
    fn parametric_stereo_decodes_to_two_channels() {
        let config = AudioSpecificConfig {
            object_type: AAC_LC,
            core_sample_rate: 22_050,
            sample_rate: 44_100,
            channel_config: 1,
            sbr: true,
            ps: true,
        };
        let read = AudioSpecificConfig::parse(&config.build()).unwrap();
        assert_eq!(read, config);
        assert_eq!(read.channels(), 2);
    }

    #[test]
    fn builds_what_it_reads() {
        assert_eq!(&AudioSpecificConfig::lc(16_000, 1).build()[..], [0x14, 0x08]);
        for rate in [96_000, 48_000, 44_100, 16_000, 8_000, 12_345] {
            for channels in 0..8 {
                let config = AudioSpecificConfig::lc(rate, channels);
                assert_eq!(AudioSpecificConfig::parse(&config.build()).unwrap(), config);
            }
        }
    }

    #[test]
    fn a_short_or_reserved_configuration_is_refused() {
        assert!(AudioSpecificConfig::parse(&[]).is_err());
        assert!(AudioSpecificConfig::parse(&[0x14]).is_err());
        // Rate index 13 is reserved.
        assert!(AudioSpecificConfig::parse(&[0x16, 0x88]).is_err());
        // An explicit rate of zero.
        assert!(AudioSpecificConfig::parse(&[0x17, 0x80, 0x00, 0x00, 0x10]).is_err());
    }

    #[test]
    fn frame_duration_follows_the_core_rate() {
        assert_eq!(AudioSpecificConfig::lc(48_000, 2).frame_duration_us(), 21_333);
        assert_eq!(AudioSpecificConfig::lc(16_000, 1).frame_duration_us(), 64_000);
    }
}
