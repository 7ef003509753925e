//! What each session knows of which conference, held against what the machine says and does.

use huitong_conference::{
    Actor, Answer, AskId, Conference, ConferenceId, Conferences, Decision, Event, ExitReason, Input, Kept,
    Limits, MemberId, Output, Part, PasswordHash, Refusal, Reply, Role, Ticket, TicketId, Verdict,
};
use huitong_types::{Moment, Role as Place, RoomId, SessionId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// What a step gave: the answer, and what is to be done.
pub(crate) type Played = (Result<Reply, Refusal>, Vec<Output>);

/// A conference and what was decided in it, as a disk has it.
pub(crate) type OnDisk = (Kept, BTreeMap<UserId, Decision>);

#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    /// Sessions that were let in and not told that they are out.
    pub(crate) inside: BTreeMap<SessionId, (ConferenceId, MemberId)>,
    /// Members of whom each of those was told.
    known: BTreeMap<SessionId, BTreeSet<MemberId>>,
    /// Those of them that are admins.
    admins: BTreeSet<SessionId>,
    /// Sessions in rooms, and as what.
    seats: BTreeMap<SessionId, (RoomId, Place)>,
    /// Conferences that began and are not over.
    live: BTreeSet<ConferenceId>,
    /// Requests without an answer.
    pub(crate) asks: BTreeSet<AskId>,
    /// Passwords that are being hashed, and those that are being checked.
    pub(crate) to_hash: BTreeMap<ConferenceId, String>,
    pub(crate) to_check: BTreeMap<AskId, (String, PasswordHash)>,
    /// Tickets that were given, and those that let somebody in.
    pub(crate) tickets: BTreeMap<TicketId, Ticket>,
    used: BTreeSet<TicketId>,
    /// What a disk has that is told of every change and of nothing else.
    pub(crate) disk: BTreeMap<ConferenceId, OnDisk>,
    /// How stays ended, also those whose session needed no telling.
    pub(crate) exits: Vec<ExitReason>,
}

/// What an input promises to be: only these may act on others.
fn governs(input: &Input) -> Option<(&Actor, ConferenceId)> {
    match input {
        Input::Grant { by, conference, .. }
        | Input::Kick { by, conference, .. }
        | Input::Mute { by, conference, .. }
        | Input::Decline { by, conference, .. }
        | Input::Destroy { by, conference } => Some((by, *conference)),
        _ => None,
    }
}

/// Whether one may act on others, as this account sees it.
fn may_govern(conferences: &Conferences, by: &Actor, id: ConferenceId) -> bool {
    let Some(conference) = conferences.get(id).filter(|conference| conference.app == by.app()) else {
        return false;
    };
    let Actor::User(key) = by else { return true };
    match conference.members().find(|member| member.user == key.user) {
        Some(member) => member.role == Role::Admin,
        None => conference.creator.as_ref() == Some(&key.user),
    }
}

/// A conference as a disk has it, if it can be kept.
fn on_disk(conference: &Conference) -> Option<OnDisk> {
    let decided = conference.decided().map(|(user, decision)| (user.clone(), *decision)).collect();
    Some((conference.kept()?, decided))
}

