//! `/run/review/{id}/phones`: every phone of a review by name, those that are left out too.
//!
//! The plan is made anew for each page, as the review itself does it.

use axum::extract::Path;
use carillon_contract::Href;
use carillon_contract::run::{ReviewPhone, ReviewPhonesView};
use carillon_domain::Cause;
use carillon_domain::job::PlannedPhone;
use carillon_engine::Caller;
use carillon_engine::jobs::JobPreview;

use super::open;
use crate::fields::Query;
use crate::pages::visit::{PageResult, Visit};
use crate::pages::{action_words, site_names};

/// Phones of one page: all of most jobs, and no page grows large.
const ROWS: usize = 300;

/// `GET /run/review/{id}/phones?page=`.
pub(super) async fn show(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query,
) -> PageResult {
    let query = query.only(&["page", "cause"])?;
    let engine = visit.app.engine();
    let draft = open(engine, &caller, &id).await?;
    let preview = engine.preview_job(&caller, &draft.request).await?;
    let page = query.filled("page").and_then(|text| text.parse().ok());
    let cause = query.filled("cause").and_then(|text| text.parse().ok());
    let mut view = view(id, &preview, (cause, page.unwrap_or(1)));
    let slugs = view.rows.iter().map(|row| row.site.as_str());
    let names = site_names::of(engine, &caller, slugs).await?;
    for row in &mut view.rows {
        site_names::put(&names, &mut row.site);
    }
    let html = carillon_ui::review_phones(&visit.frame, &view);
    Ok(visit.page(html))
}

/// A page of all phones, or of those that are left out for one cause.
fn view(
    id: String,
    preview: &JobPreview,
    (cause, page): (Option<Cause>, usize),
) -> ReviewPhonesView {
    let plan = &preview.plan;
    let run = plan.run.iter().map(|phone| row(phone, None));
    let skip = plan.skip.iter();
    let all = run.chain(skip.map(|(phone, cause)| row(phone, Some(*cause))));
    let rows: Vec<ReviewPhone> = all
        .filter(|phone| cause.is_none() || phone.skip == cause)
        .collect();
    let total = rows.len();
    let last = total.div_ceil(ROWS).max(1);
    let page = page.clamp(1, last);
    let place = |page: usize| {
        let href = Href::new(format!("/run/review/{id}/phones"));
        let href = match cause {
            Some(cause) => href.add("cause", cause),
            None => href,
        };
        String::from(href.add("page", page))
    };
    ReviewPhonesView {
        title: action_words::short_title(preview.action.entry().name),
        total: total as i64,
        rows: rows
            .into_iter()
            .skip((page - 1) * ROWS)
            .take(ROWS)
            .collect(),
        previous: (page > 1).then(|| place(page - 1)),
        next: (page < last).then(|| place(page + 1)),
        id,
    }
}

fn row(phone: &PlannedPhone, skip: Option<Cause>) -> ReviewPhone {
    ReviewPhone {
        mac: phone.mac,
        name: phone.name.clone(),
        extension: phone.extension.clone(),
        model: phone.model.clone(),
        site: phone.site.clone().unwrap_or_default(),
        skip,
    }
}
