//! How much later a phone hears a phone through a mix than directly, over sockets, with the threads of the server between them.
//! Both ways end in a player that holds back as little as it may: so long that of the frames of the run so many come in time.

use crate::report::Bar;
use crate::server::{Binary, Server};
use crate::signalling::hello;
use huitong_client::{ClientError, RtmpPlayer, RtmpPublisher, Signal};
use huitong_codec::{AacDecoder, AacEncoder, AudioDecoder, AudioEncoder, Pcm};
use huitong_media::flv::TagKind;
use huitong_protocol::{Join, MemberDetails, Publish, RoomState};
use huitong_types::{Role, RoomId, Scene, StreamKey, StreamKind};
use serde_json::{Value, json};
use std::f64::consts::TAU;
use std::time::{Duration, Instant};

/// Name of this part.
pub(crate) const NAME: &str = "mix delay";

/// What a mix may add, ms.
const BAR: f64 = 60.0;

/// Samples of a frame of AAC.
const FRAME: usize = 1024;

/// Samples of a second.
const SECOND: usize = 48_000;

/// How long the talker raises its voice each second, samples.
const LOUD: usize = 4800;

/// The first seconds are not measured: connections, encoders and voices begin.
const RUN_IN: usize = 3;

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delay {
    /// Ms that the mix adds, for players that half of the frames, 95 % and 99 % of them come in time for.
    added: [f64; 3],
    voices: usize,
}

impl Delay {
    /// For people.
    pub(crate) fn sentence(&self) -> String {
        let [half, most, almost_all] = self.added;
        format!(
            "{NAME}: from phone to phone a mix adds {half:.1} ms (held back for half of the frames), {most:.1} ms (95 %), \
             {almost_all:.1} ms (99 %); {} times",
            self.voices
        )
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let [half, most, almost_all] = self.added;
        json!({ "p50_ms": half, "p95_ms": most, "p99_ms": almost_all, "samples": self.voices })
    }

    /// What it is held to.
    pub(crate) fn bar(&self) -> Bar {
        Bar { what: format!("{NAME}: p95"), value: self.added[1], limit: BAR, unit: "ms" }
    }
}

/// What a player has got.
#[derive(Default)]
struct Heard {
    /// How late each frame came, ms since the beginning less the sound before it.
    late: Vec<f64>,
    /// Where the voice was raised, in samples.
    raised: Vec<usize>,
    samples: usize,
    quiet: usize,
}

impl Heard {
    fn take(&mut self, came: Duration, pcm: &[f32]) {
        self.late.push(came.as_secs_f64() * 1e3 - self.samples as f64 / 48.0);
        for sample in pcm {
            let loud = sample.abs() > 0.1;
            if loud && self.quiet > SECOND / 2 {
                self.raised.push(self.samples);
            }
            self.quiet = if loud { 0 } else { self.quiet + 1 };
            self.samples += 1;
        }
    }

    /// When a player plays what was raised, ms, that so large a share of the frames comes in time for.
    fn plays(&self, share: f64) -> Vec<f64> {
        let mut late = self.late.clone();
        late.sort_by(f64::total_cmp);
        let held = late.get((late.len() as f64 * share) as usize).copied().unwrap_or_default();
        self.raised.iter().map(|at| held + *at as f64 / 48.0).collect()
    }
}

/// It takes some seconds to hear enough.
const LEAST: Duration = Duration::from_secs(12);

/// Measures for so long, or a little longer.
pub(crate) fn measure(binary: &Binary, length: Duration, tell: &dyn Fn(&str)) -> Result<Delay, String> {
    let server = binary.start()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| e.to_string())?;
    tell("one talks, one listens");
    let [direct, mixed] = runtime.block_on(talk(&server, length.max(LEAST))).map_err(|e| e.to_string())?;
    let mut added = [0.0; 3];
    let mut voices = 0;
    for (added, share) in added.iter_mut().zip([0.5, 0.95, 0.99]) {
        let (direct, mixed) = (direct.plays(share), mixed.plays(share));
        // What was raised last before it was heard in the mix.
        let pairs = mixed.iter().skip(RUN_IN).filter_map(|mixed| {
            let before = direct.iter().copied().filter(|direct| direct < mixed).fold(f64::MIN, f64::max);
            (before > 0.0).then_some(mixed - before)
        });
        let all: Vec<f64> = pairs.collect();
        voices = all.len();
        *added = all.into_iter().fold(0.0, f64::max);
    }
    if voices == 0 {
        return Err("nothing was heard".to_owned());
    }
    Ok(Delay { added, voices })
}

