//! Fills a database with a large fleet and the jobs that it has seen.
//!
//!     cargo run --release -p carillon-store --example fill_fleet -- sqlite:FILE 20000 1000000
//!
//! Phones at sites of 250, groups by rule, and finished jobs with as many results as asked for,
//! over the two months before the end of the log that `fill_audit` makes. Always the same rows
//! for the same numbers, all of them written by the functions that the program itself uses.
#![expect(clippy::print_stdout, reason = "a measurement prints what it found")]

use std::time::Instant;

use carillon_domain::event::{Actor, ActorKind};
use carillon_domain::outcome::Transport;
use carillon_domain::phone::{AuthScheme, Group, GroupKind, Phone, Site, TransportSecurity};
use carillon_domain::{Cause, JobState, Mac, TargetState, Timestamp};
use carillon_store::{
    Claim, ClaimedTarget, ContactUpdate, NewJob, NewTarget, SiteLimit, Store, TargetResult,
};
use serde_json::json;

/// A year after the beginning of the audit log.
const END: i64 = 1_764_000_000_000_000 + 365 * DAY;
const DAY: i64 = 86_400 * 1_000_000;
/// The days over which jobs are spread.
const DAYS: i64 = 60;
const SITE: u32 = 250;
const BATCH: usize = 500;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut words = std::env::args().skip(1);
    let url = words.next().ok_or("an address, phones, results")?;
    let phones: u32 = words.next().ok_or("how many phones?")?.parse()?;
    let results: u32 = words.next().ok_or("how many results?")?.parse()?;
    let store = Store::open(&url).await?;
    store.migrate().await?;
    let started = Instant::now();
    inventory(&store, phones).await?;
    let sizes = sizes(phones, results);
    let mut unit = store.begin().await?;
    let epoch = unit.begin_epoch("fill", at(0), at(END)).await?;
    unit.commit_bookkeeping().await?;
    let step = DAYS * DAY / (sizes.len() as i64 + 1);
    for (number, size) in sizes.iter().enumerate() {
        let from = END - step * (sizes.len() - number) as i64;
        job(&store, epoch, number as u32, *size, phones, from).await?;
    }
    paused_job(&store, phones).await?;
    let jobs = sizes.len();
    let took = started.elapsed().as_secs_f64();
    println!("{phones} phones, {jobs} jobs with {results} results in {took:.1} s");
    store.close().await;
    Ok(())
}

/// Few jobs over everything, more over a part, most over a site or four.
fn sizes(phones: u32, mut results: u32) -> Vec<u32> {
    let mut sizes = Vec::new();
    for number in 0u32.. {
        if results == 0 {
            break;
        }
        let wished = match number % 41 {
            40 => phones,
            0..10 => phones / 4,
            _ => phones / 20,
        };
        let size = wished.clamp(1, results);
        results -= size;
        sizes.push(size);
    }
    sizes
}

const fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

async fn inventory(store: &Store, phones: u32) -> Outcome<()> {
    let mut unit = store.begin().await?;
    for number in 0..phones.div_ceil(SITE) {
        let site = Site {
            slug: format!("site-{number:02}"),
            name: format!("Site {number:02}"),
            transport_security: TransportSecurity::PlainHttp,
            ca_pem: None,
            credential: None,
            max_down_percent: 20,
        };
        unit.insert_site(&site, at(0)).await?;
    }
    let all: Vec<_> = (0..phones).map(phone).collect();
    unit.insert_phones(&all, at(END - DAYS * DAY)).await?;
    for number in 0..20 {
        let group = Group {
            slug: format!("floor-{number}"),
            name: format!("Floor {number}"),
            kind: GroupKind::Rule,
            filter: Some(format!("tag:floor-{number}")),
            credential: None,
        };
        unit.insert_group(&group, at(0)).await?;
    }
    unit.commit_bookkeeping().await?;
    Ok(())
}

/// The phones of which `fill_audit` tells, with the same names.
fn phone(number: u32) -> Phone {
    let [_, a, b, c] = number.to_be_bytes();
    let of = |list: &[&str]| list[number as usize % list.len()].to_owned();
    let mut phone = Phone::new(Mac::from_bytes([0x80, 0x5e, 0, a, b, c]));
    let room = of(&["Reception", "Ward", "Office", "Lab", "Meeting room"]);
    phone.label = format!("{room} {number}");
    phone.extension = (10_000 + number).to_string();
    phone.model = of(&["T46S", "T54W", "T57W", "T31P", "T42S", "T48U", "T33G"]);
    phone.firmware = of(&["66.86.0.15", "96.86.0.70", "124.86.0.40"]);
    phone.site = Some(format!("site-{:02}", number / SITE));
    phone.address = Some(std::net::IpAddr::from([10, 20 + a, b, c]));
    phone.tags = vec![format!("floor-{}", number / 100 % 20)];
    if number.is_multiple_of(7) {
        phone.tags.push("pilot".to_owned());
    }
    phone
}

