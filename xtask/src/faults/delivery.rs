//! The oracle: what the product says of a job, held against what its phones did.
//!
//! Owns the reading of three files, one JSON object a line, and the rules between them:
//! *targets* (the product's statement), *ledger* (the phones' own), *audit* (intents and results).
//! It knows nothing of how either was made, and trusts neither.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::Path;

use serde_json::Value;

/// What is to be compared.
pub(crate) struct Question<'a> {
    /// The command, in the words of the ledger.
    pub(crate) action: &'a str,
    /// Every phone of the job.
    pub(crate) phones: BTreeSet<String>,
    /// Lines of the product's export of targets.
    pub(crate) targets: Vec<Value>,
    /// Lines of the simulator's ledger.
    pub(crate) ledger: Vec<Value>,
    /// Lines of the audit export of this job, if they are to be looked at.
    pub(crate) audit: Option<Vec<Value>>,
}

/// Sums, and what is wrong.
#[derive(Default)]
pub(crate) struct Verdict {
    pub(crate) phones: usize,
    pub(crate) states: BTreeMap<String, usize>,
    /// Of the unknown, so many did execute it.
    pub(crate) unknown_that_ran: usize,
    /// Unknown because the server ended in the middle.
    pub(crate) interrupted: usize,
    pub(crate) lost: usize,
    pub(crate) twice: usize,
    pub(crate) false_statements: usize,
    pub(crate) audit_faults: usize,
    /// The first few faults, in words.
    pub(crate) faults: Vec<String>,
}

/// What one phone saw of the command.
#[derive(Default)]
struct Seen {
    executed: usize,
    /// Requests that carried what the phone accepts.
    accepted: usize,
}

const SHOWN: usize = 10;

impl Verdict {
    /// Whether nothing is wrong.
    pub(crate) const fn is_clean(&self) -> bool {
        self.lost + self.twice + self.false_statements + self.audit_faults == 0
    }

    fn fault(&mut self, what: String) {
        if self.faults.len() < SHOWN {
            self.faults.push(what);
        }
    }

    fn is_lost(&mut self, mac: &str, why: &str) {
        self.lost += 1;
        self.fault(format!("{mac}: {why}"));
    }

    fn lies(&mut self, mac: &str, state: &str, why: &str) {
        self.false_statements += 1;
        self.fault(format!("{mac}: `{state}`, but {why}"));
    }

    fn audit_lies(&mut self, mac: &str, why: &str) {
        self.audit_faults += 1;
        self.fault(format!("{mac}: audit: {why}"));
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} phones:", self.phones)?;
        for (state, count) in &self.states {
            write!(f, " {count} {state},")?;
        }
        write!(
            f,
            " ({} of the unknown ran, {} interrupted): {} lost, {} executed twice, {} false \
             statements, {} audit faults",
            self.unknown_that_ran,
            self.interrupted,
            self.lost,
            self.twice,
            self.false_statements,
            self.audit_faults
        )?;
        for fault in &self.faults {
            write!(f, "\n    {fault}")?;
        }
        Ok(())
    }
}

/// Reads a file with one JSON object a line. The last line may be cut; no other may.
pub(crate) fn read_lines(file: &Path) -> Result<Vec<Value>, String> {
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .map(|line| {
            serde_json::from_str(line).map_err(|error| format!("{}: {error}", file.display()))
        })
        .collect()
}

const USAGE: &str = "\
cargo xtask check-delivery --action NAME --targets FILE --ledger FILE --phones FILE [--audit FILE]

  --targets  what the product says: the items of /api/v1/jobs/{id}/targets, one a line
  --ledger   what the phones did: the simulator's ledger file
  --phones   the job's phones, one MAC at the beginning of each line (a CSV list will do)
  --audit    /api/v1/audit/export?format=jsonl&job={id}, newest first as it comes";

/// Reads the files of a command line and judges them.
pub(super) fn check(mut words: impl Iterator<Item = String>) -> Result<Verdict, String> {
    let mut given: BTreeMap<String, String> = BTreeMap::new();
    while let (Some(name), Some(value)) = (words.next(), words.next()) {
        given.insert(name, value);
    }
    let file = |name: &str| given.get(name).map(Path::new).ok_or(USAGE);
    let phones = std::fs::read_to_string(file("--phones")?).map_err(|error| error.to_string())?;
    let mut audit = file("--audit").ok().map(read_lines).transpose()?;
    if let Some(records) = &mut audit {
        records.reverse();
    }
    Ok(judge(&Question {
        action: given.get("--action").ok_or(USAGE)?,
        phones: phones.lines().filter_map(mac).collect(),
        targets: read_lines(file("--targets")?)?,
        ledger: read_lines(file("--ledger")?)?,
        audit,
    }))
}

