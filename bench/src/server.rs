//! The server under test: the `huitong` binary as it is delivered, with its default configuration.

use huitong_types::Scene;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The application of every run.
pub(crate) const APP: u32 = 1_400_000_000;

/// Its secret. It protects nothing: the server listens on the loopback interface for a few minutes.
pub(crate) const SECRET: &str = "bench-secret-0123456789abcdef0123";

/// The room of every point.
const ROOM: &str = "bench";

/// A server that is not healthy by then will never be.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// Pause between two looks at the health of a starting server.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Where the servers of a run write what they have to say: a line per player would bury the table.
pub(crate) const LOG: &str = "out/bench-server.log";

/// The figure that counts writes to viewers.
const WRITES: &str = "huitong_media_writes_total";

/// An answer to a question about figures is waited for this long: a server that is busy takes a moment.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Servers started so far: each has a data directory of its own.
static STARTED: AtomicU32 = AtomicU32::new(0);

/// The binary.
pub(crate) struct Binary(PathBuf);

impl Binary {
    /// The given binary, or the one beside this program.
    pub(crate) fn find(given: Option<&Path>) -> Result<Self, String> {
        let beside = || std::env::current_exe().ok().map(|path| path.with_file_name("huitong"));
        let path = given.map(Path::to_owned).or_else(beside).unwrap_or_default();
        if path.is_file() {
            return Ok(Self(path));
        }
        Err(format!(
            "there is no server at {}: build it with `make build` or name one with --server",
            path.display()
        ))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Starts a server on free ports and waits until it is healthy.
    pub(crate) fn start(&self) -> Result<Server, String> {
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let data = std::env::temp_dir().join(format!("huitong-bench-{}-{number}", std::process::id()));
        let (http, rtmp) = (free_port()?, free_port()?);
        let log = log_file()?;
        let errors = log.try_clone().map_err(|e| format!("{LOG}: {e}"))?;
        let child = Command::new(&self.0)
            .args(["serve", "--public-host", "127.0.0.1"])
            .args([
                "--http",
                &format!("127.0.0.1:{http}"),
                "--rtmp",
                &format!("127.0.0.1:{rtmp}"),
                "--rtc",
                "127.0.0.1:0",
            ])
            .args(["--app", &format!("{APP}:{SECRET}"), "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .map_err(|e| format!("{} cannot be started: {e}", self.0.display()))?;
        let server = Server { child, binary: self.0.clone(), http };
        let start = Instant::now();
        while !server.is_healthy() {
            if start.elapsed() > START_TIMEOUT {
                return Err(format!("the server does not become healthy; {LOG} tells more"));
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(server)
    }
}

/// The log, to append to.
fn log_file() -> Result<File, String> {
    let path = Path::new(LOG);
    path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(|e| format!("{LOG}: {e}"))?;
    File::options().create(true).append(true).open(path).map_err(|e| format!("{LOG}: {e}"))
}

/// A port that is free now.
fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
    listener.map(|address| address.port()).map_err(|e| format!("no free port: {e}"))
}

/// A running server. It is killed with its handle.
pub(crate) struct Server {
    child: Child,
    binary: PathBuf,
    http: u16,
}

/// Addresses of one stream.
pub(crate) struct StreamUrls {
    /// Where to push RTMP.
    pub(crate) push: String,
    /// Where to publish from a browser.
    pub(crate) whip: String,
    /// Where to play RTMP.
    pub(crate) rtmp: String,
    /// Where to play HTTP-FLV.
    pub(crate) flv: String,
    /// Where to play in a browser.
    pub(crate) whep: String,
}

impl Server {
    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where signalling connects to.
    pub(crate) fn signal_url(&self) -> String {
        format!("ws://127.0.0.1:{}{}", self.http, huitong_protocol::SIGNAL_PATH)
    }

    /// Writes to viewers so far, if this build tells.
    pub(crate) fn writes(&self) -> Option<u64> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.http)).ok()?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT)).ok()?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.lines().find_map(|line| line.strip_prefix(WRITES)?.trim().parse().ok())
    }

    fn is_healthy(&self) -> bool {
        let mut answer = [0u8; 12];
        TcpStream::connect(("127.0.0.1", self.http))
            .and_then(|mut stream| {
                stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")?;
                stream.read_exact(&mut answer)
            })
            .is_ok_and(|()| answer.ends_with(b"200"))
    }

    /// The addresses of the streams of so many members of one room.
    pub(crate) fn streams(&self, count: usize, scene: Scene) -> Result<Vec<StreamUrls>, String> {
        let scene = if scene == Scene::Rtc { "rtc" } else { "live" };
        let one = |n: usize| {
            let user = format!("member-{n}");
            let push = self.urls("push", &user, scene)?;
            let play = self.urls("play", &user, scene)?;
            let pick = |text: &str, name: &str| {
                let url = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
                url.map(str::to_owned).ok_or_else(|| format!("`huitong url` names no {name} address"))
            };
            Ok(StreamUrls {
                push: pick(&push, "rtmp")?,
                whip: pick(&push, "whip")?,
                rtmp: pick(&play, "rtmp")?,
                flv: pick(&play, "flv")?,
                whep: pick(&play, "whep")?,
            })
        };
        (0..count).map(one).collect()
    }

    /// What `huitong url` prints.
    fn urls(&self, kind: &str, user: &str, scene: &str) -> Result<String, String> {
        let output = Command::new(&self.binary)
            .args(["url", kind, "--server", &format!("http://127.0.0.1:{}", self.http)])
            .args(["--app", &format!("{APP}:{SECRET}"), "--room", ROOM, "--user", user, "--scene", scene])
            .output()
            .map_err(|e| e.to_string())?;
        if !output.status.success() {
            return Err(format!("`huitong url` failed: {}", String::from_utf8_lossy(&output.stderr).trim()));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("the server did not end: {error}");
        }
    }
}
