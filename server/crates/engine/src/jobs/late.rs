//! What is told to who decides about a job that waits no more: who was faster, and when.

use carillon_domain::JobState;
use carillon_store::{AuditQuery, JobRow, StoreError, Unit};

use super::control::in_words;

/// Said of a job about which nobody decided within its time.
pub(super) const NOBODY_DECIDED: &str = "nobody decided in time: ask for the job again";

/// Why nobody decides about this job any more.
///
/// # Errors
/// Only when the storage fails.
pub(super) async fn why(unit: &mut Unit, job: &JobRow) -> Result<String, StoreError> {
    let approval = &job.approval;
    let decided = approval.decided_by.as_deref().zip(approval.decided_at);
    let decided = decided.map(|(by, at)| (by, at.to_minute_text()));
    Ok(match (job.state, decided) {
        (JobState::Stopping | JobState::Cancelled, _) => stopped(unit, job).await?,
        (JobState::Denied, Some((by, moment))) => {
            format!("it was refused by {by} at {moment} UTC")
        }
        (JobState::Expired, None) if approval.until.is_some() => NOBODY_DECIDED.to_owned(),
        (_, Some((by, moment))) => format!("it was let run by {by} at {moment} UTC"),
        (state, None) => format!("the job is {}", in_words(state)),
    })
}

/// Who stopped it stands in the audit log alone.
async fn stopped(unit: &mut Unit, job: &JobRow) -> Result<String, StoreError> {
    let query = AuditQuery {
        job: Some(job.id.clone()),
        actions: vec!["job.cancelled".to_owned()],
        ..AuditQuery::default()
    };
    let found = unit.audit_end(&query, 1).await?;
    let Some(event) = found.first().map(|record| &record.event) else {
        return Ok(format!("the job is {}", in_words(job.state)));
    };
    let (by, moment) = (&event.actor.name, event.at.to_minute_text());
    Ok(format!("it was stopped by {by} at {moment} UTC"))
}
