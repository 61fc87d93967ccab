//! Where records come from: addresses that records commit to, kept apart for a while.
//!
//! Owns the commitment, the first 16 bytes of the SHA-256 over 32 random bytes and the address, one
//! for each address and day; and the table that retention empties. *Invariant:* an address stands in
//! no record; a row that is gone leaves the log as it was hashed.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carillon_domain::Timestamp;
use carillon_domain::event::Event;
use sha2::{Digest as _, Sha256};

use crate::conn::Conn;
use crate::error::Result;
use crate::page::Seek;
use crate::row::Row;
use crate::run::Run;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

use super::entry;
use super::known::{Known, Learned};
use super::query::AuditQuery;
use super::words::storable;

/// How much of the hash a record holds.
const LENGTH: usize = 16;
const DAY: i64 = 86_400_000_000;

/// An address as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditSource {
    /// The address.
    pub address: String,
    /// The random bytes that are hashed before it.
    pub salt: Vec<u8>,
}

impl AuditSource {
    /// What records say in its place.
    pub fn commitment(&self) -> String {
        let hash = Sha256::new()
            .chain_update(&self.salt)
            .chain_update(&self.address)
            .finalize();
        URL_SAFE_NO_PAD.encode(&hash[..LENGTH])
    }
}

/// The UTC day of an instant, counted from 1970.
pub(super) const fn day_of(at: Timestamp) -> i64 {
    at.micros().div_euclid(DAY)
}

/// The commitments of some events that are being recorded.
pub(super) struct Sources<'e> {
    ids: HashMap<(&'e str, i64), String>,
    /// The memory that they were looked up in.
    times: u64,
    /// Those that it did not hold.
    new: Vec<((String, i64), String)>,
}

impl<'e> Sources<'e> {
    /// Finds them, or makes them in the same transaction. The head of the log is held: nobody else
    /// makes one meanwhile.
    pub(super) async fn of(
        conn: &mut Conn<'_>,
        (known, run): (&Known, &Run),
        events: &'e [Event],
    ) -> Result<Self> {
        let (mut ids, mut new, times) = (HashMap::new(), Vec::new(), known.times());
        for (address, day) in events.iter().filter_map(from) {
            if ids.contains_key(&(address, day)) {
                continue;
            }
            let id = if let Some(id) = known.source(address, day) {
                id
            } else {
                let id = found_or_made(conn, run, (address, day)).await?;
                new.push(((address.to_owned(), day), id.clone()));
                id
            };
            ids.insert((address, day), id);
        }
        Ok(Self { ids, times, new })
    }

    /// What the record of an event says.
    pub(super) fn id(&self, event: &'e Event) -> Option<&str> {
        match from(event) {
            Some(place) => self.ids.get(&place).map(String::as_str),
            // What follows from a request says the same as the record of that request.
            None => event.source.as_deref(),
        }
    }

    /// What is learned after the commit.
    pub(super) fn teach(self, learned: &mut Learned) {
        learned.sources(self.times, self.new);
    }
}

/// The address that an event names, with its day.
fn from(event: &Event) -> Option<(&str, i64)> {
    Some((event.ip.as_deref()?, day_of(event.at)))
}

async fn found_or_made(
    conn: &mut Conn<'_>,
    run: &Run,
    (address, day): (&str, i64),
) -> Result<String> {
    let address = storable(address);
    let find = Sql::new("SELECT id FROM audit_sources WHERE address = $1 AND day = $2");
    let found = conn.optional(find.arg(address.as_ref()).arg(day)).await?;
    if let Some(row) = found {
        return row.get("id");
    }
    let source = AuditSource {
        address: address.into_owned(),
        salt: run.salt()?.to_vec(),
    };
    let id = source.commitment();
    let sql =
        Sql::new("INSERT INTO audit_sources (id, address, day, salt) VALUES ($1, $2, $3, $4)");
    let sql = sql.arg(&id).arg(source.address).arg(day).arg(source.salt);
    conn.execute(sql).await?;
    Ok(id)
}

