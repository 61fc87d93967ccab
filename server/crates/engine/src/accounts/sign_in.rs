//! Signing in with a password, and a code where the account has a second factor.
//!
//! Owns the one way from a name and a password to a session. *Invariant:* an unknown name, a
//! disabled account, a wrong password, a wrong code and one try too many give the same answer; all
//! but the last after the same work.

use carillon_domain::event::{Actor, ActorKind, Event, EventResult};
use carillon_store::{Unit, UserRow};
use secrecy::SecretString;
use serde_json::json;

use super::codes::Tried;
use super::hasher::Verdict;
use super::sessions::{Origin, SessionContext, actor};
use super::throttle::Buckets;
use super::{bearer, known_browser};
use crate::Engine;
use crate::error::Result;

/// How somebody signs in with a password.
pub(super) const PASSWORD: &str = "password";

/// What somebody typed, and from where.
#[derive(Default)]
pub struct SignIn {
    /// Account name as typed.
    pub name: String,
    /// Password as typed.
    pub password: SecretString,
    /// Code of the second factor as typed; empty where there is none.
    pub code: SecretString,
    /// The cookie of a browser in which somebody signed in before, if it came along.
    pub browser: Option<SecretString>,
    /// Source address.
    pub ip: Option<String>,
    /// What the browser calls itself.
    pub agent: String,
    /// The session cookie that came along, if any: that session ends.
    pub previous: Option<SecretString>,
}

/// A fresh session.
pub struct SignedIn {
    /// The cookie's value. Goes to the browser and nowhere else.
    pub token: SecretString,
    /// The session as every later request will see it.
    pub session: SessionContext,
    /// A cookie by which this browser is known the next time; `None` where it has one.
    pub browser: Option<SecretString>,
}

/// A sign-in that is not one: why, and the unit in which that is recorded.
struct Refused {
    unit: Unit,
    why: &'static str,
}

impl Engine {
    /// Signs in. `None` is the one answer to everything that is not right: "wrong, or too many
    /// tries: wait".
    ///
    /// Every attempt is recorded. One made inside a delay, or from a source that is cut off from the
    /// account, is not looked at; of those, more than
    /// sixty a minute from one source are counted in one record.
    ///
    /// # Errors
    /// [`crate::EngineError::Busy`] when too many sign in at once; else when the storage fails.
    pub async fn sign_in(&self, attempt: SignIn) -> Result<Option<SignedIn>> {
        let typed = attempt.name.trim().to_lowercase();
        let Some(admitted) = self.admitted(&typed, &attempt).await? else {
            return Ok(None);
        };
        let (slot, buckets, known) = (admitted.slot, admitted.buckets, admitted.known);
        let user = admitted.user;
        let verdict = self.compare(slot, user.as_ref(), &attempt.password).await?;
        let refused = match &user {
            Some(user) if verdict.matches && !user.disabled => {
                match self.enter(user, &attempt, (&buckets, known)).await? {
                    Ok(entered) => {
                        let rehash = verdict.outdated.then_some(attempt.password);
                        let user = user.clone();
                        return self.welcome(entered, user, rehash, known).await.map(Some);
                    }
                    Err(refused) => refused,
                }
            }
            user => self.refuse(&typed, user.as_ref(), verdict).await?,
        };
        self.record_failure(refused, user.as_ref(), &attempt)
            .await?;
        Ok(None)
    }

    /// What is done beside a sign-in that succeeded: a hash of today's cost, and a cookie by
    /// which the browser is known.
    async fn welcome(
        &self,
        entered: SignedIn,
        mut user: UserRow,
        rehash: Option<SecretString>,
        known: bool,
    ) -> Result<SignedIn> {
        let rehashed = match rehash {
            Some(password) => self.rehash(&mut user, password).await,
            None => false,
        };
        let browser = if rehashed || !known {
            Some(self.fresh_browser(&user)?)
        } else {
            None
        };
        Ok(SignedIn { browser, ..entered })
    }

    /// Where the password alone says no.
    async fn refuse(
        &self,
        typed: &str,
        user: Option<&UserRow>,
        verdict: Verdict,
    ) -> Result<Refused> {
        let why = match user {
            None => "unknown_account",
            Some(_) if verdict.matches => "disabled_account",
            Some(_) => "wrong_password",
        };
        let mut unit = self.store.begin().await?;
        self.try_no_code(&mut unit, typed).await?;
        Ok(Refused { unit, why })
    }

