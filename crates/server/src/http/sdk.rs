//! The SDK builds under `/sdk/`, with the server's own address filled in.

use super::Shared;
use crate::address::Reached;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::RustEmbed;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::sync::{Mutex, PoisonError};
use zip::write::SimpleFileOptions;

/// What `make sdk` has built: the SDKs and the demo site. A server built before is complete but for these files.
#[derive(RustEmbed)]
#[folder = "../../dist/"]
#[allow_missing = true]
pub(super) struct Dist;

/// The folder of the builds for mini programs; its name may be left out in a URL.
const MINIPROGRAM: &str = "miniprogram/";

/// Name of the archive with all files.
const ARCHIVE: &str = "huitong-sdk.zip";

/// What the builds carry where the address of the HTTP side belongs.
const SERVER_PLACE: &str = "__HUITONG_SERVER__";

/// What the builds carry where the address of the RTMP side belongs.
const RTMP_PLACE: &str = "__HUITONG_RTMP__";

const INDEX: &str = include_str!("../../pages/sdk.html");

/// Addresses as the caller reaches them.
#[derive(Clone, PartialEq, Eq)]
struct Addresses {
    server: String,
    rtmp: String,
}

impl Addresses {
    fn of(shared: &Shared, headers: &HeaderMap) -> Self {
        let reached = Reached::by(headers);
        Self { server: shared.address.http_for(&reached), rtmp: shared.address.rtmp_for(&reached) }
    }
}

impl Addresses {
    fn fill_in(&self, text: &str) -> String {
        text.replace(SERVER_PLACE, &self.server).replace(RTMP_PLACE, &self.rtmp)
    }
}

/// The archive that was built last: callers mostly use one address.
#[derive(Default)]
pub(crate) struct Bundle(Mutex<Option<(Addresses, Bytes)>>);

fn is_text(path: &str) -> bool {
    matches!(
        path.rsplit('.').next(),
        Some("js" | "mjs" | "json" | "wxml" | "wxss" | "html" | "css" | "md" | "ts")
    )
}

/// One file with the addresses filled in.
fn filled(path: &str, addresses: &Addresses) -> Option<Vec<u8>> {
    let bytes = Dist::get(path)?.data;
    match std::str::from_utf8(&bytes) {
        Ok(text) if is_text(path) => Some(addresses.fill_in(text).into_bytes()),
        _ => Some(bytes.into_owned()),
    }
}

pub(super) fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wxml" | "wxss" | "md" | "ts") => "text/plain; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        Some("mp3") => "audio/mpeg",
        Some("m4a" | "aac") => "audio/mp4",
        Some("wav") => "audio/wav",
        Some("mp4") => "video/mp4",
        Some("woff2") => "font/woff2",
        Some("ttf") => "font/ttf",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}

/// Files of the builds, sorted. Source maps are for debugging only and stay out of lists.
fn listed() -> Vec<Cow<'static, str>> {
    let mut files: Vec<_> = Dist::iter().filter(|path| path.starts_with(MINIPROGRAM)).collect();
    files.retain(|path| !path.ends_with(".map"));
    files.sort();
    files
}

fn pack(addresses: &Addresses) -> Result<Bytes, zip::result::ZipError> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for path in listed() {
        let Some(bytes) = filled(&path, addresses) else { continue };
        archive.start_file(path.strip_prefix(MINIPROGRAM).unwrap_or(&path), SimpleFileOptions::default())?;
        archive.write_all(&bytes)?;
    }
    Ok(archive.finish()?.into_inner().into())
}

impl Bundle {
    fn get(&self, addresses: &Addresses) -> Result<Bytes, zip::result::ZipError> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((known, bytes)) if known == addresses => Ok(bytes.clone()),
            _ => {
                let bytes = pack(addresses)?;
                *last = Some((addresses.clone(), bytes.clone()));
                Ok(bytes)
            }
        }
    }
}

/// The list of files.
pub(super) async fn index(State(shared): State<Shared>, headers: HeaderMap) -> Html<String> {
    let mut rows = String::new();
    for path in listed() {
        let size = Dist::get(&path).map_or(0, |file| file.data.len());
        let shown = path.strip_prefix(MINIPROGRAM).unwrap_or(&path);
        // Writing into a text cannot fail.
        let _infallible =
            write!(rows, "<tr><td><a href=\"/sdk/{path}\">{shown}</a></td><td>{size}</td></tr>");
    }
    if rows.is_empty() {
        rows.push_str(
            "<tr><td>This server was built before <code>make sdk</code>: no files.</td><td></td></tr>",
        );
    }
    let page = INDEX.replace("{{style}}", super::pages::STYLE).replace("{{rows}}", &rows);
    Html(page.replace("{{server}}", &Addresses::of(&shared, &headers).server))
}

/// One file, or the archive.
pub(super) async fn file(
    State(shared): State<Shared>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    let addresses = Addresses::of(&shared, &headers);
    if path == ARCHIVE {
        let packing = tokio::task::spawn_blocking(move || shared.sdk.get(&addresses));
        return match packing.await {
            Ok(Ok(bytes)) => {
                let name = format!("attachment; filename=\"{ARCHIVE}\"");
                ([(CONTENT_TYPE, "application/zip".to_owned()), (CONTENT_DISPOSITION, name)], bytes)
                    .into_response()
            }
            Ok(Err(error)) => failed(&error),
            Err(error) => failed(&error),
        };
    }
    let found = filled(&path, &addresses).or_else(|| filled(&format!("{MINIPROGRAM}{path}"), &addresses));
    match found {
        // The content depends on the address the server is reached under, so nobody between may keep it.
        Some(bytes) => {
            ([(CONTENT_TYPE, content_type(&path)), (CACHE_CONTROL, "no-cache")], bytes).into_response()
        }
        None => {
            (StatusCode::NOT_FOUND, "There is no such SDK file; see /sdk/ for the list.\n").into_response()
        }
    }
}

fn failed(error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "the SDK archive could not be packed");
    (StatusCode::INTERNAL_SERVER_ERROR, "The archive could not be packed.\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_filled_in_wherever_it_belongs() {
        let addresses =
            Addresses { server: "https://rtc.test".to_owned(), rtmp: "rtmp://rtc.test".to_owned() };
        let build = "var s='__HUITONG_SERVER__',r=\"__HUITONG_RTMP__\",t='__HUITONG_SERVER__';";
        assert_eq!(
            addresses.fill_in(build),
            "var s='https://rtc.test',r=\"rtmp://rtc.test\",t='https://rtc.test';"
        );
    }
}
