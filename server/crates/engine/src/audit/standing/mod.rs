//! What tables say of rights, decisions and sealed values, held against what the log gave.
//!
//! Owns the fold over the records. *Invariant:* what no record tells of is not judged, except that
//! an account, a token, a job or a decision is there at all: those are made by records only, and none
//! of them is ever removed.

mod changes;
mod decisions;
mod ends;
mod jobs;
mod networks;
mod orders;
mod passes;
mod seals;
mod settled;
mod sums;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};

use carillon_domain::event::{Event, EventResult};
use carillon_store::{StandingAccount, StandingPass, Standings};
use serde_json::Value;

use self::changes::Changes;
pub(crate) use self::decisions::{DECISION, Decisions, UNTIL};
use self::jobs::Courses;
pub(crate) use self::networks::{CHOICE, Networks, VERSION};
pub(crate) use self::orders::Orders;
pub(crate) use self::passes::Passes;
use self::seals::Seals;
use self::tokens::Tokens;
use super::finding::{Finding, Kind};

/// Phones that are read in one go.
const ROWS: i64 = 10_000;

/// A record, and what contradicts it.
type Odd = (i64, String);

/// What the log gave, by whom or what it was given to; each with the record that did it last.
#[derive(Default)]
pub(super) struct Given {
    accounts: BTreeMap<String, Account>,
    tokens: Tokens,
    decisions: Decisions,
    seals: Seals,
    courses: Courses,
    orders: Orders,
    changes: Changes,
    networks: Networks,
    passes: Passes,
}

struct Account {
    seq: i64,
    role: String,
    approver: bool,
    disabled: bool,
}

impl Given {
    /// Nothing yet; these sessions, links and codes stand in the tables.
    pub(super) fn of(passes: &[StandingPass]) -> Self {
        Self {
            passes: Passes::of(passes),
            ..Self::default()
        }
    }

    /// Takes in a record.
    pub(super) fn add(&mut self, seq: i64, event: &Event) {
        self.courses.add(seq, event);
        if event.result == EventResult::Ok
            && let Some(what) = self.orders.broken(event)
        {
            self.courses.forbid(seq, what);
        }
        self.orders.add(seq, event);
        if let Some(what) = self.changes.add(seq, event) {
            self.courses.forbid(seq, what);
        }
        self.passes.add(seq, event);
        self.decisions.add(seq, event);
        self.networks.add(seq, event);
        if event.result != EventResult::Ok {
            return;
        }
        let detail = &event.detail;
        match event.action.as_str() {
            "user.created" | "setup.completed" => self.account(seq, detail, "role"),
            "user.role_changed" => self.account(seq, detail, "after"),
            "row.accepted" if detail["rows"] == "account" => self.accepted(seq, detail),
            "user.disabled" => self.switched(seq, detail, true),
            "user.enabled" => self.switched(seq, detail, false),
            // What is sealed anew has other bytes, and no record tells which.
            "key.first_used" | "key.activated" | "key.rewrapped" => self.seals.clear(),
            _ => {}
        }
        self.tokens.add(seq, event);
        self.seals.add(seq, event);
    }

    fn account(&mut self, seq: i64, detail: &Value, role: &str) {
        let (Some(name), Some(role)) = (text(detail, "user"), text(detail, role)) else {
            return;
        };
        let before = self.accounts.get(&name);
        let approver = detail["approver"].as_bool();
        // Who may not run jobs any more does not decide about those of others.
        let keeps = before.is_some_and(|before| before.approver)
            && matches!(role.as_str(), "operator" | "admin");
        let account = Account {
            seq,
            role,
            approver: approver.unwrap_or(keeps),
            disabled: before.is_some_and(|before| before.disabled),
        };
        self.accounts.insert(name, account);
    }

    /// As whoever looked at it found it; an earlier program did not tell what.
    fn accepted(&mut self, seq: i64, detail: &Value) {
        let found = (text(detail, "row"), text(detail, "role"));
        let (Some(name), Some(role)) = found else {
            return;
        };
        let account = Account {
            seq,
            role,
            approver: detail["approver"] == true,
            disabled: detail["disabled"] == true,
        };
        self.accounts.insert(name, account);
    }

    fn switched(&mut self, seq: i64, detail: &Value, disabled: bool) {
        let name = text(detail, "user").unwrap_or_default();
        if let Some(account) = self.accounts.get_mut(&name) {
            (account.seq, account.disabled) = (seq, disabled);
        }
    }

    /// The first record that tells what the log itself forbids.
    pub(super) fn forbidden(&self) -> Result<(), Finding> {
        match &self.courses.forbidden {
            None => Ok(()),
            Some((seq, what)) => Err(Finding::at(*seq, Kind::Forbidden(what.clone()))),
        }
    }

    /// The first record that tables contradict, what was found of jobs among them; `size` stands for
    /// records that are not there.
    pub(super) fn compare(
        &self,
        (standing, of_jobs): (&Standings, Vec<Odd>),
        size: i64,
    ) -> Result<(), Finding> {
        let accounts = standing
            .accounts
            .iter()
            .map(|row| self.odd_account(row, size));
        let decisions = self.decisions.odd(&standing.decisions, size);
        let all = accounts.flatten().chain(decisions);
        let networks = standing.networks.as_ref();
        let all = all.chain(networks.and_then(|rows| self.networks.odd(rows, size)));
        let all = all.chain(self.gone(standing)).chain(of_jobs);
        let all = all.chain(self.tokens.odd(&standing.tokens, size));
        let orders = standing.orders.as_ref();
        let orders = orders.map(|rows| self.orders.odd(rows, size));
        let changes = standing.changes.as_ref();
        let changes = changes.map(|rows| self.changes.odd(rows, size));
        let all = all.chain(orders.into_iter().chain(changes).flatten());
        let all = all.chain(self.passes.odd());
        let all = all.chain(self.seals.odd(&standing.seals));
        match all.min() {
            None => Ok(()),
            Some((seq, what)) => Err(Finding::at(seq, Kind::Standing(what))),
        }
    }

    /// Accounts that were made and have no row.
    fn gone<'a>(&'a self, standing: &'a Standings) -> impl Iterator<Item = Odd> + 'a {
        let names: BTreeSet<&str> = standing
            .accounts
            .iter()
            .map(|row| row.name.as_str())
            .collect();
        let accounts = self.accounts.iter();
        let gone = accounts.filter(move |(name, _)| !names.contains(name.as_str()));
        gone.map(|(name, told)| (told.seq, format!("the account {name} is gone")))
    }

    fn odd_account(&self, row: &StandingAccount, size: i64) -> Option<(i64, String)> {
        let name = &row.name;
        let Some(given) = self.accounts.get(name) else {
            return Some((size, format!("no record made the account {name}")));
        };
        let found = (&row.role, row.approver, row.disabled);
        let differs = found != (&given.role, given.approver, given.disabled);
        differs.then(|| {
            (
                given.seq,
                format!("the rights of the account {name} are others"),
            )
        })
    }
}

fn text(detail: &Value, name: &str) -> Option<String> {
    detail[name].as_str().map(str::to_owned)
}
