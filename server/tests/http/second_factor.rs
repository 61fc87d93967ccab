//! The second factor, proofs and links to a new password, as browsers meet them.

use std::collections::BTreeSet;
use std::time::Duration;

use carillon_domain::Timestamp;
use carillon_domain::phone::{GroupKind, TransportSecurity};
use carillon_domain::role::Role;
use carillon_engine::inventory::{CredentialInput, GroupInput, SiteInput};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::browser::{Browser, token};
use crate::house::{House, PASSWORD};
use crate::inventory_pages::{self, hidden, location, look, submit, upload};
use crate::requests::Answer;

const NEW: &str = "another evening bell";

fn app_code(house: &House, secret: &str) -> String {
    code_at(secret, house.engine().clock.now())
}

/// The code that an app with this secret shows at this moment.
pub(crate) fn code_at(secret: &str, now: Timestamp) -> String {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let letters = secret.chars().filter(|c| *c != ' ');
    let bits: Vec<String> = letters
        .map(|letter| format!("{:05b}", alphabet.find(letter).unwrap()))
        .collect();
    let bits = bits.concat();
    let bytes = bits.as_bytes().chunks_exact(8);
    let bytes: Vec<u8> = bytes
        .map(|eight| u8::from_str_radix(std::str::from_utf8(eight).unwrap(), 2).unwrap())
        .collect();
    let step = now.micros() / 30_000_000;
    let mut mac = Hmac::<Sha1>::new_from_slice(&bytes).unwrap();
    mac.update(&step.to_be_bytes());
    let digest: [u8; 20] = mac.finalize().into_bytes().into();
    let at = usize::from(digest[19] & 15);
    let four: [u8; 4] = digest[at..at + 4].try_into().unwrap();
    format!(
        "{:06}",
        (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000
    )
}

/// The first lines to copy on a page.
pub(crate) fn copied(page: &Answer) -> String {
    let (_, rest) = page.text.split_once("data-copy=\"\">").unwrap();
    rest.split('<').next().unwrap().to_owned()
}

pub(crate) async fn send(
    browser: &mut Browser,
    page: &str,
    path: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let token = token(&browser.get(page).await);
    let fields = [&[("csrf", token.as_str())], fields].concat();
    let form = browser
        .form(path, &fields)
        .header("sec-fetch-site", "same-origin");
    browser.send(form).await
}

fn to(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.headers[header::LOCATION].to_str().unwrap()
}

pub(crate) async fn an_administrator_sets_one_up_before_anything_else(house: House) -> House {
    let demanded = BTreeSet::from([Role::Admin]);
    let local = House::local();
    let asked = house.engine().demand_second_factor(&local, &demanded, "");
    asked.await.unwrap();
    let mut browser = Browser::new(&house.base());
    to(&browser.sign_in("admin", PASSWORD).await);
    let here = "/account/second-factor";
    for path in ["/", "/phones", "/admin/users", "/account"] {
        assert_eq!(to(&browser.get(path).await), here, "{path}");
    }
    let early = send(&mut browser, here, "/admin/settings", &[]).await;
    assert_eq!(early.status, 403);

    let begun = send(&mut browser, here, "/account/second-factor/begin", &[]).await;
    let setup = to(&begun).to_owned();
    let page = browser.get(&setup).await;
    assert!(page.text.contains("class=\"qr\""));
    let id = setup.split_once("setup=").unwrap().1.to_owned();
    let confirm = "/account/second-factor/confirm";
    let wrong = [("setup", id.as_str()), ("code", "12345")];
    let wrong = send(&mut browser, &setup, confirm, &wrong).await;
    assert_eq!(wrong.status, 422);
    assert_eq!(copied(&wrong), copied(&page), "the secret waits");
    let before = browser.cookie("sid").unwrap();
    let code = app_code(&house, &copied(&page));
    let right = [("setup", id.as_str()), ("code", code.as_str())];
    let made = send(&mut browser, &setup, confirm, &right).await;
    let codes = browser.get(to(&made)).await;
    let codes = copied(&codes);
    assert_eq!(codes.lines().count(), 10);
    assert_ne!(browser.cookie("sid").unwrap(), before);
    let again = browser.get(to(&made)).await;
    assert!(!again.text.contains(codes.lines().next().unwrap()), "once");
    assert_eq!(browser.get("/phones").await.status, 200);

    let mut other = Browser::new(&house.base());
    let refused = other.sign_in("admin", PASSWORD).await;
    assert_eq!(refused.status, 422, "the password alone");
    let fields = [
        ("username", "admin"),
        ("password", PASSWORD),
        ("code", codes.lines().nth(3).unwrap()),
    ];
    let entered = send(&mut other, "/sign-in", "/sign-in", &fields).await;
    assert_eq!(to(&entered), "/");
    assert_eq!(other.get("/phones").await.status, 200);
    house
}

/// As if somebody had signed in ten minutes ago and shown nothing since.
pub(crate) async fn age(house: &House, browser: &Browser) {
    let sid = browser.cookie("sid").unwrap();
    let hash: [u8; 32] = Sha256::digest(sid).into();
    let then = house.engine().clock.now().minus(Duration::from_mins(10));
    let mut unit = house.engine().store.begin().await.unwrap();
    assert!(unit.renew_session(&hash, &hash, then).await.unwrap());
    unit.commit_bookkeeping().await.unwrap();
}

pub(crate) async fn what_is_dangerous_is_asked_once_more(house: House) -> House {
    let mut browser = Browser::new(&house.base());
    to(&browser.sign_in("admin", PASSWORD).await);
    age(&house, &browser).await;
    let new = "/admin/users/new";
    let typed = [("name", "berta"), ("role", "viewer")];
    let asked = send(&mut browser, new, new, &typed).await;
    assert_eq!(asked.status, 403);
    assert!(asked.text.contains("Show that it is you"));
    assert!(
        asked.text.contains("value=\"berta\""),
        "nothing typed is lost"
    );
    let local = House::local();
    assert!(house.engine().find_user(&local, "berta").await.is_err());

    let wrong = [&typed[..], &[("proof_password", "wrong")]].concat();
    let wrong = send(&mut browser, new, new, &wrong).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text.contains("value=\"berta\""));
    assert!(house.engine().find_user(&local, "berta").await.is_err());

    let before = browser.cookie("sid").unwrap();
    let right = [
        &typed[..],
        &[("proof_password", PASSWORD), ("proof_code", "")],
    ]
    .concat();
    let done = send(&mut browser, new, new, &right).await;
    assert!(to(&done).starts_with("/admin/users/berta/edit?link="));
    assert!(house.engine().find_user(&local, "berta").await.is_ok());
    assert_ne!(browser.cookie("sid").unwrap(), before, "another token");
    let next = [("name", "carl"), ("role", "viewer")];
    to(&send(&mut browser, new, new, &next).await);
    house
}