async fn talk(server: &Server, length: Duration) -> Result<[Heard; 2], ClientError> {
    let wrong = |why: &str| ClientError::Protocol(why.to_owned());
    let address = server.streams(1, Scene::Rtc).map_err(ClientError::Protocol)?;
    let (base, _) = address[0].push.rsplit_once('/').ok_or_else(|| wrong("an address without a key"))?;
    let key = StreamKey::new("push-key-of-who-talks-0001").map_err(|e| wrong(&e.to_string()))?;
    let mut talker = Signal::connect(&server.signal_url(), hello(1, false)?).await?;
    enter(&mut talker, Some(key.clone()), false).await?;
    let began = Instant::now();
    let speech = tokio::spawn(speak(format!("{base}/{}", key.reveal())));
    let mut listener = Signal::connect(&server.signal_url(), hello(2, false)?).await?;
    // Until the server has seen its sound the talker has no stream.
    let (state, play) = loop {
        let state = enter(&mut listener, None, true).await?;
        let stream = state.members.iter().find_map(|member| member.streams.first());
        match stream.map(|stream| stream.play.clone()) {
            Some(play) => break (state, play),
            None => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    let mix = state.mix.ok_or_else(|| wrong("there is no mix"))?.play;
    let [direct, mixed] =
        [play, mix].map(|key| tokio::spawn(hear(format!("{base}/{}", key.reveal()), began, length)));
    let heard = [direct.await, mixed.await];
    speech.abort();
    let [direct, mixed] = heard.map(|heard| heard.map_err(|_panicked| ClientError::Closed));
    Ok([direct??, mixed??])
}

async fn enter(member: &mut Signal, key: Option<StreamKey>, mix: bool) -> Result<RoomState, ClientError> {
    let publish =
        key.map(|key| Publish { stream: StreamKind::Main, key: Some(key), audio: true, video: false });
    let join = Join {
        room: RoomId::Number(77),
        scene: Scene::Rtc,
        role: Role::Publisher,
        private_map_key: None,
        record_id: None,
        mix,
        details: MemberDetails::default(),
        publish: publish.into_iter().collect(),
    };
    member.join(join).await
}

/// Sends sound that is raised for a tenth of each second.
async fn speak(url: String) -> Result<(), ClientError> {
    let mut push = RtmpPublisher::connect(&url).await?;
    let codec = |e: huitong_codec::CodecError| ClientError::Protocol(e.to_string());
    let mut encoder = AacEncoder::new(1).map_err(codec)?;
    let header = [&[0xaf, 0][..], &encoder.header().unwrap_or_default()].concat();
    push.send(TagKind::Audio, 0, &[&header]).await?;
    let begin = tokio::time::Instant::now();
    for n in 0_usize.. {
        tokio::time::sleep_until(begin + Duration::from_nanos(n as u64 * FRAME as u64 * 62_500 / 3)).await;
        let mut pcm = Pcm::new(1);
        let sample = |n: usize| {
            let level = if n % SECOND < LOUD { 0.4 } else { 0.002 };
            (level * (TAU * 700.0 * n as f64 / SECOND as f64).sin()) as f32
        };
        pcm.planes_mut().for_each(|plane| plane.extend((n * FRAME..(n + 1) * FRAME).map(sample)));
        let frame = encoder.encode(&pcm).map_err(codec)?;
        let at = u32::try_from(n * FRAME / 48).unwrap_or(u32::MAX);
        push.send(TagKind::Audio, at, &[&[0xaf, 1], &frame]).await?;
    }
    Ok(())
}

/// What is heard at an address in so long.
async fn hear(url: String, began: Instant, length: Duration) -> Result<Heard, ClientError> {
    let mut player = RtmpPlayer::connect(&url).await?;
    let (mut decoder, mut pcm, mut heard) = (None, Pcm::new(1), Heard::default());
    let end = Instant::now() + length;
    while Instant::now() < end {
        let Some(media) = player.next().await? else { return Err(ClientError::Closed) };
        let came = began.elapsed();
        match (media.kind, media.body.get(1)) {
            (TagKind::Audio, Some(0)) => {
                decoder = AacDecoder::new(media.body.get(2..).unwrap_or_default()).ok()
            }
            (TagKind::Audio, Some(1)) => {
                let frame = media.body.get(2..).unwrap_or_default();
                if decoder.as_mut().is_some_and(|decoder| decoder.decode(frame, &mut pcm).is_ok()) {
                    heard.take(came, pcm.left());
                }
            }
            _ => {}
        }
    }
    Ok(heard)
}
