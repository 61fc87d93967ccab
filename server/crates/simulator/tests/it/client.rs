//! A client that hides nothing: it writes bytes, reads bytes and says how it ended.

use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use carillon_domain::phone::Scheme;
use carillon_simulator::SimulatedPhone;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The most that is read of one answer.
pub(crate) const ENOUGH: usize = 1 << 20;

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: Option<u16>,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// The connection ended with a reset.
    pub(crate) reset: bool,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .filter(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .next()
    }
}

pub(crate) fn basic(username: &str, password: &str) -> String {
    format!(
        "Basic {}",
        BASE64_STANDARD.encode(format!("{username}:{password}"))
    )
}

pub(crate) async fn connect(phone: &SimulatedPhone) -> io::Result<TcpStream> {
    TcpStream::connect((phone.address, phone.port)).await
}

/// One request on a connection of its own.
pub(crate) async fn get(
    phone: &SimulatedPhone,
    target: &str,
    authorization: Option<&str>,
) -> Reply {
    match phone.scheme {
        Scheme::Http => match connect(phone).await {
            Ok(mut stream) => exchange(&mut stream, target, authorization).await,
            Err(_) => ended(Vec::new(), true),
        },
        Scheme::Https => match connect_tls(phone).await {
            Ok((mut stream, _)) => exchange(&mut stream, target, authorization).await,
            Err(error) => ended(Vec::new(), error.kind() == ErrorKind::ConnectionReset),
        },
    }
}

/// Writes one request and reads until the end of the connection, or until it is enough.
pub(crate) async fn exchange<S>(stream: &mut S, target: &str, authorization: Option<&str>) -> Reply
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let sent = stream.write_all(&request(target, authorization)).await;
    let mut bytes = Vec::new();
    let mut reset = sent.is_err();
    while bytes.len() < ENOUGH {
        match stream.read_buf(&mut bytes).await {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                reset |= error.kind() == ErrorKind::ConnectionReset;
                break;
            }
        }
    }
    ended(bytes, reset)
}

/// Writes one request and reads one answer with its body; the connection stays.
pub(crate) async fn exchange_once(
    stream: &mut TcpStream,
    target: &str,
    authorization: Option<&str>,
) -> Reply {
    let sent = stream.write_all(&request(target, authorization)).await;
    sent.expect("the connection takes a request");
    let mut bytes = Vec::new();
    loop {
        let read = stream.read_buf(&mut bytes).await.expect("an answer");
        let reply = ended(bytes.clone(), false);
        let length = reply.field("content-length").and_then(|n| n.parse().ok());
        if read == 0 || length == Some(reply.body.len()) {
            return reply;
        }
    }
}

fn request(target: &str, authorization: Option<&str>) -> Vec<u8> {
    let authorization =
        authorization.map_or(String::new(), |value| format!("Authorization: {value}\r\n"));
    format!("GET {target} HTTP/1.1\r\nHost: phone\r\n{authorization}\r\n").into_bytes()
}

fn ended(bytes: Vec<u8>, reset: bool) -> Reply {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, body) = match end {
        Some(end) => (bytes[..end + 4].to_vec(), bytes[end + 4..].to_vec()),
        None => (bytes, Vec::new()),
    };
    let head = String::from_utf8_lossy(&head).into_owned();
    let status = head.strip_prefix("HTTP/1.").and_then(|rest| {
        let code = rest.get(2..5)?;
        code.parse().ok()
    });
    Reply {
        status,
        head,
        body,
        reset,
    }
}

/// A handshake that takes any certificate and hands it out.
pub(crate) async fn connect_tls(
    phone: &SimulatedPhone,
) -> io::Result<(TlsStream<TcpStream>, CertificateDer<'static>)> {
    let seen = Arc::new(Anybody(ring::default_provider(), Mutex::default()));
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("default versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&seen) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let name = ServerName::IpAddress(std::net::IpAddr::V4(phone.address).into());
    let stream = connect(phone).await?;
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await?;
    let certificate = seen.1.lock().expect("nobody panicked").take();
    Ok((stream, certificate.expect("a certificate was shown")))
}

#[derive(Debug)]
struct Anybody(CryptoProvider, Mutex<Option<CertificateDer<'static>>>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.1.lock().expect("nobody panicked") = Some(certificate.clone().into_owned());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
