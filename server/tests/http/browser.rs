//! Sessions and forms, as browsers send them.

use carillon_domain::role::Role;
use reqwest::header::{self, HeaderMap};
use reqwest::{RequestBuilder, StatusCode};

use crate::house::{House, PASSWORD};
use crate::requests::{Answer, Client, send};

/// A browser: cookies, and the headers that browsers send with forms.
pub(crate) struct Browser {
    base: String,
    http: reqwest::Client,
    cookies: Vec<(String, String)>,
}

impl Browser {
    pub(crate) fn new(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            http: Client::anonymous(base).http,
            cookies: Vec::new(),
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let request = self.http.get(format!("{}{path}", self.base));
        let answer = send(self.with_cookies(request)).await;
        self.keep(&answer.headers);
        answer
    }

    /// What is there, as it comes over the wire.
    pub(crate) async fn bytes(&self, path: &str) -> (StatusCode, Vec<u8>) {
        let request = self.http.get(format!("{}{path}", self.base));
        let answer = self.with_cookies(request).send().await.unwrap();
        (answer.status(), answer.bytes().await.unwrap().to_vec())
    }

    /// A form with these fields, as it stands.
    pub(crate) fn form(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self.http.post(format!("{}{path}", self.base));
        let kind = "application/x-www-form-urlencoded";
        self.with_cookies(request.header(header::CONTENT_TYPE, kind).body(body))
    }

    pub(crate) const fn http(&self) -> &reqwest::Client {
        &self.http
    }

    pub(crate) async fn send(&mut self, request: RequestBuilder) -> Answer {
        let answer = send(request).await;
        self.keep(&answer.headers);
        answer
    }

    pub(crate) async fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        let page = self.get("/sign-in").await;
        let token = token(&page);
        let fields = [
            ("csrf", token.as_str()),
            ("username", name),
            ("password", password),
            ("next", "/healthz"),
        ];
        let form = self
            .form("/sign-in", &fields)
            .header("sec-fetch-site", "same-origin");
        self.send(form).await
    }

    pub(crate) fn with_cookies(&self, request: RequestBuilder) -> RequestBuilder {
        if self.cookies.is_empty() {
            return request;
        }
        let pairs = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        request.header(header::COOKIE, pairs.collect::<Vec<_>>().join("; "))
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for line in headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (pair, attributes) = line.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            assert!(attributes.contains("HttpOnly") && attributes.contains("SameSite=Lax"));
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let found = self.cookies.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    }
}

