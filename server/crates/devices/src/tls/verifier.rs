//! Decides about one phone's certificate.
//!
//! Owns the comparison with the pin and the record of the key that was shown.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};

/// Whom to believe.
#[derive(Debug)]
pub(super) enum Trust {
    /// Whoever has this key; anybody the first time.
    Pin(Option<String>),
    /// Whoever has a certificate of this authority.
    Authority(Arc<RootCertStore>),
    /// Whoever has a certificate of this authority for the name that was asked for.
    Named(Arc<RootCertStore>),
    /// No certificate at all.
    Nobody,
}

/// The verifier of one delivery.
#[derive(Debug)]
pub(crate) struct PhoneVerifier {
    trust: Trust,
    algorithms: WebPkiSupportedAlgorithms,
    seen: OnceLock<String>,
}

impl PhoneVerifier {
    pub(super) fn new(provider: &CryptoProvider, trust: Trust) -> Self {
        Self {
            trust,
            algorithms: provider.signature_verification_algorithms,
            seen: OnceLock::new(),
        }
    }

    /// The key that the phone showed, where keys are pinned.
    pub(crate) fn seen_pin(&self) -> Option<&str> {
        match self.trust {
            Trust::Pin(_) => self.seen.get().map(String::as_str),
            Trust::Authority(_) | Trust::Named(_) | Trust::Nobody => None,
        }
    }

    fn chain(
        &self,
        certificate: &ParsedCertificate<'_>,
        roots: &RootCertStore,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let all = self.algorithms.all;
        verify_server_cert_signed_by_trust_anchor(certificate, roots, intermediates, now, all)
            .map(|()| ServerCertVerified::assertion())
    }

    /// Whether the phone showed another key than the pinned one.
    pub(crate) fn identity_changed(&self) -> bool {
        match (&self.trust, self.seen.get()) {
            (Trust::Pin(Some(pin)), Some(seen)) => !seen.eq_ignore_ascii_case(pin),
            _ => false,
        }
    }
}

impl ServerCertVerifier for PhoneVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let key = certificate.subject_public_key_info();
        // Only ever asked once per handshake; a second certificate would not replace the first.
        let _ = self.seen.set(hex::encode(Sha256::digest(key.as_ref())));
        let refused = Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure);
        match &self.trust {
            Trust::Pin(_) if self.identity_changed() => Err(refused),
            Trust::Pin(_) => Ok(ServerCertVerified::assertion()),
            Trust::Authority(roots) => self.chain(&certificate, roots, intermediates, now),
            Trust::Named(roots) => {
                verify_server_name(&certificate, name)?;
                self.chain(&certificate, roots, intermediates, now)
            }
            Trust::Nobody => Err(refused),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
