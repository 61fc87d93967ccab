//! What each phone saw and did.
//!
//! Owns the append-only record that tests hold against the product's own statements. An entry is
//! complete, in memory and in the file, before the phone's answer leaves.
//!
//! *Invariant:* no password and no `Authorization` header is ever kept; queries arrive here with
//! the login part already cut out.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use carillon_domain::Mac;
use carillon_domain::closed_list;
use carillon_domain::outcome::Transport;
use carillon_domain::phone::AuthScheme;
use serde::Serialize;

closed_list! {
    /// What became of a request.
    Disposition {
        /// The phone did it.
        Executed = "executed",
        /// Answered 200, nothing happened: unknown value, or a phone that only pretends.
        NoEffect = "no_effect",
        /// A question, answered: configuration or screen.
        Answered = "answered",
        /// 401, no credentials were sent.
        Challenged = "challenged",
        /// 401, the credentials were wrong.
        AuthFailed = "auth_failed",
        /// 401, the nonce was too old.
        StaleNonce = "stale_nonce",
        /// 403 after too many wrong passwords.
        LockedOut = "locked_out",
        /// 403: not on the list, or switched off.
        Forbidden = "forbidden",
        /// 403: the question is on the screen.
        Prompted = "prompted",
        /// 404 or 405.
        Unsupported = "unsupported",
        /// 500.
        ServerError = "server_error",
        /// 302.
        Redirected = "redirected",
        /// No HTTP, or too much of it.
        BadRequest = "bad_request",
        /// No answer was given and nothing was done.
        Dropped = "dropped",
    }
}

/// One request as a phone saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Number of the request in the fleet, from 1.
    pub request: u64,
    /// Since the fleet started.
    pub at: Duration,
    /// The phone that really has the address.
    pub mac: Mac,
    /// The listener it came through.
    pub listener: Transport,
    /// Path and query, without any login; of a NOTIFY, its event and body.
    pub target: Arc<str>,
    /// The kind of credentials that the request carried; `unknown` for one that no phone knows.
    pub carried: AuthScheme,
    /// Whether the phone took them. Phones that ask for none take everybody.
    pub authenticated: bool,
    /// What became of it.
    pub disposition: Disposition,
    /// Status of the answer; `None` where the phone gave none of its own.
    pub status: Option<u16>,
    /// What the phone did, in the words of the query: `Reboot`, `ASW;MUTE`, `number=101`.
    pub executed: Option<Arc<str>>,
}

/// One thing that a phone did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// Number of the request.
    pub request: u64,
    /// Since the fleet started.
    pub at: Duration,
    /// Who did it.
    pub mac: Mac,
    /// What: `Reboot`, `ASW;MUTE`, `number=101`.
    pub action: Arc<str>,
    /// How the request authenticated itself.
    pub authenticated: AuthScheme,
}

/// Sums over the whole fleet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Connections taken or reset, of all phones.
    pub connections: u64,
    /// Connections that were reset before a request: dark, rebooting, busy or wrong port.
    pub turned_away: u64,
    /// Connections to the address that `redirect-away` phones point to.
    pub lured: u64,
    /// TLS handshakes that did not end well.
    pub failed_handshakes: u64,
    /// Requests seen.
    pub requests: u64,
    /// Requests executed.
    pub executed: u64,
    /// Most connections that one phone had open at once.
    pub peak_parallel: u32,
}

/// The append-only record. Cheap to clone; all clones are one ledger.
#[derive(Clone, Debug)]
pub struct Ledger(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    book: Mutex<Book>,
    connections: AtomicU64,
    turned_away: AtomicU64,
    lured: AtomicU64,
    failed_handshakes: AtomicU64,
    peak_parallel: AtomicU32,
}

#[derive(Debug)]
struct Book {
    records: Vec<Record>,
    by_phone: HashMap<Mac, Vec<u32>>,
    words: HashSet<Arc<str>>,
    executed: u64,
    file: Option<File>,
    line: Vec<u8>,
}

/// A request before it has its number.
pub(crate) struct Entry<'a> {
    pub(crate) at: Duration,
    pub(crate) mac: Mac,
    pub(crate) listener: Transport,
    pub(crate) target: &'a str,
    pub(crate) carried: AuthScheme,
    pub(crate) authenticated: bool,
    pub(crate) disposition: Disposition,
    pub(crate) status: Option<u16>,
    pub(crate) executed: Option<&'a str>,
}

/// One line of the file.
#[derive(Serialize)]
struct Line<'a> {
    request: u64,
    at_us: u64,
    mac: Mac,
    listener: Transport,
    target: &'a str,
    carried: AuthScheme,
    authenticated: bool,
    disposition: Disposition,
    status: Option<u16>,
    executed: Option<&'a str>,
}

/// Distinct texts that are kept once; a fleet sees few different queries.
const WORDS: usize = 4096;

