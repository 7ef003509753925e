//! RTMP publishers and players over TCP.

use crate::address::Address;
use crate::{ClientError, Media, in_time};
use bytes::{Buf, Bytes};
use huitong_media::flv::TagKind;
use huitong_rtmp::{ClientConnection, ClientEvent, ClientMode, ClientOptions, MediaKind, MediaMessage};
use std::io;
use tokio::net::TcpStream;

/// The form of an RTMP address.
const FORM: &str = "rtmp://host[:port]/app/key";

/// Bytes read at once. The buffer lives on the stack of the reading function.
const READ_BYTES: usize = 16 * 1024;

/// A socket with a client connection on it.
struct Link {
    stream: TcpStream,
    machine: ClientConnection,
    /// Output of the machine that the socket has not taken yet.
    unsent: Bytes,
}

impl Link {
    /// Connects and waits until the server has accepted.
    async fn open(mode: ClientMode, url: &str) -> Result<Self, ClientError> {
        let address = Address::parse(url, "rtmp", 1935, FORM)?;
        let options = ClientOptions::from_url(mode, url).ok_or(ClientError::Address(FORM))?;
        in_time(async {
            let stream = address.connect().await?;
            let machine = ClientConnection::new(options);
            let mut link = Self { stream, machine, unsent: Bytes::new() };
            loop {
                match link.event().await? {
                    Some(ClientEvent::Accepted) => return Ok(link),
                    Some(_) => {}
                    None => return Err(ClientError::Closed),
                }
            }
        })
        .await
    }

    /// The next event; `None` when the server has closed the connection.
    async fn event(&mut self) -> Result<Option<ClientEvent>, ClientError> {
        loop {
            if let Some(event) = self.machine.poll_event() {
                if let ClientEvent::Refused { code, description } = event {
                    return Err(ClientError::Refused { code, description });
                }
                return Ok(Some(event));
            }
            if let Err(error) = self.flush().await {
                return Err(self.last_words().unwrap_or(error));
            }
            self.stream.readable().await?;
            if self.read()? == Some(0) {
                return Ok(None);
            }
        }
    }

    /// Why the server ended a connection that can no longer be written to, if it said so before it closed.
    fn last_words(&mut self) -> Option<ClientError> {
        while matches!(self.read(), Ok(Some(1..))) {}
        std::iter::from_fn(|| self.machine.poll_event()).find_map(refusal)
    }

    /// Takes what the socket has; `Some(0)` at its end, `None` when there is nothing now.
    fn read(&mut self) -> Result<Option<usize>, ClientError> {
        let mut buffer = [0u8; READ_BYTES];
        match self.stream.try_read(&mut buffer) {
            Ok(n) => {
                self.machine.receive(buffer.get(..n).unwrap_or_default())?;
                Ok(Some(n))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends all output. What is unsent when this is dropped goes out with the next call.
    async fn flush(&mut self) -> Result<(), ClientError> {
        loop {
            if self.unsent.is_empty() {
                match self.machine.take_output() {
                    Some(bytes) => self.unsent = bytes,
                    None => return Ok(()),
                }
            }
            self.stream.writable().await?;
            match self.stream.try_write(&self.unsent) {
                Ok(n) => self.unsent.advance(n),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Sends one stream.
pub struct RtmpPublisher(Link);

impl RtmpPublisher {
    /// Connects to `rtmp://host[:port]/app/key` and waits for permission.
    ///
    /// # Errors
    /// The address, the transport or the server; see [`ClientError`].
    pub async fn connect(url: &str) -> Result<Self, ClientError> {
        Link::open(ClientMode::Publish, url).await.map(Self)
    }

    /// Sends one message: an FLV tag body given in parts, with its time in ms. Script bodies are sent as metadata
    /// that the server keeps. When this is dropped half-way the rest goes out with the next message.
    ///
    /// # Errors
    /// The transport failed, or the server has ended the stream: [`ClientError::Refused`] says why.
    pub async fn send(
        &mut self,
        kind: TagKind,
        timestamp_ms: u32,
        parts: &[&[u8]],
    ) -> Result<(), ClientError> {
        let link = &mut self.0;
        // The server says little (acknowledgements, a status at the end); it is read on the way.
        if link.read()? == Some(0) {
            return Err(ClientError::Closed);
        }
        if let Some(refusal) = std::iter::from_fn(|| link.machine.poll_event()).find_map(refusal) {
            return Err(refusal);
        }
        match kind {
            TagKind::Audio => link.machine.send_media(MediaKind::Audio, timestamp_ms, parts),
            TagKind::Video => link.machine.send_media(MediaKind::Video, timestamp_ms, parts),
            TagKind::Script => link.machine.send_metadata(&parts.concat()),
        }
        match link.flush().await {
            Ok(()) => Ok(()),
            Err(error) => Err(link.last_words().unwrap_or(error)),
        }
    }

    /// Waits until the server ends the stream, which is `Ok` only if it just closed the connection.
    ///
    /// # Errors
    /// The transport failed, or the server said why: [`ClientError::Refused`].
    pub async fn ended(&mut self) -> Result<(), ClientError> {
        while self.0.event().await?.is_some() {}
        Ok(())
    }

    /// Says goodbye and closes.
    ///
    /// # Errors
    /// The transport failed; the connection is gone all the same.
    pub async fn close(mut self) -> Result<(), ClientError> {
        self.0.machine.close();
        self.0.flush().await
    }
}

/// Receives one stream.
pub struct RtmpPlayer(Link);

impl RtmpPlayer {
    /// Connects to `rtmp://host[:port]/app/key` and waits for permission.
    ///
    /// # Errors
    /// The address, the transport or the server; see [`ClientError`].
    pub async fn connect(url: &str) -> Result<Self, ClientError> {
        Link::open(ClientMode::Play, url).await.map(Self)
    }

    /// The next message; `None` when the stream is over.
    ///
    /// # Errors
    /// The transport failed, or the server broke the protocol or ended the stream with a reason.
    pub async fn next(&mut self) -> Result<Option<Media>, ClientError> {
        loop {
            match self.0.event().await? {
                Some(ClientEvent::Media(message)) => return Ok(Some(media(message))),
                Some(ClientEvent::StreamEof) | None => return Ok(None),
                Some(_) => {}
            }
        }
    }

    /// Says goodbye and closes.
    ///
    /// # Errors
    /// The transport failed; the connection is gone all the same.
    pub async fn close(mut self) -> Result<(), ClientError> {
        self.0.machine.close();
        self.0.flush().await
    }
}

fn refusal(event: ClientEvent) -> Option<ClientError> {
    match event {
        ClientEvent::Refused { code, description } => Some(ClientError::Refused { code, description }),
        _ => None,
    }
}

fn media(message: MediaMessage) -> Media {
    let kind = match message.kind {
        MediaKind::Audio => TagKind::Audio,
        MediaKind::Video => TagKind::Video,
        MediaKind::Data => TagKind::Script,
    };
    Media { kind, timestamp_ms: message.timestamp, body: message.payload }
}
