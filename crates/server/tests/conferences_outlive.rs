//! Conferences that are there after the server died, and those that are not.

mod common;

use common::{Answer, Phone, Running, config, soon};
use huitong_server::Config;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Figures are those of the process: what one server says of its disk would be taken for another's. So these tests come one after
/// the other.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A server with its data in a folder.
fn within(data: &Path) -> Config {
    let mut config = config();
    config.server.data = data.to_owned();
    config
}

/// The disk as it is when the power goes: what the next server finds if this one is killed now.
async fn killed(server: &Running, data: &Path) -> tempfile::TempDir {
    let quiet = async {
        loop {
            let figures = server.get("/metrics").await;
            let none = |name: &str| figures.text().lines().any(|line| line == format!("{name} 0"));
            if none("huitong_conference_changes_waiting") && none("huitong_store_waiting_bytes") {
                return;
            }
        }
    };
    soon("everything is on the disk", quiet).await;
    let copy = tempfile::tempdir().unwrap();
    for file in ["huitong.db", "huitong.db-wal"] {
        fs::copy(data.join(file), copy.path().join(file)).unwrap();
    }
    copy
}

async fn ask(phone: &mut Phone, room: &str, password: &str) -> Value {
    phone.request(json!({"op": "ticket", "room": {"text": room}, "password": password})).await
}

async fn enter(phone: &mut Phone, ticket: &Value) -> Value {
    let ticket = &ticket["ok"];
    phone
        .request(json!({"op": "enter", "conference": ticket["conference"], "ticket": ticket["ticket"]}))
        .await
}

/// Comes into the conference of a room; gives what it is there.
async fn comes(server: &Running, user: &str, room: &str, password: &str) -> (Phone, Value) {
    let mut phone = Phone::login(server, user).await;
    let ticket = ask(&mut phone, room, password).await;
    let inside = enter(&mut phone, &ticket).await;
    assert_eq!(inside["ok"]["op"], "enter", "{user}: {ticket} {inside}");
    (phone, inside["ok"]["conference"].clone())
}

async fn make(server: &Running, request: Value) -> Value {
    let made: Answer = server.api("POST", "/v1/conferences", &request.to_string()).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.json()
}

#[tokio::test]
async fn after_a_kill_the_password_the_admins_and_what_was_written_down_are_there() {
    let _alone = ALONE.lock().await;
    let data = tempfile::tempdir().unwrap();
    let server = Running::start(within(data.path())).await;
    let board =
        make(&server, json!({"room": "board", "creator": "host", "password": "pw", "emptyMs": 600_000}))
            .await;
    let (mut ann, inside) = comes(&server, "ann", "晨会", "芝麻开门").await;
    let (mut bob, _) = comes(&server, "bob", "晨会", "芝麻开门").await;
    let (mut cay, _) = comes(&server, "cay", "晨会", "芝麻开门").await;
    let name = inside["conference"].clone();
    let about = |op: &str, more: Value| {
        let mut request = json!({"op": op, "conference": name});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        request
    };
    ann.request(about("grant", json!({"users": ["bob"], "role": "admin"}))).await;
    bob.request(about("mute", json!({"users": ["cay"], "audio": true, "video": false}))).await;
    for seat in 0..5 {
        let changes = json!({"changes": [{"key": "seat", "value": seat.to_string()}]});
        let changed = cay.request(about("attributes", changes)).await;
        assert_eq!(changed["ok"]["op"], "attributes", "{changed}");
    }
    let unused = ask(&mut bob, "晨会", "芝麻开门").await;
    let disk = killed(&server, data.path()).await;
    drop((server, ann, bob, cay));

    let server = Running::start(within(disk.path())).await;
    let mut eve = Phone::login(&server, "eve").await;
    let wrong = ask(&mut eve, "晨会", "芝麻关门").await;
    assert_eq!(wrong["error"]["code"], "wrong-password", "{wrong}");
    let seized = ask(&mut eve, "board", "").await;
    assert_eq!(seized["error"]["code"], "wrong-password", "{seized}");
    let mut late = Phone::login(&server, "bob").await;
    assert_eq!(enter(&mut late, &unused).await["error"]["code"], "ticket-invalid");
    drop(late);
    let (_bob, inside) = comes(&server, "bob", "晨会", "芝麻开门").await;
    assert_eq!((&inside["conference"], &inside["you"]["role"]), (&name, &json!("admin")));
    assert_eq!(inside["attributes"]["seat"], "4", "as it was last");
    let (_cay, inside) = comes(&server, "cay", "晨会", "芝麻开门").await;
    assert_eq!((&inside["noAudio"], &inside["you"]["role"]), (&json!(true), &json!("talker")));
    let path = format!("/v1/conferences/{}", board["conference"].as_str().unwrap());
    let there = server.api("GET", &path, "").await.json();
    assert_eq!(
        (&there["creator"], &there["locked"], &there["inside"]),
        (&json!("host"), &json!(true), &json!(0))
    );
}

