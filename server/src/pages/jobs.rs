//! `/jobs`: the list.

use carillon_contract::form::Choice;
use carillon_contract::jobs::{JobsFilter, JobsView};
use carillon_contract::list::{Chip, Tab, Total};
use carillon_contract::{FormErrors, Href};
use carillon_domain::role::Permission;
use carillon_domain::{JobState, action};
use carillon_engine::{Caller, EngineError};
use carillon_store::{JobQuery, Page, Seek};

use super::day::Period;
use super::visit::{PageResult, Visit};
use super::{action_words, job_row, notice, seek};
use crate::fields::{Fields, Query};
use crate::router::table::{Access, Table};
use carillon_language::say;

const KNOWN: &[&str] = &[
    "tab", "state", "action", "actor", "group", "from", "to", "after", "before",
];
const ROWS: i64 = 50;
/// Jobs that have begun and are not over.
pub const UNDER_WAY: [JobState; 4] = [
    JobState::Running,
    JobState::Paused,
    JobState::Stopping,
    JobState::Interrupted,
];
/// Jobs that have not begun: nothing of them was sent.
pub const NOT_BEGUN: [JobState; 2] = [JobState::Scheduled, JobState::AwaitingApproval];
/// Jobs that are.
pub const OVER: [JobState; 4] = [
    JobState::Finished,
    JobState::Cancelled,
    JobState::Denied,
    JobState::Expired,
];

pub(super) fn routes(table: Table) -> Table {
    table.get("/jobs", Access::Needs(Permission::ViewJobs), list)
}

/// What is asked for.
struct Asked {
    tab: String,
    filter: JobsFilter,
    group: String,
    states: Vec<JobState>,
    query: JobQuery,
    errors: FormErrors,
}

impl Asked {
    fn of(query: &Fields) -> Self {
        let mut errors = FormErrors::default();
        let text = |name: &str| query.filled(name).unwrap_or_default().to_owned();
        let filter = JobsFilter {
            actor: text("actor"),
            action: text("action"),
            from: text("from"),
            to: text("to"),
        };
        let tab = match query.filled("tab") {
            Some(tab @ ("running" | "scheduled" | "waiting" | "finished")) => tab.to_owned(),
            _ => "all".to_owned(),
        };
        let period = Period::of(&filter.from, &filter.to, &mut errors);
        let states = states(query, &mut errors);
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let asked = JobQuery {
            states: if states.is_empty() {
                of_tab(&tab)
            } else {
                states.clone()
            },
            action: some(&filter.action),
            actor: some(&filter.actor),
            group: some(&text("group")),
            from: period.from,
            to: period.to,
        };
        Self {
            tab,
            group: text("group"),
            filter,
            states,
            query: asked,
            errors,
        }
    }

    /// The list with these filters.
    fn here(&self) -> Href {
        let href = Href::new("/jobs").add("tab", &self.tab);
        let states = self.states.iter();
        states
            .fold(href, |href, state| href.add("state", state))
            .add_some("action", &self.filter.action)
            .add_some("actor", &self.filter.actor)
            .add_some("group", &self.group)
            .add_some("from", &self.filter.from)
            .add_some("to", &self.filter.to)
    }

    fn chips(&self) -> Vec<Chip> {
        let here = self.here();
        let action = action_words::short_title(&self.filter.action);
        let states = self.states.iter().map(|state| state.as_str());
        let words = [
            ("state", states.collect::<Vec<_>>().join(" or ")),
            (
                "action",
                if self.filter.action.is_empty() {
                    String::new()
                } else {
                    action
                },
            ),
            ("actor", self.filter.actor.clone()),
            ("group", self.group.clone()),
            ("from", self.filter.from.clone()),
            ("to", self.filter.to.clone()),
        ];
        let set = words.into_iter().filter(|(_, value)| !value.is_empty());
        set.map(|(name, value)| Chip {
            text: format!("{}: {value}", label(name)),
            remove_href: here.clone().without(name).to_string(),
        })
        .collect()
    }

