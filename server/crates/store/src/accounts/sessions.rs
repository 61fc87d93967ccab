//! Sessions of signed-in people.
//!
//! Owns the table `sessions`. Known only by the hash of their id: the database gives nobody a
//! session.

use carillon_domain::Timestamp;

use crate::conn::Conn;
use crate::error::Result;
use crate::orders::{self, Order, Ordered};
use crate::passes::Pass;
use crate::row::Row;
use crate::signed::{Facts, SignedRows, Trust};
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

use super::users::{UserRow, genuine_user, push_user};

/// Sessions that are over by their time and taken away together, at most: one record names them.
const TOGETHER: i64 = 100;

/// One session.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of what the cookie holds.
    pub id_hash: Vec<u8>,
    /// Whose it is.
    pub user_id: String,
    /// How they signed in.
    pub auth: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_seen_at: Timestamp,
    /// When whoever holds it last showed who they are.
    pub proved_at: Timestamp,
    /// From where it was made.
    pub ip: String,
    /// The browser's name for itself.
    pub agent: String,
}

impl std::fmt::Debug for SessionRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionRow")
            .field("user_id", &self.user_id)
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}

const COLUMNS: &str = "s.id_hash, s.user_id, s.auth, s.created_at AS session_created_at, \
     s.last_seen_at, s.proved_at, s.ip, s.agent, s.mac AS session_mac";

/// Reads everything that is signed of sessions.
pub(crate) fn select_signed() -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push(" FROM sessions s");
    sql
}

/// What is signed of a session, and its code.
pub(crate) fn signed_facts(row: &Row) -> Result<(Facts, Option<Vec<u8>>)> {
    Ok((session_row(row)?.facts(), row.get("session_mac")?))
}

impl SessionRow {
    /// People know it by the first digits of its hash.
    fn facts(&self) -> Facts {
        let name = hex::encode(self.id_hash.get(..4).unwrap_or_default());
        Facts::of(SignedRows::Sessions, &self.id_hash, name)
            .text(&self.user_id)
            .text(&self.auth)
            .at(self.created_at)
            .at(self.last_seen_at)
            .at(self.proved_at)
    }
}

fn session_row(row: &Row) -> Result<SessionRow> {
    let fields = row.of("sessions", "user_id");
    Ok(SessionRow {
        id_hash: fields.get("id_hash")?,
        user_id: fields.text("user_id")?,
        auth: fields.text("auth")?,
        created_at: fields.at("session_created_at")?,
        last_seen_at: fields.at("last_seen_at")?,
        proved_at: fields.at("proved_at")?,
        ip: fields.text("ip")?,
        agent: fields.text("agent")?,
    })
}

/// A session and what every request under it has to know, whether or not it is still good: that
/// is the caller's to judge.
#[derive(Clone, Debug)]
pub struct SessionStanding {
    /// The session.
    pub session: SessionRow,
    /// Its account.
    pub user: UserRow,
    /// For which roles a second factor is demanded.
    pub demanded: Ordered,
}

impl Store {
    /// A session with its account, the account's areas, and who needs a second factor.
    pub async fn session(&self, id_hash: &[u8]) -> Result<Option<SessionStanding>> {
        find(&mut self.read().await?.conn(), &self.trust, id_hash).await
    }

    /// The sessions of one account, or of all, last used first, believed or not: to be shown and
    /// ended.
    pub async fn sessions(&self, user_id: Option<&str>) -> Result<Vec<SessionRow>> {
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS).push(" FROM sessions s");
        if let Some(id) = user_id {
            sql.push(" WHERE s.user_id = ").bind(id);
        }
        sql.push(" ORDER BY s.last_seen_at DESC, s.id_hash LIMIT 1000");
        let rows = self.read().await?.conn().all(sql).await?;
        rows.iter().map(session_row).collect()
    }
}

async fn find(
    conn: &mut Conn<'_>,
    trust: &Trust,
    id_hash: &[u8],
) -> Result<Option<SessionStanding>> {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push(", ");
    push_user(&mut sql);
    sql.push(", ");
    orders::push(&mut sql, Order::SecondFactor, "demanded");
    sql.push(" FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id_hash = ");
    sql.bind(id_hash).keep();
    let row = conn.optional(sql).await?;
    row.map(|row| standing(trust, &row)).transpose()
}

fn standing(trust: &Trust, row: &Row) -> Result<SessionStanding> {
    trust.checked(SignedRows::Sessions, row)?;
    Ok(SessionStanding {
        session: session_row(row)?,
        user: genuine_user(trust, row)?,
        demanded: orders::pushed(trust, row, (Order::SecondFactor, "demanded"))?,
    })
}

