//! Scenes of one client: what it sends, what the engine answers, and what each is told.

use super::desk::tests::{NOW_MS, desk, login};
use super::io::{Input, Output, StreamRequest};
use super::wire::Wire;
use huitong_types::Moment;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

mod any_order;
mod going_on;
mod handing_on;

/// One client and the frames that went out so far.
struct Scene {
    wire: Wire,
    now: Moment,
    client: Vec<Value>,
    engine: Vec<Value>,
    others: Vec<Output>,
    /// The newest version that the client was told.
    newest: u64,
}

impl Scene {
    fn new() -> Self {
        let mut byte = 0;
        let random = Box::new(move || {
            byte += 1;
            [byte; 18]
        });
        let now = Moment::from_millis(1_000);
        let wire = Wire::new(Arc::new(desk()), random, "http://h/streams".to_owned(), now);
        Self { wire, now, client: Vec::new(), engine: Vec::new(), others: Vec::new(), newest: 0 }
    }

    fn feed(&mut self, input: Input<'_>) {
        self.wire.handle(self.now, NOW_MS, input);
        while let Some(output) = self.wire.poll_output() {
            match output {
                Output::Frame(text) => {
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    self.newest = frame["cver"].as_u64().map_or(self.newest, |told| told.max(self.newest));
                    self.client.push(frame);
                }
                Output::Engine(text) => self.engine.push(serde_json::from_str(&text).unwrap()),
                other => self.others.push(other),
            }
        }
    }

    fn says(&mut self, frame: &Value) {
        self.feed(Input::Frame(&frame.to_string()));
    }

    /// The client says that everything arrived.
    fn polls(&mut self) {
        self.says(&json!({"op": 1000, "tsxId": "p", "cver": self.newest}));
    }

    fn engine_says(&mut self, frame: &Value) {
        self.feed(Input::Engine(&frame.to_string()));
    }

    fn later(&mut self, seconds: u64) {
        self.now = self.now + Duration::from_secs(seconds);
        self.feed(Input::Tick);
    }

    /// The newest frame to the client.
    fn told(&self) -> &Value {
        self.client.last().expect("the client was told something")
    }

    /// The frames to the client since the last look.
    fn news(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.client)
    }

    /// The newest request to the engine.
    fn asked(&self) -> &Value {
        self.engine.last().expect("the engine was asked something")
    }

    fn did(&self, what: &str) -> bool {
        self.others.iter().any(|output| format!("{output:?}").starts_with(what))
    }

    fn welcome(&mut self, resumed: &str) {
        self.engine_says(&welcome(resumed, 90_000));
    }

    /// A member that has entered a conference in which bob publishes.
    fn inside() -> Self {
        let mut scene = Self::new();
        scene.says(&enter("ann", None));
        scene.welcome("new");
        scene.engine_says(&entered());
        scene
    }

    fn push(&mut self, seq: u64, mut event: Value) {
        event["seq"] = json!(seq);
        self.engine_says(&event);
    }
}

/// The engine's answer to a login.
fn welcome(resumed: &str, grace_ms: u32) -> Value {
    let media = json!({"rtmp": "rtmp://h/live", "flv": "", "wsFlv": "", "whip": "", "whep": ""});
    json!({"re": 1, "ok": {
        "op": "hello", "version": 1, "server": "x", "session": "s1", "secret": "z", "resumed": resumed,
        "heartbeatMs": 10_000, "seatGraceMs": grace_ms, "time": 0, "media": media,
    }})
}

/// The engine's answer to an entry.
fn entered() -> Value {
    json!({"re": 2, "ok": {"op": "enter",
        "conference": {
            "conference": "c1", "kind": "ordinary", "you": {"member": 5, "user": "ann", "role": "talker"},
            "members": [member(3, "bob", "admin")], "attributes": {"k": "v"},
        },
        "state": {
            "room": {"text": "c1"}, "scene": "rtc", "role": "publisher", "audience": 0,
            "members": [{"user": "bob", "away": false, "streams": [stream(true, true)]}],
        },
    }})
}

