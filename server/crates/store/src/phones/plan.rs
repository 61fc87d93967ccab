//! Phones as a plan wants them, and no more.
//!
//! Owns the narrow reading that planning a job does for each phone it may reach: a whole row with
//! its tags takes several times the memory, for every phone of a broadcast at once.

use carillon_domain::job::PlannedPhone;
use carillon_domain::phone::display_name;

use super::filter::Scope;
use super::keys::extension_key;
use crate::error::Result;
use crate::groups::{signed, signs};
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;

/// The columns of [`planned`].
const COLUMNS: &str = "p.mac, p.label, p.extension, p.model, p.site, p.address, p.protected";

/// The beginning of a statement for [`planned`]: which of these groups a phone is in is among it.
pub(super) fn select(scope: &Scope<'_>, slugs: &[String]) -> Result<Sql> {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push(", ");
    signs(&mut sql, scope, slugs)?;
    sql.push(" AS signs FROM phones p");
    Ok(sql)
}

/// The same for phones whose groups are of no interest.
pub(super) fn select_alone() -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push(" FROM phones p");
    sql
}

/// Of a row with those columns, and with signs of these groups where there are any.
pub(super) fn planned(row: &Row, slugs: &[String]) -> Result<PlannedPhone> {
    let fields = row.of("phones", "mac");
    let groups = if slugs.is_empty() {
        Vec::new()
    } else {
        signed(&row.get::<String>("signs")?, slugs)
    };
    let (mac, extension) = (fields.parse("mac")?, fields.text("extension")?);
    Ok(PlannedPhone {
        mac,
        name: display_name(&fields.text("label")?, &extension, mac),
        extension,
        model: fields.text("model")?,
        site: fields.get("site")?,
        groups,
        address: fields.address("address")?,
        protected: fields.get("protected")?,
    })
}

impl Store {
    /// Whether some phone of the inventory has this extension.
    pub async fn has_extension(&self, extension: &str) -> Result<bool> {
        let sql =
            Sql::new("SELECT mac FROM phones WHERE extension_key = $1 AND extension = $2 LIMIT 1");
        let sql = sql.arg(extension_key(extension)).arg(extension);
        Ok(self.read().await?.conn().optional(sql).await?.is_some())
    }
}
