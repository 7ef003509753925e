//! The sockets under the workers.

use crate::demux::{session_name, worker_of};
use crate::figures;
use crate::mailbox::{Input, Mailbox};
use bytes::Bytes;
use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};
use str0m::net::{Protocol, Transmit};
use tokio::sync::{mpsc, watch};

/// Longest datagram that is read. Nothing that WebRTC sends is longer than an Ethernet packet.
const DATAGRAM_BYTES: usize = 2048;

/// How soon the reading thread notices that the server ends.
const STOP_CHECK: Duration = Duration::from_millis(500);

/// Bytes that the system keeps for the socket while the reading thread is behind: a tenth of a second of 300 Mbit/s.
const SOCKET_BYTES: usize = 4 << 20;

/// The bound sockets, before anything is read from them.
#[derive(Debug)]
pub struct Transport {
    udp: UdpSocket,
    tcp: TcpListener,
    address: SocketAddr,
}

/// Connections that wait to be accepted.
const BACKLOG: i32 = 1024;

/// Ports that are looked at for one that is free for both protocols, where any will do.
const ANY_PORT: usize = 16;

/// Binds the port of WebRTC, UDP and TCP.
///
/// # Errors
/// The address is in use or not of this machine.
pub fn bind(address: SocketAddr) -> io::Result<Transport> {
    let mut result = bind_both(address);
    for _ in 0..ANY_PORT {
        // The system chose a port of UDP that is taken for TCP.
        let taken = result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse);
        if address.port() != 0 || !taken {
            break;
        }
        result = bind_both(address);
    }
    result
}

fn bind_both(address: SocketAddr) -> io::Result<Transport> {
    let domain = socket2::Domain::for_address(address);
    let socket = socket2::Socket::new(domain, socket2::Type::DGRAM, Some(socket2::Protocol::UDP))?;
    // The system gives as much as it allows.
    for done in [socket.set_recv_buffer_size(SOCKET_BYTES), socket.set_send_buffer_size(SOCKET_BYTES)] {
        if let Err(error) = done {
            tracing::debug!(%error, "the size of a socket's buffer was refused");
        }
    }
    socket.bind(&address.into())?;
    socket.set_read_timeout(Some(STOP_CHECK))?;
    let udp = UdpSocket::from(socket);
    let address = udp.local_addr()?;
    let socket = socket2::Socket::new(domain, socket2::Type::STREAM, Some(socket2::Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(Transport { udp, tcp: socket.into(), address })
}

impl Transport {
    /// The bound address.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// The sockets, shared by all workers.
pub(crate) struct Net {
    udp: UdpSocket,
    address: SocketAddr,
    /// Which worker has the session of a peer's address, once that session has recognised it.
    routes: RwLock<HashMap<SocketAddr, usize>>,
    /// Connections of peers that come over TCP.
    connections: RwLock<HashMap<SocketAddr, mpsc::Sender<Bytes>>>,
    stopped: AtomicBool,
    stop_tcp: watch::Sender<bool>,
}

impl Net {
    pub(crate) fn start(transport: Transport, workers: Vec<Arc<Mailbox>>) -> io::Result<Arc<Self>> {
        let Transport { udp, tcp, address } = transport;
        let (stop_tcp, stop) = watch::channel(false);
        let net = Arc::new(Self {
            udp,
            address,
            routes: RwLock::default(),
            connections: RwLock::default(),
            stopped: AtomicBool::new(false),
            stop_tcp,
        });
        let listener = tokio::net::TcpListener::from_std(tcp)?;
        tokio::spawn(crate::tcp::serve(listener, Arc::clone(&net), workers.clone(), stop));
        let reader = Arc::clone(&net);
        std::thread::Builder::new().name("webrtc-read".to_owned()).spawn(move || reader.read(&workers))?;
        Ok(net)
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.stop_tcp.send_replace(true);
    }

    fn read(&self, workers: &[Arc<Mailbox>]) {
        let mut buffer = [0u8; DATAGRAM_BYTES];
        while !self.stopped.load(Ordering::Acquire) {
            match self.udp.recv_from(&mut buffer) {
                Ok((length, source)) => {
                    if let Some(datagram) = buffer.get(..length) {
                        self.deliver(workers, Protocol::Udp, source, datagram);
                    }
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                }
                // An answer of somebody's port that is closed; the socket itself is sound.
                Err(error) => tracing::trace!(%error, "nothing could be read"),
            }
        }
    }

    /// Gives a datagram to the worker of its session: the one that its name says, or the one that knows its sender.
    pub(crate) fn deliver(
        &self,
        workers: &[Arc<Mailbox>],
        proto: Protocol,
        source: SocketAddr,
        datagram: &[u8],
    ) {
        let named = session_name(datagram).and_then(worker_of);
        let worker = named.or_else(|| self.routes().get(&source).copied());
        let Some(mailbox) = worker.and_then(|worker| workers.get(worker)) else {
            metrics::counter!(figures::DROPPED, "why" => "nobody").increment(1);
            return;
        };
        let input = Input::Datagram { proto, source, at: Instant::now(), bytes: datagram.to_vec() };
        if !mailbox.media(input) {
            metrics::counter!(figures::DROPPED, "why" => "behind").increment(1);
        }
    }

    /// Whatever comes from this address is for a session of this worker.
    pub(crate) fn learn(&self, source: SocketAddr, worker: usize) {
        self.routes_mut().insert(source, worker);
    }

    /// No session has this address any more.
    pub(crate) fn forget(&self, source: SocketAddr, worker: usize) {
        let mut routes = self.routes_mut();
        if routes.get(&source) == Some(&worker) {
            routes.remove(&source);
            drop(routes);
            self.hang_up(source);
        }
    }

    /// Sends without waiting: a full socket drops the datagram, as the network does, and retransmission repairs it.
    pub(crate) fn send(&self, transmit: &Transmit) {
        if transmit.proto != Protocol::Udp {
            self.send_framed(transmit);
            return;
        }
        let to = transmit.destination.into();
        let sent = socket2::SockRef::from(&self.udp).send_to_with_flags(
            &transmit.contents,
            &to,
            libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL,
        );
        if let Err(error) = sent {
            if error.kind() == io::ErrorKind::WouldBlock {
                metrics::counter!(figures::DROPPED, "why" => "full").increment(1);
            } else {
                tracing::trace!(%error, "a datagram could not be sent");
            }
        }
    }

    fn send_framed(&self, transmit: &Transmit) {
        let connections = self.connections.read().unwrap_or_else(PoisonError::into_inner);
        let Some(connection) = connections.get(&transmit.destination) else { return };
        if connection.try_send(Bytes::copy_from_slice(&transmit.contents)).is_err() {
            metrics::counter!(figures::DROPPED, "why" => "full").increment(1);
        }
    }

    /// A peer has a connection of its own.
    pub(crate) fn connect(&self, source: SocketAddr, frames: mpsc::Sender<Bytes>) {
        self.connections.write().unwrap_or_else(PoisonError::into_inner).insert(source, frames);
    }

    /// Its connection is gone, or of no use any more.
    pub(crate) fn hang_up(&self, source: SocketAddr) {
        self.connections.write().unwrap_or_else(PoisonError::into_inner).remove(&source);
    }

    fn routes(&self) -> RwLockReadGuard<'_, HashMap<SocketAddr, usize>> {
        self.routes.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn routes_mut(&self) -> RwLockWriteGuard<'_, HashMap<SocketAddr, usize>> {
        self.routes.write().unwrap_or_else(PoisonError::into_inner)
    }
}