    fn tabs(&self, counts: &[(JobState, i64)]) -> Vec<Tab> {
        let tab = |key: &str, text: &str| Tab {
            text: text.to_owned(),
            href: self.here().without("state").set("tab", key).to_string(),
            count: Some(sum(counts, &of_tab(key))),
            current: self.tab == key,
        };
        vec![
            tab("running", say("Under way")),
            tab("scheduled", say("Scheduled")),
            tab("waiting", say("Awaiting approval")),
            tab("finished", say("Ended")),
            tab("all", say("All")),
        ]
    }
}

fn label(name: &str) -> &str {
    match name {
        "action" => "command",
        "actor" => "by",
        other => other,
    }
}

fn states(query: &Fields, errors: &mut FormErrors) -> Vec<JobState> {
    let mut states = Vec::new();
    for word in query.all("state").filter(|word| !word.is_empty()) {
        match word.parse() {
            Ok(state) => states.push(state),
            Err(error) => errors.push("state", "unknown", format!("{error}.")),
        }
    }
    states
}

fn of_tab(tab: &str) -> Vec<JobState> {
    match tab {
        "running" => UNDER_WAY.to_vec(),
        "scheduled" => vec![JobState::Scheduled],
        "waiting" => vec![JobState::AwaitingApproval],
        "finished" => OVER.to_vec(),
        _ => Vec::new(),
    }
}

fn sum(counts: &[(JobState, i64)], states: &[JobState]) -> i64 {
    let these = counts
        .iter()
        .filter(|(state, _)| states.is_empty() || states.contains(state));
    these.map(|(_, count)| count).sum()
}

/// `GET /jobs`.
async fn list(mut visit: Visit, caller: Caller, Query(query): Query) -> PageResult {
    notice::unknown(&mut visit, &query, KNOWN);
    let asked = Asked::of(&query);
    let engine = visit.app.engine().clone();
    let counts = engine.job_state_counts(&caller).await?;
    let page = page(&mut visit, &caller, &asked, &query).await?;
    let chips = asked.chips();
    let total = Total {
        count: if chips.is_empty() {
            sum(&counts, &of_tab(&asked.tab))
        } else {
            page.items.len() as i64
        },
        at_least: !chips.is_empty() && (page.next.is_some() || page.previous.is_some()),
    };
    let view = JobsView {
        tabs: asked.tabs(&counts),
        paging: seek::paging(&page, &asked.here(), total),
        rows: page.items.iter().map(job_row::row_view).collect(),
        chips,
        clear_href: Href::new("/jobs").add("tab", &asked.tab).to_string(),
        actions: actions(&asked.filter.action),
        tab: asked.tab,
        filter: asked.filter,
        errors: asked.errors,
    };
    let html = carillon_ui::jobs(&visit.frame, &view);
    Ok(visit.page(html))
}

async fn page(
    visit: &mut Visit,
    caller: &Caller,
    asked: &Asked,
    query: &Fields,
) -> Result<Page<carillon_store::JobRow>, EngineError> {
    if !asked.errors.is_empty() {
        let items = Vec::new();
        return Ok(Page {
            items,
            previous: None,
            next: None,
        });
    }
    let engine = visit.app.engine().clone();
    let found = engine
        .jobs(caller, &asked.query, &seek::seek(query), ROWS)
        .await;
    match seek::or_first(visit, found)? {
        Some(page) => Ok(page),
        None => engine.jobs(caller, &asked.query, &Seek::Start, ROWS).await,
    }
}

fn actions(chosen: &str) -> Vec<Choice> {
    let mut choices = vec![Choice::new("", say("Any"), chosen.is_empty())];
    choices.extend(action::all().map(|entry| {
        Choice::new(
            entry.name,
            action_words::short_title(entry.name),
            entry.name == chosen,
        )
    }));
    choices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_in_one_tab() {
        let open = [&UNDER_WAY[..], &NOT_BEGUN].concat();
        assert_eq!(open.len() + OVER.len(), JobState::ALL.len());
        assert!(OVER.iter().all(|state| state.is_terminal()));
        assert!(open.iter().all(|state| !state.is_terminal()));
        let tabs = ["running", "scheduled", "waiting", "finished"].map(of_tab);
        for state in JobState::ALL {
            let of = tabs.iter().filter(|states| states.contains(state));
            assert_eq!(of.count(), 1, "{state:?}");
        }
    }
}
