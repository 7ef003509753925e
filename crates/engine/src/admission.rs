//! Applications that nobody new may use: suspended by the operator, or over their quota.
//!
//! What runs goes on. Whoever has a seat keeps it and comes back to it, also with another session that lives beside the one
//! that has it; a call that was made goes on to its end. Only what would begin is refused. A fresh login that ends the
//! session of before ends its stay as well: what follows is a new one.

use crate::engine::Engine;
use crate::io::{ApiResult, Output};
use huitong_protocol::api::Suspension;
use huitong_room::RoomKey;
use huitong_types::{AppId, ErrorCode, Fault, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// Who may not begin anything. Bounded by the applications of the configuration.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    /// Suspended by the configuration.
    fixed: BTreeSet<AppId>,
    /// Suspended by the back-end API.
    asked: BTreeSet<AppId>,
    /// Which limit of its quota an application has reached.
    overdue: BTreeMap<AppId, &'static str>,
}

impl Admission {
    fn of(&self, app: AppId) -> Suspension {
        Suspension {
            suspended: self.fixed.contains(&app) || self.asked.contains(&app),
            by_configuration: self.fixed.contains(&app),
            overdue: self.overdue.get(&app).map(|limit| (*limit).to_owned()),
        }
    }
}

impl Engine {
    /// Whether the application may begin something: a stay in a room, or a call.
    pub(crate) fn may_begin(&self, app: AppId) -> Result<(), Fault> {
        let state = self.admission.of(app);
        match state.overdue {
            _ if state.suspended => Err(Fault::new(ErrorCode::AppSuspended)),
            Some(limit) => {
                let sentence = format!("The application has used up its quota ({limit}).");
                Err(Fault::because(ErrorCode::AppOverdue, sentence))
            }
            None => Ok(()),
        }
    }

    /// Whether a user may enter a room: who has a seat in it already, with whatever session, begins nothing.
    pub(crate) fn may_enter(&self, key: &RoomKey, user: &UserId) -> Result<(), Fault> {
        match self.rooms.find(key, user) {
            Some(_seat) => Ok(()),
            None => self.may_begin(key.app),
        }
    }

    pub(crate) fn restore_suspension(&mut self, app: AppId, by_configuration: bool) {
        if by_configuration {
            self.admission.fixed.insert(app);
        } else {
            self.admission.asked.insert(app);
        }
    }

    pub(crate) fn quota_reached(&mut self, app: AppId, limit: Option<&'static str>) {
        match limit {
            Some(limit) => drop(self.admission.overdue.insert(app, limit)),
            None => drop(self.admission.overdue.remove(&app)),
        }
        self.note(if limit.is_some() { "quota-reached" } else { "quota-free" }, |note| {
            note.app = Some(app);
            note.detail = limit.unwrap_or_default().to_owned();
        });
    }

    pub(crate) fn api_suspend(&mut self, app: AppId, suspend: bool) -> Result<ApiResult, Fault> {
        if !suspend && self.admission.fixed.contains(&app) {
            let sentence = "The configuration of the server suspends this application; only its operator can change that.";
            return Err(Fault::because(ErrorCode::AppSuspended, sentence));
        }
        let asked = &mut self.admission.asked;
        if suspend {
            asked.insert(app)
        } else {
            asked.remove(&app)
        };
        self.note(if suspend { "app-suspended" } else { "app-resumed" }, |note| note.app = Some(app));
        self.out.push_back(Output::KeepSuspension { app, suspended: suspend });
        Ok(self.api_suspension(app))
    }

    pub(crate) fn api_suspension(&self, app: AppId) -> ApiResult {
        ApiResult::Suspension(self.admission.of(app))
    }
}