impl Ledger {
    /// An empty ledger, beside a file that is appended to where one is named.
    pub(crate) fn open(file: Option<&Path>) -> io::Result<Self> {
        let file = match file {
            Some(path) => Some(File::options().create(true).append(true).open(path)?),
            None => None,
        };
        let book = Book {
            records: Vec::new(),
            by_phone: HashMap::new(),
            words: HashSet::new(),
            executed: 0,
            file,
            line: Vec::with_capacity(512),
        };
        Ok(Self(Arc::new(Shared {
            book: Mutex::new(book),
            connections: AtomicU64::new(0),
            turned_away: AtomicU64::new(0),
            lured: AtomicU64::new(0),
            failed_handshakes: AtomicU64::new(0),
            peak_parallel: AtomicU32::new(0),
        })))
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that this phone executed, oldest first.
    pub fn executions(&self, mac: Mac) -> Vec<Execution> {
        let book = self.book();
        book.of(mac).filter_map(Record::execution).collect()
    }

    /// Every request that this phone saw, oldest first.
    pub fn requests(&self, mac: Mac) -> Vec<Record> {
        self.book().of(mac).cloned().collect()
    }

    /// How often each phone executed `action`; phones that never did are left out.
    pub fn executed(&self, action: &str) -> HashMap<Mac, u32> {
        let mut counts = HashMap::new();
        for record in &self.book().records {
            if record.executed.as_deref() == Some(action) {
                *counts.entry(record.mac).or_insert(0) += 1;
            }
        }
        counts
    }

    /// Sums over the fleet.
    pub fn totals(&self) -> Totals {
        let (requests, executed) = {
            let book = self.book();
            (book.records.len() as u64, book.executed)
        };
        Totals {
            connections: self.0.connections.load(Relaxed),
            turned_away: self.0.turned_away.load(Relaxed),
            lured: self.0.lured.load(Relaxed),
            failed_handshakes: self.0.failed_handshakes.load(Relaxed),
            requests,
            executed,
            peak_parallel: self.0.peak_parallel.load(Relaxed),
        }
    }

    /// Shows every record in order. Phones wait meanwhile: copy what is needed.
    pub fn for_each(&self, mut show: impl FnMut(&Record)) {
        for record in &self.book().records {
            show(record);
        }
    }

    /// Every record from number `from` on, in order.
    pub fn since(&self, from: u64) -> Vec<Record> {
        let book = self.book();
        let first = usize::try_from(from.saturating_sub(1)).unwrap_or(usize::MAX);
        book.records.get(first..).unwrap_or_default().to_vec()
    }

    /// Appends a request; the file has it when this returns.
    pub(crate) fn append(&self, entry: &Entry<'_>) {
        self.book().append(entry);
    }

    pub(crate) fn connected(&self, parallel: u32) {
        self.0.connections.fetch_add(1, Relaxed);
        self.0.peak_parallel.fetch_max(parallel, Relaxed);
    }

    pub(crate) fn turned_away(&self) {
        self.0.connections.fetch_add(1, Relaxed);
        self.0.turned_away.fetch_add(1, Relaxed);
    }

    pub(crate) fn lured(&self) {
        self.0.lured.fetch_add(1, Relaxed);
    }

    pub(crate) fn failed_handshake(&self) {
        self.0.failed_handshakes.fetch_add(1, Relaxed);
    }
}

impl Book {
    fn of(&self, mac: Mac) -> impl Iterator<Item = &Record> {
        let numbers = self.by_phone.get(&mac).map_or(&[][..], Vec::as_slice);
        numbers
            .iter()
            .filter_map(|number| self.records.get(*number as usize))
    }

    fn append(&mut self, entry: &Entry<'_>) {
        self.executed += u64::from(entry.executed.is_some());
        let request = self.records.len() as u64 + 1;
        self.write(request, entry);
        let record = Record {
            request,
            at: entry.at,
            mac: entry.mac,
            listener: entry.listener,
            target: self.word(entry.target),
            carried: entry.carried,
            authenticated: entry.authenticated,
            disposition: entry.disposition,
            status: entry.status,
            executed: entry.executed.map(|action| self.word(action)),
        };
        let number = self.records.len() as u32;
        self.by_phone.entry(entry.mac).or_default().push(number);
        self.records.push(record);
    }

    fn word(&mut self, text: &str) -> Arc<str> {
        if let Some(word) = self.words.get(text) {
            return Arc::clone(word);
        }
        let word: Arc<str> = Arc::from(text);
        if self.words.len() < WORDS {
            self.words.insert(Arc::clone(&word));
        }
        word
    }

    /// One write per line, unbuffered: who reads the file sees what has happened.
    fn write(&mut self, request: u64, entry: &Entry<'_>) {
        let Some(file) = &mut self.file else { return };
        let line = Line {
            request,
            at_us: entry.at.as_micros() as u64,
            mac: entry.mac,
            listener: entry.listener,
            target: entry.target,
            carried: entry.carried,
            authenticated: entry.authenticated,
            disposition: entry.disposition,
            status: entry.status,
            executed: entry.executed,
        };
        self.line.clear();
        let written = serde_json::to_writer(&mut self.line, &line).map_err(io::Error::from);
        self.line.push(b'\n');
        if let Err(error) = written.and_then(|()| file.write_all(&self.line)) {
            tracing::error!(%error, "the ledger file cannot be written");
        }
    }
}

impl Record {
    fn execution(&self) -> Option<Execution> {
        Some(Execution {
            request: self.request,
            at: self.at,
            mac: self.mac,
            action: self.executed.clone()?,
            authenticated: self.carried,
        })
    }
}
