//! Reads an address as people write it.
//!
//! Owns the refusal of every spelling that two programs could read differently. Never trims,
//! completes or guesses.

use std::net::IpAddr;

use super::Blocked;

/// Reads exactly the canonical notations of IPv4 and IPv6.
pub(super) fn parse(text: &str) -> Result<IpAddr, Blocked> {
    // The standard parser already refuses all that `explain` knows; it only lacks the words.
    text.parse()
        .map_err(|_| Blocked::NotALiteral(explain(text)))
}

fn explain(text: &str) -> &'static str {
    if text.is_empty() {
        return "it is empty";
    }
    if !text.is_ascii() {
        return "it has characters other than ASCII";
    }
    if text.contains(|c: char| c.is_ascii_whitespace() || c.is_ascii_control()) {
        return "it has white space or control characters";
    }
    if let Some(found) = text.chars().find_map(forbidden_character) {
        return found;
    }
    if text.contains(':') {
        return "write the address alone, without a port, and IPv6 in full or with one `::`";
    }
    explain_dotted(text)
}

const fn forbidden_character(character: char) -> Option<&'static str> {
    match character {
        '%' => Some("zone ids and percent signs are not allowed"),
        '[' | ']' => Some("write IPv6 without brackets"),
        '@' => Some("user names are not part of an address"),
        '/' | '?' | '#' | '\\' => Some("write the address alone, without a path or prefix"),
        _ => None,
    }
}

fn explain_dotted(text: &str) -> &'static str {
    if text.ends_with('.') {
        return "a dot at the end makes it a host name";
    }
    let parts: Vec<&str> = text.split('.').collect();
    let numeric = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if parts
        .iter()
        .any(|part| part.starts_with("0x") || part.starts_with("0X"))
    {
        return "hexadecimal numbers are not allowed";
    }
    if !parts.iter().all(numeric) {
        return "host names are not allowed";
    }
    if parts.len() != 4 {
        return "an IPv4 address has four numbers";
    }
    if parts
        .iter()
        .any(|part| part.len() > 1 && part.starts_with('0'))
    {
        return "leading zeros are read as octal by some programs; leave them out";
    }
    "each number is at most 255"
}
