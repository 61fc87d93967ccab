//! Changes that wait for a second administrator, as the log followed them.
//!
//! Owns the fold over their records, and what of these may follow which. *Invariant:* what an earlier
//! program made alone without telling by which request, and what it accepted without telling how it stood,
//! is not judged.

use std::collections::BTreeMap;

use carillon_domain::ChangeState;
use carillon_domain::event::{ActorKind, Event, EventResult};
use carillon_store::{SignedRows, StandingChange};
use serde_json::Value;

use super::{Odd, text};
use crate::audit::request::{REQUEST, Request};

/// The records that end the waiting of a request, and how it stands then.
const ENDS: [(&str, ChangeState); 5] = [
    ("change.approved", ChangeState::Approved),
    ("change.denied", ChangeState::Denied),
    ("change.cancelled", ChangeState::Cancelled),
    ("change.expired", ChangeState::Expired),
    ("change.voided", ChangeState::Void),
];

/// A request as the log tells it.
struct Course {
    /// The record that brought it there.
    seq: i64,
    /// What its row has to say; nothing where nobody can tell.
    request: Option<Request>,
    /// Whether its row did not count: then people may have taken from it what it seemed to have.
    forged: bool,
}

/// All requests, by their ids.
#[derive(Default)]
pub(super) struct Changes {
    all: BTreeMap<String, Course>,
    /// Whether one was made alone, and nobody told by which request.
    untold: bool,
}

impl Changes {
    /// Takes in a record; what it tells that cannot have happened.
    pub(super) fn add(&mut self, seq: i64, event: &Event) -> Option<String> {
        let detail = &event.detail;
        match event.action.as_str() {
            "row.forged" => self.forged(detail),
            _ if event.result != EventResult::Ok => {}
            "row.accepted" => self.accepted(seq, detail),
            "change.requested" => self.begins(seq, event, ChangeState::Waiting),
            _ if detail["alone"] == true => self.begins(seq, event, ChangeState::Alone),
            action => {
                let (_, to) = ENDS.iter().find(|(name, _)| *name == action)?;
                let id = text(detail, "change")?;
                let told = self.ended(seq, (&id, event), *to);
                return told.map(|told| format!("change {id}: {told}"));
            }
        }
        None
    }

    fn begins(&mut self, seq: i64, event: &Event, state: ChangeState) {
        let told = text(&event.detail, "change").zip(Request::told(event, state));
        let Some((id, request)) = told else {
            self.untold = true;
            return;
        };
        let course = Course {
            seq,
            request: Some(request),
            forged: false,
        };
        self.all.insert(id, course);
    }

    /// Somebody looked at it, and lets it count.
    fn accepted(&mut self, seq: i64, detail: &Value) {
        if let Some(id) = row(detail) {
            let course = Course {
                seq,
                request: Request::accepted(&detail[REQUEST]),
                forged: false,
            };
            self.all.insert(id, course);
        }
    }

    fn forged(&mut self, detail: &Value) {
        if let Some(course) = row(detail).and_then(|id| self.all.get_mut(&id)) {
            course.forged = true;
        }
    }

    fn ended(&mut self, seq: i64, (id, event): (&str, &Event), to: ChangeState) -> Option<String> {
        let action = &event.action;
        let Some(course) = self.all.get_mut(id) else {
            return Some(format!("{action} of one that nobody asked for"));
        };
        let (since, excused) = (course.seq, course.forged && to != ChangeState::Approved);
        course.seq = seq;
        let request = course.request.as_mut()?;
        let before = std::mem::replace(&mut request.state, to.to_string());
        request.decided = decided(event);
        if before != ChangeState::Waiting.as_str() && !excused {
            return Some(format!(
                "{action} of one that was {before} since record {since}"
            ));
        }
        let other = event.detail["digest"] != request.digest;
        (to == ChangeState::Approved && other)
            .then(|| "somebody agreed to another than was asked for".to_owned())
    }

    /// Those that stand otherwise, those that nobody asked for, and those that are gone; `size` stands for
    /// records that are not there.
    pub(super) fn odd(&self, rows: &[StandingChange], size: i64) -> Vec<Odd> {
        let mut left: BTreeMap<&str, &Course> = self.all.iter().map(|(id, c)| (&**id, c)).collect();
        let mut odd = Vec::new();
        for row in rows {
            let id = &row.id;
            match left.remove(&**id) {
                Some(course) => {
                    let differs = course.request.as_ref().and_then(|told| told.differs(row));
                    let what = |what| format!("the change {id} {what} than the log says");
                    odd.extend(differs.map(|differs| (course.seq, what(differs))));
                }
                None if self.untold && row.state == ChangeState::Alone.as_str() => {}
                None => odd.push((size, format!("no record asked for the change {id}"))),
            }
        }
        let gone = left.into_iter();
        odd.extend(gone.map(|(id, course)| (course.seq, format!("the change {id} is gone"))));
        odd
    }
}

/// The request whose row a record is of.
fn row(detail: &Value) -> Option<String> {
    let rows = SignedRows::ChangeRequests.as_str();
    text(detail, "row").filter(|_| detail["rows"] == rows)
}

/// Who ended it, by account and name, and when.
fn decided(event: &Event) -> Value {
    let actor = &event.actor;
    let account = (actor.kind == ActorKind::User).then_some(&actor.id);
    serde_json::json!([account, actor.name, event.at])
}
