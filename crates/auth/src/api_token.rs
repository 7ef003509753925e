//! Authentication of back-ends on the REST API, with the application's secret.
//!
//! Two forms of the `Authorization` header are taken:
//!
//! - `Bearer <appid>.<expiry>.<proof>`: expiry in Unix seconds, proof = base64url without padding of
//!   `HMAC-SHA256(secret, "huitong-api/1|<appid>|<expiry>")`. The secret itself does not travel.
//! - `Basic base64(APPID:SECRET)`, what `curl -u APPID:SECRET` sends: for people, over TLS or on one machine.

use crate::app_secret::{app_id, decimal};
use crate::hash;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use huitong_types::{AppId, ErrorCode, Fault, Redacted};

/// Longest `Authorization` header that is read, bytes. The longest valid one, Basic with a secret of 128
/// characters, has under 200.
pub const HEADER_MAX_BYTES: usize = 512;

/// How the operator calls itself, and what parts that from its secret.
const OPERATOR: &str = "operator:";

/// Why a call to the REST API is refused. The sentence never contains what was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiAuthError {
    /// Longer than [`HEADER_MAX_BYTES`].
    #[error("The Authorization header is longer than {HEADER_MAX_BYTES} bytes.")]
    TooLong,
    /// Another scheme.
    #[error("The Authorization header is neither Bearer with an API token nor Basic with APPID:SECRET.")]
    Scheme,
    /// The token is not of its form.
    #[error(
        "The API token is not of the form <appid>.<expiry in Unix seconds>.<43 characters of base64url>."
    )]
    Token,
    /// The text after Basic is not of its form.
    #[error("The text after Basic is not the base64 of APPID:SECRET.")]
    Basic,
    /// The server does not serve the application.
    #[error("This server does not serve application {app}.")]
    UnknownApp {
        /// The application named.
        app: AppId,
    },
    /// Another secret.
    #[error("The secret is not that of application {app}; use the one that the server was started with.")]
    Mismatch {
        /// The application named.
        app: AppId,
    },
    /// Not what the operator says.
    #[error(
        "The credential is not the operator's, which is Basic with operator:SECRET and the secret of the configuration."
    )]
    Operator,
    /// The token was valid once.
    #[error("The API token expired {seconds_ago} s ago; mint a new one.")]
    Expired {
        /// For how long it has been expired, seconds.
        seconds_ago: u64,
    },
}

impl ApiAuthError {
    /// The row of the error table.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::TooLong | Self::Scheme | Self::Token | Self::Basic => ErrorCode::BadCredential,
            Self::UnknownApp { .. } => ErrorCode::UnknownApp,
            Self::Mismatch { .. } | Self::Operator => ErrorCode::CredentialMismatch,
            Self::Expired { .. } => ErrorCode::CredentialExpired,
        }
    }

    /// The error as it is reported to the caller.
    pub fn fault(&self) -> Fault {
        Fault::because(self.code(), self.to_string())
    }
}

impl From<ApiAuthError> for Fault {
    fn from(error: ApiAuthError) -> Self {
        error.fault()
    }
}

fn signed_text(app: AppId, expires_unix: u64) -> String {
    format!("huitong-api/1|{app}|{expires_unix}")
}

/// Mints a token that acts for `app` up to and including the second `expires_unix`. It is a secret: keep it out of logs.
pub fn mint_api_token(app: AppId, secret: &Redacted<String>, expires_unix: u64) -> String {
    let proof = hash::tag(secret.reveal().as_bytes(), signed_text(app, expires_unix).as_bytes());
    format!("{app}.{expires_unix}.{}", URL_SAFE_NO_PAD.encode(proof))
}

/// Verifies a bare token and returns the application it acts for. `lookup` knows the applications' secrets.
///
/// # Errors
/// The first check that fails: form, application, proof, expiry.
pub fn verify_api_token<'a>(
    token: &str,
    now_unix: u64,
    lookup: impl FnOnce(AppId) -> Option<&'a Redacted<String>>,
) -> Result<AppId, ApiAuthError> {
    let mut parts = token.splitn(3, '.');
    let mut part = || parts.next().ok_or(ApiAuthError::Token);
    let (app, expires, proof) = (part()?, part()?, part()?);
    let app = app_id(app).ok_or(ApiAuthError::Token)?;
    let expires = decimal(expires).ok_or(ApiAuthError::Token)?;
    let proof = URL_SAFE_NO_PAD.decode(proof).map_err(|_| ApiAuthError::Token)?;
    let secret = lookup(app).ok_or(ApiAuthError::UnknownApp { app })?;
    if !hash::has_tag(secret.reveal().as_bytes(), signed_text(app, expires).as_bytes(), &proof) {
        return Err(ApiAuthError::Mismatch { app });
    }
    if now_unix > expires {
        return Err(ApiAuthError::Expired { seconds_ago: now_unix - expires });
    }
    Ok(app)
}

