//! From where a request comes.
//!
//! Owns the one reading of forwarded headers. *Invariant:* they count only from a declared proxy,
//! and behind a declared proxy nobody else is served.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::HeaderMap;
use ipnet::IpNet;

use crate::app::App;
use crate::problem::{Code, Problem};

/// The other end of the connection, put in by the accept loop.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// Whether it is on this machine.
    pub here: bool,
}

/// The address of the browser or program that asks.
#[derive(Clone, Copy, Debug)]
pub struct ClientIp(pub IpAddr);

/// Marks a request that somebody on this machine sent.
#[derive(Clone, Copy, Debug)]
pub struct FromHere;

/// Learns the client's address, or refuses who does not come through the proxy.
pub async fn learn(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let Some(Peer { address, here }) = request.extensions().get::<Peer>().copied() else {
        return Problem::internal("a request without a connection").into_response();
    };
    let peer = address.ip().to_canonical();
    let proxies = app.proxies();
    let through_proxy = proxies.iter().any(|net| net.contains(&peer));
    if !proxies.is_empty() && !through_proxy && !is_health(request.uri().path()) {
        return Problem::new(Code::Forbidden)
            .detail("This server is reached through its proxy only.")
            .into_response();
    }
    let client = if through_proxy {
        forwarded(request.headers(), proxies).unwrap_or(peer)
    } else {
        peer
    };
    if here && (client == peer || client.is_loopback()) {
        request.extensions_mut().insert(FromHere);
    }
    request.extensions_mut().insert(ClientIp(client));
    next.run(request).await
}

/// Liveness and readiness are asked by the container, not by browsers.
pub fn is_health(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

/// The right-most address of `X-Forwarded-For` that is no proxy of ours.
fn forwarded(headers: &HeaderMap, proxies: &[IpNet]) -> Option<IpAddr> {
    let lines: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    lines
        .join(",")
        .rsplit(',')
        .map(|hop| hop.trim().parse::<IpAddr>().ok())
        .find(|hop| hop.is_none_or(|ip| !proxies.iter().any(|net| net.contains(&ip))))
        .flatten()
        .map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_most_stranger_is_the_client() {
        let proxies = ["10.0.0.0/24".parse().expect("a network")];
        let mut headers = HeaderMap::new();
        assert_eq!(forwarded(&headers, &proxies), None);
        headers.append(
            "x-forwarded-for",
            "6.6.6.6, 192.0.2.7".parse().expect("a value"),
        );
        headers.append("x-forwarded-for", "10.0.0.9".parse().expect("a value"));
        assert_eq!(forwarded(&headers, &proxies), "192.0.2.7".parse().ok());
        headers.append("x-forwarded-for", "rubbish".parse().expect("a value"));
        assert_eq!(forwarded(&headers, &proxies), None);
    }
}
