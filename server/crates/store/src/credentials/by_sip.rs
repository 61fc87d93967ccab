//! Where proofs of stored passwords go by SIP, straight to phones.
//!
//! Owns that reading, for `exposed`. A site that names a SIP server or PBX gives its proof there, wherever
//! its phones are: that place is the profile's, and is none of a phone.

use std::collections::BTreeSet;

use carillon_domain::Mac;
use carillon_domain::sip::{SipAddress, SipTransport};

use crate::conn::Conn;
use crate::error::Result;
use crate::phones::read::ROWS;
use crate::row::Row;
use crate::sql::Sql;

use super::exposed::{Exposed, Told};

const SELECT: &str = "SELECT p.mac, p.address, p.sip_uri, s.port, s.transport, s.credential, \
     c.secret_version FROM phones p JOIN sip_profiles s ON s.site = p.site \
     JOIN credentials c ON c.name = s.credential \
     WHERE s.proxy IS NULL AND s.way = 'sip' AND p.sip_uri <> ''";

/// Of these phones, or of all.
pub(super) async fn proved(conn: &mut Conn<'_>, macs: Option<&[Mac]>) -> Result<BTreeSet<Exposed>> {
    let mut found = BTreeSet::new();
    let chunks = macs.map(|macs| macs.chunks(ROWS).map(Some).collect());
    for chunk in chunks.unwrap_or_else(|| vec![None]) {
        let mut sql = Sql::new(SELECT);
        if let Some(macs) = chunk {
            sql.push(" AND ");
            sql.one_of_again("p.mac", macs.iter().copied());
        }
        for row in conn.all(sql).await? {
            found.extend(place(&row)?);
        }
    }
    Ok(found)
}

/// Where it goes, as dispatch chooses it; `None` where nothing can be sent there.
fn place(row: &Row) -> Result<Option<Exposed>> {
    let fields = row.of("phones", "mac");
    let Ok(account) = fields.text("sip_uri")?.parse::<SipAddress>() else {
        return Ok(None);
    };
    let literal = account.host_address();
    let Some(address) = literal.or(fields.address("address")?) else {
        return Ok(None);
    };
    let transport: SipTransport = fields.parse("transport")?;
    let given: Option<u16> = fields.maybe_number("port")?;
    let usual = given.unwrap_or(transport.default_port());
    let port = literal.and(account.port()).unwrap_or(usual);
    Ok(Some(Exposed {
        phone: fields.parse("mac")?,
        address: address.to_string(),
        port: Some(i64::from(port)),
        credential: fields.text("credential")?,
        secret_version: fields.int("secret_version")?,
        over_tls: false,
        is_own: false,
        told: Told::AProof,
    }))
}
