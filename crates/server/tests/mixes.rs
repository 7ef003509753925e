//! Mixed voices, end to end: the whole process, real sockets, real codecs.

mod common;

use common::{PATIENCE, Phone, Running, config, soon};
use futures_util::StreamExt;
use huitong_client::{ClientError, FlvPlayer, Media, RtmpPlayer, RtmpPublisher};
use huitong_codec::{AacDecoder, AacEncoder, AudioDecoder, AudioEncoder, OpusDecoder, OpusEncoder, Pcm};
use huitong_media::flv::TagKind;
use huitong_testkit::synthetic;
use huitong_testkit::webrtc::Browser;
use serde_json::{Value, json};
use std::f64::consts::TAU;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

const RATE: usize = 48_000;

/// A frequency per talker, Hz; none a harmonic of another.
const TONES: [u32; 10] = [331, 443, 557, 673, 787, 911, 1033, 1153, 1277, 1399];

/// Level of a tone: ten of them fit into full scale.
const LEVEL: f64 = 0.08;

/// How much quieter those talk whom everybody has heard.
const QUIET: f64 = 0.1;

/// Windows in which a listener looks for its own voice: where another one becomes louder or quieter a window has a little of all tones.
const OWN_WINDOWS: usize = 5;

/// Samples before anything is measured: ten talkers join.
const SETTLE: usize = RATE;

/// Samples that are looked at together, 200 ms: tones that are 100 Hz apart are told from each other by much less.
const WINDOW: usize = RATE / 5;

fn push_key(n: usize) -> String {
    format!("push-key-of-member-{n:04}")
}

/// The level of a tone in the newest window, which is faded in and out so that other tones do not show, however they begin.
fn level(samples: &[f32], hz: u32) -> f64 {
    let newest = &samples[samples.len().saturating_sub(WINDOW)..];
    let fade = |n: usize| 1.0 - (TAU * n as f64 / newest.len() as f64).cos();
    let faded: Vec<f32> = newest.iter().enumerate().map(|(n, s)| s * fade(n) as f32).collect();
    synthetic::level(&faded, RATE as u32, f64::from(hz))
}

/// How many have yet to hear each voice. A server that cannot keep up mixes the loudest only, so those talk up who were not heard
/// by all, and the test ends on a machine of any speed.
#[derive(Clone)]
struct Unheard(Arc<[AtomicUsize; TONES.len()]>);

impl Unheard {
    fn new() -> Self {
        Self(Arc::new(TONES.map(|_| AtomicUsize::new(TONES.len()))))
    }

    fn is_wanted(&self, voice: usize) -> bool {
        self.0[voice].load(Ordering::Relaxed) > 0
    }

    fn was_heard(&self, voice: usize) {
        self.0[voice].fetch_sub(1, Ordering::Relaxed);
    }

    /// Waits for a listener as long as anybody hears another voice now and then.
    async fn while_more_is_heard(&self, mut listener: JoinHandle<Levels>) -> Levels {
        let left = || self.0.iter().map(|voice| voice.load(Ordering::Relaxed)).sum::<usize>();
        loop {
            let before = left();
            match tokio::time::timeout(PATIENCE, &mut listener).await {
                Ok(levels) => return levels.unwrap(),
                Err(_) => {
                    assert!(left() < before, "within {PATIENCE:?} nobody heard a voice that was new to it")
                }
            }
        }
    }

    /// Whether somebody has heard this voice.
    fn is_audible(&self, voice: usize) -> bool {
        self.0[voice].load(Ordering::Relaxed) < TONES.len()
    }

    fn level(&self, voice: usize) -> f64 {
        if self.is_wanted(voice) { LEVEL } else { LEVEL * QUIET }
    }
}

/// `count` samples of a tone.
fn tone(hz: u32, level: f64, from: usize, count: usize) -> Pcm {
    let mut pcm = Pcm::new(1);
    let sample = |n: usize| (level * (TAU * f64::from(hz) * n as f64 / RATE as f64).sin()) as f32;
    pcm.planes_mut().for_each(|plane| plane.extend((from..from + count).map(sample)));
    pcm
}

/// A phone that sends its tone over RTMP until it is dropped or refused.
fn talk(rtmp: SocketAddr, voice: usize, unheard: Unheard) -> JoinHandle<ClientError> {
    tokio::spawn(async move {
        let mut push =
            RtmpPublisher::connect(&format!("rtmp://{rtmp}/live/{}", push_key(voice))).await.unwrap();
        let mut encoder = AacEncoder::new(1).unwrap();
        let header = [&[0xaf, 0][..], &encoder.header().unwrap()].concat();
        push.send(TagKind::Audio, 0, &[&header]).await.unwrap();
        let mut ticks = tokio::time::interval(Duration::from_micros(21_333));
        for n in 0_usize.. {
            ticks.tick().await;
            let frame = encoder.encode(&tone(TONES[voice], unheard.level(voice), n * 1024, 1024)).unwrap();
            let at = u32::try_from(n * 1024 / 48).unwrap();
            if let Err(error) = push.send(TagKind::Audio, at, &[&[0xaf, 1], &frame]).await {
                return error;
            }
        }
        unreachable!("the numbers last for years")
    })
}

