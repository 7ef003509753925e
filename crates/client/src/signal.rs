//! Signalling over WebSocket.

use crate::address::Address;
use crate::{ClientError, in_time};
use futures_util::{SinkExt, StreamExt};
use huitong_protocol::{
    AskTicket, Done, Enter, EnterReply, Event, Grant, Hello, Join, Kick, Leave, Ping, Publish, Reply,
    Request, RequestFrame, Resume, Resumed, RoomState, ServerFrame, SetRole, Subscribe, TicketReply,
    Unpublish, Welcome,
};
use huitong_types::UserId;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};

/// The form of a signalling address.
const FORM: &str = "ws://host[:port]/v1/signal";

/// Events that may wait while a request is under way. The server keeps as many for one client before it gives up.
const EVENTS: usize = 1024;

/// Read and write buffers of a connection. Small, because load tests hold thousands of idle ones.
const BUFFER_BYTES: usize = 4 * 1024;

/// One logged-in signalling connection.
///
/// Its owner has to call [`Signal::next_event`] whenever nothing else is to be done: that is where heartbeats are
/// sent and events received. Requests are answered one at a time; events that come meanwhile wait. A request that
/// is dropped before its answer is still sent or not; its answer is thrown away.
pub struct Signal<S = TcpStream> {
    socket: WebSocketStream<S>,
    welcome: Welcome,
    next_id: u32,
    last_seq: u64,
    last_sent: Instant,
    events: VecDeque<Event>,
}

