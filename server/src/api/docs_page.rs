//! `GET /api/docs`: the API to read in a browser. Plain HTML, no script.

use std::fmt::Write as _;

use axum::extract::State;
use axum::response::Html;

use super::doc::{Content, Doc, PARAMETERS};
use super::schema;
use crate::app::App;
use crate::assets;
use crate::router::table::Access;

/// Serves the page.
pub async fn serve(State(app): State<App>) -> Html<String> {
    let mut rows = String::new();
    for doc in super::docs() {
        let access = app
            .routes()
            .iter()
            .find(|route| route.path == doc.path && route.verb == doc.verb)
            .map_or(Access::SignedIn, |route| route.access);
        entry(&mut rows, doc, access);
    }
    let base = app.origins().public().to_string();
    Html(page(&escaped(&base), &rows, &schemas()))
}

fn page(base: &str, rows: &str, schemas: &str) -> String {
    let css = assets::href("app.css");
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <title>The API of Carillon</title><link rel=\"stylesheet\" href=\"{css}\"></head>\
         <body><main class=\"api-docs\"><h1>The API of Carillon</h1>\
         <p>Base: <code>{base}/api/v1</code>. Send <code>Authorization: Bearer</code> and a token \
         of your account. For programs: <a href=\"/api/v1/openapi.json\">OpenAPI 3.1</a>. \
         Failures are <code>application/problem+json</code>. Lists are paged: send \
         <code>next</code> back as <code>after</code>.</p>\
         <pre>curl -H \"Authorization: Bearer $CARILLON_TOKEN\" {base}/api/v1/phones?filter=site:kiel</pre>\
         {rows}<h2>Shapes</h2>{schemas}</main></body></html>"
    )
}

fn entry(out: &mut String, doc: &Doc, access: Access) {
    let (status, answer) = doc.answer;
    // Writing to a string does not fail.
    let _ = write!(
        out,
        "<section><h2><code>{} {}</code></h2><p>{}</p><dl><dt>Needs</dt><dd>{access}</dd>",
        doc.verb.as_str(),
        escaped(doc.path),
        escaped(doc.summary),
    );
    for name in doc.query {
        let about = PARAMETERS.iter().find(|(known, _)| known == name);
        let about = escaped(about.map_or("", |(_, about)| about));
        let _ = write!(out, "<dt><code>?{name}=</code></dt><dd>{about}</dd>");
    }
    if doc.body != Content::Nothing {
        let _ = write!(out, "<dt>Body</dt><dd>{}</dd>", content(doc.body));
    }
    let _ = write!(
        out,
        "<dt>{status}</dt><dd>{}</dd></dl></section>",
        content(answer)
    );
}

fn content(content: Content) -> String {
    let link = |name: &str| format!("<a href=\"#{name}\">{name}</a>");
    match content {
        Content::Nothing => "nothing".to_owned(),
        Content::Json(name) => link(name),
        Content::List(name) | Content::Page(name) => {
            format!("{{\"items\": [{}, …], \"next\"}}", link(name))
        }
        Content::Csv => "text/csv".to_owned(),
        Content::Export => "text/csv or application/jsonl".to_owned(),
        Content::Text => "text/plain".to_owned(),
        Content::Events => "text/event-stream".to_owned(),
    }
}

fn schemas() -> String {
    let mut out = String::new();
    for (name, schema) in schema::all() {
        let about = schema["description"].as_str().unwrap_or_default();
        let _ = write!(
            out,
            "<section id=\"{name}\"><h3>{name}</h3><p>{}</p><ul>",
            escaped(about)
        );
        for (field, kind) in schema["properties"].as_object().into_iter().flatten() {
            let kind = escaped(&in_words(kind));
            let _ = write!(out, "<li><code>{field}</code>: {kind}</li>");
        }
        out.push_str("</ul></section>");
    }
    out
}

fn in_words(kind: &serde_json::Value) -> String {
    if let Some(options) = kind["anyOf"].as_array() {
        return options
            .iter()
            .map(in_words)
            .collect::<Vec<_>>()
            .join(" or ");
    }
    if let Some(target) = kind["$ref"].as_str() {
        return target.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(words) = kind["enum"].as_array() {
        return words
            .iter()
            .filter_map(|w| w.as_str())
            .collect::<Vec<_>>()
            .join(" | ");
    }
    match kind["type"].as_str() {
        Some("array") => format!("list of {}", in_words(&kind["items"])),
        Some("string") if kind["format"] == "date-time" => "time".to_owned(),
        Some(word) => word.to_owned(),
        None => "anything".to_owned(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
