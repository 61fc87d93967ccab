//! The answer to `phonecfg=get`.
//!
//! Owns its text, from the phone's own state. The shape is the one sample there is; firmware
//! newer than 2.71 adds the MAC address, which is an assumption.

use std::fmt::Write;

use crate::phone::SimulatedPhone;
use crate::profile::Profile;
use crate::query::Shown;
use crate::state::State;

/// The phone's settings as INI text.
pub(crate) fn text(phone: &SimulatedPhone, state: &State, shown: Shown) -> String {
    let mut text = String::with_capacity(512);
    if shown.firmware {
        status(&mut text, phone, state);
    }
    if shown.accounts {
        accounts(&mut text, phone, state);
    }
    if shown.dnd {
        let _ = write!(text, "[DND]\nState={}\n", on_off(state.dnd));
    }
    forward(&mut text, "Forward_always", state.always.as_deref());
    forward(&mut text, "Forward_busy", state.busy.as_deref());
    no_answer(&mut text, state);
    text
}

fn status(text: &mut String, phone: &SimulatedPhone, state: &State) {
    let _ = write!(text, "[Status]\nFirmwareVersion={}\n", state.firmware);
    if state.profile != Profile::Phonecfg271 {
        let _ = write!(text, "Model={}\nMACAddress={}\n", phone.model, phone.mac);
    }
}

/// As in the sample: the first account comes last, empty ones have fewer fields.
fn accounts(text: &mut String, phone: &SimulatedPhone, state: &State) {
    text.push_str("[Accounts]\n");
    for number in 1..state.model.accounts.min(6) {
        let _ = writeln!(text, "Account{number}=Disabled|||Disable|Off|");
    }
    if state.blank {
        text.push_str("Account0=Disabled|||Disable|Off|\n");
        return;
    }
    let extension = &phone.extension;
    let _ = writeln!(
        text,
        "Account0=Enabled|{label}|{extension}|{label}|Off|{extension}@pbx.example|",
        label = phone.label,
    );
}

fn forward(text: &mut String, section: &str, target: Option<&str>) {
    let state = on_off(target.is_some());
    let target = target.unwrap_or_default();
    let _ = write!(text, "[{section}]\nState={state}\nTarget={target}\n");
}

/// The sample shows -6 where none is set; else the time counts in rings of six seconds.
fn no_answer(text: &mut String, state: &State) {
    let (target, seconds) = match &state.no_answer {
        Some((target, seconds)) => (target.as_str(), i64::from(*seconds)),
        None => ("", -6),
    };
    let on = on_off(state.no_answer.is_some());
    let _ = write!(
        text,
        "[Forward_noanswer]\nRingtimes={seconds}\nState={on}\nTarget={target}\n"
    );
}

const fn on_off(on: bool) -> &'static str {
    if on { "On" } else { "Off" }
}
