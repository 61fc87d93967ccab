//! `/audit/{seq}`: one record, whole.

use axum::extract::Path;
use carillon_contract::audit::{AuditRecordView, ProofView, ShownNumber};
use carillon_contract::list::Link;
use carillon_contract::{FormErrors, Href};
use carillon_domain::event::Event;
use carillon_engine::audit::{Notary, is_as_signed};
use carillon_engine::{Caller, EngineError};
use carillon_language::{say, text};
use carillon_store::AuditRow;
use http::StatusCode;
use serde_json::Value;

use super::number;
use crate::api::audit::proof_file;
use crate::fields::Query;
use crate::pages::once;
use crate::pages::visit::{PageResult, Visit};
use crate::pages::{action_words, actor_words, audit_row, job_links, notice, site_names};

/// `GET /audit/{seq}`.
pub(super) async fn show(
    mut visit: Visit,
    caller: Caller,
    Path(seq): Path<String>,
    Query(query): Query,
) -> PageResult {
    notice::unknown(&mut visit, &query, &["shown"]);
    let seq = seq.parse().map_err(|_| EngineError::NotFound)?;
    let shown = match query.filled("shown") {
        Some(id) => {
            let gone = say("That number was shown already. Ask again if you need it.");
            once::taken(&mut visit, &caller, (number::SHOWN, id), gone).await?
        }
        None => None,
    };
    let typed = (String::new(), FormErrors::default());
    page(visit, &caller, seq, (shown, typed), StatusCode::OK).await
}

/// The page of a record, with a number in full or with what was wrong with the reason.
pub(super) async fn page(
    visit: Visit,
    caller: &Caller,
    seq: i64,
    asked: (Option<ShownNumber>, (String, FormErrors)),
    status: StatusCode,
) -> PageResult {
    let engine = visit.app.engine();
    let row = engine.audit_entry(caller, seq).await?;
    let size = i64::try_from(engine.audit_head(caller).await?.size()).unwrap_or(i64::MAX);
    let proof = proof(&visit, caller, &row).await?;
    let mut view = AuditRecordView {
        proof,
        number: number::view(&row.event, caller, asked),
        ..view(&row, size)
    };
    if let Some(site) = &mut view.site {
        let names = site_names::of(engine, caller, std::iter::once(site.as_str())).await?;
        site_names::put(&names, site);
    }
    job_links::of_lines(engine, caller, std::slice::from_mut(&mut view.row)).await?;
    job_links::of_links(engine, caller, &mut view.related).await?;
    let html = carillon_ui::audit_record(&visit.frame, &view);
    Ok(visit.html(status, html))
}

/// `GET /audit/{seq}/proof`.
pub(super) async fn proof_of(visit: Visit, caller: Caller, Path(seq): Path<String>) -> PageResult {
    proof_file(&visit.app, &caller, &seq).await
}

async fn proof(
    visit: &Visit,
    caller: &Caller,
    row: &AuditRow,
) -> Result<Option<ProofView>, EngineError> {
    let (engine, seq) = (visit.app.engine(), row.seq);
    let signed = match engine.checkpoint_over(caller, seq).await {
        Err(EngineError::NotFound) => return Ok(None),
        signed => signed?,
    };
    let key = visit.app.notary().and_then(Notary::key);
    let key = key.map_or_else(|| "KEY".to_owned(), ToString::to_string);
    Ok(Some(ProofView {
        holds: is_as_signed(&engine.store, row, signed.clone()).await?,
        size: signed.size,
        at: signed.at,
        href: format!("/audit/{seq}/proof"),
        command: format!("carillon audit verify --vkey {key} --proof record-{seq}.tlog-proof"),
    }))
}

fn view(row: &AuditRow, size: i64) -> AuditRecordView {
    let event = &row.event;
    let at = |seq: i64| (0..size).contains(&seq).then(|| format!("/audit/{seq}"));
    AuditRecordView {
        auth: event.actor.auth.clone(),
        boot: boot(event),
        site: event.site.clone(),
        groups: event.groups.clone(),
        changes: changes(&event.detail),
        details: details(&event.detail),
        entry: row.entry.clone(),
        leaf_hash: hex::encode(&row.leaf_hash),
        proof: None,
        previous_href: at(row.seq - 1),
        next_href: at(row.seq + 1),
        related: related(event),
        number: None,
        row: audit_row::row_view(row),
    }
}

/// Fields before and after, wherever the record tells them.
fn changes(detail: &Value) -> Vec<(String, String, String)> {
    if let Some(fields) = detail["changes"].as_object() {
        let change = |(name, pair): (&String, &Value)| {
            (
                words(name),
                action_words::text(&pair["old"]),
                action_words::text(&pair["new"]),
            )
        };
        return fields.iter().map(change).collect();
    }
    match (&detail["before"], &detail["after"]) {
        (Value::Null, _) | (_, Value::Null) => Vec::new(),
        (Value::Object(before), Value::Object(after)) => {
            let others = after.iter().map(|(name, value)| {
                let was = before.get(name).unwrap_or(&Value::Null);
                (name, was, value)
            });
            let others = others.filter(|(_, was, value)| was != value);
            let told = others.map(|(name, was, is)| (words(name), value_text(was), value_text(is)));
            told.collect()
        }
        (before, after) => {
            let label = if after.is_string() {
                "role"
            } else {
                say("What changes")
            };
            vec![(
                label.to_owned(),
                action_words::text(before),
                action_words::text(after),
            )]
        }
    }
}

