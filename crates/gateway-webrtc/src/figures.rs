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
pub(crate) const KEYFRAMES: &str = "huitong_webrtc_keyframe_requests_total";
pub(crate) const DROPPED: &str = "huitong_webrtc_dropped_datagrams_total";
pub(crate) const SILENT: &str = "huitong_webrtc_silent_total";
