//! Why one person does not start a job alone, and who may let it run.

use carillon_domain::action::Class;
use carillon_engine::jobs::{JobPreview, Prospect, Rules};
use carillon_language::{number, say, say_many};
use carillon_store::AskedAlone;

use crate::pages::approvals;

/// Names that are told; how many others there are, is told as well.
const NAMED: usize = 3;

/// The second people, for who is about to ask one of them; first those whose yes counts now. Nothing where
/// nobody could, which the page says by itself.
pub(in crate::pages) fn told(prospect: &Prospect) -> Option<String> {
    if approvals::nobody(prospect).is_some() {
        return None;
    }
    let later = prospect.without_factor.iter();
    let later = later.map(|name| approvals::without_factor(name));
    let names: Vec<String> = prospect.able.iter().cloned().chain(later).collect();
    let shown = &names[..names.len().min(NAMED)];
    let names = carillon_ui::names(shown, names.len() as i64);
    Some(say!("These people may approve: {names}.", names))
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
    use carillon_domain::Timestamp;
    use carillon_engine::jobs::{Prospect, Rules};

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

    fn of(able: &[&str], lacking: &[&str], from: Option<Timestamp>) -> Option<String> {
        let names = |of: &[&str]| of.iter().map(ToString::to_string).collect();
        told(&Prospect {
            able: names(able),
            without_factor: names(lacking),
            from,
        })
    }

    #[test]
    fn three_names_are_enough() {
        assert_eq!(
            of(&["a"], &["b"], None).as_deref(),
            Some("These people may approve: a, b (no second factor yet).")
        );
        assert_eq!(
            of(&["a", "b", "c", "d"], &["e"], None).as_deref(),
            Some("These people may approve: a, b, c and 2 more.")
        );
    }

    #[test]
    fn nobody_is_named_who_could_not_approve_now() {
        assert_eq!(of(&[], &["b"], None), None);
        assert_eq!(of(&["a"], &[], Some(Timestamp::from_micros(1))), None);
    }
}
