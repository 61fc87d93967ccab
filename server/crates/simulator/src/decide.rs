//! What a phone makes of a request.
//!
//! Owns the order of the gates (is it a phone at all, does it know the path, is the caller on
//! its list, who is it, has somebody accepted) and what passes through them. Decides and
//! changes the state; sends nothing.

use std::time::Duration;

use carillon_domain::phone::{Scheme, UrlForm};

use crate::answer::Answer;
use crate::auth::{self, Check};
use crate::config::Timing;
use crate::digest::Mint;
use crate::hostile::Shape;
use crate::key;
use crate::ledger::Disposition;
use crate::phone::SimulatedPhone;
use crate::phonecfg;
use crate::plan::{ELSEWHERE, Ports};
use crate::profile::{Auth, Profile};
use crate::query::{Door, Wish};
use crate::request::Request;
use crate::screen;
use crate::state::State;

/// What surrounds a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene<'a> {
    pub(crate) phone: &'a SimulatedPhone,
    pub(crate) listener: Scheme,
    pub(crate) now: Duration,
    pub(crate) timing: &'a Timing,
    pub(crate) ports: Ports,
    pub(crate) seed: u64,
    /// Never the same twice in a fleet.
    pub(crate) number: u64,
}

/// The phone's decision.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) disposition: Disposition,
    pub(crate) authenticated: bool,
    pub(crate) executed: Option<String>,
    /// What is sent, or where it begins.
    pub(crate) answer: Answer,
    /// How it is sent.
    pub(crate) shape: Shape,
    pub(crate) wait: Duration,
}

/// A decision before it is dressed for sending.
type Step = (Disposition, Answer);

/// Lets the phone decide.
pub(crate) fn decide(scene: &Scene<'_>, state: &mut State, request: &Request) -> Verdict {
    let mut verdict = Verdict {
        disposition: Disposition::Dropped,
        authenticated: false,
        executed: None,
        answer: Answer::empty(200),
        shape: Shape::of(state.profile),
        wait: Duration::from_millis(scene.timing.answer_ms),
    };
    if is_no_phone(state.profile) {
        return verdict;
    }
    let refused = missing_door(state, request)
        .or_else(|| broken(state.profile))
        .or_else(|| closed_gate(state.profile))
        .or_else(|| redirect(scene, state.profile, request))
        .or_else(|| unauthenticated(scene, state, request))
        .or_else(|| prompt(scene, state));
    if let Some((disposition, answer)) = refused {
        verdict.disposition = disposition;
        verdict.answer = answer;
        verdict.shape = Shape::Whole;
        verdict.authenticated = disposition == Disposition::Prompted;
    } else {
        verdict.authenticated = true;
        perform(scene, state, request, &mut verdict);
    }
    verdict.answer.old = is_old(state);
    verdict
}

impl Verdict {
    /// The status that the caller gets to see, as far as the phone sends one.
    pub(crate) fn status(&self) -> Option<u16> {
        (!self.shape.has_no_status()).then_some(self.answer.status)
    }
}

/// Those that take a request and are no phones in any further respect.
const fn is_no_phone(profile: Profile) -> bool {
    matches!(
        profile,
        Profile::Silent | Profile::ResetBefore | Profile::Garbage
    )
}

/// Firmware before generation 73: the oldest web server, and no picture of the screen.
fn is_old(state: &State) -> bool {
    matches!(state.model.name, "T22P" | "T28P")
}

fn missing_door(state: &State, request: &Request) -> Option<Step> {
    if request.method != "GET" {
        return Some((Disposition::Unsupported, Answer::page(405, "Only GET")));
    }
    let open = match request.asked.door {
        Door::Form(form) => {
            state.profile != Profile::ConfigManAppOnly || form == UrlForm::ConfigManApp
        }
        Door::Screen => !is_old(state) || state.profile == Profile::BmpScreenshot,
        Door::Other => false,
    };
    (!open).then(|| (Disposition::Unsupported, Answer::page(404, "Not found")))
}

fn broken(profile: Profile) -> Option<Step> {
    match profile {
        Profile::NotFound => Some((Disposition::Unsupported, Answer::page(404, "Not found"))),
        Profile::ServerError => Some((
            Disposition::ServerError,
            Answer::page(500, "Internal error"),
        )),
        _ => None,
    }
}

fn closed_gate(profile: Profile) -> Option<Step> {
    matches!(profile, Profile::ForbiddenIp | Profile::Disabled)
        .then(|| (Disposition::Forbidden, Answer::page(403, "Forbidden")))
}

fn redirect(scene: &Scene<'_>, profile: Profile, request: &Request) -> Option<Step> {
    let shown = &request.asked.shown;
    let to = match (profile, scene.listener) {
        (Profile::RedirectHttps, Scheme::Http) => {
            format!(
                "https://{}:{}{shown}",
                scene.phone.address, scene.ports.https
            )
        }
        (Profile::RedirectAway, _) => format!("http://{ELSEWHERE}:{}{shown}", scene.ports.http),
        _ => return None,
    };
    let mut answer = Answer::empty(302);
    answer.field = Some(("Location", to));
    Some((Disposition::Redirected, answer))
}

