//! Phone lists in and out on this machine.

use carillon_domain::phone_list::ListError;
use carillon_engine::inventory::{ImportOnce, ImportReport, NEW_SITE_SECURITY, NewSite};
use carillon_engine::{Caller, Engine, EngineError};

use super::command::Answer;

/// Imports a list; with mistakes nothing is written unless valid rows were asked for.
pub(super) async fn import(
    engine: &Engine,
    caller: &Caller,
    csv: String,
    dry_run: bool,
    valid_rows_only: bool,
) -> Result<Answer, EngineError> {
    let once = ImportOnce {
        dry_run,
        valid_rows_only,
    };
    let report = engine.import_once(caller, csv.into_bytes(), once).await?;
    let mut lines = vec![summary(&report)];
    lines.extend(
        report
            .new_sites
            .iter()
            .map(|site| new_site(site, report.applied)),
    );
    let mut answer = Answer::lines(lines);
    answer.notes = report.errors.iter().map(mistake).collect();
    if !report.errors.is_empty() && !report.applied && !valid_rows_only {
        let count = report.errors.len();
        answer.failure = Some(format!(
            "{count} mistakes, nothing was written: mend the file, or take the rest with \
             --valid-rows-only"
        ));
    }
    Ok(answer)
}

fn summary(report: &ImportReport) -> String {
    let ImportReport {
        created,
        updated,
        unchanged,
        errors,
        ..
    } = report;
    let errors = errors.len();
    if report.applied {
        format!("created {created}, updated {updated}, unchanged {unchanged}, errors {errors}")
    } else {
        format!(
            "nothing was written; would create {created}, update {updated}, leave {unchanged}, \
             errors {errors}"
        )
    }
}

/// Nobody was asked how a new site's phones are reached, so it is said.
fn new_site(site: &NewSite, made: bool) -> String {
    let NewSite {
        slug, name, phones, ..
    } = site;
    let verb = if made { "made" } else { "would make" };
    let rows = if *phones == 1 { "row" } else { "rows" };
    format!("{verb} the site {slug} ({name}), {NEW_SITE_SECURITY}, named by {phones} {rows}")
}

fn mistake(error: &ListError) -> String {
    let ListError {
        line,
        column,
        value,
        problem,
        fix,
    } = error;
    if column.is_empty() {
        format!("line {line}: {problem}; {fix}")
    } else {
        format!("line {line}, {column} {value:?}: {problem}; {fix}")
    }
}

/// The phones of a filter as CSV, without any password.
pub(super) async fn export(
    engine: &Engine,
    caller: &Caller,
    filter: &str,
) -> Result<Answer, EngineError> {
    let filter = filter
        .parse()
        .map_err(|error| EngineError::invalid("filter", "invalid", format!("{error}")))?;
    let text = engine.export_phones(caller, &filter).await?.text().await?;
    Ok(Answer::lines(text.lines().map(str::to_owned).collect()))
}
