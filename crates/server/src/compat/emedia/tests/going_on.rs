//! Scenes of clients that stay: what they are refused, what they may have missed, and how they learn that they are out.

use super::*;
use huitong_types::{ConferenceExit, ErrorCode};

/// Numbers by which the vendor's client takes itself for out, whatever was asked.
const ENDS: [i64; 7] = [-500, -501, -502, -504, -506, -508, -510];

fn fault(code: &str) -> Value {
    json!({"code": code, "message": "No.", "blame": "client", "retry": "never"})
}

#[test]
fn a_request_that_is_refused_inside_does_not_make_the_client_leave() {
    let mut scene = Scene::inside();
    scene.says(&json!({"op": 400, "tsxId": "n", "rtcId": "wx-1", "aoff": 1, "voff": 0}));
    assert_eq!(scene.told()["result"], -405, "nothing is published");
    scene.feed(Input::Bad("{\"tsxId\":\"y\",\"op\":1000}", ErrorCode::RateLimited.into()));
    assert_eq!(scene.told()["result"], -405, "too many requests");
    scene.feed(Input::Stream { ask: 1, request: StreamRequest::Push("wx-1".to_owned()) });
    let asked = scene.asked().clone();
    scene.engine_says(&json!({"re": asked["id"], "ok": {"op": "publish"}}));
    for code in ErrorCode::ALL {
        scene.says(&json!({"op": 400, "tsxId": "s", "rtcId": "wx-1", "aoff": 0, "voff": 0}));
        let asked = scene.asked().clone();
        scene.engine_says(&json!({"re": asked["id"], "error": fault(code.as_str())}));
        let number = scene.told()["result"].as_i64().unwrap();
        assert!(number < 0 && !ENDS.contains(&number), "{code:?} is told as {number}");
    }
    for op in [1002, 1003] {
        scene.says(&json!({"op": op, "tsxId": "m", "memId": "MS_X3", "arg": "{}"}));
        assert_eq!(scene.told()["result"], -507, "nobody can be reached that way");
    }
    scene.says(&json!({"op": 1000, "tsxId": "p", "cver": 1}));
    assert_eq!(scene.told()["result"], 0, "it is still there");
}

#[test]
fn a_member_for_whose_camera_there_is_no_place_sends_its_voice() {
    let mut scene = Scene::inside();
    scene.feed(Input::Stream { ask: 1, request: StreamRequest::Push("wx-1".to_owned()) });
    let first = scene.asked().clone();
    scene.engine_says(&json!({"re": first["id"], "error": fault("conference-limit")}));
    let second = scene.asked().clone();
    assert_eq!(
        (&second["op"], &second["key"], &second["audio"], &second["video"]),
        (&json!("publish"), &first["key"], &json!(true), &json!(false))
    );
    scene.engine_says(&json!({"re": second["id"], "ok": {"op": "publish"}}));
    assert!(matches!(scene.others.last(), Some(Output::Answer { ask: 1, answer: Ok(_) })));
    scene.feed(Input::Stream { ask: 2, request: StreamRequest::Push("wx-1".to_owned()) });
    for _ in 0..2 {
        let asked = scene.asked().clone();
        scene.engine_says(&json!({"re": asked["id"], "error": fault("conference-limit")}));
    }
    assert!(matches!(scene.others.last(), Some(Output::Answer { ask: 2, answer: Err(_) })), "not for ever");
}

/// Comes back on another connection; returns the frames after the reply.
fn back(scene: &mut Scene) -> Vec<Value> {
    scene.feed(Input::Detached);
    scene.news();
    let streams = "http://h/streams".to_owned();
    scene.feed(Input::Attached { tsx: None, login: Box::new(login("ann")), streams });
    scene.welcome("replayed");
    scene.news().split_off(1)
}

