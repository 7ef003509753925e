//! Browsers under the rule of signalling and the API: the whole process, with WebRTC peers.

mod common;

use common::{APP, Phone, Running, SECRET, config, hello, soon};
use huitong_testkit::film::Film;
use huitong_testkit::relay::Relay;
use huitong_testkit::webrtc::{Answer, Browser, CAMERA};
use huitong_types::{AppId, Redacted, UserId};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const KEY: &str = "push-key-0123456789abcdef";

/// What a loaded machine may take on top of a time that is promised.
const SLACK: Duration = Duration::from_secs(5);

fn whip(server: &Running, key: &str) -> String {
    format!("http://{}/whip/{key}", server.http)
}

async fn publish(phone: &mut Phone) {
    let request = json!({"op": "publish", "stream": "main", "key": KEY, "audio": true, "video": true});
    assert_eq!(phone.request(request).await["ok"]["op"], "publish");
}

/// Lives, and films where it publishes, until something has happened.
async fn live<T>(browser: &mut Browser, film: Option<&mut Film>, until: impl Future<Output = T>) -> T {
    let mut until = std::pin::pin!(until);
    let mut film = film;
    let mut ticks = tokio::time::interval(Duration::from_millis(33));
    loop {
        tokio::select! {
            done = &mut until => return done,
            _ = ticks.tick() => {
                if let Some(film) = film.as_deref_mut() {
                    let key = film.number.is_multiple_of(30);
                    film.roll(browser, key, 800).await;
                }
            }
            () = browser.step() => {}
        }
    }
}

/// A publisher that is connected and announced, and the key of those who play it.
async fn on_air(server: &Running, bob: &mut Phone) -> (Browser, Film, String) {
    let mut camera = Browser::whip(&whip(server, KEY)).await.expect("accepted");
    camera.until("the connection", |camera| camera.connected).await;
    let mut film = Film::new(0);
    let announced = live(&mut camera, Some(&mut film), bob.event("streamChanged")).await;
    let play = announced["stream"]["play"].as_str().expect("a key").to_owned();
    (camera, film, play)
}

