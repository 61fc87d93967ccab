//! Which addresses may be contacted at all.
//!
//! Owns the outer bound of networks and ports, the list of what is never contacted, and the
//! strict reading of an address. Resolves nothing: phones have no host names.
//!
//! *Invariant:* what [`Guard::check`] returns is exactly what may be connected to.

mod literal;
mod never;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use carillon_domain::Cause;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// What a [`Guard`] is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardConfig {
    /// The outer bound of networks.
    pub networks: Vec<IpNet>,
    /// The ports of phones and SIP proxies.
    pub ports: Vec<u16>,
    /// Lets 127.0.0.0/8 and `::1` through, for demo and tests.
    pub allow_loopback: bool,
    /// Where this server and its database listen. A loopback or wildcard entry closes its port
    /// on loopback; any other entry closes its address altogether.
    pub own_addresses: Vec<SocketAddr>,
}

impl Default for GuardConfig {
    /// RFC 1918 and `fc00::/7`, the ports of HTTP and SIP, no loopback.
    fn default() -> Self {
        Self {
            networks: vec![
                IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(10, 0, 0, 0), 8)),
                IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(172, 16, 0, 0), 12)),
                IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(192, 168, 0, 0), 16)),
                IpNet::V6(Ipv6Net::new_assert(
                    Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0),
                    7,
                )),
            ],
            ports: vec![80, 443, 5060, 5061],
            allow_loopback: false,
            own_addresses: Vec::new(),
        }
    }
}

