//! Rust client: signalling and RTMP, for load tests, bots and native applications
