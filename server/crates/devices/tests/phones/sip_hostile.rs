//! Mutated answers: none ends the process, none is taken for what it is not, and after all of
//! them the next command is answered.

use std::time::Duration;

use carillon_devices::sip::{answers_in, status_of};
use carillon_domain::sip::SipTransport::Udp;

use crate::sip_peer::{Peer, gateway, notify, reply};

const ANSWERS: [&str; 3] = [
    "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKab;rport=5060\r\n\
     From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: abc\r\nCSeq: 1 NOTIFY\r\n\
     Content-Length: 0\r\n\r\n",
    "SIP/2.0 407 Proxy Authentication Required\r\nv: SIP/2.0/TLS [fd00::1];branch=z9hG4bKab\r\n\
     i: abc\r\nCSeq: 1 NOTIFY\r\nProxy-Authenticate: Digest realm=\"r\", nonce=\"n\",\r\n \
     qop=\"auth\", algorithm=SHA-256\r\nl: 3\r\n\r\nabc",
    "SIP/2.0 100 Trying\r\nVia: SIP/2.0/TCP x;branch=z9hG4bKab, SIP/2.0/UDP y;branch=z\r\n\
     Call-ID: abc\r\nCSeq: 1 NOTIFY\r\nContent-Length: 18446744073709551615\r\n\r\n",
];
const PIECES: [&[u8]; 12] = [
    b"\r\n",
    b"\r\n\r\n",
    b"\0",
    b"\xff\xfe",
    b":",
    b";branch=",
    b"18446744073709551615",
    b"Content-Length: 99999\r\n",
    b" ",
    b"SIP/2.0 ",
    b"\"",
    b"CSeq: 1 NOTIFY\r\n",
];

/// Numbers that look random and are the same in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("a number") % limit.max(1)
    }

    pub(crate) fn mutate(&mut self, text: &[u8]) -> Vec<u8> {
        let mut bytes = text.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(6) {
                0 => bytes.truncate(at),
                1 if at < bytes.len() => bytes[at] = u8::try_from(self.below(256)).expect("a byte"),
                2 => drop(bytes.splice(at..at, PIECES[self.below(PIECES.len())].iter().copied())),
                3 => drop(bytes.drain(at..(at + self.below(20)).min(bytes.len()))),
                4 => {
                    let piece = bytes[at..(at + self.below(60)).min(bytes.len())].to_vec();
                    let to = self.below(bytes.len());
                    bytes.splice(to..to, piece);
                }
                _ => bytes.extend_from_slice(PIECES[self.below(PIECES.len())]),
            }
        }
        bytes
    }
}

#[test]
fn three_hundred_thousand_mutated_answers_are_read_or_refused() {
    let mut dice = Dice(1);
    let (mut read, mut refused) = (0, 0);
    for round in 0..300_000 {
        let bytes = dice.mutate(ANSWERS[round % ANSWERS.len()].as_bytes());
        match status_of(&bytes) {
            Some(status) => {
                assert!((100..700).contains(&status));
                read += 1;
            }
            None => refused += 1,
        }
        if round % 10 == 0 {
            let _ = answers_in(&bytes);
        }
    }
    // Both happen, or the mutations prove nothing.
    assert!(
        read > 30_000 && refused > 30_000,
        "{read} read, {refused} refused"
    );
}

#[tokio::test]
async fn mutated_answers_over_the_wire_end_nothing_but_their_own_command() {
    let peer = Peer::new(|nth, request| {
        let good = reply(request, "200 OK", "");
        if nth >= 1_000 {
            return vec![good.into_bytes()];
        }
        vec![Dice(nth as u64 + 7).mutate(good.as_bytes())]
    })
    .await;
    let gateway = gateway().with_sip_t1(Duration::from_millis(1));
    let mut outcomes = 0;
    while peer.requests().len() < 1_000 {
        gateway.notify(notify(peer.port, Udp)).await;
        outcomes += 1;
    }
    assert!(outcomes > 50, "{outcomes}");
    assert_eq!(gateway.notify(notify(peer.port, Udp)).await.cause, None);
}
