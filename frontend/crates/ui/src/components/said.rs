//! Texts with parts of a page in them: a moment, a name, a link.

use carillon_language::{Piece, pieces};
use leptos::prelude::*;

/// A text, said already, with a part of the page in the place of each name.
pub(crate) fn said_with(text: &str, parts: Vec<(&str, AnyView)>) -> Vec<AnyView> {
    let mut parts: Vec<(&str, Option<AnyView>)> = parts
        .into_iter()
        .map(|(name, part)| (name, Some(part)))
        .collect();
    pieces(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.to_owned().into_any(),
            Piece::Name(name) => parts
                .iter_mut()
                .find(|(known, _)| *known == name)
                .and_then(|(_, part)| part.take())
                .into_any(),
        })
        .collect()
}
