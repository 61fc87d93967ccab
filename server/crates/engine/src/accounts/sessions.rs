//! Sessions of browsers.
//!
//! Owns how long a session lives, whom it speaks for on each request, and its end.
//! *Invariant:* the role is read from the account on every request; of the token only its
//! SHA-256 is stored.

use std::time::Duration;

use carillon_domain::event::{Actor, ActorKind, Event};
use carillon_domain::look::Look;
use carillon_domain::role::{Permission, Role};
use carillon_domain::{Language, Reach, Timestamp};
use carillon_store::{Ordered, SessionRow, Unit, UserRow};
use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::access::reach_of;
use super::bearer;
use super::external::STRONG;
use super::form_tokens::form_token;
use super::proof::is_fresh_proof;
use super::second_factor::must_set_up;
use super::sign_in::SignedIn;
use crate::Engine;
use crate::caller::{Asker, Caller, Pass};
use crate::error::{EngineError, Result};
use crate::secrets::Keyring;

/// No session outlives this.
pub const ABSOLUTE_LIMIT: Duration = Duration::from_hours(12);
const LONGEST_IDLE: Duration = Duration::from_mins(30);
/// How often "last seen" is written.
const SEEN_EVERY: Duration = Duration::from_mins(1);
const LONGEST_AGENT: usize = 200;
/// So many sessions of an account live at once; one more ends the one unused for longest.
const MOST_SESSIONS: i64 = 5;

/// How long a session of this role may lie idle.
pub const fn idle_limit(role: Role) -> Duration {
    match role {
        Role::Admin => Duration::from_mins(15),
        Role::Viewer | Role::Operator | Role::Auditor => LONGEST_IDLE,
    }
}

/// Whom a request with a valid session cookie speaks for.
#[derive(Clone)]
pub struct SessionContext {
    /// The person, with the role of this moment.
    pub caller: Caller,
    /// Handle of the session in pages: neither the token nor its hash.
    pub handle: String,
    /// What every form of this session carries.
    pub csrf: String,
    /// When it began.
    pub created_at: Timestamp,
    /// The language that the account chose for its pages.
    pub language: Option<Language>,
    /// How its pages look.
    pub look: Look,
    /// When its holder last showed who they are.
    pub proved_at: Timestamp,
    /// Whether the account has a password of ours; else a provider vouches for it.
    pub has_password: bool,
    /// Whether the account has a second factor.
    pub has_factor: bool,
    /// The role demands a second factor and there is none: nothing else can be done.
    pub must_set_up: bool,
    hash: [u8; 32],
}

/// From where, and with what, somebody signs in.
pub(super) struct Origin {
    pub(super) ip: Option<String>,
    pub(super) agent: String,
}

impl Engine {
    /// Whom a session cookie speaks for now; `None` when it speaks for nobody.
    ///
    /// # Errors
    /// Only when the storage fails or the keys are missing.
    pub async fn authenticate_session(
        &self,
        token: &SecretString,
        ip: Option<String>,
    ) -> Result<Option<SessionContext>> {
        let keyring = self.keyring()?;
        let Some(hash) = bearer::hash_of::<32>(token, "") else {
            return Ok(None);
        };
        let now = self.clock.now();
        let found = self.store.session(&hash).await;
        let Some(standing) = self.believed(found).await? else {
            return Ok(None);
        };
        let demanded = &standing.demanded;
        let must_set_up = must_set_up_in(&standing.session, &standing.user, demanded)?;
        let (row, user) = (standing.session, standing.user);
        if !is_good(&row, &user, now) || !self.session_goes_on(&row).await? {
            return Ok(None);
        }
        if now.since(row.last_seen_at) >= SEEN_EVERY {
            self.note_seen(&row, now).await;
        }
        let origin = Origin {
            ip,
            agent: String::new(),
        };
        let reach = reach_of(&user);
        let session = context(keyring, hash, (&row, &user), origin, (reach, now));
        Ok(Some(SessionContext {
            must_set_up,
            ..session
        }))
    }

