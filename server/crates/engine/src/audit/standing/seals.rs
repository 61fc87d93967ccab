//! Sealed values, by the digests that the log told of them.
//!
//! Owns the fold over these. *Invariant:* of what no record tells the digest nothing is judged.

use std::collections::BTreeMap;

use carillon_domain::event::Event;
use carillon_store::StandingSeal;

const KINDS: [&str; 6] = [
    "password",
    "factor",
    "credential",
    "stream",
    "private",
    "params",
];

/// The digests that were told last, each with its record, by kind and by whose value it is.
#[derive(Default)]
pub(super) struct Seals(BTreeMap<(&'static str, String), (i64, String)>);

impl Seals {
    /// Takes in a record of something that was done.
    pub(super) fn add(&mut self, seq: i64, event: &Event) {
        let detail = &event.detail;
        if let (Some(job), Some(digest)) = (&event.job, detail["params_sealed"].as_str()) {
            let told = (seq, digest.to_owned());
            self.0.insert(("params", job.clone()), told);
        }
        let (kind, id, digest) = match event.action.split('.').next() {
            _ if detail["private"].is_object() => (
                "private",
                &detail["private"]["id"],
                &detail["private"]["sealed"],
            ),
            Some("second_factor") => ("factor", &detail["user"], &detail["sealed"]),
            Some("user" | "setup") => ("password", &detail["user"], &detail["sealed"]),
            Some("credential") => ("credential", &detail["name"], &detail["sealed"]),
            Some("stream") => ("stream", &detail["stream"], &detail["sealed"]),
            _ => return,
        };
        if let (Some(id), Some(digest)) = (id.as_str(), digest.as_str()) {
            let told = (seq, digest.to_owned());
            self.0.insert((kind, id.to_owned()), told);
        }
    }

    /// Forgets all: what is sealed anew has other bytes, and no record tells which.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Values of which other bytes stand there.
    pub(super) fn odd<'a>(
        &'a self,
        rows: &'a [StandingSeal],
    ) -> impl Iterator<Item = (i64, String)> + 'a {
        rows.iter().filter_map(|row| {
            let kind = KINDS.iter().find(|kind| **kind == row.kind)?;
            let (seq, digest) = self.0.get(&(*kind, row.id.clone()))?;
            let differs = *digest != hex::encode(row.digest);
            let what = format!("the sealed {kind} of {} is another one", row.id);
            differs.then_some((*seq, what))
        })
    }
}
