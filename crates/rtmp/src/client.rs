//! The client side of a connection: publishes or plays one stream. For load tests, bots and pulls between nodes.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use crate::RtmpError;
use crate::amf::Value;
use crate::chunk::write_media;
use crate::command::{Command, media_messages};
use crate::handshake::Side;
use crate::limits::{DEFAULT_WINDOW_ACK, PLAYER_CHUNK_SIZE};
use crate::link::{Link, LinkMessage, buffer_length_data};
use crate::message::{MediaKind, MediaMessage, RawMessage, StreamName, kind, user_event};

/// What the client is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientMode {
    /// Sends a stream.
    Publish,
    /// Receives a stream.
    Play,
}

/// Whom a client connects to and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientOptions {
    /// Publish or play.
    pub mode: ClientMode,
    /// The application: the path of the address without its last part.
    pub app: String,
    /// The address without the stream name: `rtmp://host/app`.
    pub tc_url: String,
    /// The last part of the address.
    pub key: StreamName,
    /// Chunk size of what the client sends.
    pub chunk_size: u32,
    /// The buffer a player announces, in milliseconds.
    pub buffer_ms: u32,
}

impl ClientOptions {
    /// For an address of the form `rtmp://host[:port]/app/key`; `None` where it has another form. The last part of the
    /// path is the key, the rest the application.
    pub fn from_url(mode: ClientMode, url: &str) -> Option<Self> {
        let (_, rest) = url.split_once("://")?;
        let (host, path) = rest.split_once('/')?;
        // A key may carry a query with slashes in it.
        let path_end = path.find('?').unwrap_or(path.len());
        let slash = path.get(..path_end)?.rfind('/')?;
        let (app, key) = (path.get(..slash)?, path.get(slash + 1..)?);
        if host.is_empty() || key.is_empty() {
            return None;
        }
        let tc_url = url.get(..url.len() - key.len() - 1)?;
        Some(Self {
            mode,
            app: app.to_owned(),
            tc_url: tc_url.to_owned(),
            key: StreamName::new(key),
            chunk_size: PLAYER_CHUNK_SIZE,
            buffer_ms: 1000,
        })
    }
}

/// What a client connection yields.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientEvent {
    /// The server accepted: a publisher may send, a player will receive.
    Accepted,
    /// The server refused, or ended the stream with an error. Nothing more will come of this connection.
    Refused {
        /// `NetStream.Publish.BadName` and the like.
        code: String,
        /// The server's sentence.
        description: String,
    },
    /// Another status message.
    Status {
        /// `NetStream.Play.UnpublishNotify` and the like.
        code: String,
        /// The server's sentence.
        description: String,
    },
    /// Audio, video or data of the played stream.
    Media(MediaMessage),
    /// The played stream is over.
    StreamEof,
}

/// How far the connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Handshake,
    Connecting,
    Creating,
    Asking,
    Running,
    Over,
}

/// Transaction ids of the commands that are answered.
const CONNECT: f64 = 1.0;
const CREATE_STREAM: f64 = 4.0;

/// The client side of one connection.
///
/// It has bytes to send from the start. Feed what comes from the socket to [`Self::receive`], then drain
/// [`Self::poll_event`] and [`Self::take_output`].
#[derive(Debug)]
pub struct ClientConnection {
    link: Link,
    options: ClientOptions,
    stage: Stage,
    stream_id: u32,
    events: VecDeque<ClientEvent>,
}

impl ClientConnection {
    /// A connection that starts the handshake.
    pub fn new(options: ClientOptions) -> Self {
        Self {
            link: Link::new(Side::Client),
            options,
            stage: Stage::Handshake,
            stream_id: 0,
            events: VecDeque::new(),
        }
    }

