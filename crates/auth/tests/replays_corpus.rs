//! Every file of the fuzz corpora, through the functions the fuzzer runs.

#[path = "../../../fuzz/bodies/auth.rs"]
mod body;

#[test]
fn every_corpus_file_passes() {
    huitong_explore::replay(&[("usersig", body::usersig), ("authbuffer", body::authbuffer)]);
}
