//! The second factor: a code of an authenticator app, and recovery codes for its loss.
//!
//! Owns setting it up, taking it away, and for which roles it is demanded.
//! *Invariant:* the secret is sealed and leaves only while it is set up.

use std::collections::BTreeSet;
use std::time::Duration;

use carillon_domain::event::Event;
use carillon_domain::role::Role;
use carillon_store::{Keeps, Order, Ordered, Unit, UserRow};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use zeroize::Zeroizing;

use super::codes::digits;
use super::sessions::{SessionContext, short};
use super::sign_in::SignedIn;
use super::{recovery, totp};
use crate::Engine;
use crate::caller::Caller;
use crate::changes::{Change, Made};
use crate::error::{EngineError, Result};
use crate::secrets::{Keyring, Place};

const DRAFT: &str = "factor";
/// How long a secret waits for its first code.
const SETUP_LASTS: Duration = Duration::from_mins(15);
const CODES: &str = "recovery";
/// New codes wait so long for the page that shows them.
const CODES_WAIT: Duration = Duration::from_mins(10);

/// A secret that waits for its first code.
#[derive(Serialize, Deserialize)]
struct Pending {
    secret: [u8; totp::SECRET],
}

/// What somebody needs to set up their app. Shown to its owner and nowhere else.
pub struct FactorSetup {
    /// The secret as one types it.
    pub secret: Zeroizing<String>,
    /// The link that the picture holds.
    pub link: Zeroizing<String>,
}

/// A second factor that was set up, or whose recovery codes were made anew.
pub struct FactorMade {
    /// The session goes on under this token.
    pub signed_in: SignedIn,
    /// Under which id the codes wait: [`Engine::take_recovery_codes`] shows them once.
    pub codes: String,
}

impl Engine {
    /// For which roles a second factor is demanded; administrators where nobody decided.
    ///
    /// # Errors
    /// Only when the storage fails.
    pub async fn second_factor_roles(&self) -> Result<BTreeSet<Role>> {
        read(&self.store.order(Order::SecondFactor).await?)
    }

    /// Demands a second factor for these roles, or asks another administrator for that. Whoever has
    /// none can do nothing else until it is set up.
    ///
    /// # Errors
    /// [`EngineError::Denied`].
    pub async fn demand_second_factor(
        &self,
        caller: &Caller,
        roles: &BTreeSet<Role>,
        reason: &str,
    ) -> Result<Made> {
        let change = Change::SecondFactorRoles(roles.clone());
        self.make_change(caller, &change, reason).await
    }

    /// How many recovery codes the caller has left.
    ///
    /// # Errors
    /// [`EngineError::Denied`] to callers without an account.
    pub async fn recovery_codes_left(&self, caller: &Caller) -> Result<i64> {
        Ok(self.store.count_recovery_codes(caller.account()?).await?)
    }

    /// Begins to set a second factor up: says under which id the fresh secret waits. Nothing
    /// changes before its first code.
    ///
    /// # Errors
    /// [`EngineError::Denied`] to callers without an account.
    pub async fn begin_second_factor(&self, caller: &Caller) -> Result<String> {
        caller.account()?;
        let pending = Pending {
            secret: self.random.bytes()?,
        };
        self.keep_draft(caller, DRAFT, &pending, SETUP_LASTS).await
    }

    /// What the app needs of a secret that waits.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when its time is over.
    pub async fn second_factor_setup(&self, caller: &Caller, id: &str) -> Result<FactorSetup> {
        let pending: Pending = self.draft(caller, DRAFT, id).await?;
        let secret = totp::base32(&pending.secret);
        let link = totp::app_link(&caller.actor.name, &secret);
        Ok(FactorSetup { secret, link })
    }

    /// Makes the secret that waits the account's second factor: its code shows that the app has
    /// it. All other sessions end.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] on the field `code`; not found when its time is over.
    pub async fn confirm_second_factor(
        &self,
        session: &SessionContext,
        id: &str,
        code: &SecretString,
    ) -> Result<FactorMade> {
        let now = self.clock.now();
        let pending: Pending = self.draft(&session.caller, DRAFT, id).await?;
        let typed = digits(code.expose_secret());
        let step = totp::step_of(&pending.secret, &typed, now).ok_or_else(wrong_code)?;
        let user = self.own_row(session).await?;
        let version = user.factor_version + 1;
        let place = Place::second_factor(&user.id, version);
        let sealed = self
            .keyring()?
            .seal(&self.random, &place, &pending.secret)?;
        let digest = Keyring::digest_of(&sealed);
        let mut unit = session
            .caller
            .begin_keeping(&self.store, Keeps::Accounts)
            .await?;
        if unit.take_draft(id, &user.id, now).await?.is_none() {
            return Err(EngineError::NotFound);
        }
        unit.set_factor(&user.id, (sealed, version), step, now)
            .await?;
        let codes = self.fresh_codes(&mut unit, &session.caller).await?;
        let mut event = session.caller.event(now, "second_factor.set_up");
        event.detail = json!({ "user": user.name, "sealed": digest });
        let signed_in = self.go_on(unit, session, event).await?;
        Ok(FactorMade { signed_in, codes })
    }

