//! Random interleavings of everything that can happen to rooms, in virtual time, with seeds that are printed when one
//! fails.

mod common;

use common::{World, room, session, tracks, user};
use huitong_room::{Input, Limits};
use huitong_types::{LeaveReason, Privileges, Role, Scene, StreamKind};
use proptest::prelude::*;
use std::time::Duration;

#[derive(Clone, Debug)]
enum Step {
    Join { id: u64, name: u64, room: u32, live: bool, audience: bool, bits: u32 },
    Leave(u64),
    Role { id: u64, audience: bool, bits: Option<u32> },
    Silence { id: u64, audio: bool, video: bool },
    Declare { id: u64, aux: bool, audio: bool, video: bool },
    Withdraw { id: u64, aux: bool },
    Subscribe { id: u64, name: u64, aux: bool, audio: bool },
    Start { id: u64, aux: bool },
    Tracks { id: u64, aux: bool, audio: bool, video: bool },
    Stop { id: u64, aux: bool, deliberate: bool },
    Lost(u64),
    Back(u64),
    Kick { room: u32, name: u64 },
    Dissolve(u32),
    Pass(u64),
}

const SESSIONS: std::ops::Range<u64> = 1..12;
const USERS: std::ops::Range<u64> = 1..8;
const ROOMS: std::ops::Range<u32> = 1..4;

fn bits() -> impl Strategy<Value = u32> {
    prop_oneof![4 => Just(255u32), 1 => any::<u8>().prop_map(u32::from)]
}

fn step() -> impl Strategy<Value = Step> {
    let flag = any::<bool>;
    prop_oneof![
        6 => (SESSIONS, USERS, ROOMS, flag(), flag(), bits()).prop_map(|(id, name, room, live, audience, bits)| {
            // A room has mostly one scene, so that joins succeed.
            let live = if id % 5 == 0 { live } else { room == 2 };
            Step::Join { id, name, room, live, audience, bits }
        }),
        2 => SESSIONS.prop_map(Step::Leave),
        2 => (SESSIONS, flag(), prop::option::of(bits())).prop_map(|(id, audience, bits)| Step::Role { id, audience, bits }),
        1 => (SESSIONS, flag(), flag()).prop_map(|(id, audio, video)| Step::Silence { id, audio, video }),
        2 => (SESSIONS, flag(), flag(), flag()).prop_map(|(id, aux, audio, video)| Step::Declare { id, aux, audio, video }),
        1 => (SESSIONS, flag()).prop_map(|(id, aux)| Step::Withdraw { id, aux }),
        1 => (SESSIONS, USERS, flag(), flag()).prop_map(|(id, name, aux, audio)| Step::Subscribe { id, name, aux, audio }),
        4 => (SESSIONS, flag()).prop_map(|(id, aux)| Step::Start { id, aux }),
        4 => (SESSIONS, flag(), flag(), flag()).prop_map(|(id, aux, audio, video)| Step::Tracks { id, aux, audio, video }),
        2 => (SESSIONS, flag(), flag()).prop_map(|(id, aux, deliberate)| Step::Stop { id, aux, deliberate }),
        2 => SESSIONS.prop_map(Step::Lost),
        2 => SESSIONS.prop_map(Step::Back),
        1 => (ROOMS, USERS).prop_map(|(room, name)| Step::Kick { room, name }),
        1 => ROOMS.prop_map(Step::Dissolve),
        3 => prop_oneof![0u64..3_000, 3_000u64..100_000, Just(700_000)].prop_map(Step::Pass),
    ]
}

const fn kind(aux: bool) -> StreamKind {
    if aux { StreamKind::Aux } else { StreamKind::Main }
}

const fn role(audience: bool) -> Role {
    if audience { Role::Audience } else { Role::Publisher }
}

