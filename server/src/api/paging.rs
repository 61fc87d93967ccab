//! Pages of lists: `limit` and `after`.

use carillon_contract::FormErrors;
use carillon_contract::api::Page;
use carillon_engine::{EngineError, FieldError};
use carillon_language::say;
use carillon_store::{Cursor, Seek};

use crate::fields::Fields;
use crate::pages::day::Period;
use crate::problem::Problem;

/// Rows of a page where nothing else is said.
const USUAL: i64 = 100;
/// Most rows of a page.
const MOST: i64 = 1000;

/// Which page is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paging {
    /// Most rows.
    pub limit: i64,
    /// Behind which row it begins.
    pub after: Option<String>,
}

impl Paging {
    /// From the query.
    ///
    /// # Errors
    /// A limit that is no number from 1 to 1000.
    pub fn of(query: &Fields) -> Result<Self, Problem> {
        let limit = match query.filled("limit").map(str::parse) {
            None => USUAL,
            Some(Ok(limit)) if (1..=MOST).contains(&limit) => limit,
            Some(_) => {
                let message = format!("A number from 1 to {MOST}.");
                return Err(Problem::field("limit", "invalid", message));
            }
        };
        Ok(Self {
            limit,
            after: query.filled("after").map(str::to_owned),
        })
    }

    /// Where the store begins to read.
    pub fn seek(&self) -> Seek {
        match &self.after {
            Some(cursor) => Seek::After(Cursor::from_text(cursor)),
            None => Seek::Start,
        }
    }
}

/// A page of the store as a page of the API.
pub fn page<T, U>(page: carillon_store::Page<T>, show: impl FnMut(T) -> U) -> axum::Json<Page<U>> {
    axum::Json(Page {
        next: page.next.map(|cursor| cursor.as_str().to_owned()),
        items: page.items.into_iter().map(show).collect(),
    })
}

/// A list that is never long, whole.
pub fn whole<T>(items: Vec<T>) -> axum::Json<Page<T>> {
    axum::Json(Page { items, next: None })
}

/// Reads a query parameter that is a whole number.
///
/// # Errors
/// The parameter, when its text is none.
pub fn number(query: &Fields, name: &str) -> Result<Option<i64>, Problem> {
    let text = query.filled(name);
    text.map(str::parse).transpose().map_err(|_| {
        // What the parser of numbers says is for programmers.
        Problem::field(name, "invalid", say("Give a whole number."))
    })
}

/// Reads a query parameter that is one of our words, which say themselves what is wrong.
///
/// # Errors
/// The parameter, when its text cannot be one.
pub fn parsed<T>(query: &Fields, name: &str) -> Result<Option<T>, Problem>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let Some(text) = query.filled(name) else {
        return Ok(None);
    };
    match text.parse() {
        Ok(value) => Ok(Some(value)),
        Err(error) => Err(Problem::field(name, "invalid", format!("{error}."))),
    }
}

/// Reads `from` and `to`: days, which are meant whole, or instants.
///
/// # Errors
/// The parameters that are neither, or an end before the beginning.
pub fn period(query: &Fields) -> Result<Period, Problem> {
    let mut errors = FormErrors::default();
    let period = Period::of(&query.or_empty("from"), &query.or_empty("to"), &mut errors);
    let errors: Vec<FieldError> = errors
        .0
        .into_iter()
        .map(|error| FieldError::new(error.field, &error.code, error.message))
        .collect();
    if errors.is_empty() {
        Ok(period)
    } else {
        Err(EngineError::Invalid(errors).into())
    }
}

/// Reads a query parameter that may be repeated.
///
/// # Errors
/// The parameter, when one of its texts cannot be one.
pub fn all_parsed<T>(query: &Fields, name: &str) -> Result<Vec<T>, Problem>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let words = query.all(name).flat_map(|text| text.split(','));
    words
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(|word| {
            word.parse()
                .map_err(|error| Problem::field(name, "invalid", format!("{error}.")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_have_limits() {
        let of = |query: &[u8]| Paging::of(&Fields::parse(query)).map(|p| p.limit).ok();
        assert_eq!(of(b""), Some(100));
        assert_eq!(of(b"limit=1000"), Some(1000));
        assert_eq!(of(b"limit=1001"), None);
        assert_eq!(of(b"limit=0"), None);
        assert_eq!(of(b"limit=x"), None);
    }

    #[test]
    fn what_is_no_number_is_refused_in_plain_words() {
        let of = |query: &[u8]| number(&Fields::parse(query), "below");
        assert_eq!(of(b"").ok(), Some(None));
        assert_eq!(of(b"below=12").ok(), Some(Some(12)));
        for query in [
            b"below=abc" as &[u8],
            b"below=1.5",
            b"below=99999999999999999999",
        ] {
            let told = of(query).map_err(|problem| problem.errors[0].message.clone());
            assert_eq!(told, Err("Give a whole number.".to_owned()));
        }
    }
}
