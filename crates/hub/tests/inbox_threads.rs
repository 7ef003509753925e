//! The mailbox under a model checker that explores the schedules of its threads
//! (`cargo test -p huitong-hub --features shuttle`).
#![cfg(feature = "shuttle")]

use huitong_hub::Inbox;
use shuttle::{check_random, sync::Arc, thread};
use std::collections::VecDeque;
use std::time::Duration;

/// Schedules explored per test; each takes microseconds.
const SCHEDULES: usize = 3_000;

#[test]
fn every_item_arrives_once_and_in_the_order_of_its_sender() {
    check_random(
        || {
            let inbox = Arc::new(Inbox::new(64, 128));
            let senders: Vec<_> = (0..3u32)
                .map(|sender| {
                    let inbox = Arc::clone(&inbox);
                    thread::spawn(move || {
                        for n in 0..4u32 {
                            let item = (sender, n);
                            let pushed = if n % 2 == 0 { inbox.push(item) } else { inbox.push_urgent(item) };
                            assert_eq!(pushed, Ok(()));
                        }
                    })
                })
                .collect();
            let mut got = VecDeque::new();
            while got.len() < 12 {
                assert!(inbox.wait(&mut got, false, None));
            }
            for sender in 0..3u32 {
                let order: Vec<u32> = got.iter().filter(|(s, _)| *s == sender).map(|(_, n)| *n).collect();
                assert_eq!(order, [0, 1, 2, 3]);
            }
            senders.into_iter().for_each(|s| s.join().unwrap());
        },
        SCHEDULES,
    );
}

#[test]
fn urgent_item_wakes_a_resting_receiver() {
    check_random(
        || {
            let inbox = Arc::new(Inbox::new(64, 128));
            let sender = {
                let inbox = Arc::clone(&inbox);
                thread::spawn(move || {
                    inbox.push(1).unwrap();
                    inbox.push_urgent(2).unwrap();
                })
            };
            let mut got = VecDeque::new();
            // A resting receiver without time-out would sleep for ever if the urgent item were missed.
            while !got.contains(&2) {
                assert!(inbox.wait(&mut got, true, None));
            }
            assert_eq!(got, [1, 2]);
            sender.join().unwrap();
        },
        SCHEDULES,
    );
}

#[test]
fn closing_wakes_the_receiver_and_refuses_senders() {
    check_random(
        || {
            let inbox = Arc::new(Inbox::new(4, 8));
            let closer = {
                let inbox = Arc::clone(&inbox);
                thread::spawn(move || inbox.close())
            };
            let mut got = VecDeque::new();
            while inbox.wait(&mut got, true, None) {}
            assert!(inbox.push(1).is_err());
            assert!(inbox.push_urgent(1).is_err());
            closer.join().unwrap();
        },
        SCHEDULES,
    );
}

#[test]
fn full_mailbox_returns_packets_and_still_takes_commands() {
    check_random(
        || {
            let inbox = Inbox::new(2, 3);
            assert!(inbox.push(1).is_ok() && inbox.push(2).is_ok());
            assert!(inbox.push(3).is_err());
            assert!(inbox.push_urgent(4).is_ok());
            assert!(inbox.push_urgent(5).is_err());
            let mut got = VecDeque::new();
            assert!(inbox.wait(&mut got, false, Some(Duration::ZERO)));
            assert_eq!(got, [1, 2, 4]);
        },
        SCHEDULES,
    );
}
