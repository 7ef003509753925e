//! Conferences over real sockets: passwords that are really hashed, and what back-ends do by HTTP.

mod common;

use common::{Phone, Running, config, hello, user_sig};
use serde_json::{Value, json};

async fn phone(server: &Running, user: &str) -> Phone {
    let mut phone = Phone::connect(server).await;
    let reply = phone.request(hello(user, &user_sig(user))).await;
    assert_eq!(reply["ok"]["op"], "hello", "{reply}");
    phone
}

async fn ticket(phone: &mut Phone, password: &str) -> Value {
    phone.request(json!({"op": "ticket", "room": {"text": "晨会"}, "password": password})).await
}

async fn enter(phone: &mut Phone, ticket: &Value) -> Value {
    let ticket = &ticket["ok"];
    phone
        .request(json!({"op": "enter", "conference": ticket["conference"], "ticket": ticket["ticket"]}))
        .await
}

#[tokio::test]
async fn a_password_opens_and_a_wrong_one_does_not_while_others_go_on() {
    let server = Running::start(config()).await;
    let (mut ann, mut bob) = (phone(&server, "ann").await, phone(&server, "bob").await);
    let own = ticket(&mut ann, "芝麻开门").await;
    assert_eq!(own["ok"]["created"], true, "{own}");
    assert_eq!(enter(&mut ann, &own).await["ok"]["conference"]["you"]["role"], "admin");
    let wrong = ticket(&mut bob, "芝麻关门").await;
    assert_eq!(wrong["error"]["code"], "wrong-password", "{wrong}");
    let right = ticket(&mut bob, "芝麻开门").await;
    assert_eq!(right["ok"]["created"], false, "{right}");
    let inside = enter(&mut bob, &right).await;
    assert_eq!(inside["ok"]["conference"]["members"][0]["user"], "ann", "{inside}");
    assert_eq!(ann.event("conferenceJoined").await["member"]["user"], "bob");
    let used = enter(&mut bob, &right).await;
    assert_eq!(used["ok"]["op"], "enter", "who lost the reply asks again: {used}");
    for (user, guess) in [("eve", "a"), ("eve", "b"), ("eve", "c"), ("eve", "d")] {
        let mut eve = phone(&server, user).await;
        assert_eq!(ticket(&mut eve, guess).await["error"]["code"], "wrong-password");
    }
    let mut eve = phone(&server, "eve").await;
    assert_eq!(ticket(&mut eve, "e").await["error"]["code"], "too-many-guesses");
}

#[tokio::test]
async fn the_back_end_makes_steers_and_ends_a_conference() {
    let server = Running::start(config()).await;
    let request = json!({"room": "board", "creator": "ann", "kind": "large", "maxTalkers": 3});
    let made = server.api("POST", "/v1/conferences", &request.to_string()).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.text().matches("\"members\"").count(), 1, "each name once: {}", made.text());
    let made = made.json();
    assert_eq!(
        (&made["kind"], &made["creator"], &made["locked"]),
        (&json!("large"), &json!("ann"), &json!(false))
    );
    let path = format!("/v1/conferences/{}", made["conference"].as_str().unwrap());
    let again = server.api("POST", "/v1/conferences", &request.to_string()).await;
    assert_eq!((again.status, again.code()), (409, "room-taken".to_owned()));
    let mut bob = phone(&server, "bob").await;
    let reply = bob.request(json!({"op": "join", "room": {"text": "board"}})).await;
    assert_eq!(reply["ok"]["op"], "join", "a phone comes by the door of the room: {reply}");
    let mut ann = phone(&server, "ann").await;
    let own = ann.request(json!({"op": "ticket", "conference": made["conference"]})).await;
    enter(&mut ann, &own).await;
    let member = format!("{path}/members/bob");
    let muted = server.api("PUT", &member, &json!({"role": "audience", "noAudio": true}).to_string()).await;
    assert_eq!(muted.status, 204, "{muted:?}");
    assert_eq!(ann.event("roleChanged").await["role"], "audience");
    let detail = server.api("GET", &path, "").await.json();
    let bobs = &detail["members"][0];
    assert_eq!(
        (&bobs["user"], &bobs["role"], &bobs["noAudio"], &bobs["noVideo"]),
        (&json!("bob"), &json!("audience"), &json!(true), &json!(false))
    );
    for (change, expected) in [
        (json!({"noVideo": true}), (true, true)),
        (json!({"noAudio": false}), (false, true)),
        (json!({"noVideo": false, "noAudio": true}), (true, false)),
        (json!({"role": "audience"}), (true, false)),
    ] {
        assert_eq!(server.api("PUT", &member, &change.to_string()).await.status, 204);
        let detail = server.api("GET", &path, "").await.json();
        let bobs = &detail["members"][0];
        let left_out = (bobs["noAudio"].as_bool().unwrap(), bobs["noVideo"].as_bool().unwrap());
        assert_eq!(left_out, expected, "what is not said stays as it is: {change}");
    }
    let list = server.api("GET", "/v1/conferences", "").await.json();
    assert_eq!((&list["total"], &list["conferences"][0]["inside"]), (&json!(1), &json!(2)));
    assert_eq!(server.api("DELETE", &member, "").await.status, 204);
    assert_eq!(bob.event("removed").await["reason"], "kicked");
    let gone = server.api("DELETE", &member, "").await;
    assert_eq!((gone.status, gone.code()), (404, "nobody-there".to_owned()));
    assert_eq!(server.api("DELETE", &path, "").await.status, 204);
    assert_eq!(ann.event("conferenceExited").await["reason"], "closed");
    for method in ["GET", "DELETE"] {
        let gone = server.api(method, &path, "").await;
        assert_eq!((gone.status, gone.code()), (404, "no-conference".to_owned()), "{method}");
    }
    let wrong = server.api("POST", "/v1/conferences", r#"{"maxTalker": 3}"#).await;
    assert_eq!(wrong.status, 400, "a misspelt limit does not go unnoticed");
    let path = "/v1/conferences/..%2Frooms";
    assert_eq!(server.api("GET", path, "").await.status, 400, "a name with path characters is none");
}
