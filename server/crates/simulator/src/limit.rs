//! The process's limit of open descriptors.
//!
//! Owns raising the soft limit to the hard one: a fleet has a socket for every caller.

/// Raises the soft limit of open descriptors as far as the system allows and returns it.
///
/// `None` where the system has no such limit or does not say.
#[cfg(unix)]
pub fn raise_descriptor_limit() -> Option<u64> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let mut wanted = limit;
    wanted.current = wanted.maximum;
    match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}

/// Raises the soft limit of open descriptors as far as the system allows and returns it.
///
/// `None` where the system has no such limit or does not say.
#[cfg(not(unix))]
pub const fn raise_descriptor_limit() -> Option<u64> {
    None
}
