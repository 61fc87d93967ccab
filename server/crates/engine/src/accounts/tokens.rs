//! API tokens.
//!
//! Owns who may make them, how far they reach and when they end. *Invariant:* a token never does
//! what its account may not, never outlives the token that made it, and is shown once.

use std::time::Duration;

use carillon_domain::event::{Actor, ActorKind};
use carillon_domain::reach::{Area, Reach};
use carillon_domain::role::{Permission, Role};
use carillon_domain::{Timestamp, line};
use carillon_store::{Keeps, TokenRow, TokenScope, UserRow};
use secrecy::SecretString;
use serde_json::json;

use super::access::{check_area, reach_of_token};
use super::bearer;
use crate::Engine;
use crate::caller::{Asker, Caller, Pass};
use crate::error::{EngineError, FieldError, Result};
use crate::ids::new_id;

/// What every token begins with.
const PREFIX: &str = "car_";
/// How long a token works unless one says otherwise.
pub const DEFAULT_LIFETIME: Duration = Duration::from_hours(90 * 24);
/// No token works longer.
pub const LONGEST_LIFETIME: Duration = Duration::from_hours(366 * 24);
const LONGEST_LABEL: usize = 100;
/// How often "last used" is written.
const USED_EVERY: Duration = Duration::from_mins(1);

/// A token as asked for.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// For whom, by name; `None` = for oneself.
    pub user: Option<String>,
    /// What it is for.
    pub label: String,
    /// What of the role it has.
    pub scope: TokenScope,
    /// The only sites and groups that it reaches; `None` = all that its account does.
    pub area: Option<Area>,
    /// How long it works; `None` = 90 days.
    pub lifetime: Option<Duration>,
}

/// A token that was just made.
pub struct IssuedToken {
    /// The token itself: shown this once.
    pub token: SecretString,
    /// What is known of it from now on.
    pub info: TokenInfo,
}

/// One token as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    /// Identity.
    pub id: String,
    /// Name of its account.
    pub user: String,
    /// What it is for.
    pub label: String,
    /// What of the role it has.
    pub scope: TokenScope,
    /// The only sites and groups that it reaches; `None` = all that its account does.
    pub area: Option<Area>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it works.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Whom a request with a valid token speaks for.
#[derive(Clone, Debug)]
pub struct TokenContext {
    /// The token's account, with the role that the token leaves of it.
    pub caller: Caller,
    /// Which token.
    pub id: String,
    /// How far it reaches.
    pub scope: TokenScope,
}

impl TokenInfo {
    fn new(row: TokenRow) -> Self {
        Self {
            area: row.scoped.then_some(row.area),
            id: row.id,
            user: row.user_name,
            label: row.label,
            scope: row.scope,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
        }
    }
}

impl Engine {
    /// Whom a token speaks for now; `None` when it speaks for nobody.
    ///
    /// # Errors
    /// Only when the storage fails or the keys are missing.
    pub async fn authenticate_token(
        &self,
        token: &SecretString,
        ip: Option<String>,
    ) -> Result<Option<TokenContext>> {
        self.keyring()?;
        let Some(hash) = bearer::hash_of::<32>(token, PREFIX) else {
            return Ok(None);
        };
        let now = self.clock.now();
        let found = self.store.token_by_hash(&hash).await;
        let Some((row, user)) = self.believed(found).await? else {
            return Ok(None);
        };
        if user.disabled || !is_alive(&row, now) {
            return Ok(None);
        }
        if row
            .last_used_at
            .is_none_or(|last| now.since(last) >= USED_EVERY)
        {
            self.note_used(&row.id, now).await;
        }
        let reach = reach_of_token(&row, &user);
        Ok(Some(context(&row, &user, ip, reach)))
    }

    /// Makes a token for oneself, or for another account by who administers.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names every wrong field.
    pub async fn create_token(&self, caller: &Caller, new: NewToken) -> Result<IssuedToken> {
        caller.require(Permission::OwnAccount)?;
        let owner = self.owner_of(caller, new.user.as_deref()).await?;
        let now = self.clock.now();
        let expires_at = self.end_of(caller, &new, now).await?;
        let token = bearer::fresh::<32>(&self.random, PREFIX)?;
        let hash = bearer::hash_of::<32>(&token, PREFIX).ok_or(EngineError::Internal("a token"))?;
        let stored = carillon_store::NewToken {
            id: new_id(now, &self.random)?,
            token_hash: hash.to_vec(),
            user_id: owner.id.clone(),
            label: new.label.trim().to_owned(),
            scope: new.scope,
            scoped: new.area.is_some(),
            created_at: now,
            expires_at: Some(expires_at),
        };
        let mut unit = caller
            .begin_keeping(&self.store.narrowed(&caller.reach), Keeps::Accounts)
            .await?;
        unit.insert_token(&stored).await?;
        if let Some(area) = &new.area {
            check_area(&mut unit, area).await?;
            unit.set_area(&stored.id, area).await?;
        }
        let mut event = caller.event(now, "token.created");
        event.detail = json!({
            "user": owner.name, "token": stored.id, "label": stored.label,
            "scope": stored.scope, "reach": new.area, "expires_at": expires_at,
        });
        unit.record(&[event]).await?.commit().await?;
        let info = TokenInfo {
            id: stored.id,
            user: owner.name,
            label: stored.label,
            scope: stored.scope,
            area: new.area,
            created_at: now,
            expires_at: Some(expires_at),
            last_used_at: None,
            revoked_at: None,
        };
        Ok(IssuedToken { token, info })
    }

    /// The caller's own tokens, newest first.
    ///
    /// # Errors
    /// [`EngineError::Denied`] to callers without an account.
    pub async fn own_tokens(&self, caller: &Caller) -> Result<Vec<TokenInfo>> {
        let user = caller.account()?;
        self.token_infos(Some(user)).await
    }

