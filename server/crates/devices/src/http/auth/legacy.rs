//! The login of old firmware, inside the query.
//!
//! Owns its one form. Used only where somebody chose it for a phone, because it puts the
//! password into a URL.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::delivery::{Credential, PathAndQuery};

/// Everything but the unreserved characters of a URL.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The request with the login before its own query.
pub(in crate::http) fn login_path(
    wanted: &PathAndQuery,
    credential: &Credential,
) -> Zeroizing<String> {
    Zeroizing::new(format!(
        "{}?p=login&q=login&username={}&pwd={}&jumpto=URI&{}",
        wanted.path(),
        utf8_percent_encode(&credential.username, ENCODED),
        utf8_percent_encode(credential.password.expose_secret(), ENCODED),
        wanted.query(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manuals_form_with_everything_encoded() {
        let wanted = PathAndQuery::parse("/servlet?key=OK").expect("path");
        let path = login_path(&wanted, &Credential::new("admin", "a&b=c d#\r\nü"));
        assert_eq!(
            path.as_str(),
            "/servlet?p=login&q=login&username=admin&pwd=a%26b%3Dc%20d%23%0D%0A%C3%BC&jumpto=URI&key=OK"
        );
    }
}
