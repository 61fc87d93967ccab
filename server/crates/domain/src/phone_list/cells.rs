//! What each cell may hold. Shared by the list and by forms.

use std::net::IpAddr;

use crate::model;
use crate::phone::Scheme;
use crate::sip::SipAddress;

/// What is wrong, and what to do.
pub(super) type Mistake = (String, &'static str);

/// The most characters of a line of text.
const MAX_TEXT: usize = 200;

/// One line of text.
pub(super) fn line(text: &str) -> Result<String, Mistake> {
    if text.chars().count() > MAX_TEXT {
        let problem = format!("this is longer than {MAX_TEXT} characters");
        return Err((problem, "shorten it"));
    }
    if !crate::line::is_plain(text) {
        return Err((crate::line::NOT_PLAIN.to_owned(), "write it on one line"));
    }
    Ok(text.to_owned())
}

/// Free text, line breaks and all.
pub(super) fn notes(text: &str) -> Result<String, Mistake> {
    let breaks = |c: char| matches!(c, '\n' | '\r' | '\t');
    let odd = |c: char| crate::line::misleads(c) || (c.is_control() && !breaks(c));
    if text.contains(odd) {
        let problem = "there is a control character or one that turns the direction of writing";
        return Err((problem.to_owned(), "remove it"));
    }
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

pub(super) fn extension(text: &str) -> Result<String, Mistake> {
    let fits = text.len() <= 32
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"*#+._-".contains(&b));
    fits.then(|| text.to_owned()).ok_or((
        "this is no extension".to_owned(),
        "use digits, letters and * # + . _ -, at most 32",
    ))
}

pub(super) fn phone_model(text: &str) -> Result<String, Mistake> {
    let text = line(text)?;
    Ok(model::normalize(&text))
}

pub(super) fn address(text: &str) -> Result<IpAddr, Mistake> {
    text.parse()
        .map(|address: IpAddr| address.to_canonical())
        .map_err(|_| {
            (
                "this is no IP address".to_owned(),
                "write it as 10.1.2.3 or fd00::1: no name, no port, no leading zeros",
            )
        })
}

pub(super) fn port(text: &str) -> Result<u16, Mistake> {
    text.parse()
        .ok()
        .filter(|port| *port > 0)
        .ok_or(("this is no port".to_owned(), "use a number from 1 to 65535"))
}

pub(super) fn scheme(text: &str) -> Result<Scheme, Mistake> {
    text.to_ascii_lowercase()
        .parse()
        .map_err(|_| ("this is no scheme".to_owned(), "write http or https"))
}

pub(super) fn protected(text: &str) -> Result<bool, Mistake> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "ja" | "true" | "1" => Ok(true),
        "no" | "nein" | "false" | "0" => Ok(false),
        _ => Err(("this is neither yes nor no".to_owned(), "write yes or no")),
    }
}

pub(super) fn sip_uri(text: &str) -> Result<String, Mistake> {
    let text = line(text)?;
    match text.parse::<SipAddress>() {
        Ok(_) => Ok(text),
        Err(problem) => Err((problem.to_string(), "write it as sip:1001@pbx.example")),
    }
}
