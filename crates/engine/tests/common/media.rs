//! Media connections as the gateways have them.

use super::{World, key};
use huitong_engine::{Input, MediaTicket, TrackFlags};
use huitong_types::{ErrorCode, StreamId, StreamKey};

/// A media connection as the gateway sees it.
#[derive(Clone, Debug, PartialEq)]
pub enum Media {
    Waiting,
    Publishing { stream: StreamId, allowed: TrackFlags },
    Playing { stream: StreamId, tracks: TrackFlags },
    Closed(ErrorCode, String),
    StreamOver,
}

impl World {
    pub fn ticket(&mut self) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.media.insert(ticket, Media::Waiting);
        ticket
    }

    pub fn push_media(&mut self, key: &StreamKey) -> u64 {
        let ticket = self.ticket();
        self.input(Input::PublishRequested { ticket: MediaTicket(ticket), key: key.clone() });
        ticket
    }

    pub fn play(&mut self, key: &StreamKey) -> u64 {
        let ticket = self.ticket();
        self.input(Input::PlayRequested { ticket: MediaTicket(ticket), key: key.clone() });
        ticket
    }

    pub fn seen(&mut self, ticket: u64, audio: bool, video: bool) {
        self.input(Input::TracksSeen { ticket: MediaTicket(ticket), tracks: TrackFlags { audio, video } });
    }

    pub fn close_media(&mut self, ticket: u64, deliberate: bool) {
        self.media.insert(ticket, Media::StreamOver);
        self.input(Input::MediaClosed { ticket: MediaTicket(ticket), deliberate });
    }

    /// A member that publishes audio and video.
    pub fn publisher(&mut self, user: &str) -> (usize, u64) {
        let who = self.member(user);
        let ticket = self.start_media(who, &key(user));
        (who, ticket)
    }

    pub fn start_media(&mut self, who: usize, key: &StreamKey) -> u64 {
        self.declare(who, key, true, true).unwrap();
        let ticket = self.push_media(key);
        self.seen(ticket, true, true);
        assert!(matches!(self.media[&ticket], Media::Publishing { .. }), "{:?}", self.media[&ticket]);
        ticket
    }

    pub fn publishers_of(&self, stream: StreamId) -> Vec<u64> {
        let publishes = |m: &Media| matches!(m, Media::Publishing { stream: s, .. } if *s == stream);
        self.media.iter().filter(|(_, m)| publishes(m)).map(|(t, _)| *t).collect()
    }

    pub fn closed_with(&self, ticket: u64) -> Option<ErrorCode> {
        match &self.media[&ticket] {
            Media::Closed(code, _) => Some(*code),
            _ => None,
        }
    }
}
