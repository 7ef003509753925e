//! The back-end API: list, look, remove, dissolve, mint.

use crate::conferences::ApiAsk;
use crate::engine::Engine;
use crate::io::{ApiCall, ApiResult, Output};
use crate::urls::{MOST_URLS, Minted, Purpose, UrlRecord};
use huitong_protocol::api::{
    MemberDetail, NamedUrl, RoomDetail, RoomList, RoomSummary, StreamDetail, UrlKind, UrlReply, UrlRequest,
};
use huitong_room::{Input, MemberEntry, RoomEntry, RoomKey};
use huitong_types::{AppId, ErrorCode, Fault, Role, RoomId, Scene, StreamId, StreamKind, UserId, limits};
use std::time::Duration;

/// Validity of a minted URL when the request names none.
const URL_SECONDS: u32 = 86_400;

/// Longest validity of a minted URL.
const URL_SECONDS_MOST: u32 = 30 * 86_400;

/// Most rooms in one page of the list.
const PAGE: usize = 1000;

impl Engine {
    pub(crate) fn on_api(&mut self, call: u64, app: AppId, request: ApiCall) {
        let asked = match request {
            ApiCall::AskTicket(user, ask) => self.api_ask(call, app, user, ApiAsk::Ticket(*ask)),
            ApiCall::Look(user, look) => self.api_ask(call, app, user, ApiAsk::Look(look)),
            ApiCall::CreateConference(request) => match self.api_create_conference(call, app, &request) {
                Ok(Some(result)) => {
                    self.flush();
                    return self.out.push_back(Output::ApiDone { call, result });
                }
                Ok(None) => Ok(()),
                Err(fault) => Err(fault),
            },
            other => {
                let result = self.api(app, other).unwrap_or_else(ApiResult::Refused);
                self.flush();
                return self.out.push_back(Output::ApiDone { call, result });
            }
        };
        // Who asks for what a password opens is answered when that has been checked, or hashed.
        let Err(fault) = asked else { return self.flush() };
        let result = ApiResult::Refused(fault);
        self.flush();
        self.out.push_back(Output::ApiDone { call, result });
    }

    fn api(&mut self, app: AppId, request: ApiCall) -> Result<ApiResult, Fault> {
        match request {
            ApiCall::ListRooms { offset, limit } => {
                let (page, total) = self.rooms.list(self.now, app, offset, limit.min(PAGE));
                let rooms = page.iter().map(summary).collect();
                Ok(ApiResult::Rooms(RoomList { rooms, total: count(total) }))
            }
            ApiCall::GetRoom(room) => self.room_detail(&RoomKey { app, room }),
            ApiCall::RemoveMember(room, user) => {
                let key = RoomKey { app, room };
                self.in_room(Input::Kick { key: key.clone(), user: user.clone() })?;
                // An encoder comes back by itself as long as its URL opens the room.
                self.withdraw_pushes_of(&key, &[user]);
                Ok(ApiResult::Done)
            }
            ApiCall::DissolveRoom(room) => {
                let key = RoomKey { app, room };
                self.in_room(Input::Dissolve { key: key.clone() })?;
                self.withdraw_urls(|url| url.key == key);
                Ok(ApiResult::Done)
            }
            ApiCall::MintUrl(room, request) => self.mint(app, room, &request).map(ApiResult::Urls),
            ApiCall::StartCall(request) => self.api_start_call(app, request),
            ApiCall::ListCalls { offset, limit } => Ok(self.api_list_calls(app, offset, limit.min(PAGE))),
            ApiCall::GetCall(call) => self.api_get_call(app, &call),
            ApiCall::EndCall(call) => self.api_end_call(app, &call),
            ApiCall::PutGroup(group, request) => self.api_put_group(app, &group, &request),
            ApiCall::GetGroup(group) => self.api_get_group(app, &group),
            ApiCall::ListGroups { offset, limit } => Ok(self.api_list_groups(app, offset, limit.min(PAGE))),
            ApiCall::DropGroup(group) => self.api_drop_group(app, &group),
            ApiCall::GetSuspension => Ok(self.api_suspension(app)),
            ApiCall::Suspend(by, suspend) => self.api_suspend(app, by, suspend),
            other => self.conference_api(app, other),
        }
    }

    fn room_detail(&self, key: &RoomKey) -> Result<ApiResult, Fault> {
        let missing = || Fault::because(ErrorCode::NotFound, format!("There is no room {}.", key.room));
        let (entry, entries) = self.rooms.detail(self.now, key).ok_or_else(missing)?;
        let ids: Vec<Vec<StreamId>> =
            entries.iter().map(|member| member.streams.iter().map(|stream| stream.id).collect()).collect();
        let members = entries.into_iter().map(|member| self.member_detail(member)).collect();
        Ok(ApiResult::Room(RoomDetail { summary: summary(&entry), members }, ids))
    }

