//! Running commands, watching them and reading the log, as browsers do it.

use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::role::Role;
use carillon_simulator::{Auth, Fleet, FleetConfig, SiteConfig};
use reqwest::header;

use crate::browser::{Browser, token};
use crate::house::{House, PASSWORD, fleet};
use crate::requests::{Answer, Client};

const NUMBER: &str = "0431555123";

fn phones(count: u32) -> FleetConfig {
    let site = SiteConfig::new("Kiel", count)
        .with_security(PlainHttp)
        .with_auth(Auth::None);
    FleetConfig::default().with_site(site)
}

/// A signed-in browser that sends forms from the page that it looks at.
pub(crate) struct Person {
    pub(crate) browser: Browser,
    base: String,
}

impl Person {
    pub(crate) async fn sign_in(house: &House, role: Role) -> Self {
        let mut browser = Browser::new(&house.base());
        let entered = browser.sign_in(role.as_str(), PASSWORD).await;
        assert_eq!(entered.status, 303, "{}", entered.text);
        let base = house.base();
        Self { browser, base }
    }

    pub(crate) async fn see(&mut self, path: &str) -> Answer {
        let page = self.browser.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        page
    }

    /// Sends a form whose token comes from `page`.
    pub(crate) async fn send(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = token(&self.browser.get(page).await);
        let fields = [&[("csrf", token.as_str())], fields].concat();
        let form = self.browser.form(path, &fields);
        self.browser.send(form.header("origin", &self.base)).await
    }

    /// Sends a form; answers where it leads.
    pub(crate) async fn go(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.send(page, path, fields).await;
        assert_eq!(answer.status, 303, "{path}: {}", answer.text);
        answer.headers[header::LOCATION]
            .to_str()
            .unwrap()
            .to_owned()
    }

    /// Starts what a review shows.
    pub(crate) async fn start(&mut self, review: &str, reason: &str) -> Answer {
        let page = self.see(review).await;
        let (digest, number) = (value(&page, "digest"), to_type(&page));
        let fields = [
            ("digest", digest.as_str()),
            ("reason", reason),
            ("typed", &number),
        ];
        self.send(review, review, &fields).await
    }

    /// The job's page once the job is over.
    pub(crate) async fn finished(&mut self, job: &str) -> Answer {
        loop {
            let page = self.see(job).await;
            let over = [
                ">Finished<",
                ">Finished, ",
                ">Finished with ",
                ">Stopped<",
                ">Stopped, ",
            ];
            if over.iter().any(|word| page.text.contains(word)) {
                return page;
            }
            // Not a wait for something to have happened: the next look decides.
            tokio::task::yield_now().await;
        }
    }
}

/// The number that a review asks for; empty when it asks for none.
fn to_type(page: &Answer) -> String {
    let (_, rest) = page.text.split_once("Type ").unwrap_or_default();
    let number = rest.split_once(" to confirm").unwrap_or_default().0;
    number.to_owned()
}

