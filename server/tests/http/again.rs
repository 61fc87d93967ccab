//! *Try again* on the page of a job that is over: what is offered, what is ticked, what is said.

use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::role::Role;
use carillon_simulator::{Auth, Fleet, FleetConfig, Profile, SiteConfig};
use serde_json::{Value, json};

use crate::house::{House, fleet};
use crate::pages_jobs::Person;

/// Phones of Kiel, of which so many refuse.
async fn phones_of_whom_refuse(house: &House, (count, refuse): (u32, u32)) -> Fleet {
    let site = SiteConfig::new("Kiel", count)
        .with_security(PlainHttp)
        .with_auth(Auth::None)
        .with(Profile::ForbiddenIp, refuse);
    let fleet = fleet(FleetConfig::default().with_site(site)).await;
    house.with_phones(&fleet).await;
    fleet
}

/// The page of a job that has been run to its end.
async fn page_at_the_end(house: &House, options: &Value) -> String {
    let id = job_at_the_end(house, options).await;
    let mut operator = Person::sign_in(house, Role::Operator).await;
    operator.see(&format!("/jobs/{id}")).await.text
}

/// The id of a job for all phones that has been run to its end.
async fn job_at_the_end(house: &House, options: &Value) -> String {
    let api = house.program(Role::Operator).await;
    let request = json!({ "action": "DNDOn", "targets": { "filter": "" }, "reason": "x",
        "options": options });
    let id = api.post("/jobs", &request).await.expect(202)["id"].clone();
    let id = id.as_str().unwrap();
    api.finished(id).await;
    id.to_owned()
}

/// What is said of the box of a state behind its value; `None` where it is not offered.
fn tick<'p>(page: &'p str, state: &str) -> Option<&'p str> {
    let (_, form) = page.split_once("name=\"states\"")?;
    let (_, after) = form.split_once(&format!("value=\"{state}\""))?;
    Some(after.split_once('>')?.0)
}

pub(crate) async fn what_a_stopped_job_left_out_is_ticked(house: House) -> House {
    let fleet = phones_of_whom_refuse(&house, (6, 6)).await;
    let id = job_at_the_end(&house, &json!({ "canary": 1, "verify": false })).await;
    let (job, mut anna) = (
        format!("/jobs/{id}"),
        Person::sign_in(&house, Role::Operator).await,
    );
    let page = anna.see(&job).await.text;
    let why = "It stopped itself: the first phone, which went alone, failed.";
    assert!(page.contains(why), "{page}");
    // Five phones were left out and one failed: what it failed of comes first all the same.
    let place = |cause: &str| page.find(cause).unwrap();
    assert!(
        place("Refused our address") < place("Job stopped itself"),
        "{page}"
    );
    for state in ["failed", "skipped"] {
        let tick = tick(&page, state).unwrap();
        assert!(tick.contains("checked"), "{state}: {tick}");
    }
    assert!(
        !page.contains("Acknowledged phones are not offered"),
        "{page}"
    );
    goes_on_with_the_others(&mut anna, (&job, &page)).await;
    fleet.stop().await;
    house
}

/// One press leads to the review of the five that were left out, and of nobody else.
async fn goes_on_with_the_others(anna: &mut Person, (job, page): (&str, &str)) {
    let (_, form) = page.split_once("id=\"go-on\"").unwrap();
    let (form, _) = form.split_once("</form>").unwrap();
    assert!(form.contains("Go on with the other 5"), "{form}");
    let left = "skipped.failure_limit";
    for name in ["offered", "causes"] {
        let field = format!("name=\"{name}\" value=\"{left}\"");
        assert!(form.contains(&field), "{field}: {form}");
    }
    let fields = [("offered", left), ("causes", left), ("reason", "x")];
    let review = anna.go(job, &format!("{job}/retry"), &fields).await;
    let review = anna.see(&review).await.text;
    assert!(review.contains("name=\"count\" value=\"5\""), "{review}");
}

pub(crate) async fn acknowledged_is_explained_and_not_tried_again(house: House) -> House {
    let fleet = phones_of_whom_refuse(&house, (6, 1)).await;
    let options = json!({ "canary": 0, "verify": false, "max_failed_percent": 100 });
    let page = page_at_the_end(&house, &options).await;
    let meaning =
        "<strong>Acknowledged: </strong>The phone took the request; the effect was not checked.";
    assert!(page.contains(meaning), "{page}");
    assert!(
        page.contains("Acknowledged phones are not offered"),
        "{page}"
    );
    assert!(tick(&page, "failed").unwrap().contains("checked"), "{page}");
    assert!(tick(&page, "acknowledged").is_none(), "{page}");
    fleet.stop().await;
    house
}

/// Two phones refuse our address and one answers with an error: the first two are tried again.
pub(crate) async fn one_of_several_causes_is_tried_again(house: House) -> House {
    let site = SiteConfig::new("Kiel", 6)
        .with_security(PlainHttp)
        .with_auth(Auth::None)
        .with(Profile::ForbiddenIp, 2)
        .with(Profile::ServerError, 1);
    let fleet = fleet(FleetConfig::default().with_site(site)).await;
    house.with_phones(&fleet).await;
    let options = json!({ "canary": 0, "verify": false, "max_failed_percent": 100 });
    let id = job_at_the_end(&house, &options).await;
    let (job, mut anna) = (
        format!("/jobs/{id}"),
        Person::sign_in(&house, Role::Admin).await,
    );
    let page = anna.see(&job).await.text;
    let at_its_site = "</a> (<a href=\"/phones?site=kiel\">site Kiel";
    assert!(page.contains(at_its_site), "{page}");
    let ticked = |page: &str, value: &str| {
        let (_, after) = page
            .split_once(&format!("name=\"causes\" value=\"{value}\""))
            .unwrap();
        after.split('>').next().unwrap().contains("checked")
    };
    let (forbidden, error) = ("failed.forbidden", "failed.server_error");
    assert!(ticked(&page, forbidden) && ticked(&page, error), "{page}");
    assert!(tick(&page, "failed").is_none(), "its causes decide: {page}");

    let of_cause = format!("{job}?cause=forbidden");
    let alone = anna.see(&of_cause).await.text;
    assert!(
        alone.contains("<a href=\"#retry\">Try these again</a>"),
        "{alone}"
    );
    assert!(
        ticked(&alone, forbidden) && !ticked(&alone, error),
        "{alone}"
    );

    let retry = format!("{job}/retry");
    let offered = [("offered", forbidden), ("offered", error)];
    let none = anna.send(&of_cause, &retry, &offered).await;
    assert_eq!(none.status, 422, "{}", none.text);
    assert!(none.text.contains("Tick which phones"), "{}", none.text);
    assert!(
        !ticked(&none.text, forbidden),
        "as it was sent: {}",
        none.text
    );
    let chosen = [
        &offered[..],
        &[("causes", forbidden), ("reason", "list mended")],
    ]
    .concat();
    let review = anna.go(&of_cause, &retry, &chosen).await;
    let started = anna.start(&review, "list mended").await;
    let second = started.headers["location"].to_str().unwrap().to_owned();
    anna.finished(&second).await;
    let file = anna.see(&format!("{second}/targets.csv")).await.text;
    assert_eq!(file.lines().count(), 3, "two phones: {file}");
    let others = format!("{second}/targets.csv?cause=server_error");
    assert_eq!(anna.see(&others).await.text.lines().count(), 1);
    fleet.stop().await;
    house
}
