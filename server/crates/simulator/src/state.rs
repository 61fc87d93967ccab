//! What changes in a phone.
//!
//! Owns the state behind one address and what each key does to it. Knows no sockets; time and
//! chance are handed in.

use std::time::Duration;

use crate::config::Timing;
use crate::key::Key;
use crate::model::{self, Model};
use crate::password::Password;
use crate::phone::SimulatedPhone;
use crate::profile::{Auth, Profile};
use crate::roll::Roll;

/// One phone, as it is now. Times count from the start of the fleet.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) model: &'static Model,
    pub(crate) profile: Profile,
    pub(crate) auth: Auth,
    pub(crate) username: String,
    pub(crate) password: Password,
    pub(crate) firmware: String,
    pub(crate) dnd: bool,
    pub(crate) always: Option<String>,
    pub(crate) busy: Option<String>,
    pub(crate) no_answer: Option<(String, u32)>,
    pub(crate) volume: u8,
    pub(crate) muted: bool,
    pub(crate) screen: String,
    /// Factory settings: no accounts.
    pub(crate) blank: bool,
    pub(crate) booted_at: Duration,
    /// Takes no connections before this.
    pub(crate) down_until: Duration,
    pub(crate) reboots: u32,
    pub(crate) provisioned: u32,
    /// Newer firmware waits for it; fetching it means a reboot.
    pub(crate) update_waits: bool,
    pub(crate) wrong_passwords: u32,
    pub(crate) locked_until: Duration,
    pub(crate) prompted_at: Option<Duration>,
    pub(crate) accepted: bool,
    pub(crate) executed: u32,
    pub(crate) roll: Roll,
}

const IDLE_SCREEN: &str = "Idle";

impl State {
    pub(crate) fn new(phone: &SimulatedPhone, seed: u64) -> Self {
        let serial = phone
            .mac
            .bytes()
            .iter()
            .fold(0, |n, b| n << 8 | u64::from(*b));
        let model = model::find(phone.model).unwrap_or_else(model::first);
        let newest = model.firmware.first() == Some(&phone.firmware.as_str());
        Self {
            model,
            profile: phone.profile,
            auth: phone.auth,
            username: phone.username.clone(),
            password: phone.password.clone(),
            firmware: phone.firmware.clone(),
            dnd: false,
            always: None,
            busy: None,
            no_answer: None,
            volume: 8,
            muted: false,
            screen: IDLE_SCREEN.to_owned(),
            blank: false,
            booted_at: Duration::ZERO,
            down_until: Duration::ZERO,
            reboots: 0,
            provisioned: 0,
            update_waits: !newest,
            wrong_passwords: 0,
            locked_until: Duration::ZERO,
            prompted_at: None,
            accepted: false,
            executed: 0,
            roll: Roll::fork(seed, serial),
        }
    }

    /// Whether it takes connections.
    pub(crate) fn is_up(&self, now: Duration) -> bool {
        now >= self.down_until
    }

    /// Runs values in order, all or none of them. `false`: not known, nothing happened.
    pub(crate) fn run(&mut self, values: &[String], now: Duration, timing: &Timing) -> bool {
        if values.len() > 1 && !self.model.sequences {
            return false;
        }
        let keys: Option<Vec<Key<'_>>> = values
            .iter()
            .map(|value| Key::parse(value, self.model))
            .collect();
        let Some(keys) = keys else { return false };
        for key in keys {
            self.press(key, now, timing);
        }
        true
    }

    /// Shows a call.
    pub(crate) fn dial(&mut self, number: &str) {
        self.screen = format!("Calling {number}");
    }

    fn press(&mut self, key: Key<'_>, now: Duration, timing: &Timing) {
        match key {
            Key::Reboot => self.reboot(now, timing),
            Key::Provision => self.provision(now, timing),
            Key::Reset => self.reset(now, timing),
            Key::Dnd(on) => self.dnd = on,
            Key::AlwaysForward(target) => self.always = target.map(str::to_owned),
            Key::BusyForward(target) => self.busy = target.map(str::to_owned),
            Key::NoAnswerForward(target) => {
                self.no_answer = target.map(|(n, after)| (n.to_owned(), after.unwrap_or(12)));
            }
            Key::Volume(by) => self.volume = self.volume.saturating_add_signed(by).min(15),
            Key::Mute => self.muted = !self.muted,
            Key::Press("X" | "CANCEL" | "CALLEND" | "CallEnd" | "ONHOOK") => {
                IDLE_SCREEN.clone_into(&mut self.screen);
            }
            Key::Press(name) => self.screen = format!("Pressed {name}"),
        }
    }

