//! What the log says became of all jobs, and of the stop of everything.
//!
//! Owns what it forbids: a job that goes on behind its end, a phone that is sent to while everything
//! was stopped. *Invariant:* jobs whose beginning no record tells are not followed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use carillon_domain::Timestamp;
use carillon_domain::event::Event;
use carillon_store::StandingJob;
use serde_json::Value;

use super::sums::{OfJobs, Sums};
use crate::audit::course::{Course, Frozen, SUBMITTED, job_of};

/// An earlier program on Postgres could record a claim right behind the stop that it did not see.
const APART: i64 = 5_000_000;

/// All jobs, and the first that happened against the log.
#[derive(Default)]
pub(super) struct Courses {
    jobs: BTreeMap<String, Course>,
    /// Submitted, and told with too little.
    untold: BTreeSet<String>,
    /// Over, with rows that say what was told; each with the record that ended it. Of these nothing
    /// else is kept.
    settled: HashMap<Box<str>, i64>,
    /// Ended since somebody looked last.
    ended: Vec<String>,
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
        } else {
            self.goes_on(seq, job, event);
        }
        self.while_stopped(seq, job, event);
    }

    fn goes_on(&mut self, seq: i64, job: &str, event: &Event) {
        if !self.jobs.contains_key(job)
            && let Some(ended) = self.settled.remove(job)
        {
            self.jobs.insert(job.to_owned(), Course::settled(ended));
        }
        let Some(course) = self.jobs.get_mut(job) else {
            return;
        };
        let told = course.add(seq, event);
        if event.action == "job.ended" && course.may_settle() {
            self.ended.push(job.to_owned());
        }
        if let Err(what) = told {
            self.forbid(seq, format!("job {job}: {what}"));
        }
    }

    /// The jobs that ended since this was asked last, and of which everything was told.
    pub(super) fn take_ended(&mut self) -> Vec<String> {
        let mut ended = std::mem::take(&mut self.ended);
        ended.retain(|id| self.jobs.get(id).is_some_and(Course::may_settle));
        ended
    }

    /// From now on nothing of a job is kept but that it is over.
    pub(super) fn settle(&mut self, id: &str) {
        if let Some(course) = self.jobs.remove(id) {
            self.settled.insert(id.into(), course.seq);
        }
    }

    fn submitted(&mut self, seq: i64, job: &str, event: &Event) {
        match Course::begin(seq, event) {
            Some(course) => {
                self.settled.remove(job);
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

    /// All but those that were let go of.
    pub(super) fn left(&self) -> Vec<&str> {
        let left: BTreeSet<&String> = self.jobs.keys().chain(&self.untold).collect();
        left.into_iter().map(String::as_str).collect()
    }

    /// What a row says else than the log brought it to, or than its phones come to; `size` where no
    /// record made it.
    pub(super) fn odd(&self, row: &StandingJob, sums: &OfJobs, size: i64) -> Option<(i64, String)> {
        let (id, sums) = (&row.id, sums.get(&row.id));
        if let Some(course) = self.jobs.get(id) {
            let what = differs(course, row, sums?)?;
            return Some((course.seq, format!("the job {id} {what} than the log says")));
        }
        if self.settled.contains_key(id.as_str()) {
            return None;
        }
        let what = match sums {
            None => format!("no record made the job {id}"),
            Some(sums) if sums.fit(row) => return None,
            Some(_) => format!("the sums of the job {id} are not those of its phones"),
        };
        Some((size, what))
    }
}

/// What a row says else than the log brought its job to, or than its phones come to.
pub(super) fn differs(course: &Course, row: &StandingJob, sums: &Sums) -> Option<&'static str> {
    if !row.state.parse().is_ok_and(|state| course.allows(state)) {
        return Some("stands elsewhere");
    }
    let frozen = course.frozen.as_ref();
    let another = frozen.and_then(|frozen| is_another(frozen, row, sums.phones()));
    let noted = || course.noted.differs(row);
    let fit = sums.fit(row);
    another
        .or_else(|| (!fit).then_some("has other sums"))
        .or_else(noted)
}

fn is_another(frozen: &Frozen, row: &StandingJob, phones: i64) -> Option<&'static str> {
    let options = serde_json::from_str::<Value>(&row.options).ok();
    if row.digest != frozen.digest || options.as_ref() != Some(&frozen.options) {
        return Some("is another one");
    }
    if !frozen.asked.fits(&row.asked) {
        return Some("was asked for otherwise");
    }
    let total = frozen.total?;
    (total != row.total || total != phones).then_some("has other phones")
}
