//! SDP fragments of trickle ICE (RFC 8840): what a PATCH of a session carries, and what answers it.

use str0m::{Candidate, IceCreds};

/// Longest fragment that is read. One of a browser with many interfaces has 4 KiB.
pub(crate) const FRAGMENT_BYTES: usize = 16 * 1024;

/// Candidates that are taken from one fragment. More are left out: the session learns the peer's addresses from its checks
/// anyway.
const CANDIDATES: usize = 32;

/// Characters of the reason why a candidate cannot be read.
const REASON_CHARS: usize = 200;

/// Lengths of a user name fragment and of a password (RFC 8839, section 5.4).
const NAME_CHARS: std::ops::RangeInclusive<usize> = 4..=256;
const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 22..=256;

/// What a fragment says.
#[derive(Debug, Default)]
pub(crate) struct Fragment {
    /// The ICE session that it is of.
    pub(crate) name: Option<String>,
    /// The secret of that.
    pub(crate) password: Option<String>,
    /// Addresses of the peer. Those behind names (`….local`) are not among them: nobody resolves them.
    pub(crate) candidates: Vec<Candidate>,
    /// Whether anything was said about candidates, be it that there are no more.
    pub(crate) speaks_of_candidates: bool,
}

impl Fragment {
    /// The credentials of a new ICE session.
    pub(crate) fn credentials(&self) -> Option<IceCreds> {
        Some(IceCreds { ufrag: self.name.clone()?, pass: self.password.clone()? })
    }
}

/// Reads a fragment; the error is a sentence without its end.
pub(crate) fn parse(body: &[u8]) -> Result<Fragment, String> {
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    let mut fragment = Fragment::default();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
        let number = index + 1;
        let Some((kind, value)) = line.split_once('=').filter(|(kind, _)| kind.len() == 1) else {
            return Err(format!("line {number} is not of the form a=…"));
        };
        if kind != "a" {
            continue;
        }
        let (name, rest) = value.split_once(':').unwrap_or((value, ""));
        match name {
            "ice-ufrag" => set(&mut fragment.name, rest, NAME_CHARS, name, number)?,
            "ice-pwd" => set(&mut fragment.password, rest, PASSWORD_CHARS, name, number)?,
            "candidate" => {
                fragment.speaks_of_candidates = true;
                if let Some(candidate) = candidate(value, number)?
                    && fragment.candidates.len() < CANDIDATES
                {
                    fragment.candidates.push(candidate);
                }
            }
            "end-of-candidates" => fragment.speaks_of_candidates = true,
            _ => {}
        }
    }
    Ok(fragment)
}

/// Takes a credential. All media sections share one transport here, so that they cannot differ.
fn set(
    into: &mut Option<String>,
    value: &str,
    chars: std::ops::RangeInclusive<usize>,
    name: &str,
    number: usize,
) -> Result<(), String> {
    let value = value.trim_end();
    let ice_char = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
    if !chars.contains(&value.len()) || !value.chars().all(ice_char) {
        let (from, to) = (chars.start(), chars.end());
        return Err(format!("a={name} in line {number} needs {from} to {to} letters, digits, + or /"));
    }
    if into.as_ref().is_some_and(|known| known != value) {
        return Err(format!("a={name} in line {number} differs from the one before: sections are bundled"));
    }
    *into = Some(value.to_owned());
    Ok(())
}

/// One candidate; `None` for one that is behind a name.
fn candidate(value: &str, number: usize) -> Result<Option<Candidate>, String> {
    let address = value.split_whitespace().nth(4).unwrap_or_default();
    if !address.is_empty() && address.parse::<std::net::IpAddr>().is_err() {
        return Ok(None);
    }
    let candidate = Candidate::from_sdp_string(value);
    candidate.map(Some).map_err(|error| {
        // It repeats what was sent, escaped: as much as helps to find it.
        let why: String = error.to_string().chars().take(REASON_CHARS).collect();
        format!("the candidate in line {number} cannot be read ({why})")
    })
}

/// The offer of a session with the credentials of another ICE session, which makes it one that restarts ICE. Its
/// candidates are left out: they are of the ICE session before.
pub(crate) fn renewed(offer: &str, peer: &IceCreds) -> String {
    let mut out = String::with_capacity(offer.len());
    for line in offer.lines() {
        if line.starts_with("a=ice-ufrag:") {
            out.extend(["a=ice-ufrag:", peer.ufrag.as_str()]);
        } else if line.starts_with("a=ice-pwd:") {
            out.extend(["a=ice-pwd:", peer.pass.as_str()]);
        } else if line.starts_with("a=candidate:") {
            continue;
        } else {
            out.push_str(line);
        }
        out.push_str("\r\n");
    }
    out
}

