//! The list of phones: kept lists, columns, changes of many, and a selection that stays exact.

use std::collections::BTreeSet;

use carillon_domain::Mac;
use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_simulator::{Auth, FleetConfig, SiteConfig, Timing};
use reqwest::StatusCode;

use crate::browser::Browser;
use crate::house::{House, fleet};
use crate::inventory_pages::{browser, hidden, location, next_page, submit, to_type, with_desks};
use crate::requests::Answer;

pub(crate) async fn a_kept_list_comes_back_by_its_name(house: House) -> House {
    let mut admin = browser(&house, "admin").await;
    with_desks(&mut admin, 6).await;
    let page = admin
        .get("/phones?q=site:kiel&sort=-label&cols=mac&limit=5&sel=x")
        .await;
    let query = hidden(&page, "query");
    let fields = [
        ("name", "Kiel, newest"),
        ("query", &*query.replace("&amp;", "&")),
    ];
    let kept = location(&submit(&mut admin, "/phones", "/phones/views", &fields).await);
    assert_eq!(kept, "/phones?view=kiel-newest");
    let page = admin.get(&kept).await;
    assert!(page.text.contains("3 of 6 phones"), "{}", page.text);
    assert!(
        page.text.contains("data-label=\"MAC\"") && !page.text.contains("data-label=\"Model\"")
    );
    assert!(page.text.contains("aria-sort=\"descending\""));

    let nameless = [("name", " - "), ("query", "q=site:ulm")];
    let refused = submit(&mut admin, "/phones", "/phones/views", &nameless).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("Give a name of letters or digits"),
        "{}",
        refused.text
    );

    let mut other = browser(&house, "operator").await;
    let page = other.get(&kept).await;
    assert!(
        page.text.contains("unknown: view=kiel-newest"),
        "nobody opens another's list"
    );
    let foreign = submit(
        &mut other,
        "/phones",
        "/phones/views/delete",
        &[("slug", "kiel-newest")],
    );
    assert_eq!(foreign.await.status, StatusCode::NOT_FOUND);
    let slug = [("slug", "kiel-newest")];
    location(&submit(&mut admin, "/phones", "/phones/views/delete", &slug).await);
    assert!(
        admin
            .get(&kept)
            .await
            .text
            .contains("unknown: view=kiel-newest")
    );
    house
}

pub(crate) async fn columns_that_somebody_chose_stay(house: House) -> House {
    let mut admin = browser(&house, "admin").await;
    with_desks(&mut admin, 2).await;
    let fields = [("q", "site:kiel"), ("cols", "mac"), ("cols", "notes")];
    let to = location(&submit(&mut admin, "/phones", "/phones/columns", &fields).await);
    assert_eq!(to, "/phones?q=site:kiel");
    let shows = |page: &Answer, name: &str| page.text.contains(&format!("data-label=\"{name}\""));
    for path in [to.as_str(), "/phones"] {
        let page = admin.get(path).await;
        assert!(
            shows(&page, "MAC") && !shows(&page, "Model"),
            "{}",
            page.text
        );
    }
    let asked = admin.get("/phones?cols=model").await;
    assert!(
        shows(&asked, "Model") && !shows(&asked, "MAC"),
        "an address says it itself"
    );
    location(&submit(&mut admin, "/phones", "/phones/columns", &[]).await);
    let usual = admin.get("/phones").await;
    assert!(
        shows(&usual, "Model") && !shows(&usual, "MAC"),
        "{}",
        usual.text
    );
    house
}

