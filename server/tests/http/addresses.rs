//! Addresses that are never contacted, in every spelling that somebody may think of.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use carillon_domain::Mac;
use carillon_domain::phone::Phone;
use carillon_domain::role::Role;
use serde_json::json;

use crate::house::{House, on_postgres};
use crate::inventory_pages::{browser, hidden, location, look, submit, upload};
use crate::pages_jobs::Person;

/// This network, ourselves, link-local, metadata, protocols, multicast, broadcast, strangers.
const NEVER: [[u8; 4]; 14] = [
    [0, 0, 0, 0],
    [0, 1, 2, 3],
    [127, 0, 0, 1],
    [127, 255, 255, 254],
    [169, 254, 169, 254],
    [169, 254, 0, 1],
    [100, 100, 100, 200],
    [168, 63, 129, 16],
    [192, 0, 0, 170],
    [224, 0, 0, 1],
    [239, 255, 255, 250],
    [240, 0, 0, 1],
    [255, 255, 255, 255],
    [8, 8, 8, 8],
];

/// What resolvers, browsers and old libraries read as this address.
fn spellings([a, b, c, d]: [u8; 4]) -> Vec<String> {
    let whole = u32::from_be_bytes([a, b, c, d]);
    let (high, low) = (whole >> 16, whole & 0xffff);
    let (inverted_high, inverted_low) = (!high & 0xffff, !low & 0xffff);
    let dotted = format!("{a}.{b}.{c}.{d}");
    let wide: String = dotted
        .chars()
        .map(|digit| match digit {
            '0'..='9' => char::from_u32(u32::from(digit) - 0x30 + 0xff10).unwrap(),
            other => other,
        })
        .collect();
    vec![
        format!("{whole}"),
        format!("{whole:#x}"),
        format!("0{whole:o}"),
        format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("{a:03}.{b:03}.{c:03}.{d:03}"),
        format!("{a}.{}", whole & 0x00ff_ffff),
        format!("{a}.{b}.{low}"),
        format!("{dotted}."),
        format!("{dotted}:80"),
        format!("[{dotted}]"),
        format!("10.0.0.1@{dotted}"),
        format!("{dotted}/32"),
        format!("http://{dotted}/"),
        format!("{dotted}%00"),
        format!("{dotted}#10.0.0.1"),
        wide,
        format!("::ffff:{dotted}"),
        format!("::FFFF:{high:x}:{low:x}"),
        format!("::{dotted}"),
        format!("0:0:0:0:0:0:{high:x}:{low:x}"),
        format!("::ffff:0:{dotted}"),
        format!("64:ff9b::{dotted}"),
        format!("64:ff9b:1::{high:x}:{low:x}"),
        format!("2002:{high:x}:{low:x}::1"),
        format!("fd00::200:5efe:{high:x}:{low:x}"),
        format!("fc00::5efe:{dotted}"),
        format!("2001:0:1:2:3:4:{inverted_high:x}:{inverted_low:x}"),
        format!("[::ffff:{dotted}]"),
        format!("::ffff:{dotted}%eth0"),
        dotted,
    ]
}

fn all() -> Vec<String> {
    let names = [
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "ff02::1",
        "fec0::1",
        "fd00:ec2::254",
        "FD00:0EC2::0254",
        "fd00:ec2::23",
        "fd00:ec2::123",
        "fd00:0ec2:0:0:0:0:0:253",
        "fd00:ec2:1::1",
        "fd20:ce::254",
        "FD20:00CE::0254",
        "fd20:ce:0:0::0.0.2.84",
        "fd00:c1::a9fe:a9fe",
        "fd00:c1::169.254.169.254",
        "FD00:00C1:0:0:0:0:A9FE:A9FE",
        "[fd20:ce::254]",
        "fd00:c1::a9fe:a9fe%eth0",
        "localhost",
        "metadata.google.internal",
        "phone.example",
        "2606:4700::1111",
    ];
    let mut all: Vec<String> = NEVER.into_iter().flat_map(spellings).collect();
    all.extend(names.map(str::to_owned));
    all
}

