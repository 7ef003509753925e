//! AMF against vectors from the specifications and from real senders.

use bytes::BytesMut;
use huitong_rtmp::amf::{AmfError, Value, decode_all, encode, encode_all, skip_string};
use huitong_rtmp::limits::{MAX_AMF_DEPTH, MAX_AMF_VALUES};
use proptest::prelude::*;

fn encoded(values: &[Value]) -> BytesMut {
    let mut out = BytesMut::new();
    encode_all(values, &mut out);
    out
}

fn one(bytes: &[u8]) -> Result<Value, AmfError> {
    decode_all(bytes).map(|mut values| values.remove(0))
}

#[test]
fn amf0_scalars_have_their_documented_bytes() {
    let vectors: [(Value, &[u8]); 8] = [
        (Value::Number(1.0), &[0, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0]),
        (Value::Boolean(true), &[1, 1]),
        (Value::string("live"), b"\x02\x00\x04live"),
        (Value::Null, &[5]),
        (Value::Undefined, &[6]),
        (Value::Date { unix_ms: 0.0, zone_minutes: -1 }, &[0x0b, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]),
        (Value::Xml("<a/>".into()), b"\x0f\x00\x00\x00\x04<a/>"),
        (Value::StrictArray(vec![Value::Null]), &[0x0a, 0, 0, 0, 1, 5]),
    ];
    for (value, bytes) in vectors {
        assert_eq!(&encoded(std::slice::from_ref(&value))[..], bytes);
        assert_eq!(one(bytes).unwrap(), value);
    }
}

#[test]
fn amf0_objects_keep_their_members_in_order() {
    let members = vec![("b".to_owned(), Value::Number(2.0)), ("a".to_owned(), Value::Boolean(false))];
    let typed = Value::TypedObject { class: "C".into(), members: members.clone() };
    for value in [Value::Object(members.clone()), Value::EcmaArray(members.clone()), typed] {
        assert_eq!(one(&encoded(std::slice::from_ref(&value))).unwrap(), value);
        assert_eq!(value.get("a"), Some(&Value::Boolean(false)));
        assert_eq!(value.get("c"), None);
    }
}

#[test]
fn a_long_string_round_trips() {
    let value = Value::String("x".repeat(70_000));
    let bytes = encoded(std::slice::from_ref(&value));
    assert_eq!(bytes[0], 0x0c);
    assert_eq!(one(&bytes).unwrap(), value);
}

#[test]
fn an_associative_array_may_end_with_the_message() {
    let bytes = b"\x08\x00\x00\x00\x01\x00\x01a\x05";
    assert_eq!(one(bytes).unwrap(), Value::EcmaArray(vec![("a".to_owned(), Value::Null)]));
    // Not so before it has what it announced, and an object never.
    assert_eq!(one(b"\x08\x00\x00\x00\x02\x00\x01a\x05"), Err(AmfError::Short));
    assert_eq!(one(b"\x03\x00\x01a\x05"), Err(AmfError::Short));
}

#[test]
fn text_that_is_not_utf8_is_kept_readable() {
    assert_eq!(one(b"\x02\x00\x02a\xff").unwrap(), Value::string("a\u{fffd}"));
}

#[test]
fn references_and_reserved_markers_are_refused() {
    assert_eq!(one(&[7, 0, 0]), Err(AmfError::Reference));
    assert_eq!(one(&[4]), Err(AmfError::Marker(4)));
    assert_eq!(one(&[0xff]), Err(AmfError::Marker(0xff)));
    assert_eq!(one(&[0x11, 0x0a, 0x00]), Err(AmfError::Reference));
    assert_eq!(one(&[0x11, 0x06, 0x04]), Err(AmfError::DanglingReference));
    assert_eq!(one(&[0x11, 0x0d]), Err(AmfError::Marker(0x0d)));
}

#[test]
fn depth_and_number_of_values_are_bounded() {
    let deep = b"\x0a\x00\x00\x00\x01".repeat(MAX_AMF_DEPTH + 1);
    assert_eq!(one(&deep), Err(AmfError::TooDeep));
    assert_eq!(decode_all(&vec![5; MAX_AMF_VALUES + 1]), Err(AmfError::TooMany));
    assert_eq!(decode_all(&vec![5; MAX_AMF_VALUES]).unwrap().len(), MAX_AMF_VALUES);
    // A giant announced count costs nothing.
    assert_eq!(one(&[0x0a, 0xff, 0xff, 0xff, 0xff, 5]), Err(AmfError::Short));
}