/// The value of a hidden field.
fn value(page: &Answer, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.text.split_once(&start).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn tried(fleet: &Fleet) -> usize {
    let phones = fleet.phones().iter();
    phones.filter(|phone| !phone.inventory.protected).count()
}

const DND: [(&str, &str); 7] = [
    ("filter", "site:kiel"),
    ("action", "DNDOn"),
    ("pacing", "custom"),
    ("window", "20"),
    ("site_max_down_percent", "100"),
    ("canary", "0"),
    ("verify", "false"),
];

/// One line tells who started the job, its command, how many phones, and how it ended; what is counted
/// are records, as in an export.
async fn tells_of_the_whole_job(anna: &mut Person, job: &str) {
    let filter = format!("job={}", &job[6..]);
    let log = anna.see(&format!("/audit?{filter}&per=job")).await.text;
    let lines = log
        .split("</tr>")
        .filter(|line| line.contains(">Its records<"));
    let lines: Vec<_> = lines.collect();
    assert_eq!(lines.len(), 1, "{log}");
    for shown in [
        "<span>operator</span>",
        ">ran a job: ",
        ">12 phones</a>",
        "INC-4711",
    ] {
        assert!(lines[0].contains(shown), "{shown}: {}", lines[0]);
    }
    let many = log
        .split(" records, one line per job")
        .next()
        .unwrap_or_default();
    let many = many.rsplit('>').next().unwrap_or_default();
    let export = anna
        .see(&format!("/audit/export?format=csv&{filter}"))
        .await;
    assert_eq!((export.text.lines().count() - 1).to_string(), many);
}

pub(crate) async fn a_person_does_the_whole_job(house: House) -> House {
    let fleet = fleet(phones(12)).await;
    house.with_phones(&fleet).await;
    let mut anna = Person::sign_in(&house, Role::Operator).await;

    let overview = anna.see("/").await;
    assert!(
        overview.text.contains("12 phones at 1 site"),
        "{}",
        overview.text
    );
    let chosen = anna.see("/run?filter=site:kiel&action=DNDOn").await;
    assert!(chosen.text.contains("12 phones"), "{}", chosen.text);
    let review = anna.go("/run", "/run", &DND).await;
    let refused = anna.start(&review, "").await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("Say why"), "{}", refused.text);

    let page = anna.see(&review).await;
    let (digest, number) = (value(&page, "digest"), to_type(&page));
    let pressed = [
        ("digest", digest.as_str()),
        ("reason", "INC-4711"),
        ("typed", &number),
    ];
    let first = anna.send("/run", &review, &pressed).await;
    let second = anna.send("/run", &review, &pressed).await;
    assert_eq!(first.status, 303, "{}", first.text);
    let job = first.headers[header::LOCATION].to_str().unwrap();
    assert_eq!(
        second.headers[header::LOCATION],
        job,
        "sent twice, it is one job"
    );

    let page = anna.finished(job).await;
    let to_rows = format!("href=\"{job}?state=acknowledged#phones\"");
    let log = anna.see("/audit?action=job.ended").await;
    assert!(log.text.contains(">Finished<"), "{}", log.text);
    for shown in [
        "data-label=\"Site\">Kiel<",
        "INC-4711",
        "site:kiel",
        "at most 20 requests at once",
        &to_rows,
    ] {
        assert!(page.text.contains(shown), "{shown}");
    }
    // Whoever goes back finds no unsent form, and whoever comes too late finds back.
    let old = anna.see(&review).await;
    assert!(old.text.contains("This is a job already"), "{}", old.text);
    assert!(old.text.contains(&format!("href=\"{job}\"")));
    assert!(!old.text.contains("name=\"digest\""), "{}", old.text);
    let late = anna.go(job, &format!("{job}/pause"), &[]).await;
    assert_eq!(late, job);
    let told = anna.see(job).await;
    let why = "Nothing was changed: the job is finished.";
    assert!(told.text.contains(why), "{}", told.text);
    let file = anna.see(&format!("{job}/targets.csv")).await;
    assert_eq!(file.text.lines().count(), 13);
    let done = file.text.matches(",acknowledged,").count();
    assert_eq!(done, tried(&fleet), "{}", file.text);
    let json = anna.see(&format!("{job}/targets.json")).await.json();
    assert_eq!(json.as_array().unwrap().len(), 12);
    // The list that is looked at is the file that is offered.
    let of_state = format!("{job}/targets.csv?state=acknowledged");
    let narrowed = anna.see(&format!("{job}?state=acknowledged")).await;
    let offer = format!("href=\"{of_state}\"");
    assert!(narrowed.text.contains(&offer), "{}", narrowed.text);
    let part = anna.see(&of_state).await;
    assert_eq!(part.text.lines().count(), 1 + done, "{}", part.text);
    let wrong = format!("{job}/targets.csv?state=lost");
    let wrong = anna.browser.get(&wrong).await;
    assert_eq!(wrong.status, 422, "{}", wrong.text);

    let feed = anna.see(&format!("{job}/feed")).await;
    assert!(feed.text.contains("event: finished"), "{}", feed.text);
    assert!(feed.text.contains("\"total\":12"));
    let log = anna
        .see(&format!("/audit?job={}&period=all", &job[6..]))
        .await;
    assert!(
        log.text.contains("exported the result of a job"),
        "{}",
        log.text
    );
    tells_of_the_whole_job(&mut anna, job).await;
    let per_job = anna.see("/audit?action=target.*&per=job").await.text;
    assert_eq!(per_job.matches(">Its records<").count(), 1, "{per_job}");
    let records = format!("/audit?action=target.%2A&amp;job={}", &job[6..]);
    assert!(per_job.contains(&records), "{per_job}");
    let list = anna.see("/jobs?tab=finished").await;
    assert!(list.text.contains(job), "{}", list.text);
    fleet.stop().await;
    house
}

