//! The way in for browsers and programs: address, certificate, proxies, and what pages say of it.
//!
//! Owns how settings become a listener. Serves nothing by itself.

use std::net::SocketAddr;
use std::sync::Arc;

use carillon_contract::frame::Banner;
use carillon_engine::Engine;
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpSocket};

use super::StartError;
use super::keys::SETUP_FILE;
use crate::app::Facts;
use crate::config::{self, Settings};
use crate::listen;
use crate::origin::Origins;
use crate::tls::Certificate;

/// Takes the address without letting anybody connect yet.
pub(super) fn reserve(address: SocketAddr, setting: &str) -> Result<TcpSocket, StartError> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    };
    let bound = socket.and_then(|socket| {
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(socket)
    });
    bound.map_err(|error| {
        StartError::Failed(format!(
            "cannot listen on {address}: {error}; stop what uses it, or give another --{setting}"
        ))
    })
}

/// The certificate that browsers are shown, where this server has one.
pub(super) fn certificate(settings: &Settings) -> Result<Option<Arc<Certificate>>, StartError> {
    let config::Front::Tls { cert, key } = &settings.front else {
        return Ok(None);
    };
    Certificate::open(cert, key)
        .map(Some)
        .map_err(|error| StartError::Configuration(error.to_string()))
}

/// The listener as it serves: with TLS, behind a proxy, or plain.
pub(super) fn open(
    settings: &Settings,
    listener: TcpListener,
    certificate: Option<&Arc<Certificate>>,
) -> Result<listen::Front, StartError> {
    let tls = certificate
        .map(Certificate::acceptor)
        .transpose()
        .map_err(|error| StartError::Configuration(error.to_string()))?;
    Ok(listen::Front {
        listener,
        tls,
        shared: proxies(settings),
        patience: listen::Patience::default(),
    })
}

/// Who may say in a header for whom it asks.
fn proxies(settings: &Settings) -> Vec<IpNet> {
    match &settings.front {
        config::Front::Proxy(networks) => networks.clone(),
        _ => Vec::new(),
    }
}

/// What the application knows of how it is reached, with what every page must say of it.
pub(super) fn facts(
    settings: &Settings,
    address: SocketAddr,
    mut banners: Vec<Banner>,
    engine: &Engine,
) -> Facts {
    let tls = matches!(settings.front, config::Front::Tls { .. });
    if settings.egress.loopback && !banners.contains(&Banner::Demo) {
        banners.push(Banner::Loopback);
    }
    if settings.front == config::Front::InsecureHttp {
        banners.push(Banner::InsecureHttp);
    }
    if engine.keyring.is_none() {
        banners.insert(
            0,
            Banner::Sealed {
                reason: "The key file is missing or does not open this database.".to_owned(),
            },
        );
    }
    Facts {
        origins: Origins::new(settings.public_url.as_ref(), address, tls),
        setup_file: settings.in_data_dir(SETUP_FILE),
        proxies: proxies(settings),
        banners,
        random: engine.random.clone(),
        notary: None,
        streams: None,
        anchors: None,
        provider: None,
    }
}
