//! What the ticks of a list say.
//!
//! Owns the reading of its rows. Pure.

use carillon_contract::phones::ENTER;
use carillon_domain::Mac;
use carillon_engine::inventory::Selection;

use crate::fields::Fields;

/// The rows of the page that were ticked.
pub(super) fn ticked(fields: &Fields) -> Selection {
    let macs = fields.all("mac");
    Selection::of(macs.filter_map(|mac| mac.parse::<Mac>().ok()))
}

/// The rows that were in the selection when the page was made, and whose tick was taken away.
pub(super) fn unticked(fields: &Fields) -> Vec<Mac> {
    let was = fields.text("was").unwrap_or_default().split(',');
    let was = was.filter_map(|mac| mac.parse::<Mac>().ok());
    let now = ticked(fields);
    was.filter(|mac| !now.has(*mac)).collect()
}

/// Whether Enter was pressed with nothing said that could be meant: on a row that is ticked.
pub(super) fn by_mistake(fields: &Fields) -> bool {
    fields.text("do") == Some(ENTER) && fields.filled("tag").is_none()
}
