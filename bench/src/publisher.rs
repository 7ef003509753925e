//! The publishers: phones that push the measured stream.

use crate::clock::now_ns;
use crate::orders::{Sent, SourceOrder, orders, reply};
use crate::stream::{Schedule, headers};
use huitong_client::{ClientError, RtmpPublisher};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

/// One push, and what it answers when it pauses.
struct Phone {
    sent: mpsc::Receiver<Result<u64, ClientError>>,
}

/// Runs the process.
pub(crate) fn run() -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|e| e.to_string())?;
    let (go, running) = watch::channel(false);
    let mut phones: Vec<Phone> = Vec::new();
    for order in orders() {
        let mut answer = Sent::default();
        match order {
            SourceOrder::Open { urls } => {
                let count = urls.len();
                for (n, url) in urls.into_iter().enumerate() {
                    let phase = Duration::from_nanos(66_666_667) * n as u32 / count as u32;
                    let push = runtime.block_on(RtmpPublisher::connect(&url)).map_err(|e| e.to_string())?;
                    let (tell, sent) = mpsc::channel(1);
                    runtime.spawn(publish(push, phase, running.clone(), tell));
                    phones.push(Phone { sent });
                }
            }
            SourceOrder::Run => drop(go.send_replace(true)),
            SourceOrder::Pause => {
                go.send_replace(false);
                for phone in &mut phones {
                    let sent = phone.sent.blocking_recv().ok_or("a publisher is gone")?;
                    answer.messages.push(sent.map_err(|e| format!("a publisher was cut off: {e}"))?);
                }
            }
        }
        reply(&answer);
    }
    Ok(())
}

async fn publish(
    mut push: RtmpPublisher,
    phase: Duration,
    mut running: watch::Receiver<bool>,
    tell: mpsc::Sender<Result<u64, ClientError>>,
) {
    let mut schedule = Schedule::default();
    for (kind, body) in headers() {
        if let Err(error) = push.send(kind, 0, &[&body]).await {
            eprintln!("a publisher was cut off: {error}");
            return;
        }
    }
    while running.wait_for(|on| *on).await.is_ok() {
        let sent = stint(&mut push, &mut schedule, phase, &running).await;
        if tell.send(sent).await.is_err() {
            return;
        }
    }
}

/// Sends until told to pause; counts the messages.
async fn stint(
    push: &mut RtmpPublisher,
    schedule: &mut Schedule,
    phase: Duration,
    running: &watch::Receiver<bool>,
) -> Result<u64, ClientError> {
    let (mut sent, mut body) = (0, Vec::new());
    let start = Instant::now() + phase;
    let mut first = None;
    while *running.borrow() {
        let planned = schedule.next();
        let at = planned.at_ns - *first.get_or_insert(planned.at_ns);
        sleep_until(start + Duration::from_nanos(at)).await;
        schedule.body(planned, now_ns(), &mut body);
        push.send(planned.kind, (planned.at_ns / 1_000_000) as u32, &[&body]).await?;
        sent += 1;
    }
    Ok(sent)
}
