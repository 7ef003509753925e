//! Who a client is behind the proxies before this server.

use crate::config::Network;
use axum::http::HeaderMap;
use std::net::{IpAddr, SocketAddr};

/// In which proxies write from whom a request came, each behind what it was told itself.
const HEADER: &str = "x-forwarded-for";

/// The proxies whose word is taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies(pub(crate) Vec<Network>);

impl Proxies {
    /// From where a request came that `peer` has sent. Anybody can write the header, so it is read from its end, and as
    /// far as proxies have written it that are trusted. A proxy that names no port leaves it 0.
    pub(crate) fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        let mut nearest = peer;
        for line in headers.get_all(HEADER).iter().rev() {
            for word in line.to_str().unwrap_or_default().rsplit(',') {
                if !self.trust(nearest.ip()) {
                    return nearest;
                }
                match address(word.trim()) {
                    Some(before) => nearest = before,
                    None => return nearest,
                }
            }
        }
        nearest
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

/// An address as proxies write it: most without a port, IPv6 with brackets or without.
fn address(word: &str) -> Option<SocketAddr> {
    let plain = word.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(word);
    word.parse().ok().or_else(|| plain.parse().ok().map(|ip| SocketAddr::new(ip, 0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    /// Who is taken for the client, when the proxies of `10.0.0.0/8` and `fd00::1` are trusted.
    fn client(peer: &str, lines: &[&str]) -> String {
        let trusted = ["10.0.0.0/8", "fd00::1"].map(|text| Network::try_from(text.to_owned()).unwrap());
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(HEADER, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        Proxies(trusted.to_vec()).client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_proxy_that_is_trusted_says_who_the_client_is() {
        assert_eq!(client("10.0.0.1:80", &["203.0.113.7"]), "203.0.113.7:0");
        assert_eq!(client("10.0.0.1:80", &["203.0.113.7:4711"]), "203.0.113.7:4711");
        assert_eq!(client("[::ffff:10.0.0.1]:80", &["2001:db8::7"]), "[2001:db8::7]:0");
        assert_eq!(client("[fd00::1]:80", &["[2001:db8::7]"]), "[2001:db8::7]:0");
        assert_eq!(client("[fd00::1]:80", &["[2001:db8::7]:5"]), "[2001:db8::7]:5");
    }

    #[test]
    fn nobody_else_is_believed() {
        assert_eq!(client("203.0.113.9:80", &["198.51.100.1"]), "203.0.113.9:80");
        assert_eq!(client("203.0.113.9:80", &["10.0.0.1"]), "203.0.113.9:80");
        assert_eq!(Proxies::default().client(([127, 0, 0, 1], 80).into(), &HeaderMap::new()).port(), 80);
    }

    #[test]
    fn what_a_client_wrote_itself_is_not_read() {
        assert_eq!(client("10.0.0.1:80", &["198.51.100.1, 203.0.113.7"]), "203.0.113.7:0");
        assert_eq!(client("10.0.0.1:80", &["198.51.100.1", "203.0.113.7"]), "203.0.113.7:0");
        assert_eq!(
            client("10.0.0.1:80", &["198.51.100.1,203.0.113.7 , 10.0.0.2", "10.9.9.9"]),
            "203.0.113.7:0"
        );
        assert_eq!(client("10.0.0.1:80", &["10.0.0.3,203.0.113.7"]), "203.0.113.7:0");
    }

    #[test]
    fn where_the_trail_ends_the_last_proxy_counts() {
        assert_eq!(client("10.0.0.1:80", &[]), "10.0.0.1:80");
        for unreadable in ["", "unknown", "203.0.113.7, unknown", "203.0.113.7,", "2001:db8::7::", "\u{e4}"] {
            assert_eq!(client("10.0.0.1:80", &[unreadable]), "10.0.0.1:80", "{unreadable:?}");
        }
        assert_eq!(client("10.0.0.1:80", &["10.0.0.2"]), "10.0.0.2:0", "a client among the proxies");
    }
}
