//! The table of who may do what: every route, every method, every kind of principal.
//!
//! `principals.tsv` is written by hand and asked for here, cell by cell. `-` = nobody is known:
//! pages lead to the sign-in, forms and the API answer 401. `x` = 403. `0` = 404, like what does
//! not exist. `+` = let through; a page or an API read of something that is there shows it.
//! Where a row has a place, both operators are the one of Kiel, who reaches nothing else: in scope asks for
//! what is in Kiel, out of scope for what is in Berlin. Without a place the operator reaches everything. Roles ask the API with
//! a token that may all that their account may; `token` and `run` are an administrator's tokens that
//! only look, and that also run jobs. A read is asked for by HEAD as well. Rows that begin with `kept`
//! ask for what the operator has begun and not finished: to everybody else it is not there.

use carillon::middleware::gate::Side;
use carillon::router;
use carillon::router::table::{Route, Verb};
use carillon_domain::role::Role;
use carillon_engine::accounts::TokenScope;
use reqwest::{Method, header};

use crate::browser::{Browser, token};
use crate::house::{House, PASSWORD};
use crate::pages_jobs::Person;
use crate::requests::{Answer, Client, send};
use crate::scope::{Ids, Places, body_of, furnish, operator_of_kiel, path_with};

const TABLE: &str = include_str!("principals.tsv");
const COLUMNS: [&str; 8] = [
    "nobody", "viewer", "operator", "out", "admin", "auditor", "token", "run",
];

/// One principal on both sides: a browser with a session, a program with a token.
struct Principal {
    browser: Browser,
    api: Client,
}

impl Principal {
    async fn new(house: &House, name: &str) -> Self {
        let base = house.base();
        let mut browser = Browser::new(&base);
        let api = match name {
            "nobody" => Client::anonymous(&base),
            "out" => operator_of_kiel(house).await,
            "token" | "run" => {
                let scope = if name == "run" {
                    TokenScope::Run
                } else {
                    TokenScope::Read
                };
                let token = house.token(Role::Admin, scope).await;
                Client::with_token(&base, &token)
            }
            role => house.program(role.parse().unwrap()).await,
        };
        let account = match name {
            "nobody" | "token" | "run" => None,
            "out" => Some("kiel-operator"),
            role => Some(role),
        };
        if let Some(account) = account {
            assert_eq!(browser.sign_in(account, PASSWORD).await.status, 303);
        }
        Self { browser, api }
    }

    async fn ask(&mut self, route: &Route, path: &str) -> Answer {
        let method: Method = route.verb.as_str().parse().unwrap();
        match (route.side, route.verb) {
            (Side::Api, Verb::Get | Verb::Delete) => send(self.to_api(method, path)).await,
            (Side::Reports, _) => {
                let url = format!("{}{path}", self.api.base);
                let kind = "application/csp-report";
                let report = self.api.http.request(method, url);
                send(report.header(header::CONTENT_TYPE, kind).body("{}")).await
            }
            (Side::Api, _) => send(self.to_api(method, path).json(&body_of(route))).await,
            (Side::Pages, Verb::Get) => self.browser.get(path).await,
            (Side::Pages, _) => self.send_form(path).await,
        }
    }

    /// Sends a form without fields.
    async fn send_form(&mut self, path: &str) -> Answer {
        let mut page = self.browser.get("/account").await;
        if page.status != 200 {
            page = self.browser.get("/sign-in").await;
        }
        let csrf = token(&page);
        let form = self.browser.form(path, &[("csrf", &csrf)]);
        self.browser
            .send(form.header("sec-fetch-site", "same-origin"))
            .await
    }

    /// The same without a body.
    async fn ask_head(&self, route: &Route, path: &str) -> Answer {
        match route.side {
            Side::Pages => {
                let url = format!("{}{path}", self.api.base);
                let request = self.browser.http().head(url);
                send(self.browser.with_cookies(request)).await
            }
            Side::Api | Side::Reports => send(self.to_api(Method::HEAD, path)).await,
        }
    }

    fn to_api(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        match path.strip_prefix("/api/v1") {
            Some(path) => self.api.request(method, path),
            None => self
                .api
                .http
                .request(method, format!("{}{path}", self.api.base)),
        }
    }
}

/// Whether an answer is a file; its name is then plain, and nothing that anybody typed.
fn is_named_by_us(answer: &Answer) -> bool {
    let Some(told) = answer.headers.get(header::CONTENT_DISPOSITION) else {
        return false;
    };
    let told = told.to_str().unwrap();
    let name = told.strip_prefix("attachment; filename=\"").unwrap();
    let name = name.strip_suffix('"').unwrap();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    assert!(!name.is_empty() && name.chars().all(plain), "{name}");
    true
}

/// What an answer comes to, as a sign of the table.
fn sign(answer: &Answer) -> char {
    let to = answer.headers.get(header::LOCATION);
    let to = to.and_then(|to| to.to_str().ok()).unwrap_or_default();
    match answer.status.as_u16() {
        401 => '-',
        303 if to.starts_with("/sign-in?next=") => '-',
        403 => 'x',
        404 => '0',
        500.. => '!',
        _ => '+',
    }
}

/// Paths of one route for everybody, and for who is out of scope. Changes go to what is absent,
/// so that the next one asks the same question.
fn paths(route: &Route, places: &Places) -> (String, String) {
    match places.ids(route) {
        None => (path_with(route, "nothing"), path_with(route, "nothing")),
        Some(Ids {
            out,
            absent,
            within,
        }) => {
            let reads = route.verb == Verb::Get && !is_stream(route);
            let everybodys = if reads { within } else { absent };
            (path_with(route, &everybodys), path_with(route, &out))
        }
    }
}

