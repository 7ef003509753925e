//! Which media connection carries what: push keys, publishers and players.

use crate::io::MediaTicket;
use crate::urls::Urls;
use huitong_protocol::Publish;
use huitong_types::{ErrorCode, Fault, SessionId, StreamId, StreamKey, StreamKind};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What an accepted media connection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Publish { session: SessionId, kind: StreamKind },
    Play { stream: StreamId, viewer: Option<SessionId> },
}

/// One stream of a member, seen from its media connection.
#[derive(Clone, Debug, Default)]
struct Slot {
    /// The key that its client registered.
    key: Option<StreamKey>,
    /// The connection that publishes it.
    ticket: Option<MediaTicket>,
    /// The key by which the newest connection came.
    came_by: Option<StreamKey>,
}

/// Tables of media connections.
#[derive(Debug, Default)]
pub(crate) struct Media {
    keys: HashMap<StreamKey, (SessionId, StreamKind)>,
    slots: BTreeMap<(SessionId, StreamKind), Slot>,
    tickets: HashMap<MediaTicket, Use>,
    by_stream: BTreeSet<(StreamId, MediaTicket)>,
    by_viewer: BTreeSet<(SessionId, MediaTicket)>,
    /// How many connections play a stream that are no member's.
    guests: HashMap<StreamId, usize>,
    /// Streams that the server was told about and that have not ended.
    open: HashSet<StreamId>,
}

impl Media {
    /// Whether a session may register these streams: each has a key by now, and no key is another's.
    pub(crate) fn may_register(
        &self,
        urls: &Urls,
        session: SessionId,
        publish: &[Publish],
    ) -> Result<(), Fault> {
        let mut seen: Vec<(StreamKind, Option<&StreamKey>)> = Vec::new();
        for wish in publish {
            let kind = wish.stream;
            if seen.iter().any(|(other, _)| *other == kind) {
                let sentence = format!("The {} stream is listed twice.", kind.as_str());
                return Err(Fault::because(ErrorCode::InvalidField, sentence).in_field("publish"));
            }
            let Some(key) = &wish.key else {
                if self.slots.get(&(session, kind)).is_none_or(|slot| slot.key.is_none()) {
                    let sentence = "The stream needs a push key the first time it is published.";
                    return Err(Fault::because(ErrorCode::InvalidField, sentence).in_field("key"));
                }
                seen.push((kind, None));
                continue;
            };
            let others = self.keys.get(key).is_some_and(|owner| *owner != (session, kind));
            if others || urls.get(key).is_some() || seen.iter().any(|(_, other)| *other == Some(key)) {
                let sentence = "The stream key is registered for another stream; make a new one.";
                return Err(Fault::because(ErrorCode::KeyInUse, sentence).in_field("key"));
            }
            seen.push((kind, Some(key)));
        }
        Ok(())
    }

    /// Registers the push key of a stream. Returns the connection that came by the key it replaces.
    pub(crate) fn register(
        &mut self,
        session: SessionId,
        kind: StreamKind,
        key: StreamKey,
    ) -> Option<MediaTicket> {
        let slot = self.slots.entry((session, kind)).or_default();
        if slot.key.as_ref() == Some(&key) {
            return None;
        }
        let replaced = slot.key.replace(key.clone());
        let by_old_key = replaced.is_some() && slot.came_by == replaced;
        let ticket = if by_old_key { slot.ticket.take() } else { None };
        if let Some(replaced) = replaced {
            self.keys.remove(&replaced);
        }
        if let Some(ticket) = ticket {
            self.tickets.remove(&ticket);
        }
        self.keys.insert(key, (session, kind));
        ticket
    }

    /// The stream that a key publishes.
    pub(crate) fn owner_of(&self, key: &StreamKey) -> Option<(SessionId, StreamKind)> {
        self.keys.get(key).copied()
    }

    /// The keys that a session registered.
    pub(crate) fn keys_of(&self, session: SessionId) -> Vec<StreamKey> {
        let slots = StreamKind::ALL.iter().filter_map(|kind| self.slots.get(&(session, *kind)));
        slots.filter_map(|slot| slot.key.clone()).collect()
    }

    /// The connection that publishes a stream.
    pub(crate) fn publisher(&self, session: SessionId, kind: StreamKind) -> Option<MediaTicket> {
        self.slots.get(&(session, kind))?.ticket
    }

    /// Whether the newest connection of a stream came by this key.
    pub(crate) fn came_by(&self, session: SessionId, kind: StreamKind, key: &StreamKey) -> bool {
        self.slots.get(&(session, kind)).is_some_and(|slot| slot.came_by.as_ref() == Some(key))
    }

    /// The key by which the newest connection of a stream came.
    pub(crate) fn way_of(&self, session: SessionId, kind: StreamKind) -> Option<StreamKey> {
        self.slots.get(&(session, kind))?.came_by.clone()
    }

