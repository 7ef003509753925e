//! RTMP (Adobe's Real Time Messaging Protocol specification 1.0) as sans-IO connections: handshake, chunks, AMF,
//! commands.
//!
//! A [`ServerConnection`] or [`ClientConnection`] takes the bytes that came from a socket, yields events, and holds the
//! bytes to send. It opens nothing, waits for nothing and reads no clock. A server decides about each
//! [`ServerEvent::Publish`] and [`ServerEvent::Play`] by accepting or refusing with a code.
//!
//! Media to players does not go through their connections: [`encode_media_chunks`] serialises a message once, and its
//! bytes are valid on every connection that was told the same chunk size. They may stand between any two pieces of
//! output of the connection.
//!
//! Every bound on what a peer can make us hold is in [`limits`]. Nothing panics on bytes from the network.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

pub mod amf;
pub mod limits;

mod chunk;
mod client;
mod command;
mod error;
mod handshake;
mod link;
mod message;
mod server;

pub use chunk::encode_media_chunks;
pub use client::{ClientConnection, ClientEvent, ClientMode, ClientOptions};
pub use error::RtmpError;
pub use limits::PLAYER_CHUNK_SIZE;
pub use message::{MediaKind, MediaMessage, StreamName};
pub use server::{ConnectInfo, ServerConnection, ServerEvent, ServerOptions};
