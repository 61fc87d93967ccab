//! Failures as pages.

use axum::response::{Html, IntoResponse as _, Response};
use carillon_contract::failure::FailureView;
use carillon_contract::frame::{FrameView, UserView};
use carillon_contract::list::Link;
use carillon_domain::Mac;
use carillon_domain::role::Permission;
use carillon_language::{say, text};

use crate::app::App;
use crate::assets;
use crate::form_token::FormTokens;
use crate::middleware::headers::Nonce;
use crate::middleware::identify::Visitor;
use crate::problem::{Code, NO_SUCH_THING, Problem};

/// Where it failed, and for whom.
pub struct Place {
    /// Path of the request.
    pub path: String,
    /// The page of the form that was sent there, where one was.
    pub form: Option<String>,
    /// For scripts.
    pub nonce: Option<Nonce>,
    /// Who is there, where that was found out before it failed.
    pub visitor: Visitor,
}

/// The page that says why there is no other.
pub fn render(app: &App, problem: &Problem, request_id: &str, place: Place) -> Response {
    let Place {
        path,
        form,
        nonce,
        visitor,
    } = place;
    let caller = visitor.caller.as_ref();
    let frame = FrameView {
        path,
        language: carillon_language::current(),
        now: app.engine().clock.now(),
        look: visitor.look(),
        session: None,
        user: caller.map(|caller| UserView::new(caller.actor.name.clone(), caller.role)),
        nonce: nonce.map(|Nonce(nonce)| nonce).unwrap_or_default(),
        csrf: visitor
            .tokens
            .as_ref()
            .map(FormTokens::token)
            .unwrap_or_default(),
        form,
        flash: None,
        banners: app.banners().to_vec(),
        running_jobs: 0,
        paused_jobs: 0,
        waiting_changes: 0,
        base: app.origins().public().to_string(),
        assets: assets::of_pages(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let html = carillon_ui::failure(&frame, &view(problem, request_id, &frame.path));
    (problem.status(), Html(html)).into_response()
}

fn view(problem: &Problem, request_id: &str, path: &str) -> FailureView {
    let (word, status, title) = problem.code.facts();
    let mut view = match problem.code {
        Code::NotFound => missing(path, FailureView::not_found(request_id)),
        Code::Forbidden => FailureView::denied(request_id),
        Code::StaleForm => FailureView {
            link: Some(back(path)),
            ..FailureView::stale_form(request_id)
        },
        Code::Internal => FailureView::internal(request_id),
        Code::Busy => FailureView::busy(come_again(path), request_id),
        _ => FailureView {
            code: word.to_owned(),
            title: title.to_owned(),
            next_step: say("Go back and look again.").to_owned(),
            link: Some(back(path)),
            request_id: request_id.to_owned(),
            ..FailureView::default()
        },
    };
    view.status = status.as_u16();
    if let Some(permission) = problem.lacks {
        say(may_not(permission)).clone_into(&mut view.sentence);
    } else if !matches!(problem.detail.as_str(), "" | NO_SUCH_THING) {
        view.sentence.clone_from(&problem.detail);
    }
    view
}

/// What kinds of things live where: the beginning of their addresses, that there is none, and
/// their list.
const KINDS: [(&str, &str, &str, &str, &str); 6] = [
    (
        "/jobs/",
        text!("There is no such job"),
        text!("Look for it in the list of jobs."),
        text!("Jobs"),
        text!("Back to the job"),
    ),
    (
        "/phones/",
        text!("There is no such phone"),
        text!("Look for it in the list of phones."),
        text!("Phones"),
        text!("Back to the phone"),
    ),
    (
        "/groups/",
        text!("There is no such group"),
        text!("Look for it in the list of groups."),
        text!("Groups"),
        text!("Back to the group"),
    ),
    (
        "/audit/",
        text!("There is no such record"),
        text!("Look for it in the audit log."),
        text!("Audit log"),
        text!("Back to the record"),
    ),
    (
        "/run/review/",
        text!("There is no such review"),
        text!("Choose the phones and the command again."),
        text!("Run a command"),
        text!("Back to the review"),
    ),
    (
        "/sites/",
        text!("There is no such site"),
        text!("Look for it in the list of sites."),
        text!("Sites"),
        text!("Back to the site"),
    ),
];

/// That something is not there, by the name of what it would be, with the way to its list.
fn missing(path: &str, page: FailureView) -> FailureView {
    let kind = KINDS.iter().find(|(begins, ..)| path.starts_with(begins));
    let Some((begins, title, next_step, list, _)) = kind else {
        return page;
    };
    let list_href = begins.trim_end_matches('/').trim_end_matches("/review");
    FailureView {
        title: say(title).to_owned(),
        next_step: say(next_step).to_owned(),
        link: Some(Link::new(say(list), list_href)),
        ..page
    }
}

/// The page of the thing that a form was about; the overview where it was about none.
fn back(path: &str) -> Link {
    let kind = KINDS.iter().find_map(|(begins, .., back)| {
        let id = id(begins, path.strip_prefix(begins)?)?;
        Some(Link::new(say(back), format!("{begins}{id}")))
    });
    kind.unwrap_or_else(|| Link::new(say("Overview"), "/"))
}

/// Where somebody tries again what came while others were first.
fn come_again(path: &str) -> Link {
    match path {
        "/sign-in" => Link::new(say("Sign in"), path),
        path => back(path),
    }
}

/// What is named in the rest of an address of its kind. Among the phones are pages about many; a
/// review is started at its own address.
fn id<'p>(begins: &str, rest: &'p str) -> Option<&'p str> {
    let of_what_follows = rest.split_once('/').map(|(id, _)| id);
    match begins {
        "/run/review/" => of_what_follows.or(Some(rest)),
        "/phones/" => of_what_follows.filter(|id| id.parse::<Mac>().is_ok()),
        _ => of_what_follows,
    }
}

