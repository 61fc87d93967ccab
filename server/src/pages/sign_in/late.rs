//! A form that came after its session had ended, once somebody is signed in again.
//!
//! Owns where it leads and what is said of it. *Invariant:* what a page of its own asks for, a start or
//! a deletion, is asked for there again: no button here does it unseen. What is chosen at a phone is
//! chosen there again: a caller who waited for it may have gone.

use carillon_contract::Href;
use carillon_contract::sign_in::{KeptForm, SendAgainView};
use carillon_domain::Mac;
use carillon_domain::job::MAX_REASON;
use carillon_domain::phone::Phone;
use carillon_domain::role::Permission;
use carillon_engine::{Caller, Engine, EngineError};
use carillon_language::say;

use crate::pages::action_words;
use crate::pages::phone::keypad::{KEPT, OF_KEYS, SAID};
use crate::pages::run::Draft;

/// Last words of the addresses of forms that take something away or stop it.
const TAKES_AWAY: [&str; 6] = ["cancel", "delete", "remove", "revoke", "stop-all", "undo"];
/// Those of forms that hold a job or let it go on: their pages tell of which, and how it stands now.
const GOES_ON: [&str; 5] = ["approve", "pause", "release", "resume", "skip"];

/// What becomes of it.
pub(super) enum Late {
    /// The page that shows all of it, and has the button.
    Back(String),
    /// The page at which it was chosen, and what was not sent.
    Unsent(String, String),
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
    let from_itself = next.split('?').next() == Some(&form.action);
    if ends_in(&form.action, &GOES_ON) && next != "/" && !from_itself {
        return Ok(Late::Back(next));
    }
    let asked_for = takes_away(&form.action) || form.action.starts_with("/phones/import/");
    if asked_for && from_itself {
        return Ok(Late::Back(next));
    }
    if let Some(asked) = asked_of_phone(&form) {
        return unsent(engine, caller, (asked, &form)).await;
    }
    let view = SendAgainView {
        name: caller.actor.name.clone(),
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
    ends_in(action, &TAKES_AWAY)
}

fn ends_in(action: &str, words: &[&str]) -> bool {
    let last = action.rsplit('/').next();
    last.is_some_and(|last| words.contains(&last))
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

/// What somebody chose on the page of a phone, which sends it without a review.
struct Asked {
    mac: Mac,
    /// In words: "Restart".
    what: String,
    /// Whether it was chosen beside the keys.
    at_keys: bool,
}

/// Whether a form is one of those of a phone's page that send something to it.
pub fn is_of_phone(form: &KeptForm) -> bool {
    asked_of_phone(form).is_some()
}

/// A command, a key or a look at the screen; none where the catalogue does not know it.
fn asked_of_phone(form: &KeptForm) -> Option<Asked> {
    let (mac, deed) = form.action.strip_prefix("/phones/")?.split_once('/')?;
    let named = |field_name| {
        let name = field(form, field_name);
        action_words::entry_of(name).map(|_| action_words::short_title(name))
    };
    let what = match deed {
        "do" => named("action")?,
        "keys" => named("key")?,
        "screen" => say("Look at the screen").to_owned(),
        _ => return None,
    };
    Some(Asked {
        mac: mac.parse().ok()?,
        what,
        at_keys: deed != "do",
    })
}

/// Back to the phone, with one sentence. It stands beside the keys where it was chosen there.
async fn unsent(
    engine: &Engine,
    caller: &Caller,
    (asked, form): (Asked, &KeptForm),
) -> Result<Late, EngineError> {
    let Asked { mac, what, at_keys } = asked;
    let sees_phones = caller.require(Permission::ViewInventory).is_ok();
    let rows = if sees_phones {
        engine.phones_by_macs(caller, &[mac]).await?
    } else {
        Vec::new()
    };
    let phone = rows.first().map(|row| &row.phone);
    let to = match phone {
        Some(_) => phone_page(mac, form, at_keys),
        None if sees_phones => "/phones".to_owned(),
        None => "/".to_owned(),
    };
    let phone = phone.map_or_else(|| mac.to_string(), Phone::display_name);
    let told = say!(
        "Nothing was sent: {what} for {phone}. Choose it again.",
        what,
        phone
    );
    Ok(Late::Unsent(to, told))
}

/// The page of the phone with what its form keeps, the reason for one; what is too long is not carried.
fn phone_page(mac: Mac, form: &KeptForm, at_keys: bool) -> String {
    let is_short = |text: &str| text.chars().count() <= MAX_REASON;
    let kept = KEPT.iter().map(|name| (*name, field(form, name)));
    let page = kept
        .filter(|(_, text)| is_short(text))
        .fold(Href::new(format!("/phones/{mac}")), |page, (name, text)| {
            page.add_some(name, text)
        });
    if at_keys {
        format!("{}#keypad", page.add(SAID, OF_KEYS))
    } else {
        page.to_string()
    }
}

/// What the other forms are for; empty where nothing but its fields tells it.
fn told(form: &KeptForm) -> &'static str {
    let repeats = form.action.starts_with("/jobs/") && ends_in(&form.action, &["again", "retry"]);
    match (form.action.as_str(), field(form, "do")) {
        (path, _) if path == "/run" || repeats => say(
            "The phones and the command that you had chosen go to their review. Nothing is sent to phones before you start it there.",
        ),
        ("/selection", "tag" | "untag" | "group" | "enter") => {
            say("The phones that you had ticked are changed: their tag or their group.")
        }
        ("/selection", _) => say(
            "The phones that you had ticked go to the next page, which says what would be done. Nothing is sent to phones, changed or deleted before that.",
        ),
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
    use carillon_contract::sign_in::KeptForm;
    use carillon_domain::Mac;

    use super::{asked_of_phone, phone_page, review_of, takes_away};

    fn form(action: &str, fields: &[(&str, &str)]) -> KeptForm {
        let fields = fields.iter();
        let fields = fields.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        KeptForm {
            action: action.to_owned(),
            fields: fields.collect(),
        }
    }

    #[test]
    fn what_was_chosen_at_a_phone_is_known_by_its_form() {
        let asked = |deed: &str, fields: &[(&str, &str)]| {
            let form = form(&format!("/phones/001565000001/{deed}"), fields);
            asked_of_phone(&form).map(|asked| (asked.what, asked.at_keys))
        };
        let told = |what: &str, at_keys| Some((what.to_owned(), at_keys));
        assert_eq!(asked("do", &[("action", "Reboot")]), told("Restart", false));
        assert_eq!(
            asked("keys", &[("key", "L3")]),
            told("Press a line key", true)
        );
        assert_eq!(asked("screen", &[]), told("Look at the screen", true));
        assert_eq!(asked("do", &[("action", "of-tomorrow")]), None);
        assert_eq!(asked("delete", &[("typed", "Desk")]), None);
        assert!(asked_of_phone(&form("/phones/edit", &[])).is_none());
    }

    #[test]
    fn a_key_leads_back_beside_the_keys() {
        let mac: Mac = "001565000001".parse().expect("a MAC");
        let long = "x".repeat(501);
        let fields = [("reason", "INC 1"), ("screen", long.as_str())];
        let form = form("/phones/001565000001/keys", &fields);
        let page = format!("/phones/{mac}?reason=INC");
        assert!(phone_page(mac, &form, false).starts_with(&page));
        let keys = phone_page(mac, &form, true);
        assert!(
            keys.starts_with(&page) && keys.ends_with("&said=keys#keypad"),
            "{keys}"
        );
        assert!(!keys.contains("screen="), "{keys}");
    }

    #[test]
    fn a_review_is_known_by_its_address() {
        assert_eq!(review_of("/run/review/01ab"), Some("01ab"));
        assert_eq!(review_of("/run/review/01ab/phones"), None);
        assert_eq!(review_of("/run"), None);
    }

    #[test]
    fn what_repeats_a_job_says_that_it_is_looked_at_first() {
        let told = |action: &str| super::told(&form(action, &[]));
        assert_eq!(told("/jobs/0192/retry"), told("/run"));
        assert_eq!(told("/jobs/0192/again"), told("/run"));
        assert_eq!(told("/phones/edit"), "");
    }

    #[test]
    fn what_takes_away_is_known_by_its_last_word() {
        assert!(takes_away("/sites/kiel/delete") && takes_away("/stop-all"));
        assert!(!takes_away("/phones/edit") && !takes_away("/sites/delete/edit"));
    }
}
