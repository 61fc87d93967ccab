//! How the phones of a job are sent to, in words.
//!
//! Owns what is said of answers and of looks afterwards. *Invariant:* of phones by SIP only what holds for
//! them is said.

use std::time::Duration;

use carillon_language::{say, say_many};

use super::pacing::seconds;

/// How the phones of a job are sent to, as far as that is known before.
#[derive(Clone, Copy, Debug)]
pub struct Ways {
    /// Whether some go over HTTP, or through a PBX.
    pub by_http: bool,
    /// How long an answer by SIP is waited for, where one is.
    pub by_sip: Option<Duration>,
    /// How many there are.
    pub phones: i64,
    /// Of these, phones that nobody can look at afterwards.
    pub unseen: i64,
}

impl Ways {
    /// Where nothing is known of them: over HTTP.
    pub(super) const HTTP: Self = Self {
        by_http: true,
        by_sip: None,
        phones: 0,
        unseen: 0,
    };

    /// For how long each is waited for.
    pub(super) fn answers(&self, timeout_ms: u32) -> Vec<String> {
        let time = seconds(timeout_ms);
        let by_http = match self.by_sip {
            None => say!("gives each phone at most {time} to answer", time),
            Some(_) => say!("gives each phone at most {time} to answer over HTTP", time),
        };
        let by_sip = self.by_sip.map(|time| {
            let time = format!("{} s", time.as_secs());
            say!("waits at most {time} for an answer by SIP", time)
        });
        let by_http = self.by_http.then_some(by_http);
        by_http.into_iter().chain(by_sip).collect()
    }

    /// At which of them somebody looks afterwards.
    pub(super) fn looks(&self) -> Vec<String> {
        if self.unseen > 0 && self.unseen == self.phones {
            let none =
                say("does not look afterwards whether it took effect: no phone has an address");
            return vec![none.to_owned()];
        }
        let looks = if self.by_http {
            say("looks afterwards whether it took effect")
        } else {
            say("looks afterwards over HTTP whether it took effect, where that is open")
        };
        let unseen = (self.unseen > 0).then(|| {
            say_many!(
                self.unseen,
                "does not look at {count} phone without an address afterwards",
                "does not look at {count} phones without an address afterwards"
            )
        });
        std::iter::once(looks.to_owned()).chain(unseen).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_phones_by_sip_only_what_holds_for_them_is_said() {
        let mut ways = Ways {
            by_http: false,
            by_sip: Some(Duration::from_secs(32)),
            phones: 12,
            unseen: 12,
        };
        assert_eq!(
            ways.answers(8_000),
            ["waits at most 32 s for an answer by SIP"]
        );
        let none = "does not look afterwards whether it took effect: no phone has an address";
        assert_eq!(ways.looks(), [none]);
        (ways.by_http, ways.phones) = (true, 15);
        assert_eq!(
            ways.answers(8_000),
            [
                "gives each phone at most 8 s to answer over HTTP",
                "waits at most 32 s for an answer by SIP",
            ]
        );
        let some = "does not look at 12 phones without an address afterwards";
        assert_eq!(ways.looks().last().map(String::as_str), Some(some));
    }
}
