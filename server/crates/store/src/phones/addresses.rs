//! Where a phone was before.
//!
//! Reads the table `phone_addresses`, which the database itself fills.

use std::net::IpAddr;

use carillon_domain::job::PlannedPhone;
use carillon_domain::{Cause, Mac, Timestamp};

use super::plan;
use crate::error::Result;
use crate::reach::{and_jobs, and_phones};
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
    /// Where the first phones of a job in reach are that ended with a cause, or that it has at all.
    pub async fn addresses_of_job(
        &self,
        job: &str,
        cause: Option<Cause>,
        limit: i64,
    ) -> Result<Vec<IpAddr>> {
        let mut sql = Sql::new(
            "SELECT p.mac, p.address FROM (SELECT t.mac FROM job_targets t WHERE t.job = ",
        );
        sql.bind(job);
        if let Some(cause) = cause {
            sql.push(" AND t.cause = ").bind(cause.to_string());
        }
        and_jobs(&mut sql, &self.reach, "t.job");
        sql.push(" ORDER BY t.position LIMIT ").bind(limit);
        sql.push(") AS asked JOIN phones p ON p.mac = asked.mac WHERE p.address IS NOT NULL");
        and_phones(&mut sql, &self.reach, "p");
        let rows = self.read().await?.conn().all(sql).await?;
        let address = |row: &crate::row::Row| row.of("phones", "mac").address("address");
        let found: Result<Vec<_>> = rows.iter().map(address).collect();
        Ok(found?.into_iter().flatten().collect())
    }

    /// What some phones are called, those that can be seen.
    pub async fn phone_names(&self, macs: &[Mac]) -> Result<Vec<(Mac, String)>> {
        let mut sql = plan::select_alone();
        sql.push(" WHERE ").one_of("p.mac", macs.iter().copied());
        and_phones(&mut sql, &self.reach, "p");
        let rows = self.read().await?.conn().all(sql).await?;
        let name = |row: &crate::row::Row| {
            let phone = plan::planned(row, &[])?;
            Ok((phone.mac, phone.name))
        };
        rows.iter().map(name).collect()
    }

    /// Every phone in reach that has an address, by identity; without its groups.
    pub async fn phones_with_address(&self) -> Result<Vec<PlannedPhone>> {
        let mut sql = plan::select_alone();
        sql.push(" WHERE p.address IS NOT NULL");
        and_phones(&mut sql, &self.reach, "p");
        sql.push(" ORDER BY p.mac");
        self.read()
            .await?
            .conn()
            .read(sql, |row| plan::planned(row, &[]))
            .await
    }

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
