//! The data directory, and what this node is called.

use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt};
use std::path::Path;

use super::StartError;

/// Makes the directory for its owner only, or narrows the one that is there.
pub(super) fn prepare(dir: &Path) -> Result<(), StartError> {
    let fail = |error: std::io::Error| {
        StartError::Configuration(format!(
            "the data directory {} cannot be used: {error}; give another --data-dir",
            dir.display()
        ))
    };
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(fail)?;
    let facts = std::fs::metadata(dir).map_err(fail)?;
    let own = rustix::process::geteuid().as_raw();
    if facts.uid() != own {
        return Err(StartError::Configuration(format!(
            "the data directory {} belongs to another user: run as that user, or give another \
             --data-dir",
            dir.display()
        )));
    }
    if facts.mode() & 0o077 != 0 {
        std::fs::set_permissions(dir, PermissionsExt::from_mode(0o700)).map_err(fail)?;
    }
    Ok(())
}

/// The name of this node in the list of nodes: the machine's name, else only "node".
pub(super) fn node_name() -> String {
    let name = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    if name.is_empty() {
        "node".to_owned()
    } else {
        name
    }
}

/// Where a Postgres address points, if it names an IP address: it is never a phone.
pub(super) fn postgres_address(url: &str) -> Option<SocketAddr> {
    let uri: http::Uri = url.parse().ok()?;
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    let ip: IpAddr = match host {
        "localhost" => IpAddr::from([127, 0, 0, 1]),
        host => host.parse().ok()?,
    };
    Some(SocketAddr::new(ip, uri.port_u16().unwrap_or(5432)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_is_for_its_owner() {
        let dir = tempfile::tempdir().expect("a directory");
        let inner = dir.path().join("a/b");
        prepare(&inner).expect("made");
        assert_eq!(
            std::fs::metadata(&inner).expect("there").mode() & 0o777,
            0o700
        );
        std::fs::set_permissions(&inner, PermissionsExt::from_mode(0o755)).expect("opened");
        prepare(&inner).expect("narrowed");
        assert_eq!(
            std::fs::metadata(&inner).expect("there").mode() & 0o777,
            0o700
        );
    }

    #[test]
    fn the_database_is_no_phone() {
        let at = |url| postgres_address(url).map(|address| address.to_string());
        assert_eq!(
            at("postgres://c:p@10.0.0.9/carillon").as_deref(),
            Some("10.0.0.9:5432")
        );
        assert_eq!(at("postgres://db.example:5433/carillon"), None);
        assert_eq!(
            at("postgres://[::1]:5433/carillon").as_deref(),
            Some("[::1]:5433")
        );
    }
}
