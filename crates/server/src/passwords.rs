//! Passwords of conferences, hashed and checked on threads of their own: that takes tens of milliseconds on purpose, and the one
//! task that owns the engine has none to give away.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use huitong_engine::{Input, Verdict};
use huitong_types::Redacted;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// Jobs that wait at most. The engine lets fewer be checked than this, and each user and all back-ends have only so many hashed;
/// one more fails at once.
const JOBS: usize = 4096;

/// Threads: a hundred first joiners wait for one second then, and media keeps its processors.
const THREADS: usize = 2;

/// Bytes of a salt, as the argon2 specification (RFC 9106, section 3.1) recommends.
const SALT_BYTES: usize = 16;

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Job {
    /// Hash with a fresh salt.
    Hash { conference: u64, password: Redacted<String> },
    /// Check against a hash.
    Check { ask: u64, password: Redacted<String>, hash: Redacted<Arc<str>> },
}

impl Job {
    /// What the engine hears if nobody does it.
    fn failed(&self) -> Input {
        match self {
            Self::Hash { conference, .. } => Input::PasswordHashed { conference: *conference, hash: None },
            Self::Check { ask, .. } => Input::PasswordChecked { ask: *ask, verdict: Verdict::Failed },
        }
    }

    fn run(&self) -> Input {
        match self {
            Self::Hash { conference, password } => {
                let hash = hashed(password).map(|hash| Redacted::new(Arc::from(hash)));
                Input::PasswordHashed { conference: *conference, hash }
            }
            Self::Check { ask, password, hash } => {
                Input::PasswordChecked { ask: *ask, verdict: checked(password, hash) }
            }
        }
    }
}

/// The threads, and what they have done.
pub(crate) struct Passwords {
    jobs: std::sync::mpsc::SyncSender<Job>,
    done: mpsc::Receiver<Input>,
}

impl Passwords {
    /// Starts the threads. They end with this.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start() -> std::io::Result<Self> {
        let (jobs, waiting) = std::sync::mpsc::sync_channel::<Job>(JOBS);
        let (sender, done) = mpsc::channel(JOBS);
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..THREADS {
            let (waiting, sender) = (Arc::clone(&waiting), sender.clone());
            std::thread::Builder::new().name(format!("password-{number}")).spawn(move || {
                while let Some(job) = next(&waiting) {
                    let began = std::time::Instant::now();
                    let result = job.run();
                    metrics::histogram!("huitong_password_seconds").record(began.elapsed());
                    metrics::counter!("huitong_passwords_total", "result" => word(&result)).increment(1);
                    if sender.blocking_send(result).is_err() {
                        return;
                    }
                }
            })?;
        }
        Ok(Self { jobs, done })
    }

    /// Does a job, sooner or later. If nobody can do it now, the engine is to hear what is returned.
    pub(crate) fn give(&self, job: Job) -> Option<Input> {
        self.jobs.try_send(job).err().map(|refused| {
            let (std::sync::mpsc::TrySendError::Full(job) | std::sync::mpsc::TrySendError::Disconnected(job)) =
                refused;
            tracing::warn!("a password of a conference cannot be hashed or checked: too many wait");
            let failed = job.failed();
            metrics::counter!("huitong_passwords_total", "result" => word(&failed)).increment(1);
            failed
        })
    }

    /// The next thing that is done.
    pub(crate) async fn next(&mut self) -> Option<Input> {
        self.done.recv().await
    }
}

/// What became of a job, for the figures.
const fn word(result: &Input) -> &'static str {
    match result {
        Input::PasswordHashed { hash: Some(_), .. } => "hashed",
        Input::PasswordChecked { verdict: Verdict::Right, .. } => "right",
        Input::PasswordChecked { verdict: Verdict::Wrong, .. } => "wrong",
        _ => "failed",
    }
}

fn next(waiting: &Mutex<std::sync::mpsc::Receiver<Job>>) -> Option<Job> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// argon2id with the parameters that OWASP's cheat sheet for password storage names first: 19 MiB, two passes.
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

fn hashed(password: &Redacted<String>) -> Option<String> {
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt).ok()?;
    let hash: PasswordHash = argon2().hash_password_with_salt(password.reveal().as_bytes(), &salt).ok()?;
    Some(hash.to_string())
}

fn checked(password: &Redacted<String>, hash: &Redacted<Arc<str>>) -> Verdict {
    let Ok(hash) = PasswordHash::new(hash.reveal()) else {
        tracing::error!(
            "the hash of a conference's password cannot be read: nobody enters it but its creator"
        );
        return Verdict::Failed;
    };
    match argon2().verify_password(password.reveal().as_bytes(), &hash) {
        Ok(()) => Verdict::Right,
        Err(argon2::password_hash::Error::PasswordInvalid) => Verdict::Wrong,
        Err(_) => Verdict::Failed,
    }
}

/// Describes the metrics of this module.
pub(crate) fn describe_metrics() {
    metrics::describe_histogram!(
        "huitong_password_seconds",
        metrics::Unit::Seconds,
        "Time that hashing or checking a conference's password took."
    );
    metrics::describe_counter!(
        "huitong_passwords_total",
        "Passwords of conferences by what became of them: hashed, right, wrong, failed."
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Redacted<String> {
        Redacted::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_and_no_other_does() {
        let mut passwords = Passwords::start().unwrap();
        assert!(passwords.give(Job::Hash { conference: 7, password: secret("芝麻开门") }).is_none());
        let Some(Input::PasswordHashed { conference: 7, hash: Some(hash) }) = passwords.next().await else {
            panic!("it is hashed")
        };
        assert!(hash.reveal().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.reveal());
        for (given, expected) in
            [("芝麻开门", Verdict::Right), ("芝麻关门", Verdict::Wrong), ("", Verdict::Wrong)]
        {
            let given = Job::Check { ask: 9, password: secret(given), hash: hash.clone() };
            assert!(passwords.give(given).is_none());
            let Some(Input::PasswordChecked { ask: 9, verdict }) = passwords.next().await else {
                panic!("it is checked")
            };
            assert_eq!(verdict, expected);
        }
    }

    #[test]
    fn the_same_password_has_another_hash_each_time_and_a_broken_hash_fits_nothing() {
        assert_ne!(hashed(&secret("a")), hashed(&secret("a")));
        assert_eq!(checked(&secret("a"), &Redacted::new(Arc::from("nonsense"))), Verdict::Failed);
    }
}
