//! Names on this wire: applications are `org#app`, users are `org#app_user@domain`, members and streams are numbered.

use huitong_types::{AppId, ErrorCode, Fault, Redacted, StreamKind, UserId};
use std::collections::BTreeMap;

/// Longest part of a name that is not the user's, bytes: those of the vendor have under forty.
const PART_BYTES: usize = 64;

/// What member ids begin with. The number of the stay follows.
const MEMBER: &str = "MS_X";

/// Whether a text can be the `org` or the `app` of an application's key, or a domain.
fn plain(text: &str, more: &[char]) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || more.contains(&c);
    !text.is_empty() && text.len() <= PART_BYTES && text.chars().all(allowed)
}

/// Whether a text is of the form `org#app`. An underscore is in neither part, because full names are split at it.
pub(crate) fn is_app_key(text: &str) -> bool {
    text.split_once('#').is_some_and(|(org, app)| plain(org, &[]) && plain(app, &[]))
}

/// The applications, by what this wire calls them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Apps {
    keys: BTreeMap<String, AppId>,
    secrets: BTreeMap<AppId, Redacted<String>>,
}

impl Apps {
    /// The applications with their secrets, and the configured keys of those that have one.
    pub(crate) const fn new(
        keys: BTreeMap<String, AppId>,
        secrets: BTreeMap<AppId, Redacted<String>>,
    ) -> Self {
        Self { keys, secrets }
    }

    /// The application of a key: the one configured with it, else the one whose number is the part after `#`.
    pub(crate) fn of_key(&self, key: &str) -> Result<AppId, Fault> {
        let numbered = || {
            let number = key.split_once('#')?.1;
            let canonical = !number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit());
            let number = canonical.then(|| number.parse().ok())?;
            AppId::new(number?).ok().filter(|app| self.secrets.contains_key(app))
        };
        self.keys.get(key).copied().or_else(numbered).ok_or_else(|| {
            let sentence = "No application has this key: the part after # is its number, or conference_key is set for it.";
            Fault::because(ErrorCode::UnknownApp, sentence).in_field("appKey")
        })
    }

    /// The application that a back-end names: by its number, or by its key.
    pub(crate) fn of_client(&self, id: &str) -> Option<AppId> {
        let by_number = id.parse().ok().and_then(|number| AppId::new(number).ok());
        self.keys.get(id).copied().or(by_number).filter(|app| self.secrets.contains_key(app))
    }

    /// The secret of an application.
    pub(crate) fn secret(&self, app: AppId) -> Option<&Redacted<String>> {
        self.secrets.get(&app)
    }
}

/// A user's full name, `org#app_user@domain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FullName {
    /// `org#app`.
    pub(crate) key: String,
    /// The bare name.
    pub(crate) user: UserId,
    domain: String,
}

impl FullName {
    /// Splits a full name.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let broken = |why: &str| {
            let sentence = format!("The full name of a user is org#app_user@domain; {why}.");
            Fault::because(ErrorCode::InvalidField, sentence).in_field("uid")
        };
        let (org, rest) = text.split_once('#').ok_or_else(|| broken("this one has no #"))?;
        let (app, rest) = rest.split_once('_').ok_or_else(|| broken("this one has no _ after the #"))?;
        let (user, domain) = rest.rsplit_once('@').ok_or_else(|| broken("this one has no @"))?;
        if !plain(org, &[]) || !plain(app, &[]) || !plain(domain, &['.']) {
            return Err(broken("org, app and domain are 1 to 64 letters, digits and - (a domain also dots)"));
        }
        let user = UserId::new(user).map_err(|error| broken(&error.to_string()))?;
        Ok(Self { key: format!("{org}#{app}"), user, domain: domain.to_owned() })
    }

    /// The full name of another user of the same application.
    pub(crate) fn of(&self, user: &UserId) -> String {
        format!("{}_{user}@{}", self.key, self.domain)
    }

    /// This full name.
    pub(crate) fn text(&self) -> String {
        self.of(&self.user)
    }
}

/// One who is named in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// By user.
    User(UserId),
    /// By member id.
    Member(u64),
}

impl Named {
    /// Reads a full name of an application, with or without a domain, a member id, or a bare user name. Applications pass all
    /// of these.
    pub(crate) fn parse(text: &str, key: &str) -> Result<Self, Fault> {
        match member_number(text) {
            Some(member) => Ok(Self::Member(member)),
            None => user_named(text, key, "uids").map(Self::User),
        }
    }
}

