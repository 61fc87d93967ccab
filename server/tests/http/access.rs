//! Who may use which route.

use carillon::middleware::gate::Side;
use carillon::router;
use carillon::router::table::{Access, Route, Verb};
use carillon_domain::role::{Permission, Role};
use reqwest::{Method, header};
use serde_json::json;

use crate::house::House;
use crate::requests::{Answer, Client, send};

/// Written by hand: what each route of the API needs. A route that is not here fails the test.
const NEEDS: &[(&str, &str, Option<Permission>)] = {
    use Permission as P;
    &[
        ("GET", "/api/docs", None),
        ("GET", "/api/v1/openapi.json", None),
        ("GET", "/api/v1/phones", Some(P::ViewInventory)),
        ("POST", "/api/v1/phones", Some(P::ManageInventory)),
        ("GET", "/api/v1/phones/{mac}", Some(P::ViewInventory)),
        ("PATCH", "/api/v1/phones/{mac}", Some(P::ManageInventory)),
        ("DELETE", "/api/v1/phones/{mac}", Some(P::ManageInventory)),
        ("POST", "/api/v1/phones/import", Some(P::ManageInventory)),
        ("GET", "/api/v1/groups", Some(P::ViewInventory)),
        ("POST", "/api/v1/groups", Some(P::EditTags)),
        ("GET", "/api/v1/groups/{slug}", Some(P::ViewInventory)),
        ("PUT", "/api/v1/groups/{slug}", Some(P::EditTags)),
        ("DELETE", "/api/v1/groups/{slug}", Some(P::EditTags)),
        (
            "GET",
            "/api/v1/groups/{slug}/phones",
            Some(P::ViewInventory),
        ),
        ("GET", "/api/v1/sites", Some(P::ViewInventory)),
        ("POST", "/api/v1/sites", Some(P::ManageInventory)),
        ("GET", "/api/v1/sites/{slug}", Some(P::ViewInventory)),
        ("PUT", "/api/v1/sites/{slug}", Some(P::ManageInventory)),
        ("DELETE", "/api/v1/sites/{slug}", Some(P::ManageInventory)),
        ("GET", "/api/v1/sites/{slug}/sip", Some(P::ViewInventory)),
        ("PUT", "/api/v1/sites/{slug}/sip", Some(P::ManageInventory)),
        (
            "DELETE",
            "/api/v1/sites/{slug}/sip",
            Some(P::ManageInventory),
        ),
        ("GET", "/api/v1/credentials", Some(P::ManageInventory)),
        ("POST", "/api/v1/credentials", Some(P::ManageInventory)),
        (
            "PUT",
            "/api/v1/credentials/{name}",
            Some(P::ManageInventory),
        ),
        (
            "DELETE",
            "/api/v1/credentials/{name}",
            Some(P::ManageInventory),
        ),
        ("GET", "/api/v1/actions", Some(P::ViewJobs)),
        ("POST", "/api/v1/jobs/preview", Some(P::RunJobs)),
        ("POST", "/api/v1/jobs", Some(P::RunJobs)),
        ("GET", "/api/v1/jobs", Some(P::ViewJobs)),
        ("GET", "/api/v1/jobs/{id}", Some(P::ViewJobs)),
        ("GET", "/api/v1/jobs/{id}/targets", Some(P::ViewJobs)),
        ("GET", "/api/v1/jobs/{id}/events", Some(P::ViewJobs)),
        ("POST", "/api/v1/jobs/{id}/pause", Some(P::RunJobs)),
        ("POST", "/api/v1/jobs/{id}/resume", Some(P::RunJobs)),
        ("POST", "/api/v1/jobs/{id}/cancel", Some(P::RunJobs)),
        ("POST", "/api/v1/jobs/{id}/held/release", Some(P::RunJobs)),
        ("POST", "/api/v1/jobs/{id}/held/skip", Some(P::RunJobs)),
        ("POST", "/api/v1/jobs/{id}/retry", Some(P::RunJobs)),
        ("POST", "/api/v1/jobs/{id}/again", Some(P::RunJobs)),
        ("POST", "/api/v1/jobs/{id}/approve", Some(P::Approve)),
        ("POST", "/api/v1/jobs/{id}/deny", Some(P::Approve)),
        ("POST", "/api/v1/stop-all", Some(P::StopAll)),
        ("POST", "/api/v1/stop-all/release", Some(P::ReleaseStop)),
        ("GET", "/api/v1/audit", Some(P::ViewAudit)),
        ("GET", "/api/v1/audit/{seq}", Some(P::ViewAudit)),
        ("GET", "/api/v1/audit/{seq}/proof", Some(P::ViewAudit)),
        ("POST", "/api/v1/audit/{seq}/number", Some(P::ReadNumbers)),
        ("GET", "/api/v1/networks", Some(P::Administer)),
        ("GET", "/api/v1/change-requests", Some(P::Administer)),
        ("GET", "/api/v1/streams", Some(P::Administer)),
        ("GET", "/api/v1/metrics", Some(P::ViewMetrics)),
        ("GET", "/api/v1/audit/export", Some(P::ViewAudit)),
        ("GET", "/api/v1/audit/checkpoint", Some(P::ViewAudit)),
        ("GET", "/api/v1/users", Some(P::Administer)),
        ("GET", "/api/v1/tokens", Some(P::Administer)),
        ("GET", "/api/v1/sessions", Some(P::Administer)),
    ]
};

