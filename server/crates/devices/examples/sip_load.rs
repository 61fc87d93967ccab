//! What NOTIFYs cost beside sipp on the same work, and when their copies leave.
//!
//! `sip_load [COUNT] [RATE]` starts a SIP server and the phones of the tests, registers a thousand
//! addresses, and sends that many NOTIFYs through the server at that rate (10,000 at 500 a
//! second): by the gateway over UDP and TCP, and by sipp over UDP. It tells how they ended,
//! processor time for each, and memory. `sip_load copies` asks somebody who is silent and tells
//! when each copy came in, by a socket of its own: half a minute.
#![expect(clippy::print_stdout, reason = "it is read on a terminal")]
#![expect(
    clippy::expect_used,
    reason = "what it starts may end it, as in the tests that share it"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use carillon_devices::{
    ActionBody, Gateway, GatewayConfig, Guard, GuardConfig, Hop, Message, Notify,
};
use carillon_domain::sip::SipTransport;
use carillon_domain::{Cause, Mac, Timestamp};
use tokio::net::UdpSocket;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

#[expect(dead_code, reason = "the tests ask for more of it")]
#[path = "../tests/kamailio/house.rs"]
mod house;

type Failure = Box<dyn std::error::Error>;

/// Addresses that are registered.
const ADDRESSES: usize = 1_000;
/// NOTIFYs under way at once: the server's default for all requests.
const IN_FLIGHT: usize = 1_024;
/// Ticks of processor time in a second.
const TICKS: f64 = 100.0;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["copies"] => copies().await,
        [] => compare(10_000, 500).await,
        [count, rate] => compare(count.parse()?, rate.parse()?).await,
        _ => Err("sip_load [COUNT RATE], or sip_load copies".into()),
    }
}

async fn compare(count: usize, rate: u16) -> Result<(), Failure> {
    let programs = house::programs().ok_or("kamailio and sipp are not installed")?;
    let peers = house::Peers::start(&programs);
    peers.register_many("u", ADDRESSES);
    for transport in [SipTransport::Udp, SipTransport::Tcp] {
        let load = Load {
            port: peers.md5.open,
            count,
            rate,
            transport,
        };
        println!("the gateway, {transport}: {}", load.run().await?);
    }
    println!("sipp, udp: {}", sipp(&programs, &peers, count, rate)?);
    Ok(())
}

#[derive(Clone, Copy)]
struct Load {
    port: u16,
    count: usize,
    rate: u16,
    transport: SipTransport,
}

impl Load {
    async fn run(self) -> Result<String, Failure> {
        let (gateway, room) = (Arc::new(gateway()?), Arc::new(Semaphore::new(IN_FLIGHT)));
        let (started, before) = (Instant::now(), ticks(Of::This)?);
        let resident = memory("self", "VmRSS")?;
        let mut sends = JoinSet::new();
        let mut ends: BTreeMap<String, usize> = BTreeMap::new();
        for number in 0..self.count {
            let place = Arc::clone(&room).acquire_owned().await?;
            let (gateway, notify) = (Arc::clone(&gateway), self.notify(number)?);
            sends.spawn(async move {
                gateway.turn(&notify).await;
                let outcome = gateway.notify(notify).await;
                drop(place);
                outcome.cause
            });
            // What has ended would stay in memory until it is asked.
            while let Some(cause) = sends.try_join_next() {
                *ends.entry(end(cause?)).or_default() += 1;
            }
        }
        while let Some(cause) = sends.join_next().await {
            *ends.entry(end(cause?)).or_default() += 1;
        }
        let spent = ticks(Of::This)? - before;
        let most = memory("self", "VmHWM")?;
        let told = told(self.count, started.elapsed(), spent);
        Ok(format!(
            "{ends:?} {told}, {most} KiB at most, {} KiB of them since the start",
            most.saturating_sub(resident)
        ))
    }

    fn notify(self, number: usize) -> Result<Notify, Failure> {
        let user = format!("u{}@pbx.test", number % ADDRESSES);
        Ok(Notify {
            mac: Mac::from_bytes([0, 0x15, 0x65, 1, 2, 3]),
            hop: Hop {
                address: Ipv4Addr::LOCALHOST.into(),
                port: self.port,
                transport: self.transport,
                tls_name: None,
                ca_pem: None,
                passes_on: true,
                rate: self.rate,
                pbx: None,
            },
            to: user.parse()?,
            from: "dash@pbx.test".parse()?,
            message: Message::ActionUri(ActionBody::parse("key=OK")?),
            credential: None,
            realm: String::new(),
            shared: false,
        })
    }
}

