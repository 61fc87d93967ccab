//! The pages of the inventory, as a browser without scripts uses them.

use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_domain::role::Role;
use carillon_simulator::{FleetConfig, Profile, SiteConfig};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};

use crate::browser::{Browser, token};
use crate::house::{House, PASSWORD, fleet};
use crate::requests::Answer;

/// A password that no page may ever show.
const SECRET: &str = "canary-77-sealed";

pub(crate) async fn browser(house: &House, name: &str) -> Browser {
    let mut browser = Browser::new(&house.base());
    browser.sign_in(name, PASSWORD).await;
    browser
}

/// A page. Only a few imports are read at once, and other tests import as well.
pub(crate) async fn look(browser: &mut Browser, path: &str) -> Answer {
    loop {
        let answer = browser.get(path).await;
        if answer.status != StatusCode::SERVICE_UNAVAILABLE {
            return answer;
        }
        tokio::task::yield_now().await;
    }
}

/// Sends a form of a page.
pub(crate) async fn submit(
    browser: &mut Browser,
    page: &str,
    action: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let token = token(&look(browser, page).await);
    let mut all = vec![("csrf", token.as_str())];
    all.extend_from_slice(fields);
    loop {
        let form = browser.form(action, &all);
        let form = form.header("sec-fetch-site", "same-origin");
        let answer = browser.send(form).await;
        if answer.status != StatusCode::SERVICE_UNAVAILABLE {
            return answer;
        }
        tokio::task::yield_now().await;
    }
}

/// Uploads a list, as a form with a file does.
pub(crate) async fn upload(browser: &mut Browser, csv: &str) -> Answer {
    let file = ("name=\"file\"; filename=\"list.csv\"", csv);
    give(browser, &[("name=\"text\"", ""), file]).await
}

/// Sends the form of the import with these parts, each after its head.
async fn give(browser: &mut Browser, parts: &[(&str, &str)]) -> Answer {
    let token = token(&browser.get("/phones/import").await);
    let part = |head: &str, body: &str| {
        format!("--edge\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n")
    };
    let parts = parts.iter().map(|(head, text)| part(head, text));
    let body: Vec<String> = std::iter::once(part("name=\"csrf\"", &token))
        .chain(parts)
        .chain(["--edge--\r\n".to_owned()])
        .collect();
    let kind = HeaderValue::from_static("multipart/form-data; boundary=edge");
    loop {
        let form = browser.form("/phones/import", &[]);
        let form = form.headers(HeaderMap::from_iter([(CONTENT_TYPE, kind.clone())]));
        let form = form.header("sec-fetch-site", "same-origin");
        let answer = browser.send(form.body(body.concat())).await;
        if answer.status != StatusCode::SERVICE_UNAVAILABLE {
            return answer;
        }
        tokio::task::yield_now().await;
    }
}

pub(crate) fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.headers[LOCATION].to_str().unwrap().to_owned()
}

/// Where it leads, without the place on the page that a browser keeps to itself.
fn page_of(answer: &Answer) -> String {
    let to = location(answer);
    to.split('#').next().unwrap_or_default().to_owned()
}

/// The value of a hidden field.
pub(crate) fn hidden(page: &Answer, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let (_, rest) = page
        .text
        .split_once(&start)
        .unwrap_or_else(|| panic!("{name}"));
    rest.split('"').next().unwrap().to_owned()
}

/// The name that has to be typed before a phone goes.
pub(crate) fn to_type(page: &Answer) -> String {
    let (_, rest) = page.text.split_once(">Type ").unwrap();
    let (name, _) = rest.split_once(" to confirm").unwrap();
    name.to_owned()
}

