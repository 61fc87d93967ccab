//! The Gateway against small hostile phones on real sockets.
//!
//! Every peer lives on 127.0.0.1 and is written here, byte by byte, so that it can say what no
//! sound HTTP library would.
#![expect(
    clippy::expect_used,
    reason = "a test may end at what it did not expect"
)]

mod answers;
mod bounds;
mod broken;
mod gate;
mod pbx;
mod pbx_hostile;
mod pbx_peer;
mod peer;
mod sign_in;
mod sip;
mod sip_hostile;
mod sip_peer;
mod sip_streams;
mod tls;