pub(crate) async fn columns_stand_in_the_order_that_somebody_made(house: House) -> House {
    let mut admin = browser(&house, "admin").await;
    with_desks(&mut admin, 2).await;
    let order = |page: &Answer| -> Vec<String> {
        let row = page.text.split("<tbody>").nth(1).unwrap();
        let row = row.split("</tr>").next().unwrap();
        let cells = row.split("data-label=\"").skip(1);
        cells
            .map(|cell| cell.split('"').next().unwrap().to_owned())
            .collect()
    };
    let fields = [
        ("q", "site:kiel"),
        ("cols", "model"),
        ("cols", "mac"),
        ("cols", "site"),
        ("moved", "down.model"),
    ];
    let to = location(&submit(&mut admin, "/phones", "/phones/columns", &fields).await);
    assert_eq!(
        to,
        "/phones?q=site:kiel&cols=mac,model,site&moved=down.model"
    );
    let page = admin.get(&to).await;
    assert_eq!(order(&page), ["MAC", "Model", "Site"]);
    let (before, columns) = page.text.split_once("columns-form").unwrap();
    assert!(before.rsplit_once("<details").unwrap().1.contains(" open"));
    let focus = columns.split_once(" autofocus").unwrap().0;
    let focus = focus.rsplit_once("value=\"").unwrap().1;
    assert!(focus.starts_with("down.model\""), "{focus}");
    // As an address says it, and from now on without one; a kept list has its own.
    assert_eq!(order(&admin.get("/phones").await), ["MAC", "Model", "Site"]);
    let other = admin.get("/phones?cols=site,mac").await;
    assert_eq!(order(&other), ["Site", "MAC"]);
    assert_eq!(hidden(&other, "query"), "cols=site,mac");
    let odd = admin.get("/phones?moved=left.site&cols=site,site").await;
    assert_eq!(order(&odd), ["Site"]);
    assert!(
        odd.text.contains("unknown: moved=left.site"),
        "{}",
        odd.text
    );
    house
}

/// A form for ticked phones that is refused comes back with what was ticked and typed.
#[tokio::test]
async fn ticks_and_words_survive_a_refusal() {
    let house = House::open(None).await;
    let mut admin = browser(&house, "admin").await;
    with_desks(&mut admin, 6).await;
    let list = "/phones?q=site:kiel";
    let of_list = [("list", "q=site:kiel"), ("filter", "site:kiel")];
    let nothing = [&of_list[..], &[("do", "run")]].concat();
    let offered = submit(&mut admin, list, "/selection", &nothing).await;
    assert_eq!(offered.status, StatusCode::UNPROCESSABLE_ENTITY);
    let chosen = ["page", "all"].map(|scope| format!("name=\"scope\" value=\"{scope}\" checked"));
    for scope in &chosen {
        assert!(!offered.text.contains(scope), "{}", offered.text);
    }
    let all = [&nothing[..], &[("scope", "all"), ("count", "2")]].concat();
    let looked_at_others = submit(&mut admin, list, "/selection", &all).await;
    assert!(
        looked_at_others.text.contains(&chosen[1]),
        "a choice by hand stays"
    );

    let ticked = [("mac", "00:15:65:00:00:02"), ("mac", "00:15:65:00:00:04")];
    let bad = [("do", "tag"), ("tag", "bad tag!")];
    let bad = [&of_list[..], &ticked[..], &bad[..]].concat();
    let refused = submit(&mut admin, list, "/selection", &bad).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        refused.text.matches("data-row=\"\" checked").count(),
        2,
        "{}",
        refused.text
    );
    assert!(
        refused.text.contains("value=\"bad tag!\""),
        "{}",
        refused.text
    );
    assert!(
        refused.text.contains("name=\"pop\" open"),
        "{}",
        refused.text
    );
    // What is ticked counts by itself, where nobody chose.
    let run = [&of_list[..], &ticked[..], &[("do", "run")]].concat();
    let run = location(&submit(&mut admin, list, "/selection", &run).await);
    let page = admin.get(&run).await;
    assert!(page.text.contains("2 phones"), "{}", page.text);
    house.close().await;
}

