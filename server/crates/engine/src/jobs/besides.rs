//! What else is about to happen to the phones of a job.
//!
//! Two people who hear of the same trouble do the same about it: whoever is second is told before.

use std::collections::{BTreeMap, HashSet};

use carillon_domain::action::Class;
use carillon_domain::role::Permission;
use carillon_domain::{Mac, Timestamp};

use super::preview::JobPreview;
use crate::Engine;
use crate::caller::Caller;
use crate::error::Result;

/// A job that has not ended and has phones of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Besides {
    /// Its id.
    pub job: String,
    /// What it does.
    pub action: String,
    /// Who asked for it.
    pub actor: String,
    /// When it starts by itself, where that is still to come.
    pub starts: Option<Timestamp>,
    /// How many of the phones.
    pub phones: i64,
}

/// What else is about to happen to the phones of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BesidesAll {
    /// How many of the phones, each once: one may be in several jobs.
    pub phones: i64,
    /// Those jobs.
    pub jobs: Vec<Besides>,
}

impl Engine {
    /// Jobs in reach that have not ended and still have phones of this plan: with a command that
    /// disturbs nobody there are none to be told of. The job that the plan became is none of them.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn besides(
        &self,
        caller: &Caller,
        (preview, own): (&JobPreview, Option<&str>),
    ) -> Result<BesidesAll> {
        if preview.action.entry().class == Class::Harmless {
            return Ok(BesidesAll::default());
        }
        let seen = caller.sight(Permission::RunJobs, &self.store)?;
        let chosen: HashSet<Mac> = preview.plan.run.iter().map(|phone| phone.mac).collect();
        let now = self.clock.now();
        let mut jobs: BTreeMap<String, Besides> = BTreeMap::new();
        let mut phones: HashSet<Mac> = HashSet::new();
        for one in seen.under_way().await? {
            if !chosen.contains(&one.mac) || own == Some(one.job.as_str()) {
                continue;
            }
            phones.insert(one.mac);
            let id = one.job.clone();
            let job = jobs.entry(id).or_insert(Besides {
                job: one.job,
                action: one.action,
                actor: one.actor,
                starts: one.start_at.filter(|at| *at > now),
                phones: 0,
            });
            job.phones += 1;
        }
        Ok(BesidesAll {
            phones: i64::try_from(phones.len()).unwrap_or(i64::MAX),
            jobs: jobs.into_values().collect(),
        })
    }
}
