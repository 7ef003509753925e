//! Signalling gateway: WebSocket connections to and from the engine
