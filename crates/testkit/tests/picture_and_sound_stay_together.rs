//! A flash and a beep that happen at once are seen and heard at once, whoever sends and however one looks.
//!
//! A picture turns white at each full second for a tenth of it, and a tone sounds for as long. Players are real decoders;
//! what counts are the times at which they are told to show and to play.

use huitong_codec::{AudioDecoder, AudioEncoder, OpusDecoder, OpusEncoder, Pcm};
use huitong_testkit::footage::{H264, Shot, byte_stream, encode, run, shots, show};
use huitong_testkit::house::{House, Permissive};
use huitong_testkit::peers::{PATIENCE, eventually, spawn, words};
use huitong_testkit::webrtc::Browser;
use huitong_types::{Scene, StreamKey};
use std::f64::consts::TAU;
use std::path::Path;
use std::time::{Duration, Instant};

/// Picture and sound of a member stay this close to each other, seconds.
const TOGETHER: f64 = 0.040;

const RATE: u32 = 48_000;

/// Samples of a packet of 20 ms.
const PACKET: usize = 960;

/// Samples of which the loudness is looked at: 5 ms.
const WINDOW: usize = 240;

/// Seconds that players look.
const SECONDS: u32 = 7;

/// The camera: dark, and white for the first three of 30 pictures.
const FLASHES: &str =
    "-f lavfi -i color=c=black:s=320x180:r=30,drawbox=t=fill:color=white:enable='lt(mod(n,30),3)'";

/// The microphone: silence, and a tone for the first tenth of a second.
const BEEPS: &str = "-f lavfi -i aevalsrc='if(lt(mod(n,48000),4800),0.5*sin(n*0.130899694),0)':s=48000";

/// When something began: values that go beyond `limit` after having been below it, each with its time in seconds.
fn beginnings(values: &[(f64, f64)], limit: f64) -> Vec<f64> {
    let pairs = values.windows(2).filter(|pair| pair[0].1 < limit && pair[1].1 >= limit);
    pairs.map(|pair| pair[1].0).collect()
}

/// How far each beep is behind its flash, seconds.
#[track_caller]
fn together(who: &str, flashes: &[f64], beeps: &[f64]) {
    let behind: Vec<f64> = flashes
        .iter()
        .filter_map(|flash| {
            let nearest = beeps.iter().map(|beep| beep - flash).min_by(|a, b| a.abs().total_cmp(&b.abs()))?;
            // Without its other half if that is before or after what was looked at.
            (nearest.abs() < 0.5).then_some(nearest)
        })
        .collect();
    println!("{who}: beeps are behind their flashes by {behind:.3?} s");
    assert!(behind.len() >= 3, "{who}: flashes at {flashes:.3?}, beeps at {beeps:.3?}");
    assert!(behind.iter().all(|apart| apart.abs() <= TOGETHER), "{who}: {behind:.3?}");
}

/// What ffmpeg's filter `metadata` printed: times in seconds and values.
fn printed(path: &Path) -> Vec<(f64, f64)> {
    let text = std::fs::read_to_string(path).expect("what ffmpeg printed");
    let mut time = 0.0;
    let mut all = Vec::new();
    for line in text.lines() {
        if let Some((_, at)) = line.split_once("pts_time:") {
            time = at.trim().parse().expect("a time");
        } else if let Some((_, value)) = line.split_once('=') {
            all.push((time, value.parse().unwrap_or(f64::NEG_INFINITY)));
        }
    }
    all
}

/// Brightness of the pictures that ffmpeg decodes.
const LOOK: &str = "signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=";

/// Plays a URL with ffmpeg: when flashes and beeps begin.
async fn play(url: &str) -> (Vec<f64>, Vec<f64>) {
    let folder = tempfile::tempdir().unwrap();
    let (seen, heard) = (folder.path().join("seen"), folder.path().join("heard"));
    let listen = "astats=metadata=1:reset=1,ametadata=print:key=lavfi.astats.Overall.RMS_level:file=";
    let graph = format!(
        "[0:v]{LOOK}{}[v];[0:a]asetnsamples=n={WINDOW},{listen}{}[a]",
        seen.display(),
        heard.display()
    );
    let mut args = words("-loglevel error -nostdin -i");
    args.extend([url.to_owned(), "-filter_complex".to_owned(), graph]);
    args.extend(words(&format!("-map [v] -map [a] -t {SECONDS} -f null -")));
    let output = run("ffmpeg", &args).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (beginnings(&printed(&seen), 128.0), beginnings(&printed(&heard), -25.0))
}

/// When flashes and beeps began on a browser's screen, by the clock of its sender.
async fn screened(screen: &Browser) -> (Vec<f64>, Vec<f64>) {
    let (pictures, sounds) =
        (screen.picture_report.expect("a report"), screen.sound_report.expect("a report"));
    let folder = tempfile::tempdir().unwrap();
    let (film, seen) = (folder.path().join("film.h264"), folder.path().join("seen"));
    std::fs::write(&film, byte_stream(&screen.pictures)).unwrap();
    let mut args = words("-loglevel error -nostdin -i");
    args.extend([film.display().to_string(), "-vf".to_owned(), format!("{LOOK}{}", seen.display())]);
    args.extend(words("-fps_mode passthrough -f null -"));
    let output = run("ffmpeg", &args).await;
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let brightness = printed(&seen);
    assert_eq!(brightness.len(), screen.pictures.len(), "every picture decodes");
    let shown = screen.pictures.iter().zip(&brightness);
    let shown: Vec<_> = shown.map(|(p, (_, bright))| (pictures.wall(p.rtp, 90_000), *bright)).collect();

    let mut decoder = OpusDecoder::new(1).unwrap();
    let (mut pcm, mut played) = (Pcm::new(1), Vec::new());
    for (rtp, packet) in &screen.sounds {
        decoder.decode(packet, &mut pcm).unwrap();
        for (n, window) in pcm.left().chunks(WINDOW).enumerate() {
            let power = window.iter().map(|s| f64::from(s * s)).sum::<f64>() / window.len() as f64;
            let at = sounds.wall(rtp + (n * WINDOW) as i64, RATE);
            played.push((at, 10.0 * power.max(1e-12).log10()));
        }
    }
    (beginnings(&shown, 128.0), beginnings(&played, -25.0))
}

