//! A viewer whose link has little more than the stream needs, and no patience with bursts.

use huitong_testkit::film::Film;
use huitong_testkit::house::House;
use huitong_testkit::relay::Relay;
use huitong_testkit::webrtc::{Browser, SCREEN};
use huitong_types::Scene;
use std::time::{Duration, Instant};

const KEY: &str = "browser-alice-0123456789";

/// Pictures that are sent: 20 seconds, with a keyframe every two.
const PICTURES: usize = 600;

/// A keyframe, and any other picture, bytes: some 800 kbit/s.
const SIZES: (usize, usize) = (25_000, 2_800);

/// Bytes a second that get through; what a tenth of a second has no room for is lost. A keyframe that leaves at once is.
const LIMIT: u64 = 160_000;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_looked_for_beyond_the_stream_does_not_cost_a_tight_link_its_pictures() {
    let house = House::start(Scene::Rtc).await;
    let mut camera = Browser::whip(&house.whip_url(KEY)).await.expect("accepted");
    camera.until("the connection", |camera| camera.connected).await;
    let down = Relay::start(house.rtc).await;
    let mut screen = Browser::open(&house.whep_url(KEY), SCREEN, Some(down.address)).await.expect("accepted");
    while !screen.connected {
        screen.step().await;
        camera.step().await;
    }
    down.limit(LIMIT);
    let mut film = Film::new(0);
    let mut next = Instant::now();
    for number in 0..PICTURES {
        next += Duration::from_millis(33);
        while Instant::now() < next {
            tokio::select! {
                () = screen.step() => {}
                () = camera.step() => {}
                () = tokio::time::sleep_until(next.into()) => {}
            }
        }
        let key = number % 60 == 0 || std::mem::take(&mut camera.asked) > 0;
        film.roll(&mut camera, key, if key { SIZES.0 } else { SIZES.1 }).await;
    }
    println!("{} of {PICTURES} pictures, {} datagrams lost", screen.pictures.len(), down.lost());
    assert!(down.lost() > 0, "the link is tight");
    assert!(screen.pictures.len() >= PICTURES * 6 / 10, "of {PICTURES}: {}", screen.summary());
    assert!(screen.sounds.len() >= PICTURES * 9 / 10, "of {PICTURES}: {}", screen.summary());
}
