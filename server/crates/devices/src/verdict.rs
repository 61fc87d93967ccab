//! What a complete answer means.
//!
//! Owns the table from status to cause. Everything here was answered by the phone, so nothing
//! here is "unknown" but what is no HTTP answer at all.

use carillon_domain::Cause;

use crate::http::Answer;

/// What the phone shows while it asks somebody "Allow remote control?".
const PROMPT_TEXT: &[u8] = b"remote control forbidden";
/// How phones may say that they locked us out. No source shows the page; these words are a guess
/// that costs nothing, because what does not say them stays `forbidden`.
const LOCKED_TEXTS: [&[u8]; 2] = [b" locked", b" too many"];
/// How pages say "no" under a status that says "yes". Titles and headlines count, and a body of
/// nothing else; the word somewhere in a text does not.
const REFUSED_TEXTS: [&[u8]; 4] = [
    b" 403 forbidden",
    b" title forbidden title",
    b" h1 forbidden h1",
    b" access denied",
];
/// How far into a body a text is looked for.
const WINDOW: usize = 4096;

/// The cause that an answer to a command ends with; `None` for an acknowledgement.
///
/// Some firmware shows the prompt's page, or that of a refusal, under 200: it says in so many
/// words that it did not act. That is believed of its own attempt and of nothing else.
pub(crate) fn of_command(answer: &Answer) -> Option<Cause> {
    match of_answer(answer) {
        None if shows_prompt(&answer.body) => Some(Cause::PromptPending),
        None if shows_refusal(&answer.body) => Some(Cause::Forbidden),
        other => other,
    }
}

/// The cause that an answer to a question ends with; `None` for 2xx.
pub(crate) fn of_answer(answer: &Answer) -> Option<Cause> {
    match answer.status {
        200..=299 => None,
        300..=399 => Some(Cause::Redirected),
        401 => Some(Cause::AuthFailed),
        403 if shows_prompt(&answer.body) => Some(Cause::PromptPending),
        403 if shows_lock(&answer.body) => Some(Cause::AuthLockedOut),
        // 407 and 451 come from something in between that does not let us through.
        403 | 407 | 451 => Some(Cause::Forbidden),
        // "Locked" and "too many requests", right after a password: the lockout of the phone.
        423 | 429 if answer.after_credentials => Some(Cause::AuthLockedOut),
        // The request was not understood or the page is not there: this model cannot do it.
        400 | 404 | 405 | 406 | 410 | 411 | 413..=417 | 421 | 422 | 426 | 431 | 501 | 505 => {
            Some(Cause::Unsupported)
        }
        // Busy, conflict, locked, impatient (408, 409, 423, 425, 429): a no that may pass.
        402..=599 => Some(Cause::ServerError),
        // 101 to a request that asked for no upgrade, or a number that is no status.
        _ => Some(Cause::BadAnswer),
    }
}

fn shows_prompt(body: &[u8]) -> bool {
    shows(&words(body), PROMPT_TEXT)
}

fn shows_lock(body: &[u8]) -> bool {
    let words = words(body);
    LOCKED_TEXTS.iter().any(|text| shows(&words, text))
}

fn shows_refusal(body: &[u8]) -> bool {
    let words = words(body);
    let nothing_else = words.trim_ascii() == b"forbidden";
    nothing_else || REFUSED_TEXTS.iter().any(|text| shows(&words, text))
}

/// The beginning of a body with one space before it and between its words, in lower case.
fn words(body: &[u8]) -> Vec<u8> {
    let mut words = vec![b' '];
    for byte in &body[..body.len().min(WINDOW)] {
        if byte.is_ascii_alphanumeric() {
            words.push(byte.to_ascii_lowercase());
        } else if words.last() != Some(&b' ') {
            words.push(b' ');
        }
    }
    words
}

fn shows(words: &[u8], text: &[u8]) -> bool {
    words.windows(text.len()).any(|window| window == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer::with(status, body)
    }

    #[test]
    fn every_status_has_its_cause() {
        for (status, expected) in [
            (101, Some(Cause::BadAnswer)),
            (200, None),
            (202, None),
            (204, None),
            (299, None),
            (300, Some(Cause::Redirected)),
            (302, Some(Cause::Redirected)),
            (304, Some(Cause::Redirected)),
            (399, Some(Cause::Redirected)),
            (400, Some(Cause::Unsupported)),
            (401, Some(Cause::AuthFailed)),
            (403, Some(Cause::Forbidden)),
            (404, Some(Cause::Unsupported)),
            (405, Some(Cause::Unsupported)),
            (407, Some(Cause::Forbidden)),
            (408, Some(Cause::ServerError)),
            (418, Some(Cause::ServerError)),
            (429, Some(Cause::ServerError)),
            (500, Some(Cause::ServerError)),
            (501, Some(Cause::Unsupported)),
            (503, Some(Cause::ServerError)),
            (599, Some(Cause::ServerError)),
            (600, Some(Cause::BadAnswer)),
            (999, Some(Cause::BadAnswer)),
        ] {
            assert_eq!(of_command(&answer(status, "")), expected, "{status}");
        }
    }

    #[test]
    fn the_prompt_is_told_from_other_refusals() {
        let page = "<html><body>Remote Control Forbidden</body></html>";
        assert_eq!(of_command(&answer(403, page)), Some(Cause::PromptPending));
        assert_eq!(of_command(&answer(200, page)), Some(Cause::PromptPending));
        assert_eq!(of_answer(&answer(200, page)), None);
        for other in ["Forbidden", "Your address is blocked", ""] {
            assert_eq!(of_command(&answer(403, other)), Some(Cause::Forbidden));
        }
        for lock in ["Locked", "<h1>Locked</h1>", "Too  many\nattempts"] {
            assert_eq!(of_command(&answer(403, lock)), Some(Cause::AuthLockedOut));
        }
    }

    #[test]
    fn a_refusal_under_200_is_believed_where_it_is_said_plainly() {
        for page in [
            "Forbidden",
            "<html><head><title>403 Forbidden</title></head></html>",
            "<TITLE>Forbidden</TITLE>",
            "<h1>Access denied</h1>",
        ] {
            assert_eq!(
                of_command(&answer(200, page)),
                Some(Cause::Forbidden),
                "{page}"
            );
            assert_eq!(
                of_answer(&answer(200, page)),
                None,
                "a question has its own reader"
            );
        }
        for page in ["", "OK", "nothing is forbidden here", "forbidden_ip = any"] {
            assert_eq!(of_command(&answer(200, page)), None, "{page}");
        }
    }

    #[test]
    fn a_lockout_is_one_only_after_a_password() {
        let mut locked = answer(429, "");
        locked.after_credentials = true;
        assert_eq!(of_command(&locked), Some(Cause::AuthLockedOut));
    }
}
