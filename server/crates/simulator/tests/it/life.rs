//! Going away and coming back.

use std::io::ErrorKind;
use std::time::Duration;

use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_simulator::{Auth, Fleet, FleetConfig, Profile, SiteConfig, Timing};
use tokio::time::timeout;

use crate::client;
use crate::{QUICK, config, fleet, start};

const REBOOT: &str = "/servlet?key=Reboot";
const STATUS: &str = "/servlet?phonecfg=get&fw=1";

#[tokio::test]
async fn a_reboot_is_answered_then_nobody_is_there() {
    let (fleet, phone) = fleet(Profile::Open).await;
    assert_eq!(client::get(&phone, REBOOT, None).await.status, Some(200));
    let gone = client::get(&phone, STATUS, None).await;
    assert!(gone.status.is_none() && gone.reset);
    let status = fleet.status(phone.mac).expect("known");
    assert!(!status.up && status.reboots == 1);
    fleet.power_on(phone.mac).expect("known");
    assert_eq!(client::get(&phone, STATUS, None).await.status, Some(200));
    assert_eq!(fleet.ledger().totals().turned_away, 1);
}

#[tokio::test]
async fn a_reboot_ends_by_itself() {
    let timing = Timing {
        reboot_min_ms: 1,
        reboot_max_ms: 20,
        ..QUICK
    };
    let (fleet, phone) = start(config(Profile::Open, 1).with_timing(timing)).await;
    assert_eq!(client::get(&phone, REBOOT, None).await.status, Some(200));
    while client::get(&phone, STATUS, None).await.status.is_none() {
        tokio::task::yield_now().await;
    }
    assert!(fleet.status(phone.mac).expect("known").uptime < fleet.elapsed());
}

#[tokio::test]
async fn some_reset_instead_of_answering_a_reboot() {
    let (fleet, phone) = fleet(Profile::RebootReset).await;
    assert_eq!(
        client::get(&phone, "/servlet?key=DNDOn", None).await.status,
        Some(200)
    );
    let reply = client::get(&phone, REBOOT, None).await;
    assert!(reply.reset && reply.status.is_none());
    let seen = fleet.ledger().requests(phone.mac);
    assert_eq!(seen[1].executed.as_deref(), Some("Reboot"));
    assert_eq!(seen[1].status, None);
}

#[tokio::test]
async fn auto_provisioning_may_bring_new_firmware() {
    let site = SiteConfig::new("Kiel", 40)
        .with_security(PlainHttp)
        .with_auth(Auth::None)
        .with_models(&["T42S"]);
    let config = FleetConfig::default().with_timing(QUICK).with_site(site);
    let fleet = Fleet::start(config).await.expect("a fleet");
    let (mut stayed, mut left) = (0, 0);
    for phone in fleet.phones() {
        let reply = client::get(phone, "/servlet?key=AutoP", None).await;
        assert_eq!(reply.status, Some(200));
        let status = fleet.status(phone.mac).expect("known");
        assert_eq!(
            (status.provisioned, status.firmware.as_str()),
            (1, "66.86.0.15")
        );
        if status.up { stayed += 1 } else { left += 1 }
    }
    assert!(stayed > 0 && left > 0, "{stayed} stayed, {left} left");
}

#[tokio::test]
async fn factory_settings_forget_the_owner() {
    let site = SiteConfig::new("Kiel", 1).with_security(PlainHttp);
    let (fleet, phone) = start(FleetConfig::default().with_timing(QUICK).with_site(site)).await;
    let owner = client::basic(&phone.username, phone.password.as_str());
    let reply = client::get(&phone, "/servlet?key=Reset", Some(&owner)).await;
    assert_eq!(reply.status, Some(200));
    fleet.power_on(phone.mac).expect("known");
    assert_eq!(
        client::get(&phone, STATUS, Some(&owner)).await.status,
        Some(401)
    );
    let factory = client::basic("admin", "admin");
    let reply = client::get(&phone, "/servlet?phonecfg=get", Some(&factory)).await;
    assert!(reply.text().contains("Account0=Disabled"));
}

#[tokio::test]
async fn serial_phones_take_one_caller_at_a_time() {
    let (fleet, phone) = fleet(Profile::Serial).await;
    let mut first = client::connect(&phone).await.expect("a connection");
    while fleet.status(phone.mac).expect("known").connections == 0 {
        tokio::task::yield_now().await;
    }
    assert!(client::get(&phone, STATUS, None).await.reset);
    assert_eq!(
        client::exchange(&mut first, STATUS, None).await.status,
        Some(200)
    );
    while fleet.status(phone.mac).expect("known").connections > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(client::get(&phone, STATUS, None).await.status, Some(200));
    assert_eq!(fleet.ledger().totals().peak_parallel, 1);
}

#[tokio::test]
async fn nobody_is_there_in_three_ways() {
    let (fleet, phone) = crate::fleet(Profile::Dark).await;
    assert!(client::get(&phone, STATUS, None).await.reset);
    assert_eq!(fleet.ledger().totals().requests, 0);

    let (_fleet, phone) = crate::fleet(Profile::Refused).await;
    let refused = client::connect(&phone).await.expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

    let (_fleet, phone) = crate::fleet(Profile::BlackHole).await;
    let attempt = timeout(Duration::from_millis(200), client::connect(&phone)).await;
    assert!(attempt.is_err(), "the connection hangs");
}

#[tokio::test]
async fn other_addresses_and_schemes_are_turned_away() {
    let (fleet, mut phone) = fleet(Profile::Open).await;
    fleet
        .set_profile(phone.mac, Profile::HttpsSelfsigned)
        .expect("known");
    assert!(client::get(&phone, STATUS, None).await.reset);
    fleet.set_profile(phone.mac, Profile::Open).expect("known");
    phone.address = std::net::Ipv4Addr::new(127, 9, 9, 9);
    assert!(client::get(&phone, STATUS, None).await.reset);
    assert_eq!(fleet.ledger().totals().turned_away, 2);
    assert_eq!(fleet.ledger().totals().requests, 0);
}

#[tokio::test]
async fn a_stopped_fleet_leaves_nothing() {
    let (fleet, phone) = fleet(Profile::Silent).await;
    let mut stream = client::connect(&phone).await.expect("a connection");
    let port = fleet.http_port();
    let waiting = client::exchange(&mut stream, STATUS, None);
    let stopping = async {
        while fleet.ledger().totals().requests == 0 {
            tokio::task::yield_now().await;
        }
        fleet.stop().await;
    };
    let (reply, ()) = tokio::join!(waiting, stopping);
    assert!(reply.status.is_none());
    let refused = tokio::net::TcpStream::connect(("127.0.0.1", port)).await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn the_next_fleet_has_the_port_of_the_last_one_at_once() {
    let (last, phone) = fleet(Profile::Open).await;
    let mut stream = client::connect(&phone).await.expect("a connection");
    let reply = client::exchange_once(&mut stream, STATUS, None).await;
    assert_eq!(reply.status, Some(200));
    let port = last.http_port();
    // It closes first, so that its end of the connection lingers on the port.
    last.stop().await;
    let next = config(Profile::Open, 1).with_ports(port, 0);
    let (next, phone) = start(next).await;
    assert_eq!((next.http_port(), phone.port), (port, port));
}
