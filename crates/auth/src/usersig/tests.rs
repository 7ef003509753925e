use super::*;
use flate2::{Compression, write::ZlibEncoder};
use huitong_types::ErrorCode;
use proptest::prelude::*;
use serde_json::json;
use std::io::Write as _;

const NOW: u64 = 1_700_000_000;
const WEEK: u64 = 604_800;

/// Minted by npm tls-sig-api-v2 1.0.2 for user xiaojun, time 1700000000, expire 15552000.
const NPM: &str = "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwhWZiflZpXlQqeKU7MSCgswUJStDEwMogMiUZOamKlkZmqOKplYUZBaBxE1NTY3gosWZ6UpWSj5ljuYp*p7l5unBxXnF2WVhVU4uAf7Ozi5JpX7O5SbuHuUhzgZJmQXaTia2SrUAohcx8g__";

fn app() -> AppId {
    AppId::new(1_400_000_000).unwrap()
}

/// The public sample key of the signers' documentation.
fn secret() -> Redacted<String> {
    Redacted::new("5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e".to_owned())
}

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

fn check(sig: &str, name: &str, now: u64) -> Result<Verified, CredentialError> {
    verify(app(), &secret(), &user(name), sig, now)
}

/// The text of a document for `name` as a signer in some language writes it: `write` gets user, signature
/// and userbuf, each as a JSON text without quotes.
fn written(name: &str, userbuf: Option<&str>, write: impl Fn(&str, &str, &str) -> String) -> String {
    let text = document::signed_text(name, 1_400_000_000, NOW, WEEK, userbuf);
    let sig = STANDARD.encode(hash::tag(secret().reveal().as_bytes(), text.as_bytes()));
    write(name, &sig, userbuf.unwrap_or_default())
}

fn packed(document: &str, level: u32) -> String {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(document.as_bytes()).unwrap();
    STANDARD.encode(encoder.finish().unwrap()).replace('+', "*").replace('/', "-").replace('=', "_")
}

#[test]
fn the_published_vector_is_valid_for_its_time() {
    let verified = check(NPM, "xiaojun", NOW).unwrap();
    assert_eq!((verified.issued, verified.expires, verified.userbuf), (NOW, NOW + 15_552_000, None));
    assert!(check(NPM, "xiaojun", NOW + 15_552_000).is_ok());
    assert_eq!(check(NPM, "xiaojun", NOW + 15_552_001), Err(CredentialError::Expired { seconds_ago: 1 }));
    assert!(check(NPM, "xiaojun", NOW - WEEK).is_ok(), "issued by a clock that is ahead");
}

#[test]
fn what_we_mint_has_the_content_that_the_vendors_signer_writes() {
    let ours = mint(app(), &secret(), &user("xiaojun"), NOW, 15_552_000, None);
    let content =
        |sig: &str| serde_json::from_slice::<serde_json::Value>(&envelope::open(sig).unwrap()).unwrap();
    assert_eq!(content(&ours), content(NPM));
}

#[test]
fn the_writing_of_every_language_is_understood() {
    let go = written("bob", None, |user, sig, _| {
        format!(
            "{{\"TLS.ver\":\"2.0\",\"TLS.identifier\":\"{user}\",\"TLS.sdkappid\":1400000000,\"TLS.expire\":{WEEK},\"TLS.time\":{NOW},\"TLS.sig\":\"{sig}\"}}\n"
        )
    });
    let python = written("bob", None, |user, sig, _| {
        format!(
            "{{\"TLS.ver\": \"2.0\", \"TLS.identifier\": \"{user}\", \"TLS.sdkappid\": 1400000000, \"TLS.expire\": {WEEK}, \"TLS.time\": {NOW}, \"TLS.sig\": \"{sig}\"}}"
        )
    });
    let php = written("bob", None, |user, sig, _| {
        let sig = sig.replace('/', "\\/");
        format!(
            "{{\"TLS.sig\":\"{sig}\",\"TLS.identifier\":\"{user}\",\"TLS.time\":{NOW},\"TLS.expire\":{WEEK},\"TLS.sdkappid\":1400000000,\"TLS.ver\":\"2.0\"}}"
        )
    });
    for (language, document) in [("go", go), ("python", python), ("php", php)] {
        for level in 0..=9 {
            let verified = check(&packed(&document, level), "bob", NOW);
            assert_eq!(verified.map(|v| v.expires), Ok(NOW + WEEK), "{language} at level {level}");
        }
    }
}