/// A stored password, a site of plain HTTP that gives it, one that gives none, and a rule that does.
async fn furnish(house: &House) {
    let (engine, local) = (house.engine(), House::local());
    let office = Some("office".to_owned());
    let login = CredentialInput {
        name: "office".to_owned(),
        username: "admin".to_owned(),
        password: Some("a stored password".into()),
    };
    engine.create_credential(&local, &login).await.unwrap();
    for (name, credential) in [("Kiel", office.clone()), ("Ulm", None)] {
        let site = SiteInput {
            slug: String::new(),
            name: name.to_owned(),
            transport_security: TransportSecurity::PlainHttp,
            ca_pem: None,
            credential,
            max_down_percent: 20,
        };
        engine.create_site(&local, &site).await.unwrap();
    }
    let led = GroupInput {
        slug: String::new(),
        name: "Led".to_owned(),
        kind: GroupKind::Rule,
        filter: "tag:led".to_owned(),
        members: None,
        credential: office,
    };
    engine.create_group(&local, &led).await.unwrap();
}

/// Imports a list on its page; where that import is.
async fn listed(browser: &mut Browser, csv: &str) -> String {
    let review = location(&upload(browser, csv).await);
    let digest = hidden(&look(browser, &review).await, "digest");
    let seen = [("digest", digest.as_str()), ("valid_rows_only", "false")];
    location(&submit(browser, &review, &review, &seen).await);
    review
}

/// A list that is taken back, and a tag that a rule asks for.
pub(crate) async fn what_leads_passwords_elsewhere_is_asked_once_more(house: House) -> House {
    furnish(&house).await;
    let mut admin = inventory_pages::browser(&house, "admin").await;
    let first =
        "mac,address,site\n00:15:65:00:00:01,10.0.0.1,Kiel\n00:15:65:00:00:02,10.0.0.2,Ulm\n";
    listed(&mut admin, first).await;
    let moved = listed(&mut admin, "mac,address\n00:15:65:00:00:01,10.0.0.77\n").await;
    let (undo, list) = (format!("{moved}/undo"), "/phones?q=site:ulm");
    let back = hidden(&admin.get(list).await, "list");
    let taken_back = vec![("count", "1"), ("typed", "")];
    let mac = "00:15:65:00:00:02";
    let tagged = vec![
        ("do", "enter"),
        ("mac", mac),
        ("tag", "led"),
        ("list", back.as_str()),
    ];
    for (page, action, typed) in [
        (undo.as_str(), undo.as_str(), taken_back),
        (list, "/selection", tagged),
    ] {
        age(&house, &admin).await;
        let asked = submit(&mut admin, page, action, &typed).await;
        assert_eq!(asked.status, 403, "{action}: {}", asked.text);
        assert!(asked.text.contains("Show that it is you"), "{action}");
        let proved = [&typed[..], &[("proof_password", PASSWORD)]].concat();
        location(&submit(&mut admin, page, action, &proved).await);
    }
    let result = admin.get(&format!("{moved}/result")).await;
    assert!(result.text.contains("taken back"), "{}", result.text);
    house
}

