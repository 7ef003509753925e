//! Applications in which nothing may begin: suspended by their back-end, the operator or the configuration, or over their quota.
//!
//! What runs goes on. Whoever has a seat keeps it and comes back to it, also with another session that lives beside the one
//! that has it; a call that was made goes on to its end. Only what would begin is refused: to enter a room, to make a call or a
//! conference, to get a ticket; while the application is suspended, also to mint URLs and to begin to play one. A fresh login that ends the
//! session of before ends its stay as well: what follows is a new one.
//!
//! Nor does a restart of the server cut what runs: whoever was inside when it ended may come back for a while, once.

use crate::engine::Engine;
use crate::io::{ApiResult, Output};
use huitong_protocol::api::Suspension;
use huitong_room::RoomKey;
use huitong_types::{AppId, ErrorCode, Fault, Moment, UserId};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

/// How long after the start those may come back who were inside when the server before this one ended, however short seats are
/// kept: phones look for their server every few seconds at first and every half minute later.
const COME_BACK: Duration = Duration::from_secs(60);

/// Who suspends an application. Who is later here is above: what it says, those before it cannot undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suspender {
    /// The application's own back-end.
    BackEnd,
    /// The operator of the server, while it runs.
    Operator,
    /// The configuration of the server.
    Configuration,
}

impl Suspender {
    /// A word for logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BackEnd => "the back-end",
            Self::Operator => "the operator",
            Self::Configuration => "the configuration",
        }
    }
}

/// Who may not begin anything. Bounded by the applications of the configuration, and by who was inside.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    suspended: BTreeSet<(AppId, Suspender)>,
    /// Which limit of its quota an application has reached.
    overdue: BTreeMap<AppId, &'static str>,
    /// Who was inside when the server before this one ended, and is not yet again.
    inside: HashMap<RoomKey, HashSet<UserId>>,
    /// Until when that matters.
    inside_until: Moment,
}

impl Admission {
    fn of(&self, app: AppId) -> Suspension {
        let by = |who| self.suspended.contains(&(app, who));
        Suspension {
            suspended: [Suspender::Configuration, Suspender::Operator, Suspender::BackEnd]
                .into_iter()
                .any(by),
            by_configuration: by(Suspender::Configuration),
            by_operator: by(Suspender::Operator),
            overdue: self.overdue.get(&app).map(|limit| (*limit).to_owned()),
        }
    }

    /// Whether this user may come back to a seat of before the start.
    fn may_come_back(&self, now: Moment, key: &RoomKey, user: &UserId) -> bool {
        now <= self.inside_until && self.inside.get(key).is_some_and(|users| users.contains(user))
    }

    /// A user has a seat again: what follows is no coming back any more.
    pub(crate) fn is_back(&mut self, key: &RoomKey, user: &UserId) {
        let Some(users) = self.inside.get_mut(key) else { return };
        users.remove(user);
        if users.is_empty() {
            self.inside.remove(key);
        }
    }

    /// Forgets who has not come back in time.
    pub(crate) fn tick(&mut self, now: Moment) {
        if now > self.inside_until {
            self.inside = HashMap::new();
        }
    }
}

impl Engine {
    /// Whether the application may begin something: a stay in a room, or a call.
    pub(crate) fn may_begin(&self, app: AppId) -> Result<(), Fault> {
        self.is_not_suspended(app)?;
        match self.admission.overdue.get(&app) {
            Some(limit) => {
                let sentence = format!("The application has used up its quota ({limit}).");
                Err(Fault::because(ErrorCode::AppOverdue, sentence))
            }
            None => Ok(()),
        }
    }

    /// Whether the application may begin what no quota counts.
    pub(crate) fn is_not_suspended(&self, app: AppId) -> Result<(), Fault> {
        if self.admission.of(app).suspended { Err(Fault::new(ErrorCode::AppSuspended)) } else { Ok(()) }
    }

    /// Whether a user may enter a room: who has a seat in it already, with whatever session, begins nothing.
    pub(crate) fn may_enter(&self, key: &RoomKey, user: &UserId) -> Result<(), Fault> {
        if self.rooms.find(key, user).is_some() || self.admission.may_come_back(self.now, key, user) {
            return Ok(());
        }
        self.may_begin(key.app)
    }

    pub(crate) fn restore_suspension(&mut self, app: AppId, by: Suspender) {
        self.admission.suspended.insert((app, by));
    }

    pub(crate) fn restore_inside(&mut self, key: RoomKey, user: UserId) {
        self.admission.inside_until = self.now + self.config.seat_grace.max(COME_BACK);
        self.admission.inside.entry(key).or_default().insert(user);
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

    pub(crate) fn api_suspend(
        &mut self,
        app: AppId,
        by: Suspender,
        suspend: bool,
    ) -> Result<ApiResult, Fault> {
        let above = [Suspender::Configuration, Suspender::Operator].into_iter().filter(|above| *above > by);
        let holds = above.into_iter().find(|above| self.admission.suspended.contains(&(app, *above)));
        if let Some(above) = holds.filter(|_| !suspend) {
            let sentence = match above {
                Suspender::Configuration => {
                    "The configuration of the server suspends this application; only its operator can change that."
                }
                _ => {
                    "The operator of the server has suspended this application; only the operator can resume it."
                }
            };
            return Err(Fault::because(ErrorCode::AppSuspended, sentence));
        }
        let suspended = &mut self.admission.suspended;
        if suspend {
            suspended.insert((app, by))
        } else {
            suspended.remove(&(app, by))
        };
        self.note(if suspend { "app-suspended" } else { "app-resumed" }, |note| {
            note.app = Some(app);
            note.detail = format!("by {}", by.as_str());
        });
        self.out.push_back(Output::KeepSuspension { app, by, suspended: suspend });
        Ok(self.api_suspension(app))
    }

    pub(crate) fn api_suspension(&self, app: AppId) -> ApiResult {
        ApiResult::Suspension(self.suspension(app))
    }

    /// Whether anybody may begin something in an application, and if not, why.
    pub fn suspension(&self, app: AppId) -> Suspension {
        self.admission.of(app)
    }
}
