//! Test support: the media side of the server without its control side, and ffmpeg and WebRTC peers for it.

pub mod film;
pub mod footage;
pub mod house;
pub mod peers;
pub mod relay;
pub mod synthetic;
pub mod webrtc;
