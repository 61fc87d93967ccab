//! Reads a filter. Every mistake names its field, its place and what would be understood.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use super::{FIELDS, Filter, FilterError, MAX_CHARS, MAX_TESTS, Ready, Term, Test, span};
use crate::phone::{Reachability, slugify};
use crate::{Cause, TargetState, model, tag};

/// One piece of the text: `-field:"value"`.
struct Piece {
    position: usize,
    negated: bool,
    field: Option<String>,
    value: String,
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.chars().count() > MAX_CHARS {
            let problem = format!("a filter has at most {MAX_CHARS} characters");
            return Err(wrong("", 0, problem));
        }
        let mut filter = Self::default();
        for (count, piece) in pieces(text)?.into_iter().enumerate() {
            if count == MAX_TESTS {
                let problem = format!("a filter has at most {MAX_TESTS} parts");
                return Err(wrong("", piece.position, problem));
            }
            let test = test(&piece)?;
            filter.add(piece.negated, test);
        }
        Ok(filter)
    }
}

impl Filter {
    /// Asks for one more thing, as a further word of the text would.
    pub fn require(&mut self, test: Test) {
        self.add(false, test);
    }

    /// Adds a test: positives of one field are alternatives, all else is a demand of its own.
    fn add(&mut self, negated: bool, test: Test) {
        let is_word = matches!(test, Test::Word(_));
        let place = self
            .terms
            .iter_mut()
            .filter(|_| !negated && !is_word)
            .find(|term| !term.negated && term.any_of.iter().any(|t| t.field() == test.field()));
        match place {
            Some(term) if term.any_of.contains(&test) => {}
            Some(term) => term.any_of.push(test),
            None => {
                let term = Term {
                    negated,
                    any_of: vec![test],
                };
                if !self.terms.contains(&term) {
                    self.terms.push(term);
                }
            }
        }
    }
}

fn wrong(field: &str, position: usize, problem: impl Into<String>) -> FilterError {
    FilterError {
        field: field.to_owned(),
        position,
        problem: problem.into(),
        known: Vec::new(),
    }
}

/// Cuts the text at white space outside quotes.
fn pieces(text: &str) -> Result<Vec<Piece>, FilterError> {
    let characters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        if characters[at].is_whitespace() {
            at += 1;
        } else {
            let (piece, end) = piece(&characters, at)?;
            found.push(piece);
            at = end;
        }
    }
    Ok(found)
}

fn piece(characters: &[char], start: usize) -> Result<(Piece, usize), FilterError> {
    let mut at = start;
    let negated = characters[at] == '-';
    if negated {
        at += 1;
    }
    let field = field_before_colon(characters, at);
    if let Some(name) = &field {
        at += name.chars().count() + 1;
    }
    let (value, end) = value(characters, at)?;
    if value.is_empty() && field.is_none() {
        return Err(wrong("", start, "a word is missing here"));
    }
    let piece = Piece {
        position: start,
        negated,
        field,
        value,
    };
    Ok((piece, end))
}

/// What stands before the first colon of the bare text here, unless the text reads as the
/// beginning of a MAC address.
fn field_before_colon(characters: &[char], at: usize) -> Option<String> {
    let bare: String = characters[at..]
        .iter()
        .take_while(|c| !c.is_whitespace() && **c != '"')
        .collect();
    let (name, _) = bare.split_once(':')?;
    let reads_as_mac = bare
        .split(':')
        .all(|pair| pair.len() <= 2 && pair.chars().all(|c| c.is_ascii_hexdigit()));
    (!reads_as_mac).then(|| name.to_owned())
}

/// The value at this place, quoted or bare, and where it ends.
fn value(characters: &[char], start: usize) -> Result<(String, usize), FilterError> {
    if characters.get(start) == Some(&'"') {
        return quoted_value(characters, start);
    }
    let length = characters[start..]
        .iter()
        .take_while(|c| !c.is_whitespace())
        .count();
    let text: String = characters[start..start + length].iter().collect();
    if text.contains('"') {
        let problem = "put the quotes around the whole value";
        return Err(wrong("", start, problem));
    }
    Ok((text, start + length))
}

fn quoted_value(characters: &[char], start: usize) -> Result<(String, usize), FilterError> {
    let mut text = String::new();
    let mut at = start + 1;
    loop {
        match characters.get(at) {
            None => return Err(wrong("", start, "the closing quote is missing")),
            Some('"') => break,
            Some('\\') if matches!(characters.get(at + 1), Some('"' | '\\')) => {
                text.extend(characters.get(at + 1));
                at += 2;
            }
            Some(other) => {
                text.push(*other);
                at += 1;
            }
        }
    }
    at += 1;
    if characters.get(at).is_some_and(|c| !c.is_whitespace()) {
        return Err(wrong("", at, "leave a space after the closing quote"));
    }
    Ok((text, at))
}

