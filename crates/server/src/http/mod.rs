//! The HTTP port: listener, transport, and what is served on it.

mod certificate;
mod demo;
mod host;
pub(crate) mod listener;
mod metrics;
mod pages;
pub(crate) mod preview;
mod proxies;
mod routes;
mod sdk;
mod stream;
pub(crate) mod tls;
mod web;

use crate::address::PublicAddress;
use crate::compat::ConferenceWire;
use crate::control::Control;
use huitong_fanout::Fanout;
use huitong_types::{AppId, Redacted};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

pub(crate) use metrics::recorder;
pub(crate) use proxies::Proxies;
pub(crate) use routes::router;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) control: Control,
    pub(crate) fanout: Fanout,
    pub(crate) address: PublicAddress,
    /// The secrets that authenticate the back-end API.
    pub(crate) apps: BTreeMap<AppId, Redacted<String>>,
    /// The secret of the operator; empty if there is none.
    pub(crate) operator: Redacted<String>,
    /// The conference wire of another vendor's clients.
    pub(crate) wire: Arc<ConferenceWire>,
    /// The application for which the demo site gets credentials, if this server made one for itself.
    pub(crate) demo: Option<AppId>,
    pub(crate) sdk: sdk::Bundle,
    /// The folder of `huitong preview`.
    pub(crate) preview: Option<preview::Project>,
    ready: AtomicBool,
    draining: AtomicBool,
    /// Turns true when every connection has to end.
    pub(crate) shutdown: watch::Receiver<bool>,
}

/// The applications served, and who speaks for them.
pub(crate) struct Tenants {
    /// The secrets that authenticate the back-end API.
    pub(crate) apps: BTreeMap<AppId, Redacted<String>>,
    /// The secret of the operator; empty if there is none.
    pub(crate) operator: Redacted<String>,
    /// The conference wire of another vendor's clients.
    pub(crate) wire: ConferenceWire,
    /// The application for which the demo site gets credentials.
    pub(crate) demo: Option<AppId>,
}

impl Shared {
    pub(crate) fn new(
        control: Control,
        fanout: Fanout,
        address: PublicAddress,
        tenants: Tenants,
        preview: Option<preview::Project>,
        shutdown: watch::Receiver<bool>,
    ) -> Self {
        let Tenants { apps, operator, wire, demo } = tenants;
        Self(Arc::new(Inner {
            control,
            fanout,
            address,
            apps,
            operator,
            wire: Arc::new(wire),
            demo,
            sdk: sdk::Bundle::default(),
            preview,
            ready: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            shutdown,
        }))
    }

    /// All listeners accept.
    pub(crate) fn set_ready(&self) {
        self.0.ready.store(true, Ordering::Release);
    }

    /// The server goes down.
    pub(crate) fn set_draining(&self) {
        self.0.draining.store(true, Ordering::Release);
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.0.ready.load(Ordering::Acquire)
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Acquire)
    }
}

impl std::ops::Deref for Shared {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}
