//! Every file of the fuzz corpora, through the functions the fuzzer runs.

#[path = "../../../fuzz/bodies/codec.rs"]
mod body;

#[test]
fn every_corpus_file_passes() {
    huitong_explore::replay(&[("aac_to_opus", body::aac_to_opus), ("opus_to_aac", body::opus_to_aac)]);
}