fn member(number: u64, user: &str, role: &str) -> Value {
    json!({"member": number, "user": user, "role": role})
}

fn stream(audio: bool, video: bool) -> Value {
    json!({"stream": "main", "audio": audio, "video": video, "play": "playkeyplaykeyplaykey"})
}

fn enter(user: &str, sess: Option<&str>) -> Value {
    let ticket = desk().ticket(&login(user), "ws://h/x".to_owned(), NOW_MS + 1);
    let mut frame = json!({
        "op": 200, "tsxId": "MSG1-0", "tkt": ticket, "nickName": "full name", "ext": "{\"nickName\":\"Ann\"}",
        "res": {"type": "MINI_PROGRAM", "ver": "3.2.2", "ops": [1003]},
    });
    if let Some(sess) = sess {
        frame["sessId"] = json!(sess);
    }
    frame
}

fn ops(frames: &[Value]) -> Vec<i64> {
    frames.iter().map(|frame| frame["op"].as_i64().unwrap()).collect()
}

#[test]
fn an_entry_logs_in_with_a_fresh_credential_and_tells_the_client_everything() {
    let mut scene = Scene::new();
    scene.says(&enter("ann", None));
    assert!(scene.did("Connect"));
    let hello = scene.asked().clone();
    assert_eq!((&hello["op"], &hello["app"], &hello["user"]), (&json!("hello"), &json!(5), &json!("ann")));
    assert!(desk().who("org#app_ann@easemob.com", hello["sig"].as_str().unwrap(), NOW_MS).is_ok());
    scene.welcome("new");
    let asked = scene.asked().clone();
    assert_eq!(asked["op"], "enter");
    assert_eq!((&asked["ticket"], &asked["nick"]), (&json!("t1"), &json!("Ann")));
    let mut scene = Scene::inside();
    let frames = scene.news();
    assert_eq!(ops(&frames), [1001, 402]);
    let reply = &frames[0];
    assert_eq!(
        (&reply["result"], &reply["tsxId"], &reply["memId"]),
        (&json!(0), &json!("MSG1-0"), &json!("MS_X5"))
    );
    assert_eq!(
        (&reply["role"], &reply["rtcCfg"], &reply["vcodes"]),
        (&json!(3), &json!("{}"), &json!(["H264"]))
    );
    assert!(reply["useUrl"].as_str().unwrap().starts_with("http://h/streams/"));
    let bob = &reply["mems"]["MS_X3"];
    assert_eq!((&bob["name"], &bob["role"]), (&json!("org#app_bob@easemob.com"), &json!(7)));
    let cam = &reply["streams"]["RTC1__Of_X3"];
    assert_eq!((&cam["memId"], &cam["voff"], &cam["aoff"]), (&json!("MS_X3"), &json!(0), &json!(0)));
    assert_eq!(frames[1]["cattrs"], json!([{"key": "k", "val": "v", "op": "UPDATE"}]));
    assert_eq!(frames[1]["sessId"], reply["sessId"]);
    assert_ne!(reply["sessId"], json!(""));
}