impl Unit {
    /// A session with its account, both of which nobody changes or ends until this unit is over.
    pub async fn session_to_keep(&mut self, id_hash: &[u8]) -> Result<Option<SessionStanding>> {
        let trust = self.trust.clone();
        let mut conn = self.conn();
        if let Some(lock) = conn.dialect().for_share() {
            let mut sql = Sql::new("SELECT u.id FROM users u JOIN sessions p ON p.user_id = u.id ");
            sql.push("WHERE p.id_hash = ").bind(id_hash).push(lock);
            conn.optional(sql).await?;
        }
        find(&mut conn, &trust, id_hash).await
    }

    /// Begins a session.
    pub async fn insert_session(&mut self, session: &SessionRow) -> Result<()> {
        let sql = Sql::new(
            "INSERT INTO sessions (id_hash, user_id, auth, created_at, last_seen_at, proved_at, \
             ip, agent, mac) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        );
        let sql = sql.arg(&session.id_hash).arg(&session.user_id);
        let sql = sql
            .arg(&session.auth)
            .arg(session.created_at)
            .arg(session.last_seen_at)
            .arg(session.proved_at);
        let code = self.trust.sign(&session.facts());
        let sql = sql.arg(&session.ip).arg(&session.agent).arg(code);
        self.conn().execute(sql).await?;
        self.trust.sessions.hold(session);
        Ok(())
    }

    /// Notes that a session was used, unless something is being written under it: a long import would
    /// hold up all pages of who began it. What is signed of it besides changes with its id only.
    pub async fn touch_session(&mut self, session: &SessionRow, now: Timestamp) -> Result<()> {
        let seen = SessionRow {
            last_seen_at: now,
            ..session.clone()
        };
        let mut sql = Sql::new(
            "UPDATE sessions SET last_seen_at = $2, mac = $3 WHERE id_hash IN \
             (SELECT id_hash FROM sessions WHERE id_hash = $1",
        );
        let code = self.trust.sign(&seen.facts());
        let mut conn = self.conn();
        sql.push(conn.dialect().unless_kept()).push(")");
        let sql = sql.arg(&seen.id_hash).arg(now).arg(code);
        conn.execute(sql).await.map(drop)
    }

    /// Gives a session another id, at a moment at which its holder showed who they are: whoever
    /// knows the old one has nothing. Says whether it was there.
    pub async fn renew_session(
        &mut self,
        id_hash: &[u8],
        new_hash: &[u8],
        now: Timestamp,
    ) -> Result<bool> {
        let sql = Sql::new(
            "UPDATE sessions SET id_hash = $2, proved_at = $3, last_seen_at = $3 \
             WHERE id_hash = $1",
        );
        let which = (SignedRows::Sessions, id_hash);
        let change = sql.arg(id_hash).arg(new_hash).arg(now);
        let changed = self.change_signed(which, change).await?;
        // Its key is another now.
        self.sign_now(SignedRows::Sessions, new_hash).await?;
        if changed > 0 {
            self.trust.sessions.renew(id_hash, new_hash, now);
            self.ended.add(Pass::Session, [id_hash.to_vec()]);
        }
        Ok(changed > 0)
    }

    /// Ends the sessions of an account beyond the so many that were used last; says how many.
    pub async fn delete_sessions_beyond(&mut self, user_id: &str, most: i64) -> Result<u64> {
        let sql = Sql::new(
            "DELETE FROM sessions WHERE user_id = $1 AND id_hash NOT IN \
             (SELECT id_hash FROM sessions WHERE user_id = $1 \
             ORDER BY last_seen_at DESC, created_at DESC, id_hash LIMIT $2)",
        );
        let sql = sql.arg(user_id).arg(most);
        self.end_passes(Pass::Session, sql).await
    }

    /// Ends a session; says whether it was there.
    pub async fn delete_session(&mut self, id_hash: &[u8]) -> Result<bool> {
        let sql = Sql::new("DELETE FROM sessions WHERE id_hash = $1").arg(id_hash);
        Ok(self.end_passes(Pass::Session, sql).await? > 0)
    }

    /// Ends all sessions of an account, but for one if given.
    pub async fn delete_sessions_of(&mut self, user_id: &str, but: Option<&[u8]>) -> Result<u64> {
        let sql = Sql::new("DELETE FROM sessions WHERE user_id = $1 AND id_hash <> $2");
        let sql = sql.arg(user_id).arg(but.unwrap_or_default());
        self.end_passes(Pass::Session, sql).await
    }

    /// Ends sessions unused since `idle_since` or begun before `born_before`, not all at once where they
    /// are many; says how many.
    pub async fn delete_old_sessions(
        &mut self,
        idle_since: Timestamp,
        born_before: Timestamp,
    ) -> Result<u64> {
        let sql = Sql::new(
            "DELETE FROM sessions WHERE id_hash IN (SELECT id_hash FROM sessions \
             WHERE last_seen_at < $1 OR created_at < $2 ORDER BY id_hash LIMIT $3)",
        );
        let sql = sql.arg(idle_since).arg(born_before).arg(TOGETHER);
        self.end_passes(Pass::Session, sql).await
    }
}
