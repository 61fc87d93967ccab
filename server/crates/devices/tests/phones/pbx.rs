//! A PBX that sends NOTIFYs in our place: what it is told, and what its answers mean.

use std::sync::Arc;
use std::time::Duration;

use carillon_devices::{ActionBody, Credential, GuardConfig, Message, Notify, PbxInterface};
use carillon_domain::outcome::Outcome;
use carillon_domain::sip::SipTransport::Tls;
use carillon_domain::{Cause, TargetState};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::pbx_peer::{KINDS, Kind, PASSWORD, header, notify};
use crate::peer::{Call, Peer};
use crate::sip_peer::{gateway, gateway_with};
use crate::sip_streams::named;

/// Takes every command of every connection.
async fn willing<S: AsyncRead + AsyncWrite + Unpin>(kind: Kind, mut call: Call<S>) {
    if !kind.signs_in(&mut call).await {
        return;
    }
    while let Some(command) = kind.command(&mut call).await {
        if !call.say(kind.yes(&command)).await {
            return;
        }
    }
}

/// A PBX that signs in, and says this to the first command.
async fn saying(kind: Kind, say: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Peer {
    let say = Arc::new(say);
    Peer::tcp(move |mut call| {
        let say = Arc::clone(&say);
        async move {
            kind.signs_in(&mut call).await;
            if let Some(command) = kind.command(&mut call).await {
                call.say(say(&command)).await;
                call.until_gone().await;
            }
        }
    })
    .await
}

async fn quick(notify: Notify) -> Outcome {
    let gateway = gateway().with_sip_t1(Duration::from_millis(20));
    gateway.notify(notify).await
}

fn told(outcome: &Outcome) -> (TargetState, Option<Cause>) {
    (outcome.state(), outcome.cause)
}

const HANDED_OVER: (TargetState, Option<Cause>) = (TargetState::Unknown, Some(Cause::HandedOver));
const REFUSED: (TargetState, Option<Cause>) = (TargetState::Failed, Some(Cause::PbxRefused));

/// Commands that a peer got, without what signs in.
fn commands(kind: Kind, peer: &Peer) -> Vec<String> {
    let is_command = |request: &String| match kind {
        Kind::Asterisk => header(request, "Action") == "PJSIPNotify",
        Kind::FreeSwitch => request.starts_with("sendevent"),
    };
    peer.requests().into_iter().filter(is_command).collect()
}

#[tokio::test]
async fn what_a_pbx_takes_is_handed_over_and_no_more() {
    for kind in KINDS {
        let peer = Peer::tcp(move |call| willing(kind, call)).await;
        let gateway = gateway();
        let outcome = gateway.notify(notify(kind, peer.port)).await;
        assert_eq!(told(&outcome), HANDED_OVER);
        assert_eq!(outcome.transport, kind.transport());
        assert!(!outcome.reached && !outcome.answered_by_another);
        let mut sync = notify(kind, peer.port);
        sync.message = Message::CheckSync { reboot: true };
        assert_eq!(told(&gateway.notify(sync).await), HANDED_OVER);
        let commands = commands(kind, &peer);
        let expected = match kind {
            Kind::Asterisk => [
                format!(
                    "Action: PJSIPNotify\r\nActionID: {}\r\nEndpoint: 2041\r\n\
                     Variable: Event=ACTION-URI\r\nVariable: Content-Type=message/sipfrag\r\n\
                     Variable: Content=key=OK\r\n\r\n",
                    header(&commands[0], "ActionID")
                ),
                format!(
                    "Action: PJSIPNotify\r\nActionID: {}\r\nEndpoint: 2041\r\n\
                     Variable: Event=check-sync;reboot=true\r\n\r\n",
                    header(&commands[1], "ActionID")
                ),
            ],
            Kind::FreeSwitch => [
                "sendevent NOTIFY\nprofile: internal\nevent-string: ACTION-URI\nuser: 2041\n\
                 host: pbx.test\ncontent-type: message/sipfrag\ncontent-length: 6\n\nkey=OK"
                    .to_owned(),
                "sendevent NOTIFY\nprofile: internal\nevent-string: check-sync;reboot=true\n\
                 user: 2041\nhost: pbx.test\ncontent-type: application/simple-message-summary\n\n"
                    .to_owned(),
            ],
        };
        assert_eq!(commands, expected);
        assert_eq!(peer.connections(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn an_asterisk_is_never_told_the_password_itself() {
    let peer = Peer::tcp(|call| willing(Kind::Asterisk, call)).await;
    let outcome = gateway().notify(notify(Kind::Asterisk, peer.port)).await;
    assert_eq!(told(&outcome), HANDED_OVER);
    assert_eq!(outcome.excerpt, "NOTIFY sent");
    assert!(peer.requests().iter().all(|said| !said.contains(PASSWORD)));
}

#[tokio::test]
async fn an_asterisk_without_challenges_is_told_it_where_that_may_be() {
    let peer = Peer::tcp(|mut call| async move {
        call.say(Kind::Asterisk.greeting()).await;
        let asked = call.request().await.expect("a question");
        call.say(Kind::Asterisk.no(&asked, "no such thing")).await;
        let login = call.request().await.expect("a sign-in");
        call.say(Kind::Asterisk.no(&login, &format!("not {PASSWORD}")))
            .await;
    })
    .await;
    let outcome = gateway().notify(notify(Kind::Asterisk, peer.port)).await;
    assert_eq!(
        told(&outcome),
        (TargetState::Failed, Some(Cause::AuthFailed))
    );
    // Loopback: nobody listens in. What is echoed is struck out.
    assert_eq!(header(&peer.requests()[1], "Secret"), PASSWORD);
    assert_eq!(outcome.excerpt, "not •••");
    assert!(!format!("{outcome:?}").contains(PASSWORD));
}

#[tokio::test]
async fn an_empty_challenge_is_given_no_proof() {
    let peer = Peer::tcp(|mut call| async move {
        call.say(Kind::Asterisk.greeting()).await;
        let asked = call.request().await.expect("a question");
        let yes = Kind::Asterisk.yes(&asked);
        let head = yes.strip_suffix("\r\n").expect("an end");
        call.say(format!("{head}Challenge: \r\n\r\n")).await;
        call.until_gone().await;
    })
    .await;
    let outcome = gateway().notify(notify(Kind::Asterisk, peer.port)).await;
    assert_eq!(told(&outcome), REFUSED);
    assert_eq!(peer.requests().len(), 1);
}

#[tokio::test]
async fn a_turn_at_a_pbx_keeps_all_others_away_and_has_no_end_of_its_own() {
    for kind in KINDS {
        let peer = Peer::tcp(move |call| willing(kind, call)).await;
        let gateway = gateway().with_sip_t1(Duration::from_millis(5));
        let first = notify(kind, peer.port);
        let turn = gateway.turn(&first).await;
        let second = notify(kind, peer.port);
        let mut waiting = Box::pin(gateway.turn(&second));
        // More than a sign-in, an answer and all else that has an end.
        let long = Duration::from_millis(5 * 70);
        assert!(timeout(long, &mut waiting).await.is_err());
        let outcome = gateway.notify_in_turn(first, turn).await;
        assert_eq!(told(&outcome), HANDED_OVER);
        let turn = waiting.as_mut().await;
        drop(waiting);
        let outcome = gateway.notify_in_turn(second, turn).await;
        assert_eq!(told(&outcome), HANDED_OVER);
        // Whoever leaves with its turn leaves the place.
        let third = notify(kind, peer.port);
        drop(gateway.turn(&third).await);
        assert_eq!(told(&gateway.notify(third).await), HANDED_OVER);
        assert_eq!((peer.connections(), commands(kind, &peer).len()), (1, 3));
    }
}

#[tokio::test]
async fn what_a_pbx_refuses_has_surely_not_happened() {
    for kind in KINDS {
        let peer = Peer::tcp(move |mut call| async move {
            kind.signs_in(&mut call).await;
            let first = kind.command(&mut call).await.expect("a command");
            call.say(kind.no(&first, "Unable to retrieve endpoint 2041"))
                .await;
            let second = kind.command(&mut call).await.expect("another");
            call.say(kind.yes(&second)).await;
            call.until_gone().await;
        })
        .await;
        let gateway = gateway();
        let outcome = gateway.notify(notify(kind, peer.port)).await;
        assert_eq!(told(&outcome), REFUSED);
        assert!(outcome.excerpt.contains("Unable to retrieve endpoint 2041"));
        // A "no" ends nothing but its command.
        let outcome = gateway.notify(notify(kind, peer.port)).await;
        assert_eq!(told(&outcome), HANDED_OVER);
        assert_eq!(peer.connections(), 1);
    }
}

#[tokio::test]
async fn a_wrong_password_gives_no_command_and_counts_once_for_all_who_wait() {
    for kind in KINDS {
        let peer = Peer::tcp(move |call| willing(kind, call)).await;
        let gateway = Arc::new(gateway());
        let sends: Vec<_> = (0..20)
            .map(|_| {
                let mut notify = notify(kind, peer.port);
                notify.credential = Some(Arc::new(Credential::new("carillon", "wrong")));
                let gateway = Arc::clone(&gateway);
                async move { gateway.notify(notify).await }
            })
            .collect();
        for (number, outcome) in all(sends).await.iter().enumerate() {
            let cause = [Cause::AuthFailed, Cause::PbxRefused][usize::from(number > 0)];
            assert_eq!(told(outcome), (TargetState::Failed, Some(cause)));
            assert!(outcome.excerpt.ends_with("wrong") || outcome.excerpt.contains("•••"));
        }
        assert!(commands(kind, &peer).is_empty());
        assert_eq!(peer.connections(), 1);
    }
}

/// Runs all of them at once, on this task.
async fn all<F: Future<Output = Outcome>>(sends: Vec<F>) -> Vec<Outcome> {
    let mut sends: Vec<_> = sends.into_iter().map(Box::pin).collect();
    let mut ends: Vec<Option<Outcome>> = sends.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (send, end) in sends.iter_mut().zip(&mut ends) {
            if end.is_none()
                && let std::task::Poll::Ready(outcome) = send.as_mut().poll(context)
            {
                *end = Some(outcome);
            }
        }
        if ends.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    ends.into_iter().flatten().collect()
}

#[tokio::test]
async fn one_connection_carries_one_command_after_the_other() {
    for kind in KINDS {
        let peer = Peer::tcp(move |call| willing(kind, call)).await;
        let gateway = Arc::new(gateway());
        let sends = (0..60).map(|_| {
            let (gateway, notify) = (Arc::clone(&gateway), notify(kind, peer.port));
            async move { gateway.notify(notify).await }
        });
        for outcome in all(sends.collect()).await {
            assert_eq!(told(&outcome), HANDED_OVER);
        }
        assert_eq!((peer.connections(), commands(kind, &peer).len()), (1, 60));
    }
}

#[tokio::test]
async fn silence_after_a_command_may_be_anything_and_ends_the_connection() {
    for kind in KINDS {
        let peer = saying(kind, |_| Vec::new()).await;
        let gateway = Arc::new(gateway().with_sip_t1(Duration::from_millis(20)));
        let sends = (0..5).map(|_| {
            let (gateway, notify) = (Arc::clone(&gateway), notify(kind, peer.port));
            async move { gateway.notify(notify).await }
        });
        let ends: Vec<_> = all(sends.collect()).await.iter().map(told).collect();
        let unknown = (TargetState::Unknown, Some(Cause::TimeoutAnswer));
        let unsent = (TargetState::Failed, Some(Cause::TimeoutConnect));
        assert_eq!(ends, [unknown, unsent, unsent, unsent, unsent]);
        assert_eq!(commands(kind, &peer).len(), 1);
    }
}

#[tokio::test]
async fn what_ends_before_the_command_has_surely_not_happened() {
    for kind in KINDS {
        let silent = Peer::tcp(|mut call| async move { call.until_gone().await }).await;
        let mute = Peer::tcp(move |mut call| async move {
            call.say(kind.greeting()).await;
            kind.sign_in(&mut call).await;
            call.until_gone().await;
        })
        .await;
        let gone = Peer::tcp(|call| async move { drop(call) }).await;
        let cut = Peer::tcp(move |mut call| async move {
            call.say(kind.greeting()).await;
            kind.sign_in(&mut call).await;
        })
        .await;
        let endless =
            Peer::tcp(|mut call| async move { while call.say([b'x'; 4096]).await {} }).await;
        let other = Peer::saying_at_once("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n").await;
        for (peer, cause) in [
            (silent, Cause::TimeoutConnect),
            (mute, Cause::TimeoutConnect),
            (gone, Cause::Refused),
            (cut, Cause::Refused),
            (endless, Cause::PbxRefused),
            (other, Cause::PbxRefused),
        ] {
            let notify = notify(kind, peer.port);
            let outcome = if cause == Cause::TimeoutConnect {
                quick(notify).await
            } else {
                gateway().notify(notify).await
            };
            assert_eq!(told(&outcome), (TargetState::Failed, Some(cause)));
            assert!(commands(kind, &peer).is_empty());
        }
        let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = closed.local_addr().expect("an address").port();
        drop(closed);
        let outcome = gateway().notify(notify(kind, port)).await;
        assert_eq!(told(&outcome), (TargetState::Failed, Some(Cause::Refused)));
    }
}

#[tokio::test]
async fn a_free_switch_that_does_not_let_us_in_has_refused() {
    let rude = "Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n";
    let peer = Peer::saying_at_once(rude).await;
    let outcome = gateway().notify(notify(Kind::FreeSwitch, peer.port)).await;
    assert_eq!(told(&outcome), (TargetState::Failed, Some(Cause::Refused)));
    assert!(peer.requests().is_empty());
}

#[tokio::test]
async fn what_ends_after_the_command_may_have_happened_and_is_not_said_again() {
    for kind in KINDS {
        let peer = Peer::tcp(move |mut call| async move {
            kind.signs_in(&mut call).await;
            kind.command(&mut call).await;
        })
        .await;
        let outcome = gateway().notify(notify(kind, peer.port)).await;
        let expected = (TargetState::Unknown, Some(Cause::ConnectionReset));
        assert_eq!(told(&outcome), expected);
        assert_eq!((peer.connections(), commands(kind, &peer).len()), (1, 1));
    }
}

#[tokio::test]
async fn what_is_no_answer_may_be_anything() {
    for kind in KINDS {
        for (said, cause) in [
            (kind.told("ActionID: %", "Perhaps", "?"), Cause::BadAnswer),
            ("y".repeat(20_000), Cause::TooLarge),
            (kind.event().repeat(100_000), Cause::TooLarge),
            ("a: b\n".repeat(300), Cause::TooLarge),
        ] {
            let peer = saying(kind, move |command| {
                let id = header(command, "ActionID");
                said.replace('%', &id).into_bytes()
            })
            .await;
            let outcome = gateway().notify(notify(kind, peer.port)).await;
            assert_eq!(told(&outcome), (TargetState::Unknown, Some(cause)));
        }
    }
    let peer = saying(Kind::FreeSwitch, |_| {
        b"Content-Type: text/disconnect-notice\nContent-Length: 0\n\n".to_vec()
    })
    .await;
    let outcome = gateway().notify(notify(Kind::FreeSwitch, peer.port)).await;
    assert_eq!(outcome.cause, Some(Cause::ConnectionReset));
}

#[tokio::test]
async fn what_nobody_asked_for_is_passed_over() {
    for kind in KINDS {
        let peer = saying(kind, move |command| {
            let (event, other) = (kind.event(), kind.no("ActionID: 7", "not yours"));
            let other = if kind == Kind::Asterisk {
                other
            } else {
                String::new()
            };
            format!("{event}{other}{event}{}", kind.yes(command)).into_bytes()
        })
        .await;
        let outcome = gateway().notify(notify(kind, peer.port)).await;
        assert_eq!(told(&outcome), HANDED_OVER, "{kind:?}");
    }
}

#[tokio::test]
async fn what_was_said_before_a_command_is_no_answer_to_it() {
    let peer = Peer::tcp(|mut call| async move {
        let kind = Kind::FreeSwitch;
        kind.signs_in(&mut call).await;
        let first = kind.command(&mut call).await.expect("a command");
        // Twice: the second "yes" is about nothing.
        call.say(format!("{0}{0}", kind.yes(&first))).await;
        let second = kind.command(&mut call).await.expect("another");
        call.say(kind.no(&second, "no")).await;
        call.until_gone().await;
    })
    .await;
    let gateway = gateway();
    let first = gateway.notify(notify(Kind::FreeSwitch, peer.port)).await;
    let second = gateway.notify(notify(Kind::FreeSwitch, peer.port)).await;
    assert_eq!([told(&first), told(&second)], [HANDED_OVER, REFUSED]);
}

#[tokio::test]
async fn a_connection_that_the_pbx_closed_is_replaced_before_anything_is_said() {
    for kind in KINDS {
        let peer = Peer::tcp(move |mut call| async move {
            kind.signs_in(&mut call).await;
            let command = kind.command(&mut call).await.expect("a command");
            call.say(kind.yes(&command)).await;
        })
        .await;
        let gateway = gateway();
        for count in 1..=3 {
            let outcome = gateway.notify(notify(kind, peer.port)).await;
            assert_eq!(told(&outcome), HANDED_OVER);
            peer.left().await;
            assert_eq!(peer.connections(), count);
        }
    }
}

#[tokio::test]
async fn a_connection_that_nobody_needs_is_closed() {
    for kind in KINDS {
        let peer = Peer::tcp(move |call| willing(kind, call)).await;
        let gateway = gateway().with_sip_t1(Duration::from_millis(10));
        let outcome = gateway.notify(notify(kind, peer.port)).await;
        assert_eq!(told(&outcome), HANDED_OVER);
        let left = timeout(Duration::from_secs(20), peer.left()).await;
        assert!(left.is_ok(), "{kind:?}");
        let outcome = gateway.notify(notify(kind, peer.port)).await;
        assert_eq!(told(&outcome), HANDED_OVER);
        assert_eq!(peer.connections(), 2);
    }
}

#[tokio::test]
async fn each_sign_in_has_a_connection_of_its_own() {
    let kind = Kind::Asterisk;
    // It serves them side by side.
    let peer = Peer::tcp(move |call| async move {
        tokio::spawn(willing(kind, call));
    })
    .await;
    let gateway = gateway();
    assert_eq!(
        told(&gateway.notify(notify(kind, peer.port)).await),
        HANDED_OVER
    );
    let mut other = notify(kind, peer.port);
    other.credential = Some(Arc::new(Credential::new("somebody", PASSWORD)));
    assert_eq!(gateway.notify(other).await.cause, Some(Cause::AuthFailed));
    // Nor does one profile's leave to show the password serve another.
    let mut in_clear = notify(kind, peer.port);
    in_clear.hop.pbx.as_mut().expect("a PBX").password_in_clear = true;
    let held = gateway.turn(&notify(kind, peer.port)).await;
    assert_eq!(told(&gateway.notify(in_clear).await), HANDED_OVER);
    drop(held);
    assert_eq!(peer.connections(), 3);
}

#[tokio::test]
async fn tls_is_spoken_only_with_the_name_and_the_authority_of_the_profile() {
    let (own, other) = (named("pbx.test"), named("pbx.test"));
    for kind in KINDS {
        let peer = Peer::tls(vec![Arc::clone(&own.server)], move |call| {
            willing(kind, call)
        })
        .await;
        for (name, ca, expected) in [
            ("pbx.test", &own.ca_pem, Cause::HandedOver),
            ("other.test", &own.ca_pem, Cause::TlsFailed),
            ("pbx.test", &other.ca_pem, Cause::TlsFailed),
        ] {
            let mut notify = notify(kind, peer.port);
            notify.hop.transport = Tls;
            notify.hop.tls_name = Some(name.to_owned());
            notify.hop.ca_pem = Some(Arc::from(ca.as_str()));
            assert_eq!(
                gateway().notify(notify).await.cause,
                Some(expected),
                "{name}"
            );
        }
        assert_eq!(commands(kind, &peer).len(), 1);
    }
}

#[tokio::test]
async fn nothing_can_be_put_in_between() {
    for kind in KINDS {
        let peer = Peer::tcp(move |call| willing(kind, call)).await;
        let mut bad = vec![(notify(kind, peer.port), Cause::NoCredential)];
        let (user, password) = match kind {
            Kind::Asterisk => ("a\r\nAction: Command", PASSWORD),
            Kind::FreeSwitch => ("a", "b\n\napi reload"),
        };
        bad[0].0.credential = Some(Arc::new(Credential::new(user, password)));
        bad.push((notify(kind, peer.port), Cause::NoCredential));
        bad[1].0.credential = None;
        if kind == Kind::Asterisk {
            for body in ["key=a,b", "key=\"a\"", "key=a\\b", "key=(a)", "key=[a]"] {
                let mut notify = notify(kind, peer.port);
                let body = ActionBody::parse(body).expect("a body");
                notify.message = Message::ActionUri(body);
                bad.push((notify, Cause::Unsupported));
            }
        } else {
            let mut notify = notify(kind, peer.port);
            notify.hop.pbx.as_mut().expect("a PBX").interface = PbxInterface::Esl {
                profile: "internal\nuser: 1".to_owned(),
            };
            bad.push((notify, Cause::Unsupported));
        }
        for (notify, cause) in bad {
            let outcome = gateway().notify(notify).await;
            assert_eq!(told(&outcome), (TargetState::Failed, Some(cause)));
        }
        assert!(commands(kind, &peer).is_empty());
    }
}

#[tokio::test]
async fn the_guard_is_asked_first() {
    for kind in KINDS {
        let peer = Peer::tcp(move |call| willing(kind, call)).await;
        let gateway = gateway_with(GuardConfig::default());
        let outcome = gateway.notify(notify(kind, peer.port)).await;
        let expected = (TargetState::Failed, Some(Cause::BlockedAddress));
        assert_eq!(told(&outcome), expected);
        assert_eq!(outcome.transport, kind.transport());
        assert_eq!(peer.connections(), 0);
    }
}
