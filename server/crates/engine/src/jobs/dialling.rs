//! What is never dialled, and how many phones may dial at once.
//!
//! Owns the two rules that keep a console from making an office call the police. Never tells a
//! number in its errors.

use carillon_domain::action::CheckedAction;

use crate::error::{EngineError, FieldError, Result};

/// Emergency numbers of many countries, as the ITU's national lists and national authorities have
/// them. Behind zeros (an outside line, `00`) they are the same, and so they are with signs.
const EMERGENCY: &[&str] = &[
    "000", "100", "101", "102", "103", "108", "110", "111", "112", "113", "114", "115", "116",
    "117", "118", "119", "120", "122", "123", "133", "144", "190", "191", "192", "193", "911",
    "997", "998", "999",
];

/// Checks the number of an action, and that one phone at most places a call in one job.
///
/// # Errors
/// The field at fault.
pub(super) fn check(action: &CheckedAction, phones: usize) -> Result<()> {
    let mut errors = Vec::new();
    if action
        .dialled()
        .is_some_and(|number| is_emergency(number.as_str()))
    {
        let message = "emergency numbers are never dialled, nor calls sent there";
        errors.push(FieldError::new("params.number", "refused", message));
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

/// A `#` sends what stands before it, and signs at the beginning ask for a service: `*31#112` calls
/// 112 and hides who calls. So the first and the last digits count alone, too.
fn is_emergency(number: &str) -> bool {
    let sign = ['*', '#', '+'];
    let digits = number.replace(sign, "");
    let first = number.trim_start_matches('+').split(sign).next();
    let last = number.trim_end_matches(sign).rsplit(sign).next();
    reaches_emergency(&digits) || [first, last].into_iter().flatten().any(reaches_emergency)
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
}