/// What somebody may not, in words.
const fn may_not(permission: Permission) -> &'static str {
    match permission {
        Permission::ViewInventory => text!("Your role may not see phones, groups and sites."),
        Permission::EditTags => text!("Your role may not change tags and groups."),
        Permission::ManageInventory => {
            text!("Your role may not change phones, sites, rules and credentials.")
        }
        Permission::ViewJobs => text!("Your role may not see jobs."),
        Permission::RunJobs => text!("Your role may not start, stop or repeat jobs."),
        Permission::CallControl => text!("Your role may not dial or take calls on phones."),
        Permission::Approve => text!("Your account may not let jobs of others run."),
        Permission::StopAll => text!("Your role may not stop everything."),
        Permission::ReleaseStop => text!("Your role may not let everything go on."),
        Permission::ViewAudit => text!("Your role may not read the audit log."),
        Permission::ReadNumbers => text!("Your role may not read dialled numbers."),
        Permission::Administer => text!("Your role may not administer Carillon."),
        Permission::ViewMetrics => {
            text!("Your role may not read the numbers about the whole house.")
        }
        Permission::OwnAccount => text!("Your role has no account of its own here."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_named_and_leads_to_its_list() {
        let not_found = Problem::new(Code::NotFound).detail(NO_SUCH_THING);
        let of = |path: &str| {
            let view = view(&not_found, "r", path);
            (view.title, view.link.map(|link| link.href))
        };
        let told = |title: &str, href: &str| (title.to_owned(), Some(href.to_owned()));
        assert_eq!(of("/jobs/0192"), told("There is no such job", "/jobs"));
        assert_eq!(
            of("/groups/x/edit"),
            told("There is no such group", "/groups")
        );
        assert_eq!(of("/audit/99"), told("There is no such record", "/audit"));
        assert_eq!(of("/nowhere"), told("There is no such page", "/phones"));
    }

    #[test]
    fn who_came_too_late_finds_back_and_who_may_not_reads_why() {
        let conflict = Problem::new(Code::Conflict).detail("the job is over");
        let link = view(&conflict, "r", "/jobs/0192/retry").link;
        assert_eq!(link, Some(Link::new("Back to the job", "/jobs/0192")));
        let stale = Problem::new(Code::StaleForm);
        let link = view(&stale, "r", "/phones/001565000001/keys").link;
        let phone = Link::new("Back to the phone", "/phones/001565000001");
        assert_eq!(link, Some(phone), "signed in again beside an old page");
        let link = view(&conflict, "r", "/run/review/0192").link;
        assert_eq!(
            link,
            Some(Link::new("Back to the review", "/run/review/0192"))
        );
        let link = view(&conflict, "r", "/phones/views/delete").link;
        assert_eq!(link, Some(Link::new("Overview", "/")));
        let link = view(&conflict, "r", "/phones/001565000001/edit").link;
        assert_eq!(
            link,
            Some(Link::new("Back to the phone", "/phones/001565000001"))
        );
        let denied: Problem = carillon_engine::EngineError::Denied(Permission::RunJobs).into();
        let sentence = view(&denied, "r", "/run").sentence;
        assert_eq!(sentence, "Your role may not start, stop or repeat jobs.");
    }
}
