//! A small reader of HTML, for tests: as strict as our own pages can be held to.
//!
//! Every element must be closed in order, every attribute quoted or bare, and the contents of
//! `title`, `textarea` and `script` are text, as in a browser.

/// One element.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Element {
    /// Its place among all elements.
    pub index: usize,
    /// Lower case.
    pub name: String,
    /// In order, values decoded.
    pub attrs: Vec<(String, String)>,
    parent: Option<usize>,
    /// The last element inside it, or itself.
    end: usize,
}

impl std::fmt::Debug for Element {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{}", self.name)?;
        for (name, value) in &self.attrs {
            write!(f, " {name}={value:?}")?;
        }
        write!(f, ">")
    }
}

impl Element {
    /// Whether it is somewhere inside another.
    pub(crate) fn is_inside(&self, outer: &Self) -> bool {
        (outer.index + 1..=outer.end).contains(&self.index)
    }

    /// The value of an attribute.
    pub(crate) fn attr(&self, name: &str) -> Option<&str> {
        self.attrs
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A document.
#[derive(Default)]
pub(crate) struct Html {
    /// All elements in order.
    pub elements: Vec<Element>,
    /// All texts, decoded.
    pub texts: Vec<String>,
    owners: Vec<Option<usize>>,
}

const VOID: [&str; 8] = ["meta", "link", "input", "br", "hr", "img", "area", "source"];
const RAW: [&str; 4] = ["title", "textarea", "script", "style"];

impl Html {
    /// Reads a document; says where it is broken.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut rest = text.strip_prefix("<!DOCTYPE html>").ok_or("no doctype")?;
        let mut html = Self::default();
        let mut open: Vec<usize> = Vec::new();
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix("<!--") {
                rest = after.split_once("-->").ok_or("a comment without end")?.1;
            } else if let Some(after) = rest.strip_prefix("<!>") {
                rest = after;
            } else if let Some(after) = rest.strip_prefix("</") {
                rest = html.close_tag(after, &mut open)?;
            } else if let Some(after) = rest.strip_prefix('<') {
                rest = html.open_tag(after, &mut open)?;
            } else {
                let end = rest.find('<').unwrap_or(rest.len());
                html.push_text(&rest[..end], open.last().copied())?;
                rest = &rest[end..];
            }
        }
        match open.last() {
            Some(index) => Err(format!("never closed: {:?}", html.elements[*index])),
            None => Ok(html),
        }
    }

