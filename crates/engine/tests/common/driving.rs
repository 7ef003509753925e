//! What clients do: they connect, ask, and lose their network.

use super::{APP, Client, World, room, sig};
use huitong_engine::{ConnId, Input};
use huitong_protocol::{Done, Reply};
use huitong_types::{ErrorCode, StreamKey};
use serde_json::{Value, json};

impl World {
    pub fn connect(&mut self) -> ConnId {
        let conn = ConnId(self.next_conn);
        self.next_conn += 1;
        self.open.insert(conn);
        self.input(Input::Connected {
            conn,
            remote: "192.0.2.1:5000".into(),
            origin: self.origin.clone().into(),
        });
        conn
    }

    /// Sends a request by a client and returns the reply.
    pub fn ask(&mut self, who: usize, mut request: Value) -> Result<Done, ErrorCode> {
        let client = &mut self.clients[who];
        client.next_id += 1;
        let (conn, id) = (client.conn.expect("a connection"), client.next_id);
        request["id"] = json!(id);
        self.input(Input::Frame { conn, text: request.to_string() });
        match self.replies.remove(&(conn, id)).unwrap_or_else(|| panic!("no reply to {request}")) {
            Reply::Ok(done) => Ok(done),
            Reply::Error(error) => Err(error.code),
        }
    }

    /// Sends a request whose reply nobody reads.
    pub fn send(&mut self, who: usize, mut request: Value) {
        let client = &mut self.clients[who];
        client.next_id += 1;
        request["id"] = json!(client.next_id);
        let conn = client.conn.expect("a connection");
        self.input(Input::Frame { conn, text: request.to_string() });
    }

    pub fn hello(user: &str, unix_ms: u64) -> Value {
        json!({ "op": "hello", "version": 1, "app": APP, "user": user, "sig": sig(user, unix_ms) })
    }

    /// A client that is connected and logged in.
    pub fn client(&mut self, user: &str) -> usize {
        self.clients.push(Client { user: user.to_owned(), ..Client::default() });
        let who = self.clients.len() - 1;
        self.login(who, json!({})).unwrap_or_else(|e| panic!("{user} cannot log in: {e}"));
        who
    }

    /// A client on which calls ring, on a device of this name.
    pub fn phone(&mut self, user: &str, device: &str) -> usize {
        self.clients.push(Client { user: user.to_owned(), ..Client::default() });
        let who = self.clients.len() - 1;
        self.login(who, json!({ "calls": true, "device": device }))
            .unwrap_or_else(|e| panic!("{user} cannot log in: {e}"));
        who
    }

    /// Connects a client anew and sends `hello` with these fields besides.
    pub fn login(&mut self, who: usize, more: Value) -> Result<Done, ErrorCode> {
        let conn = self.connect();
        let unix_ms = self.unix_ms();
        let client = &mut self.clients[who];
        (client.conn, client.next_id, client.deaf) = (Some(conn), 0, false);
        let mut hello = Self::hello(&client.user, unix_ms);
        for (name, value) in more.as_object().expect("an object") {
            hello[name] = value.clone();
        }
        self.ask(who, hello)
    }

    /// The network of a client goes away.
    pub fn drop_connection(&mut self, who: usize) {
        if let Some(conn) = self.clients[who].conn.take() {
            self.open.remove(&conn);
            self.input(Input::Disconnected { conn });
        }
    }

    pub fn is_open(&self, who: usize) -> bool {
        self.clients[who].conn.is_some_and(|conn| self.open.contains(&conn))
    }

    pub fn join(&mut self, who: usize, number: u32) -> Result<Done, ErrorCode> {
        self.ask(who, json!({ "op": "join", "room": room(number) }))
    }

    pub fn join_live(&mut self, who: usize, number: u32, role: &str) -> Result<Done, ErrorCode> {
        self.ask(who, json!({ "op": "join", "room": room(number), "scene": "live", "role": role }))
    }

    /// A client in rtc room 1.
    pub fn member(&mut self, user: &str) -> usize {
        let who = self.client(user);
        self.join(who, 1).unwrap_or_else(|e| panic!("{user} cannot join: {e}"));
        who
    }

    pub fn declare(
        &mut self,
        who: usize,
        key: &StreamKey,
        audio: bool,
        video: bool,
    ) -> Result<Done, ErrorCode> {
        self.ask(who, json!({ "op": "publish", "key": key.reveal(), "audio": audio, "video": video }))
    }
}