/// What stands in the column `ip` for a record that was read: the commitment, or in those from
/// before commitments the address.
pub(super) fn column(event: &Event) -> Option<&str> {
    event.source.as_deref().or(event.ip.as_deref())
}

/// The address behind a row with the columns `address` and `salt`, while it is kept.
pub(crate) fn behind(row: &Row) -> Result<Option<AuditSource>> {
    let address: Option<String> = row.get("address")?;
    let salt: Option<Vec<u8>> = row.get("salt")?;
    let pair = address.zip(salt);
    Ok(pair.map(|(address, salt)| AuditSource { address, salt }))
}

/// Those of these commitments that are kept.
pub(super) async fn kept(
    conn: &mut Conn<'_>,
    ids: BTreeSet<&str>,
) -> Result<HashMap<String, AuditSource>> {
    let mut sql = Sql::new("SELECT id, address, salt FROM audit_sources WHERE ");
    sql.one_of("id", ids);
    let mut kept = HashMap::new();
    for row in conn.all(sql).await? {
        if let Some(source) = behind(&row)? {
            kept.insert(row.get("id")?, source);
        }
    }
    Ok(kept)
}

/// Adds a record as it is handed out: the exact text that was hashed, and where that names a
/// commitment, the address behind it as last fields, or that it was removed.
pub(crate) fn show(out: &mut String, entry: &str, source: Option<&AuditSource>) {
    let (Some(_), Some(open)) = (entry::source(entry), entry.strip_suffix('}')) else {
        out.push_str(entry);
        return;
    };
    out.push_str(open);
    let Some(source) = source else {
        out.push_str(",\"ip\":null,\"ip_removed\":true}");
        return;
    };
    let address = serde_json::Value::from(source.address.as_str());
    let salt = URL_SAFE_NO_PAD.encode(&source.salt);
    // Writing to a string does not fail.
    let _ = write!(out, ",\"ip\":{address},\"ip_salt\":\"{salt}\"}}");
}

impl Store {
    /// What the record of a job's submission says of where it came from.
    pub async fn submission_source(&self, job: &str) -> Result<Option<String>> {
        let query = AuditQuery {
            actions: vec!["job.submitted".to_owned()],
            job: Some(job.to_owned()),
            ..AuditQuery::default()
        };
        let page = self.audit_page(&query, &Seek::Start, 1).await?;
        Ok(page
            .items
            .into_iter()
            .next()
            .and_then(|row| row.event.source))
    }

    /// Whether the address of a day before this one's is kept.
    pub async fn keeps_sources_before(&self, before: Timestamp) -> Result<bool> {
        let sql = Sql::new("SELECT COUNT(*) AS n FROM audit_sources WHERE day < $1");
        let sql = sql.arg(day_of(before));
        let found = self.read().await?.conn().number(sql, "n").await?;
        Ok(found > 0)
    }
}

impl Unit {
    /// Removes the addresses of all days before this one's. Says how many.
    pub async fn remove_sources(&mut self, before: Timestamp) -> Result<u64> {
        let sql = Sql::new("DELETE FROM audit_sources WHERE day < $1").arg(day_of(before));
        let [removed] = self.conn().overwriting([sql]).await?;
        Ok(removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_handed_out_is_the_record_and_its_address() {
        let source = AuditSource {
            address: "10.0.0.1".to_owned(),
            salt: vec![7; 32],
        };
        let shown = |entry: &str, source| {
            let mut out = String::new();
            show(&mut out, entry, source);
            out
        };
        let entry = format!(
            "{{\"seq\":7,\"source\":\"{}\",\"a\":1}}",
            source.commitment()
        );
        let with = shown(&entry, Some(&source));
        let told: serde_json::Value = serde_json::from_str(&with).expect("JSON");
        assert_eq!(told["ip"], "10.0.0.1");
        let (record, _) = with.rsplit_once(",\"ip\":").expect("its end");
        assert_eq!(format!("{record}}}"), entry);
        assert!(shown(&entry, None).ends_with(",\"ip\":null,\"ip_removed\":true}"));
        let old = "{\"seq\":7,\"ip\":\"10.0.0.1\"}";
        assert_eq!(shown(old, None), old);
    }
}
