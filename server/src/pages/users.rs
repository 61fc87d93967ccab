//! `/admin/users`: accounts.

use std::collections::HashMap;
use std::time::Duration;

use axum::extract::Path;
use axum::response::Response;
use carillon_contract::FormErrors;
use carillon_contract::users::{UserFormView, UserRow, UsersView};
use carillon_domain::ChangeKind;
use carillon_domain::role::{Permission, Role};
use carillon_engine::accounts::{self as engine_accounts, UserInfo};
use carillon_engine::{Caller, EngineError};
use carillon_language::say;
use http::StatusCode;

use super::changes::{self, outcome};
use super::once;
use super::refused::{Refusal, refusal, version};
use super::visit::{PageResult, Visit, done};
use super::{area, link, notice};
use crate::fields::{Fields, Form, Query};
use crate::problem::Problem;
use crate::router::table::{Access, Table};

const ADMINISTER: Access = Access::Needs(Permission::Administer);
const LINK: &str = "reset_link";
/// A new link waits so long for its page.
const WAITS: Duration = Duration::from_mins(10);

pub(super) fn routes(table: Table) -> Table {
    table
        .get("/admin/users", ADMINISTER, list)
        .get("/admin/users/new", ADMINISTER, blank)
        .post_proved("/admin/users/new", ADMINISTER, add)
        .get("/admin/users/{name}/edit", ADMINISTER, edit)
        .post_proved("/admin/users/{name}/edit", ADMINISTER, change_role)
        .post_proved("/admin/users/{name}/reset-link", ADMINISTER, make_link)
        .post_proved("/admin/users/{name}/reset-factor", ADMINISTER, reset_factor)
        .post_proved("/admin/users/{name}/disable", ADMINISTER, disable)
        .post_proved("/admin/users/{name}/enable", ADMINISTER, enable)
}

/// `GET /admin/users`.
async fn list(mut visit: Visit, caller: Caller, Query(query): Query) -> PageResult {
    notice::unknown(&mut visit, &query, &[]);
    let engine = visit.app.engine();
    let users = engine.list_users(&caller).await?;
    let mut tokens: HashMap<String, i64> = HashMap::new();
    let now = visit.frame.now;
    for token in engine.all_tokens(&caller).await? {
        let works = token.revoked_at.is_none() && token.expires_at.is_none_or(|at| now < at);
        *tokens.entry(token.user).or_default() += i64::from(works);
    }
    let row = |user: UserInfo| UserRow {
        tokens: tokens.get(&user.name).copied().unwrap_or_default(),
        own: is_own(&caller, &user),
        name: user.name,
        reach: user.area.as_ref().map(area::in_words).unwrap_or_default(),
        approver: user.approver,
        role: user.role,
        second_factor: user.second_factor,
        disabled: user.disabled,
        created_at: user.created_at,
        last_seen: user.last_sign_in_at,
    };
    let administers = |user: &&UserInfo| user.role == Role::Admin && !user.disabled;
    let view = UsersView {
        lone_administrator: users.iter().filter(administers).count() == 1,
        rows: users.into_iter().map(row).collect(),
    };
    let html = carillon_ui::users(&visit.frame, &view);
    Ok(visit.page(html))
}

fn is_own(caller: &Caller, user: &UserInfo) -> bool {
    caller.user_id.as_deref() == Some(user.id.as_str())
}

/// `GET /admin/users/new`.
async fn blank(mut visit: Visit, Query(query): Query) -> PageResult {
    notice::unknown(&mut visit, &query, &[]);
    let view = UserFormView {
        role: Role::Viewer.to_string(),
        ..UserFormView::default()
    };
    let html = carillon_ui::user_form(&visit.frame, &view);
    Ok(visit.page(html))
}

/// `POST /admin/users/new`: without a password. On to a link by which its owner chooses one.
async fn add(visit: Visit, caller: Caller, Form(fields): Form) -> PageResult {
    let fields = fields.only(&["name", "role"])?;
    let (name, role) = (fields.or_empty("name"), fields.or_empty("role"));
    let made = match role.parse() {
        Ok(role) => visit.app.engine().invite_user(&caller, &name, role).await,
        Err(_) => Err(EngineError::invalid(
            "role",
            "required",
            say("Choose a role."),
        )),
    };
    match made {
        Ok(user) => {
            let text = say!("The account {name} was added.", name = user.name);
            let to = fresh_link(&visit, &caller, &user.name).await?;
            Ok(visit.see_other_saying(&to, &done(text)))
        }
        Err(error) => {
            let refused = refusal(error)?;
            let view = UserFormView {
                name,
                role,
                errors: refused.errors,
                ..UserFormView::default()
            };
            let html = carillon_ui::user_form(&visit.frame, &view);
            Ok(visit.html(refused.status, html))
        }
    }
}

/// Makes a link to a new password; where it is shown once.
async fn fresh_link(visit: &Visit, caller: &Caller, name: &str) -> Result<String, EngineError> {
    let engine = visit.app.engine();
    let made = engine.make_reset_link(caller, name).await?;
    let url = link::to_reset(&visit.frame.base, &made.code);
    let id = engine.keep_draft(caller, LINK, &url, WAITS).await?;
    Ok(format!("/admin/users/{name}/edit?link={id}"))
}

