//! Browsers publish and play.

use huitong_fanout::{MediaOrder, Tracks};
use huitong_media::h264::AvcConfig;
use huitong_testkit::film::Film;
use huitong_testkit::house::{House, Permissive, Told};
use huitong_testkit::peers::{Camera, eventually, push, watch};
use huitong_testkit::relay::Relay;
use huitong_testkit::webrtc::{Browser, CAMERA, Offer, SCREEN, request};
use huitong_types::{ErrorCode, Fault, Scene, StreamKey};
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;

const KEY: &str = "browser-alice-0123456789";

async fn connected(browser: &mut Browser) {
    browser.until("the connection", |b| b.connected).await;
}

/// A publisher that is connected, and its film.
async fn camera(house: &House) -> (Browser, Film) {
    let mut camera = Browser::whip(&house.whip_url(KEY)).await.expect("accepted");
    connected(&mut camera).await;
    (camera, Film::new(0))
}

/// A viewer of a publisher that goes on; connected.
async fn screen(house: &House, camera: &mut Browser) -> Browser {
    let url = house.whep_url(KEY);
    let mut screen = Browser::whep(&url).await.expect("accepted");
    while !screen.connected {
        screen.step().await;
        camera.step().await;
    }
    screen
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_browser_publishes_arrives_at_another_intact() {
    let house = House::start(Scene::Rtc).await;
    let (mut camera, mut film) = camera(&house).await;
    let mut screen = screen(&house, &mut camera).await;
    // A viewer that has just connected may miss the first sound.
    while screen.pictures.is_empty() || screen.sounds.is_empty() {
        film.roll(&mut camera, true, 500).await;
        for _ in 0..5 {
            screen.step().await;
            camera.step().await;
        }
    }
    let (pictures, sounds) = (film.number as usize, screen.sounds.len());
    let start = Instant::now();
    while screen.pictures.len() < pictures && start.elapsed().as_secs() < 20 {
        screen.step().await;
        camera.step().await;
    }
    assert_eq!(screen.pictures.len(), pictures, "{}", screen.summary());
    screen.pictures.clear();
    let mut sent = Vec::new();
    for n in 0..60 {
        sent.push(film.roll(&mut camera, n % 20 == 0, if n % 20 == 0 { 9000 } else { 700 }).await);
        // Nothing on this machine is lost while nobody is in a hurry.
        let start = Instant::now();
        while screen.pictures.len() <= n && start.elapsed().as_secs() < 20 {
            screen.step().await;
            camera.step().await;
        }
    }
    screen.until("the last sound", |screen| screen.sounds.len() >= sounds + 60).await;
    let got: Vec<_> = screen.pictures.iter().map(|picture| picture.payload.clone()).collect();
    assert!(got == sent, "{}", screen.summary());
    let keys: Vec<_> = screen.pictures.iter().filter(|p| p.key).map(|p| p.rtp).collect();
    for key in keys {
        // The type of a STAP-A is 24.
        let first = screen.payloads.iter().find(|(time, _)| *time == key).map(|(_, first)| first & 0x1f);
        assert_eq!(first, Some(24), "parameter sets go before every keyframe");
    }
    let told = house.authority.told();
    assert!(told.iter().any(|t| matches!(t, Told::Tracks(_, Tracks::BOTH))), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_s_pictures_reach_a_browser_that_comes_late_and_go_back_to_players() {
    let house = House::start(Scene::Rtc).await;
    let phone = "phone-bob-0123456789";
    let _push = push(&house.rtmp_url(phone), &Camera::default());
    let stream = Permissive::stream_of(&StreamKey::new(phone).unwrap());
    eventually("pictures", || async { house.fanout.stats(stream).filter(|s| s.video_kbps > 0) }).await;
    let mut screen = Browser::whep(&house.whep_url(phone)).await.expect("accepted");
    connected(&mut screen).await;
    screen.until("a picture", |screen| !screen.pictures.is_empty()).await;
    assert!(screen.pictures[0].key && screen.pictures[0].header.is_some());
    eventually("the viewer is counted", || async { house.fanout.stats(stream).filter(|s| s.viewers == 1) })
        .await;

    // What it got is what a decoder takes: it goes back by WHIP, and ffmpeg plays that.
    let mut camera = Browser::whip(&house.whip_url(KEY)).await.expect("accepted");
    connected(&mut camera).await;
    let (rtmp, flv) = (house.rtmp_url(KEY), house.http_url(KEY));
    let players = tokio::spawn(async move { tokio::join!(watch(&rtmp, 3), watch(&flv, 3)) });
    let mut header = None;
    while !players.is_finished() {
        // Whoever has something to do; what a step that is cut short loses, a network may lose, too.
        tokio::select! {
            () = screen.step() => {}
            () = camera.step() => {}
        }
        for picture in std::mem::take(&mut screen.pictures) {
            if let Some(record) = &picture.header {
                header = Some(AvcConfig::parse(record).unwrap());
            }
            let header = header.as_ref().expect("a header before pictures");
            camera.send_picture((picture.rtp / 90) as u32, picture.key, picture.payload, header).await;
        }
    }
    let (rtmp, flv) = players.await.unwrap();
    for (name, seen) in [("rtmp", rtmp), ("flv", flv)] {
        assert!(seen.starts_at_keyframe && seen.pictures >= 20, "{name}: {seen:?}");
        assert_eq!(seen.backwards, 0, "{name}: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_viewer_starts_with_the_kept_keyframe_and_the_publisher_is_asked_for_one() {
    let house = House::start(Scene::Rtc).await;
    let (mut camera, mut film) = camera(&house).await;
    for n in 0..10 {
        film.roll(&mut camera, n == 0, 800).await;
    }
    let stream = Permissive::stream_of(&StreamKey::new(KEY).unwrap());
    eventually("pictures", || async { house.fanout.stats(stream).filter(|s| s.keyframe_age_ms.is_some()) })
        .await;
    let asked = camera.asked;
    let mut screen = screen(&house, &mut camera).await;
    screen.until("the kept pictures", |screen| screen.pictures.len() >= 10).await;
    assert!(screen.pictures[0].key);
    let spread = screen.pictures[9].rtp - screen.pictures[0].rtp;
    assert!(spread <= 9 * 90, "they are shown at once: {spread}");
    camera.until("a request for a keyframe", |camera| camera.asked > asked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_the_control_side_act_at_once() {
    let house = House::start(Scene::Rtc).await;
    let (mut camera, mut film) = camera(&house).await;
    let mut screen = screen(&house, &mut camera).await;
    let told = house.authority.told();
    let play =
        told.iter().find_map(|t| if let Told::Play(ticket) = t { Some(*ticket) } else { None }).unwrap();
    house.authority.order(play, MediaOrder::Tracks(Tracks { audio: true, video: false }));
    // Orders pass through two mailboxes.
    let start = Instant::now();
    let mut heard_alone = false;
    while !heard_alone && start.elapsed().as_secs() < 20 {
        let (pictures, sounds) = (screen.pictures.len(), screen.sounds.len());
        for n in 0..5 {
            film.roll(&mut camera, n == 0, 500).await;
            screen.step().await;
        }
        for _ in 0..20 {
            screen.step().await;
            camera.step().await;
        }
        heard_alone = screen.pictures.len() == pictures && screen.sounds.len() > sounds;
    }
    assert!(heard_alone, "{}", screen.summary());
    let before = screen.pictures.len();
    house.authority.order(play, MediaOrder::Tracks(Tracks::BOTH));
    film.roll(&mut camera, false, 500).await;
    screen.until("the picture is back", |screen| screen.pictures.len() > before).await;
    assert!(screen.pictures[before].key, "it starts at a keyframe");
    house.authority.order(play, MediaOrder::Close(Fault::new(ErrorCode::NotInRoom)));
    screen.until("the goodbye", |screen| screen.closed).await;
    eventually("the end is told", || async {
        house.authority.told().contains(&Told::Closed(play, true)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_publisher_of_the_key_takes_over_and_the_viewer_stays() {
    let house = House::start(Scene::Rtc).await;
    let (mut first, mut film) = camera(&house).await;
    let mut screen = screen(&house, &mut first).await;
    film.roll(&mut first, true, 500).await;
    screen.until("a picture", |screen| screen.pictures.len() == 1).await;
    let (mut second, mut other) =
        (Browser::whip(&house.whip_url(KEY)).await.expect("accepted"), Film::new(1));
    connected(&mut second).await;
    film.roll(&mut first, false, 500).await;
    first.until("the goodbye", |first| first.closed).await;
    other.roll(&mut second, true, 500).await;
    screen.until("the new picture", |screen| screen.pictures.len() == 2).await;
    assert_eq!(screen.pictures[1].header, Some(other.header.build()), "with another header");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_in_a_problem_body_what_to_change() {
    let house = House::start(Scene::Rtc).await;
    let refused = Browser::whip(&house.whip_url("deny-0123456789abcdef")).await.err().unwrap();
    assert_eq!(refused.status, 404, "{refused:?}");
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    assert!(
        refused.body.contains("The test says no.") && refused.body.contains("unknown-key"),
        "{}",
        refused.body
    );
    assert_eq!(refused.header("access-control-allow-origin"), Some("*"));
    let offer = Offer { h264: false, ..CAMERA };
    let no_h264 = Browser::open(&house.whip_url(KEY), offer, None).await.err().unwrap();
    assert!(no_h264.status == 406 && no_h264.body.contains("packetization-mode=1"), "{no_h264:?}");
    let whip = house.whip_url(KEY);
    let cases = [
        ("POST", "text/plain", 415),
        ("POST", "application/sdp", 400),
        ("GET", "application/sdp", 405),
        ("DELETE", "application/sdp", 404),
        ("PATCH", "application/trickle-ice-sdpfrag", 404),
    ];
    for (method, kind, status) in cases {
        let answer = request(method, &whip, kind, "v=0").await;
        assert_eq!(answer.status, status, "{method} {kind}: {answer:?}");
        assert!(answer.body.contains("\"detail\""), "{answer:?}");
    }
    assert_eq!(request("OPTIONS", &whip, "", "").await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_udp_is_blocked_both_ways_go_over_tcp() {
    let house = House::start(Scene::Rtc).await;
    let mut camera = Browser::over_tcp(&house.whip_url(KEY), CAMERA, house.rtc).await.expect("accepted");
    connected(&mut camera).await;
    let mut film = Film::new(0);
    film.roll(&mut camera, true, 30_000).await;
    let mut screen = Browser::over_tcp(&house.whep_url(KEY), SCREEN, house.rtc).await.expect("accepted");
    while !screen.connected {
        screen.step().await;
        camera.step().await;
    }
    let start = Instant::now();
    while screen.pictures.len() < 20 && start.elapsed() < Duration::from_secs(20) {
        let key = camera_is_asked(&mut camera);
        film.roll(&mut camera, key, 2_000).await;
        screen.step().await;
        camera.step().await;
    }
    assert!(screen.pictures.len() >= 20 && !screen.sounds.is_empty(), "{}", screen.summary());
}

/// Whether somebody wants a keyframe.
fn camera_is_asked(camera: &mut Browser) -> bool {
    std::mem::take(&mut camera.asked) > 0
}

#[tokio::test(flavor = "multi_thread")]
async fn what_five_percent_loss_takes_away_is_repaired() {
    let house = House::start(Scene::Rtc).await;
    let (up, down) = (Relay::start(house.rtc).await, Relay::start(house.rtc).await);
    let mut camera = Browser::open(&house.whip_url(KEY), CAMERA, Some(up.address)).await.expect("accepted");
    connected(&mut camera).await;
    let mut screen = Browser::open(&house.whep_url(KEY), SCREEN, Some(down.address)).await.expect("accepted");
    while !screen.connected {
        screen.step().await;
        camera.step().await;
    }
    up.lose(20);
    down.lose(20);
    let mut film = Film::new(0);
    let mut key = true;
    let mut sent = 0;
    let mut next = Instant::now();
    while sent < 150 {
        if Instant::now() >= next {
            next += Duration::from_millis(33);
            film.roll(&mut camera, key, 3_000).await;
            key = camera_is_asked(&mut camera);
            sent += 1;
        }
        tokio::select! {
            () = screen.step() => {}
            () = camera.step() => {}
        }
    }
    let start = Instant::now();
    while screen.pictures.len() < 140 && start.elapsed() < Duration::from_secs(5) {
        screen.step().await;
        camera.step().await;
    }
    assert!(up.lost() > 10 && down.lost() > 10, "the relays lose packets");
    assert!(screen.pictures.len() >= 140, "of 150: {}", screen.summary());
}

/// Offers that are cut short, have other characters in them, or are none.
async fn bogus_bodies(url: String) {
    let offer = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\na=ice-ufrag:abcd\r\n\
                 a=ice-pwd:0123456789abcdef012345\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n\
                 a=rtpmap:96 H264/90000\r\na=fmtp:96 profile-level-id=42e01f\r\n";
    let mut state = 3usize;
    for n in 0..10_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (at, kind) = ((state >> 33) % offer.len(), n % 3);
        let body = match kind {
            0 => offer[..at].to_owned(),
            1 => offer[..at].to_owned() + "\u{0}\r\n" + &offer[at..],
            _ => offer[at..].to_owned() + &offer[..at],
        };
        let answer = request("POST", &url, "application/sdp", &body).await;
        // No fingerprint: whatever can be read cannot be answered.
        assert!((400..=406).contains(&answer.status), "{body:?}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_bogus_datagrams_and_bodies_leave_a_call_unharmed() {
    let house = House::start(Scene::Rtc).await;
    let (mut camera, mut film) = camera(&house).await;
    let mut screen = screen(&house, &mut camera).await;
    film.roll(&mut camera, true, 2_000).await;
    screen.until("a picture", |screen| screen.pictures.len() == 1).await;
    let rtc = house.rtc;
    let stranger = tokio::spawn(async move {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut state = 7u64;
        for n in 0..10_000u32 {
            let length = (n % 300) as usize;
            let mut datagram: Vec<u8> = (0..length)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (state >> 33) as u8
                })
                .collect();
            // Every kind of the demultiplexer: STUN with and without cookie, DTLS, RTP, RTCP.
            let first = [0, 1, 20, 22, 128, 144, 200, 63];
            if let Some(byte) = datagram.first_mut() {
                *byte = first[n as usize % first.len()];
            }
            if n % 3 == 0 && datagram.len() > 40 {
                datagram[4..8].copy_from_slice(&[0x21, 0x12, 0xa4, 0x42]);
                datagram[20..24].copy_from_slice(&[0, 6, 0, 9]);
                datagram[24..33].copy_from_slice(b"Aabc:defg");
            }
            let _dropped = socket.send_to(&datagram, rtc).await;
        }
    });
    let url = house.whip_url("stranger-0123456789");
    let bodies = tokio::spawn(bogus_bodies(url));
    let (mut sent, mut next) = (1, Instant::now());
    while !stranger.is_finished() || !bodies.is_finished() {
        if Instant::now() >= next {
            next += Duration::from_millis(33);
            let key = camera_is_asked(&mut camera);
            film.roll(&mut camera, key, 900).await;
            sent += 1;
        }
        tokio::select! {
            () = screen.step() => {}
            () = camera.step() => {}
        }
    }
    stranger.await.unwrap();
    bodies.await.unwrap();
    let start = Instant::now();
    while screen.pictures.len() < sent && start.elapsed() < Duration::from_secs(10) {
        screen.step().await;
        camera.step().await;
    }
    assert!(sent > 10 && screen.pictures.len() == sent, "{} of {sent}", screen.pictures.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_picture_size_in_mid_stream_is_another_header_for_everybody() {
    let house = House::start(Scene::Rtc).await;
    let (mut camera, mut film) = camera(&house).await;
    let mut screen = screen(&house, &mut camera).await;
    film.roll(&mut camera, true, 900).await;
    film.roll(&mut camera, false, 900).await;
    film.header = Film::new(3).header;
    film.roll(&mut camera, true, 900).await;
    screen.until("the pictures", |screen| screen.pictures.len() == 3).await;
    let headers: Vec<_> = screen.pictures.iter().filter_map(|p| p.header.clone()).collect();
    assert_eq!(headers, [Film::new(0).header.build(), Film::new(3).header.build()]);
    let stream = Permissive::stream_of(&StreamKey::new(KEY).unwrap());
    let level = house.fanout.stats(stream).unwrap().info.video.unwrap().level;
    assert_eq!(level, 0x1e + 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_with_b_frames_is_refused_with_a_sentence() {
    let house = House::start(Scene::Rtc).await;
    let studio = house.publish(KEY);
    let push = |at: u32, body: Vec<u8>| {
        studio.push_flv(huitong_media::TrackKind::Video, at, &body.into(), Tracks::BOTH).unwrap();
    };
    push(0, huitong_testkit::synthetic::video_header(0));
    push(0, huitong_testkit::synthetic::picture(true, 300));
    let mut screen = Browser::whep(&house.whep_url(KEY)).await.expect("nothing is known yet");
    connected(&mut screen).await;
    for (at, shown_after) in [(40u32, 80u8), (80, 0), (120, 80), (160, 0)] {
        let mut body = huitong_testkit::synthetic::picture(false, 300);
        body[4] = shown_after;
        push(at, body);
    }
    screen.until("the goodbye", |screen| screen.closed).await;
    let refused = Browser::whep(&house.whep_url(KEY)).await.err().unwrap();
    assert!(refused.status == 409 && refused.body.contains("B-frames"), "{refused:?}");
}

/// Goes on for a while; pictures that the viewer got per second of it.
async fn film_for(
    film: &mut Film,
    camera: &mut Browser,
    screen: &mut Browser,
    while_: impl Fn(&Browser, Duration) -> bool,
) -> bool {
    let start = Instant::now();
    let mut next = start;
    let mut number = 0u32;
    while while_(screen, start.elapsed()) {
        if start.elapsed() > Duration::from_secs(60) {
            return false;
        }
        if Instant::now() >= next {
            next += Duration::from_millis(33);
            let key = number.is_multiple_of(60) || camera_is_asked(camera);
            film.roll(camera, key, 4_000).await;
            number += 1;
        }
        tokio::select! {
            () = screen.step() => {}
            () = camera.step() => {}
        }
    }
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_shrinks_keeps_its_sound_and_gets_its_pictures_back() {
    let house = House::start(Scene::Rtc).await;
    let (mut camera, mut film) = camera(&house).await;
    let down = Relay::start(house.rtc).await;
    let mut screen = Browser::open(&house.whep_url(KEY), SCREEN, Some(down.address)).await.expect("accepted");
    while !screen.connected {
        screen.step().await;
        camera.step().await;
    }
    let plenty = |screen: &Browser, _| screen.pictures.len() < 120;
    assert!(film_for(&mut film, &mut camera, &mut screen, plenty).await, "{}", screen.summary());
    // A megabit a second of pictures, and a link of a fifth of that.
    down.limit(25_000);
    let settled = |_: &Browser, passed: Duration| passed < Duration::from_secs(12);
    film_for(&mut film, &mut camera, &mut screen, settled).await;
    let (pictures, sounds) = (screen.pictures.len(), screen.sounds.len());
    let six = |_: &Browser, passed: Duration| passed < Duration::from_secs(6);
    film_for(&mut film, &mut camera, &mut screen, six).await;
    let (pictures, sounds) = (screen.pictures.len() - pictures, screen.sounds.len() - sounds);
    assert!(pictures < 60, "{pictures} of some 180 pictures");
    assert!(sounds > 120, "{sounds} of some 180 sounds");
    down.limit(0);
    let before = screen.pictures.len();
    let back = |screen: &Browser, _| screen.pictures.len() < before + 120;
    assert!(film_for(&mut film, &mut camera, &mut screen, back).await, "{}", screen.summary());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_shared_screen_with_a_picture_now_and_then_every_picture_arrives() {
    let house = House::start(Scene::Rtc).await;
    let (mut camera, mut film) = camera(&house).await;
    let mut screen = screen(&house, &mut camera).await;
    while screen.pictures.is_empty() {
        film.roll(&mut camera, true, 900).await;
        screen.step().await;
    }
    screen.until("all keyframes", |screen| screen.pictures.len() == usize::from(film.number)).await;
    for _ in 0..4 {
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(1200) {
            screen.step().await;
            camera.step().await;
        }
        film.at_ms += 1200;
        let before = screen.pictures.len();
        film.roll(&mut camera, false, 900).await;
        screen.until("the next picture", |screen| screen.pictures.len() > before).await;
    }
}
