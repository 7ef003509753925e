//! What a page asked for in its own words.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most entries: the vendors' entry parameters are about ten.
pub const DETAILS_MAX: usize = 16;

/// Longest name and longest value, bytes: a stream id or a mode, not a document.
pub const DETAIL_BYTES: usize = 128;

/// Names and values that a client sends with its `join`, kept with the member and shown by the back-end API. The
/// server acts on none of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>")]
pub struct MemberDetails(BTreeMap<String, String>);

impl MemberDetails {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries by name.
    pub const fn entries(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

impl TryFrom<BTreeMap<String, String>> for MemberDetails {
    type Error = String;

    fn try_from(entries: BTreeMap<String, String>) -> Result<Self, String> {
        if entries.len() > DETAILS_MAX {
            return Err(format!("details has {} entries, allowed are {DETAILS_MAX}", entries.len()));
        }
        for (name, value) in &entries {
            if name.is_empty() || name.len() > DETAIL_BYTES || value.len() > DETAIL_BYTES {
                return Err(format!(
                    "a name or value of details has more than {DETAIL_BYTES} bytes or no name"
                ));
            }
            if name.chars().chain(value.chars()).any(char::is_control) {
                return Err("details contains a control character".to_owned());
            }
        }
        Ok(Self(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_refused_with_the_rule() {
        let read = |json: serde_json::Value| serde_json::from_value::<MemberDetails>(json);
        assert!(read(serde_json::json!({ "streamID": "x", "pureAudioMode": "" })).is_ok());
        let many: BTreeMap<String, String> = (0..17).map(|n| (n.to_string(), String::new())).collect();
        for (bad, rule) in [
            (serde_json::json!(many), "17 entries"),
            (serde_json::json!({ "x": "y".repeat(129) }), "128 bytes"),
            (serde_json::json!({ "": "y" }), "no name"),
            (serde_json::json!({ "x": "a\nb" }), "control character"),
        ] {
            let error = read(bad).unwrap_err().to_string();
            assert!(error.contains(rule), "{error}");
        }
    }
}
