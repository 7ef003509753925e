//! What other vendors' clients and back-ends speak, translated at the edge.

pub mod emedia;

pub(crate) use emedia::{Apps, Emedia as ConferenceWire, describe_metrics, is_app_key, router};
