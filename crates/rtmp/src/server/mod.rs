//! The server side of a connection.

mod commands;
mod event;

use std::collections::VecDeque;

use bytes::Bytes;

pub use event::{ConnectInfo, ServerEvent};

use crate::RtmpError;
use crate::amf::Value;
use crate::command::{Command, media_messages, status};
use crate::handshake::Side;
use crate::limits::{DEFAULT_WINDOW_ACK, MAX_HELD_BYTES, PLAYER_CHUNK_SIZE};
use crate::link::{Link, LinkMessage, stream_event_data};
use crate::message::{RawMessage, kind, user_event};

/// What a server announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerOptions {
    /// Chunk size announced at `connect`; shared media must be serialised with the same.
    pub chunk_size: u32,
    /// Acknowledgement window and bandwidth announced at `connect`, in bytes.
    pub window_ack: u32,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self { chunk_size: PLAYER_CHUNK_SIZE, window_ack: DEFAULT_WINDOW_ACK }
    }
}

/// What a message stream is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Idle,
    PublishAsked,
    Publishing,
    PlayAsked,
    Playing,
}

#[derive(Debug, Clone, Copy)]
struct MessageStream {
    id: u32,
    role: Role,
}

/// The server side of one connection.
///
/// Feed what came from the socket to [`Self::receive`] in reads of bounded size, then drain [`Self::poll_event`] and
/// [`Self::take_output`]. Every output ends at a message boundary, so media made by
/// [`encode_media_chunks`](crate::encode_media_chunks) may be written between any two of them.
///
/// An idle player costs less than 1 KiB: buffers are given away or dropped as soon as they are drained.
#[derive(Debug)]
pub struct ServerConnection {
    link: Link,
    options: ServerOptions,
    connected: bool,
    streams: Vec<MessageStream>,
    events: VecDeque<ServerEvent>,
    /// What came behind a request to publish that is not answered yet.
    held: Vec<u8>,
}

impl ServerConnection {
    /// A connection that expects the handshake.
    pub fn new(options: ServerOptions) -> Self {
        Self {
            link: Link::new(Side::Server),
            options,
            connected: false,
            streams: Vec::new(),
            events: VecDeque::new(),
            held: Vec::new(),
        }
    }