    fn member_detail(&self, member: MemberEntry) -> MemberDetail {
        let client = match self.sessions.who(member.session) {
            Some(who) => who.client.as_ref().to_owned(),
            None => "encoder".to_owned(),
        };
        let labels = self.labels.get(&member.session).cloned().unwrap_or_default();
        let streams = member.streams.iter().map(|stream| StreamDetail {
            stream: stream.kind.as_str().to_owned(),
            publishing: stream.publishing,
            audio: stream.tracks.audio,
            video: stream.tracks.video,
            reconnects: stream.reconnects,
            ..StreamDetail::default()
        });
        MemberDetail {
            user: member.user.as_str().to_owned(),
            role: match member.role {
                Role::Publisher => "publisher".to_owned(),
                Role::Audience => "audience".to_owned(),
            },
            away: member.away,
            client,
            age_seconds: seconds(member.age),
            record_id: labels.record_id.map_or_else(String::new, |id| id.as_str().to_owned()),
            details: labels.details.entries().clone(),
            streams: streams.collect(),
        }
    }

    fn mint(&mut self, app: AppId, room: RoomId, request: &UrlRequest) -> Result<UrlReply, Fault> {
        let user = UserId::new(&request.user).map_err(|error| invalid("user", format!("{error}.")))?;
        let kind = match request.stream.as_str() {
            "" | "main" => StreamKind::Main,
            "aux" => StreamKind::Aux,
            other => {
                return Err(invalid("stream", format!("The stream is {other:?}, allowed are main and aux.")));
            }
        };
        let scene = match request.scene.as_str() {
            "" | "rtc" => Scene::Rtc,
            "live" => Scene::Live,
            other => {
                return Err(invalid("scene", format!("The scene is {other:?}, allowed are rtc and live.")));
            }
        };
        let valid = match request.expire_seconds {
            None => URL_SECONDS,
            Some(valid) if (1..=URL_SECONDS_MOST).contains(&valid) => valid,
            Some(other) => {
                let sentence = format!("The validity is {other} s, allowed is 1 to {URL_SECONDS_MOST} s.");
                return Err(invalid("expireSeconds", sentence));
            }
        };
        let purpose = match request.kind {
            UrlKind::Push => Purpose::Push { scene },
            UrlKind::Play => Purpose::Play,
        };
        // A URL that opens nothing is a promise.
        self.is_not_suspended(app)?;
        let stream_key = huitong_auth::push_key_from_random(self.random.bytes());
        let urls = self.urls_of(purpose, stream_key.reveal())?;
        let key = RoomKey { app, room: room.clone() };
        let expires = self.now + Duration::from_secs(u64::from(valid));
        let expires_unix = self.unix_ms / 1000 + u64::from(valid);
        let minted = Minted { key, user: user.clone(), kind, purpose };
        let record = UrlRecord::new(stream_key.clone(), &minted, expires_unix);
        if !self.urls.add(expires, stream_key, minted) {
            let sentence = format!("{MOST_URLS} minted URLs of this application are valid at this time.");
            return Err(Fault::because(ErrorCode::ServerFull, sentence));
        }
        self.out.push_back(Output::KeepUrl(record));
        let detail = format!("{:?} {}", request.kind, kind.as_str());
        self.note_user("url-minted", None, app, Some(&room), &user, detail);
        Ok(UrlReply { urls, expires: expires_unix })
    }
}

impl Engine {
    /// Takes a URL back that was minted before a restart. One that has expired meanwhile is left out.
    pub(crate) fn restore_url(&mut self, record: &UrlRecord) {
        let left = record.expires.saturating_mul(1000).saturating_sub(self.unix_ms);
        if left > 0 {
            let expires = self.now + Duration::from_millis(left);
            // As many as there were before.
            let _fits = self.urls.add(expires, record.key.clone(), record.minted());
        }
    }

    pub(crate) fn withdraw_urls(&mut self, over: impl Fn(&Minted) -> bool) {
        for key in self.urls.withdraw(over) {
            self.out.push_back(Output::DropUrl(key));
        }
    }

    fn urls_of(&self, purpose: Purpose, secret: &str) -> Result<Vec<NamedUrl>, Fault> {
        let media = &self.config.media;
        let named = |name: &str, url: String| NamedUrl { name: name.to_owned(), url };
        let mut urls = vec![named("rtmp", format!("{}/{secret}", media.rtmp))];
        if matches!(purpose, Purpose::Play) {
            urls.push(named("flv", format!("{}/{secret}.flv", media.flv)));
            urls.push(named("ws-flv", format!("{}/{secret}.flv", media.ws_flv)));
            urls.push(named("whep", format!("{}/{secret}", media.whep)));
        } else {
            urls.push(named("whip", format!("{}/{secret}", media.whip)));
        }
        match urls.iter().map(|url| url.url.len()).max() {
            Some(longest) if longest > limits::MEDIA_URL_CHARS => {
                let most = limits::MEDIA_URL_CHARS;
                let sentence = format!(
                    "The URL would have {longest} characters, {most} work on phones; shorten the public host."
                );
                Err(Fault::because(ErrorCode::Internal, sentence))
            }
            _ => Ok(urls),
        }
    }
}

fn invalid(field: &'static str, sentence: String) -> Fault {
    Fault::because(ErrorCode::InvalidField, sentence).in_field(field)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn seconds(age: Duration) -> u32 {
    u32::try_from(age.as_secs()).unwrap_or(u32::MAX)
}

fn summary(entry: &RoomEntry) -> RoomSummary {
    RoomSummary {
        room: entry.room.to_string(),
        scene: match entry.scene {
            Scene::Rtc => "rtc".to_owned(),
            Scene::Live => "live".to_owned(),
        },
        members: count(entry.members),
        audience: count(entry.audience),
        streams: count(entry.streams),
        age_seconds: seconds(entry.age),
    }
}
