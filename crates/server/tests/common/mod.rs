//! A server on free ports, and clients for it.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(unreachable_pub, reason = "shared by test files")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use huitong_server::config::{AppSection, Listen};
use huitong_server::{Config, Server, ServerError};
use huitong_types::{AppId, Redacted, UserId};
use serde_json::{Value, json};
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longest time any single step of a test may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The application of the tests.
pub const APP: u32 = 1_400_000_000;

/// Its secret: the public sample key of the vendor. No log may contain it.
pub const SECRET: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";

/// Waits for a step, and says which one did not happen.
pub async fn soon<T>(what: &str, step: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, step).await {
        Ok(done) => done,
        Err(_) => panic!("did not happen within {PATIENCE:?}: {what}"),
    }
}

/// A configuration with free ports on the loopback interface and one application.
pub fn config() -> Config {
    let mut config = Config::default();
    let free = Listen(SocketAddr::from(([127, 0, 0, 1], 0)));
    config.server.http = free;
    config.server.rtmp = free;
    config.server.rtc = free;
    config.server.drain_seconds = 1;
    config.app.push(AppSection::new(AppId::new(APP).unwrap(), SECRET));
    config
}

/// A server that runs until it is stopped.
pub struct Running {
    pub http: SocketAddr,
    pub rtmp: SocketAddr,
    pub rtc: SocketAddr,
    /// What the server keeps, unless the test says where.
    _data: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    ended: JoinHandle<Result<(), ServerError>>,
}

impl Running {
    pub async fn start(mut config: Config) -> Self {
        let data = tempfile::tempdir().unwrap();
        if config.server.data == Config::default().server.data {
            config.server.data = data.path().to_owned();
        }
        let server = Server::start(config).await.unwrap();
        let (http, rtmp, rtc) = (server.http(), server.rtmp(), server.rtc());
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(server.run(
            async {
                let _told = stopped.await;
            },
            std::future::pending(),
        ));
        Self { http, rtmp, rtc, _data: data, stop: Some(stop), ended }
    }

    /// Tells the server to stop, as SIGTERM does, and goes on at once.
    pub fn tell_to_stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Waits until the server has ended.
    pub async fn ended(self) -> Result<(), ServerError> {
        soon("the server ends", self.ended).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Answer {
        http(self.http, "GET", path, None, "").await
    }

    /// A call of the back-end API with the secret.
    pub async fn api(&self, method: &str, path: &str, body: &str) -> Answer {
        http(self.http, method, path, Some(&basic(SECRET)), body).await
    }
}

/// The header of a call with this secret.
pub fn basic(secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{APP}:{secret}")))
}

/// The answer to an HTTP request.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The code of a refusal.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap().to_owned()
    }
}

/// One request on its own connection.
pub async fn http(
    to: SocketAddr,
    method: &str,
    path: &str,
    authorization: Option<&str>,
    body: &str,
) -> Answer {
    let stream = soon("connecting", TcpStream::connect(to)).await.unwrap();
    http_over(stream, method, path, authorization, body).await
}

/// A JSON body, as pages send it.
pub async fn post_json(to: SocketAddr, path: &str, body: &str) -> Answer {
    let stream = soon("connecting", TcpStream::connect(to)).await.unwrap();
    exchange(stream, "POST", path, "content-type: application/json\r\n", body).await
}

