//! What can go wrong.

use huitong_media::flv::FlvError;
use huitong_protocol::Failure;
use huitong_rtmp::RtmpError;
use tokio_tungstenite::tungstenite;

/// Why a connection ended or a request was refused.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address has another form than the one needed.
    #[error("the address is not of the form {0}")]
    Address(&'static str),
    /// The transport failed.
    #[error("the connection failed: {0}")]
    Io(#[from] std::io::Error),
    /// The server closed the connection.
    #[error("the server closed the connection")]
    Closed,
    /// The server did not answer within [`crate::SETUP_TIMEOUT`].
    #[error("the server did not answer in time")]
    Timeout,
    /// The server refused to publish or to play, or ended the stream.
    #[error("the server refused: {code}: {description}")]
    Refused {
        /// `NetStream.Publish.BadName` and the like.
        code: String,
        /// The server's sentence.
        description: String,
    },
    /// The HTTP answer is not a stream.
    #[error("the server answered {status}: {body}")]
    Http {
        /// The status code.
        status: u16,
        /// The first bytes of the body: the server's sentence.
        body: String,
    },
    /// The server broke the RTMP protocol.
    #[error("the server broke RTMP: {0}")]
    Rtmp(#[from] RtmpError),
    /// The stream is not FLV.
    #[error("the server broke FLV: {0}")]
    Flv(#[from] FlvError),
    /// The WebSocket failed.
    #[error("the WebSocket failed: {0}")]
    WebSocket(Box<tungstenite::Error>),
    /// A signalling connection was closed with a code of `huitong_protocol::CloseCode`.
    #[error("signalling was closed with code {code}: {reason}")]
    SignalClosed {
        /// The close code; 1006 when there was no close frame.
        code: u16,
        /// The server's sentence.
        reason: String,
    },
    /// The server refused a signalling request; nothing changed.
    #[error("the request was refused: {}", .0.message)]
    Request(Box<Failure>),
    /// The server broke the signalling protocol.
    #[error("the server broke the signalling protocol: {0}")]
    Protocol(String),
    /// More events wait than [`crate::Signal`] holds: its owner asks too much and listens too little.
    #[error("too many unread events")]
    TooManyEvents,
}

impl From<tungstenite::Error> for ClientError {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Io(error) => Self::Io(error),
            tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => Self::Closed,
            error => Self::WebSocket(Box::new(error)),
        }
    }
}
