//! Whether the time of a refused sign-in tells whether the account exists.
//!
//! Pairs of refused sign-ins, one with a name that no account has and one with a wrong password,
//! in changing order; then Welch's t of the two. Beyond 4.5 the two can be told apart.
#![expect(clippy::print_stdout, reason = "it is read on a terminal")]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use carillon_devices::{Gateway, GatewayConfig, Guard, GuardConfig};
use carillon_domain::Timestamp;
use carillon_domain::role::Role;
use carillon_engine::accounts::{Cost, Hasher, NewUser, SignIn};
use carillon_engine::dispatch::Dispatch;
use carillon_engine::secrets::{KeySource, check_keys};
use carillon_engine::{Caller, Clock, Engine, Feed, Parts, Random};
use carillon_store::Store;
use secrecy::SecretString;

const PAIRS: usize = 2_000;
/// At the beginning caches are cold.
const WARM_UP: usize = 20;
const TOLD_APART: f64 = 4.5;
const START: i64 = 1_790_000_000_000_000;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let folder = tempfile::tempdir()?;
    let clock = Clock::manual(Timestamp::from_micros(START));
    let engine = engine(folder.path(), clock.clone()).await?;
    let (mut unknown, mut wrong) = (Vec::new(), Vec::new());
    for pair in 0..PAIRS + WARM_UP {
        for turn in 0..2 {
            let (name, times) = if (pair + turn) % 2 == 0 {
                ("nobody", &mut unknown)
            } else {
                ("somebody", &mut wrong)
            };
            // Every delay is over by then.
            clock.advance(Duration::from_hours(1));
            let time = refused(&engine, name).await?;
            if pair >= WARM_UP {
                times.push(time);
            }
        }
    }
    Ok(tell(&unknown, &wrong))
}

async fn engine(folder: &std::path::Path, clock: Clock) -> Result<Engine, Failure> {
    let source = KeySource::File(folder.join("secret.keys"));
    let keyring = source.create(&Random::system(), clock.now())?;
    let store = Store::open(&format!("sqlite:{}", folder.join("carillon.db").display())).await?;
    store.migrate().await?;
    check_keys(&store, &keyring, clock.now()).await?;
    let now = clock.clone();
    let gateway = Gateway::new(GatewayConfig {
        guard: Guard::new(GuardConfig::default()),
        entropy: Arc::new(|| [7; 16]),
        now: Arc::new(move || now.now()),
    })?;
    let engine = Engine::new(Parts {
        store,
        gateway,
        keyring: Some(keyring),
        hasher: Hasher::new(Cost::default(), 1),
        clock,
        random: Random::system(),
        feed: Feed::default(),
        dispatch: Dispatch::new(1),
    });
    let somebody = NewUser {
        name: "somebody".to_owned(),
        role: Role::Operator,
        password: SecretString::from("evening bells ring"),
    };
    engine.add_user(&Caller::system(), somebody).await?;
    Ok(engine)
}

/// How long one refusal takes, in microseconds.
async fn refused(engine: &Engine, name: &str) -> Result<f64, Failure> {
    let attempt = SignIn {
        name: name.to_owned(),
        password: SecretString::from("not the password at all"),
        ip: Some("10.0.0.1".to_owned()),
        agent: "timing".to_owned(),
        ..SignIn::default()
    };
    let begun = Instant::now();
    let answer = engine.sign_in(attempt).await?;
    let time = begun.elapsed();
    if answer.is_some() {
        return Err("somebody was let in".into());
    }
    Ok(time.as_secs_f64() * 1e6)
}

fn tell(unknown: &[f64], wrong: &[f64]) -> ExitCode {
    let t = welch(unknown, wrong);
    println!("| refused because | attempts | mean, µs | median, µs |");
    println!("|---|---|---|---|");
    for (why, times) in [("unknown name", unknown), ("wrong password", wrong)] {
        let (mean, _) = moments(times);
        println!(
            "| {why} | {} | {mean:.0} | {:.0} |",
            times.len(),
            median(times)
        );
    }
    println!(
        "\n|t| = {:.2}; below {TOLD_APART} they cannot be told apart",
        t.abs()
    );
    if t.abs() < TOLD_APART {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn moments(times: &[f64]) -> (f64, f64) {
    let count = times.len() as f64;
    let mean = times.iter().sum::<f64>() / count;
    let squares: f64 = times.iter().map(|time| (time - mean).powi(2)).sum();
    (mean, squares / (count - 1.0))
}

fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn welch(a: &[f64], b: &[f64]) -> f64 {
    let ((mean_a, var_a), (mean_b, var_b)) = (moments(a), moments(b));
    (mean_a - mean_b) / (var_a / a.len() as f64 + var_b / b.len() as f64).sqrt()
}
