//! Why one person does not start a job alone, and who may let it run.

use carillon_domain::action::Class;
use carillon_engine::jobs::{JobPreview, Rules};
use carillon_engine::{Caller, Engine, EngineError};
use carillon_language::{number, say, say_many};
use carillon_store::AskedAlone;

use crate::pages::approvals;

/// Names that are told; how many others there are, is told as well.
const NAMED: usize = 3;

/// The second people, for who is about to ask one of them. Whoever asks is none.
pub(super) async fn who_decides(
    engine: &Engine,
    caller: &Caller,
    rules: &Rules,
) -> Result<String, EngineError> {
    let others =
        approvals::who_may(engine, caller, (Some(rules), caller.actor.name.as_str())).await?;
    Ok(told(others.into_iter()))
}

fn told(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        return say("Nobody else may approve now: an administrator gives somebody the right.")
            .to_owned();
    }
    let shown = names.iter().take(NAMED).cloned();
    let shown: Vec<String> = shown.collect();
    let names = carillon_ui::names(&shown, names.len() as i64);
    say!("These people may approve: {names}.", names)
}

/// Why this is for two: by what the command does, or by how many phones it is, with what else the same
/// person does about then.
pub(super) fn why(rules: &Rules, preview: &JobPreview, alone: AskedAlone) -> String {
    let phones = i64::try_from(preview.plan.run.len()).unwrap_or(i64::MAX);
    if preview.action.entry().class == Class::Destructive {
        return say("What this takes from a phone no command brings back.").to_owned();
    }
    say!(
        "Within an hour one person alone interrupts {limit} at most; with these you come to {all}.",
        limit = limit(rules),
        all = number(phones.saturating_add(alone.phones))
    )
}

fn limit(rules: &Rules) -> String {
    let above = rules
        .approve_disruptive_above
        .map(|above| say_many!(i64::from(above), "{count} phone", "{count} phones"));
    let percent = rules.approve_disruptive_percent;
    let percent = percent.map(|percent| say!("{percent} % of all phones", percent));
    match (above, percent) {
        (Some(above), Some(percent)) => say!("{above} or {percent}", above, percent),
        (above, percent) => above.or(percent).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use carillon_engine::jobs::Rules;

    use super::{limit, told};

    #[test]
    fn the_limits_in_force_are_said() {
        let of = |above, percent| {
            limit(&Rules {
                approve_disruptive_above: above,
                approve_disruptive_percent: percent,
                ..Rules::default()
            })
        };
        assert_eq!(of(Some(50), Some(10)), "50 phones or 10 % of all phones");
        assert_eq!(of(Some(1), None), "1 phone");
        assert_eq!(of(None, Some(10)), "10 % of all phones");
    }

    fn of(names: &[&str]) -> String {
        told(names.iter().map(ToString::to_string))
    }

    #[test]
    fn three_names_are_enough() {
        assert_eq!(of(&["a", "b"]), "These people may approve: a, b.");
        assert_eq!(
            of(&["a", "b", "c", "d", "e"]),
            "These people may approve: a, b, c and 2 more."
        );
        assert!(of(&[]).starts_with("Nobody else may approve now"));
    }
}
