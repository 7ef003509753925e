//! The vendor's conference wire over HTTP: which application a key names, where addresses point to, and what is refused.

mod common;

use common::{APP, Answer, Running, SECRET, config, http, user_sig};
use huitong_server::Config;
use serde_json::{Value, json};

/// Names the application of the tests.
fn keyed(key: &str) -> Config {
    let mut config = config();
    for app in &mut config.app {
        app.conference_key = key.to_owned();
    }
    config
}

async fn post(server: &Running, path: &str, authorization: Option<&str>, body: &str) -> Answer {
    http(server.http, "POST", path, authorization, body).await
}

fn ticket(key: &str, user: &str) -> Value {
    let uid = format!("{key}_{user}@easemob.com");
    json!({"uid": uid, "token": user_sig(user), "role": 9, "confrType": "", "password": "", "terminal": {}})
}

#[tokio::test]
async fn an_application_is_named_by_its_key_or_its_number_and_addresses_are_those_of_the_client() {
    let server = Running::start(keyed("easemob-demo#chat")).await;
    for key in ["easemob-demo#chat".to_owned(), format!("any#{APP}")] {
        let made = post(&server, "/easemob/rtc/req/ticket", None, &ticket(&key, "ann").to_string()).await;
        assert_eq!(made.status, 200, "{made:?}");
        let made = made.json();
        assert_eq!((&made["error"], &made["type"]), (&json!(0), &json!(10)));
        assert_eq!(made["data"]["roleToken"], made["roleToken"]);
        let text: Value = serde_json::from_str(made["ticket"].as_str().unwrap()).unwrap();
        assert_eq!(text["url"], "ws://phone.test/easemob/rtc/conference");
        assert_eq!(text["memName"], format!("{key}_ann@easemob.com"));
    }
    for (key, code) in [("easemob-demo#other", -500), ("nothing", -405), ("o#0", -500)] {
        let refused = post(&server, "/easemob/rtc/req/ticket", None, &ticket(key, "ann").to_string()).await;
        assert_eq!(refused.json()["error"], code, "{key}: {refused:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said() {
    let server = Running::start(keyed("")).await;
    let key = format!("o#{APP}");
    let edited = |edit: fn(&mut Value)| {
        let mut body = ticket(&key, "ann");
        edit(&mut body);
        body.to_string()
    };
    let cases = [
        ("{".to_owned(), -405, 400),
        ("[]".to_owned(), -405, 400),
        (edited(|body| body["token"] = json!([7])), -405, 400),
        (edited(|body| body["token"] = json!(7)), -500, 401),
        (edited(|body| body["token"] = json!("nonsense")), -500, 401),
        (edited(|body| body["token"] = json!(user_sig("bob"))), -500, 401),
        (edited(|body| body["role"] = json!(8)), -405, 400),
        (edited(|body| body["confrType"] = json!(13)), -405, 400),
        (edited(|body| body["maxTalkerCount"] = json!(-1)), -405, 400),
        (edited(|body| body["confrId"] = json!("../../etc")), -508, 404),
        (edited(|body| body["confrId"] = json!("unknown")), -508, 404),
        (edited(|body| drop(body.as_object_mut().unwrap().remove("confrType"))), -508, 404),
        (edited(|body| body["x"] = json!("x".repeat(70_000))), -405, 413),
    ];
    for (body, code, status) in cases {
        let refused = post(&server, "/easemob/rtc/req/ticket", None, &body).await;
        let shown: String = body.chars().take(200).collect();
        assert_eq!(
            (&refused.json()["error"], refused.status),
            (&json!(code), status),
            "{shown}: {refused:?}"
        );
        assert!(refused.json()["message"].as_str().is_some_and(|message| message.ends_with('.')), "{shown}");
    }
    let plain = server.get("/easemob/rtc/conference?0&C1").await;
    assert_eq!(plain.json()["error"], -405, "{plain:?}");
}

#[tokio::test]
async fn back_ends_get_a_token_for_their_own_application_only() {
    let server = Running::start(keyed("org#chat")).await;
    let ask = |id: &str, secret: &str| {
        json!({"grant_type": "client_credentials", "client_id": id, "client_secret": secret}).to_string()
    };
    let number = APP.to_string();
    for id in [number.as_str(), "org#chat"] {
        assert_eq!(post(&server, "/org/chat/token", None, &ask(id, SECRET)).await.status, 200, "{id}");
    }
    for (path, body) in [
        ("/org/chat/token", ask(&number, "wrong")),
        ("/org/chat/token", ask("7", SECRET)),
        ("/org/other/token", ask(&number, SECRET)),
    ] {
        let refused = post(&server, path, None, &body).await;
        assert_eq!((refused.status, &refused.json()["error"]), (401, &json!(-500)), "{path}");
    }
    let token = post(&server, "/org/chat/token", None, &ask(&number, SECRET)).await.json();
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let body = json!({"confrType": "11", "maxTalkerCount": "4", "confrDelayMillis": 90_000, "rec": true})
        .to_string();
    let made = post(&server, "/org/chat/conferences", Some(&bearer), &body).await;
    let conference = made.json();
    assert_eq!((made.status, &conference["type"], &conference["talkerLimit"]), (200, &json!(11), &json!(4)));
    assert_eq!((&conference["mixed"], conference["password"].as_str().unwrap().len()), (&json!(true), 8));
    let native =
        server.api("GET", &format!("/v1/conferences/{}", conference["id"].as_str().unwrap()), "").await;
    assert_eq!((&native.json()["locked"], &native.json()["record"]), (&json!(true), &json!(true)));
    for (authorization, path) in
        [(None, "/org/chat/conferences"), (Some(bearer.as_str()), "/org/other/conferences")]
    {
        assert_eq!(post(&server, path, authorization, "{}").await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn what_back_ends_say_of_a_conference_is_what_it_is() {
    let server = Running::start(keyed("org#chat")).await;
    let pair = json!({"grant_type": "client_credentials", "client_id": "org#chat", "client_secret": SECRET});
    let token = post(&server, "/org/chat/token", None, &pair.to_string()).await.json();
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let cases = [
        (json!({}), true, Value::Null),
        (json!({"allowAudienceTalk": true, "creator": "ann"}), true, json!("ann")),
        (json!({"allowAudienceTalk": "", "creator": "org#chat_ann@easemob.com"}), true, json!("ann")),
        (json!({"allowAudienceTalk": false, "creator": "org#chat_ann"}), false, json!("ann")),
        (json!({"allowAudienceTalk": "false", "memDefaultRole": 7}), false, Value::Null),
    ];
    for (mut body, talk, creator) in cases {
        body["confrType"] = json!(12);
        let made = post(&server, "/org/chat/conferences", Some(&bearer), &body.to_string()).await;
        assert_eq!((made.status, &made.json()["allowAudienceTalk"]), (200, &json!(talk)), "{body}: {made:?}");
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let path = format!("/org/chat/conferences/{id}");
        let shown = http(server.http, "GET", &path, Some(&bearer), "").await.json();
        assert_eq!(shown["allowAudienceTalk"], talk, "{body}");
        let native = server.api("GET", &format!("/v1/conferences/{id}"), "").await.json();
        assert_eq!((&native["noHands"], &native["creator"]), (&json!(!talk), &creator), "{body}");
    }
    let foreign = json!({"creator": "org#other_ann@easemob.com"}).to_string();
    let refused = post(&server, "/org/chat/conferences", Some(&bearer), &foreign).await;
    assert_eq!((refused.status, &refused.json()["error"]), (400, &json!(-405)));
    assert_eq!(refused.json()["errorMessage"], refused.json()["message"]);
}

#[test]
fn a_key_of_another_form_or_given_twice_is_refused_at_start() {
    for key in ["org", "org#", "#app", "org#a_b", "or g#app", "org#app#x"] {
        let error = keyed(key).validate().unwrap_err().to_string();
        assert!(error.contains("conference_key"), "{key}: {error}");
    }
    let mut twice = keyed("org#app");
    let mut second = twice.app[0].clone();
    second.id = huitong_types::AppId::new(7).unwrap();
    twice.app.push(second);
    assert!(twice.validate().unwrap_err().to_string().contains("each its own"));
}
