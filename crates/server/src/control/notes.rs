//! The structured event log and the figures that follow from it.

use huitong_engine::Note;

/// Writes one event: a log line with its fields, and a count by kind.
pub(super) fn write(note: &Note) {
    metrics::counter!("huitong_events_total", "what" => note.what).increment(1);
    let conn = note.conn.map(|conn| format!("c{}", conn.0));
    tracing::info!(
        target: "huitong_server::event",
        detail = (!note.detail.is_empty()).then_some(note.detail.as_str()),
        conn = conn.as_deref(),
        app = note.app.map(|app| app.get()),
        room = note.room.as_ref().map(tracing::field::display),
        user = note.user.as_ref().map(tracing::field::display),
        "{}",
        note.what
    );
}

/// Tells the metrics recorder what the control side's figures mean.
pub(crate) fn describe_metrics() {
    metrics::describe_counter!("huitong_events_total", "Events of rooms and sessions, by kind.");
    metrics::describe_counter!(
        "huitong_media_requests_refused_total",
        "Publish and play requests refused because too many were waiting for the engine."
    );
    metrics::describe_gauge!(
        "huitong_media_connections",
        "Media connections that asked the engine and live on."
    );
    metrics::describe_histogram!(
        "huitong_engine_batch_seconds",
        metrics::Unit::Seconds,
        "Time the engine takes for what had arrived since its last turn."
    );
}
