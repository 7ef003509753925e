//! WHIP and WHEP sessions from their first request to their end: what is asked first, changes of the network, goodbyes.

use huitong_fanout::{MediaOrder, Ticket};
use huitong_gateway_webrtc::WebrtcConfig;
use huitong_testkit::film::Film;
use huitong_testkit::house::{House, Permissive, Told};
use huitong_testkit::peers::eventually;
use huitong_testkit::webrtc::{Answer, Browser, CAMERA, Offer, request, request_with};
use huitong_types::{ErrorCode, Fault, Scene, StreamKey};
use std::time::{Duration, Instant};

const KEY: &str = "browser-alice-0123456789";

/// The media type of what a PATCH carries.
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

/// A publisher that is connected, and its film.
async fn camera(house: &House) -> (Browser, Film) {
    let mut camera = Browser::whip(&house.whip_url(KEY)).await.expect("accepted");
    camera.until("the connection", |b| b.connected).await;
    (camera, Film::new(0))
}

/// A viewer of a publisher that goes on; connected.
async fn screen(house: &House, camera: &mut Browser) -> Browser {
    let mut screen = Browser::whep(&house.whep_url(KEY)).await.expect("accepted");
    while !screen.connected {
        screen.step().await;
        camera.step().await;
    }
    screen
}

/// Films until the viewer has so many further pictures.
async fn film_until(film: &mut Film, camera: &mut Browser, screen: &mut Browser, more: usize) {
    let (start, wanted) = (Instant::now(), screen.pictures.len() + more);
    while screen.pictures.len() < wanted {
        assert!(start.elapsed() < Duration::from_secs(20), "no picture arrives: {}", screen.summary());
        let key = std::mem::take(&mut camera.asked) > 0;
        film.roll(camera, key || film.number.is_multiple_of(30), 800).await;
        let next = Instant::now() + Duration::from_millis(20);
        while Instant::now() < next {
            tokio::select! {
                () = screen.step() => {}
                () = camera.step() => {}
            }
        }
    }
}

/// Films for two seconds while nobody takes the pictures: congestion control of the server sees a link that carries nothing.
async fn film_into_the_void(film: &mut Film, camera: &mut Browser) {
    let end = Instant::now() + Duration::from_secs(2);
    while Instant::now() < end {
        film.roll(camera, false, 3_000).await;
        camera.step().await;
    }
}

async fn patch(browser: &Browser, if_match: Option<&str>, body: &str) -> Answer {
    let mut headers = vec![("Content-Type", FRAGMENT)];
    headers.extend(if_match.map(|tag| ("If-Match", tag)));
    request_with("PATCH", &browser.resource, &headers, body).await
}

