//! The networks in which phones may be contacted, as the log told of them last.
//!
//! Owns the fold over these records. *Invariant:* the row is made and changed by records only, and never
//! removed; what an earlier program accepted without telling what is not judged.

use carillon_domain::Timestamp;
use carillon_domain::event::{Event, EventResult};
use carillon_store::{EgressRow, StandingNetworks};
use serde_json::{Value, json};

use super::{Odd, text};
use crate::audit::noted::instant;

/// In the detail of who changes the networks: the number of the choice.
pub(crate) const VERSION: &str = "version";
/// In the detail of who accepts their row: what it says.
pub(crate) const CHOICE: &str = "choice";

/// What the row has to say.
pub(crate) struct Choice {
    networks: String,
    /// Nothing where an earlier program did not tell.
    version: Option<i64>,
    by: String,
    at: Timestamp,
}

/// The last word about the networks.
#[derive(Default)]
pub(crate) enum Networks {
    /// Nobody chose any.
    #[default]
    Unchosen,
    /// The record that told it last; nothing beside it where nobody can tell what.
    Chosen(i64, Option<Box<Choice>>),
}

impl Networks {
    /// What whoever accepts the row lets count.
    pub(crate) fn of_row(row: &EgressRow) -> Value {
        json!({
            "networks": row.networks, VERSION: row.version, "by": row.changed_by,
            "at": row.changed_at,
        })
    }

    /// Takes in a record.
    pub(super) fn add(&mut self, seq: i64, event: &Event) {
        if event.result != EventResult::Ok {
            return;
        }
        let detail = &event.detail;
        let told = match event.action.as_str() {
            "networks.changed" => chosen(event),
            "row.accepted" if detail["rows"] == "networks" => accepted(&detail[CHOICE]),
            _ => return,
        };
        *self = Self::Chosen(seq, told.map(Box::new));
    }

    /// What rows say otherwise; `size` stands for a record that is not there.
    pub(super) fn odd(&self, rows: &[StandingNetworks], size: i64) -> Option<Odd> {
        match (self, rows.first()) {
            (Self::Unchosen, None) | (Self::Chosen(_, None), _) => None,
            (Self::Unchosen, Some(_)) => Some((size, "no record chose the networks".to_owned())),
            (Self::Chosen(seq, Some(_)), None) => Some((*seq, "the networks are gone".to_owned())),
            (Self::Chosen(seq, Some(told)), Some(row)) => {
                let what = || "the networks are not those that the log says".to_owned();
                (!told.fits(row)).then(|| (*seq, what()))
            }
        }
    }
}

impl Choice {
    fn fits(&self, row: &StandingNetworks) -> bool {
        let version = self.version.unwrap_or(row.version);
        (&*self.networks, version, &*self.by, self.at)
            == (&*row.networks, row.version, &*row.by, row.at)
    }
}

fn chosen(event: &Event) -> Option<Choice> {
    let detail = &event.detail;
    Some(Choice {
        networks: joined(&detail["after"])?,
        version: detail[VERSION].as_i64(),
        // Whoever asked, where somebody else let it happen.
        by: text(detail, "asked_by").unwrap_or_else(|| event.actor.name.clone()),
        at: event.at,
    })
}

fn accepted(told: &Value) -> Option<Choice> {
    Some(Choice {
        networks: joined(&told["networks"])?,
        version: told[VERSION].as_i64(),
        by: text(told, "by")?,
        at: instant(&told["at"])?,
    })
}

fn joined(told: &Value) -> Option<String> {
    let texts: Option<Vec<&str>> = told.as_array()?.iter().map(Value::as_str).collect();
    Some(texts?.join(" "))
}
