//! Named texts as browsers send them: query strings and forms.
//!
//! Owns decoding and the refusal of names that nobody asked for.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use carillon_contract::form::CSRF_FIELD;
use carillon_engine::FieldError;
use http::request::Parts;

use crate::app::App;
use crate::problem::{Code, Problem};

/// What is said about a text with a NUL.
pub const HAS_NUL: &str = "There is a NUL character in it: remove it.";

/// Pairs of name and value, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Decodes `a=1&b=2`.
    pub fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// From pairs that were decoded elsewhere.
    pub fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The first value of a name.
    pub fn text(&self, name: &str) -> Option<&str> {
        let mut mine = self.0.iter().filter(|(key, _)| key == name);
        mine.next().map(|(_, value)| value.as_str())
    }

    /// The first value of a name; empty where absent.
    pub fn or_empty(&self, name: &str) -> String {
        self.text(name).unwrap_or_default().to_owned()
    }

    /// The first value of a name that is not blank.
    pub fn filled(&self, name: &str) -> Option<&str> {
        let mine = self.0.iter().filter(|(key, _)| key == name);
        let mut values = mine.map(|(_, value)| value.trim());
        values.find(|value| !value.is_empty())
    }

    /// Every value of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let mine = self.0.iter().filter(move |(key, _)| key == name);
        mine.map(|(_, value)| value.as_str())
    }

    /// Every value of a name, owned.
    pub fn list(&self, name: &str) -> Vec<String> {
        self.all(name).map(str::to_owned).collect()
    }

    /// Whether a check box was ticked.
    pub fn checked(&self, name: &str) -> bool {
        self.text(name).is_some_and(|value| value != "false")
    }

    /// Refuses texts that hold a NUL, which neither database keeps.
    ///
    /// # Errors
    /// The first field that has one.
    pub fn nul(&self) -> Result<(), Problem> {
        match self
            .0
            .iter()
            .find(|(name, value)| name.contains('\0') || value.contains('\0'))
        {
            None => Ok(()),
            Some((name, _)) => Err(Problem::field(&name.replace('\0', "?"), "invalid", HAS_NUL)),
        }
    }

    /// All pairs.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// Names that are not among these; the form's token is always known.
    pub fn unknown(&self, known: &[&str]) -> Vec<String> {
        let mut names: Vec<String> = self
            .0
            .iter()
            .map(|(name, _)| name)
            .filter(|name| *name != CSRF_FIELD && !known.contains(&name.as_str()))
            .cloned()
            .collect();
        names.dedup();
        names
    }

    /// Those of these names that come with different values.
    pub fn repeated<'n>(&self, names: &[&'n str]) -> Vec<&'n str> {
        let names = names.iter().copied();
        names.filter(|name| self.differ(name)).collect()
    }

    fn differ(&self, name: &str) -> bool {
        let values = self.all(name).map(str::trim);
        let mut values = values.filter(|value| !value.is_empty());
        let first = values.next();
        values.any(|value| Some(value) != first)
    }

    /// Refuses those of these names that come with different values.
    ///
    /// # Errors
    /// One error for each such name.
    pub fn once(&self, names: &[&str]) -> Result<(), Problem> {
        let message = "Give this once: only one value can hold.";
        let repeated = self.repeated(names).into_iter();
        let errors: Vec<_> = repeated
            .map(|name| FieldError::new(name, "repeated", message))
            .collect();
        if errors.is_empty() {
            return Ok(());
        }
        Err(Problem::new(Code::BadRequest)
            .detail(message)
            .errors(errors))
    }

    /// Refuses names that are not among these.
    ///
    /// # Errors
    /// One error for each unknown name.
    pub fn only(self, known: &[&str]) -> Result<Self, Problem> {
        let unknown = self.unknown(known);
        if unknown.is_empty() {
            return Ok(self);
        }
        let known = known.join(", ");
        let message = format!("There is no such field; known: {known}.");
        let errors = unknown.into_iter();
        let errors = errors
            .map(|name| FieldError::new(name, "unknown", &*message))
            .collect();
        Err(Problem::new(Code::BadRequest)
            .detail(message)
            .errors(errors))
    }
}

/// The query string.
pub struct Query(pub Fields);

impl FromRequestParts<App> for Query {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Self::Rejection> {
        Ok(Self(Fields::parse(
            parts.uri.query().unwrap_or_default().as_bytes(),
        )))
    }
}

/// The fields of a form; the gate has checked its token and its size.
pub struct Form(pub Fields);

impl FromRequest<App> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Self::Rejection> {
        let body = Bytes::from_request(request, app)
            .await
            .map_err(|_| Problem::new(Code::BadRequest).detail("The form did not arrive whole."))?;
        let fields = Fields::parse(&body);
        fields.nul()?;
        Ok(Self(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_repeat_and_strangers_are_named() {
        let fields = Fields::parse(b"group=a&group=b%26c&csrf=t&x=");
        assert_eq!(fields.list("group"), ["a", "b&c"]);
        assert_eq!(fields.filled("x"), None);
        assert_eq!(fields.unknown(&["group"]), ["x"]);
        assert!(fields.only(&["group", "x"]).is_ok());
    }

    #[test]
    fn different_values_of_a_name_are_told() {
        let fields = Fields::parse(b"a=1&b=2&a=3&c=x&c=x&d=&d=y&e=1&e=2&a=4");
        assert_eq!(fields.repeated(&["d", "c", "b", "a"]), ["a"]);
        assert_eq!(
            (fields.filled("a"), fields.filled("d")),
            (Some("1"), Some("y"))
        );
        let problem = fields.once(&["a", "b"]).expect_err("refused");
        assert_eq!(problem.status().as_u16(), 400);
        assert!(fields.once(&["b", "c", "d"]).is_ok());
    }

    #[test]
    fn a_nul_is_named_by_its_field() {
        assert!(Fields::parse(b"a=%2500&b=1").nul().is_ok());
        let problem = Fields::parse(b"a=1&b=x%00y").nul().expect_err("refused");
        assert_eq!(problem.errors[0].field, "b");
    }
}
