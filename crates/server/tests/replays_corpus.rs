//! Every file of the fuzz corpus, through the function the fuzzer runs.

use std::path::Path;

#[path = "../../../fuzz/bodies/server.rs"]
mod body;

#[test]
fn every_corpus_file_passes() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/conference_wire");
    let mut count = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        body::conference_wire(&std::fs::read(path).unwrap());
        count += 1;
    }
    assert!(count > 0, "the corpus of conference_wire is empty");
}
