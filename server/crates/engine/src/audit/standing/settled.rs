//! Jobs that are over and stand in the tables as they were told: they are let go of.
//!
//! Owns that memory holds the phones of jobs under way, and not of all that ever were. *Invariant:* all is
//! one moment of the database, so that a job compared early is one compared at the end; what records tell
//! of it later is compared again.

use std::collections::{BTreeMap, BTreeSet};

use carillon_domain::{JobState, TargetState};
use carillon_store::{AuditScan, StandingEnd, StandingJob, StoreError};

use super::Given;
use super::ends::Ends;
use super::{Odd, ROWS};
use crate::audit::course::{Course, Told};

/// Jobs that are asked for at once.
const JOBS: usize = 250;

impl Given {
    /// Lets go of the jobs that ended since the last time, as far as rows say the same of them.
    ///
    /// # Errors
    /// When the storage fails.
    pub(in crate::audit) async fn settle(
        &mut self,
        scan: &mut AuditScan,
    ) -> Result<(), StoreError> {
        let ended = self.courses.take_ended();
        for ids in ended.chunks(JOBS) {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let rows = scan.jobs(&ids).await?;
            let mut found: BTreeMap<_, _> =
                rows.iter().map(|row| (&*row.id, Found::of(row))).collect();
            let mut last = None;
            while let Some(phones) = next(scan, &ids, &mut last).await? {
                for phone in phones {
                    if let Some(found) = found.get_mut(&*phone.job) {
                        found.add(self.courses.one(&phone.job), &phone);
                    }
                }
            }
            for (id, found) in found {
                if found.is_as_told(self.courses.one(id)) {
                    self.courses.settle(id);
                }
            }
        }
        Ok(())
    }

    /// What tables say of all other jobs, against the log: the first that differs.
    ///
    /// # Errors
    /// When the storage fails.
    pub(in crate::audit) async fn ends(
        &self,
        scan: &mut AuditScan,
    ) -> Result<Option<Odd>, StoreError> {
        let left: Vec<&str> = self.courses.all().map(|(id, _)| id).collect();
        let mut ends = Ends::new(&self.courses);
        for ids in left.chunks(JOBS) {
            let mut last = None;
            while let Some(phones) = next(scan, ids, &mut last).await? {
                for phone in &phones {
                    ends.add(phone);
                }
            }
        }
        Ok(ends.first())
    }

    /// The first job that stands elsewhere than the log brought it, or is gone; `size` stands for records
    /// that are not there.
    ///
    /// # Errors
    /// When the storage fails.
    pub(in crate::audit) async fn odd_jobs(
        &self,
        scan: &mut AuditScan,
        size: i64,
    ) -> Result<Option<Odd>, StoreError> {
        let mut left: BTreeMap<&str, i64> = self
            .courses
            .all()
            .map(|(id, course)| (id, course.seq))
            .collect();
        let (mut odd, mut last) = (BTreeSet::new(), None);
        loop {
            let rows = scan.jobs_behind(last.as_ref(), ROWS).await?;
            for row in &rows {
                left.remove(&*row.id);
            }
            odd.extend(
                rows.iter()
                    .filter_map(|row| self.courses.odd(row, size))
                    .min(),
            );
            match rows.into_iter().last() {
                Some(row) => last = Some(row),
                None => break,
            }
        }
        let gone = left.into_iter();
        odd.extend(gone.map(|(id, seq)| (seq, format!("the job {id} is gone"))));
        Ok(odd.pop_first())
    }
}

/// The next phones of these jobs; `None` behind the last.
async fn next(
    scan: &mut AuditScan,
    ids: &[&str],
    last: &mut Option<StandingEnd>,
) -> Result<Option<Vec<StandingEnd>>, StoreError> {
    let rows = scan.ends(ids, last.as_ref(), ROWS).await?;
    *last = rows.last().cloned();
    Ok((!rows.is_empty()).then_some(rows))
}

/// What rows say of one job.
struct Found<'r> {
    row: &'r StandingJob,
    /// How many of its phones stand there, and whether all of them came to what was told.
    phones: usize,
    fits: bool,
}

impl<'r> Found<'r> {
    const fn of(row: &'r StandingJob) -> Self {
        Self {
            row,
            phones: 0,
            fits: true,
        }
    }

    fn add(&mut self, course: Option<(&str, &Course)>, phone: &StandingEnd) {
        let told = phone.phone.zip(course);
        let told = told.and_then(|(mac, (_, course))| course.phones.get(&mac));
        let end = phone.state.zip(phone.cause);
        let over = end.is_some_and(|(state, _)| TargetState::is_terminal(state));
        let same = matches!(told, Some(Told::Ended(told)) if told.is_none() || *told == end);
        self.phones += 1;
        self.fits &= over && same;
    }

    fn is_as_told(&self, course: Option<(&str, &Course)>) -> bool {
        let Some((_, course)) = course else {
            return false;
        };
        let over = self.row.state.parse().is_ok_and(JobState::is_terminal);
        let same = over && super::jobs::differs(course, self.row).is_none();
        same && self.fits
            && self.phones == course.phones.len()
            && Some(self.phones as i64) == total(course)
    }
}

fn total(course: &Course) -> Option<i64> {
    course.frozen.as_ref()?.total
}