#[test]
fn a_stored_stream_begins_as_the_go_signer_writes_it() {
    let sig = packed(&written("bob", None, |_, _, _| "{}".to_owned()), 0);
    assert!(sig.starts_with("eAEB"), "{sig}");
    assert_eq!(
        read_unverified(&sig),
        Err(CredentialError::Field { name: "TLS.identifier", rule: "is missing" })
    );
}

#[test]
fn non_ascii_users_are_understood_with_and_without_escapes() {
    let name = "李雷😀";
    let plain = |user: &str, sig: &str, _: &str| {
        json!({"TLS.identifier": user, "TLS.sdkappid": 1_400_000_000, "TLS.time": NOW, "TLS.expire": WEEK, "TLS.sig": sig})
            .to_string()
    };
    let document = written(name, None, plain);
    let escaped = document.replace(name, "\\u674e\\u96f7\\ud83d\\ude00");
    assert_ne!(document, escaped);
    for document in [document, escaped] {
        assert!(check(&packed(&document, 6), name, NOW).is_ok(), "{document}");
    }
    let half = written(name, None, plain).replace(name, "\\ud83d");
    assert_eq!(check(&packed(&half, 6), name, NOW), Err(CredentialError::NotJson));
}

/// Old Java signers write the userbuf in lines of 76 characters and sign it so.
#[test]
fn a_userbuf_with_line_breaks_is_verified_as_it_was_signed() {
    let bytes = vec![7; 90];
    let encoded = STANDARD.encode(&bytes);
    for line_end in ["\n", "\r\n"] {
        let lines = format!("{}{line_end}{}", &encoded[..76], &encoded[76..]);
        let document = written("bob", Some(&lines), |user, sig, userbuf| {
            json!({"TLS.ver": "2.0", "TLS.identifier": user, "TLS.sdkappid": 1_400_000_000, "TLS.time": NOW,
                   "TLS.expire": WEEK, "TLS.userbuf": userbuf, "TLS.sig": sig})
            .to_string()
        });
        assert_eq!(check(&packed(&document, 6), "bob", NOW).unwrap().userbuf.as_ref(), Some(&bytes));
    }
}

#[test]
fn an_empty_userbuf_is_not_the_same_as_none() {
    let with = mint(app(), &secret(), &user("bob"), NOW, WEEK, Some(b""));
    assert_eq!(check(&with, "bob", NOW).unwrap().userbuf, Some(Vec::new()));
    let without = mint(app(), &secret(), &user("bob"), NOW, WEEK, None);
    assert_eq!(check(&without, "bob", NOW).unwrap().userbuf, None);
}

#[test]
fn of_several_faults_the_vendors_first_one_is_reported() {
    let wrong = Redacted::new("another secret of another app".to_owned());
    let other_app = AppId::new(5).unwrap();
    let expired = NOW + WEEK + 1;
    let all = mint(other_app, &wrong, &user("eve"), NOW, WEEK, None);
    assert_eq!(check(&all, "bob", expired), Err(CredentialError::OtherApp { found: 5, expected: app() }));
    let three = mint(app(), &wrong, &user("eve"), NOW, WEEK, None);
    let other = CredentialError::OtherUser { found: "eve".to_owned(), expected: user("bob") };
    assert_eq!(check(&three, "bob", expired), Err(other));
    let two = mint(app(), &wrong, &user("bob"), NOW, WEEK, None);
    assert_eq!(check(&two, "bob", expired), Err(CredentialError::Expired { seconds_ago: 1 }));
    assert_eq!(check(&two, "bob", NOW), Err(CredentialError::Mismatch { app: app() }));
}

