//! Codec-blind fan-out: packet ring, keyframe index, per-viewer cursor, latency ceiling
