//! The request line and headers of a raw connection.

use huitong_types::{ErrorCode, Fault, StreamKey};

/// Most bytes of a request head. Browsers send about 1 KiB; cookies of the same host may add some.
pub const HEAD_BYTES: usize = 16 * 1024;

/// Most headers of a request.
const HEADERS: usize = 64;

/// A request for a stream.
#[derive(Debug)]
pub struct FlvRequest {
    /// The play key.
    pub key: StreamKey,
    /// `Sec-WebSocket-Key` when the client wants WebSocket-FLV.
    pub websocket: Option<String>,
    /// Bytes of the head; what follows belongs to the WebSocket.
    pub head_bytes: usize,
}

/// What the bytes read so far are.
#[derive(Debug)]
pub enum Head {
    /// The head is not complete yet.
    Partial,
    /// A request for a stream.
    Request(FlvRequest),
    /// A request that cannot be served.
    Bad(Fault),
}

/// Whether a connection that begins with these bytes asks for a stream. `None`: too few bytes to tell.
pub fn wants_flv(start: &[u8]) -> Option<bool> {
    const PREFIX: &[u8] = b"GET /flv/";
    if start.len() >= PREFIX.len() {
        return Some(start.starts_with(PREFIX));
    }
    if PREFIX.starts_with(start) { None } else { Some(false) }
}

/// The key in a path `/flv/<key>.flv` or `/flv/<key>`, with or without query.
///
/// # Errors
/// The key is not of the form of keys.
pub fn key_of_path(path: &str) -> Result<StreamKey, Fault> {
    let path = path.split('?').next().unwrap_or(path);
    let name = path.strip_prefix("/flv/").unwrap_or(path);
    let name = name.strip_suffix(".flv").unwrap_or(name);
    StreamKey::new(name)
        .map_err(|error| Fault::because(ErrorCode::UnknownKey, format!("Bad play URL: {error}.")))
}

/// Reads the head of a request.
pub fn parse_head(bytes: &[u8]) -> Head {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let bad = |message: String| Head::Bad(Fault::because(ErrorCode::BadMessage, message));
    match request.parse(bytes) {
        Ok(httparse::Status::Partial) if bytes.len() >= HEAD_BYTES => {
            bad(format!("The request head is longer than {HEAD_BYTES} bytes."))
        }
        Ok(httparse::Status::Partial) => Head::Partial,
        Err(error) => bad(format!("The request is not HTTP: {error}.")),
        Ok(httparse::Status::Complete(head_bytes)) => {
            let key = match key_of_path(request.path.unwrap_or_default()) {
                Ok(key) => key,
                Err(fault) => return Head::Bad(fault),
            };
            Head::Request(FlvRequest { key, websocket: websocket_key(&request), head_bytes })
        }
    }
}

fn websocket_key(request: &httparse::Request<'_, '_>) -> Option<String> {
    let header = |name: &str| {
        let found = request.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(found.value).ok()
    };
    let upgrade = header("upgrade").is_some_and(|v| v.eq_ignore_ascii_case("websocket"));
    if !upgrade {
        return None;
    }
    header("sec-websocket-key").map(|key| key.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_requests_are_told_apart_by_their_first_bytes() {
        assert_eq!(wants_flv(b"GET /fl"), None);
        assert_eq!(wants_flv(b"GET /flv/abc"), Some(true));
        assert_eq!(wants_flv(b"GET /v1/rooms"), Some(false));
        assert_eq!(wants_flv(b"\x16\x03\x01"), Some(false));
    }

    #[test]
    fn websocket_upgrade_is_seen_whatever_the_case() {
        let head = b"GET /flv/abcdefghijklmnop.flv?x=1 HTTP/1.1\r\nHost: h\r\nupgrade: WebSocket\r\nSEC-WEBSOCKET-KEY: k==\r\n\r\nrest";
        let Head::Request(request) = parse_head(head) else { panic!("a request") };
        assert_eq!(request.key.reveal(), "abcdefghijklmnop");
        assert_eq!(request.websocket.as_deref(), Some("k=="));
        assert_eq!(&head[request.head_bytes..], b"rest");
    }

    #[test]
    fn endless_head_and_bad_key_are_refused() {
        let endless = format!("GET /flv/abcdefghijklmnop.flv HTTP/1.1\r\nA: {}", "x".repeat(HEAD_BYTES));
        assert!(matches!(parse_head(endless.as_bytes()), Head::Bad(_)));
        assert!(matches!(parse_head(b"GET /flv/..%2f HTTP/1.1\r\n\r\n"), Head::Bad(_)));
    }
}
