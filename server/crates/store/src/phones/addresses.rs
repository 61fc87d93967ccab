//! Where a phone was before.
//!
//! Reads the table `phone_addresses`, which the database itself fills.

use carillon_domain::{Mac, Timestamp};

use crate::error::Result;
use crate::reach::and_phones;
use crate::sql::Sql;
use crate::store::Store;

/// Since when a phone had an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneAddress {
    /// The address; `None` from when it had none.
    pub address: Option<String>,
    /// When it came.
    pub since: Timestamp,
}

impl Store {
    /// The addresses of a phone, latest first.
    pub async fn phone_addresses(&self, mac: Mac, limit: i64) -> Result<Vec<PhoneAddress>> {
        let mut sql = Sql::new(
            "SELECT a.address, a.since FROM phone_addresses a JOIN phones p ON p.mac = a.mac \
             WHERE a.mac = ",
        );
        sql.bind(mac);
        and_phones(&mut sql, &self.reach, "p");
        sql.push(" ORDER BY a.since DESC LIMIT ").bind(limit);
        let rows = self.read().await?.conn().all(sql).await?;
        let address = |row: &crate::row::Row| {
            let fields = row.of("phone_addresses", "mac");
            Ok(PhoneAddress {
                address: fields.get("address")?,
                since: fields.at("since")?,
            })
        };
        rows.iter().map(address).collect()
    }
}
