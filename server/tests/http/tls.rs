//! TLS of our own towards browsers, and that of a database.

use std::net::SocketAddr;
use std::sync::Arc;

use carillon_store::Store;
use reqwest::header;
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::house::{flags, install_tls};
use carillon::config::{Layers, Settings};
use carillon::startup;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_makes_https_and_host_cookies() {
    install_tls();
    let dir = tempfile::tempdir().unwrap();
    let pair = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    std::fs::write(&cert, pair.cert.pem()).unwrap();
    std::fs::write(&key, pair.signing_key.serialize_pem()).unwrap();
    let flags = flags(&dir)
        .with("tls-cert", cert.to_str().unwrap())
        .with("tls-key", key.to_str().unwrap());
    let settings = Settings::resolve(&Layers::combine(&flags, &|_| None)).unwrap();
    let server = startup::start(&settings, Vec::new()).await.unwrap();
    assert!(server.url().starts_with("https://127.0.0.1:"));

    let trusted = reqwest::Certificate::from_pem(pair.cert.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder()
        .tls_certs_only([trusted])
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap();
    let page = client
        .get(format!("{}/setup", server.url()))
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), 200);
    for path in ["/setup", "/static/nothing", "/api/v1/phones", "/healthz"] {
        let url = format!("{}{path}", server.url());
        let answer = client.get(url).send().await.unwrap();
        let told = &answer.headers()[header::STRICT_TRANSPORT_SECURITY];
        assert_eq!(told, "max-age=31536000; includeSubDomains", "{path}");
    }
    let cookie = page.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.starts_with("__Host-before=") && cookie.contains("; Secure"),
        "{cookie}"
    );

    let plain = format!("http://{}/healthz", server.address());
    assert!(
        client.get(plain).send().await.is_err(),
        "no plain HTTP on this port"
    );
    server.stop().await;
}

/// The question of a Postgres client whether there is TLS: its length, and a number of its own.
const ASKS_TLS: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Says so to whoever asks for TLS; answers what a client told it after that.
async fn database(tls: Option<TlsAcceptor>) -> (SocketAddr, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let told = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = [0; 8];
        stream.read_exact(&mut asked).await.unwrap();
        assert_eq!(asked, ASKS_TLS);
        let mut told = Vec::new();
        match tls {
            None => {
                stream.write_all(b"N").await.unwrap();
                // It may hang up as it likes.
                let _ = stream.read_to_end(&mut told).await;
            }
            Some(tls) => {
                stream.write_all(b"S").await.unwrap();
                if let Ok(mut stream) = tls.accept(stream).await {
                    let _ = stream.read_to_end(&mut told).await;
                }
            }
        }
        told
    });
    (address, told)
}

fn nobodys_certificate() -> TlsAcceptor {
    let pair = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der());
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![pair.cert.der().clone()], PrivateKeyDer::from(key));
    TlsAcceptor::from(Arc::new(config.unwrap()))
}

/// Neither without TLS nor with a certificate of its own making: not even the name of the user.
#[tokio::test]
async fn a_database_that_nobody_vouches_for_is_told_nothing() {
    install_tls();
    for tls in [None, Some(nobodys_certificate())] {
        let (address, told) = database(tls).await;
        let url = format!("postgres://carillon:secret@{address}/carillon?sslmode=verify-full");
        assert!(Store::open(&url).await.is_err());
        assert_eq!(told.await.unwrap(), b"");
    }
}
