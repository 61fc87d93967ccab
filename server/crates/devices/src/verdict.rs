//! What a complete answer means.
//!
//! Owns the table from status to cause. Everything here was answered by the phone, so nothing
//! here is "unknown" but what is no HTTP answer at all.

use carillon_domain::Cause;

use crate::http::Answer;

/// What the phone shows while it asks somebody "Allow remote control?".
const PROMPT_TEXT: &[u8] = b"remote control forbidden";
/// How far into a body that text is looked for.
const PROMPT_WINDOW: usize = 4096;

/// The cause that an answer to a command ends with; `None` for an acknowledgement.
///
/// Some firmware shows the prompt's page under 200: it says in so many words that it did not act.
pub(crate) fn of_command(answer: &Answer) -> Option<Cause> {
    match of_answer(answer) {
        None if shows_prompt(&answer.body) => Some(Cause::PromptPending),
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
    body[..body.len().min(PROMPT_WINDOW)]
        .windows(PROMPT_TEXT.len())
        .any(|window| window.eq_ignore_ascii_case(PROMPT_TEXT))
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
        assert_eq!(
            of_command(&answer(403, "Forbidden")),
            Some(Cause::Forbidden)
        );
    }

    #[test]
    fn a_lockout_is_one_only_after_a_password() {
        let mut locked = answer(429, "");
        locked.after_credentials = true;
        assert_eq!(of_command(&locked), Some(Cause::AuthLockedOut));
    }
}
