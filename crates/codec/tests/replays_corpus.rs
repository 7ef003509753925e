//! Every file of the fuzz corpora, through the functions the fuzzer runs.

use std::path::Path;

#[path = "../../../fuzz/bodies/codec.rs"]
mod body;

#[test]
fn every_corpus_file_passes() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (target, run) in [("aac_to_opus", body::aac_to_opus as fn(&[u8])), ("opus_to_aac", body::opus_to_aac)]
    {
        let mut count = 0;
        for entry in std::fs::read_dir(corpora.join(target)).unwrap() {
            let path = entry.unwrap().path();
            println!("{}", path.display());
            run(&std::fs::read(path).unwrap());
            count += 1;
        }
        assert!(count > 0, "the corpus of {target} is empty");
    }
}
