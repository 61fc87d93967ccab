//! What a job's row notes beside where it stands: when it first ran, when it ended, and the sums.
//!
//! Owns what the log tells of these. *Invariant:* a time is noted once, and stays; what no record tells,
//! or somebody accepted as it stood, is not judged.

use carillon_domain::event::Event;
use carillon_domain::{Counts, JobState, TargetState, Timestamp};
use carillon_store::{JobRow, StandingJob};
use serde_json::{Value, json};

/// In the detail of who accepts the row of a job: what it notes.
pub(crate) const NOTED: &str = "noted";

/// When something happened for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Once {
    /// Nobody can tell.
    Unknown,
    /// Not so far.
    Not,
    At(Timestamp),
}

impl Once {
    fn happened(&mut self, at: Timestamp) {
        if *self == Self::Not {
            *self = Self::At(at);
        }
    }

    fn accepted(told: Option<&Value>) -> Self {
        match told {
            None => Self::Unknown,
            Some(Value::Null) => Self::Not,
            Some(at) => instant(at).map_or(Self::Unknown, Self::At),
        }
    }

    fn fits(self, row: Option<Timestamp>) -> bool {
        match self {
            Self::Unknown => true,
            Self::Not => row.is_none(),
            Self::At(at) => row == Some(at),
        }
    }
}

/// What the log tells of it.
#[derive(Debug)]
pub(crate) struct Noted {
    started: Once,
    finished: Once,
    /// What its phones came to, as the record of its end tells.
    sums: Option<Counts>,
}

impl Noted {
    /// Nothing is told.
    pub(super) const UNKNOWN: Self = Self {
        started: Once::Unknown,
        finished: Once::Unknown,
        sums: None,
    };

    /// As the record of a job's beginning tells it, which brought the job to this state.
    pub(super) fn begin(event: &Event, state: JobState) -> Self {
        let mut noted = Self {
            started: Once::Not,
            finished: Once::Not,
            sums: None,
        };
        if state == JobState::Running {
            noted.started.happened(event.at);
            // With nobody to send to it is over at once, and no other record says so.
            if event.detail["run"] == 0 {
                noted.finished.happened(event.at);
            }
        }
        noted
    }

    /// A record moved the job; from where nobody knows, if its row did not count.
    pub(super) fn moved(&mut self, event: &Event, to: JobState, forged: bool) {
        if forged {
            *self = Self::UNKNOWN;
        } else if to == JobState::Running {
            self.started.happened(event.at);
        } else if to.is_terminal() {
            self.finished.happened(event.at);
        }
        self.sums = sums(&event.detail["phones"]);
    }

    /// Something else was told of a phone than when the job ended.
    pub(super) fn phone(&mut self) {
        self.sums = None;
    }

    /// As somebody found and accepted it; an earlier program did not tell what.
    pub(super) fn accepted(detail: &Value) -> Self {
        let told = |name| Once::accepted(detail[NOTED].get(name));
        Self {
            started: told("started_at"),
            finished: told("finished_at"),
            sums: None,
        }
    }

    /// What whoever accepts the row of a job lets count.
    pub(crate) fn of_job(job: &JobRow) -> Value {
        json!({ "started_at": job.started_at, "finished_at": job.finished_at })
    }

    /// What a row says otherwise.
    pub(super) fn differs(&self, row: &StandingJob) -> Option<&'static str> {
        let over = row.state.parse().is_ok_and(JobState::is_terminal);
        // That a job has nothing left to do is not always told.
        let ended = self.finished.fits(row.finished_at) || over && self.finished == Once::Not;
        if self.sums.is_some_and(|told| told != row.counts) {
            Some("has other sums")
        } else if !self.started.fits(row.started_at) {
            Some("began at another time")
        } else {
            (!ended).then_some("ended at another time")
        }
    }
}

/// How many phones came to what, without what none did.
fn sums(told: &Value) -> Option<Counts> {
    let mut counts = Counts::default();
    for (state, phones) in told.as_object()? {
        counts.add(state.parse::<TargetState>().ok()?, phones.as_i64()?);
    }
    Some(counts)
}

pub(super) fn instant(value: &Value) -> Option<Timestamp> {
    serde_json::from_value(value.clone()).ok()
}
