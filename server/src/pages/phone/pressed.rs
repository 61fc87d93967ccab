//! What became of a key that was pressed, and the picture behind it.
//!
//! Owns how long a page waits for a key where somebody wants to see what it did. *Invariant:* a
//! picture is taken behind a key only where it was asked for with this key, and the phone took it.

use std::time::Duration;

use carillon_contract::frame::{Flash, Tone};
use carillon_contract::list::Link;
use carillon_domain::{JobState, Mac};
use carillon_engine::{Caller, Engine};
use carillon_language::say;
use carillon_store::JobSnapshot;
use tokio::time::timeout;

use super::keypad::{Kept, take};
use crate::pages::approvals;
use crate::pages::visit::done_see;
use crate::problem::Problem;

/// So long a page waits for the end of a key: whoever guides a caller through a menu wants to know
/// that it arrived before pressing the next.
const PATIENCE: Duration = Duration::from_secs(2);
/// The same where a picture is to be taken behind it.
const PATIENCE_FOR_A_PICTURE: Duration = Duration::from_secs(5);
/// How long a signal is waited for before looking anyway.
const LOOK_ANYWAY: Duration = Duration::from_secs(1);

/// A key that was pressed.
pub(super) struct Key<'k> {
    /// On which phone.
    pub(super) mac: Mac,
    /// What it does.
    pub(super) title: &'k str,
    /// Its job.
    pub(super) job: &'k str,
}

impl Key<'_> {
    fn link(&self, word: &'static str) -> Link {
        Link::new(word, format!("/jobs/{}", self.job))
    }
}

/// What is said of a key. What is kept for the next page knows of it then: that the picture is older,
/// or which one was taken behind it. A key that waits for somebody else is not on its way.
pub(super) async fn follow(
    engine: &Engine,
    caller: &Caller,
    key: &Key<'_>,
    kept: &mut Kept,
) -> Result<Flash, Problem> {
    let job = engine.job(caller, key.job).await?;
    if job.job.state == JobState::AwaitingApproval {
        return waits(engine, caller, key).await;
    }
    kept.older = true;
    let patience = if kept.look {
        PATIENCE_FOR_A_PICTURE
    } else {
        PATIENCE
    };
    match timeout(patience, end(engine, caller, key.job)).await {
        Ok(end) => ended(engine, caller, (key, &end?), kept).await,
        Err(_) => Ok(on_its_way(key)),
    }
}

fn on_its_way(key: &Key<'_>) -> Flash {
    Flash {
        tone: Tone::Neutral,
        text: say!("{title}: on its way.", title = key.title),
        link: Some(key.link(say("How it ended"))),
    }
}

/// The job once it has ended.
async fn end(engine: &Engine, caller: &Caller, job: &str) -> Result<JobSnapshot, Problem> {
    let mut signal = engine.feed.watch_job(job);
    loop {
        let found = engine.job(caller, job).await?;
        if found.job.state.is_terminal() {
            return Ok(found);
        }
        let _ = timeout(LOOK_ANYWAY, signal.changed()).await;
    }
}

/// How the key ended, and where it was asked for a picture behind one that the phone took.
async fn ended(
    engine: &Engine,
    caller: &Caller,
    (key, end): (&Key<'_>, &JobSnapshot),
    kept: &mut Kept,
) -> Result<Flash, Problem> {
    let counts = &end.job.counts;
    if counts.acknowledged + counts.verified == 0 {
        return Ok(not_taken(key, end));
    }
    let title = key.title;
    let link = key.link(say("How it ended"));
    if !kept.look {
        return Ok(done_see(say!("{title}: acknowledged.", title), link));
    }
    match take(engine, caller, key.mac).await? {
        Ok(id) => {
            kept.screen = Some(id);
            kept.older = false;
            Ok(done_see(say!("{title}: acknowledged.", title), link))
        }
        Err(no_picture) => Ok(Flash {
            tone: Tone::Warning,
            text: say!("{title}: acknowledged. {no_picture}", title, no_picture),
            link: Some(link),
        }),
    }
}

/// Why a key did not get through.
fn not_taken(key: &Key<'_>, end: &JobSnapshot) -> Flash {
    let Some((cause, _)) = end.causes.first() else {
        return on_its_way(key);
    };
    let text = say!(
        "{title}: {sentence} {next_step}",
        title = key.title,
        sentence = say(cause.sentence()),
        next_step = say(cause.next_step())
    );
    Flash {
        tone: Tone::Bad,
        text,
        link: Some(key.link(say("How it ended"))),
    }
}

async fn waits(engine: &Engine, caller: &Caller, key: &Key<'_>) -> Result<Flash, Problem> {
    let others = approvals::who_may(engine, caller, (None, caller.actor.name.as_str())).await?;
    Ok(Flash {
        tone: Tone::Warning,
        text: waits_for(key.title, &others),
        link: Some(key.link(say("The job that waits"))),
    })
}

fn waits_for(title: &str, others: &[String]) -> String {
    if others.is_empty() {
        return say!(
            "{title}: waits for a second person. Nothing was sent yet.",
            title
        );
    }
    say!(
        "{title}: waits for a second person ({names}). Nothing was sent yet.",
        title,
        names = others.join(", ")
    )
}
