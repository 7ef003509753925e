//! HTTP-FLV and WebSocket-FLV out
