//! Every file of the fuzz corpus, through the function the fuzzer runs.

#[path = "../../../fuzz/bodies/server.rs"]
mod body;

#[test]
fn every_corpus_file_passes() {
    huitong_explore::replay(&[("conference_wire", body::conference_wire)]);
}
