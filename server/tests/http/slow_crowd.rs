//! Two thousand who are slow on purpose, and one who is not.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use carillon_domain::role::Role;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::Instant;

use crate::house::House;
use crate::pages_jobs::Person;
use crate::requests::Client;

/// Addresses from which they come, none of them the one of programs on this machine.
const ADDRESSES: usize = 15;
const SLOW: usize = 2_010;
/// So many connections of one address are held.
const OF_ONE: usize = 64;

/// Half a head; half a body; a whole request whose answer nobody reads.
async fn slow(at: SocketAddr, number: usize) -> TcpStream {
    let last = u8::try_from(2 + number % ADDRESSES).unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    let from = SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0));
    socket.bind(from).unwrap();
    let mut stream = socket.connect(at).await.unwrap();
    let said = match (number / ADDRESSES) % 3 {
        0 => format!("GET / HTTP/1.1\r\nHost: {at}\r\nX-"),
        1 => format!(
            "POST /sign-in HTTP/1.1\r\nHost: {at}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9000\r\n\r\ncsrf="
        ),
        _ => format!("GET /sign-in HTTP/1.1\r\nHost: {at}\r\n\r\n"),
    };
    // One too many of its address is closed before that.
    let _ = stream.write_all(said.as_bytes()).await;
    stream
}

/// Whether the server has not closed it: nothing has come, or an answer that nobody took.
fn is_open(stream: &std::net::TcpStream) -> bool {
    match stream.peek(&mut [0]) {
        Ok(read) => read > 0,
        Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
    }
}

#[tokio::test]
async fn two_thousand_slow_connections_keep_nobody_waiting_and_end() {
    let house = House::open(None).await;
    let at: SocketAddr = house
        .base()
        .strip_prefix("http://")
        .unwrap()
        .parse()
        .unwrap();
    let mut crowd = Vec::new();
    for number in 0..SLOW {
        crowd.push(slow(at, number).await.into_std().unwrap());
    }
    let ready = Client::anonymous(&house.base()).http;
    let ready = ready.get(format!("{}/readyz", house.base())).send().await;
    assert_eq!(
        ready.unwrap().status(),
        200,
        "whoever comes after them is answered"
    );
    let mut person = Person::sign_in(&house, Role::Operator).await;
    for page in ["/", "/phones", "/jobs"] {
        person.see(page).await;
    }
    let held = crowd.iter().filter(|stream| is_open(stream)).count();
    assert!(held <= ADDRESSES * OF_ONE, "{held}");
    let since = Instant::now();
    for stream in crowd {
        let mut stream = TcpStream::from_std(stream).unwrap();
        // The end comes as a close or as a reset.
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
    assert!(
        since.elapsed() <= Duration::from_secs(70),
        "{:?}",
        since.elapsed()
    );
    house.close().await;
}
