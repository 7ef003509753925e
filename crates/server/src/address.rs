//! Under which addresses clients reach this server.

use crate::config::{Config, HOST_MAX_CHARS};
use axum::http::HeaderMap;
use huitong_protocol::MediaBases;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

/// Addresses for clients, built once the listeners are bound.
#[derive(Clone, Debug)]
pub struct PublicAddress {
    /// Whether the host is configured.
    configured: bool,
    /// Host as configured, or as well as it can be told from here.
    host: String,
    /// `public_url` as configured.
    url: Option<String>,
    tls: bool,
    http_port: u16,
    rtmp_port: u16,
}

impl PublicAddress {
    /// From the configuration and the bound listeners.
    pub(crate) fn new(config: &Config, http: SocketAddr, rtmp: SocketAddr) -> Self {
        let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let url = filled(config.server.public_url.trim_end_matches('/'));
        let configured = filled(&config.server.public_host).map(|host| bracketed(&host));
        let of_url =
            || url.as_deref().and_then(|u| u.split_once("://")).map(|(_, rest)| host_of(rest).to_owned());
        let known = configured.is_some();
        let host = configured.or_else(of_url).unwrap_or_else(|| detect(http.ip()));
        Self {
            configured: known,
            host,
            url,
            tls: config.tls(),
            http_port: http.port(),
            rtmp_port: rtmp.port(),
        }
    }

    /// The bases of media URLs for whoever says nothing better.
    pub fn media(&self) -> MediaBases {
        bases(&self.http(), &self.rtmp())
    }

    /// The bases of media URLs for the sender of a request.
    pub(crate) fn media_for(&self, reached: &Reached) -> MediaBases {
        bases(&self.http_for(reached), &self.rtmp_for(reached))
    }

    /// The HTTP side as clients reach it, without a slash at the end.
    pub fn http(&self) -> String {
        self.url.clone().unwrap_or_else(|| {
            let (scheme, usual) = if self.tls { ("https", 443) } else { ("http", 80) };
            with_port(scheme, &self.host, self.http_port, usual)
        })
    }

    /// The HTTP side for the sender of a request. What is configured wins over what the request says.
    pub(crate) fn http_for(&self, reached: &Reached) -> String {
        match &reached.host {
            Some(host) if self.follows_requests() => {
                format!("{}://{host}", if self.tls || reached.https { "https" } else { "http" })
            }
            _ => self.http(),
        }
    }

    /// The RTMP side as clients reach it, without a slash at the end.
    pub fn rtmp(&self) -> String {
        with_port("rtmp", &self.host, self.rtmp_port, 1935)
    }

    /// The RTMP side for the sender of a request.
    pub(crate) fn rtmp_for(&self, reached: &Reached) -> String {
        match &reached.host {
            Some(host) if self.follows_requests() => with_port("rtmp", host_of(host), self.rtmp_port, 1935),
            _ => self.rtmp(),
        }
    }

    /// Names and addresses under which the sender of a request may reach this machine, the likeliest first.
    fn hosts_for(&self, reached: &Reached) -> Vec<String> {
        let of_request = reached.host.as_deref().filter(|_| self.follows_requests()).map(host_of);
        of_request.into_iter().chain([self.host.as_str()]).map(str::to_owned).collect()
    }

    /// Whether nothing is configured, so that the address a client used is the best guess: it is right behind
    /// port forwarding and in containers, where the machine's own address is not.
    const fn follows_requests(&self) -> bool {
        self.url.is_none() && !self.configured
    }
}

impl huitong_gateway_webrtc::Reach for PublicAddress {
    fn hosts(&self, headers: &HeaderMap) -> Vec<String> {
        self.hosts_for(&Reached::by(headers))
    }
}

/// How the sender of a request reached this server, in its own words and those of a proxy between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reached {
    host: Option<String>,
    https: bool,
}

impl Reached {
    /// Reads the headers of a request. A host that is none is ignored, because it ends up in scripts and pages.
    pub(crate) fn by(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let host = text("x-forwarded-host").or_else(|| text("host")).filter(|host| plain_host(host));
        Self { host: host.map(str::to_owned), https: text("x-forwarded-proto") == Some("https") }
    }
}

fn bases(http: &str, rtmp: &str) -> MediaBases {
    let (scheme, rest) = http.split_once("://").unwrap_or(("http", http));
    let ws = if scheme == "https" { "wss" } else { "ws" };
    MediaBases {
        rtmp: format!("{rtmp}/live"),
        flv: format!("{scheme}://{rest}/flv"),
        ws_flv: format!("{ws}://{rest}/flv"),
        whip: format!("{scheme}://{rest}/whip"),
        whep: format!("{scheme}://{rest}/whep"),
    }
}

