//! TLS to phones and SIP servers.
//!
//! Owns what makes a phone's certificate good enough: the key pinned at first contact, or a chain
//! to the site's own authority. There is no way to accept any certificate: whoever shows a
//! certificate also has to prove that it holds the key.
//!
//! With `private_ca` the chain and the validity are checked and the name is not: phones have
//! addresses that change and no host names, and their certificates name the MAC at best.
//!
//! TLS 1.2 and later only; what speaks less counts as plain HTTP.

mod authority;
mod verifier;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use carillon_domain::phone::TransportSecurity;
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use tokio_rustls::TlsConnector;

use self::authority::Authorities;
pub use self::authority::{InvalidAuthority, check_authority};
pub(crate) use self::verifier::PhoneVerifier;
use self::verifier::Trust;
use crate::delivery::Delivery;
use crate::gateway::Now;

/// The settings shared by all TLS sessions to phones.
pub(crate) struct TlsClient {
    base: ClientConfig,
    provider: Arc<CryptoProvider>,
    authorities: Authorities,
}

impl TlsClient {
    pub(crate) fn new(now: Now) -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let nobody = PhoneVerifier::new(&provider, Trust::Nobody);
        let mut base =
            ClientConfig::builder_with_details(Arc::clone(&provider), Arc::new(Clock(now)))
                .with_safe_default_protocol_versions()?
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(nobody))
                .with_no_client_auth();
        // A command is one connection: there is no second session to resume.
        base.resumption = Resumption::disabled();
        Ok(Self {
            base,
            provider,
            authorities: Authorities::default(),
        })
    }

    /// The verifier for one delivery. `pin` is what the phone must show, if anything is known.
    pub(crate) fn verifier(&self, delivery: &Delivery, pin: Option<&str>) -> Arc<PhoneVerifier> {
        let trust = match delivery.security {
            // HTTPS at a site of plain HTTP is pinned like everywhere else.
            TransportSecurity::Pinned | TransportSecurity::PlainHttp => {
                Trust::Pin(pin.map(str::to_owned))
            }
            TransportSecurity::PrivateCa => delivery
                .ca_pem
                .as_deref()
                .and_then(|pem| self.authorities.get(pem))
                .map_or(Trust::Nobody, Trust::Authority),
        };
        Arc::new(PhoneVerifier::new(&self.provider, trust))
    }

    /// The verifier for a SIP server, or for a phone that is spoken to over SIP directly: a
    /// certificate of this authority, and with the name where one is to be checked.
    pub(crate) fn sip_verifier(&self, ca_pem: Option<&str>, named: bool) -> Arc<PhoneVerifier> {
        let known = ca_pem.and_then(|pem| self.authorities.get(pem));
        let trust = match known {
            Some(roots) if named => Trust::Named(roots),
            Some(roots) => Trust::Authority(roots),
            None => Trust::Nobody,
        };
        Arc::new(PhoneVerifier::new(&self.provider, trust))
    }

    /// A connector that trusts what the verifier trusts.
    pub(crate) fn connector(&self, verifier: &Arc<PhoneVerifier>) -> TlsConnector {
        let mut config = self.base.clone();
        config
            .dangerous()
            .set_certificate_verifier(Arc::clone(verifier) as _);
        TlsConnector::from(Arc::new(config))
    }
}

struct Clock(Now);

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let micros = u64::try_from((self.0)().micros()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_micros(micros)))
    }
}