/// What a player of AAC decodes.
struct Ear {
    decoder: Option<AacDecoder>,
    pcm: Pcm,
    heard: Vec<f32>,
}

impl Ear {
    fn new() -> Self {
        Self { decoder: None, pcm: Pcm::new(1), heard: Vec::new() }
    }

    fn take(&mut self, media: &Media) {
        assert_ne!(media.kind, TagKind::Video, "a mix is of sound");
        match (media.kind, media.body.get(1)) {
            (TagKind::Audio, Some(0)) => self.decoder = Some(AacDecoder::new(&media.body[2..]).unwrap()),
            (TagKind::Audio, Some(1)) => {
                let decoder = self.decoder.as_mut().expect("the header comes first");
                decoder.decode(&media.body[2..], &mut self.pcm).unwrap();
                self.heard.extend_from_slice(self.pcm.left());
            }
            _ => {}
        }
    }
}

/// What a listener knows of the tones. A busy machine tears a voice now and then, so of each tone its best window counts, and
/// listening goes on until everybody was there.
struct Levels {
    listener: usize,
    unheard: Unheard,
    /// Of each voice; of one's own the least while it talked up, since who hears itself always does.
    most: [f64; TONES.len()],
    own: f64,
    /// Windows in which one's own voice would have been heard if it were in the mix.
    own_windows: usize,
    heard: [bool; TONES.len()],
    windows: usize,
}

impl Levels {
    fn new(listener: usize, unheard: Unheard) -> Self {
        let (most, heard) = ([0.0; TONES.len()], [false; TONES.len()]);
        Self { listener, unheard, most, own: f64::MAX, own_windows: 0, heard, windows: 0 }
    }

    /// Looks at the whole windows of what was heard so far; true once everybody but the listener was there.
    fn complete(&mut self, heard: &[f32]) -> bool {
        for window in heard[SETTLE.min(heard.len())..].chunks_exact(WINDOW).skip(self.windows) {
            self.windows += 1;
            let now = TONES.map(|hz| level(window, hz));
            let there = |n: usize| n != self.listener && now[n] > LEVEL * 0.8;
            // A mix has the four loudest voices at least, so it has quiet ones where few talk up.
            let others = (0..TONES.len()).any(|n| n != self.listener && now[n] > LEVEL * QUIET * 0.5);
            // That it is sent and mixed is known when another one has heard it. Players lag, so the first of such windows says nothing.
            if others && self.unheard.is_wanted(self.listener) && self.unheard.is_audible(self.listener) {
                self.own_windows += 1;
                if self.own_windows > 1 {
                    self.own = self.own.min(now[self.listener]);
                }
            }
            for (n, level) in now.into_iter().enumerate() {
                let is_heard = if n == self.listener { self.own_windows >= OWN_WINDOWS } else { there(n) };
                if is_heard && !std::mem::replace(&mut self.heard[n], true) {
                    self.unheard.was_heard(n);
                }
                self.most[n] = self.most[n].max(level);
            }
        }
        self.heard.iter().all(|heard| *heard)
    }

    fn assert_mix(&self) {
        let Self { listener, own, most, .. } = self;
        assert!(*own < LEVEL / 32.0, "{listener} hears itself at {own}: less than 30 dB below the others");
        assert!(most.iter().all(|level| *level < LEVEL * 1.2), "{listener}: {most:?}");
    }
}

/// What is heard at an address, until everybody else was there.
async fn listen(url: String, mut levels: Levels) -> Levels {
    let mut ear = Ear::new();
    if url.starts_with("rtmp") {
        let mut player = RtmpPlayer::connect(&url).await.unwrap();
        while !levels.complete(&ear.heard) {
            ear.take(&player.next().await.unwrap().expect("the mix goes on"));
        }
    } else {
        let mut player = FlvPlayer::connect(&url).await.unwrap();
        while !levels.complete(&ear.heard) {
            ear.take(&player.next().await.unwrap().expect("the mix goes on"));
        }
    }
    levels
}

