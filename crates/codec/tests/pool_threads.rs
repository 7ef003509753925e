//! Mailboxes and the queue of tasks under a model checker that explores the schedules of their threads
//! (`cargo test -p huitong-codec --features shuttle --test pool_threads`).
#![cfg(feature = "shuttle")]

use huitong_codec::pool::{Mailbox, Pushed, Ready};
use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use shuttle::{check_random, sync::Arc, sync::Mutex, thread};

/// Schedules explored per test; each takes some ten microseconds.
const SCHEDULES: usize = 2_000;

struct Task {
    mailbox: Mailbox<(usize, u32)>,
    at_work: AtomicBool,
    got: Mutex<Vec<(usize, u32)>>,
}

fn task(cap: usize) -> Arc<Task> {
    let mailbox = Mailbox::new(cap);
    Arc::new(Task { mailbox, at_work: AtomicBool::new(false), got: Mutex::new(Vec::new()) })
}

/// What a worker thread does; ends when the queue is closed.
fn work(ready: &Ready<Arc<Task>>, done: &AtomicUsize) {
    let mut items = Vec::new();
    while let Some(task) = ready.pop() {
        assert!(!task.at_work.swap(true, Ordering::SeqCst), "two workers at one task");
        task.mailbox.take(2, &mut items);
        let count = items.len();
        task.got.lock().unwrap().append(&mut items);
        assert!(task.at_work.swap(false, Ordering::SeqCst));
        if task.mailbox.finish() {
            ready.push(task);
        }
        done.fetch_add(count, Ordering::SeqCst);
    }
}

fn push(ready: &Ready<Arc<Task>>, task: &Arc<Task>, item: (usize, u32)) -> Pushed {
    let pushed = task.mailbox.push(item, |_| false);
    if pushed == Pushed::Schedule {
        ready.push(Arc::clone(task));
    }
    pushed
}

#[test]
fn every_piece_is_worked_once_in_order_and_by_one_worker_at_a_time() {
    check_random(
        || {
            let ready = Arc::new(Ready::default());
            let done = Arc::new(AtomicUsize::new(0));
            let tasks = [task(16), task(16)];
            let workers: Vec<_> = (0..2)
                .map(|_| {
                    let (ready, done) = (Arc::clone(&ready), Arc::clone(&done));
                    thread::spawn(move || work(&ready, &done))
                })
                .collect();
            let senders: Vec<_> = (0..2)
                .map(|sender| {
                    let (ready, tasks) = (Arc::clone(&ready), tasks.clone());
                    thread::spawn(move || {
                        for n in 0..3 {
                            for task in &tasks {
                                assert_ne!(push(&ready, task, (sender, n)), Pushed::Closed);
                            }
                        }
                    })
                })
                .collect();
            senders.into_iter().for_each(|s| s.join().unwrap());
            // A lost wake-up would leave this waiting for ever, which the checker reports.
            while done.load(Ordering::SeqCst) < 12 {
                thread::yield_now();
            }
            ready.close();
            workers.into_iter().for_each(|w| w.join().unwrap());
            for task in &tasks {
                let got = task.got.lock().unwrap();
                for sender in 0..2 {
                    let order: Vec<u32> = got.iter().filter(|(s, _)| *s == sender).map(|(_, n)| *n).collect();
                    assert_eq!(order, [0, 1, 2]);
                }
            }
        },
        SCHEDULES,
    );
}

#[test]
fn what_a_full_mailbox_drops_is_counted_and_the_newest_arrives() {
    check_random(
        || {
            let ready = Arc::new(Ready::default());
            let done = Arc::new(AtomicUsize::new(0));
            let task = task(2);
            let worker = {
                let (ready, done) = (Arc::clone(&ready), Arc::clone(&done));
                thread::spawn(move || work(&ready, &done))
            };
            for n in 0..6 {
                push(&ready, &task, (0, n));
            }
            while done.load(Ordering::SeqCst) + (task.mailbox.dropped() as usize) < 6 {
                thread::yield_now();
            }
            ready.close();
            worker.join().unwrap();
            let got = task.got.lock().unwrap();
            assert!(got.windows(2).all(|w| w[0].1 < w[1].1));
            assert_eq!(got.last(), Some(&(0, 5)));
        },
        SCHEDULES,
    );
}

#[test]
fn closing_frees_waiting_workers_and_a_closed_mailbox_takes_nothing() {
    check_random(
        || {
            let ready = Arc::new(Ready::default());
            let done = Arc::new(AtomicUsize::new(0));
            let task = task(4);
            let worker = {
                let (ready, done) = (Arc::clone(&ready), Arc::clone(&done));
                thread::spawn(move || work(&ready, &done))
            };
            let closer = {
                let task = Arc::clone(&task);
                thread::spawn(move || task.mailbox.close())
            };
            push(&ready, &task, (0, 0));
            closer.join().unwrap();
            assert_eq!(push(&ready, &task, (0, 1)), Pushed::Closed);
            ready.close();
            worker.join().unwrap();
            assert!(task.got.lock().unwrap().len() <= 1);
        },
        SCHEDULES,
    );
}