impl Account {
    /// Lets something happen, after what was due.
    ///
    /// # Errors
    /// What was said twice, or not at all, or to the wrong one.
    pub(crate) fn play(
        &mut self,
        machine: &mut Conferences,
        now: Moment,
        input: Input,
    ) -> Result<Played, String> {
        let mut outputs = Vec::new();
        if machine.next_deadline().is_some() {
            machine.handle(now, Input::Tick).map_err(|refusal| format!("time was refused: {refusal:?}"))?;
            self.take(machine, false, &mut outputs)?;
        }
        let before = outputs.len();
        // Something is given for a password that was sent to be checked and was right, or at once.
        let opens = match &input {
            Input::Ask { .. } => true,
            Input::Checked { ask, verdict } => *verdict == Verdict::Right && self.to_check.contains_key(ask),
            _ => false,
        };
        let governed = governs(&input).map(|(by, id)| may_govern(machine, by, id));
        let enters = match &input {
            Input::Enter { session, ticket, conference, .. } => Some((*session, ticket.clone(), *conference)),
            _ => None,
        };
        // Who comes by the door of the room, and whether it is open to it.
        let admitted = match &input {
            Input::Admit { session, user, conference: id, authority, .. } => {
                let conference = machine.get(*id).filter(|conference| conference.app == user.app);
                let open = |conference: &Conference| {
                    !conference.is_locked() || conference.creator.as_ref() == Some(&user.user)
                };
                Some((*session, *id, conference.is_some_and(|conference| *authority || open(conference))))
            }
            _ => None,
        };
        match &input {
            Input::Hashed { conference, .. } => drop(self.to_hash.remove(conference)),
            Input::Checked { ask, .. } => drop(self.to_check.remove(ask)),
            Input::SeatLost { session, .. } => drop(self.seats.remove(session)),
            Input::Gone { session, deliberate } => {
                self.seats.remove(session);
                if self.forget(*session) {
                    self.exits.push(if *deliberate { ExitReason::Left } else { ExitReason::Failed });
                }
            }
            _ => {}
        }
        let leaves = match &input {
            Input::Leave { session, reason } => Some((*session, *reason)),
            _ => None,
        };
        let answer = machine.handle(now, input);
        if governed == Some(false) && answer.is_ok() {
            return Err("one who is no admin did what only admins may".to_owned());
        }
        if let (Ok(Reply::Entered(member)), Some((session, conference, open))) = (&answer, admitted)
            && self.inside.get(&session) != Some(&(conference, *member))
        {
            if !open {
                return Err(format!("{session} came through a door that is shut"));
            }
            self.settle_in(machine, session, *member, conference);
        }
        match (&answer, leaves, enters) {
            (Ok(_), Some((session, reason)), _) => {
                if !self.forget(session) {
                    return Err(format!("{session} left and was not inside"));
                }
                self.exits.push(reason);
            }
            (Ok(Reply::Entered(member)), _, Some((session, ticket, conference))) => {
                self.enter(machine, session, *member, &ticket, conference)?;
            }
            (Ok(Reply::Asked(ask)), ..) => {
                self.asks.insert(*ask);
            }
            _ => {}
        }
        self.take(machine, opens, &mut outputs)?;
        if answer.is_err() && outputs.len() > before {
            return Err(format!("a refused request did something: {outputs:?}"));
        }
        Ok((answer, outputs))
    }

    fn enter(
        &mut self,
        machine: &Conferences,
        session: SessionId,
        member: MemberId,
        ticket: &Ticket,
        conference: ConferenceId,
    ) -> Result<(), String> {
        if self.inside.get(&session) == Some(&(conference, member)) {
            return Ok(());
        }
        if self.tickets.get(&ticket.id) != Some(ticket)
            || ticket.conference != conference
            || !self.used.insert(ticket.id)
        {
            return Err(format!("{session} entered with the ticket {ticket:?}, which is none or was used"));
        }
        self.settle_in(machine, session, member, conference);
        Ok(())
    }

    fn settle_in(
        &mut self,
        machine: &Conferences,
        session: SessionId,
        member: MemberId,
        conference: ConferenceId,
    ) {
        self.inside.insert(session, (conference, member));
        let announced = machine.get(conference).into_iter().flat_map(|conference| conference.announced());
        let known = announced.map(|member| member.id).filter(|id| *id != member).collect();
        self.known.insert(session, known);
        let entered = machine.get(conference).and_then(|conference| conference.member(member));
        if entered.is_some_and(|member| member.role == Role::Admin) {
            self.admins.insert(session);
        }
    }

    fn forget(&mut self, session: SessionId) -> bool {
        self.known.remove(&session);
        self.admins.remove(&session);
        self.inside.remove(&session).is_some()
    }

    fn take(
        &mut self,
        machine: &mut Conferences,
        opens: bool,
        outputs: &mut Vec<Output>,
    ) -> Result<(), String> {
        while let Some(output) = machine.poll_output() {
            self.hear(opens, &output).map_err(|wrong| format!("{wrong}: {output:?}"))?;
            self.keep(machine, &output).map_err(|wrong| format!("{wrong}: {output:?}"))?;
            outputs.push(output);
        }
        Ok(())
    }

