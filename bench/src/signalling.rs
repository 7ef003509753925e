//! Signalling: how fast members come, and what an idle one costs.

use crate::process::{cpu_seconds, resident_kib};
use crate::server::{APP, Binary, SECRET};
use huitong_client::{ClientError, Signal};
use huitong_protocol::{Hello, Join, MemberDetails};
use huitong_types::{AppId, DeviceId, Redacted, Role, RoomId, Scene, UserId};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Name of this part.
pub(crate) const NAME: &str = "signalling";

/// Members of a room: a small conference, so that each join is told to a few others.
const ROOM_MEMBERS: usize = 5;

/// Logins under way at once.
const AT_ONCE: usize = 64;

/// Members that warm the server up before its memory is looked at.
const WARM: usize = 100;

/// Memory settles in this time.
const SETTLE: Duration = Duration::from_secs(2);

/// Validity of the credentials, seconds.
const VALID: u64 = 3600;

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    /// Members that came.
    sessions: usize,
    /// Connections with login and join per second.
    joins_per_second: f64,
    /// CPU of the server for one of them, ms.
    cpu_ms: f64,
    /// Resident memory of the server for each idle connection, KiB.
    pub(crate) kib_each: f64,
}

impl Measured {
    /// For people.
    pub(crate) fn sentence(&self) -> String {
        format!(
            "{NAME}: {} connected, logged in and joined rooms of {ROOM_MEMBERS}: {:.0} a second, {:.2} ms CPU each; \
             {:.1} KiB resident per idle connection",
            self.sessions, self.joins_per_second, self.cpu_ms, self.kib_each
        )
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        json!({
            "sessions": self.sessions,
            "joins_per_second": self.joins_per_second,
            "cpu_ms_per_join": self.cpu_ms,
            "resident_kib_per_connection": self.kib_each,
        })
    }
}

/// Measures signalling with so many connections.
pub(crate) fn measure(binary: &Binary, sessions: usize, tell: &dyn Fn(&str)) -> Result<Measured, String> {
    let server = binary.start()?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    let url: Arc<str> = server.signal_url().into();
    let come =
        |from: usize, count: usize| runtime.block_on(come(&url, from, count)).map_err(|e| e.to_string());
    tell("the server warms up");
    let warm = come(0, WARM)?;
    std::thread::sleep(SETTLE);
    let (before, cpu) = (resident_kib(server.pid())?, cpu_seconds(server.pid())?);
    tell("members log in and join");
    let start = Instant::now();
    let members = come(WARM, sessions)?;
    let seconds = start.elapsed().as_secs_f64();
    let cpu = cpu_seconds(server.pid())? - cpu;
    std::thread::sleep(SETTLE);
    let after = resident_kib(server.pid())?;
    drop((warm, members));
    Ok(Measured {
        sessions,
        joins_per_second: sessions as f64 / seconds,
        cpu_ms: cpu * 1000.0 / sessions as f64,
        kib_each: (after - before) / sessions as f64,
    })
}

/// Lets members come and join, and returns when all have.
async fn come(url: &Arc<str>, from: usize, count: usize) -> Result<Vec<Signal>, ClientError> {
    come_with(url, from, count, |url, n| async move { join(&url, n).await }).await
}

/// Lets so many come by `how`, a bounded number at once, and returns when all have.
pub(crate) async fn come_with<T, F>(
    url: &Arc<str>,
    from: usize,
    count: usize,
    how: fn(Arc<str>, usize) -> F,
) -> Result<Vec<T>, ClientError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, ClientError>> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for n in from..from + count {
        let (url, places) = (Arc::clone(url), Arc::clone(&places));
        tasks.spawn(async move {
            let _place = places.acquire_owned().await.map_err(|_| ClientError::Closed)?;
            how(url, n).await
        });
    }
    let mut members = Vec::with_capacity(count);
    while let Some(done) = tasks.join_next().await {
        members.push(done.map_err(|_panicked| ClientError::Closed)??);
    }
    Ok(members)
}

async fn join(url: &str, n: usize) -> Result<Signal, ClientError> {
    let mut signal = Signal::connect(url, hello(n, false)?).await?;
    let room = RoomId::text(format!("room-{}", n / ROOM_MEMBERS)).map_err(wrong)?;
    let (scene, role) = (Scene::Rtc, Role::Publisher);
    signal
        .join(Join {
            room,
            scene,
            role,
            private_map_key: None,
            record_id: None,
            mix: false,
            details: MemberDetails::default(),
            publish: Vec::new(),
        })
        .await?;
    Ok(signal)
}

/// The login of a user; with `calls`, on a device on which calls ring.
pub(crate) fn hello(n: usize, calls: bool) -> Result<Hello, ClientError> {
    let app = AppId::new(APP).map_err(wrong)?;
    let user = UserId::new(format!("user-{n}")).map_err(wrong)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let sig = huitong_auth::usersig::mint(app, &Redacted::new(SECRET.to_owned()), &user, now, VALID, None);
    let client = Some("huitong-bench".to_owned());
    Ok(Hello {
        version: huitong_protocol::PROTOCOL_VERSION,
        app,
        user,
        sig: Some(Redacted::new(sig)),
        auth_buffer: None,
        voice_room: None,
        device: calls.then(|| DeviceId::new("bench")).transpose().map_err(wrong)?,
        calls,
        client,
        resume: None,
    })
}

fn wrong(error: huitong_types::IdError) -> ClientError {
    ClientError::Protocol(error.to_string())
}
