//! A filter in words, for people who did not write it.

use super::{Filter, Ready, Term, Test, span};
use crate::phone::Reachability;

/// A word of ours in the language of whoever reads.
type Say = fn(&'static str) -> &'static str;

impl Filter {
    /// `phones at site kiel or berlin, of model T46S, without tag vip`.
    pub fn in_words(&self) -> String {
        self.in_words_of(|word| word)
    }

    /// The same in another language: `say` knows its words.
    pub fn in_words_of(&self, say: fn(&'static str) -> &'static str) -> String {
        if self.is_everything() {
            return say("every phone").to_owned();
        }
        let terms = self.terms.iter().map(|term| term.in_words(say));
        let terms: Vec<String> = terms.collect();
        format!("{} {}", say("phones"), terms.join(", "))
    }
}

impl Term {
    fn in_words(&self, say: Say) -> String {
        let mut words = String::new();
        for (place, test) in self.any_of.iter().enumerate() {
            let (lead, value) = test.in_words(self.negated, say);
            if place == 0 {
                words.push_str(lead);
            } else {
                words.push(' ');
                words.push_str(say("or"));
                if !words.starts_with(lead) {
                    words.push(' ');
                    words.push_str(lead);
                }
            }
            if !lead.is_empty() && !value.is_empty() {
                words.push(' ');
            }
            words.push_str(&value);
        }
        words
    }
}

impl Test {
    /// What leads to the value, and the value.
    fn in_words(&self, negated: bool, say: Say) -> (&'static str, String) {
        let lead = |yes: &'static str, no: &'static str| say(if negated { no } else { yes });
        match self {
            Self::Word(word) => (
                lead("with", "without"),
                say("“{word}” in label, extension or MAC").replace("{word}", word),
            ),
            Self::Site(slug) => (lead("at site", "not at site"), slug.clone()),
            Self::Model(model) => (lead("of model", "not of model"), model.clone()),
            Self::Tag(tag) => (lead("with tag", "without tag"), tag.clone()),
            Self::Group(slug) => (lead("in group", "not in group"), slug.clone()),
            Self::Firmware(version) => (
                lead("with firmware", "without firmware"),
                format!("{version}…"),
            ),
            Self::Ip(net) => (
                lead("at addresses in", "not at addresses in"),
                net.to_string(),
            ),
            Self::Extension(text) => (lead("with extension", "without extension"), text.clone()),
            Self::MacFragment(digits) => (lead("with MAC", "without MAC"), format!("…{digits}…")),
            Self::State(Reachability::Reachable) => (
                lead("last found reachable", "not last found reachable"),
                String::new(),
            ),
            Self::State(Reachability::Offline) => (
                lead("last found offline", "not last found offline"),
                String::new(),
            ),
            Self::State(Reachability::Unknown) => {
                (lead("never contacted", "contacted before"), String::new())
            }
            Self::Result(state) => (
                lead("whose last result is", "whose last result is not"),
                state.to_string(),
            ),
            Self::Ready(Ready::Ok) => (
                lead("ready for commands", "not ready for commands"),
                String::new(),
            ),
            Self::Ready(Ready::Unknown) => (lead("never tried", "tried before"), String::new()),
            Self::Ready(Ready::Gate(cause)) => (
                lead("last stopped by", "not last stopped by"),
                cause.to_string(),
            ),
            Self::SeenWithin(age) => (lead("seen within", "not seen within"), span::write(*age)),
            Self::SeenBefore(age) => (lead("not seen for", "seen within"), span::write(*age)),
            Self::Protected(yes) => (
                if *yes {
                    lead("protected", "not protected")
                } else {
                    lead("not protected", "protected")
                },
                String::new(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Filter;

    #[test]
    fn rules_read_as_sentences() {
        for (text, words) in [
            ("", "every phone"),
            (
                "site:kiel site:berlin model:T46S -tag:vip",
                "phones at site kiel or berlin, of model T46S, without tag vip",
            ),
            (
                "protected:yes -state:offline",
                "phones protected, not last found offline",
            ),
            ("-protected:yes", "phones not protected"),
            (
                "state:reachable state:unknown",
                "phones last found reachable or never contacted",
            ),
            (
                "seen:<7d seen:>30d",
                "phones seen within 7d or not seen for 30d",
            ),
            (
                "desk ready:ok",
                "phones with “desk” in label, extension or MAC, ready for commands",
            ),
            (
                "ready:ok ready:forbidden",
                "phones ready for commands or last stopped by forbidden",
            ),
        ] {
            assert_eq!(text.parse::<Filter>().expect(text).in_words(), words);
        }
    }
}