#[test]
fn a_role_and_attributes_that_were_lost_with_a_connection_are_told_once_more() {
    let mut scene = Scene::inside();
    scene.polls();
    assert!(back(&mut scene).is_empty(), "it heard everything");
    let changes = json!([{"key": "k"}, {"key": "topic", "value": "tea"}]);
    scene.push(1, json!({"ev": "roleChanged", "member": 5, "user": "ann", "role": "audience"}));
    scene.push(2, json!({"ev": "attributesChanged", "changes": changes, "by": "bob"}));
    let frames = back(&mut scene);
    assert_eq!((ops(&frames), &frames[0]["role"]), (vec![412, 402], &json!(1)));
    let told: Vec<(&Value, &Value)> =
        frames[1]["cattrs"].as_array().unwrap().iter().map(|one| (&one["key"], &one["op"])).collect();
    assert_eq!(told, [(&json!("k"), &json!("DEL")), (&json!("topic"), &json!("UPDATE"))]);
    scene.polls();
    assert!(back(&mut scene).is_empty());
    for n in 0..1_000u64 {
        let changes = json!([{"key": format!("a{n}"), "value": "1"}]);
        scene.push(2 * n + 3, json!({"ev": "attributesChanged", "changes": changes}));
        let changes = json!([{"key": format!("a{n}")}]);
        scene.push(2 * n + 4, json!({"ev": "attributesChanged", "changes": changes}));
    }
    let frames = back(&mut scene);
    assert!(frames[0]["cattrs"].as_array().unwrap().len() <= 200, "what is kept is bounded");
}

#[test]
fn attributes_that_went_while_too_much_was_missed_are_told_as_gone() {
    let mut scene = Scene::inside();
    scene.news();
    let state = |attributes: Value| {
        json!({"ev": "state", "conference": {
            "conference": "c1", "kind": "ordinary", "you": {"member": 5, "user": "ann", "role": "talker"},
            "members": [member(3, "bob", "admin")], "attributes": attributes,
        }, "room": {
            "room": {"text": "c1"}, "scene": "rtc", "role": "publisher", "audience": 0,
            "members": [{"user": "bob", "away": false, "streams": [stream(true, true)]}],
        }})
    };
    scene.push(90, state(json!({"k": "v"})));
    assert!(scene.news().is_empty(), "nothing is different");
    scene.push(91, state(json!({"l": "w"})));
    let told = scene.told()["cattrs"].clone();
    assert_eq!((&told[0]["key"], &told[0]["op"]), (&json!("k"), &json!("DEL")));
    assert_eq!((&told[1]["key"], &told[1]["val"]), (&json!("l"), &json!("w")));
}

#[test]
fn who_comes_back_to_a_stay_that_is_over_learns_whether_the_conference_is() {
    let ends = [
        (Some(ConferenceExit::Closed), -506),
        (Some(ConferenceExit::Removed), -501),
        (Some(ConferenceExit::OtherDevice), -501),
        (None, -501),
    ];
    for (why, number) in ends {
        let mut scene = Scene::new();
        scene.says(&enter("ann", Some("gone")));
        scene.wire.nothing_to_go_on_with(Some("MSG1-0"), why);
        scene.feed(Input::Tick);
        assert_eq!(scene.told()["result"], number, "{why:?}");
    }
}

#[test]
fn a_member_without_a_connection_whose_media_runs_is_not_given_up() {
    let mut scene = Scene::inside();
    scene.feed(Input::Alone);
    for _ in 0..60 {
        scene.later(10);
    }
    assert!(!scene.did("Close") && scene.wire.is_inside());
    assert_eq!(scene.asked()["op"], "ping", "the engine is kept");
    scene.push(1, json!({"ev": "conferenceJoined", "member": member(9, "eve", "talker")}));
    let frames = back(&mut scene);
    assert_eq!((ops(&frames), &frames[0]["mem"]["id"]), (vec![300, 402], &json!("MS_X9")));
    scene.later(76);
    assert!(scene.did("Close"), "with a connection it has to poll again");
}

#[test]
fn a_poll_says_only_of_what_arrived_that_it_did() {
    let mut scene = Scene::inside();
    scene.polls();
    let before = scene.newest;
    scene.push(1, json!({"ev": "conferenceJoined", "member": member(9, "eve", "talker")}));
    scene.push(2, json!({"ev": "conferenceLeft", "member": 3, "user": "bob", "reason": "left"}));
    scene.push(3, json!({"ev": "roleChanged", "member": 5, "user": "ann", "role": "admin"}));
    // The client polled before these came, and its network changes before they do.
    scene.says(&json!({"op": 1000, "tsxId": "p", "cver": before}));
    assert_eq!(ops(&back(&mut scene)), [301, 300, 412]);
    let told = scene.newest;
    scene.says(&json!({"op": 1000, "tsxId": "p", "cver": told - 1}));
    assert_eq!(ops(&back(&mut scene)), [412], "the others arrived");
    scene.says(&json!({"op": 1000, "tsxId": "p"}));
    assert!(back(&mut scene).is_empty(), "one that does not count has to be believed");
}

