//! What a check of the log found, in words.
//!
//! *Invariant:* nothing is called proven that no signature covers.

use carillon_engine::audit::Intact;

/// What was passed over in files of checkpoints.
#[derive(Clone, Copy, Default)]
pub(super) struct Passed {
    /// Lines of others.
    pub(super) lines: usize,
    /// Notes that cannot be read.
    pub(super) notes: usize,
}

/// That the log is as it was, and how much of it is signed; `not_all` in its place for an export that
/// is not all that was signed.
pub(super) fn told(intact: &Intact, not_all: Option<&str>, passed: Passed) -> String {
    let ignored = match passed.lines {
        0 => String::new(),
        lines => format!("; lines passed over as no checkpoints of this log: {lines}"),
    };
    let unread = match passed.notes {
        0 => String::new(),
        notes => format!("; notes of checkpoints that could not be read: {notes}"),
    };
    let lacking = match intact.lacking.as_slice() {
        [] => String::new(),
        names => format!("; not there to compare: {}", names.join(", ")),
    };
    let found = not_all.map_or_else(|| whole(intact), str::to_owned);
    format!("{found}{lacking}{ignored}{unread}")
}

fn whole(intact: &Intact) -> String {
    let rest = match intact.size - intact.signed {
        0 => String::new(),
        1 => "; 1 newer record is not signed yet".to_owned(),
        rest => format!("; {rest} newer records are not signed yet"),
    };
    format!(
        "intact: {} records, root {}; signed up to {} records ({} checkpoints compared){rest}",
        intact.size,
        hex::encode(intact.root),
        intact.signed,
        intact.checkpoints
    )
}

/// What there is to say of an export that ends where it says, before others that were signed.
pub(super) fn part(intact: &Intact) -> Option<String> {
    let later = intact.later.as_ref()?;
    let rest = match intact.size - intact.signed {
        0 => String::new(),
        rest => format!(", the {rest} behind them fit, and nothing that was given proves them"),
    };
    // What somebody wrote into the file is not said on a terminal as it is.
    let at = later.at.parse::<carillon_domain::Timestamp>();
    let at = at.map_or_else(|_| "no time".to_owned(), |at| at.to_string());
    Some(format!(
        "not all that was signed: {} records, root {}; proven are the first {} of them ({} \
         checkpoints compared){rest}; {} later records were signed ({}). The export says that it \
         was taken before those, at {at}, and does not prove it: compare with a newer export",
        intact.size,
        hex::encode(intact.root),
        intact.signed,
        intact.checkpoints,
        later.records,
        later.source
    ))
}
