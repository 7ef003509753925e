//! `huitong usersig`, `huitong authbuffer` and `huitong apitoken`

use super::{identity, print, print_bytes};
use crate::args::{ApiToken, AuthBuffer, UserSig};
use crate::failure::Failure;
use huitong_auth::authbuffer::{self, Form, Key, VoiceRoom, VoiceUser};
use huitong_server::unix_seconds;
use huitong_types::{AppId, UserId};
use std::io::Read;

pub(super) fn user_sig(args: &UserSig) -> Result<(), Failure> {
    let identity = identity(&args.app)?;
    let user =
        UserId::new(&args.user).map_err(|error| Failure::usage(format!("--user is not valid: {error}.")))?;
    let secret = identity.secret.as_redacted();
    let expire = u64::from(args.expire);
    print(&huitong_auth::usersig::mint(identity.app, secret, &user, unix_seconds(), expire, None))
}

pub(super) fn auth_buffer(args: &AuthBuffer) -> Result<(), Failure> {
    let identity = identity(&args.app)?;
    let secret = identity.secret.as_redacted();
    let key = if args.md5 { Key::md5(secret) } else { Key::of(secret) };
    if let Some(given) = &args.read {
        return read(identity.app, &key, given);
    }
    let [user, room] = [&args.user, &args.room].map(|text| text.as_deref().unwrap_or_default());
    let user =
        VoiceUser::parse(user).map_err(|error| Failure::usage(format!("--user is not valid: {error}.")))?;
    let room =
        VoiceRoom::parse(room).map_err(|error| Failure::usage(format!("--room is not valid: {error}.")))?;
    let mut random = [0; authbuffer::RANDOM_BYTES];
    getrandom::fill(&mut random).map_err(|error| {
        Failure::refused(format!(
            "The system gives no random bytes ({error}); try again when it has started."
        ))
    })?;
    let expire = u64::from(args.expire);
    let minted = authbuffer::mint(identity.app, &key, user, &room, unix_seconds(), expire, random);
    let form = match &args.form {
        chosen if chosen.raw => Form::Raw,
        chosen if chosen.hex => Form::Hex,
        _ => Form::Base64,
    };
    let mut written = form.write(&minted);
    if form != Form::Raw {
        written.push(b'\n');
    }
    print_bytes(&written)
}

/// Prints what is in an authBuffer: one `name value` per line.
fn read(app: AppId, key: &Key, given: &str) -> Result<(), Failure> {
    let given = if given == "-" { from_stdin()? } else { given.as_bytes().to_vec() };
    let contents = authbuffer::read(app, key, &given).map_err(|error| Failure::refused(error.to_string()))?;
    let (expires, now) = (contents.expires_unix, unix_seconds());
    let when = match expires.checked_sub(now) {
        Some(left) => format!("in {left} s"),
        None => format!("{} s ago", now - expires),
    };
    // A signer may have written anything.
    let plain = |text: &str| text.escape_debug().to_string();
    let room =
        if contents.room.is_empty() { "none: for voice messages".to_owned() } else { plain(&contents.room) };
    print(&format!(
        "app {}\nuser {}\nroom {room}\nexpires {expires} ({when})\nprivileges {:#x}",
        contents.app,
        plain(&contents.user),
        contents.privileges.bits()
    ))
}

fn from_stdin() -> Result<Vec<u8>, Failure> {
    let mut given = Vec::new();
    // One byte more than is read shows that it is too much.
    let most = authbuffer::GIVEN_MAX_BYTES as u64 + 1;
    std::io::stdin()
        .take(most)
        .read_to_end(&mut given)
        .map_err(|error| Failure::refused(format!("The standard input cannot be read ({error}).")))?;
    Ok(given)
}

pub(super) fn api_token(args: &ApiToken) -> Result<(), Failure> {
    let identity = identity(&args.app)?;
    let expires = unix_seconds() + u64::from(args.expire);
    print(&huitong_auth::mint_api_token(identity.app, identity.secret.as_redacted(), expires))
}
