use super::*;
use proptest::prelude::*;

const NOW: u64 = 1_700_000_000;

fn app() -> AppId {
    AppId::new(1_400_000_000).unwrap()
}

fn secret() -> Redacted<String> {
    Redacted::new("0123456789abcdef0123456789abcdef".to_owned())
}

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

/// A key of `alice` with an arbitrary userbuf, correctly signed.
fn signed(userbuf: Option<&[u8]>) -> String {
    usersig::mint(app(), &secret(), &user("alice"), NOW, 300, userbuf)
}

fn enter(key: &str, room: &RoomId, now: u64) -> Result<RoomKey, RoomKeyError> {
    verify(app(), &secret(), &user("alice"), room, key, now)
}

#[test]
fn a_key_opens_its_room_until_its_last_second() {
    let room = RoomId::number(10000).unwrap();
    let key = mint(app(), &secret(), &user("alice"), &room, Privileges::from_bits(42), NOW, 300);
    let opened = enter(&key, &room, NOW + 300).unwrap();
    assert_eq!(opened.expires_unix, NOW + 300);
    assert_eq!(opened.privileges, Privileges::from_bits(42));
    assert!(opened.privileges.allows(Privileges::ENTER));
    assert!(!opened.privileges.allows(Privileges::CREATE));
    let error = enter(&key, &room, NOW + 301).unwrap_err();
    assert_eq!(error.to_string(), "The privateMapKey expired 1 s ago; get a new one from the token server.");
    assert_eq!(error.fault().code, ErrorCode::RoomKeyRequired);
}

#[test]
fn a_key_for_the_numeric_room_does_not_open_the_named_room_with_the_same_digits() {
    let (number, name) = (RoomId::parse("123").unwrap(), RoomId::parse("@123").unwrap());
    let key = mint(app(), &secret(), &user("alice"), &number, Privileges::ALL, NOW, 300);
    assert_eq!(
        enter(&key, &name, NOW).unwrap_err().to_string(),
        "The privateMapKey is for the numeric room 123, not for the named room \"123\"."
    );
    let key = mint(app(), &secret(), &user("alice"), &name, Privileges::ALL, NOW, 300);
    assert!(enter(&key, &name, NOW).is_ok());
    assert!(matches!(enter(&key, &number, NOW), Err(RoomKeyError::OtherRoom { .. })));
}

#[test]
fn a_plain_user_sig_is_no_room_key() {
    let room = RoomId::number(1).unwrap();
    assert_eq!(enter(&signed(None), &room, NOW), Err(RoomKeyError::NoUserbuf));
    assert!(matches!(enter(&signed(Some(b"abc")), &room, NOW), Err(RoomKeyError::Layout(_))));
    assert!(matches!(enter("", &room, NOW), Err(RoomKeyError::Credential(CredentialError::Empty))));
    assert_eq!(enter("", &room, NOW).unwrap_err().to_string(), "The privateMapKey is empty.");
}

/// The UserSig around it is right, so only the userbuf tells that it was copied from another key.
#[test]
fn a_userbuf_of_another_user_or_application_or_an_earlier_time_is_refused() {
    let room = RoomId::number(1).unwrap();
    let other_app = AppId::new(5).unwrap();
    let buf = |app, name: &str, expires| layout::encode(app, &user(name), &room, expires, Privileges::ALL);
    let found = |userbuf: &[u8]| enter(&signed(Some(userbuf)), &room, NOW);
    assert!(matches!(found(&buf(other_app, "alice", NOW)), Err(RoomKeyError::OtherApp { found: 5, .. })));
    assert!(matches!(found(&buf(app(), "bob", NOW)), Err(RoomKeyError::OtherUser { .. })));
    assert_eq!(found(&buf(app(), "alice", NOW - 9)), Err(RoomKeyError::Expired { seconds_ago: 9 }));
    assert_eq!(found(&buf(app(), "alice", NOW + 9)).unwrap().expires_unix, NOW + 9);
}

#[test]
fn an_expiry_beyond_32_bits_lasts_as_long_as_the_format_can_say() {
    let room = RoomId::number(1).unwrap();
    let key = mint(app(), &secret(), &user("alice"), &room, Privileges::ALL, NOW, u64::MAX - NOW);
    assert_eq!(enter(&key, &room, NOW).unwrap().expires_unix, u64::from(u32::MAX));
}

proptest! {
    #[test]
    fn what_is_minted_opens_exactly_its_room(
        number in 1u32.., other in 1u32.., name in "[ -~]{1,60}", bits: u32, age in 0u64..=600, named: bool,
    ) {
        let room = if named { RoomId::text(&name).unwrap() } else { RoomId::Number(number) };
        let key = mint(app(), &secret(), &user("alice"), &room, Privileges::from_bits(bits), NOW, 300);
        let opened = enter(&key, &room, NOW + age);
        prop_assert_eq!(opened.is_ok(), age <= 300);
        if let Ok(opened) = opened {
            prop_assert_eq!((opened.privileges.bits(), opened.room), (bits, room.clone()));
        }
        if RoomId::Number(other) != room {
            prop_assert!(enter(&key, &RoomId::Number(other), NOW).is_err());
        }
        prop_assert!(verify(app(), &secret(), &user("bob"), &room, &key, NOW).is_err());
    }
}
