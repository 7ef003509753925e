//! Figures that nobody explains are of no use.

use huitong_house::{code_lines, files, root, shown};
use std::collections::{BTreeMap, BTreeSet};

/// Names of figures in a line of code.
fn names(line: &str) -> impl Iterator<Item = &str> {
    let quoted = line.split('"').skip(1).step_by(2);
    let word = |name: &&str| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    quoted.filter(|name| name.starts_with("huitong_")).filter(word)
}

#[test]
fn every_figure_is_described_and_documented_and_no_other() {
    let (mut used, mut described) = (BTreeMap::new(), BTreeSet::new());
    for path in files("crates", &[".rs"]).into_iter().filter(|path| shown(path).contains("/src/")) {
        let mut describing = false;
        for (_, line) in code_lines(&path) {
            describing |= line.contains("describe_");
            for name in names(&line) {
                if describing {
                    described.insert(name.to_owned());
                } else {
                    used.insert(name.to_owned(), shown(&path));
                }
            }
            // A macro over several lines ends with its semicolon.
            describing &= !line.ends_with(';') && !line.ends_with('{');
        }
    }
    assert!(used.len() > 20, "the search finds nothing any more: {used:?}");
    let page = std::fs::read_to_string(root().join("docs/operating.md")).expect("the page");
    let rows =
        page.split("## Figures").nth(1).expect("its section").split("\n## ").next().unwrap_or_default();
    let documented: BTreeSet<_> = rows
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.starts_with("huitong_"))
        .map(str::to_owned)
        .collect();
    let mut broken = Vec::new();
    for (name, path) in &used {
        if !described.contains(name) {
            broken.push(format!("{path} counts {name}, which no describe_metrics describes"));
        }
        if !documented.contains(name) {
            broken.push(format!("{path} counts {name}, which docs/operating.md does not explain"));
        }
    }
    for name in described.iter().chain(&documented).filter(|name| !used.contains_key(*name)) {
        broken.push(format!("{name} is explained, but nobody counts it"));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
