//! A phone that is turned around sends a picture of another size in the same stream: decoders of viewers follow.

use huitong_client::RtmpPublisher;
use huitong_media::flv::{Tag, TagKind};
use huitong_testkit::footage::{H264, Shot, byte_stream, encode, run, shots, show};
use huitong_testkit::house::{House, Permissive};
use huitong_testkit::peers::{PATIENCE, eventually, words};
use huitong_testkit::webrtc::Browser;
use huitong_types::{Scene, StreamKey};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Held across, and upright.
const SIZES: [(u32, u32); 2] = [(640, 360), (360, 640)];

/// Pictures in each position.
const EACH: usize = 90;

/// Both positions, encoded one after the other as a phone does.
async fn footage() -> [Vec<Tag>; 2] {
    let of = |(width, height)| {
        let source = format!("-f lavfi -i testsrc=size={width}x{height}:rate=30:duration=3");
        async move { encode(&format!("{source} {H264} -b:v 500k")).await }
    };
    let [across, upright] = SIZES;
    [of(across).await, of(upright).await]
}

/// When the picture with this number is due, ms.
fn due(number: usize) -> u32 {
    (number * 100 / 3) as u32
}

/// The sizes of all pictures that a decoder makes of this input, which may have no errors in it.
async fn decoded(input: &str, more: &[&str]) -> Vec<(u32, u32)> {
    let args = "-loglevel warning -analyzeduration 500000 -select_streams v -show_frames \
                -show_entries frame=width,height -of csv=p=0";
    let more = more.iter().map(|word| (*word).to_owned());
    let args: Vec<_> = words(args).into_iter().chain(more).chain([input.to_owned()]).collect();
    let output = run("ffprobe", &args).await;
    let complaints = String::from_utf8_lossy(&output.stderr);
    let harmful = complaints.lines().filter(|line| !line.trim().is_empty());
    let harmful: Vec<_> = harmful.filter(|line| !line.contains("Changing video frame properties")).collect();
    assert!(harmful.is_empty(), "{input}: {complaints}");
    // Lines that tell what else is in a frame have no size.
    let size = |line: &str| {
        let mut fields = line.split(',').map(str::parse);
        Some((fields.next()?.ok()?, fields.next()?.ok()?))
    };
    String::from_utf8_lossy(&output.stdout).lines().filter_map(size).collect()
}

/// Pictures of the first size, then pictures of the second, and most of both.
#[track_caller]
fn turns(who: &str, sizes: &[(u32, u32)]) {
    let first = sizes.iter().take_while(|size| **size == SIZES[0]).count();
    let second = sizes[first..].iter().filter(|size| **size == SIZES[1]).count();
    println!("{who}: {first} pictures, then {second} upright");
    assert_eq!(first + second, sizes.len(), "{who}: no other size, and no way back: {sizes:?}");
    // What goes by until a viewer has come may be missing of the first.
    assert!(first >= EACH / 3 && second >= EACH / 3, "{who}: {first} pictures, then {second}");
}

/// Pictures that a viewer gets in each position before it is over: enough, with those that were on their way at the turn.
const WATCHED: usize = 2 * EACH / 3;

/// Sends the footage by RTMP, as fast as a camera makes it: each position until the viewer has got enough of it, however slow the
/// machine makes it.
async fn push(mut phone: RtmpPublisher, footage: [Vec<Tag>; 2], seen: Arc<AtomicUsize>) {
    let start = Instant::now();
    let mut number = 0;
    for position in &footage {
        let enough = seen.load(Ordering::Relaxed) + WATCHED;
        let mut passes = 0;
        while passes == 0 || (seen.load(Ordering::Relaxed) < enough && start.elapsed() < PATIENCE) {
            for tag in position.iter().filter(|tag| tag.kind == TagKind::Video) {
                // The second byte says what is in a tag; 0 is a codec header.
                let header = tag.body.get(1) == Some(&0);
                let at = start + Duration::from_millis(due(number).into());
                tokio::time::sleep_until(at.into()).await;
                phone.send(tag.kind, due(number), &[&tag.body]).await.expect("the server takes it");
                number += usize::from(!header);
            }
            passes += 1;
        }
    }
    phone.close().await.expect("the server takes the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_decodes_a_phone_that_is_turned() {
    let house = House::start(Scene::Rtc).await;
    let footage = footage().await;
    let key = "phone-bob-0123456789";
    let phone = RtmpPublisher::connect(&house.rtmp_url(key)).await.expect("accepted");
    let seen = Arc::new(AtomicUsize::new(0));
    let pushing = tokio::spawn(push(phone, footage, Arc::clone(&seen)));
    let stream = Permissive::stream_of(&StreamKey::new(key).unwrap());
    eventually("a picture", || async { house.fanout.stats(stream).filter(|s| s.keyframe_age_ms.is_some()) })
        .await;
    let mut screen = Browser::whep(&house.whep_url(key)).await.expect("accepted");
    while !pushing.is_finished() {
        screen.step().await;
        seen.store(screen.pictures.len(), Ordering::Relaxed);
    }
    pushing.await.unwrap();
    // What was sent last is on its way.
    let quiet = Instant::now() + Duration::from_millis(500);
    while Instant::now() < quiet {
        screen.step().await;
    }
    let folder = tempfile::tempdir().unwrap();
    let film = folder.path().join("film.h264");
    std::fs::write(&film, byte_stream(&screen.pictures)).unwrap();
    let sizes = decoded(&film.display().to_string(), &[]).await;
    assert_eq!(sizes.len(), screen.pictures.len(), "every picture decodes");
    turns("WHEP", &sizes);
}

/// Films in both positions, and goes on in the second until the viewers have seen enough.
async fn film<T>(camera: &mut Browser, shots: &[Shot], viewers: &tokio::task::JoinHandle<T>) {
    let start = Instant::now();
    let mut number = 0;
    while !viewers.is_finished() {
        let at = start + Duration::from_millis(due(number).into());
        while tokio::time::timeout_at(at.into(), camera.step()).await.is_ok() {}
        let shot = if number < EACH { number } else { EACH + number % EACH };
        show(camera, due(number), &shots[shot]).await;
        number += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn phones_decode_a_browser_that_is_turned() {
    let house = House::start(Scene::Rtc).await;
    let [across, upright] = footage().await;
    let all: Vec<_> = shots(&across).into_iter().chain(shots(&upright)).collect();
    assert_eq!(all.len(), 2 * EACH);
    let key = "browser-alice-0123456789";
    let mut camera = Browser::whip(&house.whip_url(key)).await.expect("accepted");
    camera.until("the connection", |camera| camera.connected).await;
    let (rtmp, flv) = (house.rtmp_url(key), house.http_url(key));
    let stream = Permissive::stream_of(&StreamKey::new(key).unwrap());
    let fanout = house.fanout.clone();
    let players = tokio::spawn(async move {
        eventually("a picture", || async { fanout.stats(stream).filter(|s| s.keyframe_age_ms.is_some()) })
            .await;
        let five_seconds = ["-read_intervals", "%+5"];
        tokio::join!(decoded(&rtmp, &five_seconds), decoded(&flv, &five_seconds))
    });
    film(&mut camera, &all, &players).await;
    let (rtmp, flv) = players.await.unwrap();
    turns("RTMP", &rtmp);
    turns("FLV", &flv);
}
