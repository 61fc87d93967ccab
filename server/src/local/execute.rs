//! Does what was asked on this machine, with the engine's own use cases.

use carillon_domain::reach::Area;
use carillon_domain::role::Role;
use carillon_engine::accounts::{Access, NewToken, NewUser, TokenInfo, UserInfo};
use carillon_engine::{Caller, Engine, EngineError};
use secrecy::{ExposeSecret as _, SecretString};

use super::command::{Answer, Command};
use super::{inventory, keys, networks, rows, streams};
use crate::pages::area::in_words;
use crate::pages::link;
use crate::problem::chain;

pub(super) type Done = Result<Answer, EngineError>;

/// Does one command.
pub async fn run(engine: &Engine, caller: &Caller, command: Command) -> Answer {
    let done = match command {
        Command::UserAdd {
            name,
            role,
            password,
        } => {
            let password = SecretString::from(password);
            user_add(
                engine,
                caller,
                NewUser {
                    name,
                    role,
                    password,
                },
            )
            .await
        }
        Command::UserList {} => user_list(engine, caller).await,
        Command::UserAccess {
            name,
            role,
            sites,
            groups,
            everything,
            approver,
        } => {
            let reach = (area_of(&sites, &groups), everything);
            user_access(engine, caller, &name, (role, reach, approver)).await
        }
        Command::UserDisable { name } => user_disable(engine, caller, &name).await,
        Command::UserPassword { name, password } => {
            user_password(engine, caller, &name, SecretString::from(password)).await
        }
        Command::UserResetLink { name } => reset_link(engine, caller, &name).await,
        Command::UserResetFactor { name } => reset_factor(engine, caller, &name).await,
        Command::KeysList {} => keys::list(engine, caller).await,
        Command::KeysAdd {} => keys::add(engine, caller).await,
        Command::KeysActivate { key } => keys::activate(engine, caller, &key).await,
        Command::KeysRewrap {} => keys::rewrap(engine, caller).await,
        Command::KeysRotate {} => keys::rotate(engine, caller).await,
        Command::KeysRetire { key } => keys::retire(engine, caller, &key).await,
        Command::RowsList {} => rows::list(engine, caller).await,
        Command::RowsAccept { kind, name, reason } => {
            rows::accept(engine, caller, (kind, name), &reason).await
        }
        Command::TokenCreate {
            user,
            label,
            scope,
            sites,
            groups,
            lifetime,
        } => {
            let new = NewToken {
                user: Some(user),
                label,
                scope,
                area: area_of(&sites, &groups),
                lifetime: Some(lifetime),
            };
            token_create(engine, caller, new).await
        }
        Command::TokenList {} => token_list(engine, caller).await,
        Command::TokenRevoke { id } => token_revoke(engine, caller, &id).await,
        Command::AuditVerified { intact, told } => {
            let noted = engine.note_verified(caller, intact, &told).await;
            noted.map(|()| Answer::default())
        }
        Command::NetworksList {} => networks::list(engine, caller).await,
        Command::NetworksRules { form, user, also } => {
            networks::rules(engine, caller, form, (user, also)).await
        }
        Command::StreamList {} => streams::list(engine, caller).await,
        Command::StreamSecret { name } => streams::secret(engine, caller, &name).await,
        Command::PhonesImport {
            csv,
            dry_run,
            valid_rows_only,
        } => inventory::import(engine, caller, csv, dry_run, valid_rows_only).await,
        Command::PhonesExport { filter } => inventory::export(engine, caller, &filter).await,
    };
    done.unwrap_or_else(|error| Answer::failed(failure_in_words(&error)))
}

async fn user_add(engine: &Engine, caller: &Caller, new: NewUser) -> Done {
    let user = engine.add_user(caller, new).await?;
    Ok(Answer::note(format!(
        "{} ({}) can sign in now",
        user.name, user.role
    )))
}

async fn user_list(engine: &Engine, caller: &Caller) -> Done {
    let users = engine.list_users(caller).await?;
    Ok(Answer::lines(users.iter().map(user_line).collect()))
}

