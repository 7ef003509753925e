//! Starts everything in order, and ends it in order.

use crate::address::PublicAddress;
use crate::call_book::{self, CallBook};
use crate::compat::{Apps, ConferenceWire};
use crate::conference_book::{self, ConferenceBook};
use crate::config::{AppSection, Config, MediaSection};
use crate::control::{Books, Control};
use crate::demo_app::{self, DemoApp};
use crate::error::ServerError;
use crate::http::{self, Shared, Tenants};
use crate::mixing::Mixers;
use crate::passwords::Passwords;
use crate::transcoding::Transcoders;
use crate::url_book::UrlBook;
use crate::{banner, limits, unix_seconds, usage_book};
use huitong_engine::{Input, RoomKey, Suspender};
use huitong_fanout::{Authority, Fanout, FanoutConfig};
use huitong_gateway_flv::{FlvGateway, FlvWire, WsFlvWire};
use huitong_gateway_rtmp::{RtmpGateway, RtmpWire};
use huitong_gateway_webrtc::{WebrtcConfig, WebrtcGateway};
use huitong_hub::{Pace, RingLimits, Wire};
use huitong_store::{Inside, Store, StoreConfig};
use huitong_types::{AppId, Redacted, RoomId, UserId};
use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

/// Wire formats in the order in which the fan-out is given them.
const RTMP: Wire = Wire(0);
const FLV: Wire = Wire(1);
const WS_FLV: Wire = Wire(2);

/// Connections that wait to be accepted. A room of 300 that reconnects at once fits three times.
const BACKLOG: u32 = 1024;

/// How long connections may take for their goodbyes after the drain.
const GOODBYE: Duration = Duration::from_secs(2);

/// How long a disk that refuses is tried again at the end. A supervisor that waits ten seconds after SIGTERM must not
/// have to kill.
const STORE_CLOSES: Duration = Duration::from_secs(2);

/// How often histograms are folded, so that they do not grow while nobody reads `/metrics`.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// A server that accepts connections.
pub struct Server {
    http: SocketAddr,
    rtmp: SocketAddr,
    rtc: SocketAddr,
    address: PublicAddress,
    demo: Option<DemoApp>,
    config: Config,
    control: Control,
    shared: Shared,
    webrtc: WebrtcGateway,
    engine: JoinHandle<()>,
    /// The listeners, which end only when told to.
    listeners: JoinSet<()>,
    stop_rtmp: watch::Sender<bool>,
    stop_all: watch::Sender<bool>,
}