#[test]
fn a_member_that_was_waited_for_is_there_again_when_its_media_is() {
    let mut scene = Scene::inside();
    scene.polls();
    scene.feed(Input::Detached);
    assert!(scene.wire.is_waiting() && scene.wire.next_deadline().is_none());
    scene.feed(Input::Awake);
    assert_eq!(scene.asked()["resume"]["session"], "s1");
    scene.feed(Input::Awake);
    scene.welcome("replayed");
    assert!(scene.wire.is_inside());
    scene.push(1, json!({"ev": "conferenceJoined", "member": member(9, "eve", "talker")}));
    assert_eq!(ops(&back(&mut scene)), [300], "its client hears it when it comes");
    scene.feed(Input::Detached);
    scene.feed(Input::Awake);
    scene.welcome("new");
    assert!(scene.did("Forget") && !scene.wire.is_kept(), "its seat was given away");
}

#[test]
fn a_request_about_streams_is_a_sign_of_life_and_waits_for_the_engine() {
    let mut scene = Scene::inside();
    scene.feed(Input::Detached);
    let play = || StreamRequest::Play("RTC1__Of_X3".to_owned());
    scene.feed(Input::Stream { ask: 1, request: play() });
    assert_eq!(scene.asked()["resume"]["session"], "s1");
    scene.feed(Input::Stream { ask: 2, request: StreamRequest::Push("wx-1".to_owned()) });
    assert!(!scene.did("Answer"), "not before the engine is there");
    scene.welcome("replayed");
    assert!(matches!(scene.others.last(), Some(Output::Answer { ask: 1, answer: Ok(_) })));
    let asked = scene.asked().clone();
    scene.engine_says(&json!({"re": asked["id"], "ok": {"op": "publish"}}));
    assert!(matches!(scene.others.last(), Some(Output::Answer { ask: 2, answer: Ok(_) })));
    scene.feed(Input::EngineLost);
    for ask in 3..43 {
        scene.feed(Input::Stream { ask, request: play() });
    }
    let refused =
        scene.others.iter().filter(|output| matches!(output, Output::Answer { answer: Err(_), .. }));
    assert_eq!(refused.count(), 8, "what waits is bounded");
    scene.feed(Input::Detached);
    let answers = scene.others.iter().filter(|output| matches!(output, Output::Answer { .. }));
    assert_eq!(answers.count(), 42, "each is answered once");
}

#[test]
fn who_leaves_on_the_way_in_is_not_let_in() {
    for logged_in in [false, true] {
        let mut scene = Scene::new();
        scene.says(&enter("ann", None));
        if logged_in {
            scene.welcome("new");
        }
        scene.says(&json!({"op": 201, "tsxId": "l"}));
        assert_eq!((&scene.told()["tsxId"], &scene.told()["result"]), (&json!("l"), &json!(0)));
        let last = if logged_in { "bye" } else { "leave" };
        assert!(scene.asked()["op"] == last && scene.did("HangUp") && !scene.wire.is_kept());
        scene.later(5);
        assert!(scene.did("Close"));
    }
}

#[test]
fn a_switch_that_is_not_named_stays_as_it_is() {
    let mut scene = Scene::inside();
    scene.feed(Input::Stream { ask: 1, request: StreamRequest::Push("wx-1".to_owned()) });
    let asked = scene.asked().clone();
    scene.engine_says(&json!({"re": asked["id"], "ok": {"op": "publish"}}));
    let mut switch = |frame: Value, answer: Value| {
        scene.says(&frame);
        let asked = scene.asked().clone();
        let mut reply = json!({"re": asked["id"]});
        reply.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
        scene.engine_says(&reply);
        (asked["audio"].as_bool().unwrap(), asked["video"].as_bool().unwrap())
    };
    let done = json!({"ok": {"op": "publish"}});
    assert_eq!(switch(json!({"op": 400, "tsxId": "s", "voff": 1}), done.clone()), (true, false));
    assert_eq!(switch(json!({"op": 400, "tsxId": "s", "aoff": true}), done.clone()), (false, false));
    let refused = json!({"error": fault("conference-limit")});
    assert_eq!(switch(json!({"op": 400, "tsxId": "s", "voff": 0}), refused), (false, true));
    assert_eq!(switch(json!({"op": 400, "tsxId": "s", "aoff": 0}), done), (true, false), "it was refused");
}

