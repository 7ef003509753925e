//! Every file of the fuzz corpus, through the function the fuzzer runs.

#[path = "../../../fuzz/bodies/protocol.rs"]
mod body;

#[test]
fn every_corpus_file_passes() {
    huitong_explore::replay(&[("signal_json", body::signal_json)]);
}
