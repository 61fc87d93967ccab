//! How often somebody may try a password.
//!
//! Owns the buckets of a sign-in attempt and their arithmetic: one for the account, one for the
//! source address, and one for both together, which cuts the source off from the account after a
//! hundred failures in a row. An attempt is counted before its password is looked at, so that a
//! hundred at once get no more tries than one after another.
//!
//! *Invariant:* names and addresses are stored only as keyed digests; a name that has no account
//! is counted like one that has; no stranger cuts off anybody but his own address.

use std::net::IpAddr;
use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_store::{ThrottleRow, Unit};

use self::bucket::{Bucket, Whose};
pub(super) use self::door::{Door, Names};
use crate::error::Result;
use crate::secrets::Keyring;

mod bucket;
mod door;

/// Failures of an account that cost nothing.
const FREE_FAILURES: i64 = 5;
const LONGEST_DELAY: Duration = Duration::from_mins(15);
const ADDRESS_FAILURES: i64 = 20;
const ADDRESS_WINDOW: Duration = Duration::from_mins(10);
/// Failures in a row of one source at one account, after which it tries in vain.
const MOST_FAILURES: i64 = 100;
/// How long one failure in a row is remembered; two are twice as long.
const ONE_FAILURE: Duration = Duration::from_hours(24);
/// How long a source is cut off where nobody sets a new password.
const CUT_OFF: Duration = Duration::from_hours(366 * 24);
/// A bucket is thrown away so long after its end.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(24);

/// Too many tries were made: later.
const WAIT: &str = "too_many_tries";
/// This source failed a hundred times at this account: not before a new password.
const CUT_OFF_FROM_IT: &str = "cut_off";

/// Whether an attempt may be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It may.
    Open,
    /// It may not.
    Refused(Refusal),
}

/// Why an attempt may not be made, as records say it; of whom that is said, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) why: &'static str,
    pub(super) name: String,
    pub(super) until: Timestamp,
}

impl Admission {
    pub(super) fn is_open(&self) -> bool {
        *self == Self::Open
    }

    fn refused(why: &'static str, name: &str, until: Timestamp) -> Self {
        let name = name.to_owned();
        Self::Refused(Refusal { why, name, until })
    }
}

/// The buckets of one attempt.
pub(super) struct Buckets {
    account: Bucket,
    address: Option<Bucket>,
    source: Option<Bucket>,
    door: Names,
}

impl Buckets {
    /// Of a stranger. The bucket of the source goes with the version of the password: a new one
    /// lets everybody try again.
    pub(super) fn of(keyring: &Keyring, name: &str, version: i64, ip: Option<&str>) -> Self {
        let bucket = |kind, names: &[&str]| Bucket::new(keyring, (Whose::Strangers, kind), names);
        let network = ip.map(network_of);
        let from = network.as_deref().unwrap_or_default();
        Self {
            account: bucket("account", &[name]),
            source: Some(bucket("source", &[name, &version.to_string(), from])),
            address: network.as_deref().map(|from| bucket("address", &[from])),
            door: Names::of(keyring, name, ip),
        }
    }

    /// Of a browser in which this account signed in before: strangers count elsewhere. It is known
    /// until the password changes.
    pub(super) fn of_browser(keyring: &Keyring, browser: &str, name: &str) -> Self {
        let source = Bucket::new(keyring, (Whose::Known, "known source"), &[browser]);
        Self {
            source: Some(source),
            door: Names::of_browser(keyring, browser, name),
            ..Self::one(keyring, (Whose::Known, "browser"), browser)
        }
    }

    /// Of whoever holds a session of this account and shows who they are. A session ends before it
    /// comes to a hundred.
    pub(super) fn of_proofs(keyring: &Keyring, user_id: &str) -> Self {
        Self {
            door: Names::of_proofs(keyring, user_id),
            ..Self::one(keyring, (Whose::Known, "proof"), user_id)
        }
    }

    /// Of codes for this account with the right password before them: of all strangers together,
    /// or of all its known browsers and sessions together. Whoever has only the password must not
    /// keep the owner from changing it.
    pub(super) fn of_codes(keyring: &Keyring, user_id: &str, known: bool) -> Self {
        let kind = if known { "code, known" } else { "code" };
        Self::one(keyring, (Whose::Known, kind), user_id)
    }

    /// Of codes that are not looked at, because the password was wrong already.
    pub(super) fn of_no_codes(keyring: &Keyring, name: &str) -> Self {
        Self::one(keyring, (Whose::Strangers, "no code"), name)
    }

