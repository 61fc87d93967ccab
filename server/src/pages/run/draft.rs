//! A job that is not started yet, sealed while somebody looks at it.
//!
//! Owns what is remembered of a review. *Invariant:* it is found by whoever made it only.

use std::collections::HashMap;
use std::time::Duration;

use carillon_domain::Mac;
use carillon_domain::job::JobRequest;
use carillon_engine::jobs::{Again, JobPreview};
use carillon_engine::{Caller, Engine, EngineError};
use serde::{Deserialize, Serialize};

use super::form::RunForm;

const KIND: &str = "run";
const REVIEW_LASTS: Duration = Duration::from_hours(2);

/// A job that somebody has chosen and not started.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Draft {
    /// As typed; `None` when it repeats another job.
    pub form: Option<RunForm>,
    /// What it comes to.
    pub request: JobRequest,
    /// The job that it repeats.
    pub retry_of: Option<String>,
    /// Which of that one's phones were chosen, where not all of them.
    #[serde(default)]
    pub again: Option<Again>,
    /// The filter by which its phones were picked in the list.
    pub picked_by: Option<String>,
    /// The phones that would get it when it was last shown.
    pub seen: Vec<Mac>,
    /// Where these were then.
    #[serde(default)]
    pub places: Places,
    /// The protected phones among all that were chosen then.
    #[serde(default)]
    pub protected: Vec<Mac>,
    /// The job that it became.
    #[serde(default)]
    pub started: Option<String>,
}

impl Draft {
    /// Keeps it; says under which id.
    ///
    /// # Errors
    /// Sealed.
    pub async fn keep(&self, engine: &Engine, caller: &Caller) -> Result<String, EngineError> {
        engine.keep_draft(caller, KIND, self, REVIEW_LASTS).await
    }

    /// Opens one.
    ///
    /// # Errors
    /// Not found, also when its time is over or it is somebody else's.
    pub async fn open(engine: &Engine, caller: &Caller, id: &str) -> Result<Self, EngineError> {
        engine.draft(caller, KIND, id).await
    }

    /// Remembers the job that it became.
    ///
    /// # Errors
    /// Sealed.
    pub async fn started(
        &mut self,
        engine: &Engine,
        caller: &Caller,
        (id, job): (&str, &str),
    ) -> Result<(), EngineError> {
        self.started = Some(job.to_owned());
        engine
            .replace_draft(caller, KIND, id, self, REVIEW_LASTS)
            .await
    }

    /// The reason that was typed beside the review stays, whatever page comes next.
    pub fn remember(&mut self, reason: &str) {
        reason.clone_into(&mut self.request.reason);
        if let Some(form) = &mut self.form {
            reason.clone_into(&mut form.reason);
        }
    }

    /// What an earlier review of the same command to the same selection showed is what this one is
    /// compared with: nothing that changed between them is lost.
    pub(super) fn compare_with(&mut self, before: Option<Self>) {
        let same = |earlier: &Self| {
            let sel = |draft: &Self| draft.form.as_ref().map(|form| form.sel.clone());
            earlier.request.action == self.request.action && sel(earlier) == sel(self)
        };
        if let Some(earlier) = before.filter(same) {
            self.seen = earlier.seen;
            self.places = earlier.places;
            self.protected = earlier.protected;
        }
    }

    /// Counts phones in that somebody was promised and that left before this was made: its review
    /// tells of them.
    pub(super) fn promised(&mut self, late: &[Mac]) {
        if late.is_empty() {
            return;
        }
        self.places.nowhere_first(late.len());
        self.seen = late.iter().chain(&self.seen).copied().collect();
    }

    /// Keeps the reason that was typed beside the review.
    ///
    /// # Errors
    /// Sealed.
    pub async fn keep_reason(
        &mut self,
        engine: &Engine,
        caller: &Caller,
        (id, reason): (&str, &str),
    ) -> Result<(), EngineError> {
        self.remember(reason);
        engine
            .replace_draft(caller, KIND, id, self, REVIEW_LASTS)
            .await
    }

    /// Remembers the phones that were shown.
    ///
    /// # Errors
    /// Sealed.
    pub async fn shown(
        &mut self,
        engine: &Engine,
        caller: &Caller,
        (id, preview): (&str, &JobPreview),
    ) -> Result<(), EngineError> {
        self.seen = macs(preview);
        self.places = Places::of(preview);
        self.protected = preview.plan.protected();
        engine
            .replace_draft(caller, KIND, id, self, REVIEW_LASTS)
            .await
    }
}

/// The sites of phones, each named once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Places {
    sites: Vec<Option<String>>,
    /// For each phone which of them.
    at: Vec<usize>,
}

impl Places {
    /// Of the phones whose site matters: those of [`macs`], then the protected ones.
    pub fn of(preview: &JobPreview) -> Self {
        let mut places = Self::default();
        for phone in preview.plan.placed() {
            let known = places.sites.iter().position(|site| *site == phone.site);
            let at = known.unwrap_or_else(|| {
                places.sites.push(phone.site.clone());
                places.sites.len() - 1
            });
            places.at.push(at);
        }
        places
    }

    /// Puts so many in front whose site nobody knows any more.
    fn nowhere_first(&mut self, phones: usize) {
        let nowhere = self.sites.len();
        self.sites.push(None);
        let first = std::iter::repeat_n(nowhere, phones);
        self.at = first.chain(self.at.iter().copied()).collect();
    }

    /// The site of each of these phones, which come in the order of [`Self::of`].
    pub fn by_phone(&self, macs: impl Iterator<Item = Mac>) -> HashMap<Mac, Option<&String>> {
        let at = self.at.iter().filter_map(|at| self.sites.get(*at));
        let pairs = macs.zip(at);
        pairs.map(|(mac, site)| (mac, site.as_ref())).collect()
    }
}

/// The phones that would get it, without those that only a tick includes.
pub fn macs(preview: &JobPreview) -> Vec<Mac> {
    let free = preview.plan.run.iter().filter(|phone| !phone.protected);
    free.map(|phone| phone.mac).collect()
}
