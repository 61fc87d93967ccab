//! The parts of a review: which of them is looked at, a page at a time.

use carillon_contract::import::{
    IgnoredColumn, ImportChange, ImportError, ImportReviewView, ImportRow, ImportTab, NewSite,
    RenamedColumn, SharedAddress,
};
use carillon_contract::list::{Paging, Total};
use carillon_contract::{FormErrors, Href};
use carillon_domain::change::Change;
use carillon_domain::phone::TransportSecurity;
use carillon_domain::phone_list::{Column, ListError};
use carillon_engine::inventory::{ImportReview, ReviewRow, SharedAddress as Shared};

use super::{Securities, count};
use crate::fields::Fields;
use crate::pages::phones::rows::SiteNames;
use crate::pages::refused::sentence;
use crate::pages::site_names;

/// Mistakes on a page; the file has all.
const ERRORS_SHOWN: usize = 300;
/// Rows on a page: each may have fifteen values, and a page has a limit.
const ROWS_SHOWN: usize = 100;
/// Addresses of several phones that are named.
const SHARED_SHOWN: usize = 10;

/// Which part of a review is looked at, and which page of it, from 1.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) tab: ImportTab,
    pub(super) page: usize,
}

impl Place {
    pub(super) fn of(tab: ImportTab, fields: &Fields) -> Self {
        let page = fields.filled("page").and_then(|page| page.parse().ok());
        Self {
            tab,
            page: page.unwrap_or(1),
        }
    }

    /// The items of this page, and the way to the others; a page behind the last is the last.
    fn cut<'a, T>(self, id: &str, items: &'a [T], per: usize) -> (&'a [T], Paging) {
        let last = items.len().div_ceil(per).max(1);
        let page = self.page.clamp(1, last);
        let shown = items.chunks(per).nth(page - 1).unwrap_or_default();
        let address = |page: usize| {
            let href = Href::new(format!("/phones/import/{id}")).add("tab", self.tab.as_str());
            String::from(href.add("page", page))
        };
        let paging = Paging {
            total: Total::exactly(count(items.len())),
            previous: (page > 1).then(|| address(page - 1)),
            next: (page < last).then(|| address(page + 1)),
        };
        (shown, paging)
    }
}

pub(super) fn tab(fields: &Fields) -> Option<ImportTab> {
    let wanted = fields.filled("tab")?;
    ImportTab::ALL
        .into_iter()
        .find(|tab| tab.as_str() == wanted)
}

/// What is most worth a look.
pub(super) fn first_tab(review: &ImportReview) -> ImportTab {
    match (
        review.errors.is_empty(),
        review.created.is_empty(),
        review.updated.is_empty(),
    ) {
        (false, ..) => ImportTab::Errors,
        (true, false, _) => ImportTab::Create,
        (true, true, false) => ImportTab::Update,
        (true, true, true) => ImportTab::Unchanged,
    }
}

/// The page of a review.
pub(super) fn review_view(
    review: ImportReview,
    at: Place,
    chosen: &Securities,
) -> ImportReviewView {
    let tab = at.tab;
    let rows = match tab {
        ImportTab::Create => &review.created[..],
        ImportTab::Update => &review.updated,
        ImportTab::Unchanged => &review.unchanged,
        ImportTab::Errors => &[],
    };
    let (errors, of_errors) = at.cut(&review.id, &review.errors, ERRORS_SHOWN);
    let (rows, of_rows) = at.cut(&review.id, rows, ROWS_SHOWN);
    let (errors, paging) = match tab {
        ImportTab::Errors => (errors, of_errors),
        _ => (&[][..], of_rows),
    };
    let new_sites = review.new_sites.iter().map(|site| NewSite {
        slug: site.slug.clone(),
        name: site.name.clone(),
        phones: count(site.phones),
        security: chosen
            .get(&site.slug)
            .copied()
            .unwrap_or(TransportSecurity::Pinned),
    });
    let ignored = review.ignored.iter().map(|column| IgnoredColumn {
        place: count(column.place),
        name: column.name.clone(),
        meant: column.meant.map(|known| known.to_string()),
        beside: column.beside.map(|known| known.to_string()),
    });
    let renamed = review.renamed.iter().map(|renamed| RenamedColumn {
        name: renamed.name.clone(),
        column: renamed.column.to_string(),
    });
    ImportReviewView {
        ignored: ignored.collect(),
        renamed: renamed.collect(),
        shared: review
            .shared
            .iter()
            .take(SHARED_SHOWN)
            .map(shared)
            .collect(),
        shared_total: count(review.shared.len()),
        create: count(review.created.len()),
        update: count(review.updated.len()),
        unchanged: count(review.unchanged.len()),
        error_rows: count(review.error_rows),
        errors_total: count(review.errors.len()),
        tab,
        errors: errors.iter().map(error).collect(),
        rows: rows
            .iter()
            .map(|row| review_row(row, tab, &review.site_names))
            .collect(),
        paging,
        new_sites: new_sites.collect(),
        form_errors: FormErrors::default(),
        id: review.id,
        file_name: review.file_name,
        digest: review.digest,
        expires_at: review.expires_at,
    }
}

fn shared(shared: &Shared) -> SharedAddress {
    let address = shared.address;
    let with_port = |port| std::net::SocketAddr::new(address, port).to_string();
    SharedAddress {
        place: shared.port.map_or_else(|| address.to_string(), with_port),
        names: shared.names.clone(),
        total: count(shared.total),
    }
}

fn error(error: &ListError) -> ImportError {
    ImportError {
        line: error.line,
        column: error.column.clone(),
        value: error.value.clone(),
        problem: sentence(&error.problem),
        fix: sentence(&error.fix),
    }
}

fn review_row(row: &ReviewRow, tab: ImportTab, names: &SiteNames) -> ImportRow {
    let change = |change: &Change| {
        let (mut old, mut new) = (change.old.clone(), change.new.clone());
        if change.field == Column::Site.as_str() {
            site_names::put(names, &mut old);
            site_names::put(names, &mut new);
        }
        ImportChange {
            column: change.field.clone(),
            old: (tab != ImportTab::Create).then_some(old),
            new,
        }
    };
    ImportRow {
        line: row.line,
        mac: row.mac.to_string(),
        name: row.name.clone(),
        changes: row.changes.iter().map(change).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hold_every_item_once() {
        let items: Vec<usize> = (0..25).collect();
        let at = |page| Place {
            tab: ImportTab::Create,
            page,
        };
        let mut seen = Vec::new();
        for page in 1..=3 {
            let (shown, paging) = at(page).cut("id", &items, 10);
            seen.extend_from_slice(shown);
            assert_eq!(paging.previous.is_some(), page > 1);
            assert_eq!(paging.next.is_some(), page < 3);
            assert_eq!(paging.total, Total::exactly(25));
        }
        assert_eq!(seen, items);
        assert_eq!(at(99).cut("id", &items, 10).0, [20, 21, 22, 23, 24]);
        assert_eq!(at(1).cut::<usize>("id", &[], 10).0, [0; 0]);
        assert_eq!(
            at(1).cut("id", &items, 10).1.next.as_deref(),
            Some("/phones/import/id?tab=create&page=2")
        );
    }
}
