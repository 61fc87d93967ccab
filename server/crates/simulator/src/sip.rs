//! The SIP server of the fleet, and what its phones make of a NOTIFY.
//!
//! Owns one UDP socket that is registrar and proxy of every phone at a site with `sip`: behind
//! it, where a NAT or a firewall would be, the phones are not on the wire but called directly.
//! It relays to a phone under its extension, and says by itself that it does not know one (404)
//! or that one is not registered (480).
//!
//! *Invariant:* copies of a request that was answered get the same answer and do nothing.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

use crate::key;
use crate::ledger::Disposition;
use crate::profile::Profile;
use crate::state::State;
use crate::switchboard::Switchboard;

/// The domain of all phones.
pub(crate) const DOMAIN: &str = "pbx.test";
/// Answers that are kept for late copies.
const KEPT: usize = 8_192;
/// Bytes of a request.
const MAX_REQUEST: usize = 8 * 1024;

/// A NOTIFY, as far as anybody here looks at it.
struct Notify<'a> {
    head: Vec<(&'a str, &'a str)>,
    user: &'a str,
    body: &'a str,
}

/// What a phone made of one.
pub(crate) struct Told {
    pub(crate) disposition: Disposition,
    /// `None`: it said nothing.
    pub(crate) status: Option<u16>,
    pub(crate) executed: Option<String>,
}

impl Told {
    const fn refused(disposition: Disposition, status: u16) -> Self {
        Self {
            disposition,
            status: Some(status),
            executed: None,
        }
    }
}

/// Answers until it is stopped.
pub(crate) async fn serve(fleet: Arc<Switchboard>, socket: UdpSocket, stop: CancellationToken) {
    let mut server = Server {
        fleet,
        answers: HashMap::new(),
        order: VecDeque::new(),
    };
    let mut buffer = vec![0; MAX_REQUEST];
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut buffer) => received,
            () = stop.cancelled() => return,
        };
        // An error tells of an answer that nobody took; the next request is another's.
        let Ok((length, from)) = received else {
            continue;
        };
        if let Some(answer) = server.answer(&buffer[..length], from) {
            let _gone = socket.send_to(answer.as_bytes(), from).await;
        }
    }
}

struct Server {
    fleet: Arc<Switchboard>,
    answers: HashMap<String, Option<String>>,
    order: VecDeque<String>,
}

impl Server {
    fn answer(&mut self, bytes: &[u8], from: SocketAddr) -> Option<String> {
        if !from.ip().is_loopback() {
            return None;
        }
        let notify = Notify::read(std::str::from_utf8(bytes).ok()?)?;
        let transaction = notify.header("Via")?.to_owned();
        if let Some(known) = self.answers.get(&transaction) {
            return known.clone();
        }
        let status = self.relay(&notify);
        let answer = status.map(|status| notify.reply(status));
        if self.order.len() >= KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.answers.remove(&oldest);
        }
        self.order.push_back(transaction.clone());
        self.answers.insert(transaction, answer.clone());
        answer
    }

    fn relay(&self, notify: &Notify<'_>) -> Option<u16> {
        let Some(number) = self.fleet.by_extension.get(notify.user) else {
            return Some(404);
        };
        self.fleet
            .notify(*number, notify.header("Event")?, notify.body)
    }
}

impl<'a> Notify<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let uri = lines.next()?.strip_prefix("NOTIFY sip:")?;
        let (uri, _) = uri.split_once(" SIP/2.0")?;
        let (user, host) = uri.split_once('@')?;
        if host.split(':').next()? != DOMAIN {
            return None;
        }
        let head = lines
            .map(|line| line.split_once(": "))
            .collect::<Option<_>>()?;
        Some(Self { head, user, body })
    }

    fn header(&self, name: &str) -> Option<&'a str> {
        let mut all = self.head.iter();
        all.find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }

    fn reply(&self, status: u16) -> String {
        let mut text = format!("SIP/2.0 {status} {}\r\n", reason(status));
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            let value = self.header(name).unwrap_or_default();
            let tag = if name == "To" { ";tag=simulated" } else { "" };
            text.extend([name, ": ", value, tag, "\r\n"]);
        }
        text.push_str("Content-Length: 0\r\n\r\n");
        text
    }
}

const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        403 => "Forbidden",
        404 => "Not Found",
        480 => "Temporarily Unavailable",
        489 => "Bad Event",
        _ => "Refused",
    }
}

/// What a phone makes of a NOTIFY. Its list of addresses and its password do not count here; that
/// Action URI is on and that somebody has accepted do.
pub(crate) fn tell(
    state: &mut State,
    (event, body): (&str, &str),
    now: Duration,
    timing: &crate::config::Timing,
) -> Told {
    if !state.is_up(now) || state.profile == Profile::Dark {
        return Told::refused(Disposition::Dropped, 480);
    }
    let (name, parameters) = event.split_once(';').unwrap_or((event, ""));
    match (name, state.profile) {
        (_, Profile::Silent) => Told {
            disposition: Disposition::Dropped,
            status: None,
            executed: None,
        },
        ("check-sync", _) => check_sync(state, parameters, now, timing),
        ("ACTION-URI", Profile::Disabled) => Told::refused(Disposition::Forbidden, 489),
        ("ACTION-URI", Profile::PromptOnce) if !state.accepted => {
            "Allow remote control?".clone_into(&mut state.screen);
            Told::refused(Disposition::Prompted, 403)
        }
        ("ACTION-URI", _) => press(state, body, now, timing),
        _ => Told::refused(Disposition::Unsupported, 489),
    }
}

fn check_sync(
    state: &mut State,
    parameters: &str,
    now: Duration,
    timing: &crate::config::Timing,
) -> Told {
    if parameters == "reboot=true" {
        state.reboot(now, timing);
    } else {
        state.provision(now, timing);
    }
    state.executed += 1;
    Told {
        disposition: Disposition::Executed,
        status: Some(200),
        executed: Some(format!("check-sync;{parameters}")),
    }
}

fn press(state: &mut State, body: &str, now: Duration, timing: &crate::config::Timing) -> Told {
    let value = body.strip_prefix("key=").unwrap_or(body);
    let executed = match value.strip_prefix("number=") {
        _ if !state.profile.executes_by_sip() => None,
        Some(number) => {
            let number = number.split('&').next().unwrap_or_default();
            key::is_number(number).then(|| {
                state.dial(number);
                format!("number={number}")
            })
        }
        None => state
            .run(&[value.to_owned()], now, timing)
            .then(|| value.to_owned()),
    };
    state.executed += u32::from(executed.is_some());
    Told {
        disposition: match executed {
            Some(_) => Disposition::Executed,
            None => Disposition::NoEffect,
        },
        status: Some(200),
        executed,
    }
}