/// A member that asked for the mix and sends a stream; the key of its mix.
async fn join(server: &Running, n: usize) -> (Phone, String) {
    let mut phone = Phone::login(server, &format!("member-{n}")).await;
    let publish = json!([{"stream": "main", "key": push_key(n), "audio": true, "video": false}]);
    let join = json!({"op": "join", "room": {"number": 7}, "mix": true, "publish": publish});
    let reply = phone.request(join).await;
    let key = reply["ok"]["state"]["mix"]["play"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned();
    (phone, key)
}

/// A browser that sends its tone by WHIP and listens by WHEP; what it heard.
async fn browser(http: SocketAddr, mix: String, mut levels: Levels) -> Levels {
    let (own, unheard) = (levels.listener, levels.unheard.clone());
    let key = push_key(own);
    let mut microphone = Browser::whip(&format!("http://{http}/whip/{key}")).await.expect("accepted");
    microphone.until("the connection", |browser| browser.connected).await;
    let mut player = Browser::whep(&format!("http://{http}/whep/{mix}")).await.expect("accepted");
    let (mut encoder, mut decoder) = (OpusEncoder::new(1).unwrap(), OpusDecoder::new(1).unwrap());
    let (mut pcm, mut heard) = (Pcm::new(1), Vec::new());
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let mut sent = 0_usize;
    while !levels.complete(&heard) {
        tokio::select! {
            _ = ticks.tick() => {
                let packet = encoder.encode(&tone(TONES[own], unheard.level(own), sent * 960, 960)).unwrap();
                microphone.send_sound(u32::try_from(sent).unwrap() * 20, &packet).await;
                sent += 1;
            }
            () = microphone.step() => {}
            () = player.step() => {}
        }
        for (_, packet) in player.sounds.drain(..) {
            decoder.decode(&packet, &mut pcm).unwrap();
            heard.extend_from_slice(pcm.left());
        }
    }
    levels
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_members_each_hear_the_nine_others_and_not_themselves() {
    let server = Running::start(config()).await;
    let mut members = Vec::new();
    for n in 0..TONES.len() {
        members.push(join(&server, n).await);
    }
    let unheard = Unheard::new();
    let talkers: Vec<_> = (1..TONES.len()).map(|n| talk(server.rtmp, n, unheard.clone())).collect();
    let mut listeners = Vec::new();
    for (n, (_, key)) in members.iter().enumerate() {
        let (http, rtmp, key) = (server.http, server.rtmp, key.clone());
        let levels = Levels::new(n, unheard.clone());
        listeners.push(match n {
            0 => tokio::spawn(browser(http, key, levels)),
            n if n % 2 == 0 => tokio::spawn(listen(format!("rtmp://{rtmp}/live/{key}"), levels)),
            _ => tokio::spawn(listen(format!("http://{http}/flv/{key}.flv"), levels)),
        });
    }
    for listener in listeners {
        unheard.while_more_is_heard(listener).await.assert_mix();
    }
    let metrics = server.get("/metrics").await;
    assert!(metrics.text().contains("huitong_mixes{thread=\"0\"} 1"), "{}", metrics.text());
    talkers.iter().for_each(JoinHandle::abort);
}

/// Hears until a condition on the newest half second is met.
async fn until(player: &mut FlvPlayer, ear: &mut Ear, what: &str, done: impl Fn(&[f32]) -> bool) {
    let hear = async {
        loop {
            ear.take(&player.next().await.unwrap().expect("the mix goes on"));
            if ear.heard.len() > RATE / 2 && done(&ear.heard[ear.heard.len() - RATE / 2..]) {
                return;
            }
        }
    };
    soon(what, hear).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_is_not_heard_and_hears_nothing_and_who_comes_is_heard() {
    let server = Running::start(config()).await;
    let (_alice, key) = join(&server, 0).await;
    let (_bob, bobs_key) = join(&server, 1).await;
    let flv = |key: &str| format!("http://{}/flv/{key}.flv", server.http);
    // Nobody talks yet: the mix is silent, and there.
    let mut player = FlvPlayer::connect(&flv(&key)).await.unwrap();
    let mut ear = Ear::new();
    until(&mut player, &mut ear, "silence", |heard| heard.iter().all(|s| s.abs() < 0.001)).await;
    let talker = talk(server.rtmp, 1, Unheard::new());
    until(&mut player, &mut ear, "the voice", |heard| level(heard, TONES[1]) > LEVEL * 0.8).await;
    let mut bobs = FlvPlayer::connect(&flv(&bobs_key)).await.unwrap();
    let removed = server.api("DELETE", "/v1/rooms/7/members/member-1", "").await;
    assert!(removed.status < 300, "{removed:?}");
    let refused = soon("the end of the publisher", talker).await.unwrap();
    assert!(!refused.to_string().is_empty());
    let ended = async { while let Ok(Some(_)) = bobs.next().await {} };
    soon("the end of the mix of who was removed", ended).await;
    assert!(FlvPlayer::connect(&flv(&bobs_key)).await.is_err(), "its key is void");
    until(&mut player, &mut ear, "silence again", |heard| heard.iter().all(|s| s.abs() < 0.001)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mix_plays_over_websockets_too() {
    let server = Running::start(config()).await;
    let (_alice, key) = join(&server, 0).await;
    let url = format!("ws://{}/flv/{key}.flv", server.http);
    let (mut socket, _) = soon("the upgrade", tokio_tungstenite::connect_async(url)).await.unwrap();
    let mut bytes = Vec::new();
    while bytes.len() < 1000 {
        bytes.extend(soon("sound", socket.next()).await.unwrap().unwrap().into_data());
    }
    assert_eq!(bytes[..4], *b"FLV\x01");
    // A tag of sound in AAC comes within the first ones, behind the metadata.
    assert!(bytes.windows(13).any(|w| w[0] == 8 && w[11] == 0xaf && w[12] == 0), "the header of AAC");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_did_not_ask_has_no_mix() {
    let server = Running::start(config()).await;
    let mut phone = Phone::login(&server, "alice").await;
    let reply = phone.request(json!({"op": "join", "room": {"number": 7}})).await;
    assert_eq!(reply["ok"]["state"]["mix"], Value::Null, "{reply}");
}