/// The user who is named in a field: by its full name, by that without its domain as back-ends write it, or by its bare name.
pub(crate) fn user_named(text: &str, key: &str, field: &'static str) -> Result<UserId, Fault> {
    if let Ok(full) = FullName::parse(text) {
        if full.key == key {
            return Ok(full.user);
        }
        let sentence = "A user of another application is named.";
        return Err(Fault::because(ErrorCode::InvalidField, sentence).in_field(field));
    }
    let bare = text.strip_prefix(key).and_then(|rest| rest.strip_prefix('_')).unwrap_or(text);
    UserId::new(bare)
        .map_err(|error| Fault::because(ErrorCode::InvalidField, format!("{error}.")).in_field(field))
}

/// The id of a member.
pub(crate) fn member_id(member: u64) -> String {
    format!("{MEMBER}{member}")
}

fn member_number(id: &str) -> Option<u64> {
    let number = id.strip_prefix(MEMBER)?;
    if number.bytes().all(|byte| byte.is_ascii_digit()) { number.parse().ok() } else { None }
}

/// The id of a stream of a member.
pub(crate) fn stream_id(member: u64, kind: StreamKind) -> String {
    format!("{}__Of_X{member}", rtc_id(kind))
}

/// What the others are told of how a member calls its stream.
pub(crate) const fn rtc_id(kind: StreamKind) -> &'static str {
    match kind {
        StreamKind::Main => "RTC1",
        StreamKind::Aux => "RTC2",
    }
}

/// The member and the kind in the id of a stream.
pub(crate) fn stream_of(id: &str) -> Option<(u64, StreamKind)> {
    let (rtc, number) = id.split_once("__Of_X")?;
    let kind = StreamKind::ALL.into_iter().find(|kind| rtc_id(*kind) == rtc)?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if digits { Some((number.parse().ok()?, kind)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserId {
        UserId::new(name).unwrap()
    }

    fn app(number: u32) -> AppId {
        AppId::new(number).unwrap()
    }

    #[test]
    fn full_names_are_split_where_users_may_have_the_same_characters() {
        let full = FullName::parse("easemob-demo#chat_al_ice@mail@easemob.com").unwrap();
        assert_eq!((full.key.as_str(), full.user.as_str()), ("easemob-demo#chat", "al_ice@mail"));
        assert_eq!(full.text(), "easemob-demo#chat_al_ice@mail@easemob.com");
        assert_eq!(full.of(&user("会通")), "easemob-demo#chat_会通@easemob.com");
        for broken in [
            "",
            "alice",
            "o#a",
            "o#a_@d",
            "#a_u@d",
            "o#_u@d",
            "o#a_u@",
            "../o#a_u@d",
            "o#a_u@d/r",
            "o#a_\n@d",
        ] {
            assert!(FullName::parse(broken).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn an_application_is_found_by_its_key_or_by_the_number_in_it() {
        let secrets = [5, 1_400_000_000].map(|n| (app(n), Redacted::new("s".to_owned())));
        let apps = Apps::new([("org#my".to_owned(), app(5))].into(), secrets.into());
        assert_eq!(apps.of_key("org#my"), Ok(app(5)));
        assert_eq!(apps.of_key("any#1400000000"), Ok(app(1_400_000_000)));
        for unknown in ["org#other", "org#6", "org#0", "org#05", "5", "", "org#4294967301", "org#+5"] {
            assert!(apps.of_key(unknown).is_err(), "{unknown}");
        }
        assert_eq!(apps.of_client("5"), Some(app(5)));
        assert_eq!(apps.of_client("org#my"), Some(app(5)));
        assert_eq!(apps.of_client("6"), None);
    }

    #[test]
    fn those_who_are_named_are_users_or_members() {
        let key = "o#1";
        assert_eq!(Named::parse("o#1_bob@e.com", key), Ok(Named::User(user("bob"))));
        assert_eq!(Named::parse("bob", key), Ok(Named::User(user("bob"))));
        assert_eq!(Named::parse("o#1_al_ice", key), Ok(Named::User(user("al_ice"))), "without a domain");
        assert_eq!(
            Named::parse("o#1_MS_X12", key),
            Ok(Named::User(user("MS_X12"))),
            "a user, whatever it is called"
        );
        assert_eq!(Named::parse("MS_X12", key), Ok(Named::Member(12)));
        assert_eq!(Named::parse("MS_Xbob", key), Ok(Named::User(user("MS_Xbob"))));
        for none in ["o#2_bob@e.com", "", "o#1_"] {
            assert!(Named::parse(none, key).is_err(), "{none}");
        }
    }

    #[test]
    fn ids_of_streams_are_read_again() {
        for kind in StreamKind::ALL {
            assert_eq!(stream_of(&stream_id(7, kind)), Some((7, kind)));
        }
        for broken in
            ["", "RTC1__Of_X", "RTC3__Of_X1", "RTC1__Of_X-1", "RTC1__Of_X99999999999999999999", "../etc"]
        {
            assert_eq!(stream_of(broken), None, "{broken}");
        }
    }
}