    fn one(keyring: &Keyring, kind: (Whose, &'static str), name: &str) -> Self {
        let account = Bucket::new(keyring, kind, &[name]);
        Self {
            door: Names::one(account.key().to_owned()),
            account,
            address: None,
            source: None,
        }
    }

    /// Under which names it is refused before it is looked at.
    pub(super) fn at_door(&self) -> &Names {
        &self.door
    }

    /// Counts one attempt as failed until it turns out otherwise. Where it may not be made, the
    /// unit is to be dropped.
    pub(super) async fn admit(&self, unit: &mut Unit, now: Timestamp) -> Result<Admission> {
        unit.delete_old_throttles(now.minus(FORGOTTEN_AFTER))
            .await?;
        for admission in [
            self.admit_account(unit, now).await?,
            self.admit_address(unit, now).await?,
        ] {
            if !admission.is_open() {
                return Ok(admission);
            }
        }
        self.admit_source(unit, now).await
    }

    async fn admit_account(&self, unit: &mut Unit, now: Timestamp) -> Result<Admission> {
        let row = self.account.count(unit, now).await?;
        if lasts(&row, now, LONGEST_DELAY) {
            return Ok(Admission::refused(WAIT, &self.door.account, row.until));
        }
        unit.set_throttle_until(&row.key, now.plus(delay_after(row.failures)))
            .await?;
        Ok(Admission::Open)
    }

    async fn admit_address(&self, unit: &mut Unit, now: Timestamp) -> Result<Admission> {
        let Some((address, name)) = self.address.as_ref().zip(self.door.address.as_ref()) else {
            return Ok(Admission::Open);
        };
        let row = address.count(unit, now).await?;
        if lasts(&row, now, ADDRESS_WINDOW) {
            return Ok(if row.failures <= ADDRESS_FAILURES {
                Admission::Open
            } else {
                Admission::refused(WAIT, name, row.until)
            });
        }
        // The window is over, or there was none: this attempt opens the next.
        unit.clear_throttle(&row.key).await?;
        unit.count_failure(&row.key, now).await?;
        unit.set_throttle_until(&row.key, now.plus(ADDRESS_WINDOW))
            .await?;
        Ok(Admission::Open)
    }

    /// The more failures in a row, the longer they are remembered: whoever waits gets no more tries
    /// than one a day in the long run. A bucket that strangers share cuts nobody off: others filled it.
    async fn admit_source(&self, unit: &mut Unit, now: Timestamp) -> Result<Admission> {
        let Some(source) = &self.source else {
            return Ok(Admission::Open);
        };
        let row = source.count(unit, now).await?;
        if row.key != source.key() {
            return Ok(Admission::Open);
        }
        if row.failures > MOST_FAILURES {
            let name = self.door.source.as_ref().unwrap_or(&self.door.account);
            return Ok(Admission::refused(CUT_OFF_FROM_IT, name, row.until));
        }
        unit.set_throttle_until(&row.key, now.plus(remembered(row.failures)))
            .await?;
        Ok(Admission::Open)
    }

    /// The attempt was right: the account and the source start anew, and the address gets its count
    /// back. What was counted in a shared bucket stays.
    pub(super) async fn forgive(&self, unit: &mut Unit) -> Result<()> {
        unit.clear_throttle(self.account.key()).await?;
        self.forgive_source(unit).await?;
        if let Some(address) = &self.address {
            unit.forgive_failure(address.key()).await?;
        }
        Ok(())
    }

    /// Somebody showed otherwise who they are: their source starts anew.
    pub(super) async fn forgive_source(&self, unit: &mut Unit) -> Result<()> {
        if let Some(source) = &self.source {
            unit.clear_throttle(source.key()).await?;
        }
        Ok(())
    }
}

/// Forgets the failures of an account, for one whose password was set anew.
pub(super) async fn clear_account(unit: &mut Unit, keyring: &Keyring, name: &str) -> Result<()> {
    let account = Bucket::new(keyring, (Whose::Strangers, "account"), &[name]);
    Ok(unit.clear_throttle(account.key()).await?)
}

/// Whether a delay or a window still runs. One that ends later than any could was begun before
/// the clock was set back, and binds nobody.
fn lasts(row: &ThrottleRow, now: Timestamp, longest: Duration) -> bool {
    now < row.until && row.until <= now.plus(longest)
}

/// One host in IPv4; the /64 of a host in IPv6, where one machine has them all.
pub(super) fn network_of(ip: &str) -> String {
    match ip.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(ip) => ip.to_string(),
        Err(_) => ip.to_owned(),
    }
}

/// 2, 4, 8 … 900 seconds from the fifth failure on.
fn delay_after(failures: i64) -> Duration {
    let beyond = failures - FREE_FAILURES;
    let doublings = u32::try_from(beyond + 1).unwrap_or(0).min(10);
    if beyond < 0 {
        Duration::ZERO
    } else {
        Duration::from_secs(1 << doublings).min(LONGEST_DELAY)
    }
}

/// How long so many failures in a row are remembered, but for the day after which everything is
/// forgotten.
fn remembered(failures: i64) -> Duration {
    if failures >= MOST_FAILURES {
        return CUT_OFF;
    }
    ONE_FAILURE.saturating_mul(u32::try_from(failures - 1).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_are_free_and_then_the_wait_doubles() {
        let waits: Vec<u64> = (0..17)
            .map(|failures| delay_after(failures).as_secs())
            .collect();
        assert_eq!(
            waits,
            [
                0, 0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900
            ]
        );
    }

    #[test]
    fn each_failure_in_a_row_is_remembered_for_a_day_more() {
        let days = |failures| remembered(failures).as_secs() / (24 * 3600);
        assert_eq!([1, 2, 3, 99].map(days), [0, 1, 2, 98]);
        assert_eq!([100, 101].map(days), [366, 366]);
    }

    #[test]
    fn a_clock_set_back_freezes_nobody() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let row = ThrottleRow {
            key: "k".to_owned(),
            failures: 40,
            last_at: at(10_000),
            until: at(10_900),
        };
        assert!(lasts(&row, at(10_000), LONGEST_DELAY));
        assert!(!lasts(&row, at(10_900), LONGEST_DELAY));
        assert!(!lasts(&row, at(100), LONGEST_DELAY));
    }

    #[test]
    fn an_ipv6_network_counts_as_one() {
        assert_eq!(
            network_of("2001:db8:1:2:3::4"),
            network_of("2001:db8:1:2:ffff::1")
        );
        assert_ne!(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"));
        assert_eq!(network_of("::ffff:10.1.2.3"), "10.1.2.3");
        assert_ne!(network_of("10.1.2.3"), network_of("10.1.2.4"));
    }
}
