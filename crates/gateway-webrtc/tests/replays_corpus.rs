//! Every file of the fuzz corpora, through the functions the fuzzer runs.

use huitong_gateway_webrtc::strangers::{self, Maker};
use std::path::{Path, PathBuf};

#[path = "../../../fuzz/bodies/webrtc.rs"]
mod body;

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let all: Vec<_> = paths.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
    assert!(!all.is_empty(), "the corpus of {target} is empty");
    all
}

#[test]
fn every_corpus_file_passes() {
    let targets = [
        ("sdp_offer", body::sdp_offer as fn(&[u8])),
        ("sdp_fragment", body::sdp_fragment),
        ("datagrams", body::datagrams),
        ("rtcp", body::rtcp),
    ];
    for (target, run) in targets {
        for (path, data) in corpus(target) {
            println!("{}", path.display());
            run(&data);
        }
    }
}

/// Inputs that nobody accepts would lead the fuzzer nowhere.
#[test]
fn the_corpora_have_inputs_that_are_accepted() {
    let maker = Maker::new().unwrap();
    let answers = corpus("sdp_offer")
        .iter()
        .filter(|(_, d)| maker.answer(d[0] & 1 != 0, &d[1..], true).is_some())
        .count();
    assert!(answers >= 2, "{answers} offers are answered");
    assert!(
        corpus("sdp_fragment").iter().any(|(_, data)| strangers::fragment(data).is_ok_and(|count| count > 0))
    );
    assert!(corpus("rtcp").iter().any(|(_, data)| strangers::rtcp(data) >= 2));
    let check = corpus("datagrams").into_iter().find(|(path, _)| path.ends_with("check")).unwrap().1;
    assert_eq!(strangers::addressee(&check[2..]), Some(0));
    assert_eq!(maker.receive(body::OFFER.as_bytes(), [&check[2..]].into_iter()), 1, "its integrity holds");
}
