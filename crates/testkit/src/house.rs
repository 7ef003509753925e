//! The media gateways with an authority that tests steer.

use huitong_fanout::{
    Authority, Fanout, FanoutConfig, MediaControl, MediaOrder, Publisher, Ticket, Tracks, Transcoder,
};
use huitong_gateway_flv::{FlvGateway, FlvWire, WsFlvWire};
use huitong_gateway_rtmp::{RtmpGateway, RtmpWire};
use huitong_gateway_webrtc::{Reach, WebrtcConfig, WebrtcGateway};
use huitong_hub::Wire;
use huitong_server::transcoding::Transcoders;
use huitong_types::{ErrorCode, Fault, Scene, StreamId, StreamKey};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What an authority was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A connection asked to publish.
    Publish(Ticket),
    /// A connection asked to play.
    Play(Ticket),
    /// Tracks were seen.
    Tracks(Ticket, Tracks),
    /// A connection is gone.
    Closed(Ticket, bool),
}

#[derive(Default)]
struct Book {
    controls: HashMap<Ticket, MediaControl>,
    held: HashMap<Ticket, MediaOrder>,
    told: Vec<Told>,
}

/// Lets everybody publish and play the stream that the key names, but for keys that begin with `deny`. Those that
/// begin with `hold` wait for [`Permissive::release`].
pub struct Permissive {
    book: Mutex<Book>,
    fanout: Fanout,
    scene: Scene,
}

impl Permissive {
    /// The stream that a key names.
    pub fn stream_of(key: &StreamKey) -> StreamId {
        // FNV-1a: any fixed spread will do.
        let spread = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        StreamId::new(key.reveal().bytes().fold(0xcbf2_9ce4_8422_2325, spread))
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything told so far.
    pub fn told(&self) -> Vec<Told> {
        self.book().told.clone()
    }

    /// Sends an order to a connection.
    ///
    /// # Panics
    /// The connection is unknown or its mailbox is full.
    pub fn order(&self, ticket: Ticket, order: MediaOrder) {
        let control = self.book().controls.get(&ticket).cloned().expect("a known ticket");
        control.try_send(order).expect("room in the mailbox");
    }

    /// Answers a request that was held.
    ///
    /// # Panics
    /// None is held for this connection.
    pub fn release(&self, ticket: Ticket) {
        let order = self.book().held.remove(&ticket).expect("a held request");
        self.order(ticket, order);
    }

    fn answer(&self, ticket: Ticket, key: &StreamKey, control: MediaControl, accept: MediaOrder, told: Told) {
        let refused = key.reveal().starts_with("deny");
        let fault = Fault::because(ErrorCode::UnknownKey, "The test says no.");
        let order = if refused { MediaOrder::Close(fault) } else { accept };
        let mut book = self.book();
        book.told.push(told);
        if key.reveal().starts_with("hold") {
            book.held.insert(ticket, order);
        } else {
            control.try_send(order).expect("an empty mailbox");
        }
        book.controls.insert(ticket, control);
    }
}

impl Authority for Permissive {
    fn publish(&self, ticket: Ticket, key: StreamKey, control: MediaControl) {
        let stream = Self::stream_of(&key);
        let grant = self.fanout.grant_publish(stream, self.scene);
        let accept = MediaOrder::PublishAccepted { grant, allowed: Tracks::BOTH };
        self.answer(ticket, &key, control, accept, Told::Publish(ticket));
    }

    fn play(&self, ticket: Ticket, key: StreamKey, control: MediaControl) {
        let stream = Self::stream_of(&key);
        let accept = match self.fanout.grant_play(stream) {
            Some(grant) => MediaOrder::PlayAccepted { grant, tracks: Tracks::BOTH },
            None => MediaOrder::Close(Fault::because(ErrorCode::NotFound, "Nobody has published this yet.")),
        };
        self.answer(ticket, &key, control, accept, Told::Play(ticket));
    }

    fn tracks_seen(&self, ticket: Ticket, tracks: Tracks) {
        self.book().told.push(Told::Tracks(ticket, tracks));
    }

