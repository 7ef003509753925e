//! TLS on the HTTP port.

mod common;

use common::{PATIENCE, Running, config, http_over, soon};
use huitong_client::RtmpPublisher;
use huitong_media::aac::AudioSpecificConfig;
use huitong_media::flv::{Demuxer, TagKind};
use huitong_server::Server;
use rcgen::{CertifiedKey, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::cell::Cell;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::Interval;
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
    over(TcpStream::connect(to).await?, trusted).await
}

async fn over(stream: TcpStream, trusted: &CertificateDer<'static>) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let mut client =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    client.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
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
async fn the_end_of_the_certificate_is_a_figure() {
    let directory = tempfile::tempdir().unwrap();
    let certified = certificate();
    write(directory.path(), &certified);
    let server = server(directory.path()).await;
    let stream = connect(server.http, certified.cert.der()).await.unwrap();
    let figures = http_over(stream, "GET", "/metrics", None, "").await;
    let mut lines = figures.text().lines();
    let end = lines.find_map(|line| line.strip_prefix("huitong_tls_expires_timestamp_seconds ")).unwrap();
    // That of every certificate made here.
    let made = rcgen::CertificateParams::default().not_after.unix_timestamp();
    assert_eq!(end.parse::<f64>().unwrap(), made as f64);
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

/// Sends sound of 32 kbit/s in real time until `until` resolves; `sent` is the time of the newest one, ms.
async fn speak<T>(
    push: &mut RtmpPublisher,
    sent: &Cell<u32>,
    clock: &mut Interval,
    until: impl Future<Output = T>,
) -> T {
    let sound = [&[0xaf, 1][..], &[0x21; 80]].concat();
    let mut until = std::pin::pin!(until);
    loop {
        tokio::select! {
            done = &mut until => return done,
            _ = clock.tick() => {
                sent.set(sent.get() + 20);
                push.send(TagKind::Audio, sent.get(), &[&sound]).await.unwrap();
            }
        }
    }
}

/// Reads on until `enough` says so of a sound's time.
async fn listen(
    stream: &mut TlsStream<TcpStream>,
    demuxer: &mut Demuxer,
    mut enough: impl FnMut(u32) -> bool,
) {
    loop {
        let mut chunk = vec![0; 4096];
        let n = stream.read(&mut chunk).await.unwrap();
        assert!(n > 0, "the stream goes on");
        demuxer.push(&chunk[..n]);
        while let Some(tag) = demuxer.next_tag().unwrap() {
            if tag.kind == TagKind::Audio && tag.body[1] == 1 && enough(tag.timestamp_ms) {
                return;
            }
        }
    }
}

/// The phone behind a tunnel: what comes after is new, but for the little that was under way.
#[tokio::test(flavor = "multi_thread")]
async fn a_player_over_tls_that_stalled_gets_no_old_sound() {
    let directory = tempfile::tempdir().unwrap();
    let certified = certificate();
    write(directory.path(), &certified);
    let server = server(directory.path()).await;
    let url = async |kind: &str| {
        let stream = connect(server.http, certified.cert.der()).await.unwrap();
        let body = format!(r#"{{"kind":"{kind}","user":"alice"}}"#);
        let authorization = common::basic(common::SECRET);
        let urls = http_over(stream, "POST", "/v1/rooms/7/urls", Some(&authorization), &body).await.json();
        let key = urls["urls"][0]["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        key.trim_end_matches(".flv").to_owned()
    };
    let mut push =
        RtmpPublisher::connect(&format!("rtmp://{}/live/{}", server.rtmp, url("push").await)).await.unwrap();
    let header = [&[0xaf, 0][..], &AudioSpecificConfig::lc(48_000, 1).build()].concat();
    push.send(TagKind::Audio, 0, &[&header]).await.unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut player = over(socket.connect(server.http).await.unwrap(), certified.cert.der()).await.unwrap();
    let request = format!("GET /flv/{}.flv HTTP/1.0\r\nHost: h\r\n\r\n", url("play").await);
    player.write_all(request.as_bytes()).await.unwrap();
    let (sent, mut clock) = (Cell::new(0), tokio::time::interval(Duration::from_millis(20)));
    let mut head = Vec::new();
    let opened = async {
        while !head.ends_with(b"\r\n\r\n") {
            head.push(player.read_u8().await.unwrap());
        }
    };
    speak(&mut push, &sent, &mut clock, soon("the head", opened)).await;
    assert!(head.starts_with(b"HTTP/1.0 200"), "{}", String::from_utf8_lossy(&head));
    let mut demuxer = Demuxer::new();
    let start = listen(&mut player, &mut demuxer, |at| at + 200 > sent.get());
    speak(&mut push, &sent, &mut clock, soon("the newest sound", start)).await;

    let (stalled_at, mut looks) = (sent.get(), tokio::time::interval(Duration::from_millis(100)));
    let stall = async {
        while sent.get() < stalled_at + 12_000 {
            looks.tick().await;
        }
    };
    speak(&mut push, &sent, &mut clock, soon("twelve seconds of sound", stall)).await;
    let (mut first, mut old) = (None, 0);
    let rest = listen(&mut player, &mut demuxer, |at| {
        let first = *first.get_or_insert(at);
        // Sound alone has twice the ceiling of 1.5 seconds.
        if at + 3200 < sent.get() {
            old = at - first;
        }
        at + 200 > sent.get()
    });
    speak(&mut push, &sent, &mut clock, soon("the newest sound again", rest)).await;
    assert!(old < 4000, "{old} ms of sound from before the stall");
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
