//! Filters of the audit log, which mean the same on pages, in the API and on the command line.

use carillon_domain::event::{Actor, Event};
use carillon_domain::role::Role;
use carillon_store::AuditQuery;
use serde_json::Value;

use crate::command_line::asked;
use crate::house::House;
use crate::pages_jobs::Person;
use crate::requests::Client;

const ADDRESS: &str = "10.77.66.55";

/// A record from an address; answers what it says in the place of that.
async fn told(house: &House) -> String {
    let engine = house.engine();
    let mut event = Event::new(engine.clock.now(), Actor::system(), "test.told");
    event.ip = Some(ADDRESS.to_owned());
    event.job = Some("0199ab00-0000-7000-8000-00000000000f".to_owned());
    let unit = engine.store.begin().await.unwrap();
    unit.record(&[event]).await.unwrap().commit().await.unwrap();
    let query = AuditQuery {
        actions: vec!["test.told".to_owned()],
        ..AuditQuery::default()
    };
    let rows = engine.store.audit_batch(&query, -1, 1).await.unwrap();
    rows[0].event.source.clone().unwrap()
}

/// How many records the API finds.
async fn found(api: &Client, query: &str) -> usize {
    let list = api.get(&format!("/audit?{query}")).await.expect(200);
    list["items"].as_array().unwrap().len()
}

/// The field and the message of a refusal.
fn refused(problem: &Value) -> (String, String) {
    let text = |name: &str| problem["errors"][0][name].as_str().unwrap().to_owned();
    (text("field"), text("message"))
}

pub(crate) async fn what_is_meant_is_found_everywhere(house: House) -> House {
    let source = told(&house).await;
    let api = house.program(Role::Auditor).await;
    let mut person = Person::sign_in(&house, Role::Auditor).await;
    for query in [
        format!("ip={ADDRESS}"),
        format!("ip=::ffff:{ADDRESS}"),
        format!("ip={source}"),
        "action=TEST.*".to_owned(),
        "action=Test.Told".to_owned(),
        "job=0199AB00-0000-7000-8000-00000000000F".to_owned(),
    ] {
        assert_eq!(found(&api, &query).await, 1, "{query}");
        let page = person.see(&format!("/audit?{query}")).await.text;
        assert!(page.contains("1 record"), "{query}: {page}");
        let export = format!("/audit/export?format=jsonl&{query}");
        for file in [api.get(&export).await.text, person.see(&export).await.text] {
            // And what the file says of itself.
            assert_eq!(file.lines().count(), 2, "{query}: {file}");
        }
    }
    house
}

pub(crate) async fn what_cannot_be_understood_is_told_everywhere(house: House) -> House {
    let api = house.program(Role::Auditor).await;
    let mut person = Person::sign_in(&house, Role::Auditor).await;
    for query in ["ip=foo", "ip=10.0.0.0/8"] {
        for path in ["/audit", "/audit/export"] {
            let answer = api.get(&format!("{path}?{query}")).await;
            let (field, message) = refused(&answer.problem(422, "invalid"));
            assert_eq!(field, "ip");
            assert!(message.starts_with("Give one address"), "{message}");
        }
        let page = person.see(&format!("/audit?{query}")).await.text;
        assert!(page.contains("Give one address"), "{page}");
    }
    for (query, twice) in [("actor=a&actor=b", "actor"), ("limit=5&limit=6", "limit")] {
        let answer = api.get(&format!("/audit?{query}")).await;
        assert_eq!(refused(&answer.problem(400, "bad_request")).0, twice);
    }
    for (query, said) in [
        ("actr=x", "no parameter “actr”"),
        ("per=zzz", "“per” cannot be “zzz”"),
        ("period=zzz", "“period” cannot be “zzz”"),
        ("after=zzz", "names no place in the list"),
        ("actor=zz&actor=b", "only the first, “zz”, counts"),
    ] {
        let page = person.see(&format!("/audit?{query}")).await.text;
        assert!(page.contains(said), "{query}: {page}");
        let export = format!("/audit/export?{query}");
        let status = person.browser.get(&export).await.status;
        assert!(status.is_client_error(), "{query}: {status}");
        // The rest of the address holds.
        let page = format!("/audit?action=session.*&{query}");
        let page = person.see(&page).await.text;
        assert!(page.contains(said) && page.contains("action: "), "{query}");
    }
    house
}

/// Pages know the words that they show; where nothing fits, they say what to do.
pub(crate) async fn words_of_the_log_find_it(house: House) -> House {
    let mut person = Person::sign_in(&house, Role::Auditor).await;
    let found = person.see("/audit?action=sign+in").await.text;
    assert!(found.contains("title=\"account.signed_in\""), "{found}");
    let offered = "<option value=\"Restart the phone\">";
    assert!(found.contains(offered), "{found}");
    let file = "/audit/export?format=jsonl&action=sign+in";
    let file = person.see(file).await.text;
    assert!(file.contains("\"account.signed_in\""), "{file}");
    let none = person.see("/audit?action=quux&q=nowhere").await.text;
    for said in [
        "No action is called “",
        "href=\"/audit?q=nowhere&amp;action=restart\"",
        "Remove filter action: quux",
    ] {
        assert!(none.contains(said), "{said}: {none}");
    }
    let none = person.see("/audit?actor=nobody-here&q=restart").await.text;
    let offered = "href=\"/audit?actor=nobody-here&amp;action=restart\"";
    assert!(none.contains(offered), "{none}");
    assert!(none.contains("Records whose action is: restart"), "{none}");
    house
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_refuses_the_same() {
    let house = House::open(None).await;
    let source = told(&house).await;
    for (filters, said) in [
        (vec!["ip=foo"], "ip: Give one address"),
        (vec!["ip=10.0.0.0/8"], "ip: Give one address"),
        (vec!["actor=a", "actor=b"], "actor: Give this once"),
        (vec!["actr=a"], "write NAME=VALUE"),
    ] {
        let words = [&["audit", "export"][..], &filters].concat();
        let (status, out, err) = asked(house.dir.path(), &words).await;
        assert_eq!((status, out.as_str()), (2, ""), "{filters:?}");
        assert!(err.contains(said), "{err}");
    }
    let by_source = format!("ip={source}");
    for filter in [by_source.as_str(), "action=TEST.*"] {
        let words = ["audit", "export", "--format", "jsonl", filter];
        let (status, out, err) = asked(house.dir.path(), &words).await;
        assert_eq!((status, out.lines().count()), (0, 2), "{err}");
    }
    house.close().await;
}
