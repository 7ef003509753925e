//! Calls: how many are set up per second, and how long an invitation takes to its invitee, with many others logged in.

use crate::histogram::Histogram;
use crate::process::cpu_seconds;
use crate::report::Bar;
use crate::server::Binary;
use crate::signalling::{come_with, hello};
use huitong_client::{ClientError, Signal};
use huitong_protocol::{Accept, Done, Event, Hangup, PlaceCall, Request};
use huitong_types::{CallId, CallMedia, UserId};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::LocalSet;

/// Name of this part.
pub(crate) const NAME: &str = "calls";

/// Bar of the 99th percentile from `call` to the invitee's `invited`, ms, while CPU is to spare.
const INVITED_BAR: f64 = 20.0;

/// Who call and are called. Each pair makes fewer calls than its session may make at once, and all are done before a server
/// takes those for dead that only listen.
const PAIRS: usize = 800;

/// Calls of a pair.
const CALLS_EACH: usize = 9;

/// Calls under way at once where speed is asked for.
const AT_ONCE: usize = 32;

/// Calls under way at once where delay is asked for, and the pause after each: a third of what one processor does.
const UNHURRIED: usize = 4;
const PAUSE: Duration = Duration::from_millis(12);

/// What was measured.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    sessions: usize,
    calls_per_second: f64,
    cpu_ms: f64,
    unhurried_per_second: f64,
    invited: Histogram,
}

impl Measured {
    /// For people.
    pub(crate) fn sentence(&self) -> String {
        format!(
            "{NAME}: {} logged in; {:.0} calls a second rung, answered and hung up, {:.2} ms CPU each; at {:.0} a second from \
             call to invited {:.2} ms (p50), {:.2} ms (p99)",
            self.sessions,
            self.calls_per_second,
            self.cpu_ms,
            self.unhurried_per_second,
            self.invited.quantile_ms(0.5),
            self.invited.quantile_ms(0.99)
        )
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        json!({
            "sessions": self.sessions,
            "calls_per_second": self.calls_per_second,
            "cpu_ms_per_call": self.cpu_ms,
            "unhurried_calls_per_second": self.unhurried_per_second,
            "call_to_invited_ms": {
                "p50": self.invited.quantile_ms(0.5),
                "p99": self.invited.quantile_ms(0.99),
                "calls": self.invited.total(),
            },
        })
    }

    pub(crate) fn bar(&self) -> Bar {
        let what = format!("{NAME}: p99 from call to invited");
        Bar { what, value: self.invited.quantile_ms(0.99), limit: INVITED_BAR, unit: "ms" }
    }
}

struct Pair {
    caller: Signal,
    callee: Signal,
    name: UserId,
}

/// Measures calls while so many sessions are logged in.
pub(crate) fn measure(binary: &Binary, sessions: usize, tell: &dyn Fn(&str)) -> Result<Measured, String> {
    let server = binary.start()?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    let url: Arc<str> = server.signal_url().into();
    tell("users log in");
    let signals = runtime.block_on(come_with(&url, 0, sessions, |url, n| async move {
        Signal::connect(&url, hello(n, true)?).await.map(|signal| (n, signal))
    }));
    let mut signals = signals.map_err(|e| e.to_string())?;
    let mut pairs = Vec::with_capacity(PAIRS);
    while let (true, Some((_, caller)), Some((n, callee))) =
        (pairs.len() < PAIRS, signals.pop(), signals.pop())
    {
        let name = UserId::new(format!("user-{n}")).map_err(|e| e.to_string())?;
        pairs.push(Pair { caller, callee, name });
    }
    let half = pairs.split_off(pairs.len() / 2);
    tell("users call each other, unhurried");
    let (unhurried_per_second, invited) = ring(&runtime, half, UNHURRIED, PAUSE)?;
    tell("users call each other as fast as it goes");
    let (cpu, calls) = (cpu_seconds(server.pid())?, (pairs.len() * CALLS_EACH) as f64);
    let (calls_per_second, _) = ring(&runtime, pairs, AT_ONCE, Duration::ZERO)?;
    let cpu_ms = (cpu_seconds(server.pid())? - cpu) * 1000.0 / calls;
    drop(signals);
    Ok(Measured { sessions, calls_per_second, cpu_ms, unhurried_per_second, invited })
}

/// Lets every pair make its calls, so many at once; gives calls per second, and the time from `call` to `invited`.
fn ring(
    runtime: &tokio::runtime::Runtime,
    pairs: Vec<Pair>,
    at_once: usize,
    pause: Duration,
) -> Result<(f64, Histogram), String> {
    let (waiting, taken) = (Rc::new(RefCell::new(pairs)), Rc::new(RefCell::new(Histogram::default())));
    let calls = waiting.borrow().len() * CALLS_EACH;
    let local = LocalSet::new();
    let start = Instant::now();
    let workers: Vec<_> = (0..at_once)
        .map(|_| {
            let (waiting, taken) = (Rc::clone(&waiting), Rc::clone(&taken));
            local.spawn_local(async move {
                loop {
                    let Some(mut pair) = waiting.borrow_mut().pop() else { return Ok::<(), ClientError>(()) };
                    for _ in 0..CALLS_EACH {
                        let delay = call(&mut pair).await?;
                        taken.borrow_mut().add(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX));
                        tokio::time::sleep(pause).await;
                    }
                }
            })
        })
        .collect();
    runtime.block_on(local.run_until(async {
        for worker in workers {
            worker.await.map_err(|_panicked| "a caller failed".to_owned())?.map_err(|e| e.to_string())?;
        }
        Ok::<(), String>(())
    }))?;
    let per_second = calls as f64 / start.elapsed().as_secs_f64();
    let invited = taken.borrow().clone();
    Ok((per_second, invited))
}

/// One call: rung, answered, hung up, and both know. Gives the time from the request to the invitation.
async fn call(pair: &mut Pair) -> Result<Duration, ClientError> {
    let wish = PlaceCall {
        invitees: vec![pair.name.clone()],
        media: CallMedia::Audio,
        group: None,
        timeout_ms: None,
        data: None,
        reference: None,
    };
    let asked = Instant::now();
    let invited = async {
        let id = told(&mut pair.callee, |event| match event {
            Event::Invited { call } => Some(call.call),
            _ => None,
        });
        id.await.map(|id| (id, asked.elapsed()))
    };
    let (made, rung) = tokio::join!(pair.caller.request(Request::Call(wish)), invited);
    made?;
    let (id, delay) = rung?;
    pair.callee.request(Request::Accept(Accept { call: id.clone() })).await?;
    told(&mut pair.caller, |event| matches!(event, Event::CallChanged { .. }).then_some(())).await?;
    match pair.caller.request(Request::Hangup(Hangup { call: id.clone() })).await? {
        Done::Hangup => {}
        other => return Err(ClientError::Protocol(format!("{other:?} is no answer to hangup"))),
    }
    told(&mut pair.callee, |event| ended(&event, &id)).await?;
    Ok(delay)
}

fn ended(event: &Event, id: &CallId) -> Option<()> {
    matches!(event, Event::CallEnded { call, .. } if call == id).then_some(())
}

async fn told<T>(signal: &mut Signal, wanted: impl Fn(Event) -> Option<T>) -> Result<T, ClientError> {
    loop {
        if let Some(found) = wanted(signal.next_event().await?) {
            return Ok(found);
        }
    }
}
