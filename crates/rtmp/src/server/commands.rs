//! The commands a server answers.

use super::event::{ConnectInfo, ServerEvent};
use super::{MessageStream, Role, ServerConnection};
use crate::RtmpError;
use crate::amf::Value;
use crate::command::{Command, status};
use crate::limits::{MAX_MESSAGE_STREAMS, MAX_NAME_BYTES};
use crate::message::{MEDIA_STREAM_ID, MediaKind, StreamName};

/// What the server calls itself in `connect` replies. Clients compare it with nothing, but old ones expect this form.
const SERVER_VERSION: &str = "FMS/3,5,7,7009";

impl ServerConnection {
    pub(super) fn on_command(&mut self, stream_id: u32, command: &Command) -> Result<(), RtmpError> {
        if !self.connected {
            return if command.name == "connect" {
                self.on_connect(command)
            } else {
                Err(RtmpError::NotConnected)
            };
        }
        match command.name.as_str() {
            "connect" => return Err(RtmpError::ConnectedTwice),
            "createStream" => self.on_create_stream(command),
            "publish" => self.on_publish(stream_id, command),
            "play" => self.on_play(stream_id, command),
            "deleteStream" => self.on_delete_stream(command),
            "closeStream" => self.stop(stream_id),
            "FCUnpublish" => self.on_fc_unpublish(command),
            "FCSubscribe" => self.on_fc_subscribe(command),
            "releaseStream" | "FCPublish" | "_checkbw" => self.reply(command, Value::Undefined),
            "getStreamLength" => self.reply(command, Value::Number(0.0)),
            "pause" | "pauseRaw" => self.on_pause(stream_id, command),
            "seek" => {
                self.send_status(
                    stream_id,
                    "error",
                    "NetStream.Seek.Failed",
                    "a live stream cannot be sought",
                );
            }
            "receiveAudio" => self.on_receive(stream_id, command, MediaKind::Audio),
            "receiveVideo" => self.on_receive(stream_id, command, MediaKind::Video),
            // Replies to commands of ours, of which there are none.
            "_result" | "_error" | "onStatus" => {}
            _ => self.reply_error(command, "NetConnection.Call.Failed", "the command is not known"),
        }
        Ok(())
    }

