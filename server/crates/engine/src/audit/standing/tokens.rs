//! API tokens, as the log gave and revoked them.
//!
//! Owns the fold over their records. *Invariant:* a token is made by a record only, and none is ever
//! removed; an end that no record tells is not judged.

use std::collections::{BTreeMap, BTreeSet};

use carillon_domain::Timestamp;
use carillon_domain::event::Event;
use carillon_store::StandingToken;
use serde_json::Value;

use super::{Odd, text};

struct Token {
    seq: i64,
    user: String,
    scope: String,
    end: End,
    revoked: bool,
}

/// Until when a token is good.
enum End {
    Untold,
    Told(Option<Timestamp>),
}

/// All tokens, by their ids.
#[derive(Default)]
pub(super) struct Tokens(BTreeMap<String, Token>);

impl Tokens {
    /// Takes in a record of something that was done.
    pub(super) fn add(&mut self, seq: i64, event: &Event) {
        let detail = &event.detail;
        match event.action.as_str() {
            "token.created" => self.given(seq, "token", detail),
            // As whoever looked at it found it; an earlier program did not tell what.
            "row.accepted" if detail["rows"] == "token" => self.given(seq, "row", detail),
            "token.revoked" => self.revoked(seq, detail),
            _ => {}
        }
    }

    fn given(&mut self, seq: i64, id: &str, detail: &Value) {
        let told = (
            text(detail, id),
            text(detail, "user"),
            text(detail, "scope"),
        );
        if let (Some(id), Some(user), Some(scope)) = told {
            let token = Token {
                seq,
                user,
                scope,
                end: end(detail),
                revoked: detail["revoked"] == true,
            };
            self.0.insert(id, token);
        }
    }

    fn revoked(&mut self, seq: i64, detail: &Value) {
        let id = text(detail, "token").unwrap_or_default();
        if let Some(token) = self.0.get_mut(&id) {
            (token.seq, token.revoked) = (seq, true);
        }
    }

    /// Those with other rights, those that nobody made, and those that are gone.
    pub(super) fn odd<'a>(
        &'a self,
        rows: &'a [StandingToken],
        size: i64,
    ) -> impl Iterator<Item = Odd> + 'a {
        let ids: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let gone = self.0.iter().filter(move |(id, _)| !ids.contains(&***id));
        let gone = gone.map(|(id, told)| (told.seq, format!("the token {id} is gone")));
        let differs = rows.iter().filter_map(move |row| self.differs(row, size));
        differs.chain(gone)
    }

    fn differs(&self, row: &StandingToken, size: i64) -> Option<Odd> {
        let id = &row.id;
        let Some(given) = self.0.get(id) else {
            return Some((size, format!("no record made the token {id}")));
        };
        let found = (&row.user, &row.scope, row.revoked);
        let differs = found != (&given.user, &given.scope, given.revoked)
            || matches!(given.end, End::Told(end) if end != row.expires_at);
        let what = format!("the rights of the token {id} are others");
        differs.then_some((given.seq, what))
    }
}

fn end(detail: &Value) -> End {
    let told = detail.get("expires_at").cloned();
    let told = told.and_then(|told| serde_json::from_value(told).ok());
    told.map_or(End::Untold, End::Told)
}
