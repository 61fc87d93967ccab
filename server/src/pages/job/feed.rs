//! `/jobs/{id}/feed`: the job's summary while it changes.
//!
//! *Invariant:* the feed shows nothing that its session may not see any more.

use axum::extract::Path;
use carillon_contract::job::JobSummary;
use carillon_engine::accounts::SessionContext;
use carillon_engine::{Caller, Engine};
use carillon_language::{Language, current, during};
use serde::{Serialize, Serializer};

use super::summary;
use crate::feed::{self, Moment};
use crate::pages::visit::{PageResult, Visit};
use crate::problem::Problem;

/// `GET /jobs/{id}/feed`.
pub(super) async fn open(visit: Visit, caller: Caller, Path(id): Path<String>) -> PageResult {
    let Some(session) = visit.session else {
        return Err(Problem::internal("a feed without a session"));
    };
    let reader = caller.user_id.clone().unwrap_or_default();
    let source = JobSource {
        engine: visit.app.engine().clone(),
        caller,
        session,
        id: id.clone(),
        language: current(),
    };
    feed::open(&visit.app, &id, &reader, source).await
}

struct JobSource {
    engine: Engine,
    caller: Caller,
    session: SessionContext,
    id: String,
    language: Language,
}

impl feed::Source for JobSource {
    type Summary = Told;

    async fn look(&self) -> Result<Moment<Told>, Problem> {
        let snapshot = self.engine.job(&self.caller, &self.id).await?;
        let summary = during(self.language, || {
            summary::of(&snapshot, self.engine.clock.now())
        });
        Ok(Moment {
            seq: summary.seq,
            finished: summary.state.is_terminal(),
            summary: Told(summary),
        })
    }

    async fn may_go_on(&self) -> bool {
        matches!(self.engine.session_lives(&self.session).await, Ok(true))
    }
}

/// A summary that equals another when the job did not change between them, nor what is told of how long it
/// still takes: that would stand still while phones take their time.
struct Told(JobSummary);

impl PartialEq for Told {
    fn eq(&self, other: &Self) -> bool {
        let facts = |summary: &JobSummary| (summary.state, summary.counts, summary.started_at);
        facts(&self.0) == facts(&other.0)
            && self.0.causes == other.0.causes
            && self.0.note == other.0.note
            && self.0.eta_seconds == other.0.eta_seconds
    }
}

impl Serialize for Told {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
