//! What the operator sees and decides while the server runs, and what a restart leaves of it.

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{APP, Answer, Phone, Running, SECRET, config, soon};
use huitong_server::Config;
use huitong_server::config::AppSection;
use huitong_types::{AppId, Redacted};
use serde_json::{Value, json};
use std::path::Path;

const OPERATOR: &str = "the-secret-of-the-operator";

/// A server with an operator and two applications, that keeps its data here.
fn operated(data: &Path) -> Config {
    let mut config = config();
    config.server.data = data.to_owned();
    config.operator.secret = Redacted::new(OPERATOR.to_owned());
    config.app.push(AppSection::new(AppId::new(APP + 1).unwrap(), "the-secret-of-the-other"));
    config
}

async fn with(server: &Running, credential: &str, method: &str, path: &str, body: &str) -> Answer {
    let basic = format!("Basic {}", STANDARD.encode(credential));
    let request = common::http(server.http, method, path, Some(&basic), body);
    soon("an answer comes", request).await
}

async fn operator(server: &Running, method: &str, path: &str, body: &str) -> Answer {
    with(server, &format!("operator:{OPERATOR}"), method, &format!("/v1/operator/accounts{path}"), body).await
}

async fn join(server: &Running, user: &str) -> Value {
    let mut client = Phone::login(server, user).await;
    client.request(json!({"op": "join", "room": {"number": 1}})).await
}

#[tokio::test]
async fn the_operator_sees_every_application_and_a_back_end_its_own() {
    let data = tempfile::tempdir().unwrap();
    let mut config = operated(data.path());
    config.app[0].audio_minutes_per_day = 500;
    let server = Running::start(config).await;
    let _alice = Phone::join(&server, "alice", 1).await;
    let list = operator(&server, "GET", "", "").await;
    assert_eq!(list.status, 200, "{list:?}");
    let list = list.json();
    let [first, second] = list["accounts"].as_array().unwrap().as_slice() else { panic!("{list}") };
    assert_eq!((&first["app"], &first["quota"]), (&json!(APP), &json!({"audioMinutesPerDay": 500})));
    assert_eq!((&second["app"], &second["quota"]), (&json!(APP + 1), &json!({})));
    assert_eq!(second["today"], json!({"audioMs": 0, "videoMs": 0}));
    assert_eq!(
        first["suspension"],
        json!({"suspended": false, "byConfiguration": false, "byOperator": false})
    );
    let used = async {
        loop {
            let own = server.api("GET", "/v1/account", "").await.json();
            assert_eq!((&own["app"], &own["quotaByOperator"]), (&json!(APP), &json!(false)));
            if own["today"]["audioMs"].as_u64().unwrap() > 0
                && own["thisMonth"]["audioMs"].as_u64().unwrap() > 0
            {
                return;
            }
        }
    };
    soon("what alice uses is shown to the millisecond", used).await;
    assert_eq!(operator(&server, "GET", &format!("/{APP}"), "").await.json()["app"], APP);
}

#[tokio::test]
async fn nobody_else_is_the_operator() {
    let data = tempfile::tempdir().unwrap();
    let server = Running::start(operated(data.path())).await;
    let path = format!("/v1/operator/accounts/{APP}/suspension");
    for credential in [format!("{APP}:{SECRET}"), format!("operator:{SECRET}"), "operator:".to_owned()] {
        let refused = with(&server, &credential, "DELETE", &path, "").await;
        assert_eq!((refused.status, refused.code()), (401, "credential-mismatch".to_owned()), "{credential}");
    }
    assert_eq!(server.get("/v1/operator/accounts").await.status, 401);
    let own = with(&server, &format!("operator:{OPERATOR}"), "GET", "/v1/usage", "").await;
    assert_eq!(own.status, 401, "the operator is no application");
    for app in ["1", "0", "x", "99999999999999"] {
        let missing = operator(&server, "PUT", &format!("/{app}/suspension"), "").await;
        assert_eq!((missing.status, missing.code()), (404, "not-found".to_owned()), "{app}");
    }
    let plain = Running::start(config()).await;
    let none = operator(&plain, "GET", "", "").await;
    assert_eq!((none.status, none.code()), (404, "not-found".to_owned()));
    assert!(none.text().contains("operator.secret"), "{none:?}");
}