/// Adds phones `Desk 1` to `Desk n` at two sites.
pub(crate) async fn with_desks(browser: &mut Browser, count: usize) {
    let mut csv = "mac,label,extension,site,model\n".to_owned();
    for number in 1..=count {
        let site = if number % 2 == 0 { "Kiel" } else { "Ulm" };
        let line =
            format!("00:15:65:00:00:{number:02x},Desk {number:02},20{number:02},{site},T46S\n");
        csv.push_str(&line);
    }
    let review = location(&upload(browser, &csv).await);
    let page = look(browser, &review).await;
    let digest = hidden(&page, "digest");
    let fields = [("digest", digest.as_str()), ("valid_rows_only", "false")];
    let applied = submit(browser, &review, &review, &fields).await;
    assert_eq!(location(&applied), format!("{review}/result"));
}

pub(crate) async fn a_list_tells_what_it_did_not_understand(house: House) -> House {
    let mut admin = browser(&house, "admin").await;
    with_desks(&mut admin, 12).await;
    let page = admin.get("/phones?q=colour%3Ared").await;
    assert!(
        page.text.contains("colour: there is no such field"),
        "{}",
        page.text
    );
    assert!(page.text.contains("id=\"q-error\""));
    let page = admin.get("/phones?q=%22desk").await;
    let told = "The closing quote is missing, at character 1.";
    assert!(page.text.contains(told), "{}", page.text);
    let page = admin.get("/phones?colour=red&sort=nose&limit=5").await;
    assert!(
        page.text.contains("unknown: colour, sort=nose"),
        "{}",
        page.text
    );
    assert!(page.text.contains("12 phones"));
    let page = admin.get("/phones?after=nowhere").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text.contains("unknown: after"),
        "a place that is none is told"
    );
    house
}

pub(crate) async fn phones_that_nobody_contacted_are_no_outage(house: House) -> House {
    let mut admin = browser(&house, "admin").await;
    with_desks(&mut admin, 4).await;
    let group = [
        ("name", "Night"),
        ("kind", "fixed"),
        ("members", "2001, 2003"),
        ("do", "save"),
    ];
    location(&submit(&mut admin, "/groups/new", "/groups/new", &group).await);
    for list in ["/sites", "/groups"] {
        let page = admin.get(list).await;
        let cells = page.text.split("data-label=\"Reachable\"").skip(1);
        let cells = cells.filter_map(|rest| rest.split("</td>").next());
        let cells: Vec<&str> = cells.collect();
        assert!(!cells.is_empty(), "{list}: {}", page.text);
        assert!(cells.iter().all(|cell| cell.contains('–')), "{cells:?}");
    }
    house
}

/// The list that the button to the next page leads to.
pub(crate) fn next_page(page: &Answer) -> Option<String> {
    let (before, _) = page
        .text
        .split_once("\" class=\"button small paging-next\"")?;
    let (_, query) = before.rsplit_once("value=\"")?;
    Some(format!("/phones?{}", query.replace("&amp;", "&")))
}

pub(crate) async fn pages_of_a_list_show_every_phone_once(house: House) -> House {
    let mut admin = browser(&house, "admin").await;
    with_desks(&mut admin, 12).await;
    let (mut seen, mut next) = (Vec::new(), Some("/phones?limit=5&sort=-label".to_owned()));
    while let Some(here) = next {
        let page = admin.get(&here).await;
        let macs = page.text.split("name=\"mac\" value=\"").skip(1);
        seen.extend(macs.map(|rest| rest[..17].to_owned()));
        next = next_page(&page);
    }
    assert_eq!(seen.len(), 12, "{seen:?}");
    assert!(
        seen.is_sorted_by(|a, b| a > b),
        "the other way round: {seen:?}"
    );
    let file = admin.get("/phones/export?filter=site:kiel").await;
    assert_eq!(file.headers[CONTENT_TYPE], "text/csv; charset=utf-8");
    assert!(file.headers.contains_key(CONTENT_DISPOSITION));
    assert_eq!(file.text.lines().count(), 7);
    house
}