/// Sets a second factor up for this session; its recovery codes.
async fn set_up(house: &House, browser: &mut Browser) -> Vec<String> {
    let here = "/account/second-factor";
    let begun = send(browser, here, "/account/second-factor/begin", &[]).await;
    let setup = to(&begun).to_owned();
    let page = browser.get(&setup).await;
    let id = setup.split_once("setup=").unwrap().1;
    let code = app_code(house, &copied(&page));
    let right = [("setup", id), ("code", code.as_str())];
    let confirm = "/account/second-factor/confirm";
    let made = send(browser, &setup, confirm, &right).await;
    let codes = copied(&browser.get(to(&made)).await);
    codes.lines().map(str::to_owned).collect()
}

pub(crate) async fn a_proof_and_its_deed_in_one_request_leave_one_session(house: House) -> House {
    let mut browser = Browser::new(&house.base());
    to(&browser.sign_in("operator", PASSWORD).await);
    let before = set_up(&house, &mut browser).await;
    age(&house, &browser).await;
    let here = "/account/second-factor";
    let proof = [
        ("proof_password", PASSWORD),
        ("proof_code", before[0].as_str()),
    ];
    let made = send(&mut browser, here, "/account/second-factor/codes", &proof).await;
    let page = browser.get(to(&made)).await;
    assert_eq!(page.status, 200, "signed in still");
    let codes = copied(&page);
    assert_eq!(codes.lines().count(), 10);
    assert!(!codes.contains(&before[1]), "new ones");
    house
}

pub(crate) async fn a_new_password_is_asked_who_one_is(house: House) -> House {
    let mut browser = Browser::new(&house.base());
    to(&browser.sign_in("operator", PASSWORD).await);
    age(&house, &browser).await;
    let typed = [
        ("current", PASSWORD),
        ("password", NEW),
        ("password_again", NEW),
    ];
    let asked = send(&mut browser, "/account", "/account/password", &typed).await;
    assert_eq!(asked.status, 403);
    assert!(!asked.text.contains(NEW) && !asked.text.contains(PASSWORD));
    let before = browser.cookie("known").unwrap();
    let proved = [&typed[..], &[("proof_password", PASSWORD)]].concat();
    let done = send(&mut browser, "/account", "/account/password", &proved).await;
    assert_eq!(to(&done), "/account");
    assert_eq!(browser.get("/account").await.status, 200);
    to(&Browser::new(&house.base()).sign_in("operator", NEW).await);
    assert_ne!(browser.cookie("known").unwrap(), before);
    // Strangers keep each other waiting; the browser in which the password was changed stays known.
    for _ in 0..12 {
        let mut stranger = Browser::new(&house.base());
        assert_eq!(stranger.sign_in("operator", PASSWORD).await.status, 422);
    }
    let mut stranger = Browser::new(&house.base());
    assert_eq!(stranger.sign_in("operator", NEW).await.status, 422);
    to(&send(&mut browser, "/account", "/sign-out", &[]).await);
    to(&browser.sign_in("operator", NEW).await);
    house
}

/// The session has another token after a proof; the page that tells of a failure knows it.
pub(crate) async fn a_failure_after_a_proof_leaves_forms_that_work(house: House) -> House {
    let mut browser = Browser::new(&house.base());
    to(&browser.sign_in("operator", PASSWORD).await);
    age(&house, &browser).await;
    let nobody = "/account/sessions/nobody/end";
    let proved = [("proof_password", PASSWORD)];
    let failed = send(&mut browser, "/account", nobody, &proved).await;
    assert_eq!(failed.status, 404);
    let csrf = token(&failed);
    let request = browser
        .form("/sign-out", &[("csrf", &csrf)])
        .header("sec-fetch-site", "same-origin");
    assert_eq!(to(&browser.send(request).await), "/sign-in");
    house
}

pub(crate) async fn a_link_leads_to_a_new_password(house: House) -> House {
    let mut admin = Browser::new(&house.base());
    to(&admin.sign_in("admin", PASSWORD).await);
    let edit = "/admin/users/operator/edit";
    let made = send(&mut admin, edit, "/admin/users/operator/reset-link", &[]).await;
    let link = copied(&admin.get(to(&made)).await);
    assert!(link.starts_with(&format!("{}/reset?code=", house.base())));
    let path = link.strip_prefix(&house.base()).unwrap();
    let code = path.split_once("code=").unwrap().1;

    let mut owner = Browser::new(&house.base());
    let other = [("code", code), ("password", NEW), ("password_again", "x")];
    assert_eq!(send(&mut owner, path, "/reset", &other).await.status, 422);
    let short = [("code", code), ("password", "x"), ("password_again", "x")];
    assert_eq!(send(&mut owner, path, "/reset", &short).await.status, 422);
    let good = [("code", code), ("password", NEW), ("password_again", NEW)];
    assert_eq!(
        to(&send(&mut owner, path, "/reset", &good).await),
        "/sign-in"
    );
    let used = owner.get(path).await;
    assert!(used.text.contains("was used already"), "{}", used.text);
    to(&owner.sign_in("operator", NEW).await);
    house
}
