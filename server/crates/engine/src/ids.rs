//! Ids.
//!
//! Owns how new ids are made: `UUIDv7` from the injected clock and generator, so that they sort by
//! creation and tests can repeat them.

use carillon_domain::Timestamp;
use uuid::Builder;

use crate::random::{NoEntropy, Random};

/// A new id, as hyphenated text.
///
/// # Errors
/// Only when the operating system gives no random bytes.
pub fn new_id(now: Timestamp, random: &Random) -> Result<String, NoEntropy> {
    let millis = u64::try_from(now.micros() / 1000).unwrap_or(0);
    let bytes = random.bytes::<10>()?;
    Ok(Builder::from_unix_timestamp_millis(millis, &bytes)
        .into_uuid()
        .to_string())
}

/// Many new ids at once, from one draw of random bytes: each is distinct.
///
/// # Errors
/// Only when the operating system gives no random bytes.
pub fn new_ids(now: Timestamp, random: &Random, count: usize) -> Result<Vec<String>, NoEntropy> {
    let millis = u64::try_from(now.micros() / 1000).unwrap_or(0);
    let mut bytes = vec![0; count * 10];
    random.fill(&mut bytes)?;
    let ids = bytes
        .chunks_exact(10)
        .filter_map(|chunk| <&[u8; 10]>::try_from(chunk).ok());
    Ok(ids
        .map(|chunk| {
            Builder::from_unix_timestamp_millis(millis, chunk)
                .into_uuid()
                .to_string()
        })
        .collect())
}