pub(crate) async fn a_selection_is_exactly_what_was_looked_at(house: House) -> House {
    let mut admin = browser(&house, "admin").await;
    with_desks(&mut admin, 6).await;
    let mut operator = browser(&house, "operator").await;
    let none = submit(
        &mut operator,
        "/phones",
        "/selection",
        &[("do", "run"), ("scope", "page")],
    )
    .await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(none.text.contains("No phone is chosen"));
    let all = [("do", "run"), ("scope", "all"), ("filter", "site:kiel")];
    let stale = [&all[..], &[("count", "4")]].concat();
    let stale = submit(&mut operator, "/phones", "/selection", &stale).await;
    assert_eq!(stale.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        stale.text.contains("You looked at 4 phones; now 3 match"),
        "{}",
        stale.text
    );
    let now = [&all[..], &[("count", "3")]].concat();
    let chosen = submit(&mut operator, "/phones", "/selection", &now).await;
    assert!(location(&chosen).starts_with("/run?sel="));

    let two = [("mac", "00:15:65:00:00:01"), ("mac", "00-15-65-00-00-02")];
    let tagged = [
        &[("do", "tag"), ("scope", "page"), ("tag", "Night")],
        &two[..],
    ]
    .concat();
    location(&submit(&mut operator, "/phones", "/selection", &tagged).await);
    let page = operator.get("/phones?tag=night").await;
    assert!(
        page.text.contains("was added to 2 phones."),
        "{}",
        page.text
    );
    assert!(page.text.contains("2 of 6 phones"));
    let delete = [&[("do", "delete"), ("scope", "page")], &two[..]].concat();
    let denied = submit(&mut operator, "/phones", "/selection", &delete).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
    delete_two(&mut admin, &delete).await;
    house
}

async fn delete_two(admin: &mut Browser, fields: &[(&str, &str)]) {
    let ask = location(&submit(admin, "/phones", "/selection", fields).await);
    let page = admin.get(&ask).await;
    assert!(page.text.contains("Delete 2 phones") && page.text.contains("Desk 01"));
    let sel = hidden(&page, "sel");
    let form = [("sel", sel.as_str()), ("count", "2"), ("typed", "3")];
    let refused = submit(admin, &ask, "/phones/delete", &form).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let told = "“3” is not the right number. Type 2 to delete";
    assert!(refused.text.contains(told), "{}", refused.text);
    let form = [("sel", sel.as_str()), ("count", "2"), ("typed", "2")];
    assert_eq!(
        location(&submit(admin, &ask, "/phones/delete", &form).await),
        "/phones"
    );
    assert!(admin.get("/phones").await.text.contains("4 phones"));
}

