//! A form that came after its session had ended, once somebody is signed in again.
//!
//! Owns where it leads and what is said of it. *Invariant:* what a page of its own asks for, a start or
//! a deletion, is asked for there again: no button here does it unseen.

use carillon_contract::sign_in::{KeptAct, KeptForm, SendAgainView};
use carillon_domain::Mac;
use carillon_domain::phone::Phone;
use carillon_domain::role::Permission;
use carillon_engine::{Caller, Engine, EngineError};
use carillon_language::say;

use crate::pages::run::Draft;
use crate::pages::{action_words, site_names};

/// Last words of the addresses of forms that take something away or stop it.
const TAKES_AWAY: [&str; 6] = ["cancel", "delete", "remove", "revoke", "stop-all", "undo"];

/// What becomes of it.
pub(super) enum Late {
    /// The page that shows all of it, and has the button.
    Back(String),
    /// A page that says in words what it would send.
    Ask(Box<SendAgainView>),
}

/// Decides it for whoever is signed in now.
pub(super) async fn decide(
    engine: &Engine,
    caller: &Caller,
    (form, next): (KeptForm, String),
) -> Result<Late, EngineError> {
    if let Some(id) = review_of(&form.action) {
        keep_reason(engine, caller, (id, &form)).await?;
        return Ok(Late::Back(form.action));
    }
    let asked_for = takes_away(&form.action) || form.action.starts_with("/phones/import/");
    if asked_for && next.split('?').next() == Some(&form.action) {
        return Ok(Late::Back(next));
    }
    let view = SendAgainView {
        name: caller.actor.name.clone(),
        act: act(engine, caller, &form).await?,
        told: told(&form).to_owned(),
        takes_away: takes_away(&form.action),
        form,
        next,
    };
    Ok(Late::Ask(Box::new(view)))
}

fn review_of(action: &str) -> Option<&str> {
    let id = action.strip_prefix("/run/review/")?;
    (!id.contains('/')).then_some(id)
}

fn takes_away(action: &str) -> bool {
    let last = action.rsplit('/').next();
    last.is_some_and(|last| TAKES_AWAY.contains(&last))
}

/// The reason is there when the review is shown again. One that is gone says so itself.
async fn keep_reason(
    engine: &Engine,
    caller: &Caller,
    (id, form): (&str, &KeptForm),
) -> Result<(), EngineError> {
    match Draft::open(engine, caller, id).await {
        Ok(mut draft) => {
            let reason = field(form, "reason");
            draft.keep_reason(engine, caller, (id, reason)).await
        }
        Err(EngineError::NotFound) => Ok(()),
        Err(error) => Err(error),
    }
}

/// A command to one phone, which starts without a review.
async fn act(
    engine: &Engine,
    caller: &Caller,
    form: &KeptForm,
) -> Result<Option<KeptAct>, EngineError> {
    let phone = form.action.strip_prefix("/phones/");
    let phone = phone.and_then(|rest| rest.strip_suffix("/do"));
    let Some(mac) = phone.and_then(|mac| mac.parse::<Mac>().ok()) else {
        return Ok(None);
    };
    if caller.require(Permission::ViewInventory).is_err() {
        return Ok(None);
    }
    let rows = engine.phones_by_macs(caller, &[mac]).await?;
    let phone = rows.first().map(|row| &row.phone);
    let site = phone.and_then(|phone| phone.site.clone());
    let mut site = site.unwrap_or_default();
    let names = site_names::of(engine, caller, std::iter::once(site.as_str())).await?;
    site_names::put(&names, &mut site);
    let action = field(form, "action");
    Ok(Some(KeptAct {
        title: action_words::before_phones(action),
        class: action_words::class_of(action),
        phone: phone.map_or_else(|| mac.to_string(), Phone::display_name),
        site,
        reason: field(form, "reason").to_owned(),
    }))
}

/// What the other forms are for; empty where nothing but its fields tells it.
fn told(form: &KeptForm) -> &'static str {
    let (_, last) = form.action.rsplit_once('/').unwrap_or_default();
    match (form.action.as_str(), field(form, "do")) {
        ("/run", _) => say(
            "The phones and the command that you had chosen go to their review. Nothing is sent to phones before you start it there.",
        ),
        ("/selection", "tag" | "untag" | "group" | "enter") => {
            say("The phones that you had ticked are changed: their tag or their group.")
        }
        ("/selection", _) => say(
            "The phones that you had ticked go to the next page, which says what would be done. Nothing is sent to phones, changed or deleted before that.",
        ),
        _ if last == "keys" => say("Keys are pressed on a phone."),
        _ if takes_away(&form.action) => {
            say("This takes something away or stops it: look at it below before you send it.")
        }
        _ => "",
    }
}

fn field<'f>(form: &'f KeptForm, name: &str) -> &'f str {
    let mut fields = form.fields.iter();
    let found = fields.find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::{review_of, takes_away};

    #[test]
    fn a_review_is_known_by_its_address() {
        assert_eq!(review_of("/run/review/01ab"), Some("01ab"));
        assert_eq!(review_of("/run/review/01ab/phones"), None);
        assert_eq!(review_of("/run"), None);
    }

    #[test]
    fn what_takes_away_is_known_by_its_last_word() {
        assert!(takes_away("/sites/kiel/delete") && takes_away("/stop-all"));
        assert!(!takes_away("/phones/edit") && !takes_away("/sites/delete/edit"));
    }
}
