//! How often somebody may try a password.
//!
//! Owns the two buckets of a sign-in attempt, one for the account and one for the source address,
//! and their arithmetic. An attempt is counted before its password is looked at, so that a
//! hundred at once get no more tries than one after another.
//!
//! *Invariant:* names and addresses are stored only as keyed digests; a name that has no account
//! is counted like one that has.

use std::net::IpAddr;
use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_store::{ThrottleRow, Unit};

use crate::error::Result;
use crate::secrets::{Keyring, Purpose};

/// Failures of an account that cost nothing.
const FREE_FAILURES: i64 = 5;
const LONGEST_DELAY: Duration = Duration::from_mins(15);
const ADDRESS_FAILURES: i64 = 20;
const ADDRESS_WINDOW: Duration = Duration::from_mins(10);
/// A bucket that was left alone for so long is thrown away.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(24);

/// The two buckets of one attempt, by their stored names.
pub(super) struct Buckets {
    account: String,
    address: Option<String>,
}

impl Buckets {
    pub(super) fn of(keyring: &Keyring, name: &str, ip: Option<&str>) -> Self {
        Self {
            account: bucket(keyring, "account", name),
            address: ip.map(|ip| bucket(keyring, "address", &network_of(ip))),
        }
    }

    /// Of a browser in which this account signed in before: strangers count elsewhere.
    pub(super) fn of_browser(keyring: &Keyring, browser: &str) -> Self {
        Self {
            account: bucket(keyring, "browser", browser),
            address: None,
        }
    }

    /// Of whoever holds a session of this account and shows who they are.
    pub(super) fn of_proofs(keyring: &Keyring, user_id: &str) -> Self {
        Self {
            account: bucket(keyring, "proof", user_id),
            address: None,
        }
    }

    /// Of codes for this account with the right password before them: of all strangers together,
    /// or of all its known browsers and sessions together. Whoever has only the password must not
    /// keep the owner from changing it.
    pub(super) fn of_codes(keyring: &Keyring, user_id: &str, known: bool) -> Self {
        let kind = if known { "code, known" } else { "code" };
        Self {
            account: bucket(keyring, kind, user_id),
            address: None,
        }
    }

    /// Of codes that are not looked at, because the password was wrong already.
    pub(super) fn of_no_codes(keyring: &Keyring, name: &str) -> Self {
        Self {
            account: bucket(keyring, "no code", name),
            address: None,
        }
    }

    /// Where the attempts come from: the address, or the account for callers without one.
    pub(super) fn source(&self) -> &str {
        self.address.as_deref().unwrap_or(&self.account)
    }

    /// Counts one attempt as failed until it turns out otherwise. `false`: it may not be made,
    /// and the unit is to be dropped.
    pub(super) async fn admit(&self, unit: &mut Unit, now: Timestamp) -> Result<bool> {
        unit.delete_old_throttles(now.minus(FORGOTTEN_AFTER))
            .await?;
        Ok(self.admit_account(unit, now).await? && self.admit_address(unit, now).await?)
    }

    async fn admit_account(&self, unit: &mut Unit, now: Timestamp) -> Result<bool> {
        let row = unit.count_failure(&self.account, now).await?;
        if lasts(&row, now, LONGEST_DELAY) {
            return Ok(false);
        }
        unit.set_throttle_until(&self.account, now.plus(delay_after(row.failures)))
            .await?;
        Ok(true)
    }

    async fn admit_address(&self, unit: &mut Unit, now: Timestamp) -> Result<bool> {
        let Some(key) = &self.address else {
            return Ok(true);
        };
        let row = unit.count_failure(key, now).await?;
        if lasts(&row, now, ADDRESS_WINDOW) {
            return Ok(row.failures <= ADDRESS_FAILURES);
        }
        // The window is over, or there was none: this attempt opens the next.
        unit.clear_throttle(key).await?;
        unit.count_failure(key, now).await?;
        unit.set_throttle_until(key, now.plus(ADDRESS_WINDOW))
            .await?;
        Ok(true)
    }

    /// The attempt was right: the account starts anew and the address gets its count back.
    pub(super) async fn forgive(&self, unit: &mut Unit) -> Result<()> {
        unit.clear_throttle(&self.account).await?;
        if let Some(key) = &self.address {
            unit.forgive_failure(key).await?;
        }
        Ok(())
    }
}

/// Forgets the failures of an account, for one whose password was set anew.
pub(super) async fn clear_account(unit: &mut Unit, keyring: &Keyring, name: &str) -> Result<()> {
    Ok(unit
        .clear_throttle(&bucket(keyring, "account", name))
        .await?)
}

/// Whether a delay or a window still runs. One that ends later than any could was begun before
/// the clock was set back, and binds nobody.
fn lasts(row: &ThrottleRow, now: Timestamp, longest: Duration) -> bool {
    now < row.until && row.until <= now.plus(longest)
}

fn bucket(keyring: &Keyring, kind: &str, name: &str) -> String {
    let digest = keyring.mac(Purpose::Throttle, &[kind.as_bytes(), name.as_bytes()]);
    hex::encode(digest)
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
