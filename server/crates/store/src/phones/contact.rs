//! What contact teaches about phones.
//!
//! Owns the learned columns of `phones`. *Invariant:* a key once pinned is never replaced by
//! another one here; only a person does that.

use std::collections::HashMap;

use carillon_domain::phone::AuthScheme;
use carillon_domain::{Cause, Mac, TargetState, Timestamp};

use crate::conn::Conn;
use crate::error::Result;
use crate::sql::{Sql, Value, When};
use crate::unit::Unit;

use super::read::ROWS;

/// What one contact with a phone taught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactUpdate {
    /// Whether anything answered.
    pub reached: bool,
    /// How it asks for its password, if that was learned.
    pub learned_auth: Option<AuthScheme>,
    /// The key to pin if none is.
    pub learned_pin: Option<String>,
}

/// One phone's row to change after a target's end or a contact.
#[derive(Clone, Debug)]
pub(crate) struct PhoneStamp {
    pub(crate) mac: Mac,
    pub(crate) at: Timestamp,
    pub(crate) contact: Option<ContactUpdate>,
    /// State, cause and job of the target, when it ended.
    pub(crate) result: Option<(TargetState, Option<Cause>, String)>,
}

impl PhoneStamp {
    /// Adds what came later.
    pub(crate) fn follow(&mut self, later: Self) {
        self.at = self.at.max(later.at);
        self.result = later.result.or(self.result.take());
        self.contact = match (self.contact.take(), later.contact) {
            (Some(first), Some(then)) => Some(ContactUpdate {
                reached: then.reached,
                learned_auth: then.learned_auth.or(first.learned_auth),
                learned_pin: first.learned_pin.or(then.learned_pin),
            }),
            (first, then) => then.or(first),
        };
    }

    fn alike(&self) -> Alike<'_> {
        let contact = self.contact.as_ref();
        Alike {
            reached: contact.map(|contact| contact.reached),
            learned_auth: contact.and_then(|contact| contact.learned_auth),
            result: self.result.as_ref(),
        }
    }

    fn values(&self) -> Vec<Value> {
        let contact = self.contact.as_ref();
        let pin = contact.and_then(|contact| contact.learned_pin.clone());
        vec![self.mac.into(), self.at.into(), pin.into()]
    }
}

/// What stamps have in common that are written by one statement.
#[derive(PartialEq, Eq, Hash)]
struct Alike<'a> {
    reached: Option<bool>,
    learned_auth: Option<AuthScheme>,
    result: Option<&'a (TargetState, Option<Cause>, String)>,
}

impl Alike<'_> {
    fn update(&self, stamps: &[&PhoneStamp], when: When) -> Sql {
        let mut sql = Sql::new("WITH v (mac, at, pin) AS (");
        sql.rows_again(stamps.iter().map(|stamp| stamp.values()));
        sql.push(") UPDATE phones SET tls_pin = COALESCE(phones.tls_pin, v.pin)");
        if let Some(reached) = self.reached {
            sql.push(", last_tried = v.at, reachability = ")
                .bind(if reached { "reachable" } else { "offline" });
            if reached {
                sql.push(", last_seen = v.at");
            }
        }
        if let Some(scheme) = self.learned_auth {
            sql.push(", auth_scheme = ").bind(scheme.as_str());
        }
        if let Some((state, cause, job)) = self.result {
            sql.push(", last_result_at = v.at, last_result = ")
                .bind(state.as_str());
            sql.push(", last_cause = ").bind(*cause);
            sql.push(", last_job = ").bind(job);
        }
        sql.push(" FROM v WHERE phones.mac = v.mac")
            .push(when.and());
        sql
    }
}

/// Changes of the rows of phones that are still there. Each phone at most once.
pub(crate) fn stamped(stamps: &[PhoneStamp], when: When) -> Vec<Sql> {
    let mut alike: HashMap<Alike<'_>, Vec<&PhoneStamp>> = HashMap::new();
    for stamp in stamps {
        alike.entry(stamp.alike()).or_default().push(stamp);
    }
    let updates = alike.into_iter().flat_map(|(common, stamps)| {
        let chunks = stamps.chunks(ROWS);
        let chunks = chunks.map(|chunk| common.update(chunk, when));
        chunks.collect::<Vec<_>>()
    });
    updates.collect()
}

/// Writes those changes.
pub(crate) async fn stamp(conn: &mut Conn<'_>, stamps: &[PhoneStamp]) -> Result<()> {
    for update in stamped(stamps, When::Always) {
        conn.execute(update).await?;
    }
    Ok(())
}

impl Unit {
    /// Notes what a contact outside any job taught.
    pub async fn note_contact(
        &mut self,
        mac: Mac,
        contact: ContactUpdate,
        at: Timestamp,
    ) -> Result<()> {
        let stamps = [PhoneStamp {
            mac,
            at,
            contact: Some(contact),
            result: None,
        }];
        stamp(&mut self.conn(), &stamps).await
    }

    /// Notes the firmware that a phone told us, and its model where none is known.
    pub async fn note_firmware(&mut self, mac: Mac, firmware: &str, model: &str) -> Result<()> {
        let sql = Sql::new(
            "UPDATE phones SET firmware = $2, \
             model = CASE WHEN model = '' THEN $3 ELSE model END WHERE mac = $1",
        );
        let sql = sql.arg(mac).arg(firmware).arg(model);
        self.conn().execute(sql).await.map(drop)
    }
}