    /// Makes a connection the publisher of a stream; returns the one that it takes over from.
    pub(crate) fn start_publishing(
        &mut self,
        ticket: MediaTicket,
        session: SessionId,
        kind: StreamKind,
        key: StreamKey,
        stream: StreamId,
    ) -> Option<MediaTicket> {
        let slot = self.slots.entry((session, kind)).or_default();
        slot.came_by = Some(key);
        let earlier = slot.ticket.replace(ticket);
        if let Some(earlier) = earlier {
            self.tickets.remove(&earlier);
        }
        self.tickets.insert(ticket, Use::Publish { session, kind });
        self.open.insert(stream);
        earlier
    }

    /// Makes a connection a player of a stream.
    pub(crate) fn start_playing(&mut self, ticket: MediaTicket, stream: StreamId, viewer: Option<SessionId>) {
        self.tickets.insert(ticket, Use::Play { stream, viewer });
        self.by_stream.insert((stream, ticket));
        match viewer {
            Some(viewer) => drop(self.by_viewer.insert((viewer, ticket))),
            None => *self.guests.entry(stream).or_default() += 1,
        }
        self.open.insert(stream);
    }

    /// What an accepted connection does.
    pub(crate) fn use_of(&self, ticket: MediaTicket) -> Option<Use> {
        self.tickets.get(&ticket).copied()
    }

    /// Forgets a connection; returns what it did.
    pub(crate) fn close(&mut self, ticket: MediaTicket) -> Option<Use> {
        let used = self.tickets.remove(&ticket)?;
        match used {
            Use::Publish { session, kind } => {
                if let Some(slot) = self.slots.get_mut(&(session, kind)) {
                    slot.ticket = None;
                }
            }
            Use::Play { stream, viewer } => {
                self.by_stream.remove(&(stream, ticket));
                match viewer {
                    Some(viewer) => drop(self.by_viewer.remove(&(viewer, ticket))),
                    None => self.guest_gone(stream),
                }
            }
        }
        Some(used)
    }

    fn guest_gone(&mut self, stream: StreamId) {
        let Some(many) = self.guests.get_mut(&stream) else { return };
        *many = many.saturating_sub(1);
        if *many == 0 {
            self.guests.remove(&stream);
        }
    }

    /// How many connections play a stream that are no member's.
    pub(crate) fn guests_of(&self, stream: StreamId) -> usize {
        self.guests.get(&stream).copied().unwrap_or_default()
    }

    /// Forgets a stream's key and publisher; returns the connection to be closed.
    pub(crate) fn forget_slot(&mut self, session: SessionId, kind: StreamKind) -> Option<MediaTicket> {
        let slot = self.slots.remove(&(session, kind))?;
        if let Some(key) = slot.key {
            self.keys.remove(&key);
        }
        let ticket = slot.ticket?;
        self.tickets.remove(&ticket);
        Some(ticket)
    }

    /// Forgets everything of a member; returns the connections to be closed.
    pub(crate) fn forget_member(&mut self, session: SessionId) -> Vec<MediaTicket> {
        let mut tickets: Vec<MediaTicket> =
            StreamKind::ALL.into_iter().filter_map(|kind| self.forget_slot(session, kind)).collect();
        let first = (session, MediaTicket(0));
        let players = self.by_viewer.range(first..).take_while(|(viewer, _)| *viewer == session);
        let players: Vec<MediaTicket> = players.map(|(_, ticket)| *ticket).collect();
        for ticket in players {
            self.close(ticket);
            tickets.push(ticket);
        }
        tickets
    }

    /// Forgets the players of a stream. True if the server has to end it.
    pub(crate) fn end_stream(&mut self, stream: StreamId) -> bool {
        let first = (stream, MediaTicket(0));
        let players = self.by_stream.range(first..).take_while(|(other, _)| *other == stream);
        let players: Vec<MediaTicket> = players.map(|(_, ticket)| *ticket).collect();
        for ticket in players {
            self.close(ticket);
        }
        self.open.remove(&stream)
    }

    /// The connections on which a session plays a stream.
    pub(crate) fn players_of(&self, session: SessionId, stream: StreamId) -> Vec<MediaTicket> {
        let first = (session, MediaTicket(0));
        let tickets = self.by_viewer.range(first..).take_while(|(viewer, _)| *viewer == session);
        let plays = |ticket: &MediaTicket| matches!(self.use_of(*ticket), Some(Use::Play { stream: s, .. }) if s == stream);
        tickets.map(|(_, ticket)| *ticket).filter(plays).collect()
    }

    /// Whether a session has a connection that publishes or plays.
    pub(crate) fn runs_for(&self, session: SessionId) -> bool {
        let first = (session, MediaTicket(0));
        let plays = self.by_viewer.range(first..).next().is_some_and(|(viewer, _)| *viewer == session);
        plays || StreamKind::ALL.into_iter().any(|kind| self.publisher(session, kind).is_some())
    }

    pub(crate) fn publishing(&self) -> usize {
        self.slots.values().filter(|slot| slot.ticket.is_some()).count()
    }

    pub(crate) fn playing(&self) -> usize {
        self.by_stream.len()
    }

    pub(crate) fn push_keys(&self) -> usize {
        self.keys.len()
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.keys.is_empty()
            && self.slots.is_empty()
            && self.tickets.is_empty()
            && self.by_stream.is_empty()
            && self.by_viewer.is_empty()
            && self.guests.is_empty()
            && self.open.is_empty()
    }
}