#[test]
fn what_happens_to_others_is_told_in_the_order_that_the_client_can_take() {
    let mut scene = Scene::inside();
    scene.news();
    // The room speaks before the conference does.
    scene.push(1, json!({"ev": "memberJoined", "member": {"user": "eve", "away": false, "streams": [stream(true, false)]}}));
    assert!(scene.news().is_empty(), "no stream of a member that is not known");
    scene.push(2, json!({"ev": "conferenceJoined", "member": member(9, "eve", "talker")}));
    let frames = scene.news();
    assert_eq!(ops(&frames), [300, 302]);
    assert_eq!((&frames[0]["mem"]["id"], &frames[1]["pubS"]["voff"]), (&json!("MS_X9"), &json!(1)));
    scene.push(3, json!({"ev": "streamChanged", "user": "eve", "stream": stream(true, true)}));
    let frames = scene.news();
    assert_eq!(
        (ops(&frames), &frames[0]["streamId"], &frames[0]["voff"]),
        (vec![400], &json!("RTC1__Of_X9"), &json!(0))
    );
    scene.push(4, json!({"ev": "streamChanged", "user": "eve", "stream": stream(true, true)}));
    assert!(scene.news().is_empty(), "nothing changed");
    scene.push(5, json!({"ev": "streamChanged", "user": "eve", "stream": stream(false, false)}));
    let frames = scene.news();
    assert_eq!((ops(&frames), &frames[0]["pubSId"]), (vec![303], &json!("RTC1__Of_X9")));
    scene.push(6, json!({"ev": "conferenceLeft", "member": 9, "user": "eve", "reason": "removed"}));
    scene.push(7, json!({"ev": "memberLeft", "user": "eve", "reason": "kicked"}));
    let frames = scene.news();
    assert_eq!(
        (ops(&frames), &frames[0]["memId"], &frames[0]["reason"]),
        (vec![301], &json!("MS_X9"), &json!(2))
    );
    let versions: Vec<u64> = frames.iter().map(|frame| frame["cver"].as_u64().unwrap()).collect();
    assert!(versions.iter().all(|version| *version > 1));
}

#[test]
fn who_comes_again_is_another_member() {
    let mut scene = Scene::inside();
    scene.news();
    scene.push(1, json!({"ev": "conferenceJoined", "member": member(8, "bob", "talker")}));
    let frames = scene.news();
    assert_eq!(ops(&frames), [301, 300, 302]);
    assert_eq!((&frames[0]["memId"], &frames[1]["mem"]["id"]), (&json!("MS_X3"), &json!("MS_X8")));
    scene.push(2, json!({"ev": "conferenceLeft", "member": 3, "user": "bob", "reason": "left"}));
    assert!(scene.news().is_empty(), "the end of the earlier stay is not the end of this one");
}

#[test]
fn each_end_has_its_reason() {
    let exits = [("removed", 2), ("otherDevice", 10), ("closed", 11), ("failed", 4), ("left", 0)];
    for (reason, number) in exits {
        let mut scene = Scene::inside();
        scene.news();
        scene.push(1, json!({"ev": "conferenceExited", "conference": "c1", "reason": reason}));
        let told = scene.told().clone();
        assert_eq!(
            (&told["op"], &told["memId"], &told["reason"]),
            (&json!(301), &json!("MS_X5"), &json!(number))
        );
        assert!(scene.did("Forget") && scene.did("HangUp"));
        scene.says(&json!({"op": 1000, "tsxId": "p", "sessId": told["sessId"], "cver": 1}));
        assert_eq!(scene.told()["result"], -506, "a poll tells who missed it");
        scene.later(5);
        assert!(scene.did("Close"));
    }
    let ends = [("takenOver", 10), ("credentialExpired", 4), ("serverShutdown", 4)];
    for (reason, number) in ends {
        let mut scene = Scene::inside();
        scene.push(1, json!({"ev": "sessionEnded", "reason": reason, "message": "."}));
        assert_eq!(scene.told()["reason"], number, "{reason}");
    }
}

#[test]
fn requests_of_the_client_are_those_of_the_protocol_inside() {
    let mut scene = Scene::inside();
    scene.says(&json!({"op": 204, "tsxId": "c", "reason": 11}));
    let asked = scene.asked().clone();
    assert_eq!((&asked["op"], &asked["conference"]), (&json!("destroy"), &json!("c1")));
    let fault = json!({"code": "not-admin", "message": "No.", "blame": "client", "retry": "never"});
    scene.engine_says(&json!({"re": asked["id"], "error": fault}));
    assert_eq!((&scene.told()["tsxId"], &scene.told()["result"]), (&json!("c"), &json!(-520)));
    for op in [102, 500, 7] {
        scene.says(&json!({"op": op, "tsxId": "o"}));
        assert_eq!(scene.told()["result"], -405, "{op}");
    }
    scene.says(&json!({"op": 1000, "tsxId": "p", "cver": 1}));
    assert_eq!(scene.told()["result"], 0);
    assert!(scene.told()["cver"].as_u64().unwrap() > 0 && scene.told().get("useUrl").is_none());
    scene.says(&json!({"op": 201, "tsxId": "l", "reason": 4}));
    let leave = &scene.engine[scene.engine.len() - 2];
    assert_eq!(
        (&leave["op"], &leave["reason"], &scene.asked()["op"]),
        (&json!("leave"), &json!("failed"), &json!("bye"))
    );
    assert!(scene.did("Forget"));
}

