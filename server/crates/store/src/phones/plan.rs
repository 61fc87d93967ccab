//! Phones as a plan wants them, and no more.
//!
//! Owns the narrow reading that planning a job does for each phone it may reach: a whole row with
//! its tags takes several times the memory, for every phone of a broadcast at once.

use carillon_domain::filter::Filter;
use carillon_domain::job::PlannedPhone;
use carillon_domain::phone::display_name;
use carillon_domain::{Mac, Timestamp};

use crate::error::Result;
use crate::reach::and_phones;
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;

use super::list::matching;
use super::read::ROWS;

const SELECT: &str =
    "SELECT p.mac, p.label, p.extension, p.model, p.site, p.address, p.protected FROM phones p";

impl Store {
    /// The phones with these identities that exist, each once, by MAC. Their groups are not read.
    pub async fn phones_to_plan(&self, macs: &[Mac]) -> Result<Vec<PlannedPhone>> {
        let mut read = self.read().await?;
        let mut found = Vec::with_capacity(macs.len());
        for chunk in macs.chunks(ROWS) {
            let mut sql = Sql::new(SELECT);
            sql.push(" WHERE ").one_of("p.mac", chunk.iter().copied());
            and_phones(&mut sql, &self.reach, "p");
            found.extend(read.conn().read(sql, planned).await?);
        }
        found.sort_by_key(|phone| phone.mac);
        found.dedup_by_key(|phone| phone.mac);
        Ok(found)
    }

    /// All phones that a filter takes, by MAC. Their groups are not read.
    pub async fn phones_to_plan_matching(
        &self,
        filter: &Filter,
        now: Timestamp,
    ) -> Result<Vec<PlannedPhone>> {
        let mut read = self.read().await?;
        let mut conn = read.conn();
        let mut sql = Sql::new(SELECT);
        matching(&mut conn, &mut sql, (filter, &self.reach), now).await?;
        sql.push(" ORDER BY p.mac");
        conn.read(sql, planned).await
    }
}

fn planned(row: &Row) -> Result<PlannedPhone> {
    let fields = row.of("phones", "mac");
    let (mac, extension) = (fields.parse("mac")?, fields.text("extension")?);
    Ok(PlannedPhone {
        mac,
        name: display_name(&fields.text("label")?, &extension, mac),
        extension,
        model: fields.text("model")?,
        site: fields.get("site")?,
        groups: Vec::new(),
        address: fields.maybe("address")?,
        protected: fields.get("protected")?,
    })
}
