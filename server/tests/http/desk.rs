//! What a helpdesk person stumbles over: Enter in a field, the way back, words that fit who reads them.

use std::time::Duration;

use carillon_domain::Mac;
use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::role::Role;
use carillon_engine::jobs::Rules;
use carillon_simulator::{Auth, Fleet, FleetConfig, SiteConfig};
use serde_json::json;

use crate::approvals::let_approve;
use crate::browser::Browser;
use crate::house::{House, fleet};
use crate::inventory_pages::{browser, hidden, location, next_page, submit, to_type, with_desks};
use crate::pages_jobs::Person;
use crate::requests::Answer;

const DESK: &str = "00:15:65:00:00:02";

async fn phones_at_kiel(house: &House, count: u32) -> Fleet {
    let site = SiteConfig::new("Kiel", count).with_security(PlainHttp);
    let fleet = fleet(FleetConfig::default().with_site(site.with_auth(Auth::None))).await;
    house.with_phones(&fleet).await;
    fleet
}

fn shows(page: &Answer, texts: &[&str]) {
    for text in texts {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
}

fn hides(page: &Answer, texts: &[&str]) {
    for text in texts {
        assert!(!page.text.contains(text), "{text}: {}", page.text);
    }
}

pub(crate) async fn enter_in_the_list_tags_and_runs_nothing(house: House) -> House {
    let mut admin = browser(&house, "admin").await;
    with_desks(&mut admin, 6).await;
    let list = "/phones?q=site:kiel";
    let page = admin.get(list).await;
    let (before, _) = page.text.split_once("value=\"run\"").unwrap();
    let (_, form) = before.split_once("action=\"/selection\"").unwrap();
    let first = form.split("<button").nth(1).unwrap();
    assert!(
        first.contains("value=\"enter\""),
        "the first button: {first}"
    );
    let back = hidden(&page, "list");
    let enter = |tag| {
        let ticked = [("do", "enter"), ("mac", DESK), ("tag", tag)];
        [&ticked[..], &[("list", back.as_str())]].concat()
    };
    let tagged = submit(&mut admin, list, "/selection", &enter("vip")).await;
    assert_eq!(location(&tagged), list, "the same list");
    let page = admin.get(list).await;
    shows(&page, &["The tag vip was added to 1 phone."]);
    let kept = location(&submit(&mut admin, list, "/selection", &enter(" ")).await);
    assert!(kept.starts_with(&format!("{list}&sel=")), "{kept}");
    shows(
        &admin.get(&kept).await,
        &["1 phone is in the selection.", "Selection of 1 phone, with"],
    );
    let nothing = [("do", "enter"), ("list", back.as_str())];
    let nothing = submit(&mut admin, list, "/selection", &nothing).await;
    assert_eq!(
        location(&nothing),
        list,
        "nothing is ticked: nothing is said"
    );
    assert_eq!(location(&admin.get("/selection").await), "/phones");
    let record = admin.get("/audit?action=phones.tagged").await;
    shows(&record, &["class=\"quiet\">Desk 02<"]);
    house
}

/// The tick of a row, as the page comes.
fn is_ticked(page: &Answer, mac: &str) -> bool {
    let mut inputs = page.text.split("<input").skip(1);
    let inputs = inputs.by_ref().filter_map(|rest| rest.split('>').next());
    let named = format!("value=\"{mac}\"");
    let mut rows = inputs.filter(|one| one.contains("name=\"mac\"") && one.contains(&named));
    rows.next().unwrap().contains("checked")
}

pub(crate) async fn ticks_say_who_is_in_the_selection(house: House) -> House {
    const NEXT: &str = "00:15:65:00:00:03";
    let mut admin = browser(&house, "admin").await;
    with_desks(&mut admin, 6).await;
    let list = "/phones?q=Desk";
    let both = [("scope", "page"), ("mac", DESK), ("mac", NEXT)];
    let add = [&[("do", "collect"), ("list", "q=Desk")], &both[..]].concat();
    let with = location(&submit(&mut admin, list, "/selection", &add).await);
    let page = admin.get(&with).await;
    assert!(is_ticked(&page, DESK) && is_ticked(&page, NEXT));
    assert!(!is_ticked(&page, "00:15:65:00:00:01"));
    let was = hidden(&page, "was");
    assert_eq!(was, format!("{DESK},{NEXT}"));

    let sel = hidden(&page, "sel");
    let who = format!("/selection?sel={sel}&list=q%3DDesk");
    shows(&page, &[&who.replace('&', "&amp;")]);
    let there = admin.get(&who).await;
    shows(&there, &["Selection of 2 phones", "Desk 02", "Desk 03"]);
    hides(&there, &["Desk 01", "Desk 04"]);

    let all = [("scope", "selection"), ("sel", sel.as_str()), ("was", &was)];
    let one = |what| [&[("do", what), ("list", "q=Desk"), ("mac", NEXT)], &all[..]].concat();
    let to = location(&submit(&mut admin, &with, "/selection", &one("run")).await);
    shows(&admin.get(&to).await, &["1 phone"]);
    let left = location(&submit(&mut admin, &with, "/selection", &one("collect")).await);
    let page = admin.get(&left).await;
    shows(&page, &["1 phone is in the selection."]);
    assert!(!is_ticked(&page, DESK) && is_ticked(&page, NEXT));

    let none = |what| [&[("do", what), ("list", "q=Desk")], &all[..]].concat();
    let refused = submit(&mut admin, &left, "/selection", &none("run")).await;
    assert_eq!(refused.status, 422);
    let empty = submit(&mut admin, &left, "/selection", &none("collect")).await;
    assert_eq!(location(&empty), list, "nobody is left");
    house
}

pub(crate) async fn ticks_go_along_to_the_next_page(house: House) -> House {
    const LATER: &str = "00:15:65:00:00:05";
    let mut admin = browser(&house, "admin").await;
    with_desks(&mut admin, 6).await;
    let list = "/phones?q=Desk&limit=3";
    let page = admin.get(list).await;
    let go = next_page(&page).unwrap().replace("/phones?", "");
    let back = hidden(&page, "list");
    let first = [("go", go.as_str()), ("list", &back), ("do", "enter")];
    let plain = location(&submit(&mut admin, list, "/selection", &first).await);
    assert_eq!(plain, format!("/phones?{go}"), "nothing is ticked");
    let ticked = [&first[..], &[("scope", "page"), ("mac", DESK)]].concat();
    let second = location(&submit(&mut admin, list, "/selection", &ticked).await);
    let page = admin.get(&second).await;
    shows(&page, &["Selection of 1 phone, with", "Desk 05"]);
    hides(&page, &["in the selection."]);

    let sel = hidden(&page, "sel");
    let sorted = [("go", "q=Desk&sort=-label"), ("sel", &sel), ("mac", LATER)];
    let all = location(&submit(&mut admin, &second, "/selection", &sorted).await);
    let page = admin.get(&all).await;
    assert!(is_ticked(&page, DESK) && is_ticked(&page, LATER));
    shows(&page, &["Selection of 2 phones", "&amp;sort=label\""]);

    let was = hidden(&page, "was");
    let one_gone = [
        ("go", go.as_str()),
        ("sel", &sel),
        ("was", &was),
        ("mac", LATER),
    ];
    let left = location(&submit(&mut admin, &all, "/selection", &one_gone).await);
    shows(&admin.get(&left).await, &["Selection of 1 phone, with"]);
    let nobody = [("go", "view=none&q=Desk"), ("sel", &sel), ("was", LATER)];
    let none = location(&submit(&mut admin, &left, "/selection", &nobody).await);
    assert_eq!(none, "/phones?q=Desk&view=none");

    let columns = [("q", "Desk"), ("cols", "mac"), ("was", ""), ("mac", DESK)];
    let other = location(&submit(&mut admin, list, "/phones/columns", &columns).await);
    let page = admin.get(&other).await;
    shows(
        &page,
        &["Selection of 1 phone, with", " · 1 in the selection"],
    );
    assert!(is_ticked(&page, DESK));
    house
}

pub(crate) async fn a_tag_leaves_all_ticks_in_the_selection(house: House) -> House {
    const LATER: &str = "00:15:65:00:00:05";
    let mut admin = browser(&house, "admin").await;
    with_desks(&mut admin, 6).await;
    let list = [("scope", "page"), ("list", "q=Desk"), ("mac", DESK)];
    let add = [&[("do", "collect")], &list[..]].concat();
    let one = location(&submit(&mut admin, "/phones?q=Desk", "/selection", &add).await);
    let page = admin.get(&one).await;
    let (sel, was) = (hidden(&page, "sel"), hidden(&page, "was"));
    let both = [
        ("do", "tag"),
        ("tag", "vip"),
        ("scope", "selection"),
        ("list", "q=Desk"),
        ("sel", sel.as_str()),
        ("was", &was),
        ("mac", DESK),
        ("mac", LATER),
    ];
    let tagged = location(&submit(&mut admin, &one, "/selection", &both).await);
    let page = admin.get(&tagged).await;
    shows(
        &page,
        &["was added to 2 phones.", "Selection of 2 phones, with"],
    );
    assert!(is_ticked(&page, DESK) && is_ticked(&page, LATER));
    house
}

pub(crate) async fn a_change_of_many_leads_back_to_the_same_list(house: House) -> House {
    let mut admin = browser(&house, "admin").await;
    with_desks(&mut admin, 6).await;
    let list = "/phones?q=Desk&site=kiel&sort=-label&limit=5";
    let page = admin.get(list).await;
    let back = hidden(&page, "list").replace("&amp;", "&");
    let ticked = |what| [("do", what), ("mac", DESK), ("list", back.as_str())];
    let edit = location(&submit(&mut admin, list, "/selection", &ticked("edit")).await);
    let page = admin.get(&edit).await;
    shows(
        &page,
        &["href=\"/phones?q=Desk&amp;site=kiel&amp;sort=-label&amp;limit=5\""],
    );
    let (sel, kept) = (hidden(&page, "sel"), hidden(&page, "list"));
    let kept = kept.replace("&amp;", "&");
    let fields = [("sel", sel.as_str()), ("list", &kept), ("count", "1")];
    let wrong = submit(&mut admin, &edit, "/phones/edit", &fields).await;
    assert_eq!(wrong.status, 422);
    assert_eq!(hidden(&wrong, "list").replace("&amp;", "&"), back);
    let fields = [&fields[..], &[("notes", "moved")]].concat();
    let changed = location(&submit(&mut admin, &edit, "/phones/edit", &fields).await);
    assert_eq!(changed, format!("{list}&sel={sel}"));

    let delete = location(&submit(&mut admin, list, "/selection", &ticked("delete")).await);
    let page = admin.get(&delete).await;
    shows(&page, &["Desk 02", DESK]);
    let (sel, name) = (hidden(&page, "sel"), to_type(&page));
    let wrong = [("sel", sel.as_str()), ("count", "1"), ("typed", "emre")];
    let wrong = submit(&mut admin, &delete, "/phones/delete", &wrong).await;
    shows(&wrong, &["“emre” is not the right name. Type "]);
    let fields = [
        ("sel", sel.as_str()),
        ("list", &back),
        ("count", "1"),
        ("typed", &name),
    ];
    let deleted = submit(&mut admin, &delete, "/phones/delete", &fields).await;
    assert_eq!(location(&deleted), list);
    house
}

pub(crate) async fn what_a_key_came_to_is_said_beside_the_keys(house: House) -> House {
    let fleet = phones_at_kiel(&house, 2).await;
    let mut operator = browser(&house, "operator").await;
    let mac = &fleet.phones()[0].inventory.mac;
    let (here, keys) = (format!("/phones/{mac}"), format!("/phones/{mac}/keys"));
    let press = |key, reason| [("key", key), ("reason", reason)];
    let to = submit(&mut operator, &here, &keys, &press("UP", "")).await;
    let to = location(&to);
    assert_eq!(to, format!("{here}?said=keys#keypad"));
    let page = operator.get(to.trim_end_matches("#keypad")).await;
    let (before, panel) = page.text.split_once("id=\"keypad\"").unwrap();
    let told = "Press the up arrow: acknowledged.";
    assert!(!before.contains(told), "not at the top: {before}");
    let (said, keys_of_page) = panel.split_once("name=\"key\"").unwrap();
    assert!(said.contains(told), "{said}");
    assert!(said.contains("id=\"f-key-reason\""), "the reason: {said}");
    assert!(!keys_of_page.contains("id=\"f-key-reason\""));
    shows(&page, &[&format!("action=\"{keys}#keys-said\"")]);

    let refused = submit(&mut operator, &here, &keys, &press("OK", "")).await;
    assert_eq!(refused.status, 422);
    let (before, panel) = refused.text.split_once("id=\"keypad\"").unwrap();
    assert!(!before.contains("role=\"alert\""), "{before}");
    let (said, _) = panel.split_once("name=\"key\"").unwrap();
    for part in [
        "role=\"alert\"",
        "Nothing was sent. Please mend:",
        "Say why: the audit log keeps it.",
        "href=\"#f-key-reason\"",
        "id=\"f-key-reason-error\"",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    fleet.stop().await;
    house
}

/// A picture from before a key says so; whoever wants another behind each key gets it once the phone
/// took the key.
pub(crate) async fn a_picture_from_before_a_key_says_so(house: House) -> House {
    let fleet = phones_at_kiel(&house, 3).await;
    let mut operator = browser(&house, "operator").await;
    let mut phones = fleet.phones().iter();
    let phone = phones.find(|phone| !phone.inventory.protected);
    let here = format!("/phones/{}", phone.unwrap().inventory.mac);
    let (keys, screen) = (format!("{here}/keys"), format!("{here}/screen"));
    let taken = location(&submit(&mut operator, &here, &screen, &[("reason", "INC 7")]).await);
    let page = operator.get(taken.trim_end_matches("#keypad")).await;
    let kept = ["; it is not kept.", "Look again", "value=\"INC 7\""];
    shows(&page, &kept);
    let id = hidden(&page, "screen");

    let press = |more: &'static [(&'static str, &'static str)]| {
        let key = [("key", "UP"), ("reason", "")];
        [&key[..], more].concat()
    };
    let quiet = press(&[]);
    let quiet = [&quiet[..], &[("screen", id.as_str())]].concat();
    let to = location(&submit(&mut operator, &here, &keys, &quiet).await);
    assert_eq!(to, format!("{here}?screen={id}&older=on&said=keys#keypad"));
    let page = operator.get(to.trim_end_matches("#keypad")).await;
    let old = ", before the last key.";
    shows(&page, &["Press the up arrow: acknowledged.", old]);
    shows(&page, &["Take it again"]);
    hides(&page, &["Look again", "name=\"look\" value=\"on\" checked"]);

    let seen = press(&[("older", "on"), ("look", "on")]);
    let seen = [&seen[..], &[("screen", id.as_str())]].concat();
    let to = location(&submit(&mut operator, &here, &keys, &seen).await);
    let page = operator.get(to.trim_end_matches("#keypad")).await;
    shows(&page, &["Press the up arrow: acknowledged."]);
    shows(&page, &["name=\"look\" value=\"on\" checked"]);
    hides(&page, &[old]);
    assert_ne!(hidden(&page, "screen"), id, "another picture");
    let mut admin = browser(&house, "admin").await;
    let log = admin.get("/audit?action=phone.screen_looked_at").await;
    let rows = log.text.split("<tbody>").nth(1).unwrap();
    let looks = rows.matches("looked at the screen of the phone").count();
    assert_eq!(looks, 4, "two pictures, before and after");
    fleet.stop().await;
    house
}

pub(crate) async fn the_log_by_job_names_a_lone_phone(house: House) -> House {
    let fleet = phones_at_kiel(&house, 1).await;
    let api = house.program(Role::Admin).await;
    let request = json!({ "action": "DNDOn", "targets": { "filter": "" }, "reason": "x" });
    let id = api.post("/jobs", &request).await.expect(202)["id"].clone();
    api.finished(id.as_str().unwrap()).await;
    let mut admin = browser(&house, "admin").await;
    let log = admin.get("/audit?per=job&action=job.*").await;
    let phone = format!("href=\"/phones/{}\"", fleet.phones()[0].inventory.mac);
    shows(&log, &["job.ended", &phone]);
    fleet.stop().await;
    house
}

/// Somebody may approve, and a yes of theirs would be refused: the page says so instead of a button.
pub(crate) async fn a_second_factor_is_asked_for_before_a_yes(house: House) -> House {
    let fleet = phones_at_kiel(&house, 1).await;
    let_approve(&house, &[Role::Admin, Role::Operator]).await;
    let rules = Rules::default();
    let (engine, local) = (house.engine(), House::local());
    engine.change_rules(&local, &rules, "").await.unwrap();
    let api = house.program(Role::Operator).await;
    let request = json!({ "action": "Reset", "targets": { "filter": "" }, "reason": "x" });
    let id = api.post("/jobs", &request).await.expect(202)["id"].clone();
    let path = format!("/jobs/{}", id.as_str().unwrap());
    let mut admin = Person::sign_in(&house, Role::Admin).await;
    for place in ["/approvals", &path] {
        let page = admin.see(place).await;
        shows(
            &page,
            &[
                "Your account has no second factor, and a yes needs one.",
                "href=\"/account/second-factor\"",
                &format!("action=\"{path}/deny\""),
            ],
        );
        hides(&page, &[&format!("action=\"{path}/approve\"")]);
    }
    let mut operator = Person::sign_in(&house, Role::Operator).await;
    let choice = [
        ("filter", "site:kiel"),
        ("action", "Reset"),
        ("reason", "x"),
    ];
    let review = operator.go("/run", "/run", &choice).await;
    let nobody = [
        "Nobody can approve this now",
        "No second factor yet: admin.",
    ];
    shows(&operator.see(&review).await, &nobody);
    let told = "These people may approve: admin (no second factor yet)";
    shows(&operator.see(&path).await, &[told]);
    let digest = api.get(&path).await.expect(200)["approval_digest"].clone();
    let yes = [("digest", digest.as_str().unwrap())];
    let refused = admin
        .send("/approvals", &format!("{path}/approve"), &yes)
        .await;
    assert_eq!(refused.status, 409, "the page said the truth");
    fleet.stop().await;
    house
}

pub(crate) async fn an_approval_names_who_gets_it_and_who_does_not(house: House) -> House {
    let fleet = phones_at_kiel(&house, 3).await;
    let_approve(&house, &[Role::Admin, Role::Operator]).await;
    let protected = fleet.phones().iter();
    let protected = protected.filter(|phone| phone.inventory.protected);
    assert_eq!(protected.count(), 1, "one is left out");
    let api = house.program(Role::Operator).await;
    let request = json!({ "action": "Reset", "targets": { "filter": "" }, "reason": "x" });
    api.post("/jobs", &request).await.expect(202);
    let mut admin = Person::sign_in(&house, Role::Admin).await;
    let page = admin.see("/approvals").await;
    let left_out = "<dt>Left out</dt><dd><ul class=\"count-list\"><li><span>Protected</span>";
    let texts = [
        "Factory reset · 2 phones · asked for by operator",
        "Let it run on 2 phones",
        "<dt>Will get it</dt><dd>2 phones: ",
        "<span>Kiel</span>",
        "<dt>Starts</dt><dd>as soon as somebody lets it run</dd>",
        " after its start</dd>",
        "<dt>Pace</dt>",
        "#phones\">All phones of the job</a>",
        "Destructive",
        left_out,
    ];
    shows(&page, &texts);
    let untrue = ["3 phones · asked", "run on 3 phones", ">0 s after"];
    hides(&page, &untrue);
    for phone in fleet.phones() {
        let named = format!("{} ({})", phone.label, phone.extension);
        let (gets_it, is_named) = (!phone.inventory.protected, page.text.contains(&named));
        assert_eq!(is_named, gets_it, "{named}: {}", page.text);
    }
    fleet.stop().await;
    house
}

pub(crate) async fn an_approval_names_ten_phones_of_many(house: House) -> House {
    let fleet = phones_at_kiel(&house, 15).await;
    let_approve(&house, &[Role::Admin, Role::Operator]).await;
    let api = house.program(Role::Operator).await;
    let request = json!({ "action": "Reset", "targets": { "filter": "" }, "reason": "x" });
    api.post("/jobs", &request).await.expect(202);
    let mut admin = Person::sign_in(&house, Role::Admin).await;
    let page = admin.see("/approvals").await;
    let (_, named) = page.text.split_once("<dt>Will get it</dt><dd>").unwrap();
    let (named, _) = named.split_once("</dd>").unwrap();
    assert_eq!(named.matches(" (1").count(), 10, "{named}");
    let phones = fleet.phones().iter();
    let run = phones.filter(|phone| !phone.inventory.protected).count();
    assert!(named.starts_with(&format!("{run} phones: ")), "{named}");
    let more = format!(" and {} more", run - 10);
    assert!(named.ends_with(&more), "{named}");
    hides(&page, &["Deleted meanwhile"]);

    let mut other = browser(&house, "admin").await;
    let mut phones = fleet.phones().iter();
    let free = phones.find(|phone| !phone.inventory.protected).unwrap();
    let delete = format!("/phones/{}/delete", free.inventory.mac);
    let asked = other.get(&delete).await;
    let (version, name) = (hidden(&asked, "version"), to_type(&asked));
    let typed = [("version", version.as_str()), ("typed", name.as_str())];
    location(&submit(&mut other, &delete, &delete, &typed).await);
    let page = admin.see("/approvals").await;
    shows(&page, &["<dt>Deleted meanwhile</dt><dd>1 phone of it"]);
    fleet.stop().await;
    house
}

/// Two people who hear of the same trouble do the same about it: the second is told, of what starts later
/// too, when nothing is under way.
pub(crate) async fn a_review_tells_of_another_command_to_its_phones(house: House) -> House {
    let fleet = phones_at_kiel(&house, 3).await;
    let mut first = Person::sign_in(&house, Role::Admin).await;
    // Nothing leaves, so that the first job is still under way.
    let hold = [("reason", "hold")];
    first.go("/stop-all", "/stop-all", &hold).await;
    let api = house.program(Role::Admin).await;
    let request = json!({ "action": "Reboot", "targets": { "filter": "" }, "reason": "x" });
    let hour = house.engine().clock.now().plus(Duration::from_hours(1));
    let mut later = request.clone();
    later["options"] = json!({ "start_at": hour.to_string() });
    api.post("/jobs", &later).await.expect(202);
    let mut operator = Person::sign_in(&house, Role::Operator).await;
    let phones = fleet.phones().iter();
    let phones = phones.filter(|phone| !phone.inventory.protected).count();
    let told = format!("{phones} of these phones have another command coming: Restart by ");
    let choice = [
        ("filter", "site:kiel"),
        ("action", "Reboot"),
        ("reason", "x"),
    ];
    let review = operator.go("/run", "/run", &choice).await;
    let page = operator.see(&review).await;
    let when = format!(", at {} UTC. They would get both.", hour.to_minute_text());
    shows(&page, &[&told, &when]);
    // Opened again, the review does not warn of the job that it became.
    let (digest, number) = (hidden(&page, "digest"), phones.to_string());
    let start = [
        ("digest", digest.as_str()),
        ("reason", "x"),
        ("typed", &number),
    ];
    operator.go(&review, &review, &start).await;
    let page = operator.see(&review).await;
    shows(&page, &["This is a job already", &told]);
    hides(&page, &["Restart by operator ("]);
    // Now they are in three jobs, and each counts once.
    api.post("/jobs", &request).await.expect(202);
    api.post("/jobs", &request).await.expect(202);
    for (action, is_told) in [("Reboot", true), ("UP", false)] {
        let choice = [("filter", "site:kiel"), ("action", action), ("reason", "x")];
        let review = operator.go("/run", "/run", &choice).await;
        let page = operator.see(&review).await;
        assert_eq!(
            page.text.contains(&told),
            is_told,
            "{action}: {}",
            page.text
        );
    }
    fleet.stop().await;
    house
}

/// The number is asked for because of the command, or because of how many phones it is.
pub(crate) async fn a_number_is_asked_for_with_its_true_reason(house: House) -> House {
    let fleet = phones_at_kiel(&house, 3).await;
    let mut admin = browser(&house, "admin").await;
    let (class, many) = (
        "This cannot be undone: the number makes sure",
        "So many phones are a lot, in all or of one site:",
    );
    for (action, told, other) in [("Reset", class, many), ("Reboot", many, class)] {
        let asked = [("filter", "site:kiel"), ("action", action), ("reason", "x")];
        let review = location(&submit(&mut admin, "/run", "/run", &asked).await);
        let page = admin.get(&review).await;
        shows(&page, &["to confirm", told]);
        hides(&page, &[other]);
    }
    fleet.stop().await;
    house
}

pub(crate) async fn a_deleted_phone_is_told_by_its_name(house: House) -> House {
    let mut admin = browser(&house, "admin").await;
    with_desks(&mut admin, 6).await;
    let all = [("do", "run"), ("scope", "all"), ("filter", "site:kiel")];
    let run = location(&submit(&mut admin, "/phones", "/selection", &all).await);
    let page = format!("/phones/{DESK}/delete");
    let asked = admin.get(&page).await;
    let (version, name) = (hidden(&asked, "version"), to_type(&asked));
    let typed = [("version", version.as_str()), ("typed", name.as_str())];
    location(&submit(&mut admin, &page, &page, &typed).await);
    let told = admin.get(&run).await;
    let named = format!("Desk 02 ({DESK})");
    shows(&told, &["left the inventory meanwhile", &named]);
    house
}

/// One phone was deleted and another moved while somebody looked: both are told, and still behind
/// the button that leaves the deleted one out.
pub(crate) async fn a_moved_phone_is_told_beside_a_deleted_one(house: House) -> House {
    let site = |name, count| {
        let site = SiteConfig::new(name, count).with_security(PlainHttp);
        site.with_auth(Auth::None)
    };
    let config = FleetConfig::default().with_site(site("Kiel", 4));
    let fleet = fleet(config.with_site(site("Bonn", 1))).await;
    house.with_phones(&fleet).await;
    let mut admin = browser(&house, "admin").await;
    let all = [("do", "run"), ("scope", "all"), ("filter", "site:kiel")];
    let run = location(&submit(&mut admin, "/phones", "/selection", &all).await);
    let (_, sel) = run.split_once("sel=").unwrap();
    let choice = [("sel", sel), ("action", "OK"), ("reason", "INC-9")];
    let review = location(&submit(&mut admin, &run, "/run", &choice).await);
    let digest = hidden(&admin.get(&review).await, "digest");

    let kiel = fleet.phones().iter();
    let kiel = kiel.filter(|phone| phone.inventory.site == "kiel");
    let kiel: Vec<Mac> = kiel
        .map(|phone| phone.inventory.mac.parse().unwrap())
        .collect();
    house.move_phone(kiel[0], "bonn").await;
    let page = format!("/phones/{}/delete", kiel[1]);
    let asked = admin.get(&page).await;
    let (version, name) = (hidden(&asked, "version"), to_type(&asked));
    let typed = [("version", version.as_str()), ("typed", name.as_str())];
    location(&submit(&mut admin, &page, &page, &typed).await);

    let start = [("digest", digest.as_str()), ("reason", "INC-9")];
    let told = submit(&mut admin, &run, &review, &start).await;
    let moved = ["Now at another site:", "): Kiel → Bonn"];
    shows(&told, &["left the inventory meanwhile"]);
    shows(&told, &moved);
    let before = hidden(&told, "before");
    let on = [&choice[..], &[("before", before.as_str())]].concat();
    let on_page = location(&submit(&mut admin, &run, "/run/without-missing", &on).await);
    shows(&admin.get(&on_page).await, &moved);
    let review = location(&submit(&mut admin, &run, "/run", &on).await);
    shows(&admin.get(&review).await, &moved);
    fleet.stop().await;
    house
}

async fn delete_phone(admin: &mut Browser, mac: &str) -> String {
    let page = format!("/phones/{mac}/delete");
    let asked = admin.get(&page).await;
    let (version, name) = (hidden(&asked, "version"), to_type(&asked));
    let typed = [("version", version.as_str()), ("typed", name.as_str())];
    location(&submit(admin, &page, &page, &typed).await);
    name
}

/// The button leaves out who was named beside it: whoever went since is told on the review, or on
/// step 1 where there is none yet.
pub(crate) async fn going_on_without_some_tells_of_who_left_since(house: House) -> House {
    let fleet = phones_at_kiel(&house, 8).await;
    let mut admin = browser(&house, "admin").await;
    let all = [("do", "run"), ("scope", "all"), ("filter", "site:kiel")];
    let run = location(&submit(&mut admin, "/phones", "/selection", &all).await);
    let (_, sel) = run.split_once("sel=").unwrap();
    let phones = fleet.phones().iter();
    let free = phones.filter(|phone| !phone.inventory.protected);
    let mut macs = free.map(|phone| phone.inventory.mac.clone());
    let mut next = || macs.next().unwrap();

    delete_phone(&mut admin, &next()).await;
    let gone = hidden(&admin.get(&run).await, "gone");
    let late = delete_phone(&mut admin, &next()).await;
    let on = [("sel", sel), ("gone", gone.as_str())];
    let step = location(&submit(&mut admin, &run, "/run/without-missing", &on).await);
    let told = admin.get(&step).await;
    shows(&told, &["1 of the 7 phones that you picked left", &late]);

    let gone = hidden(&told, "gone");
    let late = delete_phone(&mut admin, &next()).await;
    let on = [
        ("sel", sel),
        ("gone", gone.as_str()),
        ("action", "OK"),
        ("reason", "x"),
    ];
    let review = location(&submit(&mut admin, &run, "/run/without-missing", &on).await);
    assert!(review.starts_with("/run/review/"), "{review}");
    let told = admin.get(&review).await;
    shows(
        &told,
        &["The phones changed while you looked", "Went:", &late],
    );
    hides(&admin.get(&review).await, &["The phones changed"]);
    fleet.stop().await;
    house
}

/// A start for later is typed as a date and a time, whatever the pace, and stands on the button.
pub(crate) async fn a_start_for_later_stands_on_the_button(house: House) -> House {
    let fleet = phones_at_kiel(&house, 1).await;
    let mut operator = Person::sign_in(&house, Role::Operator).await;
    let later = house.engine().clock.now().plus(Duration::from_hours(24));
    let later = later.to_minute_text();
    let at = |start| {
        [
            ("filter", "site:kiel"),
            ("action", "DNDOn"),
            ("start_at", start),
        ]
    };
    let review = operator.go("/run", "/run", &at(later.as_str())).await;
    let page = operator.see(&review).await;
    let clock = later.split(' ').next_back().unwrap();
    let clock = clock.strip_suffix(":00").unwrap_or(clock);
    let said = format!(" at {clock} UTC</time></span></button>");
    shows(&page, &["Start later", &format!("{later} UTC"), &said]);
    let wrong = operator.send("/run", "/run", &at("tonight")).await;
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    shows(&wrong, &["Start at: give a date and a time"]);
    fleet.stop().await;
    house
}

/// An end is typed as the start is, in the zone of the page, whatever the pace. Back from the review it is
/// there as it was typed, and so is a reason that was typed beside the review.
pub(crate) async fn an_end_is_typed_as_the_start_is(house: House) -> House {
    let fleet = phones_at_kiel(&house, 1).await;
    let mut operator = Person::sign_in(&house, Role::Operator).await;
    let now = house.engine().clock.now();
    let end = now.plus(Duration::from_hours(24)).to_minute_text();
    let typed = now.plus(Duration::from_hours(26)).to_minute_text();
    let until = |end| {
        [
            ("filter", "site:kiel"),
            ("action", "DNDOn"),
            ("not_after", end),
            ("end_zone", "120"),
        ]
    };
    let review = operator.go("/run", "/run", &until(typed.as_str())).await;
    let page = operator.see(&review).await;
    shows(&page, &["Not sent after", &format!("title=\"{end} UTC\"")]);
    let (_, draft) = review.rsplit_once('/').unwrap();
    let back = operator.see(&format!("/run?draft={draft}")).await;
    let field = "name=\"not_after\" type=\"datetime-local\"";
    let kept = format!("value=\"{typed}\"");
    shows(&back, &[field, &kept, "name=\"end_zone\" value=\"120\""]);
    let token = hidden(&page, "digest");
    let leave = [
        ("digest", token.as_str()),
        ("reason", "INC-77"),
        ("back", "yes"),
    ];
    let step_one = operator.go(&review, &review, &leave).await;
    assert_eq!(step_one, format!("/run?draft={draft}"));
    let again = operator.see(&step_one).await;
    shows(&again, &["value=\"INC-77\"", &kept]);
    for (wrong, told) in [
        ("tonight", "Not after: give a date and a time"),
        ("2026-01-01 10:00", "Nothing could be sent before this time"),
    ] {
        let again = operator.send("/run", "/run", &until(wrong)).await;
        assert_eq!(again.status, 422, "{}", again.text);
        let kept = format!("value=\"{wrong}\"");
        shows(&again, &[told, "id=\"f-not-after-error\"", &kept]);
    }
    fleet.stop().await;
    house
}

/// The limit of one job stands on both pages, before anything is typed, and no button leads into it.
pub(crate) async fn an_operator_is_told_the_limit_first(house: House) -> House {
    let fleet = phones_at_kiel(&house, 3).await;
    let rules = Rules {
        phones_per_job: 2,
        ..Rules::default()
    };
    let local = House::local();
    house
        .engine()
        .change_rules(&local, &rules, "")
        .await
        .unwrap();
    let mut operator = Person::sign_in(&house, Role::Operator).await;
    let limit = "3 phones are chosen, and one job of an operator takes 2 at most";
    let choose = operator.see("/run?filter=site:kiel").await;
    shows(&choose, &[limit]);
    let choice = [("filter", "site:kiel"), ("action", "DNDOn")];
    let review = operator.go("/run", "/run", &choice).await;
    let page = operator.see(&review).await;
    shows(&page, &[limit, "Too many phones for one job"]);
    hides(&page, &["name=\"reason\"", "name=\"digest\""]);
    let mut admin = Person::sign_in(&house, Role::Admin).await;
    hides(&admin.see("/run?filter=site:kiel").await, &[limit]);
    fleet.stop().await;
    house
}

/// All that was picked is protected: an administrator has the tick, and nobody to ask.
pub(crate) async fn an_administrator_is_shown_the_way_to_protected_phones(house: House) -> House {
    let fleet = phones_at_kiel(&house, 1).await;
    let mac: Mac = fleet.phones()[0].inventory.mac.parse().unwrap();
    house.protect_phone(mac).await;
    let choice = [("filter", "site:kiel"), ("action", "DNDOn")];
    let mut operator = browser(&house, "operator").await;
    let review = location(&submit(&mut operator, "/run", "/run", &choice).await);
    let page = operator.get(&review).await;
    shows(
        &page,
        &["An administrator can include it", "Nothing would be sent"],
    );

    let mut admin = browser(&house, "admin").await;
    let review = location(&submit(&mut admin, "/run", "/run", &choice).await);
    let page = admin.get(&review).await;
    shows(
        &page,
        &[
            "You can include it: tick the box above.",
            "name=\"include_protected\"",
        ],
    );
    hides(
        &page,
        &["An administrator can include it", "Nothing would be sent"],
    );
    let digest = hidden(&page, "digest");
    let start = [("digest", digest.as_str()), ("reason", "INC-1")];
    let none = submit(&mut admin, &review, &review, &start).await;
    assert_eq!(none.status, 422, "nothing is ticked: {}", none.text);
    let digest = hidden(&none, "digest");
    let start = [
        ("digest", digest.as_str()),
        ("reason", "INC-1"),
        ("include_protected", "on"),
    ];
    let job = location(&submit(&mut admin, &review, &review, &start).await);
    assert!(job.starts_with("/jobs/"), "{job}");
    fleet.stop().await;
    house
}

pub(crate) async fn empty_passwords_are_told_and_so_is_signing_out(house: House) -> House {
    let mut viewer = browser(&house, "viewer").await;
    let (account, change) = ("/account", "/account/password");
    let empty = submit(&mut viewer, account, change, &[("current", "")]).await;
    assert_eq!(empty.status, 422);
    for (field, text) in [
        ("current", "Type the password that you have now."),
        ("password", "Type a new password."),
        ("password-again", "Type the new password once more."),
    ] {
        let (_, beside) = empty
            .text
            .split_once(&format!("id=\"f-{field}-error\""))
            .unwrap();
        let beside = beside.split("</p>").next().unwrap();
        assert!(beside.contains(text), "{field}: {beside}");
    }
    let left = submit(&mut viewer, account, "/sign-out", &[]).await;
    assert_eq!(location(&left), "/sign-in");
    shows(&viewer.get("/sign-in").await, &["You are signed out."]);
    hides(&viewer.get("/sign-in").await, &["You are signed out."]);
    house
}

pub(crate) async fn words_of_name_and_site_find_a_phone(house: House) -> House {
    let mut admin = browser(&house, "admin").await;
    with_desks(&mut admin, 6).await;
    for typed in ["desk+kiel", "Kiel+02"] {
        let page = admin.get(&format!("/phones?q={typed}")).await;
        shows(
            &page,
            &[
                "Desk 02",
                "No phone is called",
                "one of the words names a site",
            ],
        );
        hides(&page, &[">Desk 01<", "No phones match"]);
    }
    let page = admin.get("/phones?q=kiel+02").await;
    shows(&page, &["1 of 6 phones", "value=\"02 site:kiel\""]);
    let page = admin.get("/phones?q=Kiel").await;
    shows(
        &page,
        &[
            "Desk 02",
            "value=\"site:kiel\"",
            "Did you mean",
            "at site Kiel",
        ],
    );
    hides(&page, &["No phones match"]);
    let none = admin.get("/phones?q=nobody+kiel").await;
    shows(&none, &["No phones match", "value=\"nobody kiel\""]);
    only_words(&mut admin).await;
    house
}

/// Names come first: where somebody is called so, no word is a site.
async fn only_words(admin: &mut Browser) {
    let page = admin.get("/phones?q=desk+02").await;
    shows(&page, &["1 of 6 phones", "value=\"desk 02\""]);
    hides(&page, &["No phone is called"]);
}