impl Signal {
    /// Connects to `ws://host[:port]/v1/signal` and logs in.
    ///
    /// # Errors
    /// The address, the transport or the server; a refused login is [`ClientError::Request`].
    pub async fn connect(url: &str, hello: Hello) -> Result<Self, ClientError> {
        let address = Address::parse(url, "ws", 80, FORM)?;
        in_time(async { Self::over(address.connect().await?, url, hello).await }).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Signal<S> {
    /// Logs in over a transport that is open already, TLS for example. `url` is what the upgrade request names.
    ///
    /// # Errors
    /// The transport or the server; a refused login is [`ClientError::Request`].
    pub async fn over(stream: S, url: &str, hello: Hello) -> Result<Self, ClientError> {
        let config = WebSocketConfig::default().read_buffer_size(BUFFER_BYTES).write_buffer_size(0);
        let (mut socket, _) = tokio_tungstenite::client_async_with_config(url, stream, Some(config)).await?;
        let last_seq = hello.resume.as_ref().map_or(0, |resume| resume.seq);
        let frame = RequestFrame { id: 1, request: Request::Hello(hello) };
        socket.send(text(&frame)?).await?;
        loop {
            match receive(&mut socket).await? {
                Some(ServerFrame::Reply(frame)) if frame.re <= 1 => match frame.reply {
                    Reply::Ok(Done::Hello(welcome)) => {
                        let last_seq = if welcome.resumed == Resumed::New { 0 } else { last_seq };
                        let (events, last_sent) = (VecDeque::new(), Instant::now());
                        return Ok(Self { socket, welcome, next_id: 2, last_seq, last_sent, events });
                    }
                    Reply::Ok(other) => return Err(unexpected(&other)),
                    Reply::Error(failure) => return Err(ClientError::Request(Box::new(failure))),
                },
                Some(_) => return Err(ClientError::Protocol("the first frame is not a welcome".to_owned())),
                None => {}
            }
        }
    }

    /// What the server answered to the login: session, heartbeat, media addresses.
    pub const fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// What a later [`Hello`] needs to go on with this session on another connection.
    pub fn resume(&self) -> Resume {
        let (session, secret) = (self.welcome.session.clone(), self.welcome.secret.clone());
        Resume { session, secret, seq: self.last_seq }
    }

    /// Enters a room and returns its state.
    ///
    /// # Errors
    /// [`ClientError::Request`] when refused; else the connection is unusable.
    pub async fn join(&mut self, join: Join) -> Result<RoomState, ClientError> {
        match self.request(Request::Join(join)).await? {
            Done::Join(reply) => Ok(reply.state),
            other => Err(unexpected(&other)),
        }
    }

    /// Asks for a ticket to a conference, which may be created by that.
    ///
    /// # Errors
    /// As for [`Signal::join`].
    pub async fn ticket(&mut self, ask: AskTicket) -> Result<TicketReply, ClientError> {
        match self.request(Request::Ticket(ask)).await? {
            Done::Ticket(reply) => Ok(reply),
            other => Err(unexpected(&other)),
        }
    }

    /// Enters a conference and its room.
    ///
    /// # Errors
    /// As for [`Signal::join`].
    pub async fn enter(&mut self, enter: Enter) -> Result<EnterReply, ClientError> {
        match self.request(Request::Enter(enter)).await? {
            Done::Enter(reply) => Ok(*reply),
            other => Err(unexpected(&other)),
        }
    }

    /// Changes roles in a conference, and returns whose.
    ///
    /// # Errors
    /// As for [`Signal::join`].
    pub async fn grant(&mut self, grant: Grant) -> Result<Vec<UserId>, ClientError> {
        match self.request(Request::Grant(grant)).await? {
            Done::Grant(reply) => Ok(reply.users),
            other => Err(unexpected(&other)),
        }
    }

    /// Removes members of a conference, and returns whom.
    ///
    /// # Errors
    /// As for [`Signal::join`].
    pub async fn kick(&mut self, kick: Kick) -> Result<Vec<UserId>, ClientError> {
        match self.request(Request::Kick(kick)).await? {
            Done::Kick(reply) => Ok(reply.users),
            other => Err(unexpected(&other)),
        }
    }

    /// Leaves the room.
    ///
    /// # Errors
    /// As for [`Signal::join`].
    pub async fn leave(&mut self) -> Result<(), ClientError> {
        self.request(Request::Leave(Leave::default())).await.map(drop)
    }

    /// Registers or updates a stream of one's own.
    ///
    /// # Errors
    /// As for [`Signal::join`].
    pub async fn publish(&mut self, publish: Publish) -> Result<(), ClientError> {
        self.request(Request::Publish(publish)).await.map(drop)
    }

    /// Withdraws a stream of one's own.
    ///
    /// # Errors
    /// As for [`Signal::join`].
    pub async fn unpublish(&mut self, unpublish: Unpublish) -> Result<(), ClientError> {
        self.request(Request::Unpublish(unpublish)).await.map(drop)
    }

    /// Says which tracks of a remote stream to receive.
    ///
    /// # Errors
    /// As for [`Signal::join`].
    pub async fn subscribe(&mut self, subscribe: Subscribe) -> Result<(), ClientError> {
        self.request(Request::Subscribe(subscribe)).await.map(drop)
    }

    /// Changes the role in a live room.
    ///
    /// # Errors
    /// As for [`Signal::join`].
    pub async fn set_role(&mut self, set_role: SetRole) -> Result<(), ClientError> {
        self.request(Request::SetRole(set_role)).await.map(drop)
    }

    /// Asks for a sign of life and returns the server's wall clock, Unix ms.
    ///
    /// # Errors
    /// As for [`Signal::join`].
    pub async fn ping(&mut self) -> Result<u64, ClientError> {
        match self.request(Request::Ping(Ping {})).await? {
            Done::Ping(pong) => Ok(pong.time),
            other => Err(unexpected(&other)),
        }
    }

    /// Ends the session for good.
    ///
    /// # Errors
    /// As for [`Signal::join`].
    pub async fn bye(mut self) -> Result<(), ClientError> {
        self.request(Request::Bye).await.map(drop)
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// [`ClientError::Request`] when refused; else the connection is unusable.
    pub async fn request(&mut self, request: Request) -> Result<Done, ClientError> {
        let id = self.send(request).await?;
        loop {
            match receive(&mut self.socket).await? {
                Some(ServerFrame::Reply(frame)) if frame.re == id || frame.re == 0 => {
                    return match frame.reply {
                        Reply::Ok(done) => Ok(done),
                        Reply::Error(failure) => Err(ClientError::Request(Box::new(failure))),
                    };
                }
                // An answer to a request that was dropped, or to a heartbeat.
                Some(ServerFrame::Reply(_)) | None => {}
                Some(ServerFrame::Push(frame)) => {
                    self.last_seq = frame.seq;
                    if self.events.len() >= EVENTS {
                        return Err(ClientError::TooManyEvents);
                    }
                    self.events.push_back(frame.event);
                }
            }
        }
    }

    /// The next event. Sends heartbeats while it waits.
    ///
    /// # Errors
    /// The connection is over; [`ClientError::SignalClosed`] says why and whether to [`Signal::resume`].
    pub async fn next_event(&mut self) -> Result<Event, ClientError> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            let heartbeat = Duration::from_millis(self.welcome.heartbeat_ms.into());
            let received = tokio::select! {
                received = receive(&mut self.socket) => received?,
                () = tokio::time::sleep_until(self.last_sent + heartbeat) => {
                    self.send(Request::Ping(Ping {})).await?;
                    None
                }
            };
            if let Some(ServerFrame::Push(frame)) = received {
                self.last_seq = frame.seq;
                return Ok(frame.event);
            }
        }
    }

    async fn send(&mut self, request: Request) -> Result<u32, ClientError> {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1).max(1);
        self.last_sent = Instant::now();
        self.socket.send(text(&RequestFrame { id, request })?).await?;
        Ok(id)
    }
}

fn text(frame: &RequestFrame) -> Result<Message, ClientError> {
    let text = serde_json::to_string(frame).map_err(|error| ClientError::Protocol(error.to_string()))?;
    Ok(Message::text(text))
}

fn unexpected(done: &Done) -> ClientError {
    ClientError::Protocol(format!("the answer belongs to another operation: {done:?}"))
}

/// The next frame of the server, `None` for WebSocket control frames.
async fn receive<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
) -> Result<Option<ServerFrame>, ClientError> {
    match socket.next().await {
        Some(Ok(Message::Text(text))) => {
            let frame = serde_json::from_str(&text);
            frame.map(Some).map_err(|error| ClientError::Protocol(error.to_string()))
        }
        Some(Ok(Message::Close(frame))) => Err(closed(frame)),
        Some(Ok(_)) => Ok(None),
        Some(Err(error)) => Err(error.into()),
        None => Err(closed(None)),
    }
}

fn closed(frame: Option<CloseFrame>) -> ClientError {
    match frame {
        Some(frame) => {
            ClientError::SignalClosed { code: frame.code.into(), reason: frame.reason.as_str().to_owned() }
        }
        None => ClientError::SignalClosed { code: 1006, reason: "no close frame".to_owned() },
    }
}