/// The MAC address at the beginning of a line.
fn mac(line: &str) -> Option<String> {
    let first = line.split([',', ';', ' ']).next()?;
    (first.matches(':').count() == 5).then(|| first.to_lowercase())
}

/// Holds the product's statements against what happened.
pub(crate) fn judge(question: &Question<'_>) -> Verdict {
    let mut verdict = Verdict {
        phones: question.phones.len(),
        ..Verdict::default()
    };
    let seen = seen(question);
    let mut told: HashMap<&str, &Value> = HashMap::new();
    for target in &question.targets {
        let mac = text(target, "phone");
        if !question.phones.contains(mac) {
            verdict.is_lost(mac, "is no phone of this job");
        }
        if told.insert(mac, target).is_some() {
            verdict.is_lost(mac, "has two targets");
        }
    }
    for mac in &question.phones {
        match told.get(mac.as_str()) {
            None => verdict.is_lost(mac, "has no target"),
            Some(target) => one(&mut verdict, mac, target, seen.get(mac.as_str())),
        }
    }
    for mac in seen.keys().filter(|mac| !question.phones.contains(**mac)) {
        verdict.lies(mac, "not in the job", "it was sent to");
    }
    if let Some(audit) = &question.audit {
        hold_against_audit(&mut verdict, audit, &told, &seen);
    }
    verdict
}

/// What each phone saw of this command; other commands are other jobs'.
fn seen<'q>(question: &'q Question<'_>) -> HashMap<&'q str, Seen> {
    let key = format!("key={}", question.action);
    let mut seen: HashMap<&str, Seen> = HashMap::new();
    for line in &question.ledger {
        let executed = line["executed"] == question.action;
        if !executed && !text(line, "target").ends_with(&key) {
            continue;
        }
        let row = seen.entry(text(line, "mac")).or_default();
        row.executed += usize::from(executed);
        row.accepted += usize::from(line["authenticated"] == true);
    }
    seen
}

/// The rules for one phone.
fn one(verdict: &mut Verdict, mac: &str, target: &Value, seen: Option<&Seen>) {
    let state = text(target, "state");
    let executed = seen.map_or(0, |seen| seen.executed);
    *verdict.states.entry(state.to_owned()).or_default() += 1;
    if executed > 1 {
        verdict.twice += 1;
        verdict.fault(format!("{mac}: executed {executed} times"));
    }
    match state {
        "acknowledged" | "verified" if executed == 0 => {
            verdict.lies(mac, state, "the phone did nothing");
        }
        "failed" | "skipped" | "cancelled" | "expired" if executed > 0 => {
            verdict.lies(mac, state, "the phone did it");
        }
        "acknowledged" | "verified" | "failed" | "skipped" | "cancelled" | "expired" => {}
        "unknown" => {
            verdict.unknown_that_ran += usize::from(executed > 0);
            verdict.interrupted += usize::from(target["cause"] == "interrupted");
        }
        _ => verdict.is_lost(mac, &format!("is `{state}` after the end")),
    }
}

/// One intent for each claim, one result for each end, nothing sent without an intent.
fn hold_against_audit(
    verdict: &mut Verdict,
    audit: &[Value],
    told: &HashMap<&str, &Value>,
    seen: &HashMap<&str, Seen>,
) {
    let mut intents: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut results: HashMap<&str, Vec<&Value>> = HashMap::new();
    for record in audit {
        match text(record, "action") {
            "target.intent" => intents
                .entry(text(record, "phone"))
                .or_default()
                .push(text(&record["detail"], "attempt")),
            "target.result" => results
                .entry(text(record, "phone"))
                .or_default()
                .push(record),
            _ => {}
        }
    }
    for (mac, target) in told {
        let claims = intents.get(mac).map_or(&[][..], Vec::as_slice);
        let ends = results.get(mac).map_or(&[][..], Vec::as_slice);
        let attempts = target["attempts"].as_u64().unwrap_or_default() as usize;
        if claims.len() != attempts {
            verdict.audit_lies(
                mac,
                &format!("{} intents for {attempts} attempts", claims.len()),
            );
        }
        let state = text(target, "state");
        let [end] = ends else {
            if state != "skipped" || !ends.is_empty() {
                verdict.audit_lies(mac, &format!("{} results of `{state}`", ends.len()));
            }
            continue;
        };
        let last = claims.last().copied().unwrap_or_default();
        if text(&end["detail"], "state") != state {
            verdict.audit_lies(mac, &format!("the result is not `{state}`"));
        } else if attempts > 0 && text(&end["detail"], "attempt") != last {
            verdict.audit_lies(mac, "the result is of another attempt");
        }
    }
    for (mac, row) in seen {
        let claims = intents.get(mac).map_or(0, Vec::len);
        if row.accepted > claims {
            let why = format!("{} requests for {claims} intents", row.accepted);
            verdict.audit_lies(mac, &why);
        }
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests;
