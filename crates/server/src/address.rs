//! Under which addresses clients reach this server.

use crate::config::Config;
use huitong_protocol::MediaBases;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

/// Addresses for clients, built once the listeners are bound.
#[derive(Clone, Debug)]
pub struct PublicAddress {
    /// Host as configured; `None` when it was not.
    configured: Option<String>,
    /// Host that is used when no request says better.
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
        let host = configured.clone().or_else(of_url).unwrap_or_else(|| detect(http.ip()));
        Self { configured, host, url, tls: config.tls(), http_port: http.port(), rtmp_port: rtmp.port() }
    }

    /// The bases of media URLs that are told to clients.
    pub fn media(&self) -> MediaBases {
        let http = self.http();
        let (scheme, rest) = http.split_once("://").unwrap_or(("http", &http));
        let ws = if scheme == "https" { "wss" } else { "ws" };
        MediaBases {
            rtmp: format!("{}/live", self.rtmp()),
            flv: format!("{scheme}://{rest}/flv"),
            ws_flv: format!("{ws}://{rest}/flv"),
        }
    }

    /// The HTTP side as clients reach it, without a slash at the end.
    pub fn http(&self) -> String {
        self.url.clone().unwrap_or_else(|| self.http_at(&self.host))
    }

    /// The HTTP side as the sender of a request with this `Host` header reaches it. What is configured wins;
    /// a header that is no host is ignored.
    pub(crate) fn http_for(&self, host_header: Option<&str>) -> String {
        match host_header.filter(|host| plain_host(host)) {
            Some(host) if self.url.is_none() && self.configured.is_none() => {
                format!("{}://{host}", if self.tls { "https" } else { "http" })
            }
            _ => self.http(),
        }
    }

    /// The RTMP side as clients reach it, without a slash at the end.
    pub fn rtmp(&self) -> String {
        with_port("rtmp", &self.host, self.rtmp_port, 1935)
    }

    /// The RTMP side for the sender of a request with this `Host` header.
    pub(crate) fn rtmp_for(&self, host_header: Option<&str>) -> String {
        match host_header.filter(|host| plain_host(host)) {
            Some(host) if self.url.is_none() && self.configured.is_none() => {
                with_port("rtmp", host_of(host), self.rtmp_port, 1935)
            }
            _ => self.rtmp(),
        }
    }

    fn http_at(&self, host: &str) -> String {
        let (scheme, usual) = if self.tls { ("https", 443) } else { ("http", 80) };
        with_port(scheme, host, self.http_port, usual)
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

/// Whether a `Host` header can be put into a script or a page as it is.
fn plain_host(host: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    !host.is_empty() && host.len() <= 255 && host.chars().all(plain)
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
        assert_eq!(address.http_for(Some("10.0.0.1:8080")), "https://rtc.example.com");
    }

    #[test]
    fn without_configuration_the_host_of_the_request_is_used() {
        let address = address(|_| (), "127.0.0.1:8080", "127.0.0.1:1935");
        assert_eq!(address.http_for(Some("phone.local:8080")), "http://phone.local:8080");
        assert_eq!(address.rtmp_for(Some("phone.local:8080")), "rtmp://phone.local");
        assert_eq!(address.rtmp_for(Some("[::1]:8080")), "rtmp://[::1]");
        assert_eq!(address.http_for(None), "http://127.0.0.1:8080");
    }

    #[test]
    fn a_host_header_with_script_in_it_is_ignored() {
        let address = address(|_| (), "127.0.0.1:8080", "127.0.0.1:1935");
        assert_eq!(address.http_for(Some("';alert(1)//")), "http://127.0.0.1:8080");
    }
}
