//! Who is online, for those who want to know.
//!
//! A user is online while one of its sessions has a connection. Phones change networks all the time, so a connection that
//! breaks counts a little longer; a goodbye counts at once.

use crate::io::UserKey;
use huitong_types::{AppId, Moment, SessionId, Timers, UserId};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

/// A watched user came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceChange {
    /// The session to tell.
    pub session: SessionId,
    /// Who.
    pub user: UserId,
    /// Whether it is online now.
    pub online: bool,
}

#[derive(Debug, Default)]
struct Seen {
    connected: BTreeSet<SessionId>,
    watchers: BTreeSet<SessionId>,
    online: bool,
}

/// Presence of all users of all applications, and who watches whom.
#[derive(Debug)]
pub struct Presence {
    linger: Duration,
    users: HashMap<UserKey, Seen>,
    watching: HashMap<SessionId, Vec<UserKey>>,
    timers: Timers<UserKey>,
    out: VecDeque<PresenceChange>,
}

impl Presence {
    /// Nobody is there. `linger` is how long a user counts as online after its last connection broke.
    pub fn new(linger: Duration) -> Self {
        Self {
            linger,
            users: HashMap::new(),
            watching: HashMap::new(),
            timers: Timers::new(),
            out: VecDeque::new(),
        }
    }

    /// A session has a connection.
    pub fn connected(&mut self, session: SessionId, user: &UserKey) {
        let seen = self.users.entry(user.clone()).or_default();
        seen.connected.insert(session);
        self.timers.cancel(user);
        self.say(user, true);
    }

    /// A session has lost its connection and may come back.
    pub fn lost(&mut self, now: Moment, session: SessionId, user: &UserKey) {
        if self.without(session, user) {
            self.timers.arm(user.clone(), now + self.linger);
        }
    }

    /// A session is over; it watches nobody any more. `goodbye`: its client said so and will not be back at once.
    pub fn ended(&mut self, now: Moment, session: SessionId, user: &UserKey, goodbye: bool) {
        self.unwatch(session);
        match (self.without(session, user), goodbye) {
            (true, true) => {
                self.timers.cancel(user);
                self.say(user, false);
            }
            (true, false) if !self.timers.is_armed(user) => self.timers.arm(user.clone(), now + self.linger),
            _ => {}
        }
        self.forget(user);
    }

    /// Watches these users instead of those before, and says how it stands with each.
    pub fn watch(&mut self, session: SessionId, app: AppId, users: &[UserId]) -> Vec<(UserId, bool)> {
        self.unwatch(session);
        let keys: Vec<UserKey> = users.iter().map(|user| UserKey { app, user: user.clone() }).collect();
        let mut now = Vec::with_capacity(keys.len());
        for key in &keys {
            let seen = self.users.entry(key.clone()).or_default();
            seen.watchers.insert(session);
            now.push((key.user.clone(), seen.online));
        }
        if !keys.is_empty() {
            self.watching.insert(session, keys);
        }
        now
    }

    /// Whether a user is online.
    pub fn is_online(&self, user: &UserKey) -> bool {
        self.users.get(user).is_some_and(|seen| seen.online)
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Moment) {
        while let Some(user) = self.timers.pop_due(now) {
            self.say(&user, false);
            self.forget(&user);
        }
    }

    /// When to call [`Presence::tick`] at the latest.
    pub fn next_deadline(&self) -> Option<Moment> {
        self.timers.next().map(|(at, _)| at)
    }

    /// The next change to be told, in order.
    pub fn poll_output(&mut self) -> Option<PresenceChange> {
        self.out.pop_front()
    }

    /// Whether nothing at all is held.
    pub fn is_idle(&self) -> bool {
        self.users.is_empty() && self.watching.is_empty() && self.timers.is_empty()
    }

    /// Takes a connection away; true if it was the last one of a user who is online.
    fn without(&mut self, session: SessionId, user: &UserKey) -> bool {
        self.users.get_mut(user).is_some_and(|seen| {
            seen.connected.remove(&session);
            seen.connected.is_empty() && seen.online
        })
    }

