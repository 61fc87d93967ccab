//! Writing phones.
//!
//! Owns inserts, edits and deletions. *Invariant:* nothing here touches what contact taught.

use carillon_domain::phone::Phone;
use carillon_domain::{Mac, Timestamp};

use crate::accounts::users::expect_one;
use crate::conn::Conn;
use crate::error::Result;
use crate::sql::{Sql, Value};
use crate::unit::Unit;

use super::keys::{address_key, extension_key, label_key, search_key};
use super::read::ROWS;
use super::tags;

const INSERT: &str = "INSERT INTO phones (mac, label, label_key, extension, extension_key, \
     search_key, model, firmware, site, address, address_key, port, scheme, sip_uri, credential, \
     protected, notes, url_form, dial_form, created_at, updated_at) ";

const ON_CONFLICT: &str = " ON CONFLICT (mac) DO UPDATE SET label = excluded.label, \
     label_key = excluded.label_key, extension = excluded.extension, \
     extension_key = excluded.extension_key, search_key = excluded.search_key, \
     model = excluded.model, firmware = excluded.firmware, site = excluded.site, \
     address = excluded.address, address_key = excluded.address_key, port = excluded.port, \
     scheme = excluded.scheme, sip_uri = excluded.sip_uri, credential = excluded.credential, \
     protected = excluded.protected, notes = excluded.notes, url_form = excluded.url_form, \
     dial_form = excluded.dial_form, version = phones.version + 1, \
     updated_at = excluded.updated_at";

fn values(phone: &Phone, now: Timestamp) -> Vec<Value> {
    vec![
        phone.mac.into(),
        (&phone.label).into(),
        label_key(&phone.label).into(),
        (&phone.extension).into(),
        extension_key(&phone.extension).into(),
        search_key(phone).into(),
        (&phone.model).into(),
        (&phone.firmware).into(),
        (&phone.site).into(),
        phone.address.map(|address| address.to_string()).into(),
        address_key(phone.address).into(),
        phone.port.map(i64::from).into(),
        phone
            .scheme
            .map(carillon_domain::phone::Scheme::as_str)
            .into(),
        (&phone.sip_uri).into(),
        (&phone.credential).into(),
        phone.protected.into(),
        (&phone.notes).into(),
        phone.url_form.as_str().into(),
        phone.dial_form.as_str().into(),
        now.into(),
        now.into(),
    ]
}

/// What to do with a phone that is there already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Existing {
    Refuse,
    Replace,
}

async fn write(
    conn: &mut Conn<'_>,
    phones: &[Phone],
    existing: Existing,
    now: Timestamp,
) -> Result<()> {
    for chunk in phones.chunks(ROWS) {
        let mut sql = Sql::new(INSERT);
        sql.rows(chunk.iter().map(|phone| values(phone, now)));
        if existing == Existing::Replace {
            sql.push(ON_CONFLICT);
        }
        conn.execute(sql).await?;
        tags::replace(conn, chunk).await?;
    }
    Ok(())
}

impl Unit {
    /// Adds phones. Conflict when one is there already, or its site or credential is not.
    pub async fn insert_phones(&mut self, phones: &[Phone], now: Timestamp) -> Result<()> {
        write(&mut self.ways_conn().await?, phones, Existing::Refuse, now).await
    }

    /// Adds phones or replaces what was written down about them. No phone may occur twice.
    pub async fn upsert_phones(&mut self, phones: &[Phone], now: Timestamp) -> Result<()> {
        write(&mut self.ways_conn().await?, phones, Existing::Replace, now).await
    }

    /// Replaces what was written down about one phone. Conflict when `version` is old.
    pub async fn update_phone(
        &mut self,
        phone: &Phone,
        version: i64,
        now: Timestamp,
    ) -> Result<()> {
        let mut conn = self.ways_conn().await?;
        let mut sql = Sql::new("UPDATE phones SET label = label WHERE mac = ");
        sql.bind(phone.mac).push(" AND version = ").bind(version);
        expect_one(conn.execute(sql).await?)?;
        write(
            &mut conn,
            std::slice::from_ref(phone),
            Existing::Replace,
            now,
        )
        .await
    }

    /// Deletes phones, with their tags, memberships and own credentials; says how many there
    /// were. Jobs and records keep their names.
    pub async fn delete_phones(&mut self, macs: &[Mac]) -> Result<u64> {
        let mut deleted = 0;
        for chunk in macs.chunks(ROWS) {
            let mut sql = Sql::new("DELETE FROM credentials WHERE ");
            sql.one_of("phone", chunk.iter().copied());
            self.ways_conn().await?.execute(sql).await?;
            let mut sql = Sql::new("DELETE FROM phones WHERE ");
            sql.one_of("mac", chunk.iter().copied());
            deleted += self.ways_conn().await?.execute(sql).await?;
        }
        Ok(deleted)
    }
}
