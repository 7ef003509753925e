//! RTMP listener: publish and play requests in, frames through the hub
