//! How many statements each page costs: never more than eight, sign-in and frame included.
//!
//! Counts what the store says of itself, in the span of the request that asked. A page that is
//! not among [`Pages::of`] fails the test.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::sync::{Mutex, Once, PoisonError};

use carillon::middleware::gate::Side;
use carillon::router;
use carillon::router::table::Verb;
use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_simulator::{Auth, Fleet, FleetConfig, Profile, SiteConfig};
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use crate::browser::Browser;
use crate::house::{House, fleet};
use crate::inventory_pages::{browser, hidden, location, look, submit, upload};
use crate::requests::{Answer, Client};
use crate::scope::operator_of_kiel;

/// Most statements of a page.
const MOST: usize = 8;
/// Routes that answer with no page: what containers ask, streams, and files, of which those that
/// are exports write an audit record besides.
const NO_PAGES: [&str; 8] = [
    "/static/{*name}",
    "/healthz",
    "/readyz",
    "/jobs/{id}/feed",
    "/audit/export",
    "/phones/export",
    "/jobs/{id}/targets.csv",
    "/jobs/{id}/targets.json",
];

/// The statements of each request, by its id.
static TOLD: Mutex<Option<HashMap<String, Vec<String>>>> = Mutex::new(None);

/// Writes down what the store says inside a request.
struct Ear;

/// The id that a request's span carries.
struct Name(String);

#[derive(Default)]
struct Texts(BTreeMap<&'static str, String>);

impl Visit for Texts {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

impl<S> Layer<S> for Ear
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().name() != "request" {
            return;
        }
        let mut texts = Texts::default();
        attributes.record(&mut texts);
        let span = context.span(id).unwrap();
        span.extensions_mut()
            .insert(Name(texts.0.remove("id").unwrap()));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != "carillon_store::statement" {
            return;
        }
        let mut texts = Texts::default();
        event.record(&mut texts);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(Name(id)) = span.extensions().get() {
                let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
                let of_request = told.get_or_insert_default().entry(id.clone()).or_default();
                of_request.push(texts.0.remove("message").unwrap_or_default());
            }
        }
    }
}

fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let all = tracing_subscriber::registry().with(Ear);
        tracing::subscriber::set_global_default(all).unwrap();
    });
}

/// The statements that an answer cost.
fn statements(answer: &Answer) -> Vec<String> {
    let id = answer.headers["x-request-id"].to_str().unwrap();
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    told.get_or_insert_default().remove(id).unwrap_or_default()
}

/// Phones of which some refuse, each for a reason of its own.
fn phones() -> FleetConfig {
    let site = SiteConfig::new("Kiel", 8)
        .with_security(PlainHttp)
        .with_auth(Auth::None)
        .with(Profile::ForbiddenIp, 1)
        .with(Profile::NotFound, 1)
        .with(Profile::Refused, 1)
        .with(Profile::ServerError, 1);
    FleetConfig::default().with_site(site)
}

/// Groups of both kinds, more phones at another site, and a job that ended in many ways.
async fn furnish(api: &Client, fleet: &Fleet) -> String {
    let site = json!({"slug": "ulm", "name": "Ulm", "transport_security": "plain_http"});
    api.post("/sites", &site).await.expect(201);
    for number in 0..6 {
        let phone = json!({
            "mac": format!("00:15:65:aa:00:0{number}"), "label": format!("Desk {number}"),
            "site": "ulm", "tags": ["desk", "floor-1"],
        });
        api.post("/phones", &phone).await.expect(201);
    }
    let (kiel, ulm) = (fleet.phones()[0].mac.to_string(), "00:15:65:aa:00:01");
    for number in 0..6 {
        let fixed = json!({
            "slug": format!("fixed-{number}"), "name": format!("Fixed {number}"), "kind": "fixed",
            "members": [kiel, ulm],
        });
        api.post("/groups", &fixed).await.expect(201);
        let rule = json!({
            "slug": format!("rule-{number}"), "name": format!("Rule {number}"), "kind": "rule",
            "filter": format!("site:kiel -group:fixed-{number}"),
        });
        api.post("/groups", &rule).await.expect(201);
    }
    let body = json!({
        "action": "DNDOn", "targets": {"filter": ""}, "reason": "every way to end",
        "options": {"retries": 1, "timeout_ms": 2000},
    });
    let made = api.post("/jobs", &body).await.expect(202);
    let id = made["id"].as_str().unwrap().to_owned();
    api.finished(&id).await;
    id
}

