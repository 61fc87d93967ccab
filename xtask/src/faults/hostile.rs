//! Hostile phones: what they answer costs the product no more memory than honest answers do, no
//! exchange lasts longer than it may, and the process lives.

use serde_json::{Value, json};

use super::Outcome;
use super::options::{Database, Options};
use super::product::Product;
use super::stand::{Job, Stand, is_over, wait_for};

/// Ways to be broken, as the simulator names them.
const WAYS: [&str; 20] = [
    "silent",
    "slow",
    "drip",
    "black-hole",
    "refused",
    "dark",
    "reset-before",
    "reset-during",
    "reset-after",
    "garbage",
    "1xx-flood",
    "thousand-headers",
    "endless-body",
    "oversized-body",
    "gzip-bomb",
    "redirect-away",
    "not-found",
    "server-error",
    "forbidden-ip",
    "prompt-once",
];
const OF_EACH: u64 = 25;
const WINDOW: u64 = 64;
const TIMEOUT_MS: u64 = 3_000;
/// How much later than its cap an exchange may have ended.
const GRACE_MS: u64 = 500;
/// How much more memory hostile phones may cost than honest ones.
const GROWTH_KIB: u64 = 32 * 1024;

pub(super) fn run(options: &Options) -> Result<Outcome, String> {
    if !options.databases.contains(&Database::Sqlite) {
        return Ok(Outcome::Skipped("only Postgres was asked for".to_owned()));
    }
    let stand = Stand::set_up(options, fleet(), None)?;
    let mut lines = Vec::new();
    let (honest, _) = measured(options, &stand, "honest")?;
    let (hostile, longest) = measured(options, &stand, "hostile")?;
    let growth = hostile.saturating_sub(honest);
    if growth > GROWTH_KIB {
        return Err(format!(
            "hostile phones cost {growth} KiB more than as many honest ones ({hostile} and {honest})"
        ));
    }
    lines.push(format!(
        "{} exchanges with {} phones broken in {} ways: memory at most {} MiB, {} MiB with as many \
         honest phones; the longest exchange {longest} ms of {TIMEOUT_MS}, no panic",
        options.turns * OF_EACH * WAYS.len() as u64,
        OF_EACH * WAYS.len() as u64,
        WAYS.len(),
        hostile / 1024,
        honest / 1024,
    ));
    stand.clear();
    Ok(Outcome::Passed(lines))
}

/// Two sites with as many phones.
fn fleet() -> Value {
    let profiles: serde_json::Map<_, _> = WAYS
        .iter()
        .map(|way| ((*way).to_owned(), json!(OF_EACH)))
        .collect();
    let phones = OF_EACH * WAYS.len() as u64;
    let site = |name: &str, profiles: Value| {
        json!({ "name": name, "transport_security": "plain_http", "auth": "digest",
                "username": "admin", "password": "simulated", "phones": phones,
                "profiles": profiles })
    };
    json!({
        "timing": { "slow_ms": 20_000 },
        "sites": [site("honest", json!({})), site("hostile", Value::Object(profiles))],
    })
}

/// Sends to one site in a process of its own; its peak of memory in KiB and the longest exchange
/// in milliseconds.
fn measured(options: &Options, stand: &Stand, site: &str) -> Result<(u64, u64), String> {
    let mut product = stand.setting.start()?;
    let api = stand.api(&product);
    let mut longest = 0;
    for turn in 0..options.turns {
        let action = if turn % 2 == 0 { "DNDOn" } else { "DNDOff" };
        let job = stand.begin_with(&api, action, &order(action, site))?;
        wait_for(&api, &job, "the job's end", is_over)?;
        longest = longest.max(slowest(stand, &api, &job)?);
    }
    if product.has_ended() {
        return Err("the product ended by itself".to_owned());
    }
    let peak = peak(&product)?;
    product.stop()?;
    let log = std::fs::read_to_string(&stand.setting.log).unwrap_or_default();
    if log.contains("panicked") {
        return Err("something panicked".to_owned());
    }
    Ok((peak, longest))
}

fn order(action: &str, site: &str) -> Value {
    let mut order = super::stand::request(action, WINDOW);
    order["targets"] = json!({ "filter": format!("site:{site}") });
    order["options"]["timeout_ms"] = json!(TIMEOUT_MS);
    order
}

fn slowest(stand: &Stand, api: &super::http::Api, job: &Job) -> Result<u64, String> {
    let mut longest = 0;
    for target in stand.export_targets(api, job)? {
        let took = target["duration_ms"].as_u64().unwrap_or_default();
        if took > TIMEOUT_MS + GRACE_MS {
            return Err(format!(
                "an exchange of {took} ms, cap {TIMEOUT_MS}: {target}"
            ));
        }
        longest = longest.max(took);
    }
    Ok(longest)
}

/// The most memory that a process had at once, in KiB.
fn peak(product: &Product) -> Result<u64, String> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", product.id()));
    let status = status.map_err(|error| error.to_string())?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| "the system does not tell the peak of memory".to_owned())
}
