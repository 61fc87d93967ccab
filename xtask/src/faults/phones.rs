//! The simulated phones: a process of their own that outlives every fault of the product, with
//! a ledger that says what each phone really did.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::product::{first_line, signal};
use rustix::process::Signal;

/// A running fleet. Ended when dropped.
pub(super) struct Phones {
    child: Child,
    /// One line for each request that a phone saw.
    pub(super) ledger: PathBuf,
    /// What the product must know of them.
    pub(super) list: Vec<Phone>,
}

/// One phone of the inventory.
#[derive(Clone, Debug)]
pub(super) struct Phone {
    pub(super) mac: String,
    pub(super) address: String,
    pub(super) port: String,
    pub(super) site: String,
}

/// Settings of a fleet: `count` honest phones with Digest, `answer_ms` away, some of whose
/// answers get lost.
pub(super) fn honest(count: u64, answer_ms: u64, loss: u64) -> Value {
    json!({
        "timing": { "answer_ms": answer_ms, "reply_loss_per_mille": loss },
        "sites": [{ "name": "Kiel", "transport_security": "plain_http", "auth": "digest",
                    "username": "admin", "password": "simulated", "phones": count }],
    })
}

impl Phones {
    /// Starts a fleet of this scenario; its files lie in `dir`.
    pub(super) fn start(binary: &Path, dir: &Path, mut scenario: Value) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", dir.display());
        let ledger = dir.join("ledger.jsonl");
        scenario["ledger_file"] = json!(ledger);
        let (plan, csv) = (dir.join("scenario.json"), dir.join("phones.csv"));
        std::fs::write(&plan, scenario.to_string()).map_err(failed)?;
        let mut child = Command::new(binary)
            .args(["simulate", "--scenario"])
            .arg(&plan)
            .arg("--inventory")
            .arg(&csv)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(dir.join("simulator.log")).map_err(failed)?)
            .spawn()
            .map_err(failed)?;
        first_line(&mut child, "the simulator", Duration::from_mins(2))?;
        let text = std::fs::read_to_string(&csv).map_err(failed)?;
        let list = text.lines().skip(1).filter_map(phone).collect();
        Ok(Self {
            child,
            ledger,
            list,
        })
    }

    /// How many requests the fleet has seen.
    pub(super) fn requests(&self) -> usize {
        std::fs::read_to_string(&self.ledger).map_or(0, |text| text.lines().count())
    }
}

impl Drop for Phones {
    fn drop(&mut self) {
        let _gone = signal(self.child.id(), Signal::INT);
        drop(self.child.wait());
    }
}

fn phone(line: &str) -> Option<Phone> {
    let fields = fields(line);
    let field = |index: usize| fields.get(index).cloned();
    Some(Phone {
        mac: field(0)?,
        address: field(4)?,
        port: field(5)?,
        site: field(7)?,
    })
}

/// The fields of a line of CSV; commas within quotes divide nothing.
fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut quoted) = (vec![String::new()], false);
    for letter in line.chars() {
        match (letter, quoted) {
            ('"', _) => quoted = !quoted,
            (',', false) => fields.push(String::new()),
            _ => fields
                .iter_mut()
                .last()
                .into_iter()
                .for_each(|field| field.push(letter)),
        }
    }
    fields
}

/// The list as the product's import takes it.
pub(super) fn as_list(phones: &[Phone]) -> String {
    let line = |phone: &Phone| {
        let Phone {
            mac,
            address,
            port,
            site,
        } = phone;
        format!("{mac},{address},{port},http,{site}\n")
    };
    let lines: String = phones.iter().map(line).collect();
    format!("mac,address,port,scheme,site\n{lines}")
}

#[cfg(test)]
mod tests {
    use super::{as_list, phone};

    #[test]
    fn a_line_of_the_inventory_is_a_phone() {
        let line = "b0:61:a9:59:0e:83,\"Meyer, A\",1010,T53W,127.10.0.10,49193,http,kiel,,,,,,,";
        let read: Vec<_> = phone(line).into_iter().collect();
        assert_eq!(
            as_list(&read).lines().last(),
            Some("b0:61:a9:59:0e:83,127.10.0.10,49193,http,kiel")
        );
    }
}
