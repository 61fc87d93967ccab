//! The authorities of sites.
//!
//! Owns reading their PEM and the small cache of what was read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Authorities kept ready; more sites than that with their own are read anew now and then.
const MAX_CACHED: usize = 256;

/// Why a PEM text is no authority. For the person who pasted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAuthority {
    /// No certificate in it.
    #[error("there is no certificate in it; it should begin with -----BEGIN CERTIFICATE-----")]
    Empty,
    /// A block that is no certificate.
    #[error("a block of it is not readable as a certificate")]
    Unreadable,
}

/// Checks the PEM text of a site's authority and counts its certificates.
pub fn check_authority(pem: &str) -> Result<usize, InvalidAuthority> {
    read(pem).map(|roots| roots.len())
}

fn read(pem: &str) -> Result<RootCertStore, InvalidAuthority> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|_| InvalidAuthority::Unreadable)?;
        roots
            .add(certificate)
            .map_err(|_| InvalidAuthority::Unreadable)?;
    }
    if roots.is_empty() {
        return Err(InvalidAuthority::Empty);
    }
    Ok(roots)
}

/// Authorities by their PEM text.
#[derive(Default)]
pub(super) struct Authorities(Mutex<HashMap<Box<str>, Arc<RootCertStore>>>);

impl Authorities {
    /// The authority of a text; `None` when it cannot be read.
    pub(super) fn get(&self, pem: &str) -> Option<Arc<RootCertStore>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(roots) = known.get(pem) {
            return Some(Arc::clone(roots));
        }
        let roots = Arc::new(read(pem).ok()?);
        if known.len() >= MAX_CACHED {
            known.clear();
        }
        known.insert(pem.into(), Arc::clone(&roots));
        Some(roots)
    }
}
