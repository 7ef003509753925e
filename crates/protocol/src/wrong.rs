//! What is wrong with a text that does not say what it should, in words of whoever wrote it.

use serde::de::DeserializeOwned;
use std::fmt;

/// Where a text breaks which rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The field, such as `settings.maxTalkers` or `publish[0].audio`; empty for the whole.
    pub path: String,
    /// The rule, without a full stop.
    pub words: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.words),
            path => write!(f, "{path}: {}", self.words),
        }
    }
}

/// Reads JSON.
///
/// # Errors
/// It is none, or not what `T` is.
pub fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Wrong> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        let words = plain(&error.to_string());
        // Where it is no JSON, the column leads to it; else the path does.
        let words = match words.rsplit_once(" at line ") {
            Some((rule, _)) if error.is_data() => rule.to_owned(),
            _ => words,
        };
        Wrong { path: if path == "." { String::new() } else { path }, words }
    })?;
    reader.end().map_err(|error| Wrong { path: String::new(), words: error.to_string() })?;
    Ok(value)
}

/// Names of our types, and what they are to others.
const TYPES: [(&str, &str); 11] = [
    ("expected u8", "expected a whole number from 0 to 255"),
    ("expected u16", "expected a whole number from 0 to 65535"),
    ("expected u32", "expected a whole number from 0 to 4294967295"),
    ("expected u64", "expected a whole number from 0 on"),
    ("expected usize", "expected a whole number from 0 on"),
    ("expected i32", "expected a whole number"),
    ("expected i64", "expected a whole number"),
    ("expected a sequence", "expected a list"),
    ("expected a map", "expected an object"),
    ("unknown variant", "unknown value"),
    ("invalid type: map", "invalid type: object"),
];

/// The words of a reader without names that only this program knows.
pub fn plain(words: &str) -> String {
    let mut said = words.to_owned();
    for (ours, theirs) in TYPES {
        if let Some(at) = said.find(ours)
            && !said.get(at + ours.len()..).is_some_and(|rest| rest.starts_with(char::is_alphanumeric))
        {
            said.replace_range(at..at + ours.len(), theirs);
        }
    }
    if let Some(at) = said.rfind("expected struct ") {
        let name = said.get(at + "expected struct ".len()..).unwrap_or_default();
        let length = name.find(|c: char| !c.is_alphanumeric()).unwrap_or(name.len());
        said.replace_range(at..at + "expected struct ".len() + length, "expected an object");
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_rule_is_told_without_names_of_types() {
        let cases = [
            (
                "invalid value: integer `-1`, expected u32",
                "`-1`, expected a whole number from 0 to 4294967295",
            ),
            ("invalid type: null, expected struct Settings at line 2", "null, expected an object at line 2"),
            ("invalid type: string \"many\", expected usize", "\"many\", expected a whole number from 0 on"),
            ("unknown variant `root`, expected `a` or `b`", "unknown value `root`, expected `a` or `b`"),
        ];
        for (words, end) in cases {
            assert!(plain(words).ends_with(end), "{}", plain(words));
        }
    }

    #[test]
    fn the_place_of_what_is_wrong_is_named() {
        type Lists = BTreeMap<String, Vec<u8>>;
        let wrong = |json: &str| read::<Lists>(json.as_bytes()).unwrap_err().to_string();
        assert_eq!(
            wrong(r#"{"a":[1,-2]}"#),
            "a[1]: invalid value: integer `-2`, expected a whole number from 0 to 255"
        );
        assert_eq!(wrong("7"), "invalid type: integer `7`, expected an object");
        assert_eq!(wrong("{} {}"), "trailing characters at line 1 column 4");
        assert_eq!(wrong(r#"{"a":[1"#), "a: EOF while parsing a list at line 1 column 7");
    }
}
