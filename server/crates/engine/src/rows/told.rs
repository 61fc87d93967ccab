//! Rows of before that were put back with the codes that they had then.
//!
//! Owns how they are told: by the records that brought a row to where it stands. *Invariant:* the row
//! and its records are read under the lock that every change of them takes.

use carillon_domain::JobState;
use carillon_store::{AuditQuery, BelievedJob, SignedRows, StoreError, Unit};

use crate::audit::Course;

/// More moves than people make of one job.
const MOST: usize = 10_000;

/// What decides about a job, if it is there and stands where the log brought it. One that an earlier
/// program made is not held against it.
///
/// # Errors
/// Forged when somebody else wrote it, or it stands elsewhere: from now on its row counts no more.
/// When the storage fails.
pub(crate) async fn job_as_told(
    unit: &mut Unit,
    id: &str,
) -> Result<Option<BelievedJob>, StoreError> {
    let believed = unit.believed_job(id).await?;
    if let Some(job) = &believed {
        require_as_told(unit, id, job.state).await?;
    }
    Ok(believed)
}

/// The same of a job that was read in this unit, for whoever is about to let it do more.
///
/// # Errors
/// The same.
pub(crate) async fn require_as_told(
    unit: &mut Unit,
    id: &str,
    state: JobState,
) -> Result<(), StoreError> {
    let query = AuditQuery {
        job: Some(id.to_owned()),
        actions: Course::words(),
        ..AuditQuery::default()
    };
    let records = unit.audit_beginning(&query, MOST).await?;
    let mut course: Option<Course> = None;
    for record in &records {
        match &mut course {
            None => course = Course::begin(record.seq, &record.event),
            // What it forbids is for `audit verify`; here only where it ends matters.
            Some(course) => drop(course.add(record.seq, &record.event)),
        }
    }
    match course {
        Some(course) if !course.allows(state) => {
            Err(unit.disbelieve(SignedRows::Jobs, id.as_bytes()).await?)
        }
        _ => Ok(()),
    }
}
