//! Before there is an account.

use std::net::SocketAddr;

use carillon::config::{Layers, SettingFlags, Settings};
use carillon::startup::{self, Server};
use carillon_domain::role::Role;
use carillon_engine::accounts::NewUser;
use secrecy::SecretString;
use tempfile::TempDir;

use crate::browser::{Browser, token};
use crate::house::{House, PASSWORD, install_tls};
use crate::requests::{Answer, Client, send};

/// A fresh server behind a proxy on this machine, which says for whom it asks.
async fn fresh() -> (TempDir, Server) {
    install_tls();
    let dir = tempfile::tempdir().unwrap();
    let flags = SettingFlags::default()
        .with("listen", "127.0.0.1:0")
        .with("data-dir", dir.path().to_str().unwrap())
        .with("public-url", "https://carillon.test")
        .with("behind-tls-proxy", "127.0.0.1/32");
    let settings = Settings::resolve(&Layers::combine(&flags, &|_| None)).unwrap();
    let server = startup::start(&settings, Vec::new()).await.unwrap();
    (dir, server)
}

async fn ask(address: SocketAddr, path: &str, from: Option<&str>) -> Answer {
    let client = Client::anonymous(&format!("http://{address}"));
    let request = client.http.get(format!("{}{path}", client.base));
    let request = request.header("host", "carillon.test");
    send(match from {
        Some(from) => request.header("x-forwarded-for", from),
        None => request,
    })
    .await
}

#[tokio::test]
async fn only_this_machine_is_answered_until_somebody_may_sign_in() {
    let (dir, server) = fresh().await;
    let address = server.address();
    let code = server.setup_link().unwrap();
    let code = code.rsplit('=').next().unwrap().to_owned();
    let file = dir.path().join("setup-code");
    assert!(file.exists());
    let setup = format!("/setup?code={code}");
    for path in [
        setup.as_str(),
        "/setup",
        "/",
        "/sign-in",
        "/api/v1/phones",
        "/api/docs",
    ] {
        let answer = ask(address, path, Some("192.0.2.7")).await;
        assert_eq!(answer.status, 403, "{path}: {}", answer.text);
        assert!(!answer.text.contains("name=\"password\""), "{path}");
    }
    assert_eq!(
        ask(address, "/healthz", Some("192.0.2.7")).await.status,
        200
    );
    for unreadable in ["unknown", "127.0.0.1, 192.0.2.7:99"] {
        let answer = ask(address, &setup, Some(unreadable)).await;
        assert_eq!(answer.status, 403, "{unreadable}");
    }
    for here in [None, Some("127.0.0.1"), Some("::1")] {
        assert_eq!(ask(address, &setup, here).await.status, 200, "{here:?}");
    }
    let new = NewUser {
        name: "admin".to_owned(),
        role: Role::Admin,
        password: SecretString::from(PASSWORD),
    };
    let local = House::local();
    let made = server.engine().add_user(&local, new);
    made.await.unwrap();
    assert_eq!(
        ask(address, "/sign-in", Some("192.0.2.7")).await.status,
        200
    );
    assert!(!file.exists(), "the code is void, and so is its file");
    let late = ask(address, &setup, None).await;
    assert_eq!(late.status, 303, "to the sign-in");
    server.stop().await;
}

#[tokio::test]
async fn the_code_works_once_and_its_file_goes_with_it() {
    install_tls();
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings::resolve(&Layers::combine(&crate::house::flags(&dir), &|_| None));
    let server = startup::start(&settings.unwrap(), Vec::new())
        .await
        .unwrap();
    let file = dir.path().join("setup-code");
    let code = std::fs::read_to_string(&file).unwrap();
    let code = code.trim();
    for (name, status) in [("first", 303), ("second", 422)] {
        let mut browser = Browser::new(&server.url());
        let page = browser.get(&format!("/setup?code={code}")).await;
        let csrf = match page.status.as_u16() {
            200 => token(&page),
            _ => token(&browser.get("/sign-in").await),
        };
        let fields = [
            ("csrf", csrf.as_str()),
            ("code", code),
            ("username", name),
            ("password", PASSWORD),
            ("password_again", PASSWORD),
        ];
        let form = browser.form("/setup", &fields);
        let form = form.header("sec-fetch-site", "same-origin");
        let answer = browser.send(form).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text);
        assert!(!file.exists());
    }
    server.stop().await;
}
