//! Test support: the media side of the server without its control side, and ffmpeg as its peers.

pub mod house;
pub mod peers;
pub mod synthetic;