/// The form token of a page.
pub(crate) fn token(page: &Answer) -> String {
    let (_, rest) = page.text.split_once("name=\"csrf\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

pub(crate) async fn signing_in_and_out(house: House) -> House {
    let mut browser = Browser::new(&house.base());
    let refused = browser.sign_in("operator", "not the password at all").await;
    let unknown = Browser::new(&house.base())
        .sign_in("stranger", "not the password at all")
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(unknown.status, refused.status);
    assert_eq!(told(&unknown, "stranger"), told(&refused, "operator"));
    assert_eq!(browser.cookie("sid"), None);

    let entered = browser.sign_in("operator", PASSWORD).await;
    assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.text);
    assert_eq!(entered.headers[header::LOCATION], "/healthz");
    let sid = browser.cookie("sid").unwrap();
    let back = browser.get("/sign-in").await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "signed in already");

    let token = house_token(&house, &sid).await;
    let form = browser
        .form("/sign-out", &[("csrf", &token)])
        .header("origin", house.base());
    let left = browser.send(form).await;
    assert_eq!(left.status, StatusCode::SEE_OTHER, "{}", left.text);
    assert_eq!(left.headers["clear-site-data"], r#""cache", "storage""#);
    assert_eq!(left.headers["cache-control"], "no-store");
    assert_eq!(browser.cookie("sid"), None);
    browser.cookies.push(("sid".to_owned(), sid));
    assert_eq!(
        browser.get("/sign-in").await.status,
        StatusCode::OK,
        "the session is over"
    );
    house
}

/// An answer but for what was typed and what differs from one request to the next: the tokens of
/// its forms, the time, the number of the request. The time is written without zeros at its end, so
/// that the length of the whole tells nothing more than the text that is compared.
fn told(answer: &Answer, name: &str) -> (Vec<String>, String) {
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    let (_, nonce) = policy.split_once("'nonce-").unwrap();
    let (nonce, _) = nonce.split_once('\'').unwrap();
    let lines = answer.headers.iter().map(|(key, value)| {
        let changes = matches!(
            key.as_str(),
            "date" | "x-request-id" | "set-cookie" | "content-length"
        );
        let value = value.to_str().unwrap();
        let value = value.replace(nonce, "NONCE");
        format!("{key}: {}", if changes { "" } else { &value })
    });
    let mut lines: Vec<_> = lines.collect();
    lines.sort();
    let text = answer.text.replace(&token(answer), "TOKEN");
    let text = text.replace(nonce, "NONCE");
    let (text, made) = text.split_once("page made ").unwrap();
    let (_, rest) = made.split_once(" UTC").unwrap();
    let text = format!("{text}{rest}");
    (lines, text.replace(&format!("\"{name}\""), "\"NAME\""))
}

/// The token that forms of a session carry.
async fn house_token(house: &House, sid: &str) -> String {
    let token = sid.to_owned().into();
    let found = house
        .engine()
        .authenticate_session(&token, None)
        .await
        .unwrap();
    found.unwrap().csrf
}

/// A form that comes after its session has ended is not lost: it goes through the sign-in, without
/// passwords, and is sent when somebody says so.
#[tokio::test]
async fn what_was_typed_goes_through_a_sign_in() {
    let house = House::open(None).await;
    let mut browser = Browser::new(&house.base());
    browser.sign_in("operator", PASSWORD).await;
    let session = browser.cookie("sid").unwrap();
    let csrf = house_token(&house, &session).await;
    let left = browser.form("/sign-out", &[("csrf", &csrf)]);
    browser.send(left.header("origin", house.base())).await;

    let typed = [
        ("csrf", csrf.as_str()),
        ("action", "Reboot"),
        ("reason", "INC-4711 <hang>"),
        ("password", "never carried"),
    ];
    let late = browser.form("/run", &typed);
    let from = format!("{}/run?filter=site:kiel", house.base());
    let late = late.header("origin", house.base()).header("referer", from);
    let page = browser.send(late).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert!(
        page.text.contains("what you typed is kept"),
        "{}",
        page.text
    );
    assert!(
        page.text.contains("value=\"INC-4711 &lt;hang&gt;\""),
        "{}",
        page.text
    );
    assert!(!page.text.contains("never carried"));

    let csrf = token(&page);
    let again = [
        ("csrf", csrf.as_str()),
        ("username", "operator"),
        ("password", PASSWORD),
        ("next", "/run?filter=site:kiel"),
        ("kept_action", "/run"),
        ("kept.action", "Reboot"),
        ("kept.reason", "INC-4711 <hang>"),
    ];
    let again = browser.form("/sign-in", &again);
    let page = browser.send(again.header("origin", house.base())).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("Send it now?"), "{}", page.text);
    let csrf = token(&page);
    let sent = [
        ("csrf", csrf.as_str()),
        ("action", "Reboot"),
        ("reason", "INC-4711 <hang>"),
    ];
    let sent = browser.form("/run", &sent);
    let answer = browser.send(sent.header("origin", house.base())).await;
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "no phones yet"
    );
    assert!(
        answer.text.contains("INC-4711 &lt;hang&gt;"),
        "{}",
        answer.text
    );
    house.close().await;
}

