//! What NOTIFYs cost, and when their copies leave.
//!
//! `sip_load PORT COUNT RATE IN_FLIGHT TRANSPORT` sends that many to the SIP server on a port of
//! 127.0.0.1, to `u0`, `u1`, … of 1,000 phones at `pbx.test`, and tells how they ended, processor
//! time and memory. `sip_load copies` asks somebody who is silent and tells when each copy came
//! in, by a socket of its own: half a minute.
#![expect(clippy::print_stdout, reason = "it is read on a terminal")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use carillon_devices::{
    ActionBody, Gateway, GatewayConfig, Guard, GuardConfig, Hop, Message, Notify,
};
use carillon_domain::sip::SipTransport;
use carillon_domain::{Mac, Timestamp};
use tokio::net::UdpSocket;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

type Failure = Box<dyn std::error::Error>;

/// Phones that are registered.
const PHONES: usize = 1_000;
/// Ticks of processor time in a second.
const TICKS: f64 = 100.0;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["copies"] => copies().await,
        [port, count, rate, in_flight, transport] => {
            let load = Load {
                port: port.parse()?,
                count: count.parse()?,
                rate: rate.parse()?,
                in_flight: in_flight.parse()?,
                transport: transport.parse()?,
            };
            load.run().await
        }
        _ => Err("sip_load PORT COUNT RATE IN_FLIGHT udp|tcp, or sip_load copies".into()),
    }
}

#[derive(Clone, Copy)]
struct Load {
    port: u16,
    count: usize,
    rate: u16,
    in_flight: usize,
    transport: SipTransport,
}

impl Load {
    async fn run(self) -> Result<(), Failure> {
        let (gateway, room) = (
            Arc::new(gateway()?),
            Arc::new(Semaphore::new(self.in_flight)),
        );
        let (started, before) = (Instant::now(), ticks()?);
        let mut sends = JoinSet::new();
        let mut ends: BTreeMap<String, usize> = BTreeMap::new();
        for number in 0..self.count {
            let place = Arc::clone(&room).acquire_owned().await?;
            let (gateway, notify) = (Arc::clone(&gateway), self.notify(number)?);
            sends.spawn(async move {
                let outcome = gateway.notify(notify).await;
                drop(place);
                outcome.cause
            });
        }
        while let Some(cause) = sends.join_next().await {
            let end = cause?.map_or_else(|| "acknowledged".to_owned(), |cause| cause.to_string());
            *ends.entry(end).or_default() += 1;
        }
        let seconds = started.elapsed().as_secs_f64();
        let micros = (ticks()? - before) / TICKS * 1e6 / self.count as f64;
        println!(
            "{ends:?} in {seconds:.2} s, {:.0} a second, {micros:.0} µs of processor each, {} at most",
            self.count as f64 / seconds,
            most_memory()?
        );
        Ok(())
    }

    fn notify(self, number: usize) -> Result<Notify, Failure> {
        let user = format!("u{}@pbx.test", number % PHONES);
        Ok(Notify {
            mac: Mac::from_bytes([0, 0x15, 0x65, 1, 2, 3]),
            hop: Hop {
                address: Ipv4Addr::LOCALHOST.into(),
                port: self.port,
                transport: self.transport,
                tls_name: None,
                ca_pem: None,
                rate: self.rate,
            },
            to: user.parse()?,
            from: "dash@pbx.test".parse()?,
            message: Message::ActionUri(ActionBody::parse("key=OK")?),
            credential: None,
        })
    }
}

/// Somebody silent, who only notes when something came in.
async fn copies() -> Result<(), Failure> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    let silent = Load {
        port: socket.local_addr()?.port(),
        count: 1,
        rate: 100,
        in_flight: 1,
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

/// Processor time of this process so far.
fn ticks() -> Result<f64, Failure> {
    let text = fs::read_to_string("/proc/self/stat")?;
    let fields = text.rsplit(')').next().unwrap_or_default();
    let mut numbers = fields.split_whitespace().skip(11);
    let mut next = || -> Result<f64, Failure> { Ok(numbers.next().ok_or("no times")?.parse()?) };
    Ok(next()? + next()?)
}

fn most_memory() -> Result<String, Failure> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(line.unwrap_or_default().trim().to_owned())
}