/// A viewer that has a picture.
async fn screen(server: &Running, camera: &mut Browser, film: &mut Film, play: &str) -> Browser {
    let mut screen = Browser::whep(&format!("http://{}/whep/{play}", server.http)).await.expect("accepted");
    let start = Instant::now();
    while screen.pictures.is_empty() {
        assert!(start.elapsed() < common::PATIENCE, "no picture: {}", screen.summary());
        let key = film.number.is_multiple_of(30);
        film.roll(camera, key, 800).await;
        let next = Instant::now() + Duration::from_millis(33);
        while Instant::now() < next {
            tokio::select! {
                () = screen.step() => {}
                () = camera.step() => {}
            }
        }
    }
    screen
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_is_dissolved_ends_media_in_both_directions() {
    let mut config = config();
    config.limits.early_hold_ms = 100;
    let server = Running::start(config).await;
    let (mut alice, mut bob) = (Phone::join(&server, "alice", 7).await, Phone::join(&server, "bob", 7).await);
    publish(&mut alice).await;
    let (mut camera, mut film, play) = on_air(&server, &mut bob).await;
    let mut screen = screen(&server, &mut camera, &mut film, &play).await;
    assert_eq!(server.api("DELETE", "/v1/rooms/7", "").await.status, 204);
    live(&mut screen, None, camera.until("the publisher's goodbye", |camera| camera.closed)).await;
    screen.until("the viewer's goodbye", |screen| screen.closed).await;
    let refused = Browser::whip(&whip(&server, KEY)).await.err().expect("the key is void");
    assert_eq!(refused.status, 404, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_expires_ends_media_where_the_application_wants_it() {
    let mut config = config();
    config.app[0].end_expired_sessions = true;
    let server = Running::start(config).await;
    let mut bob = Phone::join(&server, "bob", 7).await;
    let (app, secret) = (AppId::new(APP).unwrap(), Redacted::new(SECRET.to_owned()));
    let user = UserId::new("alice").unwrap();
    let sig = huitong_auth::usersig::mint(app, &secret, &user, huitong_server::unix_seconds(), 4, None);
    let mut alice = Phone::connect(&server).await;
    assert_eq!(alice.request(hello("alice", &sig)).await["ok"]["op"], "hello");
    assert_eq!(alice.request(json!({"op": "join", "room": {"number": 7}})).await["ok"]["op"], "join");
    publish(&mut alice).await;
    let (mut camera, mut film, play) = on_air(&server, &mut bob).await;
    let mut screen = screen(&server, &mut camera, &mut film, &play).await;
    live(&mut screen, None, camera.until("the publisher's goodbye", |camera| camera.closed)).await;
    screen.until("the viewer's goodbye", |screen| screen.closed).await;
    assert_eq!(bob.event("memberLeft").await["user"], "alice");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_comes_before_its_join_waits_then_is_accepted() {
    let server = Running::start(config()).await;
    let mut alice = Phone::join(&server, "alice", 7).await;
    let url = whip(&server, KEY);
    let offering = tokio::spawn(async move { Browser::whip(&url).await });
    let held = async { while !server.get("/metrics").await.text().contains("huitong_media_held 1") {} };
    soon("the offer is held", held).await;
    publish(&mut alice).await;
    let mut camera = soon("the offer is answered", offering).await.unwrap().expect("accepted");
    camera.until("the connection", |camera| camera.connected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_whose_join_never_comes_is_refused() {
    let mut config = config();
    config.limits.early_hold_ms = 100;
    let server = Running::start(config).await;
    let Answer { status, body, .. } = Browser::whip(&whip(&server, KEY)).await.err().expect("refused");
    assert!(status == 404 && body.contains("unknown-key"), "{status} {body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_says_goodbye_to_browsers() {
    let mut config = config();
    config.server.drain_seconds = 0;
    let mut server = Running::start(config).await;
    let (mut alice, mut bob) = (Phone::join(&server, "alice", 7).await, Phone::join(&server, "bob", 7).await);
    publish(&mut alice).await;
    let (mut camera, mut film, play) = on_air(&server, &mut bob).await;
    let mut screen = screen(&server, &mut camera, &mut film, &play).await;
    server.tell_to_stop();
    live(&mut screen, None, camera.until("the publisher's goodbye", |camera| camera.closed)).await;
    screen.until("the viewer's goodbye", |screen| screen.closed).await;
    drop((alice, bob));
    server.ended().await.unwrap();
}

/// Waits until the encoder's stream is shown in this way.
async fn shows(server: &Running, wanted: impl Fn(&Value) -> bool) -> Value {
    loop {
        let room = server.api("GET", "/v1/rooms/7", "").await.json();
        let members = room["members"].as_array().cloned().unwrap_or_default();
        if let Some(obs) = members.into_iter().find(|member| member["user"] == "obs" && wanted(member)) {
            return obs;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_swallows_everything_is_noticed_and_the_place_is_kept_for_the_grace() {
    let mut config = config();
    config.limits.publish_grace_ms = 3_000;
    let silence = Duration::from_secs(u64::from(config.limits.rtc_silence_seconds));
    assert_eq!(silence, Duration::from_secs(15), "what is promised");
    let server = Running::start(config).await;
    let mut bob = Phone::join(&server, "bob", 7).await;
    let minted = server.api("POST", "/v1/rooms/7/urls", r#"{"kind":"push","user":"obs"}"#).await.json();
    let key = minted["urls"][0]["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let path = Relay::start(server.rtc).await;
    let mut camera = Browser::open(&whip(&server, &key), CAMERA, Some(path.address)).await.expect("accepted");
    let mut film = Film::new(0);
    camera.until("the connection", |camera| camera.connected).await;
    live(&mut camera, Some(&mut film), bob.event("streamChanged")).await;
    path.lose(1);
    let since = Instant::now();
    let lost = shows(&server, |obs| obs["streams"][0]["publishing"] == false);
    let lost = live(&mut camera, Some(&mut film), lost);
    let obs = tokio::time::timeout(silence + SLACK, lost).await.expect("noticed in time");
    assert!(since.elapsed() >= silence - Duration::from_secs(1), "a pause is no end: {:?}", since.elapsed());
    assert_eq!(obs["streams"].as_array().map(Vec::len), Some(1), "the stream stays announced: {obs}");
    let noticed = Instant::now();
    let left = soon("its place is given up", bob.event("memberLeft")).await;
    assert_eq!((&left["user"], &left["reason"]), (&json!("obs"), &json!("timedOut")), "{left}");
    assert!(
        noticed.elapsed() >= Duration::from_secs(2),
        "not before the grace is over: {:?}",
        noticed.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_watches_uses_pictures_and_no_audio_time_meanwhile() {
    let server = Running::start(config()).await;
    let (mut alice, mut bob) = (Phone::join(&server, "alice", 7).await, Phone::join(&server, "bob", 7).await);
    publish(&mut alice).await;
    let (mut camera, mut film, play) = on_air(&server, &mut bob).await;
    let mut screen = screen(&server, &mut camera, &mut film, &play).await;
    let watching = Instant::now();
    let seconds = tokio::time::interval(Duration::from_secs(1));
    let four = async {
        let mut seconds = seconds;
        for _ in 0..5 {
            seconds.tick().await;
        }
    };
    let filming = live(&mut camera, Some(&mut film), four);
    let mut filming = std::pin::pin!(filming);
    loop {
        tokio::select! {
            () = &mut filming => break,
            () = screen.step() => {}
        }
    }
    let watched = watching.elapsed();
    for phone in [&mut alice, &mut bob] {
        assert_eq!(phone.request(json!({"op": "leave"})).await["ok"]["op"], "leave");
    }
    let both = async {
        loop {
            let usage = server.api("GET", "/v1/usage", "").await.json();
            let records = usage["records"].as_array().unwrap().clone();
            if records.len() == 2 {
                return records;
            }
        }
    };
    let records = soon("both stays are on record", both).await;
    let of = |user: &str, what: &str| {
        let record = records.iter().find(|record| record["user"] == user).expect("a stay");
        record[what].as_u64().unwrap()
    };
    // It is looked at once a second what comes, so a reception may begin a second late.
    let least = u64::try_from((watched - Duration::from_secs(1)).as_millis()).unwrap();
    assert!(of("bob", "videoSdMs") >= least, "{watched:?} {records:?}");
    assert_eq!(of("bob", "videoSdMs") + of("bob", "audioMs"), of("bob", "roomMs"));
    assert_eq!((of("alice", "videoSdMs"), of("bob", "micMs")), (0, 0));
    assert_eq!(of("alice", "audioMs"), of("alice", "roomMs"), "who sends and sees nobody uses audio time");
}