    fn closed(&self, ticket: Ticket, deliberate: bool) {
        self.book().told.push(Told::Closed(ticket, deliberate));
    }
}

/// Everybody is on this machine.
struct Loopback;

impl Reach for Loopback {
    fn hosts(&self, _headers: &axum::http::HeaderMap) -> Vec<String> {
        vec!["127.0.0.1".to_owned()]
    }
}

/// Running gateways on loopback.
pub struct House {
    /// The fan-out.
    pub fanout: Fanout,
    /// The authority.
    pub authority: Arc<Permissive>,
    /// Address of the RTMP gateway.
    pub rtmp: SocketAddr,
    /// Address of the raw FLV gateway.
    pub flv: SocketAddr,
    /// Address of WHIP, WHEP and the FLV gateway behind axum.
    pub http: SocketAddr,
    /// Address of the WebRTC gateway.
    pub rtc: SocketAddr,
    _down: watch::Sender<bool>,
}

impl House {
    /// Starts the gateways on free ports.
    ///
    /// # Panics
    /// No port or thread can be had.
    pub async fn start(scene: Scene) -> Self {
        Self::with_webrtc(scene, WebrtcConfig { threads: 2, ..WebrtcConfig::default() }).await
    }

    /// As [`House::start`], with this configuration of the WebRTC gateway.
    ///
    /// # Panics
    /// No port or thread can be had.
    pub async fn with_webrtc(scene: Scene, webrtc: WebrtcConfig) -> Self {
        let formats: Vec<Arc<dyn huitong_hub::WireFormat<huitong_media::Frame>>> =
            vec![Arc::new(RtmpWire), Arc::new(FlvWire), Arc::new(WsFlvWire)];
        let transcoder = Some(Arc::new(Transcoders::new(1).expect("a thread")) as Arc<dyn Transcoder>);
        let config = FanoutConfig { transcoder, ..FanoutConfig::with_formats(formats) };
        let fanout = Fanout::new(config).expect("threads");
        let permissive = Arc::new(Permissive { book: Mutex::default(), fanout: fanout.clone(), scene });
        let authority: Arc<dyn Authority> = permissive.clone();
        let (down, shutdown) = watch::channel(false);
        let rtmp = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let flv = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let http = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = |l: &TcpListener| l.local_addr().expect("an address");
        let (rtmp_at, flv_at, http_at) = (address(&rtmp), address(&flv), address(&http));
        let gateway = RtmpGateway {
            fanout: fanout.clone(),
            authority: authority.clone(),
            wire: Wire(0),
            connections: 10_000,
        };
        tokio::spawn(huitong_gateway_rtmp::serve(rtmp, gateway, shutdown));
        let transport = huitong_gateway_webrtc::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
        let rtc = transport.address();
        let webrtc =
            WebrtcGateway::start(transport, webrtc, fanout.clone(), Arc::clone(&authority)).expect("threads");
        let gateway = FlvGateway { fanout: fanout.clone(), authority, flv: Wire(1), ws_flv: Wire(2) };
        let browsers = huitong_gateway_webrtc::router(webrtc, Arc::new(Loopback));
        let router = huitong_gateway_flv::router(gateway.clone()).merge(browsers);
        tokio::spawn(async move { axum::serve(http, router).await });
        tokio::spawn(async move {
            while let Ok((stream, _)) = flv.accept().await {
                tokio::spawn(huitong_gateway_flv::raw::serve(gateway.clone(), stream, Vec::new()));
            }
        });
        Self { fanout, authority: permissive, rtmp: rtmp_at, flv: flv_at, http: http_at, rtc, _down: down }
    }

    /// Publishes what a key names from this process.
    ///
    /// # Panics
    /// The stream ended in between.
    pub fn publish(&self, key: &str) -> Publisher {
        let stream = Permissive::stream_of(&StreamKey::new(key).expect("a key"));
        self.fanout
            .publish(&self.fanout.grant_publish(stream, self.authority.scene))
            .expect("the newest permission")
    }

    /// RTMP URL of a key.
    pub fn rtmp_url(&self, key: &str) -> String {
        format!("rtmp://{}/live/{key}", self.rtmp)
    }

    /// FLV URL of a key, raw.
    pub fn flv_url(&self, key: &str) -> String {
        format!("http://{}/flv/{key}.flv", self.flv)
    }

    /// FLV URL of a key, through axum.
    pub fn http_url(&self, key: &str) -> String {
        format!("http://{}/flv/{key}.flv", self.http)
    }

    /// WHIP URL of a key.
    pub fn whip_url(&self, key: &str) -> String {
        format!("http://{}/whip/{key}", self.http)
    }

    /// WHEP URL of a key.
    pub fn whep_url(&self, key: &str) -> String {
        format!("http://{}/whep/{key}", self.http)
    }
}