/// Whether the sign of an answer is the one of the table. What is let through and absent is let
/// through all the same, unless it must tell whether somebody reaches what is asked for.
fn fits(expected: char, found: char, tells: bool) -> bool {
    expected == found || (expected == '+' && found == '0' && !tells)
}

/// Whether a column asks as the operator of Kiel: both operators, of what has a place.
fn as_narrowed(column: &str, placed: bool) -> bool {
    column == "out" || (column == "operator" && placed)
}

/// Whether the answer to a column tells the reach: of what is there, asked for whole.
fn tells_reach(column: &str, route: &Route, placed: bool) -> bool {
    let there = !is_stream(route) && route.path.matches('{').count() == 1;
    let reads = route.verb == Verb::Get && there;
    placed && (column == "out" || (column == "operator" && reads))
}

fn is_stream(route: &Route) -> bool {
    route.path.ends_with("/feed") || route.path.ends_with("/events")
}

fn row<'t>(route: &Route) -> Option<[&'t str; 8]> {
    let mut lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let cells: Vec<&str> = lines
        .find(|line| {
            let mut words = line.split('\t');
            words.next() == Some(route.verb.as_str()) && words.next() == Some(route.path)
        })?
        .split('\t')
        .skip(2)
        .collect();
    cells.try_into().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_may_what_the_table_says() {
    let house = House::open(None).await;
    let admin = house.program(Role::Admin).await;
    let places = furnish(&admin).await;
    let mut people = Vec::new();
    for column in COLUMNS {
        people.push((column, Principal::new(&house, column).await));
    }
    let (mut routes, _) = router::table().into_parts();
    // Last: it ends the session that the other rows need.
    routes.sort_by_key(|route| route.path == "/sign-out");
    let (mut wrong, mut files) = (Vec::new(), 0);
    for route in &routes {
        let placed = places.ids(route).is_some();
        let (everybodys, out) = paths(route, &places);
        let mut found = String::new();
        let mut fit = true;
        let expected = row(route);
        for (index, column) in COLUMNS.iter().enumerate() {
            let name = if as_narrowed(column, placed) {
                "out"
            } else {
                column
            };
            let person = people.iter_mut().find(|(known, _)| *known == name);
            let (_, person) = person.unwrap();
            let path = if *column == "out" { &out } else { &everybodys };
            let answer = person.ask(route, path).await;
            files += usize::from(is_named_by_us(&answer));
            let sign = sign(&answer);
            found.push('\t');
            found.push(sign);
            if route.verb == Verb::Get {
                let head = person.ask_head(route, path).await;
                assert_eq!(head.status, answer.status, "HEAD {path} by {column}");
                assert_eq!(head.text, "");
            }
            let cell = expected.and_then(|cells| cells[index].chars().next());
            fit &= cell.is_some_and(|cell| fits(cell, sign, tells_reach(column, route, placed)));
        }
        if !fit {
            wrong.push(format!("{}\t{}{found}", route.verb.as_str(), route.path));
        }
    }
    assert!(
        wrong.is_empty(),
        "not as the table says:\n{}",
        wrong.join("\n")
    );
    assert!(
        files > 10,
        "lists, exports and proofs were among them: {files}"
    );
    let rows = TABLE.lines().filter(|line| !line.starts_with(['#', 'k']));
    assert_eq!(rows.count(), routes.len(), "a row for each route");
    house.close().await;
}

/// What pages say where a draft or a selection is not there.
const GONE: [&str; 3] = [
    "What you had chosen is no longer kept",
    "These phones were picked too long ago",
    "This selection is over",
];

/// The sign of an answer; a page that tells that something is not there counts as one that is not.
fn sign_of_kept(answer: &Answer, mark: &str) -> char {
    match sign(answer) {
        '+' if GONE.iter().any(|told| answer.text.contains(told)) => '0',
        '+' if answer.status == 200 && !answer.text.contains(mark) => '0',
        sign => sign,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_begun_is_there_for_whom_it_belongs_to() {
    let house = House::open(None).await;
    furnish(&house.program(Role::Admin).await).await;
    let mut people = Vec::new();
    for column in COLUMNS {
        people.push((column, Principal::new(&house, column).await));
    }
    let mut operator = Person::sign_in(&house, Role::Operator).await;
    let chosen = [
        ("filter", "site:kiel"),
        ("action", "DNDOn"),
        ("reason", "x"),
    ];
    let review = operator.go("/run", "/run", &chosen).await;
    let review = review.rsplit('/').next().unwrap();
    let picked = [("do", "run"), ("mac", "00:15:65:00:00:01")];
    let selection = operator.go("/phones", "/selection", &picked).await;
    let (_, selection) = selection.split_once("sel=").unwrap();
    let mut asked = 0;
    for line in TABLE.lines().filter_map(|line| line.strip_prefix("kept ")) {
        let mut cells = line.split('\t');
        let (verb, path) = (cells.next().unwrap(), cells.next().unwrap());
        let path = path
            .replace("{review}", review)
            .replace("{selection}", selection);
        for (cell, (column, person)) in cells.zip(&mut people) {
            let answer = match verb {
                "GET" => person.browser.get(&path).await,
                _ => person.send_form(&path).await,
            };
            let found = sign_of_kept(&answer, "kiel");
            assert_eq!(
                found.to_string(),
                cell,
                "{verb} {path} by {column}: {}",
                answer.text
            );
            asked += 1;
        }
    }
    assert_eq!(asked, 8 * COLUMNS.len());
    house.close().await;
}
