//! Sessions, links to a new password and recovery codes of before do not count again.
//!
//! Owns the question to the log whether one was ended. *Invariant:* what a record ended opens nothing,
//! whatever code its row has; one about which the log cannot be read opens nothing either.

use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_store::{
    AuditQuery, AuditRow, SessionRow, SignedRows, StandingPass, Store, StoreError,
};
use serde_json::Value;

use crate::Engine;
use crate::accounts::short;
use crate::audit::Passes;
use crate::error::Result;

/// More records than name one of them.
const MOST: usize = 1000;
/// More records than are made in a second, but for imports: behind those the log is asked anew.
const MOST_NEW: i64 = 1000;
/// So far may the clocks of nodes be apart.
const APART: Duration = Duration::from_hours(1);

impl Engine {
    /// Whether no record ended this session. Asked once for each, and again after one did.
    ///
    /// # Errors
    /// When the storage fails.
    pub(crate) async fn session_goes_on(&self, row: &SessionRow) -> Result<bool> {
        if self.store.holds_session(row) {
            return Ok(true);
        }
        let since = Some(row.created_at.minus(APART));
        if is_over(
            &self.store,
            (SignedRows::Sessions, row.id_hash.as_slice()),
            since,
        )
        .await?
        {
            self.was_put_back(SignedRows::Sessions, &row.id_hash).await;
            return Ok(false);
        }
        self.store.hold_session(row);
        Ok(true)
    }

    /// Whether no record ended this link, which lasts so long.
    ///
    /// # Errors
    /// When the storage fails.
    pub(crate) async fn link_goes_on(&self, hash: &[u8], lasts: Duration) -> Result<bool> {
        let since = Some(self.clock.now().minus(lasts).minus(APART));
        let over = is_over(&self.store, (SignedRows::ResetLinks, hash), since).await?;
        if over {
            self.was_put_back(SignedRows::ResetLinks, hash).await;
        }
        Ok(!over)
    }

    /// From now on the row with this key does not count as it stands, and a record says so. It is denied
    /// whether or not that succeeds.
    async fn was_put_back(&self, rows: SignedRows, key: &[u8]) {
        let told = async {
            let mut unit = self.store.begin().await?;
            unit.disbelieve(rows, key).await
        };
        if let Err(error) = told.await {
            tracing::error!(%error, %rows, "a row that was put back could not be told of");
        }
        self.tell_of_forged_rows().await;
    }
}

/// Whether a record since then ended the session, the link or the code with this hash.
///
/// # Errors
/// When the storage fails.
pub(crate) async fn is_over(
    store: &Store,
    (rows, hash): (SignedRows, &[u8]),
    since: Option<Timestamp>,
) -> Result<bool, StoreError> {
    let name = short(hash);
    let query = AuditQuery {
        from: since,
        ..AuditQuery::default()
    };
    let records = match store.audit_of_word(&query, &name, MOST).await {
        Err(error @ StoreError::Inconsistent { .. }) => {
            tracing::error!(%error, %rows, row = %name, "whether it was ended cannot be read");
            return Ok(true);
        }
        read => read?,
    };
    let kind = Passes::kind_of(rows.as_str()).unwrap_or_default();
    let mut passes = Passes::of(&[StandingPass { kind, name }]);
    for record in &records {
        passes.add(record.seq, &record.event);
    }
    Ok(passes.odd().next().is_some())
}

/// Lets the sessions go that another node ended since the record with this number, in a log of this size.
pub(super) async fn let_go_of_ended(
    store: &Store,
    (since, size): (i64, i64),
) -> Result<(), StoreError> {
    let query = AuditQuery {
        not_actions: vec!["target.*".to_owned()],
        ..AuditQuery::default()
    };
    let records = match store.audit_batch(&query, since - 1, MOST_NEW).await {
        Err(StoreError::Inconsistent { .. }) => None,
        read => Some(read?),
    };
    // Cut, unreadable or too many: whatever they say, the log is asked about all sessions.
    let all = records.filter(|records| since <= size && (records.len() as i64) < MOST_NEW);
    match all {
        Some(records) => store.let_sessions_go(&records.iter().flat_map(ended).collect()),
        None => store.let_all_sessions_go(),
    }
    Ok(())
}

fn ended(record: &AuditRow) -> Vec<&str> {
    let detail = &record.event.detail;
    let names = detail["ended"]["sessions"].as_array();
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    // As an earlier program tells it.
    names.chain(detail["session"].as_str()).collect()
}