#[test]
fn each_fault_has_its_codes_and_a_sentence() {
    use ErrorCode::{BadCredential, CredentialExpired, CredentialForOther, CredentialMismatch, UnknownApp};
    let cases = [
        (CredentialError::Empty, BadCredential, 70003, "The UserSig is empty."),
        (CredentialError::Truncated, BadCredential, 70003, "cut off"),
        (CredentialError::NotJson, BadCredential, 70005, "JSON object"),
        (CredentialError::UnknownApp { app: app() }, UnknownApp, 70020, "application 1400000000"),
        (
            CredentialError::OtherApp { found: 1, expected: app() },
            CredentialForOther,
            70014,
            "application 1,",
        ),
        (
            CredentialError::OtherUser { found: "a\"b".to_owned(), expected: user("bob") },
            CredentialForOther,
            70013,
            r#"user "a\"b", not for "bob""#,
        ),
        (CredentialError::Expired { seconds_ago: 61 }, CredentialExpired, 70001, "expired 61 s ago"),
        (CredentialError::Mismatch { app: app() }, CredentialMismatch, 70009, "the same secret"),
    ];
    for (error, code, im_code, part) in cases {
        let fault = error.fault();
        assert_eq!((fault.code, error.im_code()), (code, im_code), "{error}");
        assert!(fault.message.contains(part) && fault.message.ends_with('.'), "{error}");
    }
}

/// One document whose fields are replaced one at a time; `None` removes the field.
fn with_field(name: &str, value: Option<serde_json::Value>) -> Result<Verified, CredentialError> {
    let text = document::signed_text("bob", 1_400_000_000, NOW, WEEK, None);
    let sig = STANDARD.encode(hash::tag(secret().reveal().as_bytes(), text.as_bytes()));
    let mut object = json!({"TLS.ver": "2.0", "TLS.identifier": "bob", "TLS.sdkappid": 1_400_000_000,
        "TLS.time": NOW, "TLS.expire": WEEK, "TLS.sig": sig});
    match value {
        Some(value) => object[name] = value,
        None => _ = object.as_object_mut().unwrap().remove(name),
    }
    check(&packed(&object.to_string(), 6), "bob", NOW)
}

#[test]
fn each_field_is_checked_by_name() {
    let number = "must be a whole number that is not negative";
    let cases = [
        ("TLS.identifier", None, "is missing"),
        ("TLS.identifier", Some(json!(7)), "must be a text"),
        ("TLS.sdkappid", None, "is missing"),
        ("TLS.sdkappid", Some(json!("1400000000")), number),
        ("TLS.sdkappid", Some(json!(-1)), number),
        ("TLS.time", None, "is missing"),
        ("TLS.time", Some(json!(1.5)), number),
        ("TLS.time", Some(json!(1e30)), number),
        ("TLS.expire", None, "is missing"),
        ("TLS.expire", Some(json!(-5)), number),
        ("TLS.expire", Some(json!(u64::MAX)), "reaches beyond the end of time"),
        ("TLS.sig", None, "is missing"),
        ("TLS.sig", Some(json!("AAAA")), "is not the base64 text of 32 bytes"),
        ("TLS.sig", Some(json!("?")), "is not the base64 text of 32 bytes"),
        ("TLS.userbuf", Some(json!(1)), "must be a text"),
        ("TLS.userbuf", Some(json!("?")), "is not base64"),
    ];
    for (name, value, rule) in cases {
        let shown = format!("{name} {value:?}");
        assert_eq!(with_field(name, value), Err(CredentialError::Field { name, rule }), "{shown}");
    }
    assert!(with_field("TLS.ver", None).is_ok());
    assert!(with_field("TLS.later", Some(json!([1, {"a": null}]))).is_ok());
    assert!(with_field("TLS.userbuf", Some(json!(null))).is_ok());
    assert!(matches!(
        with_field("TLS.ver", Some(json!("201512300000"))),
        Err(CredentialError::Version { .. })
    ));
    assert!(matches!(with_field("TLS.userbuf", Some(json!("AAAA"))), Err(CredentialError::Mismatch { .. })));
    assert!(matches!(
        with_field("TLS.sdkappid", Some(json!(u64::MAX))),
        Err(CredentialError::OtherApp { .. })
    ));
}

#[test]
fn documents_that_are_no_object_with_distinct_keys_are_refused() {
    let deep = "[".repeat(5000);
    let cases =
        ["", " ", "null", "7", "[\"2.0\"]", "{", "{}x", "{\"TLS.ver\":\"2.0\",\"TLS.ver\":\"2.0\"}", &deep];
    for document in cases {
        assert_eq!(read_unverified(&packed(document, 6)), Err(CredentialError::NotJson), "{document:.20}");
    }
}

