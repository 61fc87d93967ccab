//! One line of an export, taken apart again.
//!
//! Owns the way back from a line to the bytes that were hashed. *Invariant:* reads no database.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carillon_domain::event::Event;
use carillon_domain::strict::Strict;
use serde_json::Value;

use super::entry;
use super::frontier::{Hash, leaf_hash};
use super::scan::RecordFault;
use super::sources::AuditSource;

/// What is no record, whatever its number.
const NO_RECORD: &str = "";

/// A record as a line of an export has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedRecord<'l> {
    /// The number that it tells.
    pub seq: i64,
    /// The bytes that were hashed.
    entry: Cow<'l, str>,
    /// The commitment, and the address that is shown behind it.
    shown: Shown,
}

/// The commitment, and the address that is shown behind it.
type Shown = Option<(String, AuditSource)>;

impl<'l> ExportedRecord<'l> {
    /// Of a line; `None` where it does not begin as one. What begins as one is the record of that
    /// number, whatever follows.
    pub fn of(line: &'l str) -> Option<Self> {
        let seq = entry::number(line)?;
        let (entry, shown) = parts(line).unwrap_or((Cow::Borrowed(NO_RECORD), None));
        Some(Self { seq, entry, shown })
    }

    /// The leaf of the tree.
    pub fn hash(&self) -> Hash {
        leaf_hash(self.entry.as_bytes())
    }

    /// What the record tells.
    ///
    /// # Errors
    /// Bytes that are no record, or one of another number.
    pub fn told(&self) -> Result<Event, RecordFault> {
        let (seq, event) = entry::read(&self.entry).ok_or(RecordFault::Unreadable)?;
        if seq == self.seq {
            Ok(event)
        } else {
            Err(RecordFault::Number)
        }
    }

    /// Whether the address that is shown, if any, is the one that the record commits to.
    pub fn is_from_there(&self) -> bool {
        let shown = self.shown.as_ref();
        shown.is_none_or(|(source, address)| address.commitment() == *source)
    }
}

/// The bytes that were hashed, and the commitment with the address that is shown behind them; `None`
/// where that is no JSON of which all stands once, or shows something else.
fn parts(line: &str) -> Option<(Cow<'_, str>, Shown)> {
    let Strict(told) = serde_json::from_str(line).ok()?;
    let (Some(source), Some(ip)) = (told.get("source"), told.get("ip")) else {
        return Some((Cow::Borrowed(line), None));
    };
    let (record, _) = line.rsplit_once(",\"ip\":")?;
    let shown = match ip {
        Value::Null => None,
        _ => Some((source.as_str()?.to_owned(), address(ip, &told["ip_salt"])?)),
    };
    Some((Cow::Owned(format!("{record}}}")), shown))
}

fn address(ip: &Value, salt: &Value) -> Option<AuditSource> {
    Some(AuditSource {
        address: ip.as_str()?.to_owned(),
        salt: URL_SAFE_NO_PAD.decode(salt.as_str()?).ok()?,
    })
}