impl Server {
    /// Binds the listeners and starts to accept.
    ///
    /// # Errors
    /// One sentence that says what to change: an address in use, a certificate that cannot be read, a data
    /// directory that cannot be written.
    pub async fn start(mut config: Config) -> Result<Self, ServerError> {
        config.validate()?;
        let preview = config.preview.as_deref().map(http::preview::Project::open).transpose()?;
        let demo = demo_app::ensure(&mut config)?;
        limits::raise_open_files();
        limits::take_small_pages();
        let recorder = http::recorder();
        let (stop_all, all) = watch::channel(false);
        let (stop_rtmp, rtmp_end) = watch::channel(false);
        let tls = http::tls::acceptor(&config.server, all.clone())?;
        let http_listener = bind("http", config.server.http.0)?;
        let rtmp_listener = bind("rtmp", config.server.rtmp.0)?;
        let rtc_address = config.server.rtc.0;
        let transport = huitong_gateway_webrtc::bind(rtc_address)
            .map_err(|error| ServerError::bind("rtc", rtc_address, &error))?;
        let rtc = transport.address();
        let (http, rtmp) = (local("http", &http_listener)?, local("rtmp", &rtmp_listener)?);
        let address = PublicAddress::new(&config, http, rtmp);
        let fanout = Fanout::new(fanout_config(&config.media)?)
            .map_err(|error| ServerError::Start(format!("The system refuses a thread ({error}).")))?;
        let (store, books) = open_store(&config).await?;
        let mixers = Mixers::start(threads(config.media.mixer_threads), fanout.clone())
            .map_err(|error| ServerError::Start(format!("The system refuses a thread ({error}).")))?;
        let (control, engine) =
            Control::start(config.engine(address.media()), store, books, fanout.clone(), mixers)?;
        let authority: Arc<dyn Authority> = Arc::new(control.clone());
        let flv = FlvGateway {
            fanout: fanout.clone(),
            authority: Arc::clone(&authority),
            flv: FLV,
            ws_flv: WS_FLV,
        };
        let webrtc =
            WebrtcGateway::start(transport, webrtc_config(&config), fanout.clone(), Arc::clone(&authority))
                .map_err(|error| ServerError::Start(format!("WebRTC cannot be served ({error}).")))?;
        let apps: BTreeMap<_, _> = config.app.iter().map(|app| (app.id, app.secret.clone())).collect();
        let wire = conference_wire(&config, apps.clone())?;
        let operator = config.operator.secret.clone();
        let tenants = Tenants { apps, operator, wire, demo: demo.as_ref().map(|demo| demo.app.id) };
        let shared =
            Shared::new(control.clone(), fanout.clone(), address.clone(), tenants, preview, all.clone());
        let site = http::listener::Site {
            router: http::router(shared.clone())
                .merge(huitong_gateway_flv::router(flv.clone()))
                .merge(huitong_gateway_webrtc::router(webrtc.clone(), Arc::new(address.clone()))),
            tls,
            connections: Arc::new(Semaphore::new(config.limits.http_connections)),
            flv,
            proxies: Arc::new(http::Proxies(config.server.trusted_proxies.clone())),
        };
        let gateway =
            RtmpGateway { fanout, authority, wire: RTMP, connections: config.limits.rtmp_connections };
        let mut listeners = JoinSet::new();
        listeners.spawn(http::listener::serve(http_listener, site, all.clone()));
        listeners.spawn(huitong_gateway_rtmp::serve(rtmp_listener, gateway, rtmp_end));
        if let Some(recorder) = recorder {
            listeners.spawn(upkeep(recorder.clone(), all));
        }
        shared.set_ready();
        Ok(Self {
            http,
            rtmp,
            rtc,
            address,
            demo,
            config,
            control,
            shared,
            webrtc,
            engine,
            listeners,
            stop_rtmp,
            stop_all,
        })
    }

    /// The bound address of the HTTP port.
    pub const fn http(&self) -> SocketAddr {
        self.http
    }

    /// The bound address of the RTMP port.
    pub const fn rtmp(&self) -> SocketAddr {
        self.rtmp
    }

    /// The bound address of the WebRTC port.
    pub const fn rtc(&self) -> SocketAddr {
        self.rtc
    }

    /// Under which addresses clients reach this server.
    pub const fn address(&self) -> &PublicAddress {
        &self.address
    }

    /// The configuration in use, with the demo application if there is one.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// What a person who started the server wants to know.
    pub fn banner(&self) -> String {
        banner::text(self.http, self.rtmp, self.rtc, &self.address, &self.config, self.demo.as_ref())
    }

    /// Runs until `stop` resolves, then drains: nobody is admitted, `/readyz` answers 503, and connections have
    /// `server.drain_seconds` to end; `hurry` cuts that short.
    ///
    /// # Errors
    /// The engine or a listener failed. Connections are of no use then, so the process should end at once.
    pub async fn run(
        self,
        stop: impl Future<Output = ()>,
        hurry: impl Future<Output = ()>,
    ) -> Result<(), ServerError> {
        let store = self.control.store.clone();
        let ended = self.run_until(stop, hurry).await;
        // However the server ended, what was handed to the store comes to the disk.
        if let Err(error) = tokio::task::spawn_blocking(move || store.close(STORE_CLOSES)).await {
            tracing::error!(%error, "the database was not closed");
        }
        tracing::info!("stopped");
        ended
    }

