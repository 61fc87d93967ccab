//! TLS of our own towards browsers.

use reqwest::header;

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
