//! The command as people and scripts use it.

use huitong_auth::authbuffer::{self, Key, VoiceRoom, VoiceUser};
use huitong_types::{AppId, Redacted};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const SECRET: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";

/// Log lines kept until a test looks at them.
const LOG_LINES: usize = 65_536;

/// Longest time any single step of a test may take.
const PATIENCE: Duration = Duration::from_secs(60);

fn app() -> String {
    format!("1400000000:{SECRET}")
}

fn huitong() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huitong"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HUITONG_")) {
        command.env_remove(name);
    }
    command
}

/// A command that ends by itself.
fn run(args: &[&str]) -> (i32, String, String) {
    let output = huitong().args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A server process on free ports.
struct Served {
    child: Child,
    http: String,
    lines: mpsc::Receiver<String>,
}

impl Served {
    fn start(args: &[&str]) -> Self {
        let mut served = Self::begin(args);
        let listening = served.line_with("\"listening\"");
        served.http = field(&listening, "public");
        served
    }

    /// Does not wait until it listens.
    fn begin(args: &[&str]) -> Self {
        let mut command = huitong();
        command.args([
            "serve",
            "--http",
            "127.0.0.1:0",
            "--rtmp",
            "127.0.0.1:0",
            "--rtc",
            "127.0.0.1:0",
            "--log-format",
            "json",
        ]);
        let mut child = command.args(args).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = mpsc::sync_channel(LOG_LINES);
        let stderr = child.stderr.take().unwrap();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, http: String::new(), lines }
    }

    /// The next line of the log with this text.
    fn line_with(&self, text: &str) -> String {
        loop {
            let line =
                self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no log line with {text}"));
            if line.contains(text) {
                return line;
            }
        }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Waits for the end and returns the rest of the log.
    fn ended(mut self) -> (ExitStatus, String, String) {
        let mut out = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        let status = self.child.wait().unwrap();
        (status, out, self.lines.iter().collect::<Vec<_>>().join("\n"))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // A child that has ended already needs no killing.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Just enough WebSocket to log in.
struct WebSocket(TcpStream);

impl WebSocket {
    fn connect(server: &str) -> Self {
        let host = server.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = format!(
            "GET /v1/signal HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        Self(stream)
    }

    /// One text frame (RFC 6455 section 5.2) with a mask of zeros.
    fn send(&mut self, text: &str) {
        let length = u16::try_from(text.len()).unwrap();
        assert!(length > 125, "the short form is not needed here");
        let [high, low] = length.to_be_bytes();
        self.0.write_all(&[0x81, 0x80 | 126, high, low, 0, 0, 0, 0]).unwrap();
        self.0.write_all(text.as_bytes()).unwrap();
    }

    fn receive(&mut self) -> String {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).unwrap();
        let length = match head[1] {
            126 => {
                let mut length = [0; 2];
                self.0.read_exact(&mut length).unwrap();
                usize::from(u16::from_be_bytes(length))
            }
            short => usize::from(short),
        };
        let mut text = vec![0; length];
        self.0.read_exact(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    }
}

fn field(line: &str, name: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {line}")).to_owned()
}

#[test]
fn a_term_signal_ends_the_server_with_success() {
    let data = tempfile::tempdir().unwrap();
    let served = Served::start(&["--app", &app(), "--data", data.path().to_str().unwrap()]);
    served.signal("-TERM");
    let (status, out, log) = served.ended();
    assert_eq!(status.code(), Some(0));
    assert!(log.contains("draining") && log.contains("stopped"), "{log}");
    assert_eq!(out, "", "machines read standard output: no banner with JSON logs");
}

#[test]
fn urls_come_from_a_running_server_and_secrets_stay_out_of_its_log() {
    let data = tempfile::tempdir().unwrap();
    let served = Served::start(&[
        "--app",
        &app(),
        "--data",
        data.path().to_str().unwrap(),
        "--log",
        "trace,hyper=info",
    ]);
    let server = ["--server", &served.http, "--app", &app()];
    let ask = |args: &[&str]| run(&[args, &server].concat());
    let (code, push, error) = ask(&["url", "push", "--room", "studio/1", "--user", "obs"]);
    assert_eq!((code, error.as_str()), (0, ""));
    let names = |urls: &str| -> Vec<String> {
        urls.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&push), ["rtmp", "whip"]);
    let url = push.lines().next().and_then(|line| line.strip_prefix("rtmp ")).unwrap();
    let (code, play, _) = ask(&["url", "play", "--room", "studio/1", "--user", "obs"]);
    assert_eq!((code, names(&play)), (0, ["rtmp", "flv", "ws-flv", "whep"].map(str::to_owned).to_vec()));
    let (code, table, _) = ask(&["rooms"]);
    assert_eq!((code, table.lines().next().unwrap().starts_with("ROOM")), (0, true));
    let (code, days, _) = ask(&["usage", "--since", "2026-01-01", "--user", "ob&s"]);
    assert_eq!((code, days.trim()), (0, "DAY  STAYS  AUDIO MIN  SD MIN  HD MIN  FHD MIN"));
    let (code, _, error) = ask(&["usage", "--until", "tomorrow"]);
    assert!(code == 1 && error.contains("write it like 2026-11-26"), "{code} {error}");
    let (code, _, error) = ask(&["rooms", "--room", "nowhere"]);
    assert_eq!((code, error.contains("not-found")), (1, true), "{error}");
    let (_, token, _) = run(&["apitoken", "--app", &app()]);

    served.signal("-INT");
    let (status, _, log) = served.ended();
    assert_eq!(status.code(), Some(0));
    assert!(log.contains("url-minted"), "{log}");
    let key = url.rsplit('/').next().unwrap();
    for secret in [SECRET, token.trim(), key] {
        assert!(!log.contains(secret), "the log contains a secret");
    }
}

#[test]
fn a_login_leaves_no_secret_in_the_log_however_much_is_logged() {
    let data = tempfile::tempdir().unwrap();
    let served = Served::start(&[
        "--app",
        &app(),
        "--data",
        data.path().to_str().unwrap(),
        "--log",
        "trace,tungstenite::protocol=trace",
    ]);
    let (_, sig, _) = run(&["usersig", "--app", &app(), "--user", "alice"]);
    let key = "sentinel-push-key-0123456789";
    let mut phone = WebSocket::connect(&served.http);
    phone.send(&format!(
        r#"{{"id":1,"op":"hello","version":1,"app":1400000000,"user":"alice","sig":"{}"}}"#,
        sig.trim()
    ));
    let welcome = phone.receive();
    let welcome: serde_json::Value = serde_json::from_str(&welcome).unwrap();
    let resume = welcome["ok"]["secret"].as_str().unwrap_or_else(|| panic!("{welcome}"));
    phone.send(&format!(
        r#"{{"id":2,"op":"join","room":{{"number":7}},"publish":[{{"stream":"main","key":"{key}","audio":true,"video":true}}]}}"#
    ));
    assert!(phone.receive().contains("\"ok\""));
    served.signal("-TERM");
    served.signal("-TERM");
    let (status, _, log) = served.ended();
    assert_eq!(status.code(), Some(0));
    assert!(log.contains("member-joined"), "{log}");
    for secret in [SECRET, sig.trim(), resume, key] {
        assert!(!log.contains(secret), "the log contains a secret");
    }
}

#[test]
fn a_second_signal_ends_the_server_without_waiting() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("huitong.toml");
    std::fs::write(&file, "[server]\ndrain_seconds = 3600\n").unwrap();
    let (file, data) = (file.to_str().unwrap(), directory.path().to_str().unwrap());
    let served = Served::start(&["--app", &app(), "--config", file, "--data", data]);
    let phone = WebSocket::connect(&served.http);
    served.line_with("\"connected\"");
    served.signal("-TERM");
    served.line_with("draining");
    served.signal("-TERM");
    let (status, _, log) = served.ended();
    assert_eq!(status.code(), Some(0));
    assert!(log.contains("told twice"), "{log}");
    drop(phone);
}

#[test]
fn a_server_with_a_private_certificate_is_reached_with_its_authority() {
    let directory = tempfile::tempdir().unwrap();
    let (cert, key) = (directory.path().join("cert.pem"), directory.path().join("key.pem"));
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let (cert, key) = (cert.to_str().unwrap(), key.to_str().unwrap());
    let data = directory.path().to_str().unwrap();
    let tls = ["--tls-cert", cert, "--tls-key", key];
    let served = Served::start(&[&["--app", &app(), "--data", data][..], &tls].concat());
    assert!(served.http.starts_with("https://"), "{}", served.http);
    let (code, _, error) = run(&["rooms", "--server", &served.http, "--app", &app(), "--ca", cert]);
    assert_eq!((code, error.as_str()), (0, ""));
    let (code, _, error) = run(&["rooms", "--server", &served.http, "--app", &app()]);
    assert_eq!((code, error.contains("certificate")), (1, true), "{error}");
}

#[test]
fn a_certificate_at_its_end_is_told_and_can_be_replaced() {
    let data = tempfile::tempdir().unwrap();
    let path = |name: &str| data.path().join(name).to_str().unwrap().to_owned();
    let put = |year| {
        let mut params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 3, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        std::fs::write(data.path().join("cert.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        std::fs::write(data.path().join("key.pem"), key.serialize_pem()).unwrap();
    };
    put(2021);
    let args = ["--app", &app(), "--data", &path("data"), "--tls-cert", &path("cert.pem")];
    let child = Served::begin(&[&args[..], &["--tls-key", &path("key.pem")]].concat());
    let told = child.line_with("cert.pem expired at 2021-03-01T00:00:00Z");
    assert!(told.contains("\"ERROR\"") && told.contains("nobody comes in over https"), "{told}");
    child.line_with("\"listening\"");
    put(2096);
    child.line_with("the new certificate is in use");
    child.signal("-TERM");
    let (status, _, log) = child.ended();
    assert_eq!((status.code(), log.contains("ERROR")), (Some(0), false), "{log}");
}

#[test]
fn a_wrong_secret_is_refused_by_the_server() {
    let data = tempfile::tempdir().unwrap();
    let served = Served::start(&["--app", &app(), "--data", data.path().to_str().unwrap()]);
    let (code, _, error) =
        run(&["rooms", "--server", &served.http, "--app", "1400000000:another-secret-of-mine"]);
    assert_eq!((code, error.contains("credential-mismatch")), (1, true), "{error}");
}

#[test]
fn a_server_without_applications_makes_a_demo_application() {
    let data = tempfile::tempdir().unwrap();
    let served = Served::start(&["--data", data.path().to_str().unwrap()]);
    let stored = std::fs::read_to_string(data.path().join("demo-app.json")).unwrap();
    let stored: serde_json::Value = serde_json::from_str(&stored).unwrap();
    let app = format!("{}:{}", stored["id"], stored["secret"].as_str().unwrap());
    let (code, _, error) = run(&["rooms", "--server", &served.http, "--app", &app]);
    assert_eq!((code, error.as_str()), (0, ""));
}

#[test]
fn an_address_in_use_is_told_in_one_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = taken.local_addr().unwrap().to_string();
    let taken_udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let udp = taken_udp.local_addr().unwrap().to_string();
    let data = tempfile::tempdir().unwrap();
    let own = ["serve", "--app", &app(), "--data", data.path().to_str().unwrap()];
    for (flag, address) in [("--http", &tcp), ("--rtmp", &tcp), ("--rtc", &udp)] {
        let free = ["--http", "--rtmp", "--rtc"].into_iter().filter(|other| *other != flag);
        let free: Vec<_> = free.flat_map(|other| [other, "127.0.0.1:0"]).collect();
        let (code, _, error) = run(&[&own[..], &[flag, address], &free].concat());
        assert_eq!(code, 2);
        assert!(error.contains(address) && error.contains("in use") && error.contains(flag), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn an_unknown_key_is_told_with_the_nearest_known_one() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("huitong.toml");
    std::fs::write(&file, "[server]\npublic_hots = \"a.example\"\n").unwrap();
    let (code, _, error) = run(&["serve", "--config", file.to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(error.contains("server.public_hots") && error.contains("server.public_host\""), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn a_bad_secret_is_told_and_not_shown() {
    for given in ["1400000000:sentinel", "sentinelsentinelsentinel", "0:sentinelsentinelsentinel"] {
        let (code, _, error) = run(&["serve", "--app", given]);
        assert_eq!(code, 2);
        assert!(error.contains("--app") || error.contains("Application"), "{error}");
        assert!(!error.contains("sentinel"), "{error}");
        for mint in [&["usersig", "--user", "alice"][..], &["authbuffer", "--user", "1", "--room", "a"]] {
            let (code, _, error) = run(&[mint, &["--app", given]].concat());
            assert_eq!(code, 2);
            assert!(!error.contains("sentinel"), "{error}");
        }
    }
}

#[test]
fn certificates_that_cannot_be_read_are_told() {
    let (code, _, error) =
        run(&["serve", "--app", &app(), "--tls-cert", "/nowhere.pem", "--tls-key", "/no.key"]);
    assert_eq!((code, error.contains("/nowhere.pem")), (2, true), "{error}");
    let (code, _, error) = run(&["serve", "--app", &app(), "--tls-cert", "/nowhere.pem"]);
    assert_eq!((code, error.contains("tls_key")), (2, true), "{error}");
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = format!("http://{free}");
    let (code, _, error) = run(&["rooms", "--app", &app(), "--server", &server]);
    assert_eq!((code, error.contains(&free.to_string())), (1, true), "{error}");
    let (code, _, error) = run(&["rooms", "--app", &app(), "--server", "not a url"]);
    assert_eq!((code, error.contains("--server")), (2, true), "{error}");
}

#[test]
fn a_minted_user_sig_is_valid() {
    let (code, sig, _) = run(&["usersig", "--app", &app(), "--user", "alice", "--expire", "60"]);
    assert_eq!(code, 0);
    let claims = huitong_auth::usersig::read_unverified(sig.trim()).unwrap();
    assert_eq!((claims.app, claims.user.as_str()), (1_400_000_000, "alice"));
}

#[test]
fn a_minted_auth_buffer_is_valid_in_every_form_and_with_either_key() {
    let user = VoiceUser::parse("-9223372036854775808").unwrap();
    let room = VoiceRoom::parse("room_123").unwrap();
    let number = AppId::new(1_400_000_000).unwrap();
    let text = |secret: &str| Redacted::new(secret.to_owned());
    let short = "0123456789abcdef";
    let keys = [
        (SECRET, None, Key::md5(&text(SECRET))),
        (short, None, Key::of(&text(short))),
        (short, Some("--md5"), Key::md5(&text(short))),
    ];
    for (secret, flag, key) in keys {
        for form in [None, Some("--base64"), Some("--hex"), Some("--raw")] {
            let app = format!("1400000000:{secret}");
            let mut command = huitong();
            command.args(["authbuffer", "--app", &app, "--user", "-9223372036854775808"]);
            command.args(["--room", "room_123", "--expire", "60"]).args(flag).args(form);
            let output = command.output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
            let now = huitong_server::unix_seconds();
            let opened = authbuffer::verify(number, &key, user, &room, &output.stdout, now).unwrap();
            assert!((now..=now + 60).contains(&opened.expires_unix), "{form:?}");
            let lines = output.stdout.iter().filter(|byte| **byte == b'\n').count();
            assert!(form == Some("--raw") || lines == 1, "{form:?}");
        }
    }
}

#[test]
fn what_no_voice_room_would_take_is_told_before_anything_is_minted() {
    let mint = |user: &str, room: &str, more: &[&str]| {
        run(&[&["authbuffer", "--app", &app(), "--user", user, "--room", room], more].concat())
    };
    let cases = [
        (
            mint("alice", "a", &[]),
            "--user is not valid: userID is \"alice\"; in voice rooms it is a whole number",
        ),
        (mint("9223372036854775808", "a", &[]), "9223372036854775807, as a text of decimal digits"),
        (mint("1", "a b", &[]), "--room is not valid: roomID contains the character ' '"),
        (mint("1", &"R".repeat(128), &[]), "roomID has 128 bytes, at most 127"),
        (mint("1", "a", &["--hex", "--raw"]), "cannot be used with"),
    ];
    for ((code, out, error), sentence) in cases {
        assert_eq!((code, out.as_str(), error.contains(sentence)), (2, "", true), "{error}");
    }
}

#[test]
fn what_is_in_an_auth_buffer_is_shown_to_whoever_has_its_secret() {
    const VECTOR: &str = "FfgoIxM+HQq8apcFTX1eq/f7JeuYijrCcioRe8EtZjf9ZB1zW1elq0yFF/Ds4hOq";
    let read = |secret: &str, given: &str| {
        run(&["authbuffer", "--app", &format!("1400000000:{secret}"), "--read", given])
    };
    let (code, shown, error) = read("0123456789abcdef", VECTOR);
    assert_eq!((code, error.as_str()), (0, ""));
    let lines: Vec<_> = shown.lines().collect();
    let [app, user, room, expires, privileges] = lines[..] else { panic!("{shown}") };
    assert_eq!(
        (app, user, room),
        ("app 1400000001", "user 10001", "room room_123"),
        "of another application"
    );
    assert!(expires.starts_with("expires 2100000000 ("), "{expires}");
    assert_eq!(privileges, "privileges 0xffffffff");
    let (code, shown, error) = read("fedcba9876543210", VECTOR);
    assert_eq!((code, shown.as_str(), error.contains("same secret")), (1, "", true), "{error}");
    let (code, _, error) = read("0123456789abcdef", "-x");
    assert_eq!((code, error.contains("The authBuffer")), (1, true), "{error}");
    let (code, _, error) = run(&["authbuffer", "--app", &self::app(), "--room", "a"]);
    assert_eq!((code, error.contains("--user")), (2, true), "{error}");
}

#[test]
fn bytes_of_an_auth_buffer_are_read_from_the_standard_input() {
    let app = app();
    let mint = ["authbuffer", "--app", &app, "--user", "-7", "--room", "a", "--raw", "--expire", "60"];
    let minted = huitong().args(mint).output().unwrap().stdout;
    let reading = ["authbuffer", "--app", &app, "--read", "-"];
    let mut command = huitong();
    let mut child = command.args(reading).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&minted).unwrap();
    let shown = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(shown.contains("user -7\nroom a\n") && shown.contains(" s)\n"), "{shown}");
}

#[test]
fn help_has_examples() {
    let commands = ["serve", "url", "usersig", "authbuffer"].map(|name| [name, "--help"]);
    for command in commands.iter().map(<[&str; 2]>::as_slice).chain([&["--help"][..]]) {
        let (code, help, _) = run(command);
        assert_eq!((code, help.contains("Example")), (0, true), "{help}");
    }
}
