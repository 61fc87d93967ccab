//! `/admin/tokens`, and the table of tokens wherever one stands.

use carillon_contract::FrameView;
use carillon_contract::tokens::{TokenRow, TokensView};
use carillon_language::say;
use leptos::prelude::*;

use crate::components::{ago, ago_or, badge, empty, post, table, td, th, th_hidden, th_row, tr};
use crate::shell::Page;
use crate::surroundings::Surroundings;
use crate::words;

/// `/admin/tokens`.
pub(super) fn tokens(frame: &FrameView, view: &TokensView) -> String {
    Page::new(say("API tokens")).write(frame, |page| {
        page.lede(say("People make their own on their account page. Here all are seen, and can be revoked."));
        if view.rows.is_empty() {
            return empty(
                "key",
                say("No tokens yet"),
                say("A script needs one to use the API. Make one on your account page, or with: carillon token create"),
                vec![],
            );
        }
        token_table(say("All tokens"), &view.rows, "/admin/tokens", true)
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
        th(say("Token")),
        th(say("State")),
        th(say("May")),
        th(say("Made")),
        th(say("Last used")),
        th(say("Ends")),
        th_hidden(say("Revoke")),
    ];
    if with_user {
        head.insert(1, th(say("Of")));
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
        badge("idle", "cancelled", say("Revoked"))
    } else if ended {
        badge("idle", "expired", say("Expired"))
    } else {
        badge("verified", "check", say("Works"))
    };
    let revoke = (!ended).then(|| {
        let label = say!("Revoke token {label}", label = row.label);
        let button = view! { <button class="button small danger" type="submit" aria-label=label>{say("Revoke")}</button> };
        post(format!("{path}/{}/revoke", row.id), "", button)
    });
    let reach = (!row.reach.is_empty()).then(
        || view! { <span class="muted sub">{say!("only {reach}", reach = row.reach)}</span> },
    );
    let may = view! { {words::token_scope(&row.scope)}{reach} };
    let mut cells = vec![
        th_row(row.label.clone()),
        td(say("State"), state),
        td(say("May"), may),
        td(say("Made"), ago(row.created_at)),
        td(say("Last used"), ago_or(row.last_used, say("never"))),
        td(say("Ends"), ago_or(row.expires_at, say("never"))),
        view! { <td class="row-actions">{revoke}</td> }.into_any(),
    ];
    if with_user {
        cells.insert(1, td(say("Of"), row.user.clone()));
    }
    tr(cells)
}