/// Whether a browser has what it takes: some seconds, and a report of each track.
fn has_seen(screen: &Browser) -> bool {
    screen.picture_report.is_some()
        && screen.sound_report.is_some()
        && screen.sounds.len() as u32 >= SECONDS * 50
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_phone_at_every_kind_of_viewer() {
    let house = House::start(Scene::Rtc).await;
    let phone = "phone-bob-0123456789";
    let codecs = format!("{H264} -b:v 400k -c:a aac -b:a 64k -f flv -flvflags no_duration_filesize");
    let args = format!("-loglevel error -nostdin -re {FLASHES} -re {BEEPS} {codecs}");
    let url = house.rtmp_url(phone);
    let _push = spawn("ffmpeg", &[words(&args), vec![url.clone()]].concat());
    let stream = Permissive::stream_of(&StreamKey::new(phone).unwrap());
    eventually("sound", || async { house.fanout.stats(stream).filter(|s| s.audio_kbps > 0) }).await;
    let mut screen = Browser::whep(&house.whep_url(phone)).await.expect("accepted");
    let flv = house.http_url(phone);
    let players = tokio::spawn(async move { tokio::join!(play(&url), play(&flv)) });
    let start = Instant::now();
    while !players.is_finished() || !has_seen(&screen) {
        assert!(start.elapsed() < 2 * PATIENCE, "{}", screen.summary());
        screen.step().await;
    }
    let (rtmp, flv) = players.await.unwrap();
    together("phone to RTMP", &rtmp.0, &rtmp.1);
    together("phone to FLV", &flv.0, &flv.1);
    let (flashes, beeps) = screened(&screen).await;
    together("phone to WHEP", &flashes, &beeps);
}

/// A browser that films and hears the same flashes and beeps.
struct Studio {
    camera: Browser,
    film: Vec<Shot>,
    encoder: OpusEncoder,
    pictures: u32,
    sounds: u32,
    start: Instant,
}

impl Studio {
    async fn open(url: &str) -> Self {
        let film = shots(&encode(&format!("{FLASHES} -t 2 {H264} -b:v 400k")).await);
        assert_eq!(film.len(), 60);
        let mut camera = Browser::whip(url).await.expect("accepted");
        camera.until("the connection", |camera| camera.connected).await;
        let encoder = OpusEncoder::new(1).unwrap();
        Self { camera, film, encoder, pictures: 0, sounds: 0, start: Instant::now() }
    }

    /// Sends the picture or the sound that is due next, when it is. Their RTP clocks are five seconds apart: only reports
    /// tell what belongs together.
    async fn act(&mut self) {
        let (picture_ms, sound_ms) = (self.pictures * 100 / 3, self.sounds * 20);
        let due = self.start + Duration::from_millis(u64::from(picture_ms.min(sound_ms)));
        while tokio::time::timeout_at(due.into(), self.camera.step()).await.is_ok() {}
        if picture_ms <= sound_ms {
            let shot = &self.film[self.pictures as usize % self.film.len()];
            show(&mut self.camera, picture_ms + 5_000, shot).await;
            self.pictures += 1;
            return;
        }
        let first = self.sounds as usize * PACKET;
        let sample = |n: usize| {
            let beeps = n % RATE as usize <= RATE as usize / 10;
            if beeps { 0.5 * (TAU * 1000.0 * n as f64 / f64::from(RATE)).sin() as f32 } else { 0.0 }
        };
        let mut pcm = Pcm::new(1);
        pcm.planes_mut().for_each(|plane| plane.extend((first..first + PACKET).map(sample)));
        let packet = self.encoder.encode(&pcm).unwrap();
        self.camera.send_sound(sound_ms, &packet).await;
        self.sounds += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_browser_at_every_kind_of_viewer() {
    let house = House::start(Scene::Rtc).await;
    let key = "browser-alice-0123456789";
    let mut studio = Studio::open(&house.whip_url(key)).await;
    // Times that arrival alone gives are put right once the second track has its report, after five seconds.
    while studio.sounds < 400 {
        studio.act().await;
    }
    let (rtmp, flv) = (house.rtmp_url(key), house.http_url(key));
    let players = tokio::spawn(async move { tokio::join!(play(&rtmp), play(&flv)) });
    let whep = house.whep_url(key);
    let screen = tokio::spawn(async move {
        let mut screen = Browser::whep(&whep).await.expect("accepted");
        screen.until("all", |screen| has_seen(screen)).await;
        screen
    });
    while !players.is_finished() || !screen.is_finished() {
        studio.act().await;
    }
    let (rtmp, flv) = players.await.unwrap();
    together("browser to RTMP", &rtmp.0, &rtmp.1);
    together("browser to FLV", &flv.0, &flv.1);
    let (flashes, beeps) = screened(&screen.await.unwrap()).await;
    together("browser to WHEP", &flashes, &beeps);
}
