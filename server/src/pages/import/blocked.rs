//! What is wrong with a file of which nothing can be taken.

use std::collections::BTreeSet;

use carillon_contract::FormErrors;
use carillon_domain::phone_list::ListError;
use carillon_engine::inventory::ImportReview;
use carillon_language::{quoted, retell, say, say_many};

use super::count;
use crate::pages::refused::sentence;

/// Mistakes in lines that are told of a file of which nothing can be taken.
const LINES_TOLD: usize = 10;

/// The file's own mistakes, and those of its first lines: nobody should have to mend the header to
/// learn that a line is wrong too.
pub(super) fn whole_file(review: &ImportReview) -> FormErrors {
    let mut errors = FormErrors::default();
    let of_file: Vec<_> = review.errors.iter().filter(|one| one.line <= 1).collect();
    for told in alike(&of_file) {
        errors.push("text", "file", told);
    }
    let of_lines: Vec<_> = review.errors.iter().filter(|one| one.line > 1).collect();
    tell_lines(&of_lines, &mut errors);
    if errors.is_empty() {
        errors.push("text", "file", say("The file cannot be taken as it is."));
    }
    errors
}

/// The first lines show what it is about.
fn tell_lines(mistakes: &[&ListError], errors: &mut FormErrors) {
    for error in mistakes.iter().take(LINES_TOLD) {
        let (line, what) = (error.line, told(&[&error.value], error));
        let what = if error.column.is_empty() {
            what
        } else {
            format!("{}, {what}", error.column)
        };
        errors.push("text", "file", say!("Line {line}: {what}", line, what));
    }
    let told: BTreeSet<u64> = lines(mistakes.iter().take(LINES_TOLD));
    let more = lines(mistakes.iter()).difference(&told).count();
    if more > 0 {
        let text = say_many!(
            count(more),
            "{count} more line has a mistake.",
            "{count} more lines have mistakes."
        );
        errors.push("text", "file", text);
    }
}

/// A line with several mistakes is one line.
fn lines<'e>(mistakes: impl Iterator<Item = &'e &'e ListError>) -> BTreeSet<u64> {
    mistakes.map(|error| error.line).collect()
}

/// What is wrong in the same way is told once, with everything that it is wrong of.
fn alike(errors: &[&ListError]) -> Vec<String> {
    let mut groups: Vec<(&ListError, Vec<&str>)> = Vec::new();
    for error in errors {
        let known = groups
            .iter_mut()
            .find(|(first, _)| first.problem == error.problem && first.fix == error.fix);
        match known {
            Some((_, values)) => values.push(&error.value),
            None => groups.push((*error, vec![error.value.as_str()])),
        }
    }
    let groups = groups.iter();
    groups.map(|(error, values)| told(values, error)).collect()
}

fn told(values: &[&str], error: &ListError) -> String {
    let problem = sentence(&error.problem);
    let problem = retell(&problem);
    let fix = sentence(&error.fix);
    let fix = retell(&fix);
    let values: Vec<String> = values
        .iter()
        .filter(|value| !value.is_empty())
        .map(|value| quoted(value))
        .collect();
    if values.is_empty() {
        format!("{problem} {fix}")
    } else {
        format!("{}: {problem} {fix}", values.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(line: u64, value: &str, problem: &str) -> ListError {
        ListError {
            line,
            column: String::new(),
            value: value.to_owned(),
            problem: problem.to_owned(),
            fix: "mend it".to_owned(),
        }
    }

    fn messages(errors: Vec<ListError>) -> Vec<String> {
        let review = ImportReview {
            errors,
            ..ImportReview::default()
        };
        let told = whole_file(&review).0.into_iter();
        told.map(|error| error.message).collect()
    }

    #[test]
    fn what_is_alike_is_told_once() {
        let unknown = "there is no such column";
        assert_eq!(
            messages(vec![error(1, "a", unknown), error(1, "b", unknown)]),
            ["“a”, “b”: There is no such column. Mend it."]
        );
    }

    #[test]
    fn a_file_that_cannot_be_read_says_where_it_begins() {
        let odd = (2..14).map(|line| error(line, "", "this is not UTF-8"));
        let twice = error(13, "", "this is not UTF-8");
        let told = messages(odd.chain([twice]).collect());
        assert_eq!(told[0], "Line 2: This is not UTF-8. Mend it.");
        assert_eq!(told[10], "2 more lines have mistakes.");
        assert_eq!(told.len(), 11);
    }

    #[test]
    fn a_wrong_column_hides_no_wrong_line() {
        let mut wrong = error(3, "10.0.0", "this is no address");
        "address".clone_into(&mut wrong.column);
        assert_eq!(
            messages(vec![error(1, "colour", "there is no such column"), wrong]),
            [
                "“colour”: There is no such column. Mend it.",
                "Line 3: address, “10.0.0”: This is no address. Mend it."
            ]
        );
    }
}
