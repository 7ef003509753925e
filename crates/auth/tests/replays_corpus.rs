//! Every file of the fuzz corpora, through the functions the fuzzer runs.

use std::path::Path;

#[path = "../../../fuzz/bodies/auth.rs"]
mod body;

#[test]
fn every_corpus_file_passes() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (target, run) in [("usersig", body::usersig as fn(&[u8])), ("authbuffer", body::authbuffer)] {
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
