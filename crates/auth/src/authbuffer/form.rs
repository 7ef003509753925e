//! The forms in which an authBuffer travels.

use super::AuthBufferError;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};

/// Longest authBuffer that is read, in the form in which it is given. The longest that a signer writes has 296 bytes,
/// which is 592 hexadecimal digits.
pub const GIVEN_MAX_BYTES: usize = 1024;

/// The shortest frame: without a body.
const FRAME_MIN_BYTES: usize = 16;
/// A frame consists of whole blocks.
const BLOCK_BYTES: usize = 8;

/// Padding that was lost on the way is not missed; that more was lost is told by the length.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A form in which an authBuffer travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// The bytes themselves, as native clients take them.
    Raw,
    /// Standard base64, as mini programs and browsers take it.
    #[default]
    Base64,
    /// Hexadecimal digits, for logs of a token server and shells.
    Hex,
}

impl Form {
    /// Writes an authBuffer in this form.
    pub fn write(self, minted: &[u8]) -> Vec<u8> {
        match self {
            Self::Raw => minted.to_vec(),
            Self::Base64 => STANDARD.encode(minted).into_bytes(),
            Self::Hex => minted.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(digit).collect(),
        }
    }
}

/// The lower-case digit for a value below 16.
const fn digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'a' - 10 + value }
}

/// Reads an authBuffer, whatever its form. What consists of digits is hexadecimal, what else is in the alphabet is
/// base64 (standard or URL, padded or not, in one line or several), anything else is taken as it is, unless
/// it is ASCII: of 2^40 frames one is so by chance, and a text with escapes in it should be told as that.
pub(super) fn read(given: &[u8]) -> Result<Vec<u8>, AuthBufferError> {
    if given.trim_ascii().is_empty() {
        return Err(AuthBufferError::Empty);
    }
    if given.len() > GIVEN_MAX_BYTES {
        return Err(AuthBufferError::TooLong { got: given.len() });
    }
    let frame = match text(given) {
        Some(text) => {
            from_hex(&text).or_else(|| LENIENT.decode(&text).ok()).ok_or(AuthBufferError::Encoding)?
        }
        None if given.is_ascii() => return Err(AuthBufferError::Encoding),
        None => given.to_vec(),
    };
    if frame.len() < FRAME_MIN_BYTES || !frame.len().is_multiple_of(BLOCK_BYTES) {
        return Err(AuthBufferError::Length { got: frame.len() });
    }
    Ok(frame)
}

/// The characters of a base64 or hexadecimal text, without line ends and with the standard alphabet instead of the URL
/// one; `None` for anything else.
fn text(given: &[u8]) -> Option<Vec<u8>> {
    let characters = given.trim_ascii().iter().filter(|byte| !matches!(byte, b'\r' | b'\n'));
    characters
        .map(|byte| match byte {
            b'-' => Some(b'+'),
            b'_' => Some(b'/'),
            b'+' | b'/' | b'=' => Some(*byte),
            other => other.is_ascii_alphanumeric().then_some(*other),
        })
        .collect()
}

/// The bytes of a hexadecimal text of whole blocks. Any other length is left to base64.
fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_chunks::<2>();
    let whole = rest.is_empty() && pairs.len().is_multiple_of(BLOCK_BYTES);
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let byte = |[high, low]: &[u8; 2]| Some(value(*high)? << 4 | value(*low)?);
    if whole { pairs.iter().map(byte).collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sentence(given: &[u8]) -> String {
        read(given).unwrap_err().to_string()
    }

    #[test]
    fn every_form_reads_back() {
        let frame: Vec<u8> = (0..48_u8).map(|n| n.wrapping_mul(41).wrapping_add(0xf6)).collect();
        let base64 = String::from_utf8(Form::Base64.write(&frame)).unwrap();
        assert!(base64.contains('+') || base64.contains('/'), "{base64}");
        let hex = String::from_utf8(Form::Hex.write(&frame)).unwrap();
        assert_eq!(hex.len(), 96);
        let forms = [
            base64.clone(),
            base64.trim_end_matches('=').to_owned(),
            base64.replace('+', "-").replace('/', "_"),
            format!("{}\r\n{}\n", &base64[..40], &base64[40..]),
            format!(" {hex}\n"),
            hex.to_uppercase(),
        ];
        for form in forms {
            assert_eq!(read(form.as_bytes()), Ok(frame.clone()), "{form}");
        }
        assert_eq!(read(&Form::Raw.write(&frame)), Ok(frame));
        assert_eq!(Form::default(), Form::Base64);
    }

    #[test]
    fn what_is_no_form_is_told() {
        assert_eq!(sentence(b" \n"), "The authBuffer is empty.");
        assert!(sentence(&[b'A'; 1025]).starts_with("The authBuffer has 1025 bytes; at most 1024 are read"));
        for given in [&b"not base64!"[..], b"AAAA BBBB", b"A", b"AA=A"] {
            assert!(sentence(given).contains("neither base64 nor hexadecimal"), "{given:?}");
        }
        for (given, bytes) in [(&b"AAAA"[..], 3), (&[0xff; 47], 47), (&[0xff; 8], 8), (&[b'0'; 94], 70)] {
            assert!(sentence(given).starts_with(&format!("The authBuffer has {bytes} bytes")), "{given:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(blocks in prop::collection::vec(any::<[u8; 8]>(), 5..40)) {
            let frame = blocks.concat();
            for form in [Form::Raw, Form::Base64, Form::Hex] {
                prop_assert_eq!(read(&form.write(&frame)), Ok(frame.clone()), "{:?}", form);
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..100), text in "[ -~]{0,100}") {
            let _ = read(&bytes);
            let _ = read(text.as_bytes());
        }
    }
}