    fn hear(&mut self, opens: bool, output: &Output) -> Result<(), &'static str> {
        let held = |holds: bool, wrong| if holds { Ok(()) } else { Err(wrong) };
        match output {
            Output::Created(id) | Output::Restored(id) => held(self.live.insert(*id), "it began twice"),
            Output::Changed { conference, .. } => {
                held(self.live.contains(conference), "it changed and is over")
            }
            Output::Ended { conference, .. } => {
                self.to_hash.remove(conference);
                held(self.live.remove(conference), "it is over twice")?;
                held(self.inside.values().all(|(id, _)| id != conference), "somebody is still in it")
            }
            Output::Hash { conference, password } => {
                let twice = self.to_hash.insert(*conference, password.reveal().clone());
                held(twice.is_none(), "a password is hashed twice")
            }
            Output::Check { ask, password, hash } => {
                let twice = self.to_check.insert(*ask, (password.reveal().clone(), hash.clone()));
                held(
                    twice.is_none() && self.asks.contains(ask),
                    "a password is checked twice, or for nothing",
                )
            }
            Output::Answered { ask, answer } => {
                held(self.asks.remove(ask), "a request is answered twice")?;
                self.to_check.remove(ask);
                held(opens || answer.is_err(), "a ticket was given for nothing")?;
                if let Ok(Answer::Ticket(ticket)) = answer {
                    self.tickets.insert(ticket.id, ticket.clone());
                }
                Ok(())
            }
            Output::LetIn { session, room, place } => {
                let twice = self.seats.insert(*session, (room.clone(), *place));
                held(twice.is_none(), "it was let in twice")
            }
            Output::Place { session, room, place } => {
                let before = self.seats.insert(*session, (room.clone(), *place));
                let other = before.is_some_and(|(own, earlier)| own == *room && earlier != *place);
                held(other, "it has that place already, or none")
            }
            Output::Silence { session, .. } => {
                held(self.seats.contains_key(session), "it is not in the room")
            }
            Output::PutOut { session, room } => {
                let seat = self.seats.remove(session);
                held(seat.is_none_or(|(own, _)| own == *room), "it is put out of another room")
            }
            Output::Exited { session, conference, reason } => {
                let place = self.inside.get(session).map(|(id, _)| id);
                held(place == Some(conference), "it is told twice that it is out, or of another conference")?;
                self.forget(*session);
                self.exits.push(*reason);
                Ok(())
            }
            Output::Tell { to, conference, event } => {
                to.iter().try_for_each(|session| self.told(*session, *conference, event))
            }
        }
    }

    /// Writes to the disk what is to be kept, and no more than that.
    fn keep(&mut self, machine: &Conferences, output: &Output) -> Result<(), &'static str> {
        match output {
            Output::Ended { conference, .. } => drop(self.disk.remove(conference)),
            Output::Changed { conference: id, part } => {
                // What has changed and is over by now needs no keeping.
                let Some(conference) = machine.get(*id) else { return Ok(()) };
                match part {
                    Part::Itself => {
                        let kept = conference.kept().ok_or("it is to be kept and cannot be")?;
                        let decided = self.disk.remove(id).map(|(_, decided)| decided).unwrap_or_default();
                        self.disk.insert(*id, (kept, decided));
                    }
                    Part::User(user) => {
                        let disk = self.disk.get_mut(id).ok_or("what was decided comes before the rest")?;
                        let decision = conference.decision(user).ok_or("nothing was decided")?;
                        disk.1.insert(user.clone(), decision);
                    }
                }
            }
            Output::Restored(id) => {
                if let Some(disk) = machine.get(*id).and_then(on_disk) {
                    self.disk.insert(*id, disk);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the disk has what is there, and a server that starts from it has the same.
    fn check_disk(&self, machine: &Conferences) -> Result<(), String> {
        let kept: BTreeMap<ConferenceId, OnDisk> =
            machine.all().filter_map(|own| Some((own.id, on_disk(own)?))).collect();
        if kept != self.disk {
            return Err(format!("to be kept is {kept:?}, and the disk has {:?}", self.disk));
        }
        let mut next = Conferences::new(Limits::default());
        for (kept, decided) in kept.values().cloned() {
            let restore = Input::Restore { kept: Box::new(kept), decided };
            next.handle(Moment::ZERO, restore).map_err(|refusal| format!("not restored: {refusal:?}"))?;
        }
        if let Some(broken) = next.broken() {
            return Err(format!("after a restart {broken}"));
        }
        let again: Vec<OnDisk> = next.all().filter_map(on_disk).collect();
        match again.iter().eq(kept.values()) {
            true => Ok(()),
            false => Err(format!("{kept:?} was restored as {again:?}")),
        }
    }

    fn told(
        &mut self,
        session: SessionId,
        conference: ConferenceId,
        event: &Event,
    ) -> Result<(), &'static str> {
        let held = |holds: bool, wrong| if holds { Ok(()) } else { Err(wrong) };
        let own = match self.inside.get(&session) {
            Some((id, own)) if *id == conference => *own,
            _ => return Err("somebody is told of a conference in which it is not"),
        };
        let known = self.known.entry(session).or_default();
        match event {
            Event::Joined(view) => {
                held(known.insert(view.id) && view.id != own, "somebody is announced twice")
            }
            Event::Shows(view) => held(known.contains(&view.id), "one shows something who is not there"),
            Event::Exited { member, .. } => held(known.remove(member), "one is gone who was not there"),
            Event::Role { member, role, .. } => {
                if *member == own {
                    match role {
                        Role::Admin => self.admins.insert(session),
                        _ => self.admins.remove(&session),
                    };
                }
                held(*member == own || known.contains(member), "an unknown one has another role")
            }
            Event::Hand { .. } => {
                held(self.admins.contains(&session), "a hand is shown to others than admins")
            }
            Event::Muted { .. } | Event::Declined | Event::Attributes { .. } => Ok(()),
        }
    }

    /// The server dies: nobody is anywhere, and nothing is there but what the disk has. The next one starts with that.
    ///
    /// # Errors
    /// What was not restored, or not as it was.
    pub(crate) fn restart(&mut self, limits: Limits, now: Moment) -> Result<Conferences, String> {
        let before = std::mem::take(self);
        self.exits = before.exits;
        let mut next = Conferences::new(limits);
        for (kept, decided) in before.disk.values().cloned() {
            let (answer, _) = self.play(&mut next, now, Input::Restore { kept: Box::new(kept), decided })?;
            answer.map_err(|refusal| format!("what was there is not restored: {refusal:?}"))?;
        }
        match self.disk.values().eq(before.disk.values()) {
            true => self.check(&next).map(|()| next),
            false => Err(format!("{:?} became {:?}", before.disk, self.disk)),
        }
    }

    /// Whether somebody was let in with this ticket.
    pub(crate) fn is_used(&self, ticket: TicketId) -> bool {
        self.used.contains(&ticket)
    }

    /// Holds the account against the tables.
    ///
    /// # Errors
    /// What does not agree.
    pub(crate) fn check(&self, machine: &Conferences) -> Result<(), String> {
        if let Some(broken) = machine.broken() {
            return Err(broken);
        }
        let mut inside = BTreeMap::new();
        for conference in machine.all() {
            let announced: BTreeSet<MemberId> = conference.announced().map(|member| member.id).collect();
            for member in conference.members() {
                inside.insert(member.session, (conference.id, member.id));
                let seat = Some((conference.room.clone(), member.role.place()));
                if self.seats.get(&member.session) != seat.as_ref() {
                    return Err(format!("{} is not in the room as what it is", member.user));
                }
                let mut others = announced.clone();
                others.remove(&member.id);
                if self.known.get(&member.session) != Some(&others) {
                    return Err(format!("{} knows others than there are", member.user));
                }
            }
        }
        self.check_disk(machine)?;
        if inside != self.inside || self.seats.len() != inside.len() {
            return Err(format!("inside are {inside:?}, and the sessions were told {:?}", self.inside));
        }
        if !machine.all().map(|conference| conference.id).eq(self.live.iter().copied()) {
            return Err(format!("{:?} began and are not over, and the tables say otherwise", self.live));
        }
        Ok(())
    }
}
