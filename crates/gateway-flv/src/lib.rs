//! HTTP-FLV and WebSocket-FLV out.
//!
//! Two ways lead to a viewer. A plain TCP connection whose first request is for a stream is served raw
//! ([`raw`]): the fan-out writes straight into its socket. Everything else (TLS, a connection that carried other
//! requests before) goes through axum ([`routes`]) and a bounded pipe.

pub mod raw;
pub mod request;
pub mod routes;
pub mod session;
pub mod wire;

pub use routes::router;
pub use wire::{FlvWire, WsFlvWire};

use huitong_fanout::{Authority, Fanout};
use huitong_hub::Wire;
use std::sync::Arc;

/// What both ways need.
#[derive(Clone)]
pub struct FlvGateway {
    /// The fan-out.
    pub fanout: Fanout,
    /// Who allows playing.
    pub authority: Arc<dyn Authority>,
    /// Index of [`FlvWire`] among the formats of the fan-out.
    pub flv: Wire,
    /// Index of [`WsFlvWire`] among the formats of the fan-out.
    pub ws_flv: Wire,
}
