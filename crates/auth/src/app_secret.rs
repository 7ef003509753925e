//! The secret of an application, and the `APPID:SECRET` notation of flags and configuration.

use huitong_types::{AppId, Redacted};

/// Shortest secret, characters. The vendors' have 64; sixteen is the least that cannot be guessed.
pub const SECRET_MIN_CHARS: usize = 16;

/// Longest secret, characters: longer ones are a file or a certificate given by mistake.
pub const SECRET_MAX_CHARS: usize = 128;

/// The secret of an application: 16 to 128 printable ASCII characters without spaces. It is used as text:
/// the vendors' signers do not decode its hexadecimal digits either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppSecret(Redacted<String>);

/// Why a text cannot be an application's secret. The sentence never contains the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Too short or too long.
    #[error("The secret has {got} characters; use {SECRET_MIN_CHARS} to {SECRET_MAX_CHARS}.")]
    Length {
        /// Characters given.
        got: usize,
    },
    /// A space, a control character or a non-ASCII character.
    #[error(
        "Character {at} of the secret is a space or not printable ASCII; copy the secret as it is, without quotes and line ends."
    )]
    Alphabet {
        /// Which character, counted from 1.
        at: usize,
    },
}

impl AppSecret {
    /// Checks a secret.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn parse(text: impl Into<String>) -> Result<Self, SecretError> {
        let text = text.into();
        let got = text.chars().count();
        if !(SECRET_MIN_CHARS..=SECRET_MAX_CHARS).contains(&got) {
            return Err(SecretError::Length { got });
        }
        match text.chars().position(|c| !c.is_ascii_graphic()) {
            Some(before) => Err(SecretError::Alphabet { at: before + 1 }),
            None => Ok(Self(Redacted::new(text))),
        }
    }

    /// The secret in the form that minting and verification take.
    pub const fn as_redacted(&self) -> &Redacted<String> {
        &self.0
    }
}

impl From<AppSecret> for Redacted<String> {
    fn from(secret: AppSecret) -> Self {
        secret.0
    }
}

/// An application with its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppCredential {
    /// The application.
    pub app: AppId,
    /// Its secret.
    pub secret: AppSecret,
}

/// Why a text is not `APPID:SECRET`. The sentence never contains any of the text: what stands in the place
/// of the application may be the secret, when the two were swapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppCredentialError {
    /// No colon.
    #[error(
        "Write the application as APPID:SECRET, for example 1400000000:<64 characters>; there is no colon."
    )]
    Form,
    /// What stands before the colon is not an application id.
    #[error("Before the colon of APPID:SECRET stands the application's number, 1 to 4294967295.")]
    App,
    /// What stands after the colon is not a secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

impl AppCredential {
    /// Parses `APPID:SECRET`. Everything after the first colon is the secret.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn parse(text: &str) -> Result<Self, AppCredentialError> {
        let (app, secret) = text.split_once(':').ok_or(AppCredentialError::Form)?;
        let app = app_id(app).ok_or(AppCredentialError::App)?;
        Ok(Self { app, secret: AppSecret::parse(secret)? })
    }
}

/// Splits a list of `APPID:SECRET`, separated by commas or spaces. A secret may have commas: a new item begins only
/// where digits and a colon follow.
pub fn split_list(list: &str) -> Vec<&str> {
    let mut items = Vec::new();
    let mut rest = list.trim_matches([',', ' ']);
    while !rest.is_empty() {
        let begins = |at: usize| {
            let next = rest.get(at + 1..).unwrap_or_default().trim_start_matches([',', ' ']);
            next.split_once(':').is_some_and(|(app, _)| app_id(app).is_some())
        };
        let end =
            rest.match_indices([',', ' ']).map(|(at, _)| at).find(|at| begins(*at)).unwrap_or(rest.len());
        let (item, behind) = rest.split_at(end);
        items.push(item.trim_end_matches([',', ' ']));
        rest = behind.trim_start_matches([',', ' ']);
    }
    items
}

impl std::str::FromStr for AppCredential {
    type Err = AppCredentialError;
    fn from_str(text: &str) -> Result<Self, AppCredentialError> {
        Self::parse(text)
    }
}

/// An application id in decimal digits only, as it is written in credentials.
pub(crate) fn app_id(text: &str) -> Option<AppId> {
    decimal(text).and_then(|number| u32::try_from(number).ok()).and_then(|number| AppId::new(number).ok())
}

/// A number in the one decimal form: digits only, no leading zeros.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = digits && (text == "0" || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";

    #[test]
    fn the_notation_of_flags_is_understood() {
        let parsed = AppCredential::parse(&format!("1400000000:{SECRET}")).unwrap();
        assert_eq!(parsed.app.get(), 1_400_000_000);
        assert_eq!(parsed.secret.as_redacted().reveal(), SECRET);
        let colons = AppCredential::parse("1:a:b:c:d:e:f:g:h:i").unwrap();
        assert_eq!(colons.secret.as_redacted().reveal(), "a:b:c:d:e:f:g:h:i");
        assert!(!format!("{parsed:?}").contains(SECRET));
    }

    #[test]
    fn a_list_is_split_where_an_application_begins() {
        let (a, b) = (format!("1:{SECRET}"), format!("2:{SECRET}"));
        for list in [format!("{a},{b}"), format!("{a} {b}"), format!(" {a}, {b} ,")] {
            assert_eq!(split_list(&list), [a.as_str(), b.as_str()], "{list}");
        }
        let commas = "1:secret,with,commas:16";
        assert_eq!(split_list(&format!("{commas},{b}")), [commas, b.as_str()]);
        assert_eq!(split_list("nonsense, more"), ["nonsense, more"], "left to the parser to refuse");
        assert!(split_list(" , ").is_empty());
    }

    #[test]
    fn each_error_says_what_to_change_and_not_what_was_given() {
        let cases = [
            (SECRET.to_owned(), "there is no colon"),
            (format!("{SECRET}:1400000000"), "application's number"),
            (format!("0:{SECRET}"), "application's number"),
            (format!("4294967296:{SECRET}"), "application's number"),
            (format!("+1:{SECRET}"), "application's number"),
            (format!("01:{SECRET}"), "application's number"),
            ("1400000000:sentinel".to_owned(), "has 8 characters; use 16 to 128"),
            (format!("1:{}", "sentinel".repeat(17)), "has 136 characters"),
            ("1:sentinel sentinel".to_owned(), "Character 9 of the secret"),
            ("1:sentinelsentinel会".to_owned(), "Character 17 of the secret"),
            (format!("1:{SECRET}\n"), "Character 65 of the secret"),
        ];
        for (given, sentence) in cases {
            let error = AppCredential::parse(&given).unwrap_err().to_string();
            assert!(error.contains(sentence), "{error}");
            assert!(!error.contains("sentinel") && !error.contains(SECRET), "{error}");
        }
    }

    proptest! {
        #[test]
        fn every_secret_within_the_rule_is_taken(app in 1u32.., secret in "[!-~]{16,128}") {
            let parsed: AppCredential = format!("{app}:{secret}").parse().unwrap();
            prop_assert_eq!((parsed.app.get(), parsed.secret.0.into_inner()), (app, secret));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = AppCredential::parse(&text);
        }
    }
}
