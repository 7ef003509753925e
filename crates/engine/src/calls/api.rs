//! Calls and groups of the back-end.

use super::{Wish, refused};
use crate::engine::Engine;
use crate::io::{ApiResult, CallLog};
use huitong_call::{Input, Output, UserKey};
use huitong_protocol::api::{
    CallList, CallParticipant, CallRequest, CallSummary, GroupDetail, GroupList, GroupRequest, GroupSummary,
};
use huitong_types::{AppId, CallData, CallId, ErrorCode, Fault, GroupId, RoomId, UserId};
use std::time::Duration;

impl Engine {
    pub(crate) fn api_start_call(&mut self, app: AppId, request: CallRequest) -> Result<ApiResult, Fault> {
        if self.draining {
            return Err(Fault::new(ErrorCode::ShuttingDown));
        }
        self.may_begin(app)?;
        let caller = UserKey { app, user: user("caller", &request.caller)? };
        let invitees = request.invitees.iter().map(|name| user("invitees", name));
        let group = request.group.as_ref().map(GroupId::new).transpose();
        let data = request.data.as_ref().map(CallData::new).transpose();
        let room = request.room.as_deref().map(RoomId::parse).transpose();
        let wish = Wish {
            invitees: invitees.collect::<Result<_, _>>()?,
            media: request.media.into(),
            group: group.map_err(|error| invalid("group", &error))?,
            timeout: request.timeout_ms.map(|ms| Duration::from_millis(u64::from(ms))),
            data: data.map_err(|error| invalid("data", &error))?,
            room: room.map_err(|error| invalid("room", &error))?,
        };
        let (placed, meta) = self.prepare(&caller, wish)?;
        let id = self.desk.handle(self.now, Input::Start { caller: caller.clone(), call: placed });
        let id = id.map_err(|refusal| refused(&refusal))?.ok_or(Fault::new(ErrorCode::Internal))?;
        self.enter_call(id, meta);
        let log = self.log_now(id).ok_or(Fault::new(ErrorCode::Internal))?;
        let open = if request.room.is_some() { ", into a room of others" } else { "" };
        let detail = format!("{} {} by the back-end{open}", log.call, log.media.as_str());
        self.note_user("call", None, app, Some(&log.room), &caller.user, detail);
        Ok(ApiResult::Call(summary(&log)))
    }

    /// The call as it is; one that is over in this very step as it ended.
    fn log_now(&self, id: huitong_call::CallId) -> Option<CallLog> {
        let meta = self.desk.meta.get(&id)?;
        if let Some(call) = self.desk.machine.get(id) {
            return Some(self.log_of_call(call, meta));
        }
        self.desk.out.iter().find_map(|output| match output {
            Output::Finished(record) if record.id == id => Some(self.log_of_record(record, meta)),
            _ => None,
        })
    }

    fn api_named(&self, app: AppId, call: &str) -> Result<huitong_call::CallId, Fault> {
        let gone = || Fault::new(ErrorCode::CallGone).in_field("call");
        let id = self.named(&CallId::new(call).map_err(|_| gone())?)?;
        let own = self.desk.meta.get(&id).is_some_and(|meta| meta.key.app == app);
        own.then_some(id).ok_or_else(gone)
    }

    pub(crate) fn api_get_call(&self, app: AppId, call: &str) -> Result<ApiResult, Fault> {
        let log = self.log_now(self.api_named(app, call)?).ok_or(Fault::new(ErrorCode::CallGone))?;
        Ok(ApiResult::Call(summary(&log)))
    }

    pub(crate) fn api_end_call(&mut self, app: AppId, call: &str) -> Result<ApiResult, Fault> {
        let call = self.api_named(app, call)?;
        self.desk.handle(self.now, Input::End { call }).map_err(|refusal| refused(&refusal))?;
        Ok(ApiResult::Done)
    }

    pub(crate) fn api_list_calls(&self, app: AppId, offset: usize, limit: usize) -> ApiResult {
        let mut own: Vec<_> =
            self.desk.machine.all().filter(|call| call.app == app).map(|call| call.id).collect();
        own.sort_unstable();
        let page = own.iter().skip(offset).take(limit).filter_map(|id| self.log_now(*id));
        let calls = page.map(|log| summary(&log)).collect();
        ApiResult::Calls(CallList { calls, total: count(own.len()) })
    }

    pub(crate) fn api_put_group(
        &mut self,
        app: AppId,
        group: &str,
        request: &GroupRequest,
    ) -> Result<ApiResult, Fault> {
        let id = group_id(group)?;
        let members = request.members.iter().map(|name| user("members", name)).collect::<Result<_, _>>()?;
        self.put_group(app, id, members)?;
        self.api_get_group(app, group)
    }

    pub(crate) fn api_get_group(&self, app: AppId, group: &str) -> Result<ApiResult, Fault> {
        let members = self.group(app, &group_id(group)?)?;
        let members = members.iter().map(|user| user.as_str().to_owned()).collect();
        Ok(ApiResult::Group(GroupDetail { group: group.to_owned(), members }))
    }

    pub(crate) fn api_list_groups(&self, app: AppId, offset: usize, limit: usize) -> ApiResult {
        let total = count(self.groups_of(app).count());
        let page = self.groups_of(app).skip(offset).take(limit);
        let groups = page.map(|(group, members)| GroupSummary {
            group: group.as_str().to_owned(),
            members: count(members.len()),
        });
        ApiResult::Groups(GroupList { groups: groups.collect(), total })
    }

    pub(crate) fn api_drop_group(&mut self, app: AppId, group: &str) -> Result<ApiResult, Fault> {
        self.drop_group(app, &group_id(group)?)?;
        Ok(ApiResult::Done)
    }
}

fn summary(log: &CallLog) -> CallSummary {
    let participant = |party: &crate::io::CallLogParty| CallParticipant {
        user: party.user.as_str().to_owned(),
        state: party.state.as_str().to_owned(),
        device: party.device.as_ref().map(|device| device.as_str().to_owned()),
    };
    CallSummary {
        call: log.call.as_str().to_owned(),
        room: log.room.to_string(),
        media: log.media.into(),
        caller: log.parties.first().map_or_else(String::new, |party| party.user.as_str().to_owned()),
        group: log.group.as_ref().map(|group| group.as_str().to_owned()),
        data: log.data.as_ref().map(|data| data.as_str().to_owned()),
        backend: log.backend,
        open: log.open,
        started_ms: log.started_ms,
        connected_ms: log.connected_ms,
        participants: log.parties.iter().map(participant).collect(),
    }
}

fn user(field: &'static str, name: &str) -> Result<UserId, Fault> {
    UserId::new(name).map_err(|error| invalid(field, &error))
}

fn group_id(group: &str) -> Result<GroupId, Fault> {
    GroupId::new(group).map_err(|error| invalid("group", &error))
}

fn invalid(field: &'static str, why: &impl std::fmt::Display) -> Fault {
    Fault::because(ErrorCode::InvalidField, format!("{why}.")).in_field(field)
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
