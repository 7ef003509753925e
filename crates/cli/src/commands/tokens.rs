//! `huitong usersig` and `huitong apitoken`

use super::{Identity, print};
use crate::args::{ApiToken, UserSig};
use crate::failure::Failure;

pub(super) fn user_sig(args: &UserSig) -> Result<(), Failure> {
    let identity = Identity::of(&args.app)?;
    print(&args.user)
}

pub(super) fn api_token(args: &ApiToken) -> Result<(), Failure> {
    let identity = Identity::of(&args.app)?;
    print("")
}