    async fn run_until(
        mut self,
        stop: impl Future<Output = ()>,
        hurry: impl Future<Output = ()>,
    ) -> Result<(), ServerError> {
        tokio::select! {
            () = stop => {}
            ended = &mut self.engine => return Err(failed("engine", ended)),
            Some(ended) = self.listeners.join_next() => return Err(failed("listener", ended)),
        }
        let mut engine = self.engine;
        let draining = drain(&self.config, &self.shared, &self.stop_rtmp, &self.control);
        tokio::select! {
            () = draining => {}
            () = hurry => tracing::warn!("told twice to stop: not waiting for connections"),
            ended = &mut engine => return Err(failed("engine", ended)),
        }
        self.control.shutdown().await;
        self.webrtc.close_all(GOODBYE).await;
        self.stop_all.send_replace(true);
        let goodbyes = self.control.load();
        let gone = async {
            let mut goodbyes = goodbyes;
            goodbyes.wait_for(|load| load.signalling == 0).await.map(drop)
        };
        // Whoever has not left by then loses its connection with the process.
        let _all_gone = tokio::time::timeout(GOODBYE, gone).await;
        self.listeners.abort_all();
        Ok(())
    }
}

/// Opens the store and takes from it what the engine has to know.
async fn open_store(config: &Config) -> Result<(Store, Books), ServerError> {
    let data = &config.server.data;
    let (store, restored) = Store::open(&StoreConfig {
        data: data.clone(),
        keep_call_records_days: config.store.keep_call_records_days,
        keep_usage_days: config.store.keep_usage_days,
    })?;
    if restored.lost_calls > 0 {
        tracing::warn!(
            calls = restored.lost_calls,
            "calls were cut off when the server before this one died"
        );
    }
    if restored.lost_stays > 0 {
        tracing::warn!(
            stays = restored.lost_stays,
            "stays in rooms were cut off when the server before this one died; they are counted up to a minute before"
        );
    }
    let (urls, minted) = UrlBook::open(data, store.clone(), &restored.urls, unix_seconds()).await?;
    let mut kept = call_book::restored(restored.groups);
    kept.extend(minted.into_iter().map(Input::RestoreUrl));
    kept.extend(conference_book::restored(restored.conferences));
    let suspended = |app, by| Input::RestoreSuspension { app, by };
    kept.extend(restored.suspended.into_iter().map(|(app, by)| match by {
        huitong_store::Suspender::BackEnd => suspended(app, Suspender::BackEnd),
        huitong_store::Suspender::Operator => suspended(app, Suspender::Operator),
    }));
    let fixed = config.app.iter().filter(|app| app.suspended);
    kept.extend(fixed.map(|app| suspended(app.id, Suspender::Configuration)));
    kept.extend(restored.inside.into_iter().filter_map(was_inside));
    let calls = CallBook::new(store.clone());
    let conferences = ConferenceBook::new(store.clone());
    let (counting, used, allowed) = (usage_book::settings(config), restored.usage, restored.quotas);
    let passwords = Passwords::start().map_err(|error| {
        ServerError::Start(format!("The system gives no thread for passwords ({error})."))
    })?;
    Ok((store, Books { urls, calls, conferences, counting, used, allowed, passwords, kept }))
}

/// Who was in a room when the server before this one ended. What cannot be read was written by nobody who is served now.
fn was_inside(inside: Inside) -> Option<Input> {
    let room = RoomId::parse(&inside.room).ok()?;
    Some(Input::RestoreInside {
        key: RoomKey { app: inside.app, room },
        user: UserId::new(inside.user).ok()?,
    })
}

async fn drain(config: &Config, shared: &Shared, stop_rtmp: &watch::Sender<bool>, control: &Control) {
    let within = Duration::from_secs(u64::from(config.server.drain_seconds));
    tracing::info!(seconds = within.as_secs(), "draining: nobody is admitted, connections may end");
    shared.set_draining();
    stop_rtmp.send_replace(true);
    control.drain(within).await;
    let mut load = control.load();
    // When the engine is gone there is nothing left to wait for.
    let _idle = tokio::time::timeout(within, load.wait_for(|load| load.is_idle())).await;
}

