//! Simulated phones over real sockets, one test per way of behaving.
#![expect(
    clippy::expect_used,
    reason = "a test that cannot be set up should say where"
)]

mod auth;
mod behaviour;
mod catalogue;
mod client;
mod gates;
mod hostile;
mod ledger;
mod life;
mod tls;

use carillon_domain::phone::TransportSecurity::PlainHttp;
use carillon_simulator::{Fleet, FleetConfig, Profile, SimulatedPhone, SiteConfig, Timing};

/// Times that keep tests short where the time itself is not the point.
const QUICK: Timing = Timing {
    answer_ms: 0,
    slow_ms: 50,
    reboot_min_ms: 3_600_000,
    reboot_max_ms: 3_600_000,
    prompt_ms: 0,
    lockout_ms: 3_600_000,
    drip_ms: 1,
    nonce_ms: 3_600_000,
    idle_ms: 20_000,
    reply_loss_per_mille: 0,
};

/// A fleet of one plain HTTP site whose phones ask for no password unless the profile says so.
fn config(profile: Profile, phones: u32) -> FleetConfig {
    let site = SiteConfig::new("Test", phones)
        .with_security(PlainHttp)
        .with_auth(carillon_simulator::Auth::None)
        .with_models(&["T46S"])
        .with(profile, phones);
    FleetConfig::default().with_timing(QUICK).with_site(site)
}

async fn fleet(profile: Profile) -> (Fleet, SimulatedPhone) {
    start(config(profile, 1)).await
}

async fn start(config: FleetConfig) -> (Fleet, SimulatedPhone) {
    let fleet = Fleet::start(config).await.expect("a fleet on free ports");
    let phone = fleet.phones().first().expect("a phone").clone();
    (fleet, phone)
}
