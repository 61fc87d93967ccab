//! The limits of a job.
//!
//! Owns their ranges and what each class of action gets where somebody leaves one out.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::action::{CheckedAction, Class, Verification};
use crate::{FieldError, Timestamp, closed_list};

closed_list! {
    /// The way that a job's requests take.
    TransportChoice {
        /// Each phone's own scheme; by SIP where its site says so.
        Auto = "auto",
        /// HTTP in clear, for every phone.
        Http = "http",
        /// HTTP over TLS, for every phone.
        Https = "https",
        /// SIP NOTIFY, for every phone.
        Sip = "sip",
    }
}

/// Limits as asked for: all of them may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobOptions {
    /// How many phones at once.
    #[serde(default)]
    pub window: Option<u32>,
    /// How long one whole exchange may take.
    #[serde(default)]
    pub timeout_ms: Option<u32>,
    /// Which way.
    #[serde(default)]
    pub transport: Option<TransportChoice>,
    /// Whether effects are read back where they can be.
    #[serde(default)]
    pub verify: Option<bool>,
    /// How often what failed is tried again by itself: see [`super::may_try_again`].
    #[serde(default)]
    pub retries: Option<u32>,
    /// How many phones go first, before the rest may follow.
    #[serde(default)]
    pub canary: Option<u32>,
    /// The job stops when more than this share failed; 0 = at the first failure.
    #[serde(default)]
    pub max_failed_percent: Option<u32>,
    /// How much of a site may be away at once; 0 = one phone at a time.
    #[serde(default)]
    pub site_max_down_percent: Option<u32>,
    /// How many phones of a site may be away at once; 0 = no such limit.
    #[serde(default)]
    pub site_max_down: Option<u32>,
    /// A pause of a random length up to this before each phone.
    #[serde(default)]
    pub jitter_ms: Option<u32>,
    /// How many refused passwords in a row hold a credential's phones; 0 = never.
    #[serde(default)]
    pub max_auth_failed: Option<u32>,
    /// Nothing is sent after this.
    #[serde(default)]
    pub not_after: Option<Timestamp>,
    /// Nothing is sent before this.
    #[serde(default)]
    pub start_at: Option<Timestamp>,
    /// Protected phones are taken along: administrators only, with a reason.
    #[serde(default)]
    pub include_protected: bool,
}

/// Limits as they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectiveOptions {
    /// How many phones at once.
    pub window: u32,
    /// How long one whole exchange may take.
    pub timeout_ms: u32,
    /// Which way.
    pub transport: TransportChoice,
    /// Whether effects are read back.
    pub verify: bool,
    /// How often what failed is tried again by itself: see [`super::may_try_again`].
    pub retries: u32,
    /// How many phones go first.
    pub canary: u32,
    /// The job stops when more than this share failed; 0 = at the first failure.
    pub max_failed_percent: u32,
    /// How much of a site may be away at once; 0 = one phone at a time.
    pub site_max_down_percent: u32,
    /// How many phones of a site may be away at once; 0 = no such limit.
    #[serde(default)]
    pub site_max_down: u32,
    /// Nobody said how much of a site may be away, so that the site's own limit holds as well.
    #[serde(default)]
    pub site_rule: bool,
    /// A pause of a random length up to this before each phone.
    #[serde(default)]
    pub jitter_ms: u32,
    /// How many refused passwords in a row hold a credential's phones; 0 = never.
    pub max_auth_failed: u32,
    /// Protected phones are taken along.
    #[serde(default)]
    pub include_protected: bool,
}

impl EffectiveOptions {
    /// What a class gets where nothing is said.
    pub const fn of_class(class: Class) -> Self {
        let (window, site, canary, failed) = match class {
            Class::Harmless => (256, 100, 0, 100),
            Class::Disruptive => (10, 20, 1, 10),
            Class::Destructive => (1, 0, 1, 0),
        };
        Self {
            window,
            timeout_ms: 8_000,
            transport: TransportChoice::Auto,
            verify: true,
            retries: 0,
            canary,
            max_failed_percent: failed,
            site_max_down_percent: site,
            site_max_down: 0,
            site_rule: !matches!(class, Class::Harmless),
            jitter_ms: 0,
            max_auth_failed: 5,
            include_protected: false,
        }
    }

