//! Phones as they are stored.
//!
//! Owns the columns and how they become a phone, its tags among them.

use carillon_domain::phone::{Contact, Phone};
use carillon_domain::{Cause, Mac, Reach, TargetState, Timestamp};

use crate::conn::Conn;
use crate::error::Result;
use crate::reach::and_phones;
use crate::row::{Fields, Row};
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

/// How the last job with a phone ended for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastResult {
    /// State of its target.
    pub state: TargetState,
    /// Why, if not simply well.
    pub cause: Option<Cause>,
    /// Id of the job.
    pub job: String,
    /// When.
    pub at: Timestamp,
}

/// A phone with all that is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneRow {
    /// What people wrote down.
    pub phone: Phone,
    /// What contact taught.
    pub contact: Contact,
    /// How the last job ended for it.
    pub last: Option<LastResult>,
    /// Whether it has a user name and password of its own.
    pub own_credential: bool,
    /// For edits.
    pub version: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When somebody last changed it.
    pub updated_at: Timestamp,
}

pub(crate) const SELECT: &str = "SELECT p.mac, p.label, p.extension, p.model, p.firmware, p.site, \
     p.address, p.port, p.scheme, p.sip_uri, p.credential, p.protected, p.notes, p.url_form, \
     p.dial_form, p.auth_scheme, p.tls_pin, p.reachability, p.last_seen, p.last_tried, \
     p.last_result, p.last_cause, p.last_job, p.last_result_at, p.version, p.created_at, \
     p.updated_at, (SELECT COUNT(*) FROM credentials c WHERE c.phone = p.mac) AS own_credentials, \
     (SELECT string_agg(t.tag, '\n') FROM phone_tags t WHERE t.mac = p.mac) AS tags \
     FROM phones p";

pub(super) fn phone_row(row: &Row) -> Result<PhoneRow> {
    let fields = row.of("phones", "mac");
    Ok(PhoneRow {
        phone: phone(&fields)?,
        contact: contact(&fields)?,
        last: last(&fields)?,
        own_credential: fields.int("own_credentials")? > 0,
        version: fields.int("version")?,
        created_at: fields.at("created_at")?,
        updated_at: fields.at("updated_at")?,
    })
}

fn phone(fields: &Fields<'_>) -> Result<Phone> {
    Ok(Phone {
        mac: fields.parse("mac")?,
        label: fields.text("label")?,
        extension: fields.text("extension")?,
        model: fields.text("model")?,
        firmware: fields.text("firmware")?,
        site: fields.get("site")?,
        tags: tags(fields.get("tags")?),
        address: fields.address("address")?,
        port: fields.maybe_number("port")?,
        scheme: fields.maybe("scheme")?,
        sip_uri: fields.text("sip_uri")?,
        credential: fields.get("credential")?,
        protected: fields.get("protected")?,
        notes: fields.text("notes")?,
        url_form: fields.parse("url_form")?,
        dial_form: fields.parse("dial_form")?,
    })
}

fn contact(fields: &Fields<'_>) -> Result<Contact> {
    Ok(Contact {
        auth_scheme: fields.parse("auth_scheme")?,
        tls_pin: fields.get("tls_pin")?,
        reachability: fields.parse("reachability")?,
        last_seen: fields.maybe_at("last_seen")?,
        last_tried: fields.maybe_at("last_tried")?,
    })
}

fn last(fields: &Fields<'_>) -> Result<Option<LastResult>> {
    let job: Option<String> = fields.get("last_job")?;
    let (Some(state), Some(job), Some(at)) = (
        fields.maybe("last_result")?,
        job,
        fields.maybe_at("last_result_at")?,
    ) else {
        return Ok(None);
    };
    Ok(Some(LastResult {
        state,
        cause: fields.maybe("last_cause")?,
        job,
        at,
    }))
}

/// The tags of a phone in their order; none holds the end of a line.
fn tags(lines: Option<String>) -> Vec<String> {
    let lines = lines.unwrap_or_default();
    let mut tags: Vec<String> = lines.lines().map(str::to_owned).collect();
    tags.sort_unstable();
    tags
}

/// Runs a statement that begins with [`SELECT`].
pub(crate) async fn phones(conn: &mut Conn<'_>, sql: Sql) -> Result<Vec<PhoneRow>> {
    conn.read(sql, phone_row).await
}

pub(crate) const ROWS: usize = 500;
/// Phones that one read names, at most: SQLite takes few more values in one statement.
pub(crate) const NAMED: usize = 30_000;

/// The phones with these identities that exist, by MAC.
pub(crate) async fn by_macs(
    conn: &mut Conn<'_>,
    macs: &[Mac],
    reach: &Reach,
) -> Result<Vec<PhoneRow>> {
    let mut found = Vec::with_capacity(macs.len());
    for chunk in macs.chunks(NAMED) {
        let mut sql = Sql::new(SELECT);
        sql.push(" WHERE ").one_of("p.mac", chunk.iter().copied());
        and_phones(&mut sql, reach, "p");
        found.extend(phones(conn, sql).await?);
    }
    found.sort_by_key(|row| row.phone.mac);
    found.dedup_by_key(|row| row.phone.mac);
    Ok(found)
}

impl Store {
    /// One phone.
    pub async fn phone(&self, mac: Mac) -> Result<Option<PhoneRow>> {
        Ok(self.phones_by_macs(&[mac]).await?.pop())
    }

    /// The phones with these identities that exist, sorted by MAC.
    pub async fn phones_by_macs(&self, macs: &[Mac]) -> Result<Vec<PhoneRow>> {
        by_macs(&mut self.read().await?.conn(), macs, &self.reach).await
    }

    /// The next phones with a MAC above `after`: call again with the last one until nothing
    /// comes.
    pub async fn phones_batch(&self, after: Option<Mac>, limit: i64) -> Result<Vec<PhoneRow>> {
        let mut sql = Sql::new(SELECT);
        let after = after.map(|mac| mac.to_string()).unwrap_or_default();
        sql.push(" WHERE p.mac > ").bind(after);
        and_phones(&mut sql, &self.reach, "p");
        sql.push(" ORDER BY p.mac LIMIT ").bind(limit);
        phones(&mut self.read().await?.conn(), sql).await
    }
}

impl Unit {
    /// The phones with these identities that exist, as this unit sees them, sorted by MAC.
    pub async fn phones_by_macs(&mut self, macs: &[Mac]) -> Result<Vec<PhoneRow>> {
        let reach = self.reach.clone();
        by_macs(&mut self.conn(), macs, &reach).await
    }
}
