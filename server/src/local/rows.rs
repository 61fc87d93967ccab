//! Rows that were changed outside Carillon, from this machine.

use carillon_engine::rows::{RowName, SignedRows};
use carillon_engine::{Caller, Engine};

use super::command::Answer;
use super::execute::Done;

pub(super) async fn list(engine: &Engine, caller: &Caller) -> Done {
    caller.require_administrator()?;
    let looked = engine.look_through_rows().await?;
    let line = |row: &RowName| format!("{:10} {:?}", row.rows, row.name);
    Ok(Answer {
        lines: looked.forged.iter().map(line).collect(),
        notes: vec![format!("{} rows are genuine", looked.genuine)],
        failure: None,
    })
}

pub(super) async fn accept(
    engine: &Engine,
    caller: &Caller,
    (rows, name): (SignedRows, String),
    reason: &str,
) -> Done {
    let row = RowName { rows, name };
    engine.accept_row(caller, &row, reason).await?;
    let RowName { rows, name } = row;
    Ok(Answer::note(format!("the {rows} {name:?} counts again")))
}