    fn on_connect(&mut self, command: &Command) -> Result<(), RtmpError> {
        let text = |name: &str| {
            let value = command.object().and_then(|object| object.get(name));
            value.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let info = ConnectInfo { app: text("app"), tc_url: text("tcUrl"), flash_ver: text("flashVer") };
        if command.object().is_none_or(|object| object.get("app").is_none())
            || info.app.len() > MAX_NAME_BYTES
        {
            return Err(RtmpError::ApplicationName);
        }
        self.connected = true;
        self.link.send_window_ack(self.options.window_ack);
        self.link.send_peer_bandwidth(self.options.window_ack);
        self.link.send_chunk_size(self.options.chunk_size);
        let properties = Value::Object(vec![
            ("fmsVer".to_owned(), Value::string(SERVER_VERSION)),
            ("capabilities".to_owned(), Value::Number(31.0)),
            ("mode".to_owned(), Value::Number(1.0)),
        ]);
        let mut outcome = status("status", "NetConnection.Connect.Success", "connected");
        if let Value::Object(members) = &mut outcome {
            // This side speaks AMF0 whatever the client offered.
            members.push(("objectEncoding".to_owned(), Value::Number(0.0)));
        }
        let values = [Value::string("_result"), Value::Number(command.transaction), properties, outcome];
        self.link.send_command(0, &values);
        self.events.push_back(ServerEvent::Connected(info));
        Ok(())
    }

    /// Gives out the lowest free id, so that the first stream, and one created after it was deleted, is 1.
    fn on_create_stream(&mut self, command: &Command) {
        let free = (1..=MAX_MESSAGE_STREAMS as u32).find(|id| self.role(*id).is_none());
        match free {
            Some(id) => {
                self.streams.push(MessageStream { id, role: Role::Idle });
                self.reply(command, Value::Number(f64::from(id)));
            }
            None => {
                self.reply_error(command, "NetConnection.Call.Failed", "too many streams on one connection")
            }
        }
    }

    fn on_publish(&mut self, stream_id: u32, command: &Command) {
        let stream_id = self.meant(stream_id);
        let Some(key) = stream_name(command) else {
            self.send_status(
                stream_id,
                "error",
                "NetStream.Publish.BadName",
                "the stream name is empty or too long",
            );
            return;
        };
        if !self.change(stream_id, Role::Idle, Role::PublishAsked) {
            self.send_status(stream_id, "error", "NetStream.Publish.BadConnection", "the stream is not free");
            return;
        }
        let mode = command.argument(1).and_then(Value::as_str).unwrap_or_default();
        let mode = mode.chars().take(16).collect();
        self.events.push_back(ServerEvent::Publish { stream_id, key, mode });
    }

    fn on_play(&mut self, stream_id: u32, command: &Command) {
        let stream_id = self.meant(stream_id);
        let Some(key) = stream_name(command) else {
            let text = "the stream name is empty or too long";
            self.send_status(stream_id, "error", "NetStream.Play.StreamNotFound", text);
            return;
        };
        if stream_id != MEDIA_STREAM_ID || !self.change(stream_id, Role::Idle, Role::PlayAsked) {
            let text = "playing is possible on the first free stream of a connection only";
            self.send_status(stream_id, "error", "NetStream.Play.Failed", text);
            return;
        }
        self.events.push_back(ServerEvent::Play { stream_id, key });
    }

    /// The stream a command means: the one it came on, or the only one where it came on none.
    fn meant(&self, stream_id: u32) -> u32 {
        match self.streams[..] {
            [only] if self.role(stream_id).is_none() => only.id,
            _ => stream_id,
        }
    }

    fn on_delete_stream(&mut self, command: &Command) {
        let id = command.argument(0).and_then(Value::as_number).unwrap_or(0.0) as u32;
        self.stop(id);
        self.streams.retain(|stream| stream.id != id);
    }

    /// Ends what the stream does, by the peer's wish.
    fn stop(&mut self, stream_id: u32) {
        let stream_id = self.meant(stream_id);
        let event = match self.role(stream_id) {
            Some(Role::PublishAsked | Role::Publishing) => ServerEvent::Unpublish { stream_id },
            Some(Role::PlayAsked | Role::Playing) => ServerEvent::StopPlay { stream_id },
            _ => return,
        };
        self.set_role(stream_id, Role::Idle);
        self.events.push_back(event);
    }

    /// Sent on stream 0 by the name of the publication; a connection publishes one.
    fn on_fc_unpublish(&mut self, command: &Command) {
        let publishes =
            |stream: &&MessageStream| matches!(stream.role, Role::PublishAsked | Role::Publishing);
        if let Some(id) = self.streams.iter().find(publishes).map(|stream| stream.id) {
            self.stop(id);
            self.send_status(id, "status", "NetStream.Unpublish.Success", "the publication has ended");
        }
        self.reply(command, Value::Undefined);
    }

    /// librtmp with `--subscribe` waits for this answer before it plays.
    fn on_fc_subscribe(&mut self, command: &Command) {
        let outcome = status("status", "NetStream.Play.Start", "subscribed");
        let values = [Value::string("onFCSubscribe"), Value::Number(0.0), Value::Null, outcome];
        self.link.send_command(0, &values);
        self.reply(command, Value::Undefined);
    }

    fn on_pause(&mut self, stream_id: u32, command: &Command) {
        let stream_id = self.meant(stream_id);
        let paused = command.argument(0).and_then(Value::as_bool).unwrap_or(true);
        if self.role(stream_id) != Some(Role::Playing) {
            return;
        }
        let (code, text) = if paused {
            ("NetStream.Pause.Notify", "paused")
        } else {
            ("NetStream.Unpause.Notify", "playing on")
        };
        self.send_status(stream_id, "status", code, text);
        self.events.push_back(ServerEvent::PauseToggle { stream_id, paused });
    }

    fn on_receive(&mut self, stream_id: u32, command: &Command, kind: MediaKind) {
        let stream_id = self.meant(stream_id);
        if let Some(wanted) = command.argument(0).and_then(Value::as_bool) {
            self.events.push_back(ServerEvent::Receive { stream_id, kind, wanted });
        }
        self.reply(command, Value::Undefined);
    }

    /// Answers a command that asked for an answer: transaction id 0 means that none is expected.
    fn reply(&mut self, command: &Command, value: Value) {
        if command.transaction != 0.0 {
            let values = [Value::string("_result"), Value::Number(command.transaction), Value::Null, value];
            self.link.send_command(0, &values);
        }
    }

    fn reply_error(&mut self, command: &Command, code: &str, description: &str) {
        if command.transaction != 0.0 {
            let outcome = status("error", code, description);
            let values = [Value::string("_error"), Value::Number(command.transaction), Value::Null, outcome];
            self.link.send_command(0, &values);
        }
    }
}

/// The first argument of `publish` and `play`.
fn stream_name(command: &Command) -> Option<StreamName> {
    let name = command.argument(0)?.as_str()?;
    (!name.is_empty() && name.len() <= MAX_NAME_BYTES).then(|| StreamName::new(name))
}
