//! The filters in words: what is set, and what can be had with one press.

use carillon_contract::Href;
use carillon_contract::list::{Chip, Link, Tab};
use carillon_engine::Caller;
use carillon_language::say;

use super::spoken::is_action;
use super::{Asked, USUAL_DAYS};
use crate::pages::action_words::short_title;
use crate::pages::actor_words;
use crate::pages::audit_row::codes;

const COMMANDS: &str = "job.*,target.result,stop_all.*";
const FAILURES: &str = "failed,unknown,denied";
const APPROVALS: &str = "job.approved,job.denied,job.approval_expired,change.*";
const SIGN_INS: &str = "account.*,session.*,second_factor.*,access.*,\
     user.password_changed,user.password_reset,user.password_rehashed";
const ADMINISTRATION: &str = "user.*,second_factor.*,token.*,rules.*,networks.*,change.*,site.*,\
     group.*,credential.*,phone.*,phones.*,inventory.*,view.*,stream.*,setup.*";
const SERVER: &str = "audit.*,row.*,rows.*,key.*,clock.*,server.*,stream.*,setup.*,request.*";

impl Asked {
    /// One line for each record, or for each job.
    pub(in crate::pages::audit) fn lines(&self) -> Vec<Tab> {
        let here = self.at("/audit").without("per");
        let tab = |text: &str, href: Href, current| Tab {
            text: text.to_owned(),
            href: href.to_string(),
            count: None,
            current,
        };
        vec![
            tab(say("One line per record"), here.clone(), !self.by_job()),
            tab(
                say("One line per job"),
                here.set("per", "job"),
                self.by_job(),
            ),
        ]
    }

    /// The period that is shown, in words.
    pub(in crate::pages::audit) fn period(&self) -> String {
        let (from, to) = (self.filter.from.as_str(), self.filter.to.as_str());
        match (from, to) {
            ("", "") if self.all_time => say("all time").to_owned(),
            ("", "") => say!("last {days} days", days = USUAL_DAYS),
            (from, "") => say!("from {from}", from),
            ("", to) => say!("up to {to}", to),
            (from, to) => say!("{from} to {to}", from, to),
        }
    }

    /// The filters that are set, each with the way to be rid of it.
    pub(in crate::pages::audit) fn chips(&self) -> Vec<Chip> {
        let here = self.at("/audit");
        let set = self
            .pairs()
            .into_iter()
            .filter(|(_, value)| !value.is_empty());
        set.map(|(name, value)| Chip {
            text: format!("{}: {}", label(name), shown(name, value)),
            remove_href: here.clone().without(name).to_string(),
        })
        .collect()
    }

    /// The same with the looked-for word as an action, where it is one: records have codes, and lists
    /// have words for them.
    pub(in crate::pages::audit) fn as_action(&self) -> Option<Link> {
        let word = self.filter.q.as_str();
        let is_meant = self.filter.action.is_empty() && is_action(word);
        is_meant.then(|| {
            let text = say!("Records whose action is: {word}", word);
            Link::new(text, self.at("/audit").without("q").set("action", word))
        })
    }

    /// Ready-made views of the log.
    pub(in crate::pages::audit) fn presets(&self, caller: &Caller) -> Vec<Tab> {
        let presets = ready_made(caller.actor.name.as_str());
        let set = self.chips();
        let is_set = |name: &str, value: &str| self.pairs().contains(&(name, value));
        presets
            .into_iter()
            .map(|(text, name, value)| Tab {
                text: text.to_owned(),
                href: Href::new("/audit").add_some(name, value).to_string(),
                count: None,
                current: match name {
                    "" => set.is_empty(),
                    name => set.len() == 1 && is_set(name, value),
                },
            })
            .collect()
    }
}

/// The ready-made views of whoever looks: what each is called, and the one filter that it sets.
fn ready_made(own: &str) -> [(&'static str, &'static str, &str); 8] {
    [
        (say("Everything"), "", ""),
        (say("Mine"), "actor", own),
        (say("Commands"), "action", COMMANDS),
        (say("Failures"), "result", FAILURES),
        (say("Sign-ins"), "action", SIGN_INS),
        (say("Administration"), "action", ADMINISTRATION),
        (say("Approvals"), "action", APPROVALS),
        (say("Log and server"), "action", SERVER),
    ]
}

