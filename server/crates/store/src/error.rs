//! What can go wrong between Carillon and its database.
//!
//! Owns the few kinds that a caller treats differently. *Invariant:* no error text carries a
//! connection string, a bound value or a secret. An absent row is no error but `None`.

use std::fmt;

use crate::signed::ForgedRow;

/// What every function of this crate answers.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why the database did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row exists already, changed meanwhile, or is still used by another.
    #[error("the record exists already, was changed meanwhile, or is still in use")]
    Conflict,
    /// A stored value is none that Carillon writes.
    #[error("the database holds a value that cannot be right: {table}.{column} of {row:?}")]
    Inconsistent {
        /// Table.
        table: &'static str,
        /// Column.
        column: &'static str,
        /// Key of the row.
        row: String,
    },
    /// A row that decides security is not as Carillon wrote it: it counts as if it were not there.
    #[error("the {} {:?} was changed outside Carillon and is not believed", .0.rows, .0.name)]
    Forged(ForgedRow),
    /// The place in a list is none that this list gave out.
    #[error("this place in the list does not exist; start at its beginning")]
    InvalidCursor,
    /// Gone, full, read-only, locked or too busy: worth trying again later.
    #[error("the database does not take this now")]
    Unavailable(#[source] DriverError),
    /// The commit was sent and not confirmed: it may have happened. Read again before acting.
    #[error("the database did not confirm the commit")]
    Uncertain(#[source] DriverError),
    /// The database cannot be used as it is: wrong kind, wrong version, wrong address.
    #[error("{0}")]
    Unusable(String),
    /// Anything else: a fault in a statement or in the driver.
    #[error("the database refused a statement")]
    Driver(#[source] DriverError),
}

/// The driver's own words, without its types.
pub struct DriverError(pub(crate) sqlx::Error);

impl fmt::Debug for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DriverError({self})")
    }
}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            sqlx::Error::Configuration(_) => f.write_str("the address cannot be understood"),
            sqlx::Error::Database(error) => f.write_str(error.message()),
            other => write!(f, "{other}"),
        }
    }
}

impl std::error::Error for DriverError {}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            E::Database(inner)
                if inner.is_unique_violation() || inner.is_foreign_key_violation() =>
            {
                Self::Conflict
            }
            E::Database(inner) if is_passing(inner.code().as_deref().unwrap_or_default()) => {
                Self::Unavailable(DriverError(error))
            }
            E::Io(_)
            | E::Tls(_)
            | E::Protocol(_)
            | E::PoolTimedOut
            | E::PoolClosed
            | E::WorkerCrashed
            | E::BeginFailed => Self::Unavailable(DriverError(error)),
            _ => Self::Driver(DriverError(error)),
        }
    }
}

/// Whether a database's error code tells of a state that can pass.
fn is_passing(code: &str) -> bool {
    // SQLite's extended codes keep the primary one in the low byte.
    if let Ok(number) = code.parse::<u32>()
        && code.len() != 5
    {
        const BUSY_LOCKED_READONLY_IOERR_FULL_CANTOPEN: [u32; 6] = [5, 6, 8, 10, 13, 14];
        return BUSY_LOCKED_READONLY_IOERR_FULL_CANTOPEN.contains(&(number & 0xff));
    }
    // Postgres: lost connections, conflicts between transactions, no room, shutting down,
    // read-only, lock or statement timeouts.
    ["08", "40", "53", "57", "58"]
        .iter()
        .any(|class| code.starts_with(class))
        || ["25006", "55P03", "25P03"].contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_disks_and_restarts_pass_and_broken_statements_do_not() {
        for code in [
            "5", "13", "10", "1034", "778", "40P01", "57P01", "53100", "08006",
        ] {
            assert!(is_passing(code), "{code}");
        }
        for code in ["1", "11", "42601", "23514", "22021"] {
            assert!(!is_passing(code), "{code}");
        }
    }
}
