//! Audit records of the inventory.

use carillon_domain::change::{self, Change};
use carillon_domain::event::Event;
use carillon_domain::phone::Phone;
use carillon_domain::{Mac, Timestamp};
use serde_json::{Map, Value};

use crate::caller::Caller;

/// A record about one phone, as it is or was.
pub(super) fn of_phone(caller: &Caller, at: Timestamp, action: &str, phone: &Phone) -> Event {
    let mut event = caller.event(at, action);
    event.phone = Some(phone.mac);
    event.phone_name = phone.display_name();
    event.site.clone_from(&phone.site);
    event
}

/// What a record says about changed fields.
pub(super) fn changes(changes: &[Change]) -> Value {
    let fields = ("changes".to_owned(), change::detail(changes));
    Value::Object(Map::from_iter([fields]))
}

/// A change that must not show its values.
pub(super) fn hidden(field: &str, had: bool) -> Change {
    Change {
        field: field.to_owned(),
        old: if had { "(hidden)" } else { "" }.to_owned(),
        new: "(hidden)".to_owned(),
    }
}

/// One field before and after.
pub(super) fn changed(field: &str, old: &str, new: &str) -> Change {
    Change {
        field: field.to_owned(),
        old: old.to_owned(),
        new: new.to_owned(),
    }
}

/// MACs as text, for details of records about several phones.
pub(super) fn macs(macs: &[Mac]) -> Value {
    macs.iter().map(Mac::to_string).collect()
}

/// Notes what was sealed by its digest: a secret that somebody puts back to an older one can be
/// told from the log.
pub(super) fn seal(event: &mut Event, digest: Option<&String>) {
    if let Some(digest) = digest {
        event.detail["sealed"] = digest.clone().into();
    }
}
