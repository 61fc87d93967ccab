//! What is never dialled, and how many phones may dial at once.
//!
//! Owns the two rules that keep a console from making an office call the police. Never tells a
//! number in its errors.

use carillon_domain::action::CheckedAction;
use carillon_store::Store;

use crate::error::{EngineError, FieldError, Result};

/// Emergency numbers of many countries, as the ITU's national lists and national authorities have
/// them. Behind zeros (an outside line, `00`) they are the same, and so they are with signs.
const EMERGENCY: &[&str] = &[
    "000", "100", "101", "102", "103", "108", "110", "111", "112", "113", "114", "115", "116",
    "117", "118", "119", "120", "122", "123", "133", "144", "190", "191", "192", "193", "911",
    "997", "998", "999",
];

/// The digits of an outside line, at most: `9911`, `99112`.
const OUTSIDE_LINE: usize = 2;

/// Checks the number of an action or what its keys type, and that one phone at most places a call in
/// one job.
///
/// # Errors
/// The field at fault.
pub(super) async fn check(store: &Store, action: &CheckedAction, phones: usize) -> Result<()> {
    let mut errors = Vec::new();
    for (field, number) in numbers(action) {
        if let Some(message) = refused(store, &number).await? {
            errors.push(FieldError::new(field, "refused", message));
            break;
        }
    }
    if action.entry().name == "number" && phones > 1 {
        let message = format!("one phone may place a call in one job, these are {phones}");
        errors.push(FieldError::new("targets", "too_many", message));
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(EngineError::Invalid(errors))
    }
}

/// All that it could dial: a number, or what its keys type, by runs and as if nothing came between.
fn numbers(action: &CheckedAction) -> Vec<(&'static str, String)> {
    let dialled = action.dialled().map(|number| number.as_str().to_owned());
    let mut typed = action.typed();
    typed.push(typed.concat());
    let dialled = dialled.into_iter().map(|number| ("params.number", number));
    let typed = typed.into_iter().map(|number| ("params.keys", number));
    dialled.chain(typed).collect()
}

/// Why a number is not dialled, if it is not. Behind the digit of an outside line it is one unless
/// somebody has that extension.
async fn refused(store: &Store, number: &str) -> Result<Option<&'static str>> {
    if is_emergency(number) {
        return Ok(Some(
            "emergency numbers are never dialled, nor calls sent there",
        ));
    }
    for digits in parts(number) {
        if is_behind_line(&digits) && !store.has_extension(&digits).await? {
            return Ok(Some(
                "this may be an emergency number behind an outside line; if it is an extension, give \
                 it to a phone of the inventory",
            ));
        }
    }
    Ok(None)
}

fn is_emergency(number: &str) -> bool {
    parts(number).iter().any(|digits| reaches_emergency(digits))
}

/// A `#` sends what stands before it, and signs at the beginning ask for a service: `*31#112` calls
/// 112 and hides who calls. So the first and the last digits count alone, too.
fn parts(number: &str) -> [String; 3] {
    let sign = ['*', '#', '+'];
    let first = number.trim_start_matches('+').split(sign).next();
    let last = number.trim_end_matches(sign).rsplit(sign).next();
    let [first, last] = [first, last].map(|part| part.unwrap_or_default().to_owned());
    [number.replace(sign, ""), first, last]
}

/// Whether an emergency number stands behind one digit, or behind two that are the same.
fn is_behind_line(digits: &str) -> bool {
    let behind = |line: usize| {
        let (line, rest) = digits.split_at_checked(line)?;
        let mut signs = line.bytes();
        let first = signs.next()?;
        (signs.all(|sign| sign == first) && EMERGENCY.contains(&rest)).then_some(())
    };
    (1..=OUTSIDE_LINE).any(|line| behind(line).is_some())
}

fn reaches_emergency(digits: &str) -> bool {
    let zeros = digits.bytes().take_while(|digit| *digit == b'0').count();
    (0..=zeros).any(|left_out| EMERGENCY.contains(&&digits[left_out..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emergency_numbers_are_known_with_and_without_an_outside_line() {
        for number in ["112", "0112", "911", "000", "0110"] {
            assert!(is_emergency(number), "{number}");
        }
        for number in ["1120", "2041", "+49112", "0", ""] {
            assert!(!is_emergency(number), "{number}");
        }
    }

    #[test]
    fn signs_and_zeros_hide_no_emergency_number() {
        for number in [
            "112#",
            "112*",
            "112##",
            "*112",
            "#112",
            "**112#",
            "+112",
            "00112",
            "+00112",
            "000112",
            "0+112",
            "1*12",
            "11#2",
            "112#5",
            "0#911",
            "*31#112",
            "#31#0112#",
            "*21*112#",
            "+911#",
        ] {
            assert!(is_emergency(number), "{number}");
        }
        for number in [
            "*21*2041#",
            "+49110",
            "0049112",
            "1120#",
            "*",
            "#",
            "+",
            "00",
        ] {
            assert!(!is_emergency(number), "{number}");
        }
    }

    #[test]
    fn one_digit_or_two_equal_ones_are_an_outside_line() {
        for digits in ["9911", "9112", "8112", "9999", "2110", "99112", "88911"] {
            assert!(is_behind_line(digits), "{digits}");
        }
        for digits in ["98112", "999112", "91120", "2041", "9", ""] {
            assert!(!is_behind_line(digits), "{digits}");
        }
    }
}
