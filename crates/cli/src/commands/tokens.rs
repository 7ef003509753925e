//! `huitong usersig` and `huitong apitoken`

use super::{identity, print};
use crate::args::{ApiToken, UserSig};
use crate::failure::Failure;
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

pub(super) fn api_token(args: &ApiToken) -> Result<(), Failure> {
    let identity = identity(&args.app)?;
    let expires = unix_seconds() + u64::from(args.expire);
    print(&huitong_auth::mint_api_token(identity.app, identity.secret.as_redacted(), expires))
}
