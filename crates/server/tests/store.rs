//! What outlives the process.

mod common;

use common::{Running, config, soon};
use huitong_client::RtmpPublisher;
use huitong_server::Server;

#[tokio::test]
async fn a_minted_url_works_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let mut config = config();
    config.server.data = data.path().to_owned();
    let mut server = Running::start(config.clone()).await;
    let minted = server.api("POST", "/v1/rooms/7/urls", r#"{"kind":"push","user":"camera"}"#).await.json();
    let url = minted["urls"][0]["url"].as_str().unwrap().to_owned();
    let key = url.rsplit('/').next().unwrap();
    server.tell_to_stop();
    server.ended().await.unwrap();
    let server = Running::start(config).await;
    let url = format!("rtmp://{}/live/{key}", server.rtmp);
    let _publisher = soon("publishing", RtmpPublisher::connect(&url)).await.unwrap();
    let room = server.api("GET", "/v1/rooms/7", "").await.json();
    assert_eq!(room["members"][0]["user"], "camera");
}

#[tokio::test]
async fn two_servers_do_not_share_a_data_directory() {
    let data = tempfile::tempdir().unwrap();
    let mut config = config();
    config.server.data = data.path().to_owned();
    let _first = Running::start(config.clone()).await;
    let error = Server::start(config).await.err().expect("it does not start").to_string();
    assert!(error.contains("in use by another server") && error.contains("--data"), "{error}");
}

#[tokio::test]
async fn the_figures_say_how_the_database_is() {
    let server = Running::start(config()).await;
    server.api("POST", "/v1/rooms/7/urls", r#"{"kind":"play","user":"camera"}"#).await;
    let figures = server.get("/metrics").await;
    for figure in [
        "huitong_store_failing 0",
        "huitong_store_waiting 0",
        "huitong_store_waiting_bytes 0",
        "huitong_store_writes_total{what=\"url\"}",
    ] {
        assert!(figures.text().contains(figure), "{figure}");
    }
}