/// Verifies the base64 text that follows `Basic` and returns the application it acts for.
///
/// # Errors
/// The first check that fails: form, application, secret.
pub fn verify_basic<'a>(
    credentials: &str,
    lookup: impl FnOnce(AppId) -> Option<&'a Redacted<String>>,
) -> Result<AppId, ApiAuthError> {
    let decoded = STANDARD.decode(credentials).map_err(|_| ApiAuthError::Basic)?;
    let text = std::str::from_utf8(&decoded).map_err(|_| ApiAuthError::Basic)?;
    let (app, given) = text.split_once(':').ok_or(ApiAuthError::Basic)?;
    let app = app_id(app).ok_or(ApiAuthError::Basic)?;
    let secret = lookup(app).ok_or(ApiAuthError::UnknownApp { app })?;
    if hash::same_secret(secret.reveal().as_bytes(), given.as_bytes()) {
        Ok(app)
    } else {
        Err(ApiAuthError::Mismatch { app })
    }
}

/// Verifies the value of an `Authorization` header, of either form, and returns the application it acts for.
///
/// # Errors
/// The first check that fails.
pub fn verify_authorization<'a>(
    header: &str,
    now_unix: u64,
    lookup: impl FnOnce(AppId) -> Option<&'a Redacted<String>>,
) -> Result<AppId, ApiAuthError> {
    if header.len() > HEADER_MAX_BYTES {
        return Err(ApiAuthError::TooLong);
    }
    let (scheme, value) = header.trim_ascii().split_once(' ').ok_or(ApiAuthError::Scheme)?;
    let value = value.trim_ascii_start();
    if scheme.eq_ignore_ascii_case("bearer") {
        verify_api_token(value, now_unix, lookup)
    } else if scheme.eq_ignore_ascii_case("basic") {
        verify_basic(value, lookup)
    } else {
        Err(ApiAuthError::Scheme)
    }
}

