//! `/sign-in/oidc`: by way of an OpenID provider.
//!
//! The way out is a link and not a form: what a form may lead to stays this server alone
//! (`form-action 'self'`), wherever the provider sends people on to. *Invariant:* whoever comes
//! back with anything wrong is told one sentence and is not signed in.

use axum::response::Response;
use carillon_contract::FormErrors;
use carillon_contract::sign_in::CodeView;
use carillon_domain::Timestamp;
use carillon_engine::accounts::{Arrival, Entered, External, SignedIn};
use carillon_language::say;
use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};

use super::sign_in::{agent, local, refused_saying};
use super::visit::{PageResult, Visit};
use crate::cookies::Cookie;
use crate::fields::{Form, Query};
use crate::oidc::{Brought, Failure, LASTS, Provider};
use crate::problem::{Code, Problem};
use crate::router::table::{Access, Table};

const CODE: &str = "/sign-in/oidc/code";
/// How long somebody may look for their code, in seconds.
const CODE_WAITS: u32 = 300;

pub(super) fn routes(table: Table) -> Table {
    table
        .get("/sign-in/oidc", Access::Public, begin)
        .get("/sign-in/oidc/back", Access::Public, back)
        .get("/sign-in/oidc/code", Access::Public, ask)
        .post("/sign-in/oidc/code", Access::Public, code)
}

fn provider(visit: &Visit) -> Result<Provider, Problem> {
    let provider = visit.app.provider().cloned();
    provider.ok_or_else(|| Problem::new(Code::NotFound))
}

/// `GET /sign-in/oidc`: on to the provider; `anew` = though somebody may be signed in there.
async fn begin(mut visit: Visit, Query(query): Query) -> PageResult {
    let provider = provider(&visit)?;
    let next = local(query.text("next"));
    let secret = visit.app.random_bytes::<32>();
    let engine = visit.app.engine().clone();
    match provider
        .begin(&engine, secret, &next, query.checked("anew"))
        .await
    {
        Ok(begun) => {
            visit.keep_cookie(Cookie::SignOn, &begun.cookie, LASTS);
            Ok(visit.see_other(&begun.url))
        }
        Err(failure) => failed(visit, &failure, next).await,
    }
}

/// `GET /sign-in/oidc/back`: with the provider's answer.
async fn back(mut visit: Visit, headers: HeaderMap, Query(query): Query) -> PageResult {
    let provider = provider(&visit)?;
    if visit.head_only {
        // Nobody signs in by asking for the head of a page, and the code stays good.
        return Ok(visit.see_other("/sign-in"));
    }
    let brought = Brought {
        cookie: visit.cookie(&headers, Cookie::SignOn),
        state: query.or_empty("state"),
        code: query.filled("code").map(SecretString::from),
        issuer: query.text("iss").map(str::to_owned),
    };
    visit.remove_cookie(Cookie::SignOn);
    let engine = visit.app.engine().clone();
    let back = match provider.finish(&engine, brought).await {
        Ok(back) => back,
        Err(failure) => return failed(visit, &failure, "/".to_owned()).await,
    };
    let terms = provider.terms();
    let who = External {
        issuer: terms.issuer.clone(),
        role: terms.role(&back.identity.roles),
        subject: back.identity.subject,
        name: back.identity.name,
        strong: back.identity.strong,
        shown_at: back.identity.shown_at,
    };
    let arrival = arrival(&visit, &headers);
    match engine.sign_in_external(&who, &arrival).await? {
        Some(Entered::In(signed_in)) => Ok(enter(visit, &signed_in, &back.next)),
        Some(Entered::NeedsCode(account)) => {
            let waits = Waiting {
                account,
                next: back.next,
            };
            let text = waits.sealed(&visit)?;
            visit.keep_cookie(Cookie::SignOn, &text, CODE_WAITS);
            Ok(visit.see_other(CODE))
        }
        None => Ok(refused_saying(
            visit,
            back.next,
            say(
                "This account of the provider may not enter here. An administrator decides who may.",
            ),
        )),
    }
}

fn arrival(visit: &Visit, headers: &HeaderMap) -> Arrival {
    Arrival {
        ip: visit.ip.clone(),
        agent: agent(headers),
        previous: visit
            .cookie(headers, Cookie::Session)
            .map(SecretString::from),
    }
}

fn enter(mut visit: Visit, signed_in: &SignedIn, next: &str) -> Response {
    visit.set_cookie(Cookie::Session, signed_in.token.expose_secret());
    visit.remove_cookie(Cookie::Before);
    visit.see_other(next)
}