/// In what the browser sees, in the answer's headers, in the database: nowhere in clear.
#[tokio::test]
async fn a_dialled_number_stays_with_who_typed_it() {
    let house = House::open(None).await;
    let fleet = fleet(phones(1)).await;
    house.with_phones(&fleet).await;
    let mac = fleet.phones()[0].mac.to_string();
    let mut anna = Person::sign_in(&house, Role::Admin).await;
    let fields = [
        ("phone", mac.as_str()),
        ("action", "number"),
        ("p.number.number", NUMBER),
        ("reason", "test call"),
    ];
    let review = anna.go("/run", "/run", &fields).await;
    assert!(!review.contains(NUMBER));
    let page = anna.see(&review).await;
    assert!(
        page.text.contains("123") && !page.text.contains(NUMBER),
        "{}",
        page.text
    );
    let id = review.rsplit('/').next().unwrap();
    let back = anna.see(&format!("/run?draft={id}")).await;
    assert!(back.text.contains(NUMBER), "what was typed comes back");

    let mut other = Person::sign_in(&house, Role::Operator).await;
    assert_eq!(
        other.browser.get(&review).await.status,
        404,
        "somebody else's"
    );
    let started = anna.start(&review, "test call").await;
    let job = started.headers[header::LOCATION].to_str().unwrap();
    let page = anna.finished(job).await;
    assert!(!page.text.contains(NUMBER), "{}", page.text);
    for entry in std::fs::read_dir(house.dir.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap_or_default();
        let clear = bytes
            .windows(NUMBER.len())
            .any(|part| part == NUMBER.as_bytes());
        assert!(!clear, "{}", path.display());
    }
    fleet.stop().await;
    house.close().await;
}

#[tokio::test]
async fn a_set_that_changed_is_shown_before_it_starts() {
    let house = House::open(None).await;
    let fleet = fleet(phones(6)).await;
    let api = house.with_phones(&fleet).await;
    let mut anna = Person::sign_in(&house, Role::Operator).await;
    let review = anna.go("/run", "/run", &DND).await;
    let seen = value(&anna.see(&review).await, "digest");
    let gone = fleet
        .phones()
        .iter()
        .find(|phone| !phone.inventory.protected)
        .unwrap();
    delete(&api, &gone.mac.to_string()).await;

    let fields = [("digest", seen.as_str()), ("reason", "INC-7")];
    let refused = anna.send("/run", &review, &fields).await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    let again = anna.see(&review).await;
    let back = anna.see(&format!("/run?draft={}", &review[12..])).await;
    for page in [&refused, &again, &back] {
        assert!(page.text.contains("value=\"INC-7\""), "{}", page.text);
    }
    assert!(
        refused.text.contains("Look again before you start"),
        "{}",
        refused.text
    );
    assert!(
        refused.text.contains(&gone.inventory.label),
        "{}",
        refused.text
    );
    let digest = value(&refused, "digest");
    let fields = [("digest", digest.as_str()), ("reason", "x"), ("typed", "")];
    let unsure = anna.send("/run", &review, &fields).await;
    assert_eq!(unsure.status, 422, "more than a fifth of the site");
    let number = to_type(&unsure);
    let fields = [
        ("digest", digest.as_str()),
        ("reason", "x"),
        ("typed", &number),
    ];
    assert_eq!(anna.send("/run", &review, &fields).await.status, 303);
    fleet.stop().await;
    house.close().await;
}

