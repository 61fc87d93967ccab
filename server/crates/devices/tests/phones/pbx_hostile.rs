//! Mutated answers of a PBX: none ends the process, and after all of them the next command is
//! answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use carillon_devices::pbx::{ami_answers_in, esl_answers_in};
use carillon_domain::Cause;

use crate::pbx_peer::{KINDS, Kind, notify};
use crate::peer::Peer;
use crate::sip_hostile::Dice;
use crate::sip_peer::gateway;

const AMI: [&str; 2] = [
    "Event: FullyBooted\r\nPrivilege: system,all\r\n\r\nResponse: Success\r\nActionID: 1\r\n\
     Message: NOTIFY sent\r\n\r\n",
    "Response: Error\r\nActionID: 1\r\nMessage: Unable to retrieve endpoint 2041\r\n\r\n",
];
const ESL: [&str; 2] = [
    "Content-Length: 5\nContent-Type: text/event-plain\n\nA: b\nContent-Type: command/reply\n\
     Reply-Text: +OK 7f4de4bc\n\n",
    "Content-Type: command/reply\nReply-Text: -ERR invalid\nContent-Length: 0\n\n",
];

#[test]
fn a_hundred_thousand_mutated_answers_of_each_are_read_or_refused() {
    for (kind, answers) in KINDS.into_iter().zip([AMI, ESL]) {
        let answers_in = match kind {
            Kind::Asterisk => ami_answers_in,
            Kind::FreeSwitch => esl_answers_in,
        };
        let mut dice = Dice(3);
        let (mut read, mut none) = (0, 0);
        for round in 0..100_000 {
            let bytes = dice.mutate(answers[round % answers.len()].as_bytes());
            match answers_in(&bytes) {
                Some(1..) => read += 1,
                _ => none += 1,
            }
        }
        // Both happen, or the mutations prove nothing.
        assert!(read > 10_000 && none > 10_000, "{read} read, {none} not");
    }
}

#[tokio::test]
async fn mutated_answers_over_the_wire_end_nothing_but_their_own_command() {
    for kind in KINDS {
        let count = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&count);
        let peer = Peer::tcp(move |mut call| {
            let seen = Arc::clone(&seen);
            async move {
                if !kind.signs_in(&mut call).await {
                    return;
                }
                while let Some(command) = kind.command(&mut call).await {
                    let nth = seen.fetch_add(1, Ordering::Relaxed);
                    let good = kind.yes(&command);
                    let said = if nth < 60 {
                        Dice(nth as u64 + 7).mutate(good.as_bytes())
                    } else {
                        good.into_bytes()
                    };
                    if !call.say(said).await {
                        return;
                    }
                }
            }
        })
        .await;
        let gateway = gateway().with_sip_t1(Duration::from_millis(10));
        let (mut handed, mut other) = (0, 0);
        while count.load(Ordering::Relaxed) < 60 {
            let outcome = gateway.notify(notify(kind, peer.port)).await;
            if outcome.cause == Some(Cause::HandedOver) {
                handed += 1;
            } else {
                other += 1;
            }
        }
        assert!(handed > 5 && other > 5, "{kind:?}: {handed}, {other}");
        let last = gateway.with_sip_t1(Duration::from_millis(500));
        let outcome = last.notify(notify(kind, peer.port)).await;
        assert_eq!(outcome.cause, Some(Cause::HandedOver));
    }
}
