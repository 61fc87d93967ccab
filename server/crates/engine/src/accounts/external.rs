//! Signing in as somebody whom an OpenID provider vouches for.
//!
//! Owns the way in; the account itself is kept by `provided`. *Invariant:* an account is found by
//! issuer and subject and by nothing else; nobody enters without a role of the table of roles; and
//! where the account has a second factor of ours, only a provider that vouches for one replaces it.

use carillon_domain::Timestamp;
use carillon_domain::event::{Event, EventResult};
use carillon_domain::role::Role;
use carillon_store::{Keeps, StoreError, Unit, UserRow};
use secrecy::SecretString;
use serde_json::json;

use super::bearer;
use super::codes::Tried;
use super::sessions::{Origin, actor};
use super::sign_in::{SignedIn, unknown};
use super::throttle::{Buckets, network_of};
use crate::Engine;
use crate::error::{EngineError, Result};
use crate::secrets::Purpose;

/// How somebody signed in, where the provider vouches for a second factor.
pub(crate) const STRONG: &str = "oidc+mfa";
/// How, where it vouches for none.
pub(super) const PLAIN: &str = "oidc";

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
        // Whoever comes twice at once, or while the account is changed, is looked at once more.
        match self.come_in(who, arrival).await {
            Err(EngineError::Store(StoreError::Conflict)) => self.come_in(who, arrival).await,
            other => other,
        }
    }

    async fn come_in(&self, who: &External, arrival: &Arrival) -> Result<Option<Entered>> {
        let mut unit = self.store.begin_keeping(Keeps::Accounts).await?;
        let known = match unit.identity(&who.issuer, &who.subject).await? {
            Some(id) => unit.user(&id).await?,
            None => None,
        };
        let (why, role) = match &known {
            Some(user) if user.disabled => ("disabled_account", None),
            _ => ("no_role", who.role),
        };
        let Some(role) = role else {
            self.shut_out(unit, known.as_ref(), who, arrival).await?;
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
        let code = match self.try_code(&mut unit, &user, (code, false)).await? {
            Tried::Right(shown) => shown,
            Tried::Wrong => {
                let event = self.refusal(Some(&user), "wrong_code", arrival);
                unit.record(&[event]).await?.commit().await?;
                self.tell_of_forged_rows().await;
                return Ok(None);
            }
            Tried::TooOften => {
                drop(unit);
                return self.turn_away(Some(&user), "too_many_tries", arrival).await;
            }
        };
        let how = code.how.replace("password", PLAIN);
        let shown = (how.as_str(), self.clock.now());
        let (signed_in, mut event) = self.arrive(&mut unit, &user, shown, arrival).await?;
        code.tell(&mut event);
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
        let several = self.refusal(None, "several", arrival);
        self.record_refusal((PLAIN, &source), event, several)
            .await?;
        Ok(None)
    }

    fn refusal(&self, user: Option<&UserRow>, why: &str, arrival: &Arrival) -> Event {
        let who = user.map_or_else(|| unknown(PLAIN), |user| actor(user, PLAIN));
        let mut event = Event::new(self.clock.now(), who, "account.sign_in_failed");
        event.ip.clone_from(&arrival.ip);
        event.result = EventResult::Failed;
        event.detail = json!({ "why": why });
        event
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
        let (version, ip) = (user.password_version, arrival.ip.as_deref());
        Buckets::of(self.keyring()?, &user.name, version, ip)
            .forgive_source(unit)
            .await?;
        self.hasher.door.open();
        self.begin_session(unit, user, shown, origin).await
    }
}