/// `GET /admin/users/{name}/edit`.
async fn edit(
    mut visit: Visit,
    caller: Caller,
    Path(name): Path<String>,
    Query(query): Query,
) -> PageResult {
    notice::unknown(&mut visit, &query, &["link"]);
    let user = visit.app.engine().find_user(&caller, &name).await?;
    let link = match query.filled("link") {
        Some(id) => {
            let gone = say("That link was shown already. If it is lost, make another.");
            once::taken(&mut visit, &caller, (LINK, id), gone).await?
        }
        None => None,
    };
    let refused = Refusal {
        status: StatusCode::OK,
        errors: FormErrors::default(),
    };
    form(visit, &caller, (user, link), refused).await
}

async fn form(
    visit: Visit,
    caller: &Caller,
    (user, link): (UserInfo, Option<String>),
    refused: Refusal,
) -> Result<Response, Problem> {
    let kinds = [ChangeKind::SecondFactorReset];
    let waits = changes::notices(&visit, caller, &kinds, Some(&user.id)).await?;
    let view = UserFormView {
        link,
        factor_reset_waits: waits.into_iter().next(),
        second_factor: user.second_factor,
        own: is_own(caller, &user),
        existing: Some(user.name.clone()),
        name: user.name,
        role: user.role.to_string(),
        scoped: user.area.is_some(),
        sites: user.area.as_ref().map(area::sites).unwrap_or_default(),
        groups: user.area.as_ref().map(area::groups).unwrap_or_default(),
        approver: user.approver,
        disabled: user.disabled,
        version: user.version,
        errors: refused.errors,
    };
    let html = carillon_ui::user_form(&visit.frame, &view);
    Ok(visit.html(refused.status, html))
}

/// On to the list, or the form again with what was wrong.
async fn answer(
    visit: Visit,
    caller: Caller,
    name: &str,
    (result, text): (Result<(), EngineError>, String),
) -> Result<Response, Problem> {
    match result {
        Ok(()) => Ok(visit.see_other_saying("/admin/users", &done(text))),
        Err(error) => {
            let refused = refusal(error)?;
            let user = visit.app.engine().find_user(&caller, name).await?;
            form(visit, &caller, (user, None), refused).await
        }
    }
}

/// `POST /admin/users/{name}/edit`.
async fn change_role(
    visit: Visit,
    caller: Caller,
    Path(name): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let fields = fields.only(&["role", "reach", "sites", "groups", "approver", "version"])?;
    let version = version(&fields).unwrap_or(-1);
    let engine = visit.app.engine();
    let result = match access(&fields) {
        Ok(access) => engine.change_access(&caller, &name, &access, version).await,
        Err(error) => Err(error),
    };
    let text = say!("What {name} may do was changed.", name);
    answer(visit, caller, &name, (result, text)).await
}

fn access(fields: &Fields) -> Result<engine_accounts::Access, EngineError> {
    let role = fields.or_empty("role").parse();
    let role = role.map_err(|_| EngineError::invalid("role", "required", say("Choose a role.")))?;
    let area = match fields.text("reach") {
        Some("everything") => None,
        Some("some") => Some(area::typed(fields)),
        _ => {
            let message = say("Choose what the account reaches.");
            return Err(EngineError::invalid("reach", "required", message));
        }
    };
    Ok(engine_accounts::Access {
        role,
        area,
        approver: fields.text("approver").is_some(),
    })
}

/// `POST /admin/users/{name}/reset-link`.
async fn make_link(
    visit: Visit,
    caller: Caller,
    Path(name): Path<String>,
    Form(fields): Form,
) -> PageResult {
    fields.only(&[])?;
    match fresh_link(&visit, &caller, &name).await {
        Ok(to) => Ok(visit.see_other(&to)),
        Err(error) => answer(visit, caller, &name, (Err(error), String::new())).await,
    }
}

/// `POST /admin/users/{name}/reset-factor`.
async fn reset_factor(
    visit: Visit,
    caller: Caller,
    Path(name): Path<String>,
    Form(fields): Form,
) -> PageResult {
    let reason = fields.only(&["reason"])?.or_empty("reason");
    let engine = visit.app.engine();
    let asked = engine.reset_second_factor(&caller, &name, &reason).await;
    let text = say!(
        "{name} has no second factor now, and was signed out everywhere.",
        name
    );
    match asked {
        Ok(made) => Ok(visit.see_other_saying("/admin/users", &outcome(&made, text))),
        Err(error) => answer(visit, caller, &name, (Err(error), text)).await,
    }
}

/// `POST /admin/users/{name}/disable`.
async fn disable(
    visit: Visit,
    caller: Caller,
    Path(name): Path<String>,
    Form(fields): Form,
) -> PageResult {
    fields.only(&[])?;
    let result = visit.app.engine().disable_user(&caller, &name).await;
    answer(
        visit,
        caller,
        &name,
        (result, say!("{name} cannot sign in any more.", name)),
    )
    .await
}

/// `POST /admin/users/{name}/enable`.
async fn enable(
    visit: Visit,
    caller: Caller,
    Path(name): Path<String>,
    Form(fields): Form,
) -> PageResult {
    fields.only(&[])?;
    let result = visit.app.engine().enable_user(&caller, &name).await;
    answer(
        visit,
        caller,
        &name,
        (result, say!("{name} can sign in again.", name)),
    )
    .await
}
