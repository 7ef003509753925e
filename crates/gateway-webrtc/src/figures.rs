//! Figures of the gateway for `/metrics`.

use metrics::Counter;
use std::sync::LazyLock;

/// Describes the metrics of this crate.
pub fn describe_metrics() {
    metrics::describe_gauge!("huitong_webrtc_sessions", "WebRTC sessions, by what they do.");
    metrics::describe_counter!("huitong_webrtc_received_total", "RTP packets received from publishers.");
    metrics::describe_counter!("huitong_webrtc_sent_total", "RTP packets given out to viewers.");
    metrics::describe_counter!("huitong_webrtc_lost_total", "RTP packets of publishers that never came.");
    metrics::describe_counter!(
        "huitong_webrtc_keyframe_requests_total",
        "Keyframes asked for, by who asked: viewers, or the server of publishers."
    );
    metrics::describe_counter!(
        "huitong_webrtc_dropped_datagrams_total",
        "Datagrams dropped, by the reason: of nobody, a worker that is behind, a full socket."
    );
    metrics::describe_counter!(
        "huitong_webrtc_thin_links_total",
        "Times that a viewer was sent less because its link carries less than the stream has."
    );
    metrics::describe_counter!(
        "huitong_webrtc_nacks_total",
        "Requests for lost packets (NACK), by direction: received from viewers, sent to publishers."
    );
    metrics::describe_counter!(
        "huitong_webrtc_resent_total",
        "Packets that came again: sent to viewers, probes of their links included, or received from publishers."
    );
    metrics::describe_counter!(
        "huitong_webrtc_ice_restarts_total",
        "Restarts of ICE: peers whose network had changed."
    );
    metrics::describe_histogram!(
        "huitong_webrtc_rtt_seconds",
        metrics::Unit::Seconds,
        "Round trips that sessions measured every 5 s, by what they do."
    );
    metrics::describe_histogram!(
        "huitong_webrtc_loss_ratio",
        "Shares of packets lost that sessions reported every 5 s, by what they do: before repair."
    );
    metrics::describe_histogram!(
        "huitong_webrtc_estimate_bits_per_second",
        "What congestion control believed every 5 s that the link of a viewer carries."
    );
    metrics::describe_counter!(
        "huitong_webrtc_silent_total",
        "Sessions ended because their peer went silent."
    );
}

pub(crate) const SESSIONS: &str = "huitong_webrtc_sessions";
pub(crate) const THIN_LINKS: &str = "huitong_webrtc_thin_links_total";

/// Counters of every packet are looked up once: the registry behind them is a table with locks.
pub(crate) static RECEIVED: LazyLock<Counter> =
    LazyLock::new(|| metrics::counter!("huitong_webrtc_received_total"));
pub(crate) static SENT: LazyLock<Counter> = LazyLock::new(|| metrics::counter!("huitong_webrtc_sent_total"));
pub(crate) static LOST: LazyLock<Counter> = LazyLock::new(|| metrics::counter!("huitong_webrtc_lost_total"));
pub(crate) static NACKS_RECEIVED: LazyLock<Counter> =
    LazyLock::new(|| metrics::counter!("huitong_webrtc_nacks_total", "direction" => "received"));
pub(crate) static NACKS_SENT: LazyLock<Counter> =
    LazyLock::new(|| metrics::counter!("huitong_webrtc_nacks_total", "direction" => "sent"));
pub(crate) static RESENT: LazyLock<Counter> =
    LazyLock::new(|| metrics::counter!("huitong_webrtc_resent_total", "direction" => "sent"));
pub(crate) static RESENT_TO_US: LazyLock<Counter> =
    LazyLock::new(|| metrics::counter!("huitong_webrtc_resent_total", "direction" => "received"));
pub(crate) const ICE_RESTARTS: &str = "huitong_webrtc_ice_restarts_total";
pub(crate) const RTT: &str = "huitong_webrtc_rtt_seconds";
pub(crate) const LOSS: &str = "huitong_webrtc_loss_ratio";
pub(crate) const ESTIMATE: &str = "huitong_webrtc_estimate_bits_per_second";
pub(crate) const KEYFRAMES: &str = "huitong_webrtc_keyframe_requests_total";
pub(crate) const DROPPED: &str = "huitong_webrtc_dropped_datagrams_total";
pub(crate) const SILENT: &str = "huitong_webrtc_silent_total";
