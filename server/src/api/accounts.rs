//! `/users`, `/tokens`, `/sessions`: to look at only.

use axum::Json;
use axum::extract::State;
use carillon_contract::api::{Page, Session, Token, User};
use carillon_domain::role::Permission;
use carillon_engine::Caller;

use super::doc::{Content, Doc};
use super::paging::whole;
use crate::app::App;
use crate::problem::Problem;
use crate::router::table::{Access, Table, Verb};

const ADMINISTER: Access = Access::Needs(Permission::Administer);

pub(super) fn routes() -> Table {
    Table::api()
        .get("/api/v1/users", ADMINISTER, users)
        .get("/api/v1/tokens", ADMINISTER, tokens)
        .get("/api/v1/sessions", ADMINISTER, sessions)
}

pub(super) const DOCS: &[Doc] = &[
    Doc {
        verb: Verb::Get,
        path: "/api/v1/users",
        summary: "Accounts",
        query: &[],
        body: Content::Nothing,
        answer: (200, Content::List("User")),
    },
    Doc {
        verb: Verb::Get,
        path: "/api/v1/tokens",
        summary: "API tokens, without the tokens",
        query: &[],
        body: Content::Nothing,
        answer: (200, Content::List("Token")),
    },
    Doc {
        verb: Verb::Get,
        path: "/api/v1/sessions",
        summary: "Sessions of browsers",
        query: &[],
        body: Content::Nothing,
        answer: (200, Content::List("Session")),
    },
];

async fn users(State(app): State<App>, caller: Caller) -> Result<Json<Page<User>>, Problem> {
    let users = app.engine().list_users(&caller).await?.into_iter();
    let shown = users.map(|user| User {
        id: user.id,
        name: user.name,
        role: user.role,
        reach: user.area,
        approver: user.approver,
        disabled: user.disabled,
        created_at: user.created_at,
    });
    Ok(whole(shown.collect()))
}

async fn tokens(State(app): State<App>, caller: Caller) -> Result<Json<Page<Token>>, Problem> {
    let tokens = app.engine().all_tokens(&caller).await?.into_iter();
    let shown = tokens.map(|token| Token {
        id: token.id,
        user: token.user,
        label: token.label,
        scope: token.scope.to_string(),
        reach: token.area,
        created_at: token.created_at,
        expires_at: token.expires_at,
        last_used_at: token.last_used_at,
        revoked_at: token.revoked_at,
    });
    Ok(whole(shown.collect()))
}

async fn sessions(State(app): State<App>, caller: Caller) -> Result<Json<Page<Session>>, Problem> {
    let users = app.engine().list_users(&caller).await?;
    let name_of = |id: &str| {
        let user = users.iter().find(|user| user.id == id);
        user.map_or_else(|| id.to_owned(), |user| user.name.clone())
    };
    let sessions = app.engine().all_sessions(&caller).await?.into_iter();
    let shown = sessions.map(|session| Session {
        user: name_of(&session.user_id),
        id: session.handle,
        created_at: session.created_at,
        last_seen_at: session.last_seen_at,
        ip: session.ip,
        agent: session.agent,
    });
    Ok(whole(shown.collect()))
}
