//! From acknowledged to verified: looking whether a command had its effect.
//!
//! Owns what is asked of a phone afterwards and what counts as proof. *Invariant:* asks nothing
//! that could change a phone, and never repeats the command; where there is no proof, the end is
//! what the phone had said.

use std::time::Duration;

use carillon_devices::{Delivery, Fetched};
use carillon_domain::action::Expectation;
use carillon_domain::outcome::Transport;
use carillon_domain::phonecfg::{PhoneConfig, Proof};
use carillon_domain::{Cause, Mac, TargetState, Timestamp};
use carillon_store::{ClaimedTarget, ContactUpdate, TargetResult};

use crate::Engine;
use crate::dispatch::delivery::{self, Desk};
use crate::dispatch::facts::JobFacts;
use crate::dispatch::{identity, looks};

/// The rhythm of everything that is done to a phone more than once: looking at it, asking it,
/// sending to it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Pauses before each look whether a phone is there.
    pub looks: Vec<Duration>,
    /// A phone that is still there after so many looks does not restart any more.
    pub looks_before_gone: usize,
    /// Pauses before each question for a setting.
    pub questions: Vec<Duration>,
    /// The usual pause before a second try; it doubles with each.
    pub again: Duration,
    /// A phone is left alone for so long after it was last spoken to.
    pub between_commands: Duration,
    /// A phone that restarts and cannot be looked at is taken to be away for so long.
    pub away: Duration,
}

impl Default for Patience {
    /// Looks are close at first, so that a quick restart is not missed; then seldom, because a
    /// real one takes a minute or two. Five minutes in all.
    fn default() -> Self {
        let seconds = |list: &[u64]| list.iter().copied().map(Duration::from_secs).collect();
        Self {
            looks: seconds(&[1, 1, 2, 4, 8, 14, 20, 30, 40, 60, 60, 60]),
            looks_before_gone: 6,
            questions: seconds(&[1, 3]),
            again: Duration::from_secs(2),
            between_commands: Duration::from_secs(1),
            away: Duration::from_mins(2),
        }
    }
}

impl Patience {
    /// For simulated phones, which restart within seconds: half a minute in all.
    pub fn for_simulated_phones() -> Self {
        let seconds = |list: &[u64]| list.iter().copied().map(Duration::from_secs).collect();
        Self {
            looks: seconds(&[1, 1, 1, 2, 3, 4, 8, 10]),
            looks_before_gone: 6,
            questions: seconds(&[1, 1]),
            away: Duration::from_secs(8),
            ..Self::default()
        }
    }
}

/// What a result that is kept open waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Afterwards {
    /// Its effect, which can be looked for.
    Effect,
    /// The time that a restart takes: nobody can look, and only so many of a site may be away.
    Restart,
}

/// Keeps a result open when its effect can be looked for, or when its phone counts as away. A
/// command of which nobody knows whether it arrived is looked for as well.
pub(super) fn keep_open(
    facts: &JobFacts,
    may_be_looked_at: bool,
    result: &mut TargetResult,
) -> Option<Afterwards> {
    let arrived = matches!(
        result.state,
        TargetState::Acknowledged | TargetState::Unknown
    );
    let expectation = facts.action.expectation();
    let afterwards = if facts.options.verify && may_be_looked_at {
        (expectation != Expectation::Nothing).then_some(Afterwards::Effect)
    } else {
        let counts = facts.options.limits_sites();
        (expectation == Expectation::ComesBack && counts).then_some(Afterwards::Restart)
    };
    let afterwards = afterwards.filter(|_| arrived);
    if afterwards.is_some() {
        result.state = TargetState::Verifying;
    }
    afterwards
}

/// Looks for the effect until there is proof or no more sense in looking. `None` when this node
/// stops meanwhile: the next start tells what the phone had said.
pub(super) async fn verify(
    engine: &Engine,
    desk: &Desk,
    target: &ClaimedTarget,
    (cause, afterwards): (Option<Cause>, Afterwards),
) -> Option<TargetResult> {
    let expectation = desk.facts().action.expectation();
    let answered = cause.is_none_or(Cause::was_taken);
    let looking = async {
        match afterwards {
            Afterwards::Effect => look(engine, desk, target.mac(), (&expectation, answered)).await,
            Afterwards::Restart => rest(engine).await,
        }
    };
    let finding = tokio::select! {
        () = engine.dispatch.stopping() => return None,
        finding = looking => finding,
    };
    Some(finding.result(target, cause, engine.clock.now()))
}

async fn look(
    engine: &Engine,
    desk: &Desk,
    mac: Mac,
    (expectation, answered): (&Expectation, bool),
) -> Finding {
    match expectation {
        Expectation::ComesBack => match looks::comes_back(engine, desk, mac).await {
            // A password goes only to who took one for the command, or to whom a PBX was asked for.
            Finding::Proof(seen) if answered => who_came_back(engine, desk, mac, seen).await,
            finding => finding,
        },
        _ => tells(engine, desk, mac, expectation).await,
    }
}

