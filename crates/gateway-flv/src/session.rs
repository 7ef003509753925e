//! One viewer from its request to its end, whatever its transport.

use crate::FlvGateway;
use huitong_fanout::{Done, MEDIA_ORDERS, MediaOrder, PlayGrant, Sink, SinkIo, Ticket, Tracks, Viewing};
use huitong_hub::{Gone, Wire};
use huitong_types::{ErrorCode, Fault, StreamKey};
use std::sync::Arc;
use tokio::sync::mpsc;

/// A request that waits for, or has got, permission. Dropping it tells the control side that it is over.
pub struct Session {
    gateway: FlvGateway,
    ticket: Ticket,
    orders: mpsc::Receiver<MediaOrder>,
}

/// Permission to play.
#[derive(Debug, Clone)]
pub struct Grant {
    play: PlayGrant,
    tracks: Tracks,
}

impl Session {
    /// Asks for permission and waits for the answer; the control side answers after the hold of early plays at
    /// the latest.
    ///
    /// # Errors
    /// It is refused.
    pub async fn ask(gateway: &FlvGateway, key: StreamKey) -> Result<(Self, Grant), Fault> {
        let ticket = Ticket::next();
        let (control, orders) = mpsc::channel(MEDIA_ORDERS);
        gateway.authority.play(ticket, key, control);
        let mut session = Self { gateway: gateway.clone(), ticket, orders };
        loop {
            match session.orders.recv().await {
                Some(MediaOrder::PlayAccepted { grant, tracks }) => {
                    return Ok((session, Grant { play: grant, tracks }));
                }
                Some(MediaOrder::Close(fault)) => return Err(fault),
                Some(_) => {}
                None => return Err(ErrorCode::ShuttingDown.into()),
            }
        }
    }

    /// Number of this connection in logs.
    pub const fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// Starts to serve.
    ///
    /// # Errors
    /// The stream ended meanwhile, or there is no place.
    pub fn view(&self, grant: &Grant, wire: Wire, io: SinkIo) -> Result<(Viewing, Arc<Done>), Fault> {
        let (sink, done) = Sink::new(io);
        let viewing = self.gateway.fanout.view(&grant.play, wire, grant.tracks, sink)?;
        Ok((viewing, done))
    }

    /// Follows orders until the viewer's time is over.
    pub async fn follow(&mut self, done: &Done, set_tracks: impl Fn(Tracks)) -> Ended {
        loop {
            tokio::select! {
                gone = done.wait() => return Ended::Gone(gone),
                order = self.orders.recv() => match order {
                    Some(MediaOrder::Tracks(tracks)) => set_tracks(tracks),
                    Some(MediaOrder::Close(fault)) => return Ended::Ordered(fault),
                    Some(_) => {}
                    None => return Ended::Ordered(ErrorCode::ShuttingDown.into()),
                },
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.gateway.authority.closed(self.ticket, true);
    }
}

/// Why a viewer is no longer served.
#[derive(Debug)]
pub enum Ended {
    /// The fan-out gave it up.
    Gone(Gone),
    /// The control side ended it.
    Ordered(Fault),
}
