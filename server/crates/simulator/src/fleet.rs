//! A running fleet.
//!
//! Owns its start and its end, and what may be asked of it meanwhile. When it is dropped or
//! stopped, nothing of it is left.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use carillon_domain::Mac;
use carillon_domain::phone::Scheme;
use tokio::net::{TcpListener, UdpSocket};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::config::{ConfigError, FleetConfig};
use crate::door::FrontDoor;
use crate::inventory;
use crate::ledger::Ledger;
use crate::listen::{self, BlackHole, Refused};
use crate::phone::{PhoneStatus, SimulatedPhone, SimulatedSite};
use crate::plan::Ports;
use crate::profile::Profile;
use crate::sip;
use crate::switchboard::Switchboard;
use crate::tls::TlsError;

/// Simulated phones on real sockets.
#[derive(Debug)]
pub struct Fleet {
    pub(crate) inner: Arc<Switchboard>,
    tasks: TaskTracker,
    stop: DropGuard,
    /// Sockets that only need to exist.
    _deaf: (Option<Refused>, Option<BlackHole>),
}

/// Why a fleet did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings make no fleet.
    #[error("the fleet cannot be built")]
    Config(#[from] ConfigError),
    /// A port cannot be had.
    #[error("cannot listen on port {0}")]
    Listen(u16, #[source] io::Error),
    /// An address where nobody answers cannot be set up.
    #[error("cannot set up the addresses where nobody answers")]
    Deaf(#[source] io::Error),
    /// The ledger's file cannot be opened.
    #[error("cannot open the ledger's file")]
    Ledger(#[source] io::Error),
    /// TLS cannot be set up.
    #[error("cannot set up TLS of the phones")]
    Tls(#[from] TlsError),
}

/// The fleet has no such phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the fleet has no phone {0}")]
pub struct UnknownPhone(pub Mac);

impl Fleet {
    /// Builds the phones and opens their ports. Returns when they answer.
    ///
    /// # Errors
    /// When the settings make no fleet, or a port or file cannot be had.
    pub async fn start(config: FleetConfig) -> Result<Self, StartError> {
        config.check()?;
        let http = bind(config.http_port)?;
        let https = bind(config.https_port)?;
        let sip = sip_socket(&config).await?;
        let deaf = deaf(&config).await.map_err(StartError::Deaf)?;
        let ports = Ports {
            http: port(&http)?,
            https: port(&https)?,
            sip: sip.as_ref().map_or(Ok(0), sip_port)?,
            refused: deaf.0.as_ref().map_or(0, |socket| socket.port),
            black_hole: deaf.1.as_ref().map_or(0, |hole| hole.port),
        };
        let inner = Arc::new(Switchboard::new(&config, ports)?);
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        for (listener, scheme) in [(http, Scheme::Http), (https, Scheme::Https)] {
            let door = FrontDoor {
                fleet: Arc::clone(&inner),
                scheme,
                tasks: tasks.clone(),
                stop: stop.clone(),
            };
            tasks.spawn(async move { door.open(listener).await });
        }
        if let Some(socket) = sip {
            tasks.spawn(sip::serve(Arc::clone(&inner), socket, stop.clone()));
        }
        Ok(Self {
            inner,
            tasks,
            stop: stop.drop_guard(),
            _deaf: deaf,
        })
    }

    /// Closes every socket and waits until all tasks have ended.
    pub async fn stop(self) {
        drop(self.stop);
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Port of the HTTP listener.
    pub fn http_port(&self) -> u16 {
        self.inner.ports.http
    }

    /// Port of the HTTPS listener.
    pub fn https_port(&self) -> u16 {
        self.inner.ports.https
    }

    /// Port of the SIP server on 127.0.0.1, where the fleet has one.
    pub fn sip_port(&self) -> Option<u16> {
        Some(self.inner.ports.sip).filter(|port| *port > 0)
    }

    /// Every phone, in order of sites and addresses.
    pub fn phones(&self) -> &[SimulatedPhone] {
        &self.inner.facts
    }

    /// The phone that really has this MAC address.
    pub fn phone(&self, mac: Mac) -> Option<&SimulatedPhone> {
        let number = self.inner.by_mac.get(&mac)?;
        self.inner.facts.get(*number)
    }

    /// Every site, with the credential that the inventory should have for it.
    pub fn sites(&self) -> &[SimulatedSite] {
        &self.inner.sites
    }

    /// The phone list for the product's import, mistakes included.
    pub fn inventory_csv(&self) -> String {
        inventory::csv(self.inner.facts.iter().map(|phone| &phone.inventory))
    }

    /// What the phones saw and did.
    pub fn ledger(&self) -> Ledger {
        self.inner.ledger.clone()
    }

    /// Time since the start, as the ledger counts it.
    pub fn elapsed(&self) -> Duration {
        self.inner.start.elapsed()
    }

    /// How a phone is just now.
    ///
    /// # Errors
    /// When the fleet has no such phone.
    pub fn status(&self, mac: Mac) -> Result<PhoneStatus, UnknownPhone> {
        let number = self.number(mac)?;
        let now = self.elapsed();
        let state = self.inner.state(number);
        Ok(PhoneStatus {
            up: state.is_up(now) && state.profile.is_there(),
            uptime: now.saturating_sub(state.booted_at),
            reboots: state.reboots,
            firmware: state.firmware.clone(),
            dnd: state.dnd,
            always_forward: state.always.clone(),
            busy_forward: state.busy.clone(),
            no_answer_forward: state.no_answer.clone(),
            volume: state.volume,
            screen: state.screen.clone(),
            provisioned: state.provisioned,
            connections: self.inner.phones[number].open.load(Relaxed),
        })
    }

    pub(crate) fn number(&self, mac: Mac) -> Result<usize, UnknownPhone> {
        let found = self.inner.by_mac.get(&mac).copied();
        found.ok_or(UnknownPhone(mac))
    }
}

fn bind(port: u16) -> Result<TcpListener, StartError> {
    listen::listen(port).map_err(|error| StartError::Listen(port, error))
}

fn port(listener: &TcpListener) -> Result<u16, StartError> {
    let address = listener.local_addr();
    address
        .map(|address| address.port())
        .map_err(|error| StartError::Listen(0, error))
}

/// The socket of the SIP server, where a site needs one.
async fn sip_socket(config: &FleetConfig) -> Result<Option<UdpSocket>, StartError> {
    if !config.sites.iter().any(|site| site.sip) {
        return Ok(None);
    }
    let port = config.sip_port;
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).await;
    socket
        .map(Some)
        .map_err(|error| StartError::Listen(port, error))
}

fn sip_port(socket: &UdpSocket) -> Result<u16, StartError> {
    let address = socket.local_addr();
    address
        .map(|address| address.port())
        .map_err(|error| StartError::Listen(0, error))
}

/// Sets up the addresses where nobody answers, as far as the fleet needs them.
async fn deaf(config: &FleetConfig) -> io::Result<(Option<Refused>, Option<BlackHole>)> {
    let has = |profile| {
        config
            .sites
            .iter()
            .any(|site| site.profiles.contains_key(&profile))
    };
    let refused = has(Profile::Refused).then(Refused::reserve).transpose()?;
    let hole = if has(Profile::BlackHole) {
        Some(BlackHole::dig().await?)
    } else {
        None
    };
    Ok((refused, hole))
}
