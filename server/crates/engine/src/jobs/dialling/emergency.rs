//! Which texts that somebody dials call an emergency number.
//!
//! Owns the numbers and what hides them: zeros, signs, star codes and outside lines. Pure.

/// Emergency numbers of many countries, as the ITU's national lists and national authorities have
/// them. Behind zeros (an outside line, `00`) they are the same, and so they are with signs.
const EMERGENCY: &[&str] = &[
    "000", "100", "101", "102", "103", "108", "110", "111", "112", "113", "114", "115", "116",
    "117", "118", "119", "120", "122", "123", "133", "144", "190", "191", "192", "193", "911",
    "997", "998", "999",
];

/// Emergency numbers of some countries that are extensions in many a house: France, Czechia, Australia,
/// Hungary, Spain, Singapore, Malaysia; Chile (131, 132), Croatia, Serbia and North Macedonia (194), Bosnia
/// and Montenegro (124), Iran (125), Egypt (180), Lebanon (125, 140, 175), Greece (166, 199). Not dialled unless
/// somebody has them as an extension.
const ELSEWHERE: &[&str] = &[
    "15", "17", "18", "061", "062", "080", "091", "104", "105", "106", "107", "124", "125", "131",
    "132", "140", "150", "155", "158", "166", "175", "180", "194", "199", "994", "995",
];

/// The digits of an outside line, at most: `9911`, `99112`.
const OUTSIDE_LINE: usize = 2;

/// The digits of a star code: `*67` hides who calls, and the number follows it without a sign.
const STAR_CODE: usize = 2;

const SIGNS: [char; 2] = ['*', '#'];

/// What a number may do that must not be done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Calls {
    /// An emergency number.
    Emergency,
    /// One, unless somebody has these digits as an extension.
    Perhaps(String),
}

/// What dialling a text may call: each run of digits between its signs, what follows a star code, and
/// all digits as if there were no signs. `*31#112#5` calls 112, hides who calls, and then types 5.
pub(super) fn calls(number: &str) -> Vec<Calls> {
    let bare = number.replace('+', "");
    let mut found: Vec<Calls> = judged(&bare.replace(SIGNS, "")).into_iter().collect();
    for text in [number, bare.as_str()] {
        found.extend(text.split(['*', '#', '+']).filter_map(judged));
    }
    found.extend(behind_star_codes(&bare));
    found.sort();
    found.dedup();
    found
}

fn judged(digits: &str) -> Option<Calls> {
    if reaches_emergency(digits) {
        return Some(Calls::Emergency);
    }
    let perhaps = is_behind_line(digits) || is_one_elsewhere(digits);
    perhaps.then(|| Calls::Perhaps(digits.to_owned()))
}

/// What stands behind a sign at the beginning begins with a code. Of what comes further on nobody knows
/// whether it is a code and a number or one number: `*72*49911`.
fn behind_star_codes(number: &str) -> Vec<Calls> {
    let begins = number.starts_with(SIGNS);
    let runs = number.split(SIGNS).skip(usize::from(!begins));
    let runs = runs.filter(|run| !run.is_empty()).enumerate();
    let found = runs.filter_map(|(index, run)| {
        let behind = judged(run.get(STAR_CODE..)?)?;
        let is_code = begins && index == 0;
        Some(if is_code {
            behind
        } else {
            Calls::Perhaps(run.to_owned())
        })
    });
    found.collect()
}

/// Whether an emergency number stands behind an outside line: one digit, or two that are the same. Zeros may
/// stand before and behind it, and behind those another line: `909112`.
fn is_behind_line(digits: &str) -> bool {
    without_zeros(digits).any(|rest| (1..=OUTSIDE_LINE).any(|line| leads_on(rest, line)))
}