/// The meaning of one piece.
fn test(piece: &Piece) -> Result<Test, FilterError> {
    let text = piece.value.trim();
    let Some(field) = piece.field.as_deref() else {
        return if text.is_empty() {
            Err(wrong("", piece.position, "the quotes are empty"))
        } else {
            Ok(Test::Word(text.to_owned()))
        };
    };
    let known_field = field.to_ascii_lowercase();
    if !FIELDS.contains(&known_field.as_str()) {
        return Err(unknown_field(field, piece.position));
    }
    if text.is_empty() {
        let problem = format!("a value is missing after `{known_field}:`");
        return Err(wrong(&known_field, piece.position, problem));
    }
    field_test(&known_field, text).map_err(|(problem, known)| FilterError {
        field: known_field,
        position: piece.position,
        problem,
        known,
    })
}

fn unknown_field(field: &str, position: usize) -> FilterError {
    FilterError {
        field: field.to_owned(),
        position,
        problem: "there is no such field; to look for this text, put it in quotes".to_owned(),
        known: FIELDS.iter().map(|name| format!("{name}:")).collect(),
    }
}

type Problem = (String, Vec<String>);

fn field_test(field: &str, text: &str) -> Result<Test, Problem> {
    match field {
        "site" => slug(text).map(Test::Site),
        "group" => slug(text).map(Test::Group),
        "model" => Ok(Test::Model(model::normalize(text))),
        "tag" => tag::normalize(text).map(Test::Tag).map_err(plain),
        "fw" => firmware(text).map(Test::Firmware),
        "ip" => network(text).map(Test::Ip),
        "ext" => Ok(Test::Extension(text.to_owned())),
        "mac" => mac_fragment(text).map(Test::MacFragment),
        "state" => named(text, Reachability::ALL).map(Test::State),
        "result" => named(text, TargetState::ALL).map(Test::Result),
        "ready" => ready(text).map(Test::Ready),
        "seen" => seen(text),
        _ => protected(text).map(Test::Protected),
    }
}

fn plain(problem: impl ToString) -> Problem {
    (problem.to_string(), Vec::new())
}

fn slug(text: &str) -> Result<String, Problem> {
    match slugify(text) {
        slug if slug.is_empty() => Err(plain(format!("{text:?} is no name"))),
        slug => Ok(slug),
    }
}

fn firmware(text: &str) -> Result<String, Problem> {
    let version = text.trim_end_matches('*');
    if version.is_empty() || !version.chars().all(|c| c.is_ascii_digit() || c == '.') {
        let problem = format!("{text:?} is no version: write its beginning, such as 66.86");
        return Err(plain(problem));
    }
    Ok(version.to_owned())
}

fn network(text: &str) -> Result<IpNet, Problem> {
    let parsed = match text.split_once('/') {
        Some((address, prefix)) => address
            .parse()
            .ok()
            .zip(prefix.parse().ok())
            .and_then(|(address, prefix)| IpNet::new(address, prefix).ok()),
        None => text.parse::<IpAddr>().ok().map(IpNet::from),
    };
    parsed.map(|net| net.trunc()).ok_or_else(|| {
        plain(format!(
            "{text:?} is neither an address nor a network such as 10.1.0.0/16"
        ))
    })
}

fn mac_fragment(text: &str) -> Result<String, Problem> {
    let digits: String = text
        .chars()
        .filter(|c| !matches!(c, ':' | '-' | '.' | ' '))
        .collect();
    let fits = (1..=12).contains(&digits.len())
        && digits
            .chars()
            .all(|character| character.is_ascii_hexdigit());
    if fits {
        Ok(digits.to_ascii_lowercase())
    } else {
        Err(plain(format!(
            "{text:?} is no part of a MAC address: up to 12 hexadecimal digits"
        )))
    }
}

/// A member of a closed list.
fn named<T: Copy + FromStr + ToString>(text: &str, all: &[T]) -> Result<T, Problem> {
    text.to_ascii_lowercase().parse().map_err(|_| {
        let known = all.iter().map(ToString::to_string).collect();
        (format!("there is no {text:?}"), known)
    })
}

fn ready(text: &str) -> Result<Ready, Problem> {
    match text.to_ascii_lowercase().as_str() {
        "ok" => Ok(Ready::Ok),
        "unknown" => Ok(Ready::Unknown),
        cause => cause.parse().map(Ready::Gate).map_err(|_| {
            let words = ["ok".to_owned(), "unknown".to_owned()];
            let causes = Cause::ALL.iter().map(ToString::to_string);
            let known = words.into_iter().chain(causes).collect();
            (format!("there is no {text:?}"), known)
        }),
    }
}

fn seen(text: &str) -> Result<Test, Problem> {
    let (before, age) = match text.strip_prefix('>') {
        Some(age) => (true, age),
        None => (false, text.strip_prefix('<').unwrap_or(text)),
    };
    match span::read(age.trim()) {
        Some(age) if before => Ok(Test::SeenBefore(age)),
        Some(age) => Ok(Test::SeenWithin(age)),
        None => Err(plain(format!(
            "{text:?} is no age: write <7d for the last seven days, >7d for longer ago (s, m, h, d, w)"
        ))),
    }
}

fn protected(text: &str) -> Result<bool, Problem> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => Err((
            format!("there is no {text:?}"),
            vec!["yes".to_owned(), "no".to_owned()],
        )),
    }
}
