//! Every file of the fuzz corpora, through the functions the fuzzer runs.

use huitong_explore::corpus;
use huitong_gateway_webrtc::strangers::{self, Maker};

#[path = "../../../fuzz/bodies/webrtc.rs"]
mod body;

#[test]
fn every_corpus_file_passes() {
    huitong_explore::replay(&[
        ("sdp_offer", body::sdp_offer),
        ("sdp_fragment", body::sdp_fragment),
        ("datagrams", body::datagrams),
        ("rtcp", body::rtcp),
    ]);
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