pub(crate) async fn many_phones_are_changed_at_once(house: House) -> House {
    let mut admin = browser(&house, "admin").await;
    with_desks(&mut admin, 6).await;
    let all = [("do", "edit"), ("scope", "all"), ("filter", "site:kiel")];
    let ask = location(&submit(&mut admin, "/phones", "/selection", &all).await);
    let page = admin.get(&ask).await;
    assert!(page.text.contains("Edit 3 phones") && page.text.contains("Desk 02 (2002)"));
    let sel = hidden(&page, "sel");
    let form = |count: &'static str, more: &[(&'static str, &'static str)]| {
        let base = [("count", count), ("site", "="), ("credential", "=")];
        [&base, more].concat()
    };
    for (fields, told) in [
        (form("3", &[]), "Choose at least one thing to change"),
        (form("2", &[("protected", "yes")]), "grew or shrank"),
        (form("3", &[("site", "atlantis")]), "no site of this name"),
    ] {
        let fields = [&[("sel", sel.as_str())], &fields[..]].concat();
        let fields: Vec<_> = fields.iter().rev().copied().collect();
        let refused = submit(&mut admin, &ask, "/phones/edit", &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains(told), "{told}: {}", refused.text);
    }
    let gone = ["/phones/00:15:65:00:00:02/delete"];
    let page = admin.get(gone[0]).await;
    let apart = "2002 · 00:15:65:00:00:02";
    assert!(page.text.contains(apart), "{}", page.text);
    let version = hidden(&page, "version");
    let unnamed = [("version", version.as_str()), ("typed", "Desk")];
    let unnamed = submit(&mut admin, gone[0], gone[0], &unnamed).await;
    assert_eq!(unnamed.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unnamed.text.contains("to delete this phone"));
    let named = [("version", version.as_str()), ("typed", &to_type(&page))];
    let list = location(&submit(&mut admin, gone[0], gone[0], &named).await);
    let told = admin.get(&list).await;
    let told = told.text.contains("Desk 02 (2002) was deleted.");
    assert!(told, "which of that name is said");
    let change = form("3", &[("protected", "yes"), ("model", "T54W")]);
    let fields = [&[("sel", sel.as_str())], &change[..]].concat();
    location(&submit(&mut admin, &ask, "/phones/edit", &fields).await);
    let page = admin.get("/phones?model=T54W").await;
    assert!(
        page.text.contains(
            "2 phones were changed. 1 phone was no longer there: Desk 02 (00:15:65:00:00:02)."
        ),
        "{}",
        page.text
    );
    assert!(page.text.contains("2 of 5 phones"));
    let log = admin.get("/audit?action=phone.changed").await;
    let rows = log.text.split("<tbody>").nth(1).unwrap();
    assert_eq!(rows.matches("changed the phone").count(), 2);
    let again = submit(&mut admin, &ask, "/phones/edit", &fields).await;
    location(&again);
    assert!(
        admin
            .get("/phones")
            .await
            .text
            .contains("2 phones were so already.")
    );
    house
}

pub(crate) async fn as_many_phones_are_not_the_same_phones(house: House) -> House {
    let mut admin = browser(&house, "admin").await;
    with_desks(&mut admin, 6).await;
    let page = admin.get("/phones?q=site:kiel").await;
    let seen = [
        ("do", "tag"),
        ("scope", "all"),
        ("tag", "night"),
        ("filter", "site:kiel"),
        ("count", "3"),
        ("digest", &*hidden(&page, "digest")),
    ];
    // One leaves Kiel and another comes: still three.
    for (mac, site) in [("02", "ulm"), ("01", "kiel")] {
        let mac: Mac = format!("00:15:65:00:00:{mac}").parse().unwrap();
        house.move_phone(mac, site).await;
    }
    let told = submit(&mut admin, "/phones", "/selection", &seen).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        told.text.contains("no longer those that you looked at"),
        "{}",
        told.text
    );
    assert!(
        admin
            .get("/phones?tag=night")
            .await
            .text
            .contains("0 of 6 phones")
    );
    house
}