/// Starts a server, prints its banner, and runs it until SIGTERM or SIGINT.
///
/// # Errors
/// As for [`Server::start`] and [`Server::run`].
pub async fn run(config: Config) -> Result<(), ServerError> {
    let mut signals = crate::signals::Signals::listen()?;
    let server = Server::start(config).await?;
    banner::show(&server);
    let (first, second) = signals.split();
    server.run(first, second).await
}

fn failed(what: &str, ended: Result<(), tokio::task::JoinError>) -> ServerError {
    let why = match ended {
        Ok(()) => "it ended by itself".to_owned(),
        Err(error) => error.to_string(),
    };
    let sentence = format!("The {what} failed ({why}); the server ends so that it can be started afresh.");
    tracing::error!("{sentence}");
    ServerError::Failed(sentence)
}

async fn upkeep(recorder: metrics_exporter_prometheus::PrometheusHandle, mut end: watch::Receiver<bool>) {
    let fold = async {
        loop {
            tokio::time::sleep(METRICS_UPKEEP).await;
            recorder.run_upkeep();
        }
    };
    tokio::select! {
        () = fold => {}
        _ = end.wait_for(|end| *end) => {}
    }
}

/// The conference wire, with a secret of this start.
fn conference_wire(
    config: &Config,
    secrets: BTreeMap<AppId, Redacted<String>>,
) -> Result<ConferenceWire, ServerError> {
    let mut secret = [0_u8; 32];
    getrandom::fill(&mut secret)
        .map_err(|error| ServerError::Start(format!("The system gives no random numbers ({error}).")))?;
    let key =
        |app: &AppSection| (!app.conference_key.is_empty()).then(|| (app.conference_key.clone(), app.id));
    let keys = config.app.iter().filter_map(key).collect();
    Ok(ConferenceWire::new(Apps::new(keys, secrets), secret))
}

fn webrtc_config(config: &Config) -> WebrtcConfig {
    WebrtcConfig {
        threads: config.media.threads,
        silence: Duration::from_secs(u64::from(config.limits.rtc_silence_seconds)),
        extra_candidates: config.server.rtc_candidates.clone(),
    }
}

/// Threads that work on sound: as configured, or one per two processors. A core manages more streams than a small server
/// has; the media threads come first.
fn threads(configured: usize) -> usize {
    match configured {
        0 => std::thread::available_parallelism().map_or(1, usize::from).div_ceil(2),
        n => n,
    }
}

fn fanout_config(media: &MediaSection) -> Result<FanoutConfig, ServerError> {
    let micros = |ms: u32| u64::from(ms) * 1000;
    let transcoder = Transcoders::new(threads(media.transcode_threads))
        .map_err(|error| ServerError::Start(format!("The system refuses a thread ({error}).")))?;
    Ok(FanoutConfig {
        shards: media.threads,
        rtc: Pace { window: micros(media.rtc_window_ms), ceiling: micros(media.rtc_ceiling_ms) },
        live: Pace { window: micros(media.live_window_ms), ceiling: micros(media.live_ceiling_ms) },
        limits: RingLimits { bytes: media.gop_bytes, ..RingLimits::default() },
        formats: vec![Arc::new(RtmpWire), Arc::new(FlvWire), Arc::new(WsFlvWire)],
        transcoder: Some(Arc::new(transcoder)),
    })
}

/// A listener that can be bound again right after a restart.
fn bind(flag: &str, address: SocketAddr) -> Result<TcpListener, ServerError> {
    let listen = || {
        let domain = socket2::Domain::for_address(address);
        let socket = socket2::Socket::new(domain, socket2::Type::STREAM, Some(socket2::Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(i32::try_from(BACKLOG).unwrap_or(i32::MAX))?;
        TcpListener::from_std(socket.into())
    };
    listen().map_err(|error| ServerError::bind(flag, address, &error))
}

fn local(flag: &str, listener: &TcpListener) -> Result<SocketAddr, ServerError> {
    listener
        .local_addr()
        .map_err(|error| ServerError::Start(format!("The {flag} listener has no address ({error}).")))
}
