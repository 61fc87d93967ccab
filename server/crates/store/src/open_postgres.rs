//! Opening Postgres.
//!
//! Owns the settings of every connection: durable commits, and an end to every wait.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgSslMode};

use crate::audit::Known;
use crate::conn::Conn;
use crate::error::{Result, StoreError};
use crate::sql::Sql;
use crate::store::Pools;

const CONNECTIONS: u32 = 10;
/// One task uses one, and another when that was lost.
const CONNECTIONS_OF_ONE: u32 = 2;
/// Statements that a connection keeps prepared: each text of several rows comes in several sizes.
const KEPT_STATEMENTS: usize = 256;
/// Which run of which server it is, and which database there.
const SERVER: &str = "SELECT pg_postmaster_start_time()::text || ' ' || oid::text \
     FROM pg_database WHERE datname = current_database()";
/// The pauses between tries to connect double up to half of this: a server that comes back is
/// found again within seconds.
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(8);

pub(crate) async fn open(url: &str, known: Arc<Known>) -> Result<Pools> {
    let options = PgConnectOptions::from_str(url).map_err(|_| {
        // The parser's own words could repeat part of the address.
        StoreError::Unusable(
            "the database's address cannot be understood: postgres://USER@HOST/NAME".to_owned(),
        )
    })?;
    let options = options
        .application_name("carillon")
        .statement_cache_capacity(KEPT_STATEMENTS)
        .options([
            ("synchronous_commit", "on"),
            // A page's statement of many parts is estimated high and done in milliseconds; to compile
            // it first takes half a second.
            ("jit", "off"),
            ("statement_timeout", "30s"),
            ("lock_timeout", "10s"),
            ("idle_in_transaction_session_timeout", "60s"),
        ])
        .disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(WAIT_FOR_CONNECTION)
        // It may lead to a server that took over and lacks the last commits of the other one.
        .after_connect(move |conn, _| {
            let known = known.clone();
            Box::pin(async move {
                let server = sqlx::query_scalar(SERVER).fetch_one(conn).await?;
                known.forget_unless_of(server);
                Ok(())
            })
        })
        .connect_with(options)
        .await?;
    Ok(Pools::Postgres { pool, kept: None })
}

/// Whether this address leads over a network to a server that nobody would know from another one: it
/// is no socket and not this machine, and its certificate would not be checked with its name.
/// `false` where it cannot be understood, which [`crate::Store::open`] tells.
pub fn trusts_the_network(url: &str) -> bool {
    let Ok(options) = PgConnectOptions::from_str(url) else {
        return false;
    };
    let host = options.get_host().trim_matches(['[', ']']);
    let here = options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    !here && !matches!(options.get_ssl_mode(), PgSslMode::VerifyFull)
}

/// A pool of the same server for one task, which opens its connections when it needs them.
pub(crate) fn apart(pool: &PgPool) -> PgPool {
    let options = PgConnectOptions::clone(&pool.connect_options());
    pool.options()
        .clone()
        .max_connections(CONNECTIONS_OF_ONE)
        .connect_lazy_with(options)
}

/// What the server is set to that would make a confirmed commit less than durable.
pub(crate) async fn durability_concerns(conn: &mut Conn<'_>) -> Result<Vec<String>> {
    let sql = Sql::new(
        "SELECT name, setting FROM pg_settings WHERE (name IN ('fsync', 'full_page_writes', \
         'synchronous_commit') AND setting = 'off') \
         OR (name = 'data_sync_retry' AND setting = 'on') ORDER BY name",
    );
    let rows = conn.all(sql).await?;
    rows.iter()
        .map(|row| {
            let (name, setting): (String, String) = (row.get("name")?, row.get("setting")?);
            Ok(format!("{name} = {setting}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::trusts_the_network;

    #[test]
    fn only_a_checked_certificate_or_this_machine_is_trusted() {
        for (url, trusts) in [
            ("postgres://c@db.example/carillon", true),
            ("postgres://c@10.0.0.9:5433/carillon", true),
            ("postgres://c@[fd00::9]/carillon", true),
            ("postgres://c@db.example/carillon?sslmode=disable", true),
            ("postgres://c@db.example/carillon?sslmode=prefer", true),
            ("postgres://c@db.example/carillon?sslmode=require", true),
            ("postgres://c@db.example/carillon?sslmode=verify-ca", true),
            (
                "postgres://c@db.example/carillon?sslmode=verify-full",
                false,
            ),
            (
                "postgresql://c@db.example/carillon?ssl-mode=verify-full",
                false,
            ),
            ("postgres://c@127.0.0.1/carillon", false),
            ("postgres://c@127.9.9.9:5433/carillon", false),
            ("postgres://c@[::1]/carillon", false),
            ("postgres://c@localhost/carillon?sslmode=disable", false),
            ("postgres://c@localhost.example/carillon", true),
            ("postgres://c@/carillon?host=/run/postgresql", false),
            ("postgres://c@%2Frun%2Fpostgresql/carillon", false),
            ("postgres://c@127.0.0.1/carillon?host=10.0.0.9", true),
            ("postgres://c@127.0.0.1/carillon?hostaddr=10.0.0.9", true),
            ("postgres://c@10.0.0.9/carillon?host=/run/postgresql", false),
            ("postgres://[", false),
        ] {
            assert_eq!(trusts_the_network(url), trusts, "{url}");
        }
    }
}
