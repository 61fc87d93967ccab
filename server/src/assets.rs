//! Static files inside the program.
//!
//! Owns their addresses: each carries the hash of its content, so it may be kept for ever.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use carillon_contract::frame::Assets;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest as _, Sha256};

use crate::fields::Query;
use crate::problem::{Code, Problem};

#[derive(RustEmbed)]
#[folder = "../static"]
struct Files;

const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// The font: its name carries its version, because the stylesheet names it too.
const FONT: &str = "inter-5.3.0.woff2";

/// Short content hash of every file, by name.
fn hashes() -> &'static BTreeMap<String, String> {
    static HASHES: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    HASHES.get_or_init(|| {
        let named = Files::iter().filter_map(|name| {
            let file = Files::get(&name)?;
            let digest = hex::encode(Sha256::digest(&file.data));
            Some((name.into_owned(), digest[..16].to_owned()))
        });
        named.collect()
    })
}

/// The address of a file; empty when it is not there.
pub fn href(name: &str) -> String {
    hashes()
        .get(name)
        .map(|hash| format!("/static/{name}?v={hash}"))
        .unwrap_or_default()
}

/// The addresses that pages need.
pub fn of_pages() -> Assets {
    Assets {
        css: href("app.css"),
        dark_css: href("dark.css"),
        font: format!("/static/{FONT}"),
        icons: href("icons.svg"),
        favicon: href("favicon.svg"),
        copy_js: href("copy.js"),
        select_js: href("select.js"),
        keys_js: href("keys.js"),
        watch_js: href("watch.js"),
        session_js: href("session.js"),
        islands_js: href("islands.js"),
        job_js: href("job.js"),
        time_js: href("time.js"),
        pkg_js: href("pkg/carillon.js"),
        pkg_wasm: href("pkg/carillon_bg.wasm"),
    }
}

/// `GET /static/{*name}`.
pub async fn serve(Path(name): Path<String>, Query(query): Query, headers: HeaderMap) -> Response {
    let (Some(file), Some(hash)) = (Files::get(&name), hashes().get(&name)) else {
        return Problem::new(Code::NotFound).into_response();
    };
    let packed = packed(&name, &headers);
    let kind_of_packing = if packed.is_some() { "-br" } else { "" };
    let tag = format!("\"{hash}{kind_of_packing}\"");
    let known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .any(|value| value == tag.as_str());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        packed.unwrap_or(file).data.into_owned().into_response()
    };
    let cache = if query.text("v") == Some(hash) || name == FONT {
        FOR_EVER
    } else {
        ASK_AGAIN
    };
    let out = response.headers_mut();
    out.insert(CACHE_CONTROL, cache);
    out.insert(CONTENT_TYPE, HeaderValue::from_static(kind(&name)));
    if !kind_of_packing.is_empty() {
        out.insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
        out.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        out.insert(ETAG, tag);
    }
    response
}

/// The file as it was packed when the program was built, for whoever takes Brotli.
fn packed(name: &str, headers: &HeaderMap) -> Option<EmbeddedFile> {
    let takes = headers.get_all(ACCEPT_ENCODING).iter();
    let mut takes = takes.filter_map(|value| value.to_str().ok());
    let takes = takes.any(|list| list.split(',').any(|one| one.trim() == "br"));
    takes.then(|| Files::get(&format!("{name}.br"))).flatten()
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("wasm") => "application/wasm",
        Some("woff2") => "font/woff2",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