#[tokio::test]
async fn what_the_operator_suspends_its_tenant_cannot_resume_also_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Running::start(operated(data.path())).await;
    let suspended = operator(&server, "PUT", &format!("/{APP}/suspension"), "").await;
    assert_eq!((suspended.status, &suspended.json()["suspension"]["byOperator"]), (200, &json!(true)));
    server.tell_to_stop();
    server.ended().await.unwrap();
    let server = Running::start(operated(data.path())).await;
    let refused = server.api("DELETE", "/v1/suspension", "").await;
    assert_eq!((refused.status, refused.code()), (403, "app-suspended".to_owned()));
    assert_eq!(join(&server, "bob").await["error"]["code"], "app-suspended");
    let resumed = operator(&server, "DELETE", &format!("/{APP}/suspension"), "").await;
    assert_eq!(resumed.json()["suspension"]["suspended"], false);
    assert!(join(&server, "bob").await["ok"].is_object());
}

#[tokio::test]
async fn a_quota_is_set_and_raised_while_the_server_runs_and_outlives_it() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Running::start(operated(data.path())).await;
    let path = format!("/{APP}/quota");
    let none = operator(&server, "PUT", &path, r#"{"audioMinutesPerDay": 0}"#).await;
    assert_eq!((none.status, &none.json()["suspension"]["overdue"]), (200, &json!("audioDay")), "{none:?}");
    assert_eq!(join(&server, "bob").await["error"]["code"], "app-overdue");
    server.tell_to_stop();
    server.ended().await.unwrap();
    let server = Running::start(operated(data.path())).await;
    assert_eq!(join(&server, "bob").await["error"]["code"], "app-overdue", "it holds after a restart");
    let more =
        operator(&server, "PUT", &path, r#"{"audioMinutesPerDay": 9, "videoMinutesPerMonth": 7}"#).await;
    let wanted = json!({"audioMinutesPerDay": 9, "videoMinutesPerMonth": 7});
    assert_eq!((&more.json()["quota"], &more.json()["quotaByOperator"]), (&wanted, &json!(true)));
    assert!(join(&server, "bob").await["ok"].is_object());
    let reset = operator(&server, "DELETE", &path, "").await.json();
    assert_eq!((&reset["quota"], &reset["quotaByOperator"]), (&json!({}), &json!(false)));
    for wrong in ["", "[]", r#"{"audioMinutes": 1}"#, r#"{"audioMinutesPerDay": -1}"#] {
        assert_eq!(operator(&server, "PUT", &path, wrong).await.code(), "bad-message", "{wrong}");
    }
    let much = operator(&server, "PUT", &path, r#"{"audioMinutesPerDay": 1000000001}"#).await;
    assert_eq!((much.status, much.code()), (400, "invalid-field".to_owned()));
    let figures = soon("the figures come", server.get("/metrics")).await;
    assert!(figures.text().contains("huitong_events_total{what=\"quota-set\"}"));
}

#[tokio::test]
async fn a_restart_cuts_nobody_off_who_is_inside_of_an_application_that_begins_nothing() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Running::start(operated(data.path())).await;
    let _alice = Phone::join(&server, "alice", 1).await;
    let left = async {
        let mut bob = Phone::join(&server, "bob", 1).await;
        bob.request(json!({"op": "leave"})).await;
    };
    left.await;
    operator(&server, "PUT", &format!("/{APP}/quota"), r#"{"videoMinutesPerDay": 0}"#).await;
    assert_eq!(join(&server, "carol").await["error"]["code"], "app-overdue");
    server.tell_to_stop();
    server.ended().await.unwrap();
    let server = Running::start(operated(data.path())).await;
    assert_eq!(join(&server, "bob").await["error"]["code"], "app-overdue", "who had left");
    assert!(join(&server, "alice").await["ok"].is_object(), "her room is not cut by the restart");
    let list = server.api("GET", "/v1/usage?user=alice", "").await.json();
    let records = list["records"].as_array().unwrap();
    assert_eq!(
        (records.len(), &records[0]["open"]),
        (1, &json!(false)),
        "her stay of before is over: {list}"
    );
}

#[tokio::test]
async fn a_secret_of_the_operator_that_is_none_or_another_s_is_refused() {
    let example = "replace-this-with-your-own-secret-key";
    for (secret, says) in [("short", "16 to 128"), (SECRET, "make another one"), (example, "of the example")]
    {
        let data = tempfile::tempdir().unwrap();
        let mut config = operated(data.path());
        config.operator.secret = Redacted::new(secret.to_owned());
        let error = config.validate().unwrap_err().to_string();
        assert!(
            error.contains("operator.secret") && error.contains(says) && !error.contains(SECRET),
            "{error}"
        );
    }
}