/// Every MAC that stands in a page.
fn named(page: &Answer) -> BTreeSet<Mac> {
    let cells = page.text.split("data-label=\"MAC\"").skip(1);
    cells
        .map(|rest| {
            let at = rest.find("class=\"mono\">").unwrap() + 13;
            rest[at..at + 17].parse().unwrap()
        })
        .collect()
}

/// Ticks what is on each page of a filter and collects it.
async fn collect(browser: &mut Browser, filter: &str) -> String {
    let (mut next, mut sel) = (Some(format!("/phones?q={filter}&limit=50")), String::new());
    while let Some(here) = next {
        let page = browser.get(&here).await;
        let macs = page.text.split("name=\"mac\" value=\"").skip(1);
        let macs: Vec<String> = macs.map(|rest| rest[..17].to_owned()).collect();
        let mut fields = vec![("do", "collect"), ("scope", "page"), ("filter", filter)];
        fields.extend(macs.iter().map(|mac| ("mac", mac.as_str())));
        fields.push(("sel", sel.as_str()));
        let to = location(&submit(browser, "/phones", "/selection", &fields).await);
        let (_, id) = to.split_once("sel=").unwrap();
        id.clone_into(&mut sel);
        next = next_page(&page);
    }
    sel
}

pub(crate) async fn a_selection_of_240_is_exactly_these_240(house: House) -> House {
    let site = |name, count| {
        let site = SiteConfig::new(name, count).with_security(PlainHttp);
        site.with_auth(Auth::None)
    };
    let config = FleetConfig::default().with_site(site("Kiel", 240));
    let phones = fleet(config.with_site(site("Bonn", 30))).await;
    house.with_phones(&phones).await;
    let mut admin = browser(&house, "admin").await;
    let of_site = |name: &str| -> BTreeSet<Mac> {
        let found = phones.phones().iter();
        let found = found.filter(|phone| phone.inventory.site == name);
        found
            .map(|phone| phone.inventory.mac.parse().unwrap())
            .collect()
    };
    let kiel = of_site("kiel");
    assert_eq!(kiel.len(), 240);
    let sel = collect(&mut admin, "site:kiel").await;

    // Somebody edits meanwhile: one phone comes to the site, and one leaves the inventory.
    house
        .move_phone(*of_site("bonn").first().unwrap(), "kiel")
        .await;
    let gone = *kiel.last().unwrap();
    let page = format!("/phones/{gone}/delete");
    let asked = admin.get(&page).await;
    let (version, name) = (hidden(&asked, "version"), to_type(&asked));
    let typed = [("version", version.as_str()), ("typed", name.as_str())];
    location(&submit(&mut admin, &page, &page, &typed).await);
    let run = format!("/run?sel={sel}");
    let told = admin.get(&run).await;
    assert!(
        told.text
            .contains("1 of the 240 phones that you picked left the inventory meanwhile"),
        "{}",
        told.text
    );
    assert!(told.text.contains(&name));
    let choice = [
        ("sel", sel.as_str()),
        ("action", "DNDOn"),
        ("pacing", "fast"),
    ];
    let stuck = submit(&mut admin, &run, "/run", &choice).await;
    assert_eq!(
        stuck.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "told, and nothing dropped in silence"
    );
    assert_eq!(
        stuck.text.matches(&format!("{name} ({gone})")).count(),
        1,
        "told once: {}",
        stuck.text
    );
    let on = [&choice[..], &[("reason", "INC-7")]].concat();
    let on = location(&submit(&mut admin, &run, "/run/without-missing", &on).await);
    assert!(on.starts_with("/run/review/"), "one page less: {on}");
    let kept = admin.get(&on).await;
    assert!(kept.text.contains("INC-7"), "{}", kept.text);
    assert!(hidden(&kept, "digest").starts_with("239:"));

    let mut expected = kiel.clone();
    expected.remove(&gone);
    let review = location(&submit(&mut admin, &run, "/run", &choice).await);
    let by_name = admin.get(&format!("{review}/phones")).await;
    assert_eq!(named(&by_name), expected, "the review names exactly these");

    // And once more, between the review and the start.
    let page = admin.get(&review).await;
    let digest = hidden(&page, "digest");
    let rows = by_name
        .text
        .split("<tr>")
        .filter(|row| row.contains("Will get it"));
    let late = rows.last().unwrap().split("/phones/").nth(1).unwrap()[..17]
        .parse()
        .unwrap();
    house.protect_phone(late).await;
    let start = [
        ("digest", digest.as_str()),
        ("reason", "INC-1"),
        ("typed", "239"),
    ];
    let changed = submit(&mut admin, "/run", &review, &start).await;
    assert_eq!(changed.status, StatusCode::CONFLICT, "{}", changed.text);
    assert!(
        changed.text.contains("The phones changed while you looked"),
        "{}",
        changed.text
    );
    let digest = hidden(&changed, "digest");
    let typed = changed.text.split("Type ").nth(1).unwrap();
    let typed = typed.split(' ').next().unwrap();
    let start = [
        ("digest", digest.as_str()),
        ("reason", "INC-1"),
        ("typed", typed),
    ];
    let job = location(&submit(&mut admin, &review, &review, &start).await);

    let file = admin.get(&format!("{job}/targets.json")).await.json();
    let targets: BTreeSet<Mac> = file
        .as_array()
        .unwrap()
        .iter()
        .map(|target| target["mac"].as_str().unwrap().parse().unwrap())
        .collect();
    assert_eq!(targets, expected, "the job has exactly these");
    let id = job.rsplit('/').next().unwrap();
    loop {
        let page = admin.get(&job).await;
        if page.text.contains("data-ended=") {
            break;
        }
        tokio::task::yield_now().await;
    }
    let log = admin
        .get(&format!(
            "/audit/export?format=jsonl&job={id}&from=2000-01-01"
        ))
        .await;
    let recorded: BTreeSet<Mac> = log
        .text
        .lines()
        .filter_map(|line| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            record["phone"].as_str().map(|mac| mac.parse().unwrap())
        })
        .collect();
    assert_eq!(recorded, expected, "the log names exactly these");
    house
}

