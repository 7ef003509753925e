//! `huitong usersig`, `huitong authbuffer` and `huitong apitoken`

use super::{identity, print, print_bytes};
use crate::args::{ApiToken, AuthBuffer, UserSig};
use crate::failure::Failure;
use huitong_auth::authbuffer::{self, Form, Key, VoiceRoom, VoiceUser};
use huitong_server::unix_seconds;
use huitong_types::UserId;

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
    let user = VoiceUser::parse(&args.user)
        .map_err(|error| Failure::usage(format!("--user is not valid: {error}.")))?;
    let room = VoiceRoom::parse(&args.room)
        .map_err(|error| Failure::usage(format!("--room is not valid: {error}.")))?;
    let secret = identity.secret.as_redacted();
    let key = if args.md5 { Key::md5(secret) } else { Key::of(secret) };
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

pub(super) fn api_token(args: &ApiToken) -> Result<(), Failure> {
    let identity = identity(&args.app)?;
    let expires = unix_seconds() + u64::from(args.expire);
    print(&huitong_auth::mint_api_token(identity.app, identity.secret.as_redacted(), expires))
}
