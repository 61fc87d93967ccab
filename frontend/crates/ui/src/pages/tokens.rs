//! `/admin/tokens`, and the table of tokens wherever one stands.

use carillon_contract::FrameView;
use carillon_contract::tokens::{TokenRow, TokensView};
use leptos::prelude::*;

use crate::components::{ago, ago_or, badge, empty, post, table, td, th, th_hidden, th_row, tr};
use crate::shell::Page;
use crate::surroundings::Surroundings;

/// `/admin/tokens`.
pub fn tokens(frame: &FrameView, view: &TokensView) -> String {
    Page::new("API tokens").write(frame, |page| {
        page.lede("People make their own on their account page. Here all are seen, and can be revoked.");
        if view.rows.is_empty() {
            return empty(
                "key",
                "No tokens yet",
                "A script needs one to use the API. Make one on your account page, or with: carillon token create",
                vec![],
            );
        }
        token_table("All tokens", &view.rows, "/admin/tokens", true)
    })
}

/// Tokens as a table; `path` is where they are revoked.
pub(super) fn token_table(
    caption: &'static str,
    rows: &[TokenRow],
    path: &'static str,
    with_user: bool,
) -> AnyView {
    let mut head = vec![
        th("Token"),
        th("State"),
        th("May"),
        th("Made"),
        th("Last used"),
        th("Ends"),
        th_hidden("Revoke"),
    ];
    if with_user {
        head.insert(1, th("Of"));
    }
    let rows = rows
        .iter()
        .map(|row| token_row(row, path, with_user))
        .collect();
    table("tokens", caption, head, rows)
}

fn token_row(row: &TokenRow, path: &str, with_user: bool) -> AnyView {
    let now = Surroundings::of_page().now;
    let ended = row.revoked_at.is_some() || row.expires_at.is_some_and(|at| at <= now);
    let state = if row.revoked_at.is_some() {
        badge("idle", "cancelled", "Revoked")
    } else if ended {
        badge("idle", "expired", "Expired")
    } else {
        badge("verified", "check", "Works")
    };
    let revoke = (!ended).then(|| {
        let label = format!("Revoke token {}", row.label);
        let button = view! { <button class="button small danger" type="submit" aria-label=label>"Revoke"</button> };
        post(format!("{path}/{}/revoke", row.id), "", button)
    });
    let reach = (!row.reach.is_empty())
        .then(|| view! { <span class="muted sub">{format!("only {}", row.reach)}</span> });
    let may = view! { {row.scope.clone()}{reach} };
    let mut cells = vec![
        th_row(row.label.clone()),
        td("State", state),
        td("May", may),
        td("Made", ago(row.created_at)),
        td("Last used", ago_or(row.last_used, "never")),
        td("Ends", ago_or(row.expires_at, "never")),
        view! { <td class="row-actions">{revoke}</td> }.into_any(),
    ];
    if with_user {
        cells.insert(1, td("Of", row.user.clone()));
    }
    tr(cells)
}
