//! TLS on the HTTP port.

mod common;

use common::{PATIENCE, Running, config, http_over, soon};
use huitong_server::Server;
use rcgen::{CertifiedKey, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

fn certificate() -> CertifiedKey<KeyPair> {
    rcgen::generate_simple_self_signed(vec!["rtc.test".to_owned()]).unwrap()
}

fn write(directory: &Path, certified: &CertifiedKey<KeyPair>) {
    std::fs::write(directory.join("cert.pem"), certified.cert.pem()).unwrap();
    std::fs::write(directory.join("key.pem"), certified.signing_key.serialize_pem()).unwrap();
}

async fn connect(to: SocketAddr, trusted: &CertificateDer<'static>) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let mut client =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    client.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = TcpStream::connect(to).await?;
    TlsConnector::from(Arc::new(client)).connect(ServerName::try_from("rtc.test").unwrap(), stream).await
}

async fn server(directory: &Path) -> Running {
    let mut config = config();
    config.server.tls_cert = directory.join("cert.pem");
    config.server.tls_key = directory.join("key.pem");
    Running::start(config).await
}

#[tokio::test]
async fn requests_travel_over_tls_and_media_addresses_follow() {
    let directory = tempfile::tempdir().unwrap();
    let certified = certificate();
    write(directory.path(), &certified);
    let server = server(directory.path()).await;
    let stream = connect(server.http, certified.cert.der()).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
    assert_eq!(http_over(stream, "GET", "/healthz", None, "").await.status, 200);
    let stream = connect(server.http, certified.cert.der()).await.unwrap();
    let body = r#"{"kind":"play","user":"alice"}"#;
    let urls =
        http_over(stream, "POST", "/v1/rooms/7/urls", Some(&common::basic(common::SECRET)), body).await;
    assert!(urls.text().contains("https://") && urls.text().contains("wss://"), "{urls:?}");
}

#[tokio::test]
async fn an_flv_player_is_served_over_tls_too() {
    let directory = tempfile::tempdir().unwrap();
    let certified = certificate();
    write(directory.path(), &certified);
    let mut config = config();
    config.server.tls_cert = directory.path().join("cert.pem");
    config.server.tls_key = directory.path().join("key.pem");
    config.limits.early_hold_ms = 0;
    let server = Running::start(config).await;
    let stream = connect(server.http, certified.cert.der()).await.unwrap();
    let answer = http_over(stream, "GET", "/flv/nobodyknowsthiskey0.flv", None, "").await;
    assert_eq!(answer.status, 403, "{answer:?}");
}

#[tokio::test]
async fn a_replaced_certificate_is_used_without_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (certificate(), certificate());
    write(directory.path(), &old);
    let server = server(directory.path()).await;
    connect(server.http, old.cert.der()).await.unwrap();
    assert!(connect(server.http, new.cert.der()).await.is_err());

    std::fs::write(directory.path().join("key.pem"), "this is no key").unwrap();
    connect(server.http, old.cert.der()).await.expect("a broken file changes nothing");
    write(directory.path(), &new);
    let replaced = async { while connect(server.http, new.cert.der()).await.is_err() {} };
    tokio::time::timeout(PATIENCE, replaced).await.expect("the new certificate is used");
    assert!(connect(server.http, old.cert.der()).await.is_err());
}

#[tokio::test]
async fn a_key_of_another_certificate_is_refused_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &certificate());
    std::fs::write(directory.path().join("key.pem"), certificate().signing_key.serialize_pem()).unwrap();
    let mut config = config();
    config.server.tls_cert = directory.path().join("cert.pem");
    config.server.tls_key = directory.path().join("key.pem");
    let Err(error) = soon("the start", Server::start(config)).await else { panic!("it started") };
    assert_eq!(error.exit_code(), 2);
    assert!(error.to_string().contains("does not fit"), "{error}");
}
