//! Phones that are at another site than a review showed: told by name, from where and to where.
//!
//! Owns the words for it, and what step 1 keeps of a review that it came from.

use carillon_domain::Mac;
use carillon_engine::{Caller, Engine, EngineError};
use carillon_language::say;

use super::form::RunForm;
use super::{Draft, NAMES};

/// What a phone is called, and the sites before and now.
pub(in crate::pages) type Move = (String, Option<String>, Option<String>);

/// Each in words: "Reception (4001): Kiel → Bremen".
pub(in crate::pages) async fn in_words(
    engine: &Engine,
    caller: &Caller,
    moves: &[Move],
) -> Result<Vec<String>, EngineError> {
    let names = engine.site_names(caller, &slugs(moves)).await?;
    let called = |slug: Option<&String>| match slug {
        Some(slug) => names.get(slug).unwrap_or(slug).clone(),
        None => say("no site").to_owned(),
    };
    let told = moves.iter().map(|(phone, from, to)| {
        format!(
            "{phone}: {} → {}",
            called(from.as_ref()),
            called(to.as_ref())
        )
    });
    Ok(told.collect())
}

fn slugs(moves: &[Move]) -> Vec<&str> {
    let slugs = moves.iter().flat_map(|(_, from, to)| [from, to]);
    slugs.flatten().map(String::as_str).collect()
}

/// Those of the review that step 1 came back from.
pub(super) async fn since(
    engine: &Engine,
    caller: &Caller,
    form: &RunForm,
) -> Result<Vec<String>, EngineError> {
    let Some(draft) = before(engine, caller, form).await? else {
        return Ok(Vec::new());
    };
    let shown: Vec<Mac> = draft.seen.iter().chain(&draft.protected).copied().collect();
    let places = draft.places.by_phone(shown.iter().copied());
    let rows = engine.phones_by_macs(caller, &shown).await?;
    let mut moves: Vec<Move> = Vec::new();
    for row in &rows {
        let now = row.phone.site.as_ref();
        let before = places.get(&row.phone.mac).copied();
        if let Some(before) = before.filter(|before| *before != now) {
            moves.push((row.phone.distinct_name(), before.cloned(), now.cloned()));
        }
    }
    moves.truncate(NAMES);
    in_words(engine, caller, &moves).await
}

/// That review, where it is still kept.
pub(super) async fn before(
    engine: &Engine,
    caller: &Caller,
    form: &RunForm,
) -> Result<Option<Draft>, EngineError> {
    if form.before.is_empty() {
        return Ok(None);
    }
    match Draft::open(engine, caller, &form.before).await {
        Ok(draft) => Ok(Some(draft)),
        Err(EngineError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}
