//! A phone that does exactly what a test wrote.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What a peer saw.
#[derive(Default)]
pub(crate) struct Seen {
    connections: usize,
    requests: Vec<String>,
    /// Bytes that the other side, or its kernel, took.
    sent: u64,
}

/// A listening peer; gone when dropped.
pub(crate) struct Peer {
    pub(crate) port: u16,
    seen: Arc<Mutex<Seen>>,
    /// One for each connection that is over.
    over: Arc<Semaphore>,
    task: JoinHandle<()>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One accepted connection.
pub(crate) struct Call<S> {
    pub(crate) stream: S,
    /// Counted from 0.
    pub(crate) number: usize,
    seen: Arc<Mutex<Seen>>,
}

impl Peer {
    /// Plain TCP; `serve` runs for each connection, one after the other.
    pub(crate) async fn tcp<F, R>(serve: F) -> Self
    where
        F: Fn(Call<TcpStream>) -> R + Send + 'static,
        R: Future<Output = ()> + Send,
    {
        let (listener, port) = listen().await;
        let seen = Arc::<Mutex<Seen>>::default();
        let (told, over) = (Arc::clone(&seen), Arc::new(Semaphore::new(0)));
        let ended = Arc::clone(&over);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serve(count(stream, &told)).await;
                ended.add_permits(1);
            }
        });
        Self {
            port,
            seen,
            over,
            task,
        }
    }

    /// TLS; connections whose handshake fails are counted and dropped.
    pub(crate) async fn tls<F, R>(configs: Vec<Arc<ServerConfig>>, serve: F) -> Self
    where
        F: Fn(Call<tokio_rustls::server::TlsStream<TcpStream>>) -> R + Send + 'static,
        R: Future<Output = ()> + Send,
    {
        let (listener, port) = listen().await;
        let seen = Arc::<Mutex<Seen>>::default();
        let told = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let call = count(stream, &told);
                let config = &configs[call.number.min(configs.len() - 1)];
                let acceptor = TlsAcceptor::from(Arc::clone(config));
                if let Ok(stream) = acceptor.accept(call.stream).await {
                    serve(Call {
                        stream,
                        number: call.number,
                        seen: call.seen,
                    })
                    .await;
                }
            }
        });
        let over = Arc::new(Semaphore::new(0));
        Self {
            port,
            seen,
            over,
            task,
        }
    }

    /// Answers each request with the next of these texts, and hangs up where one says so.
    pub(crate) async fn answering(answers: &[&str]) -> Self {
        let answers: Vec<String> = answers.iter().map(|&a| a.to_owned()).collect();
        Self::tcp(move |mut call| {
            let answers = answers.clone();
            async move { call.answer_in_turn(&answers).await }
        })
        .await
    }

    /// Sends these bytes whatever the request, then hangs up.
    pub(crate) async fn saying(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::tcp(move |mut call| {
            let bytes = bytes.clone();
            async move {
                call.request().await;
                call.say(&bytes).await;
            }
        })
        .await
    }

    /// Sends these bytes without being asked, and waits.
    pub(crate) async fn saying_at_once(bytes: &str) -> Self {
        let bytes = bytes.to_owned();
        Self::tcp(move |mut call| {
            let bytes = bytes.clone();
            async move {
                call.say(&bytes).await;
                call.until_gone().await;
            }
        })
        .await
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        lock(&self.seen).requests.clone()
    }

    /// Waits until a connection is over.
    pub(crate) async fn left(&self) {
        let over = self.over.acquire().await;
        over.expect("a peer that lives").forget();
    }

    pub(crate) fn sent(&self) -> u64 {
        lock(&self.seen).sent
    }

    pub(crate) fn connections(&self) -> usize {
        lock(&self.seen).connections
    }

    /// How many requests carried an `Authorization`.
    pub(crate) fn sign_ins(&self) -> usize {
        self.requests()
            .iter()
            .filter(|request| request.contains("\r\nAuthorization:"))
            .count()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Call<S> {
    /// Reads the head of one request and notes it; `None` when the other side is gone.
    pub(crate) async fn request(&mut self) -> Option<String> {
        let head = self.until("\r\n\r\n").await?;
        self.note(&head);
        Some(head)
    }

    /// Reads up to this end.
    pub(crate) async fn until(&mut self, end: &str) -> Option<String> {
        let mut text = Vec::new();
        while !text.ends_with(end.as_bytes()) {
            text.push(self.stream.read_u8().await.ok()?);
        }
        String::from_utf8(text).ok()
    }

    pub(crate) fn note(&self, request: &str) {
        lock(&self.seen).requests.push(request.to_owned());
    }

    /// Sends bytes; the other side may have hung up.
    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let mut rest = bytes.as_ref();
        while !rest.is_empty() {
            match self.stream.write(rest).await {
                Ok(taken) if taken > 0 => {
                    lock(&self.seen).sent += taken as u64;
                    rest = &rest[taken..];
                }
                _ => return false,
            }
        }
        self.stream.flush().await.is_ok()
    }

    /// Answers requests in the order in which this peer ever got them.
    pub(crate) async fn answer_in_turn(&mut self, answers: &[String]) {
        loop {
            let next = lock(&self.seen).requests.len();
            let Some(answer) = answers.get(next) else {
                return;
            };
            if self.request().await.is_none() {
                return;
            }
            if !self.say(answer).await || answer.contains("Connection: close") {
                return;
            }
        }
    }

    /// Waits until the other side hangs up.
    pub(crate) async fn until_gone(&mut self) {
        let mut sink = [0; 1024];
        while self.stream.read(&mut sink).await.is_ok_and(|n| n > 0) {}
    }
}

impl Call<TcpStream> {
    /// Hangs up with a reset.
    pub(crate) fn reset(self) {
        self.stream
            .set_zero_linger()
            .expect("a socket that can be reset");
    }
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

fn count(stream: TcpStream, seen: &Arc<Mutex<Seen>>) -> Call<TcpStream> {
    let mut known = lock(seen);
    let number = known.connections;
    known.connections += 1;
    Call {
        stream,
        number,
        seen: Arc::clone(seen),
    }
}

fn lock(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