fn with_port(scheme: &str, host: &str, port: u16, usual: u16) -> String {
    if port == usual { format!("{scheme}://{host}") } else { format!("{scheme}://{host}:{port}") }
}

/// The host of `host:port`, with its brackets if it is an IPv6 address.
fn host_of(authority: &str) -> &str {
    match authority.rfind(':') {
        Some(colon) if !authority[colon..].contains(']') => &authority[..colon],
        _ => authority,
    }
}

fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() }
}

/// Whether a host of a header can be put into a script or a page as it is, and media URLs stay short with it.
fn plain_host(host: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    !host.is_empty() && host.len() <= HOST_MAX_CHARS && host.chars().all(plain)
}

/// A server that listens on one address is reached there. Otherwise the address of the interface with the
/// default route: connecting a UDP socket sends nothing, it only makes the system choose.
fn detect(listening: IpAddr) -> String {
    if !listening.is_unspecified() {
        return bracketed(&listening.to_string());
    }
    // TEST-NET-1 of RFC 5737: an address outside of every local network.
    let probe = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| {
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).and_then(|()| socket.local_addr())
    });
    match probe {
        Ok(address) if !address.ip().is_unspecified() => address.ip().to_string(),
        _ => Ipv4Addr::LOCALHOST.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(edit: impl FnOnce(&mut Config), http: &str, rtmp: &str) -> PublicAddress {
        let mut config = Config::default();
        edit(&mut config);
        PublicAddress::new(&config, http.parse().unwrap(), rtmp.parse().unwrap())
    }

    fn reached(headers: &[(&'static str, &'static str)]) -> Reached {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        Reached::by(&headers.collect())
    }

    #[test]
    fn usual_ports_are_left_out_and_others_are_named() {
        let usual = address(|c| c.server.public_host = "a.example".into(), "0.0.0.0:80", "0.0.0.0:1935");
        assert_eq!(usual.media().rtmp, "rtmp://a.example/live");
        assert_eq!(usual.media().flv, "http://a.example/flv");
        let other = address(|c| c.server.public_host = "a.example".into(), "0.0.0.0:8080", "0.0.0.0:2935");
        assert_eq!(other.media().rtmp, "rtmp://a.example:2935/live");
        assert_eq!(other.media().ws_flv, "ws://a.example:8080/flv");
    }

    #[test]
    fn a_proxy_in_front_gives_its_own_url() {
        let proxied = |c: &mut Config| c.server.public_url = "https://rtc.example.com/".into();
        let address = address(proxied, "0.0.0.0:8080", "0.0.0.0:1935");
        assert_eq!(address.media().flv, "https://rtc.example.com/flv");
        assert_eq!(address.media().ws_flv, "wss://rtc.example.com/flv");
        assert_eq!(address.media().rtmp, "rtmp://rtc.example.com/live");
        assert_eq!(address.http_for(&reached(&[("host", "10.0.0.1:8080")])), "https://rtc.example.com");
    }

    #[test]
    fn without_configuration_the_host_of_the_request_is_used() {
        let address = address(|_| (), "127.0.0.1:8080", "127.0.0.1:1935");
        let phone = reached(&[("host", "phone.local:8080")]);
        assert_eq!(address.http_for(&phone), "http://phone.local:8080");
        assert_eq!(address.media_for(&phone).rtmp, "rtmp://phone.local/live");
        assert_eq!(address.media_for(&phone).ws_flv, "ws://phone.local:8080/flv");
        assert_eq!(address.rtmp_for(&reached(&[("host", "[::1]:8080")])), "rtmp://[::1]");
        assert_eq!(address.http_for(&reached(&[])), "http://127.0.0.1:8080");
    }

    #[test]
    fn without_configuration_a_proxy_in_front_says_how_it_was_reached() {
        let address = address(|_| (), "127.0.0.1:8080", "127.0.0.1:1935");
        let headers =
            [("host", "upstream"), ("x-forwarded-host", "rtc.test"), ("x-forwarded-proto", "https")];
        assert_eq!(address.media_for(&reached(&headers)).ws_flv, "wss://rtc.test/flv");
    }

    #[test]
    fn a_host_header_with_script_in_it_is_ignored() {
        let address = address(|_| (), "127.0.0.1:8080", "127.0.0.1:1935");
        assert_eq!(address.http_for(&reached(&[("host", "';alert(1)//")])), "http://127.0.0.1:8080");
    }
}
