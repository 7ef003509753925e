//! TLS on the HTTP port, from certificate files that are read again when they change.

use super::certificate::{Files, Loaded, Version};
use crate::config::ServerSection;
use crate::error::ServerError;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use x509_cert::time::Validity;

/// How often the files are looked at. Certificates change every few weeks, so seconds are soon enough, and
/// unlike a watch of the file system this works for every way of replacing a file.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How often a certificate that is at its end is spoken of again.
const REMIND_EVERY: Duration = Duration::from_secs(12 * 3600);

/// The certificate in use.
struct Current(RwLock<Arc<CertifiedKey>>);

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Current")
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

pub(super) fn describe_metrics() {
    metrics::describe_gauge!(
        "huitong_tls_expires_timestamp_seconds",
        metrics::Unit::Seconds,
        "When the certificate of the HTTP port expires, Unix time."
    );
}

/// Loads the certificate and, from then on, its successors. `None` when no TLS is configured.
///
/// # Errors
/// A file cannot be read, or certificate and key do not belong together.
pub(crate) fn acceptor(
    server: &ServerSection,
    shutdown: watch::Receiver<bool>,
) -> Result<Option<TlsAcceptor>, ServerError> {
    if server.tls_cert.as_os_str().is_empty() {
        return Ok(None);
    }
    let files = Files { cert: server.tls_cert.clone(), key: server.tls_key.clone() };
    let version = files.version();
    let Loaded { certified, validity } = files.load().map_err(ServerError::Start)?;
    let current = Arc::new(Current(RwLock::new(Arc::new(certified))));
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ServerError::Start(format!("TLS cannot be set up: {error}.")))?
        .with_no_client_auth()
        .with_cert_resolver(Arc::<Current>::clone(&current));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let mut watch = Watch { files, version, validity, reminded: Instant::now() };
    watch.taken();
    tokio::spawn(async move {
        let mut shutdown = shutdown;
        tokio::select! {
            () = watch.follow(current) => {}
            _ = shutdown.wait_for(|down| *down) => {}
        }
    });
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

/// Who looks at the files.
struct Watch {
    files: Files,
    /// What of them was read last.
    version: Version,
    /// When clients take the certificate in use.
    validity: Option<Validity>,
    /// When that was spoken of last.
    reminded: Instant,
}

impl Watch {
    /// Follows the files. A broken version is told once and the old certificate stays in use.
    async fn follow(mut self, current: Arc<Current>) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let (here, known) = (self.files.clone(), self.version);
            let looked = tokio::task::spawn_blocking(move || {
                let version = here.version();
                (version != known).then(|| (version, here.load()))
            });
            match looked.await {
                Ok(Some((version, Ok(loaded)))) => {
                    self.version = version;
                    self.validity = loaded.validity;
                    *current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded.certified);
                    tracing::info!(file = %self.files.cert.display(), "the new certificate is in use");
                    self.taken();
                }
                Ok(Some((version, Err(sentence)))) => {
                    self.version = version;
                    tracing::error!("{sentence} The old certificate stays in use.");
                }
                Ok(None) if self.reminded.elapsed() >= REMIND_EVERY => self.remind(),
                Ok(None) => {}
                Err(error) => tracing::error!(%error, "the certificate files could not be looked at"),
            }
        }
    }

    /// A certificate is in use from now on.
    fn taken(&mut self) {
        let end =
            self.validity.map_or(f64::NAN, |validity| validity.not_after.to_unix_duration().as_secs_f64());
        metrics::gauge!("huitong_tls_expires_timestamp_seconds").set(end);
        self.remind();
    }

    fn remind(&mut self) {
        self.reminded = Instant::now();
        match self.validity.and_then(|validity| self.files.worry(&validity, SystemTime::now())) {
            Some((sentence, true)) => tracing::error!("{sentence}"),
            Some((sentence, false)) => tracing::warn!("{sentence}"),
            None => {}
        }
    }
}
