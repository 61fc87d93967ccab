//! Signing in as somebody whom an OpenID provider vouches for.
//!
//! Owns which account that is and what role it gets. *Invariant:* an account is found by issuer
//! and subject and by nothing else; nobody gets a role that the table of roles does not give; and
//! where the account has a second factor of ours, only a provider that vouches for one replaces it.

use carillon_domain::Timestamp;
use carillon_domain::event::{Event, EventResult};
use carillon_domain::role::Role;
use carillon_store::{Unit, UserRow};
use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::bearer;
use super::codes::Tried;
use super::policy::account_name;
use super::sessions::{Origin, actor};
use super::sign_in::{SignedIn, unknown};
use super::throttle::network_of;
use crate::Engine;
use crate::error::{EngineError, Result};
use crate::ids::new_id;
use crate::secrets::Purpose;

/// How somebody signed in, where the provider vouches for a second factor.
pub(super) const STRONG: &str = "oidc+mfa";
const PLAIN: &str = "oidc";
/// Most characters that a provider's name for somebody gives to an account.
const LONGEST_NAME: usize = 56;

/// Who somebody is, as the provider says and the table of roles judges.
#[derive(Clone, Debug)]
pub struct External {
    /// The provider.
    pub issuer: String,
    /// Whom it means.
    pub subject: String,
    /// What it calls them.
    pub name: Option<String>,
    /// The role that the table gives them; none = they may not enter.
    pub role: Option<Role>,
    /// Whether the provider vouches for a second factor.
    pub strong: bool,
    /// When they last showed there who they are, if it says so.
    pub shown_at: Option<Timestamp>,
}

/// From where somebody comes.
#[derive(Clone, Debug, Default)]
pub struct Arrival {
    /// Source address.
    pub ip: Option<String>,
    /// What the browser calls itself.
    pub agent: String,
    /// The session cookie that came along, if any: that session ends.
    pub previous: Option<SecretString>,
}

/// How far somebody got.
pub enum Entered {
    /// In.
    In(Box<SignedIn>),
    /// Up to the code of their own second factor: the account, by its id.
    NeedsCode(String),
}

impl Engine {
    /// A digest for one purpose of a sign-in elsewhere, bound to a text that only this browser
    /// has.
    ///
    /// # Errors
    /// [`EngineError::Sealed`].
    pub fn sign_on_digest(&self, what: &str, bound_to: &str) -> Result<[u8; 32]> {
        let parts = [what.as_bytes(), bound_to.as_bytes()];
        Ok(self.keyring()?.mac(Purpose::SignOn, &parts))
    }

    /// Whether this is the digest, as text, of a text that came back.
    pub fn sign_on_matches(&self, what: &str, bound_to: &str, given: &str) -> bool {
        let parts = [what.as_bytes(), bound_to.as_bytes()];
        let keyring = self.keyring().ok().zip(hex::decode(given).ok());
        keyring.is_some_and(|(keyring, given)| keyring.verify_mac(Purpose::SignOn, &parts, &given))
    }