/// Where nothing can be planned any more, the first step comes back with what was typed in the second.
#[tokio::test]
async fn a_reason_stays_where_a_chosen_phone_is_gone() {
    let house = House::open(None).await;
    let fleet = fleet(phones(2)).await;
    let api = house.with_phones(&fleet).await;
    let mut anna = Person::sign_in(&house, Role::Operator).await;
    let macs: Vec<_> = fleet
        .phones()
        .iter()
        .map(|phone| phone.mac.to_string())
        .collect();
    let fields = [
        ("phone", macs[0].as_str()),
        ("phone", macs[1].as_str()),
        ("action", "DNDOn"),
    ];
    let review = anna.go("/run", "/run", &fields).await;
    let seen = value(&anna.see(&review).await, "digest");
    delete(&api, &macs[0]).await;
    let fields = [("digest", seen.as_str()), ("reason", "INC-8")];
    let refused = anna.send("/run", &review, &fields).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(refused.text.contains("value=\"INC-8\""), "{}", refused.text);
    fleet.stop().await;
    house.close().await;
}

async fn delete(api: &Client, mac: &str) {
    let answer = api.delete(&format!("/phones/{mac}")).await;
    assert!(answer.status.is_success(), "{}", answer.text);
}

#[tokio::test]
async fn what_cannot_be_read_comes_back_as_it_was_typed() {
    let house = House::open(None).await;
    let mut anna = Person::sign_in(&house, Role::Operator).await;
    let fields = [
        ("filter", "colour:red"),
        ("action", "Reboot"),
        ("pacing", "custom"),
        ("window", "a few"),
        ("reason", "because"),
    ];
    let refused = anna.send("/run", "/run", &fields).await;
    assert_eq!(refused.status, 422);
    for kept in [
        "colour:red",
        "a few",
        "because",
        "Phones at once: give a whole number from 1 to 1,024.",
        "href=\"#f-window\"",
        "href=\"#f-filter\"",
    ] {
        assert!(refused.text.contains(kept), "{kept}");
    }
    let fields = [("filter", "colour:red"), ("action", "Reboot")];
    let refused = anna.send("/run", "/run", &fields).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("id=\"filter-error\"") || refused.text.contains("colour"));
    let stray = anna.send("/run", "/run", &[("colour", "red")]).await;
    assert_eq!(stray.status, 400);
    house.close().await;
}

#[tokio::test]
async fn the_log_says_what_it_shows() {
    let house = House::open(None).await;
    let mut eve = Person::sign_in(&house, Role::Auditor).await;
    let page = eve.see("/audit?colour=red").await;
    for said in ["last 30 days", "no parameter “colour”", "signed in"] {
        assert!(page.text.contains(said), "{said}");
    }
    let wrong = eve.see("/audit?phone=xyz&from=never").await;
    assert!(wrong.text.contains("Write a day such as"), "{}", wrong.text);
    let lost = eve.see("/audit?after=nowhere").await;
    assert!(
        lost.text.contains("names no place in the list"),
        "{}",
        lost.text
    );

    let shown = eve.see("/audit?action=account.*").await;
    let file = eve.see("/audit/export?action=account.*&format=csv").await;
    let rows = file.text.lines().count() - 1;
    assert_eq!(shown.text.matches("<tr").count() - 1, rows, "{}", file.text);
    let taken = eve.see("/audit?action=audit.exported").await;
    assert!(
        taken.text.contains("exported the audit log"),
        "{}",
        taken.text
    );
    let offered = "<option value=\"exported the audit log\">";
    assert!(taken.text.contains(offered), "{}", taken.text);
    let by_words = eve.see("/audit?action=exported+the+audit+log").await;
    assert_eq!(by_words.text.matches("<tr").count(), 2, "{}", by_words.text);
    assert!(by_words.text.contains(" UTC</time>"), "{}", by_words.text);
    assert_eq!(eve.see("/audit/0").await.status, 200);
    assert_eq!(eve.browser.get("/audit/999999").await.status, 404);
    assert_eq!(eve.browser.get("/run").await.status, 403);
    house.close().await;
}

#[tokio::test]
async fn a_new_token_is_shown_once() {
    let house = House::open(None).await;
    let mut anna = Person::sign_in(&house, Role::Operator).await;
    let fields = [
        ("label", "nightly"),
        ("scope", "read"),
        ("expires_days", "30"),
    ];
    let page = anna.go("/account", "/account/tokens", &fields).await;
    assert!(!page.contains("car_"), "{page}");
    let once = anna.see(&page).await.text;
    let (_, rest) = once.split_once("car_").unwrap();
    let secret: String = rest
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
        .collect();
    let program = Client::with_token(&house.base(), &format!("car_{secret}"));
    program.get("/jobs").await.expect(200);
    let again = anna.see(&page).await.text;
    assert!(!again.contains("car_"), "{again}");
    assert!(again.contains("was shown already"));
    let refused = anna
        .send(
            "/account",
            "/account/tokens",
            &[("label", ""), ("scope", "read"), ("expires_days", "30")],
        )
        .await;
    assert_eq!(refused.status, 422);
    house.close().await;
}

