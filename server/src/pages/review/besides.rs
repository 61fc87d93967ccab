//! What else is about to happen to the phones of a review.

use carillon_engine::jobs::{Besides, BesidesAll, JobPreview};
use carillon_engine::{Caller, EngineError};
use carillon_language::{moment, number, say, say_many};

use crate::pages::action_words;
use crate::pages::visit::Visit;

/// Jobs that are named.
const NAMED: usize = 3;

/// That phones are about to get another command as well. It is looked for only while a job
/// has not ended: one that starts later sends as well, and its moment is told. Of its `own` job, which a
/// review became, it does not warn.
pub(super) async fn told(
    visit: &Visit,
    caller: &Caller,
    (preview, own): (&JobPreview, Option<&str>),
) -> Result<Option<String>, EngineError> {
    if visit.jobs_not_ended == 0 {
        return Ok(None);
    }
    let besides = visit.app.engine().besides(caller, (preview, own)).await?;
    Ok(in_words(&besides))
}

fn in_words(besides: &BesidesAll) -> Option<String> {
    let (phones, jobs) = (besides.phones, &besides.jobs);
    if jobs.is_empty() {
        return None;
    }
    let named: Vec<String> = jobs.iter().take(NAMED).map(one).collect();
    let named = carillon_ui::names(&named, jobs.len() as i64);
    Some(say_many!(
        phones,
        "{count} of these phones has another command coming: {named}. It would get both.",
        "{count} of these phones have another command coming: {named}. They would get both.",
        named
    ))
}

fn one(job: &Besides) -> String {
    let told = say!(
        "{title} by {actor} ({phones})",
        title = action_words::short_title(&job.action),
        actor = job.actor,
        phones = number(job.phones)
    );
    match job.starts {
        Some(at) => say!("{job}, at {moment} UTC", job = told, moment = moment(at)),
        None => told,
    }
}

#[cfg(test)]
mod tests {
    use carillon_domain::Timestamp;

    use super::*;

    #[test]
    fn what_else_comes_is_told_with_whose_it_is() {
        let job = |actor: &str, phones| Besides {
            job: "0192".to_owned(),
            action: "Reboot".to_owned(),
            actor: actor.to_owned(),
            starts: None,
            phones,
        };
        let of = |phones, jobs| in_words(&BesidesAll { phones, jobs });
        assert_eq!(of(0, Vec::new()), None);
        assert_eq!(
            of(37, vec![job("anna", 37), job("ben", 2)]).as_deref(),
            Some(
                "37 of these phones have another command coming: Restart by anna (37), Restart by \
                 ben (2). They would get both."
            )
        );
        let at = Timestamp::from_micros(0);
        let later = Besides {
            starts: Some(at),
            ..job("ben", 2)
        };
        let told = of(2, vec![later]).unwrap_or_default();
        let when = format!("Restart by ben (2), at {} UTC. They", moment(at));
        assert!(told.contains(&when), "{told}");
    }
}
