//! ICE over TCP (RFC 6544) for networks that let no UDP through: datagrams in frames with a length before them (RFC 4571),
//! on the same port number.

use crate::demux::{session_name, worker_of};
use crate::figures;
use crate::mailbox::Mailbox;
use crate::net::Net;
use bytes::Bytes;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use str0m::net::Protocol;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};

/// Connections at once. Each browser has one or two, and each is a file descriptor; more are refused.
const CONNECTIONS: usize = 2 * crate::MAX_SESSIONS;

/// A connection on which nothing comes for this long is closed: browsers check the path every few seconds.
const SILENCE: Duration = Duration::from_secs(30);

/// The first frame, which says whose connection it is, must come within this time.
const FIRST: Duration = Duration::from_secs(10);

/// Longest frame that is read: no datagram of WebRTC is longer.
const FRAME_BYTES: usize = 2048;

/// Frames that wait for a connection at most: half a second of 2 Mbit/s. When it is full frames are dropped, as on a
/// network; congestion control sees that and sends less.
const FRAMES: usize = 128;

/// Pause after the system refused to accept, usually for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections until `stop` turns true or its sender is gone.
pub(crate) async fn serve(
    listener: TcpListener,
    net: Arc<Net>,
    workers: Vec<Arc<Mailbox>>,
    mut stop: watch::Receiver<bool>,
) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _stopped = stop.wait_for(|stop| *stop) => return,
        };
        let (stream, source) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection to the WebRTC port could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
            metrics::counter!(figures::DROPPED, "why" => "connections").increment(1);
            continue;
        };
        let (net, workers, mut stop) = (Arc::clone(&net), workers.clone(), stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                ended = connection(stream, source, &net, &workers) => {
                    if let Err(error) = ended {
                        tracing::trace!(%error, "an ICE connection ended");
                    }
                }
                _stopped = stop.wait_for(|stop| *stop) => {}
            }
            net.hang_up(source);
            drop(permit);
        });
    }
}

async fn connection(
    stream: TcpStream,
    source: SocketAddr,
    net: &Net,
    workers: &[Arc<Mailbox>],
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    huitong_fanout::bound_unsent(&stream);
    let (reader, writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut buffer = [0u8; FRAME_BYTES];
    let first = frame(&mut reader, &mut buffer, FIRST).await?;
    // A stranger's connection costs no more than this.
    if session_name(first).and_then(worker_of).is_none_or(|worker| worker >= workers.len()) {
        return Ok(());
    }
    let (sender, frames) = mpsc::channel(FRAMES);
    net.connect(source, sender);
    tokio::spawn(write(writer, frames));
    net.deliver(workers, Protocol::Tcp, source, first);
    loop {
        let datagram = frame(&mut reader, &mut buffer, SILENCE).await?;
        net.deliver(workers, Protocol::Tcp, source, datagram);
    }
}

/// The next frame.
async fn frame<'b>(
    reader: &mut BufReader<OwnedReadHalf>,
    buffer: &'b mut [u8],
    within: Duration,
) -> io::Result<&'b [u8]> {
    let reading = async {
        let length = usize::from(reader.read_u16().await?);
        let body = buffer.get_mut(..length).ok_or(io::ErrorKind::InvalidData)?;
        reader.read_exact(body).await?;
        Ok(&*body)
    };
    tokio::time::timeout(within, reading).await?
}

/// Writes frames until nobody sends any more.
async fn write(mut writer: OwnedWriteHalf, mut frames: mpsc::Receiver<Bytes>) {
    while let Some(frame) = frames.recv().await {
        let length = (frame.len() as u16).to_be_bytes();
        let mut both = bytes::Buf::chain(&length[..], frame);
        if writer.write_all_buf(&mut both).await.is_err() {
            return;
        }
    }
}
