//! `/admin/streams`: who gets the audit log, and how far they are.
//!
//! *Invariant:* a secret is shown once: it waits sealed for the page behind the redirect, which
//! takes it away.

use std::time::Duration;

use axum::extract::Path;
use carillon_contract::frame::{Banner, Tone};
use carillon_contract::streams::{AnchorRow, NewSecret, StreamRow, StreamsView};
use carillon_domain::Timestamp;
use carillon_domain::role::Permission;
use carillon_engine::audit::{AnchorState, Anchors, NotaryState};
use carillon_engine::rows::ForgedRow;
use carillon_engine::streams::Streams;
use carillon_engine::{Caller, EngineError};
use carillon_language::{moment, say};
use carillon_store::StreamRow as Stored;
use secrecy::ExposeSecret as _;

use super::notice;
use super::once;
use super::visit::{PageResult, Visit};
use crate::app::App;
use crate::fields::{Form, Query};
use crate::router::table::{Access, Table};

const ADMINISTER: Access = Access::Needs(Permission::Administer);
const HERE: &str = "/admin/streams";
const MADE: &str = "stream_secret";
/// A new secret waits so long for its page.
const WAITS: Duration = Duration::from_mins(10);
/// An anchor that is further behind is said on every page.
const LAG: Duration = Duration::from_mins(15);

pub(super) fn routes(table: Table) -> Table {
    table
        .get(HERE, ADMINISTER, show)
        .post_proved("/admin/streams/{name}/secret", ADMINISTER, make)
}

/// `GET /admin/streams`; `made` = a secret that was just made.
async fn show(mut visit: Visit, caller: Caller, Query(query): Query) -> PageResult {
    notice::unknown(&mut visit, &query, &["made"]);
    let new_secret = match query.filled("made") {
        Some(id) => {
            let gone = say("That secret was shown already. If it is lost, make a new one.");
            once::taken(&mut visit, &caller, (MADE, id), gone).await?
        }
        None => None,
    };
    let (streams, anchors) = receivers(&visit.app, &caller).await?;
    let view = StreamsView {
        streams,
        anchors,
        new_secret,
    };
    let html = carillon_ui::streams(&visit.frame, &view);
    Ok(visit.page(html))
}

/// `POST /admin/streams/{name}/secret`.
async fn make(
    visit: Visit,
    caller: Caller,
    Path(name): Path<String>,
    Form(fields): Form,
) -> PageResult {
    fields.only(&[])?;
    let engine = visit.app.engine();
    let secret = engine.new_stream_secret(&caller, &name).await?;
    let shown = NewSecret {
        stream: name,
        secret: secret.expose_secret().to_owned(),
    };
    let id = engine.keep_draft(&caller, MADE, &shown, WAITS).await?;
    Ok(visit.see_other(&format!("{HERE}?made={id}")))
}

/// Those of every record and those of every checkpoint; the API tells the same.
///
/// # Errors
/// Denied to all but who administers.
pub async fn receivers(
    app: &App,
    caller: &Caller,
) -> Result<(Vec<StreamRow>, Vec<AnchorRow>), EngineError> {
    let streams = rows(app, caller).await?;
    let anchors = app.anchors().map(Anchors::states).unwrap_or_default();
    Ok((streams, anchors.into_iter().map(anchor).collect()))
}

async fn rows(app: &App, caller: &Caller) -> Result<Vec<StreamRow>, EngineError> {
    let engine = app.engine();
    let size = engine.audit_size(caller).await?;
    let mut rows = Vec::new();
    for stored in engine.streams(caller).await? {
        let oldest = engine.next_of_stream(caller, &stored).await?;
        let names = app.streams().map(Streams::names).unwrap_or_default();
        let signed = stored.receiver.starts_with("http");
        let private = ["https:", "syslog+tls:"];
        rows.push(StreamRow {
            named: names.contains(&stored.name),
            in_clear: !private.iter().any(|kind| stored.receiver.starts_with(kind)),
            waiting: size.saturating_sub(stored.next).max(0),
            oldest,
            taken_at: stored.taken_at,
            failing_since: stored.failing_since,
            problem: stored.problem,
            signed,
            secret_at: stored.secret_at,
            name: stored.name,
            receiver: stored.receiver,
        });
    }
    Ok(rows)
}

