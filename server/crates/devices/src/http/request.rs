//! The request as it goes on the wire.
//!
//! Owns the few headers that a phone gets, and wiping those that carry a password.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use carillon_domain::phone::Scheme;
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, HOST, USER_AGENT};
use http::{HeaderValue, Request, Uri};
use http_body_util::Empty;
use zeroize::Zeroizing;

use crate::wire::Meter;

/// A request without body.
pub(super) type Get = Request<Empty<Bytes>>;

/// What a request says beyond its path.
pub(super) struct Extra {
    /// The value of `Authorization`.
    pub(super) authorization: Option<HeaderValue>,
    /// Whether the connection may serve a second request.
    pub(super) keep: Keep,
}

/// What happens to the connection after the answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// The phone is asked to close it.
    Close,
    /// A challenge may be answered on it.
    ForChallenge,
}

/// Puts a request together. `None` when the target is not one that can be sent.
pub(super) fn get(
    target: &Bytes,
    host: &HeaderValue,
    extra: Extra,
    meter: &Arc<Meter>,
) -> Option<Get> {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = Uri::from_maybe_shared(target.clone()).ok()?;
    let headers = request.headers_mut();
    headers.insert(HOST, host.clone());
    headers.insert(USER_AGENT, HeaderValue::from_static("Carillon"));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if let Some(authorization) = extra.authorization {
        headers.insert(AUTHORIZATION, authorization);
    }
    if extra.keep == Keep::Close {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    let meter = Arc::clone(meter);
    hyper::ext::on_informational(&mut request, move |_| meter.count_interim());
    Some(request)
}

/// The value of `Host`: the port only where it is not the scheme's own.
pub(super) fn host(address: SocketAddr, scheme: Scheme) -> Option<HeaderValue> {
    let ip = match address {
        SocketAddr::V4(v4) => v4.ip().to_string(),
        SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
    };
    let text = if address.port() == scheme.default_port() {
        ip
    } else {
        format!("{ip}:{}", address.port())
    };
    HeaderValue::from_maybe_shared(Bytes::from(text)).ok()
}

/// A header value that is wiped with its last copy. `None` when it cannot stand in a header.
pub(super) fn secret_value(text: Zeroizing<String>) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_maybe_shared(wiped(text)).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A text that is wiped with its last copy.
pub(super) fn wiped(text: Zeroizing<String>) -> Bytes {
    struct Text(Zeroizing<String>);
    impl AsRef<[u8]> for Text {
        fn as_ref(&self) -> &[u8] {
            self.0.as_bytes()
        }
    }
    Bytes::from_owner(Text(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_names_a_port_only_where_it_is_not_the_schemes_own() {
        for (address, scheme, expected) in [
            ("10.0.0.1:80", Scheme::Http, "10.0.0.1"),
            ("10.0.0.1:443", Scheme::Https, "10.0.0.1"),
            ("10.0.0.1:443", Scheme::Http, "10.0.0.1:443"),
            ("[fd00::1]:443", Scheme::Https, "[fd00::1]"),
            ("[fd00::1]:8443", Scheme::Https, "[fd00::1]:8443"),
        ] {
            let address = address.parse().expect("an address");
            assert_eq!(host(address, scheme).expect("a value"), expected);
        }
    }

    #[test]
    fn what_would_split_a_header_is_none() {
        assert!(secret_value(Zeroizing::new("a\r\nb: c".into())).is_none());
    }
}