    fn say(&mut self, user: &UserKey, online: bool) {
        let Some(seen) = self.users.get_mut(user).filter(|seen| seen.online != online) else { return };
        seen.online = online;
        let change =
            |session: &SessionId| PresenceChange { session: *session, user: user.user.clone(), online };
        self.out.extend(seen.watchers.iter().map(change));
    }

    fn unwatch(&mut self, session: SessionId) {
        for key in self.watching.remove(&session).unwrap_or_default() {
            if let Some(seen) = self.users.get_mut(&key) {
                seen.watchers.remove(&session);
            }
            self.forget(&key);
        }
    }

    fn forget(&mut self, user: &UserKey) {
        let empty = |seen: &Seen| !seen.online && seen.connected.is_empty() && seen.watchers.is_empty();
        if self.users.get(user).is_some_and(empty) {
            self.users.remove(user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINGER: Duration = Duration::from_secs(10);

    fn key(name: &str) -> UserKey {
        UserKey { app: AppId::new(1).unwrap(), user: UserId::new(name).unwrap() }
    }

    fn at(seconds: u64) -> Moment {
        Moment::from_millis(seconds * 1000)
    }

    fn told(presence: &mut Presence) -> Vec<(u64, String, bool)> {
        std::iter::from_fn(|| presence.poll_output())
            .map(|change| (change.session.get(), change.user.to_string(), change.online))
            .collect()
    }

    #[test]
    fn a_change_of_network_is_not_told_and_a_phone_that_is_gone_is() {
        let (ann, bob) = (SessionId::new(1), SessionId::new(2));
        let mut presence = Presence::new(LINGER);
        let bobs = [key("bob").user];
        assert_eq!(presence.watch(ann, key("bob").app, &bobs), [(key("bob").user, false)]);
        presence.connected(bob, &key("bob"));
        assert_eq!(told(&mut presence), [(1, "bob".to_owned(), true)]);
        presence.lost(at(0), bob, &key("bob"));
        presence.tick(at(9));
        presence.connected(bob, &key("bob"));
        presence.tick(at(20));
        assert_eq!(told(&mut presence), []);
        presence.lost(at(20), bob, &key("bob"));
        assert_eq!(presence.next_deadline(), Some(at(30)));
        presence.tick(at(30));
        assert_eq!(told(&mut presence), [(1, "bob".to_owned(), false)]);
        presence.ended(at(110), bob, &key("bob"), false);
        presence.ended(at(110), ann, &key("ann"), true);
        assert!(presence.is_idle(), "{presence:?}");
    }

    #[test]
    fn a_user_with_two_devices_is_online_until_the_last_one_is_gone() {
        let mut presence = Presence::new(LINGER);
        presence.watch(SessionId::new(9), key("bob").app, &[key("bob").user]);
        presence.connected(SessionId::new(1), &key("bob"));
        presence.connected(SessionId::new(2), &key("bob"));
        presence.ended(at(1), SessionId::new(1), &key("bob"), true);
        assert_eq!(told(&mut presence), [(9, "bob".to_owned(), true)]);
        assert!(presence.is_online(&key("bob")));
        presence.ended(at(2), SessionId::new(2), &key("bob"), true);
        assert_eq!(told(&mut presence), [(9, "bob".to_owned(), false)]);
    }

    #[test]
    fn watching_others_ends_watching_the_ones_before() {
        let mut presence = Presence::new(LINGER);
        let app = key("bob").app;
        presence.watch(SessionId::new(9), app, &[key("bob").user, key("carol").user]);
        presence.watch(SessionId::new(9), app, &[key("carol").user]);
        presence.connected(SessionId::new(1), &key("bob"));
        presence.connected(SessionId::new(2), &key("carol"));
        assert_eq!(told(&mut presence), [(9, "carol".to_owned(), true)]);
        presence.watch(SessionId::new(9), app, &[]);
        presence.ended(at(1), SessionId::new(2), &key("carol"), true);
        presence.ended(at(1), SessionId::new(1), &key("bob"), true);
        assert_eq!(told(&mut presence), []);
        assert!(presence.is_idle(), "{presence:?}");
    }
}