fn end(cause: Option<Cause>) -> String {
    cause.map_or_else(|| "acknowledged".to_owned(), |cause| cause.to_string())
}

fn told(count: usize, took: Duration, ticks: f64) -> String {
    let (seconds, count) = (took.as_secs_f64(), count as f64);
    format!(
        "in {seconds:.1} s, {:.0} a second, {:.0} µs of processor each",
        count / seconds,
        ticks / TICKS * 1e6 / count
    )
}

/// The same work by sipp.
fn sipp(
    programs: &house::Programs,
    peers: &house::Peers,
    count: usize,
    rate: u16,
) -> Result<String, Failure> {
    let mut addresses = "SEQUENTIAL\n".to_owned();
    for number in 0..ADDRESSES {
        writeln!(addresses, "u{number};")?;
    }
    fs::write(peers.dir().join("addresses.csv"), addresses)?;
    let (started, before) = (Instant::now(), ticks(Of::Ended)?);
    let mut sipp = peers.sender(programs, count, rate);
    let pid = sipp.id().to_string();
    let mut most = 0;
    let ended = loop {
        if let Some(ended) = sipp.try_wait()? {
            break ended;
        }
        // Gone with the process, so it is read while that runs.
        most = memory(&pid, "VmHWM").map_or(most, |now| now.max(most));
        std::thread::sleep(Duration::from_millis(20));
    };
    let spent = ticks(Of::Ended)? - before;
    let told = told(count, started.elapsed(), spent);
    Ok(format!("{ended}, {told}, {most} KiB at most"))
}

/// Somebody silent, who only notes when something came in.
async fn copies() -> Result<(), Failure> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    let silent = Load {
        port: socket.local_addr()?.port(),
        count: 1,
        rate: 100,
        transport: SipTransport::Udp,
    };
    let (gateway, notify) = (gateway()?, silent.notify(0)?);
    let asked = tokio::spawn(async move { (gateway.notify(notify).await, Instant::now()) });
    let mut buffer = [0; 2048];
    let (mut first, mut arrivals, mut copies) = (None, Vec::new(), Vec::new());
    let patience = Duration::from_secs(6);
    while let Ok(length) = tokio::time::timeout(patience, socket.recv(&mut buffer)).await {
        let now = Instant::now();
        let start = *first.get_or_insert(now);
        arrivals.push(format!("{:.3}", now.duration_since(start).as_secs_f64()));
        copies.push(buffer[..length?].to_vec());
    }
    let (outcome, end) = asked.await?;
    let start = first.ok_or("nothing came in")?;
    println!("copies at {} s", arrivals.join(" "));
    println!(
        "all alike: {}; the end at {:.3} s: {}",
        copies.iter().all(|copy| *copy == copies[0]),
        end.duration_since(start).as_secs_f64(),
        outcome
            .cause
            .map_or_else(String::new, |cause| cause.to_string())
    );
    Ok(())
}

fn gateway() -> Result<Gateway, Failure> {
    let random = fs::File::open("/dev/urandom")?;
    let gateway = Gateway::new(GatewayConfig {
        guard: Guard::new(GuardConfig {
            allow_loopback: true,
            ..GuardConfig::default()
        }),
        entropy: Arc::new(move || {
            let mut bytes = [0; 16];
            // Zeros would make transactions alike, which their answers would tell.
            let _ = (&random).read_exact(&mut bytes);
            bytes
        }),
        now: Arc::new(|| Timestamp::from_micros(1_795_300_000_000_000)),
    })?;
    Ok(gateway)
}

/// Whose processor time.
#[derive(Clone, Copy)]
enum Of {
    This,
    /// Of the programs that it started and that have ended.
    Ended,
}

/// Processor time so far.
fn ticks(of: Of) -> Result<f64, Failure> {
    let text = fs::read_to_string("/proc/self/stat")?;
    let fields = text.rsplit(')').next().unwrap_or_default();
    let skipped = match of {
        Of::This => 11,
        Of::Ended => 13,
    };
    let mut numbers = fields.split_whitespace().skip(skipped);
    let mut next = || -> Result<f64, Failure> { Ok(numbers.next().ok_or("no times")?.parse()?) };
    Ok(next()? + next()?)
}

/// A line of a process's memory, in KiB.
fn memory(pid: &str, name: &str) -> Result<u64, Failure> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(known, _)| *known == name).ok_or("no memory")?;
    let digits = value.trim().trim_end_matches(" kB");
    Ok(digits.parse()?)
}
