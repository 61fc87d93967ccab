//! What the log says became of one job.
//!
//! Owns which record may follow which. *Invariant:* a job stands where its records brought it;
//! what a record tells that could not happen there is said and changes nothing.

use std::collections::BTreeMap;

use carillon_domain::event::{Event, EventResult};
use carillon_domain::{Cause, JobState, Mac, TargetState, Timestamp};
use carillon_store::StandingEnd;
use serde_json::Value;

use super::asked::Asked;
use super::moves::{MOVES, how_it_ended};
use super::named::Named;
use super::noted::{Noted, instant};

use JobState::{
    AwaitingApproval, Cancelled, Expired, Finished, Interrupted, Paused, Running, Scheduled,
    Stopping,
};

/// In the detail of who asked and of who agreed: what exactly.
pub(crate) const APPROVAL: &str = "approval_digest";

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
        None if of_row && (event.detail["rows"] == "job" || event.detail["rows"] == "job-list") => {
            event.detail["row"].as_str()
        }
        None => None,
    }
}

/// What a phone of a job came to.
pub(super) type End = (TargetState, Option<Cause>);

/// What the log told last of a phone of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It was sent to.
    Sent,
    /// It came to this; nothing where an earlier program did not tell what.
    Ended(Option<End>),
    /// What was told of it before was taken back.
    Nothing,
}

/// What a job was frozen to: the list's digest, the options, how many phones, and what was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frozen {
    pub(super) digest: String,
    pub(super) options: Value,
    pub(super) total: Option<i64>,
    pub(super) asked: Asked,
}

impl Frozen {
    fn of(detail: &Value, asked: Asked) -> Option<Self> {
        Some(Self {
            digest: detail["digest"].as_str()?.to_owned(),
            options: detail["options"].clone(),
            total: detail["total"].as_i64(),
            asked,
        })
    }
}