#[test]
fn what_a_switch_does_not_name_stays_as_the_one_before_leaves_it() {
    let cases = [
        (true, json!({"voff": 1}), json!({"ok": {"op": "publish"}}), false),
        (true, json!({"voff": 0}), json!({"ok": {"op": "publish"}}), true),
        (false, json!({"voff": 0}), json!({"error": fault("conference-limit")}), false),
    ];
    for (camera, first, answer, video) in cases {
        let mut scene = Scene::inside();
        scene.feed(Input::Stream { ask: 1, request: StreamRequest::Push("wx-1".to_owned()) });
        if !camera {
            let asked = scene.asked().clone();
            scene.engine_says(&json!({"re": asked["id"], "error": fault("conference-limit")}));
        }
        let asked = scene.asked().clone();
        scene.engine_says(&json!({"re": asked["id"], "ok": {"op": "publish"}}));
        let mut frame = json!({"op": 400, "tsxId": "first"});
        frame.as_object_mut().unwrap().extend(first.as_object().unwrap().clone());
        scene.says(&frame);
        let mut reply = json!({"re": scene.asked()["id"]});
        reply.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
        scene.says(&json!({"op": 400, "tsxId": "second", "aoff": 1}));
        scene.engine_says(&reply);
        let asked = scene.asked().clone();
        assert_eq!((&asked["audio"], &asked["video"]), (&json!(false), &json!(video)), "{first}");
        scene.news();
        scene.engine_says(&json!({"re": asked["id"], "ok": {"op": "publish"}}));
        assert_eq!((&scene.told()["tsxId"], &scene.told()["result"]), (&json!("second"), &json!(0)));
    }
}

#[test]
fn switches_that_wait_for_their_turn_are_bounded_and_each_is_answered_once() {
    let mut scene = Scene::inside();
    scene.feed(Input::Stream { ask: 1, request: StreamRequest::Push("wx-1".to_owned()) });
    let asked = scene.asked().clone();
    scene.engine_says(&json!({"re": asked["id"], "ok": {"op": "publish"}}));
    scene.news();
    for n in 0..40 {
        scene.says(&json!({"op": 400, "tsxId": format!("s{n}"), "aoff": n % 2}));
    }
    assert_eq!(scene.client.len(), 7, "the engine has one, and 32 wait");
    while scene.client.len() < 40 {
        let asked = scene.asked().clone();
        scene.engine_says(&json!({"re": asked["id"], "ok": {"op": "publish"}}));
    }
    let mut told: Vec<&str> = scene.client.iter().map(|frame| frame["tsxId"].as_str().unwrap()).collect();
    assert_eq!(told[7..10], ["s0", "s1", "s2"]);
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), 40);
}

#[test]
fn what_put_a_member_out_while_it_was_away_is_told_as_if_it_had_been_there() {
    let exited = |reason: &str| json!({"ev": "conferenceExited", "conference": "c1", "reason": reason});
    let removed = |reason: &str| json!({"ev": "removed", "reason": reason, "message": "."});
    let cases = [
        (json!([exited("closed")]), -506, 11, "Some(Closed)"),
        (json!([removed("dissolved")]), -506, 11, "Some(Closed)"),
        (json!([exited("removed"), removed("kicked")]), -501, 2, "Some(Removed)"),
        (json!([exited("otherDevice")]), -501, 10, "Some(OtherDevice)"),
    ];
    for (missed, refusal, reason, why) in cases {
        let mut welcome = welcome("new", 90_000);
        welcome["ok"]["missed"] = missed.clone();
        let mut scene = Scene::inside();
        scene.feed(Input::Detached);
        let streams = "http://h/streams".to_owned();
        scene.feed(Input::Attached { tsx: Some("b".to_owned()), login: Box::new(login("ann")), streams });
        scene.engine_says(&welcome);
        assert_eq!(
            (&scene.told()["tsxId"], &scene.told()["result"]),
            (&json!("b"), &json!(refusal)),
            "{missed}"
        );
        assert!(scene.did(&format!("Forget({why})")), "for who asks once more: {missed}");
        let mut scene = Scene::inside();
        scene.feed(Input::EngineLost);
        scene.engine_says(&welcome);
        assert_eq!((&scene.told()["op"], &scene.told()["reason"]), (&json!(301), &json!(reason)), "{missed}");
        assert!(scene.did(&format!("Forget({why})")), "{missed}");
    }
}
