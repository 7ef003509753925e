//! The outer form of a UserSig: altered base64 around a zlib stream.

use super::CredentialError;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// Longest UserSig that is read, characters. Real ones have 200 to 500; a large userbuf needs a few
/// thousand; the cap keeps the work for a forged one small.
pub const MAX_CHARS: usize = 8192;

/// Most bytes that a UserSig may unpack to. A stream of [`MAX_CHARS`] could grow a thousandfold.
pub const INFLATED_MAX_BYTES: usize = 64 * 1024;

/// Signers pad to whole groups; padding that was lost on the way is not missed.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Compresses a document and writes it in the altered alphabet.
pub(super) fn seal(document: &[u8]) -> String {
    let altered = |c| match c {
        '+' => '*',
        '/' => '-',
        '=' => '_',
        other => other,
    };
    STANDARD.encode(deflate(document)).chars().map(altered).collect()
}

/// Unpacks the document of a UserSig.
pub(super) fn open(sig: &str) -> Result<Vec<u8>, CredentialError> {
    let sig = sig.trim_ascii();
    if sig.is_empty() {
        return Err(CredentialError::Empty);
    }
    if sig.len() > MAX_CHARS {
        return Err(CredentialError::TooLong { got: sig.len() });
    }
    let plain: String = sig.chars().map(plain).collect::<Result<_, _>>()?;
    let packed = LENIENT.decode(plain).map_err(|_| CredentialError::Encoding)?;
    inflate(&packed)
}

/// The plain base64 character for one of the altered alphabet. The three plain characters themselves are
/// taken too, as the vendors' verifiers do.
fn plain(altered: char) -> Result<char, CredentialError> {
    match altered {
        '*' | '+' => Ok('+'),
        '-' | '/' => Ok('/'),
        '_' | '=' => Ok('='),
        c if c.is_ascii_alphanumeric() => Ok(c),
        found => Err(CredentialError::Alphabet { found }),
    }
}

fn deflate(document: &[u8]) -> Vec<u8> {
    let mut stream = Compress::new(Compression::default(), true);
    let mut packed = Vec::with_capacity(document.len() / 2 + 64);
    loop {
        let done = usize::try_from(stream.total_in()).unwrap_or(usize::MAX);
        let rest = document.get(done..).unwrap_or_default();
        match stream.compress_vec(rest, &mut packed, FlushCompress::Finish) {
            Ok(Status::StreamEnd) => return packed,
            Ok(Status::Ok | Status::BufError) => packed.reserve(packed.capacity().max(64)),
            Err(_) => unreachable!("compressing into memory does not fail"),
        }
    }
}

fn inflate(packed: &[u8]) -> Result<Vec<u8>, CredentialError> {
    let mut stream = Decompress::new(true);
    let mut document = Vec::with_capacity(1024);
    loop {
        let (taken, given) = (stream.total_in(), stream.total_out());
        let rest = usize::try_from(taken).ok().and_then(|taken| packed.get(taken..)).unwrap_or_default();
        let status = stream
            .decompress_vec(rest, &mut document, FlushDecompress::None)
            .map_err(|_| CredentialError::Compression)?;
        if document.len() > INFLATED_MAX_BYTES {
            return Err(CredentialError::TooLarge);
        }
        if status == Status::StreamEnd {
            let whole = stream.total_in() == packed.len() as u64;
            return if whole { Ok(document) } else { Err(CredentialError::Trailing) };
        }
        if document.len() == document.capacity() {
            document.reserve(document.capacity());
        } else if (stream.total_in(), stream.total_out()) == (taken, given) {
            return Err(CredentialError::Truncated);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_stream_that_grows_without_end_is_stopped_at_the_bound() {
        let bomb = seal(&vec![b' '; 4 << 20]);
        assert!(bomb.len() < MAX_CHARS, "{}", bomb.len());
        assert_eq!(open(&bomb), Err(CredentialError::TooLarge));
        assert!(open(&seal(&vec![b' '; INFLATED_MAX_BYTES])).is_ok());
        assert_eq!(open(&seal(&vec![b' '; INFLATED_MAX_BYTES + 1])), Err(CredentialError::TooLarge));
    }

    #[test]
    fn an_over_long_text_is_refused_before_it_is_decoded() {
        let error = open(&"A".repeat(MAX_CHARS + 1)).unwrap_err();
        assert_eq!(error, CredentialError::TooLong { got: MAX_CHARS + 1 });
    }

    #[test]
    fn a_cut_off_stream_is_not_a_document() {
        let packed = deflate(br#"{"TLS.ver":"2.0"}"#);
        for end in 0..packed.len() {
            assert!(inflate(&packed[..end]).is_err(), "{end} of {} bytes", packed.len());
        }
        let mut longer = packed.clone();
        longer.push(0);
        assert_eq!(inflate(&longer), Err(CredentialError::Trailing));
        assert!(inflate(&packed).is_ok());
    }

    #[test]
    fn lost_padding_and_surrounding_white_space_do_no_harm() {
        for length in 1..20 {
            let document = vec![b'x'; length];
            let sealed = seal(&document);
            assert_eq!(open(sealed.trim_end_matches('_')), Ok(document.clone()));
            assert_eq!(open(&format!(" {sealed}\r\n")), Ok(document));
        }
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_to_the_same(document in prop::collection::vec(any::<u8>(), 0..4000)) {
            prop_assert_eq!(open(&seal(&document)).unwrap(), document);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,200}", packed in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = open(&text);
            let _ = inflate(&packed);
        }
    }
}
