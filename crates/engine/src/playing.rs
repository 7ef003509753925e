//! Media connections that play.

use crate::engine::Engine;
use crate::held::Wish;
use crate::io::{MediaTicket, Output, TrackFlags};
use crate::publishing::label;
use crate::urls::Purpose;
use huitong_room::Publication;
use huitong_types::{ErrorCode, Fault, SessionId, StreamKey};

impl Engine {
    pub(crate) fn play_requested(&mut self, ticket: MediaTicket, key: &StreamKey) {
        if let Err(fault) = self.find_stream(ticket, key) {
            self.refuse_media("play-refused", ticket, fault);
        }
    }

    fn find_stream(&mut self, ticket: MediaTicket, key: &StreamKey) -> Result<(), Fault> {
        if let Some((viewer, stream)) = self.play_keys.open(key) {
            if let Some(played) = self.play_mix(ticket, viewer, stream) {
                return played;
            }
            let gone =
                || Fault::because(ErrorCode::UnknownKey, "The member or the stream of this key is gone.");
            let publication = self.rooms.stream(stream).ok_or_else(gone)?;
            if self.rooms.room_of(viewer) != Some(&publication.key) {
                return Err(gone());
            }
            if publication.active {
                self.play(ticket, &publication, Some(viewer));
            } else {
                self.hold(ticket, Wish::Play { viewer, stream });
            }
            return Ok(());
        }
        let Some(minted) = self.urls.get(key).cloned() else {
            return Err(Fault::new(ErrorCode::UnknownKey));
        };
        if !matches!(minted.purpose, Purpose::Play) {
            return Err(Fault::because(
                ErrorCode::UnknownKey,
                "This key publishes a stream, it does not play one.",
            ));
        }
        self.is_not_suspended(minted.key.app)?;
        let session = self.rooms.find(&minted.key, &minted.user);
        match session.and_then(|session| self.rooms.publication(session, minted.kind)) {
            Some(publication) if publication.active => self.play(ticket, &publication, None),
            _ => {
                self.hold(ticket, Wish::PlayMember { key: minted.key, user: minted.user, kind: minted.kind })
            }
        }
        Ok(())
    }

    /// Accepts a player. One without session has a minted URL and gets everything.
    pub(crate) fn play(&mut self, ticket: MediaTicket, publication: &Publication, viewer: Option<SessionId>) {
        let tracks = match viewer {
            None => TrackFlags::BOTH,
            Some(viewer) if self.rooms.room_of(viewer) != Some(&publication.key) => {
                let sentence = "The member of this key is no longer in the room.";
                return self.refuse_media(
                    "play-refused",
                    ticket,
                    Fault::because(ErrorCode::UnknownKey, sentence),
                );
            }
            Some(viewer) => self.rooms.receives(viewer, publication.owner, publication.kind),
        };
        self.media.start_playing(ticket, publication.id, viewer);
        self.out.push_back(Output::PlayAccepted {
            ticket,
            stream: publication.id,
            tracks,
            label: label(publication),
        });
        match viewer {
            Some(viewer) => self.tell_receiving(viewer, publication.id),
            None => self.tell_guests(publication.id),
        }
    }
}
