//! Databases of a Postgres server that trusts us, made and dropped over its own protocol: only
//! the store may know a database library.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A database that is there until [`Scratch::drop_it`].
pub(crate) struct Scratch {
    server: String,
    name: String,
}

impl Scratch {
    /// `None` where no server is named.
    pub(crate) async fn make() -> Option<Self> {
        let server = std::env::var_os("CARILLON_TEST_POSTGRES_URL")?;
        let scratch = Self {
            server: server.into_string().unwrap(),
            name: format!(
                "carillon_http_{}_{}",
                std::process::id(),
                NUMBER.fetch_add(1, Ordering::Relaxed)
            ),
        };
        let name = &scratch.name;
        scratch
            .run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            .await;
        scratch
            .run(&format!("CREATE DATABASE {name} TEMPLATE template0"))
            .await;
        Some(scratch)
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        let (address, _) = self.server.rsplit_once('/').unwrap();
        format!("{address}/{}", self.name)
    }

    /// Drops it.
    pub(crate) async fn drop_it(self) {
        self.run(&format!("DROP DATABASE {} WITH (FORCE)", self.name))
            .await;
    }

    async fn run(&self, statement: &str) {
        let uri: http::Uri = self.server.parse().unwrap();
        let host = uri.host().unwrap();
        let mut socket = TcpStream::connect((host, uri.port_u16().unwrap_or(5432)))
            .await
            .unwrap();
        let user = uri
            .authority()
            .unwrap()
            .as_str()
            .split(['@', ':'])
            .next()
            .unwrap();
        let mut start = 196_608_u32.to_be_bytes().to_vec();
        start.extend(format!("user\0{user}\0database\0postgres\0\0").bytes());
        socket.write_all(&framed(None, &start)).await.unwrap();
        ready(&mut socket).await;
        let query = format!("{statement}\0");
        socket
            .write_all(&framed(Some(b'Q'), query.as_bytes()))
            .await
            .unwrap();
        ready(&mut socket).await;
    }
}

fn framed(kind: Option<u8>, body: &[u8]) -> Vec<u8> {
    let mut message: Vec<u8> = kind.into_iter().collect();
    message.extend((u32::try_from(body.len()).unwrap() + 4).to_be_bytes());
    message.extend(body);
    message
}

/// Reads until the server waits for the next statement.
async fn ready(socket: &mut TcpStream) {
    loop {
        let kind = socket.read_u8().await.unwrap();
        let length = socket.read_u32().await.unwrap() as usize - 4;
        let mut body = vec![0; length];
        socket.read_exact(&mut body).await.unwrap();
        assert!(kind != b'E', "{}", String::from_utf8_lossy(&body));
        if kind == b'Z' {
            return;
        }
    }
}