fn user_line(user: &UserInfo) -> String {
    let state = if user.disabled { "disabled" } else { "enabled" };
    let last = user
        .last_sign_in_at
        .map_or("never".to_owned(), |at| at.to_string());
    format!(
        "{:24} {:9} {state:9} last sign-in {last}",
        user.name, user.role
    )
}

/// What is named; `None` when nothing is.
fn area_of(sites: &[String], groups: &[String]) -> Option<Area> {
    let sites = sites.iter().map(String::as_str);
    let area = Area::of(sites, groups.iter().map(String::as_str));
    Some(area).filter(|area| *area != Area::default())
}

/// Changes what is given and leaves the rest.
async fn user_access(
    engine: &Engine,
    caller: &Caller,
    name: &str,
    (role, (area, everything), approver): (Option<Role>, (Option<Area>, bool), Option<bool>),
) -> Done {
    let user = engine.find_user(caller, name).await?;
    let access = Access {
        role: role.unwrap_or(user.role),
        area: area.or(user.area).filter(|_| !everything),
        approver: approver.unwrap_or(user.approver),
    };
    engine
        .change_access(caller, name, &access, user.version)
        .await?;
    let reach = access
        .area
        .as_ref()
        .map_or("everything".to_owned(), in_words);
    Ok(Answer::note(format!(
        "{name} is {} and reaches {reach}; sessions ended",
        access.role
    )))
}

async fn user_disable(engine: &Engine, caller: &Caller, name: &str) -> Done {
    engine.disable_user(caller, name).await?;
    Ok(Answer::note(format!(
        "{name} cannot sign in any more; sessions and tokens ended"
    )))
}

async fn user_password(
    engine: &Engine,
    caller: &Caller,
    name: &str,
    password: SecretString,
) -> Done {
    engine.reset_password(caller, name, password).await?;
    Ok(Answer::note(format!(
        "{name} has a new password; sessions ended"
    )))
}

async fn reset_link(engine: &Engine, caller: &Caller, name: &str) -> Done {
    let made = engine.make_reset_link(caller, name).await?;
    Ok(Answer {
        lines: vec![link::to_reset("", &made.code)],
        notes: vec![format!(
            "behind the server's address, {name} sets a new password with it: once, until {}",
            made.until
        )],
        failure: None,
    })
}

async fn reset_factor(engine: &Engine, caller: &Caller, name: &str) -> Done {
    engine.reset_second_factor(caller, name, "").await?;
    Ok(Answer::note(format!(
        "{name} has no second factor now; sessions ended"
    )))
}

async fn token_create(engine: &Engine, caller: &Caller, new: NewToken) -> Done {
    let issued = engine.create_token(caller, new).await?;
    let until = issued
        .info
        .expires_at
        .map_or("for ever".to_owned(), |at| format!("until {at}"));
    Ok(Answer {
        lines: vec![issued.token.expose_secret().to_owned()],
        notes: vec![format!(
            "token {} works {until}; it is not shown again",
            issued.info.id
        )],
        failure: None,
    })
}

async fn token_list(engine: &Engine, caller: &Caller) -> Done {
    let tokens = engine.all_tokens(caller).await?;
    Ok(Answer::lines(tokens.iter().map(token_line).collect()))
}

fn token_line(token: &TokenInfo) -> String {
    let state = match (token.revoked_at, token.expires_at) {
        (Some(at), _) => format!("revoked {at}"),
        (None, Some(at)) => format!("until {at}"),
        (None, None) => "for ever".to_owned(),
    };
    format!(
        "{} {:16} {:7} {state}  {}",
        token.id, token.user, token.scope, token.label
    )
}

async fn token_revoke(engine: &Engine, caller: &Caller, id: &str) -> Done {
    engine.revoke_token(caller, id).await?;
    Ok(Answer::note(format!("token {id} does not work any more")))
}

fn failure_in_words(error: &EngineError) -> String {
    match error {
        EngineError::NotFound => "there is no such thing; `list` shows what there is".to_owned(),
        EngineError::Invalid(errors) => {
            let told = errors
                .iter()
                .map(|error| format!("{}: {}", error.field, error.message));
            told.collect::<Vec<_>>().join("; ")
        }
        other => chain(other),
    }
}
