//! RTMP on its own TCP port: publishers and players.
//!
//! A connection asks the [`Authority`] with the key it names. A publisher's messages become frames in the
//! fan-out; a player's socket is written by the fan-out, and this crate only reads from it.

mod carried;
mod connection;
mod wire;

pub use wire::RtmpWire;

use huitong_fanout::{Authority, Fanout};
use huitong_hub::Wire;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tracing::Instrument;

/// Pause after a failed accept (no file descriptors left, for example), so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the gateway needs.
#[derive(Clone)]
pub struct RtmpGateway {
    /// The fan-out.
    pub fanout: Fanout,
    /// Who allows publishing and playing.
    pub authority: Arc<dyn Authority>,
    /// Index of [`RtmpWire`] among the formats of the fan-out.
    pub wire: Wire,
    /// Connections at once, publishers and players together; further ones are closed at once.
    pub connections: usize,
}

/// Tells the metrics recorder what the gateway's figures mean.
pub fn describe_metrics() {
    metrics::describe_counter!("huitong_rtmp_connections_total", "RTMP connections accepted.");
    metrics::describe_counter!(
        "huitong_rtmp_connections_refused_total",
        "RTMP connections refused because limits.rtmp_connections was reached."
    );
}

/// Serves the listener until `shutdown` turns true. Connections that exist then go on; the control side ends
/// them.
pub async fn serve(listener: TcpListener, gateway: RtmpGateway, mut shutdown: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(gateway.connections));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = shutdown.wait_for(|down| *down) => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "an RTMP connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            tracing::warn!(%peer, limit = gateway.connections, "RTMP connection refused: too many at once");
            metrics::counter!("huitong_rtmp_connections_refused_total").increment(1);
            continue;
        };
        let connection = connection::Connection::new(gateway.clone(), stream);
        let span = tracing::info_span!("rtmp", conn = %connection.ticket(), %peer);
        metrics::counter!("huitong_rtmp_connections_total").increment(1);
        tokio::spawn(
            async move {
                connection.run().await;
                drop(place);
            }
            .instrument(span),
        );
    }
}
