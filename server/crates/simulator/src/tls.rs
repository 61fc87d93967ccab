//! The phones' keys and certificates.
//!
//! Owns one key per phone, derived from the seed so that a phone shows the same key in every
//! run, and made on its first handshake. Certificates are self-signed, as a caller sees the
//! real ones.

use std::io;
use std::sync::Arc;

use carillon_domain::Mac;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ED25519, PublicKeyData, SerialNumber};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, crypto};
use sha2::{Digest as _, Sha256};

/// What all phones share.
#[derive(Debug)]
pub(crate) struct Tls {
    provider: Arc<crypto::CryptoProvider>,
    template: ServerConfig,
    seed: u64,
}

/// Why a key cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate.
    #[error("cannot make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// The TLS settings.
    #[error("cannot set up TLS")]
    Settings(#[from] rustls::Error),
}

/// A record of type alert: fatal, protocol version, in the clothes of TLS 1.0.
pub(crate) const LEGACY_ALERT: [u8; 7] = [0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46];

/// An Ed25519 key in PKCS #8 is this and its 32 bytes.
const PKCS8_ED25519: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

#[derive(Debug)]
struct Nobody;

impl ResolvesServerCert for Nobody {
    fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        None
    }
}

impl Tls {
    pub(crate) fn new(seed: u64) -> Result<Self, TlsError> {
        let provider = Arc::new(crypto::ring::default_provider());
        let mut template = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Nobody));
        // Callers connect once; tickets and caches would only cost memory.
        template.session_storage = Arc::new(NoServerSessionStorage {});
        template.send_tls13_tickets = 0;
        Ok(Self {
            provider,
            template,
            seed,
        })
    }

    /// The settings of one phone with its key of this generation.
    pub(crate) fn phone(&self, mac: Mac, generation: u32) -> Result<Arc<ServerConfig>, TlsError> {
        let pair = self.pair(mac, generation)?;
        let mut params = CertificateParams::new(Vec::new())?;
        params
            .distinguished_name
            .push(DnType::CommonName, mac.digits());
        params.serial_number = Some(SerialNumber::from_slice(&mac.bytes()));
        let certificate = params.self_signed(&pair)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pair.serialize_der()));
        let chain = vec![certificate.der().clone()];
        let certified = CertifiedKey::from_der(chain, key, &self.provider)?;
        let mut config = self.template.clone();
        config.cert_resolver = Arc::new(SingleCertAndKey::from(certified));
        Ok(Arc::new(config))
    }

    /// SHA-256 of the public key (`SubjectPublicKeyInfo`), hexadecimal: what a caller pins.
    pub(crate) fn pin(&self, mac: Mac, generation: u32) -> Result<String, TlsError> {
        let pair = self.pair(mac, generation)?;
        Ok(hex::encode(Sha256::digest(pair.subject_public_key_info())))
    }

    fn pair(&self, mac: Mac, generation: u32) -> Result<KeyPair, TlsError> {
        let secret = Sha256::new()
            .chain_update(b"carillon-simulator phone key")
            .chain_update(self.seed.to_be_bytes())
            .chain_update(mac.bytes())
            .chain_update(generation.to_be_bytes())
            .finalize();
        let mut pkcs8 = PKCS8_ED25519.to_vec();
        pkcs8.extend_from_slice(&secret);
        let pkcs8 = PrivatePkcs8KeyDer::from(pkcs8);
        Ok(KeyPair::from_pkcs8_der_and_sign_algo(
            &pkcs8,
            &PKCS_ED25519,
        )?)
    }
}

impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        Self::other(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_belongs_to_its_phone_and_to_every_run() {
        let a = Mac::from_bytes([0, 0x15, 0x65, 0, 0, 1]);
        let b = Mac::from_bytes([0, 0x15, 0x65, 0, 0, 2]);
        let pin = |seed, mac, generation| {
            let tls = Tls::new(seed).expect("settings");
            tls.pin(mac, generation).expect("key")
        };
        assert_eq!(pin(1, a, 0), pin(1, a, 0));
        assert_ne!(pin(1, a, 0), pin(1, b, 0));
        assert_ne!(pin(1, a, 0), pin(1, a, 1));
        assert_ne!(pin(1, a, 0), pin(2, a, 0));
    }
}
