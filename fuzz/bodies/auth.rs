//! What the fuzzer does with bytes for the auth crate. The crate's test `replays_corpus` does the same with every file
//! of the corpus.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, write::ZlibEncoder};
use huitong_auth::authbuffer::{self, Form, Key, VoiceRoom, VoiceUser};
use huitong_auth::{room_key, usersig, verify_authorization};
use huitong_types::{AppId, Redacted, RoomId, UserId};
use std::io::Write as _;

const NOW: u64 = 1_700_000_000;

/// The input is read by every parser of what a stranger sends: as a whole UserSig and as an Authorization header; as
/// the document inside a UserSig, so that the fuzzer need not find the compression; and as the userbuf of a
/// PrivateMapKey that is signed correctly, so that it need not find the signature.
pub(crate) fn usersig(data: &[u8]) {
    let secret = Redacted::new("5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e".to_owned());
    let app = AppId::new(1_400_000_000).expect("in range");
    let user = UserId::new("xiaojun").expect("of the alphabet");
    let room = RoomId::number(10000).expect("in range");

    let whole = std::str::from_utf8(data).ok();
    for sig in whole.map(str::to_owned).into_iter().chain([sealed(data)]) {
        match usersig::verify(app, &secret, &user, &sig, NOW) {
            Ok(told) => {
                assert!(told.expires >= NOW);
                let life = told.expires - told.issued;
                let again = usersig::mint(app, &secret, &user, told.issued, life, told.userbuf.as_deref());
                assert_eq!(usersig::verify(app, &secret, &user, &again, NOW), Ok(told));
            }
            Err(error) => assert!(error.to_string().ends_with('.') && error.im_code() > 70000),
        }
    }
    if let Some(header) = whole {
        assert!(verify_authorization(header, NOW, |asked| (asked == app).then_some(&secret)).is_err());
    }
    let key = usersig::mint(app, &secret, &user, NOW, 300, Some(data));
    match room_key::verify(app, &secret, &user, &room, &key, NOW) {
        Ok(opened) => {
            let life = opened.expires_unix - NOW;
            let again = room_key::mint(app, &secret, &user, &room, opened.privileges, NOW, life);
            assert_eq!(room_key::verify(app, &secret, &user, &room, &again, NOW), Ok(opened));
        }
        Err(error) => assert!(error.to_string().ends_with('.')),
    }
}

fn sealed(document: &[u8]) -> String {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(document).expect("memory takes everything");
    STANDARD.encode(encoder.finish().expect("memory takes everything"))
}

/// The input is read as an authBuffer in whatever form, and as the body of one that is encrypted correctly, so that the
/// fuzzer need not find the key. What opens the room opens it in every form and says no more than a mint of ours would.
pub(crate) fn authbuffer(data: &[u8]) {
    let key = Key::of(&Redacted::new("0123456789abcdef".to_owned()));
    let app = AppId::new(1_400_000_001).expect("in range");
    let user = VoiceUser::new(10001);
    let room = VoiceRoom::parse("123").expect("of the alphabet");
    let enter = |given: &[u8]| authbuffer::verify(app, &key, user, &room, given, NOW);

    let sealed = authbuffer::seal(&key, data, [0x5a; authbuffer::RANDOM_BYTES]);
    for given in [data, &sealed] {
        match enter(given) {
            Ok(told) => {
                assert_eq!((told.app, told.user, &told.room), (app, user, &room));
                let life = told.expires_unix.checked_sub(NOW).expect("valid now");
                let again =
                    authbuffer::mint(app, &key, user, &room, NOW, life, [0; authbuffer::RANDOM_BYTES]);
                let again = enter(&again).expect("ours opens it too");
                assert_eq!((again.expires_unix, again.room), (told.expires_unix, told.room));
                assert!(again.privileges.allows(told.privileges));
            }
            Err(error) => assert!(error.to_string().ends_with('.')),
        }
    }
    // A short frame may by chance be a text.
    if !sealed.is_ascii() && sealed.len() * 2 <= authbuffer::GIVEN_MAX_BYTES {
        for form in [Form::Base64, Form::Hex] {
            assert_eq!(enter(&form.write(&sealed)), enter(&sealed));
        }
    }
}