    /// Everybody's tokens, newest first.
    ///
    /// # Errors
    /// [`EngineError::Denied`].
    pub async fn all_tokens(&self, caller: &Caller) -> Result<Vec<TokenInfo>> {
        caller.require(Permission::Administer)?;
        self.token_infos(None).await
    }

    async fn token_infos(&self, user: Option<&str>) -> Result<Vec<TokenInfo>> {
        let tokens = self.store.tokens(user).await?;
        Ok(tokens.into_iter().map(TokenInfo::new).collect())
    }

    /// Revokes a token: one's own, or anybody's for who administers. Twice is once.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is none, or it is somebody else's.
    pub async fn revoke_token(&self, caller: &Caller, id: &str) -> Result<()> {
        caller.require(Permission::OwnAccount)?;
        self.parent_of(caller).await?;
        let row = self.store.token(id).await?.ok_or(EngineError::NotFound)?;
        let own = caller.user_id.as_deref() == Some(row.user_id.as_str());
        if !own && caller.require(Permission::Administer).is_err() {
            return Err(EngineError::NotFound);
        }
        if row.revoked_at.is_some() {
            return Ok(());
        }
        let now = self.clock.now();
        let mut unit = caller.begin_keeping(&self.store, Keeps::Accounts).await?;
        unit.revoke_token(id, now).await?;
        let mut event = caller.event(now, "token.revoked");
        event.detail = json!({ "user": row.user_name, "token": row.id, "label": row.label });
        unit.record(&[event]).await?.commit().await?;
        Ok(())
    }

    async fn owner_of(&self, caller: &Caller, named: Option<&str>) -> Result<UserRow> {
        let found = match named {
            None => self.store.user(caller.account()?).await?,
            Some(name) => self.store.user_by_name(name).await?,
        };
        let owner = found.ok_or(EngineError::NotFound)?;
        if caller.user_id.as_deref() != Some(owner.id.as_str()) {
            caller.require_administrator()?;
        }
        Ok(owner)
    }

    /// The end of a new token's life; every fault of what was asked for at once.
    async fn end_of(&self, caller: &Caller, new: &NewToken, now: Timestamp) -> Result<Timestamp> {
        let lifetime = new.lifetime.unwrap_or(DEFAULT_LIFETIME);
        let faults = faults_of(new, lifetime);
        if !faults.is_empty() {
            return Err(EngineError::Invalid(faults));
        }
        let wanted = now.plus(lifetime);
        match self.parent_of(caller).await? {
            None => Ok(wanted),
            Some(parent) => Ok(parent.expires_at.map_or(wanted, |end| end.min(wanted))),
        }
    }

    /// The token that makes or revokes another one. It must be of the widest scope, so that what
    /// it makes is never wider.
    async fn parent_of(&self, caller: &Caller) -> Result<Option<TokenRow>> {
        if caller.actor.kind != ActorKind::Token {
            return Ok(None);
        }
        let parent = self
            .store
            .token(&caller.actor.id)
            .await?
            .ok_or(EngineError::NotFound)?;
        if parent.scope == TokenScope::Manage {
            Ok(Some(parent))
        } else {
            Err(EngineError::Denied(Permission::OwnAccount))
        }
    }

    async fn note_used(&self, id: &str, now: Timestamp) {
        let noted = async {
            let mut unit = self.store.begin().await?;
            unit.touch_token(id, now).await?;
            unit.commit_bookkeeping().await
        };
        if let Err(error) = noted.await {
            tracing::warn!(%error, "the use of a token was not noted");
        }
    }
}

fn faults_of(new: &NewToken, lifetime: Duration) -> Vec<FieldError> {
    let mut faults = Vec::new();
    let label = new.label.trim();
    if label.is_empty() {
        faults.push(FieldError::new(
            "label",
            "required",
            "Say what the token is for.",
        ));
    } else if label.chars().count() > LONGEST_LABEL || !line::is_plain(label) {
        let message = format!("Use at most {LONGEST_LABEL} ordinary characters.");
        faults.push(FieldError::new("label", "invalid", message));
    }
    faults.extend(area_faults(new));
    if lifetime.is_zero() || lifetime > LONGEST_LIFETIME {
        let message = "A token works for 1 to 366 days.";
        faults.push(FieldError::new("expires", "out_of_range", message));
    }
    faults
}

fn area_faults(new: &NewToken) -> Option<FieldError> {
    let area = new.area.as_ref()?;
    if new.scope == TokenScope::Manage {
        let message = "A token that manages reaches everything: choose less, or name nothing.";
        return Some(FieldError::new("sites", "invalid", message));
    }
    let empty = *area == Area::default();
    empty.then(|| FieldError::new("sites", "required", "Name at least one site or group."))
}

fn is_alive(row: &TokenRow, now: Timestamp) -> bool {
    row.revoked_at.is_none() && row.expires_at.is_none_or(|end| now < end)
}

fn context(row: &TokenRow, user: &UserRow, ip: Option<String>, reach: Reach) -> TokenContext {
    let role: Role = bearer::capped_role(row.scope, user.role);
    TokenContext {
        caller: Caller::authenticated(
            Asker {
                actor: Actor {
                    kind: ActorKind::Token,
                    id: row.id.clone(),
                    name: user.name.clone(),
                    auth: format!("token:{}", row.label),
                    session: String::new(),
                },
                role,
                user_id: Some(user.id.clone()),
                ip,
                reach,
                proved: false,
            },
            Pass::Token(row.id.clone()),
        ),
        id: row.id.clone(),
        scope: row.scope,
    }
}
