//! `GET /api/v1/openapi.json`: OpenAPI 3.1 from the route table and the words beside the
//! handlers.

use std::sync::OnceLock;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use super::doc::{Content, Doc, PARAMETERS};
use super::schema::{self, reference};
use crate::app::App;
use crate::router::table::{Access, Route};

/// Serves the document.
pub async fn serve(State(app): State<App>) -> Response {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    let document = DOCUMENT.get_or_init(|| document(app.routes()));
    axum::Json(document).into_response()
}

/// The whole document for these routes.
pub fn document(routes: &[Route]) -> Value {
    let mut paths = Map::new();
    for doc in super::docs() {
        let access = routes
            .iter()
            .find(|route| route.path == doc.path && route.verb == doc.verb)
            .map_or(Access::SignedIn, |route| route.access);
        let short = doc.path.strip_prefix("/api/v1").unwrap_or(doc.path);
        let entry = paths.entry(short).or_insert_with(|| json!({}));
        if let Value::Object(entry) = entry {
            entry.insert(
                doc.verb.as_str().to_ascii_lowercase(),
                operation(doc, access),
            );
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Carillon",
            // Of the API, not of the program: that is not told to whoever asks.
            "version": "1",
            "description": "Action URI commands for a fleet of desk phones.",
        },
        "servers": [{ "url": "/api/v1" }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": schema::all(),
        },
    })
}

fn operation(doc: &Doc, access: Access) -> Value {
    let (status, answer) = doc.answer;
    let mut operation = json!({
        "summary": doc.summary,
        "description": format!("Needs: {access}."),
        "parameters": parameters(doc),
        "responses": {
            status.to_string(): answered(answer),
            "default": {
                "description": "It failed.",
                "content": { "application/problem+json": { "schema": reference("Problem") } },
            },
        },
    });
    if doc.body != Content::Nothing
        && let Value::Object(fields) = &mut operation
    {
        let body = json!({ "required": true, "content": content(doc.body) });
        fields.insert("requestBody".to_owned(), body);
    }
    operation
}

fn parameters(doc: &Doc) -> Vec<Value> {
    let in_path = doc
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
        });
    let in_query = doc.query.iter().map(|name| {
        let about = PARAMETERS.iter().find(|(known, _)| known == name);
        let about = about.map_or("", |(_, about)| about);
        json!({
            "name": name, "in": "query", "required": false, "description": about,
            "schema": { "type": "string" },
        })
    });
    in_path.chain(in_query).collect()
}

fn answered(answer: Content) -> Value {
    match answer {
        Content::Nothing => json!({ "description": "Done." }),
        other => json!({ "description": "Done.", "content": content(other) }),
    }
}

fn content(content: Content) -> Value {
    match content {
        Content::Nothing => json!({}),
        Content::Json(name) => json!({ "application/json": { "schema": reference(name) } }),
        Content::List(name) => json!({ "application/json": { "schema": {
            "type": "object",
            "properties": {
                "items": { "type": "array", "items": reference(name) },
                "next": { "type": "null" },
            },
            "required": ["items", "next"],
        } } }),
        Content::Page(name) => json!({ "application/json": { "schema": {
            "type": "object",
            "properties": {
                "items": { "type": "array", "items": reference(name) },
                "next": { "type": ["string", "null"] },
            },
            "required": ["items", "next"],
        } } }),
        Content::Csv => json!({ "text/csv": { "schema": { "type": "string" } } }),
        Content::Export => json!({
            "text/csv": { "schema": { "type": "string" } },
            "application/jsonl": { "schema": { "type": "string" } },
        }),
        Content::Text => json!({ "text/plain": { "schema": { "type": "string" } } }),
        Content::Events => json!({ "text/event-stream": { "schema": { "type": "string" } } }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_is_described() {
        for doc in crate::api::docs() {
            for name in doc.query {
                assert!(PARAMETERS.iter().any(|(known, _)| known == name), "{name}");
            }
        }
    }

    #[test]
    fn every_schema_that_is_named_exists() {
        let schemas = schema::all();
        for doc in crate::api::docs() {
            for content in [doc.body, doc.answer.1] {
                if let Content::Json(name) | Content::Page(name) | Content::List(name) = content {
                    assert!(schemas.contains_key(name), "{name}");
                }
            }
        }
    }
}
