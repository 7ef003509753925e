//! Every way out of a conference that goes on.

use crate::io::{ConferenceId, Event, MemberId, Output, Reply, SeatEnd};
use crate::machine::Conferences;
use crate::refusal::Refusal;
use crate::words::ExitReason;
use huitong_types::SessionId;

impl Conferences {
    pub(crate) fn leave(&mut self, session: SessionId, reason: ExitReason) -> Result<Reply, Refusal> {
        let (id, member) = self.place(session)?;
        // A client may say why it goes, and not what only the server can have done.
        let reason = match reason {
            ExitReason::Removed | ExitReason::OtherDevice | ExitReason::Closed => ExitReason::Left,
            own => own,
        };
        self.remove(id, member, reason, false, true);
        self.settle(id);
        Ok(Reply::Done)
    }

    /// A session is over: there is nobody to be told, and nothing to be put out of the room.
    pub(crate) fn gone(&mut self, session: SessionId, deliberate: bool) {
        let Ok((id, member)) = self.place(session) else { return };
        let reason = if deliberate { ExitReason::Left } else { ExitReason::Failed };
        self.remove(id, member, reason, false, false);
        self.settle(id);
    }

    pub(crate) fn seat_lost(&mut self, session: SessionId, why: SeatEnd) {
        let Ok((id, member)) = self.place(session) else { return };
        let reason = match why {
            SeatEnd::TimedOut => ExitReason::Failed,
            SeatEnd::Kicked => {
                self.withdraw_of(id, member);
                ExitReason::Removed
            }
            SeatEnd::NoPlace => ExitReason::Removed,
            SeatEnd::TakenOver => ExitReason::OtherDevice,
            SeatEnd::Dissolved => {
                return self.finish(id, ExitReason::Closed, Refusal::NoConference);
            }
        };
        self.remove(id, member, reason, true, false);
        self.settle(id);
    }

    /// Ends a stay. `tell`: its session does not know yet; `put_out`: it is still in the room. What follows for the
    /// conference is left to [`Conferences::settle`].
    pub(crate) fn remove(
        &mut self,
        id: ConferenceId,
        member: MemberId,
        reason: ExitReason,
        tell: bool,
        put_out: bool,
    ) {
        self.turn_hand(id, member, false);
        let Some(conference) = self.conferences.get_mut(&id) else { return };
        let Some(gone) = conference.members.remove(&member) else { return };
        conference.users.remove(&gone.user);
        conference.sort(member, None);
        let session = gone.session;
        self.sessions.remove(&session);
        if put_out {
            self.out.push_back(Output::PutOut { session, room: conference.room.clone() });
        }
        if tell {
            self.out.push_back(Output::Exited { session, conference: id, reason });
        }
        if conference.is_announced(gone.role) {
            let to = conference.sessions();
            self.tell(id, to, Event::Exited { member, user: gone.user, reason: Some(reason) });
        }
    }
}
