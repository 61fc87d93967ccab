//! What people choose when they have to choose a password, and programs try first.
//!
//! Owns the list of such words (`common.txt`: of our own making, no leaked data in it) and the
//! judgement by it: a password is as good as what is left without them. So one list refuses
//! millions of passwords made of its words, runs of keys, years, digits and repetition.

/// Longest first, so that `password` does not leave the `word` of `passwords`.
const WORDS: &str = include_str!("common.txt");
/// Runs of the alphabet and of keyboards. Any part of four or more counts.
const RUNS: &[&str] = &[
    "abcdefghijklmnopqrstuvwxyz",
    "zyxwvutsrqponmlkjihgfedcba",
    "01234567890",
    "09876543210",
    "qwertyuiop",
    "poiuytrewq",
    "qwertzuiop",
    "asdfghjkl",
    "lkjhgfdsa",
    "zxcvbnm",
    "mnbvcxz",
    "yxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
    "1q2w3e4r5t6y7u8i9o0p",
];
const SHORTEST_RUN: usize = 4;
/// So many letters must be left.
const ENOUGH: usize = 8;

/// Whether little is left of a password without what everybody chooses.
pub(super) fn is_common(password: &str) -> bool {
    let plain: Vec<char> = password
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect();
    // Digits may stand for letters, or be digits.
    let folded: Vec<char> = plain.iter().map(|c| letter_of(*c)).collect();
    let whole = password.chars().filter(|c| !c.is_whitespace()).count();
    let odd = whole.saturating_sub(plain.len());
    [plain, folded]
        .into_iter()
        .any(|text| odd / 2 + rest_of(text) < ENOUGH)
}

/// What stands for a letter in a word that is written cleverly.
const fn letter_of(c: char) -> char {
    match c {
        '0' => 'o',
        '1' => 'i',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 't',
        other => other,
    }
}

/// How many letters are left without words of the list, runs and repetition. A digit is worth half
/// a letter: most are years.
fn rest_of(text: Vec<char>) -> usize {
    let mut text: String = text.into_iter().collect();
    for word in WORDS.lines() {
        if text.contains(word) {
            text = text.replace(word, " ");
        }
    }
    let pieces = text.split(' ').map(without_runs);
    let mut left: Vec<String> = pieces.collect();
    left.sort_unstable();
    left.dedup();
    left.iter().map(|piece| distinct(piece)).sum::<usize>() / 2
}

/// A piece without runs of keys.
fn without_runs(piece: &str) -> String {
    let letters: Vec<char> = piece.chars().collect();
    let mut kept = String::new();
    let mut at = 0;
    while let Some(letter) = letters.get(at) {
        if let Some(length) = run_at(&letters[at..]) {
            at += length;
            continue;
        }
        kept.push(*letter);
        at += 1;
    }
    kept
}

fn run_at(letters: &[char]) -> Option<usize> {
    let longest = letters.len();
    (SHORTEST_RUN..=longest)
        .take_while(|length| {
            let part: String = letters[..*length].iter().collect();
            RUNS.iter().any(|run| run.contains(&part))
        })
        .last()
}

/// What is not only a repetition of what stood before it, in halves of a letter.
fn distinct(piece: &str) -> usize {
    let letters: Vec<char> = piece.chars().collect();
    let period = (1..=letters.len() / 2)
        .find(|period| letters.iter().zip(&letters[*period..]).all(|(a, b)| a == b));
    let mut once = letters[..period.unwrap_or(letters.len())].to_vec();
    once.dedup();
    once.iter()
        .map(|c| if c.is_numeric() { 1 } else { 2 })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_chooses_is_common() {
        for password in [
            "passwordpassword",
            "Password123456789",
            "P4ssw0rd!P4ssw0rd!",
            "qwertyuiopasdfghjkl",
            "1qaz2wsx3edc4rfv",
            "abcdefghijklmnop",
            "iloveyouforever",
            "Summer2024Winter2025",
            "letmeinletmein123",
            "admin-admin-admin-1",
            "correct horse battery staple",
            "thequickbrownfoxjumpsoverthelazydog",
            "123456789012345",
            "welcome to the office 1",
            "xyzxyzxyzxyzxyz",
            "Berlin-Hamburg-2026!",
        ] {
            assert!(is_common(password), "{password}");
        }
    }

    #[test]
    fn a_sentence_of_ones_own_is_not() {
        for password in [
            "every evening at eleven",
            "evening bells ring",
            "another evening bell",
            "bells at noon and at nine",
            "a long enough sentence of words",
            "äöüßéèêñçžščřďť",
            "tr0ub4dor sings in the rain",
            "my password is a long walk uphill",
            "vKx9-Lq2m-Ttz7-Wp4e",
            "meine katze jagt laub im hof",
            "8f3a91c07be25d64",
        ] {
            assert!(!is_common(password), "{password}");
        }
    }

    #[test]
    fn the_list_is_in_order_and_says_nothing_twice() {
        let words: Vec<&str> = WORDS.lines().collect();
        assert!(words.len() > 200);
        for pair in words.windows(2) {
            let (before, after) = (pair[0], pair[1]);
            let order = (before.len(), after) > (after.len(), before);
            assert!(order && before != after, "{before} {after}");
        }
    }
}
