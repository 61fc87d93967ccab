//! The NOTIFY as it goes on the wire.
//!
//! Owns its headers. A request with a part that cannot stand in a header is not written.

use std::net::SocketAddr;

use carillon_domain::sip::SipTransport;
use zeroize::Zeroizing;

use super::notify::Notify;
use crate::gateway::Entropy;
use crate::text::Text;

/// The method of all requests.
pub(super) const METHOD: &str = "NOTIFY";

/// What tells one command from all others.
pub(super) struct Ids {
    tag: String,
    pub(super) call_id: String,
}

impl Ids {
    pub(super) fn new(entropy: &Entropy) -> Self {
        Self {
            tag: hex::encode(&entropy()[..8]),
            call_id: hex::encode(entropy()),
        }
    }
}

/// What tells one transaction from all others. Copies of a request share it.
pub(super) struct Turn {
    pub(super) branch: String,
    /// Counted from 1.
    pub(super) number: u32,
}

impl Turn {
    pub(super) fn new(entropy: &Entropy, number: u32) -> Self {
        // The beginning says that the rest is unique (RFC 3261 §8.1.1.7).
        let branch = format!("z9hG4bK{}", hex::encode(entropy()));
        Self { branch, number }
    }
}

/// A header that answers a challenge.
pub(super) struct Proof {
    pub(super) header: &'static str,
    pub(super) value: Zeroizing<String>,
}

/// Writes the request as sent from `local`. `None` when a part of it cannot stand in a header.
pub(super) fn write(
    notify: &Notify,
    ids: &Ids,
    turn: &Turn,
    proofs: &[Proof],
    local: SocketAddr,
) -> Option<Zeroizing<Vec<u8>>> {
    let (to, from) = (notify.to.uri(), notify.from.uri());
    let (via, contact) = carrier(notify.hop.transport);
    let user = notify.from.user().replace('#', "%23");
    let body = notify.message.body().unwrap_or_default();
    let mut text = Text::new("\r\n");
    text.line(&format!("{METHOD} {to} SIP/2.0"))?;
    let branch = &turn.branch;
    text.header(
        "Via",
        &format!("SIP/2.0/{via} {local};branch={branch};rport"),
    )?;
    text.header("Max-Forwards", "70")?;
    text.header("From", &format!("<{from}>;tag={}", ids.tag))?;
    text.header("To", &format!("<{to}>"))?;
    text.header("Call-ID", &ids.call_id)?;
    text.header("CSeq", &format!("{} {METHOD}", turn.number))?;
    text.header("Contact", &format!("<sip:{user}@{local}{contact}>"))?;
    text.header("User-Agent", "Carillon")?;
    for proof in proofs {
        text.header(proof.header, &proof.value)?;
    }
    text.header("Event", notify.message.event())?;
    if !body.is_empty() {
        text.header("Content-Type", "message/sipfrag")?;
    }
    text.header("Content-Length", &body.len().to_string())?;
    Some(text.with_body(body))
}

/// How `Via` and `Contact` call a transport.
const fn carrier(transport: SipTransport) -> (&'static str, &'static str) {
    match transport {
        SipTransport::Udp => ("UDP", ""),
        SipTransport::Tcp => ("TCP", ";transport=tcp"),
        SipTransport::Tls => ("TLS", ";transport=tls"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use carillon_domain::Mac;

    use super::*;
    use crate::sip::notify::{ActionBody, Hop, Message};

    fn notify(to: &str, message: Message) -> Notify {
        Notify {
            mac: Mac::from_bytes([0, 0x15, 0x65, 0, 0, 1]),
            hop: Hop {
                address: "10.2.40.10".parse().expect("address"),
                port: 5062,
                transport: SipTransport::Udp,
                tls_name: None,
                ca_pem: None,
                passes_on: true,
                rate: 200,
                pbx: None,
            },
            to: to.parse().expect("an address"),
            from: "dash@pbx.test".parse().expect("an address"),
            message,
            credential: None,
            realm: String::new(),
            shared: false,
        }
    }

    fn written(notify: &Notify, proofs: &[Proof]) -> Option<String> {
        let entropy: Entropy = Arc::new(|| [0xab; 16]);
        let (ids, turn) = (Ids::new(&entropy), Turn::new(&entropy, 1));
        let local = "10.2.1.5:40000".parse().expect("an address");
        let bytes = write(notify, &ids, &turn, proofs, local)?;
        Some(String::from_utf8(bytes.to_vec()).expect("text"))
    }

    /// The manual shows the request line, `Event`, `Content-Type`, `Content-Length` and the body;
    /// the rest is what RFC 3261 asks of every request.
    #[test]
    fn the_manuals_example_comes_out_byte_for_byte() {
        let ok = Message::ActionUri(ActionBody::parse("key=OK").expect("a body"));
        assert_eq!(
            written(&notify("3583@10.2.40.10:5062", ok), &[]).expect("a request"),
            "NOTIFY sip:3583@10.2.40.10:5062 SIP/2.0\r\n\
             Via: SIP/2.0/UDP 10.2.1.5:40000;branch=z9hG4bKabababababababababababababababab;rport\r\n\
             Max-Forwards: 70\r\n\
             From: <sip:dash@pbx.test>;tag=abababababababab\r\n\
             To: <sip:3583@10.2.40.10:5062>\r\n\
             Call-ID: abababababababababababababababab\r\n\
             CSeq: 1 NOTIFY\r\n\
             Contact: <sip:dash@10.2.1.5:40000>\r\n\
             User-Agent: Carillon\r\n\
             Event: ACTION-URI\r\n\
             Content-Type: message/sipfrag\r\n\
             Content-Length: 6\r\n\
             \r\n\
             key=OK"
        );
    }

    #[test]
    fn check_sync_has_no_body() {
        for (reboot, event) in [
            (true, "check-sync;reboot=true"),
            (false, "check-sync;reboot=false"),
        ] {
            let text = written(&notify("1@pbx", Message::CheckSync { reboot }), &[]);
            let text = text.expect("a request");
            let end = format!("\r\nEvent: {event}\r\nContent-Length: 0\r\n\r\n");
            assert!(text.ends_with(&end), "{text}");
            assert!(!text.contains("Content-Type"), "{text}");
        }
    }

    #[test]
    fn what_would_begin_a_header_of_its_own_is_not_written() {
        let proof = |value: &str| Proof {
            header: "Authorization",
            value: Zeroizing::new(value.to_owned()),
        };
        let ring = notify("1@pbx", Message::CheckSync { reboot: false });
        assert!(written(&ring, &[proof("Digest username=\"a\"")]).is_some());
        for bad in ["Digest\r\nX: y", "Digest\nX: y", "a\0b", "a\u{85}b"] {
            assert!(written(&ring, &[proof(bad)]).is_none(), "{bad:?}");
        }
        for bad in ["", "key=OK\r\n", "key=OK\r\n\r\nNOTIFY", "key=A B", "key=ä"] {
            assert!(ActionBody::parse(bad).is_err(), "{bad:?}");
        }
        assert!(ActionBody::parse("k".repeat(513)).is_err());
    }
}
