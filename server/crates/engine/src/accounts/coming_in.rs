//! From the door to a look at a password.
//!
//! Owns who is refused without one, and in which line everybody else waits. *Invariant:* a stranger
//! waits before anything is read; who was refused a moment ago waits for nothing; a name that no
//! account has goes the same way as one that has.

use carillon_store::UserRow;

use super::hasher::Slot;
use super::known_browser::Shown;
use super::policy::account_name;
use super::refusals::Telling;
use super::sign_in::{PASSWORD, SignIn};
use super::throttle::{Admission, Buckets, Names};
use crate::Engine;
use crate::error::Result;

/// Somebody whose password is looked at.
pub(super) struct Admitted {
    pub(super) slot: Slot,
    pub(super) user: Option<UserRow>,
    pub(super) buckets: Buckets,
    /// Whether their browser is known.
    pub(super) known: bool,
}

impl Engine {
    /// Waits for a place, and counts the attempt. `None` where there were too many: that is recorded.
    pub(super) async fn admitted(&self, typed: &str, attempt: &SignIn) -> Result<Option<Admitted>> {
        let keyring = self.keyring()?;
        let cookie = attempt.browser.as_ref();
        let shown = cookie.and_then(|cookie| Shown::read(keyring, cookie));
        // Before anything is read: a crowd waits for storage as well, all of it in memory.
        let Some(mut slot) = self.wait(typed, attempt, shown.as_ref()).await? else {
            return Ok(None);
        };
        let user = self.named(&attempt.name).await?;
        let is_of =
            |shown: &Shown<'_>| user.as_ref().is_some_and(|user| shown.is_of(keyring, user));
        let browser = shown.as_ref().filter(|shown| is_of(shown));
        if shown.is_some() && browser.is_none() {
            drop(slot);
            match self.wait(typed, attempt, None).await? {
                Some(as_stranger) => slot = as_stranger,
                None => return Ok(None),
            }
        }
        let buckets = self.buckets_of(typed, user.as_ref(), (browser, attempt))?;
        let known = browser.is_some();
        if let Admission::Refused(refusal) = self.admit(&buckets).await? {
            drop(slot);
            let unseen = (user.as_ref(), refusal.why);
            self.record_unseen(unseen, attempt, buckets.at_door())
                .await?;
            return Ok(None);
        }
        Ok(Some(Admitted {
            slot,
            user,
            buckets,
            known,
        }))
    }

    /// A place, unless the attempt is refused at the door.
    async fn wait(
        &self,
        typed: &str,
        attempt: &SignIn,
        shown: Option<&Shown<'_>>,
    ) -> Result<Option<Slot>> {
        let (keyring, ip) = (self.keyring()?, attempt.ip.as_deref());
        let names = match shown {
            Some(shown) => Names::of_browser(keyring, shown.id, typed),
            None => Names::of(keyring, typed, ip),
        };
        if let Some(why) = self.hasher.door.refuses(&names, self.clock.now()) {
            self.refuse_at_door(why, attempt, &names).await?;
            return Ok(None);
        }
        let slot = match shown {
            Some(shown) => self.hasher.slot_of_browser(shown.account, ip).await?,
            None => self.hasher.slot_of_address(ip).await?,
        };
        Ok(Some(slot))
    }

    async fn named(&self, name: &str) -> Result<Option<UserRow>> {
        match account_name("name", name) {
            Ok(name) => self.believed(self.store.user_by_name(&name).await).await,
            Err(_) => Ok(None),
        }
    }

    /// Where this attempt counts.
    fn buckets_of(
        &self,
        typed: &str,
        user: Option<&UserRow>,
        (browser, attempt): (Option<&Shown<'_>>, &SignIn),
    ) -> Result<Buckets> {
        let keyring = self.keyring()?;
        if let Some(shown) = browser {
            return Ok(Buckets::of_browser(keyring, shown.id, typed));
        }
        // Of a name that no account has, as if it had the password with which accounts begin.
        let version = user.map_or(1, |user| user.password_version);
        let ip = attempt.ip.as_deref();
        Ok(Buckets::of(keyring, typed, version, ip))
    }

    pub(super) async fn admit(&self, buckets: &Buckets) -> Result<Admission> {
        let mut unit = self.store.begin().await?;
        let now = self.clock.now();
        let admission = buckets.admit(&mut unit, now).await?;
        match &admission {
            Admission::Open => unit.commit_bookkeeping().await?,
            Admission::Refused(refusal) => {
                let how = (refusal.until, refusal.why);
                self.hasher.door.refuse(&refusal.name, how, now);
            }
        }
        Ok(admission)
    }

    /// Whether somebody who is signed in tried too often a moment ago.
    pub(super) fn is_refused_at_door(&self, buckets: &Buckets) -> bool {
        let door = &self.hasher.door;
        door.refuses(buckets.at_door(), self.clock.now()).is_some()
    }

    /// Beyond so many a minute nothing is read for it.
    async fn refuse_at_door(&self, why: &str, attempt: &SignIn, names: &Names) -> Result<()> {
        let telling = self.note_refusal((PASSWORD, names.from()));
        let user = match telling {
            Telling::ByItself => self.named(&attempt.name).await?,
            Telling::BeginsCount(_) | Telling::Counted => None,
        };
        self.tell_unseen(telling, (user.as_ref(), why), attempt)
            .await
    }

    /// Records a try that was not looked at, and why not.
    async fn record_unseen(
        &self,
        unseen: (Option<&UserRow>, &str),
        attempt: &SignIn,
        names: &Names,
    ) -> Result<()> {
        let telling = self.note_refusal((PASSWORD, names.from()));
        self.tell_unseen(telling, unseen, attempt).await
    }

    async fn tell_unseen(
        &self,
        telling: Telling,
        (user, why): (Option<&UserRow>, &str),
        attempt: &SignIn,
    ) -> Result<()> {
        let event = self.failure(user, why, attempt);
        let several = self.failure(None, "several", attempt);
        self.record_as(telling, event, several).await
    }
}