fn details(detail: &Value) -> Vec<(String, String)> {
    let told = ["changes", "before", "after"];
    let Some(fields) = detail.as_object() else {
        return Vec::new();
    };
    fields
        .iter()
        .filter(|(name, value)| !told.contains(&name.as_str()) && !is_blank(value))
        .map(|(name, value)| (words(name), told_value(name, value)))
        .collect()
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// Commands, states and by what somebody proved themselves are words of ours; all else is data.
fn told_value(name: &str, value: &Value) -> String {
    let text = value_text(value);
    match name {
        "action" => action_words::short_title(&text),
        "by" => words(&text),
        "state" => text.parse().map_or(text, carillon_ui::target_state_within),
        _ => text,
    }
}

fn value_text(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let shown = fields.iter().filter(|(_, value)| !value.is_null());
            let pairs =
                shown.map(|(name, value)| format!("{}: {}", words(name), value_text(value)));
            pairs.collect::<Vec<_>>().join(", ")
        }
        other => action_words::text(other),
    }
}

/// What parts of records are called.
const NAMES: &[&str] = &[
    text!("session"),
    text!("sessions ended"),
    text!("ended"),
    text!("sessions"),
    text!("links"),
    text!("codes"),
    text!("user"),
    text!("action"),
    text!("state"),
    text!("name"),
    text!("key"),
    text!("rows"),
    text!("cause"),
    text!("phones"),
    text!("filter"),
    text!("count"),
    text!("attempt"),
    text!("token"),
    text!("role"),
    text!("reach"),
    text!("label"),
    text!("credential"),
    text!("total"),
    text!("total before"),
    text!("import"),
    text!("format"),
    text!("transport"),
    text!("created"),
    text!("updated"),
    text!("unchanged"),
    text!("left out"),
    text!("members"),
    text!("groups"),
    text!("evidence"),
    text!("duration ms"),
    text!("http status"),
    text!("tries"),
    text!("class"),
    text!("by"),
    text!("file"),
    text!("tag"),
    text!("start at"),
    text!("not after"),
    text!("expires at"),
    text!("scope"),
    text!("password"),
    text!("targets"),
    text!("site"),
    text!("model"),
    text!("extension"),
    text!("address"),
    text!("tags"),
    text!("notes"),
    text!("protected"),
    text!("params"),
    text!("options"),
    text!("digest"),
    text!("query"),
    text!("records"),
    text!("language"),
    text!("alone"),
    text!("asked by"),
    text!("asked by id"),
    text!("change"),
    text!("kind"),
    text!("subject"),
    text!("until"),
    text!("port"),
    text!("scheme"),
    text!("sip uri"),
    text!("url form"),
    text!("dial form"),
    text!("transport security"),
    text!("ca pem"),
    text!("max down percent"),
    text!("username"),
    text!("used"),
    text!("way"),
    text!("proxy"),
    text!("tls name"),
    text!("realm"),
    text!("rate"),
    text!("after forbidden"),
    text!("pbx profile"),
    text!("password in clear"),
    text!("approve until"),
    text!("version"),
];

/// The name of a part; one that nobody named stays as the record has it.
pub(in crate::pages) fn words(name: &str) -> String {
    let name = name.replace('_', " ");
    let known = NAMES.iter().find(|known| **known == name);
    known.map_or_else(|| name.clone(), |known| say(known).to_owned())
}

/// The start that wrote it, with the way to the record of that.
fn boot(event: &Event) -> Option<Link> {
    let starts = Href::new("/audit").add("action", "server.started");
    let start = starts.add("q", &event.boot).add("period", "all");
    (!event.boot.is_empty()).then(|| Link::new(event.boot.clone(), start))
}

fn related(event: &Event) -> Vec<Link> {
    let log = || Href::new("/audit");
    let mut links = Vec::new();
    if let Some(job) = &event.job {
        links.push(Link::new(say("The job"), format!("/jobs/{job}")));
        let all = log().add("job", job).add("period", "all");
        links.push(Link::new(say("All records of this job"), all));
    }
    if let Some(mac) = event.phone {
        links.push(Link::new(
            say("All records of this phone"),
            log().add("phone", mac).add("period", "all"),
        ));
    }
    let who = actor_words::shown(&event.actor.name);
    links.push(Link::new(
        say!("All records by {who}", who),
        log().add("actor", &event.actor.name),
    ));
    links
}

#[cfg(test)]
mod tests {
    use carillon_domain::Language;
    use carillon_language::during;
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_and_details_are_told_once() {
        let detail =
            json!({"changes": {"sip_uri": {"old": "", "new": "a@b"}}, "rows": 3, "nothing": null});
        assert_eq!(
            changes(&detail),
            [("sip uri".to_owned(), String::new(), "a@b".to_owned())]
        );
        assert_eq!(details(&detail), [("rows".to_owned(), "3".to_owned())]);
        let sent = json!({"action": "Reboot", "state": "verified", "evidence": ""});
        assert_eq!(
            details(&sent),
            [
                ("action".to_owned(), "Restart".to_owned()),
                ("state".to_owned(), "verified".to_owned())
            ]
        );
        let proved = json!({"by": "password", "sessions_ended": 0});
        assert_eq!(
            during(Language::De, || details(&proved)),
            [
                ("durch".to_owned(), "Passwort".to_owned()),
                ("beendete Sitzungen".to_owned(), "0".to_owned())
            ]
        );
    }
}
