//! Random packets, capacities, mutes and restarts: what every viewer gets stays decodable and bounded.

mod common;
use common::*;
use huitong_hub::{Kind, ShardInput, ViewerId, ViewerTracks};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Act {
    Key(usize),
    Delta(usize),
    Sound,
    Header(bool),
    Restart,
    Room(u64, usize),
    Tracks(u64, bool, bool),
    Join(u64),
    Pass(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => (1usize..3000).prop_map(Act::Key),
        6 => (1usize..800).prop_map(Act::Delta),
        6 => Just(Act::Sound),
        1 => any::<bool>().prop_map(Act::Header),
        1 => Just(Act::Restart),
        5 => (0u64..4, prop_oneof![0usize..200, 1000usize..20_000]).prop_map(|(v, n)| Act::Room(v, n)),
        1 => (0u64..4, any::<bool>(), any::<bool>()).prop_map(|(v, a, b)| Act::Tracks(v, a, b)),
        1 => (0u64..4).prop_map(Act::Join),
        8 => (0u64..400_000).prop_map(Act::Pass),
    ]
}

/// Headers first, no delta without the picture before it, nothing twice, order kept per track.
fn check(heard: &[(char, u64)], restarts: &[u64], videos: &[u64]) -> Result<(), TestCaseError> {
    let (mut last_video, mut last_sound, mut header, mut live) = (0u64, 0u64, false, false);
    for (i, (tag, number)) in heard.iter().copied().enumerate() {
        match tag {
            'P' => prop_assert_eq!(i, 0, "the prelude comes once and first"),
            'V' => header = true,
            'K' => {
                prop_assert!(header, "a keyframe needs its header: {:?}", heard);
                prop_assert!(number > last_video, "key {} after {}: {:?}", number, last_video, heard);
                live = true;
                last_video = number;
            }
            'D' => {
                prop_assert!(
                    live && number > last_video,
                    "delta {} after {}: {:?}",
                    number,
                    last_video,
                    heard
                );
                let before = videos.iter().rev().find(|v| **v < number).copied();
                prop_assert_eq!(
                    before,
                    Some(last_video),
                    "a picture is missing before delta {}: {:?}",
                    number,
                    heard
                );
                let cut = restarts.iter().any(|r| *r > last_video && *r <= number);
                prop_assert!(
                    !cut,
                    "delta {} does not continue {} of an earlier publisher",
                    number,
                    last_video
                );
                last_video = number;
            }
            'S' => {
                prop_assert!(number > last_sound, "sound {} after {}", number, last_sound);
                last_sound = number;
            }
            _ => {}
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_viewer_gets_a_decodable_stream(acts in prop::collection::vec(act(), 1..200)) {
        let mut studio = Studio::new();
        let mut restarts = Vec::new();
        let mut videos = Vec::new();
        studio.header(true);
        studio.header(false);
        for act in acts {
            match act {
                Act::Key(n) => videos.push(studio.send(Kind::Key, n)),
                Act::Delta(n) => videos.push(studio.send(Kind::Delta, n)),
                Act::Sound => { studio.send(SOUND, 30); }
                Act::Header(video) => {
                    studio.header(video);
                    if video { videos.push(studio.send(Kind::Key, 50)); }
                }
                Act::Restart => {
                    restarts.push(studio.sequencer.next_seq());
                    studio.sequencer.restart();
                    studio.central.restart();
                    studio.shard.handle(studio.now, ShardInput::Restart { publication: P });
                }
                Act::Room(v, n) => if let Some(pipe) = studio.pipes.get(&v) { pipe.borrow_mut().room = n; },
                Act::Tracks(v, audio, video) => {
                    let tracks = ViewerTracks { audio, video };
                    studio.shard.handle(studio.now, ShardInput::Tracks { viewer: ViewerId(v), tracks });
                }
                Act::Join(v) => if !studio.pipes.contains_key(&v) { studio.join(v, BOTH, 5_000); },
                Act::Pass(t) => studio.pass(t),
            }
        }
        for pipe in studio.pipes.values() {
            check(&read(&pipe.borrow().got), &restarts, &videos)?;
            pipe.borrow_mut().room = usize::MAX / 2;
        }
        // With room again, everybody is up to date after one more retry, and nothing is left to do.
        studio.pass(200_000);
        prop_assert_eq!(studio.shard.next_deadline(), None);
        for pipe in studio.pipes.values() {
            let got = pipe.borrow();
            let heard = read(&got.got);
            check(&heard, &restarts, &videos)?;
            let whole: usize = got.got.len();
            prop_assert!(whole < 200 * 5000);
        }
    }
}
