//! The folder of `huitong preview`: its files as the browser reads them, and word of every change.

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Files of a project. WeChat's tools refuse far smaller ones; a folder with more is not the right one.
const FILES: usize = 5000;

/// Bytes of all texts together, and of one other file. A mini program has at most 20 MiB in all.
const TEXT_BYTES: u64 = 32 * 1024 * 1024;
const FILE_BYTES: u64 = 64 * 1024 * 1024;

/// How often the folder is looked at while a page waits for changes. Looking works on every file system, also on
/// those of other machines and of containers, which tell nothing by themselves.
const LOOK: Duration = Duration::from_millis(300);

/// Pages that wait for changes at a time: a developer has a few windows open.
const WAITING: usize = 16;

/// What is read as text; all other files are fetched when they are shown.
const TEXTS: [&str; 6] = ["js", "ts", "json", "wxml", "wxss", "wxs"];

/// Folders that are no part of a mini program.
const NOT_OURS: [&str; 2] = ["node_modules", "miniprogram_dist"];

/// Why a project cannot be read.
#[derive(Debug)]
pub struct PreviewError(String);

impl fmt::Display for PreviewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PreviewError {}

/// `project.config.json`, as far as it matters here.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    miniprogram_root: String,
    projectname: String,
}

/// A project as the browser reads it.
#[derive(Serialize)]
struct Bundle {
    name: String,
    watched: bool,
    files: BTreeMap<String, String>,
}

/// When each file was written, and how long it is.
type Look = BTreeMap<String, (SystemTime, u64)>;

/// A folder with a mini program.
#[derive(Clone, Debug)]
pub struct Project {
    root: PathBuf,
    name: String,
    waiting: Arc<Semaphore>,
}

impl Project {
    /// The project in a folder: that of `app.json`, or that of `project.config.json`, which names the other.
    ///
    /// # Errors
    /// The folder is not there or holds no mini program.
    pub fn open(folder: &Path) -> Result<Self, PreviewError> {
        let shown = folder.display();
        let folder = folder
            .canonicalize()
            .map_err(|error| PreviewError(format!("The folder {shown} cannot be read ({error}).")))?;
        let settings: Settings = match std::fs::read_to_string(folder.join("project.config.json")) {
            Ok(text) => serde_json::from_str(&text).map_err(|error| {
                PreviewError(format!("{shown}/project.config.json is not valid JSON: {error}."))
            })?,
            Err(_) => Settings::default(),
        };
        let root = folder.join(settings.miniprogram_root.trim_start_matches('/'));
        let root = root.canonicalize().unwrap_or(root);
        if !root.starts_with(&folder) || !root.join("app.json").is_file() {
            return Err(PreviewError(format!(
                "There is no mini program in {shown}: {} is missing. Name the folder that holds app.json or \
                 project.config.json.",
                root.join("app.json").display()
            )));
        }
        let name = match settings.projectname {
            name if !name.is_empty() => name,
            _ => folder
                .file_name()
                .map_or_else(|| shown.to_string(), |name| name.to_string_lossy().into_owned()),
        };
        Ok(Self { root, name, waiting: Arc::new(Semaphore::new(WAITING)) })
    }

    /// The texts of the project as JSON.
    pub(super) fn bundle(&self) -> Result<Vec<u8>, PreviewError> {
        let look = self.look()?;
        let mut files = BTreeMap::new();
        let mut total = 0;
        for (path, (_, length)) in look.iter().filter(|(path, _)| is_text(path)) {
            total += length;
            if total > TEXT_BYTES {
                return Err(PreviewError(format!(
                    "The texts of this project have more than {TEXT_BYTES} bytes."
                )));
            }
            let bytes = std::fs::read(self.root.join(path))
                .map_err(|error| PreviewError(format!("{path}: {error}.")))?;
            let text = String::from_utf8(bytes).map_err(|_| PreviewError(format!("{path} is not UTF-8.")))?;
            files.insert(path.clone(), text);
        }
        let bundle = Bundle { name: self.name.clone(), watched: true, files };
        serde_json::to_vec(&bundle).map_err(|error| PreviewError(error.to_string()))
    }

    /// One file. Nothing outside of the project can be named.
    pub(super) fn file(&self, path: &str) -> io::Result<Vec<u8>> {
        let ours = |name: &std::ffi::OsStr| name.to_str().is_some_and(is_ours);
        let plain =
            Path::new(path).components().all(|part| matches!(part, Component::Normal(name) if ours(name)));
        let found = self.root.join(path).canonicalize()?;
        let length = found.metadata()?.len();
        if !plain || !found.starts_with(&self.root) || !found.is_file() || length > FILE_BYTES {
            return Err(io::ErrorKind::NotFound.into());
        }
        std::fs::read(found)
    }

    /// Every file with its time and length.
    fn look(&self) -> Result<Look, PreviewError> {
        let mut found = Look::new();
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            let entries = std::fs::read_dir(self.root.join(&folder))
                .map_err(|error| PreviewError(format!("{}: {error}.", folder.display())))?;
            for entry in entries {
                let entry = entry.map_err(|error| PreviewError(format!("{}: {error}.", folder.display())))?;
                let name = entry.file_name();
                let Some(word) = name.to_str() else { continue };
                if !is_ours(word) {
                    continue;
                }
                let path = folder.join(word);
                // A link counts as what it leads to, if that is in the project. A file may vanish meanwhile.
                let Ok(target) = self.root.join(&path).canonicalize() else { continue };
                let Ok(kind) = target.metadata() else { continue };
                if !target.starts_with(&self.root) {
                    continue;
                }
                if kind.is_dir() && !entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
                    folders.push(path);
                } else if kind.is_file() {
                    let written = kind.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                    found.insert(path.to_string_lossy().replace('\\', "/"), (written, kind.len()));
                }
                if found.len() > FILES {
                    return Err(PreviewError(format!("This folder has more than {FILES} files.")));
                }
            }
        }
        Ok(found)
    }
}