/// A tick for protected phones is for those that the page named, and one's own tick is nobody's edit.
pub(crate) async fn a_tick_takes_in_the_protected_phones_that_were_shown(house: House) -> House {
    let site = SiteConfig::new("Kiel", 24).with_security(PlainHttp);
    let phones = fleet(FleetConfig::default().with_site(site.with_auth(Auth::None))).await;
    house.with_phones(&phones).await;
    let mut macs = phones
        .phones()
        .iter()
        .map(|phone| phone.inventory.mac.parse().unwrap());
    let (one, two): (Mac, Mac) = (macs.next().unwrap(), macs.next().unwrap());
    house.protect_phone(one).await;
    let mut admin = browser(&house, "admin").await;
    let sel = collect(&mut admin, "site:kiel").await;
    let choice = [
        ("sel", sel.as_str()),
        ("action", "DNDOn"),
        ("pacing", "fast"),
    ];
    let run = format!("/run?sel={sel}");
    let review = location(&submit(&mut admin, &run, "/run", &choice).await);
    let page = admin.get(&review).await;
    assert!(
        page.text.contains("with the protected ones: 24"),
        "{}",
        page.text
    );

    house.protect_phone(two).await;
    let digest = hidden(&page, "digest");
    let start = [
        ("digest", digest.as_str()),
        ("reason", "INC-1"),
        ("typed", "24"),
        ("include_protected", "on"),
    ];
    let told = submit(&mut admin, "/run", &review, &start).await;
    assert_eq!(told.status, StatusCode::CONFLICT, "{}", told.text);
    assert!(told.text.contains("Now protected:"), "{}", told.text);
    let tick = told
        .text
        .split("name=\"include_protected\"")
        .nth(1)
        .unwrap();
    let tick = tick.split('>').next().unwrap();
    assert!(
        !tick.contains("checked"),
        "it was ticked for another: {tick}"
    );

    let digest = hidden(&told, "digest");
    let start = [
        ("digest", digest.as_str()),
        ("reason", "INC-1"),
        ("typed", "24"),
        ("include_protected", "on"),
    ];
    let job = location(&submit(&mut admin, &review, &review, &start).await);
    let file = admin.get(&format!("{job}/targets.json")).await.json();
    assert_eq!(file.as_array().unwrap().len(), 24);
    house
}

