//! The body of the fuzz target `usersig`, shared with the test that replays its corpus.

use crate::{room_key, usersig};
use huitong_types::{AppId, Redacted, RoomId, UserId};

const NOW: u64 = 1_700_000_000;

/// Feeds the input to every parser of this crate that reads what a stranger sends: as a whole UserSig, as
/// the document inside one (so that the fuzzer need not find the compression), and as the userbuf of a
/// PrivateMapKey that is signed correctly (so that it need not find the signature).
///
/// # Panics
/// When a refusal has no sentence, or an accepted room key does not say what it was minted for.
pub fn usersig(data: &[u8]) {
    let secret = Redacted::new("5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e".to_owned());
    let (Ok(app), Ok(user), Ok(room)) =
        (AppId::new(1_400_000_000), UserId::new("xiaojun"), RoomId::number(10000))
    else {
        return;
    };
    let whole = std::str::from_utf8(data).ok().map(str::to_owned);
    for sig in whole.into_iter().chain([usersig::seal(data)]) {
        match usersig::verify(app, &secret, &user, &sig, NOW) {
            Ok(verified) => assert!(verified.expires >= NOW),
            Err(error) => assert!(error.to_string().ends_with('.') && error.im_code() > 70000),
        }
    }
    let key = usersig::mint(app, &secret, &user, NOW, 300, Some(data));
    match room_key::verify(app, &secret, &user, &room, &key, NOW) {
        Ok(opened) => assert!(opened.room == room && opened.user == user && opened.expires_unix >= NOW),
        Err(error) => assert!(error.to_string().ends_with('.')),
    }
}