    /// Whether a session that was good a while ago still is: for streams that stay open.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn session_lives(&self, session: &SessionContext) -> Result<bool> {
        let found = self.store.session(&session.hash).await;
        let Some(standing) = self.believed(found).await? else {
            return Ok(false);
        };
        let (row, user) = (&standing.session, &standing.user);
        let rights =
            (user.role, reach_of(user)) == (session.caller.role, session.caller.reach.clone());
        let same = is_good(row, user, self.clock.now()) && rights;
        let lives = same && !must_set_up_in(row, user, &standing.demanded)?;
        Ok(lives && self.session_goes_on(row).await?)
    }

    /// Ends this session.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn sign_out(&self, session: &SessionContext) -> Result<()> {
        let mut unit = self.store.begin().await?;
        if unit.delete_session(&session.hash).await? {
            let mut event = session.caller.event(self.clock.now(), "account.signed_out");
            event.detail = json!({ "session": short(&session.hash) });
            unit.record(&[event]).await?.commit().await?;
        }
        Ok(())
    }

    /// Throws away sessions that are over, with a record that names them. For a timer.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn sweep_sessions(&self) -> Result<u64> {
        let now = self.clock.now();
        let (idle_since, born_before) = (now.minus(LONGEST_IDLE), now.minus(ABSOLUTE_LIMIT));
        let mut all = 0;
        loop {
            let mut unit = self.store.begin().await?;
            let gone = unit.delete_old_sessions(idle_since, born_before).await?;
            if gone == 0 {
                return Ok(all);
            }
            all += gone;
            let mut event = Event::new(now, Actor::system(), "session.expired");
            event.detail = json!({ "count": gone });
            unit.record(&[event]).await?.commit().await?;
        }
    }

    /// Begins a session inside a unit, of somebody who showed who they are in this way at this
    /// moment; the record of it is the caller's to write.
    pub(super) async fn begin_session(
        &self,
        unit: &mut Unit,
        user: &UserRow,
        (auth, proved_at): (&str, Timestamp),
        origin: Origin,
    ) -> Result<(SignedIn, Event)> {
        let keyring = self.keyring()?;
        let now = self.clock.now();
        let token = bearer::fresh::<32>(&self.random, "")?;
        let hash = bearer::hash_of::<32>(&token, "").ok_or(EngineError::Internal("a token"))?;
        let row = SessionRow {
            id_hash: hash.to_vec(),
            user_id: user.id.clone(),
            auth: auth.to_owned(),
            created_at: now,
            last_seen_at: now,
            proved_at,
            ip: origin.ip.clone().unwrap_or_default(),
            agent: shortened(&origin.agent),
        };
        unit.insert_session(&row).await?;
        let ended = unit.delete_sessions_beyond(&user.id, MOST_SESSIONS).await?;
        unit.stamp_sign_in(&user.id, now).await?;
        let reach = reach_of(user);
        let session = context(keyring, hash, (&row, user), origin, (reach, now));
        let mut event = session.caller.event(now, "account.signed_in");
        event.detail = json!({ "session": short(&hash), "sessions_ended": ended });
        let browser = None;
        Ok((
            SignedIn {
                token,
                session,
                browser,
            },
            event,
        ))
    }

    /// Gives a session another token inside a unit, at a moment at which its holder showed who
    /// they are; the record of it is the caller's to write.
    pub(super) async fn renew_session(
        &self,
        unit: &mut Unit,
        session: &SessionContext,
    ) -> Result<SignedIn> {
        let now = self.clock.now();
        let token = bearer::fresh::<32>(&self.random, "")?;
        let hash = bearer::hash_of::<32>(&token, "").ok_or(EngineError::Internal("a token"))?;
        if !unit.renew_session(&session.hash, &hash, now).await? {
            return Err(EngineError::Denied(Permission::OwnAccount));
        }
        let session = SessionContext {
            caller: session.caller.in_session(short(&hash), hash),
            handle: handle_of(&hash),
            csrf: form_token(self.keyring()?, &hash),
            proved_at: now,
            hash,
            ..session.clone()
        };
        Ok(SignedIn {
            token,
            session,
            browser: None,
        })
    }

    /// A lost note costs nothing but an earlier end of an idle session.
    async fn note_seen(&self, session: &SessionRow, now: Timestamp) {
        let noted = async {
            let mut unit = self.store.begin().await?;
            unit.touch_session(session, now).await?;
            unit.commit_bookkeeping().await
        };
        if let Err(error) = noted.await {
            tracing::warn!(%error, "the use of a session was not noted");
        }
    }
}

impl SessionContext {
    pub(super) const fn hash(&self) -> &[u8; 32] {
        &self.hash
    }
}

/// Whether a second factor must be set up before anything else. A provider that vouched for one
/// has spared that.
fn must_set_up_in(row: &SessionRow, user: &UserRow, demanded: &Ordered) -> Result<bool> {
    Ok(row.auth != STRONG && must_set_up(user, demanded)?)
}

pub(super) fn actor(user: &UserRow, auth: &str) -> Actor {
    Actor {
        kind: ActorKind::User,
        id: user.id.clone(),
        name: user.name.clone(),
        auth: auth.to_owned(),
        session: String::new(),
    }
}

fn context(
    keyring: &Keyring,
    hash: [u8; 32],
    (row, user): (&SessionRow, &UserRow),
    origin: Origin,
    (reach, now): (Reach, Timestamp),
) -> SessionContext {
    let actor = Actor {
        session: short(&hash),
        ..actor(user, &row.auth)
    };
    SessionContext {
        caller: Caller::authenticated(
            Asker {
                actor,
                role: user.role,
                user_id: Some(user.id.clone()),
                ip: origin.ip,
                reach,
                proved: is_fresh_proof(row.proved_at, now),
            },
            Pass::Session(hash),
        ),
        handle: handle_of(&hash),
        csrf: form_token(keyring, &hash),
        created_at: row.created_at,
        language: user.language,
        look: user.look,
        proved_at: row.proved_at,
        has_password: user.password.is_some(),
        has_factor: user.factor.is_some(),
        must_set_up: false,
        hash,
    }
}

fn is_good(row: &SessionRow, user: &UserRow, now: Timestamp) -> bool {
    !user.disabled && is_fresh(row, user.role, now)
}

pub(super) fn is_fresh(row: &SessionRow, role: Role, now: Timestamp) -> bool {
    now.since(row.last_seen_at) < idle_limit(role) && now.since(row.created_at) < ABSOLUTE_LIMIT
}

pub(super) fn handle_of(hash: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::new()
        .chain_update("carillon-session-handle")
        .chain_update(hash)
        .finalize()
        .into();
    hex::encode(digest.get(..12).unwrap_or_default())
}

/// What an audit record says of a session: the first eight digits of its hash.
pub(crate) fn short(hash: &[u8]) -> String {
    hex::encode(hash.get(..4).unwrap_or_default())
}

fn shortened(agent: &str) -> String {
    agent
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_AGENT)
        .collect()
}