#[test]
fn a_foreign_user_of_any_length_is_quoted_only_in_part() {
    let long = "x".repeat(20_000);
    let document = written(&long, None, |user, sig, _| {
        json!({"TLS.identifier": user, "TLS.sdkappid": 1_400_000_000, "TLS.time": NOW, "TLS.expire": WEEK, "TLS.sig": sig})
            .to_string()
    });
    let sentence = check(&packed(&document, 9), "bob", NOW).unwrap_err().to_string();
    assert!(sentence.len() < 200 && sentence.contains("xxx…"), "{sentence}");
}

#[test]
fn texts_outside_the_alphabet_name_the_character() {
    assert_eq!(check("", "bob", NOW), Err(CredentialError::Empty));
    assert_eq!(check("eJ yr", "bob", NOW), Err(CredentialError::Alphabet { found: ' ' }));
    assert_eq!(check("eJ%2B", "bob", NOW), Err(CredentialError::Alphabet { found: '%' }));
    assert_eq!(check("eJyr_A", "bob", NOW), Err(CredentialError::Encoding));
    assert_eq!(check("AAAA", "bob", NOW), Err(CredentialError::Compression));
}

/// The plain base64 characters are taken for the altered ones, as the vendors' verifiers do.
#[test]
fn the_unaltered_alphabet_is_taken_too() {
    let plain = NPM.replace('*', "+").replace('-', "/").replace('_', "=");
    assert_ne!(plain, NPM);
    assert!(check(&plain, "xiaojun", NOW).is_ok());
}

proptest! {
    #[test]
    fn what_is_minted_is_valid_for_its_user_and_time_only(
        name in "[a-zA-Z0-9_-]{1,32}|[^\\pC]{1,20}", other in "[a-z]{1,8}", age in 0u64..2000, life in 0u64..1000,
        userbuf in prop::option::of(prop::collection::vec(any::<u8>(), 0..300)),
    ) {
        prop_assume!(UserId::new(&name).is_ok());
        let sig = mint(app(), &secret(), &user(&name), NOW, life, userbuf.as_deref());
        let verified = check(&sig, &name, NOW + age);
        prop_assert_eq!(verified.is_ok(), age <= life);
        if let Ok(verified) = verified {
            prop_assert_eq!((verified.issued, verified.expires), (NOW, NOW + life));
            prop_assert_eq!(verified.userbuf, userbuf);
        }
        if other != name {
            prop_assert!(check(&sig, &other, NOW).is_err());
        }
        let another = Redacted::new(format!("{}0", secret().reveal()));
        prop_assert!(verify(app(), &another, &user(&name), &sig, NOW).is_err());
    }

    /// A compressed stream has several writings (unused bits at its end, for one), so a changed text may
    /// still say the same; it never says anything else.
    #[test]
    fn a_changed_text_fails_or_says_the_same(
        at: prop::sample::Index, to in "[ -~]", drop: bool, userbuf in prop::option::of(any::<[u8; 40]>()),
    ) {
        let sig = mint(app(), &secret(), &user("bob"), NOW, WEEK, userbuf.as_ref().map(|bytes| &bytes[..]));
        let told = check(&sig, "bob", NOW).unwrap();
        let at = at.index(sig.len());
        let mut changed = sig.clone();
        changed.replace_range(at..=at, if drop { "" } else { &to });
        if let Ok(now_told) = check(&changed, "bob", NOW) {
            prop_assert_eq!(now_told, told);
        }
    }

    /// Any change inside the document, however well packed, is noticed by the signature or before.
    #[test]
    fn a_changed_document_fails_or_says_the_same(at: prop::sample::Index, to: u8) {
        let sig = mint(app(), &secret(), &user("bob"), NOW, WEEK, Some(b"bound"));
        let mut document = envelope::open(&sig).unwrap();
        let at = at.index(document.len());
        document[at] = to;
        if let Ok(told) = check(&envelope::seal(&document), "bob", NOW) {
            prop_assert_eq!(told, check(&sig, "bob", NOW).unwrap());
        }
    }

    #[test]
    fn no_document_makes_it_panic(document in prop::collection::vec(any::<u8>(), 0..300), text in "\\PC*") {
        let _ = document::parse(&document);
        let _ = document::parse(text.as_bytes());
        let _ = check(&envelope::seal(&document), "bob", NOW);
        let _ = check(&text, "bob", NOW);
    }
}