/// Lets a restart take its time where nobody can look.
async fn rest(engine: &Engine) -> Finding {
    let away = engine.dispatch.patience.away;
    tokio::time::sleep(away).await;
    Finding::NoProof(format!("was not looked at; counted as away for {away:?}"))
}

/// Asks once who it is that answers again: another phone that restarted proves nothing of this
/// one. Where that is not told, what was seen stands.
async fn who_came_back(engine: &Engine, desk: &Desk, mac: Mac, seen: String) -> Finding {
    let Some(question) = question(engine, desk, mac).await else {
        return Finding::Proof(seen);
    };
    let _place = engine.dispatch.looking().await;
    let answer = engine.gateway.fetch(question).await;
    let told = PhoneConfig::read(&answer.body);
    match told.and_then(|told| identity::another(&told, mac)) {
        Some(words) => Finding::Another(format!("{seen}; {words}")),
        None => Finding::Proof(seen),
    }
}

/// What looking came to.
pub(super) enum Finding {
    Proof(String),
    NoProof(String),
    Gone(String),
    /// Another phone answers: it took the command, and nobody can say whether this one did too.
    Another(String),
}

impl Finding {
    fn result(self, target: &ClaimedTarget, cause: Option<Cause>, at: Timestamp) -> TargetResult {
        let said = if cause.is_some() {
            TargetState::Unknown
        } else {
            TargetState::Acknowledged
        };
        let by_sip = target.target.transport.is_some_and(Transport::is_notify);
        let there = match self {
            Self::Proof(_) => Some(true),
            Self::Gone(_) if !by_sip => Some(false),
            Self::Gone(_) | Self::NoProof(_) | Self::Another(_) => None,
        };
        let (state, cause, evidence) = match (self, cause) {
            (Self::Proof(evidence), _) => (TargetState::Verified, None, evidence),
            (Self::NoProof(evidence), cause) => (said, cause, evidence),
            // Told by SIP or a PBX, and HTTP may be closed between us: that nobody answers there says
            // nothing of a command that did not go there.
            (Self::Gone(_), cause) if by_sip => {
                (said, cause, "does not answer over HTTP".to_owned())
            }
            (Self::Another(evidence), _) => {
                (TargetState::Unknown, Some(Cause::WrongPhone), evidence)
            }
            (Self::Gone(evidence), None) => (TargetState::Failed, Some(Cause::NoReturn), evidence),
            (Self::Gone(evidence), cause) => (TargetState::Unknown, cause, evidence),
        };
        let contact = there.map(|reached| ContactUpdate {
            reached,
            learned_auth: None,
            learned_pin: None,
        });
        TargetResult {
            contact,
            state,
            cause,
            evidence,
            ..TargetResult::unsent(target, Cause::Interrupted, at)
        }
    }
}

/// Whether the phone tells the setting that was asked for.
async fn tells(engine: &Engine, desk: &Desk, mac: Mac, expectation: &Expectation) -> Finding {
    let mut told = "could not be asked".to_owned();
    for pause in &engine.dispatch.patience.questions {
        tokio::time::sleep(*pause).await;
        let Some(question) = question(engine, desk, mac).await else {
            break;
        };
        let _place = engine.dispatch.looking().await;
        let answer = engine.gateway.fetch(question).await;
        let config = PhoneConfig::read(&answer.body);
        if let Some(words) = config
            .as_ref()
            .and_then(|told| identity::another(told, mac))
        {
            return Finding::Another(words);
        }
        told = match reading(&answer, config.as_ref(), expectation) {
            Ok(()) => return Finding::Proof("the phone tells the new setting".to_owned()),
            Err(told) => told,
        };
    }
    Finding::NoProof(told)
}

/// What an answer says about a setting.
fn reading(
    answer: &Fetched,
    told: Option<&PhoneConfig>,
    expectation: &Expectation,
) -> Result<(), String> {
    if let Some(cause) = answer.outcome.cause {
        return Err(format!("the setting could not be read back: {cause}"));
    }
    match told.map(|config| config.proves(expectation)) {
        Some(Proof::Seen) => Ok(()),
        Some(Proof::NotSeen) => Err("the phone still tells the old setting".to_owned()),
        Some(Proof::NotTold) => Err("the phone does not tell this setting".to_owned()),
        None => Err("the phone's answer holds no settings".to_owned()),
    }
}

/// `phonecfg=get` for a phone as the inventory has it now.
pub(super) async fn question(engine: &Engine, desk: &Desk, mac: Mac) -> Option<Delivery> {
    match delivery::question(engine, desk, mac).await {
        Ok(question) => question.ok(),
        Err(error) => {
            tracing::warn!(%error, phone.mac = %mac, "a phone to verify cannot be read");
            None
        }
    }
}
