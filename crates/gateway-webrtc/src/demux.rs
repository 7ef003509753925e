//! Whose datagram it is, before anything is known of its sender.

/// Most workers: as many as one character can tell apart.
pub(crate) const WORKERS: usize = CHARS.len();

/// Characters of names, those that ICE allows without `+` and `/` (RFC 8445, section 5.3).
pub(crate) const CHARS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Magic cookie of STUN (RFC 8489, section 5).
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

/// Type of the attribute USERNAME (RFC 8489, section 14.3).
const USERNAME: u16 = 0x0006;

/// Longest name of a session that is looked at; ours have eight characters.
const NAME_BYTES: usize = 64;

/// Whether a datagram is STUN by its first byte and cookie (RFC 7983).
pub(crate) fn is_stun(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|first| *first < 4) && datagram.get(4..8) == Some(&COOKIE)
}

/// The name (ICE user name fragment) of the session that a STUN request is for: what comes before the colon in its
/// USERNAME. Nothing is verified here.
pub(crate) fn session_name(datagram: &[u8]) -> Option<&str> {
    if !is_stun(datagram) {
        return None;
    }
    let mut rest = datagram.get(20..)?;
    while let Some((&[k1, k2, l1, l2], behind)) = rest.split_first_chunk::<4>() {
        let length = usize::from(u16::from_be_bytes([l1, l2]));
        let (value, behind) = behind.split_at_checked(length)?;
        if u16::from_be_bytes([k1, k2]) == USERNAME {
            let name = std::str::from_utf8(value).ok()?.split(':').next()?;
            return (name.len() <= NAME_BYTES).then_some(name);
        }
        // Values are padded to four bytes.
        rest = behind.get(length.next_multiple_of(4) - length..)?;
    }
    None
}

/// The worker that a name says.
pub(crate) fn worker_of(name: &str) -> Option<usize> {
    let first = name.bytes().next()?;
    CHARS.iter().position(|c| *c == first)
}

/// Random characters.
pub(crate) fn random_name<const N: usize>() -> Result<String, getrandom::Error> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes)?;
    let char_of = |byte: &u8| CHARS.get(usize::from(*byte) % CHARS.len()).copied().map_or('A', char::from);
    Ok(bytes.iter().map(char_of).collect())
}

/// The name of a new session of a worker: long enough that two never meet.
pub(crate) fn new_name(worker: usize) -> Result<String, getrandom::Error> {
    let first = CHARS.get(worker).copied().map_or('A', char::from);
    Ok(format!("{first}{}", random_name::<15>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut out = vec![0, 1, 0, 0];
        out.extend_from_slice(&COOKIE);
        out.extend_from_slice(&[7; 12]);
        for (kind, value) in attributes {
            out.extend_from_slice(&kind.to_be_bytes());
            out.extend_from_slice(&(value.len() as u16).to_be_bytes());
            out.extend_from_slice(value);
            out.resize(out.len().next_multiple_of(4), 0);
        }
        out
    }

    #[test]
    fn the_name_stands_before_the_colon_behind_other_attributes() {
        let datagram = request(&[(0x0024, &[1, 2, 3, 4]), (0xc057, &[1, 2, 3]), (USERNAME, b"Cabc:other")]);
        assert_eq!(session_name(&datagram), Some("Cabc"));
        assert_eq!(worker_of("Cabc"), Some(2));
        for length in 0..datagram.len() - 2 {
            assert_eq!(session_name(&datagram[..length]), None, "{length} bytes");
        }
    }

    #[test]
    fn what_is_no_stun_has_no_name() {
        assert_eq!(session_name(&[0x80; 40]), None);
        assert_eq!(session_name(&request(&[(USERNAME, &[0xff; 8])])), None);
        assert_eq!(session_name(&request(&[(USERNAME, &[b'A'; 90])])), None);
    }

    #[test]
    fn names_say_their_worker_and_differ() {
        let names = [new_name(61).unwrap(), new_name(61).unwrap()];
        assert_ne!(names[0], names[1]);
        assert_eq!(names.map(|name| worker_of(&name)), [Some(61), Some(61)]);
    }
}
