//! What contact teaches about phones.
//!
//! Owns the learned columns of `phones`. *Invariant:* a key once pinned is never replaced by
//! another one here; only a person does that.

use carillon_domain::phone::AuthScheme;
use carillon_domain::{Cause, Mac, TargetState, Timestamp};

use crate::conn::Conn;
use crate::error::Result;
use crate::sql::{Sql, Value};
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

    fn values(&self) -> Vec<Value> {
        let contact = self.contact.as_ref();
        let reached = contact.map(|contact| contact.reached);
        let reachability = reached.map(|yes| if yes { "reachable" } else { "offline" });
        let learned_auth = contact.and_then(|contact| contact.learned_auth);
        let result = self.result.as_ref();
        vec![
            self.mac.into(),
            reachability.into(),
            learned_auth.map(AuthScheme::as_str).into(),
            contact
                .and_then(|contact| contact.learned_pin.clone())
                .into(),
            reached.filter(|yes| *yes).map(|_| self.at).into(),
            reached.map(|_| self.at).into(),
            result.map(|(state, ..)| state.as_str()).into(),
            result.and_then(|(_, cause, _)| *cause).into(),
            result.map(|(_, _, job)| job.as_str()).into(),
            result.map(|_| self.at).into(),
        ]
    }
}

/// Changes the rows of phones that are still there. Each phone at most once.
pub(crate) async fn stamp(conn: &mut Conn<'_>, stamps: &[PhoneStamp]) -> Result<()> {
    for chunk in stamps.chunks(ROWS) {
        let mut sql = Sql::new(
            "WITH v (mac, reachability, auth, pin, seen, tried, result, cause, job, result_at) \
             AS (VALUES ",
        );
        sql.tuples_again(chunk.iter().map(PhoneStamp::values));
        sql.push(
            ") UPDATE phones SET \
             reachability = COALESCE(v.reachability, phones.reachability), \
             auth_scheme = COALESCE(v.auth, phones.auth_scheme), \
             tls_pin = COALESCE(phones.tls_pin, v.pin), \
             last_seen = COALESCE(v.seen, phones.last_seen), \
             last_tried = COALESCE(v.tried, phones.last_tried), \
             last_result = COALESCE(v.result, phones.last_result), \
             last_cause = CASE WHEN v.result IS NULL THEN phones.last_cause ELSE v.cause END, \
             last_job = COALESCE(v.job, phones.last_job), \
             last_result_at = COALESCE(v.result_at, phones.last_result_at) \
             FROM v WHERE phones.mac = v.mac",
        );
        conn.execute(sql).await?;
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