/// One sentence for everything that is not believed; what it was stands in the audit log.
async fn failed(visit: Visit, failure: &Failure, next: String) -> PageResult {
    let engine = visit.app.engine().clone();
    match failure {
        Failure::Busy => Err(Problem::new(Code::Busy)),
        Failure::Sealed => Err(carillon_engine::EngineError::Sealed.into()),
        Failure::Silent(silent) => {
            tracing::warn!(error = %crate::problem::chain(silent), "nobody could sign in by the provider");
            let text =
                say("The sign-in service does not answer. Try again, or sign in by password.");
            Ok(refused_saying(visit, next, text))
        }
        Failure::Refuses(why) => {
            tracing::warn!(
                why,
                "the provider refuses this server: its client id, secret or redirect address do not fit"
            );
            let text = say(
                "The sign-in service refuses this server. Tell who runs it, or sign in by password.",
            );
            Ok(refused_saying(visit, next, text))
        }
        Failure::Untrusted(why) => {
            let arrival = Arrival {
                ip: visit.ip.clone(),
                ..Arrival::default()
            };
            let why = why.to_string();
            engine.record_external_failure(&why, &arrival).await?;
            let text = say("Signing in did not succeed. Begin again.");
            Ok(refused_saying(visit, next, text))
        }
    }
}

/// Somebody who is back from the provider and owes a code of their own second factor.
struct Waiting {
    account: String,
    next: String,
}

impl Waiting {
    /// As a cookie: bound to its moment and to nothing that somebody else could make.
    fn sealed(&self, visit: &Visit) -> Result<String, Problem> {
        let engine = visit.app.engine();
        let next = form_urlencoded::byte_serialize(self.next.as_bytes()).collect::<String>();
        let text = format!("{}.{}.{next}", engine.clock.now().micros(), self.account);
        let seal = engine.sign_on_digest("waiting", &text)?;
        Ok(format!("{}.{text}", hex::encode(seal)))
    }

    fn of(visit: &Visit, headers: &HeaderMap) -> Option<Self> {
        let engine = visit.app.engine();
        let cookie = visit.cookie(headers, Cookie::SignOn)?;
        let (seal, text) = cookie.split_once('.')?;
        if !engine.sign_on_matches("waiting", text, seal) {
            return None;
        }
        let mut parts = text.splitn(3, '.');
        let (since, account, next) = (parts.next()?, parts.next()?, parts.next()?);
        let since = Timestamp::from_micros(since.parse().ok()?);
        let now = engine.clock.now();
        let lasts = since <= now && now.since(since).as_secs() < u64::from(CODE_WAITS);
        let (next, _) = form_urlencoded::parse(next.as_bytes()).next()?;
        lasts.then(|| Self {
            account: account.to_owned(),
            next: local(Some(&next)),
        })
    }
}

/// `GET /sign-in/oidc/code`: of one's own second factor, where the provider vouches for none.
async fn ask(visit: Visit, headers: HeaderMap) -> PageResult {
    provider(&visit)?;
    if Waiting::of(&visit, &headers).is_none() {
        return Ok(visit.see_other("/sign-in"));
    }
    Ok(code_page(visit, StatusCode::OK, FormErrors::default()))
}

/// `POST /sign-in/oidc/code`.
async fn code(mut visit: Visit, headers: HeaderMap, Form(form): Form) -> PageResult {
    provider(&visit)?;
    let form = form.only(&["code"])?;
    let Some(waiting) = Waiting::of(&visit, &headers) else {
        return Ok(visit.see_other("/sign-in"));
    };
    let typed = SecretString::from(form.or_empty("code"));
    let engine = visit.app.engine().clone();
    let arrival = arrival(&visit, &headers);
    let entered = engine.sign_in_external_code(&waiting.account, &typed, &arrival);
    if let Some(signed_in) = entered.await? {
        visit.remove_cookie(Cookie::SignOn);
        return Ok(enter(visit, &signed_in, &waiting.next));
    }
    let mut errors = FormErrors::default();
    let text = say("Wrong code, or too many tries: wait a moment and try again.");
    errors.push("", "refused", text);
    Ok(code_page(visit, StatusCode::UNPROCESSABLE_ENTITY, errors))
}

fn code_page(mut visit: Visit, status: StatusCode, errors: FormErrors) -> Response {
    visit.bind();
    let html = carillon_ui::sign_in_code(&visit.frame, &CodeView { errors });
    visit.html(status, html)
}
