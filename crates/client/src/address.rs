//! Taking addresses apart.

use crate::ClientError;
use tokio::net::TcpStream;

/// Host with port, and the rest of an address.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    /// `host:port` as it stands in the address, for `Host` headers.
    pub(crate) authority: &'a str,
    /// Port in force.
    pub(crate) port: u16,
    /// Path with query, from the slash on.
    pub(crate) path: &'a str,
}

impl<'a> Address<'a> {
    /// Takes `scheme://host[:port]/path` apart; `form` describes it in the error.
    pub(crate) fn parse(
        url: &'a str,
        scheme: &str,
        default_port: u16,
        form: &'static str,
    ) -> Result<Self, ClientError> {
        let rest = url.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
        let rest = rest.ok_or(ClientError::Address(form))?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let port = match authority.rsplit_once(':') {
            // The last colon of a bare IPv6 address is no port.
            Some((_, port)) if !port.ends_with(']') => {
                port.parse().map_err(|_| ClientError::Address(form))?
            }
            _ => default_port,
        };
        if authority.is_empty() {
            return Err(ClientError::Address(form));
        }
        Ok(Self { authority, port, path: if path.is_empty() { "/" } else { path } })
    }

    fn host(&self) -> &'a str {
        let host = match self.authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => host,
            _ => self.authority,
        };
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Opens the connection, without Nagle's delay.
    pub(crate) async fn connect(&self) -> Result<TcpStream, ClientError> {
        let stream = TcpStream::connect((self.host(), self.port)).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_port_and_path_are_told_apart() {
        let parse = |url| Address::parse(url, "http", 80, "http://host/path").unwrap();
        let plain = parse("http://example.com/flv/key.flv?a=b");
        assert_eq!((plain.host(), plain.port, plain.path), ("example.com", 80, "/flv/key.flv?a=b"));
        let six = parse("http://[::1]:8080");
        assert_eq!((six.host(), six.port, six.path, six.authority), ("::1", 8080, "/", "[::1]:8080"));
        assert_eq!(parse("http://[::1]/x").port, 80);
    }

    #[test]
    fn other_schemes_and_bad_ports_are_refused() {
        for bad in ["https://host/", "host/path", "http:///path", "http://host:port/"] {
            assert!(Address::parse(bad, "http", 80, "http://host/path").is_err(), "{bad}");
        }
    }
}
