//! What is kept of conferences is what they were last, and of those that are over nothing.

mod common;

use common::{PATIENCE, app, conference, open};
use huitong_store::{ConferenceRows, Store};
use huitong_types::AppId;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

fn reopened(store: &Store, data: &Path) -> (Store, Vec<ConferenceRows>) {
    store.close(PATIENCE);
    let (store, restored) = open(data);
    (store, restored.conferences)
}

#[test]
fn a_conference_comes_back_as_it_was_last_with_what_was_decided() {
    let data = tempfile::tempdir().unwrap();
    let (store, restored) = open(data.path());
    assert!(restored.conferences.is_empty());
    assert!(store.put_conference(conference("k-b", Some("first"), &[])));
    assert!(store.put_conference(conference("k-a", Some("other"), &[("ann", None)])));
    assert!(store.put_conference(conference("k-b", None, &[("bob", Some("audience"))])));
    assert!(store.put_conference(conference("k-b", Some("second"), &[("bob", Some("admin"))])));
    let (store, kept) = reopened(&store, data.path());
    let second = conference("k-b", Some("second"), &[("bob", Some("admin"))]);
    let other = conference("k-a", Some("other"), &[("ann", None)]);
    assert_eq!(kept, [second, other.clone()], "in the order in which they began");
    assert!(
        store.drop_conference(AppId::new(1).unwrap(), "k-b"),
        "that of another application is another one"
    );
    assert!(store.drop_conference(app(), "k-b"));
    assert!(store.drop_conference(app(), "k-never"));
    let (store, kept) = reopened(&store, data.path());
    assert_eq!(kept, [other]);
    store.close(PATIENCE);
    assert!(!store.put_conference(conference("k-late", Some("late"), &[])), "a closed store takes nothing");
    assert!(!store.drop_conference(app(), "k-a"));
}

#[test]
fn of_two_in_one_room_the_later_one_is_there() {
    let data = tempfile::tempdir().unwrap();
    let (store, _) = open(data.path());
    let mut next = conference("k-next", Some("next"), &[]);
    next.itself.as_mut().unwrap().room = "room of k-lost".to_owned();
    assert!(store.put_conference(conference("k-lost", Some("lost"), &[("ann", Some("admin"))])));
    assert!(store.put_conference(next.clone()));
    // What is decided about one that gave way has no place.
    assert!(store.put_conference(conference("k-lost", None, &[("bob", Some("admin"))])));
    let (store, kept) = reopened(&store, data.path());
    assert_eq!(kept, [next]);
    store.close(PATIENCE);
}

#[tokio::test]
async fn neither_a_record_nor_a_decision_is_in_what_is_printed() {
    let data = tempfile::tempdir().unwrap();
    let (store, _) = open(data.path());
    let mark = store.mark();
    let rows = conference("k", Some("sentinel-hash"), &[]);
    assert!(!format!("{rows:?}").contains("sentinel"));
    assert!(store.put_conference(rows));
    store.kept(mark, PATIENCE).await.unwrap();
    assert!(!format!("{store:?}").contains("sentinel"));
    store.close(PATIENCE);
}

#[derive(Clone, Debug)]
enum Step {
    Put(u8, Option<u16>, Vec<(u8, u8)>),
    Drop(u8),
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let decided = prop::collection::vec((0..4_u8, 0..3_u8), 0..3);
    let step = prop_oneof![
        6 => (0..4_u8, prop::option::of(any::<u16>()), decided)
            .prop_map(|(id, record, decided)| Step::Put(id, record, decided)),
        2 => (0..4_u8).prop_map(Step::Drop),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_the_next_start_finds_it(steps in steps()) {
        let data = tempfile::tempdir().unwrap();
        let (mut store, _) = open(data.path());
        // Those that are there, each with when it began.
        let mut there: BTreeMap<String, (usize, ConferenceRows)> = BTreeMap::new();
        for (n, step) in steps.into_iter().chain([Step::Restart]).enumerate() {
            match step {
                Step::Put(id, record, decided) => {
                    let (id, record) = (format!("k{id}"), record.map(|record| record.to_string()));
                    let decided: Vec<(String, u8)> =
                        decided.into_iter().map(|(user, role)| (format!("u{user}"), role)).collect();
                    let words = [None, Some("admin"), Some("audience")];
                    let decided: Vec<(&str, Option<&str>)> =
                        decided.iter().map(|(user, role)| (user.as_str(), words[usize::from(*role)])).collect();
                    let rows = conference(&id, record.as_deref(), &decided);
                    prop_assert!(store.put_conference(rows.clone()));
                    match there.get_mut(&id) {
                        Some((_, own)) => {
                            own.itself = rows.itself.or(own.itself.take());
                            own.decided.extend(rows.decided);
                        }
                        None if rows.itself.is_some() => drop(there.insert(id, (n, rows))),
                        None => {}
                    }
                }
                Step::Drop(id) => {
                    let id = format!("k{id}");
                    prop_assert!(store.drop_conference(app(), id.as_str()));
                    there.remove(&id);
                }
                Step::Restart => {
                    let (next, kept) = reopened(&store, data.path());
                    store = next;
                    let mut expected: Vec<_> = there.values().cloned().collect();
                    expected.sort_by_key(|(began, _)| *began);
                    let expected: Vec<ConferenceRows> = expected.into_iter().map(|(_, rows)| rows).collect();
                    prop_assert_eq!(kept, expected);
                }
            }
        }
        store.close(PATIENCE);
    }
}
