//! Media connections that came before what their key names: held for a while, then refused.

use crate::engine::Engine;
use crate::io::{MediaTicket, Output};
use huitong_room::RoomKey;
use huitong_types::{ErrorCode, Fault, Moment, SessionId, StreamId, StreamKey, StreamKind, UserId};
use std::collections::VecDeque;
use std::time::Duration;

/// What a held connection waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// A client registers this push key.
    Publish(StreamKey),
    /// A stream that a session knows is published.
    Play { viewer: SessionId, stream: StreamId },
    /// A member's stream is published.
    PlayMember { key: RoomKey, user: UserId, kind: StreamKind },
}

#[derive(Debug)]
struct Waiting {
    ticket: MediaTicket,
    until: Moment,
    wish: Wish,
}

/// Players that wait for a stream at once, in all rooms. When the publisher of a large live room pauses, its audience
/// knocks; those beyond this knock again by themselves. A held one costs some hundred bytes.
const HELD_PLAYS: usize = 16_384;

/// Connections that wait for the same kind of thing, oldest first. All are held equally long, so the oldest is due
/// first.
#[derive(Debug)]
struct Queue {
    most: usize,
    waiting: VecDeque<Waiting>,
}

impl Queue {
    const fn new(most: usize) -> Self {
        Self { most, waiting: VecDeque::new() }
    }

    fn add(&mut self, waiting: Waiting) -> Option<MediaTicket> {
        self.waiting.push_back(waiting);
        if self.waiting.len() <= self.most {
            return None;
        }
        self.waiting.pop_front().map(|oldest| oldest.ticket)
    }

    /// Takes those that wait for something that `fulfilled` recognises, oldest first.
    fn take(&mut self, fulfilled: impl Fn(&Wish) -> bool) -> Vec<(MediaTicket, Wish)> {
        if !self.waiting.iter().any(|waiting| fulfilled(&waiting.wish)) {
            return Vec::new();
        }
        let (ready, rest) = std::mem::take(&mut self.waiting).into_iter().partition(|w| fulfilled(&w.wish));
        self.waiting = rest;
        let ready: VecDeque<Waiting> = ready;
        ready.into_iter().map(|waiting| (waiting.ticket, waiting.wish)).collect()
    }

    fn cancel(&mut self, ticket: MediaTicket) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|waiting| waiting.ticket != ticket);
        self.waiting.len() < before
    }

    fn pop_due(&mut self, now: Moment) -> Option<(MediaTicket, Wish)> {
        if self.waiting.front()?.until > now {
            return None;
        }
        self.waiting.pop_front().map(|waiting| (waiting.ticket, waiting.wish))
    }
}

/// Held connections. Publishers and players have places of their own: an audience that waits must not turn a
/// publisher away.
#[derive(Debug)]
pub(crate) struct Held {
    hold: Duration,
    publishes: Queue,
    plays: Queue,
}

impl Held {
    pub(crate) const fn new(hold: Duration, most_publishes: usize) -> Self {
        Self { hold, publishes: Queue::new(most_publishes), plays: Queue::new(HELD_PLAYS) }
    }

    /// Holds a connection; returns the oldest one if it has to make room.
    fn add(&mut self, now: Moment, ticket: MediaTicket, wish: Wish) -> Option<MediaTicket> {
        let queue = if matches!(wish, Wish::Publish(_)) { &mut self.publishes } else { &mut self.plays };
        queue.add(Waiting { ticket, until: now + self.hold, wish })
    }

    /// Forgets a connection that is gone. False if it is not held.
    pub(crate) fn cancel(&mut self, ticket: MediaTicket) -> bool {
        self.publishes.cancel(ticket) || self.plays.cancel(ticket)
    }

    fn pop_due(&mut self, now: Moment) -> Option<(MediaTicket, Wish)> {
        self.publishes.pop_due(now).or_else(|| self.plays.pop_due(now))
    }

    pub(crate) fn next_deadline(&self) -> Option<Moment> {
        let queues = [&self.publishes, &self.plays];
        queues.into_iter().filter_map(|queue| queue.waiting.front()).map(|waiting| waiting.until).min()
    }

    pub(crate) fn len(&self) -> usize {
        self.publishes.waiting.len() + self.plays.waiting.len()
    }
}

impl Engine {
    /// Holds a media connection.
    pub(crate) fn hold(&mut self, ticket: MediaTicket, wish: Wish) {
        if let Some(oldest) = self.held.add(self.now, ticket, wish) {
            let sentence = "Too many connections wait for their stream; this one waited longest.";
            let fault = Fault::because(ErrorCode::ServerFull, sentence);
            self.out.push_back(Output::CloseMedia { ticket: oldest, fault });
        }
    }

    pub(crate) fn expire_held(&mut self) {
        while let Some((ticket, wish)) = self.held.pop_due(self.now) {
            let (what, fault) = match wish {
                Wish::Publish(key) => {
                    let sentence = format!("No member registered the stream key {key} in time.");
                    ("publish-refused", Fault::because(ErrorCode::UnknownKey, sentence))
                }
                Wish::Play { .. } => {
                    ("play-refused", Fault::because(ErrorCode::NotFound, "Nobody publishes the stream."))
                }
                Wish::PlayMember { key, user, kind } => {
                    let sentence =
                        format!("{user} publishes no {} stream in room {}.", kind.as_str(), key.room);
                    ("play-refused", Fault::because(ErrorCode::NotFound, sentence))
                }
            };
            self.refuse_media(what, ticket, fault);
        }
    }

    /// Accepts publishers that were waiting for a key that this session has registered.
    pub(crate) fn release_held_publishes(&mut self, session: SessionId) {
        if self.held.publishes.waiting.is_empty() {
            return;
        }
        for key in self.media.keys_of(session) {
            let waiting =
                self.held.publishes.take(|wish| matches!(wish, Wish::Publish(other) if *other == key));
            for (ticket, _) in waiting {
                self.publish_requested(ticket, key.clone());
            }
        }
    }

    /// Accepts players that were waiting for a stream that has just begun.
    pub(crate) fn release_held_plays(&mut self, publication: &huitong_room::Publication) {
        let begun = |wish: &Wish| match wish {
            Wish::Publish(_) => false,
            Wish::Play { stream, .. } => *stream == publication.id,
            Wish::PlayMember { key, user, kind } => {
                *key == publication.key && *user == publication.user && *kind == publication.kind
            }
        };
        for (ticket, wish) in self.held.plays.take(begun) {
            let viewer = match wish {
                Wish::Play { viewer, .. } => Some(viewer),
                Wish::Publish(_) | Wish::PlayMember { .. } => None,
            };
            self.play(ticket, publication, viewer);
        }
    }
}
