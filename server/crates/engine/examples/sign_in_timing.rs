//! Whether the time of a refused sign-in tells whether the account exists, or the password is right.
//!
//! Rounds of three refused sign-ins, one with a name that no account has, one with a wrong
//! password, one with a wrong code after a right password, in changing order; then Welch's t of
//! each two. Beyond 4.5 they can be told apart. Each round comes from an address of its own: one that
//! fails a hundred times at an account is cut off, and its tries cost nothing.
#![expect(clippy::print_stdout, reason = "it is read on a terminal")]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use carillon_devices::{Gateway, GatewayConfig, Guard, GuardConfig};
use carillon_domain::Timestamp;
use carillon_domain::role::Role;
use carillon_engine::accounts::{Cost, Hasher, NewUser, SignIn};
use carillon_engine::dispatch::Dispatch;
use carillon_engine::rows::adopt_rows;
use carillon_engine::secrets::{KeySource, check_keys};
use carillon_engine::{Caller, Clock, Engine, Feed, Parts, Random};
use carillon_store::Store;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::SecretString;
use sha1::Sha1;

const ROUNDS: usize = 2_000;
/// At the beginning caches are cold.
const WARM_UP: usize = 20;
const TOLD_APART: f64 = 4.5;
const PASSWORD: &str = "evening bells ring";
const START: i64 = 1_790_000_000_000_000;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let folder = tempfile::tempdir()?;
    let clock = Clock::manual(Timestamp::from_micros(START));
    let engine = engine(folder.path(), clock.clone()).await?;
    let mut times = [const { Vec::new() }; 3];
    for round in 0..ROUNDS + WARM_UP {
        for turn in 0..KINDS.len() {
            let kind = (round + turn) % KINDS.len();
            // Every delay is over by then.
            clock.advance(Duration::from_hours(1));
            let time = refused(&engine, &KINDS[kind], &address(round)).await?;
            if round >= WARM_UP {
                times[kind].push(time);
            }
        }
    }
    let hash = one_hash().await?;
    println!("One hash alone: {hash:.0} µs\n");
    if times.iter().any(|times| median(times) < 0.9 * hash) {
        return Err("refused without a look at the password".into());
    }
    Ok(tell(&times))
}

/// Where the attempts of a round come from.
fn address(round: usize) -> String {
    format!("10.0.{}.{}", round / 250, round % 250 + 1)
}

/// The median of what one hash takes, in microseconds.
async fn one_hash() -> Result<f64, Failure> {
    let (hasher, random) = (Hasher::new(Cost::default(), 1), Random::system());
    let mut times = Vec::new();
    for _ in 0..WARM_UP {
        let begun = Instant::now();
        let slot = hasher.slot().await?;
        slot.hash(SecretString::from(PASSWORD), &random).await?;
        times.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    Ok(median(&times))
}

/// Why somebody is refused.
struct Kind {
    why: &'static str,
    name: &'static str,
    password: &'static str,
}

const KINDS: [Kind; 3] = [
    Kind {
        why: "unknown name",
        name: "nobody",
        password: "not the password at all",
    },
    Kind {
        why: "wrong password",
        name: "somebody",
        password: "not the password at all",
    },
    Kind {
        why: "wrong code",
        name: "somebody",
        password: PASSWORD,
    },
];

async fn engine(folder: &std::path::Path, clock: Clock) -> Result<Engine, Failure> {
    let source = KeySource::File(folder.join("secret.keys"));
    let keyring = source.create(&Random::system(), clock.now())?;
    let store = Store::open(&format!("sqlite:{}", folder.join("carillon.db").display())).await?;
    let store = store.in_run(carillon_engine::audit::run(&Random::system())?);
    store.migrate().await?;
    check_keys(&store, &keyring, clock.now()).await?;
    adopt_rows(&store, &keyring, clock.now()).await?;
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
        password: SecretString::from(PASSWORD),
    };
    engine.add_user(&Caller::system(), somebody).await?;
    set_up(&engine).await?;
    Ok(engine)
}

/// Gives the account a second factor, as its owner does.
async fn set_up(engine: &Engine) -> Result<(), Failure> {
    let attempt = SignIn {
        name: "somebody".to_owned(),
        password: SecretString::from(PASSWORD),
        ..SignIn::default()
    };
    let entered = engine.sign_in(attempt).await?.ok_or("not let in")?;
    let session = entered.session;
    let id = engine.begin_second_factor(&session.caller).await?;
    let setup = engine.second_factor_setup(&session.caller, &id).await?;
    let code = SecretString::from(code_at(&setup.secret, engine.clock.now())?);
    engine.confirm_second_factor(&session, &id, &code).await?;
    Ok(())
}

/// The code that an app with this secret shows (RFC 6238).
fn code_at(secret: &str, now: Timestamp) -> Result<String, Failure> {
    let (mut bits, mut held, mut key) = (0_u32, 0, Vec::new());
    for letter in secret.chars() {
        let five = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter);
        bits = bits << 5 | u32::try_from(five.ok_or("not base 32")?)?;
        held += 5;
        if held >= 8 {
            held -= 8;
            key.push((bits >> held) as u8);
        }
    }
    let mut mac = Hmac::<Sha1>::new_from_slice(&key)?;
    mac.update(&(now.micros() / 30_000_000).to_be_bytes());
    let digest: [u8; 20] = mac.finalize().into_bytes().into();
    let at = usize::from(digest[19] & 15);
    let four: [u8; 4] = digest[at..at + 4].try_into()?;
    let number = u32::from_be_bytes(four) & 0x7fff_ffff;
    Ok(format!("{:06}", number % 1_000_000))
}

/// How long one refusal takes, in microseconds.
async fn refused(engine: &Engine, kind: &Kind, from: &str) -> Result<f64, Failure> {
    let attempt = SignIn {
        name: kind.name.to_owned(),
        password: SecretString::from(kind.password),
        code: SecretString::from("not a code"),
        ip: Some(from.to_owned()),
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

fn tell(times: &[Vec<f64>; 3]) -> ExitCode {
    println!("| refused because | attempts | mean, µs | median, µs |");
    println!("|---|---|---|---|");
    for (kind, times) in KINDS.iter().zip(times) {
        let (mean, _) = moments(times);
        let (why, count, median) = (kind.why, times.len(), median(times));
        println!("| {why} | {count} | {mean:.0} | {median:.0} |");
    }
    println!("\nBelow {TOLD_APART} two cannot be told apart:");
    let mut apart = false;
    for (one, other) in [(0, 1), (1, 2), (0, 2)] {
        let t = welch(&times[one], &times[other]).abs();
        println!("{}, {}: |t| = {t:.2}", KINDS[one].why, KINDS[other].why);
        apart |= t >= TOLD_APART;
    }
    if apart {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
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
