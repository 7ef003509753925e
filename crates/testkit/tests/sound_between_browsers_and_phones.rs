//! Browsers speak Opus and phones AAC: each hears the other.

use huitong_codec::{AudioDecoder, AudioEncoder, OpusDecoder, OpusEncoder, Pcm};
use huitong_media::h264::AvcConfig;
use huitong_testkit::house::{House, Permissive};
use huitong_testkit::peers::{Camera, eventually, push, words};
use huitong_testkit::synthetic::level;
use huitong_testkit::webrtc::Browser;
use huitong_types::{Scene, StreamKey};
use std::f64::consts::TAU;
use std::time::{Duration, Instant};

const RATE: u32 = 48_000;

/// Samples of a packet of 20 ms.
const PACKET: usize = 960;

#[track_caller]
fn hears(what: &str, samples: &[f32], hz: f64) {
    assert!(samples.len() >= RATE as usize, "{what}: {} samples", samples.len());
    let (tone, other) = (level(samples, RATE, hz), level(samples, RATE, hz * 1.5));
    assert!(tone > 0.03 && tone > 10.0 * other, "{what}: {hz} Hz at {tone}, {} Hz at {other}", hz * 1.5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_hears_a_phone() {
    let house = House::start(Scene::Rtc).await;
    let phone = "phone-bob-0123456789";
    let _push = push(&house.rtmp_url(phone), &Camera::default());
    let stream = Permissive::stream_of(&StreamKey::new(phone).unwrap());
    eventually("sound", || async { house.fanout.stats(stream).filter(|s| s.audio_kbps > 0) }).await;
    let mut screen = Browser::whep(&house.whep_url(phone)).await.expect("accepted");
    screen.until("two seconds of sound", |screen| screen.sounds.len() >= 100).await;
    let mut decoder = OpusDecoder::new(1).unwrap();
    let (mut pcm, mut heard) = (Pcm::new(1), Vec::new());
    for (_, packet) in &screen.sounds {
        decoder.decode(packet, &mut pcm).unwrap();
        heard.extend_from_slice(pcm.left());
    }
    hears("the browser", &heard[PACKET * 10..], 440.0);
    let steps = screen.sounds.windows(2).map(|pair| pair[1].0 - pair[0].0);
    let odd = steps.filter(|step| *step != PACKET as i64).count();
    assert!(odd <= 2, "RTP times go on by a packet: {odd} do not");
}

/// A browser whose microphone hears a tone.
struct Speaker {
    camera: Browser,
    encoder: OpusEncoder,
    hz: f64,
    packets: u32,
    start: Instant,
}

impl Speaker {
    fn new(camera: Browser, hz: f64) -> Self {
        Self { camera, encoder: OpusEncoder::new(1).unwrap(), hz, packets: 0, start: Instant::now() }
    }

    /// Sends the next packet of sound when it is due, and a keyframe each second.
    async fn speak(&mut self) {
        let n = self.packets;
        self.packets += 1;
        let due = self.start + Duration::from_millis(u64::from(n) * 20);
        while Instant::now() < due {
            self.camera.step().await;
        }
        let at = |k: usize| (n as usize * PACKET + k) as f64 / f64::from(RATE);
        let hz = self.hz;
        let mut pcm = Pcm::new(1);
        pcm.planes_mut().for_each(|p| p.extend((0..PACKET).map(|k| 0.3 * (TAU * hz * at(k)).sin() as f32)));
        let packet = self.encoder.encode(&pcm).unwrap();
        self.camera.send_sound(n * 20, &packet).await;
        if n.is_multiple_of(50) {
            let header = AvcConfig {
                length_size: 4,
                sps: vec![vec![0x67, 0x42, 0xc0, 0x1e, 0xda, 0x02, 0x80, 0xbf, 0xe5].into()],
                pps: vec![vec![0x68, 0xce, 0x3c, 0x80].into()],
            };
            let unit = [&40u32.to_be_bytes()[..], &[0x65], &[0x5a; 39]].concat();
            self.camera.send_picture(n * 20, true, unit.into(), &header).await;
        }
    }
}

/// What ffmpeg decodes of the sound at an address, for so many seconds. It looks at most 3 s at the pictures, one a second
/// and made up, before it begins.
async fn listen(url: &str, seconds: u32) -> Vec<f32> {
    let args = format!(
        "-loglevel fatal -analyzeduration 3000000 -i {url} -map 0:a:0 -t {seconds} -ac 1 -ar {RATE} -f f32le -"
    );
    let child = tokio::process::Command::new("ffmpeg")
        .args(words(&args))
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::inherit())
        .kill_on_drop(true)
        .output();
    let output =
        tokio::time::timeout(Duration::from_secs(60), child).await.expect("it ends in time").unwrap();
    output.stdout.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn phones_hear_a_browser_over_rtmp_and_flv() {
    let house = House::start(Scene::Rtc).await;
    let key = "browser-alice-0123456789";
    let mut camera = Browser::whip(&house.whip_url(key)).await.expect("accepted");
    camera.until("the connection", |b| b.connected).await;
    let mut speaker = Speaker::new(camera, 500.0);
    for _ in 0..50 {
        speaker.speak().await;
    }
    let (rtmp, flv) = (house.rtmp_url(key), house.http_url(key));
    let players = tokio::spawn(async move { tokio::join!(listen(&rtmp, 3), listen(&flv, 3)) });
    while !players.is_finished() {
        speaker.speak().await;
    }
    let (rtmp, flv) = players.await.unwrap();
    hears("the RTMP player", &rtmp[RATE as usize / 2..], 500.0);
    hears("the FLV player", &flv[RATE as usize / 2..], 500.0);
}
