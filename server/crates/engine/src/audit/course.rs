//! What the log says became of one job.
//!
//! Owns which record may follow which. *Invariant:* a job stands where its records brought it;
//! what a record tells that could not happen there is said and changes nothing.

use std::collections::BTreeMap;

use carillon_domain::event::{Event, EventResult};
use carillon_domain::{JobState, Mac, Timestamp};
use serde_json::Value;

use JobState::{
    AwaitingApproval, Cancelled, Expired, Finished, Interrupted, Paused, Running, Scheduled,
    Stopping,
};

/// The records that move a job, each with the states that it moves one from.
const MOVES: [(&str, &[JobState]); 9] = [
    ("job.approved", &[AwaitingApproval]),
    ("job.denied", &[AwaitingApproval]),
    ("job.approval_expired", &[AwaitingApproval]),
    ("job.started", &[Scheduled]),
    ("job.paused", &[Running]),
    ("job.resumed", &[Paused, Interrupted]),
    ("job.interrupted", &[Running]),
    (
        "job.cancelled",
        &[Running, Paused, Interrupted, Scheduled, AwaitingApproval],
    ),
    (
        "job.ended",
        &[
            Running,
            Paused,
            Interrupted,
            Stopping,
            Scheduled,
            AwaitingApproval,
        ],
    ),
];

/// Begins a job.
pub(super) const SUBMITTED: &str = "job.submitted";
/// Lets a row count as it stands.
const ACCEPTED: &str = "row.accepted";
/// Tells that a row does not count.
const FORGED: &str = "row.forged";

/// The job that a record is of.
pub(super) fn job_of(event: &Event) -> Option<&str> {
    let of_row = event.action == ACCEPTED || event.action == FORGED;
    match &event.job {
        Some(job) => Some(job),
        None if of_row && event.detail["rows"] == "job" => event.detail["row"].as_str(),
        None => None,
    }
}

/// A job as the log tells it.
#[derive(Debug)]
pub(crate) struct Course {
    /// Where it stands; `None` where nobody can tell.
    state: Option<JobState>,
    start_at: Option<Timestamp>,
    /// The record that brought it there.
    pub(super) seq: i64,
    /// What was frozen: the list's digest, the options and how many phones.
    pub(super) digest: String,
    pub(super) options: Value,
    pub(super) total: Option<i64>,
    /// Whether its row did not count: then people may have taken from it what it seemed to have.
    forged: bool,
    /// Phones that were told of: whether it is over for them.
    sent: BTreeMap<Mac, bool>,
}

impl Course {
    /// The records by which a job is followed without its phones.
    pub(crate) fn words() -> Vec<String> {
        let moves = MOVES.iter().map(|(action, _)| *action);
        let all = moves.chain([SUBMITTED, ACCEPTED, FORGED]);
        all.map(str::to_owned).collect()
    }

    /// The course that begins with this record; `None` where it tells too little: an earlier program
    /// wrote it.
    pub(crate) fn begin(seq: i64, event: &Event) -> Option<Self> {
        let detail = &event.detail;
        let digest = detail["digest"].as_str()?.to_owned();
        let awaits = detail["awaits_approval"].as_bool()?;
        let start_at = instant(&detail["start_at"]);
        let state = match (awaits, start_at) {
            (true, _) => AwaitingApproval,
            (false, Some(_)) => Scheduled,
            (false, None) => Running,
        };
        Some(Self {
            state: Some(state),
            start_at,
            seq,
            digest,
            options: detail["options"].clone(),
            total: detail["total"].as_i64(),
            forged: false,
            sent: BTreeMap::new(),
        })
    }

    /// Whether a row may stand in this state. One that is over does nothing any more, whatever is
    /// told of it.
    pub(crate) fn allows(&self, state: JobState) -> bool {
        state.is_terminal() || self.state.is_none_or(|told| told == state)
    }

    /// Takes in another record of the job.
    ///
    /// # Errors
    /// What it tells that cannot have happened.
    pub(crate) fn add(&mut self, seq: i64, event: &Event) -> Result<(), String> {
        let action = event.action.as_str();
        if action == ACCEPTED || action == FORGED {
            self.row(seq, action, &event.detail);
        } else if let Some((_, from)) = MOVES.iter().find(|(name, _)| *name == action) {
            if event.result == EventResult::Ok || action == "job.ended" {
                return self.moved(seq, event, from);
            }
        } else if let Some(phone) = event.phone {
            return self.phone(action, phone);
        }
        Ok(())
    }

    fn row(&mut self, seq: i64, action: &str, detail: &Value) {
        if detail["rows"] != "job" {
            return;
        }
        self.forged = action == FORGED;
        if action == ACCEPTED {
            let told = detail["state"].as_str();
            self.state = told.and_then(|state| state.parse().ok());
            self.seq = seq;
            self.sent.clear();
            if let Some(digest) = detail["digest"].as_str() {
                digest.clone_into(&mut self.digest);
                self.options = detail["options"].clone();
                self.total = detail["total"].as_i64();
            }
        }
    }

    fn moved(&mut self, seq: i64, event: &Event, from: &[JobState]) -> Result<(), String> {
        let action = &event.action;
        let gives = matches!(
            action.as_str(),
            "job.approved" | "job.started" | "job.resumed"
        );
        let excused = self.forged && !gives;
        if let Some(now) = self.state.filter(|now| !from.contains(now))
            && !excused
        {
            let why = format!("{action} of a job that was {now} since record {}", self.seq);
            return Err(why);
        }
        let to = match action.as_str() {
            "job.approved" if self.start_at.is_some_and(|at| at > event.at) => Scheduled,
            "job.paused" => Paused,
            "job.interrupted" => Interrupted,
            "job.cancelled" if event.detail["state"].is_null() => Stopping,
            "job.cancelled" => Cancelled,
            "job.denied" => JobState::Denied,
            "job.approval_expired" => Expired,
            "job.ended" => Finished,
            _ => Running,
        };
        (self.state, self.seq) = (Some(to), seq);
        if to.is_terminal() {
            self.sent.clear();
        }
        Ok(())
    }

    fn phone(&mut self, action: &str, phone: Mac) -> Result<(), String> {
        match action {
            "target.intent" => return self.intent(phone),
            "target.given_back" | "target.retrying" => {
                self.sent.remove(&phone);
            }
            "target.result" if self.state.is_none_or(|state| !state.is_terminal()) => {
                self.sent.insert(phone, true);
            }
            _ => {}
        }
        Ok(())
    }

    fn intent(&mut self, phone: Mac) -> Result<(), String> {
        if let Some(now) = self.state.filter(|now| *now != Running) {
            let why = format!(
                "sent to {phone} for a job that was {now} since record {}",
                self.seq
            );
            return Err(why);
        }
        match self.sent.insert(phone, false) {
            None => Ok(()),
            Some(true) => Err(format!("sent to {phone} again, for which the job was over")),
            Some(false) => Err(format!("sent to {phone} again, with the first end untold")),
        }
    }
}

fn instant(value: &Value) -> Option<Timestamp> {
    serde_json::from_value(value.clone()).ok()
}