/// Verifies the value of an `Authorization` header of the server's operator: `Basic base64(operator:SECRET)`.
///
/// # Errors
/// Anything else, with one sentence for whatever is wrong.
pub fn verify_operator(header: &str, secret: &Redacted<String>) -> Result<(), ApiAuthError> {
    if header.len() > HEADER_MAX_BYTES {
        return Err(ApiAuthError::TooLong);
    }
    let (scheme, value) = header.trim_ascii().split_once(' ').ok_or(ApiAuthError::Operator)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(ApiAuthError::Operator);
    }
    let decoded = STANDARD.decode(value.trim_ascii_start()).map_err(|_| ApiAuthError::Operator)?;
    let given = decoded.strip_prefix(OPERATOR.as_bytes()).ok_or(ApiAuthError::Operator)?;
    // An empty secret is no secret.
    if secret.reveal().is_empty() || !hash::same_secret(secret.reveal().as_bytes(), given) {
        return Err(ApiAuthError::Operator);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: u64 = 1_700_000_000;

    fn app() -> AppId {
        AppId::new(1_400_000_000).unwrap()
    }

    fn secret() -> Redacted<String> {
        Redacted::new("0123456789abcdef:with-a-colon".to_owned())
    }

    fn check(header: &str) -> Result<AppId, ApiAuthError> {
        let secret = secret();
        verify_authorization(header, NOW, |asked| (asked == app()).then_some(&secret))
    }

    fn basic(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    /// The token can be made in any language: this one was computed with Python's `hmac` and `base64`.
    #[test]
    fn the_token_is_the_documented_one() {
        let token = mint_api_token(app(), &secret(), NOW);
        assert_eq!(token, "1400000000.1700000000.DAhDjVRKzobMSD3c04cpLIA31mYkagQzIHgE6SMZRT8");
        assert_eq!(check(&format!("Bearer {token}")), Ok(app()));
    }

    #[test]
    fn both_forms_of_the_header_are_taken() {
        let token = mint_api_token(app(), &secret(), NOW + 60);
        for scheme in ["Bearer", "bearer", "BEARER "] {
            assert_eq!(check(&format!("{scheme} {token}")), Ok(app()));
        }
        let pair = format!("1400000000:{}", secret().reveal());
        assert_eq!(check(&basic(&pair)), Ok(app()));
        assert_eq!(check(&basic(&pair).to_lowercase().replace("basic ", "BASIC ")), Err(ApiAuthError::Basic));
    }

    #[test]
    fn a_token_is_valid_through_its_last_second() {
        assert_eq!(check(&format!("Bearer {}", mint_api_token(app(), &secret(), NOW))), Ok(app()));
        let old = check(&format!("Bearer {}", mint_api_token(app(), &secret(), NOW - 1)));
        assert_eq!(old, Err(ApiAuthError::Expired { seconds_ago: 1 }));
    }

    #[test]
    fn each_refusal_names_its_reason() {
        use ApiAuthError::{Basic, Mismatch, Scheme, Token, TooLong, UnknownApp};
        let other = AppId::new(5).unwrap();
        let wrong = Redacted::new("another secret".to_owned());
        let token = |app, secret| format!("Bearer {}", mint_api_token(app, secret, NOW));
        let cases = [
            (String::new(), Scheme),
            ("Bearer".to_owned(), Scheme),
            ("Digest abc".to_owned(), Scheme),
            ("x".repeat(HEADER_MAX_BYTES + 1), TooLong),
            ("Bearer 1400000000.1700000000".to_owned(), Token),
            ("Bearer 1400000000.1700000000.!".to_owned(), Token),
            ("Bearer 01400000000.1700000000.AA".to_owned(), Token),
            ("Bearer 1400000000.-1.AA".to_owned(), Token),
            ("Bearer 1400000000.99999999999999999999.AA".to_owned(), Token),
            ("Bearer 1400000000.1700000000.AA".to_owned(), Mismatch { app: app() }),
            (token(app(), &wrong), Mismatch { app: app() }),
            (token(other, &secret()), UnknownApp { app: other }),
            ("Basic !".to_owned(), Basic),
            (basic("1400000000"), Basic),
            (basic("alice:secret"), Basic),
            (basic("1400000000:"), Mismatch { app: app() }),
            (basic("1400000000:0123456789abcdef"), Mismatch { app: app() }),
            (basic("5:0123456789abcdef"), UnknownApp { app: other }),
        ];
        for (header, error) in cases {
            assert_eq!(check(&header), Err(error), "{header:?}");
            assert!(error.to_string().ends_with('.') && error.fault().code == error.code());
        }
    }

    #[test]
    fn the_operator_is_known_by_name_and_secret() {
        let verify = |header: &str| verify_operator(header, &secret());
        assert_eq!(verify(&basic(&format!("operator:{}", secret().reveal()))), Ok(()));
        for wrong in
            ["operator:", "operator", "operator:0123456789abcdef", "1400000000:0123456789abcdef:with-a-colon"]
        {
            assert_eq!(verify(&basic(wrong)), Err(ApiAuthError::Operator), "{wrong}");
        }
        for wrong in ["", "Basic", "Basic !", "Bearer x"] {
            assert_eq!(verify(wrong), Err(ApiAuthError::Operator), "{wrong}");
        }
        assert_eq!(verify(&"x".repeat(HEADER_MAX_BYTES + 1)), Err(ApiAuthError::TooLong));
        let none = Redacted::new(String::new());
        assert_eq!(verify_operator(&basic("operator:"), &none), Err(ApiAuthError::Operator), "there is none");
    }

    proptest! {
        #[test]
        fn a_token_with_one_character_changed_is_refused(
            expires in NOW..NOW + 1_000_000, at: prop::sample::Index, to in "[ -~]",
        ) {
            let mut token = mint_api_token(app(), &secret(), expires);
            let at = at.index(token.len());
            prop_assume!(token[at..=at] != to);
            token.replace_range(at..=at, &to);
            let header = format!("Bearer {token}");
            prop_assert!(check(&header).is_err());
        }

        #[test]
        fn no_header_makes_it_panic(header in "(Basic |Bearer )?\\PC{0,80}") {
            prop_assert!(check(&header).is_err());
        }
    }
}
