//! The networks in which phones may be contacted, where somebody narrowed them.
//!
//! Owns the table `egress`. What the texts mean, and that they never widen anything, is not its.

use carillon_domain::Timestamp;

use crate::conn::Conn;
use crate::error::{Result, StoreError};
use crate::row::Row;
use crate::signed::{Facts, SignedRows, Trust};
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

const PHONES: &str = "phones";

/// What somebody chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EgressRow {
    /// The networks, as texts; none = all that the settings allow.
    pub networks: Vec<String>,
    /// Goes up with each change.
    pub version: i64,
    /// Who chose last.
    pub changed_by: String,
    /// When.
    pub changed_at: Timestamp,
}

/// Reads everything that is signed.
pub(crate) fn select_signed() -> Sql {
    Sql::new("SELECT place, networks, version, changed_by, changed_at, mac FROM egress")
}

/// What is signed of the row, and its code.
pub(crate) fn signed_facts(row: &Row) -> Result<(Facts, Option<Vec<u8>>)> {
    let fields = row.of("egress", "place");
    let place = fields.text("place")?;
    let facts = Facts::of(SignedRows::Networks, place.as_bytes(), place.clone())
        .text(&fields.text("networks")?)
        .number(fields.int("version")?);
    Ok((facts, fields.get("mac")?))
}

fn egress_row(row: &Row) -> Result<EgressRow> {
    let fields = row.of("egress", "place");
    let networks = fields.text("networks")?;
    Ok(EgressRow {
        networks: networks.split_whitespace().map(str::to_owned).collect(),
        version: fields.int("version")?,
        changed_by: fields.text("changed_by")?,
        changed_at: fields.at("changed_at")?,
    })
}

async fn find(conn: &mut Conn<'_>, trust: &Trust) -> Result<Option<EgressRow>> {
    let Some(row) = conn.optional(select_signed()).await? else {
        return Ok(None);
    };
    trust.checked(SignedRows::Networks, &row)?;
    egress_row(&row).map(Some)
}

impl Store {
    /// What somebody chose last, if anybody ever did.
    pub async fn egress(&self) -> Result<Option<EgressRow>> {
        find(&mut self.read().await?.conn(), &self.trust).await
    }
}

impl Unit {
    /// What somebody chose last, as this unit sees it.
    pub async fn egress(&mut self) -> Result<Option<EgressRow>> {
        let trust = self.trust.clone();
        find(&mut self.conn(), &trust).await
    }

    /// Writes a choice in the place of the one with this number, of none where it is 0; a conflict
    /// where another stands there by now, or nothing does.
    pub async fn set_egress(&mut self, row: &EgressRow, before: i64) -> Result<()> {
        let sql = if before == 0 {
            Sql::new(
                "INSERT INTO egress (place, networks, version, changed_by, changed_at) \
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (place) DO NOTHING",
            )
        } else {
            Sql::new(
                "UPDATE egress SET networks = $2, version = $3, changed_by = $4, changed_at = $5 \
                 WHERE place = $1 AND version = $6",
            )
        };
        let mut sql = sql.arg(PHONES).arg(row.networks.join(" "));
        sql = sql.arg(row.version);
        sql = sql.arg(row.changed_by.as_str()).arg(row.changed_at);
        if before != 0 {
            sql = sql.arg(before);
        }
        let of_row = (SignedRows::Networks, PHONES.as_bytes());
        match self.change_signed(of_row, sql).await? {
            0 => Err(StoreError::Conflict),
            _ => Ok(()),
        }
    }
}
