//! TLS on the HTTP port, from certificate files that are read again when they change.

use crate::config::ServerSection;
use crate::error::ServerError;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// How often the files are looked at. Certificates change every few weeks, so seconds are soon enough, and
/// unlike a watch of the file system this works for every way of replacing a file.
const LOOK_EVERY: Duration = Duration::from_secs(2);

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

/// What tells one version of the files from another.
type Version = [Option<(SystemTime, u64)>; 2];

#[derive(Clone)]
struct Files {
    cert: PathBuf,
    key: PathBuf,
}

impl Files {
    fn version(&self) -> Version {
        let look = |path: &Path| {
            let meta = std::fs::metadata(path).ok()?;
            Some((meta.modified().ok()?, meta.len()))
        };
        [look(&self.cert), look(&self.key)]
    }

    fn load(&self) -> Result<CertifiedKey, String> {
        let (cert, key) = (self.cert.display(), self.key.display());
        let chain = CertificateDer::pem_file_iter(&self.cert)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| {
                format!("The certificate file {cert} cannot be read ({error}); correct tls_cert.")
            })?;
        if chain.is_empty() {
            return Err(format!("The file {cert} contains no certificate in PEM form; correct tls_cert."));
        }
        let private = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| {
            format!("The private key file {key} cannot be read ({error}); correct tls_key.")
        })?;
        CertifiedKey::from_der(chain, private, &aws_lc_rs::default_provider()).map_err(|error| {
            format!("The key in {key} does not fit the certificate in {cert} ({error}); correct one.")
        })
    }
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
    let current = Arc::new(Current(RwLock::new(Arc::new(files.load().map_err(ServerError::Start)?))));
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ServerError::Start(format!("TLS cannot be set up: {error}.")))?
        .with_no_client_auth()
        .with_cert_resolver(Arc::<Current>::clone(&current));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    tokio::spawn(async move {
        let mut shutdown = shutdown;
        tokio::select! {
            () = follow(files, version, current) => {}
            _ = shutdown.wait_for(|down| *down) => {}
        }
    });
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

/// Follows the files. A broken version is told once and the old certificate stays in use.
async fn follow(files: Files, mut known: Version, current: Arc<Current>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let here = files.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let version = here.version();
            (version != known).then(|| (version, here.load()))
        });
        match looked.await {
            Ok(Some((version, Ok(certified)))) => {
                known = version;
                *current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
                tracing::info!(file = %files.cert.display(), "the new certificate is in use");
            }
            Ok(Some((version, Err(sentence)))) => {
                known = version;
                tracing::error!("{sentence} The old certificate stays in use.");
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "the certificate files could not be looked at"),
        }
    }
}
