//! By what people come in, as tables have it: sessions, links to a new password, recovery codes.
//!
//! Owns how they are named: by the beginning of their hashes, as records name them. *Invariant:* hands out
//! nothing by which anybody could come in.

use crate::error::Result;
use crate::row::Row;

use super::scan::AuditScan;

/// A session, a link to a new password or a recovery code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingPass {
    /// Which of them: `session`, `link`, `code`.
    pub kind: &'static str,
    /// The beginning of its hash.
    pub name: String,
}

/// Each kind, its column, and how it is read.
pub(super) const PASSES: [(&str, &str, &str); 3] = [
    (
        "session",
        "sessions.id_hash",
        "SELECT id_hash AS hash FROM sessions ORDER BY id_hash",
    ),
    (
        "link",
        "reset_links.code_hash",
        "SELECT code_hash AS hash FROM reset_links ORDER BY code_hash",
    ),
    (
        "code",
        "recovery_codes.code_hash",
        "SELECT code_hash AS hash FROM recovery_codes ORDER BY code_hash",
    ),
];

impl AuditScan {
    /// By what people come in at the moment of this look, as far as the database has columns for it.
    pub async fn passes(&mut self) -> Result<Vec<StandingPass>> {
        let (mut columns, mut passes) = (self.columns().await?, Vec::new());
        for (kind, column, text) in PASSES {
            if columns.have(&[column]) {
                passes.extend(self.each(text, |row| pass(kind, row)).await?);
            }
        }
        Ok(passes)
    }
}

fn pass(kind: &'static str, row: &Row) -> Result<StandingPass> {
    let hash = row.raw("hash")?.unwrap_or_default();
    let name = hex::encode(hash.get(..4).unwrap_or_default());
    Ok(StandingPass { kind, name })
}
