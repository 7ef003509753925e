//! What a person sees after the start.

use crate::address::PublicAddress;
use crate::config::{Config, LogFormat};
use crate::demo_app::DemoApp;
use crate::server::Server;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;

/// Prints the banner where people read, and in any case logs where the server listens.
pub(crate) fn show(server: &Server) {
    if server.config().log.format == LogFormat::Human {
        // A closed standard output is no reason not to serve.
        let _unseen = writeln!(std::io::stdout(), "{}", server.banner());
    }
    tracing::info!(http = %server.http(), rtmp = %server.rtmp(), rtc = %server.rtc(), public = server.address().http(),
        apps = server.config().app.len(), version = env!("CARGO_PKG_VERSION"), "listening");
}

pub(crate) fn text(
    http: SocketAddr,
    rtmp: SocketAddr,
    rtc: SocketAddr,
    address: &PublicAddress,
    config: &Config,
    demo: Option<&DemoApp>,
) -> String {
    let mut text = format!("Huitong {} is running.\n\n", env!("CARGO_PKG_VERSION"));
    let here = if http.ip().is_unspecified() {
        format!("port {} of every address", http.port())
    } else {
        http.to_string()
    };
    let mut line = |label: &str, value: &str| {
        // Writing into a text cannot fail.
        let _infallible = writeln!(text, "  {label:<9} {value}");
    };
    line("HTTP", &format!("{}  (listening on {here})", address.http()));
    line("RTMP", &format!("{}/live  (listening on {rtmp})", address.rtmp()));
    line("WebRTC", &format!("{}/whip and /whep  (media on {rtc}, UDP and TCP)", address.http()));
    line("Demo", &format!("{}/  (open it in a browser)", address.http()));
    line("Example", &format!("{}/miniprogram/  (a mini program, in a browser)", address.http()));
    if let Some(folder) = &config.preview {
        line("Preview", &format!("{}/preview/  ({})", address.http(), folder.display()));
    }
    line("SDK", &format!("{}/sdk/", address.http()));
    for app in &config.app {
        let marked = demo.filter(|demo| demo.app.id == app.id);
        let from =
            marked.map_or_else(String::new, |demo| format!("  (demo, secret in {})", demo.file.display()));
        line("App", &format!("{}{from}", app.id));
    }
    if let Some(demo) = demo {
        text.push_str(&demo_lines(demo, address));
    }
    text
}

fn demo_lines(demo: &DemoApp, address: &PublicAddress) -> String {
    let id = demo.app.id;
    let (secret, said) = if demo.fresh {
        let secret = demo.app.secret.reveal().clone();
        (secret.clone(), format!("Its secret is shown this once: {secret}\n\n"))
    } else {
        ("SECRET".to_owned(), String::new())
    };
    let server = address.http();
    let program = program();
    format!(
        "\nNo application is configured, so there is a demo application. {said}Next, in another terminal:\n\n  \
         {program} usersig --app {id}:{secret} --user alice\n  \
         {program} url push --server {server} --app {id}:{secret} --room 1 --user alice\n  \
         {program} url play --server {server} --app {id}:{secret} --room 1 --user alice\n"
    )
}

/// The command as this process was started, so that the lines can be pasted.
fn program() -> String {
    std::env::args().next().filter(|name| name.ends_with("huitong")).unwrap_or_else(|| "huitong".to_owned())
}
