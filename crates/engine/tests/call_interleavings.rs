//! Random interleavings of calls, rooms, lost connections and what back-ends do, as text frames and in virtual time. After every
//! step whoever hears the server knows the truth about its call, and at the end nothing is left.

mod common;

use common::sim::small;
use common::{World, user};
use huitong_engine::{ApiCall, ApiResult, EngineConfig, Input};
use huitong_protocol::Done;
use huitong_protocol::api::{CallRequest, CallSummary};
use huitong_types::{ErrorCode, OwnState, RoomId};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;

/// Phones: two of each of the first two users, one of the third.
const PHONES: usize = 5;

/// States in which somebody has a part in a call.
const IN: [&str; 4] = ["calling", "ringing", "offline", "connected"];

#[derive(Clone, Debug)]
enum Step {
    Login(usize),
    Drop(usize),
    /// The network fails silently: what is sent does not arrive, and nothing can be asked.
    Deafen(usize),
    Resume(usize),
    Bye(usize),
    Call {
        who: usize,
        mask: u8,
        seconds: u32,
    },
    Accept(usize),
    Reject(usize, bool),
    Hangup(usize),
    Enter(usize),
    Leave(usize),
    Wander(usize),
    Start {
        caller: usize,
        mask: u8,
        /// Into a room where others may be.
        open: bool,
    },
    End(usize),
    Kick(usize),
    Dissolve(usize),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..PHONES;
    prop_oneof![
        1 => who().prop_map(Step::Login),
        3 => who().prop_map(Step::Drop),
        2 => who().prop_map(Step::Deafen),
        6 => who().prop_map(Step::Resume),
        1 => who().prop_map(Step::Bye),
        10 => (who(), 1u8..16, 1u32..60).prop_map(|(who, mask, seconds)| Step::Call { who, mask, seconds }),
        8 => who().prop_map(Step::Accept),
        2 => (who(), any::<bool>()).prop_map(|(who, busy)| Step::Reject(who, busy)),
        3 => who().prop_map(Step::Hangup),
        8 => who().prop_map(Step::Enter),
        2 => who().prop_map(Step::Leave),
        1 => who().prop_map(Step::Wander),
        3 => (0usize..3, 1u8..16, any::<bool>())
            .prop_map(|(caller, mask, open)| Step::Start { caller, mask, open }),
        1 => any::<usize>().prop_map(Step::End),
        1 => any::<usize>().prop_map(Step::Kick),
        1 => any::<usize>().prop_map(Step::Dissolve),
        4 => prop_oneof![8 => 0u64..2_000, 6 => 2_000u64..30_000, 1 => Just(95_000)].prop_map(Step::Pass),
    ]
}

fn name(who: usize) -> String {
    format!("user{}", who % 3)
}

fn device(who: usize) -> String {
    format!("device{}", who / 3)
}

/// The users of a mask; the fourth one has no phone.
fn users(mask: u8) -> Vec<String> {
    (0..4).filter(|bit| mask & (1 << bit) != 0).map(|n| format!("user{n}")).collect()
}

struct Sim {
    world: World,
}

impl Sim {
    fn new(config: EngineConfig) -> Self {
        let mut sim = Self { world: World::with_clients(config, (0..PHONES).map(name)) };
        (0..PHONES).for_each(|who| sim.run(Step::Login(who)));
        sim
    }