/// A job under way, for the page that shows one: nothing of it is ever sent.
async fn paused_job(store: &Store, phones: u32) -> Outcome<()> {
    let targets: Vec<_> = (0..phones.div_ceil(4))
        .map(|number| target(&phone(number)))
        .collect();
    let mut job = new_job("01930000-0000-7000-8000-000000000000", 0, END);
    job.state = JobState::Paused;
    let mut unit = store.begin().await?;
    unit.insert_job(&job, &targets).await?;
    unit.commit_bookkeeping().await?;
    Ok(())
}

async fn job(
    store: &Store,
    epoch: i64,
    number: u32,
    size: u32,
    phones: u32,
    from: i64,
) -> Outcome<()> {
    let id = format!("01920000-0000-7000-8000-{number:012x}");
    let first = number.wrapping_mul(7_919) % phones;
    let targets: Vec<_> = (0..size)
        .map(|offset| target(&phone((first + offset) % phones)))
        .collect();
    let mut unit = store.begin().await?;
    unit.insert_job(&new_job(&id, number, from), &targets)
        .await?;
    unit.commit_bookkeeping().await?;
    let mut now = from;
    loop {
        now += 1_000_000;
        let attempts: Vec<_> = (0..BATCH).map(|place| attempt(now, place)).collect();
        let claim = Claim {
            job: &id,
            epoch,
            now: at(now),
            attempts: &attempts,
            site_limit: SiteLimit::default(),
            not_since: None,
            only_again: false,
            from: 0,
            list: None,
        };
        let mut unit = store.begin().await?;
        let claimed = unit.claim(&claim).await?;
        if claimed.is_empty() {
            unit.finish_job_if_done(&id, at(now)).await?;
            return Ok(unit.commit_bookkeeping().await?);
        }
        let results: Vec<_> = claimed.iter().map(|one| result(one, at(now))).collect();
        unit.record_results(&results).await?;
        unit.commit_bookkeeping().await?;
    }
}

fn attempt(now: i64, place: usize) -> String {
    format!("0193{:08x}-7000-8000-{place:012x}", now >> 20)
}

fn new_job(id: &str, number: u32, from: i64) -> NewJob {
    let people = ["a.meyer", "b.schulz", "d.novak", "e.jansen", "f.rossi"];
    let actions = ["Reboot", "DNDOff", "OK", "AutoP"];
    let name = people[number as usize % people.len()];
    NewJob {
        id: id.to_owned(),
        action: actions[number as usize % actions.len()].to_owned(),
        params_shown: json!({}),
        params_sealed: None,
        options: json!({"window": 100}),
        targets_shown: json!({"filter": "tag:pilot"}),
        groups: vec![format!("floor-{}", number % 20)],
        state: JobState::Running,
        actor: Actor {
            kind: ActorKind::User,
            id: name.to_owned(),
            name: name.to_owned(),
            auth: "password".to_owned(),
            session: String::new(),
        },
        reason: format!("INC-{} phones hang after the update", 4_000 + number),
        created_at: at(from),
        start_at: None,
        not_after: None,
        retry_of: None,
        digest: "filled".to_owned(),
        request_example: "GET /servlet?key=Reboot".to_owned(),
    }
}

fn target(phone: &Phone) -> NewTarget {
    NewTarget {
        mac: phone.mac,
        name: phone.label.clone(),
        extension: phone.extension.clone(),
        model: phone.model.clone(),
        site: phone.site.clone(),
        groups: phone.tags[..1].to_vec(),
        skip: None,
    }
}

/// Three of fifty go wrong, as in the audit log.
fn result(claimed: &ClaimedTarget, at: Timestamp) -> TargetResult {
    let place = claimed.target.position;
    let (state, cause, http_status) = match place % 50 {
        0 => (TargetState::Failed, Some(Cause::AuthFailed), Some(401)),
        1 => (TargetState::Failed, Some(Cause::Unreachable), None),
        2 => (TargetState::Unknown, Some(Cause::TimeoutAnswer), None),
        _ => (TargetState::Acknowledged, None, Some(200)),
    };
    TargetResult {
        before: claimed.target.clone(),
        state,
        cause,
        http_status,
        transport: Some(Transport::Http),
        at,
        duration_ms: Some(20 + place % 300),
        excerpt: String::new(),
        evidence: String::new(),
        contact: Some(ContactUpdate {
            reached: cause != Some(Cause::Unreachable),
            learned_auth: Some(AuthScheme::DigestMd5),
            learned_pin: None,
        }),
        retry_at: None,
        given_back: false,
    }
}
