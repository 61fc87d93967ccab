//! What stands around one phone, for its page.
//!
//! Owns the two reads that bring it. Which credential a phone gets follows the order of
//! `credentials/effective.rs`: its own, the one it names, its first group's, its site's.

use carillon_domain::phone::TransportSecurity;
use carillon_domain::{Mac, Timestamp};

use crate::credentials::CredentialSource;
use crate::error::Result;
use crate::groups::{AT_ONCE, Directory, memberships, signed, signs};
use crate::reach::{and_jobs, and_phones};
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;

use super::addresses::PhoneAddress;
use super::awaited::{ACTION, Awaited, from_awaited};
use super::filter::Scope;

/// The groups of a phone, and what it is signed in with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Belongings {
    /// Groups in reach that it is in, by slug.
    pub groups: Vec<String>,
    /// Where its credential comes from, the credential's name and user name.
    pub login: Option<(CredentialSource, String, String)>,
}

/// What else the page of a phone shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhoneBeside {
    /// Its site's name and how the site is reached.
    pub site: Option<(String, TransportSecurity)>,
    /// Name of the action that it was last sent.
    pub action: Option<String>,
    /// What it was sent and has not shown its effect yet.
    pub awaited: Option<Awaited>,
    /// Its addresses, latest first.
    pub addresses: Vec<PhoneAddress>,
}

/// Names and user names of the credentials that a phone could get but for its groups.
const OFFERED: &str = ", o.name AS own, o.username AS own_user, n.name AS named, \
     n.username AS named_user, c.name AS of_site, c.username AS of_site_user, s.slug AS site \
     FROM phones p LEFT JOIN credentials o ON o.phone = p.mac \
     LEFT JOIN credentials n ON n.name = p.credential \
     LEFT JOIN sites s ON s.slug = p.site LEFT JOIN credentials c ON c.name = s.credential \
     WHERE p.mac = ";

impl Store {
    /// The groups of a phone, and what it is signed in with; of a phone out of reach nothing.
    pub async fn belongings(&self, mac: Mac, now: Timestamp) -> Result<Belongings> {
        let mut read = self.read().await?;
        let mut conn = read.conn();
        let directory = Directory::read(&mut conn, &self.reach).await?;
        let scope = Scope {
            groups: &directory.groups,
            now,
            dialect: conn.dialect(),
        };
        let all = directory.slugs(true);
        let (first, more) = all.split_at(all.len().min(AT_ONCE));
        let mut sql = Sql::new("SELECT ");
        signs(&mut sql, &scope, first)?;
        sql.push(" AS signs").push(OFFERED).bind(mac);
        and_phones(&mut sql, &self.reach, "p");
        let Some(row) = conn.optional(sql).await? else {
            return Ok(Belongings::default());
        };
        let mut groups = signed(&row.get::<String>("signs")?, first);
        let further = memberships(&mut conn, &scope, more, &[mac]).await?;
        groups.extend(further.into_values().flatten());
        let of_group = groups.iter().find_map(|slug| {
            let (name, user) = directory.logins.get(slug).cloned()?;
            Some((CredentialSource::Group(slug.clone()), name, user))
        });
        let login = login(&row, of_group)?;
        let seen = directory.slugs(false);
        groups.retain(|slug| seen.contains(slug));
        Ok(Belongings { groups, login })
    }

    /// What else the page of a phone shows, in one statement.
    pub async fn phone_beside(
        &self,
        mac: Mac,
        last_job: Option<&str>,
        addresses: i64,
    ) -> Result<PhoneBeside> {
        let mut read = self.read().await?;
        let mut conn = read.conn();
        let mut sql = Sql::new(
            "SELECT 'site' AS what, s.name AS name, s.transport_security AS word, \
             CAST(0 AS BIGINT) AS since FROM phones p JOIN sites s ON s.slug = p.site \
             WHERE p.mac = ",
        );
        sql.bind(mac);
        and_phones(&mut sql, &self.reach, "p");
        if let Some(job) = last_job {
            sql.push(" UNION ALL SELECT 'job', j.action, '', CAST(0 AS BIGINT) ");
            sql.push("FROM jobs j WHERE j.id = ").bind(job);
            and_jobs(&mut sql, &self.reach, "j.id");
        }
        sql.push(" UNION ALL SELECT 'awaited', t.job, ")
            .push(ACTION);
        sql.push(", CAST(0 AS BIGINT)");
        from_awaited(&mut sql, conn.dialect(), &self.reach, [mac]);
        sql.push(" UNION ALL SELECT * FROM (SELECT 'address', a.address, '', a.since ");
        sql.push("FROM phone_addresses a JOIN phones p ON p.mac = a.mac WHERE a.mac = ");
        sql.bind(mac);
        and_phones(&mut sql, &self.reach, "p");
        sql.push(" ORDER BY a.since DESC LIMIT ").bind(addresses);
        sql.push(") AS known");
        let mut beside = PhoneBeside::default();
        for row in conn.all(sql).await? {
            beside.take(&row)?;
        }
        beside
            .addresses
            .sort_by_key(|known| std::cmp::Reverse(known.since));
        Ok(beside)
    }
}

impl PhoneBeside {
    fn take(&mut self, row: &Row) -> Result<()> {
        let fields = row.of("phones", "name");
        match fields.text("what")?.as_str() {
            "site" => self.site = Some((fields.text("name")?, fields.parse("word")?)),
            "job" => self.action = Some(fields.text("name")?),
            "awaited" => {
                let (job, action) = (fields.text("name")?, fields.text("word")?);
                self.awaited = Some(Awaited { job, action });
            }
            _ => self.addresses.push(PhoneAddress {
                address: fields.get("name")?,
                since: fields.at("since")?,
            }),
        }
        Ok(())
    }
}

type Login = (CredentialSource, String, String);

fn login(row: &Row, of_group: Option<Login>) -> Result<Option<Login>> {
    let pair = |name: &str, user: &str| -> Result<Option<(String, String)>> {
        let (name, user): (Option<String>, Option<String>) = (row.get(name)?, row.get(user)?);
        Ok(name.zip(user))
    };
    if let Some((name, user)) = pair("own", "own_user")? {
        return Ok(Some((CredentialSource::Own, name, user)));
    }
    if let Some((name, user)) = pair("named", "named_user")? {
        return Ok(Some((CredentialSource::Phone, name, user)));
    }
    if of_group.is_some() {
        return Ok(of_group);
    }
    let site: Option<String> = row.get("site")?;
    let of_site = site.zip(pair("of_site", "of_site_user")?);
    Ok(of_site.map(|(slug, (name, user))| (CredentialSource::Site(slug), name, user)))
}
