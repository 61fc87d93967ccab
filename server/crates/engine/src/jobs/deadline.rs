//! Until when a job may send.

use carillon_domain::Timestamp;
use carillon_domain::job::JobRequest;

use crate::error::{EngineError, Result};

/// Refuses an end that has passed: nothing would be sent at all.
pub(super) fn check(request: &JobRequest, now: Timestamp) -> Result<()> {
    let options = &request.options;
    let begins = options.start_at.map_or(now, |start| start.max(now));
    if options.not_after.is_none_or(|end| end > begins) {
        return Ok(());
    }
    let message = "nothing could be sent before this time: give a later one, or leave it out";
    Err(EngineError::invalid(
        "options.not_after",
        "out_of_range",
        message,
    ))
}
