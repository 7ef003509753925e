//! Groups that the back-end creates, against which group calls are checked.

use crate::engine::Engine;
use crate::io::Output;
use huitong_call::UserKey;
use huitong_types::{AppId, ErrorCode, Fault, GroupId, UserId, limits};
use std::collections::BTreeSet;

/// Groups of one application. A list in memory: beyond it a database of the back-end's own is the place.
const GROUPS_PER_APP: usize = 100_000;

impl Engine {
    /// Whether everybody concerned belongs to a group. One that the back-end has not created is not checked.
    pub(crate) fn are_in_group(
        &self,
        caller: &UserKey,
        group: &GroupId,
        invitees: &[UserId],
    ) -> Result<(), Fault> {
        let Some(members) = self.desk.groups.get(&(caller.app, group.clone())) else { return Ok(()) };
        let members: BTreeSet<&UserId> = members.iter().collect();
        if !members.contains(&caller.user) {
            let sentence = format!("{} is no member of the group {group}.", caller.user);
            return Err(Fault::because(ErrorCode::NotInGroup, sentence).in_field("group"));
        }
        match invitees.iter().find(|user| !members.contains(user)) {
            Some(stranger) => {
                let sentence = format!("{stranger} is no member of the group {group}.");
                Err(Fault::because(ErrorCode::NotInGroup, sentence).in_field("invitees"))
            }
            None => Ok(()),
        }
    }

    /// Creates a group, or gives it other members. Calls in progress go on.
    pub(crate) fn put_group(
        &mut self,
        app: AppId,
        group: GroupId,
        members: Vec<UserId>,
    ) -> Result<(), Fault> {
        if members.is_empty() || members.len() > limits::GROUP_MEMBERS {
            let (got, most) = (members.len(), limits::GROUP_MEMBERS);
            let sentence = format!("members has {got} users, allowed is 1 to {most}.");
            return Err(Fault::because(ErrorCode::InvalidField, sentence).in_field("members"));
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = members.iter().find(|user| !seen.insert(*user)) {
            let sentence = format!("{twice} is named twice.");
            return Err(Fault::because(ErrorCode::InvalidField, sentence).in_field("members"));
        }
        let key = (app, group.clone());
        if !self.desk.groups.contains_key(&key) && self.groups_of(app).count() >= GROUPS_PER_APP {
            let sentence = format!("This application has {GROUPS_PER_APP} groups.");
            return Err(Fault::because(ErrorCode::ServerFull, sentence));
        }
        self.desk.groups.insert(key, members.clone());
        self.out.push_back(Output::KeepGroup { app, group, members });
        Ok(())
    }

    /// Takes a group back that was created before a restart.
    pub(crate) fn restore_group(&mut self, app: AppId, group: GroupId, members: Vec<UserId>) {
        self.desk.groups.insert((app, group), members);
    }

    pub(crate) fn drop_group(&mut self, app: AppId, group: &GroupId) -> Result<(), Fault> {
        if self.desk.groups.remove(&(app, group.clone())).is_none() {
            return Err(no_group(group));
        }
        self.out.push_back(Output::DropGroup { app, group: group.clone() });
        Ok(())
    }

    pub(crate) fn group(&self, app: AppId, group: &GroupId) -> Result<&[UserId], Fault> {
        let members = self.desk.groups.get(&(app, group.clone()));
        members.map(Vec::as_slice).ok_or_else(|| no_group(group))
    }

    /// The groups of an application by name, with their members.
    pub(crate) fn groups_of(&self, app: AppId) -> impl Iterator<Item = (&GroupId, &Vec<UserId>)> {
        self.desk
            .groups
            .iter()
            .filter(move |((owner, _), _)| *owner == app)
            .map(|((_, group), members)| (group, members))
    }
}

fn no_group(group: &GroupId) -> Fault {
    Fault::because(ErrorCode::NotFound, format!("There is no group {group}.")).in_field("group")
}
