//! What surrounds every page: the document, its header, its navigation, what must be said.

mod banners;
mod document;
mod header;
mod navigation;
mod script_words;
mod tidy;

pub(crate) use banners::flash_line;
pub(crate) use document::{Page, Scripts};