#[test]
fn the_own_role_is_told_and_those_of_others_are_not() {
    let mut scene = Scene::inside();
    scene.news();
    scene.push(1, json!({"ev": "roleChanged", "member": 3, "user": "bob", "role": "talker"}));
    assert!(scene.news().is_empty());
    scene.push(2, json!({"ev": "roleChanged", "member": 5, "user": "ann", "role": "admin"}));
    assert_eq!((&scene.told()["op"], &scene.told()["role"]), (&json!(412), &json!(7)));
    let (who, _) = desk().holder(scene.told()["roleToken"].as_str().unwrap()).unwrap();
    assert_eq!(who.user().as_str(), "ann");
    scene.push(3, json!({"ev": "attributesChanged", "changes": [{"key": "a", "value": "1"}, {"key": "b"}], "by": "bob"}));
    let changes = &scene.told()["cattrs"];
    assert_eq!((&changes[0]["op"], &changes[1]["op"]), (&json!("UPDATE"), &json!("DEL")));
    assert_eq!(changes[0]["memName"], "org#app_bob@easemob.com");
}

#[test]
fn streams_are_pushed_and_played_at_addresses_of_the_member() {
    let mut scene = Scene::inside();
    scene.feed(Input::Stream { ask: 1, request: StreamRequest::Push("wx-1-abc".to_owned()) });
    let asked = scene.asked().clone();
    assert_eq!(
        (&asked["op"], &asked["audio"], &asked["video"]),
        (&json!("publish"), &json!(true), &json!(true))
    );
    scene.engine_says(&json!({"re": asked["id"], "ok": {"op": "publish"}}));
    let address = format!("rtmp://h/live/{}", asked["key"].as_str().unwrap());
    assert!(matches!(scene.others.last(), Some(Output::Answer { ask: 1, answer: Ok(at) }) if *at == address));
    scene.feed(Input::Stream { ask: 2, request: StreamRequest::Push("wx-1-abc".to_owned()) });
    assert_ne!(scene.asked()["key"], asked["key"], "a second one replaces the first");
    let again = scene.asked().clone();
    let fault = json!({"code": "may-not-publish", "message": "No.", "blame": "client", "retry": "never"});
    scene.engine_says(&json!({"re": again["id"], "error": fault}));
    assert!(matches!(scene.others.last(), Some(Output::Answer { ask: 2, answer: Err(_) })));
    scene.feed(Input::Stream { ask: 3, request: StreamRequest::Play("RTC1__Of_X3".to_owned()) });
    let play = "rtmp://h/live/playkeyplaykeyplaykey";
    assert!(matches!(scene.others.last(), Some(Output::Answer { ask: 3, answer: Ok(at) }) if at == play));
    for unknown in ["RTC2__Of_X3", "RTC1__Of_X4", "RTC1__Of_X5", "../x", ""] {
        scene.feed(Input::Stream { ask: 4, request: StreamRequest::Play(unknown.to_owned()) });
        assert!(matches!(scene.others.last(), Some(Output::Answer { ask: 4, answer: Err(_) })), "{unknown}");
    }
    scene.says(&json!({"op": 400, "tsxId": "s", "rtcId": "wx-1-abc", "aoff": 1, "voff": 0}));
    assert_eq!((&scene.asked()["audio"], &scene.asked()["video"]), (&json!(false), &json!(true)));
}