/// Whether a page says that a phone restarts, with the way to this job.
fn restarts(page: &Answer, job: &str) -> bool {
    let href = format!("href=\"{job}\"");
    let links = page.text.split(href.as_str()).skip(1);
    let mut links = links.map(|rest| rest.split("</a>").next().unwrap());
    links.any(|link| link.contains("Restarting"))
}

pub(crate) async fn a_phone_that_restarts_leads_to_its_job(house: House) -> House {
    // Longer than the test looks.
    let timing = Timing {
        reboot_min_ms: 60_000,
        reboot_max_ms: 60_000,
        ..Timing::default()
    };
    let site = SiteConfig::new("Kiel", 3).with_security(PlainHttp);
    let config = FleetConfig::default().with_timing(timing);
    let phones = fleet(config.with_site(site.with_auth(Auth::None))).await;
    house.with_phones(&phones).await;
    let all = phones.phones();
    let phone = all.iter().find(|phone| !phone.inventory.protected);
    let mac = phone.unwrap().inventory.mac.as_str();
    let here = format!("/phones/{mac}");
    let mut operator = browser(&house, "operator").await;
    let form = [("action", "Reboot"), ("reason", "it hangs")];
    let job = location(&submit(&mut operator, &here, &format!("{here}/do"), &form).await);
    let list = loop {
        let list = operator.get("/phones").await;
        if restarts(&list, &job) {
            break list;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(list.text.matches(">Restarting<").count(), 1);
    assert!(restarts(&operator.get(&here).await, &job), "its own page");
    let picked = [("do", "collect"), ("mac", mac)];
    let list = location(&submit(&mut operator, "/phones", "/selection", &picked).await);
    let (_, sel) = list.split_once("sel=").unwrap();
    let picked = operator.get(&format!("/selection?sel={sel}")).await;
    assert!(restarts(&picked, &job), "{}", picked.text);
    phones.stop().await;
    house
}

pub(crate) async fn keys_are_jobs_and_a_picture_is_looked_at(house: House) -> House {
    let site = SiteConfig::new("Kiel", 3)
        .with_security(PlainHttp)
        .with_auth(Auth::None);
    let phones = fleet(FleetConfig::default().with_site(site)).await;
    house.with_phones(&phones).await;
    let mut operator = browser(&house, "operator").await;
    let mac = &phones
        .phones()
        .iter()
        .find(|phone| !phone.inventory.protected)
        .unwrap()
        .inventory
        .mac;
    let here = format!("/phones/{mac}");
    let keys = format!("{here}/keys");
    let page = operator.get(&here).await;
    assert!(
        page.text.contains("name=\"key\" value=\"POUND\""),
        "{}",
        page.text
    );

    let quiet = submit(
        &mut operator,
        &here,
        &keys,
        &[("key", "UP"), ("reason", "")],
    )
    .await;
    assert_eq!(location(&quiet), format!("{here}?said=keys#keypad"));
    let loud = submit(
        &mut operator,
        &here,
        &keys,
        &[("key", "OK"), ("reason", "")],
    )
    .await;
    assert_eq!(
        loud.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "a key that may answer a call wants a reason"
    );
    let loud = submit(
        &mut operator,
        &here,
        &keys,
        &[("key", "OK"), ("reason", "INC 7")],
    )
    .await;
    assert_eq!(
        location(&loud),
        format!("{here}?reason=INC%207&said=keys#keypad")
    );
    let odd = submit(
        &mut operator,
        &here,
        &keys,
        &[("key", "Nonsense"), ("reason", "x")],
    )
    .await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);

    let taken = submit(&mut operator, &here, &format!("{here}/screen"), &[]).await;
    let to = location(&taken);
    let (_, id) = to.split_once("?screen=").unwrap();
    let id = id.trim_end_matches("#keypad");
    let page = operator.get(&format!("{here}?screen={id}")).await;
    let href = format!("{here}/screen/{id}");
    assert!(
        page.text.contains(&format!("src=\"{href}\"")),
        "{}",
        page.text
    );
    let picture = operator.get(&href).await;
    assert_eq!(picture.headers["content-type"], "image/png");
    assert_eq!(picture.headers["cache-control"], "no-store");
    let mut other = browser(&house, "admin").await;
    assert_eq!(
        other.get(&href).await.status,
        StatusCode::NOT_FOUND,
        "only who took it sees it"
    );
    let mut viewer = browser(&house, "viewer").await;
    let denied = submit(&mut viewer, "/phones", &format!("{here}/screen"), &[]).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
    let log = other
        .get(&format!("/audit?phone={mac}&action=phone.screen_looked_at"))
        .await;
    assert_eq!(
        log.text
            .split("<tbody>")
            .nth(1)
            .unwrap()
            .matches("looked at the screen of the phone")
            .count(),
        2,
        "before and after"
    );
    house
}

pub(crate) async fn a_phone_that_moved_since_the_review_is_told(house: House) -> House {
    moves_after_the_review(&house, false).await;
    house
}

/// It is skipped until the tick, and the tick sends to it at the site that it was not shown at.
pub(crate) async fn a_protected_phone_that_moved_is_told(house: House) -> House {
    moves_after_the_review(&house, true).await;
    house
}

async fn moves_after_the_review(house: &House, protected: bool) {
    let site = |name, count| {
        let site = SiteConfig::new(name, count).with_security(PlainHttp);
        site.with_auth(Auth::None)
    };
    let config = FleetConfig::default().with_site(site("Kiel", 2));
    let phones = fleet(config.with_site(site("Bonn", 1))).await;
    house.with_phones(&phones).await;
    let kiel = phones
        .phones()
        .iter()
        .find(|phone| phone.inventory.site == "kiel");
    let moved: Mac = kiel.unwrap().inventory.mac.parse().unwrap();
    if protected {
        house.protect_phone(moved).await;
    }
    let mut admin = browser(house, "admin").await;
    let sel = collect(&mut admin, "site:kiel").await;
    let choice = [("sel", sel.as_str()), ("action", "OK"), ("reason", "INC-9")];
    let review = location(&submit(&mut admin, "/run", "/run", &choice).await);
    let digest = hidden(&admin.get(&review).await, "digest");
    house.move_phone(moved, "bonn").await;
    let fields = |digest| {
        let all = [
            ("digest", digest),
            ("reason", "INC-9"),
            ("typed", "2"),
            ("include_protected", "on"),
        ];
        all[..3 + usize::from(protected)].to_vec()
    };
    let told = submit(&mut admin, "/run", &review, &fields(digest.as_str())).await;
    assert_eq!(told.status, StatusCode::CONFLICT, "{}", told.text);
    assert!(told.text.contains("Now at another site:"), "{}", told.text);
    let digest = hidden(&told, "digest");
    let job = location(&submit(&mut admin, "/run", &review, &fields(digest.as_str())).await);
    assert!(job.starts_with("/jobs/"), "{job}");
}