    pub(super) fn fresh_browser(&self, user: &UserRow) -> Result<SecretString> {
        Ok(known_browser::issue(self.keyring()?, &self.random, user)?)
    }

    /// The account is read again inside the unit, and kept as it is until its end: it may have
    /// been disabled, or its password or second factor changed, while the hash was computed.
    async fn enter(
        &self,
        compared: &UserRow,
        attempt: &SignIn,
        (buckets, known): (&Buckets, bool),
    ) -> Result<Result<SignedIn, Refused>> {
        let mut unit = self.store.begin().await?;
        let user = unit.user_for_update(&compared.id).await?;
        let Some(user) = user.filter(|user| is_as_compared(user, compared)) else {
            let why = "changed_meanwhile";
            return Ok(Err(Refused { unit, why }));
        };
        let code = match self
            .try_code(&mut unit, &user, (&attempt.code, known))
            .await?
        {
            Tried::Right(shown) => shown,
            Tried::Wrong => {
                let why = "wrong_code";
                return Ok(Err(Refused { unit, why }));
            }
            Tried::TooOften => {
                drop(unit);
                let (unit, why) = (self.store.begin().await?, "too_many_tries");
                return Ok(Err(Refused { unit, why }));
            }
        };
        buckets.forgive(&mut unit).await?;
        let previous = attempt.previous.as_ref();
        if let Some(hash) = previous.and_then(|token| bearer::hash_of::<32>(token, "")) {
            unit.delete_session(&hash).await?;
        }
        let origin = Origin {
            ip: attempt.ip.clone(),
            agent: attempt.agent.clone(),
        };
        let shown = (code.how, self.clock.now());
        let (signed_in, mut event) = self.begin_session(&mut unit, &user, shown, origin).await?;
        code.tell(&mut event);
        unit.record(&[event]).await?.commit().await?;
        Ok(Ok(signed_in))
    }

    /// What was typed as a name is not recorded where no account has it: people type passwords
    /// into the wrong field.
    async fn record_failure(
        &self,
        refused: Refused,
        user: Option<&UserRow>,
        attempt: &SignIn,
    ) -> Result<()> {
        let event = self.failure(user, refused.why, attempt);
        refused.unit.record(&[event]).await?.commit().await?;
        // Of a code that was put back, if it was one.
        self.tell_of_forged_rows().await;
        Ok(())
    }

    pub(super) fn failure(&self, user: Option<&UserRow>, why: &str, attempt: &SignIn) -> Event {
        let who = user.map_or_else(|| unknown(PASSWORD), |user| actor(user, PASSWORD));
        let mut event = Event::new(self.clock.now(), who, "account.sign_in_failed");
        event.ip.clone_from(&attempt.ip);
        event.result = EventResult::Failed;
        event.detail = json!({ "why": why });
        event
    }
}

/// Whether an account is the one whose password was compared and whose code was judged.
pub(super) fn is_as_compared(now: &UserRow, compared: &UserRow) -> bool {
    let what = |user: &UserRow| {
        let factor = (user.factor_version, user.factor.is_some());
        (user.password_version, factor)
    };
    !now.disabled && what(now) == what(compared)
}

/// Whoever tried is nobody we know.
pub(super) fn unknown(auth: &str) -> Actor {
    Actor {
        kind: ActorKind::User,
        id: String::new(),
        name: "unknown account".to_owned(),
        auth: auth.to_owned(),
        session: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use carillon_domain::Timestamp;
    use carillon_domain::reach::Area;
    use carillon_domain::role::Role;

    use super::*;

    fn account() -> UserRow {
        UserRow {
            id: "1".to_owned(),
            name: "berta".to_owned(),
            role: Role::Operator,
            password: None,
            password_version: 4,
            disabled: false,
            scoped: false,
            approver: false,
            factor: None,
            factor_version: 2,
            version: 9,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            last_sign_in_at: None,
            language: None,
            look: carillon_domain::look::Look::default(),
            area: Area::default(),
        }
    }

    #[test]
    fn whoever_changed_since_is_asked_again() {
        type Change = fn(&mut UserRow);
        let changes: [(Change, bool); 5] = [
            (|user| user.version += 1, true),
            (|user| user.disabled = true, false),
            (|user| user.password_version += 1, false),
            (|user| user.factor = Some(vec![1]), false),
            (|user| user.factor_version += 1, false),
        ];
        for (at, (change, same)) in changes.into_iter().enumerate() {
            let mut now = account();
            change(&mut now);
            assert_eq!(is_as_compared(&now, &account()), same, "{at}");
        }
    }
}
