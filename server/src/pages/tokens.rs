//! `/admin/tokens`: everybody's tokens.

use axum::extract::Path;
use carillon_contract::tokens::{TokenRow, TokensView};
use carillon_domain::Timestamp;
use carillon_domain::role::Permission;
use carillon_engine::Caller;
use carillon_engine::accounts::TokenInfo;
use carillon_language::say;

use super::visit::{PageResult, Visit, done};
use super::{area, notice};
use crate::fields::{Form, Query};
use crate::router::table::{Access, Table};

const ADMINISTER: Access = Access::Needs(Permission::Administer);

pub(super) fn routes(table: Table) -> Table {
    table.get("/admin/tokens", ADMINISTER, show).post(
        "/admin/tokens/{id}/revoke",
        ADMINISTER,
        revoke,
    )
}

/// `GET /admin/tokens`.
async fn show(mut visit: Visit, caller: Caller, Query(query): Query) -> PageResult {
    notice::unknown(&mut visit, &query, &[]);
    let tokens = visit.app.engine().all_tokens(&caller).await?;
    let view = TokensView {
        rows: rows(tokens, visit.frame.now),
    };
    let html = carillon_ui::tokens(&visit.frame, &view);
    Ok(visit.page(html))
}

/// `POST /admin/tokens/{id}/revoke`.
async fn revoke(
    visit: Visit,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form,
) -> PageResult {
    fields.only(&[])?;
    visit.app.engine().revoke_token(&caller, &id).await?;
    Ok(visit.see_other_saying("/admin/tokens", &done(say("The token was revoked."))))
}

/// Tokens as rows, those in use first.
pub fn rows(tokens: Vec<TokenInfo>, now: Timestamp) -> Vec<TokenRow> {
    let mut rows: Vec<TokenRow> = tokens.into_iter().map(row).collect();
    rows.sort_by_key(|row| (!works(row, now), std::cmp::Reverse(row.created_at)));
    rows
}

fn works(row: &TokenRow, now: Timestamp) -> bool {
    row.revoked_at.is_none() && row.expires_at.is_none_or(|at| now < at)
}

fn row(token: TokenInfo) -> TokenRow {
    TokenRow {
        reach: token.area.as_ref().map(area::in_words).unwrap_or_default(),
        id: token.id,
        label: token.label,
        user: token.user,
        scope: token.scope.to_string(),
        created_at: token.created_at,
        expires_at: token.expires_at,
        last_used: token.last_used_at,
        revoked_at: token.revoked_at,
    }
}
