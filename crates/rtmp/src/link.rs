//! What both sides of a connection share: handshake, chunks, and the messages that steer them.

use bytes::{BufMut, Bytes, BytesMut};

use crate::RtmpError;
use crate::amf::{Value, encode_all};
use crate::chunk::{COMMAND_CSID, CONTROL_CSID, ChunkReader, write_message};
use crate::handshake::{Handshake, Side};
use crate::limits::{
    DEFAULT_CHUNK_SIZE, DEFAULT_WINDOW_ACK, MAX_COMMAND_BYTES, MAX_MESSAGE_BYTES, MAX_PENDING_OUTPUT_BYTES,
};
use crate::message::{RawMessage, kind, user_event};

/// Dynamic limit, the value every server sends with Set Peer Bandwidth (specification, 5.4.5).
const LIMIT_DYNAMIC: u8 = 2;

/// Bytes in and messages out, messages in and bytes out.
#[derive(Debug)]
pub(crate) struct Link {
    side: Side,
    handshake: Option<Box<Handshake>>,
    reader: ChunkReader,
    out: BytesMut,
    out_chunk_size: u32,
    /// Bytes received, wrapping as the acknowledgement's sequence number does.
    received: u32,
    acknowledged: u32,
    /// After how many bytes the peer wants an acknowledgement.
    ack_window: u32,
    failed: bool,
}

/// A message that the link does not deal with itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LinkMessage {
    /// A command, data, audio, video or aggregate message.
    Message(RawMessage),
    /// A user control event with its data.
    UserControl(u16, Bytes),
    /// The peer limits our bandwidth to this window and wants to see a window back.
    PeerBandwidth(u32),
}

impl Link {
    pub(crate) fn new(side: Side) -> Self {
        let mut out = BytesMut::new();
        if side == Side::Client {
            Handshake::write_hello(&mut out);
        }
        let mut reader = ChunkReader::new();
        if side == Side::Server {
            // Anybody may connect: until a publication is accepted there is nothing long to hear.
            reader.set_max_message(MAX_COMMAND_BYTES);
        }
        Self {
            side,
            handshake: Some(Box::new(Handshake::new())),
            reader,
            out,
            out_chunk_size: DEFAULT_CHUNK_SIZE,
            received: 0,
            acknowledged: 0,
            ack_window: DEFAULT_WINDOW_ACK,
            failed: false,
        }
    }

    /// The peer may send media from here on.
    pub(crate) fn accept_media(&mut self) {
        self.reader.set_max_message(MAX_MESSAGE_BYTES);
    }

    /// Whether the handshake is over.
    pub(crate) fn is_open(&self) -> bool {
        self.handshake.is_none()
    }

    /// Counts bytes that are about to be read, and acknowledges them when that is due.
    pub(crate) fn count(&mut self, bytes: usize) {
        self.received = self.received.wrapping_add(bytes as u32);
        if self.is_open() && self.received.wrapping_sub(self.acknowledged) >= self.ack_window {
            self.acknowledged = self.received;
            self.send_control(kind::ACKNOWLEDGEMENT, &self.received.to_be_bytes());
        }
    }

    /// Takes bytes from the front of `input` until there is a message for the caller or the input is used up.
    pub(crate) fn read(&mut self, input: &mut &[u8]) -> Result<Option<LinkMessage>, RtmpError> {
        if self.failed {
            return Err(RtmpError::Failed);
        }
        self.read_inner(input)
    }

    /// The peer broke a rule: nothing more is read.
    pub(crate) fn fail(&mut self) {
        self.failed = true;
    }

    fn read_inner(&mut self, input: &mut &[u8]) -> Result<Option<LinkMessage>, RtmpError> {
        if let Some(handshake) = &mut self.handshake {
            if !handshake.advance(self.side, input, &mut self.out)? {
                return Ok(None);
            }
            self.handshake = None;
        }
        while let Some(message) = self.reader.read(input)? {
            let message = self.steer(message)?;
            if self.out.len() > MAX_PENDING_OUTPUT_BYTES {
                return Err(RtmpError::RepliesNotRead);
            }
            if message.is_some() {
                return Ok(message);
            }
        }
        Ok(None)
    }

