//! Neighbouring pages of long lists, as links.
//!
//! Owns the parameters `after` and `before`.

use carillon_contract::Href;
use carillon_contract::list::{Paging, Total};
use carillon_engine::EngineError;
use carillon_store::{AtLeast, Cursor, Page, Seek, StoreError};

use super::notice;
use super::visit::Visit;
use crate::fields::Fields;
use carillon_language::say;

/// Where the page begins.
pub fn seek(query: &Fields) -> Seek {
    match (query.filled("after"), query.filled("before")) {
        (Some(cursor), _) => Seek::After(Cursor::from_text(cursor)),
        (None, Some(cursor)) => Seek::Before(Cursor::from_text(cursor)),
        (None, None) => Seek::Start,
    }
}

/// Links to the pages before and after; `here` is the list with its filters.
pub fn paging<T>(page: &Page<T>, here: &Href, total: Total) -> Paging {
    let to = |name: &str, cursor: &Option<Cursor>| {
        let cursor = cursor.as_ref()?;
        Some(here.clone().add(name, cursor.as_str()).to_string())
    };
    Paging {
        total,
        previous: to("before", &page.previous),
        next: to("after", &page.next),
    }
}

/// A count that may have been cut short.
pub const fn total(counted: AtLeast) -> Total {
    Total {
        count: counted.count,
        at_least: !counted.exact,
    }
}

/// A page, or the first one when the place in the address is none of ours; then the page says so.
///
/// # Errors
/// Every other error.
pub fn or_first<T>(
    visit: &mut Visit,
    found: Result<T, EngineError>,
) -> Result<Option<T>, EngineError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(EngineError::Store(StoreError::InvalidCursor)) => {
            notice::warn(
                visit,
                say("This address names no place in the list, so the first page is shown."),
            );
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
