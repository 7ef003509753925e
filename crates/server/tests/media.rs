//! Media connections under the rule of signalling and the API: the whole process with real sockets.

mod common;

use common::{Phone, Running, config, soon};
use huitong_client::{ClientError, FlvPlayer, RtmpPublisher};
use huitong_media::aac::AudioSpecificConfig;
use huitong_media::flv::TagKind;
use serde_json::{Value, json};
use std::time::Duration;

const KEY: &str = "push-key-0123456789abcdef";

fn push_url(server: &Running, key: &str) -> String {
    format!("rtmp://{}/live/{key}", server.rtmp)
}

fn play_url(server: &Running, key: &str) -> String {
    format!("http://{}/flv/{key}.flv", server.http)
}

fn publish() -> Value {
    json!({"op": "publish", "stream": "main", "key": KEY, "audio": true, "video": false})
}

/// Sends sound until `until` resolves.
async fn speak<T>(publisher: &mut RtmpPublisher, until: impl Future<Output = T>) -> T {
    let header = [&[0xaf, 0][..], &AudioSpecificConfig::lc(48_000, 1).build()].concat();
    publisher.send(TagKind::Audio, 0, &[&header]).await.unwrap();
    let mut until = std::pin::pin!(until);
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    for n in 0_u32.. {
        tokio::select! {
            done = &mut until => return done,
            _ = ticks.tick() => publisher.send(TagKind::Audio, n * 20, &[&[0xaf, 1, 0x55, 0x55]]).await.unwrap(),
        }
    }
    unreachable!("the numbers last for years")
}

async fn heard(player: &mut FlvPlayer) {
    let sound = async {
        loop {
            let media = player.next().await.unwrap().expect("the stream goes on");
            if media.kind == TagKind::Audio && media.body.get(1) == Some(&1) {
                return;
            }
        }
    };
    soon("sound", sound).await;
}

/// The figures of alice's stream, once they fulfil the condition.
async fn figures(server: &Running, fulfilled: impl Fn(&Value) -> bool) -> Value {
    let wait = async {
        loop {
            let room = server.api("GET", "/v1/rooms/7", "").await.json();
            let stream = &room["members"][0]["streams"][0];
            if fulfilled(stream) {
                return stream.clone();
            }
        }
    };
    soon("the figures of the stream", wait).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_member_sends_is_heard_and_shows_in_the_figures() {
    let server = Running::start(config()).await;
    let mut alice = Phone::join(&server, "alice", 7).await;
    let mut bob = Phone::join(&server, "bob", 7).await;
    assert_eq!(alice.request(publish()).await["ok"]["op"], "publish");
    let mut push = RtmpPublisher::connect(&push_url(&server, KEY)).await.unwrap();
    let announced = speak(&mut push, bob.event("streamChanged")).await;
    assert_eq!((&announced["user"], &announced["stream"]["audio"]), (&json!("alice"), &json!(true)));
    let play = announced["stream"]["play"].as_str().unwrap().to_owned();
    let mut player = FlvPlayer::connect(&play_url(&server, &play)).await.unwrap();
    speak(&mut push, heard(&mut player)).await;
    let shown = speak(&mut push, figures(&server, |stream| stream["viewers"] == 1)).await;
    assert_eq!(shown["publishing"], true);
    assert_eq!(shown["audioCodec"], "aac 48000 Hz mono");
    assert_eq!(shown["videoCodec"], "");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_push_waits_for_its_member() {
    let server = Running::start(config()).await;
    let mut alice = Phone::join(&server, "alice", 7).await;
    let url = push_url(&server, KEY);
    let pushing = tokio::spawn(async move { RtmpPublisher::connect(&url).await });
    let held = async { while !server.get("/metrics").await.text().contains("huitong_media_held 1") {} };
    soon("the push is held", held).await;
    assert_eq!(alice.request(publish()).await["ok"]["op"], "publish");
    soon("the push is accepted", pushing).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_member_is_cut_off_at_once() {
    let mut config = config();
    config.limits.early_hold_ms = 100;
    let server = Running::start(config).await;
    let mut alice = Phone::join(&server, "alice", 7).await;
    let mut bob = Phone::join(&server, "bob", 7).await;
    alice.request(publish()).await;
    let mut push = RtmpPublisher::connect(&push_url(&server, KEY)).await.unwrap();
    let announced = speak(&mut push, bob.event("streamChanged")).await;
    let play = announced["stream"]["play"].as_str().unwrap().to_owned();
    let mut player = FlvPlayer::connect(&play_url(&server, &play)).await.unwrap();
    speak(&mut push, heard(&mut player)).await;

    assert_eq!(server.api("DELETE", "/v1/rooms/7/members/alice", "").await.status, 204);
    let ended = soon("the publisher is cut", push.ended()).await;
    assert!(matches!(ended, Ok(()) | Err(ClientError::Refused { .. } | ClientError::Io(_))), "{ended:?}");
    let silence = async { while let Ok(Some(_)) = player.next().await {} };
    soon("the player is cut", silence).await;
    let Err(refused) = RtmpPublisher::connect(&push_url(&server, KEY)).await else {
        panic!("the key still works")
    };
    assert!(matches!(refused, ClientError::Refused { .. }), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_with_a_minted_url_is_a_member() {
    let server = Running::start(config()).await;
    let mut bob = Phone::join(&server, "bob", 7).await;
    let minted = server.api("POST", "/v1/rooms/7/urls", r#"{"kind":"push","user":"obs"}"#).await.json();
    let key = minted["urls"][0]["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let mut push = RtmpPublisher::connect(&push_url(&server, &key)).await.unwrap();
    assert_eq!(speak(&mut push, bob.event("memberJoined")).await["member"]["user"], "obs");
    speak(&mut push, bob.event("streamChanged")).await;
    push.close().await.unwrap();
    assert_eq!(bob.event("memberLeft").await["user"], "obs");
}
