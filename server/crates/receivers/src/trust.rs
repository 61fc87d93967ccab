//! Whose certificates receivers show, and which one they are shown.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use carillon_domain::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};

/// What makes a receiver's certificate good enough, and our own where it asks for one. PEM texts.
#[derive(Clone, Default)]
pub struct Trust {
    /// The only authorities that count; the machine's own where there are none.
    pub authorities: Option<String>,
    /// Our certificate with its chain, and its key.
    pub own: Option<(String, String)>,
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").finish_non_exhaustive()
    }
}

/// Why nobody can be trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTrust {
    /// The file of authorities holds none.
    #[error("it holds no certificate of an authority")]
    NoAuthority,
    /// Certificate and key do not work together.
    #[error("the receivers' client certificate and its key do not work: {0}")]
    Pair(String),
}

pub(crate) type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

impl Trust {
    /// A configuration of TLS that trusts so; none where the machine has no authorities, which
    /// matters to nobody but receivers over TLS.
    pub(crate) fn client(&self, now: Now) -> Result<Option<ClientConfig>, NoTrust> {
        let roots = self.roots()?;
        if roots.is_empty() {
            return Ok(None);
        }
        self.by(roots, now).map(Some)
    }

    fn by(&self, roots: RootCertStore, now: Now) -> Result<ClientConfig, NoTrust> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let pair = |error: rustls::Error| NoTrust::Pair(error.to_string());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
                .build()
                .map_err(|_| NoTrust::NoAuthority)?;
        let builder = ClientConfig::builder_with_details(provider, Arc::new(Clock(now)))
            .with_safe_default_protocol_versions()
            .map_err(pair)?
            .with_webpki_verifier(verifier);
        let Some((chain, key)) = &self.own else {
            return Ok(builder.with_no_client_auth());
        };
        let chain = certificates(chain);
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
            .map_err(|error| NoTrust::Pair(error.to_string()))?;
        builder.with_client_auth_cert(chain, key).map_err(pair)
    }

    fn roots(&self) -> Result<RootCertStore, NoTrust> {
        let mut roots = RootCertStore::empty();
        let found = match &self.authorities {
            Some(pem) => certificates(pem),
            None => rustls_native_certs::load_native_certs().certs,
        };
        roots.add_parsable_certificates(found);
        if roots.is_empty() && self.authorities.is_some() {
            return Err(NoTrust::NoAuthority);
        }
        Ok(roots)
    }
}

fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .filter_map(Result::ok)
        .collect()
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