    /// Whether only so many phones of a site may be away at once.
    pub const fn limits_sites(&self) -> bool {
        self.site_max_down_percent < 100 || self.site_max_down > 0 || self.site_rule
    }

    /// How long one whole exchange may take.
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(u64::from(self.timeout_ms))
    }

    /// How long `phones` take at most, when every one of them uses its whole time.
    pub fn planned_duration(&self, phones: usize) -> Duration {
        let times = |count| u32::try_from(count).unwrap_or(u32::MAX);
        let rounds = phones.div_ceil(self.window.max(1) as usize);
        let pauses = Duration::from_millis(u64::from(self.jitter_ms));
        self.timeout().saturating_mul(times(rounds)) + pauses.saturating_mul(times(phones))
    }
}

/// When a job that starts at `start` gives up, where nobody says so: after a quarter of an hour,
/// or twice its planned duration if that is longer.
pub fn not_after(start: Timestamp, planned: Duration) -> Timestamp {
    start.plus(planned.saturating_mul(2).max(Duration::from_mins(15)))
}

impl JobOptions {
    /// The limits that hold for an action.
    ///
    /// # Errors
    /// Every option out of its range.
    pub fn effective(&self, action: &CheckedAction) -> Result<EffectiveOptions, Vec<FieldError>> {
        let defaults = EffectiveOptions::of_class(action.entry().class);
        let mut check = Check::default();
        let verifiable = action.entry().verification != Verification::None;
        let options = EffectiveOptions {
            window: check.range("window", self.window, defaults.window, 1, 1_024),
            timeout_ms: check.range(
                "timeout_ms",
                self.timeout_ms,
                defaults.timeout_ms,
                500,
                20_000,
            ),
            transport: self.transport.unwrap_or(defaults.transport),
            verify: verifiable && self.verify.unwrap_or(defaults.verify),
            retries: check.range("retries", self.retries, defaults.retries, 0, 3),
            canary: check.range("canary", self.canary, defaults.canary, 0, 1_000),
            max_failed_percent: check.percent(
                "max_failed_percent",
                self.max_failed_percent,
                defaults.max_failed_percent,
            ),
            site_max_down_percent: check.percent(
                "site_max_down_percent",
                self.site_max_down_percent,
                defaults.site_max_down_percent,
            ),
            site_max_down: check.range(
                "site_max_down",
                self.site_max_down,
                defaults.site_max_down,
                0,
                10_000,
            ),
            site_rule: defaults.site_rule && self.site_max_down_percent.is_none(),
            include_protected: self.include_protected,
            jitter_ms: check.range("jitter_ms", self.jitter_ms, defaults.jitter_ms, 0, 60_000),
            max_auth_failed: check.range(
                "max_auth_failed",
                self.max_auth_failed,
                defaults.max_auth_failed,
                0,
                1_000,
            ),
        };
        check.times(self);
        check.way(options.transport, action);
        if check.errors.is_empty() {
            Ok(options)
        } else {
            Err(check.errors)
        }
    }
}

#[derive(Default)]
struct Check {
    errors: Vec<FieldError>,
}

impl Check {
    fn range(&mut self, name: &str, given: Option<u32>, default: u32, min: u32, max: u32) -> u32 {
        let value = given.unwrap_or(default);
        if !(min..=max).contains(&value) {
            let message = format!("give a number from {min} to {max}");
            self.wrong(name, &message);
        }
        value
    }

    fn percent(&mut self, name: &str, given: Option<u32>, default: u32) -> u32 {
        self.range(name, given, default, 0, 100)
    }

    fn times(&mut self, options: &JobOptions) {
        if let (Some(start), Some(end)) = (options.start_at, options.not_after)
            && end <= start
        {
            self.wrong("not_after", "it must be later than the start");
        }
    }

    fn way(&mut self, way: TransportChoice, action: &CheckedAction) {
        let entry = action.entry();
        let message = match way {
            TransportChoice::Sip if !entry.travels_by_sip() => "this action cannot go by SIP",
            TransportChoice::Http | TransportChoice::Https if !entry.travels_by_http() => {
                "this action goes by SIP only"
            }
            _ => return,
        };
        self.errors
            .push(FieldError::new("options.transport", "unsupported", message));
    }

    fn wrong(&mut self, name: &str, message: &str) {
        let field = format!("options.{name}");
        self.errors
            .push(FieldError::new(field, "out_of_range", message));
    }
}
