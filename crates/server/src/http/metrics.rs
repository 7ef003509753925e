//! `/metrics` in Prometheus text form.

use super::Shared;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;

/// Buckets of the time the engine takes for a turn, seconds: from a handful of requests to a stall that people
/// notice.
const TURN_BUCKETS: [f64; 9] = [0.000_01, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.02, 0.1, 0.5];

/// Buckets of every other duration, seconds.
const DURATION_BUCKETS: [f64; 10] = [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Buckets of what links carry, bits per second: from one that has no room for pictures to one that has for any.
const LINK_BUCKETS: [f64; 9] = [5e4, 1e5, 2.5e5, 5e5, 1e6, 2e6, 4e6, 8e6, 1.6e7];

/// Buckets of the share of packets that are lost.
const LOSS_BUCKETS: [f64; 8] = [0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];

/// The recorder of the process. Servers in one process share it, as the tests do.
pub(crate) fn recorder() -> Option<&'static PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    RECORDER
        .get_or_init(|| {
            let built = PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Full("huitong_engine_batch_seconds".into()), &TURN_BUCKETS)
                .and_then(|builder| builder.set_buckets_for_metric(suffix("_bits_per_second"), &LINK_BUCKETS))
                .and_then(|builder| builder.set_buckets_for_metric(suffix("_ratio"), &LOSS_BUCKETS))
                .and_then(|builder| builder.set_buckets(&DURATION_BUCKETS))
                .and_then(PrometheusBuilder::install_recorder);
            match built {
                Ok(handle) => {
                    describe();
                    Some(handle)
                }
                Err(error) => {
                    tracing::error!(%error, "the metrics recorder could not be installed");
                    None
                }
            }
        })
        .as_ref()
}

fn suffix(name: &str) -> Matcher {
    Matcher::Suffix(name.to_owned())
}

fn describe() {
    huitong_gateway_signal::describe_metrics();
    huitong_gateway_rtmp::describe_metrics();
    huitong_gateway_webrtc::describe_metrics();
    huitong_store::describe_metrics();
    crate::control::describe_metrics();
    crate::transcoding::describe_metrics();
    crate::usage_book::describe_metrics();
    crate::conference_book::describe_metrics();
    crate::mixing::describe_metrics();
    crate::passwords::describe_metrics();
    crate::compat::describe_metrics();
    super::tls::describe_metrics();
    metrics::describe_counter!(
        "huitong_http_connections_refused_total",
        "Connections to the HTTP port refused because limits.http_connections was reached."
    );
    metrics::describe_gauge!("huitong_sessions", "Sessions, connected or waiting to be resumed.");
    metrics::describe_gauge!("huitong_rooms", "Rooms.");
    metrics::describe_gauge!("huitong_members", "Members of rooms, audience and encoders included.");
    metrics::describe_gauge!("huitong_calls", "Calls in progress, ringing or connected.");
    metrics::describe_gauge!("huitong_conferences", "Conferences that are not over.");
    metrics::describe_gauge!("huitong_callable_sessions", "Sessions on which calls ring.");
    metrics::describe_gauge!("huitong_minted_urls", "Minted URLs that have not expired.");
    metrics::describe_gauge!("huitong_media_held", "Media connections whose key is not registered yet.");
    metrics::describe_gauge!("huitong_streams", "Publications known to the fan-out.");
    metrics::describe_gauge!("huitong_viewers", "Viewers connected to the fan-out.");
    metrics::describe_counter!("huitong_packets_published_total", "Media packets received from publishers.");
    metrics::describe_counter!(
        "huitong_media_received_bytes_total",
        metrics::Unit::Bytes,
        "Bytes of media received from publishers."
    );
    metrics::describe_counter!(
        "huitong_media_sent_bytes_total",
        metrics::Unit::Bytes,
        "Bytes of media written to viewers of RTMP and FLV."
    );
    metrics::describe_counter!(
        "huitong_media_writes_total",
        "Writes that took these bytes: the fewer, the better packets gather."
    );
    metrics::describe_counter!("huitong_viewer_skips_total", "Skips of slow viewers to a newer keyframe.");
    metrics::describe_counter!(
        "huitong_packets_dropped_total",
        "Packets dropped because a fan-out thread was behind."
    );
    metrics::describe_gauge!("huitong_build_info", "Always 1; its label is the version that runs.");
    metrics::gauge!("huitong_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}

/// Figures that others keep are copied when somebody asks.
async fn sample(shared: &Shared) {
    if let Some(sizes) = shared.control.sizes().await {
        metrics::gauge!("huitong_sessions").set(sizes.sessions as f64);
        metrics::gauge!("huitong_rooms").set(sizes.rooms as f64);
        metrics::gauge!("huitong_members").set(sizes.members as f64);
        metrics::gauge!("huitong_calls").set(sizes.calls as f64);
        metrics::gauge!("huitong_callable_sessions").set(sizes.callable as f64);
        metrics::gauge!("huitong_conferences").set(sizes.conferences as f64);
        metrics::gauge!("huitong_minted_urls").set(sizes.urls as f64);
        metrics::gauge!("huitong_media_held").set(sizes.held as f64);
    }
    let store = shared.control.store.health();
    metrics::gauge!("huitong_store_waiting").set(store.waiting as f64);
    metrics::gauge!("huitong_store_waiting_bytes").set(store.waiting_bytes as f64);
    metrics::gauge!("huitong_store_failing").set(f64::from(u8::from(store.failing)));
    let totals = shared.fanout.totals();
    metrics::gauge!("huitong_streams").set(totals.publications as f64);
    metrics::gauge!("huitong_viewers").set(totals.viewers as f64);
    metrics::counter!("huitong_packets_published_total").absolute(totals.packets);
    metrics::counter!("huitong_media_received_bytes_total").absolute(totals.bytes_in);
    metrics::counter!("huitong_media_sent_bytes_total").absolute(totals.bytes_out);
    metrics::counter!("huitong_media_writes_total").absolute(totals.writes);
    metrics::counter!("huitong_viewer_skips_total").absolute(totals.skips);
    metrics::counter!("huitong_packets_dropped_total").absolute(totals.dropped);
}

pub(super) async fn metrics_text(State(shared): State<Shared>) -> Response {
    sample(&shared).await;
    let text = recorder().map(PrometheusHandle::render).unwrap_or_default();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
