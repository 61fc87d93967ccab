//! What stands before the password, and what phones do not know.

use carillon_simulator::{Disposition, FleetConfig, Profile, SiteConfig, Timing};

use crate::client;
use crate::{QUICK, config, fleet, start};

const REBOOT: &str = "/servlet?key=Reboot";

/// Asks once and expects this status and nothing executed.
async fn refuses(profile: Profile, status: u16, disposition: Disposition) {
    let (fleet, phone) = fleet(profile).await;
    let reply = client::get(&phone, REBOOT, None).await;
    assert_eq!(reply.status, Some(status), "{profile}");
    let seen = fleet.ledger().requests(phone.mac);
    assert_eq!(seen[0].disposition, disposition, "{profile}");
    assert_eq!(seen[0].status, Some(status));
    assert_eq!(fleet.ledger().totals().executed, 0);
    assert_eq!(fleet.status(phone.mac).expect("known").reboots, 0);
}

#[tokio::test]
async fn closed_gates_answer_403() {
    refuses(Profile::ForbiddenIp, 403, Disposition::Forbidden).await;
    refuses(Profile::Disabled, 403, Disposition::Forbidden).await;
}

#[tokio::test]
async fn broken_phones_say_so() {
    refuses(Profile::NotFound, 404, Disposition::Unsupported).await;
    refuses(Profile::ServerError, 500, Disposition::ServerError).await;
}

#[tokio::test]
async fn the_prompt_is_accepted_at_the_second_try() {
    let (fleet, phone) = fleet(Profile::PromptOnce).await;
    let first = client::get(&phone, REBOOT, None).await;
    assert_eq!(first.status, Some(403));
    assert!(first.text().contains("Remote control forbidden"));
    let status = fleet.status(phone.mac).expect("known");
    assert_eq!(status.screen, "Allow remote control?");
    assert_eq!(client::get(&phone, REBOOT, None).await.status, Some(200));
}

#[tokio::test]
async fn the_prompt_may_wait_for_somebody() {
    let timing = Timing {
        prompt_ms: 3_600_000,
        ..QUICK
    };
    let (fleet, phone) = start(config(Profile::PromptOnce, 1).with_timing(timing)).await;
    for _ in 0..3 {
        assert_eq!(client::get(&phone, REBOOT, None).await.status, Some(403));
    }
    fleet.accept_prompt(phone.mac).expect("known");
    assert_eq!(client::get(&phone, REBOOT, None).await.status, Some(200));
}

#[tokio::test]
async fn redirects_point_to_https_or_away() {
    let (fleet, phone) = crate::fleet(Profile::RedirectHttps).await;
    let reply = client::get(&phone, REBOOT, None).await;
    assert_eq!(reply.status, Some(302));
    let there = format!("https://{}:{}{REBOOT}", phone.address, fleet.https_port());
    assert_eq!(reply.field("Location"), Some(there.as_str()));

    let (fleet, phone) = crate::fleet(Profile::RedirectAway).await;
    let reply = client::get(&phone, REBOOT, None).await;
    assert_eq!(reply.status, Some(302));
    assert!(
        reply
            .field("Location")
            .is_some_and(|to| to.contains("//127.66.0.99:"))
    );
    assert_eq!(fleet.ledger().totals().lured, 0);
    let elsewhere = std::net::Ipv4Addr::new(127, 66, 0, 99);
    let lured = tokio::net::TcpStream::connect((elsewhere, fleet.http_port())).await;
    let mut lured = lured.expect("somebody listens");
    let reply = client::exchange(&mut lured, REBOOT, None).await;
    assert_eq!(reply.status, None);
    assert_eq!(fleet.ledger().totals().lured, 1);
}

#[tokio::test]
async fn only_known_paths_and_get() {
    let (fleet, phone) = fleet(Profile::Open).await;
    for target in ["/", "/servlet/x?key=OK", "/Servlet?key=OK"] {
        assert_eq!(client::get(&phone, target, None).await.status, Some(404));
    }
    let mut stream = client::connect(&phone).await.expect("a connection");
    let posted = b"POST /servlet?key=Reboot HTTP/1.1\r\nHost: p\r\nContent-Length: 0\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut stream, posted)
        .await
        .expect("sent");
    let mut answer = String::new();
    let read = tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer).await;
    read.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 405 "));
    assert_eq!(fleet.ledger().totals().executed, 0);
}

#[tokio::test]
async fn the_oldest_know_one_form_only() {
    let (fleet, phone) = fleet(Profile::ConfigManAppOnly).await;
    assert_eq!(client::get(&phone, REBOOT, None).await.status, Some(404));
    let target = "/cgi-bin/ConfigManApp.com?key=DNDOn";
    let reply = client::get(&phone, target, None).await;
    assert_eq!(reply.status, Some(200));
    assert!(reply.head.starts_with("HTTP/1.0 200"));
    assert_eq!(fleet.ledger().totals().executed, 1);
}

#[tokio::test]
async fn all_three_forms_work_elsewhere() {
    let (fleet, phone) = fleet(Profile::Open).await;
    for form in carillon_domain::phone::UrlForm::ALL {
        let target = format!("{}?key=VOLUME_UP", form.path());
        assert_eq!(client::get(&phone, &target, None).await.status, Some(200));
    }
    assert_eq!(fleet.status(phone.mac).expect("known").volume, 11);
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
    let (fleet, phone) = fleet(Profile::Open).await;
    let mut stream = client::connect(&phone).await.expect("a connection");
    let sent = tokio::io::AsyncWriteExt::write_all(&mut stream, b"\x00\x01 nonsense\r\n\r\n").await;
    sent.expect("sent");
    let mut answer = Vec::new();
    let read = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer).await;
    read.expect("an answer");
    assert!(answer.starts_with(b"HTTP/1.1 400 "));
    let seen = fleet.ledger().requests(phone.mac);
    assert_eq!(seen[0].disposition, Disposition::BadRequest);
}

#[tokio::test]
async fn a_site_may_have_models_that_lack_an_action() {
    let site = SiteConfig::new("Kiel", 1)
        .with_security(carillon_domain::phone::TransportSecurity::PlainHttp)
        .with_auth(carillon_simulator::Auth::None)
        .with_models(&["T57W"]);
    let (fleet, phone) = start(FleetConfig::default().with_site(site)).await;
    assert_eq!(phone.model, "T57W");
    let reply = client::get(&phone, "/servlet?key=OK", None).await;
    assert_eq!(reply.status, Some(200));
    let seen = fleet.ledger().requests(phone.mac);
    assert_eq!(seen[0].disposition, Disposition::NoEffect);
}