#[test]
fn amf3_integers_have_29_signed_bits() {
    let cases: [(&[u8], f64); 6] = [
        (&[0x11, 4, 0x7f], 127.0),
        (&[0x11, 4, 0x81, 0x00], 128.0),
        (&[0x11, 4, 0x81, 0x80, 0x00], 16_384.0),
        (&[0x11, 4, 0xbf, 0xff, 0xff, 0xff], 268_435_455.0),
        (&[0x11, 4, 0xc0, 0x80, 0x80, 0x00], -268_435_456.0),
        (&[0x11, 4, 0xff, 0xff, 0xff, 0xff], -1.0),
    ];
    for (bytes, expected) in cases {
        assert_eq!(one(bytes).unwrap(), Value::Number(expected));
    }
}

#[test]
fn amf3_objects_strings_and_arrays_are_read() {
    // { app: "live", n: "live" by reference }, dynamic and anonymous.
    let object = b"\x11\x0a\x0b\x01\x07app\x06\x09live\x03n\x06\x02\x01";
    let expected = vec![("app".to_owned(), Value::string("live")), ("n".to_owned(), Value::string("live"))];
    assert_eq!(one(object).unwrap(), Value::Object(expected));
    // Class P with the sealed member x, twice: the second time by trait reference.
    let sealed = b"\x11\x09\x05\x01\x0a\x13\x03P\x03x\x04\x01\x0a\x01\x04\x02";
    let object =
        |x: f64| Value::TypedObject { class: "P".into(), members: vec![("x".into(), Value::Number(x))] };
    assert_eq!(one(sealed).unwrap(), Value::StrictArray(vec![object(1.0), object(2.0)]));
    // An array with one named and one dense item.
    let mixed = b"\x11\x09\x03\x03k\x03\x01\x02";
    let expected = vec![("k".to_owned(), Value::Boolean(true)), ("0".to_owned(), Value::Boolean(false))];
    assert_eq!(one(mixed).unwrap(), Value::EcmaArray(expected));
    assert_eq!(one(b"\x11\x0c\x05ab").unwrap(), Value::Bytes(b"ab".to_vec()));
    let date = [&[0x11, 0x08, 0x01][..], &5.0f64.to_be_bytes()].concat();
    assert_eq!(one(&date).unwrap(), Value::Date { unix_ms: 5.0, zone_minutes: 0 });
}

#[test]
fn repeating_a_string_by_reference_is_bounded() {
    let mut bytes = b"\x11\x09\x8f\x7f\x01".to_vec();
    let text = vec![b'x'; 8000];
    bytes.extend_from_slice(&[0x06, 0x80 | (16_001u32 >> 7) as u8, (16_001 & 0x7f) as u8]);
    bytes.extend_from_slice(&text);
    for _ in 0..1000 {
        bytes.extend_from_slice(&[0x06, 0x00]);
    }
    assert_eq!(one(&bytes), Err(AmfError::TooMuchText));
}

#[test]
fn the_leading_string_is_found_without_decoding_the_rest() {
    assert_eq!(skip_string(b"\x02\x00\x02ab\xff\xff"), Some(("ab", &[0xff, 0xff][..])));
    assert_eq!(skip_string(b"\x02\x00\x09ab"), None);
    assert_eq!(skip_string(b"\x05"), None);
    assert_eq!(skip_string(b""), None);
}

fn value() -> impl Strategy<Value = Value> {
    let text = "[a-z\u{4e00}-\u{4e10}]{0,12}";
    let leaf = prop_oneof![
        any::<f64>().prop_filter("comparable", |number| !number.is_nan()).prop_map(Value::Number),
        any::<bool>().prop_map(Value::Boolean),
        text.prop_map(Value::String),
        text.prop_map(Value::Xml),
        Just(Value::Null),
        Just(Value::Undefined),
        any::<(i32, i16)>()
            .prop_map(|(ms, zone_minutes)| Value::Date { unix_ms: f64::from(ms), zone_minutes }),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let members = prop::collection::vec(("[a-z]{1,8}", inner.clone()), 0..6);
        prop_oneof![
            members.clone().prop_map(Value::Object),
            members.clone().prop_map(Value::EcmaArray),
            ("[A-Z]{1,4}", members).prop_map(|(class, members)| Value::TypedObject { class, members }),
            prop::collection::vec(inner, 0..6).prop_map(Value::StrictArray),
        ]
    })
}

proptest! {
    #[test]
    fn values_round_trip(values in prop::collection::vec(value(), 0..5)) {
        prop_assert_eq!(decode_all(&encoded(&values)).unwrap(), values);
    }

    #[test]
    fn any_bytes_decode_or_are_refused(data in prop::collection::vec(any::<u8>(), 0..500)) {
        if let Ok(values) = decode_all(&data) {
            for value in &values {
                encode(value, &mut BytesMut::new());
            }
        }
        let _ = decode_all(&[&[0x11][..], &data].concat());
    }
}
