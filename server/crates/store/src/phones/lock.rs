//! Keeping phones as they are until a unit ends.

use carillon_domain::Mac;

use crate::error::Result;
use crate::sql::Sql;
use crate::unit::Unit;

use super::read::ROWS;

impl Unit {
    /// Lets nobody else change these phones before this unit ends. In SQLite a writer is alone
    /// anyway.
    pub async fn lock_phones(&mut self, macs: &[Mac]) -> Result<()> {
        let lock = self.conn().dialect().for_update();
        if lock.is_empty() {
            return Ok(());
        }
        let mut macs = macs.to_vec();
        macs.sort_unstable();
        for chunk in macs.chunks(ROWS) {
            let mut sql = Sql::new("SELECT mac FROM phones WHERE ");
            sql.one_of("mac", chunk.iter().copied());
            sql.push(" ORDER BY mac").push(lock);
            self.conn().all(sql).await?;
        }
        Ok(())
    }
}