    /// Goes away, for a time drawn from the phone's own sequence.
    pub(crate) fn reboot(&mut self, now: Duration, timing: &Timing) {
        let spread = timing.reboot_max_ms.saturating_sub(timing.reboot_min_ms) + 1;
        let takes = Duration::from_millis(timing.reboot_min_ms + self.roll.below(spread));
        self.down_until = match self.profile {
            Profile::NeverReturns => Duration::MAX,
            _ => now + takes,
        };
        self.booted_at = self.down_until;
        self.reboots += 1;
        self.wrong_passwords = 0;
        self.locked_until = Duration::ZERO;
        self.muted = false;
        IDLE_SCREEN.clone_into(&mut self.screen);
    }

    pub(crate) fn provision(&mut self, now: Duration, timing: &Timing) {
        self.provisioned += 1;
        if std::mem::take(&mut self.update_waits) {
            let newest = self.model.firmware.first().copied().unwrap_or_default();
            newest.clone_into(&mut self.firmware);
            self.reboot(now, timing);
        }
    }

    /// Back to what the factory made: nothing of the owner's is left.
    fn reset(&mut self, now: Duration, timing: &Timing) {
        self.blank = true;
        self.dnd = false;
        self.always = None;
        self.busy = None;
        self.no_answer = None;
        self.volume = 8;
        self.accepted = false;
        self.prompted_at = None;
        "admin".clone_into(&mut self.username);
        self.password = Password::from("admin");
        self.reboot(now, timing);
    }
}

#[cfg(test)]
mod tests {
    use carillon_domain::phone::TransportSecurity;

    use super::*;
    use crate::config::FleetConfig;
    use crate::plan::{self, Ports};

    fn state(profile: Profile) -> State {
        let config = FleetConfig::uniform(profile, 1, TransportSecurity::PlainHttp);
        State::new(&plan::phones(&config, Ports::default())[0], 1)
    }

    fn run(state: &mut State, value: &str) -> bool {
        let values: Vec<String> = value.split(';').map(str::to_owned).collect();
        state.run(&values, Duration::from_secs(1), &Timing::default())
    }

    #[test]
    fn keys_change_what_can_be_read_back() {
        let mut phone = state(Profile::Open);
        assert!(run(&mut phone, "DNDOn") && phone.dnd);
        assert!(run(&mut phone, "NoAnswFwdOn=1001=24"));
        assert_eq!(phone.no_answer, Some(("1001".to_owned(), 24)));
        assert!(run(&mut phone, "NoAnswFwdOff") && phone.no_answer.is_none());
        assert!(run(&mut phone, "VOLUME_UP") && phone.volume == 9);
    }

    #[test]
    fn an_unknown_value_spoils_the_whole_sequence() {
        let mut phone = state(Profile::Open);
        phone.model = model::find("T46S").expect("known");
        assert!(!run(&mut phone, "DNDOn;dndoff"));
        assert!(!phone.dnd);
        phone.model = model::find("T48S").expect("known");
        assert!(!run(&mut phone, "DNDOn;MUTE"));
    }

    #[test]
    fn a_reboot_ends_unless_it_never_does() {
        let mut phone = state(Profile::Open);
        assert!(run(&mut phone, "Reboot"));
        assert!(!phone.is_up(Duration::from_secs(1)));
        assert!(phone.is_up(Duration::from_secs(10)));
        let mut dead = state(Profile::NeverReturns);
        assert!(run(&mut dead, "Reboot"));
        assert!(!dead.is_up(Duration::from_secs(1_000_000)));
    }

    #[test]
    fn new_firmware_comes_with_a_reboot() {
        let mut phone = state(Profile::Open);
        phone.model = model::find("T46S").expect("known");
        phone.update_waits = true;
        assert!(run(&mut phone, "AutoP"));
        assert_eq!((phone.reboots, phone.firmware.as_str()), (1, "66.86.0.15"));
    }
}