pub(crate) async fn an_import_is_reviewed_and_then_exactly_that(house: House) -> House {
    let mut admin = browser(&house, "admin").await;
    for (file, told) in [
        ("label,colour\nDesk,red\n", "“colour”"),
        (
            "mac,label,label,address\n00:15:65:00:00:01,a,a,10.0.0\n",
            "Line 2: address",
        ),
        ("mca,label\n00:15:65:00:00:01,red\n", "Did you mean mac?"),
        (
            "Nebenstelle,Raum\n20,12\n",
            "No column has the MAC addresses. Let the first line name",
        ),
        (
            "mac,Name,Bezeichnung\n00:15:65:00:00:01,a,b\n",
            "“Bezeichnung”: This means the column label, as",
        ),
        (" \n", "The file list.csv is empty"),
    ] {
        let blocked = upload(&mut admin, file).await;
        assert_eq!(blocked.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(blocked.text.contains(told), "{told}: {}", blocked.text);
    }
    for (file, told) in [
        (
            "mac,Raum\n00:15:65:00:00:01,12\n",
            "1 column is ignored, nothing of it is imported: “Raum”.",
        ),
        (
            "MAC-Adresse,Standort,label\n00:15:65:00:00:01,Kiel,a\n",
            "2 columns are taken under their other names: “MAC-Adresse” as mac, “Standort” as site.",
        ),
        (
            "mac,label,address\n00:15:65:00:00:01,a,127.0.0.9\n00:15:65:00:00:02,b,127.0.0.9\n",
            "1 address is given to more than one phone.",
        ),
        (
            "mac,exten,lable\n00:15:65:00:00:01,20,x\n",
            "“exten” (did you mean extension?), “lable” (did you mean label?)",
        ),
        (
            "mac,Name,label\n00:15:65:00:00:01,Meier,Desk\n",
            "nothing of it is imported: “Name” (the column label is taken instead).",
        ),
    ] {
        let review = location(&upload(&mut admin, file).await);
        let page = look(&mut admin, &review).await;
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    let review = location(&upload(&mut admin, "mac,label\n").await);
    let page = look(&mut admin, &review).await;
    assert!(page.text.contains("and no phone"), "{}", page.text);
    let csv = format!(
        "mac,label,site,address,username,password\n\
         00:15:65:00:00:01,Desk 1,Kiel,127.0.0.9,admin,{SECRET}\n\
         00:15:65:00:00:02,Desk 2,Kiel,8.8.8.8,admin,{SECRET}\n"
    );
    let review = location(&upload(&mut admin, &csv).await);
    let page = look(&mut admin, &review).await;
    assert!(
        page.text
            .contains("8.8.8.8 is outside the allowed networks"),
        "{}",
        page.text
    );
    assert!(
        page.text.contains("name=\"security.kiel\""),
        "a new site asks how it is reached"
    );
    let made = look(&mut admin, &format!("{review}?tab=create")).await;
    assert!(made.text.contains(">Kiel</ins>"), "{}", made.text);
    let errors = format!("{review}/errors.csv");
    let file = look(&mut admin, &errors).await;
    assert!(file.text.contains("8.8.8.8 is outside"));
    assert!(!file.text.contains("Desk 1"), "{}", file.text);
    assert!(page.text.contains("and no passwords"), "{}", page.text);
    assert!(begins_as_utf8(&admin, &errors).await);
    let digest = hidden(&page, "digest");
    let form = |digest, valid| {
        [
            ("digest", digest),
            ("valid_rows_only", valid),
            ("security.kiel", "plain_http"),
        ]
    };
    for refused in [form("other", "true"), form(digest.as_str(), "false")] {
        let answer = submit(&mut admin, &review, &review, &refused).await;
        assert_eq!(answer.status, StatusCode::CONFLICT);
        let kept = answer.text.split("value=\"plain_http\"").nth(1).unwrap();
        assert!(
            kept.trim_start().starts_with("checked"),
            "the choice is kept"
        );
    }
    assert!(
        admin.get("/phones").await.text.contains("No phones yet"),
        "nothing was written"
    );
    let applied = submit(&mut admin, &review, &review, &form(&digest, "true")).await;
    assert_eq!(location(&applied), format!("{review}/result"));
    let result = admin.get(&format!("{review}/result")).await;
    assert_eq!(result.status, StatusCode::OK);
    for shown in [
        "1 row with errors was left out",
        "href=\"/sites/kiel/edit\"",
        "New sites; their phones have credentials",
        &format!("href=\"{errors}\""),
    ] {
        assert!(result.text.contains(shown), "{shown}: {}", result.text);
    }
    let begin = look(&mut admin, "/phones/import").await;
    let back = format!("href=\"{review}/result\"");
    assert!(begin.text.contains(&back), "the way back: {}", begin.text);
    let left_out = look(&mut admin, &errors).await;
    assert_eq!(left_out.text, file.text, "it is there afterwards as well");
    assert!(begins_as_utf8(&admin, &errors).await);
    let again = look(&mut admin, &review).await;
    assert_eq!(
        location(&again),
        format!("{review}/result"),
        "a second press finds a page"
    );
    let sites = admin.get("/sites").await;
    assert!(sites.text.contains("Plain HTTP"), "{}", sites.text);
    for shown in [
        &page,
        &file,
        &sites,
        &admin.get("/phones/00:15:65:00:00:01/edit").await,
    ] {
        assert!(!shown.text.contains(SECRET), "a password is shown");
    }
    an_import_that_was_taken_back_says_so(&mut admin, &review).await;
    a_new_site_without_a_credential_is_named(&mut admin).await;
    house
}

/// The form as it was refused, with another first line and no file.
async fn mend(browser: &mut Browser, id: &str, first_line: &str) -> Answer {
    let parts = [
        ("name=\"kept\"", id),
        ("name=\"first_line\"", first_line),
        ("name=\"text\"", ""),
        ("name=\"file\"; filename=\"\"", ""),
    ];
    give(browser, &parts).await
}

pub(crate) async fn a_list_is_mended_without_choosing_it_again(house: House) -> House {
    let mut admin = browser(&house, "admin").await;
    let csv = "Seriennummer;Raum\n001565000001;Hall\n001565000002;Desk\n";
    let refused = upload(&mut admin, csv).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for shown in [
        "list.csv (54 B) is here",
        "value=\"Seriennummer;Raum\"",
        "href=\"#f-first-line\"",
    ] {
        assert!(refused.text.contains(shown), "{shown}: {}", refused.text);
    }
    let id = hidden(&refused, "kept");
    let again = mend(&mut admin, &id, "Serie;label").await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(hidden(&again, "kept"), id);
    assert!(again.text.contains("value=\"Serie;label\""), "as mended");
    let review = location(&mend(&mut admin, &id, "mac;Raum").await);
    assert_eq!(review, format!("/phones/import/{id}"));
    let page = look(&mut admin, &review).await;
    let way = format!("/phones/import?kept={id}");
    assert!(page.text.contains(&way), "{}", page.text);
    let form = look(&mut admin, &way).await;
    assert!(form.text.contains("value=\"mac;Raum\""), "{}", form.text);
    location(&mend(&mut admin, &id, "mac;label").await);
    let digest = hidden(&look(&mut admin, &review).await, "digest");
    let choices = [("digest", digest.as_str()), ("valid_rows_only", "false")];
    location(&submit(&mut admin, &review, &review, &choices).await);
    let phone = admin.get("/phones/00:15:65:00:00:02").await;
    assert!(phone.text.contains("Desk"), "{}", phone.text);
    let gone = mend(&mut admin, &id, "mac;notes").await;
    assert_eq!(gone.status, StatusCode::UNPROCESSABLE_ENTITY);
    let told = "The file is not kept any more: choose it again.";
    assert!(gone.text.contains(told), "{}", gone.text);
    let csv = format!("00:15:65:00:00:03,admin,{SECRET}\n");
    let first = upload(&mut admin, &csv).await;
    let id = hidden(&first, "kept");
    let told = "The first line of this file is a phone already.";
    assert!(first.text.contains(told), "{}", first.text);
    assert!(!first.text.contains(SECRET), "a password is shown");
    let form = look(&mut admin, &format!("/phones/import?kept={id}")).await;
    assert!(!form.text.contains(SECRET), "a password is shown");
    let review = location(&mend(&mut admin, &id, "mac,username,password").await);
    let page = look(&mut admin, &review).await;
    assert!(page.text.contains("00:15:65:00:00:03"), "{}", page.text);
    assert!(!page.text.contains(SECRET), "a password is shown");
    house
}

/// Its phones obey nothing until there is one.
async fn a_new_site_without_a_credential_is_named(admin: &mut Browser) {
    let list = "mac,site\n00:15:65:00:00:03,Rendsburg\n";
    let review = location(&upload(admin, list).await);
    let digest = hidden(&look(admin, &review).await, "digest");
    let form = [("digest", digest.as_str()), ("valid_rows_only", "false")];
    let result = location(&submit(admin, &review, &review, &form).await);
    let page = look(admin, &result).await;
    let told = "give each one before the first command";
    assert!(page.text.contains(told), "{}", page.text);
    assert!(!page.text.contains("have credentials"), "{}", page.text);
}

/// Its page says what is true then, and no more what was imported.
async fn an_import_that_was_taken_back_says_so(admin: &mut Browser, review: &str) {
    let (undo, result) = (format!("{review}/undo"), format!("{review}/result"));
    let before = look(admin, &result).await;
    assert!(before.text.contains("1 phone imported"), "{}", before.text);
    its_phones_are_listed(admin, review, &before.text).await;
    let form = [("count", "1"), ("typed", "1")];
    assert_eq!(location(&submit(admin, &undo, &undo, &form).await), result);
    let after = look(admin, &result).await;
    for shown in [
        "Import taken back",
        "You took it back",
        "It had added 1 phones and changed 0.",
        "Sites that it made stay",
        "Show all phones",
    ] {
        assert!(after.text.contains(shown), "{shown}: {}", after.text);
    }
    assert!(!after.text.contains("1 phone imported"), "{}", after.text);
    assert!(!after.text.contains("have credentials"), "{}", after.text);
}

/// The way on leads to exactly the phones of the import.
async fn its_phones_are_listed(admin: &mut Browser, review: &str, result: &str) {
    let (_, id) = review.rsplit_once('/').unwrap();
    let list = format!("/selection?sel={id}-phones");
    assert!(result.contains(&format!("href=\"{list}\"")), "{result}");
    assert!(result.contains("Show these phones"), "{result}");
    let listed = look(admin, &list).await;
    assert!(
        listed.text.contains("Selection of 1 phone"),
        "{}",
        listed.text
    );
}

/// Whether a file begins with the mark by which spreadsheets read it as UTF-8.
async fn begins_as_utf8(browser: &Browser, path: &str) -> bool {
    loop {
        let (status, file) = browser.bytes(path).await;
        if status != StatusCode::SERVICE_UNAVAILABLE {
            return file.starts_with("\u{feff}mac".as_bytes());
        }
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn an_old_form_replaces_nothing_unseen(house: House) -> House {
    let mut admin = browser(&house, "admin").await;
    with_desks(&mut admin, 1).await;
    let path = "/phones/00:15:65:00:00:01/edit";
    let old = hidden(&admin.get(path).await, "version");
    let form = |label, version| {
        [
            ("label", label),
            ("site", "ulm"),
            ("model", "T46S"),
            ("version", version),
        ]
    };
    location(&submit(&mut admin, path, path, &form("First", &old)).await);
    let late = submit(&mut admin, path, path, &form("Second", &old)).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(
        late.text.contains("value=\"Second\""),
        "what was typed is kept"
    );
    assert!(
        late.text
            .contains("admin changed label from “Desk 01” to “First”"),
        "{}",
        late.text
    );
    let seen = hidden(&late, "version");
    location(&submit(&mut admin, path, path, &form("Second", &seen)).await);
    assert!(admin.get("/phones").await.text.contains("Second"));
    let wrong = [
        ("label", "x"),
        ("address", "999"),
        ("port", "0"),
        ("version", "9"),
    ];
    let wrong = submit(&mut admin, path, path, &wrong).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let port = "This is no port: use a number from 1 to 65535.";
    for told in ["f-address-error", "f-port-error", port] {
        assert!(wrong.text.contains(told), "{told} in {}", wrong.text);
    }
    assert!(
        !wrong.text.contains("type=\"number\""),
        "a browser would tell of it first, and of nothing else"
    );
    house
}

/// Saving a rule that nobody has looked at shows who comes and who goes; saving it then keeps it.
async fn a_changed_rule_is_looked_at_first(admin: &mut Browser) {
    let edit = "/groups/kiel/edit";
    let version = hidden(&look(admin, edit).await, "version");
    let mut fields = vec![
        ("name", "Kiel"),
        ("kind", "rule"),
        ("filter", "site:ulm"),
        ("do", "save"),
        ("version", version.as_str()),
    ];
    let shown = page_of(&submit(admin, edit, edit, &fields).await);
    let page = look(admin, &shown).await;
    let (come, go) = (
        "Desk 01 (2001), Desk 03 (2003)",
        "Desk 02 (2002), Desk 04 (2004)",
    );
    for told in ["+2", come, "−2", go] {
        assert!(page.text.contains(told), "{told} in {}", page.text);
    }
    let kept = admin.get("/groups/kiel").await;
    assert!(kept.text.contains("Phones at site kiel"), "{}", kept.text);
    let looked_at = hidden(&page, "shown");
    fields.push(("shown", looked_at.as_str()));
    assert_eq!(
        location(&submit(admin, &shown, edit, &fields).await),
        "/groups/kiel"
    );
    let kept = admin.get("/groups/kiel").await;
    assert!(kept.text.contains("Phones at site ulm"), "{}", kept.text);
}

pub(crate) async fn a_rule_shows_its_effect_before_it_is_saved(house: House) -> House {
    let mut admin = browser(&house, "admin").await;
    with_desks(&mut admin, 4).await;
    let rule = |todo| {
        [
            ("name", "Kiel"),
            ("slug", ""),
            ("kind", "rule"),
            ("filter", "site:kiel"),
            ("do", todo),
        ]
    };
    let look = submit(&mut admin, "/groups/new", "/groups/new", &rule("preview")).await;
    let page = admin.get(&page_of(&look)).await;
    assert!(
        page.text.contains("The group would have 2 phones"),
        "{}",
        page.text
    );
    assert!(
        page.text.contains("value=\"site:kiel\""),
        "what was typed is kept"
    );
    assert_eq!(
        admin.get("/groups/kiel").await.status,
        StatusCode::NOT_FOUND
    );
    let saved = submit(&mut admin, "/groups/new", "/groups/new", &rule("save")).await;
    assert_eq!(location(&saved), "/groups/kiel");
    let changes = admin.get("/groups/kiel/changes").await;
    for shown in ["The group was made.", "class=\"plus\"", "not listed here"] {
        assert!(changes.text.contains(shown), "{shown}: {}", changes.text);
    }
    let page = admin.get("/groups/kiel").await;
    let way = "href=\"/groups/kiel/changes\"";
    assert!(page.text.contains(way), "{}", page.text);
    assert!(page.text.contains("Phones at site kiel"), "{}", page.text);
    a_changed_rule_is_looked_at_first(&mut admin).await;
    let bad = [
        ("name", "X"),
        ("kind", "rule"),
        ("filter", "colour:red"),
        ("do", "save"),
    ];
    let bad = submit(&mut admin, "/groups/new", "/groups/new", &bad).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.text.contains("f-filter-error"), "{}", bad.text);

    let mut operator = browser(&house, "operator").await;
    let own = [
        ("name", "Night"),
        ("kind", "fixed"),
        ("members", "2001, 2003"),
        ("do", "save"),
    ];
    let own = submit(&mut operator, "/groups/new", "/groups/new", &own).await;
    assert_eq!(location(&own), "/groups/night");
    let add = [("add", "2001\n9999"), ("remove", ""), ("version", "1")];
    let add = submit(
        &mut operator,
        "/groups/night",
        "/groups/night/members",
        &add,
    )
    .await;
    assert_eq!(add.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        add.text.contains("9999") && add.text.contains("2001\n9999"),
        "{}",
        add.text
    );
    let denied = submit(&mut operator, "/groups/new", "/groups/new", &rule("save")).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
    house
}

pub(crate) async fn a_credential_goes_in_and_never_comes_out(house: House) -> House {
    let mut admin = browser(&house, "admin").await;
    let path = "/admin/credentials/new";
    let short = submit(
        &mut admin,
        path,
        path,
        &[("name", "desks"), ("username", ""), ("password", SECRET)],
    )
    .await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(short.text.contains("f-username-error") && !short.text.contains(SECRET));
    let whole = [
        ("name", "desks"),
        ("username", "admin"),
        ("password", SECRET),
    ];
    location(&submit(&mut admin, path, path, &whole).await);
    let site = [
        ("name", "Kiel"),
        ("transport_security", "pinned"),
        ("credential", "desks"),
        ("max_down_percent", "20"),
    ];
    location(&submit(&mut admin, "/sites/new", "/sites/new", &site).await);
    with_desks(&mut admin, 4).await;
    let list = admin.get("/admin/credentials").await;
    assert!(
        list.text.contains("2 phones · 1 site · 0 groups"),
        "{}",
        list.text
    );
    let used = submit(
        &mut admin,
        "/admin/credentials/desks/delete",
        "/admin/credentials/desks/delete",
        &[("version", "1")],
    )
    .await;
    assert_eq!(used.status, StatusCode::CONFLICT);
    for path in [
        "/admin/credentials",
        "/admin/credentials/desks/edit",
        "/phones/00:15:65:00:00:02",
        "/sites/kiel/edit",
    ] {
        let page = admin.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(!page.text.contains(SECRET), "{path}");
    }
    assert!(
        admin
            .get("/phones/00:15:65:00:00:02")
            .await
            .text
            .contains("from site")
    );
    let mut operator = browser(&house, "operator").await;
    assert_eq!(
        operator.get("/admin/credentials").await.status,
        StatusCode::FORBIDDEN
    );
    house
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_refuses_us_says_how_to_let_us_in() {
    let site = SiteConfig::new("Kiel", 1)
        .with_security(PlainHttp)
        .with_credential("admin", SECRET)
        .with(Profile::ForbiddenIp, 1);
    let fleet = fleet(FleetConfig::default().with_site(site)).await;
    let house = House::open(None).await;
    let api = house.with_phones(&fleet).await;
    let mut operator = browser(&house, "operator").await;
    let path = format!("/phones/{}", fleet.phones()[0].inventory.mac);
    let why = submit(
        &mut operator,
        &path,
        &format!("{path}/do"),
        &[("action", "DNDOn")],
    )
    .await;
    assert_eq!(
        why.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "a reason is asked for"
    );
    let form = [("action", "DNDOn"), ("reason", "INC-4711")];
    let job = location(&submit(&mut operator, &path, &format!("{path}/do"), &form).await);
    api.finished(job.trim_start_matches("/jobs/")).await;
    let page = operator.get(&path).await;
    assert!(
        page.text
            .contains("features.action_uri_limit_ip = 127.0.0.1"),
        "{}",
        page.text
    );
    assert!(page.text.contains("INC-4711"), "the timeline tells why");
    let sent = "Sending: Turn do-not-disturb on";
    assert!(page.text.contains(sent), "what happened: {}", page.text);
    assert!(!page.text.contains("is about to send"), "{}", page.text);
    assert!(page.text.contains(&job), "and leads to the job");
    fleet.stop().await;
    house.close().await;
}

#[tokio::test]
async fn a_deleted_phone_keeps_its_history() {
    let house = House::open(None).await;
    let api = house.program(Role::Admin).await;
    let phone = serde_json::json!({ "mac": "001565000001", "label": "Lobby" });
    api.post("/phones", &phone).await.expect(201);
    api.delete("/phones/001565000001").await.expect(204);
    let mut admin = browser(&house, "admin").await;
    let page = look(&mut admin, "/phones/00:15:65:00:00:01").await;
    assert_eq!(page.status, 200, "{}", page.text);
    for shown in [
        "Lobby",
        "Deleted on",
        "deleted the phone",
        "added the phone",
    ] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    let never = look(&mut admin, "/phones/00:15:65:00:00:02").await;
    assert_eq!(never.status, 404);
    house.close().await;
}
