//! What members write down for all to see.

use crate::conference::Conference;
use crate::io::{Actor, ConferenceId, Event, Reply};
use crate::kept::Part;
use crate::limits::{ATTRIBUTES, ATTRIBUTES_BYTES, BATCH, KEY_BYTES, fits};
use crate::machine::Conferences;
use crate::refusal::Refusal;
use crate::words::Kind;
use std::sync::Arc;

/// One change of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which.
    pub key: Arc<str>,
    /// What it is now; nothing: it is deleted.
    pub value: Option<Arc<str>>,
}

impl Conferences {
    /// Changes attributes. Everybody inside may, except the audience of a live conference: each change is told to all, and
    /// those may be a hundred thousand.
    pub(crate) fn change_attributes(
        &mut self,
        by: &Actor,
        id: ConferenceId,
        changes: Vec<Change>,
    ) -> Result<Reply, Refusal> {
        let conference = self.of_app(id, by.app())?;
        let by = match by {
            Actor::BackEnd(_) => None,
            Actor::User(key) => {
                // The creator manages its conference from outside, too.
                let member = conference.member_of(&key.user);
                let role = member.map(|member| member.role);
                if role.is_none() && !conference.is_creator(&key.user) {
                    return Err(Refusal::NotInside);
                }
                if conference.kind == Kind::Live && role.is_some_and(|role| !role.publishes()) {
                    return Err(Refusal::MayNotChangeAttributes);
                }
                Some(key.user.clone())
            }
        };
        check(conference, &changes)?;
        let Some(conference) = self.conferences.get_mut(&id) else { return Err(Refusal::NoConference) };
        for Change { key, value } in &changes {
            match value {
                Some(value) => conference.attributes.insert(key.clone(), value.clone()),
                None => conference.attributes.remove(key),
            };
        }
        let to = conference.sessions();
        self.changed(id, Part::Itself);
        self.tell(id, to, Event::Attributes { changes, by });
        Ok(Reply::Done)
    }
}

/// Whether the conference may have what comes of these changes.
fn check(conference: &Conference, changes: &[Change]) -> Result<(), Refusal> {
    if changes.is_empty() || changes.len() > BATCH {
        return Err(Refusal::Field("changes", "must have 1 to 100 changes"));
    }
    let mut after = conference.attributes.clone();
    for Change { key, value } in changes {
        if key.is_empty() {
            return Err(Refusal::Field("key", "is empty"));
        }
        fits("key", key, KEY_BYTES, "has more than 128 bytes")?;
        match value {
            Some(value) => after.insert(key.clone(), value.clone()),
            None => after.remove(key),
        };
    }
    let bytes: usize = after.iter().map(|(key, value)| key.len() + value.len()).sum();
    if after.len() > ATTRIBUTES || bytes > ATTRIBUTES_BYTES {
        return Err(Refusal::AttributesFull);
    }
    Ok(())
}
