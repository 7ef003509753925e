//! Pages lead where they say.

use huitong_house::{files, root, shown};
use std::fs;
use std::path::Path;

/// The part of a link that names a heading, as hosts of repositories make it.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    heading.trim().to_lowercase().chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(page: &str) -> Vec<String> {
    page.lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect()
}

/// What stands in `](…)` of a page, but addresses of other hosts.
fn links(page: &str) -> impl Iterator<Item = &str> {
    let links = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    links.filter(|link| !link.contains("://") && !link.contains(' '))
}

#[test]
fn links_lead_to_files_and_headings_that_are_there() {
    let pages = files("", &[".md"]);
    assert!(pages.len() > 30, "the search finds nothing any more: {pages:?}");
    let mut broken = Vec::new();
    for path in pages {
        let page = fs::read_to_string(&path).unwrap_or_default();
        for link in links(&page) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => path.clone(),
                file => path.parent().unwrap_or(Path::new("")).join(file),
            };
            let there = target.exists();
            let found = heading.is_empty()
                || anchors(&fs::read_to_string(&target).unwrap_or_default()).iter().any(|a| a == heading);
            if !there || !found {
                broken.push(format!("{} leads to {link}, which is not there", shown(&path)));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_decision_is_in_the_list_of_decisions() {
    let list = fs::read_to_string(root().join("docs/decisions/README.md")).expect("the list");
    let pages = files("docs/decisions", &[".md"]);
    assert!(pages.len() > 20, "the search finds nothing any more: {pages:?}");
    let mut broken = Vec::new();
    for path in pages.into_iter().filter(|path| !path.ends_with("README.md")) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let page = fs::read_to_string(&path).unwrap_or_default();
        let title = page.lines().next().unwrap_or_default().trim_start_matches("# ").to_owned();
        let Some((number, title)) = title.split_once(". ") else {
            broken.push(format!("{name} has no title like # 7. What was decided"));
            continue;
        };
        if !list.contains(&format!("| {number} | [{title}]({name}) |")) {
            broken.push(format!("docs/decisions/README.md lacks | {number} | [{title}]({name}) |"));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
