//! What is said about one route of the API.

use crate::router::table::Verb;

/// One route in words.
#[derive(Debug)]
pub struct Doc {
    /// Method.
    pub verb: Verb,
    /// Path as in the router.
    pub path: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Names of query parameters.
    pub query: &'static [&'static str],
    /// What is sent.
    pub body: Content,
    /// Status and content of the answer that is hoped for.
    pub answer: (u16, Content),
}

/// What a body holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing.
    Nothing,
    /// A JSON object of this schema.
    Json(&'static str),
    /// A list of objects of this schema, whole.
    List(&'static str),
    /// One page of a list of objects of this schema.
    Page(&'static str),
    /// A CSV file.
    Csv,
    /// CSV or JSON Lines, as asked for.
    Export,
    /// Plain text.
    Text,
    /// Server-sent events.
    Events,
}

/// Every query parameter, in words.
pub const PARAMETERS: &[(&str, &str)] = &[
    ("limit", "Most rows of a page, 1 to 1000; 100 where absent"),
    ("after", "Cursor: the `next` of the page before"),
    ("filter", "Filter language: site:kiel model:T46S -tag:vip"),
    ("sort", "Column; a leading - turns the order round"),
    ("state", "State; may be repeated"),
    ("cause", "Cause"),
    ("action", "Name or code of an action"),
    ("actor", "Name of who did it"),
    ("from", "RFC 3339; not before"),
    ("to", "RFC 3339; before"),
    (
        "below",
        "Number of a record: only records before it, so that later ones do not come in between",
    ),
    ("phone", "MAC"),
    ("site", "Slug of a site"),
    ("group", "Slug of a group"),
    ("job", "Id of a job"),
    ("result", "How it ended"),
    ("ip", "Source address"),
    ("q", "Words of the reason, of names or codes"),
    ("format", "csv or jsonl"),
    ("dry_run", "true: only say what would happen"),
    (
        "valid_rows_only",
        "true: leave rows with errors out and take the others",
    ),
    (
        "version",
        "The version that was looked at; an old one answers 409",
    ),
];