#[tokio::test]
async fn accounts_are_changed_by_administrators() {
    let house = House::open(None).await;
    let mut root = Person::sign_in(&house, Role::Admin).await;
    let alone = "There is one administrator";
    assert!(root.see("/admin/users").await.text.contains(alone));
    let new = [("name", "berta"), ("role", "viewer")];
    let to = root.go("/admin/users/new", "/admin/users/new", &new).await;
    assert!(to.starts_with("/admin/users/berta/edit?link="), "{to}");
    assert!(root.see(&to).await.text.contains("/reset?code="));
    assert!(!root.see(&to).await.text.contains("/reset?code="), "once");
    let mut berta = Browser::new(&house.base());
    assert_eq!(berta.sign_in("berta", "").await.status, 422);
    let taken = root
        .send("/admin/users/new", "/admin/users/new", &new)
        .await;
    assert_eq!(taken.status, 422);
    let edit = "/admin/users/berta/edit";
    let version = value(&root.see(edit).await, "version");
    let change = [
        ("role", "operator"),
        ("reach", "everything"),
        ("version", version.as_str()),
    ];
    root.go(edit, edit, &change).await;
    let stale = root.send(edit, edit, &change).await;
    assert_eq!(stale.status, 409, "{}", stale.text);
    root.go(edit, "/admin/users/berta/disable", &[]).await;
    let mut anna = Person::sign_in(&house, Role::Operator).await;
    assert_eq!(anna.browser.get("/admin/users").await.status, 403);
    house.close().await;
}

/// Whoever holds the cookie of a session that ended with a change of rights is told so, and nobody else.
#[tokio::test]
async fn a_change_of_rights_is_told_at_the_next_page() {
    const TOLD: &str = "Your rights were changed. Sign in again.";
    const ENDED: &str = "You were signed out: nothing was done here for a while";
    let house = House::open(None).await;
    let mut root = Person::sign_in(&house, Role::Admin).await;
    let mut anna = Person::sign_in(&house, Role::Operator).await;
    let mut other = Person::sign_in(&house, Role::Operator).await;
    let csrf = token(&anna.browser.get("/account").await);
    let left = other.send("/account", "/sign-out", &[]).await;
    assert_eq!(left.status, 303);
    let edit = "/admin/users/operator/edit";
    let version = value(&root.see(edit).await, "version");
    let change = [
        ("role", "viewer"),
        ("reach", "everything"),
        ("version", version.as_str()),
    ];
    root.go(edit, edit, &change).await;
    let asked = anna.browser.get("/phones").await;
    assert_eq!(asked.status, 303, "{}", asked.text);
    let page = anna.see("/sign-in?next=/phones").await;
    assert!(page.text.contains(TOLD), "{}", page.text);
    assert!(!page.text.contains(ENDED), "{}", page.text);
    let form = anna.browser.form(
        "/account/look",
        &[("csrf", csrf.as_str()), ("theme", "dark")],
    );
    let late = anna.browser.send(form.header("origin", &anna.base)).await;
    assert_eq!(late.status, 401);
    assert!(late.text.contains(TOLD), "{}", late.text);
    let mut stranger = Browser::new(&house.base());
    for browser in [&mut other.browser, &mut stranger] {
        let page = browser.get("/sign-in").await;
        assert!(
            page.status == 200 && !page.text.contains(TOLD),
            "{}",
            page.text
        );
        assert!(!page.text.contains(ENDED), "{}", page.text);
    }
    assert_eq!(anna.browser.sign_in("operator", PASSWORD).await.status, 303);
    anna.see("/phones").await;
    root.go(edit, "/admin/users/operator/disable", &[]).await;
    let page = anna.see("/sign-in?next=/phones").await;
    assert!(page.text.contains(ENDED), "{}", page.text);
    assert!(!page.text.contains(TOLD), "{}", page.text);
    house.close().await;
}

