//! The files of the page, compiled into the program; `tools/adminUi.mjs` takes them from npm.

use axum::extract::Path;
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::rest::RestError;

/// Sends the browser to where the page's own addresses are right.
pub async fn redirect() -> Redirect {
    Redirect::permanent("/admin/")
}

/// The page.
pub async fn index(uri: Uri) -> Response {
    file(Path(INDEX.to_owned()), uri).await
}

/// A file of the page; the folders that the page has for them do not count.
pub async fn file(Path(path): Path<String>, uri: Uri) -> Response {
    let name = path.rsplit('/').next().unwrap_or_default();
    match FILES.iter().find(|file| file.name == name) {
        Some(file) => file.response(),
        None => RestError::not_found(format!("nothing at {}", uri.path())).into_response(),
    }
}

struct File {
    name: &'static str,
    media_type: &'static str,
    compressed: &'static [u8],
}

impl File {
    /// Every browser takes gzip; others are told that it is.
    fn response(&self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, self.media_type),
            (header::CONTENT_ENCODING, "gzip"),
            (header::CACHE_CONTROL, "no-cache"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
        ];
        (headers, self.compressed).into_response()
    }
}

/// The page loads nothing from elsewhere, but it may connect to other servers.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src *; frame-ancestors 'none'";

const INDEX: &str = "index.html";

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

macro_rules! file {
    ($name:literal, $media_type:expr) => {
        File {
            name: $name,
            media_type: $media_type,
            compressed: include_bytes!(concat!("../../admin-ui/", $name, ".gz")),
        }
    };
}

static FILES: [File; 10] = [
    file!("index.html", "text/html; charset=utf-8"),
    file!("address.js", SCRIPT),
    file!("app.0d7d7845.js", SCRIPT),
    file!("chunk-vendors.934c03ff.js", SCRIPT),
    file!("app.6e3b9661.css", STYLE),
    file!("chunk-vendors.9f55d012.css", STYLE),
    file!("icons.css", STYLE),
    file!("favicon.png", "image/png"),
    file!("logo-dark.3727fec5.svg", "image/svg+xml"),
    file!("logo-light.73342c25.svg", "image/svg+xml"),
];
