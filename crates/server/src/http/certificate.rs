//! The certificate of the HTTP port as its files have it, and until when clients take it.

use rustls::crypto::aws_lc_rs;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::time::{Time, Validity};

/// How long before its end a certificate is spoken of. Programs that renew certificates do so a month before; what is not
/// renewed two weeks before needs somebody who looks.
const SPOKEN_OF: Duration = Duration::from_secs(14 * DAY);

const DAY: u64 = 86_400;

/// What tells one version of the files from another.
pub(super) type Version = [Option<(SystemTime, u64)>; 2];

/// Where certificate and key are.
#[derive(Clone)]
pub(super) struct Files {
    pub(super) cert: PathBuf,
    pub(super) key: PathBuf,
}

/// What the files have.
pub(super) struct Loaded {
    pub(super) certified: CertifiedKey,
    /// Unknown of a certificate that only the TLS library can read.
    pub(super) validity: Option<Validity>,
}

impl Files {
    pub(super) fn version(&self) -> Version {
        let look = |path: &Path| {
            let meta = std::fs::metadata(path).ok()?;
            Some((meta.modified().ok()?, meta.len()))
        };
        [look(&self.cert), look(&self.key)]
    }

    /// Reads them. The error is a sentence that says what to change.
    pub(super) fn load(&self) -> Result<Loaded, String> {
        let (cert, key) = (self.cert.display(), self.key.display());
        let chain = CertificateDer::pem_file_iter(&self.cert)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| {
                format!("The certificate file {cert} cannot be read ({error}); correct tls_cert.")
            })?;
        let Some(own) = chain.first() else {
            return Err(format!("The file {cert} contains no certificate in PEM form; correct tls_cert."));
        };
        let validity = Certificate::from_der(own).ok().map(|own| *own.tbs_certificate().validity());
        let private = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| {
            format!("The private key file {key} cannot be read ({error}); correct tls_key.")
        })?;
        let certified =
            CertifiedKey::from_der(chain, private, &aws_lc_rs::default_provider()).map_err(|error| {
                format!("The key in {key} does not fit the certificate in {cert} ({error}); correct one.")
            })?;
        Ok(Loaded { certified, validity })
    }

    /// What is to be said of a certificate at this time, and whether clients refuse it now.
    pub(super) fn worry(&self, validity: &Validity, now: SystemTime) -> Option<(String, bool)> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let (from, until) = (validity.not_before.to_unix_duration(), validity.not_after.to_unix_duration());
        let file = self.cert.display();
        let day = |time: &Time| time.to_string();
        if now >= until {
            let sentence = format!(
                "The certificate in {file} expired at {}, and clients refuse it: nobody comes in over https and wss. \
                 Put a new one in its place; it is used within seconds, without a restart.",
                day(&validity.not_after)
            );
            Some((sentence, true))
        } else if now < from {
            let sentence = format!(
                "The certificate in {file} is valid from {} on, and clients refuse it until then. Put another one in \
                 its place, or set the clock of this machine.",
                day(&validity.not_before)
            );
            Some((sentence, true))
        } else if until < now + SPOKEN_OF {
            let sentence = format!(
                "The certificate in {file} expires at {}, in {} days. Put a new one in its place; it is used within \
                 seconds, without a restart.",
                day(&validity.not_after),
                (until - now).as_secs() / DAY
            );
            Some((sentence, false))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_cert::der::DateTime;

    fn files() -> Files {
        Files { cert: "chain.pem".into(), key: "key.pem".into() }
    }

    fn at(day: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(day * DAY)
    }

    fn said(day: u64) -> Option<(String, bool)> {
        let time = |day| Time::from(DateTime::from_unix_duration(Duration::from_secs(day * DAY)).unwrap());
        files().worry(&Validity::new(time(100), time(190)), at(day))
    }

    #[test]
    fn a_certificate_is_spoken_of_before_its_end_and_when_clients_refuse_it() {
        assert_eq!(said(100), None);
        assert_eq!(said(175), None);
        let (sentence, refused) = said(180).unwrap();
        assert!(sentence.contains("chain.pem expires at 1970-07-10T00:00:00Z, in 10 days") && !refused);
        let (sentence, refused) = said(190).unwrap();
        assert!(sentence.contains("expired at 1970-07-10T00:00:00Z") && refused);
        let (sentence, refused) = said(99).unwrap();
        assert!(sentence.contains("valid from 1970-04-11T00:00:00Z on") && refused);
    }
}