/// A kept form leads to our own pages only.
#[tokio::test]
async fn a_kept_form_leads_nowhere_else() {
    let house = House::open(None).await;
    let mut browser = Browser::new(&house.base());
    for away in ["https://evil.example/", "//evil.example", "/sign-out"] {
        let csrf = token(&browser.get("/sign-in").await);
        let form = [
            ("csrf", csrf.as_str()),
            ("username", "nobody"),
            ("password", "wrong"),
            ("kept_action", away),
            ("kept.reason", "x"),
        ];
        let form = browser.form("/sign-in", &form);
        let page = browser.send(form.header("origin", house.base())).await;
        assert!(!page.text.contains("kept_action"), "{away}: {}", page.text);
    }
    house.close().await;
}

/// What a form may come with, and whether it is taken.
#[tokio::test]
async fn only_our_own_forms_are_taken() {
    let house = House::open(None).await;
    let base = house.base();
    let own = base.as_str();
    // Sec-Fetch-Site, Origin, right token, taken
    let cases: &[(Option<&str>, Option<&str>, bool, bool)] = &[
        (Some("same-origin"), None, true, true),
        (Some("none"), None, true, true),
        (None, Some(own), true, true),
        (Some("same-origin"), Some(own), false, false),
        (Some("cross-site"), Some(own), true, false),
        (Some("same-site"), None, true, false),
        (None, Some("null"), true, false),
        (None, Some("http://evil.example"), true, false),
        (None, None, true, false),
    ];
    for (site, origin, right, taken) in cases {
        let mut browser = Browser::new(own);
        browser.sign_in("viewer", PASSWORD).await;
        let sid = browser.cookie("sid").unwrap();
        let token = house_token(&house, &sid).await;
        let wrong = "0".repeat(token.len());
        let token = if *right { &token } else { &wrong };
        let mut form = browser.form("/sign-out", &[("csrf", token)]);
        for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
            if let Some(value) = value {
                form = form.header(name, *value);
            }
        }
        let status = browser.send(form).await.status;
        assert_eq!(
            status == 303,
            *taken,
            "{site:?} {origin:?} {right}: {status}"
        );
        assert!(*taken || status == 403, "{status}");
    }
    house.close().await;
}

#[tokio::test]
async fn a_token_of_another_session_is_refused() {
    let house = House::open(None).await;
    let (mut mine, mut other) = (Browser::new(&house.base()), Browser::new(&house.base()));
    mine.sign_in("viewer", PASSWORD).await;
    other.sign_in("operator", PASSWORD).await;
    let foreign = house_token(&house, &other.cookie("sid").unwrap()).await;
    let form = mine
        .form("/sign-out", &[("csrf", &foreign)])
        .header("origin", house.base());
    let answer = mine.send(form).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.text.contains("too old"), "{}", answer.text);
    house.close().await;
}

#[tokio::test]
async fn a_cookie_is_nothing_to_the_api_and_a_token_nothing_to_pages() {
    let house = House::open(None).await;
    let mut browser = Browser::new(&house.base());
    browser.sign_in("admin", PASSWORD).await;
    browser
        .get("/api/v1/phones")
        .await
        .problem(401, "unauthenticated");
    let api = house.program(Role::Admin).await;
    let page = api.http.get(format!("{}/sign-in", house.base()));
    let token = api
        .request(reqwest::Method::GET, "/phones")
        .build()
        .unwrap();
    let bearer = token.headers()[header::AUTHORIZATION].clone();
    let answer = send(page.header(header::AUTHORIZATION, bearer)).await;
    assert_eq!(answer.status, StatusCode::OK, "nobody is signed in");
    house.close().await;
}

#[tokio::test]
async fn two_session_cookies_are_none() {
    let house = House::open(None).await;
    let mut browser = Browser::new(&house.base());
    browser.sign_in("admin", PASSWORD).await;
    assert_eq!(browser.get("/sign-in").await.status, StatusCode::SEE_OTHER);
    browser
        .cookies
        .push(("sid".to_owned(), "planted".to_owned()));
    assert_eq!(browser.get("/sign-in").await.status, StatusCode::OK);
    house.close().await;
}
