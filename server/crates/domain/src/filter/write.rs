//! The canonical text of a filter: what `Display` writes, `FromStr` reads back as the same.

use std::fmt;

use super::{Filter, Ready, Test, span};

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for term in &self.terms {
            for test in &term.any_of {
                f.write_str(separator)?;
                if term.negated {
                    f.write_str("-")?;
                }
                test.fmt(f)?;
                separator = " ";
            }
        }
        Ok(())
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !matches!(self, Self::Word(_)) {
            write!(f, "{}:", self.field())?;
        }
        match self {
            Self::Word(word) => f.write_str(&quoted(word, true)),
            Self::Site(text)
            | Self::Model(text)
            | Self::Tag(text)
            | Self::Group(text)
            | Self::Firmware(text)
            | Self::Extension(text)
            | Self::MacFragment(text) => f.write_str(&quoted(text, false)),
            Self::Ip(net) if net.prefix_len() == net.max_prefix_len() => net.addr().fmt(f),
            Self::Ip(net) => net.fmt(f),
            Self::State(state) => state.fmt(f),
            Self::Result(state) => state.fmt(f),
            Self::Ready(Ready::Ok) => f.write_str("ok"),
            Self::Ready(Ready::Unknown) => f.write_str("unknown"),
            Self::Ready(Ready::Gate(cause)) => cause.fmt(f),
            Self::SeenWithin(age) => write!(f, "<{}", span::write(*age)),
            Self::SeenBefore(age) => write!(f, ">{}", span::write(*age)),
            Self::Protected(true) => f.write_str("yes"),
            Self::Protected(false) => f.write_str("no"),
        }
    }
}

/// In quotes where the bare text would be read as something else.
fn quoted(text: &str, is_word: bool) -> String {
    let plain = !text.is_empty()
        && !text.contains(|c: char| c.is_whitespace() || c == '"')
        && !(is_word && (text.starts_with('-') || text.contains(':')));
    if plain {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
    out
}
