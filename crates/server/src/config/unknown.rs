//! Finds keys that do not exist, and what their author may have meant.

use super::{AppSection, Config, ConfigError};
use huitong_types::AppId;
use toml::{Table, Value};

/// The table of all defaults: every known section and key.
pub(super) fn defaults() -> Table {
    Table::try_from(Config::default()).unwrap_or_default()
}

fn app_keys() -> Vec<String> {
    let sample = AppId::new(1).ok().map(|id| AppSection::new(id, ""));
    let table = sample.and_then(|app| Table::try_from(app).ok()).unwrap_or_default();
    table.keys().cloned().collect()
}

/// Every known key in dotted notation.
fn known_paths() -> Vec<String> {
    let mut paths: Vec<String> = app_keys().into_iter().map(|key| format!("app.{key}")).collect();
    for (section, value) in defaults() {
        if let Value::Table(keys) = value {
            paths.extend(keys.keys().map(|key| format!("{section}.{key}")));
        }
    }
    paths
}

/// Refuses the first key of `file` that does not exist.
pub(super) fn check(file: &Table, place: &str) -> Result<(), ConfigError> {
    let defaults = defaults();
    for (section, value) in file {
        match (defaults.get(section), value) {
            (Some(Value::Table(known)), Value::Table(given)) => {
                if let Some(key) = given.keys().find(|key| !known.contains_key(*key)) {
                    return Err(unknown(place, &format!("{section}.{key}")));
                }
            }
            (Some(Value::Array(_)), Value::Array(items)) => {
                let known = app_keys();
                let mut keys = items.iter().filter_map(Value::as_table).flat_map(Table::keys);
                if let Some(key) = keys.find(|key| !known.contains(*key)) {
                    return Err(unknown(place, &format!("{section}.{key}")));
                }
            }
            // The types are wrong, which reading says better.
            (Some(_), _) => {}
            (None, Value::Table(_)) => return Err(unknown_section(place, section)),
            (None, _) => return Err(unknown(place, section)),
        }
    }
    Ok(())
}

fn unknown(place: &str, path: &str) -> ConfigError {
    let nearest = nearest(path);
    ConfigError::new(format!(
        "{place} sets {path:?}, which does not exist; did you mean {nearest:?}? Correct or remove it."
    ))
}

fn unknown_section(place: &str, section: &str) -> ConfigError {
    let names = defaults();
    let nearest = names.keys().min_by_key(|name| distance(name, section)).cloned().unwrap_or_default();
    ConfigError::new(format!(
        "{place} has a section [{section}], which does not exist; did you mean [{nearest}]? Correct or remove it."
    ))
}

/// The known key that is most like `path`: the same word in another section first, then the fewest changes.
fn nearest(path: &str) -> String {
    let word = path.rsplit('.').next().unwrap_or(path);
    let score = |known: &String| {
        let known_word = known.rsplit('.').next().unwrap_or(known);
        (distance(known_word, word), distance(known, path))
    };
    known_paths().into_iter().min_by_key(score).unwrap_or_default()
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, cb) in row.iter_mut().skip(1).zip(&b) {
            let changed = diagonal + usize::from(ca != *cb);
            diagonal = *cell;
            left = changed.min(*cell + 1).min(left + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_textbook() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("http", "http"), 0);
    }

    #[test]
    fn a_key_in_the_wrong_section_is_found_in_the_right_one() {
        assert_eq!(nearest("http"), "server.http");
        assert_eq!(nearest("log.publishers"), "limits.publishers");
        assert_eq!(nearest("app.secrt"), "app.secret");
    }
}
