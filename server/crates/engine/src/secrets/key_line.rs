//! A key as it stands in the key file.
//!
//! Owns the form of a line: `id base64key state created`. *Invariant:* a line whose key is not the
//! one of its id is refused; what was read is wiped.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, ExposeSecretMut as _, SecretBox};
use zeroize::Zeroizing;

use super::key::{KeyId, RootKey};

/// The line of a key.
pub(super) fn written(key: &RootKey) -> Zeroizing<String> {
    let encoded = Zeroizing::new(STANDARD.encode(key.bytes().expose_secret()));
    Zeroizing::new(format!(
        "{} {} {} {}\n",
        key.id(),
        *encoded,
        key.state(),
        key.created()
    ))
}

/// The key of a line, or what is wrong with it.
pub(super) fn read(line: &str) -> Result<RootKey, &'static str> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let [id, key, state, created] = fields[..] else {
        return Err("a line has four parts: id, key, state, time");
    };
    let id: KeyId = id
        .parse()
        .map_err(|_| "the id has sixteen hexadecimal digits")?;
    let state = state
        .parse()
        .map_err(|_| "the state is `active` or `standby`")?;
    let created = created.parse().map_err(|_| "the time is not a time")?;
    let key = RootKey::new(decode(key)?, state, created);
    if key.id() == id {
        Ok(key)
    } else {
        Err("the key is not the one of this id")
    }
}

fn decode(text: &str) -> Result<SecretBox<[u8; 32]>, &'static str> {
    // Three bytes more than a key: the decoder asks for room in whole groups.
    let mut room = Zeroizing::new([0_u8; 36]);
    let length = STANDARD
        .decode_slice(text, room.as_mut_slice())
        .map_err(|_| "the key is not 32 bytes in base64")?;
    let mut key = SecretBox::new(Box::new([0; 32]));
    match room.get(..32) {
        Some(bytes) if length == 32 => key.expose_secret_mut().copy_from_slice(bytes),
        _ => return Err("the key is not 32 bytes in base64"),
    }
    Ok(key)
}
