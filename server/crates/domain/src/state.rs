//! States of targets and jobs.
//!
//! Owns which states exist and which are terminal. Terminal means terminal: nothing here leads
//! out of one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The text names no member of a closed list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not one of: {known}")]
pub struct UnknownName {
    /// What was given.
    pub text: String,
    /// What exists, comma-separated.
    pub known: String,
}

/// Declares a closed list of words with their stored text.
#[macro_export]
macro_rules! closed_list {
    ($(#[$meta:meta])* $name:ident { $($(#[$item:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$item])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            /// Every member, in order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable text, as stored and on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::state::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::state::UnknownName {
                        text: text.to_owned(),
                        known: [$($text),+].join(", "),
                    }),
                }
            }
        }
    };
}

closed_list! {
    /// Where one phone of a job stands.
    TargetState {
        /// Not tried yet.
        Waiting = "waiting",
        /// Claimed: the request may be under way.
        Sending = "sending",
        /// The phone took the request; its effect is being read back.
        Verifying = "verifying",
        /// The effect was seen.
        Verified = "verified",
        /// 200 OK; the effect was not checked or cannot be.
        Acknowledged = "acknowledged",
        /// The phone or the network said no, or it surely was not sent.
        Failed = "failed",
        /// It may have been carried out; nobody can say.
        Unknown = "unknown",
        /// Never tried, with a reason.
        Skipped = "skipped",
        /// Somebody stopped the job before this phone's turn.
        Cancelled = "cancelled",
        /// Its turn came too late.
        Expired = "expired",
    }
}

impl TargetState {
    /// Whether nothing can change it any more.
    pub const fn is_terminal(self) -> bool {
        !matches!(self, Self::Waiting | Self::Sending | Self::Verifying)
    }

    /// Whether a person should look at it.
    pub const fn is_problem(self) -> bool {
        matches!(self, Self::Failed | Self::Unknown | Self::Expired)
    }
}

closed_list! {
    /// Where a job stands.
    JobState {
        /// Waits for a second person.
        AwaitingApproval = "awaiting_approval",
        /// Starts later.
        Scheduled = "scheduled",
        /// Is being sent.
        Running = "running",
        /// Somebody holds it.
        Paused = "paused",
        /// Cancelled; what is in flight finishes.
        Stopping = "stopping",
        /// The server stopped in the middle; somebody must resume it.
        Interrupted = "interrupted",
        /// Every target is terminal.
        Finished = "finished",
        /// Stopped by somebody; every target is terminal.
        Cancelled = "cancelled",
        /// The second person said no.
        Denied = "denied",
        /// Its time passed before it could start.
        Expired = "expired",
    }
}

impl JobState {
    /// Whether nothing can change it any more.
    pub const fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Finished | Self::Cancelled | Self::Denied | Self::Expired
        )
    }
}

/// How many targets of a job are in each state. They always add up to the job's total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is the state of its name")]
pub struct Counts {
    pub waiting: i64,
    pub sending: i64,
    pub verifying: i64,
    pub verified: i64,
    pub acknowledged: i64,
    pub failed: i64,
    pub unknown: i64,
    pub skipped: i64,
    pub cancelled: i64,
    pub expired: i64,
}

impl Counts {
    /// The count of one state.
    pub const fn get(&self, state: TargetState) -> i64 {
        match state {
            TargetState::Waiting => self.waiting,
            TargetState::Sending => self.sending,
            TargetState::Verifying => self.verifying,
            TargetState::Verified => self.verified,
            TargetState::Acknowledged => self.acknowledged,
            TargetState::Failed => self.failed,
            TargetState::Unknown => self.unknown,
            TargetState::Skipped => self.skipped,
            TargetState::Cancelled => self.cancelled,
            TargetState::Expired => self.expired,
        }
    }

    /// Adds to the count of one state.
    pub const fn add(&mut self, state: TargetState, by: i64) {
        let count = match state {
            TargetState::Waiting => &mut self.waiting,
            TargetState::Sending => &mut self.sending,
            TargetState::Verifying => &mut self.verifying,
            TargetState::Verified => &mut self.verified,
            TargetState::Acknowledged => &mut self.acknowledged,
            TargetState::Failed => &mut self.failed,
            TargetState::Unknown => &mut self.unknown,
            TargetState::Skipped => &mut self.skipped,
            TargetState::Cancelled => &mut self.cancelled,
            TargetState::Expired => &mut self.expired,
        };
        *count += by;
    }

    /// Moves `by` targets from one state to another.
    pub const fn shift(&mut self, from: TargetState, to: TargetState, by: i64) {
        self.add(from, -by);
        self.add(to, by);
    }

    /// Sum over all states.
    pub fn total(&self) -> i64 {
        TargetState::ALL.iter().map(|state| self.get(*state)).sum()
    }

    /// Those that ended and were never sent to.
    pub const fn untried(&self) -> i64 {
        self.skipped + self.cancelled + self.expired
    }

    /// Sum over the terminal states.
    pub fn done(&self) -> i64 {
        TargetState::ALL
            .iter()
            .filter(|s| s.is_terminal())
            .map(|s| self.get(*s))
            .sum()
    }

    /// Targets a person should look at.
    pub fn problems(&self) -> i64 {
        TargetState::ALL
            .iter()
            .filter(|s| s.is_problem())
            .map(|s| self.get(*s))
            .sum()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for state in TargetState::ALL.iter().filter(|s| self.get(**s) != 0) {
            if !first {
                f.write_str(", ")?;
            }
            first = false;
            write!(f, "{} {state}", self.get(*state))?;
        }
        if first { f.write_str("none") } else { Ok(()) }
    }
}

/// Parses a comma-free list of states as it stands in URLs (`state=failed&state=unknown`).
///
/// # Errors
/// The first unknown word.
pub fn parse_states<'a>(
    words: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<TargetState>, UnknownName> {
    words.into_iter().map(TargetState::from_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_back() {
        for state in TargetState::ALL {
            assert_eq!(state.as_str().parse(), Ok(*state));
        }
        for state in JobState::ALL {
            assert_eq!(state.as_str().parse(), Ok(*state));
        }
    }

    #[test]
    fn shifting_keeps_the_sum() {
        let mut counts = Counts {
            waiting: 10,
            ..Counts::default()
        };
        counts.shift(TargetState::Waiting, TargetState::Sending, 4);
        counts.shift(TargetState::Sending, TargetState::Failed, 1);
        assert_eq!(counts.total(), 10);
        assert_eq!(counts.to_string(), "6 waiting, 3 sending, 1 failed");
    }
}
