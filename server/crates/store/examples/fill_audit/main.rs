//! Fills an audit log with records as a helpdesk with 10,000 phones leaves them.
//!
//!     cargo run --release -p carillon-store --example fill_audit -- sqlite:FILE 1000000 [BATCH [rows]]
//!
//! Jobs of all sizes with their intents and results, sign-ins and edits between them, over a
//! year. Always the same records for the same numbers. Prints what adding them cost. With `rows` the
//! jobs themselves are written as well, so that `audit verify` finds in the tables what records tell;
//! then the last job is told to its end, beyond the number.
#![expect(clippy::print_stdout, reason = "a measurement prints what it found")]

mod jobs;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use carillon_domain::event::{Actor, ActorKind, Event, EventResult};
use carillon_domain::{Mac, Timestamp};
use carillon_store::{NewTarget, Run, Store};
use serde_json::json;

use self::jobs::Told;

const PHONES: u64 = 10_000;
const START: i64 = 1_764_000_000_000_000;
/// A year in microseconds, over which the records are spread.
const SPAN: i64 = 365 * 86_400 * 1_000_000;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut words = std::env::args().skip(1);
    let url = words.next().ok_or("an address, then how many records")?;
    let count: usize = words.next().ok_or("how many records?")?.parse()?;
    let batch: usize = words.next().map_or(Ok(4096), |word| word.parse())?;
    let rows = words.next().is_some_and(|word| word == "rows");
    let store = Store::open(&url)
        .await?
        .in_run(Run::new("fill-run", salts()));
    store.migrate().await?;
    let mut site = Helpdesk::new(count);
    let started = Instant::now();
    let (mut done, mut reported) = (0, 0);
    let epoch = if rows {
        Some(jobs::epoch(&store, START + 2 * SPAN).await?)
    } else {
        None
    };
    while done < count || (rows && !site.waiting.is_empty()) {
        let more = match count - done.min(count) {
            0 => site.waiting.len(),
            left => left,
        };
        let events = site.next(batch.min(more));
        let unit = store.begin().await?;
        unit.record(&events).await?.commit().await?;
        done += events.len();
        for told in std::mem::take(&mut site.told) {
            if let Some(epoch) = epoch {
                jobs::fill(&store, epoch, told).await?;
            }
        }
        if done / 500_000 > reported {
            reported = done / 500_000;
            println!("{done} after {:.1} s", started.elapsed().as_secs_f64());
        }
    }
    let took = started.elapsed().as_secs_f64();
    println!(
        "{done} records in {took:.2} s: {:.0} a second, {:.2} µs each",
        done as f64 / took,
        took * 1e6 / done as f64
    );
    store.close().await;
    Ok(())
}

