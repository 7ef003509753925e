//! A small client of the back-end API: one request per connection.

use crate::args::Server;
use crate::failure::Failure;
use http_body_util::{BodyExt, Full, Limited};
use huitong_auth::{AppCredential, mint_api_token};
use huitong_protocol::api::ApiError;
use huitong_server::unix_seconds;
use huitong_types::Redacted;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Longest answer, bytes: a page of 1000 rooms has 150 KiB.
const ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// Validity of the tokens made here, seconds. The clocks of two machines differ by less.
const TOKEN_SECONDS: u64 = 300;

/// One server and the right to ask it.
pub(crate) struct Api {
    base: Uri,
    authorization: Redacted<String>,
    trust: Option<Arc<ClientConfig>>,
}

impl Api {
    /// Prepares requests on behalf of an application.
    pub(crate) fn new(server: &Server, identity: &AppCredential) -> Result<Self, Failure> {
        let wrong = || {
            let given = &server.server;
            Failure::usage(format!(
                "--server is {given:?}; write it like http://127.0.0.1:8080 or https://host."
            ))
        };
        let base: Uri = server.server.trim_end_matches('/').parse().map_err(|_| wrong())?;
        let trust = match base.scheme_str() {
            Some("http") => None,
            Some("https") => Some(trust(server.ca.as_deref())?),
            _ => return Err(wrong()),
        };
        if base.host().is_none() || base.path() != "/" {
            return Err(wrong());
        }
        let expires = unix_seconds() + TOKEN_SECONDS;
        let token = mint_api_token(identity.app, identity.secret.as_redacted(), expires);
        Ok(Self { base, authorization: Redacted::new(format!("Bearer {token}")), trust })
    }

    /// Asks for something.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, Failure> {
        self.call(Method::GET, target(path, &[]), Bytes::new())
    }

    /// Asks for something with parameters.
    pub(crate) fn find<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, Failure> {
        self.call(Method::GET, target(path, query), Bytes::new())
    }

    /// Asks for something with a body.
    pub(crate) fn post<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        let body = serde_json::to_vec(body).map_err(|error| Failure::refused(error.to_string()))?;
        self.call(Method::POST, target(path, &[]), body.into())
    }

    fn call<T: DeserializeOwned>(&self, method: Method, target: String, body: Bytes) -> Result<T, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::refused(format!("The system refuses a runtime ({error}).")))?;
        let exchange = async { tokio::time::timeout(PATIENCE, self.exchange(method, target, body)).await };
        let (status, answer) =
            runtime.block_on(exchange).map_err(|_elapsed| self.unreachable("it does not answer"))??;
        if status.is_success() {
            return serde_json::from_slice(&answer)
                .map_err(|error| self.unreachable(&format!("its answer is not of this API ({error})")));
        }
        match serde_json::from_slice::<ApiError>(&answer) {
            Ok(error) => Err(Failure::refused(format!("{} ({})", error.message, error.code))),
            Err(_) => Err(self.unreachable(&format!("it answers {status}, which is not of this API"))),
        }
    }

    async fn exchange(
        &self,
        method: Method,
        target: String,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), Failure> {
        let host = self.base.host().unwrap_or_default();
        let port = self.base.port_u16().unwrap_or(if self.trust.is_some() { 443 } else { 80 });
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let tcp =
            TcpStream::connect((bare, port)).await.map_err(|error| self.unreachable(&error.to_string()))?;
        let authority = self.base.authority().map_or(host, |authority| authority.as_str());
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header(HOST, authority)
            .header(AUTHORIZATION, self.authorization.reveal())
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| self.unreachable(&error.to_string()))?;
        match &self.trust {
            None => self.send(tcp, request).await,
            Some(config) => {
                let name = ServerName::try_from(bare.to_owned())
                    .map_err(|error| self.unreachable(&error.to_string()))?;
                let connector = TlsConnector::from(Arc::clone(config));
                let tls = connector
                    .connect(name, tcp)
                    .await
                    .map_err(|error| self.unreachable(&error.to_string()))?;
                self.send(tls, request).await
            }
        }
    }

    async fn send<S>(&self, stream: S, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let failed = |error: &dyn std::fmt::Display| self.unreachable(&error.to_string());
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| failed(&error))?;
        // What goes wrong with the connection shows in the request.
        tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(|error| failed(&error))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES)
            .collect()
            .await
            .map_err(|error| failed(&error))?;
        Ok((status, body.to_bytes()))
    }

    fn unreachable(&self, why: &str) -> Failure {
        Failure::refused(format!("The server {} cannot be used: {why}.", self.base))
    }
}

/// The certificates to trust: those of the web, or those of a file.
fn trust(ca: Option<&Path>) -> Result<Arc<ClientConfig>, Failure> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(file) = ca {
        let wrong = |error: &dyn std::fmt::Display| {
            Failure::usage(format!(
                "The certificates in {} cannot be read ({error}); correct --ca.",
                file.display()
            ))
        };
        for cert in CertificateDer::pem_file_iter(file).map_err(|error| wrong(&error))? {
            roots.add(cert.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::refused(format!("TLS cannot be set up: {error}.")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Path and query of a request.
fn target(path: &[&str], query: &[(&str, &str)]) -> String {
    let path: String = path.iter().map(|part| format!("/{}", escaped(part))).collect();
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}

/// Percent-encodes one segment of a path, or one value of a query.
fn escaped(segment: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'@');
    segment.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rooms_are_one_segment_of_a_path() {
        assert_eq!(escaped("@12/会 x"), "@12%2F%E4%BC%9A%20x");
        assert_eq!(target(&["v1", "usage"], &[]), "/v1/usage");
        assert_eq!(target(&["v1"], &[("user", "a&b=c"), ("room", "@1")]), "/v1?user=a%26b%3Dc&room=@1");
    }
}
