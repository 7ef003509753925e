//! ffmpeg, rtmpdump and GStreamer as peers of the media gateways.

use huitong_fanout::Tracks;
use huitong_testkit::house::{House, Permissive, Told};
use huitong_testkit::peers::{Camera, eventually, push, spawn, watch, words};
use huitong_types::{Scene, StreamKey};

const KEY: &str = "phone-alice-0123456789";

async fn on_air(house: &House, key: &str) {
    let stream = Permissive::stream_of(&StreamKey::new(key).unwrap());
    eventually("the stream carries media", || async {
        house.fanout.stats(stream).filter(|s| s.publishing && s.video_kbps + s.audio_kbps > 0)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_push_plays_over_rtmp_flv_and_http() {
    let house = House::start(Scene::Rtc).await;
    let _phone = push(&house.rtmp_url(KEY), &Camera::default());
    on_air(&house, KEY).await;
    let (rtmp_url, flv_url, http_url) = (house.rtmp_url(KEY), house.flv_url(KEY), house.http_url(KEY));
    let (rtmp, flv, http) = tokio::join!(watch(&rtmp_url, 3), watch(&flv_url, 3), watch(&http_url, 3));
    for (name, seen) in [("rtmp", rtmp), ("flv", flv), ("http", http)] {
        assert!(seen.starts_at_keyframe, "{name} starts at a keyframe: {seen:?}");
        assert!(seen.pictures >= 30 && seen.sounds >= 90, "{name} decodes pictures and sound: {seen:?}");
        assert_eq!(seen.backwards, 0, "{name}: {seen:?}");
    }
    let told = house.authority.told();
    assert!(told.iter().any(|t| matches!(t, Told::Tracks(_, Tracks::BOTH))), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn publisher_reconnects_and_players_stay() {
    let house = House::start(Scene::Rtc).await;
    let mut first = push(&house.rtmp_url(KEY), &Camera::default());
    on_air(&house, KEY).await;
    let url = house.rtmp_url(KEY);
    let player = tokio::spawn(async move { watch(&url, 12).await });
    let stream = Permissive::stream_of(&StreamKey::new(KEY).unwrap());
    eventually("the player is there", || async { house.fanout.stats(stream).filter(|s| s.viewers == 1) })
        .await;
    // The second push comes while the first is still connected, with another picture size.
    let other = Camera { size: Some((320, 180)), sample_rate: 16_000, ..Camera::default() };
    let _second = push(&house.rtmp_url(KEY), &other);
    eventually("the second push took over", || async {
        house.fanout.stats(stream).filter(|s| s.takeovers == 1 && s.publishing)
    })
    .await;
    first.kill().await.unwrap();
    let seen = player.await.unwrap();
    assert!(seen.pictures >= 120, "one connection carried both: {seen:?}");
    assert_eq!(seen.backwards, 0, "{seen:?}");
    let plays = house.authority.told().iter().filter(|t| matches!(t, Told::Play(_))).count();
    assert_eq!(plays, 1, "the player did not reconnect");
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_alone_and_picture_alone_are_played() {
    let house = House::start(Scene::Rtc).await;
    let (sound, picture) = ("sound-only-0123456789", "picture-only-0123456789");
    let no_picture = Camera { size: None, sample_rate: 16_000, channels: 2, ..Camera::default() };
    let no_sound = Camera { tone: None, ..Camera::default() };
    let _a = push(&house.rtmp_url(sound), &no_picture);
    let _b = push(&house.rtmp_url(picture), &no_sound);
    on_air(&house, sound).await;
    on_air(&house, picture).await;
    let (a_url, b_url) = (house.flv_url(sound), house.rtmp_url(picture));
    let (a, b) = tokio::join!(watch(&a_url, 3), watch(&b_url, 3));
    assert!(a.sounds > 20 && a.pictures == 0, "{a:?}");
    assert!(b.pictures > 20 && b.sounds == 0, "{b:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_key_gets_a_readable_status() {
    let house = House::start(Scene::Rtc).await;
    let url = house.rtmp_url("deny-0123456789abcdef");
    let args = words("-hide_banner -loglevel verbose -i");
    let output = tokio::process::Command::new("ffmpeg").args(args).arg(&url).output().await.unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && log.contains("The test says no."), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rtmpdump_and_gstreamer_play_and_gstreamer_pushes() {
    let house = House::start(Scene::Rtc).await;
    let gst_key = "gstreamer-0123456789ab";
    let pipeline = format!(
        "videotestsrc is-live=true ! video/x-raw,width=176,height=144,framerate=15/1 ! x264enc tune=zerolatency \
         key-int-max=15 bitrate=200 speed-preset=ultrafast ! h264parse ! flvmux streamable=true name=mux ! rtmp2sink \
         location={} audiotestsrc is-live=true ! voaacenc ! aacparse ! mux.",
        house.rtmp_url(gst_key)
    );
    let _gst = spawn("gst-launch-1.0", &[vec!["-q".to_owned()], words(&pipeline)].concat());
    on_air(&house, gst_key).await;
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("dump.flv");
    let args = format!("--live --quiet -r {} -o {}", house.rtmp_url(gst_key), dump.display());
    let _dump = spawn("rtmpdump", &words(&args));
    let strict = folder.path().join("strict.flv");
    let pull =
        format!("-q rtmp2src location={} ! filesink location={}", house.rtmp_url(gst_key), strict.display());
    let _strict = spawn("gst-launch-1.0", &words(&pull));
    for file in [&dump, &strict] {
        eventually(&format!("{} grows", file.display()), || async {
            std::fs::metadata(file).ok().filter(|m| m.len() > 60_000)
        })
        .await;
    }
    let seen = watch(&house.rtmp_url(gst_key), 2).await;
    assert!(seen.starts_at_keyframe && seen.pictures >= 20 && seen.sounds >= 40, "{seen:?}");
}
