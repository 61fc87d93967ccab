//! How many tries a program would need for a password.
//!
//! Owns the estimate (zxcvbn: 30,000 common passwords, words, names, dates, keys that lie side by
//! side, and what people do to them) and how many are enough. Looks at a new password beside the
//! words of our own list; tells nothing of it but whether it holds.

use secrecy::{ExposeSecret as _, SecretString};
use zxcvbn::{Score, zxcvbn};

use crate::error::{EngineError, FieldError, Result};

/// Words that whoever guesses here tries besides the account's name.
const OF_THE_HOUSE: [&str; 5] = ["carillon", "yealink", "phone", "telefon", "helpdesk"];
const MESSAGE: &str = "A program guesses this soon: it is made of words, names, dates or patterns that many use. Put words together that have nothing to do with each other, or take a sentence of your own.";

/// Looks beside the threads that serve requests: a long password takes a moment.
pub(super) async fn check(field: &str, password: &SecretString, account: &str) -> Result<()> {
    let (password, account) = (password.clone(), account.to_owned());
    let holds = move || holds(password.expose_secret(), &account);
    let holds = tokio::task::spawn_blocking(holds).await;
    match holds {
        Ok(true) => Ok(()),
        Ok(false) => Err(EngineError::Invalid(vec![FieldError::new(
            field,
            "guessable",
            MESSAGE.to_owned(),
        )])),
        Err(_) => Err(EngineError::Internal("the strength of a password")),
    }
}

/// At least a hundred million tries.
fn holds(password: &str, account: &str) -> bool {
    let mut known = OF_THE_HOUSE.to_vec();
    known.extend(account.split(['.', '-', '_', '@']));
    zxcvbn(password, &known).score() >= Score::Three
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_guesses_does_not_hold() {
        for password in [
            "manchesterunited",
            "jenniferlovesme",
            "basketballstar1",
            "michaeljackson1",
            "m1ch43l.m1ch43l.",
            "zxcvbnmasdfghjkl",
            "berta.berta.berta",
        ] {
            assert!(!holds(password, "berta.beispiel"), "{password}");
        }
    }

    #[test]
    fn a_sentence_of_ones_own_holds() {
        for password in [
            "evening bells ring",
            "another evening bell",
            "bells at noon and at nine",
            "meine katze jagt laub im hof",
            "vKx9-Lq2m-Ttz7-Wp4e",
            "a long enough sentence of words",
            "äöüßéèêñçžščřďť",
        ] {
            assert!(holds(password, "berta.beispiel"), "{password}");
        }
        let longest = "tr0ub4dor sings in the rain ".repeat(5);
        assert!(holds(&longest, ""), "also a very long one");
    }
}