#[tokio::test]
async fn everything_stops_and_goes_on() {
    let house = House::open(None).await;
    let fleet = fleet(phones(4)).await;
    house.with_phones(&fleet).await;
    let mut anna = Person::sign_in(&house, Role::Operator).await;
    let silent = anna
        .send("/stop-all", "/stop-all", &[("reason", " ")])
        .await;
    assert_eq!(silent.status, 422);
    anna.go("/stop-all", "/stop-all", &[("reason", "smoke in the hall")])
        .await;
    let page = anna.see("/").await;
    assert!(page.text.contains("smoke in the hall"), "{}", page.text);

    let review = anna.go("/run", "/run", &DND).await;
    let started = anna.start(&review, "x").await;
    let job = started.headers[header::LOCATION]
        .to_str()
        .unwrap()
        .to_owned();
    let release = [("reason", "it was toast")];
    let refused = anna.send("/stop-all", "/stop-all/release", &release).await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        fleet.ledger().executed("DNDOn").len(),
        0,
        "nothing was sent"
    );
    let mut root = Person::sign_in(&house, Role::Admin).await;
    root.go("/stop-all", "/stop-all/release", &release).await;
    anna.finished(&job).await;
    assert_eq!(fleet.ledger().executed("DNDOn").len(), tried(&fleet));
    fleet.stop().await;
    house.close().await;
}

#[tokio::test]
async fn a_waiting_job_is_paused_stopped_and_tried_again() {
    let house = House::open(None).await;
    let fleet = fleet(phones(4)).await;
    house.with_phones(&fleet).await;
    let mut root = Person::sign_in(&house, Role::Admin).await;
    // Nothing leaves, so that the job still waits when it is stopped.
    root.go("/stop-all", "/stop-all", &[("reason", "hold")])
        .await;
    let review = root.go("/run", "/run", &DND).await;
    let started = root.start(&review, "first").await;
    let job = started.headers[header::LOCATION]
        .to_str()
        .unwrap()
        .to_owned();
    let log = root.see("/audit?per=job").await;
    for told in [">Running<", "so far ", " of 4 finished"] {
        assert!(log.text.contains(told), "{told}: {}", log.text);
    }
    let cancel = format!("{job}/cancel");
    assert!(root.see(&cancel).await.text.contains(">Let it run</a>"));
    root.go(&job, &format!("{job}/pause"), &[]).await;
    assert!(root.see(&job).await.text.contains("Paused"));
    let overview = root.see("/").await.text;
    assert!(overview.contains(">1 job paused<"), "{overview}");
    let asked = root.see(&cancel).await.text;
    assert!(asked.contains(">Leave it paused</a>"), "{asked}");
    assert!(root.see("/audit?per=job").await.text.contains(">Paused<"));
    root.go(&job, &format!("{job}/resume"), &[]).await;
    assert!(root.see(&cancel).await.text.contains("Stop sending to"));
    let long = "x".repeat(501);
    let refused = root.send(&cancel, &cancel, &[("reason", &long)]).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    root.go(&cancel, &cancel, &[("reason", "wrong site")]).await;
    root.finished(&job).await;
    let log = root.see("/audit?action=job.cancelled&q=wrong").await;
    assert!(log.text.contains("wrong site"), "{}", log.text);
    let log = root.see("/audit?per=job").await;
    assert!(log.text.contains(">Stopped<"), "{}", log.text);
    assert!(!log.text.contains("so far "), "{}", log.text);

    let retry = format!("{job}/retry");
    let none = root.send(&job, &retry, &[("reason", "again")]).await;
    assert_eq!(none.status, 422);
    assert!(none.text.contains("Tick which phones"), "{}", none.text);
    let fields = [("states", "cancelled"), ("reason", "again")];
    let review = root.go(&job, &retry, &fields).await;
    root.go("/stop-all", "/stop-all/release", &[("reason", "go")])
        .await;
    let started = root.start(&review, "again").await;
    let second = started.headers[header::LOCATION]
        .to_str()
        .unwrap()
        .to_owned();
    let page = root.finished(&second).await;
    assert!(page.text.contains(&job), "it names the job that it repeats");
    assert!(
        root.see(&job).await.text.contains(&second),
        "and that one names it"
    );
    fleet.stop().await;
    house.close().await;
}
