//! Mini programs in a browser: the example project under `/miniprogram/`, and the folder of `huitong preview`.

use super::preview::{self, Project};
use super::{Shared, sdk};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

/// The shell runs scripts of the server only, and shows the frame.
const SHELL: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
                     connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The frame compiles and runs the code of a project, which may show pictures of and talk to any server.
const FRAME: &str = "default-src 'none'; script-src 'self' 'unsafe-eval' 'wasm-unsafe-eval'; \
                     style-src 'self' 'unsafe-inline'; img-src * data: blob:; media-src * data: blob: mediastream:; \
                     font-src * data:; connect-src *; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// Files of a project are data: none of them is a page of this site.
const FILES: &str = "default-src 'none'; sandbox";

/// Where the build keeps the pages, and where the example.
const PAGES: &str = "web/host/";
const EXAMPLE: &str = "web/miniprogram/";

pub(super) fn router(preview: bool) -> Router<Shared> {
    let example = Router::new()
        .route("/miniprogram", get(|| async { Redirect::permanent("/miniprogram/") }))
        .route("/miniprogram/", get(shell))
        .route("/miniprogram/frame.html", get(frame))
        .route("/miniprogram/project.json", get(example_project))
        .route("/miniprogram/files/{*path}", get(example_file));
    if !preview {
        return example;
    }
    example
        .route("/preview", get(|| async { Redirect::permanent("/preview/") }))
        .route("/preview/", get(shell))
        .route("/preview/frame.html", get(frame))
        .route("/preview/project.json", get(preview_project))
        .route("/preview/files/{*path}", get(preview_file))
        .route("/preview/events", get(preview_events))
}

async fn shell() -> Response {
    page("index.html", SHELL)
}

async fn frame() -> Response {
    page("frame.html", FRAME)
}

fn page(name: &str, policy: &'static str) -> Response {
    embedded(&format!("{PAGES}{name}"), policy).unwrap_or_else(|| {
        (StatusCode::NOT_FOUND, "This server was built before `make sdk`: it cannot show mini programs.\n")
            .into_response()
    })
}

fn embedded(path: &str, policy: &'static str) -> Option<Response> {
    Some(answer(path, sdk::Dist::get(path)?.data.into_owned(), policy))
}

fn answer(path: &str, bytes: Vec<u8>, policy: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(sdk::content_type(path))),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, bytes).into_response()
}

async fn example_project() -> Response {
    embedded(&format!("{EXAMPLE}project.json"), FILES).unwrap_or_else(no_file)
}

async fn example_file(Path(path): Path<String>) -> Response {
    embedded(&format!("{EXAMPLE}files/{path}"), FILES).unwrap_or_else(no_file)
}

fn no_file() -> Response {
    (StatusCode::NOT_FOUND, "The project has no such file.\n").into_response()
}

/// Something that a project cannot give, in a sentence.
type Refused = (StatusCode, String);

/// The folder that is previewed; the routes exist only with one.
fn project(shared: &Shared) -> Result<Project, Refused> {
    shared.preview.clone().ok_or_else(|| (StatusCode::NOT_FOUND, "Nothing is previewed here.\n".to_owned()))
}

async fn preview_project(State(shared): State<Shared>) -> Result<Response, Refused> {
    let project = project(&shared)?;
    match tokio::task::spawn_blocking(move || project.bundle()).await {
        Ok(Ok(text)) => Ok(answer("project.json", text, FILES)),
        Ok(Err(error)) => Err((StatusCode::UNPROCESSABLE_ENTITY, format!("{error}\n"))),
        Err(error) => Err((StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n"))),
    }
}

async fn preview_file(State(shared): State<Shared>, Path(path): Path<String>) -> Result<Response, Refused> {
    let project = project(&shared)?;
    let name = path.clone();
    match tokio::task::spawn_blocking(move || project.file(&name)).await {
        Ok(Ok(bytes)) => Ok(answer(&path, bytes, FILES)),
        Ok(Err(error)) => Err((StatusCode::NOT_FOUND, format!("{path}: {error}\n"))),
        Err(error) => Err((StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n"))),
    }
}

async fn preview_events(State(shared): State<Shared>) -> Result<Response, Refused> {
    preview::events(project(&shared)?, shared.shutdown.clone())
        .map_err(|busy| (StatusCode::SERVICE_UNAVAILABLE, busy.to_owned()))
}
