//! What adapters make of what the engine wants done, with rules that hold for every output.

use super::kept::counted;
use super::{Media, SECRET, World};
use huitong_engine::{ConnId, Input, MediaTicket, Output, Verdict};
use huitong_protocol::{Done, Event, Reply, Resumed, ServerFrame};
use huitong_types::Redacted;
use huitong_usage::Input as Used;
use std::sync::Arc;

impl World {
    pub(super) fn output(&mut self, output: Output) {
        match output {
            Output::Send { conn, text } => {
                assert!(self.open.contains(&conn), "{conn:?} is closed and gets {text}");
                self.frame(conn, &text);
            }
            Output::Push { conn, push } => {
                assert!(self.open.contains(&conn), "{conn:?} is closed and gets {push:?}");
                self.frame(conn, &push.render());
            }
            Output::Close { conn, code, reason } => {
                assert!(self.open.remove(&conn), "{conn:?} is closed twice");
                assert!(reason.len() <= 123 && (4000..5000).contains(&code));
                self.closes.insert(conn, code);
            }
            Output::PublishAccepted { ticket, stream, allowed, .. } => {
                let others = self.publishers_of(stream);
                assert!(others.is_empty(), "{others:?} publish {stream} already");
                self.streams_seen.insert(stream);
                self.answer(ticket, Media::Publishing { stream, allowed });
            }
            Output::PlayAccepted { ticket, stream, tracks, .. } => {
                self.answer(ticket, Media::Playing { stream, tracks })
            }
            Output::PublishAllowed { ticket, allowed: now } => match self.media.get_mut(&ticket.0) {
                Some(Media::Publishing { allowed, .. }) => *allowed = now,
                other => panic!("{ticket:?} is {other:?} and gets PublishAllowed"),
            },
            Output::PlayTracks { ticket, tracks: now } => match self.media.get_mut(&ticket.0) {
                Some(Media::Playing { tracks, .. }) => *tracks = now,
                other => panic!("{ticket:?} is {other:?} and gets PlayTracks"),
            },
            Output::CloseMedia { ticket, fault } => {
                assert!(fault.message.ends_with('.'), "{fault}");
                let before =
                    self.media.insert(ticket.0, Media::Closed(fault.code, fault.message.into_owned()));
                let open =
                    matches!(before, Some(Media::Waiting | Media::Publishing { .. } | Media::Playing { .. }));
                assert!(open, "{ticket:?} is {before:?} and is closed");
            }
            Output::StreamEnded { stream } => {
                self.count(Used::StreamEnded { stream });
                self.streams_seen.remove(&stream);
                for media in self.media.values_mut() {
                    match media {
                        Media::Playing { stream: s, .. } if *s == stream => *media = Media::StreamOver,
                        Media::Publishing { stream: s, .. } if *s == stream => {
                            panic!("{stream} has a publisher")
                        }
                        _ => {}
                    }
                }
            }
            mix @ (Output::Mix(_) | Output::AskLevels { .. }) => self.mix_output(mix),
            other => self.told(other),
        }
    }

    /// What concerns no connection.
    fn told(&mut self, output: Output) {
        match output {
            Output::ApiDone { call, result } => assert!(self.api.insert(call, result).is_none()),
            Output::KeepUrl(record) => drop(self.kept_urls.insert(record.key.clone(), record)),
            Output::DropUrl(key) => assert!(self.kept_urls.remove(&key).is_some(), "only what was kept"),
            Output::CallStarted(log) => assert!(log.end.is_none(), "it has only begun"),
            Output::CallFinished(log) => {
                assert!(self.logs.iter().all(|known| known.call != log.call), "one record per call");
                self.logs.push(*log);
            }
            Output::KeepGroup { group, members, .. } => {
                self.kept_groups.insert(group.to_string(), members.len());
            }
            Output::DropGroup { group, .. } => {
                assert!(self.kept_groups.remove(group.as_str()).is_some(), "only what was kept");
            }
            Output::KeepSuspension { suspended, .. } => self.suspended = Some(suspended),
            Output::Stay(event) => {
                self.count(counted(event.clone()));
                self.stays.push(event);
            }
            Output::HashPassword { conference, password } => {
                let hash = Some(Redacted::new(Arc::from(format!("hash of {}", password.reveal()))));
                self.passwords.push_back(Input::PasswordHashed { conference, hash });
            }
            Output::CheckPassword { ask, password, hash } => {
                let right = *hash.reveal().as_ref() == *format!("hash of {}", password.reveal());
                let verdict = if right { Verdict::Right } else { Verdict::Wrong };
                self.passwords.push_back(Input::PasswordChecked { ask, verdict });
            }
            Output::Note(note) => {
                let text = format!("{} {:?} {:?} {}", note.what, note.room, note.user, note.detail);
                assert!(!text.contains(SECRET), "{text}");
                self.notes.push(text);
            }
            other => self.keep(other),
        }
    }

    fn answer(&mut self, ticket: MediaTicket, now: Media) {
        let before = self.media.insert(ticket.0, now);
        assert_eq!(before, Some(Media::Waiting), "{ticket:?} is answered twice");
    }

    fn frame(&mut self, conn: ConnId, text: &str) {
        let frame: ServerFrame = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
        let client = self.clients.iter_mut().find(|c| c.conn == Some(conn));
        if client.as_ref().is_some_and(|c| c.deaf) {
            return;
        }
        match frame {
            ServerFrame::Push(push) => {
                // A client that went on to another connection does not read the old one.
                let Some(client) = client else { return };
                if std::mem::take(&mut client.awaits_state) {
                    assert!(matches!(push.event, Event::State { .. }), "a snapshot comes first");
                    assert!(push.seq > client.seq + 1, "nothing was missed");
                } else {
                    assert_eq!(push.seq, client.seq + 1, "pushes have no holes");
                }
                client.seq = push.seq;
                client.apply(push.event);
            }
            ServerFrame::Reply(reply) => {
                if let Some(client) = client {
                    match &reply.reply {
                        Reply::Ok(Done::Hello(welcome)) => {
                            if welcome.resumed == Resumed::New {
                                client.seq = 0;
                                client.state = None;
                                client.call = None;
                                client.conference = None;
                                client.ended = false;
                            }
                            client.unsure &= welcome.resumed != Resumed::New;
                            client.awaits_state = welcome.resumed == Resumed::Snapshot;
                            client.welcome = Some(welcome.clone());
                        }
                        Reply::Ok(Done::Join(join)) => client.state = Some(join.state.clone()),
                        Reply::Ok(Done::Call(reply) | Done::Accept(reply)) => {
                            client.call = Some(reply.call.clone());
                        }
                        Reply::Ok(Done::Reject | Done::Hangup) => {
                            let call = client.call.as_ref().expect("a call").call.to_string();
                            client.forget_call(&call);
                        }
                        Reply::Ok(Done::Enter(enter)) => {
                            client.state = Some(enter.state.clone());
                            client.conference = Some(enter.conference.clone());
                        }
                        Reply::Ok(Done::Leave) => client.left(),
                        _ => {}
                    }
                }
                if let Reply::Error(error) = &reply.reply {
                    self.last_error = Some(error.clone());
                }
                if reply.re != 0 {
                    assert!(
                        self.replies.insert((conn, reply.re), reply.reply).is_none(),
                        "one reply per request"
                    );
                }
            }
        }
    }
}