    fn close_tag<'a>(&mut self, text: &'a str, open: &mut Vec<usize>) -> Result<&'a str, String> {
        let (name, after) = text.split_once('>').ok_or("a closing tag without end")?;
        let top = open
            .pop()
            .ok_or_else(|| format!("</{name}> closes nothing"))?;
        self.elements[top].end = self.elements.len() - 1;
        let expected = &self.elements[top].name;
        if expected == name {
            Ok(after)
        } else {
            Err(format!(
                "</{name}> where <{expected}> is open: {}",
                head(after)
            ))
        }
    }

    fn open_tag<'a>(&mut self, text: &'a str, open: &mut Vec<usize>) -> Result<&'a str, String> {
        let end = text
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .ok_or("a tag without end")?;
        let name = text[..end].to_owned();
        if name.is_empty() {
            return Err(format!("a stray <: {}", head(text)));
        }
        let (attrs, rest) = attributes(&text[end..])?;
        let self_closed = rest.starts_with('/');
        let rest = rest
            .trim_start_matches('/')
            .strip_prefix('>')
            .ok_or_else(|| format!("<{name} without end: {}", head(rest)))?;
        let index = self.elements.len();
        let parent = open.last().copied();
        self.elements.push(Element {
            index,
            name: name.clone(),
            attrs,
            parent,
            end: index,
        });
        if RAW.contains(&name.as_str()) {
            return self.raw_text(&name, index, rest);
        }
        if !self_closed && !VOID.contains(&name.as_str()) {
            open.push(index);
        }
        Ok(rest)
    }

    fn raw_text<'a>(&mut self, name: &str, index: usize, rest: &'a str) -> Result<&'a str, String> {
        let close = format!("</{name}");
        let end = rest
            .find(&close)
            .ok_or_else(|| format!("<{name}> without end"))?;
        self.push_text(&rest[..end], Some(index))?;
        rest[end + close.len()..]
            .strip_prefix('>')
            .ok_or_else(|| format!("{close} without end"))
    }

    fn push_text(&mut self, text: &str, owner: Option<usize>) -> Result<(), String> {
        self.texts.push(decode(text)?);
        self.owners.push(owner);
        Ok(())
    }

    /// All elements of a name.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &Element> {
        self.elements
            .iter()
            .filter(move |element| element.name == name)
    }

    /// What an element is inside of, from near to far.
    pub(crate) fn ancestors(&self, element: &Element) -> impl Iterator<Item = &Element> {
        std::iter::successors(element.parent, |index| self.elements[*index].parent)
            .map(|index| &self.elements[index])
    }

    /// What is directly inside.
    pub(crate) fn children(&self, element: &Element) -> impl Iterator<Item = &Element> {
        let parent = Some(element.index);
        self.elements
            .iter()
            .filter(move |child| child.parent == parent)
    }

    /// All texts but those inside elements of these names.
    pub(crate) fn texts_outside(&self, names: &[&str]) -> impl Iterator<Item = &str> {
        let left_out = move |index: usize| {
            let element = &self.elements[index];
            names.contains(&element.name.as_str())
                || self
                    .ancestors(element)
                    .any(|up| names.contains(&up.name.as_str()))
        };
        self.owners
            .iter()
            .zip(&self.texts)
            .filter(move |(owner, _)| !owner.is_some_and(left_out))
            .map(|(_, text)| text.as_str())
    }

    /// All text inside an element.
    pub(crate) fn text(&self, element: &Element) -> String {
        let inside = |owner: &Option<usize>| {
            owner.is_some_and(|index| (element.index..=element.end).contains(&index))
        };
        self.owners
            .iter()
            .zip(&self.texts)
            .filter(|(owner, _)| inside(owner))
            .map(|(_, text)| text.as_str())
            .collect()
    }
}

type Attributes<'a> = (Vec<(String, String)>, &'a str);

fn attributes(text: &str) -> Result<Attributes<'_>, String> {
    let mut attrs: Vec<(String, String)> = Vec::new();
    let mut rest = text.trim_start();
    while !rest.starts_with(['>', '/']) {
        let end = rest
            .find(['=', ' ', '>', '/'])
            .ok_or("an attribute without end")?;
        let name = rest[..end].to_owned();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-:_".contains(c);
        if name.is_empty() || !name.chars().all(plain) {
            return Err(format!("not an attribute: {}", head(rest)));
        }
        let (value, after) = attribute_value(&rest[end..], &name)?;
        rest = after.trim_start();
        if attrs.iter().any(|(known, _)| *known == name) {
            return Err(format!("{name} twice"));
        }
        attrs.push((name, value));
    }
    Ok((attrs, rest))
}

fn attribute_value<'a>(text: &'a str, name: &str) -> Result<(String, &'a str), String> {
    let Some(quoted) = text.strip_prefix("=\"") else {
        return if text.starts_with('=') {
            Err(format!("{name} without quotes"))
        } else {
            Ok((String::new(), text))
        };
    };
    let (inside, after) = quoted.split_once('"').ok_or("an open quote")?;
    if after.starts_with([' ', '>', '/']) {
        Ok((decode(inside)?, after))
    } else {
        Err(format!("after {name}: {}", head(after)))
    }
}

fn decode(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let (entity, after) = rest[at + 1..]
            .split_once(';')
            .ok_or_else(|| format!("a bare &: {}", head(&rest[at..])))?;
        out.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "#x27" | "#39" => '\'',
            "#x2F" => '/',
            other => return Err(format!("unknown entity &{other};")),
        });
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn head(text: &str) -> String {
    text.chars().take(120).collect()
}
