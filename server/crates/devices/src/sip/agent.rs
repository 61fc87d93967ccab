//! The agent: one NOTIFY in, one outcome out.
//!
//! Owns what all NOTIFYs share: connections, paces, TLS, randomness. Asks the guard before each
//! request.

use std::net::SocketAddr;
use std::time::Duration;

use carillon_domain::outcome::{Outcome, Transport};
use tokio::time::Instant;

use super::clockwork::T1;
use super::conversation::{Conversation, Ending, Pass};
use super::links::Links;
use super::notify::Notify;
use super::pacer::Pacer;
use super::verdict;
use crate::excerpt::Excerpt;
use crate::gateway::Entropy;
use crate::tls::TlsClient;

/// Sends NOTIFYs.
pub(crate) struct Agent {
    pub(super) tls: TlsClient,
    pub(super) links: Links,
    pub(super) entropy: Entropy,
    pub(super) t1: Duration,
    pacer: Pacer,
}

impl Agent {
    pub(crate) fn new(tls: TlsClient, entropy: Entropy) -> Self {
        Self {
            tls,
            links: Links::default(),
            entropy,
            t1: T1,
            pacer: Pacer::default(),
        }
    }

    /// The same agent with another measure of time, from which all its timers follow.
    pub(crate) fn with_t1(self, t1: Duration) -> Self {
        Self { t1, ..self }
    }

    /// Waits for a turn among at most `rate` a second.
    pub(crate) async fn turn(&self, address: SocketAddr, rate: u16) {
        self.pacer.turn(address, rate).await;
    }

    /// Sends a NOTIFY as far as the guard passes it, and says what came of it.
    pub(crate) async fn send(&self, notify: &Notify, pass: Pass<'_>) -> Outcome {
        let started = Instant::now();
        let ending = Conversation::new(self, notify, pass).hold().await;
        let (cause, answer) = match ending {
            Ending::Answer(cause, answer) => (cause, Some(answer)),
            Ending::Failure(cause) => (Some(cause), None),
        };
        let body = notify.message.body().unwrap_or_default();
        let excerpt = Excerpt::without(notify.credential.as_deref(), body);
        Outcome {
            cause,
            http_status: None,
            transport: Transport::Sip,
            duration: started.elapsed(),
            excerpt: answer
                .as_ref()
                .map(|answer| excerpt.of(answer.line.as_bytes()))
                .unwrap_or_default(),
            learned_auth: None,
            learned_pin: None,
            other_pin: None,
            answered_by_another: answer
                .as_ref()
                .is_some_and(|answer| verdict::hides_others(notify, answer)),
            reached: answer.is_some_and(|answer| verdict::is_of_phone(notify, answer.status)),
        }
    }
}