/// What the ready-made view is called that asks for exactly these actions: many of them have no words as
/// a whole.
fn view_of(actions: &str) -> Option<&'static str> {
    let mut views = ready_made("").into_iter();
    let found = views.find(|(_, name, value)| *name == "action" && *value == actions);
    found.map(|(text, _, _)| text)
}

fn label(name: &str) -> &str {
    match name {
        "below" => say("before record"),
        "actor" => say("who"),
        "ip" => say("from address"),
        "q" => say("words"),
        "action" => say("action"),
        "phone" => say("phone"),
        "site" => say("site"),
        "group" => say("group"),
        "job" => say("job"),
        "result" => say("result"),
        other => other,
    }
}

fn shown(name: &str, value: &str) -> String {
    match name {
        "action" if !value.contains(['.', ',']) => short_title(value),
        "action" => view_of(value).map_or_else(|| actions(value), str::to_owned),
        "actor" => actor_words::shown(value),
        "result" => results(value),
        "job" => value
            .get(..13)
            .map_or_else(|| value.to_owned(), |start| format!("{start}…")),
        _ => value.to_owned(),
    }
}

fn actions(value: &str) -> String {
    let asked = |code| codes::asked(code).map_or_else(|| short_title(code), str::to_owned);
    let words: Vec<String> = value.split(',').map(asked).collect();
    words.join(&format!(" {} ", say("or")))
}

fn results(value: &str) -> String {
    let words = value.split(',').map(|word| {
        let known = word.parse().ok();
        known.map_or_else(|| word.to_owned(), carillon_ui::event_result_within)
    });
    words.collect::<Vec<_>>().join(&format!(" {} ", say("or")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::Fields;
    use crate::pages::audit_row::codes::{KNOWN, TOLD_WITH_MORE};

    fn holds(preset: &str, code: &str) -> bool {
        preset
            .split(',')
            .any(|asked| match asked.strip_suffix('*') {
                Some(beginning) => code.starts_with(beginning),
                None => asked == code,
            })
    }

    /// The steps of a command on its way to a result: *Everything* has them.
    const STEPS: [&str; 5] = [
        "target.answered",
        "target.given_back",
        "target.intent",
        "target.retrying",
        "target.unanswered",
    ];

    #[test]
    fn every_action_is_in_a_preset() {
        let presets = [COMMANDS, SIGN_INS, ADMINISTRATION, APPROVALS, SERVER];
        let known = KNOWN.iter().map(|(code, _)| *code);
        let codes = known
            .chain(TOLD_WITH_MORE.iter().map(|(code, _)| *code))
            .filter(|code| !STEPS.contains(code));
        let left_out: Vec<&str> = codes
            .filter(|code| !presets.iter().any(|preset| holds(preset, code)))
            .collect();
        assert_eq!(left_out, Vec::<&str>::new());
    }

    #[test]
    fn the_actions_of_a_ready_made_view_have_its_name() {
        for (actions, name) in [(APPROVALS, "Approvals"), (SIGN_INS, "Sign-ins")] {
            assert_eq!(shown("action", actions), name);
        }
        let others = shown("action", "job.denied,change.denied");
        assert_eq!(others, "refused a job or refused a change");
        let both = shown("action", "Reboot,job.denied");
        assert_eq!(
            both, "Restart or refused a job",
            "as the phones page has it"
        );
    }

    #[test]
    fn a_word_that_is_an_action_is_offered_as_one() {
        let as_action = |query: &str| {
            let now = "2026-11-22T12:00:00Z".parse().expect("a time");
            let asked = Asked::of(&Fields::parse(query.as_bytes()), now);
            asked.as_action().map(|link| (link.text, link.href))
        };
        let offered = (
            "Records whose action is: restart".to_owned(),
            "/audit?actor=anna&action=restart".to_owned(),
        );
        assert_eq!(as_action("actor=anna&q=restart"), Some(offered));
        for other in ["", "q=nowhere", "q=restart&action=job.*"] {
            assert_eq!(as_action(other), None, "{other}");
        }
    }

    #[test]
    fn a_loosened_limit_is_seen_by_who_looks_for_it() {
        for code in ["change.requested", "change.approved", "change.denied"] {
            assert!(
                holds(APPROVALS, code) && holds(ADMINISTRATION, code),
                "{code}"
            );
        }
        for code in ["rules.changed", "networks.changed", "second_factor.reset"] {
            assert!(holds(ADMINISTRATION, code), "{code}");
        }
    }
}