/// Pages that anybody may see. Everything else wants somebody signed in.
const OPEN_PAGES: &[&str] = &[
    "/healthz",
    "/readyz",
    "/static/{*name}",
    "/sign-in",
    "/setup",
    "/language",
    "/reset",
    "/sign-in/oidc",
    "/sign-in/oidc/back",
    "/sign-in/oidc/code",
];

fn routes(side: Side) -> Vec<Route> {
    let (routes, _) = router::table().into_parts();
    routes
        .into_iter()
        .filter(|route| route.side == side)
        .collect()
}

#[test]
fn the_table_is_the_one_written_by_hand() {
    let mut served: Vec<_> = routes(Side::Api)
        .iter()
        .map(|route| {
            let needed = match route.access {
                Access::Public => None,
                Access::Needs(permission) => Some(permission),
                Access::SignedIn => panic!("{}: the API asks for a permission", route.path),
            };
            (route.verb.as_str(), route.path, needed)
        })
        .collect();
    let mut told = NEEDS.to_vec();
    served.sort_unstable();
    told.sort_unstable();
    assert_eq!(served, told);
}

#[test]
fn few_pages_are_open() {
    for route in routes(Side::Pages) {
        let open = route.access == Access::Public;
        assert_eq!(open, OPEN_PAGES.contains(&route.path), "{}", route.path);
    }
}

/// A path that names nothing which exists.
fn path_of(route: &Route) -> String {
    let parts = route.path.split('/').map(|part| match part {
        "{mac}" => "00:15:65:00:00:77",
        "{seq}" => "0",
        part if part.starts_with('{') => "nothing",
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

async fn ask(client: &Client, route: &Route) -> Answer {
    let path = path_of(route);
    let method: Method = route.verb.as_str().parse().unwrap();
    let request = client.request(method, path.strip_prefix("/api/v1").unwrap());
    let request = match route.verb {
        Verb::Get | Verb::Delete => request,
        _ if route.path.ends_with("/import") => request
            .header(header::CONTENT_TYPE, "text/csv")
            .body("mac\n"),
        _ => request.json(&json!({})),
    };
    send(request).await
}

pub(crate) async fn every_route_refuses_who_may_not(house: House) -> House {
    let anonymous = Client::anonymous(&house.base());
    let nonsense = Client::with_token(&house.base(), &format!("car_{}", "A".repeat(43)));
    let mut people = Vec::new();
    for role in Role::ALL {
        people.push((*role, house.program(*role).await));
    }
    for route in routes(Side::Api) {
        let Access::Needs(permission) = route.access else {
            continue;
        };
        for stranger in [&anonymous, &nonsense] {
            ask(stranger, &route).await.problem(401, "unauthenticated");
        }
        for (role, client) in &people {
            let answer = ask(client, &route).await;
            let refused = answer.status == 403;
            let (verb, path) = (route.verb.as_str(), route.path);
            // A second person is a person: no token decides.
            let decides = permission == Permission::Approve;
            assert_eq!(
                refused,
                decides || !role.may(permission),
                "{role} {verb} {path}: {}",
                answer.text
            );
        }
    }
    house
}

/// Every denial has its record, with who and what; many from one person are counted.
pub(crate) async fn denials_are_recorded(house: House) -> House {
    let admin = house.program(Role::Admin).await;
    let viewer = house.program(Role::Viewer).await;
    let told = async || {
        let page = admin.get("/audit?action=access.denied&limit=200").await;
        page.expect(200)["items"].as_array().unwrap().clone()
    };
    let before = told().await.len();
    viewer
        .post("/stop-all", &json!({ "reason": "because" }))
        .await
        .problem(403, "forbidden");
    let after = told().await;
    assert_eq!(after.len(), before + 1);
    let entry = &after[0]["entry"];
    assert_eq!(entry["actor"]["name"], "viewer");
    assert_eq!(entry["result"], "denied");
    assert_eq!(
        entry["detail"],
        json!({ "what": "POST /api/v1/stop-all", "lacks": "stop_all" })
    );
    for _ in 0..100 {
        viewer.get("/users").await.problem(403, "forbidden");
    }
    assert!(told().await.len() <= before + 60);
    house
}

#[tokio::test]
async fn pages_send_strangers_to_the_sign_in() {
    let house = House::open(None).await;
    let anonymous = Client::anonymous(&house.base());
    for route in routes(Side::Pages) {
        if route.access == Access::Public {
            continue;
        }
        let method: Method = route.verb.as_str().parse().unwrap();
        let url = format!("{}{}", house.base(), path_of(&route));
        let request = anonymous
            .http
            .request(method.clone(), url)
            .header("sec-fetch-site", "none");
        let answer = send(request).await;
        if method == Method::GET {
            assert_eq!(answer.status, 303, "{}", route.path);
            let to = answer.headers[header::LOCATION].to_str().unwrap();
            assert!(to.starts_with("/sign-in?next="), "{to}");
        } else {
            assert_eq!(answer.status, 401, "{method} {}", route.path);
        }
    }
    house.close().await;
}

/// Every read of the API, twice: the audit log (in which every change leaves a record) stays as
/// it is. Exports are the one exception: that they were taken is recorded.
pub(crate) async fn reading_changes_nothing(house: House) -> House {
    let api = house.program(Role::Admin).await;
    let newest = || async {
        let page = api.get("/audit?limit=1").await.expect(200);
        page["items"][0]["seq"].as_i64()
    };
    let before = newest().await;
    for _ in 0..2 {
        for route in routes(Side::Api) {
            let export = route.path.ends_with("/export");
            if route.verb == Verb::Get && route.path.starts_with("/api/v1/") && !export {
                ask(&api, &route).await;
            }
        }
    }
    assert_eq!(newest().await, before);
    house
}
