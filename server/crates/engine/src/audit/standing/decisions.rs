//! What a second person decided about jobs, and until when that was waited for.
//!
//! Owns the fold over these records. *Invariant:* of a job whose beginning an earlier program told without
//! its end of waiting, that end is not judged.

use std::collections::{BTreeMap, BTreeSet};

use carillon_domain::Timestamp;
use carillon_domain::event::{Event, EventResult};
use carillon_store::{JobApproval, StandingDecision};
use serde_json::{Value, json};

use super::Odd;
use crate::audit::course::{SUBMITTED, job_of};
use crate::audit::noted::instant;

/// In the detail of who asks for a job that waits: until when.
pub(crate) const UNTIL: &str = "approve_until";
/// In the detail of who accepts the row of a job: what it says of this.
pub(crate) const DECISION: &str = "decision";

/// A decision: the record, by whom, and when; nothing where an earlier program did not tell.
type Made = (i64, String, Option<Timestamp>);

/// All decisions, by jobs.
#[derive(Default)]
pub(crate) struct Decisions {
    made: BTreeMap<String, Made>,
    /// Jobs that had to wait: the record that says so, and until when, where it tells.
    waited: BTreeMap<String, (i64, Option<Timestamp>)>,
    /// Jobs of which nobody told whether they had to.
    untold: BTreeSet<String>,
}

impl Decisions {
    /// What whoever accepts the row of a job lets count.
    pub(crate) fn of_job(approval: &JobApproval) -> Value {
        json!({ "until": approval.until, "by": approval.decided_by, "at": approval.decided_at })
    }

    /// Takes in a record.
    pub(super) fn add(&mut self, seq: i64, event: &Event) {
        let Some(job) = job_of(event).filter(|_| event.result == EventResult::Ok) else {
            return;
        };
        match event.action.as_str() {
            "job.approved" | "job.denied" => {
                let made = (seq, event.actor.name.clone(), Some(event.at));
                self.made.insert(job.to_owned(), made);
            }
            SUBMITTED => self.submitted(seq, job, &event.detail),
            "row.accepted" if event.detail["rows"] == "job" => {
                self.accepted(seq, job, &event.detail[DECISION]);
            }
            _ => {}
        }
    }

    fn submitted(&mut self, seq: i64, job: &str, detail: &Value) {
        match detail["awaits_approval"].as_bool() {
            Some(true) => {
                let until = instant(&detail[UNTIL]);
                self.waited.insert(job.to_owned(), (seq, until));
            }
            Some(false) => {}
            None => drop(self.untold.insert(job.to_owned())),
        }
    }

    /// As somebody found it; an earlier program did not tell what.
    fn accepted(&mut self, seq: i64, job: &str, told: &Value) {
        self.waited.remove(job);
        if told.is_null() {
            self.untold.insert(job.to_owned());
            if let Some((_, _, at)) = self.made.get_mut(job) {
                *at = None;
            }
            return;
        }
        if let Some(until) = instant(&told["until"]) {
            self.waited.insert(job.to_owned(), (seq, Some(until)));
        }
        match told["by"].as_str() {
            Some(by) => {
                let made = (seq, by.to_owned(), instant(&told["at"]));
                self.made.insert(job.to_owned(), made);
            }
            None => drop(self.made.remove(job)),
        }
    }

    /// What rows say otherwise; `size` stands for records that are not there.
    pub(super) fn odd<'a>(
        &'a self,
        rows: &'a [StandingDecision],
        size: i64,
    ) -> impl Iterator<Item = Odd> + 'a {
        let waits = |row: &&StandingDecision| row.until.is_some();
        let waiting: BTreeSet<&str> = rows.iter().filter(waits).map(|row| &*row.job).collect();
        let gone = self.waited.iter();
        let gone = gone.filter(move |(job, _)| !waiting.contains(job.as_str()));
        let gone = gone.map(|(job, (seq, _))| (*seq, waited_otherwise(job)));
        let each = rows.iter();
        let each = each.flat_map(move |row| [self.odd_end(row, size), self.odd_one(row, size)]);
        each.flatten().chain(gone)
    }

    fn odd_end(&self, row: &StandingDecision, size: i64) -> Option<Odd> {
        let until = row.until?;
        match self.waited.get(&row.job) {
            Some((_, told)) if told.is_none_or(|told| told == until) => None,
            Some((seq, _)) => Some((*seq, waited_otherwise(&row.job))),
            None => {
                let told = !self.untold.contains(&row.job);
                told.then(|| (size, format!("no record tells that job {} waited", row.job)))
            }
        }
    }

    fn odd_one(&self, row: &StandingDecision, size: i64) -> Option<Odd> {
        let job = &row.job;
        let needed = row.until.is_some() && row.goes_on;
        match (self.made.get(job), &row.by) {
            (Some((_, given, at)), Some(by)) if given == by => {
                let (seq, _, _) = self.made.get(job)?;
                let what = || format!("job {job} was decided about at another time");
                (at.is_some() && *at != row.at).then(|| (*seq, what()))
            }
            (Some((seq, _, _)), _) => {
                Some((*seq, format!("somebody else decided about job {job}")))
            }
            (None, by) if by.is_some() || row.at.is_some() || needed => Some((
                size,
                format!("no record tells of a decision about job {job}"),
            )),
            (None, _) => None,
        }
    }
}

fn waited_otherwise(job: &str) -> String {
    format!("job {job} waited until another time")
}
