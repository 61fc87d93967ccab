//! Peers that are slow on purpose, on real sockets.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use carillon::listen::{Front, Patience};
use futures_util::{StreamExt as _, stream};
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const SHORT: Duration = Duration::from_millis(300);

/// Says when it is dropped: an answer that is over.
struct Over(mpsc::UnboundedSender<()>);

impl Drop for Over {
    fn drop(&mut self) {
        // Whoever waited may be gone.
        let _ = self.0.send(());
    }
}

/// A server of one endless answer and of one that never begins; the channel hears when one is over.
async fn serve(patience: Patience) -> (SocketAddr, mpsc::UnboundedReceiver<()>, CancellationToken) {
    let (over, ends) = mpsc::unbounded_channel();
    let quiet = over.clone();
    let endless = move || {
        let over = Over(over.clone());
        async move {
            Body::from_stream(stream::repeat_with(move || {
                let _held = &over;
                Ok::<_, Infallible>(Bytes::from_static(&[7; 16 * 1024]))
            }))
        }
    };
    let quiet = move || {
        let over = Over(quiet.clone());
        async move {
            let one = stream::once(async { Ok::<_, Infallible>(Bytes::from_static(b"one")) });
            let rest = stream::poll_fn(move |_| {
                let _held = &over;
                std::task::Poll::<Option<Result<Bytes, Infallible>>>::Pending
            });
            Body::from_stream(one.chain(rest))
        }
    };
    let router = Router::new()
        .route("/endless", get(endless))
        .route("/quiet", get(quiet));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let front = Front {
        listener,
        tls: None,
        shared: Vec::new(),
        patience,
    };
    let stop = CancellationToken::new();
    tokio::spawn(front.serve(router, stop.clone()));
    (address, ends, stop)
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_left() {
    let patience = Patience {
        socket: SHORT,
        ..Patience::default()
    };
    let (address, mut ends, stop) = serve(patience).await;
    let mut socket = TcpStream::connect(address).await.unwrap();
    let asked = b"GET /endless HTTP/1.1\r\nHost: here\r\n\r\n";
    socket.write_all(asked).await.unwrap();
    ends.recv().await.unwrap();
    let mut rest = Vec::new();
    // What was on its way arrives, and then the end, as a close or as a reset.
    let _ = socket.read_to_end(&mut rest).await;
    assert!(rest.starts_with(b"HTTP/1.1 200"));
    stop.cancel();
}

/// What the kernel had already taken went on standing there, and the connection with it.
#[tokio::test]
async fn nothing_is_kept_for_a_reader_that_was_left() {
    let patience = Patience {
        socket: SHORT,
        ..Patience::default()
    };
    let (address, mut ends, stop) = serve(patience).await;
    let mut socket = TcpStream::connect(address).await.unwrap();
    let asked = b"GET /endless HTTP/1.1\r\nHost: here\r\n\r\n";
    socket.write_all(asked).await.unwrap();
    ends.recv().await.unwrap();
    let (own, peer) = (address.port(), socket.local_addr().unwrap().port());
    let mut looks = tokio::time::interval(SHORT);
    let ended = async {
        while is_kept(own, peer) {
            looks.tick().await;
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(20), ended).await;
    assert!(ended.is_ok(), "the kernel still holds the connection");
    stop.cancel();
}

/// The kernel takes little of an answer that nobody reads.
#[tokio::test]
async fn little_is_on_its_way_to_who_does_not_read() {
    let patience = Patience {
        socket: SHORT,
        ..Patience::default()
    };
    let (address, mut ends, stop) = serve(patience).await;
    let mut socket = TcpStream::connect(address).await.unwrap();
    let asked = b"GET /endless HTTP/1.1\r\nHost: here\r\n\r\n";
    socket.write_all(asked).await.unwrap();
    ends.recv().await.unwrap();
    // Whatever comes now has been on its way.
    let mut came = Vec::new();
    let reading = socket.read_to_end(&mut came);
    // Where the kernel gave up there is no end to be read.
    let _ = tokio::time::timeout(SHORT, reading).await;
    assert!(came.len() < 2 << 20, "{} bytes", came.len());
    stop.cancel();
}

/// Whether the kernel has a socket of this port towards that one, closed or not.
fn is_kept(own: u16, peer: u16) -> bool {
    let all = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let (own, peer) = (format!(":{own:04X}"), format!(":{peer:04X}"));
    all.lines().any(|line| {
        let mut words = line.split_whitespace().skip(1);
        let ends = (words.next(), words.next(), words.next());
        let (Some(from), Some(to), Some(state)) = ends else {
            return false;
        };
        // 06 = the other end is gone as well; only the port rests.
        from.ends_with(&own) && to.ends_with(&peer) && state != "06"
    })
}

async fn two(address: SocketAddr) -> SendRequest<Empty<Bytes>> {
    let socket = TcpStream::connect(address).await.unwrap();
    let made = http2::handshake(TokioExecutor::new(), TokioIo::new(socket));
    let (sender, connection) = made.await.unwrap();
    tokio::spawn(connection);
    sender
}

fn ask(path: &str) -> Request<Empty<Bytes>> {
    let uri = format!("http://here{path}");
    Request::builder().uri(uri).body(Empty::new()).unwrap()
}

#[tokio::test]
async fn an_answer_of_http_2_that_nobody_takes_ends_its_connection() {
    let patience = Patience {
        answer: SHORT,
        ..Patience::default()
    };
    let (address, mut ends, stop) = serve(patience).await;
    let mut sender = two(address).await;
    let answer = sender.send_request(ask("/endless")).await.unwrap();
    ends.recv().await.unwrap();
    let cut = answer.into_body().collect().await;
    assert!(cut.is_err(), "in the middle");
    stop.cancel();
}

#[tokio::test]
async fn an_answer_that_has_nothing_to_say_may_rest() {
    let patience = Patience {
        answer: SHORT,
        socket: SHORT,
    };
    let (address, mut ends, stop) = serve(patience).await;
    let mut sender = two(address).await;
    let quiet = sender.send_request(ask("/quiet")).await.unwrap();
    let mut quiet = quiet.into_body();
    let first = quiet.frame().await.unwrap().unwrap();
    assert_eq!(first.into_data().unwrap(), "one");
    // Another connection is left after as long as this one rests.
    let mut other = two(address).await;
    let _endless = other.send_request(ask("/endless")).await.unwrap();
    ends.recv().await.unwrap();
    let again = sender.send_request(ask("/quiet")).await;
    assert!(again.is_ok(), "the first connection still answers");
    stop.cancel();
}
