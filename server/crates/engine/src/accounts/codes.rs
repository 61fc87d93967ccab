//! Codes that somebody types beside the password.
//!
//! Owns their judgement and how often one may try. *Invariant:* a code works once; a try counts
//! before it is used, for all strangers together and for all known browsers and sessions of the
//! account together, and nothing but a right code makes that count start anew.

use carillon_domain::event::Event;
use carillon_store::{SignedRows, Unit, UserRow};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use zeroize::Zeroizing;

use super::sessions::short;
use super::throttle::Buckets;
use super::{recovery, totp};
use crate::Engine;
use crate::error::Result;
use crate::rows::is_over;
use crate::secrets::Place;

/// What came of a code.
pub(super) enum Tried {
    /// It was right and is used up.
    Right(Shown),
    /// It is wrong, or was used before.
    Wrong,
    /// It was not looked at.
    TooOften,
}

/// How somebody showed who they are.
pub(super) struct Shown {
    /// In a word.
    pub(super) how: &'static str,
    /// The beginning of the hash of the recovery code that is used up by that.
    recovery_code: Option<String>,
}

impl Shown {
    /// Tells which recovery code is used up: one that stands there again was put back.
    pub(super) fn tell(&self, event: &mut Event) {
        if let Some(code) = &self.recovery_code {
            event.detail["recovery_code"] = code.as_str().into();
        }
    }
}

/// What a code turned out to be, before it is used up.
enum Code {
    /// The account has no second factor.
    NotAsked,
    /// The app's, of this step of this version of the secret.
    App { step: i64, version: i64 },
    /// A recovery code, if there is one of this hash.
    Recovery([u8; 32]),
    /// Nothing that could be right.
    Wrong,
}

impl Engine {
    /// Counts a try at a code of whoever typed the right password, looks at it and uses it up,
    /// all in one unit: to be committed where it was wrong, and dropped where there were too many.
    pub(super) async fn try_code(
        &self,
        unit: &mut Unit,
        user: &UserRow,
        (typed, known): (&SecretString, bool),
    ) -> Result<Tried> {
        let code = self.judge_code(user, typed)?;
        let buckets = Buckets::of_codes(self.keyring()?, &user.id, known);
        if user.factor.is_some() && !buckets.admit(unit, self.clock.now()).await?.is_open() {
            return Ok(Tried::TooOften);
        }
        let Some(how) = code.use_up(unit, &user.id).await? else {
            return Ok(Tried::Wrong);
        };
        if let Code::Recovery(hash) = &code
            && is_over(
                &self.store,
                (SignedRows::RecoveryCodes, hash.as_slice()),
                None,
            )
            .await?
        {
            // It was right once, and is used up again.
            unit.code_was_put_back(&user.id, hash);
            return Ok(Tried::Wrong);
        }
        buckets.forgive(unit).await?;
        let recovery_code = match &code {
            Code::Recovery(hash) => Some(short(hash)),
            _ => None,
        };
        Ok(Tried::Right(Shown { how, recovery_code }))
    }

    /// Asks the storage what a wrong code asks, and leaves nothing: a refusal takes as long where
    /// the password was wrong already.
    pub(super) async fn try_no_code(&self, unit: &mut Unit, typed_name: &str) -> Result<()> {
        unit.user_for_update("").await?;
        let buckets = Buckets::of_no_codes(self.keyring()?, typed_name);
        buckets.admit(unit, self.clock.now()).await?;
        buckets.forgive(unit).await
    }

    /// What a typed code could be for this account. Nothing is used up yet.
    fn judge_code(&self, user: &UserRow, typed: &SecretString) -> Result<Code> {
        let Some(sealed) = &user.factor else {
            return Ok(Code::NotAsked);
        };
        let place = Place::second_factor(&user.id, user.factor_version);
        let secret: SecretSlice<u8> = self.keyring()?.open(&place, sealed)?;
        let typed = typed.expose_secret();
        let step = totp::step_of(secret.expose_secret(), &digits(typed), self.clock.now());
        Ok(match (step, recovery::hash_of(typed)) {
            (Some(step), _) => Code::App {
                step,
                version: user.factor_version,
            },
            (None, Some(hash)) => Code::Recovery(hash),
            (None, None) => Code::Wrong,
        })
    }
}

impl Code {
    async fn use_up(&self, unit: &mut Unit, user_id: &str) -> Result<Option<&'static str>> {
        Ok(match self {
            Self::NotAsked => Some("password"),
            Self::App { step, version } => unit
                .use_factor_step(user_id, *version, *step)
                .await?
                .then_some("password+app"),
            Self::Recovery(hash) => unit
                .use_recovery_code(user_id, hash)
                .await?
                .then_some("password+recovery"),
            Self::Wrong => None,
        })
    }
}

/// Apps show codes in two groups; people type the gap.
pub(super) fn digits(typed: &str) -> Zeroizing<String> {
    Zeroizing::new(typed.chars().filter(|c| !c.is_whitespace()).collect())
}