    /// Gives somebody new recovery codes; the ones before do not work any more.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] without a second factor.
    pub async fn renew_recovery_codes(&self, session: &SessionContext) -> Result<FactorMade> {
        let user = self.own_row(session).await?;
        if user.factor.is_none() {
            let message = "There is no second factor: set it up first.";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        let mut unit = session
            .caller
            .begin_keeping(&self.store, Keeps::Accounts)
            .await?;
        let codes = self.fresh_codes(&mut unit, &session.caller).await?;
        let mut event = session
            .caller
            .event(self.clock.now(), "second_factor.codes_renewed");
        event.detail = json!({ "user": user.name });
        let signed_in = self.go_on(unit, session, event).await?;
        Ok(FactorMade { signed_in, codes })
    }

    /// Takes one's own second factor away.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] where the role demands one.
    pub async fn remove_second_factor(&self, session: &SessionContext) -> Result<SignedIn> {
        let user = self.own_row(session).await?;
        if self.second_factor_roles().await?.contains(&user.role) {
            let message =
                "Your role demands a second factor: you can set up another, not go without.";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        let now = self.clock.now();
        let mut unit = session
            .caller
            .begin_keeping(&self.store, Keeps::Accounts)
            .await?;
        unit.clear_factor(&user.id, now).await?;
        let mut event = session.caller.event(now, "second_factor.removed");
        event.detail = json!({ "user": user.name });
        self.go_on(unit, session, event).await
    }

    /// Takes somebody else's second factor away, for one who lost the app and the codes, or asks
    /// another administrator for that. Their sessions end, their password stays.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] for one's own.
    pub async fn reset_second_factor(
        &self,
        caller: &Caller,
        name: &str,
        reason: &str,
    ) -> Result<Made> {
        caller.require_administrator()?;
        let user = self.user_named(name).await?;
        if caller.user_id.as_deref() == Some(user.id.as_str()) {
            let message = "Another administrator can take your second factor away, not you.";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        if user.factor.is_none() {
            return Ok(Made::Unchanged);
        }
        let change = Change::SecondFactorReset {
            id: user.id,
            name: user.name,
        };
        self.make_change(caller, &change, reason).await
    }

    /// Takes new recovery codes away from where they wait, to be shown.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when they were shown or waited too long.
    pub async fn take_recovery_codes(&self, caller: &Caller, id: &str) -> Result<Vec<String>> {
        self.take_draft(caller, CODES, id).await
    }

    /// Codes that count from the end of this unit on. They wait for their page from that moment
    /// too: there are none that nobody can see.
    async fn fresh_codes(&self, unit: &mut Unit, caller: &Caller) -> Result<String> {
        let mut codes = Vec::with_capacity(recovery::COUNT);
        let mut hashes = Vec::with_capacity(recovery::COUNT);
        for _ in 0..recovery::COUNT {
            let code = recovery::fresh(&self.random)?;
            let hash = recovery::hash_of(code.expose_secret());
            hashes.extend(hash.map(Vec::from));
            codes.push(code);
        }
        unit.replace_recovery_codes(caller.account()?, &hashes)
            .await?;
        let shown: Vec<&str> = codes.iter().map(ExposeSecret::expose_secret).collect();
        self.keep_draft_with(unit, (caller, CODES), &shown, CODES_WAIT)
            .await
    }

    /// The session under a fresh token, and no other of the account.
    async fn go_on(
        &self,
        mut unit: Unit,
        session: &SessionContext,
        mut event: Event,
    ) -> Result<SignedIn> {
        let user = session.caller.account()?;
        let signed_in = self.renew_session(&mut unit, session).await?;
        unit.delete_sessions_of(user, Some(signed_in.session.hash()))
            .await?;
        event.detail["renewed"] = short(signed_in.session.hash()).into();
        unit.record(&[event]).await?.commit().await?;
        Ok(signed_in)
    }

    /// The account of a session as it is stored now.
    pub(super) async fn own_row(&self, session: &SessionContext) -> Result<UserRow> {
        let id = session.caller.account()?;
        self.store.user(id).await?.ok_or(EngineError::NotFound)
    }
}

/// Whether this account must set one up before anything else.
pub(super) fn must_set_up(user: &UserRow, demanded: &Ordered) -> Result<bool> {
    Ok(user.factor.is_none() && read(demanded)?.contains(&user.role))
}

fn wrong_code() -> EngineError {
    let message = "This is not the code that belongs here now: wait for the next one, and look at the clock of your device.";
    EngineError::invalid("code", "wrong", message)
}

/// Where somebody else wrote the order, everybody needs one.
pub(crate) fn read(ordered: &Ordered) -> Result<BTreeSet<Role>> {
    match ordered {
        Ordered::Forged => Ok(Role::ALL.iter().copied().collect()),
        Ordered::As(None) => Ok(BTreeSet::from([Role::Admin])),
        Ordered::As(Some(text)) => serde_json::from_str(text)
            .map_err(|_| EngineError::Internal("the roles with a second factor cannot be read")),
    }
}