/// Addresses of every route, with what stands there.
struct Pages(Vec<(&'static str, Vec<String>)>);

impl Pages {
    async fn of(browser: &mut Browser, (job, mac): (&str, &str)) -> Self {
        let csv = "mac,label\n00:15:65:bb:00:01,One\n00:15:65:bb:00:02,Two\n";
        let import = location(&upload(browser, csv).await);
        let form = [("do", "run"), ("scope", "page"), ("mac", mac)];
        let chosen = location(&submit(browser, "/phones", "/selection", &form).await);
        let sel = chosen.split_once("sel=").unwrap().1.to_owned();
        let asked = [("filter", ""), ("group", "rule-1"), ("action", "Reboot")];
        let review = location(&submit(browser, "/run", "/run", &asked).await);
        let done = location(&upload(browser, "mac,label\n00:15:65:bb:00:03,Three\n").await);
        let digest = hidden(&look(browser, &done).await, "digest");
        let form = [("digest", digest.as_str()), ("valid_rows_only", "false")];
        let result = location(&submit(browser, &done, &done, &form).await);
        let one = |path: &str| vec![path.to_owned()];
        let all = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
        Self(vec![
            ("/", one("/")),
            ("/account", one("/account")),
            ("/account/second-factor", one("/account/second-factor")),
            ("/admin/credentials", one("/admin/credentials")),
            ("/admin/credentials/new", one("/admin/credentials/new")),
            (
                "/admin/credentials/{name}/edit",
                one("/admin/credentials/desk/edit"),
            ),
            (
                "/admin/credentials/{name}/delete",
                one("/admin/credentials/desk/delete"),
            ),
            ("/admin/networks", one("/admin/networks")),
            ("/admin/settings", one("/admin/settings")),
            ("/admin/streams", one("/admin/streams")),
            ("/admin/tokens", one("/admin/tokens")),
            ("/admin/users", one("/admin/users")),
            ("/admin/users/new", one("/admin/users/new")),
            (
                "/admin/users/{name}/edit",
                all(&[
                    "/admin/users/operator/edit",
                    "/admin/users/kiel-operator/edit",
                ]),
            ),
            ("/approvals", one("/approvals")),
            (
                "/audit",
                vec![
                    "/audit".to_owned(),
                    "/audit?period=all&per=job".to_owned(),
                    "/audit?action=DNDOn&action=job.*&result=failed&actor=admin".to_owned(),
                    "/audit?q=every+way+end&site=kiel".to_owned(),
                    format!("/audit?phone={mac}&action=-account.*"),
                    format!("/audit?job={job}&group=fixed-1&period=all"),
                ],
            ),
            ("/audit/{seq}", all(&["/audit/3", "/audit/999999"])),
            ("/audit/{seq}/proof", one("/audit/3/proof")),
            ("/groups", one("/groups")),
            ("/groups/new", one("/groups/new?kind=rule")),
            (
                "/groups/{slug}",
                all(&["/groups/fixed-1", "/groups/rule-1"]),
            ),
            (
                "/groups/{slug}/edit",
                all(&["/groups/fixed-1/edit", "/groups/rule-1/edit"]),
            ),
            (
                "/groups/{slug}/changes",
                all(&["/groups/fixed-1/changes", "/groups/rule-1/changes"]),
            ),
            ("/groups/{slug}/delete", one("/groups/rule-1/delete")),
            ("/jobs", all(&["/jobs", "/jobs?tab=finished"])),
            (
                "/jobs/{id}",
                vec![
                    format!("/jobs/{job}"),
                    format!("/jobs/{job}?state=failed&cause=forbidden"),
                ],
            ),
            ("/jobs/{id}/cancel", one(&format!("/jobs/{job}/cancel"))),
            (
                "/phones",
                vec![
                    "/phones".to_owned(),
                    format!("/phones?q=group:rule-1&cols=groups,tags,result&sel={sel}"),
                    "/phones?q=nobodyhasthisname".to_owned(),
                ],
            ),
            ("/phones/delete", one(&format!("/phones/delete?sel={sel}"))),
            (
                "/selection",
                one(&format!("/selection?sel={sel}&list=q%3Dsite:kiel")),
            ),
            ("/phones/edit", one(&format!("/phones/edit?sel={sel}"))),
            (
                "/phones/import",
                vec![
                    "/phones/import".to_owned(),
                    import.replace("/import/", "/import?kept="),
                ],
            ),
            ("/phones/import/{id}", vec![import.clone()]),
            (
                "/phones/import/{id}/errors.csv",
                vec![format!("{import}/errors.csv")],
            ),
            (
                "/phones/import/{id}/undo",
                vec![result.replace("/result", "/undo")],
            ),
            ("/phones/import/{id}/result", vec![result]),
            ("/phones/new", one("/phones/new")),
            (
                "/phones/{mac}",
                vec![
                    format!("/phones/{mac}"),
                    "/phones/00:15:65:aa:00:01".to_owned(),
                    "/phones/00:15:65:aa:00:77".to_owned(),
                ],
            ),
            ("/phones/{mac}/edit", one(&format!("/phones/{mac}/edit"))),
            (
                "/phones/{mac}/delete",
                one(&format!("/phones/{mac}/delete")),
            ),
            (
                "/phones/{mac}/screen/{id}",
                one(&format!("/phones/{mac}/screen/nothing")),
            ),
            ("/reset", one("/reset")),
            (
                "/run",
                vec![
                    "/run".to_owned(),
                    "/run?filter=site:kiel&group=rule-1&action=Reboot".to_owned(),
                    format!("/run?sel={sel}"),
                ],
            ),
            ("/run/review/{id}", vec![review.clone()]),
            ("/run/review/{id}/phones", vec![format!("{review}/phones")]),
            ("/setup", one("/setup")),
            ("/sign-in", one("/sign-in")),
            ("/sign-in/oidc", one("/sign-in/oidc")),
            ("/sign-in/oidc/back", one("/sign-in/oidc/back")),
            ("/sign-in/oidc/code", one("/sign-in/oidc/code")),
            ("/sites", one("/sites")),
            ("/sites/new", one("/sites/new")),
            ("/sites/{slug}/edit", one("/sites/kiel/edit")),
            ("/sites/{slug}/sip", one("/sites/kiel/sip")),
            ("/sites/{slug}/delete", one("/sites/ulm/delete")),
            ("/stop-all", one("/stop-all")),
        ])
    }

    /// Where a route has no address here.
    fn missing(&self) -> Vec<&'static str> {
        let (routes, _) = router::table().into_parts();
        let asked = |path: &str| self.0.iter().any(|(known, _)| *known == path);
        routes
            .iter()
            .filter(|route| route.side == Side::Pages && route.verb == Verb::Get)
            .map(|route| route.path)
            .filter(|path| !NO_PAGES.contains(path) && !asked(path))
            .collect()
    }
}

pub(crate) async fn no_page_asks_the_database_more_than_eight_times(house: House) -> House {
    listen();
    let fleet = fleet(phones()).await;
    let api = house.with_phones(&fleet).await;
    let credential = json!({"name": "desk", "username": "admin", "password": "a password"});
    api.post("/credentials", &credential).await.expect(201);
    let job = furnish(&api, &fleet).await;
    operator_of_kiel(&house).await;
    let mut admin = browser(&house, "admin").await;
    let mac = fleet.phones()[0].mac.to_string();
    let pages = Pages::of(&mut admin, (&job, &mac)).await;
    assert_eq!(pages.missing(), [""; 0], "a page without a count");
    let mut narrowed = browser(&house, "kiel-operator").await;
    let mut many = Vec::new();
    for (name, person) in [("admin", &mut admin), ("of Kiel", &mut narrowed)] {
        for path in pages.0.iter().flat_map(|(_, paths)| paths) {
            let answer = look(person, path).await;
            let mut told = statements(&answer);
            // Which of the jobs on a page of the log a reader of a part may follow is asked once.
            let jobs = name == "of Kiel" && path.starts_with("/audit");
            // And a list of jobs reads numbers first, then the newest record of each whole.
            let by_job = jobs && path.contains("per=job");
            let most = MOST + usize::from(jobs) + usize::from(by_job);
            if told.len() > most {
                // Whether a session was ended is asked of the audit log once for a process.
                told = statements(&look(person, path).await);
            }
            if told.len() > most {
                let (count, text) = (told.len(), told.join("\n    "));
                many.push(format!(
                    "{count} {name} {} {path}\n    {text}",
                    answer.status
                ));
            }
        }
    }
    assert!(many.is_empty(), "more than {MOST}:\n{}", many.join("\n"));
    fleet.stop().await;
    house
}