fn unauthenticated(scene: &Scene<'_>, state: &mut State, request: &Request) -> Option<Step> {
    if scene.now < state.locked_until {
        return Some((Disposition::LockedOut, Answer::page(403, "Locked")));
    }
    let mint = mint(scene, state);
    let check = auth::check(state, request, &mint);
    let disposition = match check {
        Check::Right => {
            state.wrong_passwords = 0;
            return None;
        }
        Check::Missing => Disposition::Challenged,
        Check::Stale => Disposition::StaleNonce,
        Check::Wrong => {
            count_wrong_password(scene, state);
            Disposition::AuthFailed
        }
    };
    let mut answer = Answer::page(401, "Unauthorized");
    let stale = check == Check::Stale;
    answer.field = auth::challenge(state, &mint, (scene.now, scene.number), stale)
        .map(|value| ("WWW-Authenticate", value));
    answer.keep = !request.close && check != Check::Wrong && keeps_open(state);
    Some((disposition, answer))
}

/// Only Digest needs the connection a second time.
fn keeps_open(state: &State) -> bool {
    matches!(state.auth, Auth::Digest | Auth::DigestSha256)
        && state.profile != Profile::DigestClose
        && !is_old(state)
}

/// Nonces are good for a while, and not over a reboot.
fn mint(scene: &Scene<'_>, state: &State) -> Mint {
    let aged = scene
        .now
        .saturating_sub(Duration::from_millis(scene.timing.nonce_ms));
    // Nonces count whole milliseconds; a boot in the middle of one must not spoil the next.
    let booted = Duration::from_millis(state.booted_at.as_millis() as u64);
    Mint {
        seed: scene.seed,
        phone: scene.phone.mac.bytes(),
        oldest: aged.max(booted),
    }
}

fn count_wrong_password(scene: &Scene<'_>, state: &mut State) {
    state.wrong_passwords += 1;
    if state.profile == Profile::LockoutAfter3 && state.wrong_passwords >= 3 {
        state.wrong_passwords = 0;
        state.locked_until = scene.now + Duration::from_millis(scene.timing.lockout_ms);
    }
}

fn prompt(scene: &Scene<'_>, state: &mut State) -> Option<Step> {
    if state.profile != Profile::PromptOnce || state.accepted {
        return None;
    }
    if let Some(since) = state.prompted_at {
        let patience = Duration::from_millis(scene.timing.prompt_ms);
        if scene.now.saturating_sub(since) >= patience {
            state.accepted = true;
            return None;
        }
    } else {
        state.prompted_at = Some(scene.now);
        "Allow remote control?".clone_into(&mut state.screen);
    }
    Some((
        Disposition::Prompted,
        Answer::page(403, "Remote control forbidden"),
    ))
}

/// The request has passed every gate.
fn perform(scene: &Scene<'_>, state: &mut State, request: &Request, verdict: &mut Verdict) {
    verdict.disposition = Disposition::Answered;
    match &request.asked.wish {
        Wish::Settings(shown) => {
            let text = phonecfg::text(scene.phone, state, *shown);
            verdict.answer = Answer::with(200, "text/plain", text.into_bytes());
        }
        Wish::Screen => {
            let picture = screen::bmp(&scene.phone.extension, state.dnd);
            verdict.answer = Answer::with(200, "image/bmp", picture);
        }
        Wish::Keys(_) | Wish::Dial(_) | Wish::Nothing => {
            verdict.executed = execute(scene, state, &request.asked.wish);
            verdict.disposition = match verdict.executed {
                Some(_) => Disposition::Executed,
                None => Disposition::NoEffect,
            };
        }
    }
    if state.profile == Profile::Slow {
        verdict.wait += Duration::from_millis(scene.timing.slow_ms);
    }
    if loses_answer(scene, state, verdict) {
        verdict.shape = Shape::Reset;
    }
}

/// Does it; the words say what was done.
fn execute(scene: &Scene<'_>, state: &mut State, wish: &Wish) -> Option<String> {
    if !state.profile.executes() {
        return None;
    }
    let done = match wish {
        Wish::Keys(values) => state
            .run(values, scene.now, scene.timing)
            .then(|| values.join(";")),
        Wish::Dial(number) => key::is_number(number).then(|| {
            state.dial(number);
            format!("number={number}")
        }),
        _ => None,
    };
    state.executed += u32::from(done.is_some());
    done
}

fn loses_answer(scene: &Scene<'_>, state: &mut State, verdict: &Verdict) -> bool {
    let Some(action) = &verdict.executed else {
        return false;
    };
    let lossy = scene.timing.reply_loss_per_mille;
    let lost = lossy > 0 && state.roll.below(1000) < u64::from(lossy);
    lost || (state.profile == Profile::RebootReset && action.split(';').any(|v| v == "Reboot"))
}
