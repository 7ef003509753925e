//! Pushes that their connections write out.

use huitong_auth::PlayKeys;
use huitong_session::Body;
use huitong_types::SessionId;
use std::sync::Arc;

/// A push that is not written out yet. Writing costs a signature for each play key in it; an event for 100 000
/// members is written by their connections, in parallel, and not by the one task that owns the engine.
#[derive(Clone, Debug)]
pub struct LazyPush {
    pub(crate) session: SessionId,
    pub(crate) seq: u64,
    pub(crate) body: Arc<Body>,
    pub(crate) keys: Arc<PlayKeys>,
}

impl LazyPush {
    /// Bytes of the text, about: keys and number are not counted.
    pub fn size(&self) -> usize {
        self.body.len()
    }

    /// The JSON text.
    pub fn render(&self) -> Arc<str> {
        self.body.render(self.seq, |stream| self.keys.mint(self.session, stream))
    }
}