fn run(world: &mut World, step: Step) {
    let before: Vec<_> = world.views.clone().into_iter().collect();
    let result = match step {
        Step::Join { id, name, room: number, live, audience, bits } => {
            let scene = if live { Scene::Live } else { Scene::Rtc };
            // A session belongs to one user.
            let name = if id % 3 == 0 { name } else { id % USERS.end };
            let name = world.views.get(&session(id)).map_or(name, |_| world_user(world, id).unwrap_or(name));
            world.join_with(id, name, &room(number), scene, role(audience), Privileges::from_bits(bits))
        }
        Step::Leave(id) => world.input(Input::Leave { session: session(id), reason: LeaveReason::Left }),
        Step::Role { id, audience, bits } => {
            let privileges = bits.map(Privileges::from_bits);
            world.input(Input::SetRole { session: session(id), role: role(audience), privileges })
        }
        Step::Silence { id, audio, video } => {
            world.input(Input::Silence { session: session(id), tracks: tracks(audio, video) })
        }
        Step::Declare { id, aux, audio, video } => world.input(Input::Declare {
            session: session(id),
            kind: kind(aux),
            tracks: tracks(audio, video),
        }),
        Step::Withdraw { id, aux } => world.input(Input::Withdraw { session: session(id), kind: kind(aux) }),
        Step::Subscribe { id, name, aux, audio } => world.input(Input::Subscribe {
            session: session(id),
            user: user(name),
            kind: kind(aux),
            tracks: tracks(audio, !audio),
        }),
        Step::Start { id, aux } => world.input(Input::MediaStarted { session: session(id), kind: kind(aux) }),
        Step::Tracks { id, aux, audio, video } => world.input(Input::MediaTracks {
            session: session(id),
            kind: kind(aux),
            tracks: tracks(audio, video),
        }),
        Step::Stop { id, aux, deliberate } => {
            world.input(Input::MediaStopped { session: session(id), kind: kind(aux), deliberate })
        }
        Step::Lost(id) => world.input(Input::ConnectionLost { session: session(id) }),
        Step::Back(id) => world.input(Input::ConnectionBack { session: session(id) }),
        Step::Kick { room: number, name } => world.input(Input::Kick { key: room(number), user: user(name) }),
        Step::Dissolve(number) => world.input(Input::Dissolve { key: room(number) }),
        Step::Pass(ms) => {
            world.pass(Duration::from_millis(ms));
            Ok(())
        }
    };
    if let Err(fault) = result {
        assert!(world.outputs.is_empty(), "refused with {fault}, and yet {:?}", world.outputs);
        assert_eq!(before, world.views.clone().into_iter().collect::<Vec<_>>());
        assert!(fault.message.ends_with('.'), "{fault}");
    }
}

/// The user of a session that is in a room.
fn world_user(world: &World, id: u64) -> Option<u64> {
    let key = world.rooms.room_of(session(id))?;
    (0..64).find(|name| world.rooms.find(key, &user(*name)) == Some(session(id)))
}

fn small() -> Limits {
    Limits { rtc_members: 5, publishers: 3, live_audience: 3, ..Limits::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn everybody_always_knows_what_a_late_joiner_would_be_told(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World::new(small());
        for step in steps {
            run(&mut world, step);
            world.check();
        }
        world.pass(Duration::from_secs(30));
        world.check();
        world.check_audience();
    }

    #[test]
    fn when_all_have_gone_nothing_is_left(steps in prop::collection::vec(step(), 1..80), how in any::<bool>()) {
        let mut world = World::new(small());
        for step in steps {
            run(&mut world, step);
        }
        for id in SESSIONS {
            let session = session(id);
            let gone = match how {
                true => world.input(Input::Leave { session, reason: LeaveReason::Left }),
                false => world.input(Input::ConnectionLost { session }),
            };
            prop_assert!(gone.is_ok() || !world.views.contains_key(&session));
        }
        world.pass(Duration::from_secs(3600));
        prop_assert!(world.rooms.is_idle());
        prop_assert!(world.views.is_empty() && world.existing.is_empty());
    }
}
