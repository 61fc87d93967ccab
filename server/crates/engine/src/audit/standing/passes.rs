//! By what people come in: sessions, links to a new password, recovery codes, as the log ended them.
//!
//! Owns the fold over their records. *Invariant:* what no record ended is not judged, nor what an earlier
//! program ended without telling which; only those that stand in the tables are followed, which are few,
//! and not all that ever were.

use std::collections::BTreeMap;

use carillon_domain::event::{Event, EventResult};
use carillon_store::StandingPass;
use serde_json::Value;

const SESSION: &str = "session";

/// A session, a link or a code that stands there.
#[derive(Default)]
struct Pass {
    /// Whose, by name.
    owner: String,
    /// The record that ended it.
    ended: Option<i64>,
}

/// All of them, by kind and by the beginning of their hashes.
#[derive(Default)]
pub(crate) struct Passes(BTreeMap<(&'static str, String), Pass>);

impl Passes {
    /// Those that stand in the tables, before any record.
    pub(crate) fn of(rows: &[StandingPass]) -> Self {
        let names = rows.iter().map(|row| (row.kind, row.name.clone()));
        Self(names.map(|name| (name, Pass::default())).collect())
    }

    /// Takes in a record.
    pub(crate) fn add(&mut self, seq: i64, event: &Event) {
        self.ended(seq, &event.detail["ended"]);
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
            "row.accepted" => self.accepted(detail),
            _ => {}
        }
        if detail["renewed"].is_string() {
            self.ends(SESSION, &Value::from(actor.session.as_str()), seq);
            self.begins(SESSION, &detail["renewed"], &actor.name);
        }
    }

    /// What the record says that its unit ended. An earlier program did not tell that.
    fn ended(&mut self, seq: i64, told: &Value) {
        for (names, kind) in [("sessions", SESSION), ("links", "link"), ("codes", "code")] {
            for name in told[names].as_array().into_iter().flatten() {
                self.ends(kind, name, seq);
            }
        }
    }

    /// How rows of a signed kind are called here; nothing where it is none of these.
    pub(crate) fn kind_of(rows: &str) -> Option<&'static str> {
        match rows {
            "session" => Some(SESSION),
            "reset-link" => Some("link"),
            "recovery-code" => Some("code"),
            _ => None,
        }
    }

    /// Somebody looked at it, and lets it count.
    fn accepted(&mut self, detail: &Value) {
        let kind = detail["rows"].as_str().and_then(Self::kind_of);
        if let Some(pass) = kind.and_then(|kind| self.one(kind, &detail["row"])) {
            pass.ended = None;
        }
    }

    fn begins(&mut self, kind: &'static str, name: &Value, owner: &str) {
        if let Some(pass) = self.one(kind, name) {
            *pass = Pass {
                owner: owner.to_owned(),
                ended: None,
            };
        }
    }

    fn ends(&mut self, kind: &'static str, name: &Value, seq: i64) {
        if let Some(pass) = self.one(kind, name) {
            pass.ended.get_or_insert(seq);
        }
    }

    fn one(&mut self, kind: &'static str, name: &Value) -> Option<&mut Pass> {
        self.0.get_mut(&(kind, name.as_str()?.to_owned()))
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
    pub(crate) fn odd(&self) -> impl Iterator<Item = (i64, String)> {
        self.0.iter().filter_map(|((kind, name), pass)| {
            let what = match *kind {
                "link" => "link to a new password",
                "code" => "recovery code",
                session => session,
            };
            let told = format!("the {what} {name} is back, which this ended");
            pass.ended.map(|seq| (seq, told))
        })
    }
}
