//! `carillon healthcheck`: for containers that have nothing else to ask with.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::{Failure, Outcome};
use crate::config::{Front, Settings};

const PATIENCE: Duration = Duration::from_secs(3);

/// Asks the server of these settings whether it lives.
pub(super) async fn run(settings: &Settings) -> Outcome {
    let address = reachable(settings.listen);
    let scheme = match settings.front {
        Front::Tls { .. } => "https",
        _ => "http",
    };
    let url = format!("{scheme}://{address}/healthz");
    let unhealthy = |why: String| Failure::Failed(format!("{url} does not answer: {why}"));
    let client = reqwest::Client::builder()
        .timeout(PATIENCE)
        .no_proxy()
        // Our own process on our own address: the certificate names the public host.
        .danger_accept_invalid_certs(true)
        .build()
        .map_err(|error| unhealthy(error.to_string()))?;
    let answer = client.get(&url).send().await;
    let answer = answer.map_err(|error| unhealthy(crate::problem::chain(&error)))?;
    if answer.status().is_success() {
        Ok(())
    } else {
        Err(unhealthy(answer.status().to_string()))
    }
}

/// A wildcard address is listened on, never connected to.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
