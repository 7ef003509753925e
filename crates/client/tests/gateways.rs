//! The media half of the client against the real gateways.

use huitong_client::{ClientError, FlvPlayer, Media, RtmpPlayer, RtmpPublisher};
use huitong_media::aac::AudioSpecificConfig;
use huitong_media::flv::TagKind;
use huitong_testkit::house::House;
use huitong_types::Scene;
use std::time::Duration;

const KEY: &str = "client-0123456789abcdef";

/// The codec header of the sound, as a tag body.
fn header() -> Vec<u8> {
    [&[0xaf, 0][..], &AudioSpecificConfig::lc(48_000, 1).build()].concat()
}

/// A sound that carries its number.
fn sound(number: u8) -> Vec<u8> {
    vec![0xaf, 1, number, 0x55, 0x55]
}

async fn publisher(house: &House) -> RtmpPublisher {
    let mut publisher = RtmpPublisher::connect(&house.rtmp_url(KEY)).await.unwrap();
    publisher.send(TagKind::Audio, 0, &[&header()]).await.unwrap();
    publisher
}

/// Sends sounds, one each few milliseconds, until the player has had five.
async fn relay(publisher: &mut RtmpPublisher, mut next: impl AsyncFnMut() -> Option<Media>) {
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    let mut got: Vec<u8> = Vec::new();
    let mut sent = 0u8;
    while got.len() < 5 {
        tokio::select! {
            _ = ticks.tick() => {
                publisher.send(TagKind::Audio, u32::from(sent) * 5, &[&sound(sent)]).await.unwrap();
                sent = sent.wrapping_add(1);
            }
            media = next() => {
                let media = media.expect("the stream goes on");
                if media.kind == TagKind::Audio && media.body.get(1) == Some(&1) {
                    got.push(media.body[2]);
                }
            }
        }
    }
    let in_order = got.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1));
    assert!(in_order, "in order and without holes: {got:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_is_played_over_rtmp_and_flv() {
    let house = House::start(Scene::Rtc).await;
    let mut publisher = publisher(&house).await;
    let mut player = RtmpPlayer::connect(&house.rtmp_url(KEY)).await.unwrap();
    relay(&mut publisher, async || player.next().await.unwrap()).await;
    for url in [house.flv_url(KEY), house.http_url(KEY)] {
        let mut player = FlvPlayer::connect(&url).await.unwrap();
        relay(&mut publisher, async || player.next().await.unwrap()).await;
    }
    player.close().await.unwrap();
    publisher.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_carries_the_servers_sentence() {
    let house = House::start(Scene::Rtc).await;
    let denied = "deny-0123456789abcdef";
    let Err(ClientError::Refused { code, description }) = RtmpPlayer::connect(&house.rtmp_url(denied)).await
    else {
        panic!("refused")
    };
    assert_eq!((code.as_str(), description.as_str()), ("NetStream.Play.StreamNotFound", "The test says no."));
    let Err(ClientError::Refused { code, .. }) = RtmpPublisher::connect(&house.rtmp_url(denied)).await else {
        panic!("refused")
    };
    assert_eq!(code, "NetStream.Publish.BadName");
    for url in [house.flv_url(denied), house.http_url(denied)] {
        let Err(ClientError::Http { status, body }) = FlvPlayer::connect(&url).await else {
            panic!("refused")
        };
        assert_eq!(status, 403);
        assert!(body.contains("The test says no."), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_that_is_replaced_learns_why() {
    let house = House::start(Scene::Rtc).await;
    let mut first = publisher(&house).await;
    let _second = publisher(&house).await;
    let why = loop {
        // The message that finds out is refused; the sentence arrives a moment later.
        match first.send(TagKind::Audio, 0, &[&sound(0)]).await {
            Ok(()) => tokio::task::yield_now().await,
            Err(why) => break why,
        }
    };
    assert!(
        matches!(&why, ClientError::Refused { description, .. } if description.contains("Another connection")),
        "{why}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_addresses_are_refused_without_a_connection() {
    for bad in ["http://host/live/key", "rtmp://host/live/", "rtmp://host"] {
        assert!(matches!(RtmpPlayer::connect(bad).await, Err(ClientError::Address(_))), "{bad}");
    }
    assert!(matches!(FlvPlayer::connect("rtmp://host/x").await, Err(ClientError::Address(_))));
}