fn ended(house: &House) -> Option<(Ticket, bool)> {
    house.authority.told().iter().find_map(|told| match told {
        Told::Closed(ticket, deliberate) => Some((*ticket, *deliberate)),
        _ => None,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_session_is_over_for_both_sides() {
    let house = House::start(Scene::Rtc).await;
    let (mut camera, _film) = camera(&house).await;
    assert_eq!(request("DELETE", &camera.resource, "", "").await.status, 200);
    camera.until("the goodbye", |camera| camera.closed).await;
    assert_eq!(request("DELETE", &camera.resource, "", "").await.status, 404);
    assert_eq!(patch(&camera, Some("*"), "").await.status, 404);
    eventually("the end is told", || async { ended(&house).filter(|(_, deliberate)| *deliberate) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn candidates_come_later_with_the_tag_of_their_ice_session() {
    let house = House::start(Scene::Rtc).await;
    let (camera, _film) = camera(&house).await;
    let tag = Some(camera.etag.as_str());
    let own = "a=candidate:1 1 udp 2122260223 127.0.0.1 9 typ host";
    // RFC 9725, section 4.3.1 and 4.3.2; RFC 6585, section 3.
    let cases = [
        (tag, own, 204, ""),
        (tag, "a=candidate:1 1 udp 5 0f1e2d3c.local 9 typ host\r\na=end-of-candidates", 204, ""),
        (Some("\"0-0\", W/\"5\""), own, 412, "newest ETag"),
        (None, own, 428, "If-Match is missing"),
        (tag, "", 400, "neither a=candidate nor"),
        (tag, "a=candidate:1 1 udp x 127.0.0.1 9 typ host", 400, "the candidate in line 1"),
        (tag, &format!("a=ice-ufrag:other\r\n{own}"), 400, "another ICE session"),
        (Some("*"), own, 400, "needs a=ice-ufrag and a=ice-pwd"),
        (Some("*"), &"a=x\r\n".repeat(4000), 413, "at most 16384"),
    ];
    for (if_match, body, status, says) in cases {
        let answer = patch(&camera, if_match, body).await;
        assert_eq!(answer.status, status, "{if_match:?} {body}: {answer:?}");
        assert!(answer.body.contains(says), "{if_match:?} {body}: {answer:?}");
    }
    let kind = [("Content-Type", "application/sdp"), ("If-Match", "*")];
    assert_eq!(request_with("PATCH", &camera.resource, &kind, "").await.status, 415);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changes_the_network_restarts_ice_and_the_session_goes_on() {
    let house = House::start(Scene::Rtc).await;
    let (mut camera, mut film) = camera(&house).await;
    let mut screen = screen(&house, &mut camera).await;
    film_until(&mut film, &mut camera, &mut screen, 10).await;
    for round in 0..2 {
        let before = camera.etag.clone();
        camera.change_network().await;
        camera.restart_ice().await.expect("restarted");
        assert_ne!(camera.etag, before, "another ICE session has another tag");
        assert_eq!(patch(&camera, Some(&before), "a=end-of-candidates").await.status, 412);
        assert_eq!(patch(&camera, Some(&camera.etag), "a=end-of-candidates").await.status, 204);
        film_until(&mut film, &mut camera, &mut screen, 30).await;
        let pictures = screen.pictures.len();
        screen.change_network().await;
        film_into_the_void(&mut film, &mut camera).await;
        screen.restart_ice().await.expect("restarted");
        film_until(&mut film, &mut camera, &mut screen, 30).await;
        assert!(screen.pictures.len() > pictures, "round {round}");
    }
    let told = house.authority.told();
    let asked = told.iter().filter(|told| matches!(told, Told::Publish(_) | Told::Play(_))).count();
    assert_eq!((asked, ended(&house)), (2, None), "neither session is a new one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_whose_answer_was_lost_is_answered_alike_again() {
    let house = House::start(Scene::Rtc).await;
    let (camera, _film) = camera(&house).await;
    let body = "a=ice-ufrag:newname\r\na=ice-pwd:0123456789abcdef012345\r\n";
    let (first, second) = (patch(&camera, Some("*"), body).await, patch(&camera, Some("*"), body).await);
    assert_eq!((first.status, first.header("content-type")), (200, Some(FRAGMENT)), "{first:?}");
    assert_eq!((second.status, &second.body), (200, &first.body));
    assert_eq!(first.header("etag"), second.header("etag"));
    assert!(first.body.contains("a=candidate:") && first.body.contains("a=ice-lite"), "{first:?}");
    let half = body.replace("0123456789", "9876543210");
    let refused = patch(&camera, Some("*"), &half).await;
    assert!(refused.status == 400 && refused.body.contains("new a=ice-ufrag"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_of_no_use_leaves_the_present_publisher_alone() {
    let house = House::start(Scene::Rtc).await;
    let (mut camera, mut film) = camera(&house).await;
    let mut screen = screen(&house, &mut camera).await;
    film_until(&mut film, &mut camera, &mut screen, 5).await;
    let offer = Offer { h264: false, ..CAMERA };
    for _ in 0..3 {
        let refused = Browser::open(&house.whip_url(KEY), offer, None).await.err().unwrap();
        assert!(refused.status == 406 && refused.body.contains("packetization-mode=1"), "{refused:?}");
    }
    film_until(&mut film, &mut camera, &mut screen, 20).await;
    assert!(!camera.closed);
    let asked = house.authority.told().iter().filter(|told| matches!(told, Told::Publish(_))).count();
    assert_eq!(asked, 1, "nobody was asked for a permission that could not be used");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_that_comes_before_its_member_is_held_then_accepted_or_refused() {
    let house = House::start(Scene::Rtc).await;
    let (early, late) = (house.whip_url("hold-alice-0123456789"), house.whip_url("hold-bob-0123456789"));
    let accepted = tokio::spawn(async move { Browser::whip(&early).await });
    let held = |count: usize| {
        let authority = &house.authority;
        move || async move {
            let told = authority.told();
            let asked: Vec<_> =
                told.iter().filter_map(|t| if let Told::Publish(t) = t { Some(*t) } else { None }).collect();
            (asked.len() == count).then_some(asked)
        }
    };
    let asked = eventually("the first is held", held(1)).await;
    assert!(!accepted.is_finished());
    house.authority.release(asked[0]);
    let mut camera = accepted.await.unwrap().expect("accepted");
    camera.until("the connection", |b| b.connected).await;
    let refused = tokio::spawn(async move { Browser::whip(&late).await });
    let asked = eventually("the second is held", held(2)).await;
    let fault = Fault::because(ErrorCode::UnknownKey, "Nobody came for it.");
    house.authority.order(asked[1], MediaOrder::Close(fault));
    let refused = refused.await.unwrap().err().expect("refused");
    assert!(refused.status == 404 && refused.body.contains("Nobody came for it."), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_goes_silent_is_gone_and_not_deliberately() {
    let webrtc = WebrtcConfig { threads: 1, silence: Duration::from_secs(1), ..WebrtcConfig::default() };
    let house = House::with_webrtc(Scene::Rtc, webrtc).await;
    let (camera, _film) = camera(&house).await;
    drop(camera);
    eventually("the end is told", || async { ended(&house).filter(|(_, deliberate)| !deliberate) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_whose_stream_ends_before_it_begins_is_told_so_and_of_no_other_publisher() {
    let house = House::start(Scene::Rtc).await;
    let key = "hold-carol-0123456789";
    let url = house.whip_url(key);
    let offer = tokio::spawn(async move { Browser::whip(&url).await.err() });
    let asked = || async {
        house
            .authority
            .told()
            .iter()
            .find_map(|told| if let Told::Publish(t) = told { Some(*t) } else { None })
    };
    let ticket = eventually("the request", asked).await;
    // Whoever was permitted left in the same moment.
    house.fanout.end_stream(Permissive::stream_of(&StreamKey::new(key).unwrap()));
    house.authority.release(ticket);
    let refused = offer.await.unwrap().expect("refused");
    assert_eq!(refused.status, 404, "{refused:?}");
    assert!(refused.body.contains("The stream is over."), "{}", refused.body);
}
