//! The threads and sockets under the hub: shards, inboxes, viewer I/O.

pub mod authority;

pub use authority::{Authority, MediaControl, MediaOrder, Ticket, Tracks};