    /// Takes bytes from the peer. An error is final; events that came before it can still be polled.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), RtmpError> {
        self.link.count(bytes.len());
        let held = std::mem::take(&mut self.held);
        let result = self.read(&held).and_then(|()| self.read(bytes));
        if result.is_err() {
            self.link.fail();
        }
        result
    }

    /// Goes on after a request to publish was answered: what the peer sent behind it was kept.
    pub fn resume(&mut self) -> Result<(), RtmpError> {
        self.receive(&[])
    }

    /// Whether a request to publish waits for its answer. What the peer sends behind it is for the time after that:
    /// do not read meanwhile, so that an impatient encoder is slowed down and loses neither header nor keyframe.
    pub fn is_asking(&self) -> bool {
        self.streams.iter().any(|stream| stream.role == Role::PublishAsked)
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), RtmpError> {
        let mut input = bytes;
        while !self.is_asking() {
            match self.link.read(&mut input)? {
                None => return Ok(()),
                Some(LinkMessage::Message(message)) => self.on_message(&message)?,
                Some(LinkMessage::UserControl(event, data)) => self.on_user_control(event, &data),
                Some(LinkMessage::PeerBandwidth(_)) => {}
            }
        }
        if self.held.len() + input.len() > MAX_HELD_BYTES {
            return Err(RtmpError::TooMuchHeld);
        }
        self.held.extend_from_slice(input);
        Ok(())
    }

    /// The next event, oldest first.
    pub fn poll_event(&mut self) -> Option<ServerEvent> {
        let event = self.events.pop_front();
        if event.is_none() && !self.streams.iter().any(|stream| stream.role == Role::Publishing) {
            self.events = VecDeque::new();
        }
        event
    }

    /// Whether bytes wait to be sent.
    pub fn has_output(&self) -> bool {
        self.link.has_output()
    }

    /// The bytes to send, all of them.
    pub fn take_output(&mut self) -> Option<Bytes> {
        self.link.take_output()
    }

    /// Whether handshake and `connect` are done. Until then a peer has shown nothing but bytes.
    pub fn is_connected(&self) -> bool {
        self.connected
    }

    /// Answers a [`ServerEvent::Publish`]: the encoder may send. Call [`Self::resume`] next.
    pub fn accept_publish(&mut self, stream_id: u32) {
        if self.change(stream_id, Role::PublishAsked, Role::Publishing) {
            self.link.accept_media();
            self.link.send_user_control(user_event::STREAM_BEGIN, &stream_event_data(stream_id));
            self.send_status(stream_id, "status", "NetStream.Publish.Start", "publishing");
        }
    }

    /// Answers a [`ServerEvent::Publish`] with a code such as `NetStream.Publish.BadName` or
    /// `NetStream.Publish.Denied` and a sentence for the user. Also ends a publication that was accepted earlier. The
    /// caller closes the socket once this is sent.
    pub fn refuse_publish(&mut self, stream_id: u32, code: &str, description: &str) {
        self.set_role(stream_id, Role::Idle);
        self.send_status(stream_id, "error", code, description);
    }

    /// Answers a [`ServerEvent::Play`]. Behind these bytes the player takes media.
    ///
    /// `|RtmpSampleAccess` and `NetStream.Data.Start`, which only Flash used, are left out: ffmpeg takes them for a
    /// third stream. For the same reason `onMetaData` should go to players with timestamp 0.
    pub fn accept_play(&mut self, stream_id: u32) {
        if !self.change(stream_id, Role::PlayAsked, Role::Playing) {
            return;
        }
        self.link.send_user_control(user_event::STREAM_BEGIN, &stream_event_data(stream_id));
        self.send_status(stream_id, "status", "NetStream.Play.Reset", "playing from the start");
        self.send_status(stream_id, "status", "NetStream.Play.Start", "playing");
    }

    /// Answers a [`ServerEvent::Play`] with a code such as `NetStream.Play.StreamNotFound` or `NetStream.Play.Failed`
    /// and a sentence for the user. The caller closes the socket once this is sent.
    pub fn refuse_play(&mut self, stream_id: u32, code: &str, description: &str) {
        self.set_role(stream_id, Role::Idle);
        self.send_status(stream_id, "error", code, description);
    }

    /// Tells a player that its publisher has gone. It may go on with a later one on the same connection; many players
    /// take this for the end.
    pub fn notify_unpublish(&mut self, stream_id: u32) {
        self.send_status(stream_id, "status", "NetStream.Play.UnpublishNotify", "the publisher has left");
    }

    /// Tells a player that the stream is over.
    pub fn end_play(&mut self, stream_id: u32) {
        if self.change(stream_id, Role::Playing, Role::Idle) {
            self.link.send_user_control(user_event::STREAM_EOF, &stream_event_data(stream_id));
            self.send_status(stream_id, "status", "NetStream.Play.Stop", "the stream has ended");
        }
    }

    /// Asks the peer for a sign of life; every client answers by itself. The time comes back unused.
    pub fn ping(&mut self, time_ms: u32) {
        if self.link.is_open() {
            self.link.send_user_control(user_event::PING_REQUEST, &time_ms.to_be_bytes());
        }
    }

    /// Bytes of memory held, buffers included.
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>()
            + self.link.memory()
            + self.streams.capacity() * size_of::<MessageStream>()
            + self.events.capacity() * size_of::<ServerEvent>()
            + self.held.capacity()
    }

    fn on_message(&mut self, message: &RawMessage) -> Result<(), RtmpError> {
        match message.kind {
            kind::COMMAND_AMF0 | kind::COMMAND_AMF3 => {
                let command = Command::parse(message)?;
                self.on_command(message.stream_id, &command)
            }
            _ => {
                self.on_media(message);
                Ok(())
            }
        }
    }

    /// Yields media of streams that publish; anything else is not asked for and dropped.
    fn on_media(&mut self, message: &RawMessage) {
        let publishes = |stream: &&MessageStream| stream.role == Role::Publishing;
        let mut publishing = self.streams.iter().filter(publishes);
        let stream_id = match (publishing.next(), publishing.next()) {
            // Some encoders send media on stream 0: with one publication there is no doubt.
            (Some(only), None) => only.id,
            (Some(_), Some(_)) => message.stream_id,
            (None, _) => return,
        };
        if !self.streams.iter().filter(publishes).any(|stream| stream.id == stream_id) {
            return;
        }
        media_messages(message, |mut media| {
            media.stream_id = stream_id;
            self.events.push_back(ServerEvent::Media(media));
        });
    }

    fn on_user_control(&mut self, event: u16, data: &[u8]) {
        if event == user_event::SET_BUFFER_LENGTH
            && let Some(&[a, b, c, d, e, f, g, h]) = data.first_chunk::<8>()
        {
            let stream_id = u32::from_be_bytes([a, b, c, d]);
            let milliseconds = u32::from_be_bytes([e, f, g, h]);
            self.events.push_back(ServerEvent::SetBufferLength { stream_id, milliseconds });
        }
    }

    fn role(&self, stream_id: u32) -> Option<Role> {
        self.streams.iter().find(|stream| stream.id == stream_id).map(|stream| stream.role)
    }

    fn set_role(&mut self, stream_id: u32, role: Role) {
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.id == stream_id) {
            stream.role = role;
        }
    }

    fn change(&mut self, stream_id: u32, from: Role, to: Role) -> bool {
        let fits = self.role(stream_id) == Some(from);
        if fits {
            self.set_role(stream_id, to);
        }
        fits
    }

    fn send_status(&mut self, stream_id: u32, level: &str, code: &str, description: &str) {
        let values =
            [Value::string("onStatus"), Value::Number(0.0), Value::Null, status(level, code, description)];
        self.link.send_command(stream_id, &values);
    }
}
