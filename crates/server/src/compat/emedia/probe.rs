//! A client of this wire without a server around it, for the fuzzer.

use super::desk::{Desk, Login, Who};
use super::io::{Input, Output};
use super::names::{Apps, FullName};
use super::wire::Wire;
use huitong_auth::Seals;
use huitong_types::{AppId, ConferenceName, Moment, Redacted};
use serde_json::json;
use std::sync::Arc;

/// Any time within the validity of the ticket, Unix ms.
const NOW_MS: u64 = 1_700_000_000_000;

/// What the server answers to frames of a client that has just connected, to the same frames of one that is in a conference, and
/// once more when its network has changed. `None` when the client cannot be made, which is a defect.
#[doc(hidden)]
pub fn answers(frames: &[&str]) -> Option<Vec<String>> {
    let app = AppId::new(1).ok()?;
    let secret = Redacted::new("0123456789abcdef".to_owned());
    let desk = Arc::new(Desk::new(Apps::new([].into(), [(app, secret)].into()), Seals::new([0; 32])));
    let fresh = || Wire::new(Arc::clone(&desk), Box::new(|| [7; 18]), String::new(), Moment::ZERO);
    let mut answers = Vec::new();
    let mut outside = fresh();
    for frame in frames {
        feed(&mut outside, Input::Frame(frame), &mut answers);
    }
    let mut inside = fresh();
    for text in beginnings(&desk, app)? {
        let input = if text.contains("\"op\":200") { Input::Frame(&text) } else { Input::Engine(&text) };
        feed(&mut inside, input, &mut Vec::new());
    }
    if !inside.is_kept() {
        return None;
    }
    for frame in frames {
        feed(&mut inside, Input::Frame(frame), &mut answers);
    }
    feed(&mut inside, Input::Detached, &mut answers);
    if inside.is_waiting() {
        let back = Input::Attached { tsx: None, login: Box::new(login(app)?), streams: String::new() };
        feed(&mut inside, back, &mut answers);
        feed(&mut inside, Input::Engine(&welcome("replayed")), &mut answers);
        for frame in frames {
            feed(&mut inside, Input::Frame(frame), &mut answers);
        }
    }
    Some(answers)
}

fn login(app: AppId) -> Option<Login> {
    Some(Login {
        who: Who { app, name: FullName::parse("o#1_ann@e.com").ok()? },
        conference: ConferenceName::new("c").ok()?,
        ticket: Redacted::new("t".to_owned()),
    })
}

/// The engine's answer to a login.
fn welcome(resumed: &str) -> String {
    let media = json!({"rtmp": "rtmp://h/live", "flv": "", "wsFlv": "", "whip": "", "whep": ""});
    let welcome = json!({"re": 1, "ok": {
        "op": "hello", "version": 1, "server": "", "session": "s", "secret": "z", "resumed": resumed,
        "heartbeatMs": 1, "seatGraceMs": 1, "time": 0, "media": media,
    }});
    welcome.to_string()
}

/// The entry of the client, and the engine's two answers to it.
fn beginnings(desk: &Desk, app: AppId) -> Option<[String; 3]> {
    let ticket = desk.ticket(&login(app)?, String::new(), NOW_MS);
    let stream = json!({"stream": "main", "audio": true, "video": true, "play": "playkeyplaykeyplaykey"});
    let bob = json!({"user": "bob", "away": false, "streams": [stream]});
    let room =
        json!({"room": {"text": "c"}, "scene": "rtc", "role": "publisher", "members": [bob], "audience": 0});
    let you = json!({"member": 1, "user": "ann", "role": "admin"});
    Some([
        json!({"op": 200, "tkt": ticket}).to_string(),
        welcome("new"),
        json!({"re": 2, "ok": {
            "op": "enter", "state": room,
            "conference": {
                "conference": "c", "kind": "ordinary", "you": you, "attributes": {"k": "v"},
                "members": [{"member": 2, "user": "bob", "role": "talker"}],
            },
        }})
        .to_string(),
    ])
}

fn feed(wire: &mut Wire, input: Input<'_>, answers: &mut Vec<String>) {
    wire.handle(Moment::ZERO, NOW_MS, input);
    while let Some(output) = wire.poll_output() {
        if let Output::Frame(text) = output {
            answers.push(text);
        }
    }
}