#[tokio::test]
async fn what_is_over_stays_over_and_what_a_limit_of_this_start_forbids_is_cut() {
    let _alone = ALONE.lock().await;
    let data = tempfile::tempdir().unwrap();
    let server = Running::start(within(data.path())).await;
    let brief = make(&server, json!({"room": "brief", "emptyMs": 0})).await;
    let ended = make(&server, json!({"room": "ended"})).await;
    let path = |made: &Value| format!("/v1/conferences/{}", made["conference"].as_str().unwrap());
    assert_eq!(server.api("DELETE", &path(&ended), "").await.status, 204);
    assert_eq!(server.api("GET", &path(&brief), "").await.status, 200, "it waits for the first who comes");
    let (mut ann, _) = comes(&server, "ann", "brief", "").await;
    ann.request(json!({"op": "leave"})).await;
    let gone = async { while server.api("GET", &path(&brief), "").await.status != 404 {} };
    soon("it is over", gone).await;
    let disk = killed(&server, data.path()).await;
    drop(server);
    let server = Running::start(within(disk.path())).await;
    let list = server.api("GET", "/v1/conferences", "").await.json();
    assert_eq!(list["total"], 0, "{list}");
    let again = make(&server, json!({"room": "ended", "maxTalkers": 40})).await;
    let second = killed(&server, disk.path()).await;
    drop(server);
    let mut small = within(second.path());
    small.limits.publishers = 5;
    let server = Running::start(small).await;
    let there = server.api("GET", &path(&again), "").await.json();
    assert_eq!(there["maxTalkers"], 5, "{there}");
}

#[tokio::test]
async fn a_drain_ends_no_conference_and_what_changed_last_is_kept() {
    let _alone = ALONE.lock().await;
    let data = tempfile::tempdir().unwrap();
    let mut settings = within(data.path());
    settings.server.drain_seconds = 0;
    let mut server = Running::start(settings.clone()).await;
    let (mut ann, inside) = comes(&server, "ann", "team", "pw").await;
    let conference = inside["conference"].clone();
    // Whose password was right has come after its hash.
    let _bob = comes(&server, "bob", "team", "pw").await;
    for n in 0..20 {
        let changes = json!([{"key": "n", "value": n.to_string()}]);
        ann.request(json!({"op": "attributes", "conference": conference, "changes": changes})).await;
    }
    server.tell_to_stop();
    let mut told = Vec::new();
    let code = loop {
        match ann.frame().await {
            Ok(frame) => told.push(frame["ev"].clone()),
            Err(code) => break code,
        }
    };
    assert_eq!(code, huitong_protocol::CloseCode::ShuttingDown.number());
    assert!(told.contains(&json!("draining")), "{told:?}");
    assert!(!told.contains(&json!("conferenceExited")) && !told.contains(&json!("removed")), "{told:?}");
    server.ended().await.unwrap();
    let server = Running::start(settings).await;
    let (_ann, inside) = comes(&server, "ann", "team", "pw").await;
    assert_eq!((&inside["conference"], &inside["attributes"]["n"]), (&conference, &json!("19")));
    assert_eq!(inside["you"]["role"], "admin");
}
