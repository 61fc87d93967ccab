//! NOTIFYs through a real SIP server (kamailio) to phones that sipp plays.
//!
//! Needs Debian's `kamailio`, `kamailio-tls-modules` and `sip-tester`; says that it was skipped
//! where they are missing. Everything lives on 127.0.0.1.
#![expect(
    clippy::expect_used,
    reason = "a test may end at what it did not expect"
)]

#[expect(dead_code, reason = "the measurement asks for more of it")]
mod house;
mod matrix;

use house::Peers;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_ends_as_it_should() {
    let Some(programs) = house::programs() else {
        assert!(
            std::env::var_os("CARILLON_TEST_SIP").is_none(),
            "kamailio or sipp is missing"
        );
        eprintln!("skipped: kamailio and sipp are not installed");
        return;
    };
    let peers = Peers::start(&programs);
    matrix::run(&peers).await;
}
