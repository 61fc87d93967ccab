//! What the log says became of all jobs, and of the stop of everything.
//!
//! Owns what it forbids: a job that goes on behind its end, a phone that is sent to while everything
//! was stopped. *Invariant:* jobs whose beginning no record tells are not followed.

use std::collections::{BTreeMap, BTreeSet};

use carillon_domain::Timestamp;
use carillon_domain::event::Event;
use carillon_store::StandingJob;
use serde_json::Value;

use crate::audit::course::{Course, SUBMITTED, job_of};

/// An earlier program on Postgres could record a claim right behind the stop that it did not see.
const APART: i64 = 5_000_000;

/// All jobs, and the first that happened against the log.
#[derive(Default)]
pub(super) struct Courses {
    jobs: BTreeMap<String, Course>,
    /// Submitted, and told with too little.
    untold: BTreeSet<String>,
    stopped: Option<(i64, Timestamp)>,
    pub(super) forbidden: Option<(i64, String)>,
}

impl Courses {
    /// Takes in a record.
    pub(super) fn add(&mut self, seq: i64, event: &Event) {
        match event.action.as_str() {
            // A second stop changes nothing.
            "stop_all.set" => drop(self.stopped.get_or_insert((seq, event.at))),
            "clock.jumped" if event.detail["stopped_all"] == true => {
                self.stopped.get_or_insert((seq, event.at));
            }
            "stop_all.released" => self.stopped = None,
            _ => {}
        }
        let Some(job) = job_of(event) else { return };
        if event.action == SUBMITTED {
            self.submitted(seq, job, event);
        } else if let Some(course) = self.jobs.get_mut(job)
            && let Err(what) = course.add(seq, event)
        {
            self.forbid(seq, format!("job {job}: {what}"));
        }
        self.while_stopped(seq, job, event);
    }

    fn submitted(&mut self, seq: i64, job: &str, event: &Event) {
        match Course::begin(seq, event) {
            Some(course) => {
                self.jobs.insert(job.to_owned(), course);
            }
            None => {
                self.untold.insert(job.to_owned());
            }
        }
    }

    fn while_stopped(&mut self, seq: i64, job: &str, event: &Event) {
        if event.action != "target.intent" {
            return;
        }
        if let Some((set, at)) = self.stopped
            && event.at.micros() - at.micros() > APART
        {
            let what = format!("job {job}: sent to while everything was stopped by record {set}");
            self.forbid(seq, what);
        }
    }

    pub(super) fn forbid(&mut self, seq: i64, what: String) {
        self.forbidden.get_or_insert((seq, what));
    }

    /// What was told of a job, and its name.
    pub(super) fn one(&self, job: &str) -> Option<(&str, &Course)> {
        let found = self.jobs.get_key_value(job);
        found.map(|(id, course)| (id.as_str(), course))
    }

    /// All that were told of from their beginning.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &Course)> {
        self.jobs.iter().map(|(id, course)| (id.as_str(), course))
    }

    /// Jobs that stand elsewhere than the log brought them, or are gone.
    pub(super) fn odd(&self, rows: &[StandingJob], size: i64) -> Vec<(i64, String)> {
        let found: BTreeMap<&str, &StandingJob> =
            rows.iter().map(|row| (row.id.as_str(), row)).collect();
        let gone = self
            .jobs
            .iter()
            .filter(|(id, _)| !found.contains_key(id.as_str()));
        let gone = gone.map(|(id, course)| (course.seq, format!("the job {id} is gone")));
        let odd = rows.iter().filter_map(|row| self.odd_job(row, size));
        gone.chain(odd).collect()
    }

    fn odd_job(&self, row: &StandingJob, size: i64) -> Option<(i64, String)> {
        let id = &row.id;
        let Some(course) = self.jobs.get(id) else {
            let told = self.untold.contains(id);
            return (!told).then(|| (size, format!("no record made the job {id}")));
        };
        let options = serde_json::from_str::<Value>(&row.options).ok();
        let what = if !row.state.parse().is_ok_and(|state| course.allows(state)) {
            "stands elsewhere"
        } else if row.digest != course.digest || options.as_ref() != Some(&course.options) {
            "is another one"
        } else if course
            .total
            .is_some_and(|total| total != row.total || total != row.targets)
        {
            "has other phones"
        } else {
            return None;
        };
        Some((course.seq, format!("the job {id} {what} than the log says")))
    }
}
