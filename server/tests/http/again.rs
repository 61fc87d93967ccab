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
    let api = house.program(Role::Operator).await;
    let request = json!({ "action": "DNDOn", "targets": { "filter": "" }, "reason": "x",
        "options": options });
    let id = api.post("/jobs", &request).await.expect(202)["id"].clone();
    let id = id.as_str().unwrap();
    api.finished(id).await;
    let mut operator = Person::sign_in(house, Role::Operator).await;
    operator.see(&format!("/jobs/{id}")).await.text
}

/// What is said of the box of a state behind its value; `None` where it is not offered.
fn tick<'p>(page: &'p str, state: &str) -> Option<&'p str> {
    let (_, form) = page.split_once("name=\"states\"")?;
    let (_, after) = form.split_once(&format!("value=\"{state}\""))?;
    Some(after.split_once('>')?.0)
}

pub(crate) async fn what_a_stopped_job_left_out_is_ticked(house: House) -> House {
    let fleet = phones_of_whom_refuse(&house, (6, 6)).await;
    let page = page_at_the_end(&house, &json!({ "canary": 1, "verify": false })).await;
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
    fleet.stop().await;
    house
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