/// Hidden files and the folders of tools are no part of a project: nobody lists or fetches them.
fn is_ours(name: &str) -> bool {
    !name.starts_with('.') && !NOT_OURS.contains(&name)
}

fn is_text(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, ending)| TEXTS.contains(&ending))
}

/// Names of what differs, at most three.
fn changes(before: &Look, after: &Look) -> Option<String> {
    let mut names: Vec<&str> = after
        .iter()
        .filter(|(path, state)| before.get(*path) != Some(state))
        .map(|(path, _)| path.as_str())
        .chain(before.keys().filter(|path| !after.contains_key(*path)).map(String::as_str))
        .collect();
    if names.is_empty() {
        return None;
    }
    let more = names.len().saturating_sub(3);
    names.truncate(3);
    let list = names.join(", ");
    Some(if more > 0 { format!("{list} and {more} more") } else { list })
}

struct Watch {
    project: Project,
    seen: Option<Look>,
    end: watch::Receiver<bool>,
    /// One of the few places; given back when the page is gone.
    _place: OwnedSemaphorePermit,
}

impl Watch {
    /// What changed since the last time; `None` when the server ends.
    async fn next(&mut self) -> Option<String> {
        loop {
            let project = self.project.clone();
            // A folder that cannot be read for a moment, while a tool writes it anew, is looked at again.
            if let Ok(Ok(look)) = tokio::task::spawn_blocking(move || project.look()).await {
                let changed = self.seen.as_ref().and_then(|seen| changes(seen, &look));
                self.seen = Some(look);
                if changed.is_some() {
                    return changed;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = self.end.wait_for(|end| *end) => return None,
            }
        }
    }
}

/// A stream of `changed` events, for as long as the page listens.
pub(super) fn events(project: Project, end: watch::Receiver<bool>) -> Result<Response, &'static str> {
    let place = Arc::clone(&project.waiting)
        .try_acquire_owned()
        .map_err(|_| "Too many pages wait for changes of this folder; close some.\n")?;
    let watch = Watch { project, seen: None, end, _place: place };
    let stream = futures_util::stream::unfold(watch, |mut watch| async {
        let names = watch.next().await?;
        Some((Ok::<_, Infallible>(Event::default().event("changed").data(names)), watch))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn project() -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("mini/pages")).expect("folders");
        fs::write(folder.path().join("secret.txt"), "no").expect("a file");
        fs::write(
            folder.path().join("project.config.json"),
            r#"{"miniprogramRoot":"mini/","projectname":"Shop"}"#,
        )
        .expect("a file");
        fs::write(folder.path().join("mini/app.json"), r#"{"pages":["pages/a"]}"#).expect("a file");
        fs::write(folder.path().join("mini/pages/a.wxml"), "<view/>").expect("a file");
        fs::write(folder.path().join("mini/pages/a.png"), [1, 2, 3]).expect("a file");
        let project = Project::open(folder.path()).expect("a project");
        (folder, project)
    }

    #[test]
    fn texts_are_read_together_and_pictures_alone() {
        let (_folder, project) = project();
        let bundle: serde_json::Value =
            serde_json::from_slice(&project.bundle().expect("a bundle")).expect("JSON");
        assert_eq!(bundle["name"], "Shop");
        assert_eq!(bundle["files"]["pages/a.wxml"], "<view/>");
        assert!(bundle["files"].get("pages/a.png").is_none());
        assert_eq!(project.file("pages/a.png").expect("a picture"), [1, 2, 3]);
    }

    #[test]
    fn nothing_outside_of_the_project_can_be_named() {
        let (folder, project) = project();
        fs::create_dir_all(folder.path().join("mini/.git")).expect("a folder");
        fs::write(folder.path().join("mini/.git/config"), "token").expect("a file");
        let outside = [
            "../secret.txt",
            "/etc/passwd",
            "pages/../../secret.txt",
            "pages",
            "./app.json/..",
            ".git/config",
        ];
        for path in outside {
            assert!(project.file(path).is_err(), "{path}");
        }
        std::os::unix::fs::symlink(folder.path().join("secret.txt"), folder.path().join("mini/link.txt"))
            .expect("a link");
        assert!(project.file("link.txt").is_err(), "a link that leads out");
        assert!(!project.look().expect("a look").contains_key("link.txt"));
    }

    #[test]
    fn a_change_is_named() {
        let (folder, project) = project();
        let before = project.look().expect("a look");
        assert_eq!(changes(&before, &before), None);
        fs::write(folder.path().join("mini/pages/a.wxml"), "<view>more</view>").expect("a file");
        fs::write(folder.path().join("mini/pages/b.js"), "").expect("a file");
        fs::remove_file(folder.path().join("mini/pages/a.png")).expect("removed");
        let after = project.look().expect("a look");
        assert_eq!(changes(&before, &after).as_deref(), Some("pages/a.wxml, pages/b.js, pages/a.png"));
    }

    #[test]
    fn a_folder_without_a_mini_program_is_refused_with_what_is_missing() {
        let folder = tempfile::tempdir().expect("a folder");
        let refused = Project::open(folder.path()).expect_err("no project").to_string();
        assert!(refused.contains("app.json"), "{refused}");
    }
}
