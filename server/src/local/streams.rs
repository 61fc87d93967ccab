//! Receivers of the audit log, asked for on this machine.

use carillon_engine::{Caller, Engine};
use carillon_store::StreamRow;
use secrecy::ExposeSecret as _;

use super::command::Answer;
use super::execute::Done;

pub(super) async fn list(engine: &Engine, caller: &Caller) -> Done {
    let size = engine.audit_size(caller).await?;
    let rows = engine.streams(caller).await?;
    let lines = rows.iter().map(|row| line(row, size));
    Ok(Answer::lines(lines.collect()))
}

fn line(row: &StreamRow, size: i64) -> String {
    let waiting = size.saturating_sub(row.next);
    let state = match (&row.problem, row.failing_since, row.taken_at) {
        (Some(problem), Some(since), _) => format!("stands still since {since}: {problem}"),
        (_, _, Some(at)) => format!("last took {at}"),
        _ => "nothing taken yet".to_owned(),
    };
    format!(
        "{:16} {waiting:9} waiting  {}  {state}",
        row.name, row.receiver
    )
}

pub(super) async fn secret(engine: &Engine, caller: &Caller, name: &str) -> Done {
    let secret = engine.new_stream_secret(caller, name).await?;
    Ok(Answer {
        lines: vec![secret.expose_secret().to_owned()],
        notes: vec![format!(
            "{name} is signed with it from now on, and with the one before for a day; \
             it is not shown again"
        )],
        failure: None,
    })
}