/// A job as the log tells it.
#[derive(Debug)]
pub(crate) struct Course {
    /// Where it stands; `None` where nobody can tell.
    state: Option<JobState>,
    /// How it ended; `None` where that is not so far, or not told.
    end: Option<JobState>,
    start_at: Option<Timestamp>,
    /// The record that brought it there.
    pub(super) seq: i64,
    /// What was frozen; nothing where it was compared with the row before, and let go of.
    pub(super) frozen: Option<Frozen>,
    /// What its row notes besides.
    pub(super) noted: Noted,
    /// Whether its row did not count: then people may have taken from it what it seemed to have.
    forged: bool,
    /// What was told of phones.
    pub(super) phones: BTreeMap<Mac, Told>,
    /// How they were named, with site and groups.
    pub(super) names: BTreeMap<Mac, Named>,
    /// Whether all others ended, and were compared with their rows before and let go of.
    pub(super) settled: bool,
    /// Whether all that became of its phones was told: who accepted a row took them as they stood.
    pub(super) whole: bool,
    /// Of what somebody asked for: what who lets it run agrees to.
    approval: Option<String>,
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
        let frozen = Frozen::of(detail, Asked::told(event))?;
        let awaits = detail["awaits_approval"].as_bool()?;
        let start_at = instant(&detail["start_at"]);
        let state = match (awaits, start_at) {
            (true, _) => AwaitingApproval,
            (false, Some(_)) => Scheduled,
            (false, None) => Running,
        };
        Some(Self {
            state: Some(state),
            end: None,
            start_at,
            seq,
            frozen: Some(frozen),
            noted: Noted::begin(event, state),
            forged: false,
            phones: BTreeMap::new(),
            names: BTreeMap::new(),
            settled: false,
            whole: true,
            approval: detail[APPROVAL].as_str().map(str::to_owned),
        })
    }

    /// One that this record ended, with rows that say the same.
    pub(super) const fn settled(seq: i64) -> Self {
        Self {
            state: Some(Finished),
            end: None,
            start_at: None,
            seq,
            frozen: None,
            noted: Noted::UNKNOWN,
            forged: false,
            phones: BTreeMap::new(),
            names: BTreeMap::new(),
            settled: true,
            whole: true,
            approval: None,
        }
    }

    /// Whether everything is told of it, if rows say the same.
    pub(super) fn may_settle(&self) -> bool {
        self.state == Some(Finished) && self.whole && !self.forged && !self.settled
    }

    /// Whether a row may stand in this state: in the end that was told, if one was. That a job has nothing
    /// left to do is not always told: until then one may be over.
    pub(crate) fn allows(&self, state: JobState) -> bool {
        let untold = || state.is_terminal() || self.state.is_none_or(|told| told == state);
        self.end.map_or_else(untold, |end| end == state)
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
            self.noted.phone();
            if action.starts_with("target.") {
                self.names.insert(phone, Named::told(event));
            }
            return self.phone(action, phone, &event.detail);
        }
        Ok(())
    }

    fn row(&mut self, seq: i64, action: &str, detail: &Value) {
        self.whole &= action != ACCEPTED;
        if detail["rows"] == "job-list" && action == ACCEPTED {
            self.list(seq, detail);
        }
        if detail["rows"] != "job" {
            return;
        }
        self.forged = action == FORGED;
        if action == ACCEPTED {
            let told = detail["state"].as_str();
            self.state = told.and_then(|state| state.parse().ok());
            self.end = self.state.filter(|state| state.is_terminal());
            self.seq = seq;
            self.forget_phones();
            self.settled = false;
            self.noted = Noted::accepted(detail);
            if let Some(frozen) = Frozen::of(detail, Asked::accepted(detail)) {
                self.frozen = Some(frozen);
            }
        }
    }

    fn forget_phones(&mut self) {
        self.phones.clear();
        self.names.clear();
    }

    /// Whether a phone's row names it as records did, where any did.
    pub(super) fn names(&self, row: &StandingEnd) -> bool {
        let told = row.phone.and_then(|phone| self.names.get(&phone));
        told.is_none_or(|told| Named::found(row) == Some(*told))
    }

    /// Somebody took its phones as they stood; an earlier program counted them no more for that.
    fn list(&mut self, seq: i64, detail: &Value) {
        let Some(total) = detail["total"].as_i64() else {
            return;
        };
        self.seq = seq;
        self.forget_phones();
        self.settled = false;
        self.noted.phone();
        if let Some(frozen) = &mut self.frozen {
            frozen.total = Some(total);
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
        self.end = how_it_ended(event, to);
        self.noted.moved(event, to, self.forged);
        match (&self.approval, event.detail[APPROVAL].as_str()) {
            (Some(asked), Some(agreed)) if action == "job.approved" && asked != agreed => {
                Err("somebody agreed to another than was asked for".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn phone(&mut self, action: &str, phone: Mac, detail: &Value) -> Result<(), String> {
        match action {
            "target.intent" => return self.intent(phone),
            "target.given_back" | "target.retrying" if self.settled => {
                self.phones.insert(phone, Told::Nothing);
            }
            "target.given_back" | "target.retrying" => {
                self.phones.remove(&phone);
            }
            "target.result" => drop(self.phones.insert(phone, Told::Ended(end(detail)))),
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
        match self.phones.insert(phone, Told::Sent) {
            None if !self.settled => Ok(()),
            Some(Told::Nothing) => Ok(()),
            None | Some(Told::Ended(_)) => {
                Err(format!("sent to {phone} again, for which the job was over"))
            }
            Some(Told::Sent) => Err(format!("sent to {phone} again, with the first end untold")),
        }
    }
}

fn end(detail: &Value) -> Option<End> {
    let state = detail["state"].as_str()?.parse().ok()?;
    let cause = match &detail["cause"] {
        Value::Null => None,
        cause => Some(cause.as_str()?.parse().ok()?),
    };
    Some((state, cause))
}