/// Random bytes that are none: always the same log.
fn salts() -> impl Fn() -> Option<[u8; 32]> {
    let number = AtomicU64::new(0);
    move || {
        let mut salt = [7; 32];
        salt[..8].copy_from_slice(&number.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        Some(salt)
    }
}

/// Who does what next.
struct Helpdesk {
    state: u64,
    at: i64,
    step: i64,
    jobs: u64,
    /// Records of jobs under way that were not handed out yet, last first.
    waiting: Vec<Event>,
    /// Jobs whose records were all made.
    told: Vec<Told>,
}

const ACTIONS: [&str; 8] = [
    "Reboot",
    "DNDOn",
    "DNDOff",
    "AutoP",
    "F_TRANSFER",
    "OK",
    "Reset",
    "phonecfg",
];
const PEOPLE: [&str; 9] = [
    "a.meyer",
    "b.schulz",
    "c.öztürk",
    "d.novak",
    "e.jansen",
    "f.rossi",
    "g.lang",
    "h.brandt",
    "i.sato",
];

impl Helpdesk {
    fn new(count: usize) -> Self {
        Self {
            state: 0x9e37_79b9_7f4a_7c15,
            at: START,
            step: SPAN / count.max(1) as i64,
            jobs: 0,
            waiting: Vec::new(),
            told: Vec::new(),
        }
    }

    /// The next records, exactly so many.
    fn next(&mut self, count: usize) -> Vec<Event> {
        while self.waiting.len() < count {
            self.happen();
        }
        let rest = self.waiting.split_off(count);
        std::mem::replace(&mut self.waiting, rest)
    }

    /// A number below this one: always the same sequence.
    fn below(&mut self, limit: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) % limit
    }

    fn happen(&mut self) {
        match self.below(100) {
            0..60 => self.sign_in(),
            60..80 => self.edit(),
            _ => self.job(),
        }
    }

    fn event(&mut self, name: &str, action: &str) -> Event {
        self.at += self.step;
        let actor = Actor {
            kind: ActorKind::User,
            id: name.to_owned(),
            name: name.to_owned(),
            auth: "password".to_owned(),
            session: String::new(),
        };
        Event::new(Timestamp::from_micros(self.at), actor, action)
    }

    fn somebody(&mut self) -> (&'static str, String) {
        let number = self.below(PEOPLE.len() as u64);
        (
            PEOPLE[number as usize],
            format!("10.20.{number}.{}", self.below(20)),
        )
    }

    fn sign_in(&mut self) {
        let (name, ip) = self.somebody();
        let refused = self.below(12) == 0;
        let action = if refused {
            "account.sign_in_failed"
        } else {
            "account.signed_in"
        };
        let session = format!("{:08x}", self.below(1 << 32));
        let mut event = self.event(name, action);
        event.ip = Some(ip);
        if refused {
            event.result = EventResult::Denied;
        } else {
            event.detail = json!({ "session": session, "sessions_ended": 0 });
        }
        self.waiting.push(event);
    }

    fn edit(&mut self) {
        let (name, ip) = self.somebody();
        let phone = self.below(PHONES);
        let mut event = self.event(name, "phone.changed");
        event.ip = Some(ip);
        about(&mut event, phone);
        event.detail = json!({"before": {"notes": ""}, "after": {"notes": format!("moved to room {}", phone % 400)}});
        self.waiting.push(event);
    }

    /// One action for a run of phones: most for few, some for thousands.
    fn job(&mut self) {
        let (name, ip) = self.somebody();
        let size = [1, 1, 1, 5, 20, 50, 200, 1000, 4000][self.below(9) as usize];
        let action = ACTIONS[self.below(ACTIONS.len() as u64) as usize];
        let job = format!("01920000-0000-7000-8000-{:012x}", self.jobs);
        self.jobs += 1;
        let reason = match self.below(3) {
            0 => format!("INC-{} phones hang after the update", 4000 + self.jobs),
            1 => "restart before the weekend".to_owned(),
            _ => format!("CHG-{} settings of the branch office", 100 + self.jobs / 5),
        };
        let mut submitted = self.event(name, "job.submitted");
        submitted.ip = Some(ip);
        submitted.job = Some(job.clone());
        submitted.reason.clone_from(&reason);
        submitted.detail = json!({
            "action": action, "class": "disruptive", "total": size, "options": jobs::options(),
            "digest": jobs::digest(&job), "awaits_approval": false,
        });
        self.waiting.push(submitted.clone());
        let (mut phones, mut ends) = (Vec::new(), BTreeMap::new());
        let first = self.below(PHONES);
        let facts = (name, action, job.as_str(), reason.as_str());
        let mut done = 0;
        while done < size {
            let some = 64.min(size - done);
            for part in [true, false] {
                for number in done..done + some {
                    let event = self.target(facts, (first + number) % PHONES, part);
                    match event.phone {
                        Some(_) if part => phones.push(target(&event)),
                        Some(mac) => drop(ends.insert(mac, event.detail.clone())),
                        None => {}
                    }
                    self.waiting.push(event);
                }
            }
            done += some;
        }
        let mut ended = self.event("carillon", "job.ended");
        ended.actor = Actor::system();
        ended.job = Some(job);
        ended.reason = reason;
        ended.detail = json!({"action": action, "state": "finished"});
        self.told.push(Told {
            submitted,
            action,
            ended_at: ended.at,
            phones,
            ends,
        });
        self.waiting.push(ended);
    }

    fn target(
        &mut self,
        (name, command, job, reason): (&str, &str, &str, &str),
        phone: u64,
        intent: bool,
    ) -> Event {
        let action = if intent {
            "target.intent"
        } else {
            "target.result"
        };
        let mut event = self.event(name, action);
        about(&mut event, phone);
        event.job = Some(job.to_owned());
        reason.clone_into(&mut event.reason);
        let attempt = format!(
            "0192{:08x}-{:04x}-7000-8000-{phone:012x}",
            self.at >> 20,
            self.jobs % 0xffff
        );
        if intent {
            event.result = EventResult::Intent;
            event.detail = json!({"action": command, "attempt": attempt, "try": 1});
            return event;
        }
        let (result, cause, status) = match self.below(50) {
            0 => (EventResult::Failed, Some("auth_failed"), Some(401)),
            1 => (EventResult::Failed, Some("unreachable"), None),
            2 => (EventResult::Unknown, Some("timeout_answer"), None),
            _ => (EventResult::Acknowledged, None, Some(200)),
        };
        event.result = result;
        event.detail = json!({
            "action": command, "state": result, "cause": cause, "http_status": status,
            "transport": "https", "duration_ms": 20 + self.below(300), "evidence": "",
            "attempt": attempt, "try": 1, "again_at": null,
        });
        event
    }
}

/// The phone that a record is about, as the list of its job has it.
fn target(event: &Event) -> NewTarget {
    NewTarget {
        mac: event.phone.unwrap_or_else(|| Mac::from_bytes([0; 6])),
        name: event.phone_name.clone(),
        extension: String::new(),
        model: "T54W".to_owned(),
        site: event.site.clone(),
        groups: event.groups.clone(),
        skip: None,
    }
}

fn about(event: &mut Event, phone: u64) {
    let bytes = phone.to_be_bytes();
    event.phone = Some(Mac::from_bytes([
        0x80, 0x5e, 0, bytes[5], bytes[6], bytes[7],
    ]));
    let rooms = ["Reception", "Ward", "Office", "Lab", "Meeting room"];
    event.phone_name = format!("{} {}", rooms[(phone % 5) as usize], phone);
    event.site = Some(format!("site-{:02}", phone / 250));
    event.groups = vec![format!("floor-{}", phone / 100 % 20)];
}
