//! Cookies, read and written.
//!
//! Owns their names and attributes. *Invariant:* two cookies of one name are no cookie: whoever
//! could plant the second must gain nothing by it.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::origin::Origin;

/// What a cookie is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// Who is signed in.
    Session,
    /// Binds the forms that come before signing in.
    Before,
    /// What the last change came to.
    Flash,
    /// The language that somebody chose before signing in.
    Language,
    /// Somebody signed in in this browser before.
    Known,
    /// Binds a sign-in that is on its way to a provider and back.
    SignOn,
    /// The columns that somebody wants to see of phones.
    Columns,
}

impl Cookie {
    /// Browsers refuse the `__Host-` prefix on plain HTTP.
    const fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-sid",
            (Self::Session, false) => "sid",
            (Self::Before, true) => "__Host-before",
            (Self::Before, false) => "before",
            (Self::Flash, true) => "__Host-flash",
            (Self::Flash, false) => "flash",
            (Self::Language, true) => "__Host-language",
            (Self::Language, false) => "language",
            (Self::Known, true) => "__Host-known",
            (Self::Known, false) => "known",
            (Self::SignOn, true) => "__Host-sign-on",
            (Self::SignOn, false) => "sign-on",
            (Self::Columns, true) => "__Host-columns",
            (Self::Columns, false) => "columns",
        }
    }

    /// Its value, when the request has exactly one of this name.
    pub fn read(self, headers: &HeaderMap, origin: &Origin) -> Option<String> {
        let name = self.name(origin.is_https());
        let mut values = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(key, _)| *key == name);
        let (_, value) = values.next()?;
        values.next().is_none().then(|| value.to_owned())
    }

    /// Sets it until the browser is closed.
    pub fn set(self, value: &str, origin: &Origin) -> Option<HeaderValue> {
        self.write(value, origin, "")
    }

    /// Sets it for a short time.
    pub fn set_for(self, value: &str, origin: &Origin, seconds: u32) -> Option<HeaderValue> {
        self.write(value, origin, &format!("; Max-Age={seconds}"))
    }

    /// Takes it away.
    pub fn remove(self, origin: &Origin) -> Option<HeaderValue> {
        self.write("", origin, "; Max-Age=0")
    }

    fn write(self, value: &str, origin: &Origin, extra: &str) -> Option<HeaderValue> {
        let name = self.name(origin.is_https());
        let secure = if origin.is_https() { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{extra}");
        HeaderValue::from_str(&text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        let values = lines
            .iter()
            .map(|line| (COOKIE, line.parse().expect("a value")));
        values.collect()
    }

    #[test]
    fn one_of_a_name_is_read_and_two_are_refused() {
        let origin: Origin = "http://127.0.0.1:1".parse().expect("an origin");
        let read = |lines: &[&str]| Cookie::Session.read(&headers(lines), &origin);
        assert_eq!(read(&["a=1; sid=x=y; b=2"]).as_deref(), Some("x=y"));
        assert_eq!(read(&["sid=x; sid=y"]), None);
        assert_eq!(read(&["sid=x", "sid=x"]), None);
        assert_eq!(read(&["__Host-sid=x"]), None);
    }

    #[test]
    fn https_cookies_are_bound_to_the_host() {
        let origin: Origin = "https://c.example".parse().expect("an origin");
        let set = Cookie::Session.set("t", &origin).expect("a value");
        assert_eq!(set, "__Host-sid=t; Path=/; HttpOnly; SameSite=Lax; Secure");
    }
}
