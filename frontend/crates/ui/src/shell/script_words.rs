//! What the plain scripts say, handed to them with the page.
//!
//! Owns the list of their texts; a test compares it with the scripts.

use carillon_language::{Language, current, ship};

/// Everything that the scripts in `static/` say.
const TEXTS: &[&str] = &[
    "/ or Ctrl K",
    "Find a phone, a page or something to do",
    "g then o p g s r j a",
    "Go to Overview, Phones, Groups, Sites, Run, Jobs, Audit",
    "j and k",
    "Next and previous row",
    "Tick the row",
    "To what can be done with the phones",
    "This map",
    "Close",
    "Find or do",
    "What was found",
    "All phones like “{text}”",
    "Phones",
    "{count} found",
    "Ext.",
    "Model",
    "Site",
    "This page",
    "Go to",
    "You",
    "Your lists",
    "Command",
    "Keys",
    "Single keys work on these pages (Ctrl K always does)",
    "{title} ended: {counts}.",
    "{title} was stopped: {counts}.",
    "{title}: {outcome}.",
    "{count} verified",
    "{count} acknowledged",
    "{count} failed",
    "{count} unknown",
    "{count} skipped",
    "{count} cancelled",
    "{count} expired",
    "You will be told",
    "The browser does not allow it",
    "Show the result",
    "Select all phones on this page",
    "You are signed out. What you send now is kept until you have signed in.",
    "You will be signed out at {time}, because nothing was done here.",
    "You will be signed out at {time}: a session lasts no longer. What you send after that is kept until you have signed in.",
    "Stay signed in",
    "Connection lost. These numbers are of {time}.",
    "Connection lost. These numbers are of {time}; trying again every {count} seconds.",
    "Connected again at {time}. The numbers are current.",
    "Nothing went wrong.",
    "Reload",
];

/// The texts as the scripts read them; nothing in English, which they know.
pub(super) fn for_scripts() -> Option<String> {
    if current() == Language::En {
        return None;
    }
    let pairs: Vec<String> = ship(TEXTS.iter().copied())
        .iter()
        .map(|(text, said)| format!("{}:{}", quoted(text), quoted(said)))
        .collect();
    Some(format!("{{{}}}", pairs.join(",")))
}

/// A text as JSON writes it. Ours hold nothing else that JSON minds.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use carillon_language::during;

    use super::*;

    #[test]
    fn scripts_are_handed_their_words() {
        assert_eq!(for_scripts(), None);
        let words = during(Language::De, for_scripts).expect("words");
        assert!(words.contains("\"Close\":\"Schließen\""), "{words}");
        assert_eq!(words.matches("\":\"").count(), TEXTS.len());
    }
}