    fn about(&self, who: usize, op: &str) -> Option<Value> {
        let call = self.world.clients[who].call.as_ref()?;
        Some(json!({ "op": op, "call": call.call }))
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Login(who) => {
                self.world.drop_connection(who);
                let login = self.world.login(who, json!({ "calls": true, "device": device(who) }));
                assert!(login.is_ok(), "{login:?}");
            }
            Step::Drop(who) => self.world.drop_connection(who),
            Step::Deafen(who) => self.world.clients[who].deaf = true,
            Step::Resume(who) => self.resume(who),
            Step::Bye(who) => drop(self.world.try_ask(who, json!({ "op": "bye" }))),
            Step::Call { who, mask, seconds } => {
                let invitees: Vec<String> =
                    users(mask).into_iter().filter(|other| *other != name(who)).collect();
                let wish = json!({ "op": "call", "invitees": invitees, "media": "audio", "timeoutMs": seconds * 1000 });
                let busy = self.world.clients[who].call.is_some();
                let made = self.world.try_ask(who, wish);
                let glare =
                    |done: &Done| matches!(done, Done::Call(reply) if reply.call.you == OwnState::Connected);
                let wrong = busy && made.is_some_and(|made| made.is_ok_and(|done| !glare(&done)));
                assert!(!wrong, "{} is in two calls", name(who));
            }
            Step::Accept(who) => {
                drop(self.about(who, "accept").map(|request| self.world.try_ask(who, request)))
            }
            Step::Reject(who, busy) => {
                if let Some(mut request) = self.about(who, "reject") {
                    request["busy"] = json!(busy);
                    self.world.try_ask(who, request);
                }
            }
            Step::Hangup(who) => {
                if let Some(Err(error)) =
                    self.about(who, "hangup").and_then(|request| self.world.try_ask(who, request))
                {
                    panic!("{} cannot hang up: {error}", name(who));
                }
            }
            Step::Enter(who) => self.enter(who),
            Step::Leave(who) => drop(self.world.try_ask(who, json!({ "op": "leave" }))),
            Step::Wander(who) => {
                drop(self.world.try_ask(who, json!({ "op": "join", "room": { "number": 1 } })))
            }
            Step::Pass(ms) => self.world.pass(Duration::from_millis(ms)),
            step => self.back_end(step),
        }
    }

    fn enter(&mut self, who: usize) {
        let Some(call) = self.world.clients[who].call.clone() else { return };
        let elsewhere = self.world.clients[who].state.as_ref().is_some_and(|state| state.room != call.room);
        let answer = self.world.try_ask(who, json!({ "op": "join", "room": call.room }));
        match answer {
            None => {}
            // A room of others may be entered without a call, too.
            Some(Ok(_)) => assert!(call.open || call.you != OwnState::Ringing, "who rings is not let in"),
            Some(Err(error)) => {
                let fine = elsewhere || call.you == OwnState::Ringing;
                assert!(fine, "{} is kept out of its own call: {error}", name(who));
            }
        }
    }

    fn back_end(&mut self, step: Step) {
        match step {
            Step::Start { caller, mask, open } => {
                let caller = name(caller);
                let invitees = users(mask).into_iter().filter(|other| *other != caller).collect();
                self.world.call(ApiCall::StartCall(CallRequest {
                    caller,
                    invitees,
                    media: huitong_protocol::api::CallMedia::Audio,
                    group: None,
                    timeout_ms: None,
                    data: None,
                    // Where those who wander are.
                    room: open.then(|| "1".to_owned()),
                }));
            }
            Step::End(pick) => {
                if let Some(call) = self.pick(pick) {
                    assert!(matches!(self.world.call(ApiCall::EndCall(call.call)), ApiResult::Done));
                }
            }
            Step::Kick(pick) => {
                if let Some(call) = self.pick(pick) {
                    let room = RoomId::parse(&call.room).unwrap();
                    self.world.call(ApiCall::RemoveMember(room, user(&call.participants[pick % 2].user)));
                }
            }
            Step::Dissolve(pick) => {
                if let Some(call) = self.pick(pick) {
                    self.world.call(ApiCall::DissolveRoom(RoomId::parse(&call.room).unwrap()));
                }
            }
            other => unreachable!("{other:?}"),
        }
    }

    fn resume(&mut self, who: usize) {
        self.world.drop_connection(who);
        let again = self.world.resume_with(who, json!({ "calls": true, "device": device(who) }));
        // A session that is over meanwhile becomes a new one, on which calls ring again.
        match again {
            Ok(Done::Hello(_)) => {}
            // The same device logged in anew meanwhile: that one is there.
            Err(ErrorCode::TakenOver) => panic!("each phone is a device of its own"),
            other => panic!("{other:?}"),
        }
    }

    fn calls(&mut self) -> Vec<CallSummary> {
        match self.world.call(ApiCall::ListCalls { offset: 0, limit: 100 }) {
            ApiResult::Calls(list) => list.calls,
            other => panic!("{other:?}"),
        }
    }

    fn pick(&mut self, pick: usize) -> Option<CallSummary> {
        let calls = self.calls();
        calls.get(pick % calls.len().max(1)).cloned()
    }

    /// Whoever hears the server knows in which call it is, and as what.
    fn check(&mut self) {
        let calls = self.calls();
        for who in (0..PHONES).filter(|who| self.world.hears(*who)).collect::<Vec<_>>() {
            let client = &self.world.clients[who];
            let part = |call: &CallSummary| {
                let party = call.participants.iter().find(|party| party.user == client.user)?;
                // Who only gives its name to a call does not take part.
                let names = call.open && call.caller == client.user;
                (!names && IN.contains(&party.state.as_str())).then(|| (call.call.clone(), party.clone()))
            };
            let parts: Vec<_> = calls.iter().filter_map(part).collect();
            assert!(parts.len() < 2, "{} is in two calls", client.user);
            let Some(own) = &client.call else {
                if let Some((_, party)) = parts.first() {
                    let elsewhere = party.device.as_ref().is_some_and(|own| *own != device(who));
                    assert!(elsewhere, "{} does not know of its call: {party:?}", client.user);
                }
                continue;
            };
            let (call, party) =
                parts.first().unwrap_or_else(|| panic!("{} believes in {own:?}", client.user));
            assert_eq!(call, own.call.as_str());
            let belief = own.participants.iter().map(|p| (p.user.to_string(), p.state.as_str().to_owned()));
            let known = calls.iter().find(|known| known.call == *call).unwrap();
            let truth = known.participants.iter().map(|p| (p.user.clone(), p.state.clone()));
            // In a call of two a phone that rings is told of the other one only when it is over.
            if own.you != OwnState::Ringing
                || known.open
                || known.group.is_some()
                || known.participants.len() > 2
            {
                let others = |(name, _): &(String, String)| *name != client.user;
                assert_eq!(
                    belief.filter(others).collect::<Vec<_>>(),
                    truth.filter(others).collect::<Vec<_>>()
                );
            }
            let as_what = match own.you {
                OwnState::Ringing => matches!(party.state.as_str(), "ringing" | "offline"),
                OwnState::Calling => party.state == "calling",
                OwnState::Connected => party.state == "connected",
            };
            assert!(as_what, "{} is {:?}, and to the server {}", client.user, own.you, party.state);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whoever_hears_the_server_knows_the_truth_about_its_call(
        steps in prop::collection::vec(step(), 1..150),
        hasty in prop::bool::weighted(0.2),
    ) {
        let mut sim = Sim::new(small(hasty));
        for step in steps {
            sim.run(step);
            sim.check();
        }
        for who in 0..PHONES {
            sim.resume(who);
        }
        sim.check();
        sim.world.input(Input::Tick);
        let calls = sim.calls().len();
        sim.world.wind_down();
        prop_assert!(sim.world.logs.len() >= calls, "a call has no record");
        prop_assert!(sim.world.logs.iter().all(|log| log.end.is_some()));
    }
}