#[test]
fn a_client_that_comes_back_goes_on_and_hears_what_it_may_have_missed() {
    let mut scene = Scene::inside();
    let first = scene.news()[0].clone();
    scene.push(1, json!({"ev": "conferenceJoined", "member": member(9, "eve", "talker")}));
    scene.push(2, json!({"ev": "streamChanged", "user": "eve", "stream": stream(true, true)}));
    scene.push(3, json!({"ev": "conferenceLeft", "member": 3, "user": "bob", "reason": "left"}));
    scene.feed(Input::Detached);
    assert!(scene.wire.is_kept());
    scene.news();
    let streams = "http://other/streams".to_owned();
    scene.feed(Input::Attached { tsx: Some("back".to_owned()), login: Box::new(login("ann")), streams });
    let resume = &scene.asked()["resume"];
    assert_eq!(
        (&resume["session"], &resume["secret"], &resume["seq"]),
        (&json!("s1"), &json!("z"), &json!(3))
    );
    scene.welcome("replayed");
    let frames = scene.news();
    assert_eq!(ops(&frames), [1001, 301, 300, 302, 402], "it has given no sign since its entry");
    let reply = &frames[0];
    for same in ["sessId", "memId", "role"] {
        assert_eq!(reply[same], first[same], "{same}");
    }
    assert!(reply["useUrl"].as_str().unwrap().starts_with("http://other/streams/"));
    assert_eq!((&frames[1]["memId"], &frames[2]["mem"]["id"]), (&json!("MS_X3"), &json!("MS_X9")));
    scene.push(4, json!({"ev": "streamChanged", "user": "eve", "stream": stream(false, false)}));
    assert_eq!(ops(&scene.news()), [303], "the replay");
    scene.polls();
    scene.feed(Input::Detached);
    scene.news();
    let streams = "http://h/streams".to_owned();
    scene.feed(Input::Attached { tsx: None, login: Box::new(login("ann")), streams });
    scene.welcome("replayed");
    assert_eq!(ops(&scene.news()), [1001], "a poll said that it heard everything");
}

#[test]
fn a_stay_is_not_gone_on_with_by_somebody_else_or_when_its_seat_is_gone() {
    let mut scene = Scene::inside();
    scene.feed(Input::Detached);
    let streams = "http://h/streams".to_owned();
    scene.feed(Input::Attached { tsx: None, login: Box::new(login("bob")), streams: streams.clone() });
    assert_eq!(scene.told()["result"], -501);
    assert!(scene.did("Forget"));
    let mut scene = Scene::inside();
    scene.feed(Input::Detached);
    scene.feed(Input::Attached { tsx: None, login: Box::new(login("ann")), streams });
    scene.welcome("new");
    assert_eq!(scene.told()["result"], -501);
    let mut scene = Scene::new();
    scene.says(&enter("ann", Some("unknown")));
    assert!(scene.did("GoOn"));
    scene.wire.nothing_to_go_on_with(Some("MSG1-0"), None);
    scene.feed(Input::Tick);
    assert_eq!((&scene.told()["result"], &scene.told()["tsxId"]), (&json!(-501), &json!("MSG1-0")));
}

#[test]
fn more_missed_than_the_engine_keeps_is_told_as_differences() {
    let mut scene = Scene::inside();
    scene.news();
    scene.push(
        90,
        json!({"ev": "state", "conference": {
            "conference": "c1", "kind": "ordinary", "you": {"member": 5, "user": "ann", "role": "admin"},
            "members": [member(9, "eve", "talker")],
        }, "room": {
            "room": {"text": "c1"}, "scene": "rtc", "role": "publisher", "audience": 0,
            "members": [{"user": "eve", "away": false, "streams": [stream(true, true)]}],
        }}),
    );
    assert_eq!(ops(&scene.news()), [301, 300, 302, 412, 402]);
    scene.push(91, json!({"ev": "state", "room": null}));
    assert_eq!((&scene.told()["op"], &scene.told()["reason"]), (&json!(301), &json!(4)));
}