    /// Takes bytes from the server. An error is final.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), RtmpError> {
        let result = self.read(bytes);
        if result.is_err() {
            self.link.fail();
        }
        result
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), RtmpError> {
        self.link.count(bytes.len());
        let mut input = bytes;
        loop {
            let message = self.link.read(&mut input)?;
            if self.stage == Stage::Handshake && self.link.is_open() {
                self.stage = Stage::Connecting;
                self.send_connect();
            }
            match message {
                None => return Ok(()),
                Some(LinkMessage::Message(message)) => self.on_message(&message)?,
                Some(LinkMessage::PeerBandwidth(window)) => self.link.send_window_ack(window),
                Some(LinkMessage::UserControl(user_event::STREAM_EOF, _)) => {
                    self.events.push_back(ClientEvent::StreamEof);
                }
                Some(LinkMessage::UserControl(..)) => {}
            }
        }
    }

    /// The next event, oldest first.
    pub fn poll_event(&mut self) -> Option<ClientEvent> {
        self.events.pop_front()
    }

    /// Whether bytes wait to be sent.
    pub fn has_output(&self) -> bool {
        self.link.has_output()
    }

    /// The bytes to send, all of them.
    pub fn take_output(&mut self) -> Option<Bytes> {
        self.link.take_output()
    }

    /// Whether the server has accepted and the stream goes on.
    pub fn is_running(&self) -> bool {
        self.stage == Stage::Running
    }

    /// Sends a tag body, given in parts, on the published stream. Before the server has accepted nothing is sent.
    pub fn send_media(&mut self, kind: MediaKind, timestamp_ms: u32, parts: &[&[u8]]) {
        if self.stage == Stage::Running {
            let chunk_size = self.link.out_chunk_size();
            write_media(kind, self.stream_id, timestamp_ms, parts, chunk_size, self.link.out_mut());
        }
    }

    /// Sends `onMetaData` in the wrapping that servers keep for later players. `body` is the AMF0 body with its name.
    pub fn send_metadata(&mut self, body: &[u8]) {
        let mut wrapped = BytesMut::new();
        crate::amf::encode(&Value::string("@setDataFrame"), &mut wrapped);
        self.send_media(MediaKind::Data, 0, &[&wrapped, body]);
    }

    /// Ends the stream on purpose; the caller closes the socket once this is sent.
    pub fn close(&mut self) {
        if matches!(self.stage, Stage::Asking | Stage::Running) {
            if self.options.mode == ClientMode::Publish {
                let key = Value::string(self.options.key.as_str());
                self.link
                    .send_command(0, &[Value::string("FCUnpublish"), Value::Number(0.0), Value::Null, key]);
            }
            let id = Value::Number(f64::from(self.stream_id));
            self.link.send_command(0, &[Value::string("deleteStream"), Value::Number(0.0), Value::Null, id]);
        }
        self.stage = Stage::Over;
    }

    fn send_connect(&mut self) {
        self.link.send_chunk_size(self.options.chunk_size);
        let member = |name: &str, value: Value| (name.to_owned(), value);
        let mut object = vec![
            member("app", Value::string(self.options.app.as_str())),
            member("type", Value::string("nonprivate")),
            member("flashVer", Value::string("FMLE/3.0 (compatible; huitong)")),
            member("tcUrl", Value::string(self.options.tc_url.as_str())),
        ];
        if self.options.mode == ClientMode::Play {
            // Play clients name what they can decode; the values are those of every player.
            object.push(member("fpad", Value::Boolean(false)));
            object.push(member("capabilities", Value::Number(15.0)));
            object.push(member("audioCodecs", Value::Number(4071.0)));
            object.push(member("videoCodecs", Value::Number(252.0)));
            object.push(member("videoFunction", Value::Number(1.0)));
        }
        let values = [Value::string("connect"), Value::Number(CONNECT), Value::Object(object)];
        self.link.send_command(0, &values);
    }

    fn on_message(&mut self, message: &RawMessage) -> Result<(), RtmpError> {
        match message.kind {
            kind::COMMAND_AMF0 | kind::COMMAND_AMF3 => {
                let command = Command::parse(message)?;
                match command.name.as_str() {
                    "_result" => self.on_result(&command),
                    "_error" => self.on_error(&command),
                    "onStatus" => self.on_status(&command),
                    _ => {}
                }
            }
            _ if self.options.mode == ClientMode::Play => {
                let events = &mut self.events;
                media_messages(message, |media| events.push_back(ClientEvent::Media(media)));
            }
            _ => {}
        }
        Ok(())
    }

    fn on_result(&mut self, command: &Command) {
        if self.stage == Stage::Connecting && command.transaction == CONNECT {
            self.link.send_window_ack(DEFAULT_WINDOW_ACK);
            if self.options.mode == ClientMode::Publish {
                let key = || Value::string(self.options.key.as_str());
                let release = [Value::string("releaseStream"), Value::Number(2.0), Value::Null, key()];
                let publish = [Value::string("FCPublish"), Value::Number(3.0), Value::Null, key()];
                self.link.send_command(0, &release);
                self.link.send_command(0, &publish);
            }
            let create = [Value::string("createStream"), Value::Number(CREATE_STREAM), Value::Null];
            self.link.send_command(0, &create);
            self.stage = Stage::Creating;
        } else if self.stage == Stage::Creating && command.transaction == CREATE_STREAM {
            self.stream_id = command.argument(0).and_then(Value::as_number).unwrap_or(1.0) as u32;
            self.stage = Stage::Asking;
            self.ask();
        }
    }

    fn ask(&mut self) {
        let key = Value::string(self.options.key.as_str());
        match self.options.mode {
            ClientMode::Publish => {
                let live = Value::string("live");
                let values = [Value::string("publish"), Value::Number(5.0), Value::Null, key, live];
                self.link.send_command(self.stream_id, &values);
            }
            ClientMode::Play => {
                // Start -2: a live stream, else a recorded one.
                let start = Value::Number(-2.0);
                let values = [Value::string("play"), Value::Number(5.0), Value::Null, key, start];
                self.link.send_command(self.stream_id, &values);
                let data = buffer_length_data(self.stream_id, self.options.buffer_ms);
                self.link.send_user_control(user_event::SET_BUFFER_LENGTH, &data);
            }
        }
    }

    /// An error counts where it answers a command that the stream needs.
    fn on_error(&mut self, command: &Command) {
        if command.transaction == CONNECT || command.transaction == CREATE_STREAM {
            let (_, code, description) = status_fields(command);
            self.stage = Stage::Over;
            self.events.push_back(ClientEvent::Refused { code, description });
        }
    }

    fn on_status(&mut self, command: &Command) {
        let (level, code, description) = status_fields(command);
        let started = match self.options.mode {
            ClientMode::Publish => "NetStream.Publish.Start",
            ClientMode::Play => "NetStream.Play.Start",
        };
        let event = if level == "error" {
            self.stage = Stage::Over;
            ClientEvent::Refused { code, description }
        } else if code == started && self.stage == Stage::Asking {
            self.stage = Stage::Running;
            ClientEvent::Accepted
        } else {
            ClientEvent::Status { code, description }
        };
        self.events.push_back(event);
    }
}

/// Level, code and description of a status object, each empty where it is missing.
fn status_fields(command: &Command) -> (String, String, String) {
    let field = |name: &str| {
        let value = command.argument(0).and_then(|object| object.get(name));
        value.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    (field("level"), field("code"), field("description"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        let options =
            ClientOptions::from_url(ClientMode::Play, "rtmp://host:1935/live/inst/key?a=b/c").unwrap();
        assert_eq!(options.app, "live/inst");
        assert_eq!(options.tc_url, "rtmp://host:1935/live/inst");
        assert_eq!(options.key.as_str(), "key?a=b/c");
        for bad in ["host/live/key", "rtmp://host", "rtmp://host/live/", "rtmp:///live/key"] {
            assert_eq!(ClientOptions::from_url(ClientMode::Play, bad), None, "{bad}");
        }
    }

    #[test]
    fn the_key_is_not_shown() {
        let options = ClientOptions::from_url(ClientMode::Publish, "rtmp://host/live/SECRET").unwrap();
        assert!(!format!("{options:?}").contains("SECRET"));
    }
}
