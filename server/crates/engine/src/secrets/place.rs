//! Where a sealed value lives.
//!
//! Owns the closed list of what is sealed, and the bytes that bind a blob to its table, column,
//! row, version and key: a blob moved elsewhere or replaced by an older one does not open.

use super::key::KeyId;
use super::keyring::Purpose;

const CONTEXT: &[u8] = b"carillon-secret-v1";

/// The one place where a blob may open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub(super) purpose: Purpose,
    pub(super) table: &'static str,
    pub(super) column: &'static str,
    pub(super) row: String,
    pub(super) version: i64,
}

impl Place {
    /// The password of a stored credential, by its row id and its `secret_version`.
    pub fn credential(id: impl Into<String>, version: i64) -> Self {
        Self::seal("credentials", "secret", id, version)
    }

    /// The parameters of a job that carry numbers, by job id.
    pub fn job_params(job: impl Into<String>) -> Self {
        Self::seal("jobs", "params_sealed", job, 1)
    }

    /// A draft (an upload under review, a run being composed), by draft id.
    pub fn draft(draft: impl Into<String>) -> Self {
        Self::seal("drafts", "sealed", draft, 1)
    }

    /// The password hash of an account, by account id and version of the password.
    pub fn account_password(user: impl Into<String>, version: i64) -> Self {
        Self {
            purpose: Purpose::PasswordHash,
            table: "users",
            column: "password",
            row: user.into(),
            version,
        }
    }

    /// The secret of an account's second factor, by account id and version of the factor.
    pub fn second_factor(user: impl Into<String>, version: i64) -> Self {
        Self::seal("users", "factor", user, version)
    }

    /// What an audit record commits to, by the id that the record names.
    pub fn audit_private(id: impl Into<String>) -> Self {
        Self::seal("audit_private", "sealed", id, 1)
    }

    /// The secrets of a stream, by its name and their version.
    pub fn stream_secret(stream: impl Into<String>, version: i64) -> Self {
        Self::seal("streams", "secret", stream, version)
    }

    fn seal(
        table: &'static str,
        column: &'static str,
        row: impl Into<String>,
        version: i64,
    ) -> Self {
        Self {
            purpose: Purpose::Seal,
            table,
            column,
            row: row.into(),
            version,
        }
    }

    /// What is authenticated with the ciphertext. Every part carries its length, so that no two
    /// places give the same bytes.
    pub(super) fn bound_to(&self, key: KeyId) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(96 + self.row.len());
        let version = self.version.to_be_bytes();
        let parts: [&[u8]; 6] = [
            CONTEXT,
            self.table.as_bytes(),
            self.column.as_bytes(),
            self.row.as_bytes(),
            &version,
            key.as_bytes(),
        ];
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        bytes
    }
}
