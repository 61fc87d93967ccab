//! The few texts that the browser half of a page is handed with the page.
//!
//! Owns what was handed over. A browser shows one document in one language, so that what it was
//! given lives as long as the document.

#[cfg(not(feature = "catalogues"))]
use std::cell::RefCell;
#[cfg(not(feature = "catalogues"))]
use std::collections::HashMap;

use crate::Language;

#[cfg(not(feature = "catalogues"))]
thread_local! {
    static TEXTS: RefCell<HashMap<&'static str, &'static str>> = RefCell::default();
}

/// The translations of some texts, for [`receive`]: nothing in English.
#[cfg(feature = "catalogues")]
pub fn ship<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<(String, String)> {
    let Some(catalogue) = crate::Catalogue::of(crate::current()) else {
        return Vec::new();
    };
    let mut shipped = Vec::new();
    for text in texts {
        if let Some(said) = catalogue.text(text) {
            shipped.push((text.to_owned(), said.to_owned()));
        }
        for (is_one, count) in [(true, 1), (false, 2)] {
            if let Some(said) = catalogue.counted(text, count) {
                shipped.push((crate::plural_key(text, is_one), said.to_owned()));
            }
        }
    }
    shipped
}

/// The browser half hands nothing on.
#[cfg(not(feature = "catalogues"))]
pub fn ship<'a>(_: impl IntoIterator<Item = &'a str>) -> Vec<(String, String)> {
    Vec::new()
}

/// Takes over the language and the texts of the document. The server has its own.
#[cfg(feature = "catalogues")]
pub fn receive(_: Language, _: &[(String, String)]) {}

/// No form is drawn in the browser, so that there is nothing to tell again.
#[cfg(not(feature = "catalogues"))]
pub fn retell(sentence: &str) -> std::borrow::Cow<'_, str> {
    std::borrow::Cow::Borrowed(sentence)
}

/// Takes over the language and the texts of the document.
#[cfg(not(feature = "catalogues"))]
pub fn receive(language: Language, texts: &[(String, String)]) {
    crate::current::settle(language);
    TEXTS.with_borrow_mut(|known| {
        for (key, text) in texts {
            known.insert(key.clone().leak(), text.clone().leak());
        }
    });
}

#[cfg(not(feature = "catalogues"))]
pub(crate) fn text(key: &str) -> Option<&'static str> {
    TEXTS.with_borrow(|known| known.get(key).copied())
}
