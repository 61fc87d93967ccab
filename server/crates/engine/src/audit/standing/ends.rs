//! What became of phones, as tables say, held against what the log told.
//!
//! Owns the fold over the rows, which come in pieces. *Invariant:* jobs whose beginning no record
//! tells are not judged, nor are phones of which an earlier program did not tell what they came to.

use std::collections::BTreeMap;

use carillon_domain::TargetState;
use carillon_store::StandingEnd;

use super::jobs::Courses;
use crate::audit::course::{Course, Told};

/// The phones of all jobs, while they are looked through.
pub(super) struct Ends<'c> {
    courses: &'c Courses,
    /// How many phones of a job stand there that the log says it is over for.
    over: BTreeMap<&'c str, usize>,
    first: Option<(i64, String)>,
}

impl<'c> Ends<'c> {
    pub(super) fn new(courses: &'c Courses) -> Self {
        Self {
            courses,
            over: BTreeMap::new(),
            first: None,
        }
    }

    /// Takes in a row.
    pub(super) fn add(&mut self, row: &StandingEnd) {
        let Some((id, course)) = self.courses.one(&row.job) else {
            return;
        };
        let told = row.phone.and_then(|phone| course.phones.get(&phone));
        if matches!(told, Some(Told::Ended(_))) {
            *self.over.entry(id).or_default() += 1;
        }
        let what = if !fits(course, told, row) {
            "did not come to what the log says"
        } else if !course.names(row) {
            "has another name, site or groups than the log says"
        } else {
            return;
        };
        let phone = row.phone.map(|phone| phone.to_string());
        let phone = phone.as_deref().unwrap_or("a phone");
        self.note(course.seq, format!("{phone} of the job {id} {what}"));
    }

    fn note(&mut self, seq: i64, what: String) {
        let odd = (seq, what);
        if self.first.as_ref().is_none_or(|first| odd < *first) {
            self.first = Some(odd);
        }
    }

    /// The first that is odd, phones that are not there any more among them.
    pub(super) fn first(mut self) -> Option<(i64, String)> {
        for (id, course) in self.courses.all() {
            let ended = course.phones.values();
            let ended = ended.filter(|told| matches!(told, Told::Ended(_))).count();
            if course.whole && ended > self.over.get(id).copied().unwrap_or_default() {
                self.note(course.seq, format!("a phone of the job {id} is gone"));
            }
        }
        self.first
    }
}

fn fits(course: &Course, told: Option<&Told>, row: &StandingEnd) -> bool {
    let over = row.state.is_none_or(TargetState::is_terminal);
    match told {
        Some(Told::Ended(None)) => true,
        Some(Told::Ended(Some((state, cause)))) => {
            (row.state, row.cause) == (Some(*state), Some(*cause))
        }
        Some(Told::Sent) => !over,
        None if course.settled => true,
        // Who accepted the row took what stood there.
        Some(Told::Nothing) | None => !over || !course.whole,
    }
}
