//! The network breaks between us and the phones, in every way a small proxy can break it. Each
//! way may lead to certain statements and to no others; above all, *surely not sent* and *may
//! have happened* are never mixed up.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Outcome;
use super::options::Options;
use super::phones::{Phone, honest};
use super::proxy::{Break, Proxy};
use super::stand::{Stand, is_over, wait_for};

const EACH: usize = 3;
const WINDOW: u64 = 64;
/// A port below those that the system gives out, where nobody listens.
const NOBODY: &str = "1025";

/// A way to break connections, and what may then be said: state and cause, `-` for none.
struct Case {
    how: Break,
    allowed: &'static [(&'static str, &'static str)],
}

const FINE: &[(&str, &str)] = &[("acknowledged", "-")];
const NEVER_BEGAN: &[(&str, &str)] = &[("failed", "unreachable"), ("failed", "refused")];
const MAY_HAVE_HAPPENED: &[(&str, &str)] = &[("unknown", "connection_reset")];

/// The truth table.
fn cases() -> Vec<Case> {
    use std::time::Duration;
    let case = |how, allowed| Case { how, allowed };
    vec![
        case(Break::Nothing, FINE),
        case(
            Break::AtOnce,
            &[
                ("failed", "unreachable"),
                ("failed", "refused"),
                ("unknown", "connection_reset"),
            ],
        ),
        case(Break::BeforeRequest(1), MAY_HAVE_HAPPENED),
        case(Break::BeforeRequest(40), MAY_HAVE_HAPPENED),
        case(Break::AfterRequest, MAY_HAVE_HAPPENED),
        case(
            Break::DuringAnswer(1),
            &[("unknown", "connection_reset"), ("unknown", "bad_answer")],
        ),
        case(
            Break::DuringAnswer(20),
            &[("unknown", "connection_reset"), ("unknown", "bad_answer")],
        ),
        case(
            Break::ShortAnswer(0),
            &[("unknown", "connection_reset"), ("unknown", "bad_answer")],
        ),
        case(
            Break::ShortAnswer(12),
            &[("unknown", "connection_reset"), ("unknown", "bad_answer")],
        ),
        case(Break::NoAnswer, &[("unknown", "timeout_answer")]),
        case(Break::Trickle, FINE),
        case(Break::Late(Duration::from_secs(2)), FINE),
    ]
}

pub(super) fn run(options: &Options) -> Result<Outcome, String> {
    let cases = cases();
    // The last phones have nobody at their address and port.
    let count = (cases.len() + 1) * EACH;
    let stand = Stand::set_up(options, honest(count as u64, 0, 0), None)?;
    let mut proxies = Vec::new();
    let mut phones = stand.phones.list.clone();
    for (place, phone) in phones.iter_mut().enumerate() {
        match cases.get(place / EACH) {
            Some(case) => proxies.push(put_between(phone, case.how)?),
            None => NOBODY.clone_into(&mut phone.port),
        }
    }
    let product = stand.setting.start()?;
    let api = stand.api(&product);
    stand.import(&super::phones::as_list(&phones))?;
    let job = stand.begin(&api, "DNDOn", WINDOW)?;
    wait_for(&api, &job, "the job's end", is_over)?;
    stand.judge_clean(&api, &job)?;
    let said = said(&stand.export_targets(&api, &job)?);
    for (place, phone) in phones.iter().enumerate() {
        let case = cases.get(place / EACH);
        let allowed = case.map_or(NEVER_BEGAN, |case| case.allowed);
        let (state, cause) = said.get(&phone.mac).ok_or("a phone without a target")?;
        if !allowed.contains(&(state.as_str(), cause.as_str())) {
            let how = case.map(|case| case.how);
            return Err(format!(
                "{how:?} led to {state} ({cause}), allowed: {allowed:?}"
            ));
        }
    }
    if let Some(idle) = proxies.iter().position(is_unused) {
        return Err(format!("{:?} broke nothing", cases[idle / EACH].how));
    }
    product.stop()?;
    drop(proxies);
    stand.log_is_intact()?;
    stand.clear();
    Ok(Outcome::Passed(vec![format!(
        "{} ways to break a connection × {EACH} phones: every statement is one that this way allows",
        cases.len() + 1
    )]))
}

/// Whether a proxy that should have broken something did not.
fn is_unused((proxy, how): &(Proxy, Break)) -> bool {
    *how != Break::Nothing && proxy.broken.load(std::sync::atomic::Ordering::SeqCst) == 0
}

/// Lets the phone's connections go through a proxy.
fn put_between(phone: &mut Phone, how: Break) -> Result<(Proxy, Break), String> {
    let there = format!("{}:{}", phone.address, phone.port);
    let there = there
        .parse()
        .map_err(|_| format!("{there} is no address"))?;
    let proxy = Proxy::start("127.0.0.1:0", there, how)?;
    phone.address = proxy.address.ip().to_string();
    phone.port = proxy.address.port().to_string();
    Ok((proxy, how))
}

/// State and cause of every phone.
fn said(targets: &[Value]) -> BTreeMap<String, (String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let one = |target: &Value| {
        let said = (text(&target["state"]), text(&target["cause"]));
        (text(&target["phone"]), said)
    };
    targets.iter().map(one).collect()
}
