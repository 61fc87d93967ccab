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

const FORWARDED_FOR: &str = "x-forwarded-for";

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

/// The address that a request comes from, before anything is decided about it.
pub(super) fn of(app: &App, request: &Request) -> Option<IpAddr> {
    let peer = request.extensions().get::<Peer>()?.address.ip();
    let peer = peer.to_canonical();
    let through_proxy = app.proxies().iter().any(|net| net.contains(&peer));
    let named = through_proxy.then(|| forwarded(request.headers(), app.proxies()));
    Some(named.flatten().unwrap_or(peer))
}

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
    let named = through_proxy.then(|| forwarded(request.headers(), proxies));
    let client = named.flatten().unwrap_or(peer);
    let from_here = match named.flatten() {
        Some(named) => named.is_loopback(),
        None => names_nobody_else(request.headers()),
    };
    if here && from_here {
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
    let mut hops = hops(headers, FORWARDED_FOR);
    hops.reverse();
    hops.into_iter()
        .find(|hop| hop.is_none_or(|ip| !proxies.iter().any(|net| net.contains(&ip))))
        .flatten()
}

/// The addresses that a header names, in their order; `None` where one is none. A line with bytes
/// that are no text counts too: left out, it would hide the address that the proxy added to it.
fn hops(headers: &HeaderMap, name: &str) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all(name).iter();
    let lines = lines.map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned());
    let lines: Vec<String> = lines.collect();
    let hops = lines.iter().flat_map(|line| line.split(','));
    let addresses = hops.map(|hop| hop.trim().parse::<IpAddr>().ok());
    addresses.map(|ip| Some(ip?.to_canonical())).collect()
}

/// Whether nothing says that a proxy speaks for somebody elsewhere: one that nobody declared, or
/// whose word cannot be read.
fn names_nobody_else(headers: &HeaderMap) -> bool {
    let names = [FORWARDED_FOR, "x-real-ip"];
    let mut named = names.iter().flat_map(|name| hops(headers, name));
    named.all(|hop| hop.is_some_and(|ip| ip.is_loopback())) && !headers.contains_key("forwarded")
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

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

    #[test]
    fn bytes_that_are_no_text_hide_nobody() {
        let proxies = ["127.0.0.1/32".parse().expect("a network")];
        let mut headers = HeaderMap::new();
        let line = HeaderValue::from_bytes(b"\xff, 6.6.6.6").expect("a value");
        headers.insert(FORWARDED_FOR, line);
        assert_eq!(forwarded(&headers, &proxies), "6.6.6.6".parse().ok());
    }

    #[test]
    fn a_proxy_that_nobody_declared_speaks_for_somebody() {
        let with = |name: &'static str, value: &'static str| {
            HeaderMap::from_iter([(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )])
        };
        assert!(names_nobody_else(&HeaderMap::new()));
        assert!(names_nobody_else(&with(FORWARDED_FOR, "127.0.0.1")));
        for (name, value) in [
            (FORWARDED_FOR, "127.0.0.1, 6.6.6.6"),
            (FORWARDED_FOR, "unknown"),
            ("x-real-ip", "6.6.6.6"),
            ("forwarded", "for=127.0.0.1"),
        ] {
            assert!(!names_nobody_else(&with(name, value)), "{name}: {value}");
        }
    }
}
