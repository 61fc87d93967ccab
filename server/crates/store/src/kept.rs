//! A connection to Postgres that one task keeps from one transaction to the next.
//!
//! Owns that connection while nobody writes with it. A pool asks the server whether a connection
//! lives each time it lends it, and each time it gets it back: two waits more for every batch.
//! *Invariant:* a connection is kept only after a commit; any other end closes it, and with it
//! what was begun on it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{Connection as _, Executor as _};

/// After a rest as long as this it is asked whether it lives.
const REST: Duration = Duration::from_secs(1);
/// And given up where it says nothing for so long.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// The connection, and since when nobody used it.
type Place = Mutex<Option<(PgConnection, Instant)>>;

/// The place of the connection.
#[derive(Default)]
pub(crate) struct Kept(Arc<Place>);

/// A transaction on it.
pub(crate) struct KeptTx {
    conn: PgConnection,
    place: Arc<Place>,
}

impl Kept {
    /// Begins with this statement, on the connection that is kept or on a new one.
    pub(crate) async fn begin(
        &self,
        pool: &PgPool,
        statement: &'static str,
    ) -> Result<KeptTx, sqlx::Error> {
        let conn = match self.living().await {
            Some(conn) => conn,
            None => pool.acquire().await?.detach(),
        };
        let mut tx = KeptTx {
            conn,
            place: self.0.clone(),
        };
        tx.conn.execute(statement).await?;
        Ok(tx)
    }

    /// Ends it, if there is one.
    pub(crate) async fn close(&self) {
        let kept = lock(&self.0).take();
        if let Some((conn, _)) = kept
            && let Err(error) = conn.close().await
        {
            tracing::debug!(%error, "a connection ended before it was closed");
        }
    }

    async fn living(&self) -> Option<PgConnection> {
        let (mut conn, since) = lock(&self.0).take()?;
        if since.elapsed() < REST {
            return Some(conn);
        }
        let answer = tokio::time::timeout(ANSWERS_WITHIN, conn.ping()).await;
        matches!(answer, Ok(Ok(()))).then_some(conn)
    }
}

impl KeptTx {
    /// The connection, until the end of the transaction.
    pub(crate) const fn conn(&mut self) -> &mut PgConnection {
        &mut self.conn
    }

    /// Commits, and keeps the connection for the next transaction.
    pub(crate) async fn commit(mut self) -> Result<(), sqlx::Error> {
        self.conn.execute("COMMIT").await?;
        *lock(&self.place) = Some((self.conn, Instant::now()));
        Ok(())
    }
}

fn lock(place: &Place) -> MutexGuard<'_, Option<(PgConnection, Instant)>> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}
