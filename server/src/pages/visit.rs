//! One request of a browser: the frame of its page, and how it is answered.
//!
//! Owns what every page shares. A handler never builds a response by hand.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use carillon_contract::frame::{Banner, Flash, FrameView, SessionLimits, Tone, UserView};
use carillon_contract::list::Link;
use carillon_domain::Timestamp;
use carillon_domain::role::Permission;
use carillon_engine::Caller;
use carillon_engine::accounts::{ABSOLUTE_LIMIT, SessionContext, idle_limit};
use carillon_engine::jobs::RulesInForce;
use carillon_language::{moment, say};
use carillon_store::{MadeAlone, StopAll};
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::{actor_words, flash, form_page, streams};
use crate::app::App;
use crate::assets;
use crate::cookies::Cookie;
use crate::form_token::{Bound, FormTokens};
use crate::middleware::client::ClientIp;
use crate::middleware::headers::{HasIslands, Nonce};
use crate::middleware::host::OwnOrigin;
use crate::middleware::identify::Visitor;
use crate::origin::Origin;
use crate::problem::Problem;

/// A browser is known for half a year.
const KNOWN_FOR: u32 = 180 * 24 * 60 * 60;

/// How long administrators are told of a change that was made alone.
const ALONE_IS_TOLD: Duration = Duration::from_hours(24);

/// What page handlers return.
pub type PageResult = Result<Response, Problem>;

/// One request of a browser.
pub struct Visit {
    /// The application.
    pub app: App,
    /// What surrounds the page; hand it to the UI.
    pub frame: FrameView,
    /// How much one person may do alone, when somebody is signed in.
    pub rules: Option<RulesInForce>,
    /// How many jobs that whoever is signed in may see have not ended.
    pub jobs_not_ended: i64,
    /// Source address.
    pub ip: Option<String>,
    /// The session, when somebody is signed in.
    pub session: Option<SessionContext>,
    /// The columns of the list of phones that this browser keeps.
    pub columns: Option<String>,
    /// Only the head of the page is asked for (`HEAD`): what is shown once is not shown by this.
    pub head_only: bool,
    origin: Origin,
    cookies: Vec<HeaderValue>,
}

impl Visit {
    /// The page.
    pub fn page(self, html: String) -> Response {
        self.html(StatusCode::OK, html)
    }

    /// The page again, with what was wrong beside its fields.
    pub fn refused(self, html: String) -> Response {
        self.html(StatusCode::UNPROCESSABLE_ENTITY, html)
    }

    /// The page with a status of its own.
    pub fn html(self, status: StatusCode, html: String) -> Response {
        let alive = html.contains("<leptos-island");
        let mut response = (status, Html(html)).into_response();
        if alive {
            response.extensions_mut().insert(HasIslands);
        }
        self.with_cookies(response)
    }

    /// On to another page: the answer to every change.
    pub fn see_other(self, to: &str) -> Response {
        let response = Redirect::to(to).into_response();
        self.with_cookies(response)
    }

    /// On to another page, which then says this.
    pub fn see_other_saying(mut self, to: &str, flash: &Flash) -> Response {
        if let Some(cookie) = flash::write(self.app.engine(), flash, &self.origin) {
            self.cookies
                .retain(|known| !known.to_str().is_ok_and(is_flash));
            self.cookies.push(cookie);
        }
        self.see_other(to)
    }

    /// Sets a cookie with the answer.
    pub fn set_cookie(&mut self, cookie: Cookie, value: &str) {
        self.cookies.extend(cookie.set(value, &self.origin));
    }

    /// Sets a cookie that outlives the browser.
    pub fn keep_cookie(&mut self, cookie: Cookie, value: &str, seconds: u32) {
        self.cookies
            .extend(cookie.set_for(value, &self.origin, seconds));
    }

    /// A cookie that came along.
    pub fn cookie(&self, headers: &HeaderMap, cookie: Cookie) -> Option<String> {
        cookie.read(headers, &self.origin)
    }

    /// Sets the cookie by which this browser is known the next time somebody signs in.
    pub fn remember_browser(&mut self, value: &str) {
        self.keep_cookie(Cookie::Known, value, KNOWN_FOR);
    }

    /// Takes a cookie away with the answer.
    pub fn remove_cookie(&mut self, cookie: Cookie) {
        self.cookies.extend(cookie.remove(&self.origin));
    }

    /// Binds a browser in which nobody is signed in, so that its forms can carry a token.
    pub fn bind(&mut self) {
        if !self.frame.csrf.is_empty() {
            return;
        }
        let value = URL_SAFE_NO_PAD.encode(self.app.random_bytes::<32>());
        let bound = Bound::Before(value.clone());
        self.frame.csrf = FormTokens::new(self.app.engine().clone(), bound).token();
        self.set_cookie(Cookie::Before, &value);
    }

