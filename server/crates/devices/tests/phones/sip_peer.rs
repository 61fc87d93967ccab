//! SIP servers and phones that do exactly what a test wrote, and the gateway that speaks to them.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use carillon_devices::{
    ActionBody, Credential, Gateway, GatewayConfig, Guard, GuardConfig, Hop, Message, Notify,
};
use carillon_domain::sip::SipTransport;
use carillon_domain::{Mac, Timestamp};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

const NOW: Timestamp = Timestamp::from_micros(1_795_300_000_000_000);

/// A gateway whose random bytes differ each time.
pub(crate) fn gateway() -> Gateway {
    gateway_with(GuardConfig {
        allow_loopback: true,
        ..GuardConfig::default()
    })
}

pub(crate) fn gateway_with(guard: GuardConfig) -> Gateway {
    let count = AtomicU64::new(1);
    let entropy = move || {
        let next = count.fetch_add(1, Ordering::Relaxed);
        (u128::from(next) << 64 | u128::from(next)).to_be_bytes()
    };
    Gateway::new(GatewayConfig {
        guard: Guard::new(guard),
        entropy: Arc::new(entropy),
        now: Arc::new(|| NOW),
    })
    .expect("a gateway")
}

/// `key=OK` for 2041, sent to a port of this machine.
pub(crate) fn notify(port: u16, transport: SipTransport) -> Notify {
    Notify {
        mac: Mac::from_bytes([0, 0x15, 0x65, 1, 2, 3]),
        hop: Hop {
            address: Ipv4Addr::LOCALHOST.into(),
            port,
            transport,
            tls_name: None,
            ca_pem: None,
            passes_on: true,
            rate: 2_000,
            pbx: None,
        },
        to: "2041@pbx.test".parse().expect("an address"),
        from: "dash@pbx.test".parse().expect("an address"),
        message: Message::ActionUri(ActionBody::parse("key=OK").expect("a body")),
        credential: None,
        realm: "pbx.test".to_owned(),
        shared: false,
    }
}

pub(crate) fn signed(port: u16, transport: SipTransport) -> Notify {
    Notify {
        credential: Some(Arc::new(Credential::new("dash", "secret"))),
        ..notify(port, transport)
    }
}

/// The value of a header of a request.
pub(crate) fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let lines = request.split("\r\n").skip(1);
    let mut headers = lines.filter_map(|line| line.split_once(": "));
    headers.find(|(known, _)| *known == name).map(|(_, v)| v)
}

/// An answer to a request, with headers of its own.
pub(crate) fn reply(request: &str, status: &str, extra: &str) -> String {
    let of = |name: &str| header(request, name).unwrap_or_default().to_owned();
    format!(
        "SIP/2.0 {status}\r\nVia: {}\r\nFrom: {}\r\nTo: {};tag=x\r\nCall-ID: {}\r\nCSeq: {}\r\n\
         {extra}Content-Length: 0\r\n\r\n",
        of("Via"),
        of("From"),
        of("To"),
        of("Call-ID"),
        of("CSeq"),
    )
}

/// What is said to the nth datagram, counted from 0.
type Script = dyn Fn(usize, &str) -> Vec<Vec<u8>> + Send + Sync;

/// A peer over UDP; gone when dropped.
pub(crate) struct Peer {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Peer {
    pub(crate) async fn new(
        script: impl Fn(usize, &str) -> Vec<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let port = socket.local_addr().expect("an address").port();
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let task = tokio::spawn(serve(socket, Arc::clone(&seen), Box::new(script)));
        Self { port, seen, task }
    }

    /// Answers the nth request with the nth of these statuses and headers, and the rest with the
    /// last one.
    pub(crate) async fn answering(answers: &[(&str, &str)]) -> Self {
        let own = |(status, extra): &(&str, &str)| ((*status).to_owned(), (*extra).to_owned());
        let answers: Vec<_> = answers.iter().map(own).collect();
        Self::new(move |nth, request| {
            let (status, extra) = &answers[nth.min(answers.len() - 1)];
            vec![reply(request, status, extra).into_bytes()]
        })
        .await
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

async fn serve(socket: UdpSocket, seen: Arc<Mutex<Vec<String>>>, script: Box<Script>) {
    let mut buffer = vec![0; 65_536];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let request = String::from_utf8(buffer[..length].to_vec()).expect("text");
        let nth = {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.push(request.clone());
            seen.len() - 1
        };
        for answer in script(nth, &request) {
            send(&socket, &answer, from).await;
        }
    }
}

async fn send(socket: &UdpSocket, answer: &[u8], to: SocketAddr) {
    let _gone = socket.send_to(answer, to).await;
}