/// As the host of a SIP address. What is no address there is a name, which nobody looks up.
fn sip_address(text: &str) -> Option<String> {
    Some(match text.parse().ok()? {
        IpAddr::V4(_) => format!("x@{text}"),
        IpAddr::V6(_) => format!("x@[{text}]"),
    })
}

fn mac(number: usize) -> String {
    let [.., high, low] = number.to_be_bytes();
    Mac::from_bytes([0, 0x15, 0x65, 1, high, low]).to_string()
}

/// Nothing of it comes in: one by one, by an edit, by the page's form, as a SIP server or PBX of a site,
/// or with a list.
#[tokio::test]
async fn no_spelling_of_a_forbidden_address_comes_in() {
    let house = House::strict().await;
    coming_in(&house).await;
    house.close().await;
}

/// Offers every one of them, by every way in.
pub(crate) async fn coming_in(house: &House) {
    let api = house.program(Role::Admin).await;
    let known = json!({"mac": mac(0), "label": "known", "address": "10.0.0.1"});
    api.post("/phones", &known).await.expect(201);
    let site = json!({"slug": "kiel", "name": "Kiel"});
    api.post("/sites", &site).await.expect(201);
    let login = json!({"name": "pbx", "username": "carillon", "password": "a password"});
    api.post("/credentials", &login).await.expect(201);
    let mut admin = Person::sign_in(house, Role::Admin).await;
    let all = all();
    assert!(all.len() >= 400, "{}", all.len());
    let mut list = String::from("mac,label,address\n");
    for (number, text) in all.iter().enumerate() {
        let phone = json!({"mac": mac(number + 1), "label": "x", "address": text});
        let made = api.post("/phones", &phone).await;
        assert_eq!(made.status, 422, "{text}: {}", made.text);
        let edited = api
            .patch(&format!("/phones/{}", mac(0)), &json!({"address": text}))
            .await;
        assert_eq!(edited.status, 422, "{text}: {}", edited.text);
        let fields = [
            ("mac", mac(number + 1)),
            ("label", "x".to_owned()),
            ("address", text.clone()),
            ("url_form", "servlet".to_owned()),
            ("dial_form", "key".to_owned()),
        ];
        let fields = fields
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let typed = admin.send("/phones/new", "/phones/new", &fields).await;
        assert_eq!(typed.status, 422, "{text}: {}", typed.text);
        for server in [
            json!({"from": "carillon@pbx.test", "proxy": text}),
            json!({"way": "ami", "proxy": text, "credential": "pbx"}),
            json!({"way": "esl", "proxy": text, "credential": "pbx", "password_in_clear": true}),
        ] {
            let led = api.put("/sites/kiel/sip", &server).await;
            assert_eq!(led.status, 422, "{text}: {}", led.text);
        }
        if let Some(uri) = sip_address(text) {
            let phone = json!({"mac": mac(number + 1), "label": "x", "sip_uri": uri});
            let made = api.post("/phones", &phone).await;
            assert_eq!(made.status, 422, "{uri}: {}", made.text);
            let known = format!("/phones/{}", mac(0));
            let edited = api.patch(&known, &json!({"sip_uri": uri})).await;
            assert_eq!(edited.status, 422, "{uri}: {}", edited.text);
        }
        writeln!(list, "{},x,{text}", mac(number + 1)).unwrap();
    }
    let report = api.import("?valid_rows_only=true", &list).await.expect(200);
    assert_eq!(report["created"], 0, "{report}");
    let page = api.get("/phones").await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    assert_eq!(page["items"][0]["address"], "10.0.0.1");
    api.delete(&format!("/phones/{}", mac(0))).await.expect(204);
    api.delete("/sites/kiel").await.expect(204);
}

