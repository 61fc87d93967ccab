//! The filters in words: what is set, and what can be had with one press.

use carillon_contract::Href;
use carillon_contract::list::{Chip, Tab};
use carillon_engine::Caller;
use carillon_language::say;

use super::{Asked, USUAL_DAYS};
use crate::pages::action_words::short_title;

const COMMANDS: &str = "job.*,target.result,stop_all.*";
const FAILURES: &str = "failed,unknown,denied";
const APPROVALS: &str = "job.approved,job.denied,job.approval_expired";
const SIGN_INS: &str = "account.*,session.*";
const ADMINISTRATION: &str = "user.*,token.*,site.*,group.*,credential.*,phone.*,phones.*,\
     inventory.*,setup.*";

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

    /// Ready-made views of the log.
    pub(in crate::pages::audit) fn presets(&self, caller: &Caller) -> Vec<Tab> {
        let own = caller.actor.name.as_str();
        let presets = [
            (say("Everything"), "", ""),
            (say("Mine"), "actor", own),
            (say("Commands"), "action", COMMANDS),
            (say("Failures"), "result", FAILURES),
            (say("Sign-ins"), "action", SIGN_INS),
            (say("Administration"), "action", ADMINISTRATION),
            (say("Approvals"), "action", APPROVALS),
        ];
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
        "action" | "result" => value.replace(',', &format!(" {} ", say("or"))),
        "job" => value
            .get(..13)
            .map_or_else(|| value.to_owned(), |start| format!("{start}…")),
        _ => value.to_owned(),
    }
}
