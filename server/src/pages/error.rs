//! Failures as pages.

use axum::response::{Html, IntoResponse as _, Response};
use carillon_contract::failure::FailureView;
use carillon_contract::frame::{FrameView, UserView};
use carillon_contract::list::Link;
use carillon_language::say;

use crate::app::App;
use crate::assets;
use crate::form_token::FormTokens;
use crate::middleware::headers::Nonce;
use crate::middleware::identify::Visitor;
use crate::problem::{Code, Problem};

/// Where it failed, and for whom.
pub struct Place {
    /// Path of the request.
    pub path: String,
    /// For scripts.
    pub nonce: Option<Nonce>,
    /// Who is there, where that was found out before it failed.
    pub visitor: Visitor,
}

/// The page that says why there is no other.
pub fn render(app: &App, problem: &Problem, request_id: &str, place: Place) -> Response {
    let Place {
        path,
        nonce,
        visitor,
    } = place;
    let caller = visitor.caller.as_ref();
    let frame = FrameView {
        path,
        language: carillon_language::current(),
        now: app.engine().clock.now(),
        user: caller.map(|caller| UserView::new(caller.actor.name.clone(), caller.role)),
        nonce: nonce.map(|Nonce(nonce)| nonce).unwrap_or_default(),
        csrf: visitor
            .tokens
            .as_ref()
            .map(FormTokens::token)
            .unwrap_or_default(),
        flash: None,
        banners: app.banners().to_vec(),
        running_jobs: 0,
        base: app.origins().public().to_string(),
        assets: assets::of_pages(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let html = carillon_ui::failure(&frame, &view(problem, request_id));
    (problem.status(), Html(html)).into_response()
}

fn view(problem: &Problem, request_id: &str) -> FailureView {
    let (word, status, title) = problem.code.facts();
    let mut view = match problem.code {
        Code::NotFound => FailureView::not_found(request_id),
        Code::Forbidden => FailureView::denied(request_id),
        Code::StaleForm => FailureView::stale_form(request_id),
        Code::Internal => FailureView::internal(request_id),
        _ => FailureView {
            code: word.to_owned(),
            title: title.to_owned(),
            next_step: say("Go back and look again.").to_owned(),
            link: Some(Link::new(say("Overview"), "/")),
            request_id: request_id.to_owned(),
            ..FailureView::default()
        },
    };
    view.status = status.as_u16();
    if !problem.detail.is_empty() {
        view.sentence.clone_from(&problem.detail);
    }
    view
}