fn anchor(state: AnchorState) -> AnchorRow {
    AnchorRow {
        receiver: state.receiver,
        reached: state.reached,
        behind: state.behind,
        problem: state.problem,
    }
}

/// What every page says of the log: to who administers and to auditors that it is not signed, to
/// who administers that a receiver has stayed away for long, and that rows were changed.
pub(super) fn banners(app: &App, caller: &Caller) -> Vec<Banner> {
    let now = app.engine().clock.now();
    let watches = caller.require(Permission::ViewMetrics).is_ok();
    let notary = app.notary().filter(|_| watches);
    let unsigned = notary.and_then(|notary| unsigned(&notary.state(), now));
    let administers = caller.require(Permission::Administer).is_ok();
    let away = if administers {
        away(app, now)
    } else {
        Vec::new()
    };
    let away = away.into_iter().map(|text| (Tone::Warning, text));
    let rows = app.engine().forged_rows();
    let forged = forged(&rows).filter(|_| administers);
    let forged = forged.map(|text| (Tone::Bad, text));
    let banners = forged.into_iter().chain(unsigned).chain(away);
    banners
        .map(|(tone, text)| Banner::Notice { tone, text })
        .collect()
}

fn away(app: &App, now: Timestamp) -> Vec<String> {
    let stalled = app.streams().map(Streams::stalled).unwrap_or_default();
    let files = app.notary().and_then(|notary| notary.state().anchor_lacks);
    let behind = app.anchors().and_then(Anchors::behind);
    let behind = behind.into_iter().chain(files).min();
    let behind = behind
        .filter(|since| now.since(*since) >= LAG)
        .map(|since| {
            say!(
                "An anchor of the audit log lacks what was signed since {moment} UTC: see Streams.",
                moment = moment(since)
            )
        });
    stalled
        .iter()
        .filter_map(stands_still)
        .chain(behind)
        .collect()
}

/// What keeps the log from being signed: at once where it is not the one that was signed, and
/// after a while where a signer or a key is away.
fn unsigned(state: &NotaryState, now: Timestamp) -> Option<(Tone, String)> {
    if state.alarm {
        let text = say("The audit log is not the one that was signed: see Audit, and check it.");
        return Some((Tone::Bad, text.to_owned()));
    }
    let since = state
        .unsigned_since
        .filter(|since| now.since(*since) >= LAG)?;
    let text = say!(
        "The audit log has not been signed since {moment} UTC: see Audit.",
        moment = moment(since)
    );
    Some((Tone::Warning, text))
}

/// Rows that decide security and that somebody else than Carillon wrote.
fn forged(rows: &[ForgedRow]) -> Option<String> {
    let first = rows.first()?;
    Some(say!(
        "The database was changed by somebody else than Carillon. What does not count any more: {rows} in all, the first is {kind} {name}. See the audit log, then `carillon rows list`.",
        rows = rows.len(),
        kind = first.rows.as_str(),
        name = first.name.as_str()
    ))
}

fn stands_still(row: &Stored) -> Option<String> {
    let since = row.failing_since?;
    Some(say!(
        "The receiver {stream} has taken no audit records since {moment} UTC: see Streams.",
        stream = row.name,
        moment = moment(since)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_is_not_signed_is_said_after_a_while_and_another_log_at_once() {
        let start = Timestamp::from_micros(0);
        let after = |time: Duration| {
            let micros = i64::try_from(time.as_micros()).expect("a short time");
            Timestamp::from_micros(micros)
        };
        let away = NotaryState {
            problem: Some("gone".to_owned()),
            signer_away: true,
            unsigned_since: Some(start),
            ..NotaryState::default()
        };
        assert_eq!(unsigned(&away, after(LAG / 2)), None);
        let (tone, text) = unsigned(&away, after(LAG)).expect("late");
        assert_eq!(tone, Tone::Warning);
        assert!(text.contains("has not been signed since"), "{text}");
        let other = NotaryState {
            alarm: true,
            signer_away: false,
            ..away
        };
        let (tone, text) = unsigned(&other, start).expect("an alarm");
        assert_eq!(tone, Tone::Bad);
        assert!(text.contains("is not the one that was signed"), "{text}");
        assert_eq!(unsigned(&NotaryState::default(), after(LAG)), None);
    }
}
