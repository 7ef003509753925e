//! Streams of members: each takes a place among those that their conference allows.

use super::refused;
use crate::engine::Engine;
use crate::requests::flags;
use huitong_conference::Input;
use huitong_protocol::Publish;
use huitong_types::{ErrorCode, Fault, SessionId, StreamKind};

impl Engine {
    /// Registers or updates a stream; in a conference it must have a place there.
    pub(crate) fn publish_here(&mut self, session: SessionId, publish: Publish) -> Result<(), Fault> {
        let (kind, tracks) = (publish.stream, flags(publish.audio, publish.video));
        self.claim_stream(session, kind, publish.video)?;
        let declared = self.in_room(huitong_room::Input::Declare { session, kind, tracks });
        match declared {
            Ok(()) => self.register(session, publish),
            // Who may not send it takes nobody's place.
            Err(_) => self.release_stream(session, kind),
        }
        declared
    }

    /// Takes a place for a stream among those of its conference. Outside of conferences there is nothing to take.
    pub(crate) fn claim_stream(
        &mut self,
        session: SessionId,
        kind: StreamKind,
        video: bool,
    ) -> Result<(), Fault> {
        if self.hall.machine.of_session(session).is_none() {
            return Ok(());
        }
        let claimed = self.in_hall(Input::Publish { session, kind, video });
        if claimed.is_ok() && kind == StreamKind::Main && self.hall.cameraless.remove(&session) {
            self.set_tracks(session);
        }
        claimed.map(|_| ()).map_err(|refusal| refused(&refusal))
    }

    /// A picture came that was not registered: without a place for it, it is left out.
    pub(crate) fn picture_seen(&mut self, session: SessionId, kind: StreamKind) {
        if let Err(fault) = self.claim_stream(session, kind, true) {
            if kind == StreamKind::Main && fault.code == ErrorCode::ConferenceLimit {
                self.hall.cameraless.insert(session);
                self.set_tracks(session);
            } else {
                let cut = Fault::because(fault.code, fault.message.clone());
                self.cut_publisher(session, kind, cut);
            }
            self.tell_refused(session, kind, &fault);
        }
    }

    /// A stream of a member is over: its place is free.
    pub(crate) fn release_stream(&mut self, session: SessionId, kind: StreamKind) {
        if self.hall.machine.of_session(session).is_some() {
            let freed = self.in_hall(Input::Unpublish { session, kind });
            debug_assert!(freed.is_ok(), "to send nothing is never refused");
        }
    }
}