    /// Lets somebody in whom a provider vouches for. Whoever comes for the first time gets an
    /// account; whoever has another role by now gets that, and whoever has none any more is out
    /// everywhere. `None`: not in, and recorded why.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn sign_in_external(
        &self,
        who: &External,
        arrival: &Arrival,
    ) -> Result<Option<Entered>> {
        let mut unit = self.store.begin().await?;
        unit.lock_administrators().await?;
        let known = match unit.identity(&who.issuer, &who.subject).await? {
            Some(id) => unit.user_for_update(&id).await?,
            None => None,
        };
        let (why, role) = match &known {
            Some(user) if user.disabled => ("disabled_account", None),
            _ => ("no_role", who.role),
        };
        let Some(role) = role else {
            self.shut_out(unit, known.as_ref(), arrival).await?;
            return self.turn_away(known.as_ref(), why, arrival).await;
        };
        let (user, events) = match known {
            Some(user) => match self.with_role(&mut unit, user.clone(), role).await {
                Err(EngineError::Conflict(_)) => {
                    drop(unit);
                    let why = "last_administrator";
                    return self.turn_away(Some(&user), why, arrival).await;
                }
                other => other?,
            },
            None => self.first_time(&mut unit, who, role).await?,
        };
        self.let_in(unit, (&user, events), who, arrival)
            .await
            .map(Some)
    }

    /// In, or up to the code of the account's own second factor.
    async fn let_in(
        &self,
        mut unit: Unit,
        (user, mut events): (&UserRow, Vec<Event>),
        who: &External,
        arrival: &Arrival,
    ) -> Result<Entered> {
        if user.factor.is_some() && !who.strong {
            if events.is_empty() {
                unit.commit_bookkeeping().await?;
            } else {
                unit.record(&events).await?.commit().await?;
            }
            return Ok(Entered::NeedsCode(user.id.clone()));
        }
        let how = if who.strong { STRONG } else { PLAIN };
        // Whoever was signed in at the provider for hours shows nothing by coming from there.
        let shown = who.shown_at.unwrap_or_default().min(self.clock.now());
        let (signed_in, event) = self.arrive(&mut unit, user, (how, shown), arrival).await?;
        events.push(event);
        unit.record(&events).await?.commit().await?;
        Ok(Entered::In(Box::new(signed_in)))
    }

    /// The second half, where the account has a second factor of ours. `None`: not in.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn sign_in_external_code(
        &self,
        account: &str,
        code: &SecretString,
        arrival: &Arrival,
    ) -> Result<Option<SignedIn>> {
        let mut unit = self.store.begin().await?;
        let user = unit.user_for_update(account).await?;
        let able = |user: &UserRow| !user.disabled && user.factor.is_some();
        let Some(user) = user.filter(able) else {
            return Ok(None);
        };
        let how = match self.try_code(&mut unit, &user, (code, false)).await? {
            Tried::Right(how) => how.replace("password", PLAIN),
            Tried::Wrong => {
                let event = self.refusal(Some(&user), "wrong_code", arrival);
                unit.record(&[event]).await?.commit().await?;
                return Ok(None);
            }
            Tried::TooOften => {
                drop(unit);
                return self.turn_away(Some(&user), "too_many_tries", arrival).await;
            }
        };
        let shown = (how.as_str(), self.clock.now());
        let (signed_in, event) = self.arrive(&mut unit, &user, shown, arrival).await?;
        unit.record(&[event]).await?.commit().await?;
        Ok(Some(signed_in))
    }

    /// Records that nobody was signed in, because of what a provider said or did not say.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn record_external_failure(&self, why: &str, arrival: &Arrival) -> Result<()> {
        self.turn_away::<()>(None, why, arrival).await.map(drop)
    }

    /// Nobody is let in, and it is recorded; many from one address are counted in one record.
    async fn turn_away<T>(
        &self,
        user: Option<&UserRow>,
        why: &str,
        arrival: &Arrival,
    ) -> Result<Option<T>> {
        let source = network_of(arrival.ip.as_deref().unwrap_or_default());
        let event = self.refusal(user, why, arrival);
        let counted = event.detail.clone();
        self.record_refusal(&format!("{PLAIN} {source}"), event, counted)
            .await?;
        Ok(None)
    }

    fn refusal(&self, user: Option<&UserRow>, why: &str, arrival: &Arrival) -> Event {
        let mut who = user.map_or_else(unknown, |user| actor(user, PLAIN));
        PLAIN.clone_into(&mut who.auth);
        let mut event = Event::new(self.clock.now(), who, "account.sign_in_failed");
        event.ip.clone_from(&arrival.ip);
        event.result = EventResult::Failed;
        event.detail = json!({ "why": why });
        event
    }

    /// Ends the sessions of somebody who may no longer enter.
    async fn shut_out(
        &self,
        mut unit: Unit,
        user: Option<&UserRow>,
        arrival: &Arrival,
    ) -> Result<()> {
        let Some(user) = user else {
            return Ok(());
        };
        let ended = unit.delete_sessions_of(&user.id, None).await?;
        if ended == 0 {
            return Ok(());
        }
        let mut event = Event::new(self.clock.now(), actor(user, PLAIN), "session.ended");
        event.ip.clone_from(&arrival.ip);
        event.detail = json!({ "user": user.name, "count": ended });
        unit.record(&[event]).await?.commit().await?;
        Ok(())
    }

    async fn arrive(
        &self,
        unit: &mut Unit,
        user: &UserRow,
        shown: (&str, Timestamp),
        arrival: &Arrival,
    ) -> Result<(SignedIn, Event)> {
        let previous = arrival.previous.as_ref();
        if let Some(hash) = previous.and_then(|token| bearer::hash_of::<32>(token, "")) {
            unit.delete_session(&hash).await?;
        }
        let origin = Origin {
            ip: arrival.ip.clone(),
            agent: arrival.agent.clone(),
        };
        self.begin_session(unit, user, shown, origin).await
    }

    /// The account with the role of now. A role that is another than before ends its sessions.
    async fn with_role(
        &self,
        unit: &mut Unit,
        before: UserRow,
        role: Role,
    ) -> Result<(UserRow, Vec<Event>)> {
        if before.role == role {
            return Ok((before, Vec::new()));
        }
        let everything = matches!(role, Role::Admin | Role::Auditor);
        let after = UserRow {
            role,
            scoped: before.scoped && !everything,
            approver: before.approver && matches!(role, Role::Operator | Role::Admin),
            ..before.clone()
        };
        self.update_user(unit, &after).await?;
        let who = actor(&after, PLAIN);
        let mut event = Event::new(self.clock.now(), who, "user.role_changed");
        event.detail = json!({ "user": after.name, "before": before.role, "after": role });
        let now = unit.user(&after.id).await?.ok_or(EngineError::NotFound)?;
        Ok((now, vec![event]))
    }

    /// Makes the account of somebody who comes for the first time. It has no password of ours.
    async fn first_time(
        &self,
        unit: &mut Unit,
        who: &External,
        role: Role,
    ) -> Result<(UserRow, Vec<Event>)> {
        let now = self.clock.now();
        let user = carillon_store::NewUser {
            id: new_id(now, &self.random)?,
            name: self.free_name(who).await?,
            role,
            password: None,
        };
        self.insert_user(unit, &user).await?;
        unit.insert_identity((&who.issuer, &who.subject), &user.id, now)
            .await?;
        let row = unit.user(&user.id).await?.ok_or(EngineError::NotFound)?;
        let mut event = Event::new(now, actor(&row, PLAIN), "user.created");
        event.detail = json!({ "user": row.name, "role": role, "issuer": who.issuer });
        Ok((row, vec![event]))
    }

    /// What the provider calls them, or that with something behind it where another account has
    /// the name: an account that is there is never taken over by its name.
    async fn free_name(&self, who: &External) -> Result<String> {
        let digest: [u8; 32] = Sha256::new()
            .chain_update(&who.issuer)
            .chain_update([0])
            .chain_update(&who.subject)
            .finalize()
            .into();
        let mark = hex::encode(digest.get(..3).unwrap_or_default());
        let told = who.name.as_deref().unwrap_or_default();
        let short: String = told.trim().chars().take(LONGEST_NAME).collect();
        let Ok(name) = account_name("name", &short) else {
            return Ok(format!("user-{mark}"));
        };
        if self.store.user_by_name(&name).await?.is_none() {
            return Ok(name);
        }
        Ok(format!("{name}-{mark}"))
    }
}
