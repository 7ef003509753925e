//! Every file of the fuzz corpora, through the functions the fuzzer runs.

#[path = "../../../fuzz/bodies/media.rs"]
mod body;

#[test]
fn every_corpus_file_passes() {
    huitong_explore::replay(&[
        ("flv_demux", body::flv_demux),
        ("ingest", body::ingest),
        ("rtp_h264", body::rtp_h264),
    ]);
}