    /// Follows a message that steers the link; any other is for the caller.
    fn steer(&mut self, message: RawMessage) -> Result<Option<LinkMessage>, RtmpError> {
        let payload = &message.payload;
        let number = || {
            let bytes = payload.first_chunk::<4>().ok_or(RtmpError::ShortControlMessage(message.kind))?;
            Ok::<u32, RtmpError>(u32::from_be_bytes(*bytes))
        };
        match message.kind {
            kind::SET_CHUNK_SIZE => self.reader.set_chunk_size(number()?)?,
            kind::ABORT => self.reader.abort(number()?),
            kind::ACKNOWLEDGEMENT => {
                number()?;
            }
            kind::WINDOW_ACK_SIZE => {
                let window = number()?;
                if window > 0 {
                    self.ack_window = window;
                }
            }
            kind::SET_PEER_BANDWIDTH => return Ok(Some(LinkMessage::PeerBandwidth(number()?))),
            kind::USER_CONTROL => {
                let short = RtmpError::ShortControlMessage(message.kind);
                let event = u16::from_be_bytes(*payload.first_chunk::<2>().ok_or(short)?);
                let data = payload.slice(2..);
                if event != user_event::PING_REQUEST {
                    return Ok(Some(LinkMessage::UserControl(event, data)));
                }
                let time = *data.first_chunk::<4>().ok_or(short)?;
                self.send_user_control(user_event::PING_RESPONSE, &time);
            }
            _ => return Ok(Some(LinkMessage::Message(message))),
        }
        Ok(None)
    }

    pub(crate) fn send_control(&mut self, kind: u8, payload: &[u8]) {
        write_message(CONTROL_CSID, kind, 0, payload, self.out_chunk_size, &mut self.out);
    }

    pub(crate) fn send_user_control(&mut self, event: u16, data: &[u8]) {
        let payload = [&event.to_be_bytes(), data].concat();
        self.send_control(kind::USER_CONTROL, &payload);
    }

    pub(crate) fn send_window_ack(&mut self, window: u32) {
        self.send_control(kind::WINDOW_ACK_SIZE, &window.to_be_bytes());
    }

    pub(crate) fn send_peer_bandwidth(&mut self, window: u32) {
        let [a, b, c, d] = window.to_be_bytes();
        self.send_control(kind::SET_PEER_BANDWIDTH, &[a, b, c, d, LIMIT_DYNAMIC]);
    }

    pub(crate) fn send_chunk_size(&mut self, size: u32) {
        let size = size.clamp(1, 0x7fff_ffff);
        self.send_control(kind::SET_CHUNK_SIZE, &size.to_be_bytes());
        self.out_chunk_size = size;
    }

    pub(crate) fn send_command(&mut self, stream_id: u32, values: &[Value]) {
        let mut payload = BytesMut::with_capacity(256);
        encode_all(values, &mut payload);
        let kind = kind::COMMAND_AMF0;
        write_message(COMMAND_CSID, kind, stream_id, &payload, self.out_chunk_size, &mut self.out);
    }

    /// The chunk size of what is sent.
    pub(crate) fn out_chunk_size(&self) -> u32 {
        self.out_chunk_size
    }

    /// Where other chunks may be put, at a message boundary.
    pub(crate) fn out_mut(&mut self) -> &mut BytesMut {
        &mut self.out
    }

    pub(crate) fn has_output(&self) -> bool {
        !self.out.is_empty()
    }

    /// All bytes to send; the buffer is given away with them.
    pub(crate) fn take_output(&mut self) -> Option<Bytes> {
        self.has_output().then(|| std::mem::take(&mut self.out).freeze())
    }

    /// Heap bytes held.
    pub(crate) fn memory(&self) -> usize {
        let handshake =
            self.handshake.as_ref().map_or(0, |handshake| size_of::<Handshake>() + handshake.memory());
        handshake + self.reader.memory() + self.out.capacity()
    }
}

/// The data of a user control event that names a stream.
pub(crate) fn stream_event_data(stream_id: u32) -> [u8; 4] {
    stream_id.to_be_bytes()
}

/// The data of Set Buffer Length.
pub(crate) fn buffer_length_data(stream_id: u32, milliseconds: u32) -> BytesMut {
    let mut data = BytesMut::with_capacity(8);
    data.put_u32(stream_id);
    data.put_u32(milliseconds);
    data
}
