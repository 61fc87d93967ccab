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
use super::sums::{OfJobs, Sums};
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
            for cause in scan.causes(&ids).await? {
                if let Some(found) = found.get_mut(&*cause.job) {
                    found.sums.take(&cause);
                }
            }
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

    /// What tables say of all other jobs, against the log: the first phone that differs, and the sums.
    ///
    /// # Errors
    /// When the storage fails.
    pub(in crate::audit) async fn ends(
        &self,
        scan: &mut AuditScan,
    ) -> Result<(Option<Odd>, OfJobs), StoreError> {
        let left = self.courses.left();
        let mut sums: OfJobs = left
            .iter()
            .map(|id| ((*id).to_owned(), Sums::default()))
            .collect();
        let mut ends = Ends::new(&self.courses);
        for ids in left.chunks(JOBS) {
            for cause in scan.causes(ids).await? {
                if let Some(sums) = sums.get_mut(&*cause.job) {
                    sums.take(&cause);
                }
            }
            let mut last = None;
            while let Some(phones) = next(scan, ids, &mut last).await? {
                for phone in &phones {
                    ends.add(phone);
                    if let Some(sums) = sums.get_mut(&*phone.job) {
                        sums.add(phone);
                    }
                }
            }
        }
        Ok((ends.first(), sums))
    }

    /// The first job that stands elsewhere than the log brought it, has other sums than its phones, or is
    /// gone; `size` stands for records that are not there.
    ///
    /// # Errors
    /// When the storage fails.
    pub(in crate::audit) async fn odd_jobs(
        &self,
        scan: &mut AuditScan,
        (sums, size): (&OfJobs, i64),
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
                    .filter_map(|row| self.courses.odd(row, sums, size))
                    .min(),
            );
            match rows.into_iter().last() {
                Some(row) => last = Some(row),
                None => break,
            }
        }
        let stray = scan.stray_of_jobs().await?;
        odd.extend(stray.map(|(id, kept)| {
            let what = format!("{kept} are kept of the job {id}, which is not there");
            (size, what)
        }));
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
    /// Whether all of its phones came to what was told, and what they come to.
    fits: bool,
    sums: Sums,
}

impl<'r> Found<'r> {
    fn of(row: &'r StandingJob) -> Self {
        Self {
            row,
            fits: true,
            sums: Sums::default(),
        }
    }

    fn add(&mut self, course: Option<(&str, &Course)>, phone: &StandingEnd) {
        let course = course.map(|(_, course)| course);
        let told = phone.phone.zip(course);
        let told = told.and_then(|(mac, course)| course.phones.get(&mac));
        let end = phone.state.zip(phone.cause);
        let over = end.is_some_and(|(state, _)| TargetState::is_terminal(state));
        let same = matches!(told, Some(Told::Ended(told)) if told.is_none() || *told == end);
        self.sums.add(phone);
        let named = course.is_some_and(|course| course.names(phone));
        self.fits &= over && same && named;
    }

    fn is_as_told(&self, course: Option<(&str, &Course)>) -> bool {
        let Some((_, course)) = course else {
            return false;
        };
        let over = self.row.state.parse().is_ok_and(JobState::is_terminal);
        let same = over && super::jobs::differs(course, self.row, &self.sums).is_none();
        let phones = self.sums.phones();
        same && self.fits && phones == course.phones.len() as i64 && Some(phones) == total(course)
    }
}

fn total(course: &Course) -> Option<i64> {
    course.frozen.as_ref()?.total
}
