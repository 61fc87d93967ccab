//! What the operating system lets this process do.

use rustix::process::{DumpableBehavior, Resource, Rlimit};
use rustix::process::{getrlimit, set_dumpable_behavior, setrlimit};

/// Descriptors for browsers, the database and the rest.
const OTHERS: u64 = 1024 + 256;
/// With fewer than this nothing useful could be sent.
const FEWEST: usize = 16;

/// A core file would hold the phones' passwords.
pub(crate) fn forbid_core_dumps() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let done = setrlimit(Resource::Core, none)
        .and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable));
    if let Err(error) = done {
        tracing::warn!(%error, "core dumps could not be switched off");
    }
}

/// How many requests to phones can be in flight, of those that the settings allow.
pub(super) fn in_flight(wanted: usize) -> usize {
    let Some(descriptors) = raised() else {
        return wanted;
    };
    let possible = usize::try_from(descriptors.saturating_sub(OTHERS)).unwrap_or(wanted);
    let possible = possible.max(FEWEST);
    if possible < wanted {
        tracing::warn!(
            wanted,
            possible,
            descriptors,
            "fewer requests at once: the limit of open files is small (ulimit -n)"
        );
    }
    wanted.min(possible)
}

/// The limit of open files, raised as far as it goes; `None` = no limit.
fn raised() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}