#[test]
fn a_lost_connection_to_the_engine_is_made_again_and_not_for_ever() {
    let mut scene = Scene::inside();
    for _ in 0..3 {
        scene.feed(Input::EngineLost);
        assert_eq!(scene.asked()["resume"]["session"], "s1");
        scene.welcome("replayed");
    }
    scene.news();
    scene.feed(Input::EngineLost);
    assert_eq!((&scene.told()["op"], &scene.told()["reason"]), (&json!(301), &json!(4)));
}

#[test]
fn refusals_of_the_engine_are_the_codes_of_this_wire() {
    let refusals = [
        ("ticket-invalid", -500),
        ("ticket-expired", -502),
        ("ticket-void", -504),
        ("no-conference", -508),
        ("conference-over", -506),
        ("talkers-full", -523),
        ("server-full", -510),
        ("timeout", -408),
    ];
    for (code, number) in refusals {
        let mut scene = Scene::new();
        scene.says(&enter("ann", None));
        scene.welcome("new");
        let fault = json!({"code": code, "message": "No.", "blame": "client", "retry": "never"});
        scene.engine_says(&json!({"re": 2, "error": fault}));
        let told = scene.told().clone();
        assert_eq!((&told["result"], &told["tsxId"]), (&json!(number), &json!("MSG1-0")), "{code}");
        assert!(told.get("useUrl").is_none() && told.get("rtcCfg").is_none());
        assert!(scene.did("Refused"));
        scene.later(5);
        assert!(scene.did("Close"));
    }
}

#[test]
fn frames_out_of_place_are_answered_and_nothing_else_happens() {
    let mut scene = Scene::new();
    for op in [204, 400, 500, 1000, 1003] {
        scene.says(&json!({"op": op, "tsxId": "x"}));
        assert_eq!(scene.told()["result"], -507, "{op}");
    }
    for text in ["", "{", "[]", "7", "{\"op\":\"200\"}", "{\"op\":200}", "\u{0}"] {
        scene.feed(Input::Frame(text));
        assert_eq!(scene.told()["result"], -405, "{text:?}");
    }
    assert!(!scene.did("Connect"), "the engine hears of nobody who has not entered");
    let mut scene = Scene::inside();
    scene.says(&enter("ann", None));
    assert_eq!(scene.told()["result"], -405, "a second entry");
    scene.feed(Input::Bad("{\"tsxId\":\"y\",\"op\":1000}", huitong_types::ErrorCode::RateLimited.into()));
    assert_eq!((&scene.told()["result"], &scene.told()["tsxId"]), (&json!(-405), &json!("y")));
}

#[test]
fn tickets_that_were_not_handed_out_open_nothing() {
    let mut forged = enter("ann", None);
    forged["tkt"]["memName"] = json!("org#app_bob@easemob.com");
    let mut broken = enter("ann", None);
    broken["tkt"] = json!({"url": "ws://h"});
    let mut old = enter("ann", None);
    old["tkt"] = json!(desk().ticket(&login("ann"), "ws://h".to_owned(), NOW_MS - 1));
    for (frame, code) in [(forged, -500), (broken, -500), (old, -502)] {
        let mut scene = Scene::new();
        scene.says(&frame);
        assert_eq!(scene.told()["result"], code);
        assert!(!scene.did("Connect"));
        scene.later(5);
        assert!(scene.did("Close"));
    }
}

#[test]
fn silence_ends_connections_and_pings_keep_the_engine() {
    let mut scene = Scene::new();
    scene.later(29);
    assert!(!scene.did("Close"));
    scene.later(1);
    assert!(scene.did("Close"), "nothing was said for 30 s");
    let mut scene = Scene::new();
    scene.says(&enter("ann", None));
    scene.later(15);
    assert_eq!(scene.told()["result"], -408, "the engine does not answer");
    let mut scene = Scene::inside();
    scene.later(10);
    assert_eq!(scene.asked()["op"], "ping");
    scene.later(60);
    scene.says(&json!({"op": 1000, "tsxId": "p"}));
    scene.later(70);
    assert!(!scene.did("Close"), "one poll was missed");
    scene.later(10);
    assert!(
        scene.did("Close") && scene.wire.is_kept(),
        "two were: the connection is dead, and the stay is not"
    );
}
