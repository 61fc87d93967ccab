//! By what people come in: sessions, links to a new password, recovery codes, as the log ended them.
//!
//! Owns the fold over their records. *Invariant:* what no record ended is not judged, nor what an earlier
//! program ended without telling which.

use std::collections::BTreeMap;

use carillon_domain::event::{Event, EventResult};
use carillon_store::StandingPass;
use serde_json::Value;

const SESSION: &str = "session";

/// A session, a link or a code that was told of.
struct Pass {
    /// Whose, by name.
    owner: String,
    /// The record that ended it.
    ended: Option<i64>,
}

/// All of them, by kind and by the beginning of their hashes.
#[derive(Default)]
pub(super) struct Passes(BTreeMap<(&'static str, String), Pass>);

impl Passes {
    /// Takes in a record.
    pub(super) fn add(&mut self, seq: i64, event: &Event) {
        if event.result != EventResult::Ok {
            return;
        }
        let (detail, actor) = (&event.detail, &event.actor);
        match event.action.as_str() {
            "account.signed_in" => {
                self.begins(SESSION, &detail["session"], &actor.name);
                self.ends("code", &detail["recovery_code"], seq);
            }
            "account.signed_out" | "session.ended" => self.ends(SESSION, &detail["session"], seq),
            "user.reset_link_made" => {
                let owner = detail["user"].as_str().unwrap_or_default();
                self.begins("link", &detail["link"], owner);
            }
            "user.password_reset" => {
                self.ends("link", &detail["link"], seq);
                self.end_all(&detail["user"], "", seq);
            }
            "user.password_set" | "user.disabled" | "second_factor.reset" => {
                self.end_all(&detail["user"], "", seq);
            }
            "user.password_changed" => self.end_all(&detail["user"], &actor.session, seq),
            "account.proved" => self.ends("code", &detail["recovery_code"], seq),
            _ => {}
        }
        if detail["renewed"].is_string() {
            self.ends(SESSION, &Value::from(actor.session.as_str()), seq);
            self.begins(SESSION, &detail["renewed"], &actor.name);
        }
    }

    fn begins(&mut self, kind: &'static str, name: &Value, owner: &str) {
        if let Some(name) = name.as_str() {
            let pass = Pass {
                owner: owner.to_owned(),
                ended: None,
            };
            self.0.insert((kind, name.to_owned()), pass);
        }
    }

    fn ends(&mut self, kind: &'static str, name: &Value, seq: i64) {
        if let Some(name) = name.as_str().filter(|name| !name.is_empty()) {
            let pass = self.0.entry((kind, name.to_owned()));
            let pass = pass.or_insert_with(|| Pass {
                owner: String::new(),
                ended: None,
            });
            pass.ended.get_or_insert(seq);
        }
    }

    /// All sessions of an account, but for one.
    fn end_all(&mut self, owner: &Value, but: &str, seq: i64) {
        let Some(owner) = owner.as_str() else { return };
        for ((kind, name), pass) in &mut self.0 {
            if *kind == SESSION && pass.owner == owner && name != but {
                pass.ended.get_or_insert(seq);
            }
        }
    }

    /// Those that stand there although a record ended them.
    pub(super) fn odd<'a>(
        &'a self,
        rows: &'a [StandingPass],
    ) -> impl Iterator<Item = (i64, String)> + 'a {
        rows.iter().filter_map(|row| {
            let pass = self.0.get(&(row.kind, row.name.clone()))?;
            let what = match row.kind {
                "link" => "link to a new password",
                "code" => "recovery code",
                session => session,
            };
            let told = |seq| {
                (
                    seq,
                    format!("the {what} {} is back, which this ended", row.name),
                )
            };
            pass.ended.map(told)
        })
    }
}
