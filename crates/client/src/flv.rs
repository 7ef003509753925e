//! FLV over HTTP.

use crate::address::Address;
use crate::{ClientError, Media, in_time};
use huitong_media::flv::Demuxer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// The form of an FLV address.
const FORM: &str = "http://host[:port]/flv/key.flv";

/// Longest response head accepted.
const HEAD_BYTES: usize = 16 * 1024;

/// Most headers of a response.
const HEADERS: usize = 64;

/// Bytes of a refusal's body that are kept: the server's sentence.
const REFUSAL_BYTES: usize = 1024;

/// Bytes read at once; the buffer lives on the stack of the reading function.
const READ_BYTES: usize = 16 * 1024;

/// Receives one stream over HTTP.
pub struct FlvPlayer<S = TcpStream> {
    stream: S,
    demuxer: Demuxer,
    /// `Transfer-Encoding: chunked`, which a proxy or a TLS front end may use.
    chunks: Option<Chunks>,
}

impl FlvPlayer {
    /// Connects to `http://host[:port]/flv/key.flv` and waits for the response head.
    ///
    /// # Errors
    /// The address, the transport or the server; see [`ClientError`].
    pub async fn connect(url: &str) -> Result<Self, ClientError> {
        let address = Address::parse(url, "http", 80, FORM)?;
        in_time(async { Self::over(address.connect().await?, address.authority, address.path).await }).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> FlvPlayer<S> {
    /// Asks for a path over a transport that is open already, TLS for example.
    ///
    /// # Errors
    /// The transport or the server; see [`ClientError`].
    pub async fn over(mut stream: S, host: &str, path: &str) -> Result<Self, ClientError> {
        // A refusal ends with the connection, so its body needs no counting.
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut bytes = Vec::new();
        loop {
            let mut headers = [httparse::EMPTY_HEADER; HEADERS];
            let mut response = httparse::Response::new(&mut headers);
            let parsed = response.parse(&bytes).map_err(|error| broken(&error.to_string()))?;
            if let httparse::Status::Complete(head) = parsed {
                let status = response.code.unwrap_or_default();
                let chunked = response.headers.iter().any(|h| {
                    h.name.eq_ignore_ascii_case("transfer-encoding")
                        && h.value.eq_ignore_ascii_case(b"chunked")
                });
                let rest = bytes.get(head..).unwrap_or_default();
                if status != 200 {
                    return Err(refusal(&mut stream, status, rest.to_vec()).await);
                }
                let chunks = chunked.then(Chunks::default);
                let mut player = Self { stream, demuxer: Demuxer::new(), chunks };
                player.take(rest)?;
                return Ok(player);
            }
            if bytes.len() > HEAD_BYTES {
                return Err(broken("the response head is too long"));
            }
            if read_more(&mut stream, &mut bytes).await? == 0 {
                return Err(ClientError::Closed);
            }
        }
    }

    /// The next tag; `None` when the stream is over.
    ///
    /// # Errors
    /// The transport failed or what comes is not FLV.
    pub async fn next(&mut self) -> Result<Option<Media>, ClientError> {
        loop {
            if let Some(tag) = self.demuxer.next_tag()? {
                return Ok(Some(Media { kind: tag.kind, timestamp_ms: tag.timestamp_ms, body: tag.body }));
            }
            let mut bytes = Vec::new();
            if read_more(&mut self.stream, &mut bytes).await? == 0 {
                return Ok(None);
            }
            self.take(&bytes)?;
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        match &mut self.chunks {
            None => self.demuxer.push(bytes),
            Some(chunks) => chunks.take(bytes, |data| self.demuxer.push(data))?,
        }
        Ok(())
    }
}

fn broken(what: &str) -> ClientError {
    ClientError::Http { status: 0, body: format!("not HTTP: {what}") }
}

async fn read_more<S: AsyncRead + Unpin>(stream: &mut S, into: &mut Vec<u8>) -> Result<usize, ClientError> {
    into.reserve(READ_BYTES);
    Ok(stream.read_buf(into).await?)
}

async fn refusal<S: AsyncRead + Unpin>(stream: &mut S, status: u16, mut body: Vec<u8>) -> ClientError {
    while body.len() < REFUSAL_BYTES {
        match read_more(stream, &mut body).await {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    body.truncate(REFUSAL_BYTES);
    ClientError::Http { status, body: String::from_utf8_lossy(&body).trim().to_owned() }
}

/// Takes the framing of chunked bodies off (RFC 9112, section 7.1).
#[derive(Debug, Default)]
struct Chunks {
    /// Bytes of the current chunk that are still to come.
    left: usize,
    /// The line that announces the next chunk, as far as it has come.
    line: Vec<u8>,
}

/// Longest line that announces a chunk.
const CHUNK_LINE_BYTES: usize = 64;

impl Chunks {
    fn take(&mut self, mut bytes: &[u8], mut data: impl FnMut(&[u8])) -> Result<(), ClientError> {
        while let Some(first) = bytes.first().copied() {
            if self.left > 0 {
                let (now, later) = bytes.split_at(self.left.min(bytes.len()));
                self.left -= now.len();
                data(now);
                bytes = later;
                continue;
            }
            bytes = bytes.get(1..).unwrap_or_default();
            if first != b'\n' {
                self.line.push(first);
                if self.line.len() > CHUNK_LINE_BYTES {
                    return Err(broken("a chunk has no length"));
                }
                continue;
            }
            let line = String::from_utf8_lossy(&self.line).into_owned();
            self.line.clear();
            let digits = line.split(';').next().unwrap_or_default().trim();
            // An empty line ends the chunk before.
            if !digits.is_empty() {
                self.left =
                    usize::from_str_radix(digits, 16).map_err(|_| broken("a chunk length is no number"))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined_whatever_the_pieces() {
        let body = b"4\r\nabcd\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n";
        for piece in 1..body.len() {
            let (mut chunks, mut out) = (Chunks::default(), Vec::new());
            for bytes in body.chunks(piece) {
                chunks.take(bytes, |data| out.extend_from_slice(data)).unwrap();
            }
            assert_eq!(out, b"abcd0123456789", "pieces of {piece}");
        }
    }

    #[test]
    fn a_chunk_without_a_length_is_refused() {
        assert!(Chunks::default().take(b"xyz\r\n", |_| ()).is_err());
        assert!(Chunks::default().take(&[b'1'; 80], |_| ()).is_err());
    }
}
