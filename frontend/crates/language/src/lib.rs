//! What pages say, in the language of whoever reads them.
//!
//! Owns the language of the moment, the catalogues of translations and the way of a text through
//! them. A text is written in English where it is said, and is its own key: [`say()`], [`say!`],
//! [`say_many!`]. Never holds what people typed: data is filled in and not translated.
//!
//! *Invariant:* a text that has no translation is said in English rather than not at all; a test
//! makes sure that there is none.

#[cfg(feature = "catalogues")]
mod catalogue;
mod current;
mod fill;
mod number;
#[cfg(feature = "catalogues")]
mod po;
#[cfg(feature = "catalogues")]
mod retell;
mod shipped;

pub use carillon_domain::Language;
#[cfg(feature = "catalogues")]
pub use catalogue::{Catalogue, Translation};
pub use current::{Carried, carry, current, during};
pub use fill::{Piece, fill, pieces};
pub use number::{day, decimal, moment, number, quoted};
#[cfg(feature = "catalogues")]
pub use retell::retell;
#[cfg(not(feature = "catalogues"))]
pub use shipped::retell;
pub use shipped::{receive, ship};

/// Parts what a text means from the text, in a key.
pub(crate) const CONTEXT_END: char = '\u{4}';

/// A text in the language of the moment.
pub fn say(text: &'static str) -> &'static str {
    translated(text).unwrap_or(text)
}

/// A text that English says like another with a different meaning; `context` tells them apart.
pub fn say_in(context: &'static str, text: &'static str) -> &'static str {
    if current() == Language::En {
        return text;
    }
    let key = format!("{context}{CONTEXT_END}{text}");
    found(&key).or_else(|| translated(text)).unwrap_or(text)
}

/// Its translation; `None` in English and where there is none.
pub fn translated(text: &str) -> Option<&'static str> {
    if current() == Language::En {
        return None;
    }
    found(text)
}

/// The translation of a text for one or for many; `None` in English.
pub fn translated_count(one: &str, count: i64) -> Option<&'static str> {
    if current() == Language::En {
        return None;
    }
    found_count(one, count)
}

#[cfg(feature = "catalogues")]
fn found(key: &str) -> Option<&'static str> {
    Catalogue::of(current())?.text(key)
}

#[cfg(feature = "catalogues")]
fn found_count(one: &str, count: i64) -> Option<&'static str> {
    Catalogue::of(current())?.counted(one, count)
}

#[cfg(not(feature = "catalogues"))]
fn found(key: &str) -> Option<&'static str> {
    shipped::text(key)
}

#[cfg(not(feature = "catalogues"))]
fn found_count(one: &str, count: i64) -> Option<&'static str> {
    shipped::text(&plural_key(one, count == 1))
}

/// Under which key one form of a counted text travels to the browser.
pub(crate) fn plural_key(one: &str, is_one: bool) -> String {
    format!("{one}{CONTEXT_END}{}", if is_one { "1" } else { "n" })
}

/// Names a text whose turn to be said comes later, by [`say()`]: in a table, a constant.
#[macro_export]
macro_rules! text {
    ($text:literal) => {
        $text
    };
}

/// A text with values in it, by name: `say!("{done} of {total} finished", done, total = sum)`.
///
/// The English text is a format string, so that the compiler knows of each name that is missing.
#[macro_export]
macro_rules! say {
    ($text:literal $(, $name:ident $(= $value:expr)?)+ $(,)?) => {
        match $crate::translated($text) {
            None => format!($text $(, $name = $crate::value!($name $(= $value)?))+),
            Some(text) => $crate::fill(
                text,
                &[$((stringify!($name), &$crate::value!($name $(= $value)?) as &dyn std::fmt::Display)),+],
            ),
        }
    };
}

/// A text about so many: `say_many!(n, "{count} phone", "{count} phones")`. Both forms name the
/// count, which is written as the language writes numbers.
#[macro_export]
macro_rules! say_many {
    ($count:expr, $one:literal, $many:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {{
        let many: i64 = $count;
        match $crate::translated_count($one, many) {
            None if many == 1 => format!($one, count = $crate::number(many) $(, $name = $crate::value!($name $(= $value)?))*),
            None => format!($many, count = $crate::number(many) $(, $name = $crate::value!($name $(= $value)?))*),
            Some(text) => $crate::fill(
                text,
                &[("count", &$crate::number(many) as &dyn std::fmt::Display) $(, (stringify!($name), &$crate::value!($name $(= $value)?) as &dyn std::fmt::Display))*],
            ),
        }
    }};
}

/// The value of a name in [`say!`].
#[doc(hidden)]
#[macro_export]
macro_rules! value {
    ($name:ident) => {
        $name
    };
    ($name:ident = $value:expr) => {
        $value
    };
}
