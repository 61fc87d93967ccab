//! What is needed to call phones, and no more.
//!
//! Owns the narrow reading of phones that dispatch does for every chunk of claims, with the
//! credentials that they get: a whole row with its tags costs several times as much.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use carillon_domain::phone::{AuthScheme, DialForm, Scheme, UrlForm};
use carillon_domain::{Mac, Timestamp};

use crate::conn::Conn;
use crate::credentials::CredentialRow;
use crate::credentials::effective::{self, Names, OFFERED_COLUMNS, OFFERED_FROM, Offered};
use crate::error::Result;
use crate::row::{Fields, Shape};
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

use super::read::{PhoneRow, ROWS};

/// Where a phone is and how it is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRow {
    /// Which phone.
    pub mac: Mac,
    /// Slug of its site.
    pub site: Option<String>,
    /// Where it is.
    pub address: Option<IpAddr>,
    /// Its port, where it is not the usual one.
    pub port: Option<u16>,
    /// HTTP or HTTPS, where somebody said.
    pub scheme: Option<Scheme>,
    /// The form of its URLs.
    pub url_form: UrlForm,
    /// How it is told a number.
    pub dial_form: DialForm,
    /// How it asks for its password.
    pub auth_scheme: AuthScheme,
    /// The key it has to show.
    pub tls_pin: Option<String>,
    /// Its SIP address; blank when it has none.
    pub sip_uri: String,
    /// Whether it is marked as protected.
    pub protected: bool,
}

impl From<&PhoneRow> for CallRow {
    fn from(row: &PhoneRow) -> Self {
        let phone = &row.phone;
        Self {
            mac: phone.mac,
            site: phone.site.clone(),
            address: phone.address,
            port: phone.port,
            scheme: phone.scheme,
            url_form: phone.url_form,
            dial_form: phone.dial_form,
            auth_scheme: row.contact.auth_scheme,
            tls_pin: row.contact.tls_pin.clone(),
            sip_uri: phone.sip_uri.clone(),
            protected: phone.protected,
        }
    }
}

/// What is read for each, with what [`Offered::read`] reads.
const CALLED: Shape = Shape {
    table: "phones",
    key: "mac",
    columns: &[
        "mac",
        "address",
        "port",
        "scheme",
        "url_form",
        "dial_form",
        "auth_scheme",
        "tls_pin",
        "sip_uri",
        "protected",
        "own",
        "named",
        "of_site",
        "site",
        "with_groups",
    ],
};

fn call_row(fields: Fields<'_>) -> Result<CallRow> {
    Ok(CallRow {
        mac: fields.parse("mac")?,
        site: fields.get("site")?,
        address: fields.address("address")?,
        port: fields.maybe_number("port")?,
        scheme: fields.maybe("scheme")?,
        url_form: fields.parse("url_form")?,
        dial_form: fields.parse("dial_form")?,
        auth_scheme: fields.parse("auth_scheme")?,
        tls_pin: fields.get("tls_pin")?,
        sip_uri: fields.text("sip_uri")?,
        protected: fields.get("protected")?,
    })
}

/// A phone as dispatch needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Where it is.
    pub row: CallRow,
    /// The credential that it gets, sealed. Shared by all that get the same.
    pub credential: Option<Arc<CredentialRow>>,
}

impl Store {
    /// How to call those of these phones that exist.
    pub async fn calls(&self, macs: &[Mac], now: Timestamp) -> Result<HashMap<Mac, Call>> {
        let mut tx = self.snapshot().await?;
        calls(&mut tx.conn(), macs, now).await
    }
}

impl Unit {
    /// How to call those of these phones that exist, as this unit sees them.
    pub async fn calls(&mut self, macs: &[Mac], now: Timestamp) -> Result<HashMap<Mac, Call>> {
        calls(&mut self.conn(), macs, now).await
    }
}

async fn calls(conn: &mut Conn<'_>, macs: &[Mac], now: Timestamp) -> Result<HashMap<Mac, Call>> {
    let mut found = HashMap::with_capacity(macs.len());
    let mut names = Names::new();
    for chunk in macs.chunks(ROWS) {
        let (rows, chosen) = read(conn, chunk, now).await?;
        found.extend(rows.into_iter().map(|row| (row.mac, row)));
        names.extend(chosen);
    }
    let sealed = effective::rows_of(conn, &names).await?;
    let sealed: HashMap<_, _> = sealed
        .into_iter()
        .map(|(name, row)| (name, Arc::new(row)))
        .collect();
    let with_credential = |(mac, row)| {
        let name = names.get(&mac).map(|(_, name)| name.as_str());
        let credential = name.and_then(|name| sealed.get(name)).cloned();
        (mac, Call { row, credential })
    };
    Ok(found.into_iter().map(with_credential).collect())
}

async fn read(conn: &mut Conn<'_>, macs: &[Mac], now: Timestamp) -> Result<(Vec<CallRow>, Names)> {
    let mut sql = Sql::new(
        "SELECT p.mac, p.address, p.port, p.scheme, p.url_form, p.dial_form, p.auth_scheme, \
         p.tls_pin, p.sip_uri, p.protected",
    );
    sql.push(OFFERED_COLUMNS).push(OFFERED_FROM).push(" WHERE ");
    sql.one_of_again("p.mac", macs.iter().copied());
    let read = |fields: Fields<'_>| Ok((call_row(fields)?, Offered::read(fields)?));
    let pairs = conn.read_packed(sql, CALLED, read);
    let (rows, offered) = pairs
        .await?
        .into_iter()
        .map(|(call, offered)| {
            let mac = call.mac;
            (call, (mac, offered))
        })
        .unzip();
    let names = effective::choose(conn, offered, (now, effective::Rules::AsNow)).await?;
    Ok((rows, names))
}
