//! `/`: the state of the fleet at a glance. `causes=all` shows every cause of what went wrong.

use carillon_domain::{Cause, Timestamp};
use serde::{Deserialize, Serialize};

use crate::jobs::JobRow;

/// The overview.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct OverviewView {
    /// How the fleet is.
    pub fleet: FleetView,
    /// Jobs that run, are paused, stopping or interrupted; newest first.
    pub running: Vec<JobRow>,
    /// Jobs that are scheduled or wait for a second person; newest first.
    pub not_started: Vec<JobRow>,
    /// The last finished jobs.
    pub recent: Vec<JobRow>,
    /// What is wrong with phones now: their last results, biggest first.
    pub causes: Vec<FleetCause>,
    /// So many more causes there are, which `causes=all` shows.
    pub more_causes: i64,
    /// The provisioning lines that open phones which refuse our address; where there are some.
    pub snippet: Option<String>,
    /// Sites, most problems first, some dozens at most.
    pub sites: Vec<SiteHealth>,
    /// The last changes by people.
    pub changes: Vec<ChangeView>,
    /// How it went lately; empty for those who may not see jobs.
    pub trends: TrendsView,
}

/// How it went lately: numbers that are drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrendsView {
    /// The last days without a gap, oldest first.
    pub days: Vec<DayView>,
    /// Why commands ended badly in these days, biggest first.
    pub causes: Vec<(Cause, i64)>,
    /// So many more causes there were, and how often they came about together.
    pub other_causes: (i64, i64),
    /// Phones by firmware, biggest first; the last may be "others".
    pub firmware: Vec<FirmwareCount>,
    /// How long phones took to answer in the last jobs, slowest site first.
    pub answers: Vec<SiteAnswers>,
}

/// How long the phones of a site take to answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteAnswers {
    /// Slug of the site.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// What one answer takes, in milliseconds.
    pub mean_ms: i64,
}

/// One day, in UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayView {
    /// `2026-11-24`.
    pub date: String,
    /// Jobs that were made.
    pub jobs: i64,
    /// How their phones ended.
    pub counts: carillon_domain::Counts,
}

/// Phones of one firmware.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirmwareCount {
    /// Its number; empty where not known.
    pub firmware: String,
    /// How many phones.
    pub phones: i64,
    /// These phones as a list; empty for "others".
    pub href: String,
}

/// How many phones are how. `reachable + offline + unknown = phones`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetView {
    /// All phones.
    pub phones: i64,
    /// Answered when last contacted.
    pub reachable: i64,
    /// Did not answer when last contacted.
    pub offline: i64,
    /// Never contacted.
    pub unknown: i64,
    /// Sites.
    pub sites: i64,
    /// Groups.
    pub groups: i64,
}

/// So many phones whose last result has this cause.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FleetCause {
    /// The cause.
    pub cause: Cause,
    /// How many phones.
    pub phones: i64,
}

/// One site in the overview.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SiteHealth {
    /// Identity.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Its phones; `reachable + offline + unknown = phones`.
    pub phones: i64,
    /// Answered when last contacted.
    pub reachable: i64,
    /// Did not.
    pub offline: i64,
    /// Never contacted.
    pub unknown: i64,
}

/// One change by a person, in a sentence.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChangeView {
    /// Number of the audit record.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What: "changed site Kiel".
    pub text: String,
}
