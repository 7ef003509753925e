//! Every file of the fuzz corpora, through the functions the fuzzer runs.

#[path = "../../../fuzz/bodies/rtmp.rs"]
mod body;

#[test]
fn every_corpus_file_passes() {
    huitong_explore::replay(&[
        ("rtmp_server", body::rtmp_server),
        ("rtmp_client", body::rtmp_client),
        ("amf0", body::amf0),
    ]);
}