/// Whether so many digits are a line that leads to an emergency number.
fn leads_on(digits: &str, line: usize) -> bool {
    let Some((line, rest)) = digits.split_at_checked(line) else {
        return false;
    };
    let mut signs = line.bytes();
    let first = signs.next();
    let is_line = signs.all(|sign| Some(sign) == first);
    is_line && (reaches_emergency(rest) || (rest.starts_with('0') && is_behind_line(rest)))
}

fn reaches_emergency(digits: &str) -> bool {
    without_zeros(digits).any(|rest| EMERGENCY.contains(&rest))
}

fn is_one_elsewhere(digits: &str) -> bool {
    without_zeros(digits).any(|rest| ELSEWHERE.contains(&rest))
}

/// The digits, and what is left of them without one, two … of the zeros at their beginning.
fn without_zeros(digits: &str) -> impl Iterator<Item = &str> {
    let zeros = digits.bytes().take_while(|digit| *digit == b'0').count();
    (0..=zeros).map(|left_out| &digits[left_out..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_emergency(number: &str) -> bool {
        calls(number).contains(&Calls::Emergency)
    }

    #[test]
    fn no_sign_zero_or_code_hides_an_emergency_number() {
        for number in [
            "112",
            "0112",
            "911",
            "000",
            "0110",
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
            // What follows a star code, whoever would read it so.
            "*67911",
            "*82911",
            "*67112",
            "*82112",
            "*72911",
            "*670911",
            "#67911",
            "**67911",
            "*67+911",
            "*6+7911",
            "+*67911",
            "*67911#",
            "*67911#5",
            // Between signs.
            "*31#112#5",
            "**21*112*11#",
            "**61*112*11*20#",
            "0*112*1",
            "*61*112*20#",
            "*21*0112*11#",
            "*67*911*1",
            "*67*82*911*2",
            "5#112#5",
            "*31#+112#5",
        ] {
            assert!(is_emergency(number), "{number}");
        }
    }

    #[test]
    fn behind_an_outside_line_or_two_codes_it_is_one_perhaps() {
        for (number, extension) in [
            ("9911", "9911"),
            ("9112", "9112"),
            ("99112", "99112"),
            ("90112", "90112"),
            ("15", "15"),
            ("0158", "0158"),
            ("995", "995"),
            ("124", "124"),
            ("125", "125"),
            ("131", "131"),
            ("132", "132"),
            ("180", "180"),
            ("0194", "0194"),
            ("*67194", "194"),
            ("909112", "909112"),
            ("09112", "09112"),
            ("09911", "09911"),
            ("88911", "88911"),
            ("2110", "2110"),
            ("*9112", "9112"),
            ("*21*9112*11#", "9112"),
            ("**61*99112*11*20#", "99112"),
            ("*31#9112#1", "9112"),
            ("*679911", "9911"),
            ("*67*82911", "82911"),
            ("*72*49911", "49911"),
            ("*21*49112*11#", "49112"),
        ] {
            let found = calls(number);
            assert_eq!(found, [Calls::Perhaps(extension.to_owned())], "{number}");
        }
    }

    #[test]
    fn everything_else_is_dialled() {
        for number in [
            "2041",
            "+49112",
            "0",
            "",
            "*21*2041#",
            "+49110",
            "0049112",
            "*",
            "#",
            "+",
            "00",
            "98112",
            "999112",
            "91120",
            "9",
            // Services of telephone systems, and numbers behind codes.
            "*97",
            "*98",
            "*982041",
            "*67",
            "*69",
            "*72",
            "*73",
            "*722041",
            "*67+4930123456",
            "*672125550100",
            "*31#2041",
            "#31#2041",
            "*31#+4930112233",
            "*43#",
            "#43#",
            "*#06#",
            "*#43#",
            "##002#",
            "**21*2041*11#",
            "**61*2041*11*20#",
            "**61*+4930123456*11*20#",
            "**004*2041#",
            "*82041",
            "*72*2041",
            "0*2041*1",
            "5#2#5",
            "**2041",
            "*780*2041",
            "*21*20411#",
        ] {
            assert_eq!(calls(number), [], "{number}");
        }
    }
}