/// Puts phones with these addresses into the database, by whatever way.
async fn store(house: &House, addresses: &[IpAddr]) {
    let phone = |(number, address): (usize, &IpAddr)| {
        let mut phone = Phone::new(mac(number).parse().unwrap());
        phone.address = Some(*address);
        phone
    };
    let phones: Vec<Phone> = addresses.iter().enumerate().map(phone).collect();
    let engine = house.engine();
    let mut unit = engine.store.begin().await.unwrap();
    unit.insert_phones(&phones, engine.clock.now())
        .await
        .unwrap();
    unit.commit_bookkeeping().await.unwrap();
}

/// Whatever way it came into the database, nothing goes out to it.
#[tokio::test]
async fn what_stands_in_the_database_is_looked_at_again_before_it_is_sent_to() {
    let house = House::strict().await;
    going_out(&house).await;
    house.close().await;
}

/// Sends to every one of them that is an address at all, as if it had come in.
pub(crate) async fn going_out(house: &House) {
    let api = house.program(Role::Admin).await;
    let addresses = addresses();
    assert!(addresses.len() > 100, "{}", addresses.len());
    assert!(addresses.contains(&IpAddr::V4(Ipv4Addr::LOCALHOST)));
    assert!(addresses.contains(&IpAddr::V6(Ipv6Addr::UNSPECIFIED)));
    store(house, &addresses).await;
    let body = json!({"action": "DNDOn", "targets": {"filter": ""}, "reason": "a test",
        "options": {"max_failed_percent": 100, "canary": 0, "window": 256}});
    let made = api.post("/jobs", &body).await.expect(202);
    let job = api.finished(made["id"].as_str().unwrap()).await;
    assert_eq!(job["counts"]["failed"], addresses.len());
    assert_eq!(
        job["causes"],
        json!([{"cause": "blocked_address", "count": addresses.len()}])
    );
}

/// What is an address at all among them.
fn addresses() -> Vec<IpAddr> {
    all().iter().filter_map(|text| text.parse().ok()).collect()
}

/// An import moved phones away from all of these; taking it back leaves them where they are.
async fn taking_back(house: House) -> House {
    let allowed: IpAddr = "10.0.0.1".parse().unwrap();
    let guard = house.engine().guard();
    let forbidden = addresses().into_iter();
    let forbidden = forbidden.filter(|address| guard.check_address(*address).is_err());
    let forbidden: Vec<IpAddr> = forbidden.collect();
    assert!(forbidden.len() > 100, "{}", forbidden.len());
    let before: Vec<IpAddr> = forbidden.iter().copied().chain([allowed]).collect();
    store(&house, &before).await;
    let mut list = String::from("mac,label,address\n");
    for number in 0..before.len() {
        writeln!(list, "{},moved,10.9.0.{}", mac(number), number % 250 + 1).unwrap();
    }
    let mut admin = browser(&house, "admin").await;
    let review = location(&upload(&mut admin, &list).await);
    let digest = hidden(&look(&mut admin, &review).await, "digest");
    let seen = [("digest", digest.as_str()), ("valid_rows_only", "false")];
    location(&submit(&mut admin, &review, &review, &seen).await);

    let undo = format!("{review}/undo");
    let page = look(&mut admin, &undo).await;
    let left = format!("{} phones stay as they are", before.len() - 1);
    assert!(page.text.contains(&left), "{}", page.text);
    location(&submit(&mut admin, &undo, &undo, &[("count", "1"), ("typed", "")]).await);
    let local = House::local();
    for (number, before) in before.iter().enumerate() {
        let phone = house.engine().phone(&local, mac(number).parse().unwrap());
        let address = phone.await.unwrap().phone.address.unwrap();
        assert!(!forbidden.contains(&address), "{address} is back");
        assert_eq!(address == allowed, *before == allowed);
    }
    house
}

#[tokio::test]
async fn no_forbidden_address_comes_back_with_an_import_that_is_taken_back() {
    taking_back(House::strict().await).await.close().await;
    on_postgres(taking_back).await;
}
