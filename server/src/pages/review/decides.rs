//! Who may let a job run that one person does not start alone.

use carillon_engine::{Caller, Engine, EngineError};
use carillon_language::say;

/// Names that are told; how many others there are, is told as well.
const NAMED: usize = 3;

/// The second people, for who is about to ask one of them. Whoever asks is none.
pub(super) async fn who_decides(engine: &Engine, caller: &Caller) -> Result<String, EngineError> {
    let approvers = engine.approvers(caller).await?;
    let others = approvers.into_iter();
    Ok(told(others.filter(|name| *name != caller.actor.name)))
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

#[cfg(test)]
mod tests {
    use super::told;

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
