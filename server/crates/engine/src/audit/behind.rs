//! What an export writes behind a record.
//!
//! Owns its form. *Invariant:* nothing signs what stands there, so that only what can be compared with
//! the record may: the address that it commits to, or that this was removed.

use carillon_store::{ExportedRecord, leaf_hash};
use serde_json::Value;

/// Begins what follows a record.
const BEGINS: &str = ",\"ip\":";
const SALT: &str = ",\"ip_salt\":\"";
const REMOVED: &str = "null,\"ip_removed\":true}";
/// Of 32 bytes, in base64.
const LENGTH: usize = 43;

/// Whether behind the record of this line there stands what an export writes, byte for byte, or nothing.
pub(super) fn is_as_written(line: &str, record: &ExportedRecord<'_>) -> bool {
    let shown = line.rsplit_once(BEGINS).map(|(_, shown)| shown);
    if shown.is_some_and(|shown| shown == REMOVED || is_address(shown)) {
        return true;
    }
    // Then all of it has to be the record.
    line.ends_with('}') && record.hash() == leaf_hash(line.as_bytes())
}

/// Whether this is an address and its random bytes, each spelled as it is written. That these are so
/// many keeps a part of the address from being taken for some of them.
fn is_address(shown: &str) -> bool {
    let Some((address, salt)) = shown.rsplit_once(SALT) else {
        return false;
    };
    let spelled = serde_json::from_str::<String>(address).map(|read| Value::from(read).to_string());
    let salt = salt.strip_suffix("\"}");
    spelled.is_ok_and(|spelled| spelled == address) && salt.is_some_and(is_salt)
}

/// Whether it can be read as base64 is seen where the address is compared.
fn is_salt(salt: &str) -> bool {
    let mut bytes = salt.bytes();
    salt.len() == LENGTH && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(behind: &str) -> bool {
        let line = format!("{{\"seq\":7,\"source\":\"x\",\"a\":1{behind}");
        ExportedRecord::of(&line).is_some_and(|record| is_as_written(&line, &record))
    }

    #[test]
    fn only_what_an_export_writes_stands_behind_a_record() {
        let salt = "A".repeat(LENGTH);
        let address = |text: &str| format!(",\"ip\":\"{text}\",\"ip_salt\":\"{salt}\"}}");
        for honest in ["}", ",\"ip\":null,\"ip_removed\":true}"] {
            assert!(fits(honest), "{honest}");
        }
        for honest in ["10.0.0.1", "fe80::1%a\\\"b\\\\", "\\u0001\\n\u{e4}/\u{7f}"] {
            assert!(fits(&address(honest)), "{honest}");
        }
        for other in ["\\u0031", "\\/", "\\u001F", "1\",\"x\":\"2", "\t"] {
            assert!(!fits(&address(other)), "{other}");
        }
        let honest = address("10.0.0.1");
        for other in [
            honest.replace("AA\"}", "A\"}"),
            honest.replace("AA\"}", "A=\"}"),
            honest.replace("AA\"}", "A\",\"x\":\"A\"}"),
            honest.replace(",\"ip_", ", \"ip_"),
            honest.replace('}', ",\"reason\":\"x\"}"),
            honest.replace('}', " }"),
            format!("{honest} "),
            "}\r".to_owned(),
            ",\"ip\":null}".to_owned(),
            ",\"ip\":null,\"ip_removed\":false}".to_owned(),
            ",\"ip\":null,\"ip_removed\":true,\"ip_salt\":\"x\"}".to_owned(),
        ] {
            assert!(!fits(&other), "{other}");
        }
    }
}