/// Why an address may not be contacted. Its text is for the person who wrote the address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// The text is no plain IP address.
    #[error("not a plain IP address: {0}")]
    NotALiteral(&'static str),
    /// The address is on the list that no setting opens.
    #[error("{0} is {1}; it is never contacted")]
    Never(IpAddr, &'static str),
    /// An IPv6 address that wraps an IPv4 address.
    #[error("{0} wraps the IPv4 address {1}; such forms are never contacted")]
    Embedded(Ipv6Addr, Ipv4Addr),
    /// Loopback without the permission for it, or on a system port.
    #[error("{0} is this machine; loopback is only for demo and tests, on ports from 1024")]
    Loopback(SocketAddr),
    /// The server's or its database's own address.
    #[error("{0} belongs to Carillon itself or its database")]
    Own(SocketAddr),
    /// Not in any allowed network.
    #[error("{0} is outside the allowed networks")]
    Outside(IpAddr),
    /// Not an allowed port.
    #[error("port {0} is not one of the allowed ports")]
    Port(u16),
    /// A narrower list that reaches beyond the outer bound.
    #[error("{0} is not within the networks that the server's settings allow")]
    Wider(IpNet),
}

impl Blocked {
    /// The cause that a target ends with.
    pub const fn cause(&self) -> Cause {
        Cause::BlockedAddress
    }
}

/// The egress guard. Asked at import, at edit, when a job is queued, and again when it is sent.
#[derive(Clone, Debug)]
pub struct Guard {
    networks: Vec<IpNet>,
    ports: Vec<u16>,
    allow_loopback: bool,
    own_addresses: Vec<SocketAddr>,
}

impl Guard {
    /// Makes the guard of the server's settings.
    pub fn new(config: GuardConfig) -> Self {
        let mut networks = config.networks;
        if config.allow_loopback {
            networks.push(IpNet::V4(Ipv4Net::new_assert(
                Ipv4Addr::new(127, 0, 0, 0),
                8,
            )));
            networks.push(IpNet::V6(Ipv6Net::from(Ipv6Addr::LOCALHOST)));
        }
        Self {
            networks: IpNet::aggregate(&networks),
            ports: config.ports,
            allow_loopback: config.allow_loopback,
            own_addresses: config.own_addresses,
        }
    }

    /// Passes an address and port, or says in words why not.
    pub fn check(&self, address: IpAddr, port: u16) -> Result<SocketAddr, Blocked> {
        let target = SocketAddr::new(address, port);
        never::check(address)?;
        if address.is_loopback() {
            self.check_loopback(target)?;
        } else {
            self.check_port(port)?;
            self.check_own(target)?;
        }
        self.check_network(address)?;
        Ok(target)
    }

    /// Passes an address whose port is not decided yet.
    pub fn check_address(&self, address: IpAddr) -> Result<IpAddr, Blocked> {
        never::check(address)?;
        if address.is_loopback() && !self.allow_loopback {
            return Err(Blocked::Loopback(SocketAddr::new(address, 0)));
        }
        if !address.is_loopback() {
            self.check_own(SocketAddr::new(address, 0))?;
        }
        self.check_network(address)?;
        Ok(address)
    }

    /// Reads an address as people write it, strictly, and passes it.
    ///
    /// Leading zeros, hexadecimal, single numbers, short forms, zones, brackets, ports and host
    /// names are refused rather than guessed.
    pub fn check_text(&self, text: &str) -> Result<IpAddr, Blocked> {
        self.check_address(literal::parse(text)?)
    }

    /// Whether a network lies wholly within the allowed ones.
    pub fn is_allowed_network(&self, network: IpNet) -> bool {
        self.networks
            .iter()
            .any(|allowed| allowed.contains(&network))
    }

    /// The same guard with fewer networks. Refuses what this guard does not allow already.
    pub fn narrowed(&self, networks: &[IpNet]) -> Result<Self, Blocked> {
        match networks
            .iter()
            .find(|network| !self.is_allowed_network(**network))
        {
            Some(wider) => Err(Blocked::Wider(*wider)),
            None => Ok(Self {
                networks: IpNet::aggregate(&networks.to_vec()),
                ..self.clone()
            }),
        }
    }

    /// The same guard with what these networks and its own have in common; nothing where they have
    /// nothing in common.
    #[must_use]
    pub fn within(&self, networks: &[IpNet]) -> Self {
        let common = |own: &IpNet, other: &IpNet| match (own.contains(other), other.contains(own)) {
            (true, _) => Some(*other),
            (_, true) => Some(*own),
            _ => None,
        };
        let pairs = self
            .networks
            .iter()
            .flat_map(|own| networks.iter().map(move |other| (own, other)));
        let all: Vec<IpNet> = pairs
            .filter_map(|(own, other)| common(own, other))
            .collect();
        Self {
            networks: IpNet::aggregate(&all),
            ..self.clone()
        }
    }

    /// The networks that may be contacted.
    pub fn networks(&self) -> &[IpNet] {
        &self.networks
    }

    /// The ports of phones and SIP servers.
    pub fn ports(&self) -> &[u16] {
        &self.ports
    }

    /// Whether loopback is open, which every page has to say.
    pub const fn allows_loopback(&self) -> bool {
        self.allow_loopback
    }

    fn check_loopback(&self, target: SocketAddr) -> Result<(), Blocked> {
        if !self.allow_loopback || target.port() < 1024 {
            return Err(Blocked::Loopback(target));
        }
        let taken = self.own_addresses.iter().any(|own| {
            own.port() == target.port() && (own.ip().is_loopback() || own.ip().is_unspecified())
        });
        if taken {
            return Err(Blocked::Own(target));
        }
        Ok(())
    }

    fn check_port(&self, port: u16) -> Result<(), Blocked> {
        if port != 0 && self.ports.contains(&port) {
            Ok(())
        } else {
            Err(Blocked::Port(port))
        }
    }

    fn check_own(&self, target: SocketAddr) -> Result<(), Blocked> {
        if self.own_addresses.iter().any(|own| own.ip() == target.ip()) {
            return Err(Blocked::Own(target));
        }
        Ok(())
    }

    fn check_network(&self, address: IpAddr) -> Result<(), Blocked> {
        if self
            .networks
            .iter()
            .any(|allowed| allowed.contains(&address))
        {
            Ok(())
        } else {
            Err(Blocked::Outside(address))
        }
    }
}

#[cfg(test)]
mod tests;