/// One request on this connection.
pub async fn http_over<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    method: &str,
    path: &str,
    authorization: Option<&str>,
    body: &str,
) -> Answer {
    let authorization = authorization.map_or_else(String::new, |value| format!("authorization: {value}\r\n"));
    exchange(stream, method, path, &authorization, body).await
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> Answer {
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: phone.test\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    soon("the answer", stream.read_to_end(&mut answer)).await.unwrap();
    let split = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("a complete head");
    let head = String::from_utf8(answer[..split].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body: answer[split + 4..].to_vec() }
}

/// A signalling client.
pub struct Phone {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next_id: u32,
    /// Frames that came while another one was waited for.
    kept: Vec<Value>,
}

impl Phone {
    pub async fn connect(server: &Running) -> Self {
        Self::connect_as(server, &server.http.to_string()).await
    }

    /// A client that found the server under another name.
    pub async fn connect_as(server: &Running, host: &str) -> Self {
        Self::connect_with(server, "host", host).await
    }

    /// A client whose request has this header.
    pub async fn connect_with(server: &Running, name: &'static str, value: &str) -> Self {
        let url = format!("ws://{}{}", server.http, huitong_protocol::SIGNAL_PATH);
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
        let (socket, _) = soon("the upgrade", connect_async(request)).await.unwrap();
        Self { socket, next_id: 1, kept: Vec::new() }
    }

    /// A client that is logged in.
    pub async fn login(server: &Running, user: &str) -> Self {
        let mut phone = Self::connect(server).await;
        let reply = phone.request(hello(user, &user_sig(user))).await;
        assert_eq!(reply["ok"]["op"], "hello", "{reply}");
        phone
    }

    /// A client in a room.
    pub async fn join(server: &Running, user: &str, room: u32) -> Self {
        let mut phone = Self::login(server, user).await;
        let reply = phone.request(json!({"op": "join", "room": {"number": room}})).await;
        assert_eq!(reply["ok"]["op"], "join", "{reply}");
        phone
    }

    pub async fn send_text(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.unwrap();
    }

    pub async fn send_raw(&mut self, message: Message) -> Result<(), impl std::error::Error + use<>> {
        self.socket.send(message).await
    }

    /// Sends a request and waits for its reply; events that come before are kept.
    pub async fn request(&mut self, mut request: Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        request["id"] = id.into();
        self.send_text(request.to_string()).await;
        self.reply(id).await
    }

    /// The reply to a request; 0 for an error that belongs to none.
    pub async fn reply(&mut self, id: u32) -> Value {
        if let Some(at) = self.kept.iter().position(|frame| frame["re"] == id) {
            return self.kept.remove(at);
        }
        loop {
            let frame =
                self.frame().await.unwrap_or_else(|code| panic!("closed with {code} before reply {id}"));
            if frame["re"] == id {
                return frame;
            }
            self.kept.push(frame);
        }
    }

    /// The next event of this kind; others before it are skipped.
    pub async fn event(&mut self, kind: &str) -> Value {
        loop {
            let frame = if self.kept.is_empty() {
                self.frame().await.unwrap_or_else(|code| panic!("closed with {code} before the event {kind}"))
            } else {
                self.kept.remove(0)
            };
            if frame["ev"] == kind {
                return frame;
            }
        }
    }

    /// The close code, after whatever comes before it.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.frame().await {
                return code;
            }
        }
    }

    /// The next frame, or the code with which the server closes.
    pub async fn frame(&mut self) -> Result<Value, u16> {
        match soon("a signalling frame", self.socket.next()).await {
            Some(Ok(Message::Text(text))) => Ok(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(Some(frame)))) => Err(frame.code.into()),
            Some(Ok(other)) => panic!("unexpected frame {other:?}"),
            Some(Err(error)) => panic!("the connection broke: {error}"),
            None => panic!("the connection ended without a close frame"),
        }
    }
}

/// A login.
pub fn hello(user: &str, sig: &str) -> Value {
    json!({"op": "hello", "version": 1, "app": APP, "user": user, "sig": sig})
}

/// A UserSig that is valid for an hour.
pub fn user_sig(user: &str) -> String {
    let (app, secret) = (AppId::new(APP).unwrap(), Redacted::new(SECRET.to_owned()));
    let user = UserId::new(user).unwrap();
    huitong_auth::usersig::mint(app, &secret, &user, huitong_server::unix_seconds(), 3600, None)
}
