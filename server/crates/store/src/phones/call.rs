//! What is needed to call phones, and no more.
//!
//! Owns the narrow reading of phones that dispatch does for every chunk of claims: a whole row
//! with its tags costs several times as much.

use std::net::IpAddr;

use carillon_domain::Mac;
use carillon_domain::phone::{AuthScheme, DialForm, Scheme, UrlForm};

use crate::error::Result;
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;

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
        }
    }
}

fn call_row(row: &Row) -> Result<CallRow> {
    let fields = row.of("phones", "mac");
    Ok(CallRow {
        mac: fields.parse("mac")?,
        site: fields.get("site")?,
        address: fields.maybe("address")?,
        port: fields.maybe_number("port")?,
        scheme: fields.maybe("scheme")?,
        url_form: fields.parse("url_form")?,
        dial_form: fields.parse("dial_form")?,
        auth_scheme: fields.parse("auth_scheme")?,
        tls_pin: fields.get("tls_pin")?,
    })
}

impl Store {
    /// How to call those of these phones that exist, in no order.
    pub async fn call_rows(&self, macs: &[Mac]) -> Result<Vec<CallRow>> {
        let mut read = self.read().await?;
        let mut found = Vec::with_capacity(macs.len());
        for chunk in macs.chunks(ROWS) {
            let mut sql = Sql::new(
                "SELECT mac, site, address, port, scheme, url_form, dial_form, auth_scheme, \
                 tls_pin FROM phones WHERE ",
            );
            sql.one_of_again("mac", chunk.iter().copied());
            for row in read.conn().all(sql).await? {
                found.push(call_row(&row)?);
            }
        }
        Ok(found)
    }
}