/// What is answered to a restart (RFC 9725, section 4.3.3): the server's new credentials, and its candidates as they
/// stand in its answer.
pub(crate) fn of_answer(answer: &str, own: &IceCreds) -> String {
    let mut out = String::new();
    let mut sections = 0;
    for line in answer.lines() {
        sections += usize::from(line.starts_with("m="));
        let session = line.starts_with("a=group:") || line.starts_with("a=ice-lite");
        let first = sections == 1 && (line.starts_with("m=") || line.starts_with("a=mid:"));
        if session || first {
            out.extend([line, "\r\n"]);
        }
    }
    out.push_str(&format!("a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n", own.ufrag, own.pass));
    let mut told = Vec::new();
    for line in answer.lines().filter(|line| line.starts_with("a=candidate:")) {
        // The name of an ICE session, which str0m puts behind every candidate, is the one before.
        let line = line.split_once(" ufrag ").map_or(line, |(line, _)| line);
        if !told.contains(&line) {
            told.push(line);
            out.extend([line, "\r\n"]);
        }
    }
    out.push_str("a=end-of-candidates\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 9725, section 4.3.2, with the credentials of section 4.3.3.
    const RESTART: &str = "a=ice-options:trickle ice2\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\
        a=mid:0\r\na=ice-ufrag:ysXw\r\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n\
        a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag ysXw network-id 1\r\n\
        a=candidate:3471623853 1 udp 2122194687 5f0b.local 61765 typ host generation 0 ufrag ysXw network-id 2\r\n\
        a=end-of-candidates\r\n";

    #[test]
    fn a_fragment_has_credentials_and_the_addresses_that_are_none_of_names() {
        let fragment = parse(RESTART.as_bytes()).unwrap();
        let creds = fragment.credentials().unwrap();
        assert_eq!((creds.ufrag.as_str(), creds.pass.as_str()), ("ysXw", "vw5LmwG4y/e6dPP/zAP9Gp5k"));
        let addresses: Vec<_> = fragment.candidates.iter().map(|c| c.addr().to_string()).collect();
        assert_eq!(addresses, ["192.0.2.1:61764"]);
        assert!(fragment.speaks_of_candidates);
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        for (body, why) in [
            (&b"\xff"[..], "utf-8"),
            (b"hello", "line 1 is not"),
            (b"a=mid:0\r\na=ice-ufrag:abc", "a=ice-ufrag in line 2 needs 4 to 256"),
            (b"a=ice-pwd:abc", "22 to 256"),
            (b"a=ice-ufrag:abcd\r\na=ice-ufrag:abce", "differs"),
            (b"a=candidate:1 1 udp 1 192.0.2.1 99999 typ host", "the candidate in line 1"),
            (b"a=candidate:", "the candidate in line 1"),
        ] {
            let told = parse(body).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
        assert!(!parse(b"a=mid:0\r\n").unwrap().speaks_of_candidates);
    }

    #[test]
    fn more_candidates_than_anybody_needs_are_left_out() {
        let line = |n: usize| format!("a=candidate:{n} 1 udp 5 192.0.2.1 {} typ host\r\n", n + 1);
        let body: String = (0..CANDIDATES + 10).map(line).collect();
        assert_eq!(parse(body.as_bytes()).unwrap().candidates.len(), CANDIDATES);
    }

    #[test]
    fn an_offer_is_renewed_in_its_credentials_alone() {
        let offer =
            "v=0\r\na=ice-ufrag:old1\r\na=ice-pwd:old\r\na=candidate:1 1 udp 1 1.2.3.4 5 typ host\r\na=x\r\n";
        let peer = IceCreds { ufrag: "new1".to_owned(), pass: "secret".to_owned() };
        assert_eq!(renewed(offer, &peer), "v=0\r\na=ice-ufrag:new1\r\na=ice-pwd:secret\r\na=x\r\n");
    }

    #[test]
    fn the_answer_has_each_candidate_once() {
        let section = "m=audio 9 X 1\r\na=mid:0\r\na=candidate:1 1 udp 5 192.0.2.1 8 typ host ufrag old\r\n";
        let answer = format!("v=0\r\na=group:BUNDLE 0\r\na=ice-lite\r\n{section}{section}");
        let own = IceCreds { ufrag: "name".to_owned(), pass: "secret".to_owned() };
        assert_eq!(
            of_answer(&answer, &own),
            "a=group:BUNDLE 0\r\na=ice-lite\r\nm=audio 9 X 1\r\na=mid:0\r\na=ice-ufrag:name\r\na=ice-pwd:secret\r\n\
             a=candidate:1 1 udp 5 192.0.2.1 8 typ host\r\na=end-of-candidates\r\n"
        );
    }
}
