//! Credentials: proving who somebody is and what they may do, with nothing but an application's secret.
//!
//! - [`usersig`] mints and verifies the vendors' UserSig, so that existing token servers keep working.
//! - [`room_key`] does the same for the PrivateMapKey, which limits a user to one room and some privileges.
//! - [`authbuffer`] mints and verifies the authBuffer, the ticket of voice rooms.
//! - [`stream_keys`] makes the keys inside media URLs; a play key carries its own proof.
//! - [`conference_ticket`] writes and reads tickets to conferences.
//! - [`seal`] proves texts that the server handed out itself.
//! - [`api_token`] authenticates back-ends on the REST API.
//! - [`app_secret`] is the rule for the secret itself and the `APPID:SECRET` notation.
//!
//! Nothing here reads a clock or a random source: the time is an argument in Unix seconds.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

pub mod api_token;
pub mod app_secret;
pub mod authbuffer;
pub mod conference_ticket;
pub mod room_key;
pub mod seal;
pub mod stream_keys;
pub mod usersig;

mod hash;

pub use api_token::{
    ApiAuthError, mint_api_token, verify_api_token, verify_authorization, verify_basic, verify_operator,
};
pub use app_secret::{AppCredential, AppCredentialError, AppSecret, SecretError, split_list};
pub use authbuffer::AuthBufferError;
pub use conference_ticket::{TicketKeys, TicketNumbers};
pub use room_key::{RoomKey, RoomKeyError};
pub use seal::Seals;
pub use stream_keys::{PlayKeys, push_key_from_random};
pub use usersig::{CredentialError, Verified};