    fn with_cookies(self, mut response: Response) -> Response {
        for cookie in self.cookies {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }
}

fn is_flash(cookie: &str) -> bool {
    cookie.starts_with("flash=") || cookie.starts_with("__Host-flash=")
}

/// Something was done.
pub fn done(text: impl Into<String>) -> Flash {
    Flash {
        tone: Tone::Good,
        text: text.into(),
        link: None,
    }
}

/// Something was done, and here is more of it.
pub fn done_see(text: impl Into<String>, link: Link) -> Flash {
    Flash {
        link: Some(link),
        ..done(text)
    }
}

impl FromRequestParts<App> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let visitor = parts
            .extensions
            .get::<Visitor>()
            .cloned()
            .unwrap_or_default();
        let origin = match parts.extensions.get::<OwnOrigin>() {
            Some(OwnOrigin(origin)) => origin.clone(),
            None => app.origins().public().clone(),
        };
        let flash = flash::read(app.engine(), &parts.headers, &origin);
        let mut cookies = Vec::new();
        if flash.is_some() {
            cookies.extend(Cookie::Flash.remove(&origin));
        }
        let (frame, rules, jobs_not_ended) = frame(app, parts, &visitor, &origin, flash).await?;
        let ip = parts.extensions.get::<ClientIp>();
        Ok(Self {
            app: app.clone(),
            frame,
            rules,
            jobs_not_ended,
            ip: ip.map(|ClientIp(ip)| ip.to_string()),
            session: visitor.session,
            columns: Cookie::Columns.read(&parts.headers, &origin),
            head_only: parts.method == Method::HEAD,
            origin,
            cookies,
        })
    }
}

async fn frame(
    app: &App,
    parts: &Parts,
    visitor: &Visitor,
    origin: &Origin,
    flash: Option<Flash>,
) -> Result<(FrameView, Option<RulesInForce>, i64), Problem> {
    let nonce = parts.extensions.get::<Nonce>();
    let caller = visitor.caller.as_ref();
    let mut banners = app.banners().to_vec();
    let (mut running_jobs, mut paused_jobs, mut jobs_not_ended) = (0, 0, 0);
    let (mut waiting_changes, mut rules) = (0, None);
    if let Some(caller) = caller {
        banners.splice(0..0, storage(app));
        let found = app.engine().surroundings(caller).await?;
        (running_jobs, paused_jobs) = (found.under_way, found.paused);
        jobs_not_ended = found.not_ended;
        waiting_changes = found.changes + found.approvals;
        rules = Some(found.rules);
        banners.extend(alone(parts, caller, found.rules));
        let now = app.engine().clock.now();
        banners.extend(found.alone.and_then(|made| made_alone(&made, now)));
        banners.extend(streams::banners(app, caller));
        if let Some(stop) = found.stop {
            let at = stop.since();
            let StopAll { actor, reason, .. } = stop;
            banners.insert(
                0,
                Banner::StopAll {
                    by: actor_words::shown(&actor),
                    at,
                    reason,
                },
            );
        }
    }
    let now = app.engine().clock.now();
    let frame = FrameView {
        path: parts.uri.path().to_owned(),
        language: carillon_language::current(),
        now,
        look: visitor.look(),
        session: visitor.session.as_ref().map(|session| limits(session, now)),
        user: caller.map(|caller| UserView::new(caller.actor.name.clone(), caller.role)),
        nonce: nonce.map(|Nonce(nonce)| nonce.clone()).unwrap_or_default(),
        csrf: visitor
            .tokens
            .as_ref()
            .map(FormTokens::token)
            .unwrap_or_default(),
        form: (parts.method == Method::POST).then(|| form_page::of(parts.uri.path())),
        flash,
        banners,
        running_jobs,
        paused_jobs,
        waiting_changes,
        base: origin.to_string(),
        assets: assets::of_pages(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    Ok((frame, rules, jobs_not_ended))
}

fn limits(session: &SessionContext, now: Timestamp) -> SessionLimits {
    let left = ABSOLUTE_LIMIT.saturating_sub(now.since(session.created_at));
    SessionLimits {
        idle_s: idle_limit(session.caller.role).as_secs(),
        left_s: left.as_secs(),
    }
}

/// What everybody must know about the database, if anything.
fn storage(app: &App) -> Option<Banner> {
    let text = if let Some(trouble) = app.engine().storage_trouble() {
        say!(
            "Not everything can be written down, and nothing is sent that cannot: {trouble}. Sending goes on by itself once this is over.",
            trouble
        )
    } else {
        let (free, needed) = app.engine().lack_of_room()?;
        say!(
            "The disk is nearly full: {free} MiB free, {needed} MiB are kept free. No new jobs are taken.",
            free = free >> 20,
            needed = needed >> 20
        )
    };
    Some(Banner::Notice {
        tone: Tone::Bad,
        text,
    })
}

/// Administrators are told for a day of a change that one of them made alone.
fn made_alone(made: &MadeAlone, now: Timestamp) -> Option<Banner> {
    if now.since(made.at) >= ALONE_IS_TOLD {
        return None;
    }
    let text = say!(
        "A change that is for two administrators was made by {actor} alone at {moment} UTC: nobody else could approve it. See Audit.",
        actor = actor_words::shown(&made.actor),
        moment = moment(made.at)
    );
    Some(Banner::Notice {
        tone: Tone::Warning,
        text,
    })
}

/// Pages of administration say while nobody is asked about dangerous jobs.
fn alone(parts: &Parts, caller: &Caller, rules: RulesInForce) -> Option<Banner> {
    let administers = caller.require(Permission::Administer).is_ok();
    let off = !rules.asks_second_person();
    if !off || !administers || !parts.uri.path().starts_with("/admin/") {
        return None;
    }
    let text =
        say("No dangerous job waits for a second person: fewer than two accounts may approve.");
    Some(Banner::Notice {
        tone: Tone::Neutral,
        text: text.to_owned(),
    })
}
